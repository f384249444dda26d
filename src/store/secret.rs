//! A secret for keyed hashes, in a file of its own beside the database. Copies of the database are
//! made: backups, cases for support. Whoever has one must not be able to try out which of a million
//! codes a hash in it belongs to.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::files::beside;

/// A block of SHA-256: what HMAC takes as it is.
const BYTES: usize = 64;

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read or made.
    #[error("{}: {}", .0.display(), .1)]
    Io(PathBuf, io::Error),
    /// The file holds something else.
    #[error("{} does not hold {BYTES} bytes; move it away, and a new secret is made", .0.display())]
    Damaged(PathBuf),
    /// The system has no random numbers.
    #[error("the system has no random numbers: {0}")]
    Random(getrandom::Error),
}

/// The secret of the database at `path`; made where there is none yet. To be called by the one who holds
/// the [`Lock`](super::Lock).
///
/// # Errors
/// The file can neither be read nor made.
pub fn secret(path: &Path) -> Result<Zeroizing<[u8; BYTES]>, SecretError> {
    let name = beside(path, "-secret");
    let failed = |cause| SecretError::Io(name.clone(), cause);
    match fs::read(&name) {
        Ok(bytes) => {
            let bytes = Zeroizing::new(bytes);
            let read =
                bytes.as_slice().try_into().map_err(|_| SecretError::Damaged(name.clone()))?;
            Ok(Zeroizing::new(read))
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let mut bytes = Zeroizing::new([0; BYTES]);
            getrandom::fill(bytes.as_mut_slice()).map_err(SecretError::Random)?;
            make(&beside(path, "-secret.new"), &name, bytes.as_slice()).map_err(failed)?;
            Ok(bytes)
        }
        Err(cause) => Err(failed(cause)),
    }
}

/// Writes a file that is there whole or not at all, whenever the power fails.
fn make(new: &Path, name: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, name)?;
    match name.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_made_once_for_each_database_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("1.db"), dir.path().join("2.db"));
        let made = secret(&one).unwrap();
        assert_eq!(secret(&one).unwrap(), made);
        assert_ne!(secret(&two).unwrap(), made);
        let file = dir.path().join("1.db-secret");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&file, "short").unwrap();
        assert!(matches!(secret(&one), Err(SecretError::Damaged(_))));
    }
}
