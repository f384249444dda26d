//! Answers on standard output: for people, or as JSON for programs.

use std::io::{self, Write as _};

use serde_json::Value;

use super::Failure;

/// How to print an answer.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Output {
    /// Print JSON.
    #[arg(long)]
    pub(super) json: bool,
}

impl Output {
    /// Prints `value` as JSON, or else what `text` makes of it.
    pub(super) fn print(
        self,
        value: &Value,
        text: impl FnOnce(&Value) -> String,
    ) -> Result<(), Failure> {
        let text = if self.json { format!("{value:#}") } else { text(value) };
        print(&text)
    }
}

/// Prints a line at once, for whoever follows; says whether anybody does.
pub(super) fn print_line(text: &str) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => Ok(result.map(|()| true)?),
    }
}

/// Prints a line. A reader that has gone away, such as `head`, is no failure.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout(), "{}", text.trim_end()) {
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
