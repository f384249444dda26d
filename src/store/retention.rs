//! Forgetting: what is older than it is to be kept leaves the database, a few rows at a time, so that
//! no message waits behind it for longer than some milliseconds.

use std::time::Duration;

use rusqlite::{OptionalExtension, types::FromSql};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{
    Error, Store, Tx, View, boot, early_report, event, idempotency, inbound, listed, message, sim,
    traffic, usage, wal::CLEAN_AGAIN,
};
use crate::domain::Timestamp;

/// Rows that one transaction deletes at most. A message takes its segments and index entries with it.
const BATCH: u32 = 64;

/// Between two transactions of one pass: others come first.
const PAUSE: Duration = Duration::from_millis(20);

/// Before the first pass: the start belongs to the messages that wait.
const FIRST: Duration = Duration::from_secs(3);

/// Between two passes.
const EVERY: Duration = Duration::from_secs(300);

/// A modem that was away for so long may still tell of what it had received before: it is recognised.
const FINGERPRINTS_KEPT: Duration = Duration::from_secs(90 * 86_400);

/// The longest window that anything is counted for is a day.
const TRAFFIC_KEPT: Duration = Duration::from_secs(2 * 86_400);

/// Longer than any month, the longest that a SIM has a budget for.
const SIM_USAGE_KEPT: Duration = Duration::from_secs(40 * 86_400);

/// Rows of traffic that one transaction looks at: a millisecond.
const STEP: u32 = 1024;

/// Such steps in one pass: six million rows in a day, of which two days are kept.
const STEPS: u32 = 20;

/// Unused pages are left for what comes next, unless there are more than this many and more than a
/// quarter of all.
const SPARE_PAGES: i64 = 4096;

/// Tries of a checkpoint: each but the first waits for those who read.
const CHECKPOINTS: u32 = 10;

/// By how much a clock may be ahead of what is expected before it is doubted: what it has deleted is gone.
const DOUBTED: Duration = Duration::from_secs(86_400);

/// How long a clock that is doubted has to hold before it is believed: by then somebody has noticed, or it is right, and
/// this box was off for long.
const BELIEVED_AFTER: Duration = Duration::from_secs(86_400);

/// How long what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Messages, from their end on, with the segments of their attempts.
    pub messages: Duration,
    /// Received messages.
    pub inbound: Duration,
    /// The System Log.
    pub events: Duration,
    /// What the usage report is made of.
    pub usage: Duration,
    /// Idempotency keys.
    pub idempotency: Duration,
}

/// One kind of rows, and how the oldest of them are deleted: those before an instant, at most so many;
/// says how many there were.
struct Kind {
    name: &'static str,
    kept: fn(&Keep) -> Duration,
    forget: fn(&Tx<'_>, Timestamp, u32) -> Result<usize, Error>,
}

/// Keys go before the messages that they lead to.
const KINDS: [Kind; 10] = [
    Kind { name: "idempotency", kept: |keep| keep.idempotency, forget: idempotency::forget },
    Kind { name: "message", kept: |keep| keep.messages, forget: message::forget },
    Kind { name: "inbound", kept: |keep| keep.inbound, forget: inbound::forget },
    Kind { name: "unreadable", kept: |keep| keep.inbound, forget: inbound::blank_raw },
    Kind {
        name: "inbound_segment",
        kept: |keep| keep.inbound.max(FINGERPRINTS_KEPT),
        forget: inbound::forget_segments,
    },
    Kind { name: "early_report", kept: |_| early_report::KEPT, forget: early_report::forget },
    // Entries expire by themselves: they are kept no longer than that.
    Kind { name: "listed", kept: |_| Duration::ZERO, forget: listed::forget },
    Kind { name: "event", kept: |keep| keep.events, forget: event::forget },
    Kind { name: "usage", kept: |keep| keep.usage, forget: usage::forget },
    Kind { name: "sim_usage", kept: |_| SIM_USAGE_KEPT, forget: sim::forget },
];

/// The time that deleting goes by. A clock that is far ahead, as one whose battery is empty may be until the time is found,
/// would delete all there is within seconds.
#[derive(Debug)]
struct Reckoned {
    at: Timestamp,
    /// When that was so.
    instant: Instant,
    doubted_since: Option<Instant>,
}

impl Reckoned {
    fn new(at: Timestamp) -> Self {
        Self { at, instant: Instant::now(), doubted_since: None }
    }

