//! Whether the disk has room for new messages. The last of it is left to those that were accepted: each
//! of them writes some more until it has ended.

use std::path::{Path, PathBuf};

use tokio::sync::watch;
use tracing::{error, info};

use super::{Disk, Error, files::real};

/// What the write-ahead log may grow to, the database by as much when that is moved, and some thousand messages to
/// their ends.
const RESERVE: u64 = 64 << 20;

/// The log gets one part of so many of the reserve.
const LOG: u64 = 2;

/// A small disk gives this part of itself at most.
const SMALL_DISK: u64 = 8;

/// Whether the disk below the database at `path` has room for new messages.
pub fn has_room(path: &Path) -> bool {
    Room::of(path).is_left()
}

/// The disk below the database.
#[derive(Debug)]
pub(super) struct Room {
    folder: PathBuf,
    /// What was told last.
    full: watch::Sender<bool>,
}

impl Room {
    /// Of the database at `path`.
    pub(super) fn of(path: &Path) -> Self {
        let path = real(path);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Self {
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            full: watch::Sender::new(false),
        }
    }

    /// Whether the disk is full, and when that changes.
    pub(super) fn full(&self) -> watch::Receiver<bool> {
        self.full.subscribe()
    }

    /// Whether there is more room than the reserve. Where nobody can say, writing will tell.
    pub(super) fn is_left(&self) -> bool {
        self.disk().is_none_or(|disk| disk.free > reserve(&disk))
    }

    /// What the write-ahead log may grow to, in octets. Pages that many commits wrote are moved once: the longer it is,
    /// the less goes to the disk.
    pub(super) fn longest_log(&self) -> u64 {
        self.disk().map_or(RESERVE, |disk| reserve(&disk)) / LOG
    }

    /// The disk, where the system tells.
    pub(super) fn disk(&self) -> Option<Disk> {
        // Some file systems answer, and know nothing: a disk of no size is none that is full.
        let disk = rustix::fs::statvfs(&self.folder).ok().filter(|disk| disk.f_blocks > 0)?;
        Some(Disk {
            size: disk.f_blocks.saturating_mul(disk.f_frsize),
            free: disk.f_bavail.saturating_mul(disk.f_frsize),
        })
    }

    /// Tells the journal when the disk gets full and when it is no more, each once: what is said for
    /// every request would fill it further.
    pub(super) fn note(&self, left: Option<bool>, committed: &Result<(), Error>) {
        let full = match (committed, left) {
            (Err(Error::Full), _) | (Ok(()), Some(false)) => true,
            (Ok(()), Some(true)) => false,
            (Ok(()), None) | (Err(_), _) => return,
        };
        if self.full.send_replace(full) == full {
            return;
        }
        let folder = self.folder.display();
        if full {
            error!(%folder, "the disk is full: no message is accepted until it has room again");
        } else {
            info!(%folder, "the disk has room again");
        }
    }
}

/// What is left for what was accepted, in octets.
fn reserve(disk: &Disk) -> u64 {
    RESERVE.min(disk.size / SMALL_DISK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_tells_no_size_is_not_full() {
        // Nothing lies on this one.
        let room = Room::of(Path::new("/proc/t.db"));
        assert_eq!(room.disk(), None);
        assert!(room.is_left());
        assert_eq!(room.longest_log(), RESERVE / LOG);
    }
}
