//! One daemon for each database: two would send every message twice.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::files::beside;

/// How long one is waited for that lets go. A daemon that is killed while it starts a program leaves its lock to that
/// program until it has begun, which takes longer the busier the machine is.
const GRACE: Duration = Duration::from_secs(2);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(20);

/// Held for as long as a daemon works on a database; the system lets go of it when the process ends,
/// however that happens.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why a database cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another daemon does.
    #[error("another daemon works on this store; it holds {}", .0.display())]
    Held(PathBuf),
    /// The file of the lock cannot be made.
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, io::Error),
}

impl Lock {
    /// Whether a process holds the lock of the database at `path`. Makes no file, which would belong to
    /// whoever asks.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub fn is_held(path: &Path) -> Result<bool, LockError> {
        let name = beside(path, "-lock");
        match File::open(&name) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(LockError::Io(name, cause)),
            Ok(file) => match file.try_lock_shared() {
                Ok(()) => Ok(false),
                Err(TryLockError::WouldBlock) => Ok(true),
                Err(TryLockError::Error(cause)) => Err(LockError::Io(name, cause)),
            },
        }
    }

    /// Takes the lock of the database at `path`, in a file beside it.
    ///
    /// # Errors
    /// Another process holds it, or the folder cannot be written.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let name = beside(path, "-lock");
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&name);
        let file = opened.map_err(|cause| LockError::Io(name.clone(), cause))?;
        let until = Instant::now() + GRACE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(AGAIN),
                Err(TryLockError::WouldBlock) => return Err(LockError::Held(name)),
                Err(TryLockError::Error(cause)) => return Err(LockError::Io(name, cause)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_a_database_is_that_database() {
        let dir = tempfile::tempdir().unwrap();
        let (path, link) = (dir.path().join("t.db"), dir.path().join("link.db"));
        File::create(&path).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let _held = Lock::take(&path).unwrap();
        assert!(Lock::is_held(&link).unwrap());
        assert!(matches!(Lock::take(&link), Err(LockError::Held(_))));
    }

    #[test]
    fn one_that_lets_go_soon_is_waited_for_and_one_that_stays_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let first = Lock::take(&path).unwrap();
        let other = path.clone();
        let second = thread::spawn(move || Lock::take(&other));
        // Long enough for the other to find it held; were it not, it would pass all the same.
        thread::sleep(3 * AGAIN);
        drop(first);
        let second = second.join().unwrap().unwrap();
        assert!(matches!(Lock::take(&path), Err(LockError::Held(_))));
        drop(second);
        assert!(!Lock::is_held(&path).unwrap());
    }
}