    /// What time it is, where the clock says `now`.
    fn time(&mut self, now: Timestamp) -> Timestamp {
        let instant = Instant::now();
        let expected = self.at.after(instant - self.instant);
        let is_doubted = now > expected.after(DOUBTED);
        let since = is_doubted.then(|| *self.doubted_since.get_or_insert(instant));
        let believed = since.is_none_or(|since| instant - since >= BELIEVED_AFTER);
        let doubted_since = since.filter(|_| !believed);
        *self = Self { at: if believed { now } else { expected }, instant, doubted_since };
        self.at
    }
}

impl Store {
    /// Deletes what is too old and gives unused room back to the disk, until `cancel`. The time that it went by `last`,
    /// before this run, tells whether the clock can be believed.
    pub async fn keep_tidy(self, keep: Keep, last: Option<Timestamp>, cancel: CancellationToken) {
        let (mut wait, mut place) = (FIRST, traffic::Place::default());
        let mut reckoned = Reckoned::new(last.unwrap_or_else(Timestamp::now));
        while cancel.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
            let now = reckoned.time(Timestamp::now());
            let pass = async {
                self.write(move |tx| boot::note_tidied(tx, now)).await?;
                self.tidy(&keep, now).await?;
                self.walk_traffic(now, &mut place).await
            };
            if let Some(Err(cause)) = cancel.run_until_cancelled(pass).await {
                warn!(%cause, "what is too old could not be deleted");
            }
            wait = EVERY;
        }
    }

