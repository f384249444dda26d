//! Tables `event_term` and `event_index`: where in the System Log the events with a value stand, and up to
//! which event that is known, and the usage counted.

use rusqlite::OptionalExtension as _;

use super::{Error, Tx, View, condition::Index, term_value, usage};
use crate::domain::Timestamp;

/// The events that a term has, and in its order: SQLite would not read `event` first and join that.
pub(super) const TERM: &str = "event_term CROSS JOIN event ON seq = event_term.event";

/// In which order a term has the events with one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Published,
    /// Of commits.
    Seq,
}

/// What events are found by: the values of a column, in one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Term {
    /// What the tables call it.
    pub(super) number: u8,
    /// By which column, or all events.
    index: Option<Index>,
    pub(super) by: By,
}

impl Term {
    /// All events, by publication.
    pub(super) const PUBLISHED: Self = Self { number: 0, index: None, by: By::Published };
    const UUID: Self = Self::of(1, Index::Uuid, By::Seq);

    /// What is asked for in either order, and may be met by very many, has two.
    pub(super) const ALL: [Self; 14] = [
        Self::PUBLISHED,
        Self::UUID,
        Self::of(2, Index::Transaction, By::Seq),
        Self::of(3, Index::Recipient, By::Published),
        Self::of(4, Index::User, By::Published),
        Self::of(5, Index::ClientIp, By::Published),
        Self::of(6, Index::Reason, By::Published),
        Self::of(7, Index::Modem, By::Published),
        Self::of(8, Index::Outcome, By::Published),
        Self::of(9, Index::Outcome, By::Seq),
        Self::of(10, Index::EventType, By::Published),
        Self::of(11, Index::EventType, By::Seq),
        Self::of(12, Index::ActorId, By::Published),
        Self::of(13, Index::ActorId, By::Seq),
    ];

    const fn of(number: u8, index: Index, by: By) -> Self {
        Self { number, index: Some(index), by }
    }

    /// The one that leads to events in that order, or else in another.
    pub(super) fn leading(index: Index, by: By) -> Option<Self> {
        let of_it = Self::ALL.into_iter().filter(|it| it.index == Some(index));
        of_it.max_by_key(|it| it.by == by)
    }

    /// What stands in column `value` for events of that text.
    pub(super) fn value_of(self, text: &str) -> i32 {
        match self.index {
            None => 0,
            Some(index) if index.is_id() => term_value::of_id(text.as_bytes()),
            Some(_) => term_value::of_text(text.as_bytes()),
        }
    }

    /// The same in SQL, of table `event`; where that is NULL, there is no row.
    fn value(self) -> String {
        let Some(index) = self.index else { return "0".to_owned() };
        let value = if index.is_id() { "id_value" } else { "text_value" };
        format!("{value}({})", index.column())
    }

    /// What stands in column `at`.
    const fn at(self) -> &'static str {
        match self.by {
            By::Published => "published",
            By::Seq => "0",
        }
    }

    fn fill(self) -> String {
        let (value, at) = (self.value(), self.at());
        format!(
            "INSERT OR IGNORE INTO event_term (term, value, at, event)
             SELECT ?1, {value}, {at}, seq FROM event
             WHERE seq > ?2 AND seq <= ?3 AND {value} IS NOT NULL ORDER BY 2, 3, 4"
        )
    }

    fn forget(self) -> String {
        let (value, at) = (self.value(), self.at());
        format!(
            "DELETE FROM event_term WHERE term = ?1
                 AND (value, at, event) = (SELECT {value}, {at}, seq FROM event WHERE seq = ?2)"
        )
    }
}

/// What is made of events behind their commit, and how far it has come stands in `event_index`.
#[derive(Debug, Clone, Copy)]
enum Made {
    Term(Term),
    Usage,
}

impl Made {
    /// What the tables call the usage that is counted.
    const USAGE: u8 = 14;

