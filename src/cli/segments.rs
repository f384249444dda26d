//! `ringpost segments`.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Failure, Output, Server, table::cell, text};

#[derive(Debug, clap::Args)]
pub(super) struct Segments {
    /// The text; else it is read from standard input.
    #[arg(long)]
    text: Option<String>,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl Segments {
    pub(super) fn run(self) -> Result<(), Failure> {
        let body = json!({"text": text::given_or_read(self.text)?});
        let segments = self.server.post("/api/v1/segments", &body, None, self.output)?;
        self.output.print(&segments, describe)
    }
}

fn describe(segments: &Value) -> String {
    let [encoding, units, total, per_segment, remaining] =
        ["/encoding", "/units", "/segments", "/per_segment", "/remaining"]
            .map(|pointer| cell(segments, pointer));
    let mut says = format!(
        "{encoding}: {units} units in {total} segments of {per_segment}, room for {remaining} more"
    );
    says.push_str(&non_gsm(segments, "  "));
    says
}

/// A line for each character that makes a text UCS-2.
pub(super) fn non_gsm(text: &Value, indent: &str) -> String {
    let mut lines = String::new();
    for it in text.get("non_gsm").and_then(Value::as_array).into_iter().flatten() {
        let (character, position) = (cell(it, "/char"), cell(it, "/position"));
        let _ = write!(lines, "\n{indent}not in GSM-7: {character:?} at {position}");
        match it.get("suggestion").and_then(Value::as_str) {
            Some("") => lines.push_str(", can be left out"),
            Some(instead) => drop(write!(lines, ", {instead:?} can stand for it")),
            None => {}
        }
    }
    lines
}