    /// Goes on from `place` through what limits count, and forgets what is old.
    async fn walk_traffic(&self, now: Timestamp, place: &mut traffic::Place) -> Result<(), Error> {
        let before = now.before(TRAFFIC_KEPT);
        for _ in 0..STEPS {
            let from = place.clone();
            let step = move |tx: &Tx<'_>| traffic::forget(tx, before, &from, STEP);
            let (reached, _) = self.write(step).await?;
            let at_the_end = reached.is_none();
            *place = reached.unwrap_or_default();
            if at_the_end {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// One pass.
    async fn tidy(&self, keep: &Keep, now: Timestamp) -> Result<(), Error> {
        // What is old is found by an index.
        self.index_events().await?;
        for kind in &KINDS {
            let (before, forget) = (now.before((kind.kept)(keep)), kind.forget);
            let mut deleted = 0;
            loop {
                let batch = self.write(move |tx| forget(tx, before, BATCH)).await?;
                deleted += batch;
                if u32::try_from(batch).is_ok_and(|batch| batch < BATCH) {
                    break;
                }
                tokio::time::sleep(PAUSE).await;
            }
            if deleted > 0 {
                debug!(table = kind.name, deleted, "deleted what was too old");
            }
        }
        let mut given = false;
        while self.write(give_back).await? {
            given = true;
            tokio::time::sleep(PAUSE).await;
        }
        // The file gets shorter with the next checkpoint, for which a full disk may wait for ever. Somebody may read just now.
        let mut failed = 0;
        while given && failed < CHECKPOINTS && !self.checkpoint(failed).await? {
            failed += 1;
            tokio::time::sleep(CLEAN_AGAIN).await;
        }
        Ok(())
    }
}

/// Gives some unused pages back to the disk, if there are too many; says whether there still are. A
/// database that an earlier version made cannot, and keeps them for what comes.
fn give_back(tx: &Tx<'_>) -> Result<bool, Error> {
    let incremental: u8 = pragma(tx, "PRAGMA auto_vacuum")?;
    let (unused, all): (i64, i64) =
        (pragma(tx, "PRAGMA freelist_count")?, pragma(tx, "PRAGMA page_count")?);
    // Room that lies in the database is none for whoever asks the disk.
    let spare = if tx.must_have_room().is_ok() { SPARE_PAGES.max(all / 4) } else { 0 };
    if incremental != 2 || unused <= spare {
        return Ok(false);
    }
    // It frees a page with each step.
    let mut statement = tx.prepare("PRAGMA incremental_vacuum(1024)")?;
    let mut steps = statement.query([])?;
    while steps.next()?.is_some() {}
    Ok(true)
}

fn pragma<T: FromSql + Default>(view: &View<'_>, sql: &str) -> Result<T, Error> {
    let value = view.prepare(sql)?.query_row([], |row| row.get(0)).optional()?;
    Ok(value.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        domain::{
            Event, Inbound, InboundFragment, InboundId, MessageId, Money, Outcome, Progress,
            Secret, SegmentId,
        },
        store::{
            self,
            connection::PAGE,
            idempotency::{LedTo, Remembered},
            inbound::Arrival,
            progress,
        },
    };

    const DAY: Duration = Duration::from_secs(86_400);
    const KEEP: Keep = Keep {
        messages: Duration::from_secs(30 * 86_400),
        inbound: Duration::from_secs(30 * 86_400),
        events: Duration::from_secs(90 * 86_400),
        usage: Duration::from_secs(761 * 86_400),
        idempotency: DAY,
    };

    fn day(day: u32) -> Timestamp {
        Timestamp::from_unix_ms(0).after(DAY * day)
    }

    fn open(dir: &Path) -> Store {
        Store::open(&dir.join("t.db")).unwrap()
    }

    /// A message of that day in `state`; its end, if it has one, is of that day too.
    fn add_message(tx: &Tx<'_>, at: Timestamp, state: &str) -> Result<(), Error> {
        let message = store::samples::message(at);
        let key = message::insert(tx, &message)?;
        let before = progress::load(tx, key)?;
        let attempts = vec![store::samples::attempt(SegmentId::first_of(key, 1), at)];
        progress::save(tx, key, &before, &Progress { attempts, ..before.clone() })?;
        let open = ["queued", "sending", "sent"].contains(&state);
        let (ended_at, deadline_at) = if open { (None, Some(1)) } else { (Some(at), None) };
        tx.prepare(
            "UPDATE message SET state = ?2, ended_at = ?3, deadline_at = ?4 WHERE key = ?1",
        )?
        .execute((key, state, ended_at.map(Timestamp::as_unix_ms), deadline_at))?;
        let remembered = Remembered { fingerprint: [0; 32], led_to: LedTo::Message(message.id) };
        let name = message.id.to_string();
        idempotency::remember(tx, "token", &name, remembered, at)
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_far_ahead_deletes_nothing_before_it_has_held_for_a_day() {
        let hour = Duration::from_secs(3600);
        let mut reckoned = Reckoned::new(day(10));
        tokio::time::advance(hour).await;
        assert_eq!(reckoned.time(day(10).after(hour)), day(10).after(hour));
        assert_eq!(reckoned.time(day(11)), day(11), "off over night");
        assert_eq!(reckoned.time(day(800)), day(11));
        assert_eq!(reckoned.time(day(9)), day(9), "it is found to be wrong");
        assert_eq!(reckoned.time(day(40)), day(9));
        tokio::time::advance(23 * hour).await;
        assert_eq!(reckoned.time(day(41)), day(9).after(23 * hour));
        tokio::time::advance(hour).await;
        assert_eq!(reckoned.time(day(41).after(hour)), day(41).after(hour), "it holds");
        assert_eq!(reckoned.time(day(41).after(2 * hour)), day(41).after(2 * hour));
    }

    async fn count(store: &Store, table: &'static str) -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        store.read(move |view| pragma(view, &sql)).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn messages_go_some_time_after_their_end_and_never_before() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let add = |tx: &Tx<'_>| {
            for state in ["queued", "sending", "sent", "delivered", "unknown", "cancelled"] {
                add_message(tx, day(1), state)?;
            }
            for _ in 0..3 * BATCH {
                add_message(tx, day(2), "failed")?;
            }
            add_message(tx, day(40), "delivered")
        };
        store.write(add).await.unwrap();
        store.tidy(&KEEP, day(32).after(Duration::from_millis(1))).await.unwrap();
        assert_eq!(count(&store, "message").await, 4, "three are open, one is young");
        assert_eq!(count(&store, "segment").await, 4);
        assert_eq!(count(&store, "idempotency").await, 1);
        store.tidy(&KEEP, day(400)).await.unwrap();
        assert_eq!(count(&store, "message").await, 3, "what is open stays for ever");
    }

    /// A clock that is far ahead for a moment, in which something is sent.
    #[tokio::test(start_paused = true)]
    async fn what_a_sim_has_sent_this_month_counts_whatever_was_sent_while_the_clock_was_ahead() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let add = |tx: &Tx<'_>| {
            [1, 20, 9000].into_iter().try_for_each(|at| {
                sim::book(tx, "sim", day(at), Money::ZERO)?;
                sim::count_delivery(tx, "sim", "US", day(at), true)
            })
        };
        store.write(add).await.unwrap();
        let left = async || (count(&store, "sim_usage").await, count(&store, "sim_delivery").await);
        let mut reckoned = Reckoned::new(day(20));
        store.tidy(&KEEP, reckoned.time(day(9000))).await.unwrap();
        assert_eq!(left().await, (3, 3));
        store.tidy(&KEEP, reckoned.time(day(21))).await.unwrap();
        assert_eq!(left().await, (3, 3), "what was sent later makes nothing else old");
        store.tidy(&KEEP, day(42)).await.unwrap();
        assert_eq!(left().await, (2, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn received_messages_go_and_are_still_recognised() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let receive = |tx: &Tx<'_>| {
            let arrival =
                |fingerprint| Arrival { fingerprint, modem: "m", sim: "s", received_at: day(1) };
            let sender = "+4915112345678".to_owned();
            let text = Secret::new("private".into());
            let fragment = InboundFragment { sender, text, concat: None, sent_at: None };
            let new = inbound::insert_other(tx, arrival(&[1; 32]), None)?;
            inbound::insert_other(tx, arrival(&[2; 32]), Some(b"raw"))?;
            let inbound = Inbound {
                id: InboundId::generate(),
                sender: fragment.sender,
                text: fragment.text,
                segments: 1,
                missing: 0,
                modem: "a".into(),
                sent_at: None,
                received_at: day(1),
            };
            inbound::insert(tx, &inbound)?;
            Ok(new)
        };
        assert!(store.write(receive).await.unwrap());
        store.tidy(&KEEP, day(30)).await.unwrap();
        assert_eq!(count(&store, "inbound").await, 1);
        store.tidy(&KEEP, day(32)).await.unwrap();
        assert_eq!(count(&store, "inbound").await, 0);
        let held = "inbound_segment WHERE raw IS NOT NULL";
        assert_eq!((count(&store, held).await, count(&store, "inbound_segment").await), (0, 2));
        assert!(store.checkpoint(0).await.unwrap());
        let file = std::fs::read(dir.path().join("t.db")).unwrap();
        assert!(!file.windows(7).any(|it| it == b"private"), "nor is what they said");
        assert!(!store.write(receive).await.unwrap(), "it was here before");
        store.tidy(&KEEP, day(92)).await.unwrap();
        assert_eq!(count(&store, "inbound_segment").await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_text_whose_rest_is_waited_for_is_never_too_old() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let receive = |tx: &Tx<'_>| {
            let arrival =
                Arrival { fingerprint: &[1; 32], modem: "m", sim: "s", received_at: day(1) };
            let (sender, text) = ("+4915112345678".to_owned(), Secret::new("begun".into()));
            let fragment = &InboundFragment { sender, text, concat: None, sent_at: None };
            let segment =
                inbound::Segment { fragment, reference: 1, total: 2, sequence: 1, content: None };
            inbound::insert_segment(tx, arrival, segment)
        };
        assert!(store.write(receive).await.unwrap());
        store.tidy(&KEEP, day(400)).await.unwrap();
        assert_eq!(count(&store, "inbound_segment WHERE text = 'begun'").await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn events_and_early_reports_have_their_own_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let add = |tx: &Tx<'_>| {
            for at in [1, 2, 3] {
                let sent = Event { outcome: Outcome::Success, ..store::samples::event(day(at)) };
                event::append(tx, &sent)?;
            }
            early_report::insert(tx, "s", &store::samples::report(1), day(1))
        };
        store.write(add).await.unwrap();
        store.tidy(&KEEP, day(92)).await.unwrap();
        assert_eq!(count(&store, "event").await, 2);
        assert_eq!(count(&store, "early_report").await, 0);
        assert_eq!(count(&store, "usage_day").await, 3, "what was counted stays");
        // Whoever polls the log goes on from the last one: the next must come after it.
        store.tidy(&KEEP, day(400)).await.unwrap();
        assert_eq!(store.read(event::newest).await.unwrap(), 3);
        store.write(|tx| event::append(tx, &store::samples::event(day(400)))).await.unwrap();
        assert_eq!(store.read(event::newest).await.unwrap(), 4);
        store.tidy(&KEEP, day(764)).await.unwrap();
        assert_eq!(count(&store, "usage_day").await, 1, "and goes in its own time");
    }

    #[tokio::test(start_paused = true)]
    async fn room_goes_back_to_the_disk_where_the_database_allows_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let add = |tx: &Tx<'_>| {
            (0..40_000).try_for_each(|_| event::append(tx, &store::samples::event(day(1))))
        };
        store.write(add).await.unwrap();
        let pages = async || {
            assert!(store.checkpoint(0).await.unwrap());
            std::fs::metadata(dir.path().join("t.db")).unwrap().len() / u64::from(PAGE)
        };
        let before = pages().await;
        store.tidy(&KEEP, day(92)).await.unwrap();
        let after = pages().await;
        let spare = u64::try_from(SPARE_PAGES).unwrap();
        assert!(before > spare + 1024 && after <= spare + 256, "{before} {after}");

        let old = dir.path().join("old.db");
        let plain = rusqlite::Connection::open(&old).unwrap();
        plain.execute_batch("CREATE TABLE t (a); DROP TABLE t;").unwrap();
        drop(plain);
        let store = Store::open(&old).unwrap();
        store.write(add).await.unwrap();
        store.tidy(&KEEP, day(92)).await.unwrap();
        assert_eq!(count(&store, "event").await, 1, "the rows go all the same, but for the last");
        assert_eq!(store.write(|tx| pragma::<u8>(tx, "PRAGMA auto_vacuum")).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_goes_before_its_message() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        store.write(|tx| add_message(tx, day(1), "delivered")).await.unwrap();
        store.tidy(&KEEP, day(3)).await.unwrap();
        let counts = (count(&store, "idempotency").await, count(&store, "message").await);
        assert_eq!(counts, (0, 1));
        let nobody = MessageId::of_row(1);
        assert!(store.read(move |view| message::find(view, nobody)).await.unwrap().is_none());
    }
}
