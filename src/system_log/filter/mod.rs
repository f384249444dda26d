//! Filters of the System Log: read once, then asked of events in memory or of the store.

mod grammar;
#[cfg(test)]
mod tests;

use std::{cmp::Ordering, fmt};

use serde_json::Value;

use self::grammar::{Expression, Literal, Operator, Placed};
use super::attribute::{self, Attribute, Kind, Source};
use crate::{
    domain::Timestamp,
    store::{Column, Condition, Operator as Compare},
};

/// A filter that names attributes which there are, and compares them with values of their kind.
#[derive(Debug, Clone)]
pub struct Filter(Node);

#[derive(Debug, Clone)]
enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Present(&'static Attribute),
    Test(&'static Attribute, Compare, Operand),
}

/// What an attribute is compared with.
#[derive(Debug, Clone)]
enum Operand {
    Text(String),
    Number(f64),
    Time(Timestamp),
    Flag(bool),
}

/// What is wrong with a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The filter.
    pub filter: String,
    /// Characters before the place.
    pub at: usize,
    /// Characters of the place, 1 at least.
    pub length: usize,
    /// What is wrong.
    pub kind: FilterErrorKind,
}

/// What can be wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterErrorKind {
    /// It cannot be read.
    Syntax {
        /// What stands there.
        what: String,
        /// What could.
        expected: &'static str,
    },
    /// No attribute has this path.
    UnknownField(String),
    /// The attribute cannot be compared so, or with that.
    Mismatch {
        /// The attribute.
        field: &'static str,
        /// What it can be compared with.
        takes: &'static str,
    },
}

impl FilterError {
    /// What is wrong and where, without the filter.
    pub fn says(&self) -> String {
        let place = self.at + 1;
        match &self.kind {
            FilterErrorKind::Syntax { what, expected } => {
                format!("{what} at position {place}. Expected: {expected}")
            }
            FilterErrorKind::UnknownField(field) => format!("field is not valid: {field}"),
            FilterErrorKind::Mismatch { field, takes } => {
                format!("{field} at position {place} takes {takes}")
            }
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FilterErrorKind::UnknownField(_) => f.write_str(&self.says()),
            FilterErrorKind::Syntax { .. } | FilterErrorKind::Mismatch { .. } => {
                write!(f, "Invalid filter '{}': {}", self.filter, self.says())
            }
        }
    }
}

impl std::error::Error for FilterError {}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let error = |at: usize, length: usize, kind| {
            let characters =
                |octets: usize| text.get(..octets).map_or(0, |before| before.chars().count());
            let (start, end) = (characters(at), characters(at + length));
            let length = end.saturating_sub(start).max(1);
            FilterError { filter: text.to_owned(), at: start, length, kind }
        };
        let expression = grammar::parse(text).map_err(|wrong| {
            let kind = FilterErrorKind::Syntax { what: wrong.what, expected: wrong.expected };
            error(wrong.at, wrong.length, kind)
        })?;
        resolve(expression).map(Self).map_err(|wrong| error(wrong.at, wrong.length, wrong.it))
    }

    /// Whether an event, as it is rendered, meets the filter.
    pub fn matches(&self, event: &Value) -> bool {
        self.0.matches(event)
    }

    /// The same for the store.
    pub fn condition(&self) -> Condition {
        self.0.condition()
    }
}

