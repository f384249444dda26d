//! Programs that speak, and everything that they can do wrong: played by shell scripts.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use super::*;
use crate::voice::settings::{EngineSettings, Output};

/// A program that runs those lines of shell, in a folder of its own.
struct Script {
    folder: tempfile::TempDir,
    program: Program,
}

fn script(lines: &str, arguments: &[&str], output: Output) -> Script {
    let folder = tempfile::tempdir().unwrap();
    let lines = format!("cd {}\n{lines}", folder.path().display());
    // The script itself is an argument: a file that was just written cannot always be run.
    let start = ["sh", "-c", lines.as_str(), "sh"];
    let settings = EngineSettings {
        name: "script".to_owned(),
        command: start.iter().chain(arguments).map(|it| (*it).to_owned()).collect(),
        output,
        voices: vec![("de".to_owned(), "anna".to_owned())],
    };
    Script { folder, program: Program::new(&settings) }
}

impl Script {
    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    async fn says(&self) -> Result<Wave, EngineError> {
        self.program.say("anna", "Hallo, Welt", 80).await
    }

    async fn complains(&self) -> String {
        self.says().await.unwrap_err().to_string()
    }
}

const BARE: Output = Output::Raw(16_000);

#[tokio::test]
async fn words_go_to_standard_input_and_nowhere_else() {
    let lines = "cat >heard; echo \"$@\" >arguments; env >environment; printf '\\000\\100'";
    let arguments = ["-v", "{voice}", "{wpm}", "{stretch}", "x{out}x"];
    let script = script(lines, &arguments[..4], BARE);
    let wave = script.says().await.unwrap();
    assert_eq!(wave, Wave { rate: 16_000, samples: vec![0.5] });
    assert_eq!(fs::read_to_string(script.file("heard")).unwrap(), "Hallo, Welt\n");
    assert_eq!(fs::read_to_string(script.file("arguments")).unwrap(), "-v anna 140 1.25\n");
    let environment = fs::read_to_string(script.file("environment")).unwrap();
    assert!(!environment.contains("Welt"), "{environment}");
}

/// A WAV of three samples, with those sizes and octets a second written at its head.
fn wav(sizes: u32, octets_a_second: u32) -> Vec<u8> {
    let word = |it: u32| it.to_le_bytes();
    let format =
        [&[1, 0, 1, 0][..], &word(22_050), &word(octets_a_second), &[2, 0, 16, 0]].concat();
    let samples = [0, 0, 0, 64, 0, 192];
    [b"RIFF", &word(sizes)[..], b"WAVEfmt ", &word(16), &format, b"data", &word(sizes), &samples]
        .concat()
}

#[tokio::test]
async fn a_wav_is_read_to_its_end_whatever_its_head_says() {
    // What eSpeak NG writes into a pipe, what flite writes with its voice `kal`, and an honest head.
    for (sizes, octets_a_second) in [(0x7fff_f000, 44_100), (6, 88_200), (6, 44_100)] {
        let script = script("cat made", &[], Output::Wav);
        fs::write(script.file("made"), wav(sizes, octets_a_second)).unwrap();
        let wave = script.says().await.unwrap();
        assert_eq!(wave, Wave { rate: 22_050, samples: vec![0.0, 0.5, -0.5] }, "{sizes:#x}");
    }
}

#[tokio::test]
async fn a_program_may_write_a_file_which_is_memory_alone() {
    let script = script("cat made >\"$1\"; readlink \"$1\" >where", &["{out}"], Output::Wav);
    fs::write(script.file("made"), wav(6, 44_100)).unwrap();
    assert_eq!(script.says().await.unwrap().samples.len(), 3);
    let place = fs::read_to_string(script.file("where")).unwrap();
    assert!(place.starts_with("/memfd:"), "{place}");
}

