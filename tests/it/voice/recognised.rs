//! How many of the spoken digits does a recogniser of speech make out?
//!
//! It knows English alone, was made for microphones, and hears worse than people do, and not the same: it compares
//! voices, and is no measure of how well people understand them. `make voice-table` compares all that is installed, for
//! `docs/voice.md`.

use std::{env, path::Path, time::Duration};

use ringpost::voice::{self, EngineSettings, Output, PromptRequest, Said, Settings, Speech};

use super::{code_of, program, recogniser, settings};
use crate::chance::Chance;

/// How many codes are spoken; of six digits each.
const CODES: usize = 50;
/// How many of the digits must be made out of the English that is spoken by default, in percent.
const WANTED: f64 = 95.0;

/// A voice, and how it speaks.
struct Trial {
    name: String,
    settings: Settings,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_english_that_is_spoken_by_default_is_made_out() {
    if !recogniser::installed() || !program("flite") {
        println!("skipped: pocketsphinx, its model of English, sox or flite is not installed");
        return;
    }
    let usual = made_out(settings()).await;
    assert!(usual >= WANTED, "{usual:.1} % of the digits");
    if env::var_os("RINGPOST_VOICES").is_none() {
        return;
    }
    println!("| what there is where nothing is configured | {usual:.1} |");
    let folder = tempfile::tempdir().unwrap();
    for Trial { name, settings } in trials(folder.path()) {
        println!("| {name} | {:.1} |", made_out(settings).await);
    }
}

/// How many of the digits are made out, in percent.
async fn made_out(settings: Settings) -> f64 {
    let speech = Speech::open(Settings { ready: ["en".to_owned()].into(), ..settings });
    let mut chance = Chance::new(481_592);
    let mut codes = Vec::new();
    let mut spoken = Vec::new();
    for _ in 0..CODES {
        let code: String = (0..6).map(|_| chance.below(10).to_string()).collect();
        let said = Said::Code(&code);
        let request = PromptRequest { locale: "en", said, confirm: false, keys: false };
        spoken.push(code_of(&speech.prompt(&request).await.unwrap(), 6));
        codes.push(code);
    }
    let read = recogniser::reads(&spoken);
    let right: usize = codes.iter().zip(&read).map(|(code, it)| recogniser::right(code, it)).sum();
    right as f64 * 100.0 / (CODES * 6) as f64
}

fn trials(folder: &Path) -> Vec<Trial> {
    let mut trials = Vec::new();
    let mut add = |name: String, settings: Settings| trials.push(Trial { name, settings });
    let flite = |voice: &str, pitch: &str| {
        engine(
            &["flite", "-voice", "{voice}", "--setf", "duration_stretch={stretch}"],
            &["--setf", pitch, "-o", "{out}"],
            voice,
        )
    };
    if program("flite") {
        for voice in ["kal", "kal16", "awb", "rms", "slt"] {
            let command = ["flite", "-voice", "{voice}", "--setf", "duration_stretch={stretch}"];
            add(format!("flite `{voice}`"), with(engine(&command, &["-o", "{out}"], voice)));
        }
        for pace in [60, 70, 90, 100, 120] {
            add(format!("flite `rms`, speed {pace} %"), Settings { pace, ..settings() });
        }
        for pitch in [80, 90, 110, 130] {
            let wanted = format!("int_f0_target_mean={pitch}");
            add(format!("flite `rms`, pitch {pitch} Hz"), with(flite("rms", &wanted)));
        }
        for gap in [100, 200, 300, 600, 900] {
            add(format!("flite `rms`, pauses of {gap} ms"), paused(settings(), gap));
        }
    }
    let espeak = |voice: &str, pitch: &str| {
        let command = ["espeak-ng", "--stdin", "--stdout", "-s", "{wpm}", "-v", "{voice}"];
        engine(&command, &["-p", pitch], voice)
    };
    if program("espeak-ng") {
        for voice in
            ["en-us", "en-gb", "en-gb-x-rp", "en-gb-scotland", "en-us+m3", "en-us+f2", "en-us+f5"]
        {
            add(format!("espeak-ng `{voice}`"), with(espeak(voice, "50")));
        }
        for pace in [60, 70, 90, 100, 120] {
            let usual = with(espeak("en-us", "50"));
            add(format!("espeak-ng `en-us`, speed {pace} %"), Settings { pace, ..usual });
        }
        for pitch in ["20", "35", "65", "80"] {
            add(format!("espeak-ng `en-us`, pitch {pitch}"), with(espeak("en-us", pitch)));
        }
        for gap in [100, 200, 300, 600, 900] {
            let usual = with(espeak("en-us", "50"));
            add(format!("espeak-ng `en-us`, pauses of {gap} ms"), paused(usual, gap));
        }
    }
    if program("text2wave") {
        for voice in ["kal_diphone", "cmu_us_slt_arctic_hts"] {
            if Path::new("/usr/share/festival/voices").read_dir().is_ok_and(|mut all| {
                all.any(|it| it.is_ok_and(|it| it.path().join(voice).is_dir()))
            }) {
                let stretch = "(Parameter.set 'Duration_Stretch {stretch})";
                let command = ["text2wave", "-eval", "(voice_{voice})", "-eval", stretch];
                add(format!("festival `{voice}`"), with(engine(&command, &["-o", "{out}"], voice)));
            }
        }
    }
    if voice::import(Path::new("/usr/share/asterisk/sounds"), folder).is_ok() {
        let packs = folder.to_owned();
        add("recordings of `asterisk-en`".to_owned(), Settings { packs, ..settings() });
        for gap in [100, 200, 600] {
            let packs = folder.to_owned();
            let usual = Settings { packs, ..settings() };
            add(format!("recordings of `asterisk-en`, pauses of {gap} ms"), paused(usual, gap));
        }
    }
    trials
}

fn engine(command: &[&str], more: &[&str], voice: &str) -> EngineSettings {
    EngineSettings {
        name: "trial".to_owned(),
        command: command.iter().chain(more).map(|word| (*word).to_owned()).collect(),
        output: Output::Wav,
        voices: vec![("en".to_owned(), voice.to_owned())],
    }
}

/// As usual, but spoken by that engine.
fn with(engine: EngineSettings) -> Settings {
    Settings { engines: vec![engine.name.clone()], programs: vec![engine], ..settings() }
}

/// With that pause after each digit, and twice that after a group.
fn paused(mut settings: Settings, gap: u64) -> Settings {
    settings.reading.gap = Duration::from_millis(gap);
    settings.reading.group_gap = Duration::from_millis(2 * gap);
    settings
}
