//! Tables `message` and `segment`, as the outbox sees them: one [`Progress`].

use std::{cmp::Reverse, time::Duration};

use rusqlite::{OptionalExtension, Row};

use super::{
    Error, Tx, View, fallback,
    message::{detail, erase_text, optional_time},
    sim, word,
};
use crate::domain::{Attempt, Progress, Segment, SegmentId, Timestamp};

/// How far the message `key` has come.
///
/// # Errors
/// [`Error::Missing`], and those of SQLite.
pub fn load(view: &View<'_>, key: i64) -> Result<Progress, Error> {
    let mut progress = view
        .prepare(
            "SELECT channel, lane, on_unknown, abandoned, not_before > created_at, expires_at, state, reason, sent_at, ended_at, send_logged,
                 iif(fallback IS NULL, NULL, (SELECT f.expires_at FROM fallback f WHERE f.message = message.key AND NOT f.erased)),
                 claimable_at, deadline_at
             FROM message WHERE key = ?1",
        )?
        .query_row([key], |row| Ok(read_message(row)))
        .optional()?
        .ok_or(Error::Missing("the message"))??;
    progress.attempts = attempts(view, key)?;
    Ok(progress)
}

fn attempts(view: &View<'_>, key: i64) -> Result<Vec<Attempt>, Error> {
    let mut statement = view.prepare(
        "SELECT s.state, s.reference, s.submitting_at, s.submitted_at, s.reported_at, s.detail,
             s.key, s.modem, sim.id, s.concat_reference, s.reports, s.settle_ms, s.report_deadline
         FROM segment s JOIN sim ON sim.key = s.sim
         WHERE s.key > ?1 AND s.key < ?2 ORDER BY s.key",
    )?;
    let mut rows = statement.query(segments_of(key))?;
    let mut attempts: Vec<Attempt> = Vec::new();
    while let Some(row) = rows.next()? {
        let segment = SegmentId::of_key(row.get(6)?);
        if segment.is_first() {
            attempts.push(read_attempt(segment.attempt, row)?);
        }
        let begun = attempts.last_mut().filter(|it| it.key == segment.attempt);
        let attempt = begun.ok_or(Error::Missing("the first segment"))?;
        attempt.segments.push(read_segment(row)?);
    }
    Ok(attempts)
}

/// Stores what differs between `before` and `after`.
///
/// # Errors
/// Those of SQLite.
pub fn save(tx: &Tx<'_>, key: i64, before: &Progress, after: &Progress) -> Result<(), Error> {
    save_message(tx, key, before, after)?;
    for (index, attempt) in after.attempts.iter().enumerate() {
        let Some(old) = before.attempts.get(index) else {
            insert_attempt(tx, attempt)?;
            continue;
        };
        if old.report_deadline != attempt.report_deadline {
            tx.prepare("UPDATE segment SET report_deadline = ?2 WHERE key = ?1 << 8 | 1")?
                .execute((attempt.key, attempt.report_deadline.as_unix_ms()))?;
        }
        for ((id, segment), old) in segments(attempt).zip(&old.segments) {
            if old != segment {
                save_segment(tx, id, segment)?;
            }
        }
    }
    if after.claimable_at.is_some() && after.claimable_at != before.claimable_at {
        tx.signal_queue();
    }
    Ok(())
}

/// Puts off the message `key`, which cannot be read: nothing of it goes out any more, and it is looked at when its time
/// is up; its text goes then, and it is looked at `later`.
///
/// # Errors
/// Those of SQLite.
pub fn put_off(tx: &Tx<'_>, key: i64, now: Timestamp, later: Timestamp) -> Result<(), Error> {
    let (first, end) = segments_of(key);
    tx.prepare(
        "UPDATE segment SET state = 'dropped' WHERE key > ?1 AND key < ?2 AND state = 'pending'",
    )?
    .execute((first, end))?;
    let waits = tx
        .prepare(
            "UPDATE message SET claimable_at = NULL, deadline_at = iif(expires_at > ?2, expires_at, ?3)
             WHERE key = ?1 AND deadline_at IS NOT NULL RETURNING expires_at > ?2",
        )?
        .query_row((key, now.as_unix_ms(), later.as_unix_ms()), |row| row.get(0))
        .optional()?;
    if waits == Some(true) {
        return Ok(());
    }
    erase_text(tx, key)?;
    fallback::erase(tx, key)
}

