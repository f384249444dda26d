//! The tone of a key, sample by sample.

use super::{COLUMNS, KEYS, Pitch, ROWS};

/// No key sounds like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no key of a telephone")]
pub struct Unknown(pub char);

/// The tone of a key; it does not end by itself.
#[derive(Debug, Clone)]
pub struct Tone {
    low: Wave,
    high: Wave,
}

impl Tone {
    /// The tone of a key of `0123456789*#ABCD`. `peak` is how far each of its two waves swings; together they
    /// swing twice as far, so that it is at most 16383.
    ///
    /// # Errors
    /// Of any other character.
    pub fn of(key: char, peak: i16) -> Result<Self, Unknown> {
        let peak = f32::from(peak.clamp(0, i16::MAX / 2));
        for (row, low) in KEYS.iter().zip(ROWS) {
            for (name, high) in row.iter().zip(COLUMNS) {
                if *name == key {
                    return Ok(Self { low: Wave::new(low, peak), high: Wave::new(high, peak) });
                }
            }
        }
        Err(Unknown(key))
    }
}

impl Iterator for Tone {
    type Item = i16;

    fn next(&mut self) -> Option<i16> {
        #[expect(clippy::cast_possible_truncation, reason = "two waves of half the range each")]
        let sample = (self.low.next() + self.high.next()) as i16;
        Some(sample)
    }
}

/// A sine wave, as a vector that turns by the same angle from sample to sample.
#[derive(Debug, Clone)]
struct Wave {
    pitch: Pitch,
    sine: f32,
    cosine: f32,
}

impl Wave {
    fn new(pitch: Pitch, peak: f32) -> Self {
        Self { pitch, sine: 0.0, cosine: peak }
    }

    fn next(&mut self) -> f32 {
        let sample = self.sine;
        let Pitch { sine, cosine } = self.pitch;
        (self.sine, self.cosine) =
            (self.sine * cosine + self.cosine * sine, self.cosine * cosine - self.sine * sine);
        sample
    }
}
