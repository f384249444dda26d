//! What the whole-process measurements are made with: a simulated network, a daemon, clients, and a
//! look at what a process has cost.

mod air;
mod client;
mod disk;
mod machine;
mod null_host;
mod process;
mod ringpost;
mod sample;
mod slow_sync;
mod wire;

pub use air::Air;
pub use client::{Client, Request};
pub use disk::Disk;
pub use machine::Machine;
pub use null_host::{drive, drive_and_commit};
pub use process::{Daemon, Usage, cpu_of_threads};
pub use ringpost::{Ringpost, Settings, number};
pub use sample::Sample;
pub use wire::{Cycle, Exchange, Turn, exchanges, turns};

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};

/// Between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(5);

/// The time of day in nanoseconds: the simulator stamps its transcript with the same clock.
#[must_use]
pub fn now_ns() -> i128 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
}

/// Nanoseconds as milliseconds.
#[must_use]
pub fn ms(nanoseconds: i128) -> f64 {
    nanoseconds as f64 / 1e6
}

/// Looks until there is something to see.
///
/// # Errors
/// There was nothing within `patience`.
pub fn wait_for<T>(
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> Option<T>,
) -> Result<T> {
    let until = Instant::now() + patience;
    loop {
        match look() {
            Some(seen) => return Ok(seen),
            None if Instant::now() >= until => bail!("{what}: not within {patience:?}"),
            None => std::thread::sleep(LOOK),
        }
    }
}
