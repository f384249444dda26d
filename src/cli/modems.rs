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
        let [name, state, step, model, operator, registration, dbm] =
            ["/name", "/state", "/step", "/model", "/operator", "/registration", "/signal_dbm"]
                .map(|pointer| cell(modem, pointer));
        [name, state, step, model, operator, registration, dbm, calls(modem), place(modem)]
    });
    let head =
        ["NAME", "STATE", "STEP", "MODEL", "OPERATOR", "REGISTRATION", "DBM", "CALLS", "PORT"];
    let mut text = table(head, rows.collect());
    for modem in items(list).filter(|modem| modem.get("problem").is_some_and(Value::is_object)) {
        let _ = write!(
            text,
            "\n\n{}: {} since {}\n  {}\n  {}",
            cell(modem, "/name"),
            cell(modem, "/state"),
            cell(modem, "/since"),
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

/// How a modem is heard in calls, and whether it hears keys.
pub(super) fn calls(modem: &Value) -> String {
    let keys = modem.pointer("/voice/keys").and_then(Value::as_bool) == Some(true);
    format!("{}{}", cell(modem, "/voice/sound"), if keys { ", keys" } else { "" })
}

/// Where a modem is: its port, or by what it is looked for while it is nowhere.
fn place(modem: &Value) -> String {
    let is_there = modem.get("state").is_none_or(|state| state != "absent");
    match cell(modem, "/port") {
        port if is_there && !port.is_empty() => port,
        _ => format!("{} {}", cell(modem, "/found_by"), cell(modem, "/locator")),
    }
}

/// What has happened to a modem, as far as anything has.
fn counts(modem: &Value) -> String {
    let all = modem.get("counts").and_then(Value::as_object).into_iter().flatten();
    let some = all.filter(|(_, count)| count.as_u64() != Some(0));
    let said: Vec<_> =
        some.map(|(name, count)| format!("{} {count}", name.replace('_', " "))).collect();
    said.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_sees_what_is_absent_why_and_since_when() {
        let list = json!({"items": [
            {"name": "a", "state": "ready", "model": "EC25", "operator": "Example", "registration": "home",
             "signal_dbm": -71, "voice": {"sound": "pcm", "keys": true}, "port": "/dev/ttyUSB2", "found_by": "imei", "locator": "861475030000014",
             "problem": null, "since": "2026-11-23T19:00:00Z", "counts": {"drain": 0}},
            {"name": "b", "state": "absent", "port": "/dev/ttyUSB6", "found_by": "usb", "locator": "1-1.3",
             "since": "2026-11-23T19:04:13Z", "counts": {"reopen": 2}, "problem": {
                 "message": "Nothing is plugged in at the USB path 1-1.3.",
                 "hint": "Plug the modem in, or correct `usb`; it is picked up when it comes."}},
        ]});
        insta::assert_snapshot!(describe(&list), @r"
        NAME  STATE   STEP  MODEL  OPERATOR  REGISTRATION  DBM  CALLS      PORT
        a     ready         EC25   Example   home          -71  pcm, keys  /dev/ttyUSB2
        b     absent                                                       usb 1-1.3

        b: absent since 2026-11-23T19:04:13Z
          Nothing is plugged in at the USB path 1-1.3.
          Plug the modem in, or correct `usb`; it is picked up when it comes.

        b since the start: reopen 2
        ");
    }
}
