//! `ringpost voice`, and what `config check` and `doctor` say of who speaks.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};

use crate::gateway::{RINGPOST, run_with, wait_for};

/// A box where a script speaks German and English: whatever it is told, as a tone of half a second.
struct Site(tempfile::TempDir);

impl Site {
    fn new(more: &str) -> Self {
        let site = Self(tempfile::tempdir().unwrap());
        tone(&site.path("tone.wav"));
        site.configure(&format!(
            "[[voice.engine]]\nname = \"tone\"\nvoices = [\"de low\", \"en high\"]\n\
             command = [\"sh\", \"-c\", \"cat >/dev/null; cat {}\"]\n{more}",
            site.path("tone.wav").display()
        ));
        site
    }

    fn configure(&self, voice: &str) {
        let config = format!(
            "[store]\npath = {:?}\n[org]\nname = \"Example\"\n[[modem]]\nname = \"a\"\n\
             port = \"/dev/ringpost-none\"\n[voice]\nengines = [\"tone\"]\nprompts = {:?}\n{voice}",
            self.path("ringpost.db"),
            self.path("prompts"),
        );
        fs::write(self.path("ringpost.toml"), config).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(RINGPOST);
        command.args(arguments).arg("--config").arg(self.path("ringpost.toml"));
        run_with(command.current_dir(self.0.path()), input)
    }

    fn json(&self, arguments: &[&str], input: &str) -> Value {
        let output = self.run(&[arguments, &["--json"]].concat(), input);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
    }

    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn complains(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments, "");
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

/// Half a second of a tone, as a WAV.
fn tone(file: &Path) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(file, spec).unwrap();
    for at in 0..8000 {
        writer.write_sample(if at % 32 < 16 { 8000_i16 } else { -8000 }).unwrap();
    }
    writer.finalize().unwrap();
}

fn words(value: &Value) -> Vec<&str> {
    value["items"].as_array().unwrap().iter().map(|it| it["says"].as_str().unwrap()).collect()
}

#[test]
fn it_tells_who_speaks_each_language_and_why_one_is_not_spoken() {
    let site = Site::new("");
    fs::create_dir_all(site.path("prompts/de")).unwrap();
    fs::copy(site.path("tone.wav"), site.path("prompts/de/bye.wav")).unwrap();
    let table = site.says(&["voice", "locales"]);
    let line = |tag: &str| {
        let line = table.lines().find(|line| line.starts_with(&format!("{tag} "))).unwrap();
        line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>()
    };
    assert_eq!(line("de"), ["de", "tone low, own recording", "tone low", "tone low"]);
    assert_eq!(line("fr"), ["fr", "nothing speaks fr: no engine has a voice for it"]);
    assert!(
        table.ends_with("problem: 38 languages are not spoken: no engine has a voice for it\n")
    );
    let all = site.says(&["voice", "locales", "--all"]);
    let bye = all.lines().find(|line| line.starts_with("de") && line.contains(" bye ")).unwrap();
    assert!(bye.ends_with("own recording"), "{bye}");
    let value = site.json(&["voice", "locales"], "");
    assert_eq!(value["items"].as_array().unwrap().len(), 40);
}

#[test]
fn a_preview_is_the_call_as_a_wav() {
    let site = Site::new("");
    let preview = ["voice", "preview", "-o", "out.wav", "--locale"];
    let value = site.json(&[&preview[..], &["de-AT", "--code", "--confirm"]].concat(), "40-71\n");
    assert_eq!((&value["locale"], &value["file"]), (&json!("de"), &json!("out.wav")));
    let said = words(&value);
    assert_eq!(said[0], "Guten Tag. Dies ist ein automatischer Anruf von Example.");
    assert!(said[1].contains("drücken Sie die 1"), "{said:?}");
    assert_eq!(said[3..7], ["4", "0", "7", "1"]);
    let mut wav = hound::WavReader::open(site.path("out.wav")).unwrap();
    assert_eq!((wav.spec().sample_rate, wav.spec().channels), (8000, 1));
    let seconds = f64::from(wav.duration()) / 8000.0;
    assert!((seconds - value["seconds"].as_f64().unwrap()).abs() < 0.01, "{seconds} {value:#}");
    assert!(wav.samples::<i16>().any(|sample| sample.unwrap() > 1000));

    // Without a code, every digit is heard.
    let value = site.json(&[&preview[..], &["en"]].concat(), "");
    let digits: String = words(&value)[2..12].concat();
    assert_eq!(digits, "1234567890");
    let value = site.json(&[&preview[..], &["en", "--text"]].concat(), "Pump 3 has stopped\n");
    assert_eq!(words(&value).iter().filter(|it| **it == "Pump 3 has stopped").count(), 2);
    let shown = site.says(&[&preview[..], &["en", "--code", "12"]].concat());
    assert!(shown.contains("  0.00  Hello. This is an automated call from Example.\n"), "{shown}");

    let sound = site.run(&["voice", "preview", "--locale", "en", "-o", "-"], "");
    assert!(sound.stdout.starts_with(b"RIFF") && sound.status.success());
    // What the daemon keeps is the daemon's.
    assert!(!site.path("clips").exists());
}

