//! What the disk itself takes to make something durable: the budgets count in it.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::Sample;

/// Octets of a usual commit: a dozen pages.
const COMMIT: usize = 24 * 1024;
/// How often the disk is asked.
const TIMES: usize = 200;

/// The disk below a folder.
#[derive(Debug)]
pub struct Disk {
    /// Without a name, and gone with its last descriptor.
    file: File,
}

impl Disk {
    /// The disk below `folder`.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn below(folder: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(folder).context("measure the disk")?;
        Ok(Self { file })
    }

    /// Writes as much as a usual commit, and makes it durable.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn commit(&mut self) -> Result<()> {
        self.file.write_all(&[0x5a; COMMIT])?;
        self.file.sync_data().context("sync the disk")
    }

    /// What `commits` right behind each other take after a rest, in milliseconds: a disk that has rested takes
    /// twice as long as one that has not, so that a budget is counted in the rhythm of what it is for.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn fsync(&mut self, rest: Duration, commits: usize) -> Result<Sample> {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            thread::sleep(rest);
            let began = Instant::now();
            for _ in 0..commits {
                self.commit()?;
            }
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        Ok(times.into_iter().collect())
    }
}
