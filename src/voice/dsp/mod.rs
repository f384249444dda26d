//! Fits a recording to a telephone: its rate, its band, one loudness for all, nothing before and behind.

use std::{
    f32::consts::{PI, TAU},
    io,
};

use rubato::{Fft, FixedSync, Resampler as _, audioadapter_buffers::direct::InterleavedSlice};

use super::engine::Wave;
use crate::domain::SAMPLE_RATE;

/// What is done here; another number whenever a clip would come out differently.
pub(super) const VERSION: u32 = 1;

/// What a telephone carries, in Hz (ITU-T G.712).
const LOW: f32 = 200.0;
const HIGH: f32 = 3400.0;
/// Taps of the filter that keeps to it: its edges are 200 Hz wide.
const TAPS: usize = 241;
/// Loudness of speech while somebody speaks: 10 dB and more below what clips, so that peaks fit.
const LEVEL: f32 = 0.1;
/// No sample is larger: 1 dB below what clips.
const PEAK: f32 = 0.89;
/// A stretch is speech if it is less than 30 dB below the loudest.
const ACTIVE: f32 = 0.001;
/// How much of the silence before and behind is kept, so that soft beginnings are.
const MARGIN: usize = 20 * PER_MS;
/// The length of a stretch.
const FRAME: usize = 10 * PER_MS;
/// Beginning and end come and go this slowly, so that they do not click.
const FADE: usize = 5 * PER_MS;
const PER_MS: usize = SAMPLE_RATE as usize / 1000;

/// The clip that is made of a wave.
///
/// # Errors
/// If there is nothing to hear in it, or its rate is none that there is.
pub(super) fn clip_of(wave: &Wave) -> Result<Vec<i16>, String> {
    let mut sound = band(&at_our_rate(wave)?);
    let (begin, end) = speech(&sound).ok_or("it is silent")?;
    let begin = begin.saturating_sub(MARGIN);
    let end = (end + MARGIN).min(sound.len());
    sound = sound.get(begin..end).unwrap_or_default().to_vec();
    level(&mut sound);
    fade(&mut sound);
    #[expect(clippy::cast_possible_truncation, reason = "no sample is beyond the peak")]
    let samples = sound.iter().map(|it| (it * 32767.0).round() as i16);
    Ok(samples.collect())
}

/// Resampled to what a telephone has.
fn at_our_rate(wave: &Wave) -> Result<Vec<f32>, String> {
    let failed = |cause: String| format!("its {} samples a second: {cause}", wave.rate);
    if wave.rate == SAMPLE_RATE || wave.samples.is_empty() {
        return Ok(wave.samples.clone());
    }
    let mut resampler =
        Fft::<f32>::new(wave.rate as usize, SAMPLE_RATE as usize, 1024, 1, FixedSync::Both)
            .map_err(|cause| failed(cause.to_string()))?;
    let input = InterleavedSlice::new(&wave.samples, 1, wave.samples.len())
        .map_err(|cause| failed(cause.to_string()))?;
    let output = resampler
        .process_all(&input, wave.samples.len(), None)
        .map_err(|cause| failed(cause.to_string()))?;
    Ok(output.take_data())
}

/// Without what is below and above the band of a telephone: a windowed sinc, of linear phase.
fn band(sound: &[f32]) -> Vec<f32> {
    let middle = (TAPS / 2) as f32;
    let taps: Vec<f32> = (0..TAPS)
        .map(|at| {
            let from_middle = at as f32 - middle;
            let turn = at as f32 / (TAPS - 1) as f32;
            // Blackman's window.
            let window = 0.42 - 0.5 * (TAU * turn).cos() + 0.08 * (2.0 * TAU * turn).cos();
            window * (low_pass(HIGH, from_middle) - low_pass(LOW, from_middle))
        })
        .collect();
    let around = vec![0.0; TAPS / 2];
    let padded = [around.as_slice(), sound, around.as_slice()].concat();
    padded.windows(TAPS).map(|near| near.iter().zip(&taps).map(|(a, b)| a * b).sum()).collect()
}

