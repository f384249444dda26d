//! `ringpost config check`: what an operator sees of a configuration.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

#[test]
fn the_file_that_is_installed_is_sound() {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/ringpost.toml");
    let checked = check(&installed, &[]);
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
}

#[test]
fn every_problem_is_told_on_a_line_of_its_own_and_the_exit_code_is_64() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("r.toml");
    fs::write(&file, "[http]\nlisten = 1\n[outbox]\nresend_after_secs = 3\n").unwrap();
    let checked = check(&file, &[("RINGPOST_LOG__LEVEL", "loud")]);
    assert_eq!(checked.status.code(), Some(64), "{checked:?}");
    let told = String::from_utf8(checked.stderr).unwrap();
    let expected = format!(
        "{0}:2: http.listen: must be a string, found an integer\n\
         {0}:4: outbox.resend_after_secs: unknown key; did you mean \"resend_after_seconds\"?\n\
         RINGPOST_LOG__LEVEL: log.level: \"loud\" is no level; write info, or \
         info,ringpost::modem=debug\n",
        file.display()
    );
    assert_eq!(told, expected);
}

#[test]
fn a_variable_makes_a_sound_file_unsound_and_the_other_way_round() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("r.toml");
    fs::write(&file, "[policy]\nmax_segments = 99\n").unwrap();
    assert_eq!(check(&file, &[]).status.code(), Some(64));
    let override_it = [("RINGPOST_POLICY__MAX_SEGMENTS", "9")];
    assert_eq!(check(&file, &override_it).status.code(), Some(0));
    fs::write(&file, "").unwrap();
    assert_eq!(check(&file, &[("RINGPOST_POLICY__NO", "9")]).status.code(), Some(64));
}

fn check(file: &Path, env: &[(&str, &str)]) -> Output {
    command(file).envs(env.iter().copied()).output().unwrap()
}

fn command(file: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringpost"));
    // The variables of whoever runs the tests are none of theirs.
    command.env_clear().args(["config", "check", "--config"]).arg(file);
    command
}
