//! The files that lie beside a database and share its name.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where the database at `path` is, whatever links lead to it: what lies beside it lies there, as SQLite has it.
pub(super) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The file whose name is that of the database at `path`, and `suffix`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = real(path).into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}