/// The keys between which those of all segments of the message `key` are.
pub(super) const fn segments_of(key: i64) -> (i64, i64) {
    // Attempts count from 1.
    (SegmentId::first_of(key, 0).key(), SegmentId::first_of(key + 1, 0).key())
}

/// The segments of an attempt, as they are named.
fn segments(attempt: &Attempt) -> impl Iterator<Item = (SegmentId, &Segment)> {
    let ids = (1..=u8::MAX).map(|sequence| SegmentId { attempt: attempt.key, sequence });
    ids.zip(&attempt.segments)
}

/// How many attempts, of those to a recipient that were begun last, are looked at for the references that were given: more
/// than are begun between the first attempt of a message and its last. Of ten segments each, the most that a message may
/// have, they leave room on the circle of 256.
const LOOKED_AT: usize = 16;

/// Among how many attempts, of the newest messages to a recipient, those are found: more than go out before a message that
/// is older and less urgent.
const FOUND_AMONG: u32 = 128;

/// A concatenation reference for a new attempt: behind the last that its recipient was given, by as many as that has
/// segments, so that a phone meets the same one again only after 256 segments. The references behind it are those that
/// its segments are written with (TP-MR), and belong to no other message then, where a modem sends those.
///
/// # Errors
/// Those of SQLite.
pub fn next_concat_reference(tx: &Tx<'_>, message: i64, now: Timestamp) -> Result<u8, Error> {
    let mut attempts: Vec<(Option<i64>, u8, u8)> = tx
        .prepare(
            "SELECT first.submitting_at, first.concat_reference,
                 (SELECT max(key) & 255 FROM segment WHERE key >= first.key AND key <= first.key | 255)
             FROM message it JOIN message m ON substr(m.recipient, -7) = substr(it.recipient, -7)
                 JOIN segment first
                 ON first.key > m.key << 28 AND first.key < (m.key + 1) << 28 AND first.key & 255 = 1
             WHERE it.key = ?1 AND m.recipient = it.recipient AND m.counted IS NOT NULL
             ORDER BY m.key DESC, first.key DESC LIMIT ?2",
        )?
        .query_map((message, FOUND_AMONG), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    // What ended before the clock was set back was not begun after now.
    let now = Some(now.as_unix_ms());
    attempts.sort_by_key(|(begun, ..)| Reverse((*begun <= now, *begun)));
    attempts.truncate(LOOKED_AT);
    let of_each = |(_, first, count): &(Option<i64>, u8, u8)| {
        let first = *first;
        (0..*count).map(move |nth| first.wrapping_add(nth))
    };
    let mut given: Vec<u8> = attempts.iter().flat_map(of_each).collect();
    given.sort_unstable();
    given.dedup();
    // A message that is tried again takes one behind those of newer messages. They stand side by side on a circle of
    // 256 all the same: the last is the one before the widest gap.
    let following = given.iter().cycle().skip(1);
    let gap = |(one, next): &(&u8, &u8)| next.wrapping_sub(**one).wrapping_sub(1);
    let last = given.iter().zip(following).max_by_key(gap);
    Ok(last.map_or(1, |(last, _)| last.wrapping_add(1)))
}

const SAVE_STATE: &str =
    "UPDATE message SET state = ?2, reason = ?3, sent_at = ?4, ended_at = ?5, send_logged = ?6, expires_at = ?7
     WHERE key = ?1";
const SAVE_STATE_AND_WAITS: &str =
    "UPDATE message SET state = ?2, reason = ?3, sent_at = ?4, ended_at = ?5, send_logged = ?6, expires_at = ?7,
         claimable_at = ?8, deadline_at = ?9
     WHERE key = ?1";

fn save_message(tx: &Tx<'_>, key: i64, before: &Progress, after: &Progress) -> Result<(), Error> {
    let scalars = |progress: &Progress| Progress { attempts: Vec::new(), ..progress.clone() };
    if scalars(before) == scalars(after) {
        return Ok(());
    }
    let states = rusqlite::params![
        key,
        after.phase.as_str(),
        after.reason.map(|detail| detail.as_str()),
        after.sent_at.map(Timestamp::as_unix_ms),
        after.ended_at.map(Timestamp::as_unix_ms),
        after.send_logged,
        after.expires_at.as_unix_ms(),
    ];
    let waits = rusqlite::params![
        after.claimable_at.map(Timestamp::as_unix_ms),
        after.deadline_at.map(Timestamp::as_unix_ms),
    ];
    // SQLite writes an index anew for a column that it is told to set, even to what it is.
    if (before.claimable_at, before.deadline_at) == (after.claimable_at, after.deadline_at) {
        tx.prepare(SAVE_STATE)?.execute(states)?;
    } else {
        tx.prepare(SAVE_STATE_AND_WAITS)?.execute(&*[states, waits].concat())?;
    }
    if let Some(until) =
        after.fallback_until.filter(|_| before.fallback_until != after.fallback_until)
    {
        fallback::set_until(tx, key, until)?;
    }
    Ok(())
}

fn insert_attempt(tx: &Tx<'_>, attempt: &Attempt) -> Result<(), Error> {
    let sim = sim::number(tx, &attempt.sim)?;
    let settle = i64::try_from(attempt.settle.as_millis()).unwrap_or(i64::MAX);
    for (id, segment) in segments(attempt) {
        let of_all = id.is_first().then_some(attempt);
        tx.prepare(
            "INSERT INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute((
            id.key(),
            sim,
            segment.state.as_str(),
            segment.reference,
            segment.submitting_at.map(Timestamp::as_unix_ms),
            segment.submitted_at.map(Timestamp::as_unix_ms),
            segment.reported_at.map(Timestamp::as_unix_ms),
            segment.detail.map(|detail| detail.as_str()),
            of_all.map(|it| &it.modem),
            of_all.map(|it| it.concat_reference),
            of_all.map(|it| it.reports),
            of_all.map(|_| settle),
            of_all.map(|it| it.report_deadline.as_unix_ms()),
        ))?;
    }
    Ok(())
}

