//! What is asked for, and what a call plays.

use std::{fmt, io, time::Duration};

use super::{dsp, engine::EngineError};
use crate::domain::{Detail, SAMPLE_RATE, Sound};

/// What a call shall say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptRequest<'a> {
    /// The language: a tag of [`Speech::spoken`](super::Speech::spoken).
    pub locale: &'a str,
    /// What it is about.
    pub said: Said<'a>,
    /// Whether the message waits for a key, so that no voicemail records it.
    pub confirm: bool,
    /// Whether keys are heard: without them, nothing is offered for one.
    pub keys: bool,
}

/// What a call is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Said<'a> {
    /// A code: letters of A to Z and digits, read one by one. Hyphens and spaces say where a pause is.
    Code(&'a str),
    /// A text, read as it stands.
    Text(&'a str),
}

impl fmt::Debug for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Code",
            Self::Text(_) => "Text",
        })
    }
}

/// What a call plays, section by section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Silence until both sides hear each other, then who calls.
    pub greeting: Vec<Sound>,
    /// Which key to press before the message; only where one was asked for.
    pub gate: Option<Vec<Sound>>,
    /// The message, and again.
    pub message: Vec<Sound>,
    /// Which key to press to hear it once more; only where keys are heard.
    pub offer: Option<Vec<Sound>>,
    /// What to do with it, and goodbye.
    pub bye: Vec<Sound>,
}

impl Prompt {
    /// All of it in its order, as it is heard by who presses no more keys than asked for.
    pub fn sounds(&self) -> impl Iterator<Item = &Sound> {
        let gate = self.gate.iter().flatten();
        let offer = self.offer.iter().flatten();
        self.greeting.iter().chain(gate).chain(&self.message).chain(offer).chain(&self.bye)
    }
}

impl Prompt {
    /// All of it as a WAV.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_wav(&self, to: impl io::Write + io::Seek) -> Result<(), String> {
        let silence = |pause: &Duration| {
            let samples = pause.as_millis() * u128::from(SAMPLE_RATE) / 1000;
            vec![0; usize::try_from(samples).unwrap_or_default()]
        };
        let samples = self.sounds().map(|sound| match sound {
            Sound::Clip(clip) => clip.samples.clone(),
            Sound::Silence(pause) => silence(pause),
        });
        dsp::write_wav(to, &samples.collect::<Vec<_>>().concat())
    }
}

/// Why something cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// Nothing here speaks that language.
    #[error("nothing speaks {0}: {1}")]
    LocaleUnknown(String, String),
    /// The code holds something that is neither letter nor digit, or nothing at all.
    #[error("a spoken code is made of letters from A to Z and digits")]
    NotACode,
    /// The text is empty, or too long to be listened to.
    #[error("a spoken text has 1 to {0} characters")]
    Length(usize),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A recording cannot be used.
    #[error("{0}")]
    Recording(String),
}

impl SpeechError {
    /// Whether it may be said in a moment, with nothing changed but what else the machine does.
    pub const fn is_passing(&self) -> bool {
        matches!(self, Self::Engine(EngineError::Starved { .. }))
    }

    /// What it means to the message that should have been said.
    pub const fn detail(&self) -> Detail {
        match self {
            Self::Engine(EngineError::Starved { .. }) => Detail::Bug,
            // An engine that failed has no voice for the language, as far as anybody can tell.
            Self::LocaleUnknown(..) | Self::Engine(_) | Self::Recording(_) => Detail::LocaleUnknown,
            Self::NotACode => Detail::Bug,
            Self::Length(_) => Detail::TooLong,
        }
    }
}
