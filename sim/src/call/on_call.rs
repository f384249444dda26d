//! What a phone does when it is called.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cause;
use crate::builder::millis;

/// What becomes of a call at a phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Does {
    /// It rings for `after_ms`, and somebody answers.
    #[default]
    Answer,
    /// It rings until the caller gives up, or the network does after `NetworkSettings::ring_limit_ms`.
    Never,
    /// It rings for `after_ms`, and somebody declines.
    Decline,
    /// It is in another call.
    Busy,
    /// It is off or out of reach.
    Unreachable,
    /// The network knows no such number.
    Unassigned,
    /// It rings for `after_ms`; a voicemail answers, plays its greeting and records. It presses no keys.
    Voicemail,
}

/// A key that is pressed at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPress {
    /// One of `0123456789*#ABCD`.
    pub key: char,
    /// When, counted from the answer.
    pub at_ms: u64,
}

/// A key that is pressed once something was said, and then nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PressWhenSilent {
    /// One of `0123456789*#ABCD`.
    pub key: char,
    /// How much must have been heard since the answer, or since the key before.
    pub heard_ms: u64,
    /// How long it must be silent then.
    pub silence_ms: u64,
}

/// How a phone meets one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OnCall {
    /// What becomes of the call.
    pub does: Does,
    /// How long it rings before that.
    pub after_ms: u64,
    /// It hangs up so long after the answer.
    pub hang_up_after_ms: Option<u64>,
    /// Keys that are pressed at given times.
    pub keys: Vec<KeyPress>,
    /// Keys that are pressed when the voice pauses, one after the other.
    pub press_when_silent: Vec<PressWhenSilent>,
    /// How long the greeting of a voicemail is.
    pub greeting_ms: u64,
    /// The network's cause in the place of the usual one (Q.850).
    pub cause: Option<u8>,
}

impl Default for OnCall {
    fn default() -> Self {
        Self {
            does: Does::Answer,
            after_ms: 200,
            hang_up_after_ms: None,
            keys: Vec::new(),
            press_when_silent: Vec::new(),
            greeting_ms: 3000,
            cause: None,
        }
    }
}

impl OnCall {
    /// Something that happens at once.
    #[must_use]
    pub fn new(does: Does) -> Self {
        Self { does, ..Self::default() }
    }

    /// Somebody answers after it has rung so long.
    #[must_use]
    pub fn answer_after(ringing: Duration) -> Self {
        Self { after_ms: millis(ringing), ..Self::new(Does::Answer) }
    }

    /// Somebody declines after it has rung so long.
    #[must_use]
    pub fn decline_after(ringing: Duration) -> Self {
        Self { after_ms: millis(ringing), ..Self::new(Does::Decline) }
    }

    /// A voicemail answers after it has rung so long, with a greeting of this length.
    #[must_use]
    pub fn voicemail_after(ringing: Duration, greeting: Duration) -> Self {
        let (after_ms, greeting_ms) = (millis(ringing), millis(greeting));
        Self { after_ms, greeting_ms, ..Self::new(Does::Voicemail) }
    }

    /// It hangs up so long after the answer.
    #[must_use]
    pub fn hang_up_after(self, talk: Duration) -> Self {
        Self { hang_up_after_ms: Some(millis(talk)), ..self }
    }

    /// A key is pressed so long after the answer.
    #[must_use]
    pub fn key(mut self, key: char, at: Duration) -> Self {
        self.keys.push(KeyPress { key, at_ms: millis(at) });
        self
    }

    /// A key is pressed once so much was said, and then nothing for so long.
    #[must_use]
    pub fn press_when_silent(mut self, key: char, heard: Duration, silence: Duration) -> Self {
        let (heard_ms, silence_ms) = (millis(heard), millis(silence));
        self.press_when_silent.push(PressWhenSilent { key, heard_ms, silence_ms });
        self
    }

    /// The network tells this cause (Q.850) in the place of the usual one.
    #[must_use]
    pub fn cause(self, cause: u8) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// Checks what a request said.
    pub(crate) fn check(&self) -> Result<(), String> {
        let presses = !(self.keys.is_empty() && self.press_when_silent.is_empty());
        if self.does == Does::Voicemail && presses {
            return Err("a voicemail presses no keys".to_owned());
        }
        let keys = self.keys.iter().map(|press| press.key);
        let mut all = keys.chain(self.press_when_silent.iter().map(|press| press.key));
        all.try_for_each(check_key)
    }

    /// The cause with which the network ends a call that is never answered.
    pub(crate) fn refusal(&self) -> u8 {
        self.cause.unwrap_or(match self.does {
            Does::Answer | Does::Voicemail => cause::CLEARING,
            Does::Never => cause::NO_ANSWER,
            Does::Decline => cause::REJECTED,
            Does::Busy => cause::BUSY,
            Does::Unreachable => cause::OUT_OF_ORDER,
            Does::Unassigned => cause::UNASSIGNED,
        })
    }
}

/// Whether a phone has this key.
pub(crate) fn check_key(key: char) -> Result<(), String> {
    let known = "0123456789*#ABCD".contains(key);
    known.then_some(()).ok_or_else(|| format!("{key:?} is no key; there are 0123456789*#ABCD"))
}
