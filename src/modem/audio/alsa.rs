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

use rustix::{
    fs::{OFlags, fcntl_getfl, fcntl_setfl},
    pipe::fcntl_setpipe_size,
};

use super::Wires;

/// What the card holds at most, in microseconds: less than a person takes to notice that a key was heard.
const BUFFER: &str = "--buffer-time=160000";
/// What it takes at once: a frame.
const PERIOD: &str = "--period-time=20000";

/// What the pipe to the player holds, in octets: half a second. What waits in it counts as played, and a card that takes
/// nothing shows only once it is full. A single page would take nothing until all of it was read.
const PIPE: usize = 8192;

/// Programs that run while a call is spoken into.
#[derive(Debug, Default)]
pub(super) struct Programs(Vec<Child>);

impl Programs {
    /// Whether one of them has ended by itself, as where the card is not there, or somebody else has it.
    pub(super) fn ended(&mut self) -> bool {
        self.0.iter_mut().any(|program| !matches!(program.try_wait(), Ok(None)))
    }
}

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
    fcntl_setpipe_size(&out, PIPE)?;
    let back = plain(back.ok_or_else(no_pipe)?)?;
    Ok(Wires { out, back, programs })
}

/// A pipe as a file that refuses to block.
fn plain(pipe: OwnedFd) -> io::Result<File> {
    fcntl_setfl(&pipe, fcntl_getfl(&pipe)? | OFlags::NONBLOCK)?;
    Ok(File::from(pipe))
}

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use super::*;
    use crate::{
        domain::{Clip, Sound},
        modem::{
            audio::{AudioSink as _, Broken, Cue, pcm, pump::PcmSink},
            script,
        },
    };

    /// A program in the place of ALSA's.
    fn program(folder: &Path, name: &str, script: &str) -> std::path::PathBuf {
        let path = folder.join(name);
        script::make(&path, script);
        path
    }

    /// What is played to one script and heard from another.
    fn between(dir: &Path, player: &str, recorder: &str) -> PcmSink {
        let aplay = program(dir, "aplay", player);
        let arecord = program(dir, "arecord", recorder);
        let (sink, pump) = pcm(true);
        pump.run_on(open("plughw:1,0", &aplay, &arecord).unwrap()).unwrap();
        sink
    }

    /// So many samples, all of them alike.
    fn clip(samples: usize) -> Vec<Sound> {
        let samples = vec![1234; samples];
        let clip = Clip { key: "a".into(), words: String::new(), samples, keepable: false };
        vec![Sound::Clip(clip.into())]
    }

    async fn next(sink: &mut PcmSink) -> Cue {
        tokio::time::timeout(Duration::from_secs(60), sink.next()).await.unwrap()
    }

    #[tokio::test]
    async fn samples_go_to_one_program_and_keys_come_from_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let tone = dir.path().join("tone");
        let samples = ringpost_hal::tone::Tone::of('7', 8000).unwrap().take(1600);
        fs::write(&tone, samples.flat_map(i16::to_le_bytes).collect::<Vec<_>>()).unwrap();
        let (args, heard) = (dir.path().join("args"), dir.path().join("heard"));
        let player = format!("echo \"$*\" > {}\nexec cat > {}", args.display(), heard.display());
        let recorder = format!("cat {}\nexec sleep 60", tone.display());
        let mut sink = between(dir.path(), &player, &recorder);
        sink.play(1, clip(800));
        sink.open();
        let (mut key, mut played) = (None, false);
        while key.is_none() || !played {
            let cue = next(&mut sink).await;
            match cue {
                Cue::Key(it) => key = Some(it),
                Cue::Played(number) => played = number == 1,
                Cue::Say(_) | Cue::Broken(_) => panic!("{cue:?}"),
            }
        }
        assert_eq!(key, Some('7'));
        let wanted = 1234_i16.to_le_bytes().repeat(800);
        // The program may still have to begin.
        let until = std::time::Instant::now() + Duration::from_secs(60);
        while !fs::read(&heard).is_ok_and(|heard| heard.starts_with(&wanted)) {
            assert!(std::time::Instant::now() < until, "{:?}", fs::read(&heard));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let args = fs::read_to_string(&args).unwrap();
        assert!(args.contains("-D plughw:1,0 -t raw -f S16_LE -r 8000 -c 1"), "{args}");
    }

    #[tokio::test]
    async fn a_program_that_ends_is_told_before_anything_is_played() {
        for (player, recorder) in [("exit 1", "exec sleep 60"), ("exec sleep 60", "exit 1")] {
            let dir = tempfile::tempdir().unwrap();
            let cue = next(&mut between(dir.path(), player, recorder)).await;
            assert!(matches!(cue, Cue::Broken(Broken::Gone)), "{cue:?}");
        }
    }

    #[tokio::test]
    async fn what_a_card_does_not_take_is_not_played() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = between(dir.path(), "exec sleep 60", "exec sleep 60");
        sink.play(1, clip(8000));
        sink.open();
        let cue = next(&mut sink).await;
        assert!(matches!(cue, Cue::Broken(Broken::Wedged)), "{cue:?}");
    }

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let none = Path::new("/nonexistent/aplay");
        assert_eq!(open("default", none, none).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
