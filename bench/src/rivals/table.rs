//! All that was compared, for people and as JSON.

use std::fmt;

use anyhow::Result;

use super::{Killed, Run, Which};
use crate::rig::Machine;

/// From giving an idle gateway a text to its `AT+CMGS`.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Idle {
    /// Which.
    pub gateway: Which,
    /// Milliseconds, the middle.
    pub p50_ms: f64,
    /// Milliseconds, the slowest.
    pub max_ms: f64,
}

/// Everything that one run found.
#[derive(Debug, serde::Serialize)]
pub struct Comparison {
    /// Where, and beside what.
    pub machine: Machine,
    /// Under load.
    pub runs: Vec<Run>,
    /// Idle.
    pub idle: Vec<Idle>,
    /// Killed.
    pub killed: Vec<Killed>,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

impl Comparison {
    /// Keeps what one measurement found; one of another gateway that fails is noted.
    pub(super) fn take<T>(
        &mut self,
        which: Which,
        measured: Result<T>,
        keep: impl FnOnce(&mut Self, T),
    ) -> Result<()> {
        match measured {
            Ok(measured) => keep(self, measured),
            Err(cause) if which == Which::Ringpost => return Err(cause),
            Err(cause) => self.notes.push(format!("{}: {cause:#}", which.name())),
        }
        Ok(())
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { at, processor, cores, kernel, load } = &self.machine;
        writeln!(
            f,
            "{at}: {cores} cores of {processor}, Linux {kernel}, load {load} at the start\n"
        )?;
        writeln!(
            f,
            "| modems | network | segments | gateway | messages/s | of the limit | added to a segment | CPU a message | memory | simulator |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|")?;
        for run in &self.runs {
            let load = run.load;
            writeln!(
                f,
                "| {} | {} ms | {} | {} | {:.1} | {:.1} % | {:.1} ms | {:.2} ms | {:.0} MiB in {} | {:.0} % |",
                load.modems,
                load.latency_ms,
                load.segments,
                run.gateway.name(),
                run.messages,
                run.share,
                run.added_ms,
                run.cpu_ms,
                run.memory_mib,
                run.processes,
                run.simulator,
            )?;
        }
        writeln!(f, "\n| gateway | idle to AT+CMGS, p50 | slowest |\n|---|---|---|")?;
        for idle in &self.idle {
            let name = idle.gateway.name();
            writeln!(f, "| {name} | {:.1} ms | {:.1} ms |", idle.p50_ms, idle.max_ms)?;
        }
        writeln!(
            f,
            "\n| gateway | killed | the network took it | what it says of it after 25 s |\n|---|---|---|---|"
        )?;
        for killed in &self.killed {
            let (name, moment) = (killed.gateway.name(), killed.moment.name());
            writeln!(f, "| {name} | {moment} | {} x | {} |", killed.copies, killed.says)?;
        }
        self.notes.iter().try_for_each(|note| writeln!(f, "\n{note}"))
    }
}
