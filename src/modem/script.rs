//! Programs for tests.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

/// Makes a program of `script` at `path`. Another process writes it: what this one writes to is open as well in
/// whatever other tests start at that moment, and a file that is open for writing cannot be run.
pub(super) fn make(path: &Path, script: &str) {
    let mut writer = Command::new("sh");
    writer.args(["-c", r#"cat > "$0" && chmod 755 "$0""#]).arg(path).stdin(Stdio::piped());
    let mut writer = writer.spawn().unwrap();
    writeln!(writer.stdin.take().unwrap(), "#!/bin/sh\n{script}").unwrap();
    assert!(writer.wait().unwrap().success());
}
