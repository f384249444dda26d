//! `ringpost log`.

mod tail;

use clap::Subcommand;
use jiff::{Span, Timestamp as Instant, tz::Offset};
use serde_json::Value;

use super::{
    Failure, Output, Server,
    export::{Export, Source},
    table::{cell, table},
};
use crate::{
    domain::Timestamp,
    system_log::{Filter, FilterError},
};

/// Events of one request at most.
const PAGE: usize = 1000;

const EVENTS: Source =
    Source { path: "/api/v1/logs/export", id: "uuid", mark: "uuid", what: "an event" };

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Log {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Follow the log until it is interrupted.
    Tail {
        /// Such as `outcome.result ne "SUCCESS"`.
        #[arg(long, value_name = "FILTER")]
        filter: Option<String>,
        /// How many of the last to show first.
        #[arg(long, default_value_t = 10)]
        lines: usize,
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        output: Output,
    },
    /// Write all events that are kept, one JSON a line; goes on with a file that broke off.
    Export(Export),
}

#[derive(Debug, clap::Args)]
struct List {
    /// Such as `eventType sw "system.sms" and outcome.result eq "DENY"`.
    #[arg(long, value_name = "FILTER")]
    filter: Option<String>,
    /// Words that all must be found in an event.
    #[arg(long, value_name = "WORDS")]
    query: Option<String>,
    /// From when on: a time, or how long ago, such as 2h or 7d.
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Until when: a time, or how long ago.
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// How many of the newest.
    #[arg(long, default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl Log {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.command {
            None => self.list.run(),
            Some(Command::Tail { filter, lines, server, output }) => {
                check(filter.as_deref())?;
                tail::run(&server, filter.as_deref(), lines, output)
            }
            Some(Command::Export(export)) => export.run(EVENTS),
        }
    }
}

impl List {
    fn run(&self) -> Result<(), Failure> {
        check(self.filter.as_deref())?;
        let now = Instant::now();
        let when = |text: &Option<String>| text.as_deref().map(|it| instant(it, now)).transpose();
        let (since, until) = (when(&self.since)?, when(&self.until)?);
        let parameters = [
            ("since", since),
            ("until", until),
            ("filter", self.filter.clone()),
            ("q", self.query.clone()),
        ];
        let parameters = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let events = newest(&self.server, parameters.collect(), self.limit, self.output)?;
        self.output.print(&Value::Array(events), |events| {
            let events = events.as_array().into_iter().flatten();
            let head = ["PUBLISHED", "EVENT", "OUTCOME", "ABOUT", "NUMBER", "REASON"];
            table(head, events.map(row).collect())
        })
    }
}

/// The newest events, newest first, from as many pages as it takes.
fn newest(
    server: &Server,
    mut parameters: Vec<(&'static str, String)>,
    limit: usize,
    output: Output,
) -> Result<Vec<Value>, Failure> {
    parameters.push(("sortOrder", "DESCENDING".into()));
    parameters.push(("limit", limit.min(PAGE).to_string()));
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let (mut events, mut next) = (Vec::new(), Some(format!("/api/v1/logs?{query}")));
    while let Some(path) = next.filter(|_| events.len() < limit) {
        let (page, following) = server.get_page(&path, output)?;
        let page = if let Value::Array(page) = page { page } else { Vec::new() };
        events.extend(page);
        next = following;
    }
    events.truncate(limit);
    Ok(events)
}

fn row(event: &Value) -> [String; 6] {
    let about = ["/target/0/id", "/debugContext/debugData/note"].map(|it| cell(event, it));
    let number = cell(event, "/debugContext/debugData/phoneNumber");
    let about = about.into_iter().find(|it| !it.is_empty() && number.is_empty());
    [
        cell(event, "/published"),
        cell(event, "/eventType"),
        cell(event, "/outcome/result"),
        about.unwrap_or_else(|| cell(event, "/target/0/id")),
        number,
        cell(event, "/debugContext/debugData/reasonDetail"),
    ]
}

/// Judges a filter before the daemon does, and shows where it is wrong.
fn check(filter: Option<&str>) -> Result<(), Failure> {
    let wrong = filter.and_then(|filter| Filter::parse(filter).err());
    wrong.map_or(Ok(()), |error| Err(Failure::Failed(underlined(&error))))
}

fn underlined(error: &FilterError) -> String {
    // A place is a character of one line.
    let line: String =
        error.filter.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
    let (spaces, marks) = (" ".repeat(error.at), "^".repeat(error.length));
    format!("the filter cannot be used: {}\n  {line}\n  {spaces}{marks}", error.says())
}

/// An instant in ISO 8601, or how long it is ago, as the API takes it.
fn instant(text: &str, now: Instant) -> Result<String, Failure> {
    if let Ok(at) = Timestamp::parse_iso8601(text) {
        return Ok(at.to_string());
    }
    let ago = text.parse::<Span>().ok().and_then(|span| {
        let at = Offset::UTC.to_datetime(now).checked_sub(span.abs()).ok()?;
        let at = Offset::UTC.to_timestamp(at).ok()?;
        Some(Timestamp::from_unix_ms(at.as_millisecond()))
    });
    ago.map(|at| at.to_string()).ok_or_else(|| {
        let usual = "write a time such as 2026-11-23T19:00:00Z, or how long ago such as 2h or 7d";
        Failure::Failed(format!("{text:?} is no time; {usual}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_that_is_wrong_is_underlined() {
        let error = Filter::parse("uuid pr and outcome.result eqq \"é\"").unwrap_err();
        assert_eq!(
            underlined(&error),
            "the filter cannot be used: Unrecognized attribute operator 'eqq' at position 28. \
             Expected: eq,ne,co,sw,ew,pr,gt,ge,lt,le\n  \
             uuid pr and outcome.result eqq \"é\"\n                             ^^^"
        );
        let error = Filter::parse("severity eq \"é\" and bogus pr").unwrap_err();
        assert!(underlined(&error).ends_with(&format!("\n  {}^^^^^", " ".repeat(20))));
    }

    #[test]
    fn times_are_written_out_or_counted_back() {
        let now: Instant = "2026-11-23T19:00:00Z".parse().unwrap();
        for (text, reads) in [
            ("2h", "2026-11-23T17:00:00.000Z"),
            ("7d", "2026-11-16T19:00:00.000Z"),
            ("90s", "2026-11-23T18:58:30.000Z"),
            ("2026-11-01", "2026-11-01T00:00:00.000Z"),
        ] {
            assert_eq!(instant(text, now).unwrap(), reads);
        }
        assert!(instant("yesterday", now).is_err());
    }
}
