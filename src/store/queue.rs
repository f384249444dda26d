//! What waits: messages that may begin an attempt, segments that may follow, deadlines, and the
//! segments that a delivery report may be about.
//!
//! Where a statement names a state and then all that may still be heard of, SQLite needs the second to see that it may use
//! the index `segment_waiting`.

use rusqlite::{OptionalExtension, Params, Row};

use super::{Error, View, message::optional_time, word};
use crate::domain::{Lane, SegmentId, SegmentState, Service, Timestamp};

/// What messages have in common for which the same modems can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// Their lane.
    pub lane: Lane,
    /// What the modem must be able to do.
    pub service: Service,
    /// The only modem or pool they may go through.
    pub sender: Option<String>,
    /// Where they go.
    pub region: String,
    /// The language that is spoken in them, where it is one for all.
    pub locale: Option<String>,
}

/// The demands of all messages of `lane` that want `service` and may begin an attempt, soon or late. Costs a
/// step through the index for each demand, however many messages there are.
///
/// # Errors
/// Those of SQLite.
pub fn demands(view: &View<'_>, lane: Lane, service: Service) -> Result<Vec<Demand>, Error> {
    let of = (lane.rank(), service.number());
    let mut demands = Vec::new();
    let mut found = next_demand(view, FIRST, of)?;
    while let Some((sender, region)) = found {
        found = next_demand(view, SAME_SENDER, (of.0, of.1, &sender, &region))?;
        if found.is_none() {
            found = next_demand(view, NEXT_SENDER, (of.0, of.1, &sender))?;
        }
        let sender = Some(sender).filter(|sender| !sender.is_empty());
        demands.push(Demand { lane, service, sender, region, locale: None });
    }
    Ok(demands)
}

/// Whether calls wait that may begin, soon or late: one step through the index for each lane.
///
/// # Errors
/// Those of SQLite.
pub fn calls_wait(view: &View<'_>) -> Result<bool, Error> {
    let waits = view
        .prepare(
            "SELECT 1 FROM message
             WHERE claimable_at IS NOT NULL AND lane IN (0, 1, 2) AND service > 0 LIMIT 1",
        )?
        .query_row([], |_| Ok(()))
        .optional()?
        .is_some();
    Ok(waits)
}

