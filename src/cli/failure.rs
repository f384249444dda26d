//! How a command can fail, and the exit code of each way.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use crate::config::ConfigError;

/// Exit code of a bad configuration, `EX_USAGE` of sysexits(3).
const BAD_CONFIG: u8 = 64;

/// How a command can fail.
#[derive(Debug)]
pub(super) enum Failure {
    /// Refused by the daemon, or failed on the way: exit code 1.
    Failed(String),
    /// Already reported on standard output, as JSON: exit code 1.
    Reported,
    /// The configuration cannot be used: exit code 64.
    Config(Box<ConfigError>),
}

impl Failure {
    /// Something failed while doing `what`.
    pub(super) fn while_doing(what: &str, cause: impl std::fmt::Display) -> Self {
        Self::Failed(format!("failed to {what}: {cause}"))
    }

    /// Says it on standard error and answers the exit code.
    pub(super) fn report(self) -> ExitCode {
        let (text, code) = match self {
            Self::Reported => return ExitCode::FAILURE,
            Self::Failed(text) => (format!("ringpost: {text}"), ExitCode::FAILURE),
            Self::Config(cause) => (cause.to_string(), ExitCode::from(BAD_CONFIG)),
        };
        // Nobody is left to tell where standard error is closed.
        let _ = writeln!(io::stderr(), "{text}");
        code
    }
}

impl From<ConfigError> for Failure {
    fn from(cause: ConfigError) -> Self {
        Self::Config(Box::new(cause))
    }
}

impl From<io::Error> for Failure {
    fn from(cause: io::Error) -> Self {
        Self::while_doing("write the answer", cause)
    }
}
