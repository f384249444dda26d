//! What makes words sound: programs of this machine, behind one trait.

mod known;
mod program;

use std::{fmt, time::Duration};

use futures_util::future::BoxFuture;

pub(super) use known::{ESPEAK, known};
pub(super) use program::Program;

/// Sound as an engine makes it: mono.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wave {
    /// Samples a second.
    pub(super) rate: u32,
    /// From -1 to 1.
    pub(super) samples: Vec<f32>,
}

/// Something that speaks.
pub(super) trait Engine: fmt::Debug + Send + Sync {
    /// What it is called.
    fn name(&self) -> &str;

    /// Its voice for a language, by its tag; `None` = it does not speak it.
    fn voice(&self, tag: &str) -> Option<&str>;

    /// Whether it is here at all, or why not.
    ///
    /// # Errors
    /// What is missing.
    fn present(&self) -> Result<(), EngineError>;

    /// What makes one voice sound unlike another: the same edition, the same sound.
    fn edition(&self, voice: &str) -> String;

    /// Says `words`, at a speed in percent of the usual one.
    ///
    /// # Cancel safety
    /// Dropping it ends the engine.
    fn say<'a>(
        &'a self,
        voice: &'a str,
        words: &'a str,
        pace: u16,
    ) -> BoxFuture<'a, Result<Wave, EngineError>>;
}

/// Why an engine said nothing. Holds none of its words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// Its program is not installed.
    #[error("{engine} is not installed: there is no program {program}")]
    Missing {
        /// The engine.
        engine: String,
        /// The program.
        program: String,
    },
    /// It could not be run, or ended badly.
    #[error("{engine} could not speak with the voice {voice}: {cause}")]
    Failed {
        /// The engine.
        engine: String,
        /// The voice.
        voice: String,
        /// How it ended.
        cause: String,
    },
    /// This machine had nothing left to run it with, or ended it: in a moment it may speak.
    #[error("{engine} could not be run now: {cause}")]
    Starved {
        /// The engine.
        engine: String,
        /// What the machine says.
        cause: String,
    },
    /// It did not end in time.
    #[error("{engine} did not end within {} s", .limit.as_secs())]
    Slow {
        /// The engine.
        engine: String,
        /// How long it had.
        limit: Duration,
    },
}

#[cfg(test)]
mod tests;
