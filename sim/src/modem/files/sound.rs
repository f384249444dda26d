//! What a file or a text sounds like.

use std::{io::Cursor, time::Duration};

use hound::{SampleFormat, WavReader};

use crate::call::hum;

/// What stands for sound whose content is nobody's concern here; hertz.
const STAND_IN: f64 = 300.0;

/// How long a modem speaks a character.
const CHARACTER: Duration = Duration::from_millis(90);

/// Octets of an AMR frame behind its first, by type (RFC 4867 section 5.3, 3GPP TS 26.101); 15 is no data.
const AMR: [usize; 16] = [12, 13, 15, 17, 19, 20, 26, 31, 5, 0, 0, 0, 0, 0, 0, 0];
const AMR_MAGIC: &[u8] = b"#!AMR\n";

/// The samples of a file at 8000 a second: WAV with 16 bits, mono, at 8 or 16 kHz, or AMR (whose length
/// alone is kept); `None` for what a modem could not play.
pub(crate) fn sound(file: &[u8]) -> Option<Vec<i16>> {
    match file.strip_prefix(AMR_MAGIC) {
        Some(frames) => amr(frames),
        None => wav(file),
    }
}

/// What stands for a text that a modem reads out.
pub(crate) fn read_aloud(text: &str) -> Vec<i16> {
    hum(STAND_IN, CHARACTER * u32::try_from(text.chars().count()).unwrap_or(0))
}

fn wav(file: &[u8]) -> Option<Vec<i16>> {
    let reader = WavReader::new(Cursor::new(file)).ok()?;
    let spec = reader.spec();
    if spec.channels != 1 || spec.bits_per_sample != 16 || spec.sample_format != SampleFormat::Int {
        return None;
    }
    let samples: Vec<i16> = reader.into_samples().collect::<Result<_, _>>().ok()?;
    match spec.sample_rate {
        8000 => Some(samples),
        16_000 => Some(samples.into_iter().step_by(2).collect()),
        _ => None,
    }
}

fn amr(mut frames: &[u8]) -> Option<Vec<i16>> {
    let mut count = 0;
    while let Some((first, rest)) = frames.split_first() {
        let size = AMR.get(usize::from(first >> 3 & 0x0F)).copied().unwrap_or(0);
        frames = rest.get(size..)?;
        count += 1;
    }
    Some(hum(STAND_IN, Duration::from_millis(20) * count))
}
