//! `ringpost config`.

use clap::Subcommand;
use serde_json::json;

use super::{Failure, Files, Output, output};
use crate::{config, daemon, voice::Speech};

#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Check the configuration without running anything.
    Check {
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        output: Output,
    },
}

impl Config {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Self::Check { files, output } = self;
        let loaded = config::Config::load(&files.config, config::environment());
        let file = files.config.display().to_string();
        match loaded {
            Ok(config) => {
                let mut warnings = config.warnings();
                if config.calls() {
                    warnings.extend(Speech::open(daemon::speech_settings(&config)).problems());
                }
                let value = json!({"file": file, "ok": true, "warnings": warnings});
                output.print(&value, |_| {
                    let lines = warnings.iter().map(|warning| format!("warning: {warning}\n"));
                    format!("{}{file}: ok", lines.collect::<String>())
                })
            }
            Err(cause) => {
                if output.json {
                    let problems: Vec<_> = cause.to_string().lines().map(str::to_owned).collect();
                    let value = json!({"file": file, "ok": false, "problems": problems});
                    output::print(&format!("{value:#}"))?;
                }
                Err(cause.into())
            }
        }
    }
}
