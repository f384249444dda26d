//! Conditions on the columns of table `event`, as SQL, and which index leads to the events that meet
//! them.

use std::{cmp::Ordering, fmt::Write as _};

use rusqlite::types::Value;

/// A column of the System Log, or what is computed from some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the table, named as the events name them")]
pub enum Column {
    Uuid,
    EventType,
    Outcome,
    Reason,
    Transaction,
    MessageId,
    Channel,
    Purpose,
    Recipient,
    Region,
    ActorId,
    ActorName,
    ClientIp,
    UserAgent,
    User,
    Modem,
    TargetId,
    TargetName,
    TargetBefore,
    Note,
    /// How many.
    Segments,
    /// In whole units of the currency.
    Cost,
    /// Milliseconds from the acceptance until the network had all of it.
    QueueMs,
    /// Milliseconds from there to the event.
    DeliveryMs,
    /// Milliseconds from the acceptance to the event.
    DurationMs,
    /// Milliseconds from dialling until it rang.
    SetupMs,
    /// Milliseconds that it rang.
    RingMs,
    /// Milliseconds that were talked.
    TalkMs,
    /// Milliseconds since 1970.
    AcceptedAt,
    Published,
    /// In the order of commits.
    Seq,
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Begins with.
    Sw,
    /// Ends with.
    Ew,
    /// Contains.
    Co,
}

/// A condition that an event meets or does not: what is not there meets no comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Always or never.
    Constant(bool),
    /// All of them.
    And(Vec<Condition>),
    /// One of them at least.
    Or(Vec<Condition>),
    /// Not that.
    Not(Box<Condition>),
    /// The column has a value, which may be empty.
    There(Column),
    /// The column is not empty.
    Present(Column),
    /// The column, a text, compares so.
    Text(Column, Operator, String),
    /// The column, a number, compares so; texts have no place here.
    Number(Column, Operator, f64),
    /// The column is one of these.
    OneOf(Column, Vec<String>),
}

impl Operator {
    /// Whether `left` compares so to `right`: texts by their octets.
    pub fn holds(self, left: &str, right: &str) -> bool {
        match self {
            Self::Sw => left.starts_with(right),
            Self::Ew => left.ends_with(right),
            Self::Co => left.contains(right),
            Self::Eq | Self::Lt | Self::Le | Self::Gt | Self::Ge => self.holds_of(left.cmp(right)),
        }
    }

    /// Whether two values that are ordered so compare so.
    pub const fn holds_of(self, order: Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
            Self::Sw | Self::Ew | Self::Co => false,
        }
    }

    const fn sql(self) -> &'static str {
        match self {
            Self::Eq | Self::Sw | Self::Ew | Self::Co => "=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

impl Column {
    pub(super) const fn sql(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::EventType => "event_type",
            Self::Outcome => "outcome",
            Self::Reason => "reason",
            Self::Transaction => "transaction_id",
            Self::MessageId => "message_id",
            Self::Channel => "channel",
            Self::Purpose => "purpose",
            Self::Recipient => "recipient",
            Self::Region => "region",
            Self::ActorId => "actor_id",
            Self::ActorName => "actor_name",
            Self::ClientIp => "client_ip",
            Self::UserAgent => "user_agent",
            Self::User => "user",
            Self::Modem => "modem",
            Self::TargetId => "target_id",
            Self::TargetName => "target_name",
            Self::TargetBefore => "target_before",
            Self::Note => "note",
            Self::Segments => "segments",
            Self::Cost => "(cost_micros / 1000000.0)",
            Self::QueueMs => "max(sent_at - accepted_at, 0)",
            Self::DeliveryMs => "max(published - sent_at, 0)",
            Self::DurationMs => "max(published - accepted_at, 0)",
            Self::SetupMs => "setup_ms",
            Self::RingMs => "ring_ms",
            Self::TalkMs => "talk_ms",
            Self::AcceptedAt => "accepted_at",
            Self::Published => "published",
            Self::Seq => "seq",
        }
    }

    const fn is_text(self) -> bool {
        !matches!(
            self,
            Self::Segments
                | Self::Cost
                | Self::QueueMs
                | Self::DeliveryMs
                | Self::DurationMs
                | Self::SetupMs
                | Self::RingMs
                | Self::TalkMs
                | Self::AcceptedAt
                | Self::Published
                | Self::Seq
        )
    }
}

