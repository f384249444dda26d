//! What a reader of the System Log asks, and the pages that answer it.
//!
//! Two kinds of questions, as Okta tells them apart. A *polling* question has no `until` and is
//! ascending: it is answered in the order of commits, and there is always a next page, so that who goes on
//! from page to page sees every event once, those that come late included. A *bounded* question is answered
//! by the times of publication, and ends.

use std::{fmt, time::Duration};

use super::{
    Filter, FilterError, Keywords, LogEvent,
    filter::whole,
    keywords::{MAX_KEYWORD, MAX_KEYWORDS},
};
use crate::{
    domain::Timestamp,
    store::{self, Budget, Column, Condition, LogQuery, Operator, Order, Position, View},
};

/// Events of a page where the question does not say.
const DEFAULT_LIMIT: usize = 100;
/// Events of a page at most.
pub const MAX_LIMIT: usize = 1000;
/// How far back a question reaches where it does not say.
const DEFAULT_SPAN: Duration = Duration::from_secs(7 * 86_400);

/// The parameters of a question, as they came.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "named as the parameters are")]
pub struct Asked {
    pub since: Option<String>,
    pub until: Option<String>,
    pub after: Option<String>,
    pub filter: Option<String>,
    pub q: Option<String>,
    pub limit: Option<String>,
    pub sort_order: Option<String>,
}

/// A question that can be answered.
#[derive(Debug)]
pub struct Question {
    asked: Asked,
    filter: Option<Filter>,
    keywords: Keywords,
    limit: usize,
    after: Option<(Position, Option<Backlog>)>,
    span: Span,
}

/// What there was when a polling question was asked first: of that it wants what was published since, and of what
/// came after it everything, whatever the clock does.
#[derive(Debug, Clone, Copy)]
struct Backlog {
    since: i64,
    newest: i64,
}

impl Backlog {
    fn condition(self) -> Condition {
        Condition::Or(vec![
            Condition::Number(Column::Published, Operator::Ge, whole(self.since)),
            Condition::Number(Column::Seq, Operator::Gt, whole(self.newest)),
        ])
    }
}

#[derive(Debug, Clone, Copy)]
enum Span {
    Polling { since: Timestamp },
    Bounded { since: Timestamp, until: Timestamp, descending: bool },
}

/// Parameters that make no question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAQuestion {
    /// `since` or `until` is no time.
    Date(&'static str),
    /// `since` lies before what is kept.
    TooFarBack {
        /// Days that can be asked for.
        days: u64,
    },
    /// `since` is not before `until`.
    NoSpan,
    /// `filter` is none.
    Filter(FilterError),
    /// `q` has too many or too long words.
    Keywords,
    /// `limit` is no number from 0 to 1000.
    Limit,
    /// `sortOrder` is neither `ASCENDING` nor `DESCENDING`.
    SortOrder,
    /// `after` is not what the last page of this question told.
    After,
}

impl fmt::Display for NotAQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(name) => write!(
                f,
                "'{name}': The date format in your query is not recognized. Please enter dates \
                 using ISO8601 string format."
            ),
            Self::TooFarBack { days } => {
                write!(f, "'since': must be no more than {days} days ago")
            }
            Self::NoSpan => f.write_str("'since': must be before 'until'"),
            Self::Filter(error) => error.fmt(f),
            Self::Keywords => write!(
                f,
                "'q': must have at most {MAX_KEYWORDS} words of at most {MAX_KEYWORD} characters"
            ),
            Self::Limit => write!(f, "'limit': must be a number from 0 to {MAX_LIMIT}"),
            Self::SortOrder => f.write_str("'sortOrder': must be ASCENDING or DESCENDING"),
            Self::After => f.write_str("'after': must be that of the next link of the page before"),
        }
    }
}

/// One page.
#[derive(Debug)]
pub struct Answer {
    /// The events.
    pub events: Vec<LogEvent>,
    /// The parameters that ask for the next page, by their names; `None` at the end.
    pub next: Option<Vec<(&'static str, String)>>,
}

impl Question {
    /// Reads a question that is asked at `now`; nothing before `kept` ago can be asked for.
    ///
    /// # Errors
    /// What keeps it from being one.
    pub fn of(asked: Asked, now: Timestamp, kept: Duration) -> Result<Self, NotAQuestion> {
        let time = |name, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => {
                Timestamp::parse_iso8601(text).map(Some).map_err(|_| NotAQuestion::Date(name))
            }
        };
        let (since, until) = (time("since", &asked.since)?, time("until", &asked.until)?);
        let descending = match asked.sort_order.as_deref() {
            None => false,
            Some(order) if order.eq_ignore_ascii_case("ASCENDING") => false,
            Some(order) if order.eq_ignore_ascii_case("DESCENDING") => true,
            Some(_) => return Err(NotAQuestion::SortOrder),
        };
        let end = until.unwrap_or(now);
        let from = since.unwrap_or(end.before(DEFAULT_SPAN));
        if since.is_some_and(|since| now.since(since) > kept) {
            return Err(NotAQuestion::TooFarBack { days: kept.as_secs() / 86_400 });
        }
        if until.is_some_and(|until| until < from) {
            return Err(NotAQuestion::NoSpan);
        }
        let span = if until.is_none() && !descending {
            Span::Polling { since: from }
        } else {
            Span::Bounded { since: from, until: end, descending }
        };
        let after = asked.after.as_deref();
        let after = after.map(|text| read_token(text, span).ok_or(NotAQuestion::After));
        let filter = asked.filter.as_deref().filter(|text| !text.trim().is_empty());
        let filter = filter.map(|text| Filter::parse(text).map_err(NotAQuestion::Filter));
        let keywords = Keywords::parse(asked.q.as_deref().unwrap_or_default())
            .map_err(|_| NotAQuestion::Keywords)?;
        let limit = match asked.limit.as_deref() {
            None => DEFAULT_LIMIT,
            Some(text) => {
                let limit = text.parse().ok().filter(|limit| *limit <= MAX_LIMIT);
                limit.ok_or(NotAQuestion::Limit)?
            }
        };
        let (after, filter) = (after.transpose()?, filter.transpose()?);
        Ok(Self { asked, filter, keywords, limit, after, span })
    }

