//! Table `preference`: what users chose.

use rusqlite::OptionalExtension;

use super::{Error, Tx, View};
use crate::domain::Timestamp;

/// Stores the language of a user, a BCP 47 tag.
///
/// # Errors
/// Those of SQLite.
pub fn put(tx: &Tx<'_>, user: &str, locale: &str, now: Timestamp) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO preference VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET locale = excluded.locale, updated_at = excluded.updated_at",
    )?
    .execute((user, locale, now.as_unix_ms()))?;
    Ok(())
}

/// The language of a user.
///
/// # Errors
/// Those of SQLite.
pub fn locale(view: &View<'_>, user: &str) -> Result<Option<String>, Error> {
    Ok(view
        .prepare("SELECT locale FROM preference WHERE user = ?1")?
        .query_row([user], |row| row.get(0))
        .optional()?)
}
