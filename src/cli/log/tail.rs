//! `ringpost log tail`: the log as it goes on.

use std::{
    collections::HashSet,
    io::{self, BufRead as _, BufReader, Write as _},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{Failure, Output, Server, newest, row};
use crate::cli::output;

/// Before a stream that ended is opened again: the daemon may be starting.
const AGAIN: Duration = Duration::from_secs(1);

/// Shows the last `lines` events and then all that come, until standard output is closed. A daemon that
/// stops is waited for, and nothing is missed.
pub(super) fn run(
    server: &Server,
    filter: Option<&str>,
    lines: usize,
    output: Output,
) -> Result<(), Failure> {
    let mut path = "/api/v1/events".to_owned();
    let filter = filter.map(|filter| ("filter", filter.to_owned()));
    if let Some(filter) = &filter {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair(filter.0, &filter.1)
            .finish();
        path = format!("{path}?{query}");
    }
    // Opened before the last events are read, so that none is missed; those in both are shown once.
    let mut stream = BufReader::new(server.open(&path, None)?.into_reader());
    let mut last = newest(server, filter.into_iter().collect(), lines, output)?;
    last.reverse();
    let mut shown = HashSet::new();
    for event in &last {
        shown.extend(event.get("uuid").and_then(Value::as_str).map(str::to_owned));
        if !show(event, output)? {
            return Ok(());
        }
    }
    let mut seen = None;
    loop {
        let mut line = String::new();
        while stream.read_line(&mut line).is_ok_and(|octets| octets > 0) {
            let (field, value) = line.trim_end().split_once(": ").unwrap_or_default();
            match field {
                "id" => seen = Some(value.to_owned()),
                "data" => {
                    let event: Value = serde_json::from_str(value)
                        .map_err(|cause| Failure::while_doing("read an event", cause))?;
                    let uuid = event.get("uuid").and_then(Value::as_str);
                    let new = uuid.is_none_or(|uuid| !shown.remove(uuid));
                    if new && !show(&event, output)? {
                        return Ok(());
                    }
                }
                _ => {}
            }
            line.clear();
        }
        let _ = writeln!(io::stderr(), "ringpost: the stream ended; waiting for the daemon");
        stream = loop {
            thread::sleep(AGAIN);
            match server.open(&path, seen.as_deref()) {
                Ok(body) => break BufReader::new(body.into_reader()),
                Err(Failure::Failed(says)) if says.starts_with("refused") => {
                    return Err(Failure::Failed(says));
                }
                Err(_) => {}
            }
        };
    }
}

/// Prints one event; says whether anybody reads it.
fn show(event: &Value, output: Output) -> Result<bool, Failure> {
    let line = if output.json {
        event.to_string()
    } else {
        let cells = row(event);
        cells.iter().filter(|cell| !cell.is_empty()).cloned().collect::<Vec<_>>().join("  ")
    };
    output::print_line(&line)
}