#[tokio::test]
async fn how_it_failed_is_told_without_its_words() {
    let bad = script("cat >&2; exit 3", &[], BARE);
    let says = "script could not speak with the voice anna: it ended with exit status: 3";
    assert_eq!(bad.complains().await, says);
    let silent = script("cat >/dev/null", &[], BARE);
    assert!(silent.complains().await.ends_with("it made no sound"));
    let wrong = script("cat >/dev/null; echo no WAV", &[], Output::Wav);
    assert!(!wrong.complains().await.contains("Welt"));
    let endless = script("cat /dev/zero", &[], BARE);
    assert!(endless.complains().await.ends_with("it does not stop speaking"));
    let deaf = script("exec <&-; printf '\\000\\100'", &[], BARE);
    assert_eq!(deaf.says().await.unwrap().samples, [0.5], "it may read nothing at all");
}

#[tokio::test]
async fn a_program_that_hangs_is_ended_with_all_that_it_started() {
    let mut hangs = script("sleep 600 & echo $! >child; wait", &[], BARE);
    hangs.program.to_begin = Duration::from_millis(200);
    let began = Instant::now();
    assert_eq!(hangs.complains().await, "script did not end within 1 s");
    assert!(began.elapsed() < Duration::from_secs(30));
    let child = fs::read_to_string(hangs.file("child")).unwrap();
    // Whoever adopts it may take a moment to bury it.
    let state = || fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    let gone = || state().is_empty() || state().contains(") Z ");
    while !gone() {
        assert!(began.elapsed() < Duration::from_secs(30), "{}", state());
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let settings = EngineSettings {
        name: "piper".to_owned(),
        command: vec!["ringpost-no-such-program".to_owned()],
        output: BARE,
        voices: Vec::new(),
    };
    let says = Program::new(&settings).present().unwrap_err().to_string();
    assert_eq!(says, "piper is not installed: there is no program ringpost-no-such-program");
    let here = EngineSettings { command: vec!["/bin/sh".to_owned()], ..settings };
    assert_eq!(Program::new(&here).present(), Ok(()));
    let folder = EngineSettings { command: vec!["/bin".to_owned()], ..here };
    assert!(Program::new(&folder).present().is_err());
}

#[test]
fn another_program_or_voice_is_another_edition() {
    let script = script("", &["{voice}"], BARE);
    let model = script.file("anna.model");
    fs::write(&model, "1").unwrap();
    let voice = model.to_str().unwrap();
    let first = script.program.edition(voice);
    assert_eq!(first, script.program.edition(voice));
    assert_ne!(first, script.program.edition("berta"));
    fs::write(&model, "another").unwrap();
    assert_ne!(first, script.program.edition(voice), "a model that was replaced");
}

#[tokio::test]
async fn an_engine_that_is_killed_failed_for_now_and_one_that_ends_badly_for_good() {
    for (lines, passes) in [("kill -KILL $$", true), ("cat >/dev/null; exit 1", false)] {
        let cause = script(lines, &[], BARE).says().await.unwrap_err();
        assert_eq!(matches!(cause, EngineError::Starved { .. }), passes, "{lines}: {cause}");
    }
    let mut nowhere = script("", &[], BARE);
    nowhere.program.command = vec!["/no/such/program".to_owned()];
    let cause = nowhere.says().await.unwrap_err();
    assert!(matches!(cause, EngineError::Failed { .. }), "{cause}");
}

#[tokio::test]
async fn espeak_ng_refuses_a_voice_that_it_does_not_have() {
    let engine = known(ESPEAK, &[("de".to_owned(), "de".to_owned())]).unwrap();
    if engine.present().is_err() {
        println!("skipped: espeak-ng is not installed");
        return;
    }
    assert_eq!((engine.voice("de"), engine.voice("fr")), (Some("de"), None));
    let wave = engine.say("de", "Eins", 80).await.unwrap();
    assert_eq!(wave.rate, 22_050);
    // Not "no-such": it would be read as Norwegian.
    assert!(engine.say("zz", "Eins", 80).await.is_err());
    assert!(known("no such engine", &[]).is_none());
}
