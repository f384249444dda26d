//! How the store itself is doing, for who watches it.

use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{Store, files::beside, room::Room};

/// What the writer thread has done since the start.
#[derive(Debug, Default)]
pub(super) struct Work {
    commits: AtomicU64,
    failed: AtomicU64,
    jobs: AtomicU64,
}

impl Work {
    /// Counts a commit of so many jobs.
    pub(super) fn note(&self, jobs: usize, committed: bool) {
        let commits = if committed { &self.commits } else { &self.failed };
        commits.fetch_add(1, Ordering::Relaxed);
        self.jobs.fetch_add(u64::try_from(jobs).unwrap_or_default(), Ordering::Relaxed);
    }
}

/// How the store is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vitals {
    /// Jobs that wait for the writer thread.
    pub waiting_jobs: u64,
    /// Commits since the start.
    pub commits: u64,
    /// Commits that failed since the start.
    pub failed_commits: u64,
    /// Jobs that were run in them.
    pub jobs: u64,
    /// Octets of the database.
    pub database: u64,
    /// Octets of the write-ahead log.
    pub log: u64,
    /// The disk below it, where the system tells.
    pub disk: Option<Disk>,
    /// Whether no new message is accepted because the disk is full.
    pub full: bool,
}

/// A disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disk {
    /// Octets that it holds.
    pub size: u64,
    /// Octets that are free for the daemon.
    pub free: u64,
}

impl Store {
    /// How the store is doing. Asks the file system, which may block.
    pub fn vitals(&self) -> Vitals {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (path, work) = (self.path(), self.work());
        Vitals {
            waiting_jobs: self.waiting_jobs(),
            commits: read(&work.commits),
            failed_commits: read(&work.failed),
            jobs: read(&work.jobs),
            database: size(path),
            log: size(&beside(path, "-wal")),
            disk: Room::of(path).disk(),
            full: *self.disk_full().borrow(),
        }
    }
}

fn size(path: &Path) -> u64 {
    path.metadata().map_or(0, |it| it.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Error;

    #[tokio::test]
    async fn commits_are_counted_with_their_jobs_and_files_have_a_size() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        store.write(|_| Ok(())).await.unwrap();
        let failed = store.write(|_| Err::<(), _>(Error::Missing("anything"))).await;
        assert!(failed.is_err(), "the job failed, its commit did not");
        // The answer to a job comes after its commit was counted.
        let vitals = store.vitals();
        assert_eq!((vitals.commits, vitals.jobs, vitals.failed_commits), (2, 2, 0));
        assert!(vitals.database + vitals.log > 0 && vitals.waiting_jobs == 0 && !vitals.full);
        let disk = vitals.disk.unwrap();
        assert!(disk.free <= disk.size && disk.size > 0);
    }
}
