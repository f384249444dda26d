//! What is wrong with a configuration, and where it says so.

use std::{fmt, io, path::PathBuf};

/// Where a value was written. Lines sort before variables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whence {
    /// In the file, at this line, counted from 1.
    Line(usize),
    /// In the environment, by a variable of this name.
    Variable(String),
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was written.
    pub whence: Whence,
    /// Path of the key, such as `outbox.settle_seconds`; empty where no key can be blamed.
    pub key: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum ConfigError {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What it says cannot be used: every problem that was found, in the order of the lines.
    Refused {
        /// The file.
        file: PathBuf,
        /// Everything wrong with it.
        problems: Vec<Problem>,
    },
}

impl fmt::Display for ConfigError {
    /// One problem a line, each `FILE:LINE: KEY: WHAT` or `VARIABLE: KEY: WHAT`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, source } => {
                write!(f, "{}: cannot be read: {source}", file.display())
            }
            Self::Refused { file, problems } => {
                for (index, problem) in problems.iter().enumerate() {
                    if index > 0 {
                        f.write_str("\n")?;
                    }
                    match &problem.whence {
                        Whence::Line(line) => write!(f, "{}:{line}: ", file.display())?,
                        Whence::Variable(name) => write!(f, "{name}: ")?,
                    }
                    if !problem.key.is_empty() {
                        write!(f, "{}: ", problem.key)?;
                    }
                    f.write_str(&problem.what)?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            Self::Refused { .. } => None,
        }
    }
}