fn save_segment(tx: &Tx<'_>, id: SegmentId, segment: &Segment) -> Result<(), Error> {
    tx.prepare(
        "UPDATE segment SET state = ?2, reference = ?3, submitting_at = ?4, submitted_at = ?5,
             reported_at = ?6, detail = ?7
         WHERE key = ?1",
    )?
    .execute((
        id.key(),
        segment.state.as_str(),
        segment.reference,
        segment.submitting_at.map(Timestamp::as_unix_ms),
        segment.submitted_at.map(Timestamp::as_unix_ms),
        segment.reported_at.map(Timestamp::as_unix_ms),
        segment.detail.map(|detail| detail.as_str()),
    ))?;
    Ok(())
}

/// Notes when the service centre took a segment, by its own clock.
///
/// # Errors
/// Those of SQLite.
pub fn note_taken(
    tx: &Tx<'_>,
    segment: SegmentId,
    taken_at: Option<Timestamp>,
) -> Result<(), Error> {
    tx.prepare("UPDATE segment SET taken_at = ?2 WHERE key = ?1")?
        .execute((segment.key(), taken_at.map(Timestamp::as_unix_ms)))?;
    Ok(())
}

/// By the places of the columns in `load`, and below in `attempts`: their names would be looked for in each row.
fn read_message(row: &Row<'_>) -> Result<Progress, Error> {
    let text = |column| row.get::<_, String>(column);
    Ok(Progress {
        channel: word::read("message", "channel", &text(0)?)?,
        lane: word::read_lane(row.get(1)?)?,
        on_unknown: word::read("message", "on_unknown", &text(2)?)?,
        abandoned: row.get(3)?,
        scheduled: row.get(4)?,
        expires_at: Timestamp::from_unix_ms(row.get(5)?),
        phase: word::read("message", "state", &text(6)?)?,
        reason: detail("message", "reason", row.get(7)?)?,
        sent_at: optional_time(row, 8)?,
        ended_at: optional_time(row, 9)?,
        send_logged: row.get(10)?,
        fallback_until: optional_time(row, 11)?,
        claimable_at: optional_time(row, 12)?,
        deadline_at: optional_time(row, 13)?,
        attempts: Vec::new(),
    })
}

fn read_attempt(key: i64, row: &Row<'_>) -> rusqlite::Result<Attempt> {
    Ok(Attempt {
        key,
        modem: row.get(7)?,
        sim: row.get(8)?,
        concat_reference: row.get(9)?,
        reports: row.get(10)?,
        settle: Duration::from_millis(row.get::<_, i64>(11)?.unsigned_abs()),
        report_deadline: Timestamp::from_unix_ms(row.get(12)?),
        segments: Vec::new(),
    })
}

