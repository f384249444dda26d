//! Tables `inbound` and `inbound_segment`.

use rusqlite::{OptionalExtension, Row};

use super::{Error, Tx, View, message::optional_time};
use crate::domain::{Inbound, InboundFragment, InboundId, Secret, Timestamp};

/// Where a received segment came in.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// SHA-256 over where it lies and its TPDU.
    pub fingerprint: &'a [u8; 32],
    /// The SIM.
    pub sim: &'a str,
    /// When.
    pub received_at: Timestamp,
}

/// Keeps what was read from a segment; `false` where the same one was kept before.
///
/// # Errors
/// Those of SQLite.
pub fn insert_segment(
    tx: &Tx<'_>,
    arrival: Arrival<'_>,
    fragment: &InboundFragment,
) -> Result<bool, Error> {
    let (reference, total, sequence) = fragment
        .concat
        .map_or((None, None, None), |concat| (Some(concat.0), Some(concat.1), Some(concat.2)));
    let inserted = tx
        .prepare(
            "INSERT INTO inbound_segment
                 (fingerprint, sim, sender, reference, total, sequence, text, sent_at, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (fingerprint) DO NOTHING",
        )?
        .execute((
            arrival.fingerprint,
            arrival.sim,
            &fragment.sender,
            reference,
            total,
            sequence,
            fragment.text.reveal(),
            fragment.sent_at.map(Timestamp::as_unix_ms),
            arrival.received_at.as_unix_ms(),
        ))?;
    Ok(inserted > 0)
}

/// Remembers what is no message by its fingerprint, and keeps it as it came where it could not be read;
/// `false` where the same one was known.
///
/// # Errors
/// Those of SQLite.
pub fn insert_raw(tx: &Tx<'_>, arrival: Arrival<'_>, raw: Option<&[u8]>) -> Result<bool, Error> {
    let inserted = tx
        .prepare(
            "INSERT INTO inbound_segment (fingerprint, sim, sender, raw, received_at)
             VALUES (?1, ?2, '', ?3, ?4) ON CONFLICT (fingerprint) DO NOTHING",
        )?
        .execute((arrival.fingerprint, arrival.sim, raw, arrival.received_at.as_unix_ms()))?;
    Ok(inserted > 0)
}

/// What tells the segments of one concatenated message from all others.
#[derive(Debug, Clone, Copy)]
pub struct Concatenated<'a> {
    /// The SIM that received them.
    pub sim: &'a str,
    /// Who sent them.
    pub sender: &'a str,
    /// The sender's reference, which is used again for later messages.
    pub reference: u16,
    /// How many there are.
    pub total: u8,
    /// The earliest and the latest that they may have been sent, or have come in where that is not known.
    pub sent: (Timestamp, Timestamp),
}

impl<'a> Concatenated<'a> {
    fn parameters(self) -> (&'a str, &'a str, u16, u8, i64, i64) {
        let Self { sim, sender, reference, total, sent: (earliest, latest) } = self;
        (sim, sender, reference, total, earliest.as_unix_ms(), latest.as_unix_ms())
    }
}

/// The open segments of one concatenated message, by sequence; where one came twice, the later.
///
/// # Errors
/// Those of SQLite.
pub fn open_segments(
    view: &View<'_>,
    message: Concatenated<'_>,
) -> Result<Vec<(u8, Secret)>, Error> {
    view.prepare(
        "SELECT sequence, text, max(key) FROM inbound_segment
         WHERE sim = ?1 AND sender = ?2 AND reference = ?3 AND total = ?4 AND text IS NOT NULL
             AND ifnull(sent_at, received_at) BETWEEN ?5 AND ?6
         GROUP BY sequence ORDER BY sequence",
    )?
    .query_map(message.parameters(), |row| Ok((row.get(0)?, Secret::new(row.get(1)?))))?
    .map(|row| Ok(row?))
    .collect()
}

/// Ends the segments of one concatenated message: their texts are part of an inbound message.
///
/// # Errors
/// Those of SQLite.
pub fn close_segments(tx: &Tx<'_>, message: Concatenated<'_>) -> Result<(), Error> {
    tx.prepare(
        "UPDATE inbound_segment SET text = NULL
         WHERE sim = ?1 AND sender = ?2 AND reference = ?3 AND total = ?4 AND text IS NOT NULL
             AND ifnull(sent_at, received_at) BETWEEN ?5 AND ?6",
    )?
    .execute(message.parameters())?;
    Ok(())
}

/// Ends a segment that is a message by itself.
///
/// # Errors
/// Those of SQLite.
pub fn close_segment(tx: &Tx<'_>, fingerprint: &[u8; 32]) -> Result<(), Error> {
    tx.prepare("UPDATE inbound_segment SET text = NULL WHERE fingerprint = ?1")?
        .execute([fingerprint])?;
    Ok(())
}

