//! The store: whether it is sound, and has room.

use std::path::Path;

use super::Finding;
use crate::store::{self, Error, Lock};

const ABOUT: &str = "store";

/// Looks at the whole database; a daemon that works on it goes on meanwhile.
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
    let busy = match Lock::is_held(path) {
        Ok(false) => "no daemon works on it",
        Ok(true) => "a daemon works on it",
        Err(cause) => return unreadable(&cause),
    };
    match store::check(path) {
        Ok(()) if !store::has_room(path) => Finding::problem(
            ABOUT,
            format!("The disk below {shown} is full: no message is accepted."),
            "Delete what is not needed; [retention] says how long Ringpost keeps its own.",
        ),
        Ok(()) => Finding::good(ABOUT, format!("{shown} is sound; {busy}.")),
        Err(cause @ Error::Damaged(_)) => Finding::problem(
            ABOUT,
            format!("{shown}: {cause}."),
            "Stop the daemon and restore a copy, or move the file away: then a new one is made.",
        ),
        Err(cause) => unreadable(&cause),
    }
}
