//! The files that lie beside a database and share its name.

use std::path::{Path, PathBuf};

/// The file whose name is that of the database at `path`, and `suffix`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