/// Adds a whole message.
///
/// # Errors
/// Those of SQLite.
pub fn insert(tx: &Tx<'_>, inbound: &Inbound) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO inbound (id, modem, sender, text, segments, sent_at, received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        inbound.id.to_string(),
        &inbound.modem,
        &inbound.sender,
        inbound.text.reveal(),
        inbound.segments,
        inbound.sent_at.map(Timestamp::as_unix_ms),
        inbound.received_at.as_unix_ms(),
    ))?;
    Ok(())
}

/// The inbound message `id`.
///
/// # Errors
/// Those of SQLite.
pub fn find(view: &View<'_>, id: InboundId) -> Result<Option<Inbound>, Error> {
    let mut statement = view.prepare("SELECT * FROM inbound WHERE id = ?1")?;
    let found = statement.query_row([id.to_string()], |row| Ok(read(row))).optional()?;
    found.map(|inbound| inbound.map(|(_, inbound)| inbound)).transpose()
}

/// The newest inbound messages with their keys, newest first: at most `limit`, and only those
/// before row `before`.
///
/// # Errors
/// Those of SQLite.
pub fn newest(
    view: &View<'_>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<(i64, Inbound)>, Error> {
    view.prepare("SELECT * FROM inbound WHERE key < ?1 ORDER BY key DESC LIMIT ?2")?
        .query_map((before.unwrap_or(i64::MAX), limit), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// The inbound messages after row `key` with their keys, oldest first, at most `limit`.
///
/// # Errors
/// Those of SQLite.
pub fn after(view: &View<'_>, key: i64, limit: u32) -> Result<Vec<(i64, Inbound)>, Error> {
    view.prepare("SELECT * FROM inbound WHERE key > ?1 ORDER BY key LIMIT ?2")?
        .query_map((key, limit), |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// The row of the newest inbound message, 0 where there is none.
///
/// # Errors
/// Those of SQLite.
pub fn newest_key(view: &View<'_>) -> Result<i64, Error> {
    let key =
        view.prepare("SELECT ifnull(max(key), 0) FROM inbound")?.query_row([], |row| row.get(0))?;
    Ok(key)
}

/// The row of the inbound message `id`.
///
/// # Errors
/// Those of SQLite.
pub fn key_of(view: &View<'_>, id: InboundId) -> Result<Option<i64>, Error> {
    let key = view
        .prepare("SELECT key FROM inbound WHERE id = ?1")?
        .query_row([id.to_string()], |row| row.get(0))
        .optional()?;
    Ok(key)
}

/// Deletes messages received before `before`, at most `limit`; says how many.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    let deleted = tx
        .prepare(
            "DELETE FROM inbound WHERE key IN (
                 SELECT key FROM inbound WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)",
        )?
        .execute((before.as_unix_ms(), limit))?;
    Ok(tx.erased(deleted))
}

/// Erases what segments received before `before` still hold, at most `limit`: the rest of their message
/// never came, or they could not be read. Says how many; they are still recognised.
///
/// # Errors
/// Those of SQLite.
pub(super) fn blank_segments(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    let blanked = tx
        .prepare(
            "UPDATE inbound_segment SET text = NULL, raw = NULL WHERE key IN (
                 SELECT key FROM inbound_segment
                 WHERE received_at < ?1 AND (text IS NOT NULL OR raw IS NOT NULL)
                 ORDER BY received_at LIMIT ?2)",
        )?
        .execute((before.as_unix_ms(), limit))?;
    Ok(tx.erased(blanked))
}

/// Deletes segments received before `before`, at most `limit`; says how many.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget_segments(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    Ok(tx
        .prepare(
            "DELETE FROM inbound_segment WHERE key IN (
                 SELECT key FROM inbound_segment WHERE received_at < ?1
                 ORDER BY received_at LIMIT ?2)",
        )?
        .execute((before.as_unix_ms(), limit))?)
}

fn read(row: &Row<'_>) -> Result<(i64, Inbound), Error> {
    let id: String = row.get("id")?;
    let unknown = |_| Error::UnknownWord { table: "inbound", column: "id", value: id.clone() };
    let inbound = Inbound {
        id: id.parse().map_err(unknown)?,
        modem: row.get("modem")?,
        sender: row.get("sender")?,
        text: Secret::new(row.get("text")?),
        segments: row.get("segments")?,
        sent_at: optional_time(row, "sent_at")?,
        received_at: Timestamp::from_unix_ms(row.get("received_at")?),
    };
    Ok((row.get("key")?, inbound))
}