/// The most urgent lane in which messages may begin an attempt, soon or late: one step through the index.
///
/// # Errors
/// Those of SQLite.
pub fn most_urgent(view: &View<'_>) -> Result<Option<Lane>, Error> {
    let rank: Option<u8> = view
        .prepare("SELECT min(lane) FROM message WHERE claimable_at IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    rank.map(word::read_lane).transpose()
}

/// Which demand comes next: a condition, and the order among those that fulfil it.
type Step = (&'static str, &'static str);

const FIRST: Step = ("", "sender, region");
const SAME_SENDER: Step = ("AND ifnull(sender, '') = ?3 AND ifnull(region, '') > ?4", "region");
const NEXT_SENDER: Step = ("AND ifnull(sender, '') > ?3", "sender, region");

/// The sender and region of the next demand.
fn next_demand(
    view: &View<'_>,
    step: Step,
    parameters: impl Params,
) -> Result<Option<(String, String)>, Error> {
    let found = view
        .prepare(&demand_sql(step))?
        .query_row(parameters, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found)
}

fn demand_sql((condition, order): Step) -> String {
    // Ordered by the very expressions of the index.
    let order =
        order.replace("sender", "ifnull(sender, '')").replace("region", "ifnull(region, '')");
    format!(
        "SELECT ifnull(sender, ''), ifnull(region, '') FROM message
         WHERE claimable_at IS NOT NULL AND lane = ?1 AND service = ?2 {condition} ORDER BY {order} LIMIT 1"
    )
}

/// What the message `key` demands, if it still waits for its first attempt.
///
/// # Errors
/// Those of SQLite.
pub fn demand_of(view: &View<'_>, key: i64) -> Result<Option<Demand>, Error> {
    let row = view
        .prepare(
            "SELECT lane, service, sender, ifnull(region, ''), locale FROM message
             WHERE key = ?1 AND state = 'queued'",
        )?
        .query_row([key], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .optional()?;
    row.map(|(rank, service, sender, region, locale)| {
        let (lane, service) = (word::read_lane(rank)?, word::read_service(service)?);
        Ok(Demand { lane, service, sender, region, locale })
    })
    .transpose()
}

/// A message that may begin an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// From when on.
    pub due: Timestamp,
    /// The message.
    pub key: i64,
    /// Whether attempts were made before.
    pub tried: bool,
    /// The language that is spoken in it, where Ringpost chose it.
    pub locale: Option<String>,
}

/// Messages with that demand that may begin an attempt at `now`, those due first before the others: a page
/// of so many, behind so many that are passed over.
///
/// # Errors
/// Those of SQLite.
pub fn claimable(
    view: &View<'_>,
    demand: &Demand,
    now: Timestamp,
    (limit, skipped): (u32, u32),
) -> Result<Vec<Candidate>, Error> {
    let sender = demand.sender.as_deref().unwrap_or_default();
    view.prepare(
        "SELECT claimable_at, key, state <> 'queued', locale FROM message
         WHERE lane = ?1 AND service = ?2 AND ifnull(sender, '') = ?3 AND ifnull(region, '') = ?4
             AND claimable_at <= ?5 AND expires_at > ?5
         ORDER BY claimable_at, key LIMIT ?6 OFFSET ?7",
    )?
    .query_map(
        (
            demand.lane.rank(),
            demand.service.number(),
            sender,
            &demand.region,
            now.as_unix_ms(),
            limit,
            skipped,
        ),
        |row| {
            let due = Timestamp::from_unix_ms(row.get(0)?);
            Ok(Candidate { due, key: row.get(1)?, tried: row.get(2)?, locale: row.get(3)? })
        },
    )?
    .map(|row| Ok(row?))
    .collect()
}

/// How many texts may begin an attempt at `now`, counted up to `enough`.
///
/// # Errors
/// Those of SQLite.
pub fn waiting(view: &View<'_>, now: Timestamp, enough: u32) -> Result<u32, Error> {
    let mut counted = 0;
    for lane in Lane::ALL {
        for demand in demands(view, lane, Service::Text)? {
            let sender = demand.sender.as_deref().unwrap_or_default();
            let left = enough.saturating_sub(counted);
            counted += view
                .prepare(
                    "SELECT count(*) FROM (
                         SELECT 1 FROM message
                         WHERE lane = ?1 AND service = ?2 AND ifnull(sender, '') = ?3
                             AND ifnull(region, '') = ?4 AND claimable_at <= ?5
                         LIMIT ?6)",
                )?
                .query_row(
                    (
                        lane.rank(),
                        demand.service.number(),
                        sender,
                        &demand.region,
                        now.as_unix_ms(),
                        left,
                    ),
                    |row| row.get::<_, u32>(0),
                )?;
            if counted >= enough {
                return Ok(counted);
            }
        }
    }
    Ok(counted)
}

/// How many messages of a lane wait for an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// The lane.
    pub lane: Lane,
    /// Those whose time has come.
    pub due: u32,
    /// Those whose time comes later.
    pub later: u32,
    /// Since when the oldest of those that are due waits.
    pub oldest: Option<Timestamp>,
}

