//! `ringpost serve`.

use tracing_subscriber::EnvFilter;

use super::{Failure, Files, Machine};
use crate::{
    config::{self, Config},
    daemon,
};

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    machine: Machine,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let config = Config::load(&self.files.config, config::environment())?;
        // At its lowest level that library writes whole numbers.
        let directives = format!("{},rlibphonenumber=off", config.log.level);
        let filter = EnvFilter::try_new(directives).unwrap_or_default();
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            // The journal stamps its lines itself.
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .init();
        let ended = daemon::run(config, &self.machine.root);
        ended.map_err(|cause| Failure::Failed(format!("{cause:#}")))
    }
}
