//! The System Log as it is asked for: events that meet a condition, in order, a page at a time.
//!
//! A page is a walk over streams of events, each in the order that is asked for, merged: one stream for
//! each value that a term leads to, or one for all events, and one for the last events, which not all terms
//! have yet. The walk ends when the page is full, and no later than its budget says: then the page is
//! short, and tells how far the walk came. However much there is, nobody waits for long.

use std::{
    cmp::Ordering,
    time::{Duration, Instant},
};

use rusqlite::{CachedStatement, Rows, params_from_iter, types::Value};

use super::{
    Error, View,
    condition::{Condition, Index, Lead},
    event::{self, EventRow},
    event_term::{self, By, TERM, Term},
};

/// In which order events are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// In the order of commits: who goes on from the last page misses nothing, however late it came.
    Stored,
    /// By the time at which they were published, and not before or after these; `until` is left out.
    Published {
        /// From when on, milliseconds since 1970.
        since: i64,
        /// Until when.
        until: i64,
        /// The newest first.
        descending: bool,
    },
}

/// How far a walk came: the event that it saw last, or where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// When that was published; 0 where the order is that of commits.
    pub published: i64,
    /// Its `seq`.
    pub seq: i64,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct LogQuery {
    /// In which order.
    pub order: Order,
    /// After which event.
    pub after: Option<Position>,
    /// Which events.
    pub condition: Condition,
    /// How many.
    pub limit: usize,
}

/// What a walk may cost.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Events that it may look at.
    pub events: usize,
    /// How long it may take, but for the last step.
    pub time: Duration,
}

impl Budget {
    /// What one page may cost: well below a second on a slow card, some 20 000 events on a fast disk.
    pub const PAGE: Self = Self { events: 1_000_000, time: Duration::from_millis(40) };
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The events.
    pub rows: Vec<EventRow>,
    /// Where to go on.
    pub position: Option<Position>,
    /// Whether nothing was left behind it.
    pub finished: bool,
}

/// Events that a term leads to in another order at most; for more of them another way is taken.
const MAX_GATHERED: usize = 1024;

/// Reads one page: events that meet the condition and `also`, which is asked last.
///
/// # Errors
/// Those of SQLite.
pub fn page(
    view: &View<'_>,
    query: &LogQuery,
    budget: Budget,
    also: &dyn Fn(&EventRow) -> bool,
) -> Result<LogPage, Error> {
    let until = Instant::now() + budget.time;
    let mut page = LogPage { rows: Vec::new(), position: query.after, finished: false };
    let mut walk = Walk::begin(view, query)?;
    let mut streams = walk.streams()?;
    let mut examined = 0;
    while page.rows.len() < query.limit {
        let Some((position, met)) = next(&mut streams, query.order)? else {
            page.finished = true;
            if query.order == Order::Stored {
                // All that is there was seen, even what no lead leads to.
                let seq = event::newest(view)?.max(query.after.map_or(0, |after| after.seq));
                page.position = Some(Position { published: 0, seq });
            }
            break;
        };
        if page.position == Some(position) {
            // Several values lead to it, or one for two texts, or a term that reaches further than others.
            continue;
        }
        page.position = Some(position);
        examined += 1;
        if met {
            let row = event::get(view, position.seq)?;
            if also(&row) {
                page.rows.push(row);
            }
        }
        if examined >= budget.events || Instant::now() >= until {
            break;
        }
    }
    Ok(page)
}

/// The statements that a walk reads from.
struct Walk<'c> {
    order: Order,
    gathered: Vec<Vec<Step>>,
    ordered: Vec<(CachedStatement<'c>, Vec<Value>)>,
}

/// One event on the way: where it is, and whether it meets the condition.
type Step = (Position, bool);

struct Stream<'s> {
    /// What comes first.
    head: Option<Step>,
    rest: Rest<'s>,
}

enum Rest<'s> {
    Gathered(std::vec::IntoIter<Step>),
    Ordered(Rows<'s>, Order),
}

