//! `ringpost doctor`: what on this box keeps the gateway from working, and what to do about it.

mod host;
mod modem;
mod store;
mod voice;

use std::path::Path;

use serde_json::{Value, json};

use super::{Failure, Files, Machine, Output};
use crate::config::{self, Config};
use host::Host;

/// Looks at configuration, store, voices, ports, power and clock of this box, whether or not the daemon runs.
#[derive(Debug, clap::Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    machine: Machine,
    #[command(flatten)]
    output: Output,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// As it should be.
    Good,
    /// It works, and could fail because of this.
    Warning,
    /// It does not work.
    Problem,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What was found out about one thing.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// The thing.
    about: String,
    verdict: Verdict,
    /// How it is.
    says: String,
    /// What to do about it.
    hint: Option<String>,
}

impl Finding {
    fn good(about: &str, says: impl Into<String>) -> Self {
        Self { about: about.into(), verdict: Verdict::Good, says: says.into(), hint: None }
    }

    fn warning(about: &str, says: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, hint: Some(hint.into()), ..Self::good(about, says) }
    }

    fn problem(about: &str, says: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { verdict: Verdict::Problem, ..Self::warning(about, says, hint) }
    }
}

impl Doctor {
    pub(super) fn run(self) -> Result<(), Failure> {
        let host = Host::new(&self.machine.root);
        let mut findings = Vec::new();
        match Config::load(&self.files.config, config::environment()) {
            Ok(config) => {
                findings.extend(configuration(&self.files.config, &config));
                findings.push(store::examine(&config.store.path));
                findings.extend(voice::examine(&config));
                let ports = host.ports(&config.modems);
                let examine = |it| modem::examine(&host, &ports, it);
                findings.extend(config.modems.iter().flat_map(examine));
            }
            Err(cause) => findings.push(Finding::problem(
                "configuration",
                cause.to_string(),
                "Correct the file; `ringpost config check` looks at it alone.",
            )),
        }
        findings.extend(host.examine());
        let sick = findings.iter().any(|it| it.verdict == Verdict::Problem);
        self.output.print(&to_json(&findings), |_| to_text(&findings))?;
        if sick { Err(Failure::Reported) } else { Ok(()) }
    }
}

fn configuration(file: &Path, config: &Config) -> Vec<Finding> {
    let about = "configuration";
    let mut findings: Vec<_> = config
        .warnings()
        .iter()
        .map(|warning| Finding::warning(about, warning.to_string(), "See the example file."))
        .collect();
    if findings.is_empty() {
        findings.push(Finding::good(about, format!("{} is sound.", file.display())));
    }
    findings
}

fn to_json(findings: &[Finding]) -> Value {
    let findings = findings.iter().map(|it| {
        json!({
            "about": it.about, "verdict": it.verdict.as_str(), "says": it.says, "hint": it.hint,
        })
    });
    json!({ "findings": findings.collect::<Vec<_>>() })
}

/// A line for each finding, and below it what to do.
fn to_text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|it| it.about.chars().count()).max().unwrap_or(0);
    let lines = findings.iter().map(|it| {
        let indent = " ".repeat(9 + width + 2);
        let says = it.says.trim().replace('\n', &format!("\n{indent}"));
        let hint = it.hint.as_ref().map(|hint| format!("\n{indent}{hint}")).unwrap_or_default();
        format!("{:<9}{:<width$}  {says}{hint}", it.verdict.as_str(), it.about)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
