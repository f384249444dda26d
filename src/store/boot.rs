//! Table `boot`: in which run of the machine the database was used last.

use rusqlite::OptionalExtension;

use super::{Error, Tx, View};
use crate::domain::Timestamp;

/// Stores the run, and answers the one before; `None` in a new database.
///
/// # Errors
/// Those of SQLite.
pub fn begin(tx: &Tx<'_>, id: &str) -> Result<Option<String>, Error> {
    let before = tx
        .prepare("SELECT boot_id FROM boot WHERE one = 1")?
        .query_row([], |row| row.get::<_, String>(0))
        .optional()?;
    if before.as_deref() != Some(id) {
        tx.prepare(
            "INSERT INTO boot VALUES (1, ?1) ON CONFLICT DO UPDATE SET boot_id = excluded.boot_id",
        )?
        .execute([id])?;
    }
    Ok(before)
}

/// The latest instant that is stored: it was later than that already.
///
/// # Errors
/// Those of SQLite.
pub fn latest(view: &View<'_>) -> Result<Option<Timestamp>, Error> {
    // The last rows of both; neither is older than what came before it by more than a moment.
    let message = "SELECT created_at FROM message WHERE key = (SELECT max(key) FROM message)";
    let event = "SELECT published FROM event WHERE seq = (SELECT max(seq) FROM event)";
    let mut latest = None;
    for last in [message, event] {
        let at: Option<i64> = view.prepare(last)?.query_row([], |row| row.get(0)).optional()?;
        latest = latest.max(at);
    }
    Ok(latest.map(Timestamp::from_unix_ms))
}
