//! The same load for each: a full queue, and a gateway that is idle.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{Text, Which};
use crate::rig::{Air, Sample, exchanges, ms, now_ns, number, turns, wait_for};

/// As real modems on a UART; those on USB are faster.
const BAUD: u32 = 115_200;
/// How long each is looked at.
const WINDOW: Duration = Duration::from_secs(8);
/// Until the first segment is on the air.
const FIRST: Duration = Duration::from_secs(30);
/// Octets of a full segment on the line, and of its answer and report, for a guess at how much to queue.
const GUESS: Duration = Duration::from_millis(38);
/// Messages to an idle gateway, and how long each may take.
const LONE: usize = 15;
const LONE_PATIENCE: Duration = Duration::from_secs(10);

/// What a gateway has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Load {
    /// How many modems there are.
    pub modems: usize,
    /// How long the network takes, in milliseconds.
    pub latency_ms: u64,
    /// Of each message.
    pub segments: usize,
}

/// How a gateway did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Run {
    /// Which.
    pub gateway: Which,
    /// Under which load.
    pub load: Load,
    /// Messages in a second.
    pub messages: f64,
    /// Of what the modems allow: a host that needs no time, on these lines and this network.
    pub share: f64,
    /// What a segment takes beyond that, milliseconds, p50.
    pub added_ms: f64,
    /// CPU for each message, milliseconds.
    pub cpu_ms: f64,
    /// The simulator's part of a core meanwhile: near 100, it would be what limits.
    pub simulator: f64,
    /// Memory of all processes, MiB.
    pub memory_mib: f64,
    /// How many processes those are.
    pub processes: usize,
}

impl Load {
    /// All that are compared.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let each = [1, 8, 32].into_iter().flat_map(|modems| {
            let of = move |latency_ms| [1, 3].map(|segments| Self { modems, latency_ms, segments });
            [0, 300].into_iter().flat_map(of)
        });
        each.collect()
    }

    fn latency(self) -> Duration {
        Duration::from_millis(self.latency_ms)
    }

    /// Enough that no host can send all of it within the window.
    fn texts(self) -> Vec<Text> {
        let cycle = (self.latency() + GUESS) * u32::try_from(self.segments).unwrap_or(1);
        let each = 1.3 * (WINDOW + Duration::from_secs(3)).as_secs_f64() / cycle.as_secs_f64();
        let count = self.modems * (each.ceil() as usize + 2);
        let length = if self.segments == 1 { 160 } else { 153 * self.segments };
        let text: String =
            "The quick brown fox jumps over the lazy dog, ".chars().cycle().take(length).collect();
        (0..count).map(|index| (number(index), text.clone())).collect()
    }
}

/// Measures one gateway under one load.
///
/// # Errors
/// It does not work at all.
pub fn compare(which: Which, load: Load, program: &Path, folder: &Path) -> Result<Run> {
    let folder = tempfile::Builder::new().prefix("rival").tempdir_in(folder)?;
    let air = Air::start(folder.path(), load.modems, load.latency(), BAUD)?;
    let mut gateway = which.make(program);
    gateway.start(folder.path(), &air)?;
    gateway.send(&load.texts())?;
    ensure!(air.wait_for_submits(load.modems, FIRST), "nothing was sent");
    // Its own start is behind it.
    thread::sleep(Duration::from_secs(1));
    let (began, instant) = (now_ns(), Instant::now());
    let (before, air_before) = (gateway.usage(), air.cpu());
    thread::sleep(WINDOW);
    let ended = now_ns();
    let seconds = instant.elapsed().as_secs_f64();
    let (after, simulator) = (gateway.usage(), air.cpu() - air_before);
    let modems: Vec<_> =
        (1..=load.modems).map(|number| exchanges(&air.transcript(number))).collect();
    gateway.kill();
    let turns: Vec<Vec<(f64, f64)>> = modems
        .iter()
        .map(|exchanges| {
            turns(exchanges)
                .filter(|turn| (began..ended).contains(&turn.began))
                .map(|turn| (turn.took, turn.cycle.ideal(load.latency(), BAUD)))
                .collect()
        })
        .collect();
    let all = || turns.iter().flatten();
    ensure!(all().next().is_some(), "too slow to be measured");
    // A modem that had nothing to do lost the whole time.
    let unused = turns.iter().filter(|turns| turns.is_empty()).count() as f64 * seconds;
    let took = unused + all().map(|(took, _)| took).sum::<f64>();
    let ideal: f64 = all().map(|(_, ideal)| ideal).sum();
    let added: Sample = all().map(|(took, ideal)| 1e3 * (took - ideal)).collect();
    // Whole turns, whenever they began: so that not the window decides how many they are.
    let segments = all().count() as f64 * load.modems as f64 * seconds / took;
    let messages = segments / load.segments as f64;
    Ok(Run {
        gateway: which,
        load,
        messages: messages / seconds,
        share: 100.0 * ideal / took,
        added_ms: added.p50(),
        cpu_ms: 1e3 * (after - before).cpu / messages,
        simulator: 100.0 * simulator / seconds,
        memory_mib: after.resident / 1024.0 / 1024.0,
        processes: after.processes,
    })
}

/// From giving an idle gateway a text to its `AT+CMGS`, in milliseconds.
///
/// # Errors
/// It does not send.
pub fn idle_latency(which: Which, program: &Path, folder: &Path) -> Result<Sample> {
    let folder = tempfile::Builder::new().prefix("rival").tempdir_in(folder)?;
    let air = Air::start(folder.path(), 1, Duration::ZERO, 0)?;
    let mut gateway = which.make(program);
    gateway.start(folder.path(), &air)?;
    let mut asked = Vec::new();
    // The first pays for its start.
    for index in 0..=LONE {
        asked.push(now_ns());
        gateway.send(&[(number(index), "Your code is 493817.".to_owned())])?;
        let patience = if index == 0 { FIRST } else { LONE_PATIENCE };
        ensure!(air.wait_for_submits(index + 1, patience), "not sent");
        wait_for("its end", LONE_PATIENCE, || {
            (exchanges(&air.transcript(1)).len() > index).then_some(())
        })?;
        // At another moment of whatever it does in turns.
        thread::sleep(Duration::from_millis(700 + 37 * index as u64));
    }
    let exchanges = exchanges(&air.transcript(1));
    gateway.kill();
    let pairs = asked.iter().zip(&exchanges).skip(1);
    Ok(pairs.map(|(asked, sent)| ms(sent.began - asked)).collect())
}
