//! The file and the environment in one shape, every value with where it was written.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Whence};

/// A value and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) whence: Whence,
    pub(super) value: Value,
}

/// What was written.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    /// `None`: more than 64 bits.
    Integer(Option<i64>),
    Flag(bool),
    List(Vec<Item>),
    Table(Table),
    /// Of a type that no key takes, with the type's name.
    Other(&'static str),
    /// The content of a variable, which takes the type of the key it stands for.
    Raw(String),
}

impl Value {
    /// How a message calls a value of this type.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Raw(_) => "a string",
            Self::Integer(_) => "an integer",
            Self::Flag(_) => "a boolean",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

/// Keys and what they hold.
pub(super) type Table = BTreeMap<String, Item>;

/// The tree of a file.
///
/// # Errors
/// What is no TOML, as far as the parser can tell the mistakes apart.
pub(super) fn of_file(text: &str) -> Result<Table, Vec<Problem>> {
    let (root, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(table(root.into_inner(), &|at| Whence::Line(line_of(text, at))));
    }
    let problem = |error: toml::de::Error| Problem {
        whence: Whence::Line(line_of(text, error.span().map_or(0, |span| span.start))),
        key: String::new(),
        what: error.message().to_owned(),
    };
    let mut problems: Vec<_> = errors.into_iter().map(problem).collect();
    problems.sort_by(|a, b| a.whence.cmp(&b.whence));
    Err(problems)
}

/// The list that a variable holds, written as in the file.
pub(super) fn list_of_raw(raw: &str, whence: &Whence) -> Option<Vec<Item>> {
    let parsed = DeValue::parse(raw).ok()?.into_inner();
    match value(parsed, &|_| whence.clone()) {
        Value::List(items) => Some(items),
        Value::Text(_)
        | Value::Integer(_)
        | Value::Flag(_)
        | Value::Table(_)
        | Value::Other(_)
        | Value::Raw(_) => None,
    }
}

/// Lays the variables named `RINGPOST_SECTION__KEY` over `root`; a modem's are named
/// `RINGPOST_MODEM__INDEX__KEY`, counted from 0. Other variables are not ours to judge.
pub(super) fn overlay(
    root: &mut Table,
    env: impl Iterator<Item = (String, String)>,
    problems: &mut Vec<Problem>,
) {
    let ours = |name: &str| name.starts_with("RINGPOST_") && name.contains("__");
    let mut variables: Vec<_> = env.filter(|(name, _)| ours(name)).collect();
    // Index 0 comes before index 1, so that a modem can be added after the last one.
    variables.sort();
    for (name, raw) in variables {
        let path = name.strip_prefix("RINGPOST_").unwrap_or(&name).to_ascii_lowercase();
        let parts: Vec<&str> = path.split("__").collect();
        let whence = Whence::Variable(name.clone());
        let item = Item { whence: whence.clone(), value: Value::Raw(raw) };
        let what = match *parts.as_slice() {
            ["modem", index, key] => match modem(root, index, &whence) {
                Ok(table) => {
                    table.insert(key.to_owned(), item);
                    continue;
                }
                Err(what) => what,
            },
            ["modem", _] => "names no modem; write RINGPOST_MODEM__0__NAME for the first".into(),
            [section, key] if !section.is_empty() && !key.is_empty() => {
                let held = root.entry(section.to_owned()).or_insert_with(|| Item {
                    whence: whence.clone(),
                    value: Value::Table(Table::new()),
                });
                if let Value::Table(table) = &mut held.value {
                    table.insert(key.to_owned(), item);
                }
                // A section that is no table is a problem of the file, and told there.
                continue;
            }
            _ => "is no configuration key; they are named RINGPOST_SECTION__KEY".into(),
        };
        problems.push(Problem { whence, key: String::new(), what });
    }
}

/// The table of the modem of `index`, added if it is the next one.
fn modem<'t>(root: &'t mut Table, index: &str, whence: &Whence) -> Result<&'t mut Table, String> {
    let held = root
        .entry("modem".to_owned())
        .or_insert_with(|| Item { whence: whence.clone(), value: Value::List(Vec::new()) });
    let Value::List(modems) = &mut held.value else {
        return Err("the file has no list of modems to lay this over".into());
    };
    let next = modems.len();
    let index: usize = index.parse().ok().filter(|index| *index <= next).ok_or_else(|| {
        format!("\"{index}\" is no modem; they are counted from 0, and the next one is {next}")
    })?;
    if index == next {
        modems.push(Item { whence: whence.clone(), value: Value::Table(Table::new()) });
    }
    match modems.get_mut(index) {
        Some(Item { value: Value::Table(table), .. }) => Ok(table),
        Some(_) | None => Err(format!("modem {index} of the file is no table")),
    }
}

/// Line of the byte `at`, counted from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

fn table(table: DeTable<'_>, whence: &dyn Fn(usize) -> Whence) -> Table {
    let entry = |(key, held): (toml::Spanned<_>, toml::Spanned<DeValue<'_>>)| {
        let at = whence(key.span().start);
        let key: std::borrow::Cow<'_, str> = key.into_inner();
        (key.into_owned(), Item { whence: at, value: value(held.into_inner(), whence) })
    };
    table.into_iter().map(entry).collect()
}

fn value(held: DeValue<'_>, whence: &dyn Fn(usize) -> Whence) -> Value {
    match held {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(digits) => {
            Value::Integer(i64::from_str_radix(digits.as_str(), digits.radix()).ok())
        }
        DeValue::Boolean(flag) => Value::Flag(flag),
        DeValue::Array(items) => {
            let item = |item: toml::Spanned<DeValue<'_>>| Item {
                whence: whence(item.span().start),
                value: value(item.into_inner(), whence),
            };
            Value::List(items.into_iter().map(item).collect())
        }
        DeValue::Table(entries) => Value::Table(table(entries, whence)),
        DeValue::Float(_) => Value::Other("a decimal number"),
        DeValue::Datetime(_) => Value::Other("a date"),
    }
}