    fn of(number: u8) -> Option<Self> {
        let term = Term::ALL.into_iter().find(|term| term.number == number).map(Self::Term);
        term.or_else(|| (number == Self::USAGE).then_some(Self::Usage))
    }
}

/// Up to which event all terms reach, and the usage is counted. Some may reach further.
///
/// # Errors
/// Those of SQLite.
pub(super) fn reach(view: &View<'_>) -> Result<i64, Error> {
    let seq = view.prepare("SELECT min(seq) FROM event_index")?.query_row([], |row| row.get(0))?;
    Ok(seq)
}

/// Up to which event the usage is counted.
///
/// # Errors
/// Those of SQLite.
pub(super) fn usage_reach(view: &View<'_>) -> Result<i64, Error> {
    let seq = view
        .prepare("SELECT seq FROM event_index WHERE term = ?1")?
        .query_row([Made::USAGE], |row| row.get(0))?;
    Ok(seq)
}

/// Puts the next events, none after `to`, into the terms that are furthest behind, or counts them: at most `limit`
/// into one of them, or fewer into several, so that it takes as long. Says whether more are left.
///
/// # Errors
/// Those of SQLite.
pub(super) fn fill_next(tx: &Tx<'_>, to: i64, limit: i64) -> Result<bool, Error> {
    let mut left = limit;
    while let Some((made, from)) = furthest_behind(tx, to)? {
        let count = limit.min(to - from);
        if count > left {
            return Ok(true);
        }
        match made {
            Made::Term(term) => fill(tx, term, from, from + count)?,
            Made::Usage => count_usage(tx, from, from + count)?,
        }
        left -= count;
    }
    Ok(false)
}

/// What does not reach up to `to`, and how far it does.
fn furthest_behind(view: &View<'_>, to: i64) -> Result<Option<(Made, i64)>, Error> {
    let found: Option<(u8, i64)> = view
        .prepare("SELECT term, seq FROM event_index WHERE seq < ?1 ORDER BY seq, term LIMIT 1")?
        .query_row([to], |row| row.try_into())
        .optional()?;
    Ok(found.and_then(|(number, from)| Some((Made::of(number)?, from))))
}

/// Puts the events after `from`, up to which it reaches, into a term. They come in its order, so that each of
/// its pages is written once. One that is there already stays: nothing that was damaged keeps others out for ever.
pub(super) fn fill(tx: &Tx<'_>, term: Term, from: i64, to: i64) -> Result<(), Error> {
    tx.prepare(&term.fill())?.execute((term.number, from, to))?;
    note_reach(tx, term.number, to)
}

/// Counts the events after `from`, up to which they are.
pub(super) fn count_usage(tx: &Tx<'_>, from: i64, to: i64) -> Result<(), Error> {
    usage::count(tx, from, to)?;
    note_reach(tx, Made::USAGE, to)
}

fn note_reach(tx: &Tx<'_>, number: u8, to: i64) -> Result<(), Error> {
    tx.prepare("UPDATE event_index SET seq = ?2 WHERE term = ?1")?.execute((number, to))?;
    Ok(())
}

/// The first events that were published before `before`, at most `limit` and none after `to`.
///
/// # Errors
/// Those of SQLite.
pub(super) fn oldest(
    view: &View<'_>,
    before: Timestamp,
    to: i64,
    limit: u32,
) -> Result<Vec<i64>, Error> {
    view.prepare(
        "SELECT event FROM event_term WHERE term = ?1 AND value = 0 AND at < ?2 AND event <= ?3
         ORDER BY at, event LIMIT ?4",
    )?
    .query_map((Term::PUBLISHED.number, before.as_unix_ms(), to, limit), |row| row.get(0))?
    .map(|event| Ok(event?))
    .collect()
}

/// Takes events that are to be deleted out of all terms.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(tx: &Tx<'_>, events: &[i64]) -> Result<(), Error> {
    for term in Term::ALL {
        let mut forget = tx.prepare(&term.forget())?;
        for event in events {
            forget.execute((term.number, event))?;
        }
    }
    Ok(())
}

