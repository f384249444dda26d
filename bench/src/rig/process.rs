//! A process that is measured, and what it has cost.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    ops::{Add, Sub},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, Result};

use super::wait_for;

/// Clock ticks in a second, as `/proc` counts them on every Linux that Rust runs on.
const TICKS: f64 = 100.0;
/// A daemon that has not ended within this is killed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running process, with its children; it ends when dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
}

/// What processes have cost so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Seconds on a processor.
    pub cpu: f64,
    /// Memory in use now, in octets.
    pub resident: f64,
    /// Octets that went to disks.
    pub written: f64,
    /// How many processes these are.
    pub processes: usize,
}

impl Daemon {
    /// Starts `command`; what it says goes to `log`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("make {}", log.display()))?;
        let said = file.try_clone()?;
        command.stdin(Stdio::null()).stdout(said).stderr(file);
        let child = command.spawn().with_context(|| format!("start {command:?}"))?;
        Ok(Self { child })
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// What it and its children have cost.
    #[must_use]
    pub fn usage(&self) -> Usage {
        family(self.id()).into_iter().filter_map(usage_of).fold(Usage::default(), Add::add)
    }

    /// How often each of its threads went to sleep, and so was woken.
    #[must_use]
    pub fn sleeps(&self) -> BTreeMap<PathBuf, u64> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id())).into_iter().flatten();
        let sleeps = threads.flatten().filter_map(|thread| {
            let status = fs::read_to_string(thread.path().join("status")).ok()?;
            Some((thread.path(), field(&status, "voluntary_ctxt_switches:")? as u64))
        });
        sleeps.collect()
    }

    /// Asks it to end, and waits for that.
    ///
    /// # Errors
    /// It did not end by itself.
    pub fn stop(&mut self) -> Result<()> {
        signal("-TERM", &[self.id()]);
        wait_for("the end of a daemon", PATIENCE, || (!self.runs()).then_some(()))
    }

    /// Kills it and its children at once.
    pub fn kill(&mut self) {
        signal("-KILL", &family(self.id()));
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.runs() && self.stop().is_err() {
            self.kill();
        }
    }
}

impl Add for Usage {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cpu: self.cpu + other.cpu,
            resident: self.resident + other.resident,
            written: self.written + other.written,
            processes: self.processes + other.processes,
        }
    }
}

impl Sub for Usage {
    type Output = Self;

    /// What was added since; memory stays what it is.
    fn sub(self, before: Self) -> Self {
        Self { cpu: self.cpu - before.cpu, written: self.written - before.written, ..self }
    }
}

/// Seconds that the threads of this process with that name were on a processor.
#[must_use]
pub fn cpu_of_threads(name: &str) -> f64 {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let ours = threads.filter(|thread| {
        fs::read_to_string(thread.path().join("comm")).is_ok_and(|it| it.trim() == name)
    });
    ours.filter_map(|thread| cpu(&thread.path())).sum()
}

fn signal(signal: &str, ids: &[u32]) {
    let _ = Command::new("kill").arg(signal).args(ids.iter().map(u32::to_string)).status();
}

/// A process and everything that it has started.
fn family(id: u32) -> Vec<u32> {
    let mut found = vec![id];
    let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    for task in tasks {
        let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|it| it.parse().ok());
        found.extend(children.flat_map(family));
    }
    found
}

fn usage_of(id: u32) -> Option<Usage> {
    let folder = format!("/proc/{id}");
    let folder = Path::new(&folder);
    let io = fs::read_to_string(folder.join("io")).ok()?;
    let status = fs::read_to_string(folder.join("status")).ok()?;
    Some(Usage {
        cpu: cpu(folder)?,
        resident: field(&status, "VmRSS:").unwrap_or_default() * 1024.0,
        written: field(&io, "write_bytes:").unwrap_or_default()
            - field(&io, "cancelled_write_bytes:").unwrap_or_default(),
        processes: 1,
    })
}

/// Seconds on a processor, user and system, from `stat` of a process or thread: proc(5), fields 14 and 15.
fn cpu(folder: &Path) -> Option<f64> {
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    // The name in field 2 may hold blanks.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

fn field(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_and_its_children_are_counted() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 60 & sleep 60"]);
        let mut daemon = Daemon::start(&mut shell, log.path()).unwrap();
        let two_more = || Some(daemon.usage()).filter(|usage| usage.processes == 3);
        let usage = wait_for("children", Duration::from_secs(5), two_more).unwrap();
        assert!(usage.resident > 0.0 && usage.cpu < 5.0);
        daemon.kill();
        assert!(!daemon.runs());
    }

    #[test]
    fn work_is_seen() {
        let since = usage_of(std::process::id()).unwrap();
        let until = std::time::Instant::now() + Duration::from_millis(60);
        while std::time::Instant::now() < until {}
        assert!((usage_of(std::process::id()).unwrap() - since).cpu > 0.0);
    }
}
