//! Sounds that phones make: keys (ITU-T Q.23), a voicemail's greeting and its beep.

use std::{f64::consts::TAU, time::Duration};

/// Samples a second of all that is heard here.
pub(crate) const RATE: u32 = 8000;

/// Samples of a frame of 20 ms.
pub(crate) const FRAME: usize = 160;

const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [&str; 4] = ["123A", "456B", "789C", "*0#D"];

/// Each of two tones, of 32767: -10 dBFS, as phones send them.
const LEVEL: f64 = 10_000.0;

/// The two tones of a key; nothing for what is none.
pub(crate) fn key_tone(key: char, length: Duration) -> Vec<i16> {
    let place = KEYS.iter().zip(ROWS).find_map(|(keys, row)| {
        let column = COLUMNS.get(keys.find(key)?)?;
        Some((row, *column))
    });
    place.map_or_else(Vec::new, |(row, column)| sound(length, |t| wave(row, t) + wave(column, t)))
}

/// One tone.
pub(crate) fn hum(frequency: f64, length: Duration) -> Vec<i16> {
    sound(length, |t| wave(frequency, t))
}

fn wave(frequency: f64, t: f64) -> f64 {
    LEVEL * (TAU * frequency * t).sin()
}

#[expect(clippy::cast_possible_truncation, reason = "a float saturates, and two tones fit")]
fn sound(length: Duration, wave: impl Fn(f64) -> f64) -> Vec<i16> {
    let samples = u32::try_from(length.as_millis()).unwrap_or(0) * RATE / 1000;
    (0..samples).map(|at| wave(f64::from(at) / f64::from(RATE)) as i16).collect()
}