/// The event of that uuid, if the terms reach as far.
///
/// # Errors
/// Those of SQLite.
pub(super) fn find(view: &View<'_>, uuid: &str) -> Result<Option<i64>, Error> {
    let event = view
        .prepare(&format!(
            "SELECT seq FROM {TERM} WHERE term = ?1 AND value = ?2 AND at = 0 AND uuid = ?3"
        ))?
        .query_row((Term::UUID.number, Term::UUID.value_of(uuid), uuid), |row| row.get(0))
        .optional()?;
    Ok(event)
}

/// The words that a column holds which has few: one step in its term for each, and a look at an event that has it.
///
/// # Errors
/// Those of SQLite.
pub(super) fn words(view: &View<'_>, index: Index) -> Result<Vec<String>, Error> {
    let Some(term) = Term::leading(index, By::Published) else { return Ok(Vec::new()) };
    view.prepare(&select_words(index))?
        .query_map([term.number], |row| row.get(0))?
        .filter_map(Result::transpose)
        .map(|word| Ok(word?))
        .collect()
}

/// One for each value: no two of these words share theirs.
fn select_words(index: Index) -> String {
    let column = index.column();
    format!(
        "WITH RECURSIVE word (it) AS (
             SELECT min(value) FROM event_term WHERE term = ?1
             UNION ALL
             SELECT (SELECT min(value) FROM event_term WHERE term = ?1 AND value > it)
                 FROM word WHERE it IS NOT NULL)
         SELECT (SELECT {column} FROM {TERM}
                 WHERE term = ?1 AND value = it LIMIT 1)
             FROM word WHERE it IS NOT NULL"
    )
}

