//! What the disk itself takes to make something durable: the budgets count in it.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};

use super::Sample;

/// Octets of a usual commit: a dozen pages.
const COMMIT: usize = 24 * 1024;
/// How often the disk is asked.
const TIMES: usize = 200;
/// Between two of them: a gateway that is idle finds an idle disk.
const PAUSE: Duration = Duration::from_millis(5);

/// Times of the disk below a folder.
#[derive(Debug, Clone)]
pub struct Disk {
    /// Appending a commit to a file and making it durable, in milliseconds.
    pub fsync: Sample,
}

impl Disk {
    /// Measures the disk below `folder`.
    ///
    /// # Errors
    /// It cannot be written to.
    pub fn measure(folder: &Path) -> Result<Self> {
        let path = folder.join("fsync");
        let mut file = File::create(&path).context("measure the disk")?;
        let commit = vec![0x5a; COMMIT];
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let began = Instant::now();
            file.write_all(&commit)?;
            file.sync_data()?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            std::thread::sleep(PAUSE);
        }
        std::fs::remove_file(&path)?;
        Ok(Self { fsync: times.into_iter().collect() })
    }
}
