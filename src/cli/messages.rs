//! `ringpost messages`.

use std::fmt::Write as _;

use serde_json::Value;

use super::{
    Failure, Output, Server,
    table::{cell, items, table},
};

#[derive(Debug, clap::Args)]
pub(super) struct Messages {
    /// See one message only.
    id: Option<String>,
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
        match &self.id {
            Some(id) => {
                let message = self.server.get(&format!("/api/v1/messages/{id}"), self.output)?;
                self.output.print(&message, describe)
            }
            None => {
                let path = format!("/api/v1/messages?limit={}", self.limit);
                let page = self.server.get(&path, self.output)?;
                self.output.print(&page, list)
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

/// One message, with the times of its way.
pub(super) fn describe(message: &Value) -> String {
    let mut text = format!("message {}: {}", cell(message, "/id"), cell(message, "/state"));
    if let Some(reason) = message.pointer("/reason/detail").and_then(Value::as_str) {
        let _ = write!(text, " ({reason})");
    }
    let _ = write!(
        text,
        "\n  to {}, {} segments in {}, lane {}",
        cell(message, "/to"),
        cell(message, "/total_segments"),
        cell(message, "/encoding"),
        cell(message, "/lane"),
    );
    for (name, pointer) in [
        ("created", "/created_at"),
        ("sent", "/sent_at"),
        ("ended", "/ended_at"),
        ("transaction", "/transaction_id"),
    ] {
        let value = cell(message, pointer);
        if !value.is_empty() {
            let _ = write!(text, "\n  {name:<12}{value}");
        }
    }
    for segment in message.get("segments").and_then(Value::as_array).into_iter().flatten() {
        let _ = write!(
            text,
            "\n  attempt {} segment {} by {}: {} {} {}",
            cell(segment, "/attempt"),
            cell(segment, "/sequence"),
            cell(segment, "/modem"),
            cell(segment, "/state"),
            cell(segment, "/submitted_at"),
            cell(segment, "/reported_at"),
        );
    }
    text
}
