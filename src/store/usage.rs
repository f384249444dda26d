//! Tables `usage_day` and `usage_user`: what was sent, counted from the events that say so. That is done many events
//! at a time, behind their commit (`store/log_index.rs`): a message does not pay for it. The last events, which are
//! not counted yet, are few: whoever asks counts them too.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use rusqlite::{Row, ToSql};
use tracing::warn;

use super::{Error, Tx, View, event_term, word};
use crate::domain::{Channel, Detail, EventKind, Family, Money, Outcome, Purpose, Timestamp};

const DAY_MS: i64 = 86_400_000;

/// How something ended: one of these words, or a family of reasons where it failed.
const DELIVERED: &str = "delivered";
const UNKNOWN: &str = "unknown";
const CANCELLED: &str = "cancelled";
const DENIED: &str = "denied";
/// Whatever became of it.
const ALL: &str = "";

/// What is counted together on one day, or for one user in one month.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    region: String,
    channel: String,
    purpose: String,
    ended: String,
}

impl Group {
    /// In the order of both tables.
    fn columns(&self) -> [&dyn ToSql; 4] {
        [&self.region, &self.channel, &self.purpose, &self.ended]
    }
}

/// How many, what they took and what that cost.
#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    messages: i64,
    segments: i64,
    talk_ms: i64,
    cost_micros: i64,
}

impl Sum {
    /// In the order of both tables.
    fn columns(&self) -> [&dyn ToSql; 4] {
        [&self.messages, &self.segments, &self.talk_ms, &self.cost_micros]
    }

    /// Amounts that nobody can have used, such as a failing disk may make, add up to the largest there is.
    fn add(&mut self, other: Self) {
        self.messages = self.messages.saturating_add(other.messages);
        self.segments = self.segments.saturating_add(other.segments);
        self.talk_ms = self.talk_ms.saturating_add(other.talk_ms);
        self.cost_micros = self.cost_micros.saturating_add(other.cost_micros);
    }
}

/// What an event that counts tells.
#[derive(Debug)]
struct Told {
    at: Timestamp,
    user: Option<String>,
    group: Group,
    sum: Sum,
}

/// What events tell together, in the order of the tables.
#[derive(Debug, Default)]
struct Counted {
    by_day: BTreeMap<(i64, Group), Sum>,
    by_user: BTreeMap<(i64, String, Group), Sum>,
}

impl Counted {
    fn add(&mut self, told: Told) {
        let Told { at, user, group, sum } = told;
        if let Some(user) = user {
            self.by_user.entry((at.month(), user, group.clone())).or_default().add(sum);
        }
        self.by_day.entry((day(at), group)).or_default().add(sum);
    }
}

/// The day of UTC since 1970.
fn day(at: Timestamp) -> i64 {
    at.as_unix_ms().div_euclid(DAY_MS)
}

/// As what an event counts: a send event as a message, a status event by how it ended. Refused requests are no
/// messages.
fn counts_as(
    kind: EventKind,
    outcome: Outcome,
    detail: impl FnOnce() -> Result<Option<Detail>, Error>,
) -> Result<Option<&'static str>, Error> {
    Ok(Some(match (kind, outcome) {
        (EventKind::Send, Outcome::Deny) => return Ok(None),
        (EventKind::Send, _) => ALL,
        (EventKind::Status, Outcome::Success) => DELIVERED,
        (EventKind::Status, Outcome::Unknown) => UNKNOWN,
        (EventKind::Status, Outcome::Abandoned) => CANCELLED,
        (EventKind::Status, Outcome::Deny) => DENIED,
        (EventKind::Status, Outcome::Failure) => {
            detail()?.map_or(Family::Internal, Detail::family).as_str()
        }
        (
            EventKind::LateReport | EventKind::Resend | EventKind::Feedback | EventKind::Suspicion,
            _,
        ) => return Ok(None),
    }))
}