/// The impulse response of what passes everything below `edge`, so many samples from its middle.
fn low_pass(edge: f32, from_middle: f32) -> f32 {
    let edge = edge / SAMPLE_RATE as f32;
    if from_middle == 0.0 {
        2.0 * edge
    } else {
        (TAU * edge * from_middle).sin() / (PI * from_middle)
    }
}

/// Where speech begins and ends; `None` = nobody speaks.
fn speech(sound: &[f32]) -> Option<(usize, usize)> {
    let powers = powers(sound);
    let threshold = loudest(&powers)? * ACTIVE;
    let first = powers.iter().position(|power| *power > threshold)?;
    let last = powers.iter().rposition(|power| *power > threshold)?;
    Some((first * FRAME, ((last + 1) * FRAME).min(sound.len())))
}

/// Mean square of each stretch.
fn powers(sound: &[f32]) -> Vec<f32> {
    let power = |frame: &[f32]| frame.iter().map(|it| it * it).sum::<f32>() / frame.len() as f32;
    sound.chunks(FRAME).map(power).collect()
}

/// The loudest stretch, unless all are silent.
fn loudest(powers: &[f32]) -> Option<f32> {
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    // A thousandth of what clips: quieter than any recording of speech.
    (loudest > 1e-6).then_some(loudest)
}

/// How loud speech is while somebody speaks: the root of the mean square of all stretches within 16 dB of the loudest,
/// after ITU-T P.56.
pub(super) fn loudness(sound: &[f32]) -> f32 {
    let powers = powers(sound);
    let threshold = loudest(&powers).unwrap_or_default() / 40.0;
    let active: Vec<f32> = powers.into_iter().filter(|power| *power > threshold).collect();
    (active.iter().sum::<f32>() / (active.len().max(1)) as f32).sqrt()
}

/// Brings speech to its level, and what would go beyond the peak back below it.
fn level(sound: &mut [f32]) {
    let loudness = loudness(sound);
    if loudness <= 0.0 {
        return;
    }
    let gain = LEVEL / loudness;
    for sample in sound {
        *sample = limited(*sample * gain);
    }
}

/// As it is up to half of the peak; above, bent so that it never reaches more.
fn limited(sample: f32) -> f32 {
    let knee = PEAK / 2.0;
    let beyond = sample.abs() - knee;
    if beyond <= 0.0 {
        return sample;
    }
    let room = PEAK - knee;
    (knee + room * (beyond / room).tanh()).copysign(sample)
}

fn fade(sound: &mut [f32]) {
    let fade = FADE.min(sound.len() / 2);
    let gains = (0..fade).map(|at| at as f32 / fade as f32);
    for (sample, gain) in sound.iter_mut().zip(gains.clone()) {
        *sample *= gain;
    }
    for (sample, gain) in sound.iter_mut().rev().zip(gains) {
        *sample *= gain;
    }
}

/// Reads a WAV of any rate, depth and number of channels, which are mixed into one.
///
/// # Errors
/// What is no WAV.
pub(super) fn read_wav(from: impl io::Read) -> Result<Wave, String> {
    let mut reader = hound::WavReader::new(from).map_err(|cause| cause.to_string())?;
    let hound::WavSpec { channels, sample_rate, bits_per_sample, sample_format } = reader.spec();
    let samples: Result<Vec<f32>, _> = match sample_format {
        hound::SampleFormat::Float => reader.samples::<f32>().collect(),
        hound::SampleFormat::Int => {
            let full = (1_u64 << (bits_per_sample.clamp(1, 32) - 1)) as f32;
            reader.samples::<i32>().map(|it| it.map(|it| it as f32 / full)).collect()
        }
    };
    let samples = samples.map_err(|cause| cause.to_string())?;
    let channels = usize::from(channels.max(1));
    let mixed = samples.chunks(channels).map(|all| all.iter().sum::<f32>() / channels as f32);
    Ok(Wave { rate: sample_rate, samples: mixed.collect() })
}

/// Writes a WAV of a telephone's sound.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write_wav(to: impl io::Write + io::Seek, samples: &[i16]) -> Result<(), String> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(to, spec).map_err(|cause| cause.to_string())?;
    let written = samples.iter().try_for_each(|sample| writer.write_sample(*sample));
    written.and_then(|()| writer.finalize()).map_err(|cause| cause.to_string())
}

#[cfg(test)]
mod tests;
