//! Keys are heard by their tones, and not in what our own prompts say.

use std::{fs, path::Path, process::Command};

use ringpost::{
    domain::Sound,
    voice::{PromptRequest, Said, Speech},
};
use ringpost_hal::tone::{Detector, Tone};

use super::{each_language, program, write_wav};
use crate::chance::Chance;

const KEYS: &str = "0123456789*#";
/// Each of the two waves of a key.
const PEAK: i16 = 4000;

fn heard(samples: &[i16]) -> String {
    let mut detector = Detector::new();
    samples.iter().filter_map(|sample| detector.hear(*sample)).collect()
}

/// The keys one after the other, each held and let go for so many milliseconds.
fn pressed(milliseconds: usize) -> Vec<i16> {
    let key = |key| Tone::of(key, PEAK).unwrap().take(milliseconds * 8);
    let silence = || std::iter::repeat_n(0, milliseconds * 8);
    silence().chain(KEYS.chars().flat_map(|it| key(it).chain(silence()))).collect()
}

/// With white noise up to `peak`.
fn noisy(samples: &[i16], peak: usize) -> Vec<i16> {
    let mut chance = Chance::new(12);
    let mut noise =
        || i16::try_from(chance.below(2 * peak + 1)).unwrap() - i16::try_from(peak).unwrap();
    samples.iter().map(|sample| sample.saturating_add(noise())).collect()
}

/// As it comes out of a telephone call: coded as GSM full rate codes speech (ETSI EN 300 961), and decoded.
fn through_gsm(samples: &[i16]) -> Vec<i16> {
    let folder = tempfile::tempdir().unwrap();
    let [wav, gsm, raw] = ["in.wav", "call.gsm", "out.raw"].map(|name| folder.path().join(name));
    write_wav(&wav, samples);
    let sox = |command: &mut Command| assert!(command.status().unwrap().success());
    sox(Command::new("sox").arg("-D").args([&wav, &gsm]));
    sox(Command::new("sox")
        .args(["-D", "-r", "8000"])
        .arg(&gsm)
        .args(["-e", "signed", "-b", "16", "-L"])
        .arg(&raw));
    let octets = fs::read(raw).unwrap();
    octets.as_chunks::<2>().0.iter().map(|it| i16::from_le_bytes(*it)).collect()
}

#[test]
fn twelve_keys_of_twelve_are_heard_through_noise_and_gsm_full_rate() {
    if !program("sox") {
        println!("skipped: sox is not installed");
        return;
    }
    for milliseconds in [60, 100, 250] {
        let clean = pressed(milliseconds);
        assert_eq!(heard(&through_gsm(&clean)), KEYS, "{milliseconds} ms");
        // Noise of 18 dB below the keys in power.
        let noisy = noisy(&clean, 900);
        assert_eq!(heard(&noisy), KEYS, "{milliseconds} ms, noise");
        assert_eq!(heard(&through_gsm(&noisy)), KEYS, "{milliseconds} ms, noise, then GSM");
    }
}

/// All that is said in a language: every phrase, digit and letter.
async fn all_of(speech: Speech, locale: String) -> (String, Vec<i16>) {
    let code = Said::Code("0123456789ABCDEFGHIJKLMN");
    let text = Said::Text("1");
    let mut samples = Vec::new();
    for said in [code, Said::Code("OPQRSTUVWXYZ"), text] {
        let request = PromptRequest { locale: &locale, said, confirm: true, keys: true };
        let prompt = speech.prompt(&request).await.unwrap();
        samples.extend(prompt.sounds().flat_map(|sound| match sound {
            Sound::Clip(clip) => clip.samples.clone(),
            Sound::Silence(_) => vec![0; 800],
        }));
    }
    (locale, samples)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_heard_in_any_prompt_of_ours() {
    if !program("espeak-ng") || !program("sox") {
        println!("skipped: espeak-ng or sox is not installed");
        return;
    }
    for (locale, samples) in each_language(all_of).await {
        assert_eq!(heard(&samples), "", "{locale}");
        assert_eq!(heard(&through_gsm(&samples)), "", "{locale}, through GSM");
    }
}

/// Hundreds of phrases by people of five languages.
#[test]
fn no_key_is_heard_in_recordings_of_people() {
    let sounds = Path::new("/usr/share/asterisk/sounds");
    let Ok(voices) = sounds.read_dir() else {
        println!("skipped: there is no {}", sounds.display());
        return;
    };
    let mut recordings = 0;
    let mut folders: Vec<_> = voices.map(|it| it.unwrap().path()).collect();
    while let Some(folder) = folders.pop() {
        for path in folder.read_dir().unwrap().map(|it| it.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "wav") {
                let mut wav = hound::WavReader::open(&path).unwrap();
                let samples: Vec<i16> = wav.samples().map(Result::unwrap).collect();
                assert_eq!(heard(&samples), "", "{}", path.display());
                recordings += 1;
            }
        }
    }
    assert!(recordings > 100, "{recordings}");
}