impl Condition {
    /// Either both or that one of them which is not certain.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Constant(true), it) | (it, Self::Constant(true)) => it,
            (one, other) => Self::And(vec![one, other]),
        }
    }

    /// Not that.
    #[must_use]
    pub fn negated(self) -> Self {
        if let Self::Constant(it) = self { Self::Constant(!it) } else { Self::Not(Box::new(self)) }
    }

    /// An expression of SQL that is 0 or 1, with its values.
    pub(super) fn sql(&self) -> (String, Vec<Value>) {
        let (mut sql, mut values) = (String::new(), Vec::new());
        self.write(&mut sql, &mut values);
        (sql, values)
    }

    fn write(&self, sql: &mut String, values: &mut Vec<Value>) {
        match self {
            Self::Constant(it) => sql.push_str(if *it { "1" } else { "0" }),
            Self::And(all) => write_list(all, " AND ", "1", sql, values),
            Self::Or(any) => write_list(any, " OR ", "0", sql, values),
            Self::Not(it) => {
                sql.push_str("NOT ");
                it.write(sql, values);
            }
            Self::There(column) => {
                let _ = write!(sql, "({} IS NOT NULL)", column.sql());
            }
            Self::Present(column) => {
                let (column, text) = (column.sql(), column.is_text());
                let _ = match text {
                    true => write!(sql, "(ifnull({column}, '') <> '')"),
                    false => write!(sql, "({column} IS NOT NULL)"),
                };
            }
            // Octets are compared: SQLite's own functions for texts stop at the first NUL.
            Self::Text(column, Operator::Sw, text) => {
                let _ = write!(sql, "ifnull(instr({}, ?) = 1, 0)", column.sql());
                values.push(Value::Text(text.clone()));
            }
            Self::Text(column, Operator::Co, text) => {
                let _ = write!(sql, "ifnull(instr({}, ?) > 0, 0)", column.sql());
                values.push(Value::Text(text.clone()));
            }
            Self::Text(column, Operator::Ew, text) if text.is_empty() => {
                let _ = write!(sql, "({} IS NOT NULL)", column.sql());
            }
            Self::Text(column, Operator::Ew, text) => {
                let (column, octets) = (column.sql(), text.len());
                let _ = write!(sql, "ifnull(substr(CAST({column} AS BLOB), -{octets}) = ?, 0)");
                values.push(Value::Blob(text.clone().into_bytes()));
            }
            Self::Text(column, operator, text) => {
                let _ = write!(sql, "ifnull({} {} ?, 0)", column.sql(), operator.sql());
                values.push(Value::Text(text.clone()));
            }
            Self::Number(column, operator, number) => {
                let _ = write!(sql, "ifnull({} {} ?, 0)", column.sql(), operator.sql());
                values.push(Value::Real(*number));
            }
            Self::OneOf(column, words) => {
                let marks = vec!["?"; words.len()].join(", ");
                let _ = write!(sql, "ifnull({} IN ({marks}), 0)", column.sql());
                values.extend(words.iter().cloned().map(Value::Text));
            }
        }
    }
}

fn write_list(
    list: &[Condition],
    between: &str,
    empty: &str,
    sql: &mut String,
    values: &mut Vec<Value>,
) {
    if list.is_empty() {
        sql.push_str(empty);
        return;
    }
    sql.push('(');
    for (at, condition) in list.iter().enumerate() {
        if at > 0 {
            sql.push_str(between);
        }
        condition.write(sql, values);
    }
    sql.push(')');
}

/// Streams of one walk at most: what needs more is looked for row by row.
const MAX_LEADS: usize = 32;

/// A value that an index leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lead {
    pub(super) index: Index,
    pub(super) value: String,
}

/// An index of table `event` by a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Index {
    Uuid,
    Transaction,
    Recipient,
    User,
    ClientIp,
    Reason,
    Modem,
    Outcome,
    EventType,
    ActorId,
}

impl Index {
    const fn of(column: Column) -> Option<Self> {
        Some(match column {
            Column::Uuid => Self::Uuid,
            Column::Transaction => Self::Transaction,
            Column::Recipient => Self::Recipient,
            Column::User => Self::User,
            Column::ClientIp => Self::ClientIp,
            Column::Reason => Self::Reason,
            Column::Modem => Self::Modem,
            Column::Outcome => Self::Outcome,
            Column::EventType => Self::EventType,
            Column::ActorId => Self::ActorId,
            Column::MessageId
            | Column::Channel
            | Column::Purpose
            | Column::Region
            | Column::ActorName
            | Column::UserAgent
            | Column::TargetId
            | Column::TargetName
            | Column::TargetBefore
            | Column::Note
            | Column::Segments
            | Column::Cost
            | Column::QueueMs
            | Column::DeliveryMs
            | Column::DurationMs
            | Column::SetupMs
            | Column::RingMs
            | Column::TalkMs
            | Column::AcceptedAt
            | Column::Published
            | Column::Seq => return None,
        })
    }

    /// Its column.
    pub(super) const fn column(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Transaction => "transaction_id",
            Self::Recipient => "recipient",
            Self::User => "user",
            Self::ClientIp => "client_ip",
            Self::Reason => "reason",
            Self::Modem => "modem",
            Self::Outcome => "outcome",
            Self::EventType => "event_type",
            Self::ActorId => "actor_id",
        }
    }

    /// Whether its column holds ids that were made here, which begin with the time.
    pub(super) const fn is_id(self) -> bool {
        matches!(self, Self::Uuid | Self::Transaction)
    }

    /// Whether its column holds few words, and always one: what is asked of it can be asked of each.
    pub(super) const fn has_few_words(self) -> bool {
        matches!(self, Self::Outcome | Self::EventType)
    }

    /// How many events a value leads to, as a rule: 0 is fewest. Nearly everything succeeds.
    fn rank(self, value: &str) -> u8 {
        match self {
            Self::Outcome if value == "SUCCESS" => 9,
            Self::ActorId => 10,
            Self::Uuid
            | Self::Transaction
            | Self::Recipient
            | Self::User
            | Self::ClientIp
            | Self::Reason
            | Self::Modem
            | Self::Outcome
            | Self::EventType => self as u8,
        }
    }
}

