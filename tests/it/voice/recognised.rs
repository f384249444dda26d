//! An independent judge: how many of the spoken digits does a recogniser of speech make out?
//!
//! PocketSphinx knows English, and was made for microphones; it hears worse than people do, and not the same. It
//! compares voices, and does not measure how well people understand them. `make voice-test` makes it compare what
//! is installed, for `docs/voice.md`.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ringpost::{
    config::Config,
    daemon,
    domain::Sound,
    voice::{self, PromptRequest, Said, Settings, Speech},
};

use crate::chance::Chance;

const MODEL: &str = "/usr/share/pocketsphinx/model/en-us";
const WORDS: [&str; 10] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
/// Engines that the comparison knows besides those that Ringpost does; whoever is not installed is left out.
const OTHERS: &str = r#"
[[voice.engine]]
name = "espeak-male"
command = ["espeak-ng", "--stdin", "--stdout", "-v", "{voice}", "-s", "{wpm}"]
voices = ["en en-us+m3"]
[[voice.engine]]
name = "espeak-female"
command = ["espeak-ng", "--stdin", "--stdout", "-v", "{voice}", "-s", "{wpm}"]
voices = ["en en-us+f3"]
[[voice.engine]]
name = "espeak-low"
command = ["espeak-ng", "--stdin", "--stdout", "-v", "{voice}", "-s", "{wpm}", "-p", "30"]
voices = ["en en-us"]
[[voice.engine]]
name = "espeak-high"
command = ["espeak-ng", "--stdin", "--stdout", "-v", "{voice}", "-s", "{wpm}", "-p", "70"]
voices = ["en en-us"]
[[voice.engine]]
name = "espeak-british"
command = ["espeak-ng", "--stdin", "--stdout", "-v", "{voice}", "-s", "{wpm}"]
voices = ["en en-gb"]
[[voice.engine]]
name = "flite-slt"
command = ["flite", "-voice", "{voice}", "--setf", "duration_stretch={stretch}", "-o", "{out}"]
voices = ["en slt"]
[[voice.engine]]
name = "flite-awb"
command = ["flite", "-voice", "{voice}", "--setf", "duration_stretch={stretch}", "-o", "{out}"]
voices = ["en awb"]
[[voice.engine]]
name = "flite-kal"
command = ["flite", "-voice", "{voice}", "--setf", "duration_stretch={stretch}", "-o", "{out}"]
voices = ["en kal"]
[[voice.engine]]
name = "festival"
command = ["text2wave", "-o", "{out}", "-eval", "(begin (voice_{voice}) (Parameter.set 'Duration_Stretch {stretch}))"]
voices = ["en kal_diphone"]
"#;

