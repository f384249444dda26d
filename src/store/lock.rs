//! One daemon for each database: two would send every message twice.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::files::beside;

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
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held(name)),
            Err(TryLockError::Error(cause)) => Err(LockError::Io(name, cause)),
        }
    }
}
