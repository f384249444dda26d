//! What is played into a call.

use std::{fmt, sync::Arc, time::Duration};

/// Samples a second of all sound here: what a telephone carries.
pub const SAMPLE_RATE: u32 = 8000;

/// A piece of speech that says the same each time: a phrase, or one character of a code.
#[derive(Clone, PartialEq, Eq)]
pub struct Clip {
    /// Names its content: the same key, the same samples. Lower-case hexadecimal.
    pub key: String,
    /// The words, for a modem that speaks by itself.
    pub words: String,
    /// Its samples, mono, [`SAMPLE_RATE`] a second.
    pub samples: Vec<i16>,
    /// Whether it may be kept, on this disk or in a modem: never what holds a text of somebody's, or more of a
    /// code than one character.
    pub keepable: bool,
}

impl Clip {
    /// How long it takes.
    pub fn length(&self) -> Duration {
        let samples = u64::try_from(self.samples.len()).unwrap_or(u64::MAX);
        Duration::from_micros(samples.saturating_mul(1_000_000) / u64::from(SAMPLE_RATE))
    }
}

impl fmt::Debug for Clip {
    /// Without the words: one after the other, they are a code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clip({} samples)", self.samples.len())
    }
}

impl Drop for Clip {
    fn drop(&mut self) {
        if !self.keepable {
            zeroize::Zeroize::zeroize(&mut self.words);
            zeroize::Zeroize::zeroize(&mut self.samples);
        }
    }
}

/// One thing after the other that a call plays.
#[derive(Clone, PartialEq, Eq)]
pub enum Sound {
    /// A clip.
    Clip(Arc<Clip>),
    /// Nothing, for so long.
    Silence(Duration),
}

impl Sound {
    /// How long it takes.
    pub fn length(&self) -> Duration {
        match self {
            Self::Clip(clip) => clip.length(),
            Self::Silence(length) => *length,
        }
    }
}

impl fmt::Debug for Sound {
    /// Without anything that tells one clip from another.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sound")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_is_as_long_as_its_samples_and_shows_no_words() {
        let words = "four".to_owned();
        let clip = Clip { key: "ab".into(), words, samples: vec![0; 4000], keepable: true };
        assert_eq!(clip.length(), Duration::from_millis(500));
        let sounds = vec![Sound::Clip(Arc::new(clip)), Sound::Silence(Duration::from_millis(400))];
        assert_eq!(sounds.iter().map(Sound::length).sum::<Duration>(), Duration::from_millis(900));
        assert_eq!(format!("{sounds:?}"), "[Sound, Sound]");
    }
}