#[tokio::test(flavor = "multi_thread")]
async fn the_english_that_is_spoken_by_default_is_made_out() {
    let missing = ["pocketsphinx_batch", "flite"].into_iter().find(|it| !installed(it));
    if let Some(missing) = missing.or((!Path::new(MODEL).exists()).then_some(MODEL)) {
        println!("skipped: recognition of speech, because there is no {missing}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let percent = made_out(settings(folder.path(), ""), folder.path(), 20).await.unwrap();
    assert!(percent >= 95.0, "{percent:.1} % of the digits");
}

#[tokio::test(flavor = "multi_thread")]
async fn voices_are_compared() {
    if env::var_os("RINGPOST_VOICES").is_none() {
        println!("skipped: the comparison of voices, which `make voice-test` makes");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let packs = folder.path().join("packs");
    let recorded = voice::import(Path::new("/usr/share/asterisk/sounds"), &packs).is_ok();
    let mut table =
        String::from("voice, percent of its usual speed, gaps of so many ms: digits made out\n");
    let engines = [
        "flite",
        "flite-slt",
        "flite-awb",
        "flite-kal",
        "festival",
        "espeak-ng",
        "espeak-male",
        "espeak-female",
        "espeak-low",
        "espeak-high",
        "espeak-british",
    ];
    let ways = [(80, 400), (100, 400), (65, 400), (80, 200), (80, 700)];
    for engine in engines {
        for (speed, gap) in ways {
            let how =
                format!("engines = [\"{engine}\"]\nspeed_percent = {speed}\ngap_ms = {gap}\n");
            let settings = settings(folder.path(), &how);
            if let Some(percent) = made_out(settings, folder.path(), 50).await {
                let _ = writeln!(table, "| {engine} | {speed} | {gap} | {percent:.1} % |");
            }
        }
    }
    for gap in [200, 400, 700].into_iter().filter(|_| recorded) {
        let how = format!("gap_ms = {gap}\npacks = {packs:?}\n");
        let percent = made_out(settings(folder.path(), &how), folder.path(), 50).await;
        let _ =
            writeln!(table, "| asterisk-en | as recorded | {gap} | {:.1} % |", percent.unwrap());
    }
    println!("{table}");
}

/// What a configuration says of speech, in a folder of its own.
fn settings(folder: &Path, voice: &str) -> Settings {
    let toml = format!("[voice]\nreadings = 1\nprompts = \"/nonexistent\"\n{voice}\n{OTHERS}");
    let config = Config::parse(&toml, Path::new("t"), std::iter::empty()).unwrap();
    let usual = daemon::speech_settings(&config);
    let packs = config.voice.packs.unwrap_or_else(|| folder.join("none"));
    Settings { packs, cache: Some(folder.join("clips")), ..usual }
}

/// How many per cent of the digits of so many codes are made out; `None` = the voice is not installed.
async fn made_out(settings: Settings, folder: &Path, codes: usize) -> Option<f64> {
    let speech = Speech::open(settings);
    let mut chance = Chance::new(4071);
    let folder = folder.join("recognition");
    fs::create_dir_all(&folder).unwrap();
    let mut said = Vec::new();
    for at in 0..codes {
        let code: String = (0..6).map(|_| char::from(b'0' + digit(&mut chance))).collect();
        let request =
            PromptRequest { locale: "en", said: Said::Code(&code), confirm: false, keys: false };
        let prompt = speech.prompt(&request).await.ok()?;
        let samples = samples_of(&prompt.message);
        fs::write(folder.join(format!("{at}.raw")), samples).unwrap();
        said.push(code);
    }
    let heard = recognise(&folder, codes);
    let wrong: usize = said.iter().zip(&heard).map(|(said, heard)| distance(said, heard)).sum();
    let all: usize = said.iter().map(String::len).sum();
    Some(
        100.0
            - 100.0 * f64::from(u32::try_from(wrong).unwrap())
                / f64::from(u32::try_from(all).unwrap()),
    )
}

fn digit(chance: &mut Chance) -> u8 {
    u8::try_from(chance.below(10)).unwrap()
}

/// The digits alone, without the phrase before them, at twice the rate: the model wants that.
fn samples_of(message: &[Sound]) -> Vec<u8> {
    let mut samples: Vec<i16> = Vec::new();
    for sound in &message[1..] {
        match sound {
            Sound::Clip(clip) => samples.extend(&clip.samples),
            Sound::Silence(pause) => {
                samples.extend(vec![0; usize::try_from(pause.as_millis() * 8).unwrap()]);
            }
        }
    }
    // A digital silence is like nothing that a microphone makes.
    let mut noise = Chance::new(1);
    let mut twice = Vec::new();
    for pair in samples.windows(2) {
        let hiss = i16::try_from(noise.below(9)).unwrap() - 4;
        let middle = i16::midpoint(pair[0], pair[1]);
        twice.extend([pair[0].saturating_add(hiss), middle.saturating_add(hiss)]);
    }
    twice.into_iter().flat_map(i16::to_le_bytes).collect()
}

/// What the recogniser makes of `0.raw`, `1.raw` and so on.
fn recognise(folder: &Path, codes: usize) -> Vec<String> {
    let grammar =
        format!("#JSGF V1.0;\ngrammar digits;\npublic <code> = ( {} )+ ;\n", WORDS.join(" | "));
    let write = |name: &str, text: &str| -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let grammar = write("digits.gram", &grammar);
    let list = write("list", &(0..codes).map(|at| format!("{at}\n")).collect::<String>());
    let heard = folder.join("heard");
    let ended = Command::new("pocketsphinx_batch")
        .args(["-adcin", "yes", "-cepext", ".raw", "-cmn", "batch"])
        .args(["-samprate", "16000"])
        .arg("-cepdir")
        .arg(folder)
        .arg("-ctl")
        .arg(list)
        .arg("-jsgf")
        .arg(grammar)
        .arg("-hmm")
        .arg(format!("{MODEL}/en-us"))
        .arg("-dict")
        .arg(format!("{MODEL}/cmudict-en-us.dict"))
        .arg("-hyp")
        .arg(&heard)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(ended.success(), "{ended}");
    let digit = |word: &str| WORDS.iter().position(|it| *it == word).map(|it| it.to_string());
    let heard = fs::read_to_string(heard).unwrap();
    let lines: Vec<String> =
        heard.lines().map(|line| line.split(' ').filter_map(digit).collect()).collect();
    assert_eq!(lines.len(), codes);
    lines
}

/// How many digits are wrong, missing or too many.
fn distance(said: &str, heard: &str) -> usize {
    strsim::levenshtein(said, heard)
}

fn installed(program: &str) -> bool {
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}
