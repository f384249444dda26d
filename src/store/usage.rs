//! Tables `usage_day` and `usage_user`: what was sent, counted in the transaction of the events that say
//! so.

use std::time::Duration;

use super::{Error, Tx, View, call::milliseconds};
use crate::domain::{About, Event, EventKind, Family, Money, Outcome, Timestamp};

const DAY_MS: i64 = 86_400_000;

/// How something ended: one of these words, or a family of reasons where it failed.
const DELIVERED: &str = "delivered";
const UNKNOWN: &str = "unknown";
const CANCELLED: &str = "cancelled";
const DENIED: &str = "denied";
/// Whatever became of it.
const ALL: &str = "";

/// Counts what `event` tells: its send event counts a message, its status event how it ended, what it
/// took and what that cost. Refused requests are no messages.
///
/// # Errors
/// Those of SQLite.
pub(super) fn count(tx: &Tx<'_>, event: &Event) -> Result<(), Error> {
    let About::Message(kind, subject) = &event.about else { return Ok(()) };
    let ended = match (kind, event.outcome) {
        (EventKind::Send, Outcome::Deny) => return Ok(()),
        (EventKind::Send, _) => ALL,
        (EventKind::Status, Outcome::Success) => DELIVERED,
        (EventKind::Status, Outcome::Unknown) => UNKNOWN,
        (EventKind::Status, Outcome::Abandoned) => CANCELLED,
        (EventKind::Status, Outcome::Deny) => DENIED,
        (EventKind::Status, Outcome::Failure) => {
            event.detail.map_or(Family::Internal, |detail| detail.family()).as_str()
        }
        (
            EventKind::LateReport | EventKind::Resend | EventKind::Feedback | EventKind::Suspicion,
            _,
        ) => return Ok(()),
    };
    let (segments, cost, talk) = if *kind == EventKind::Status {
        let talk = event.call.map_or(Duration::ZERO, |call| call.talk);
        (event.segments.unwrap_or(0), event.cost.unwrap_or(Money::ZERO), talk)
    } else {
        (0, Money::ZERO, Duration::ZERO)
    };
    let talk = milliseconds(talk);
    let at = event.accepted_at.unwrap_or(event.published);
    let region = subject.region.as_deref().unwrap_or_default();
    let (channel, purpose) = (subject.channel.as_str(), subject.purpose.as_str());
    tx.prepare(
        "INSERT INTO usage_day VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8)
         ON CONFLICT DO UPDATE SET messages = messages + 1, segments = segments + ?6,
             talk_ms = talk_ms + ?7, cost_micros = cost_micros + ?8",
    )?
    .execute((
        at.as_unix_ms().div_euclid(DAY_MS),
        region,
        channel,
        purpose,
        ended,
        segments,
        talk,
        cost.as_micros(),
    ))?;
    if let Some(user) = &subject.user {
        tx.prepare(
            "INSERT INTO usage_user VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8, ?9)
             ON CONFLICT DO UPDATE SET messages = messages + 1, segments = segments + ?7,
                 talk_ms = talk_ms + ?8, cost_micros = cost_micros + ?9",
        )?
        .execute((
            at.month(),
            user,
            region,
            channel,
            purpose,
            ended,
            segments,
            talk,
            cost.as_micros(),
        ))?;
    }
    Ok(())
}

/// What was counted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// The day of UTC since 1970, where it is by days.
    pub day: Option<i64>,
    /// The user, where it is by users.
    pub user: Option<String>,
    /// Region of the recipients; empty where none is known.
    pub region: String,
    /// By which channel.
    pub channel: String,
    /// Why.
    pub purpose: String,
    /// How they ended: `delivered`, `unknown`, `cancelled`, `denied` or a family of reasons; empty for
    /// all that were sent or will not be.
    pub ended: String,
    /// How many.
    pub messages: i64,
    /// Segments that went on the air.
    pub segments: i64,
    /// How long was talked in calls.
    pub talk: Duration,
    /// What all of it cost.
    pub cost: Money,
}

/// What was counted on the days from `from` on, before `to`, in order.
///
/// # Errors
/// Those of SQLite.
pub fn by_day(view: &View<'_>, from: Timestamp, to: Timestamp) -> Result<Vec<UsageRow>, Error> {
    let day = |at: Timestamp| at.as_unix_ms().div_euclid(DAY_MS);
    view.prepare(
        "SELECT day, NULL AS user, region, channel, purpose, ended, messages, segments, talk_ms,
             cost_micros
         FROM usage_day WHERE day >= ?1 AND day < ?2
         ORDER BY day, region, channel, purpose, ended",
    )?
    .query_map((day(from), day(to)), read)?
    .map(|row| Ok(row?))
    .collect()
}

/// What was counted in the month of `at` for the users after `after`, at most `limit` of them, in order.
///
/// # Errors
/// Those of SQLite.
pub fn by_user(
    view: &View<'_>,
    at: Timestamp,
    after: &str,
    limit: u32,
) -> Result<Vec<UsageRow>, Error> {
    let month = at.month();
    let mut users = view.prepare(
        "SELECT DISTINCT user FROM usage_user WHERE month = ?1 AND user > ?2 ORDER BY user LIMIT ?3",
    )?;
    let users = users.query_map((month, after, limit), |row| row.get::<_, String>(0))?;
    let Some(last) = users.last().transpose()? else { return Ok(Vec::new()) };
    view.prepare(
        "SELECT NULL AS day, user, region, channel, purpose, ended, messages, segments, talk_ms,
             cost_micros
         FROM usage_user WHERE month = ?1 AND user > ?2 AND user <= ?3
         ORDER BY user, region, channel, purpose, ended",
    )?
    .query_map((month, after, last), read)?
    .map(|row| Ok(row?))
    .collect()
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<UsageRow> {
    Ok(UsageRow {
        day: row.get("day")?,
        user: row.get("user")?,
        region: row.get("region")?,
        channel: row.get("channel")?,
        purpose: row.get("purpose")?,
        ended: row.get("ended")?,
        messages: row.get("messages")?,
        segments: row.get("segments")?,
        talk: Duration::from_millis(row.get::<_, i64>("talk_ms")?.unsigned_abs()),
        cost: Money::from_micros(row.get("cost_micros")?),
    })
}

/// Deletes what was counted before `before`, at most `limit` rows of each table; says how many.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    let days = tx
        .prepare(
            "DELETE FROM usage_day WHERE (day, region, channel, purpose, ended) IN (
                 SELECT day, region, channel, purpose, ended FROM usage_day WHERE day < ?1
                 LIMIT ?2)",
        )?
        .execute((before.as_unix_ms().div_euclid(DAY_MS), limit))?;
    let users = tx
        .prepare(
            "DELETE FROM usage_user WHERE (month, user, region, channel, purpose, ended) IN (
                 SELECT month, user, region, channel, purpose, ended FROM usage_user
                 WHERE month < ?1 LIMIT ?2)",
        )?
        .execute((before.month(), limit))?;
    Ok(days.max(users))
}
