//! What a clip is, whatever it is made of.

use super::*;

const RATES: [u32; 6] = [8000, 11_025, 16_000, 22_050, 44_100, 48_000];

/// Sine waves of these pitches and peaks, for so long.
fn tones(rate: u32, ms: usize, tones: &[(f32, f32)]) -> Vec<f32> {
    let sample = |at: usize| {
        let turn = TAU * at as f32 / rate as f32;
        tones.iter().map(|(hertz, peak)| peak * (turn * hertz).sin()).sum()
    };
    (0..rate as usize * ms / 1000).map(sample).collect()
}

fn wave(rate: u32, samples: Vec<f32>) -> Wave {
    Wave { rate, samples }
}

/// How strong one pitch is in a clip, in parts of what clips.
fn strength(clip: &[i16], hertz: f32) -> f32 {
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (at, sample) in clip.iter().enumerate() {
        let turn = TAU * hertz * at as f32 / 8000.0;
        sine += f32::from(*sample) * turn.sin();
        cosine += f32::from(*sample) * turn.cos();
    }
    2.0 * sine.hypot(cosine) / clip.len() as f32 / 32768.0
}

#[test]
fn every_rate_comes_out_at_the_same_pitch_and_length() {
    for rate in RATES {
        let clip = clip_of(&wave(rate, tones(rate, 1000, &[(1000.0, 0.3)]))).unwrap();
        assert!((7950..=8200).contains(&clip.len()), "{rate}: {} samples", clip.len());
        let strong = strength(&clip, 1000.0);
        assert!((0.12..0.16).contains(&strong), "{rate}: {strong}");
    }
}

#[test]
fn what_a_telephone_does_not_carry_is_gone() {
    for rate in RATES {
        for hertz in [50.0, 100.0, 3600.0, 5000.0] {
            if hertz * 2.0 >= rate as f32 {
                continue;
            }
            let sound = tones(rate, 1000, &[(1000.0, 0.2), (hertz, 0.2)]);
            let clip = clip_of(&wave(rate, sound)).unwrap();
            // Beyond 4 kHz it would come back as another pitch.
            let heard = if hertz > 4000.0 { 8000.0 - hertz } else { hertz };
            let ratio = strength(&clip, heard) / strength(&clip, 1000.0);
            assert!(ratio < 0.02, "{rate}: {hertz} Hz at {ratio}");
        }
        for hertz in [330.0, 3200.0] {
            let sound = tones(rate, 1000, &[(1000.0, 0.2), (hertz, 0.2)]);
            let clip = clip_of(&wave(rate, sound)).unwrap();
            let ratio = strength(&clip, hertz) / strength(&clip, 1000.0);
            assert!((0.9..1.1).contains(&ratio), "{rate}: {hertz} Hz at {ratio}");
        }
    }
}

#[test]
fn loud_and_quiet_come_out_alike_and_nothing_clips() {
    for peak in [0.01, 0.1, 0.9] {
        let clip = clip_of(&wave(8000, tones(8000, 500, &[(500.0, peak)]))).unwrap();
        let sound: Vec<f32> = clip.iter().map(|it| f32::from(*it) / 32768.0).collect();
        assert!((loudness(&sound) - LEVEL).abs() < 0.005, "{peak}");
    }
    // A crackle on quiet speech is far above it; it is bent, and the speech stays.
    let mut sound = tones(8000, 1000, &[(500.0, 0.02)]);
    for at in (1000..7000).step_by(1000) {
        sound[at] = 0.25;
    }
    let clip = clip_of(&wave(8000, sound)).unwrap();
    let most = clip.iter().map(|it| it.unsigned_abs()).max().unwrap();
    assert!(most <= 29_200, "{most}");
    assert!(strength(&clip, 500.0) > 0.08);
}

#[test]
fn silence_around_is_cut_and_silence_alone_is_refused() {
    let silence = vec![0.0; 8000];
    let sound = [silence.clone(), tones(8000, 300, &[(700.0, 0.3)]), silence.clone()].concat();
    let clip = clip_of(&wave(8000, sound)).unwrap();
    let ms = clip.len() / PER_MS;
    assert!((330..=390).contains(&ms), "{ms} ms");
    assert_eq!((clip[0], *clip.last().unwrap()), (0, 0), "it fades in and out");
    assert_eq!(clip_of(&wave(8000, silence)).unwrap_err(), "it is silent");
    assert_eq!(clip_of(&wave(8000, Vec::new())).unwrap_err(), "it is silent");
    assert!(clip_of(&wave(0, vec![0.1; 100])).is_err());
}

#[test]
fn a_wav_of_any_kind_is_read_and_ours_comes_back() {
    for (bits_per_sample, sample_format, channels) in [
        (8, hound::SampleFormat::Int, 1),
        (16, hound::SampleFormat::Int, 2),
        (24, hound::SampleFormat::Int, 1),
        (32, hound::SampleFormat::Float, 2),
    ] {
        let spec = hound::WavSpec { channels, sample_rate: 16_000, bits_per_sample, sample_format };
        let mut octets = io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut octets, spec).unwrap();
        for _ in 0..10 * channels {
            match sample_format {
                hound::SampleFormat::Float => writer.write_sample(0.5_f32).unwrap(),
                hound::SampleFormat::Int => {
                    writer.write_sample(1_i32 << (bits_per_sample - 2)).unwrap();
                }
            }
        }
        writer.finalize().unwrap();
        let read = read_wav(io::Cursor::new(octets.into_inner())).unwrap();
        assert_eq!(read, wave(16_000, vec![0.5; 10]), "{bits_per_sample} bits");
    }
    let mut octets = io::Cursor::new(Vec::new());
    write_wav(&mut octets, &[1, -2, i16::MAX]).unwrap();
    let read = read_wav(io::Cursor::new(octets.into_inner())).unwrap();
    assert_eq!(read, wave(8000, [1.0, -2.0, 32767.0].map(|it| it / 32768.0).to_vec()));
    assert!(read_wav(io::Cursor::new(b"no WAV")).is_err());
}
