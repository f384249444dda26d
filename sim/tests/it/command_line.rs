//! The simulator as a person starts it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use ringpost_sim::{Family, Fault};

const PROGRAM: &str = env!("CARGO_BIN_EXE_ringpost-sim");

fn fails_with(arguments: &[&str], hint: &str) {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(hint), "{error}");
}

#[test]
fn wrong_names_are_answered_with_the_right_ones() {
    fails_with(&["--family", "nokia"], "there are: sim7600, sim800, sim7000");
    fails_with(&["--fault", "nonsense"], "there are: drop_prompt, late_prompt");
    fails_with(&["--fault", "drop_final:often"], "\"often\" is not a number");
}

#[test]
fn help_names_every_family_and_fault_and_where_sound_goes() {
    let said = |arguments: &[&str]| {
        let output = Command::new(PROGRAM).args(arguments).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let help = said(&["--help"]);
    let families: Vec<_> = Family::ALL.iter().map(|family| family.name()).collect();
    assert!(help.contains(&format!("[{}]", families.join(", "))), "{help}");
    for path in ["DIR/m1-at", "DIR/m1-audio", "DIR/calls/1.wav"] {
        assert!(help.contains(path), "{path}: {help}");
    }
    let faults = said(&["--fault", "help"]);
    for fault in Fault::ALL {
        let line = format!("{:<22} {}\n", fault.name(), fault.describe());
        assert!(faults.contains(&line), "{line}{faults}");
    }
}

#[test]
fn banner_tells_ports_and_address_and_sigterm_cleans_up() {
    let directory = tempfile::tempdir().unwrap();
    let mut simulator = Command::new(PROGRAM)
        .args(["--listen", "127.0.0.1:0", "--modems", "2", "--fault", "drop_final:1", "--dir"])
        .arg(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(simulator.stdout.take().unwrap());
    let mut banner = String::new();
    for line in output.lines().map(Result::unwrap) {
        banner += &line;
        if line.starts_with("listening on http://127.0.0.1:") {
            break;
        }
    }
    let second = directory.path().join("m2-at");
    assert!(banner.contains(second.to_str().unwrap()), "{banner}");
    assert!(second.exists());
    let sound = directory.path().join("m2-audio");
    assert!(banner.contains(sound.to_str().unwrap()) && sound.exists(), "{banner}");
    Command::new("kill").arg(simulator.id().to_string()).status().unwrap();
    assert!(simulator.wait().unwrap().success());
    assert!(!second.is_symlink(), "the links are gone");
}
