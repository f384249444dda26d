//! Hands the values of a section out by type, and notes what is wrong with them.

use std::ops::RangeInclusive;

use super::{
    problem::{Problem, Whence},
    tree::{Item, Table, Value, list_of_raw},
};

/// A section while it is read. A getter that finds nothing usable answers `None`, so that the rest
/// can still be judged; whether there was a problem is seen at the end.
pub(super) struct Section {
    /// Path of the section; empty at the root.
    path: String,
    /// Where it begins.
    whence: Whence,
    /// What nobody has asked for yet.
    rest: Table,
    /// What was asked for, and so exists.
    known: Vec<&'static str>,
    /// What was wrong.
    problems: Vec<Problem>,
}

impl Section {
    /// The root of a tree, with the problems that are known already.
    pub(super) fn root(tree: Table, problems: Vec<Problem>) -> Self {
        let whence = Whence::Line(1);
        Self { path: String::new(), whence, rest: tree, known: Vec::new(), problems }
    }

    /// Reads the table `name`, or one without keys where there is none.
    pub(super) fn table<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> T) -> T {
        let item = self.take(name);
        let whence = item.as_ref().map_or(&self.whence, |item| &item.whence).clone();
        let table = item.and_then(|item| self.table_of(name, &format!("[{name}]"), item));
        self.inside(name, whence, table.unwrap_or_default(), read)
    }

    /// Reads every table of the list `name`.
    pub(super) fn tables<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Self) -> T,
    ) -> Vec<T> {
        let Some(Item { whence, value }) = self.take(name) else { return Vec::new() };
        let heading = format!("[[{name}]]");
        let found = value.type_name();
        let Value::List(items) = value else {
            self.note(name, whence, format!("expected tables {heading}, found {found}"));
            return Vec::new();
        };
        let mut all = Vec::with_capacity(items.len());
        for item in items {
            let whence = item.whence.clone();
            if let Some(table) = self.table_of(name, &heading, item) {
                all.push(self.inside(name, whence, table, &mut read));
            }
        }
        all
    }

    fn inside<T>(
        &mut self,
        name: &'static str,
        whence: Whence,
        rest: Table,
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let path = self.key_path(name);
        let problems = std::mem::take(&mut self.problems);
        let mut section = Self { path, whence, rest, known: Vec::new(), problems };
        let read = read(&mut section);
        self.problems = section.finish();
        read
    }

    fn table_of(&mut self, name: &str, heading: &str, item: Item) -> Option<Table> {
        let found = item.value.type_name();
        if let Value::Table(table) = item.value {
            return Some(table);
        }
        self.note(name, item.whence, format!("expected a table {heading}, found {found}"));
        None
    }

    /// A string that `parse` understands; its error says what would be right.
    pub(super) fn text<T, E: ToString>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Item { whence, value } = self.take(key)?;
        let parsed =
            text_of(&value).and_then(|text| parse(text).map_err(|error| error.to_string()));
        self.noting(key, whence, parsed)
    }

    /// As [`text`](Self::text), told apart from a key that is not there.
    pub(super) fn given<T, E: ToString>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        let there = self.rest.contains_key(key);
        let read = self.text(key, parse);
        there.then_some(read)
    }

    /// As [`text`](Self::text), of a key that must be there; `what` says what belongs there.
    pub(super) fn required<T, E: ToString>(
        &mut self,
        key: &'static str,
        what: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if !self.rest.contains_key(key) {
            self.note(key, self.whence.clone(), format!("is missing: {what}"));
        }
        self.text(key, parse)
    }

    /// A whole number within `range`; `unit` is put after the bounds in messages.
    pub(super) fn integer<N>(
        &mut self,
        key: &'static str,
        range: RangeInclusive<N>,
        unit: &str,
    ) -> Option<N>
    where
        N: TryFrom<i64> + PartialOrd + std::fmt::Display,
    {
        let Item { whence, value } = self.take(key)?;
        let number = match &value {
            Value::Integer(number) => *number,
            Value::Raw(raw) => raw.trim().parse().ok(),
            Value::Text(_)
            | Value::Flag(_)
            | Value::List(_)
            | Value::Table(_)
            | Value::Other(_) => None,
        };
        let number = number.and_then(|number| N::try_from(number).ok());
        let within = number.filter(|number| range.contains(number)).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            format!("must be a whole number from {least} to {most}{unit}, found {}", shown(&value))
        });
        self.noting(key, whence, within)
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let Item { whence, value } = self.take(key)?;
        let flag = match &value {
            Value::Flag(flag) => Some(*flag),
            Value::Raw(raw) => raw.trim().parse().ok(),
            Value::Text(_)
            | Value::Integer(_)
            | Value::List(_)
            | Value::Table(_)
            | Value::Other(_) => None,
        };
        let flag = flag.ok_or_else(|| format!("must be true or false, found {}", shown(&value)));
        self.noting(key, whence, flag)
    }

    /// A list of strings, each of which `parse` understands.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let Item { whence, value } = self.take(key)?;
        let items = match value {
            Value::List(items) => Some(items),
            Value::Raw(raw) => list_of_raw(&raw, &whence),
            Value::Text(_)
            | Value::Integer(_)
            | Value::Flag(_)
            | Value::Table(_)
            | Value::Other(_) => None,
        };
        let Some(items) = items else {
            self.note(key, whence, "must be a list of strings, such as [\"a\", \"b\"]".into());
            return None;
        };
        let parsed = items.into_iter().map(|Item { whence, value }| {
            let parsed = text_of(&value).and_then(&parse);
            self.noting(key, whence, parsed)
        });
        // Every item is judged before the list as a whole is.
        parsed.collect::<Vec<_>>().into_iter().collect()
    }

    /// As [`list`](Self::list), of a key that must be there and hold something; `what` says what belongs there.
    pub(super) fn required_list<T>(
        &mut self,
        key: &'static str,
        what: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let whence = self.whence_of(key);
        let missing = !self.rest.contains_key(key);
        let list = self.list(key, parse);
        if missing || list.as_ref().is_some_and(Vec::is_empty) {
            self.note(key, whence, format!("is missing: {what}"));
            return None;
        }
        list
    }

    /// Whether nothing is written in it.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Notes a problem with the value of `key`.
    pub(super) fn note(&mut self, key: &str, whence: Whence, what: String) {
        let key = self.key_path(key);
        self.problems.push(Problem { whence, key, what });
    }

    /// Where `key` is written; where the section begins if it is not.
    pub(super) fn whence_of(&self, key: &str) -> Whence {
        self.rest.get(key).map_or(&self.whence, |item| &item.whence).clone()
    }

    /// All problems, with the keys that nobody asked for.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        for (key, item) in std::mem::take(&mut self.rest) {
            let kind = if self.path.is_empty() { "section" } else { "key" };
            let what = format!("unknown {kind}; {}", self.instead_of(&key));
            self.note(&key, item.whence, what);
        }
        self.problems
    }

    fn instead_of(&self, key: &str) -> String {
        if let Some(near) = nearest(key, &self.known) {
            return format!("did you mean \"{near}\"?");
        }
        let known = self.known.join(", ");
        if self.path.is_empty() {
            format!("the sections are {known}")
        } else {
            format!("the keys of [{}] are {known}", self.path)
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Item> {
        self.known.push(key);
        self.rest.remove(key)
    }

    fn noting<T>(&mut self, key: &str, whence: Whence, read: Result<T, String>) -> Option<T> {
        read.map_err(|what| self.note(key, whence, what)).ok()
    }

    fn key_path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// The word of `known` that `word` was most likely meant to be.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    // A third of the letters may be wrong: "secs" still finds "seconds" in a long key, "port" does
    // not find "host".
    let tolerance = (word.len() / 3).max(1);
    let distance = |candidate: &str| strsim::damerau_levenshtein(word, candidate);
    let near = known.iter().map(|candidate| (distance(candidate), *candidate)).min()?;
    (near.0 <= tolerance).then_some(near.1)
}

fn text_of(value: &Value) -> Result<&str, String> {
    match value {
        Value::Text(text) | Value::Raw(text) => Ok(text),
        Value::Integer(_) | Value::Flag(_) | Value::List(_) | Value::Table(_) | Value::Other(_) => {
            Err(format!("must be a string, found {}", value.type_name()))
        }
    }
}

/// How a message repeats a value.
fn shown(value: &Value) -> String {
    match value {
        Value::Integer(Some(number)) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Text(text) | Value::Raw(text) => format!("{text:?}"),
        Value::Integer(None) => "a larger one".to_owned(),
        Value::List(_) | Value::Table(_) | Value::Other(_) => value.type_name().to_owned(),
    }
}
