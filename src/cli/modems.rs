//! `ringpost modems`.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    Failure, Output, Server,
    table::{cell, items, table},
};

#[derive(Debug, clap::Args)]
pub(super) struct Modems {
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl Modems {
    pub(super) fn run(self) -> Result<(), Failure> {
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
    }
    text
}
