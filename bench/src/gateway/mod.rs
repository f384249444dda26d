//! The release daemon as a whole, against the simulator: outbox, store and HTTP.

mod accept;
mod footprint;
mod hook;
mod latency;
mod rate;
mod start;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::{
    report::Line,
    rig::{Air, Disk, Ringpost, Settings},
};

/// 160 septets: what fits one segment.
const ONE_SEGMENT: usize = 160;
/// 153 septets in each segment of a longer text.
const SEGMENT: usize = 153;
/// Between two commits of a gateway that has much to do.
const BREATH: Duration = Duration::from_millis(5);
/// Longer than any of the measurements takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a measurement needs.
#[derive(Debug)]
pub struct Bench {
    /// The release build of the daemon.
    pub program: PathBuf,
    /// Where databases and ports go: on the disk that is measured.
    pub folder: PathBuf,
    /// What was left out, and why.
    pub notes: Vec<String>,
}

/// One kind of measurement, which adds its lines.
type Part = fn(&mut Bench) -> Result<Vec<Line>>;

/// All of them, by the name under which one alone can be asked for.
const PARTS: [(&str, Part); 10] = [
    ("idle-latency", latency::idle),
    ("gap", latency::gap),
    ("urgent", latency::urgent),
    ("share", rate::share),
    ("accept", accept::accept),
    ("hook", hook::hook),
    ("memory", footprint::memory),
    ("idle", footprint::idle),
    ("disk", footprint::disk),
    ("start", start::start),
];

/// Measures all, or what `only` names.
///
/// # Errors
/// Something does not work at all.
pub fn figures(bench: &mut Bench, only: Option<&str>) -> Result<Vec<Line>> {
    let fsync = Disk::below(&bench.folder)?.fsync(BREATH, 1)?;
    let mut lines = vec![
        Line::new("the disk itself: write 24 KiB and fsync, p50", fsync.p50(), "ms", None),
        Line::new("  p99", fsync.p99(), "ms", None),
    ];
    for (name, part) in PARTS {
        if only.is_none_or(|only| only == name) {
            eprintln!("measuring: {name}");
            lines.extend(part(bench).with_context(|| format!("measure {name}"))?);
        }
    }
    Ok(lines)
}

impl Bench {
    /// Modems alone, in a new folder.
    fn air(&self, modems: usize, latency: Duration, baud: u32) -> Result<(Air, TempDir)> {
        let folder = tempfile::Builder::new().prefix("run").tempdir_in(&self.folder)?;
        let air = Air::start(folder.path(), modems, latency, baud)?;
        Ok((air, folder))
    }

    /// A daemon with modems, in a new folder.
    fn gateway(
        &self,
        modems: usize,
        latency: Duration,
        baud: u32,
        settings: &Settings,
    ) -> Result<(Ringpost, Air, TempDir)> {
        let (air, folder) = self.air(modems, latency, baud)?;
        let ringpost = Ringpost::start(&self.program, folder.path(), &air, settings)?;
        Ok((ringpost, air, folder))
    }
}

/// A text of so many septets.
fn text(septets: usize) -> String {
    "The quick brown fox jumps over the lazy dog, ".chars().cycle().take(septets).collect()
}