fn read_segment(row: &Row<'_>) -> Result<Segment, Error> {
    Ok(Segment {
        state: word::read("segment", "state", &row.get::<_, String>(0)?)?,
        reference: row.get(1)?,
        submitting_at: optional_time(row, 2)?,
        submitted_at: optional_time(row, 3)?,
        reported_at: optional_time(row, 4)?,
        detail: detail("segment", "detail", row.get(5)?)?,
    })
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, time::Duration};

    use super::*;
    use crate::store::{message, samples};

    #[test]
    fn attempts_are_loaded_as_they_were_saved_however_many_segments_they_have() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let key = message::insert(tx, &samples::message(now)).unwrap();
            let attempt = |number, length| {
                let sample = samples::attempt(SegmentId::first_of(key, number), now);
                Attempt { segments: vec![Segment::PENDING; length], ..sample }
            };
            let mut stored = load(tx, key).unwrap();
            let mut change = |attempts| {
                let after = Progress { attempts, ..stored.clone() };
                save(tx, key, &stored, &after).unwrap();
                stored = load(tx, key).unwrap();
                assert_eq!(stored, after);
            };
            let long = Attempt { modem: "other".into(), reports: false, ..attempt(2, 255) };
            change(vec![attempt(1, 1)]);
            change(vec![attempt(1, 1), long.clone(), attempt(3, 3)]);
            let moved = Attempt { report_deadline: now, ..long };
            change(vec![attempt(1, 1), moved, attempt(3, 3)]);
        });
    }

    #[test]
    fn attempts_to_one_recipient_have_different_references_whatever_their_order() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let message = || message::insert(tx, &samples::message(now)).unwrap();
            let begun = Cell::new(now);
            let begin_long = |key, number, concat_reference, length| {
                let first = SegmentId::first_of(key, number);
                begun.set(begun.get().after(Duration::from_millis(1)));
                let begun = Segment { submitting_at: Some(begun.get()), ..Segment::PENDING };
                let segments = vec![begun; length];
                let sample = samples::attempt(first, now);
                insert_attempt(tx, &Attempt { concat_reference, segments, ..sample }).unwrap();
                concat_reference
            };
            let begin_with = |key, number, reference| begin_long(key, number, reference, 1);
            let next = |key| next_concat_reference(tx, key, begun.get()).unwrap();
            let begin = |key, number| begin_with(key, number, next(key));
            let keys = [message(), message(), message(), message()];
            // The first was refused, and goes out through another SIM after the second.
            let given =
                [begin(keys[0], 1), begin(keys[1], 1), begin(keys[0], 2), begin(keys[2], 1)];
            assert_eq!(given, [1, 2, 3, 4]);
            // Through the same SIM it keeps its reference.
            begin_with(keys[0], 3, 1);
            assert_eq!(begin(keys[3], 1), 5);
            let mut last = 5_u8;
            for _ in 0..100 {
                let keys = [message(), message()];
                for (key, number) in [(keys[1], 1), (keys[0], 1), (keys[0], 2), (keys[1], 2)] {
                    let given = begin(key, number);
                    assert_eq!(given, last.wrapping_add(1));
                    last = given;
                }
            }
            // Each segment has its own, whether the attempts behind it have as many or not.
            let mut following = last.wrapping_add(1);
            for length in [10; 60].into_iter().chain([1, 2, 3]) {
                let key = message();
                let given = next(key);
                assert_eq!(begin_long(key, 1, given, length), following);
                following = given.wrapping_add(u8::try_from(length).unwrap());
            }
            // What is less urgent waits until all that came behind it has gone out, and goes out in turns with that then.
            let waited = [(); 40].map(|()| message());
            let urgent = [(); 60].map(|()| message());
            let in_turns = waited.iter().zip(&urgent[20..]).flat_map(|(one, other)| [one, other]);
            for key in urgent[..20].iter().chain(in_turns) {
                assert_eq!(begin(*key, 1), following);
                following = following.wrapping_add(1);
            }
            // The clock was set back to when the first of them went out.
            begun.set(now);
            for _ in 0..60 {
                assert_eq!(begin(message(), 1), following);
                following = following.wrapping_add(1);
            }
        });
    }
}