/// What the event of a row tells, if it counts; what it took, and what that cost, its status event knows.
fn told(row: &Row<'_>) -> Result<Option<Told>, Error> {
    // What has no channel happened to the gateway.
    let Some(channel) = row.get::<_, Option<String>>("channel")? else { return Ok(None) };
    let channel: Channel = word::read("event", "channel", &channel)?;
    let purpose: Purpose = word::read("event", "purpose", &row.get::<_, String>("purpose")?)?;
    let name: String = row.get("event_type")?;
    let Some(kind) = EventKind::of(&name, channel, purpose) else {
        return Err(Error::UnknownWord { table: "event", column: "event_type", value: name });
    };
    let outcome = word::read("event", "outcome", &row.get::<_, String>("outcome")?)?;
    let detail = || {
        let reason: Option<String> = row.get("reason")?;
        reason.map(|reason| word::read("event", "reason", &reason)).transpose()
    };
    let Some(ended) = counts_as(kind, outcome, detail)? else { return Ok(None) };
    let mut sum = Sum { messages: 1, ..Sum::default() };
    if kind == EventKind::Status {
        sum.segments = row.get::<_, Option<u32>>("segments")?.unwrap_or(0).into();
        sum.talk_ms = row.get::<_, Option<i64>>("talk_ms")?.unwrap_or(0);
        sum.cost_micros = row.get::<_, Option<i64>>("cost_micros")?.unwrap_or(0);
    }
    let group = Group {
        region: row.get::<_, Option<String>>("region")?.unwrap_or_default(),
        channel: channel.as_str().to_owned(),
        purpose: purpose.as_str().to_owned(),
        ended: ended.to_owned(),
    };
    let at = Timestamp::from_unix_ms(row.get("at")?);
    Ok(Some(Told { at, user: row.get("user")?, group, sum }))
}

/// Counts the events after `from` up to `to`. One that cannot be read is passed over, and `passed_over` hears of it.
fn fold(
    view: &View<'_>,
    (from, to): (i64, i64),
    mut passed_over: impl FnMut(i64, Error),
) -> Result<Counted, Error> {
    let mut statement = view.prepare(
        "SELECT seq, event_type, outcome, reason, channel, purpose, region, user, segments,
             talk_ms, cost_micros, ifnull(accepted_at, published) AS at
         FROM event WHERE seq > ?1 AND seq <= ?2",
    )?;
    let mut rows = statement.query((from, to))?;
    let mut counted = Counted::default();
    while let Some(row) = rows.next()? {
        match told(row) {
            Ok(told) => told.into_iter().for_each(|it| counted.add(it)),
            Err(cause) if cause.is_of_its_rows() => passed_over(row.get("seq")?, cause),
            Err(cause) => return Err(cause),
        }
    }
    Ok(counted)
}

/// Counts the events after `from` up to `to` for good. Whoever calls it stores in the same transaction how far that
/// is, so that each is counted once.
///
/// # Errors
/// Those of SQLite.
pub(super) fn count(tx: &Tx<'_>, from: i64, to: i64) -> Result<(), Error> {
    let (mut events, mut first) = (0_u32, None);
    let counted = fold(tx, (from, to), |seq, cause| {
        events += 1;
        first.get_or_insert((seq, cause));
    })?;
    if let Some((seq, cause)) = first {
        // One line for all of them: a disk that fails may have spoilt many.
        warn!(events, seq, %cause, "events that cannot be read are not counted; this is the first");
    }
    // A sum that SQLite cannot hold would be a fraction, which the column refuses: nothing would be counted any more.
    let mut add = tx.prepare(
        "INSERT INTO usage_day VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT DO UPDATE SET messages = CAST(messages + ?6 AS INTEGER),
             segments = CAST(segments + ?7 AS INTEGER), talk_ms = CAST(talk_ms + ?8 AS INTEGER),
             cost_micros = CAST(cost_micros + ?9 AS INTEGER)",
    )?;
    for ((day, group), sum) in &counted.by_day {
        let key: [&dyn ToSql; 1] = [day];
        add.execute(&*[&key[..], &group.columns(), &sum.columns()].concat())?;
    }
    let mut add = tx.prepare(
        "INSERT INTO usage_user VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT DO UPDATE SET messages = CAST(messages + ?7 AS INTEGER),
             segments = CAST(segments + ?8 AS INTEGER), talk_ms = CAST(talk_ms + ?9 AS INTEGER),
             cost_micros = CAST(cost_micros + ?10 AS INTEGER)",
    )?;
    for ((month, user, group), sum) in &counted.by_user {
        let key: [&dyn ToSql; 2] = [month, user];
        add.execute(&*[&key[..], &group.columns(), &sum.columns()].concat())?;
    }
    Ok(())
}