fn resolve(expression: Expression) -> Result<Node, Placed<FilterErrorKind>> {
    let all = |list: Vec<Expression>| list.into_iter().map(resolve).collect::<Result<Vec<_>, _>>();
    Ok(match expression {
        Expression::And(list) => Node::And(all(list)?),
        Expression::Or(list) => Node::Or(all(list)?),
        Expression::Not(it) => Node::Not(Box::new(resolve(*it)?)),
        Expression::Present(path) => match attribute::find(&path.it) {
            Some(attribute) => Node::Present(attribute),
            None => {
                // An object or an array is there where something of it is.
                let below: Vec<_> = attribute::below(&path.it).map(Node::Present).collect();
                if below.is_empty() {
                    return Err(unknown(path));
                }
                Node::Or(below)
            }
        },
        Expression::Test(path, operator, value) => {
            let Some(attribute) = attribute::find(&path.it) else { return Err(unknown(path)) };
            let (compare, negated) = match operator.it {
                Operator::Ne => (Compare::Eq, true),
                Operator::Eq => (Compare::Eq, false),
                Operator::Co => (Compare::Co, false),
                Operator::Sw => (Compare::Sw, false),
                Operator::Ew => (Compare::Ew, false),
                Operator::Gt => (Compare::Gt, false),
                Operator::Ge => (Compare::Ge, false),
                Operator::Lt => (Compare::Lt, false),
                Operator::Le => (Compare::Le, false),
            };
            let part = matches!(compare, Compare::Co | Compare::Sw | Compare::Ew);
            let takes = match attribute.kind {
                Kind::Flag if compare != Compare::Eq => Some("eq, ne and pr"),
                Kind::Number | Kind::Time if part => Some("eq, ne, gt, ge, lt, le and pr"),
                Kind::Text | Kind::Number | Kind::Time | Kind::Flag => None,
            };
            if let Some(takes) = takes {
                let kind = FilterErrorKind::Mismatch { field: attribute.path, takes };
                return Err(Placed { it: kind, at: operator.at, length: operator.length });
            }
            let operand = operand(attribute, value)?;
            let test = Node::Test(attribute, compare, operand);
            if negated { Node::Not(Box::new(test)) } else { test }
        }
    })
}

fn unknown(path: Placed<String>) -> Placed<FilterErrorKind> {
    Placed { it: FilterErrorKind::UnknownField(path.it), at: path.at, length: path.length }
}

fn operand(
    attribute: &Attribute,
    value: Placed<Literal>,
) -> Result<Operand, Placed<FilterErrorKind>> {
    let takes = match (attribute.kind, value.it) {
        (Kind::Text, Literal::Text(text)) => return Ok(Operand::Text(text)),
        (Kind::Number, Literal::Number(number)) => return Ok(Operand::Number(number)),
        (Kind::Flag, Literal::Flag(flag)) => return Ok(Operand::Flag(flag)),
        (Kind::Time, Literal::Text(text)) => match Timestamp::parse_iso8601(&text) {
            Ok(at) => return Ok(Operand::Time(at)),
            Err(_) => "a time such as \"2026-11-23T19:04:13.021Z\"",
        },
        (Kind::Time, Literal::Number(_) | Literal::Flag(_)) => {
            "a time such as \"2026-11-23T19:04:13.021Z\""
        }
        (Kind::Text, Literal::Number(_) | Literal::Flag(_)) => "a string in quotes",
        (Kind::Number, Literal::Text(_) | Literal::Flag(_)) => "a number without quotes",
        (Kind::Flag, Literal::Text(_) | Literal::Number(_)) => "true or false without quotes",
    };
    let kind = FilterErrorKind::Mismatch { field: attribute.path, takes };
    Err(Placed { it: kind, at: value.at, length: value.length })
}

impl Node {
    fn matches(&self, event: &Value) -> bool {
        match self {
            Self::And(all) => all.iter().all(|it| it.matches(event)),
            Self::Or(any) => any.iter().any(|it| it.matches(event)),
            Self::Not(it) => !it.matches(event),
            Self::Present(attribute) => any(event, attribute.path, &|value| match value {
                Value::Null => false,
                Value::String(text) => !text.is_empty(),
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => true,
            }),
            Self::Test(attribute, compare, operand) => {
                any(event, attribute.path, &|value| operand.meets(*compare, value))
            }
        }
    }

