//! Table `message`, as the API and the sender see it.

use rusqlite::{OptionalExtension, Row, RowIndex};

use super::{Error, Tx, View, call, traffic, word};
use crate::domain::{
    Actor, CallTimes, Channel, Detail, E164, Encoding, Lane, MessageId, Money, NewMessage, Phase,
    Secret, SegmentState, Service, Subject, Timestamp,
};

/// An id for the message that is inserted next.
///
/// # Errors
/// Those of SQLite.
pub fn next_id(tx: &Tx<'_>) -> Result<MessageId, Error> {
    Ok(MessageId::of_row(newest_key(tx)? + 1))
}

/// Adds a message in state `queued`, in the row that its id names, and answers its key.
///
/// # Errors
/// Those of SQLite.
pub fn insert(tx: &Tx<'_>, message: &NewMessage) -> Result<i64, Error> {
    let subject = &message.subject;
    let actor = &subject.actor;
    let (body, fallback) = (&message.body, message.fallback.as_ref());
    let key = message.id.row();
    tx.prepare(
            "INSERT INTO message (id, transaction_id, state, channel, purpose, lane, recipient,
                 region, encoding, segments, flash, sender, on_unknown, reference, user,
                 actor_id, actor_name, client_ip, user_agent, created_at, not_before, expires_at,
                 claimable_at, deadline_at, national, locale, awaited, service, fallback, fallback_of,
                 counted, key)
             VALUES (?1, ?2, 'queued', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
                 ?16, ?17, ?18, ?19, ?20, ?21, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)",
        )?
        .execute(rusqlite::params![
            message.id.to_string(),
            subject.transaction_id.to_string(),
            subject.channel.as_str(),
            subject.purpose.as_str(),
            message.lane.rank(),
            message.recipient.as_str(),
            subject.region,
            body.encoding.map(|encoding| encoding.as_str()),
            body.segments,
            message.flash,
            message.sender,
            message.on_unknown.as_str(),
            message.reference,
            subject.user,
            actor.id,
            actor.name,
            actor.client_ip,
            actor.user_agent,
            message.created_at.as_unix_ms(),
            message.not_before.as_unix_ms(),
            message.expires_at.as_unix_ms(),
            body.national,
            body.locale,
            message.awaited,
            message.service.number(),
            fallback.map(|it| it.service.channel().as_str()),
            message.fallback_of.map(|id| id.to_string()),
            traffic::number(message.counted),
            key,
        ])?;
    tx.prepare("INSERT INTO message_text (message, erased, text) VALUES (?1, 0, ?2)")?
        .execute((key, body.text.reveal().as_bytes()))?;
    if let Some(fallback) = fallback {
        super::fallback::insert(tx, key, fallback)?;
    }
    tx.signal_queue();
    Ok(key)
}

/// Deletes messages that ended before `before`, at most `limit`, with the segments of their attempts;
/// says how many.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    let keys: Vec<i64> = tx
        .prepare(
            "SELECT key FROM message
             WHERE ended_at < ?1 AND state NOT IN ('queued', 'sending', 'sent')
             ORDER BY ended_at LIMIT ?2",
        )?
        .query_map((before.as_unix_ms(), limit), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for key in &keys {
        tx.prepare("DELETE FROM segment WHERE key > ?1 AND key < ?2")?
            .execute(super::progress::segments_of(*key))?;
        tx.prepare("DELETE FROM message WHERE key = ?1")?.execute([key])?;
    }
    Ok(keys.len())
}

/// The key of the message `id`.
///
/// # Errors
/// Those of SQLite.
pub fn key_of(view: &View<'_>, id: MessageId) -> Result<Option<i64>, Error> {
    let key = view
        .prepare("SELECT key FROM message WHERE key = ?1 AND id = ?2")?
        .query_row((id.row(), id.to_string()), |row| row.get(0))
        .optional()?;
    Ok(key)
}

/// What is needed to put a message on the air.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// To whom.
    pub recipient: E164,
    /// Where that is.
    pub region: String,
    /// What a modem must be able to do for it.
    pub service: Service,
    /// What.
    pub text: Secret,
    /// In which language it is, where Ringpost chose it.
    pub locale: Option<String>,
    /// The language whose tables it is written with.
    pub national: Option<String>,
    /// Shown at once and kept nowhere.
    pub flash: bool,
    /// Not on the air from this on.
    pub expires_at: Timestamp,
}

