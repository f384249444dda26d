//! Table `event`: the System Log, append-only.

use rusqlite::{OptionalExtension, Row};

use super::{Error, Tx, View, call::milliseconds, event_term};
use crate::domain::{About, Event, Timestamp};

/// Appends one event, and nothing else: what is found by it and counted from it is written later, many events at a
/// time. The order of `seq` is that of commits: there is one writer at a time.
///
/// # Errors
/// Those of SQLite.
pub fn append(tx: &Tx<'_>, event: &Event) -> Result<(), Error> {
    let (subject, incident) = match &event.about {
        About::Message(_, subject) => (Some(subject), None),
        About::Gateway(_, incident) => (None, Some(incident)),
    };
    let target = incident.and_then(|it| it.target.as_ref());
    let actor = subject.map(|it| &it.actor).or(incident.map(|it| &it.actor));
    let transaction = subject.map(|it| it.transaction_id).or(incident.map(|it| it.transaction_id));
    tx.prepare(
        "INSERT INTO event (uuid, published, peak, event_type, outcome, reason, transaction_id,
             message_id, channel, purpose, recipient, region, actor_id, actor_name, client_ip,
             user_agent, user, modem, target_id, target_name, target_before, note, segments,
             cost_micros, accepted_at, sent_at, setup_ms, ring_ms, talk_ms)
         VALUES (?1, ?2,
             max(?2, ifnull((SELECT peak FROM event WHERE seq = (SELECT max(seq) FROM event)), ?2)),
             ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
             ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)",
    )?
    .execute(rusqlite::params![
        event.uuid.to_string(),
        event.published.as_unix_ms(),
        event.event_type().name,
        event.outcome.as_str(),
        event.detail.map(|detail| detail.as_str()),
        transaction.map(|id| id.to_string()),
        subject.and_then(|it| it.message).map(|id| id.to_string()),
        subject.map(|it| it.channel.as_str()),
        subject.map(|it| it.purpose.as_str()),
        subject.and_then(|it| it.recipient.as_ref()).map(|number| number.as_str()),
        subject.and_then(|it| it.region.as_deref()),
        actor.map(|it| it.id.as_str()),
        actor.map(|it| it.name.as_str()),
        actor.and_then(|it| it.client_ip.as_deref()),
        actor.and_then(|it| it.user_agent.as_deref()),
        subject.and_then(|it| it.user.as_deref()),
        event.modem,
        target.map(|it| it.id.as_str()),
        target.and_then(|it| it.name.as_deref()),
        target.and_then(|it| it.before.as_deref()),
        incident.and_then(|it| it.note.as_deref()),
        event.segments,
        event.cost.map(|cost| cost.as_micros()),
        event.accepted_at.map(Timestamp::as_unix_ms),
        event.sent_at.map(Timestamp::as_unix_ms),
        event.call.map(|call| milliseconds(call.setup)),
        event.call.map(|call| milliseconds(call.ring)),
        event.call.map(|call| milliseconds(call.talk)),
    ])?;
    tx.signal_events(subject.and_then(|it| it.message));
    Ok(())
}

/// Deletes events from before `before`, at most `limit`; says how many. Those that not all terms have
/// yet, or that are not counted yet, are left for later, and so is the last one: whoever polls goes on from its `seq`.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    let to = event_term::reach(tx)?.min(newest(tx)? - 1);
    let old = event_term::oldest(tx, before, to, limit)?;
    event_term::forget(tx, &old)?;
    let mut delete = tx.prepare("DELETE FROM event WHERE seq = ?1")?;
    for seq in &old {
        delete.execute([seq])?;
    }
    Ok(old.len())
}

/// The newest event's `seq`, 0 where there is none.
///
/// # Errors
/// Those of SQLite.
pub fn newest(view: &View<'_>) -> Result<i64, Error> {
    let seq =
        view.prepare("SELECT ifnull(max(seq), 0) FROM event")?.query_row([], |row| row.get(0))?;
    Ok(seq)
}

