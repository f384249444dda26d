//! The store: whether it is sound, and has room.

use std::path::Path;

use super::Finding;
use crate::store::{self, Error, Lock};

const ABOUT: &str = "store";

/// Looks at the whole database; while a daemon works on it, at what can be read without being in its way.
pub(super) fn examine(path: &Path) -> Finding {
    let shown = path.display();
    if !path.exists() {
        let folder = path.parent().unwrap_or(Path::new("/"));
        return if folder.is_dir() {
            Finding::good(ABOUT, format!("{shown} does not exist; the daemon makes it."))
        } else {
            Finding::problem(
                ABOUT,
                format!("The folder {} does not exist.", folder.display()),
                "systemd makes /var/lib/ringpost; make any other one, and give it to the account `ringpost`.",
            )
        };
    }
    let unreadable = |cause: &dyn std::fmt::Display| {
        Finding::problem(
            ABOUT,
            format!("{shown}: {cause}."),
            "Run this as root, or as the account of the daemon.",
        )
    };
    let (busy, checked) = match Lock::is_held(path) {
        Ok(false) => ("no daemon works on it", store::check(path).map(|()| Vec::new())),
        Ok(true) => ("a daemon works on it", store::check_beside_daemon(path)),
        Err(cause) => return unreadable(&cause),
    };
    match checked {
        Ok(_) if !store::has_room(path) => Finding::problem(
            ABOUT,
            format!("The disk below {shown} is full: no message is accepted."),
            "Delete what is not needed; [retention] says how long Ringpost keeps its own.",
        ),
        Ok(too_large) if too_large.is_empty() => {
            Finding::good(ABOUT, format!("{shown} is sound; {busy}."))
        }
        Ok(too_large) => Finding::good(
            ABOUT,
            format!(
                "{shown} is sound as far as it was read; {busy}, and would wait for whoever reads all of {}. \
                 Stop it to have that looked at too.",
                too_large.join(", ")
            ),
        ),
        Err(cause @ Error::Damaged(_)) => Finding::problem(
            ABOUT,
            format!("{shown}: {cause}."),
            "Stop the daemon and restore a copy, or move the file away: then a new one is made.",
        ),
        Err(cause) => unreadable(&cause),
    }
}