/// How many messages wait at `now`, in the lanes where any do. Reads the index of those alone.
///
/// # Errors
/// Those of SQLite.
pub fn depth(view: &View<'_>, now: Timestamp) -> Result<Vec<Depth>, Error> {
    let mut statement = view.prepare(
        "SELECT lane, sum(claimable_at <= ?1), sum(claimable_at > ?1), min(claimable_at)
         FROM message WHERE claimable_at IS NOT NULL GROUP BY lane",
    )?;
    let rows = statement.query_map([now.as_unix_ms()], |row| {
        Ok((row.get::<_, u8>(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let read = |row: rusqlite::Result<_>| {
        let (rank, due, later, oldest) = row?;
        let oldest = (due > 0).then(|| Timestamp::from_unix_ms(oldest));
        Ok(Depth { lane: word::read_lane(rank)?, due, later, oldest })
    };
    rows.map(read).collect()
}

/// All messages that have not ended.
///
/// # Errors
/// Those of SQLite.
pub fn open(view: &View<'_>) -> Result<Vec<i64>, Error> {
    view.prepare("SELECT key FROM message WHERE deadline_at IS NOT NULL")?
        .query_map([], |row| row.get(0))?
        .map(|row| Ok(row?))
        .collect()
}

/// A segment that may follow those of its attempt that went before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
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
            "SELECT s.key, m.lane
             FROM segment s JOIN message m ON m.key = s.message
             WHERE s.sim = (SELECT key FROM sim WHERE id = ?1) AND s.state = 'pending'
             ORDER BY m.lane, s.key LIMIT 1",
        )?
        .query_row([sim], |row| Ok((read_segment(row)?, row.get::<_, u8>(1)?)))
        .optional()?;
    row.map(|(segment, rank)| Ok(Pending { segment, lane: word::read_lane(rank)? })).transpose()
}

/// Attempts with segments that still have to go out, each with its message and SIM.
///
/// # Errors
/// Those of SQLite.
pub fn unfinished_attempts(view: &View<'_>) -> Result<Vec<(i64, i64, String)>, Error> {
    view.prepare(
        "SELECT DISTINCT s.message, s.attempt, sim.id
         FROM segment s JOIN sim ON sim.key = s.sim WHERE s.state = 'pending'",
    )?
    .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
    .map(|row| Ok(row?))
    .collect()
}

/// When something falls due by itself: the earliest deadline, or the earliest claim after `now`. A message
/// that has not waited since it was accepted is due since then.
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
        "SELECT min(claimable_at) FROM message
         WHERE claimable_at > ?1 AND claimable_at <> created_at",
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

/// A segment that a modem was given and has not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnTheAir {
    /// Which: a call is one, too.
    pub segment: SegmentId,
    /// The modem that may still answer it: none for a call, nor where that cannot be read.
    pub modem: Option<String>,
    /// When it was given it.
    pub since: Timestamp,
}

/// All segments on the air, none of which has a reference. Each is found, whatever cannot be read of it.
///
/// # Errors
/// Those of SQLite.
pub fn submitting(view: &View<'_>) -> Result<Vec<OnTheAir>, Error> {
    view.prepare(
        "SELECT s.key, iif(m.channel = 'sms', first.modem, NULL), s.submitting_at
         FROM segment s LEFT JOIN segment first ON first.key = (s.attempt << 8 | 1)
             LEFT JOIN message m ON m.key = s.message
         WHERE s.reference IS NULL AND s.state = 'submitting' AND s.state IN ('submitting', 'unanswered', 'submitted')",
    )?
    .query_map([], |row| {
        let since = optional_time(row, 2).unwrap_or_default().unwrap_or_default();
        let modem = row.get(1).unwrap_or_default();
        Ok(OnTheAir { segment: read_segment(row)?, modem, since })
    })?
    .map(|row| Ok(row?))
    .collect()
}

/// The calls that somebody answered, and whose end is still to come.
///
/// # Errors
/// Those of SQLite.
pub fn talking(view: &View<'_>) -> Result<Vec<SegmentId>, Error> {
    view.prepare(
        "SELECT s.key
         FROM segment s JOIN message m ON m.key = s.message
         WHERE s.reference IS NULL AND s.state = 'submitted' AND s.state IN ('submitting', 'unanswered', 'submitted')
             AND m.channel = 'voice'",
    )?
    .query_map([], read_segment)?
    .map(|row| Ok(row?))
    .collect()
}

/// The modems of calls that nobody has answered yet, and that nobody wants any more. A call's one segment is the first of
/// its attempt.
///
/// # Errors
/// Those of SQLite.
pub fn rings_in_vain(view: &View<'_>) -> Result<Vec<String>, Error> {
    view.prepare(
        "SELECT s.modem
         FROM segment s JOIN message m ON m.key = s.message
         WHERE s.reference IS NULL AND s.state = 'submitting' AND s.state IN ('submitting', 'unanswered', 'submitted')
             AND m.channel = 'voice' AND m.abandoned = 1",
    )?
    .query_map([], |row| row.get(0))?
    .map(|row| Ok(row?))
    .collect()
}

/// A segment whose reference is known, as far as delivery reports are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The segment.
    pub segment: SegmentId,
    /// Where it is.
    pub state: SegmentState,
    /// When the network took it.
    pub submitted_at: Option<Timestamp>,
    /// When its last report came.
    pub reported_at: Option<Timestamp>,
    /// When the service centre took it, by its own clock, as its last report says.
    pub taken_at: Option<Timestamp>,
}

/// The newest segment taken since `since`, and no later than `until`, that a report with this reference can be about: of
/// those that wait for one, and of the latest messages to that recipient; of these only, where one waits, what came behind it.
///
/// # Errors
/// Those of SQLite, and [`Error::UnknownWord`].
pub fn submitted(
    view: &View<'_>,
    sim: &str,
    reference: u8,
    tail: &str,
    window: (Timestamp, Timestamp),
) -> Result<Option<Known>, Error> {
    let waiting = waits_for_report(view, sim, reference, tail, window)?;
    let behind = waiting.map_or(0, |it| it.segment.message());
    let (since, until) = (window.0.as_unix_ms(), window.1.as_unix_ms());
    let latest = known(view, OF_THE_LATEST, (sim, reference, since, until, tail, behind))?;
    Ok(waiting.into_iter().chain(latest).max_by_key(|it| it.submitted_at))
}

/// The newest of them that still waits for a report.
///
/// # Errors
/// Those of SQLite, and [`Error::UnknownWord`].
pub fn waits_for_report(
    view: &View<'_>,
    sim: &str,
    reference: u8,
    tail: &str,
    window: (Timestamp, Timestamp),
) -> Result<Option<Known>, Error> {
    let (since, until) = (window.0.as_unix_ms(), window.1.as_unix_ms());
    known(view, THAT_WAITS, (sim, reference, since, until, tail))
}

const THAT_WAITS: &str = "SELECT s.key, s.state, s.submitted_at, s.reported_at, s.taken_at
     FROM segment s JOIN message m ON m.key = s.message
     WHERE s.sim = (SELECT key FROM sim WHERE id = ?1) AND s.reference = ?2 AND s.submitted_at BETWEEN ?3 AND ?4
         AND s.state = 'submitted' AND s.state IN ('submitting', 'unanswered', 'submitted')
         AND substr(m.recipient, -length(?5)) = ?5
     ORDER BY s.submitted_at DESC LIMIT 1";

/// Of so many messages that a report which comes again, or too late, is about one of them, wherever one SIM sent them: its
/// reference has gone round the circle of 256 by then. Each of them is a step through the index for a report that fits
/// nothing that waits, and for no other: the digits are all of those that the index has.
const OF_THE_LATEST: &str = "SELECT s.key, s.state, s.submitted_at, s.reported_at, s.taken_at
     FROM (SELECT key AS latest FROM message WHERE substr(recipient, -7) = ?5 AND counted IS NOT NULL AND key >= ?6
             ORDER BY key DESC LIMIT 256)
         JOIN segment s ON s.key > latest << 28 AND s.key < (latest + 1) << 28
     WHERE s.sim = (SELECT key FROM sim WHERE id = ?1) AND s.reference = ?2 AND s.submitted_at BETWEEN ?3 AND ?4
     ORDER BY s.submitted_at DESC LIMIT 1";

fn known(view: &View<'_>, sql: &str, parameters: impl Params) -> Result<Option<Known>, Error> {
    let read = |row: &Row<'_>| -> Result<Known, Error> {
        Ok(Known {
            segment: read_segment(row)?,
            state: word::read("segment", "state", &row.get::<_, String>("state")?)?,
            submitted_at: optional_time(row, "submitted_at")?,
            reported_at: optional_time(row, "reported_at")?,
            taken_at: optional_time(row, "taken_at")?,
        })
    };
    view.prepare(sql)?.query_row(parameters, |row| Ok(read(row))).optional()?.transpose()
}

