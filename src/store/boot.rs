//! Table `boot`: in which run of the machine the database was used last, and whether its clock was believed.

use rusqlite::OptionalExtension;

use super::{Error, Tx, View};
use crate::domain::Timestamp;

/// A run of the machine, as the last daemon in it knew it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its name.
    pub id: String,
    /// Whether the daemon's clock was that of the machine.
    pub follows: bool,
}

/// The run in which the database was used last; `None` of a new database.
///
/// # Errors
/// Those of SQLite.
pub fn last(view: &View<'_>) -> Result<Option<Run>, Error> {
    let run = view
        .prepare("SELECT boot_id, follows FROM boot WHERE one = 1")?
        .query_row([], |row| Ok(Run { id: row.get(0)?, follows: row.get(1)? }))
        .optional()?;
    Ok(run)
}

/// Stores the run that this one is.
///
/// # Errors
/// Those of SQLite.
pub fn begin(tx: &Tx<'_>, run: &Run) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO boot (one, boot_id, follows) VALUES (1, ?1, ?2)
         ON CONFLICT DO UPDATE SET boot_id = excluded.boot_id, follows = excluded.follows",
    )?
    .execute((&run.id, run.follows))?;
    Ok(())
}

/// Notes that the clock follows that of the machine, from now on; where it was set back for that, what is stored tells
/// nothing of the time any more.
///
/// # Errors
/// Those of SQLite.
pub fn follow(tx: &Tx<'_>, set_back: bool) -> Result<(), Error> {
    tx.prepare("UPDATE boot SET follows = 1 WHERE one = 1 AND follows = 0")?.execute([])?;
    if set_back {
        tx.prepare(
            "UPDATE boot SET message = (SELECT ifnull(max(key), 0) FROM message),
                 event = (SELECT ifnull(max(seq), 0) FROM event)
             WHERE one = 1",
        )?
        .execute([])?;
    }
    Ok(())
}

/// Notes the time that deleting goes by.
///
/// # Errors
/// Those of SQLite.
pub(super) fn note_tidied(tx: &Tx<'_>, at: Timestamp) -> Result<(), Error> {
    tx.prepare("UPDATE boot SET tidied = ?1 WHERE one = 1")?.execute([at.as_unix_ms()])?;
    Ok(())
}

/// The time that deleting went by last; where nothing was ever looked at, the latest that is stored.
///
/// # Errors
/// Those of SQLite.
pub fn tidied(view: &View<'_>) -> Result<Option<Timestamp>, Error> {
    let tidied: Option<Option<i64>> = view
        .prepare("SELECT tidied FROM boot WHERE one = 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    match tidied.flatten() {
        Some(at) => Ok(Some(Timestamp::from_unix_ms(at))),
        None => latest(view),
    }
}

/// The latest instant that is stored by a clock that is believed: it was later than that already.
///
/// # Errors
/// Those of SQLite.
pub fn latest(view: &View<'_>) -> Result<Option<Timestamp>, Error> {
    // Keys of messages may begin anew where the newest are deleted, and count for nothing until they are past the mark:
    // of events, the last is always kept.
    // The last rows of both; neither is older than what came before it by more than a moment.
    let message = "SELECT created_at FROM message WHERE key = (SELECT max(key) FROM message)
             AND key > ifnull((SELECT message FROM boot WHERE one = 1), 0)";
    let event = "SELECT published FROM event WHERE seq = (SELECT max(seq) FROM event)
             AND seq > ifnull((SELECT event FROM boot WHERE one = 1), 0)";
    let mut latest = None;
    for last in [message, event] {
        let at: Option<i64> = view.prepare(last)?.query_row([], |row| row.get(0)).optional()?;
        latest = latest.max(at);
    }
    Ok(latest.map(Timestamp::from_unix_ms))
}