impl Condition {
    /// Where all events that meet it are found, if indexes can say: at one of these values. `words` knows
    /// the words of a column that has few, if they can be read.
    pub(super) fn leads(&self, words: &dyn Fn(Index) -> Option<Vec<String>>) -> Option<Vec<Lead>> {
        let leads = match self {
            Self::Text(column, Operator::Eq, value) if Index::of(*column).is_some() => {
                let index = Index::of(*column)?;
                vec![Lead { index, value: value.clone() }]
            }
            Self::OneOf(column, values) => {
                let index = Index::of(*column)?;
                values.iter().map(|value| Lead { index, value: value.clone() }).collect()
            }
            Self::And(all) => {
                let each = all.iter().filter_map(|it| it.leads(words));
                let rank = |leads: &Vec<Lead>| {
                    leads.iter().map(|lead| lead.index.rank(&lead.value)).max().unwrap_or(0)
                };
                return each.min_by_key(rank);
            }
            Self::Or(any) => {
                let each = any.iter().map(|it| it.leads(words)).collect::<Option<Vec<_>>>()?;
                let mut leads: Vec<Lead> = Vec::new();
                for lead in each.into_iter().flatten() {
                    if !leads.contains(&lead) {
                        leads.push(lead);
                    }
                }
                leads
            }
            Self::Constant(false) => Vec::new(),
            Self::Constant(true)
            | Self::Not(_)
            | Self::There(_)
            | Self::Present(_)
            | Self::Text(..)
            | Self::Number(..) => {
                let index = self.about().filter(|index| index.has_few_words())?;
                let met = words(index)?.into_iter().filter(|word| self.holds_of(word));
                met.map(|value| Lead { index, value }).collect()
            }
        };
        (leads.len() <= MAX_LEADS).then_some(leads)
    }

    /// The indexed column that alone decides it, if one does.
    fn about(&self) -> Option<Index> {
        match self {
            Self::Not(it) => it.about(),
            Self::There(column)
            | Self::Present(column)
            | Self::Text(column, ..)
            | Self::OneOf(column, _) => Index::of(*column),
            Self::And(all) | Self::Or(all) => {
                let mut about = all.iter().map(Self::about);
                let first = about.next()??;
                about.all(|it| it == Some(first)).then_some(first)
            }
            Self::Constant(_) | Self::Number(..) => None,
        }
    }

    /// Whether the word of the one column that decides it meets it.
    fn holds_of(&self, word: &str) -> bool {
        match self {
            Self::Constant(it) => *it,
            Self::And(all) => all.iter().all(|it| it.holds_of(word)),
            Self::Or(any) => any.iter().any(|it| it.holds_of(word)),
            Self::Not(it) => !it.holds_of(word),
            Self::There(_) => true,
            Self::Present(_) => !word.is_empty(),
            Self::Text(_, operator, text) => operator.holds(word, text),
            Self::OneOf(_, words) => words.iter().any(|it| it == word),
            Self::Number(..) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eq(column: Column, value: &str) -> Condition {
        Condition::Text(column, Operator::Eq, value.into())
    }

    fn leads(condition: &Condition) -> Option<Vec<&'static str>> {
        let words = |_| Some(vec!["SUCCESS".to_owned(), "DENY".into(), "FAILURE".into()]);
        let leads = condition.leads(&words)?;
        Some(leads.into_iter().map(|lead| lead.index.column()).collect())
    }

    #[test]
    fn the_index_that_leads_to_fewest_is_taken() {
        let (user, denied) = (eq(Column::User, "u"), eq(Column::Outcome, "DENY"));
        let noted = Condition::Present(Column::Note);
        assert_eq!(leads(&user.clone().and(denied.clone())), Some(vec!["user"]));
        assert_eq!(leads(&noted.clone().and(denied.clone())), Some(vec!["outcome"]));
        let sent = eq(Column::EventType, "system.sms.send_message");
        assert_eq!(leads(&sent.clone().and(denied.clone())), Some(vec!["outcome"]));
        let worked = eq(Column::Outcome, "SUCCESS");
        assert_eq!(leads(&sent.and(worked)), Some(vec!["event_type"]));
        assert_eq!(leads(&noted), None);
        let either = Condition::Or(vec![user.clone(), denied.clone()]);
        assert_eq!(leads(&either), Some(vec!["user", "outcome"]));
        assert_eq!(leads(&Condition::Or(vec![user, noted])), None, "one of them could be anywhere");
        let few = denied.negated();
        assert_eq!(leads(&few), Some(vec!["outcome", "outcome"]));
        assert_eq!(leads(&eq(Column::User, "u").negated()), None);
    }
}