/// A segment to this recipient, begun in that time, whose reference is not known, because the answer was lost: a report
/// that fits no other can be about it, unless one was that says that the service centre took it at another time. Last
/// comes one that was refused in doubt; before that, what has not ended, what the network has taken for certain, the oldest.
///
/// # Errors
/// Those of SQLite.
pub fn unanswered(
    view: &View<'_>,
    sim: &str,
    tail: &str,
    begun: (Timestamp, Timestamp),
    taken_at: Option<Timestamp>,
) -> Result<Option<SegmentId>, Error> {
    without_reference(view, false, sim, tail, begun, taken_at)
}

/// The segment to this recipient, begun in that time, whose answer is still to come.
///
/// # Errors
/// Those of SQLite.
pub fn on_the_air(
    view: &View<'_>,
    sim: &str,
    tail: &str,
    begun: (Timestamp, Timestamp),
    taken_at: Option<Timestamp>,
) -> Result<Option<SegmentId>, Error> {
    without_reference(view, true, sim, tail, begun, taken_at)
}

fn without_reference(
    view: &View<'_>,
    on_the_air: bool,
    sim: &str,
    tail: &str,
    (since, before): (Timestamp, Timestamp),
    taken_at: Option<Timestamp>,
) -> Result<Option<SegmentId>, Error> {
    let (since, before) = (since.as_unix_ms(), before.as_unix_ms());
    let taken_at = taken_at.map(Timestamp::as_unix_ms);
    let found = view
        .prepare(
            "SELECT s.key
             FROM segment s JOIN message m ON m.key = s.message
             WHERE s.sim = (SELECT key FROM sim WHERE id = ?1) AND (s.state = 'submitting') = ?2
                 AND s.reference IS NULL AND m.channel = 'sms' AND s.state IN ('submitting', 'unanswered', 'submitted')
                 AND substr(m.recipient, -length(?3)) = ?3 AND s.submitting_at >= ?4 AND s.submitting_at < ?5
                 AND (s.taken_at IS NULL OR s.taken_at IS ?6)
             ORDER BY s.detail IS NOT NULL, m.ended_at IS NOT NULL, s.state = 'unanswered', s.submitting_at LIMIT 1",
        )?
        .query_row((sim, on_the_air, tail, since, before, taken_at), read_segment)
        .optional()?;
    Ok(found)
}

