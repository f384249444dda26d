//! An independent judge of digits: `PocketSphinx`, as Debian has it.

use std::{fs, path::Path, process::Command};

use ringpost::domain::Sound;

use super::{program, samples_of, write_wav};

const MODEL: &str = "/usr/share/pocketsphinx/model/en-us";
const WORDS: [&str; 10] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];
/// Silence around a code, which the recogniser measures noise in.
const AROUND: usize = 2400;

/// Whether it is installed, with its model of English.
pub(super) fn installed() -> bool {
    program("pocketsphinx_batch") && program("sox") && Path::new(MODEL).is_dir()
}

/// What it makes of each of these spoken codes: digits.
pub(super) fn reads(spoken: &[Vec<Sound>]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let path = |name: &str| file(name).to_str().unwrap().to_owned();
    for (at, sounds) in spoken.iter().enumerate() {
        let silence = vec![0; AROUND];
        let samples = [silence.clone(), samples_of(sounds), silence].concat();
        write_wav(&file("telephone.wav"), &samples);
        // Its model hears 16 000 samples a second; above the telephone's band there is nothing.
        let wav = path(&format!("{at}.wav"));
        run(Command::new("sox").args([&path("telephone.wav"), "-r", "16000", &wav]));
    }
    let names: String = (0..spoken.len()).map(|at| format!("{at}\n")).collect();
    fs::write(file("names"), names).unwrap();
    let digits = WORDS.join(" | ");
    let grammar = format!("#JSGF V1.0;\ngrammar code;\npublic <code> = ( {digits} )+ ;\n");
    fs::write(file("grammar"), grammar).unwrap();
    // Its way to remove noise removes what is said after true silence.
    run(Command::new("pocketsphinx_batch")
        .args(["-adcin", "yes", "-adchdr", "44", "-cepext", ".wav", "-remove_noise", "no"])
        .args(["-cepdir", &path(""), "-ctl", &path("names"), "-jsgf", &path("grammar")])
        .args(["-hmm", &format!("{MODEL}/en-us"), "-dict", &format!("{MODEL}/cmudict-en-us.dict")])
        .args(["-hyp", &path("heard")]));
    // A line for each: words, then the name and a score in brackets.
    let heard = fs::read_to_string(file("heard")).unwrap();
    let digit = |word: &str| WORDS.iter().position(|known| *known == word);
    let read = |line: &str| -> String {
        let words = line.split('(').next().unwrap_or_default().split_whitespace();
        words.filter_map(digit).map(|it| it.to_string()).collect()
    };
    let read: Vec<String> = heard.lines().map(read).collect();
    assert_eq!(read.len(), spoken.len(), "{heard}");
    read
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// How many of the characters of `code` were made out: all but what would have to be changed, added or removed.
pub(super) fn right(code: &str, read: &str) -> usize {
    let mut row: Vec<usize> = (0..=read.len()).collect();
    for (at, wanted) in code.bytes().enumerate() {
        let mut before = row[0];
        row[0] = at + 1;
        for (column, got) in read.bytes().enumerate() {
            let changed = before + usize::from(wanted != got);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    code.len().saturating_sub(row[read.len()])
}

#[test]
fn what_is_wrong_added_or_missing_counts_against_it() {
    for (read, made_out) in
        [("481592", 6), ("48159", 5), ("481692", 5), ("4815592", 5), ("", 0), ("0123456789", 0)]
    {
        assert_eq!(right("481592", read), made_out, "{read}");
    }
}
