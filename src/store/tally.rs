//! What was committed since a mark, for who counts: it follows what is on disk, and nobody has to tell it.

use rusqlite::OptionalExtension as _;

use super::{Error, View, event, inbound, message, word};
use crate::domain::{Lane, MessageId};

/// Up to where somebody has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    event: i64,
    message: i64,
    inbound: i64,
}

impl Mark {
    /// Behind all that is there.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn newest(view: &View<'_>) -> Result<Self, Error> {
        Ok(Self {
            event: event::newest(view)?,
            message: message::newest_key(view)?,
            inbound: inbound::newest_key(view)?,
        })
    }
}

/// Messages that were accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// By which channel.
    pub channel: String,
    /// Why.
    pub purpose: String,
    /// In which lane.
    pub lane: Lane,
    /// How many.
    pub count: u32,
}

/// An event of the System Log, and what its message has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the tables, named as there")]
pub struct Told {
    pub event_type: String,
    pub outcome: String,
    pub reason: Option<String>,
    pub channel: Option<String>,
    pub purpose: Option<String>,
    /// Segments that went on the air.
    pub segments: Option<u32>,
    pub accepted_at: Option<i64>,
    pub sent_at: Option<i64>,
    /// How long was talked in its calls.
    pub talk_ms: Option<u32>,
    /// The lane of the message, where there is one.
    pub lane: Option<Lane>,
    /// The state of the message, where there is one.
    pub state: Option<String>,
    /// Attempts that were made for the message.
    pub attempts: u32,
}

/// What was committed since a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// Up to where this goes.
    pub mark: Mark,
    /// Whether there are more events behind it.
    pub more: bool,
    /// Messages that were accepted.
    pub accepted: Vec<Accepted>,
    /// Received messages, by modem.
    pub inbound: Vec<(String, u32)>,
    /// Events, at most as many as were asked for.
    pub events: Vec<Told>,
}

/// What was committed since `mark`, with at most `limit` events.
///
/// # Errors
/// Those of SQLite.
pub fn since(view: &View<'_>, mark: Mark, limit: u32) -> Result<Since, Error> {
    let newest = Mark::newest(view)?;
    // Where the newest rows were deleted, those to come take their keys again.
    let (message, inbound) = (mark.message.min(newest.message), mark.inbound.min(newest.inbound));
    let (events, last) = events(view, mark.event, limit)?;
    let event = last.unwrap_or(newest.event);
    Ok(Since {
        mark: Mark { event, ..newest },
        more: event < newest.event,
        accepted: accepted(view, message)?,
        inbound: received(view, inbound)?,
        events,
    })
}

fn accepted(view: &View<'_>, after: i64) -> Result<Vec<Accepted>, Error> {
    let mut statement = view.prepare(
        "SELECT channel, purpose, lane, count(*) FROM message WHERE key > ?1
         GROUP BY channel, purpose, lane",
    )?;
    let rows = statement.query_map([after], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get::<_, u8>(2)?, row.get(3)?))
    })?;
    let read = |row: rusqlite::Result<_>| {
        let (channel, purpose, rank, count) = row?;
        Ok(Accepted { channel, purpose, lane: word::read_lane(rank)?, count })
    };
    rows.map(read).collect()
}

fn received(view: &View<'_>, after: i64) -> Result<Vec<(String, u32)>, Error> {
    view.prepare("SELECT modem, count(*) FROM inbound WHERE key > ?1 GROUP BY modem")?
        .query_map([after], |row| Ok((row.get(0)?, row.get(1)?)))?
        .map(|row| Ok(row?))
        .collect()
}

/// The next events, and which is the last of them.
fn events(view: &View<'_>, after: i64, limit: u32) -> Result<(Vec<Told>, Option<i64>), Error> {
    let mut statement = view.prepare(
        "SELECT e.seq, e.event_type, e.outcome, e.reason, e.channel, e.purpose, e.segments,
             e.accepted_at, e.sent_at, e.talk_ms, e.message_id
         FROM event e WHERE e.seq > ?1 ORDER BY e.seq LIMIT ?2",
    )?;
    let mut rows = statement.query((after, limit))?;
    let (mut events, mut last) = (Vec::new(), None);
    while let Some(row) = rows.next()? {
        last = Some(row.get("seq")?);
        let message = come_to(view, row.get("message_id")?)?;
        events.push(Told {
            event_type: row.get("event_type")?,
            outcome: row.get("outcome")?,
            reason: row.get("reason")?,
            channel: row.get("channel")?,
            purpose: row.get("purpose")?,
            segments: row.get("segments")?,
            accepted_at: row.get("accepted_at")?,
            sent_at: row.get("sent_at")?,
            talk_ms: row.get("talk_ms")?,
            attempts: message.as_ref().map_or(0, |(_, _, attempts)| *attempts),
            lane: message.as_ref().map(|(lane, ..)| *lane),
            state: message.map(|(_, state, _)| state),
        });
    }
    Ok((events, last))
}

/// What the message with that id has come to, where there is one: its lane, its state, and its attempts.
fn come_to(view: &View<'_>, id: Option<String>) -> Result<Option<(Lane, String, u32)>, Error> {
    let Some(id) = id.and_then(|id| id.parse::<MessageId>().ok()) else { return Ok(None) };
    let found: Option<(u8, String, u32)> = view
        .prepare(
            "SELECT lane, state,
                 (SELECT count(*) FROM segment s
                  WHERE s.key > m.key << 28 AND s.key < (m.key + 1) << 28 AND s.key & 255 = 1)
             FROM message m WHERE m.key = ?1 AND m.id = ?2",
        )?
        .query_row((id.row(), id.to_string()), |row| row.try_into())
        .optional()?;
    found.map(|(rank, state, attempts)| Ok((word::read_lane(rank)?, state, attempts))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Event, GatewayEvent, Outcome, Timestamp},
        store::{Store, samples},
    };

    #[tokio::test]
    async fn everything_is_told_once_and_events_a_page_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let add = |tx: &super::super::Tx<'_>| {
            let now = Timestamp::now();
            message::insert(tx, &samples::message(now))?;
            for _ in 0..3 {
                let kind = GatewayEvent::AlarmClear;
                event::append(tx, &Event::of_gateway(kind, Outcome::Success, now))?;
            }
            Ok(())
        };
        let mark = store.read(Mark::newest).await.unwrap();
        store.write(add).await.unwrap();
        let next = |mark| store.read(move |view| since(view, mark, 2));
        let first = next(mark).await.unwrap();
        assert_eq!((first.events.len(), first.more), (2, true));
        assert_eq!(first.accepted.iter().map(|it| it.count).sum::<u32>(), 1);
        let second = next(first.mark).await.unwrap();
        assert_eq!((second.events.len(), second.more), (1, false));
        assert!(second.accepted.is_empty());
        // The newest message goes, and another takes its key.
        let delete = |tx: &super::super::Tx<'_>| {
            Ok(tx.prepare("DELETE FROM message WHERE key > 0")?.execute([])?)
        };
        store.write(delete).await.unwrap();
        let third = next(second.mark).await.unwrap();
        assert!(third.accepted.is_empty() && third.events.is_empty() && !third.more);
        store.write(add).await.unwrap();
        assert_eq!(next(third.mark).await.unwrap().accepted.len(), 1);
    }
}