/// What is needed to put the message `key` on the air; `None` once its text is erased.
///
/// # Errors
/// Those of SQLite.
pub fn outgoing(view: &View<'_>, key: i64) -> Result<Option<Outgoing>, Error> {
    let row = view
        .prepare(
            "SELECT m.recipient, CAST(t.text AS TEXT), m.flash, m.expires_at,
                 ifnull(m.region, ''), m.national, m.service, m.locale
             FROM message m JOIN message_text t ON t.message = m.key
             WHERE m.key = ?1 AND NOT t.erased",
        )?
        .query_row([key], |row| {
            let outgoing = |recipient, text, expires_at| {
                Ok(Outgoing {
                    recipient,
                    region: row.get(4)?,
                    service: word::read_service(row.get(6)?)?,
                    text: Secret::new(text),
                    locale: row.get(7)?,
                    national: row.get(5)?,
                    flash: row.get(2)?,
                    expires_at: Timestamp::from_unix_ms(expires_at),
                })
            };
            let recipient = number(row.get(0)?);
            Ok(recipient.and_then(|recipient| outgoing(recipient, row.get(1)?, row.get(3)?)))
        })
        .optional()?;
    row.transpose()
}

/// Erases the text of the message `key`. It is overwritten where it stands: a row that changed its size
/// would move its neighbours, and SQLite leaves copies of those in the gaps between rows.
///
/// # Errors
/// Those of SQLite.
pub fn erase_text(tx: &Tx<'_>, key: i64) -> Result<(), Error> {
    let erased = tx
        .prepare(
            "UPDATE message_text SET erased = 1, text = zeroblob(length(text))
             WHERE message = ?1 AND NOT erased",
        )?
        .execute([key])?;
    tx.erased(erased);
    Ok(())
}

/// Messages that have not ended, and whose askers were told nothing yet.
///
/// # Errors
/// Those of SQLite.
pub fn awaited(view: &View<'_>) -> Result<Vec<i64>, Error> {
    view.prepare("SELECT key FROM message WHERE awaited = 1 AND deadline_at IS NOT NULL")?
        .query_map([], |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// Whoever asked for the message `key` is told that it goes on, and waits no more. Answers whether anybody
/// still waited.
///
/// # Errors
/// Those of SQLite.
pub fn set_told(tx: &Tx<'_>, key: i64) -> Result<bool, Error> {
    let told = "UPDATE message SET awaited = 0 WHERE key = ?1 AND awaited = 1";
    Ok(tx.prepare(told)?.execute([key])? > 0)
}

/// Whoever asked for the message `key` has gone, and sends it by other means; but not where it was told before
/// that the message goes on. Answers whether it was not.
///
/// # Errors
/// Those of SQLite.
pub fn set_abandoned(tx: &Tx<'_>, key: i64) -> Result<bool, Error> {
    let gone = "UPDATE message SET awaited = 0, abandoned = 1 WHERE key = ?1 AND awaited = 1";
    let abandoned = tx.prepare(gone)?.execute([key])? > 0;
    // A phone may ring for it.
    if abandoned {
        tx.signal_queue();
    }
    Ok(abandoned)
}

/// Notes what became of the code of the message `key`.
///
/// # Errors
/// Those of SQLite.
pub fn set_feedback(tx: &Tx<'_>, key: i64, feedback: &str) -> Result<(), Error> {
    tx.prepare("UPDATE message SET feedback = ?2 WHERE key = ?1")?.execute((key, feedback))?;
    Ok(())
}

/// What a message has taken so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Segments that went out, or may have, of all attempts.
    pub submits: u32,
    /// What those cost whose price is known.
    pub cost: Option<Money>,
    /// How long its calls took.
    pub call: Option<CallTimes>,
}

/// What the events of the message `key` say of it, and what it has taken.
///
/// # Errors
/// [`Error::Missing`], and those of SQLite.
pub fn subject(view: &View<'_>, key: i64) -> Result<(Subject, Account), Error> {
    let account = |row: &Row<'_>| -> rusqlite::Result<Account> {
        Ok(Account {
            accepted_at: Timestamp::from_unix_ms(row.get("created_at")?),
            submits: row.get("submits")?,
            cost: row.get::<_, Option<i64>>("cost_micros")?.map(Money::from_micros),
            call: call::times(row)?,
        })
    };
    view.prepare("SELECT * FROM message WHERE key = ?1")?
        .query_row([key], |row| Ok((read_subject(row)?, account(row)?)))
        .optional()?
        .ok_or(Error::Missing("the message"))
        .and_then(|(subject, account)| Ok((subject?, account)))
}

