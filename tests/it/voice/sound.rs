//! Measures sound: where somebody speaks, in which band, and how unlike two clips are.

use realfft::RealFftPlanner;

/// Samples of 10 ms.
pub(super) const TEN_MS: usize = 80;
/// What is never louder than this is silence: 50 dB below what clips.
const SILENCE: u16 = 100;

/// Whether somebody speaks, for each 10 ms.
pub(super) fn speaks(samples: &[i16]) -> Vec<bool> {
    let loud = |frame: &[i16]| frame.iter().any(|sample| sample.unsigned_abs() > SILENCE);
    samples.chunks(TEN_MS).map(loud).collect()
}

/// Samples of a stretch that is transformed: 32 ms.
const WINDOW: usize = 256;
/// The width of a band of the result, in Hz.
const BAND: f32 = 8000.0 / WINDOW as f32;

/// The power of each band of 31.25 Hz, for stretches that begin 10 ms after each other.
pub(super) fn spectra(samples: &[i16]) -> Vec<Vec<f32>> {
    let transform = RealFftPlanner::<f32>::new().plan_fft_forward(WINDOW);
    let hann: Vec<f32> = (0..WINDOW)
        .map(|at| 0.5 - 0.5 * (std::f32::consts::TAU * at as f32 / WINDOW as f32).cos())
        .collect();
    let spectrum = |window: &[i16]| {
        let mut input: Vec<f32> =
            window.iter().zip(&hann).map(|(sample, hann)| f32::from(*sample) * hann).collect();
        let mut output = transform.make_output_vec();
        transform.process(&mut input, &mut output).unwrap();
        output.iter().map(realfft::num_complex::Complex::norm_sqr).collect()
    };
    samples.windows(WINDOW).step_by(TEN_MS).map(spectrum).collect()
}

/// How much of all power is below and above what a telephone carries, in dB; the bands next to its edges are left out,
/// since a filter and a window of 32 ms have no sharp ones.
pub(super) fn outside_of_telephone(samples: &[i16]) -> f32 {
    let (mut outside, mut all) = (0.0, 0.0);
    for spectrum in spectra(samples) {
        for (band, power) in spectrum.into_iter().enumerate() {
            let hertz = band as f32 * BAND;
            all += power;
            if !(100.0..=3600.0).contains(&hertz) {
                outside += power;
            }
        }
    }
    10.0 * (outside / all).log10()
}

/// What a stretch sounds like: mel-frequency cepstral coefficients.
type Timbre = [f32; COEFFICIENTS];
const COEFFICIENTS: usize = 12;
const MELS: usize = 23;

/// How a clip sounds, stretch by stretch.
pub(super) fn timbres(samples: &[i16]) -> Vec<Timbre> {
    let mel = |hertz: f32| 2595.0 * (1.0 + hertz / 700.0).log10();
    let (low, high) = (mel(200.0), mel(3400.0));
    let timbre = |spectrum: Vec<f32>| {
        let mut mels = [1.0_f32; MELS];
        for (band, power) in spectrum.into_iter().enumerate() {
            // Triangles, each from the middle of the one before to that of the one behind.
            let place = (mel(band as f32 * BAND) - low) / (high - low) * (MELS + 1) as f32;
            for (at, sum) in mels.iter_mut().enumerate() {
                *sum += power * (1.0 - (place - (at + 1) as f32).abs()).max(0.0);
            }
        }
        // Without the first, which is how loud it is.
        std::array::from_fn(|coefficient| {
            let turn = std::f32::consts::PI * (coefficient + 1) as f32 / MELS as f32;
            let logs = mels.iter().enumerate();
            logs.map(|(at, sum)| sum.ln() * (turn * (at as f32 + 0.5)).cos()).sum::<f32>()
                / MELS as f32
        })
    };
    spectra(samples).into_iter().map(timbre).collect()
}

/// How unlike two clips sound, however fast each is spoken: dynamic time warping; 0 is the same.
pub(super) fn unlikeness(one: &[Timbre], other: &[Timbre]) -> f32 {
    let apart = |a: &Timbre, b: &Timbre| {
        a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
    };
    let mut row = vec![f32::INFINITY; other.len() + 1];
    row[0] = 0.0;
    for a in one {
        let mut before = row[0];
        row[0] = f32::INFINITY;
        for (at, b) in other.iter().enumerate() {
            let best = before.min(row[at]).min(row[at + 1]);
            before = row[at + 1];
            row[at + 1] = best + apart(a, b);
        }
    }
    row[other.len()] / (one.len() + other.len()) as f32
}