impl<'c> Walk<'c> {
    fn begin(view: &View<'c>, query: &LogQuery) -> Result<Self, Error> {
        let mut walk = Self { order: query.order, gathered: Vec::new(), ordered: Vec::new() };
        if query.limit == 0 {
            return Ok(walk);
        }
        // Where they cannot be read, another way is taken.
        let words = |index: Index| event_term::words(view, index).ok();
        let leads = query.condition.leads(&words);
        let led = match leads {
            Some(leads) => walk.follow(view, query, &leads)?,
            None => false,
        };
        match (led, query.order) {
            (true, _) => walk.take_last(view, query)?,
            // The table itself stands in the order of commits, and has the last events too.
            (false, Order::Stored) => {
                let after = Value::Integer(query.after.map_or(0, |after| after.seq));
                let sql = select(&query.condition, TABLE, "seq > ? ORDER BY seq");
                walk.add(view, query, &sql, vec![after])?;
            }
            (false, Order::Published { .. }) => {
                walk.add_term(view, query, Term::PUBLISHED, "")?;
                walk.take_last(view, query)?;
            }
        }
        Ok(walk)
    }

    /// Takes a stream for each lead; says whether that can be done.
    fn follow(&mut self, view: &View<'c>, query: &LogQuery, leads: &[Lead]) -> Result<bool, Error> {
        for Lead { index, value } in leads {
            let by = query.order.by();
            let Some(term) = Term::leading(*index, by) else { return Ok(false) };
            if term.by == by {
                self.add_term(view, query, term, value)?;
                continue;
            }
            let all = (TERM, OF_VALUE, of_value(term, value));
            let Some(steps) = gather(view, query, all, MAX_GATHERED)? else {
                self.ordered.clear();
                self.gathered.clear();
                return Ok(false);
            };
            self.gathered.push(steps);
        }
        Ok(true)
    }

    /// The last events, which not all terms have yet. What a term has of them comes twice.
    fn take_last(&mut self, view: &View<'c>, query: &LogQuery) -> Result<(), Error> {
        let values = vec![Value::Integer(event_term::reach(view)?)];
        let last = gather(view, query, (TABLE, "seq > ?", values), usize::MAX)?;
        self.gathered.extend(last);
        Ok(())
    }

    /// A stream of the events to which a term leads, in its order.
    fn add_term(
        &mut self,
        view: &View<'c>,
        query: &LogQuery,
        term: Term,
        value: &str,
    ) -> Result<(), Error> {
        let sql = select_of_term(&query.condition, query.order, query.after.is_some());
        let mut values = of_value(term, value);
        let integers = match query.order {
            Order::Stored => vec![query.after.map_or(0, |after| after.seq)],
            Order::Published { since, until, descending } => {
                let (mut from, mut to) = (since, until);
                match query.after {
                    Some(after) if descending => to = to.min(after.published.saturating_add(1)),
                    Some(after) => from = from.max(after.published),
                    None => {}
                }
                let after = query.after.into_iter().flat_map(|it| [it.published, it.seq]);
                [from, to].into_iter().chain(after).collect()
            }
        };
        values.extend(integers.into_iter().map(Value::Integer));
        self.add(view, query, &sql, values)
    }

    fn add(
        &mut self,
        view: &View<'c>,
        query: &LogQuery,
        sql: &str,
        values: Vec<Value>,
    ) -> Result<(), Error> {
        let (_, mut all) = query.condition.sql();
        all.extend(values);
        self.ordered.push((view.prepare(sql)?, all));
        Ok(())
    }

    /// All streams, each at its first event.
    fn streams(&mut self) -> Result<Vec<Stream<'_>>, Error> {
        let order = self.order;
        let mut streams = Vec::new();
        for steps in std::mem::take(&mut self.gathered) {
            streams.push(Rest::Gathered(steps.into_iter()));
        }
        for (statement, values) in &mut self.ordered {
            let rows = statement.query(params_from_iter(values.iter()))?;
            streams.push(Rest::Ordered(rows, order));
        }
        let streams = streams.into_iter().map(|mut rest| {
            let head = rest.next()?;
            Ok(Stream { head, rest })
        });
        streams.collect()
    }
}

/// The first event of all streams.
fn next(streams: &mut [Stream<'_>], order: Order) -> Result<Option<Step>, Error> {
    let heads = streams.iter_mut().filter(|stream| stream.head.is_some());
    let first = heads.min_by(|one, other| match (one.head, other.head) {
        (Some(one), Some(other)) => order.compare(one.0, other.0),
        (None, _) | (_, None) => Ordering::Equal,
    });
    let Some(stream) = first else { return Ok(None) };
    let following = stream.rest.next()?;
    Ok(std::mem::replace(&mut stream.head, following))
}

impl Rest<'_> {
    fn next(&mut self) -> Result<Option<Step>, Error> {
        match self {
            Self::Gathered(steps) => Ok(steps.next()),
            Self::Ordered(rows, order) => match rows.next()? {
                Some(row) => {
                    let position = order.position(row.get(0)?, row.get(1)?);
                    Ok(Some((position, row.get(2)?)))
                }
                None => Ok(None),
            },
        }
    }
}