/// What the last events tell, which are not counted for good yet. Those that cannot be read are told of when they
/// would be counted.
fn last(view: &View<'_>) -> Result<Counted, Error> {
    fold(view, (event_term::usage_reach(view)?, i64::MAX), |_, _| ())
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

impl UsageRow {
    fn new(day: Option<i64>, user: Option<String>, group: Group, sum: Sum) -> Self {
        let Group { region, channel, purpose, ended } = group;
        Self {
            day,
            user,
            region,
            channel,
            purpose,
            ended,
            messages: sum.messages,
            segments: sum.segments,
            talk: Duration::from_millis(sum.talk_ms.unsigned_abs()),
            cost: Money::from_micros(sum.cost_micros),
        }
    }
}

/// What was counted on the days from `from` on, before `to`, in order.
///
/// # Errors
/// Those of SQLite.
pub fn by_day(view: &View<'_>, from: Timestamp, to: Timestamp) -> Result<Vec<UsageRow>, Error> {
    let days = day(from)..day(to);
    let mut all = last(view)?.by_day;
    all.retain(|(day, _), _| days.contains(day));
    let mut statement = view.prepare(
        "SELECT day, region, channel, purpose, ended, messages, segments, talk_ms, cost_micros
         FROM usage_day WHERE day >= ?1 AND day < ?2",
    )?;
    let mut rows = statement.query((days.start, days.end))?;
    while let Some(row) = rows.next()? {
        let (group, sum) = read(row)?;
        all.entry((row.get("day")?, group)).or_default().add(sum);
    }
    let rows = all.into_iter();
    Ok(rows.map(|((day, group), sum)| UsageRow::new(Some(day), None, group, sum)).collect())
}

/// What was counted in the month of `at` for the users after `after`, at most `limit` of them, in order; and whether others
/// come behind them.
///
/// # Errors
/// Those of SQLite.
pub fn by_user(
    view: &View<'_>,
    at: Timestamp,
    after: &str,
    limit: u32,
) -> Result<(Vec<UsageRow>, bool), Error> {
    let month = at.month();
    let mut all = last(view)?.by_user;
    all.retain(|(of, user, _), _| *of == month && user.as_str() > after);
    let (last, more) = last_user(view, month, after, limit, all.keys().map(|key| &key.1))?;
    let Some(last) = last else { return Ok((Vec::new(), more)) };
    all.retain(|(_, user, _), _| *user <= last);
    let mut statement = view.prepare(
        "SELECT user, region, channel, purpose, ended, messages, segments, talk_ms, cost_micros
         FROM usage_user WHERE month = ?1 AND user > ?2 AND user <= ?3",
    )?;
    let mut rows = statement.query((month, after, last))?;
    while let Some(row) = rows.next()? {
        let (group, sum) = read(row)?;
        all.entry((month, row.get("user")?, group)).or_default().add(sum);
    }
    let rows = all.into_iter();
    let row = |((_, user, group), sum)| UsageRow::new(None, Some(user), group, sum);
    Ok((rows.map(row).collect(), more))
}

/// Who is the last of the first `limit` users after `after`, and whether there are more: those of the table, and `others`.
fn last_user<'a>(
    view: &View<'_>,
    month: i64,
    after: &str,
    limit: u32,
    others: impl Iterator<Item = &'a String>,
) -> Result<(Option<String>, bool), Error> {
    let mut users: BTreeSet<String> = others.cloned().collect();
    let mut statement = view.prepare(
        "SELECT DISTINCT user FROM usage_user WHERE month = ?1 AND user > ?2 ORDER BY user LIMIT ?3",
    )?;
    for user in statement.query_map((month, after, i64::from(limit) + 1), |row| row.get(0))? {
        users.insert(user?);
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = users.len() > limit;
    Ok((users.into_iter().take(limit).next_back(), more))
}

fn read(row: &Row<'_>) -> rusqlite::Result<(Group, Sum)> {
    let group = Group {
        region: row.get("region")?,
        channel: row.get("channel")?,
        purpose: row.get("purpose")?,
        ended: row.get("ended")?,
    };
    let sum = Sum {
        messages: row.get("messages")?,
        segments: row.get("segments")?,
        talk_ms: row.get("talk_ms")?,
        cost_micros: row.get("cost_micros")?,
    };
    Ok((group, sum))
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
        .execute((day(before), limit))?;
    let users = tx
        .prepare(
            "DELETE FROM usage_user WHERE (month, user, region, channel, purpose, ended) IN (
                 SELECT month, user, region, channel, purpose, ended FROM usage_user
                 WHERE month < ?1 LIMIT ?2)",
        )?
        .execute((before.month(), limit))?;
    Ok(days.max(users))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{About, CallTimes, Event, GatewayEvent},
        store::{
            Store, event,
            samples::{self, Memory},
        },
    };

    const HOUR_MS: i64 = 3_600_000;

    /// An event about a message that was accepted in that hour since 1970.
    fn about(hour: i64, kind: EventKind, outcome: Outcome, user: Option<&str>) -> Event {
        let at = Timestamp::from_unix_ms(hour * HOUR_MS);
        let mut event = samples::event(at.after(Duration::from_secs(40 * 86_400)));
        event.outcome = outcome;
        if let About::Message(of, subject) = &mut event.about {
            (*of, subject.user) = (kind, user.map(str::to_owned));
        }
        event.timed(at, None)
    }

    /// One that says how it ended, with two segments for five cents.
    fn ended(hour: i64, outcome: Outcome, user: Option<&str>) -> Event {
        let cost = Some(Money::from_micros(50_000));
        about(hour, EventKind::Status, outcome, user).through(Some("m".to_owned()), 2, cost)
    }

    /// Two of every kind on different days, for different users, and what does not count between them.
    fn samples() -> Vec<Event> {
        let at = Timestamp::from_unix_ms(HOUR_MS);
        let call = CallTimes { talk: Duration::from_millis(700), ..CallTimes::default() };
        let of_hour = |hour, user| {
            [
                about(hour, EventKind::Send, Outcome::Success, Some(user)),
                about(hour, EventKind::Send, Outcome::Deny, Some(user)),
                about(hour, EventKind::Feedback, Outcome::Success, Some(user)),
                ended(hour, Outcome::Success, Some(user)).calling(Some(call)),
                Event::of_gateway(GatewayEvent::ModemUp, Outcome::Success, at),
                ended(hour, Outcome::Unknown, None),
                ended(hour, Outcome::Deny, Some("eve")),
                ended(hour, Outcome::Failure, None).because(Some(Detail::NoAnswer)),
                ended(hour, Outcome::Failure, None),
                ended(hour, Outcome::Abandoned, Some(user)),
            ]
        };
        [of_hour(1, "bob"), of_hour(30, "jane"), of_hour(2, "bob")].concat()
    }

    fn append(tx: &Tx<'_>, events: &[Event]) {
        events.iter().for_each(|it| event::append(tx, it).unwrap());
    }

    fn days(view: &View<'_>) -> Vec<UsageRow> {
        let at = Timestamp::from_unix_ms;
        by_day(view, at(0), at(100 * DAY_MS)).unwrap()
    }

    /// All users of the first month, so many at a time.
    fn users(view: &View<'_>, limit: u32) -> Vec<Vec<UsageRow>> {
        let (mut pages, mut after) = (Vec::new(), String::new());
        loop {
            let (page, more) = by_user(view, Timestamp::from_unix_ms(0), &after, limit).unwrap();
            let Some(last) = page.last().and_then(|row| row.user.clone()) else { return pages };
            pages.push(page);
            let (behind, _) = by_user(view, Timestamp::from_unix_ms(0), &last, limit).unwrap();
            assert_eq!(more, !behind.is_empty());
            after = last;
        }
    }

    fn rows_of_tables(view: &View<'_>) -> i64 {
        view.prepare("SELECT (SELECT count(*) FROM usage_day) + (SELECT count(*) FROM usage_user)")
            .unwrap()
            .query_row([], |row| row.get(0))
            .unwrap()
    }

    /// The day, how they ended, messages, segments, milliseconds of talk and the cost in millionths.
    type Line<'r> = (Option<i64>, &'r str, i64, i64, u128, i64);

    fn told_of(rows: &[UsageRow]) -> Vec<Line<'_>> {
        let rows = rows.iter().map(|it| {
            let (talk, cost) = (it.talk.as_millis(), it.cost.as_micros());
            (it.day, it.ended.as_str(), it.messages, it.segments, talk, cost)
        });
        rows.collect()
    }

    #[test]
    fn the_report_is_the_same_however_many_events_are_in_the_tables() {
        Memory::new().run(|tx| {
            append(tx, &samples());
            let (by_day, by_user) = (days(tx), users(tx, 2));
            assert_eq!(
                told_of(&by_day),
                [
                    (Some(0), "", 2, 0, 0, 0),
                    (Some(0), "cancelled", 2, 4, 0, 100_000),
                    (Some(0), "delivered", 2, 4, 1400, 100_000),
                    (Some(0), "denied", 2, 4, 0, 100_000),
                    (Some(0), "internal", 2, 4, 0, 100_000),
                    (Some(0), "timed_out", 2, 4, 0, 100_000),
                    (Some(0), "unknown", 2, 4, 0, 100_000),
                    (Some(1), "", 1, 0, 0, 0),
                    (Some(1), "cancelled", 1, 2, 0, 50_000),
                    (Some(1), "delivered", 1, 2, 700, 50_000),
                    (Some(1), "denied", 1, 2, 0, 50_000),
                    (Some(1), "internal", 1, 2, 0, 50_000),
                    (Some(1), "timed_out", 1, 2, 0, 50_000),
                    (Some(1), "unknown", 1, 2, 0, 50_000),
                ]
            );
            assert_eq!(by_user.iter().map(Vec::len).collect::<Vec<_>>(), [3 + 1, 3]);
            for seq in 0..30 {
                event_term::count_usage(tx, seq, seq + 1).unwrap();
                assert_eq!((days(tx), users(tx, 2)), (by_day.clone(), by_user.clone()), "{seq}");
            }
            assert_eq!(rows_of_tables(tx), 14 + 7);
            append(tx, &samples());
            let twice = days(tx).iter().map(|row| row.messages).sum::<i64>();
            assert_eq!(twice, 2 * by_day.iter().map(|row| row.messages).sum::<i64>());
        });
    }

    #[tokio::test]
    async fn an_event_is_counted_once_and_not_when_it_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let add = |tx: &Tx<'_>| {
            append(tx, &samples());
            Ok(())
        };
        store.write(add).await.unwrap();
        let look = || store.read(|view| Ok((rows_of_tables(view), (days(view), users(view, 9)))));
        let (rows, report) = look().await.unwrap();
        assert_eq!(rows, 0);
        // What does not come to its commit counts nothing, nor does it leave a gap.
        let fail = |tx: &Tx<'_>| {
            event_term::count_usage(tx, 0, 20)?;
            Err::<(), _>(Error::Missing("the rest"))
        };
        store.write(fail).await.unwrap_err();
        for _ in 0..2 {
            store.index_events().await.unwrap();
            assert_eq!(look().await.unwrap(), (14 + 7, report.clone()));
        }
        assert_eq!(store.read(event_term::usage_reach).await.unwrap(), 30);
    }

    #[test]
    fn users_of_the_last_events_come_in_order_among_those_of_the_table() {
        Memory::new().run(|tx| {
            let sent = |user| about(1, EventKind::Send, Outcome::Success, Some(user));
            append(tx, &["d", "b"].map(sent));
            event_term::count_usage(tx, 0, 2).unwrap();
            append(tx, &["e", "a", "d", "c"].map(sent));
            let next_month = about(32 * 24, EventKind::Send, Outcome::Success, Some("ann"));
            append(tx, &[next_month]);
            let page = |rows: &Vec<UsageRow>| {
                let row = |it: &UsageRow| (it.user.clone().unwrap_or_default(), it.messages);
                rows.iter().map(row).collect::<Vec<_>>()
            };
            let pages: Vec<_> = users(tx, 2).iter().map(page).collect();
            let one = |user: &str| (user.to_owned(), 1);
            let two = ("d".to_owned(), 2);
            assert_eq!(pages, [vec![one("a"), one("b")], vec![one("c"), two], vec![one("e")]]);
            while event_term::fill_next(tx, 7, 3).unwrap() {}
            assert_eq!(users(tx, 2).iter().map(page).collect::<Vec<_>>(), pages);
        });
    }

    #[test]
    fn what_is_not_counted_yet_is_not_forgotten() {
        Memory::new().run(|tx| {
            append(tx, &samples());
            let report = days(tx);
            samples::index_events(tx, &[30; 14]);
            // As if the first ten were counted.
            for undo in [
                "UPDATE event_index SET seq = 10 WHERE term = 14",
                "DELETE FROM usage_day",
                "DELETE FROM usage_user",
            ] {
                tx.prepare(undo).unwrap().execute([]).unwrap();
            }
            count(tx, 0, 10).unwrap();
            let late = Timestamp::from_unix_ms(400 * DAY_MS);
            assert_eq!(event::forget(tx, late, 64).unwrap(), 10);
            assert_eq!(days(tx), report);
            while event_term::fill_next(tx, 30, 64).unwrap() {}
            assert_eq!(event::forget(tx, late, 64).unwrap(), 19, "but for the last");
            assert_eq!(days(tx), report);
        });
    }

    #[test]
    fn what_cannot_be_read_is_passed_over_and_hides_nothing_else() {
        Memory::new().run(|tx| {
            let damages = [
                "event_type = 'nonsense'",
                "outcome = 'nonsense'",
                "reason = 'nonsense'",
                "channel = 'nonsense'",
                "purpose = NULL",
                "segments = -1",
                "region = CAST(x'FF' AS TEXT)",
                "user = CAST(x'FF' AS TEXT)",
            ];
            let failed = || ended(1, Outcome::Failure, Some("jane"));
            append(tx, &[failed()]);
            let change = |sql: &str| tx.prepare(sql).unwrap().execute([]).unwrap();
            change("PRAGMA ignore_check_constraints = ON");
            for (damage, seq) in damages.into_iter().zip(2..) {
                append(tx, &[failed()]);
                assert_eq!(change(&format!("UPDATE event SET {damage} WHERE seq = {seq}")), 1);
            }
            change("PRAGMA ignore_check_constraints = OFF");
            append(tx, &[failed()]);
            let report = (days(tx), users(tx, 9));
            assert_eq!(told_of(&report.0), [(Some(0), "internal", 2, 4, 0, 100_000)]);
            while event_term::fill_next(tx, 10, 4).unwrap() {}
            assert_eq!(event_term::reach(tx).unwrap(), 10);
            assert_eq!((days(tx), users(tx, 9)), report);
        });
    }

    #[test]
    fn amounts_that_are_too_large_stop_nothing() {
        Memory::new().run(|tx| {
            for _ in 0..3 {
                append(tx, &[ended(1, Outcome::Success, Some("jane"))]);
            }
            let most = "UPDATE event SET cost_micros = 9223372036854775807 WHERE seq <= 2";
            tx.prepare(most).unwrap().execute([]).unwrap();
            for seq in 0..3 {
                event_term::count_usage(tx, seq, seq + 1).unwrap();
                assert_eq!(told_of(&days(tx)), [(Some(0), "delivered", 3, 6, 0, i64::MAX)]);
            }
        });
    }
}
