//! Table `idempotency`: which request made which message, so that one that comes again makes none.

use rusqlite::OptionalExtension;

use super::{
    Error, Tx, View,
    message::{detail, id},
};
use crate::domain::{Detail, MessageId, Timestamp, TransactionId};

/// What is kept of a request: nothing that tells its text to those who lack the secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// Keyed hash of the request.
    pub fingerprint: [u8; 32],
    /// What it led to.
    pub led_to: LedTo,
}

/// What a request led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LedTo {
    /// This message.
    Message(MessageId),
    /// A refusal, for this reason, with the events of this transaction.
    Refusal(Detail, TransactionId),
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
            "SELECT fingerprint, message, refusal, transaction_id FROM idempotency
             WHERE token = ?1 AND key = ?2 AND created_at > ?3",
        )?
        .query_row((token, key, since.as_unix_ms()), |row| {
            Ok((row.get(0)?, led_to(row.get(1)?, row.get(2)?, row.get(3)?)))
        })
        .optional()?;
    row.map(|(fingerprint, led_to)| Ok(Remembered { fingerprint, led_to: led_to? })).transpose()
}

fn led_to(
    message: Option<String>,
    refusal: Option<String>,
    transaction: Option<String>,
) -> Result<LedTo, Error> {
    if let Some(message) = message {
        return id(message).map(LedTo::Message);
    }
    let refusal = detail("idempotency", "refusal", refusal)?;
    let transaction = transaction.and_then(|transaction| transaction.parse().ok());
    let refusal = refusal.zip(transaction).ok_or(Error::Missing("what a request led to"))?;
    Ok(LedTo::Refusal(refusal.0, refusal.1))
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
    let (message, refusal) = match request.led_to {
        LedTo::Message(message) => (Some(message.to_string()), None),
        LedTo::Refusal(detail, transaction) => (None, Some((detail, transaction))),
    };
    tx.prepare(
        "INSERT INTO idempotency (token, key, fingerprint, message, refusal, transaction_id,
             created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (token, key) DO UPDATE SET fingerprint = excluded.fingerprint,
             message = excluded.message, refusal = excluded.refusal,
             transaction_id = excluded.transaction_id, created_at = excluded.created_at",
    )?
    .execute((
        token,
        key,
        request.fingerprint,
        message,
        refusal.map(|(detail, _)| detail.as_str()),
        refusal.map(|(_, transaction)| transaction.to_string()),
        now.as_unix_ms(),
    ))?;
    Ok(())
}

/// Moves all of them by so many milliseconds, as the clock was: they are remembered as long as before.
///
/// # Errors
/// Those of SQLite.
pub fn shift(tx: &Tx<'_>, milliseconds: i64) -> Result<(), Error> {
    tx.prepare("UPDATE idempotency SET created_at = created_at + ?1 WHERE created_at > 0")?
        .execute([milliseconds])?;
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