/// What the caller asked for that what goes out in the place of the message `key` has from it: its reference, and
/// whether a text is shown at once.
///
/// # Errors
/// Those of SQLite.
pub fn wishes(view: &View<'_>, key: i64) -> Result<(Option<String>, bool), Error> {
    let wishes = view
        .prepare("SELECT reference, flash FROM message WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(wishes)
}

/// Books one segment of the message `key` that goes on the air.
///
/// # Errors
/// Those of SQLite.
pub fn book(tx: &Tx<'_>, key: i64, price: Option<Money>) -> Result<(), Error> {
    tx.prepare(
        "UPDATE message SET submits = submits + 1,
             cost_micros = iif(?2 IS NULL, cost_micros, ifnull(cost_micros, 0) + ?2)
         WHERE key = ?1",
    )?
    .execute((key, price.map(Money::as_micros)))?;
    Ok(())
}

/// Takes back one such segment, which did not go out.
///
/// # Errors
/// Those of SQLite.
pub fn take_back(tx: &Tx<'_>, key: i64, price: Option<Money>) -> Result<(), Error> {
    tx.prepare(
        "UPDATE message SET submits = max(submits - 1, 0),
             cost_micros = iif(?2 IS NULL, cost_micros, max(cost_micros - ?2, 0))
         WHERE key = ?1",
    )?
    .execute((key, price.map(Money::as_micros)))?;
    Ok(())
}

/// A message as the API shows it.
#[derive(Debug, Clone)]
pub struct MessageView {
    /// The store's key: pages are cut by it.
    pub key: i64,
    /// Its id.
    pub id: MessageId,
    /// Where it is.
    pub phase: Phase,
    /// What its events say of it.
    pub subject: Subject,
    /// Its lane.
    pub lane: Lane,
    /// What a modem must be able to do for it.
    pub service: Service,
    /// How it goes on the air; `None` = it is spoken.
    pub encoding: Option<Encoding>,
    /// Into how many segments it falls.
    pub total_segments: u8,
    /// By which channel another message goes out where this one fails.
    pub fallback: Option<Channel>,
    /// The message in whose place it goes out, where that failed.
    pub fallback_of: Option<MessageId>,
    /// How long its calls took.
    pub call: Option<CallTimes>,
    /// Why it ended, or why the last attempt failed.
    pub reason: Option<Detail>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// The modem it must go through.
    pub sender: Option<String>,
    /// In which language it is, where Ringpost chose it.
    pub locale: Option<String>,
    /// What became of its code, in the words of the API.
    pub feedback: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Not on the air before this.
    pub not_before: Timestamp,
    /// Not on the air from this on.
    pub expires_at: Timestamp,
    /// When the network had taken all of it.
    pub sent_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Segments of all attempts.
    pub segments: Vec<SegmentView>,
}

/// A segment as the API shows it.
#[derive(Debug, Clone)]
pub struct SegmentView {
    /// 1 for the first attempt.
    pub attempt: u32,
    /// 1 for the first segment.
    pub sequence: u8,
    /// Where it is.
    pub state: SegmentState,
    /// Through which modem.
    pub modem: String,
    /// When the network took it.
    pub submitted_at: Option<Timestamp>,
    /// When its last report came.
    pub reported_at: Option<Timestamp>,
    /// Why it was refused or undelivered.
    pub detail: Option<Detail>,
}

/// The message `id`.
///
/// # Errors
/// Those of SQLite.
pub fn find(view: &View<'_>, id: MessageId) -> Result<Option<MessageView>, Error> {
    let mut statement = view.prepare("SELECT * FROM message WHERE key = ?1 AND id = ?2")?;
    let found = statement.query_row((id.row(), id.to_string()), |row| Ok(read(row))).optional()?;
    found.map(|message| with_segments(view, message?)).transpose()
}

/// The newest messages, newest first: at most `limit`, and only those before row `before`.
///
/// # Errors
/// Those of SQLite.
pub fn newest(view: &View<'_>, before: Option<i64>, limit: u32) -> Result<Vec<MessageView>, Error> {
    let messages: Vec<_> = view
        .prepare("SELECT * FROM message WHERE key < ?1 ORDER BY key DESC LIMIT ?2")?
        .query_map((before.unwrap_or(i64::MAX), limit), |row| Ok(read(row)))?
        .collect::<Result<_, _>>()?;
    messages.into_iter().map(|message| with_segments(view, message?)).collect()
}

/// The messages after row `key`, oldest first, at most `limit`.
///
/// # Errors
/// Those of SQLite.
pub fn after(view: &View<'_>, key: i64, limit: u32) -> Result<Vec<MessageView>, Error> {
    let messages: Vec<_> = view
        .prepare("SELECT * FROM message WHERE key > ?1 ORDER BY key LIMIT ?2")?
        .query_map((key, limit), |row| Ok(read(row)))?
        .collect::<Result<_, _>>()?;
    messages.into_iter().map(|message| with_segments(view, message?)).collect()
}

/// The row of the newest message, 0 where there is none.
///
/// # Errors
/// Those of SQLite.
pub fn newest_key(view: &View<'_>) -> Result<i64, Error> {
    let key =
        view.prepare("SELECT ifnull(max(key), 0) FROM message")?.query_row([], |row| row.get(0))?;
    Ok(key)
}

fn with_segments(view: &View<'_>, mut message: MessageView) -> Result<MessageView, Error> {
    message.segments = view
        .prepare(
            "SELECT dense_rank() OVER (ORDER BY s.attempt), s.key & 255, s.state, first.modem,
                 s.submitted_at, s.reported_at, s.detail
             FROM segment s JOIN segment first ON first.key = s.attempt << 8 | 1
             WHERE s.key > ?1 AND s.key < ?2 ORDER BY s.key",
        )?
        .query_map(super::progress::segments_of(message.key), |row| Ok(read_segment(row)))?
        .map(|segment| segment?)
        .collect::<Result<_, _>>()?;
    Ok(message)
}

fn read(row: &Row<'_>) -> Result<MessageView, Error> {
    let text = |column| row.get::<_, String>(column);
    let time = |column| row.get(column).map(Timestamp::from_unix_ms);
    Ok(MessageView {
        key: row.get("key")?,
        id: id(text("id")?)?,
        phase: word::read("message", "state", &text("state")?)?,
        subject: read_subject(row)??,
        lane: word::read_lane(row.get("lane")?)?,
        service: word::read_service(row.get("service")?)?,
        encoding: optional_word(row, "encoding")?,
        total_segments: row.get("segments")?,
        fallback: optional_word(row, "fallback")?,
        fallback_of: row.get::<_, Option<String>>("fallback_of")?.map(id).transpose()?,
        call: call::times(row)?,
        reason: detail("message", "reason", row.get("reason")?)?,
        reference: row.get("reference")?,
        sender: row.get("sender")?,
        locale: row.get("locale")?,
        feedback: row.get("feedback")?,
        created_at: time("created_at")?,
        not_before: time("not_before")?,
        expires_at: time("expires_at")?,
        sent_at: optional_time(row, "sent_at")?,
        ended_at: optional_time(row, "ended_at")?,
        segments: Vec::new(),
    })
}

fn read_segment(row: &Row<'_>) -> Result<SegmentView, Error> {
    Ok(SegmentView {
        attempt: row.get(0)?,
        sequence: row.get(1)?,
        state: word::read("segment", "state", &row.get::<_, String>(2)?)?,
        modem: row.get(3)?,
        submitted_at: optional_time(row, "submitted_at")?,
        reported_at: optional_time(row, "reported_at")?,
        detail: detail("segment", "detail", row.get(6)?)?,
    })
}

fn read_subject(row: &Row<'_>) -> rusqlite::Result<Result<Subject, Error>> {
    let (transaction, message): (String, String) = (row.get("transaction_id")?, row.get("id")?);
    let (channel, purpose): (String, String) = (row.get("channel")?, row.get("purpose")?);
    let recipient: String = row.get("recipient")?;
    let region = row.get("region")?;
    let user = row.get("user")?;
    let actor = Actor {
        id: row.get("actor_id")?,
        name: row.get("actor_name")?,
        client_ip: row.get("client_ip")?,
        user_agent: row.get("user_agent")?,
    };
    let subject = || {
        Ok(Subject {
            transaction_id: transaction.parse().map_err(|_| Error::UnknownWord {
                table: "message",
                column: "transaction_id",
                value: transaction.clone(),
            })?,
            message: Some(id(message)?),
            channel: word::read("message", "channel", &channel)?,
            purpose: word::read("message", "purpose", &purpose)?,
            recipient: Some(number(recipient)?),
            region,
            actor,
            user,
        })
    };
    Ok(subject())
}

pub(super) fn id(text: String) -> Result<MessageId, Error> {
    text.parse().map_err(|_| Error::UnknownWord { table: "message", column: "id", value: text })
}

fn number(text: String) -> Result<E164, Error> {
    // The value stays out of the error: it is personal data.
    let unknown =
        |_| Error::UnknownWord { table: "message", column: "recipient", value: "…".into() };
    E164::new(text).map_err(unknown)
}

pub(super) fn detail(
    table: &'static str,
    column: &'static str,
    value: Option<String>,
) -> Result<Option<Detail>, Error> {
    value.map(|value| word::read(table, column, &value)).transpose()
}

fn optional_word<T: word::Word>(row: &Row<'_>, column: &'static str) -> Result<Option<T>, Error> {
    let value = row.get::<_, Option<String>>(column)?;
    value.map(|value| word::read("message", column, &value)).transpose()
}

pub(super) fn optional_time(
    row: &Row<'_>,
    column: impl RowIndex,
) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_unix_ms))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, time::Duration};

    use super::*;
    use crate::{
        domain::Phase,
        store::{self, Store, samples},
    };

    /// What stands at the beginning of each text, with its number.
    const MARK: &str = "QXZ-";
    const DIGITS: usize = 5;

    /// The numbers of all texts of which a copy is somewhere in the file.
    fn marks(file: &[u8]) -> BTreeSet<usize> {
        let length = MARK.len() + DIGITS;
        let found = file.windows(length).filter(|it| it.starts_with(MARK.as_bytes()));
        found.filter_map(|it| str::from_utf8(it.get(MARK.len()..)?).ok()?.parse().ok()).collect()
    }

    #[test]
    fn a_message_is_found_by_its_id_and_not_by_that_of_another_that_had_its_row() {
        samples::Memory::new().run(|tx| {
            let message =
                NewMessage { id: next_id(tx).unwrap(), ..samples::message(Timestamp::now()) };
            let key = insert(tx, &message).unwrap();
            assert_eq!(key_of(tx, message.id).unwrap(), Some(key));
            assert_eq!(find(tx, message.id).unwrap().map(|it| it.id), Some(message.id));
            let gone = MessageId::of_row(key);
            assert_eq!(key_of(tx, gone).unwrap(), None);
            assert!(find(tx, gone).unwrap().is_none());
            assert_eq!(next_id(tx).unwrap().row(), key + 1);
        });
    }

    /// SQLite overwrites what is deleted, but not what it leaves behind when it moves rows.
    #[tokio::test]
    async fn whatever_the_order_no_copy_of_an_erased_text_is_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let store = Store::open(&path).unwrap();
        let mut chance = 1_u64;
        let mut below = |bound: usize| {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            usize::try_from(chance >> 33).unwrap() % bound
        };
        let (mut waiting, mut count) = (Vec::new(), 0);
        for _ in 0..400 {
            let lengths: Vec<_> =
                (0..1 + below(7)).map(|_| [10, 100, 300, 900][below(4)]).collect();
            let first = count;
            count += lengths.len();
            let insert_all = move |tx: &Tx<'_>| {
                let texts = lengths.iter().zip(first..).map(|(length, number)| {
                    let text = format!("{MARK}{number:0DIGITS$}{}", "y".repeat(*length));
                    let sample = samples::message(Timestamp::from_unix_ms(1));
                    let body = samples::body(&text);
                    insert(tx, &NewMessage { body, ..sample })
                });
                texts.collect::<Result<Vec<_>, _>>()
            };
            let keys = store.write(insert_all).await.unwrap();
            waiting.extend(keys.into_iter().zip(first..));
            let ended: Vec<_> = (0..below(waiting.len().min(10)))
                .map(|_| waiting.swap_remove(below(waiting.len())).0)
                .collect();
            let end_all = move |tx: &Tx<'_>| {
                for key in ended {
                    let before = store::progress::load(tx, key)?;
                    let mut after = before.clone();
                    after.phase = Phase::Ended(crate::domain::End::Delivered);
                    after.send_logged = true;
                    after.ended_at = Some(Timestamp::now());
                    (after.claimable_at, after.deadline_at) = (None, None);
                    store::progress::save(tx, key, &before, &after)?;
                    erase_text(tx, key)?;
                    assert!(outgoing(tx, key)?.is_none());
                }
                // The oldest go for good.
                forget(tx, Timestamp::now().before(Duration::ZERO), 2)
            };
            store.write(end_all).await.unwrap();
        }
        assert!(store.checkpoint(0).await.unwrap());
        let left: BTreeSet<_> = waiting.iter().map(|(_, number)| *number).collect();
        assert!(count > 1000 && left.len() > 10, "{count} {}", left.len());
        assert_eq!(marks(&fs::read(&path).unwrap()), left);
    }
}
