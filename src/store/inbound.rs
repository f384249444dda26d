//! Tables `inbound` and `inbound_segment`.

use rusqlite::{OptionalExtension, Row};

use super::{Error, Tx, View, message::optional_time};
use crate::domain::{Inbound, InboundFragment, InboundId, Secret, Timestamp};

/// Where a received segment came in.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// SHA-256 over where it lies and its TPDU.
    pub fingerprint: &'a [u8; 32],
    /// The modem's name.
    pub modem: &'a str,
    /// Its SIM.
    pub sim: &'a str,
    /// When.
    pub received_at: Timestamp,
}

/// A segment of a message of several.
#[derive(Debug, Clone, Copy)]
pub struct Segment<'a> {
    /// What it holds.
    pub fragment: &'a InboundFragment,
    /// The sender's reference, which is used again for later messages.
    pub reference: u16,
    /// How many segments there are.
    pub total: u8,
    /// Which of them it is, from 1 on.
    pub sequence: u8,
    /// SHA-256 over all that is the same where the service centre sends it again; nothing where that cannot be told.
    pub content: Option<[u8; 32]>,
}

/// Keeps a segment of several, which is part of no message yet; `false` where the same one was kept before: from the same
/// slot, or as the service centre had sent it before.
///
/// # Errors
/// Those of SQLite.
pub fn insert_segment(
    tx: &Tx<'_>,
    arrival: Arrival<'_>,
    segment: Segment<'_>,
) -> Result<bool, Error> {
    let Segment { fragment, reference, total, sequence, content } = segment;
    let is_known =
        tx.prepare("SELECT 1 FROM inbound_segment WHERE content = ?1")?.exists([content])?;
    if is_known {
        insert_other(tx, arrival, None)?;
        return Ok(false);
    }
    let inserted = tx
        .prepare(
            "INSERT INTO inbound_segment
                 (fingerprint, modem, sim, sender, reference, total, sequence, text, content, sent_at,
                  received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (fingerprint) DO NOTHING",
        )?
        .execute((
            arrival.fingerprint,
            arrival.modem,
            arrival.sim,
            &fragment.sender,
            reference,
            total,
            sequence,
            fragment.text.reveal(),
            content,
            fragment.sent_at.map(Timestamp::as_unix_ms),
            arrival.received_at.as_unix_ms(),
        ))?;
    Ok(inserted > 0)
}

/// Remembers what is no segment of several by its fingerprint, and keeps it as it came where it could not be read; `false`
/// where the same one was known.
///
/// # Errors
/// Those of SQLite.
pub fn insert_other(tx: &Tx<'_>, arrival: Arrival<'_>, raw: Option<&[u8]>) -> Result<bool, Error> {
    let Arrival { fingerprint, modem, sim, received_at } = arrival;
    let inserted = tx
        .prepare(
            "INSERT INTO inbound_segment (fingerprint, modem, sim, sender, raw, received_at)
             VALUES (?1, ?2, ?3, '', ?4, ?5) ON CONFLICT (fingerprint) DO NOTHING",
        )?
        .execute((fingerprint, modem, sim, raw, received_at.as_unix_ms()))?;
    Ok(inserted > 0)
}

/// A segment that is part of no message yet.
#[derive(Debug)]
pub struct Open {
    /// Its row.
    pub key: i64,
    /// The modem that told of it.
    pub modem: String,
    /// The SIM that received it.
    pub sim: String,
    /// Who sent it.
    pub sender: String,
    /// The sender's reference.
    pub reference: u16,
    /// How many segments there are.
    pub total: u8,
    /// Which of them it is.
    pub sequence: u8,
    /// What it says.
    pub text: Secret,
    /// The service centre's time stamp.
    pub sent_at: Option<Timestamp>,
    /// When it came in.
    pub received_at: Timestamp,
}

/// The segments with this sender, reference and total that are part of no message yet, in the order in which they came;
/// a fault for each that cannot be read.
///
/// # Errors
/// Those of SQLite.
pub fn open_segments(
    view: &View<'_>,
    sender: &str,
    (reference, total): (u16, u8),
) -> Result<Vec<Result<Open, Error>>, Error> {
    view.prepare(
        "SELECT * FROM inbound_segment
         WHERE sender = ?1 AND reference = ?2 AND total = ?3 AND text IS NOT NULL ORDER BY key",
    )?
    .query_map((sender, reference, total), |row| Ok(read_open(row)))?
    .map(|row| Ok(row?))
    .collect()
}

/// The segment of the row `key`, where it is part of no message yet.
///
/// # Errors
/// Those of SQLite.
pub fn open_segment(view: &View<'_>, key: i64) -> Result<Option<Open>, Error> {
    view.prepare("SELECT * FROM inbound_segment WHERE key = ?1 AND text IS NOT NULL")?
        .query_row([key], |row| Ok(read_open(row)))
        .optional()?
        .transpose()
}

/// The rows of segments that came in before `before` and are part of no message yet, the oldest first.
///
/// # Errors
/// Those of SQLite.
pub fn waiting(view: &View<'_>, before: Timestamp) -> Result<Vec<i64>, Error> {
    view.prepare(
        "SELECT key FROM inbound_segment WHERE received_at < ?1 AND text IS NOT NULL
         ORDER BY received_at, key",
    )?
    .query_map([before.as_unix_ms()], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// Lets the rest of what came in later than `now` be waited for from now on: the clock was ahead then, and was set back
/// while nobody looked.
///
/// # Errors
/// Those of SQLite.
pub fn begin_at_last(tx: &Tx<'_>, now: Timestamp) -> Result<(), Error> {
    tx.prepare(
        "UPDATE inbound_segment SET received_at = ?1 WHERE received_at > ?1 AND text IS NOT NULL",
    )?
    .execute([now.as_unix_ms()])?;
    Ok(())
}

/// Ends a segment: its text is part of an inbound message.
///
/// # Errors
/// Those of SQLite.
pub fn close_segment(tx: &Tx<'_>, key: i64) -> Result<(), Error> {
    tx.prepare("UPDATE inbound_segment SET text = NULL WHERE key = ?1")?.execute([key])?;
    Ok(())
}

/// Moves the segments that are part of no message yet by so many milliseconds, as the clock was: their rest is waited for
/// as long as before.
///
/// # Errors
/// Those of SQLite.
pub fn shift(tx: &Tx<'_>, milliseconds: i64) -> Result<(), Error> {
    tx.prepare("UPDATE inbound_segment SET received_at = received_at + ?1 WHERE text IS NOT NULL")?
        .execute([milliseconds])?;
    Ok(())
}

/// Adds a message.
///
/// # Errors
/// Those of SQLite.
pub fn insert(tx: &Tx<'_>, inbound: &Inbound) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO inbound (id, modem, sender, text, segments, missing, sent_at, received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute((
        inbound.id.to_string(),
        &inbound.modem,
        &inbound.sender,
        inbound.text.reveal(),
        inbound.segments,
        inbound.missing,
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

/// Erases what could not be read and was received before `before`, at most `limit`. Says how many; it is still
/// recognised.
///
/// # Errors
/// Those of SQLite.
pub(super) fn blank_raw(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    let blanked = tx
        .prepare(
            "UPDATE inbound_segment SET raw = NULL WHERE key IN (
                 SELECT key FROM inbound_segment WHERE received_at < ?1 AND raw IS NOT NULL
                 ORDER BY received_at LIMIT ?2)",
        )?
        .execute((before.as_unix_ms(), limit))?;
    Ok(tx.erased(blanked))
}

/// Deletes segments received before `before`, at most `limit`, but for those that are part of no message yet; says how
/// many.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget_segments(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    Ok(tx
        .prepare(
            "DELETE FROM inbound_segment WHERE key IN (
                 SELECT key FROM inbound_segment WHERE received_at < ?1 AND text IS NULL
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
        missing: row.get("missing")?,
        sent_at: optional_time(row, "sent_at")?,
        received_at: Timestamp::from_unix_ms(row.get("received_at")?),
    };
    Ok((row.get("key")?, inbound))
}

fn read_open(row: &Row<'_>) -> Result<Open, Error> {
    let (total, sequence): (u8, u8) = (row.get("total")?, row.get("sequence")?);
    if !(1..=total).contains(&sequence) {
        let value = sequence.to_string();
        return Err(Error::UnknownWord { table: "inbound_segment", column: "sequence", value });
    }
    Ok(Open {
        key: row.get("key")?,
        modem: row.get("modem")?,
        sim: row.get("sim")?,
        sender: row.get("sender")?,
        reference: row.get("reference")?,
        total,
        sequence,
        text: Secret::new(row.get("text")?),
        sent_at: optional_time(row, "sent_at")?,
        received_at: Timestamp::from_unix_ms(row.get("received_at")?),
    })
}