fn read_segment(row: &Row<'_>) -> rusqlite::Result<SegmentId> {
    Ok(SegmentId::of_key(row.get(0)?))
}

/// The statements that are put together from pieces.
#[cfg(test)]
pub(super) fn pieced_together() -> [String; 3] {
    [FIRST, SAME_SENDER, NEXT_SENDER].map(demand_sql)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, Tx};

    fn add(tx: &Tx<'_>, sender: Option<&str>, region: Option<&str>, due: i64) -> Result<(), Error> {
        tx.prepare(
            "INSERT INTO message (id, transaction_id, state, channel, purpose, lane, recipient,
                 region, encoding, segments, flash, sender, on_unknown, actor_id, actor_name, service,
                 created_at, not_before, expires_at, claimable_at, deadline_at)
             VALUES (hex(randomblob(8)), '', 'queued', 'sms', 'general', 2, '+1', ?2, 'GSM-7', 1,
                 0, ?1, 'hold', '', '', 0, 0, 0, 1000, ?3, 1000)",
        )?
        .execute((sender, region, due))?;
        Ok(())
    }

    #[tokio::test]
    async fn what_is_on_the_air_is_found_whatever_cannot_be_read_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let work = |tx: &Tx<'_>| {
            add(tx, None, None, 0)?;
            add(tx, None, None, 0)?;
            tx.prepare("UPDATE message SET channel = 'voice' WHERE key = 2")?.execute([])?;
            let text = SegmentId::first_of(1, 1);
            let begin = |segment: SegmentId, modem: Option<&str>| {
                let shared = modem.map(|_| 1);
                tx.prepare(
                    "INSERT INTO segment (key, sim, state, submitting_at, modem, concat_reference, reports,
                         settle_ms, report_deadline) VALUES (?1, 1, 'submitting', 7, ?2, ?3, ?3, ?3, ?3)",
                )?
                .execute((segment.key(), modem, shared))?;
                Ok::<_, Error>(())
            };
            begin(text, Some("m1"))?;
            begin(SegmentId { sequence: 2, ..text }, None)?;
            begin(SegmentId::first_of(2, 1), Some("m2"))?;
            // Of a message that is not there, and without the row of its attempt.
            begin(SegmentId { sequence: 2, ..SegmentId::first_of(3, 1) }, None)?;
            let mut found = submitting(tx)?;
            found.sort_by_key(|it| it.segment.key());
            Ok(found.into_iter().map(|it| (it.segment.message(), it.modem)).collect::<Vec<_>>())
        };
        let m1 = || Some("m1".to_owned());
        let found = store.write(work).await.unwrap();
        assert_eq!(found, [(1, m1()), (1, m1()), (2, None), (3, None)]);
    }

    #[tokio::test]
    async fn each_demand_is_told_once_and_its_messages_in_the_order_of_their_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let work = |tx: &Tx<'_>| {
            let rows = [(None, "US", 5), (None, "US", 3), (None, "DE", 9), (Some("a"), "US", 1)];
            for (sender, region, due) in rows {
                add(tx, sender, Some(region), due)?;
            }
            add(tx, None, None, 2)?;
            let demands = demands(tx, Lane::Bulk, Service::Text)?;
            let told: Vec<_> =
                demands.iter().map(|it| (it.sender.as_deref(), it.region.as_str())).collect();
            assert_eq!(told, [(None, ""), (None, "DE"), (None, "US"), (Some("a"), "US")]);
            assert!(super::demands(tx, Lane::Otp, Service::Text)?.is_empty());
            assert!(super::demands(tx, Lane::Bulk, Service::ALL[1])?.is_empty());
            let due = |now, page| {
                let found = claimable(tx, &demands[2], Timestamp::from_unix_ms(now), page)?;
                Ok::<_, Error>(found.iter().map(|it| it.due.as_unix_ms()).collect::<Vec<_>>())
            };
            assert_eq!(due(9, (9, 0))?, [3, 5]);
            assert_eq!(
                (due(9, (9, 1))?, due(9, (1, 0))?, due(4, (9, 0))?),
                (vec![5], vec![3], vec![3])
            );
            assert!(due(1000, (9, 0))?.is_empty(), "expired");
            let depth = depth(tx, Timestamp::from_unix_ms(3))?;
            let oldest = Some(Timestamp::from_unix_ms(1));
            assert_eq!(depth, [Depth { lane: Lane::Bulk, due: 3, later: 2, oldest }]);
            assert_eq!(super::depth(tx, Timestamp::from_unix_ms(0))?[0].oldest, None);
            Ok(())
        };
        store.write(work).await.unwrap();
    }
}
