//! Table `idempotency`: which request made which message, so that one that comes again makes none.

use rusqlite::OptionalExtension;

use super::{Error, Tx, View, message::id};
use crate::domain::{MessageId, Timestamp};

/// What is kept of an accepted request: nothing that tells its text to those who lack the secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// Keyed hash of the request.
    pub fingerprint: [u8; 32],
    /// The message it made.
    pub message: MessageId,
}

/// The request that `token` sent with `key` after `since`.
///
/// # Errors
/// Those of SQLite.
pub fn find(
    view: &View<'_>,
    token: &str,
    key: &str,
    since: Timestamp,
) -> Result<Option<Remembered>, Error> {
    let row = view
        .prepare(
            "SELECT fingerprint, message FROM idempotency
             WHERE token = ?1 AND key = ?2 AND created_at > ?3",
        )?
        .query_row((token, key, since.as_unix_ms()), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    row.map(|(fingerprint, message)| Ok(Remembered { fingerprint, message: id(message)? }))
        .transpose()
}

/// Remembers a request, in the place of one that is too old to count.
///
/// # Errors
/// Those of SQLite.
pub fn remember(
    tx: &Tx<'_>,
    token: &str,
    key: &str,
    request: Remembered,
    now: Timestamp,
) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO idempotency (token, key, fingerprint, message, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (token, key) DO UPDATE SET fingerprint = excluded.fingerprint,
             message = excluded.message, created_at = excluded.created_at",
    )?
    .execute((
        token,
        key,
        request.fingerprint,
        request.message.to_string(),
        now.as_unix_ms(),
    ))?;
    Ok(())
}

/// Forgets requests from before `before`, at most `limit`; says how many.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    Ok(tx
        .prepare(
            "DELETE FROM idempotency WHERE (token, key) IN (
                 SELECT token, key FROM idempotency WHERE created_at < ?1
                 ORDER BY created_at LIMIT ?2)",
        )?
        .execute((before.as_unix_ms(), limit))?)
}
