//! Rows for tests.

use std::{cell::Cell, path::Path, time::Duration};

use rusqlite::Connection;

use super::{
    Error, Tx, View,
    connection::open_in_memory,
    event::EventRow,
    event_term::{self, Term},
    room::Room,
};
use crate::domain::{
    Actor, Attempt, Body, Channel, E164, Encoding, Event, EventKind, Lane, MessageId, NewMessage,
    OnUnknown, Outcome, Purpose, ReceivedReport, Report, Secret, Segment, SegmentId, Service,
    Subject, Timestamp, TransactionId,
};

/// What comes when the phone of the recipient of [`message`] has a segment with this reference.
pub(crate) fn report(reference: u8) -> ReceivedReport {
    let tail = "5552345".to_owned();
    ReceivedReport { reference, tail, taken_at: None, report: Report::Delivered }
}

thread_local! {
    /// The row of the next sample of a test, from 1 on: none that was inserted behind the last.
    static NEXT_ROW: Cell<i64> = const { Cell::new(1) };
}
const APART: i64 = 1024;

/// A message that was accepted then.
pub(crate) fn message(at: Timestamp) -> NewMessage {
    let id = MessageId::of_row(NEXT_ROW.replace(NEXT_ROW.get() + APART));
    let recipient = E164::new("+14155552345".to_owned()).unwrap();
    NewMessage {
        id,
        subject: Subject { message: Some(id), ..subject(recipient.clone()) },
        recipient,
        service: Service::Text,
        body: body("hello"),
        fallback: None,
        fallback_of: None,
        flash: false,
        lane: Lane::Bulk,
        sender: None,
        on_unknown: OnUnknown::Hold,
        awaited: false,
        counted: None,
        reference: None,
        created_at: at,
        not_before: at,
        expires_at: at.after(Duration::from_secs(60)),
    }
}

/// An attempt that was made then, of one segment.
pub(crate) fn attempt(first: SegmentId, at: Timestamp) -> Attempt {
    Attempt {
        key: first.attempt,
        modem: "m".into(),
        sim: "sim".into(),
        concat_reference: 1,
        reports: true,
        settle: Duration::from_secs(300),
        report_deadline: at.after(Duration::from_secs(300)),
        segments: vec![Segment::PENDING],
    }
}

/// A text in one segment.
pub(crate) fn body(text: &str) -> Body {
    Body {
        text: Secret::new(text.to_owned()),
        encoding: Some(Encoding::Gsm7),
        segments: 1,
        national: None,
        locale: None,
    }
}

/// An event of then.
pub(super) fn event(at: Timestamp) -> Event {
    let recipient = E164::new("+14155552345".to_owned()).unwrap();
    Event::new(EventKind::Send, Outcome::Deny, subject(recipient), at)
}

fn subject(recipient: E164) -> Subject {
    Subject {
        transaction_id: TransactionId::generate(),
        message: None,
        channel: Channel::Sms,
        purpose: Purpose::General,
        recipient: Some(recipient),
        region: Some("US".into()),
        actor: Actor { id: "id".into(), name: "name".into(), ..Actor::default() },
        user: None,
    }
}

/// Writes into a column of the message `key` what nobody can read.
pub(crate) fn damage(tx: &Tx<'_>, key: i64, column: &str) {
    let sql = format!("UPDATE message SET {column} = 'nonsense' WHERE key = ?1");
    assert_eq!(tx.prepare(&sql).unwrap().execute([key]).unwrap(), 1);
}

/// Writes into the received segment of the row `key` what nobody can read, as a disk that fails may.
pub(crate) fn damage_segment(tx: &Tx<'_>, key: i64, column: &str, value: &str) {
    let unchecked = |on| {
        tx.prepare(&format!("PRAGMA ignore_check_constraints = {on}")).unwrap().execute([]).unwrap()
    };
    unchecked(true);
    let sql = format!("UPDATE inbound_segment SET {column} = {value} WHERE key = ?1");
    assert_eq!(tx.prepare(&sql).unwrap().execute([key]).unwrap(), 1);
    unchecked(false);
}

/// Writes until there is no room, so that SQLite undoes the whole transaction. The next one has room again.
pub(crate) fn fill_up(tx: &Tx<'_>) -> Result<(), Error> {
    tx.prepare("PRAGMA max_page_count = 10000")?.query_row([], |_| Ok(()))?;
    loop {
        super::message::insert(tx, &message(Timestamp::now()))?;
    }
}

/// A database in memory.
pub(crate) struct Memory {
    connection: Connection,
    room: Room,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self { connection: open_in_memory(), room: Room::of(Path::new("/")) }
    }

    /// Runs `work` in a transaction of which nothing stays.
    pub(crate) fn run<T>(&self, work: impl FnOnce(&Tx<'_>) -> T) -> T {
        self.connection.execute_batch("BEGIN").unwrap();
        let result = work(&Tx::new(&self.connection, &self.room));
        self.connection.execute_batch("ROLLBACK").unwrap();
        result
    }
}

/// Appends a row of the System Log as it stands, but for its `seq`, which is answered.
pub(crate) fn append_row(tx: &Tx<'_>, row: &EventRow) -> i64 {
    tx.prepare(
        "INSERT INTO event (uuid, published, peak, event_type, outcome, reason, transaction_id,
             message_id, channel, purpose, recipient, region, actor_id, actor_name, client_ip,
             user_agent, user, modem, target_id, target_name, target_before, note, segments,
             cost_micros, accepted_at, sent_at, setup_ms, ring_ms, talk_ms)
         VALUES (?1, ?2, max(?2, ifnull((SELECT max(peak) FROM event), ?2)), ?3, ?4, ?5, ?6, ?7, ?8,
             ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26,
             ?27, ?28)",
    )
    .unwrap()
    .insert(rusqlite::params![
        row.uuid,
        row.published,
        row.event_type,
        row.outcome,
        row.reason,
        row.transaction_id,
        row.message_id,
        row.channel,
        row.purpose,
        row.recipient,
        row.region,
        row.actor_id,
        row.actor_name,
        row.client_ip,
        row.user_agent,
        row.user,
        row.modem,
        row.target_id,
        row.target_name,
        row.target_before,
        row.note,
        row.segments,
        row.cost_micros,
        row.accepted_at,
        row.sent_at,
        row.setup_ms,
        row.ring_ms,
        row.talk_ms,
    ])
    .unwrap()
}

/// Puts the first events into the terms: into each of them as many as are told, and there are. As many as all of them
/// have are counted.
pub(crate) fn index_events(tx: &Tx<'_>, counts: &[i64]) {
    let newest = super::event::newest(tx).unwrap();
    for (term, count) in Term::ALL.into_iter().zip(counts) {
        event_term::fill(tx, term, 0, newest.min(*count)).unwrap();
    }
    let fewest = counts.iter().copied().min().unwrap_or(0);
    event_term::count_usage(tx, 0, newest.min(fewest)).unwrap();
}

/// How many events of that type there are.
pub(crate) fn events_of(view: &View<'_>, event_type: &str) -> u32 {
    let mut statement = view.prepare("SELECT count(*) FROM event WHERE event_type = ?1").unwrap();
    statement.query_row([event_type], |row| row.get(0)).unwrap()
}
