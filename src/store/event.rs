//! Table `event`: the System Log, append-only.

use rusqlite::Row;

use super::{Error, Tx, View};
use crate::domain::{Event, Timestamp};

/// Appends one event.
///
/// # Errors
/// Those of SQLite.
pub fn append(tx: &Tx<'_>, event: &Event) -> Result<(), Error> {
    let subject = &event.subject;
    let actor = &subject.actor;
    tx.prepare(
        "INSERT INTO event (uuid, published, event_type, display, severity, outcome, reason,
             transaction_id, message_id, channel, purpose, recipient, region, actor_id, actor_name,
             client_ip, user_agent, user, modem, segments)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(rusqlite::params![
        event.uuid.to_string(),
        event.published.as_unix_ms(),
        event.event_type(),
        event.display_message(),
        event.severity().as_str(),
        event.outcome.as_str(),
        event.detail.map(|detail| detail.as_str()),
        subject.transaction_id.to_string(),
        subject.message.map(|id| id.to_string()),
        subject.channel.as_str(),
        subject.purpose.as_str(),
        subject.recipient.as_ref().map(|number| number.as_str()),
        subject.region,
        actor.id,
        actor.name,
        actor.client_ip,
        actor.user_agent,
        subject.user,
        event.modem,
        event.segments,
    ])?;
    Ok(())
}

/// Deletes events from before `before`, at most `limit`; says how many.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    Ok(tx
        .prepare(
            "DELETE FROM event WHERE seq IN (
                 SELECT seq FROM event WHERE published < ?1 ORDER BY published LIMIT ?2)",
        )?
        .execute((before.as_unix_ms(), limit))?)
}

/// One row of the System Log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table, named as the events name them")]
pub struct EventRow {
    pub seq: i64,
    pub uuid: String,
    pub published: i64,
    pub event_type: String,
    pub display: String,
    pub severity: String,
    pub outcome: String,
    pub reason: Option<String>,
    pub transaction_id: String,
    pub message_id: Option<String>,
    pub channel: String,
    pub purpose: String,
    pub recipient: Option<String>,
    pub region: Option<String>,
    pub actor_id: String,
    pub actor_name: String,
    pub client_ip: Option<String>,
    pub user_agent: Option<String>,
    pub user: Option<String>,
    pub modem: Option<String>,
    pub segments: Option<u8>,
}

/// The newest events, newest first: at most `limit`, and only those before row `before`.
///
/// # Errors
/// Those of SQLite.
pub fn newest(view: &View<'_>, before: Option<i64>, limit: u32) -> Result<Vec<EventRow>, Error> {
    view.prepare("SELECT * FROM event WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2")?
        .query_map((before.unwrap_or(i64::MAX), limit), read)?
        .map(|row| Ok(row?))
        .collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    Ok(EventRow {
        seq: row.get("seq")?,
        uuid: row.get("uuid")?,
        published: row.get("published")?,
        event_type: row.get("event_type")?,
        display: row.get("display")?,
        severity: row.get("severity")?,
        outcome: row.get("outcome")?,
        reason: row.get("reason")?,
        transaction_id: row.get("transaction_id")?,
        message_id: row.get("message_id")?,
        channel: row.get("channel")?,
        purpose: row.get("purpose")?,
        recipient: row.get("recipient")?,
        region: row.get("region")?,
        actor_id: row.get("actor_id")?,
        actor_name: row.get("actor_name")?,
        client_ip: row.get("client_ip")?,
        user_agent: row.get("user_agent")?,
        user: row.get("user")?,
        modem: row.get("modem")?,
        segments: row.get("segments")?,
    })
}