/// The statements that are put together from pieces.
#[cfg(test)]
pub(super) fn pieced_together() -> impl Iterator<Item = String> {
    let words = [Index::Outcome, Index::EventType].map(select_words);
    Term::ALL.into_iter().flat_map(|term| [term.fill(), term.forget()]).chain(words)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        domain::{Detail, Event, EventType, Outcome},
        store::{
            Budget, Column, Condition, LogQuery, Operator, Order, event, page,
            samples::{self, Memory},
        },
    };

    /// Events at these times, every second of them from a modem and every third denied.
    fn append(tx: &Tx<'_>, times: &[i64]) {
        for (at, nth) in times.iter().zip(1_u32..) {
            let denied = nth.is_multiple_of(3);
            let event = Event {
                modem: nth.is_multiple_of(2).then(|| "m1".to_owned()),
                outcome: if denied { Outcome::Deny } else { Outcome::Success },
                detail: denied.then_some(Detail::RateLimited),
                ..samples::event(Timestamp::from_unix_ms(*at))
            };
            event::append(tx, &event).unwrap();
        }
    }

    fn count(tx: &Tx<'_>, sql: &str) -> i64 {
        tx.prepare(sql).unwrap().query_row([], |row| row.get(0)).unwrap()
    }

    /// That each term has the events up to which it reaches, where they have a value, and nothing else.
    fn assert_sound(tx: &Tx<'_>) {
        for term in Term::ALL {
            let (number, value, at) = (term.number, term.value(), term.at());
            let held = count(tx, &format!("SELECT count(*) FROM event_term WHERE term = {number}"));
            let right = format!(
                "SELECT count(*) FROM event e JOIN event_term t
                     ON (term, t.value, t.at, event) = ({number}, {value}, {at}, e.seq)"
            );
            let due = format!(
                "SELECT count(*) FROM event WHERE {value} IS NOT NULL
                     AND seq <= (SELECT seq FROM event_index WHERE term = {number})"
            );
            assert_eq!((count(tx, &right), count(tx, &due)), (held, held), "{term:?}");
        }
    }

    #[test]
    fn the_tables_know_the_terms_and_the_usage_and_no_other() {
        Memory::new().run(|tx| {
            let mut known = tx.prepare("SELECT term FROM event_index ORDER BY term").unwrap();
            let known = known.query_map([], |row| row.get(0)).unwrap();
            let known: Vec<u8> = known.map(Result::unwrap).collect();
            let terms = Term::ALL.map(|term| term.number).into_iter();
            assert_eq!(known, terms.chain([Made::USAGE]).collect::<Vec<_>>());
        });
    }

    #[test]
    fn a_term_has_the_events_that_have_a_value_as_far_as_it_reaches() {
        Memory::new().run(|tx| {
            append(tx, &[5, 3, 9, 1, 7, 7, 2]);
            let (mut steps, mut done) = (0, 0);
            while fill_next(tx, 6, 4).unwrap() {
                steps += 1;
                assert_sound(tx);
                let before =
                    std::mem::replace(&mut done, count(tx, "SELECT sum(seq) FROM event_index"));
                assert_eq!(done - before, 4, "a step is no longer, whatever it does");
            }
            assert_eq!(steps, 15 + 15 / 2, "four at a time into one, and then two into two");
            assert_eq!(usage_reach(tx).unwrap(), 6, "they are counted with the rest");
            assert_sound(tx);
            assert_eq!(reach(tx).unwrap(), 6);
            assert_eq!(
                count(tx, "SELECT count(*) FROM event_term WHERE value = text_value('m1')"),
                3
            );
            assert_eq!(
                count(tx, "SELECT count(*) FROM event_term WHERE value = text_value('DENY')"),
                2 * 2
            );
        });
    }

    #[test]
    fn a_term_that_has_more_than_it_knows_of_goes_on_all_the_same() {
        Memory::new().run(|tx| {
            append(tx, &[1, 2, 3]);
            while fill_next(tx, 3, 64).unwrap() {}
            tx.prepare("UPDATE event_index SET seq = 1").unwrap().execute([]).unwrap();
            while fill_next(tx, 3, 64).unwrap() {}
            assert_sound(tx);
        });
    }

    #[test]
    fn terms_that_reach_differently_far_give_each_event_once() {
        let is = |column, value: &str| Condition::Text(column, Operator::Eq, value.into());
        let denied = is(Column::Outcome, "DENY");
        let either = Condition::Or(vec![is(Column::Modem, "m1"), denied.clone()]);
        let conditions = [
            (Condition::Constant(true), vec![1, 2, 3, 4, 5, 6, 7]),
            (either, vec![2, 3, 4, 6]),
            // Which words there are the term says, and it may not have the last ones yet.
            (denied.negated(), vec![1, 2, 4, 5, 7]),
        ];
        let times = [5, 3, 9, 1, 7, 7, 2];
        let published = |descending| Order::Published { since: 0, until: 10, descending };
        let reaches =
            (0..32_i64).map(|seed| Term::ALL.map(|it| (i64::from(it.number) + 1) * seed % 8));
        for reaches in reaches {
            Memory::new().run(|tx| {
                append(tx, &times);
                samples::index_events(tx, &reaches);
                for (condition, met) in &conditions {
                    let mut by_time = met.clone();
                    by_time.sort_by_key(|seq| (times[usize::try_from(*seq).unwrap() - 1], *seq));
                    let newest_first = by_time.iter().rev().copied().collect();
                    let expected = [
                        (Order::Stored, met.clone()),
                        (published(false), by_time),
                        (published(true), newest_first),
                    ];
                    for (order, expected) in expected {
                        assert_eq!(read_all(tx, order, condition), expected, "{reaches:?}");
                    }
                }
            });
        }
    }

    /// What a term holds of two words that shared a value would be told as one of them.
    #[test]
    fn no_words_of_a_column_that_has_few_share_a_value() {
        let types: Vec<_> = EventType::all().map(|it| it.name).collect();
        for words in [types, Outcome::ALL.map(Outcome::as_str).to_vec()] {
            let values: BTreeSet<_> =
                words.iter().map(|it| term_value::of_text(it.as_bytes())).collect();
            assert_eq!(values.len(), words.len(), "{words:?}");
        }
    }

    #[test]
    fn texts_that_share_a_value_lead_each_to_its_own_events() {
        let numbers = ["+162684587339299", "+708248653709822"];
        let uuids = [1, 2].map(|it| format!("019a2b3c-4d5e-7000-8000-{it:012}"));
        let values = |term: Term, texts: [&str; 2]| texts.map(|it| term.value_of(it));
        let [one, other] = values(Term::UUID, [&uuids[0], &uuids[1]]);
        assert_eq!(one, other);
        let term = Term::leading(Index::Recipient, By::Published).unwrap();
        let [one, other] = values(term, numbers);
        assert_eq!(one, other);
        Memory::new().run(|tx| {
            append(tx, &[1, 2]);
            for ((seq, number), uuid) in (1_i64..).zip(numbers).zip(&uuids) {
                let change = "UPDATE event SET recipient = ?2, uuid = ?3 WHERE seq = ?1";
                tx.prepare(change).unwrap().execute((seq, number, uuid)).unwrap();
            }
            samples::index_events(tx, &[2; 14]);
            assert_eq!(uuids.map(|it| find(tx, &it).unwrap()), [Some(1), Some(2)]);
            let published = |descending| Order::Published { since: 0, until: 10, descending };
            let is =
                |number: &str| Condition::Text(Column::Recipient, Operator::Eq, number.to_owned());
            for order in [Order::Stored, published(false)] {
                assert_eq!(numbers.map(|it| read_all(tx, order, &is(it))), [vec![1], vec![2]]);
                let either = Condition::Or(numbers.map(is).to_vec());
                assert_eq!(read_all(tx, order, &either), [1, 2], "each once");
            }
        });
    }

    /// Which events meet a condition, read two at a time.
    fn read_all(tx: &Tx<'_>, order: Order, condition: &Condition) -> Vec<i64> {
        let condition = condition.clone();
        let mut query = LogQuery { order, after: None, condition, limit: 2 };
        let mut found = Vec::new();
        loop {
            let page = page(tx, &query, Budget::PAGE, &|_| true).unwrap();
            found.extend(page.rows.iter().map(|row| row.seq));
            query.after = page.position;
            if page.finished {
                return found;
            }
        }
    }

    #[test]
    fn an_event_that_is_forgotten_leaves_no_row_behind() {
        Memory::new().run(|tx| {
            // The last one is old, for the clock was set back.
            append(tx, &[1, 2, 9, 3, 4, 5, 1]);
            samples::index_events(tx, &[7; 14]);
            let at = Timestamp::from_unix_ms;
            assert_eq!(event::forget(tx, at(5), 2).unwrap(), 2);
            assert_sound(tx);
            assert_eq!(event::forget(tx, at(5), 2).unwrap(), 2);
            assert_eq!(event::forget(tx, at(5), 2).unwrap(), 0);
            assert_sound(tx);
            assert_eq!(count(tx, "SELECT sum(seq) FROM event"), 3 + 6 + 7, "the last one stays");
        });
    }

    #[test]
    fn what_one_term_does_not_have_yet_is_not_forgotten() {
        Memory::new().run(|tx| {
            append(tx, &[1, 1, 1, 1, 1]);
            let mut reaches = [5; 14];
            reaches[6] = 2;
            samples::index_events(tx, &reaches);
            assert_eq!(event::forget(tx, Timestamp::from_unix_ms(2), 64).unwrap(), 2);
            assert_sound(tx);
            while fill_next(tx, 5, 64).unwrap() {}
            assert_sound(tx);
            assert_eq!(count(tx, "SELECT count(*) FROM event"), 3);
        });
    }
}
