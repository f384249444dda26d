//! `ringpost modems`.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    Failure, Output, Server,
    table::{cell, items, table},
};

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Modems {
    #[command(subcommand)]
    act: Option<Act>,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, clap::Subcommand)]
enum Act {
    /// Restart a modem.
    Reset(One),
    /// Let the PIN of its SIM be tried once more, after you have corrected it.
    Unlock(One),
}

#[derive(Debug, clap::Args)]
struct One {
    /// Its name.
    name: String,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl One {
    fn act(self, action: &str) -> Result<(), Failure> {
        let path = format!("/api/v1/modems/{}/{action}", self.name);
        let modem = self.server.post(&path, &Value::Null, None, self.output)?;
        self.output.print(&modem, |modem| {
            format!("modem {}: {action} begins; it was {}", self.name, cell(modem, "/state"))
        })
    }
}

impl Modems {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self.act {
            Some(Act::Reset(modem)) => return modem.act("reset"),
            Some(Act::Unlock(modem)) => return modem.act("unlock"),
            None => {}
        }
        let list = self.server.get("/api/v1/modems", self.output)?;
        self.output.print(&list, describe)
    }
}

/// The modems, and below them what is wrong with each and what to do about it.
fn describe(list: &Value) -> String {
    let rows = items(list).map(|modem| {
        ["/name", "/state", "/step", "/model", "/operator", "/registration", "/signal_dbm", "/port"]
            .map(|pointer| cell(modem, pointer))
    });
    let head = ["NAME", "STATE", "STEP", "MODEL", "OPERATOR", "REGISTRATION", "DBM", "PORT"];
    let mut text = table(head, rows.collect());
    for modem in items(list).filter(|modem| modem.get("problem").is_some_and(Value::is_object)) {
        let _ = write!(
            text,
            "\n\n{}: {}\n  {}",
            cell(modem, "/name"),
            cell(modem, "/problem/message"),
            cell(modem, "/problem/hint"),
        );
        if let Some(seconds) = modem.get("step_deadline_seconds").and_then(Value::as_u64) {
            let step = cell(modem, "/step");
            let _ = write!(text, "\n  The step \"{step}\" is given up after {seconds} s.");
        }
    }
    for modem in items(list) {
        let counts = counts(modem);
        if !counts.is_empty() {
            let _ = write!(text, "\n\n{} since the start: {counts}", cell(modem, "/name"));
        }
    }
    text
}

/// What has happened to a modem, as far as anything has.
fn counts(modem: &Value) -> String {
    let all = modem.get("counts").and_then(Value::as_object).into_iter().flatten();
    let some = all.filter(|(_, count)| count.as_u64() != Some(0));
    let said: Vec<_> =
        some.map(|(name, count)| format!("{} {count}", name.replace('_', " "))).collect();
    said.join(", ")
}
