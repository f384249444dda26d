//! `ringpost messages`.

use std::fmt::Write as _;

use clap::Subcommand;
use serde_json::Value;

use super::{
    Failure, Output, Server,
    export::{Export, Source},
    table::{cell, items, table},
};

const MESSAGES: Source =
    Source { path: "/api/v1/messages/export", id: "id", mark: "purpose", what: "a message" };

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Messages {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// See one message, and what happened to it when.
    Show {
        /// Its id.
        id: String,
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        output: Output,
    },
    /// Write all messages that are kept, one JSON a line; goes on with a file that broke off.
    Export(Export),
}

#[derive(Debug, clap::Args)]
struct List {
    /// How many of the newest.
    #[arg(long, default_value_t = 20)]
    limit: u32,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl Messages {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.command {
            Some(Command::Show { id, server, output }) => show(&id, &server, output),
            Some(Command::Export(export)) => export.run(MESSAGES),
            None => {
                let List { limit, server, output } = self.list;
                let page = server.get(&format!("/api/v1/messages?limit={limit}"), output)?;
                output.print(&page, list)
            }
        }
    }
}

fn list(page: &Value) -> String {
    let rows = items(page).map(|message| {
        ["/id", "/created_at", "/to", "/purpose", "/state", "/reason/detail"]
            .map(|pointer| cell(message, pointer))
    });
    table(["ID", "CREATED", "TO", "PURPOSE", "STATE", "REASON"], rows.collect())
}

fn show(id: &str, server: &Server, output: Output) -> Result<(), Failure> {
    let message = server.get(&format!("/api/v1/messages/{id}"), output)?;
    if output.json {
        return output.print(&message, describe);
    }
    let filter = format!("transaction.id eq \"{}\"", cell(&message, "/transaction_id"));
    let since = cell(&message, "/created_at");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("filter", &filter), ("since", &since), ("limit", &"1000".to_owned())])
        .finish();
    // A token that may not read the log still sees the message.
    let events = server.get(&format!("/api/v1/logs?{query}"), output).unwrap_or_default();
    output
        .print(&message, |message| format!("{}\n{}", describe(message), timeline(message, &events)))
}

/// One message: where it is, to whom and how.
pub(super) fn describe(message: &Value) -> String {
    let mut text = format!("message {}: {}", cell(message, "/id"), cell(message, "/state"));
    if let Some(reason) = message.pointer("/reason/detail").and_then(Value::as_str) {
        let _ = write!(text, " ({reason})");
    }
    let how = if cell(message, "/channel") == "voice" {
        "by call".to_owned()
    } else {
        format!("{} segments in {}", cell(message, "/total_segments"), cell(message, "/encoding"))
    };
    let _ = write!(
        text,
        "\n  to {}, {how}, lane {}\n  transaction {}",
        cell(message, "/to"),
        cell(message, "/lane"),
        cell(message, "/transaction_id"),
    );
    for (name, pointer) in [("falls back to", "/fallback"), ("in the place of", "/fallback_of")] {
        let value = cell(message, pointer);
        if !value.is_empty() {
            let _ = write!(text, "\n  {name} {value}");
        }
    }
    if let Some(call) = message.get("call").filter(|call| !call.is_null()) {
        let seconds = |pointer| call.pointer(pointer).and_then(Value::as_f64).unwrap_or_default();
        let _ = write!(
            text,
            "\n  set up in {:.1} s, rang for {:.1} s, talked for {:.1} s",
            seconds("/setup_seconds"),
            seconds("/ring_seconds"),
            seconds("/talk_seconds"),
        );
    }
    text
}

/// What happened to a message, in order, with the time since it was accepted.
fn timeline(message: &Value, events: &Value) -> String {
    let call = cell(message, "/channel") == "voice";
    let mut steps = vec![(cell(message, "/created_at"), "accepted".to_owned())];
    for segment in message.get("segments").and_then(Value::as_array).into_iter().flatten() {
        let (attempt, modem) = (cell(segment, "/attempt"), cell(segment, "/modem"));
        let which = if call {
            format!("call {attempt} by {modem}")
        } else {
            format!("attempt {attempt} segment {} by {modem}", cell(segment, "/sequence"))
        };
        let state = [cell(segment, "/state"), cell(segment, "/detail")].join(" ");
        let (taken, reported) = (cell(segment, "/submitted_at"), cell(segment, "/reported_at"));
        if taken.is_empty() {
            // Nobody stored when: it stands where the attempt before it ended.
            let at = steps.last().map(|(at, _)| at.clone()).unwrap_or_default();
            steps.push((at, format!("{which}: {}", state.trim_end())));
        } else {
            let what = if call { "answered" } else { "taken by the network" };
            steps.push((taken, format!("{which}: {what}")));
        }
        if !reported.is_empty() {
            steps.push((reported, format!("{which}: {}", state.trim_end())));
        }
    }
    for event in events.as_array().into_iter().flatten() {
        let reason = cell(event, "/outcome/reason");
        let mut says =
            format!("{}: {}", cell(event, "/displayMessage"), cell(event, "/outcome/result"));
        if !reason.is_empty() {
            let _ = write!(says, " ({})", reason.trim_end_matches('.'));
        }
        steps.push((cell(event, "/published"), says));
    }
    steps.sort_by(|one, other| one.0.cmp(&other.0));
    let start = cell(message, "/created_at");
    let rows = steps.into_iter().map(|(at, says)| {
        let passed = passed(&start, &at).unwrap_or_default();
        [String::new(), at, passed, says]
    });
    let mut lines = table(["", "WHEN", "AFTER", "WHAT"], rows.collect());
    let expires = cell(message, "/expires_at");
    if cell(message, "/ended_at").is_empty() {
        let _ = write!(lines, "\n  {expires}  it expires if it is not on the air by then");
    }
    lines
}

/// Seconds between two instants.
fn passed(from: &str, to: &str) -> Option<String> {
    let (from, to) = (from.parse::<jiff::Timestamp>().ok()?, to.parse::<jiff::Timestamp>().ok()?);
    let milliseconds = to.as_millisecond() - from.as_millisecond();
    Some(format!("{}.{:03} s", milliseconds / 1000, (milliseconds % 1000).abs()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_timeline_tells_everything_in_its_order() {
        let message = json!({
            "created_at": "2026-11-23T19:00:00.000Z", "ended_at": "2026-11-23T19:00:02.500Z",
            "segments": [{
                "attempt": 1, "sequence": 1, "modem": "m1", "state": "delivered",
                "submitted_at": "2026-11-23T19:00:00.300Z",
                "reported_at": "2026-11-23T19:00:02.500Z", "detail": null,
            }],
        });
        let events = json!([
            {
                "published": "2026-11-23T19:00:00.301Z", "displayMessage": "Send SMS message",
                "outcome": {"result": "SUCCESS", "reason": null},
            },
        ]);
        insta::assert_snapshot!(timeline(&message, &events), @r"
          WHEN                      AFTER    WHAT
          2026-11-23T19:00:00.000Z  0.000 s  accepted
          2026-11-23T19:00:00.300Z  0.300 s  attempt 1 segment 1 by m1: taken by the network
          2026-11-23T19:00:00.301Z  0.301 s  Send SMS message: SUCCESS
          2026-11-23T19:00:02.500Z  2.500 s  attempt 1 segment 1 by m1: delivered
        ");
    }
}