/// Before which event all that were published from `since` on begin: the `seq` of the one before the
/// first of them, whatever the clock did in between.
///
/// # Errors
/// Those of SQLite.
pub fn before(view: &View<'_>, since: Timestamp) -> Result<i64, Error> {
    let since = since.as_unix_ms();
    // The peak never falls: the first row where it reaches `since` is the first one published since.
    let mut statement =
        view.prepare("SELECT seq, peak FROM event WHERE seq >= ?1 ORDER BY seq LIMIT 1")?;
    let mut next = |seq: i64| {
        statement
            .query_row([seq], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
            .optional()
    };
    let (mut low, mut high) = (0, newest(view)?.saturating_add(1));
    while low < high {
        let middle = low + (high - low) / 2;
        match next(middle)? {
            Some((seq, peak)) if peak < since => low = seq + 1,
            Some(_) | None => high = middle,
        }
    }
    Ok(low - 1)
}

/// The `seq` of an event.
///
/// # Errors
/// Those of SQLite.
pub fn find(view: &View<'_>, uuid: &str) -> Result<Option<i64>, Error> {
    let led = event_term::find(view, uuid)?;
    if led.is_some() {
        return Ok(led);
    }
    let last = view
        .prepare("SELECT seq FROM event WHERE seq > ?1 AND uuid = ?2")?
        .query_row((event_term::reach(view)?, uuid), |row| row.get(0))
        .optional()?;
    Ok(last)
}

/// One row of the System Log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table, named as the events name them")]
pub struct EventRow {
    pub seq: i64,
    pub uuid: String,
    pub published: i64,
    pub event_type: String,
    pub outcome: String,
    pub reason: Option<String>,
    pub transaction_id: String,
    pub message_id: Option<String>,
    pub channel: Option<String>,
    pub purpose: Option<String>,
    pub recipient: Option<String>,
    pub region: Option<String>,
    pub actor_id: String,
    pub actor_name: String,
    pub client_ip: Option<String>,
    pub user_agent: Option<String>,
    pub user: Option<String>,
    pub modem: Option<String>,
    pub target_id: Option<String>,
    pub target_name: Option<String>,
    pub target_before: Option<String>,
    pub note: Option<String>,
    pub segments: Option<u32>,
    pub cost_micros: Option<i64>,
    pub accepted_at: Option<i64>,
    pub sent_at: Option<i64>,
    pub setup_ms: Option<i64>,
    pub ring_ms: Option<i64>,
    pub talk_ms: Option<i64>,
}

/// The events after `seq` in the order of commits, at most `limit`.
///
/// # Errors
/// Those of SQLite.
pub fn after(view: &View<'_>, seq: i64, limit: u32) -> Result<Vec<EventRow>, Error> {
    view.prepare("SELECT * FROM event WHERE seq > ?1 ORDER BY seq LIMIT ?2")?
        .query_map((seq, limit), read)?
        .map(|row| Ok(row?))
        .collect()
}

/// The event `seq`.
///
/// # Errors
/// [`Error::Missing`], and those of SQLite.
pub(super) fn get(view: &View<'_>, seq: i64) -> Result<EventRow, Error> {
    view.prepare("SELECT * FROM event WHERE seq = ?1")?
        .query_row([seq], read)
        .optional()?
        .ok_or(Error::Missing("the event"))
}

fn read(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    Ok(EventRow {
        seq: row.get("seq")?,
        uuid: row.get("uuid")?,
        published: row.get("published")?,
        event_type: row.get("event_type")?,
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
        target_id: row.get("target_id")?,
        target_name: row.get("target_name")?,
        target_before: row.get("target_before")?,
        note: row.get("note")?,
        segments: row.get("segments")?,
        cost_micros: row.get("cost_micros")?,
        accepted_at: row.get("accepted_at")?,
        sent_at: row.get("sent_at")?,
        setup_ms: row.get("setup_ms")?,
        ring_ms: row.get("ring_ms")?,
        talk_ms: row.get("talk_ms")?,
    })
}