    /// Answers it as far as `budget` lets; not, where it goes on from a page that cannot have been one.
    ///
    /// # Errors
    /// Those of the store.
    pub fn answer(
        &self,
        view: &View<'_>,
        budget: Budget,
    ) -> Result<Result<Answer, NotAQuestion>, store::Error> {
        let polling = matches!(self.span, Span::Polling { .. });
        // As after an older database was put in the place of this one: whoever waits for what lies behind
        // that page would miss all that comes until then.
        let newest = store::event::newest(view)?;
        if self.after.is_some_and(|(after, _)| polling && after.seq > newest) {
            return Ok(Err(NotAQuestion::After));
        }
        let (order, after) = match (self.span, self.after) {
            (Span::Polling { .. }, Some(after)) => (Order::Stored, Some(after)),
            (Span::Polling { since }, None) => {
                let first = Position { published: 0, seq: store::event::before(view, since)? };
                let backlog = Backlog { since: since.as_unix_ms(), newest };
                (Order::Stored, Some((first, Some(backlog))))
            }
            (Span::Bounded { since, until, descending }, after) => {
                let (since, until) = (since.as_unix_ms(), until.as_unix_ms());
                (Order::Published { since, until, descending }, after)
            }
        };
        let (after, backlog) = after.unzip();
        let backlog = backlog.flatten();
        let condition = self.filter.as_ref().map_or(Condition::Constant(true), Filter::condition);
        let condition = match backlog {
            Some(backlog) => condition.and(backlog.condition()),
            None => condition,
        };
        let query = LogQuery { order, after, condition, limit: self.limit };
        let spoken_of = |row: &store::event::EventRow| {
            self.keywords.is_empty()
                || self.keywords.match_event(&LogEvent::from(row.clone()).to_json())
        };
        let page = store::page(view, &query, budget, &spoken_of)?;
        // Pages of no events would never come to the end.
        let more = polling || (!page.finished && self.limit > 0);
        let left = |backlog: &Backlog| page.position.is_some_and(|it| it.seq < backlog.newest);
        let next = more.then(|| self.next(page.position, backlog.filter(left)));
        Ok(Ok(Answer { events: page.rows.into_iter().map(LogEvent::from).collect(), next }))
    }

    /// The parameters of the next page.
    fn next(
        &self,
        position: Option<Position>,
        backlog: Option<Backlog>,
    ) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        let mut put = |name, value: Option<String>| {
            parameters.extend(value.map(|value| (name, value)));
        };
        put("limit", self.asked.limit.clone());
        // What was meant by default stays as it was when it was asked first.
        if let Span::Bounded { since, until, .. } = self.span {
            put("since", Some(since.to_string()));
            put("until", Some(until.to_string()));
        }
        put("filter", self.asked.filter.clone());
        put("q", self.asked.q.clone());
        put("sortOrder", self.asked.sort_order.clone());
        put("after", position.map(|position| write_token(position, backlog, self.span)));
        parameters
    }
}

fn write_token(position: Position, backlog: Option<Backlog>, span: Span) -> String {
    match (span, backlog) {
        (Span::Polling { .. }, None) => format!("p{}", position.seq),
        (Span::Polling { .. }, Some(Backlog { since, newest })) => {
            format!("p{}_{newest}_{since}", position.seq)
        }
        (Span::Bounded { .. }, _) => format!("b{}_{}", position.published, position.seq),
    }
}

fn read_token(text: &str, span: Span) -> Option<(Position, Option<Backlog>)> {
    let prefix = if matches!(span, Span::Polling { .. }) { 'p' } else { 'b' };
    let numbers = text.strip_prefix(prefix)?.split('_').map(|it| it.parse().ok());
    let numbers = numbers.collect::<Option<Vec<i64>>>()?;
    match (span, numbers.as_slice()) {
        (Span::Polling { .. }, &[seq]) => Some((Position { published: 0, seq }, None)),
        (Span::Polling { .. }, &[seq, newest, since]) => {
            Some((Position { published: 0, seq }, Some(Backlog { since, newest })))
        }
        (Span::Bounded { .. }, &[published, seq]) => Some((Position { published, seq }, None)),
        (Span::Polling { .. } | Span::Bounded { .. }, _) => None,
    }
}