#[test]
fn what_cannot_be_said_is_told() {
    let site = Site::new("");
    let preview = ["voice", "preview", "-o", "out.wav"];
    let complains = |more: &[&str]| site.complains(&[&preview[..], more].concat());
    let says = complains(&["--locale", "fr"]);
    assert_eq!(says, "ringpost: nothing speaks fr: no engine has a voice for it\n");
    assert_eq!(complains(&["--locale", "tlh"]), "ringpost: there are no prompts in tlh\n");
    assert_eq!(complains(&["--locale", "?"]), "ringpost: \"?\" is no language tag\n");
    let says = complains(&["--code", "4é1"]);
    assert!(says.ends_with("a spoken code is made of letters from A to Z and digits\n"), "{says}");
    assert!(complains(&["--locale", "de", "--text", " "]).contains("1 to 1000 characters"));
    assert!(!site.path("out.wav").exists());
}

#[test]
fn a_pack_is_imported_and_speaks() {
    let site = Site::new("");
    fs::create_dir(site.path("ann")).unwrap();
    let clips: String = (0..10)
        .map(|digit| format!("{digit} = {{ file = \"tone.wav\", says = \"{digit}\" }}\n"))
        .collect();
    fs::copy(site.path("tone.wav"), site.path("ann/tone.wav")).unwrap();
    let manifest =
        format!("voice = \"Ann\"\nlicence = \"CC0-1.0\"\nlocales = [\"de\"]\n[clips]\n{clips}");
    fs::write(site.path("ann/pack.toml"), manifest).unwrap();
    let shown = site.says(&["voice", "import", "ann"]);
    assert!(shown.contains("CC0-1.0") && shown.contains("Ann"), "{shown}");
    assert!(site.path("voices/ann/7.wav").is_file(), "beside the database");
    let table = site.says(&["voice", "locales"]);
    assert!(table.lines().any(|line| line.starts_with("de ") && line.contains("ann (Ann)")));
    let says = site.complains(&["voice", "import", "prompts"]);
    assert!(says.contains("prompts: there is no pack.toml in it"), "{says}");
}

#[test]
fn what_keeps_calls_from_speaking_is_found_before_a_call() {
    let findings = |site: &Site| -> Vec<(String, String)> {
        let value = site.json(&["doctor"], "");
        let of_voice = value["findings"].as_array().unwrap().iter();
        let text = |it: &Value, name: &str| it[name].as_str().unwrap().to_owned();
        of_voice
            .filter(|it| it["about"] == "voice")
            .map(|it| (text(it, "verdict"), text(it, "says")))
            .collect()
    };
    let of = |verdict: &str, says: &str| (verdict.to_owned(), says.to_owned());
    let site = Site::new("");
    let missing = "38 languages are not spoken: no engine has a voice for it";
    assert_eq!(findings(&site), [of("warning", &format!("{missing}."))]);
    let checked = site.says(&["config", "check"]);
    assert!(checked.contains(&format!("warning: {missing}\n")), "{checked}");

    let tone = site.path("tone.wav");
    let engine = |command: &str| {
        format!(
            "locales = [\"de\"]\n[[voice.engine]]\nname = \"tone\"\nvoices = [\"de low\"]\n\
             command = {command}\n"
        )
    };
    site.configure(&engine(&format!(
        "[\"sh\", \"-c\", \"cat >/dev/null; cat {}\"]",
        tone.display()
    )));
    let good = "Languages that can be spoken: 1; packs of recordings: none.";
    assert_eq!(findings(&site), [of("ok", good)]);
    assert!(!site.says(&["config", "check"]).contains("spoken"));
    site.configure(&engine("[\"false\"]"));
    let broken = "tone could not speak with the voice low: it ended with exit status: 1.";
    assert_eq!(findings(&site), [of("problem", broken)]);
    site.configure(&engine("[\"ringpost-none\"]"));
    let absent = "tone is not installed: there is no program ringpost-none";
    let nothing = of("warning", &format!("nothing is spoken: {absent}."));
    assert_eq!(findings(&site), [nothing]);
    // Who places no calls needs no voice.
    let config = fs::read_to_string(site.path("ringpost.toml")).unwrap();
    let mute = config.replace("[voice]", "roles = [\"sms\"]\n[voice]");
    fs::write(site.path("ringpost.toml"), mute).unwrap();
    assert_eq!(findings(&site), []);
    assert!(!site.says(&["config", "check"]).contains("spoken"));
}

#[test]
fn a_preview_that_is_interrupted_leaves_no_engine_behind() {
    let site = Site::new("");
    let note = site.path("pid");
    site.configure(&format!(
        "[[voice.engine]]\nname = \"tone\"\nvoices = [\"en high\"]\n\
         command = [\"sh\", \"-c\", \"echo $$ >{}; exec sleep 60\"]\n",
        note.display()
    ));
    let mut preview = Command::new(RINGPOST);
    preview.args(["voice", "preview", "--locale", "en", "--out"]).arg(site.path("out.wav"));
    let mut preview = preview.arg("--config").arg(site.path("ringpost.toml")).spawn().unwrap();
    let noted = || fs::read_to_string(&note).ok().filter(|it| it.ends_with('\n'));
    let engine = wait_for(noted).unwrap();
    let words = format!("/proc/{}/cmdline", engine.trim());
    // One that has ended and that nobody has asked about has none.
    let lives = || fs::read(&words).is_ok_and(|words| !words.is_empty());
    assert!(lives());
    let id = preview.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert!(!preview.wait().unwrap().success());
    assert!(wait_for(|| (!lives()).then_some(())).is_some());
}
