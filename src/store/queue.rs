//! What waits: messages that may begin an attempt, segments that may follow, deadlines, and the
//! segments that a delivery report may be about.

use rusqlite::OptionalExtension;

use super::{Error, View, word};
use crate::domain::{Lane, SegmentId, Timestamp};

/// A message that may begin an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The message.
    pub key: i64,
    /// Its lane.
    pub lane: Lane,
    /// The only modem it may go through.
    pub sender: Option<String>,
}

/// Messages of `lane` that may begin an attempt at `now` on one of these modems, those due first before
/// the others.
///
/// # Errors
/// Those of SQLite.
pub fn claimable(
    view: &View<'_>,
    lane: Lane,
    now: Timestamp,
    modems: &[&str],
    limit: u32,
) -> Result<Vec<Candidate>, Error> {
    let modems = serde_json::json!(modems).to_string();
    view.prepare(
        "SELECT key, sender FROM message
         WHERE lane = ?1 AND claimable_at <= ?2 AND expires_at > ?2
             AND (sender IS NULL OR sender IN (SELECT value FROM json_each(?3)))
         ORDER BY claimable_at, key LIMIT ?4",
    )?
    .query_map((lane.rank(), now.as_unix_ms(), modems, limit), |row| {
        Ok(Candidate { key: row.get(0)?, lane, sender: row.get(1)? })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// A segment that may follow those of its attempt that went before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// Its message.
    pub message: i64,
    /// The segment.
    pub segment: SegmentId,
    /// The lane of its message.
    pub lane: Lane,
}

/// The most urgent segment that `sim` has begun an attempt for and not yet sent.
///
/// # Errors
/// Those of SQLite.
pub fn next_pending(view: &View<'_>, sim: &str) -> Result<Option<Pending>, Error> {
    let row = view
        .prepare(
            "SELECT a.message, s.attempt, s.sequence, m.lane
             FROM segment s JOIN attempt a ON a.key = s.attempt JOIN message m ON m.key = a.message
             WHERE s.sim = ?1 AND s.state = 'pending'
             ORDER BY m.lane, s.attempt, s.sequence LIMIT 1",
        )?
        .query_row([sim], |row| {
            let segment = SegmentId { attempt: row.get(1)?, sequence: row.get(2)? };
            Ok((row.get(0)?, segment, row.get::<_, u8>(3)?))
        })
        .optional()?;
    row.map(|(message, segment, rank)| {
        Ok(Pending { message, segment, lane: word::read_lane(rank)? })
    })
    .transpose()
}

/// Attempts with segments that still have to go out, each with its message and SIM.
///
/// # Errors
/// Those of SQLite.
pub fn unfinished_attempts(view: &View<'_>) -> Result<Vec<(i64, i64, String)>, Error> {
    view.prepare(
        "SELECT DISTINCT a.message, a.key, a.sim
         FROM segment s JOIN attempt a ON a.key = s.attempt WHERE s.state = 'pending'",
    )?
    .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
    .map(|row| Ok(row?))
    .collect()
}

/// When something falls due by itself: the earliest deadline, or the earliest claim after `now`.
///
/// # Errors
/// Those of SQLite.
pub fn next_wake(view: &View<'_>, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let earliest = |sql: &str, parameters: &[i64]| -> Result<Option<i64>, Error> {
        Ok(view
            .prepare(sql)?
            .query_row(rusqlite::params_from_iter(parameters), |row| row.get(0))?)
    };
    let deadline =
        earliest("SELECT min(deadline_at) FROM message WHERE deadline_at IS NOT NULL", &[])?;
    let claim = earliest(
        "SELECT min(claimable_at) FROM message WHERE claimable_at > ?1",
        &[now.as_unix_ms()],
    )?;
    Ok(deadline.into_iter().chain(claim).min().map(Timestamp::from_unix_ms))
}

/// Messages whose deadline has come, at most `limit`.
///
/// # Errors
/// Those of SQLite.
pub fn due(view: &View<'_>, now: Timestamp, limit: u32) -> Result<Vec<i64>, Error> {
    view.prepare("SELECT key FROM message WHERE deadline_at <= ?1 ORDER BY deadline_at LIMIT ?2")?
        .query_map((now.as_unix_ms(), limit), |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// Messages with a segment on the air.
///
/// # Errors
/// Those of SQLite.
pub fn submitting(view: &View<'_>) -> Result<Vec<i64>, Error> {
    view.prepare(
        "SELECT DISTINCT a.message FROM segment s JOIN attempt a ON a.key = s.attempt
         WHERE s.state = 'submitting'",
    )?
    .query_map([], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// The newest segment taken since `since` that a report with this reference can be about.
///
/// # Errors
/// Those of SQLite.
pub fn submitted(
    view: &View<'_>,
    sim: &str,
    reference: u8,
    tail: &str,
    since: Timestamp,
) -> Result<Option<(i64, SegmentId)>, Error> {
    let found = view
        .prepare(
            "SELECT a.message, s.attempt, s.sequence
             FROM segment s JOIN attempt a ON a.key = s.attempt JOIN message m ON m.key = a.message
             WHERE s.sim = ?1 AND s.reference = ?2 AND s.submitted_at >= ?3
                 AND substr(m.recipient, -length(?4)) = ?4
             ORDER BY s.submitted_at DESC LIMIT 1",
        )?
        .query_row((sim, reference, since.as_unix_ms(), tail), read_target)
        .optional()?;
    Ok(found)
}

/// The oldest segment to this recipient whose reference is not known, because the answer was lost: a
/// report that fits no other can be about it.
///
/// # Errors
/// Those of SQLite.
pub fn unanswered(
    view: &View<'_>,
    sim: &str,
    tail: &str,
) -> Result<Option<(i64, SegmentId)>, Error> {
    let found = open(view, "unanswered", sim, tail)?;
    if found.is_some() { Ok(found) } else { open(view, "submitted", sim, tail) }
}

/// The segment to this recipient whose answer is still to come.
///
/// # Errors
/// Those of SQLite.
pub fn on_the_air(
    view: &View<'_>,
    sim: &str,
    tail: &str,
) -> Result<Option<(i64, SegmentId)>, Error> {
    open(view, "submitting", sim, tail)
}

fn open(
    view: &View<'_>,
    state: &'static str,
    sim: &str,
    tail: &str,
) -> Result<Option<(i64, SegmentId)>, Error> {
    let found = view
        .prepare(
            "SELECT a.message, s.attempt, s.sequence
             FROM segment s JOIN attempt a ON a.key = s.attempt JOIN message m ON m.key = a.message
             WHERE s.sim = ?1 AND s.state = ?2 AND s.reference IS NULL
                 AND s.state IN ('submitting', 'unanswered', 'submitted')
                 AND substr(m.recipient, -length(?3)) = ?3
             ORDER BY m.ended_at IS NOT NULL, s.submitting_at LIMIT 1",
        )?
        .query_row((sim, state, tail), read_target)
        .optional()?;
    Ok(found)
}

fn read_target(row: &rusqlite::Row<'_>) -> rusqlite::Result<(i64, SegmentId)> {
    Ok((row.get(0)?, SegmentId { attempt: row.get(1)?, sequence: row.get(2)? }))
}
