//! `ringpost template`.

use std::fmt::Write as _;

use clap::Subcommand;
use serde_json::Value;

use super::{
    Failure, Output, Server, segments,
    table::{cell, items, table},
};

#[derive(Debug, Subcommand)]
pub(super) enum Template {
    /// See the templates that are stored.
    List {
        /// Those that come along with Ringpost too.
        #[arg(long)]
        defaults: bool,
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        output: Output,
    },
    /// Check every text of every template by the rules of today, those that were stored before a rule
    /// existed included; exit code 1 if anything is wrong.
    Check {
        #[command(flatten)]
        server: Server,
        #[command(flatten)]
        output: Output,
    },
}

impl Template {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { defaults, server, output } => {
                let path = format!("/api/v1/templates/sms?includeDefaults={defaults}");
                let templates = server.get(&path, output)?;
                output.print(&templates, |templates| {
                    let row = |template: &Value| {
                        let translations = template.get("translations").and_then(Value::as_object);
                        let count = translations.map_or(0, serde_json::Map::len).to_string();
                        let [id, name, purpose, text] = ["/id", "/name", "/purpose", "/template"]
                            .map(|pointer| cell(template, pointer));
                        [id, name, purpose, count, text]
                    };
                    let rows = items(templates).map(row).collect();
                    table(["ID", "NAME", "PURPOSE", "TRANSLATIONS", "TEXT"], rows)
                })
            }
            Self::Check { server, output } => {
                let audit = server.get("/api/v1/templates/check", output)?;
                output.print(&audit, describe)?;
                let sound = audit.get("sound").and_then(Value::as_bool) == Some(true);
                if sound { Ok(()) } else { Err(Failure::Reported) }
            }
        }
    }
}

/// What is wrong, and what makes texts UCS-2 that could be GSM-7.
fn describe(audit: &Value) -> String {
    let mut says = String::new();
    let mut count = 0;
    for text in items(audit) {
        count += 1;
        let problems = text.get("problems").and_then(Value::as_array).map_or(&[][..], |it| it);
        let saves = text.get("segments_if_replaced") != text.get("segments");
        if problems.is_empty() && !saves {
            continue;
        }
        let locale = cell(text, "/locale");
        let locale = if locale.is_empty() { String::new() } else { format!(" [{locale}]") };
        let _ = write!(
            says,
            "{} {:?}{locale}: {} units of {} in {} segments",
            cell(text, "/id"),
            cell(text, "/name"),
            cell(text, "/units"),
            cell(text, "/encoding"),
            cell(text, "/segments"),
        );
        if saves {
            let _ = write!(says, ", {} once replaced", cell(text, "/segments_if_replaced"));
        }
        for problem in problems {
            let (code, detail) = (cell(problem, "/code"), cell(problem, "/detail"));
            let _ = write!(says, "\n  {code}: {detail}");
        }
        says.push_str(&segments::non_gsm(text, "  "));
        says.push('\n');
    }
    let _ = write!(says, "{count} texts checked");
    says
}
