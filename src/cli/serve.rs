//! `ringpost serve`.

use tracing_subscriber::EnvFilter;

use super::{Failure, Files};
use crate::{
    config::{self, Config},
    daemon,
};

pub(super) fn run(files: &Files) -> Result<(), Failure> {
    let config = Config::load(&files.config, config::environment())?;
    let filter = EnvFilter::try_new(config.log.level.as_str()).unwrap_or_default();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // The journal stamps its lines itself.
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .init();
    daemon::run(config).map_err(|cause| Failure::Failed(format!("{cause:#}")))
}
