//! The tones of telephone keys (DTMF, ITU-T Q.23): heard in the sound of a call, and made.
//!
//! Sound is mono, 16 bit, 8000 samples a second.

mod detector;
mod generator;

pub use detector::Detector;
pub use generator::{Tone, Unknown};

/// The keys by their tones: a row for each low tone, a column for each high one.
const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// A tone at 8000 samples a second: sine and cosine of its angle from one sample to the next.
#[derive(Debug, Clone, Copy)]
struct Pitch {
    sine: f32,
    cosine: f32,
}

/// 697, 770, 852 and 941 Hz (Q.23).
const ROWS: [Pitch; 4] = [
    Pitch { sine: 0.520_488_13, cosine: 0.853_868_9 },
    Pitch { sine: 0.568_561_85, cosine: 0.822_640_52 },
    Pitch { sine: 0.620_326_76, cosine: 0.784_343_5 },
    Pitch { sine: 0.673_593_2, cosine: 0.739_102_3 },
];

/// 1209, 1336, 1477 and 1633 Hz (Q.23).
const COLUMNS: [Pitch; 4] = [
    Pitch { sine: 0.813_151_56, cosine: 0.582_052 },
    Pitch { sine: 0.867_070_7, cosine: 0.498_185_1 },
    Pitch { sine: 0.916_816_3, cosine: 0.399_309_2 },
    Pitch { sine: 0.958_745_35, cosine: 0.284_266_35 },
];

#[cfg(test)]
mod tests;