    fn condition(&self) -> Condition {
        match self {
            Self::And(all) => Condition::And(all.iter().map(Self::condition).collect()),
            Self::Or(any) => Condition::Or(any.iter().map(Self::condition).collect()),
            Self::Not(it) => it.condition().negated(),
            Self::Present(attribute) => attribute.source.condition(&Question {
                text: &|text| !text.is_empty(),
                number: &|_| true,
                flag: &|_| true,
                column: &Condition::Present,
            }),
            Self::Test(attribute, compare, Operand::Text(text)) => {
                attribute.source.condition(&Question {
                    text: &|value| compare.holds(value, text),
                    number: &|_| false,
                    flag: &|_| false,
                    column: &|column| Condition::Text(column, *compare, text.clone()),
                })
            }
            Self::Test(attribute, compare, Operand::Number(number)) => {
                attribute.source.condition(&Question {
                    text: &|_| false,
                    number: &|value| meets(*compare, value.partial_cmp(number)),
                    flag: &|_| false,
                    column: &|column| Condition::Number(column, *compare, *number),
                })
            }
            Self::Test(attribute, compare, Operand::Time(at)) => {
                let at = whole(at.as_unix_ms());
                attribute.source.condition(&Question {
                    text: &|_| false,
                    number: &|_| false,
                    flag: &|_| false,
                    column: &|column| Condition::Number(column, *compare, at),
                })
            }
            Self::Test(attribute, compare, Operand::Flag(flag)) => {
                attribute.source.condition(&Question {
                    text: &|_| false,
                    number: &|_| false,
                    flag: &|value| compare.holds_of(value.cmp(flag)),
                    // No column holds flags.
                    column: &|_| Condition::Constant(false),
                })
            }
        }
    }
}

/// Whether any value at a path meets something: elements of arrays are values each.
fn any(value: &Value, path: &str, meets: &dyn Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| any(element, path, meets)),
        Value::Object(members) if !path.is_empty() => {
            let (first, rest) = path.split_once('.').unwrap_or((path, ""));
            members.get(first).is_some_and(|member| any(member, rest, meets))
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            path.is_empty() && meets(value)
        }
    }
}

impl Operand {
    fn meets(&self, compare: Compare, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(text), Value::String(value)) => compare.holds(value, text),
            (Self::Number(number), Value::Number(value)) => {
                meets(compare, value.as_f64().and_then(|value| value.partial_cmp(number)))
            }
            (Self::Flag(flag), Value::Bool(value)) => compare.holds_of(value.cmp(flag)),
            (Self::Time(at), Value::String(value)) => {
                Timestamp::parse(value).is_ok_and(|value| compare.holds_of(value.cmp(at)))
            }
            _ => false,
        }
    }
}

fn meets(compare: Compare, order: Option<Ordering>) -> bool {
    order.is_some_and(|order| compare.holds_of(order))
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds are exact until the year 287396")]
pub(super) fn whole(number: i64) -> f64 {
    number as f64
}

/// What is asked of an attribute, wherever its value comes from.
struct Question<'q> {
    text: &'q dyn Fn(&str) -> bool,
    number: &'q dyn Fn(f64) -> bool,
    flag: &'q dyn Fn(bool) -> bool,
    column: &'q dyn Fn(Column) -> Condition,
}

impl Source {
    fn condition(&self, question: &Question<'_>) -> Condition {
        let one_of = |column, words: Vec<&str>| {
            Condition::OneOf(column, words.into_iter().map(str::to_owned).collect())
        };
        match self {
            Self::Column(column) => (question.column)(*column),
            Self::Text(text) => Condition::Constant((question.text)(text)),
            Self::Number(number) => Condition::Constant((question.number)(*number)),
            Self::Flag(flag) => Condition::Constant((question.flag)(*flag)),
            Self::Nothing => Condition::Constant(false),
            Self::Made(column, words, make) => {
                let met = words()
                    .into_iter()
                    .filter(|word| make(word).is_some_and(|made| (question.text)(&made)));
                one_of(*column, met.collect())
            }
            Self::Where(column, inner) => inner.condition(question).and(Condition::There(*column)),
            Self::While(column, words, holds, inner) => {
                let words = words().into_iter().filter(|word| holds(word)).collect();
                inner.condition(question).and(one_of(*column, words))
            }
            Self::Either(column, text, one, other) => {
                let holds = Condition::Text(*column, Compare::Co, (*text).to_owned());
                let otherwise = Condition::There(*column).and(holds.clone().negated());
                Condition::Or(vec![
                    one.condition(question).and(holds),
                    other.condition(question).and(otherwise),
                ])
            }
            Self::Each(sources) => {
                Condition::Or(sources.iter().map(|it| it.condition(question)).collect())
            }
        }
    }
}
