//! A sound card, through ALSA's own programs: `aplay` takes samples, `arecord` brings them.
//!
//! They are part of `alsa-utils`, which every Debian has; the library behind them would have to be linked, and
//! built for each target.

use std::{
    fs::File,
    io,
    os::fd::OwnedFd,
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::Wires;

/// What the card holds at most, in microseconds: less than a person takes to notice that a key was heard.
const BUFFER: &str = "--buffer-time=160000";
/// What it takes at once: a frame.
const PERIOD: &str = "--period-time=20000";

/// Programs that run while a call is spoken into.
#[derive(Debug, Default)]
pub(super) struct Programs(Vec<Child>);

impl Drop for Programs {
    fn drop(&mut self) {
        for program in &mut self.0 {
            // One that has ended by itself cannot be ended.
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// Runs both programs on a card.
///
/// # Errors
/// One of them cannot be run.
pub(super) fn open(device: &str, aplay: &Path, arecord: &Path) -> io::Result<Wires> {
    let run = |program: &Path, stdin: Stdio, stdout: Stdio| {
        let mut command = Command::new(program);
        command.args(["-q", "-D", device, "-t", "raw", "-f", "S16_LE", "-r", "8000", "-c", "1"]);
        command.args([PERIOD, BUFFER]).stdin(stdin).stdout(stdout).stderr(Stdio::null()).spawn()
    };
    let mut programs = Programs::default();
    let mut player = run(aplay, Stdio::piped(), Stdio::null())?;
    let out = player.stdin.take().map(OwnedFd::from);
    programs.0.push(player);
    let mut recorder = run(arecord, Stdio::null(), Stdio::piped())?;
    let back = recorder.stdout.take().map(OwnedFd::from);
    programs.0.push(recorder);
    let no_pipe = || io::Error::other("no pipe to the program");
    let out = plain(out.ok_or_else(no_pipe)?)?;
    let back = plain(back.ok_or_else(no_pipe)?)?;
    Ok(Wires { out, back, _programs: programs })
}

/// A pipe as a file that refuses to block.
fn plain(pipe: OwnedFd) -> io::Result<File> {
    fcntl_setfl(&pipe, fcntl_getfl(&pipe)? | OFlags::NONBLOCK)?;
    Ok(File::from(pipe))
}
