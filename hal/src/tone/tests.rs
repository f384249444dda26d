//! Every key, through what telephones do to it; and what is none.
#![expect(clippy::cast_possible_truncation, reason = "waves are far below what an i16 holds")]

use std::{string::ToString as _, vec::Vec};

use proptest::prelude::*;

use super::*;

const ALL: &str = "123A456B789C*0#D";
/// Each of the two waves, well below what a call can be as loud as.
const PEAK: i16 = 4000;

/// The samples of so many milliseconds.
fn samples(ms: usize) -> usize {
    ms * 8
}

/// Keys one after the other, each held for `on`, then nothing for `off` (milliseconds).
fn dialled(keys: &str, on: usize, off: usize) -> Vec<i16> {
    let press = |key| Tone::of(key, PEAK).unwrap().take(samples(on));
    keys.chars().flat_map(|key| press(key).chain(core::iter::repeat_n(0, samples(off)))).collect()
}

fn heard(sound: &[i16]) -> std::string::String {
    let mut detector = Detector::new();
    sound.iter().filter_map(|sample| detector.hear(*sample)).collect()
}

/// The same noise each time, white, up to `peak`.
fn noise(peak: i16) -> impl Iterator<Item = i16> {
    let mut state = 0x2545_f491_u32;
    core::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        let unit = f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0;
        (unit * f64::from(peak)) as i16
    })
}

fn mixed(sound: &[i16], with: impl Iterator<Item = i16>) -> Vec<i16> {
    sound.iter().zip(with).map(|(a, b)| a.saturating_add(b)).collect()
}

#[test]
fn every_key_is_heard_once_for_each_press() {
    for (on, off) in [(50, 40), (60, 60), (100, 100), (400, 50)] {
        assert_eq!(heard(&dialled(ALL, on, off)), ALL, "{on} ms, then {off} ms of nothing");
    }
    assert_eq!(heard(&dialled("1111", 60, 60)), "1111");
    assert_eq!(Tone::of('E', PEAK).unwrap_err(), Unknown('E'));
}

#[test]
fn keys_are_heard_through_noise_and_however_loud() {
    let quiet: Vec<_> = dialled(ALL, 80, 60).iter().map(|it| it / 30).collect();
    assert_eq!(heard(&quiet), ALL);
    let loud: Vec<_> = dialled(ALL, 80, 60).iter().map(|it| it.saturating_mul(12)).collect();
    assert_eq!(heard(&loud), ALL, "clipped");
    // Noise of the keys' own peak, which is 8 dB below them in power.
    assert_eq!(heard(&mixed(&dialled(ALL, 100, 100), noise(PEAK))), ALL);
}

#[test]
fn a_tone_is_heard_wherever_it_begins_and_through_a_short_gap() {
    for delay in 0..samples(20) {
        let mut sound = std::vec![0; delay];
        sound.extend(dialled("5", 55, 40));
        assert_eq!(heard(&sound), "5", "after {delay} samples");
    }
    let mut sound: Vec<i16> = Tone::of('7', PEAK).unwrap().take(samples(300)).collect();
    sound[samples(150)..samples(170)].fill(0);
    assert_eq!(heard(&sound), "7");
}

#[test]
fn tones_may_be_off_by_as_much_as_q24_allows() {
    for key in ALL.chars() {
        for factor in [0.985, 1.015] {
            assert_eq!(heard(&shifted(key, factor, 1.0)), key.to_string(), "{key} * {factor}");
        }
        for factor in [0.93, 1.07] {
            assert_eq!(heard(&shifted(key, factor, 1.0)), "", "{key} * {factor}");
        }
        for twist in [0.45, 1.6] {
            assert_eq!(heard(&shifted(key, 1.0, twist)), key.to_string(), "{key}, {twist}");
        }
    }
}

/// A key with both tones shifted, and the high one so much stronger.
fn shifted(key: char, factor: f64, high: f64) -> Vec<i16> {
    let at = ALL.find(key).unwrap();
    let angle = |hertz: [f64; 4], at: usize| hertz[at] * factor * std::f64::consts::TAU / 8000.0;
    let low_angle = angle([697.0, 770.0, 852.0, 941.0], at / 4);
    let high_angle = angle([1209.0, 1336.0, 1477.0, 1633.0], at % 4);
    let sample = |n: usize| {
        let n = n as f64;
        (4000.0 * ((low_angle * n).sin() + high * (high_angle * n).sin())) as i16
    };
    (0..samples(100)).map(sample).chain(core::iter::repeat_n(0, samples(40))).collect()
}

#[test]
fn one_tone_alone_or_noise_or_a_click_is_no_key() {
    let hertz = |hertz: f64| {
        move |n: usize| (8000.0 * (hertz * std::f64::consts::TAU / 8000.0 * n as f64).sin()) as i16
    };
    for single in [425.0, 440.0, 697.0, 941.0, 1000.0, 1209.0, 1633.0, 2100.0] {
        let sound: Vec<i16> = (0..samples(1000)).map(hertz(single)).collect();
        assert_eq!(heard(&sound), "", "{single} Hz");
    }
    let sound: Vec<i16> = noise(20_000).take(samples(20_000)).collect();
    assert_eq!(heard(&sound), "");
    let mut click = std::vec![0; samples(500)];
    click[1000..1010].fill(30_000);
    assert_eq!(heard(&click), "");
    assert_eq!(heard(&dialled(ALL, 25, 60)), "", "too short");
}

proptest! {
    /// However the samples are, the detector stays sound: a key needs three windows.
    #[test]
    fn no_more_keys_are_heard_than_time_allows(sound: Vec<i16>) {
        prop_assert!(heard(&sound).len() <= sound.len() / 160 + 1);
    }
}