impl Order {
    /// How terms that have their events in this order have them.
    const fn by(self) -> By {
        match self {
            Self::Stored => By::Seq,
            Self::Published { .. } => By::Published,
        }
    }

    fn position(self, published: i64, seq: i64) -> Position {
        match self {
            Self::Stored => Position { published: 0, seq },
            Self::Published { .. } => Position { published, seq },
        }
    }

    fn compare(self, one: Position, other: Position) -> Ordering {
        let ascending = (one.published, one.seq).cmp(&(other.published, other.seq));
        match self {
            Self::Published { descending: true, .. } => ascending.reverse(),
            Self::Published { descending: false, .. } | Self::Stored => ascending,
        }
    }

    /// Whether an event of then belongs to what is asked for.
    fn holds(self, published: i64) -> bool {
        match self {
            Self::Stored => true,
            Self::Published { since, until, .. } => (since..until).contains(&published),
        }
    }
}

/// Events in the order that is asked for, from a source that has none; `None` if they are more than
/// `most`.
fn gather(
    view: &View<'_>,
    query: &LogQuery,
    (source, filter, values): (&str, &str, Vec<Value>),
    most: usize,
) -> Result<Option<Vec<Step>>, Error> {
    let (_, mut all) = query.condition.sql();
    all.extend(values);
    let mut statement = view.prepare(&select(&query.condition, source, filter))?;
    let mut rows = statement.query(params_from_iter(all))?;
    let (mut steps, mut seen) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        seen += 1;
        if seen > most {
            return Ok(None);
        }
        let published = row.get(0)?;
        let position = query.order.position(published, row.get(1)?);
        let ahead = query.after.is_none_or(|after| query.order.compare(after, position).is_lt());
        // One that does not meet the condition is no step: it costs nothing more.
        if ahead && query.order.holds(published) && row.get(2)? {
            steps.push((position, true));
        }
    }
    steps.sort_unstable_by(|one: &Step, other| query.order.compare(one.0, other.0));
    Ok(Some(steps))
}

/// All events.
const TABLE: &str = "event";

/// Those of them with one value, which other texts may share: the condition says which are meant.
const OF_VALUE: &str = "term = ? AND value = ?";

fn of_value(term: Term, value: &str) -> Vec<Value> {
    vec![Value::Integer(term.number.into()), Value::Integer(term.value_of(value).into())]
}

fn select(condition: &Condition, source: &str, filter: &str) -> String {
    let (condition, _) = condition.sql();
    format!("SELECT published, seq, {condition} FROM {source} WHERE {filter}")
}

/// The events of a term that has them in that order, from the beginning or behind one of them.
fn select_of_term(condition: &Condition, order: Order, goes_on: bool) -> String {
    let behind = |seq| {
        if goes_on { format!("AND (at <> ? OR event_term.event {seq} ?)") } else { String::new() }
    };
    let filter = match order {
        Order::Stored => {
            format!("{OF_VALUE} AND at = 0 AND event_term.event > ? ORDER BY event_term.event")
        }
        Order::Published { descending: false, .. } => {
            let behind = behind(">");
            format!("{OF_VALUE} AND at >= ? AND at < ? {behind} ORDER BY at, event_term.event")
        }
        Order::Published { descending: true, .. } => {
            let behind = behind("<");
            format!(
                "{OF_VALUE} AND at >= ? AND at < ? {behind} ORDER BY at DESC, event_term.event DESC"
            )
        }
    };
    select(condition, TERM, &filter)
}

/// The statements that are put together from pieces.
#[cfg(test)]
pub(super) fn pieced_together() -> impl Iterator<Item = String> {
    let all = Condition::Constant(true);
    let tail = select(&all, TABLE, "seq > ?");
    let in_order = select(&all, TABLE, "seq > ? ORDER BY seq");
    let of_value = select(&all, TERM, OF_VALUE);
    let published = |descending| Order::Published { since: 0, until: 0, descending };
    let orders = [Order::Stored, published(false), published(true)].into_iter();
    let of_terms = orders
        .flat_map(move |order| [false, true].map(|goes_on| select_of_term(&all, order, goes_on)));
    of_terms.chain([tail, in_order, of_value])
}
