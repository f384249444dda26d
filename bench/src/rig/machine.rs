//! On what, and beside what, the figures were found.

use std::fs;

/// A machine at one moment.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Machine {
    /// When, RFC 3339.
    pub at: String,
    /// Its processor.
    pub processor: String,
    /// How many there are.
    pub cores: usize,
    /// Kernel.
    pub kernel: String,
    /// What else it had to do: processes that were running or wanted to, over the last minute.
    pub load: f64,
}

impl Machine {
    /// This one, now.
    #[must_use]
    pub fn now() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let info = read("/proc/cpuinfo");
        let model = info.lines().find(|line| line.starts_with("model name"));
        let processor = model.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown");
        let load = read("/proc/loadavg");
        let date = std::process::Command::new("date").args(["-u", "+%FT%TZ"]).output();
        Self {
            at: date
                .map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned())
                .unwrap_or_default(),
            processor: processor.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            load: load.split(' ').next().and_then(|it| it.parse().ok()).unwrap_or_default(),
        }
    }
}
