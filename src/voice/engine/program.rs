//! A program of this machine that reads words from its standard input.
//!
//! Words never stand in its arguments, which anybody on the machine can read, and what it complains of is
//! thrown away, because it may repeat them.

use std::{
    collections::BTreeMap,
    env,
    fs::{self, File},
    io::{self, Read as _},
    os::{
        fd::AsRawFd as _,
        unix::{
            fs::{MetadataExt as _, PermissionsExt as _},
            process::ExitStatusExt as _,
        },
    },
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use futures_util::future::BoxFuture;
use rustix::{
    fs::{MemfdFlags, memfd_create},
    io::Errno,
    process::{Pid, Signal, kill_process_group},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    task::spawn_blocking,
    time::timeout,
};

use super::{Engine, EngineError, Wave};
use crate::voice::settings::{EngineSettings, Output};

/// How long a program may take to begin: to load a large model from a slow card, on a board whose every core is busy.
const TO_BEGIN: Duration = Duration::from_secs(10);
/// How long it may take over each letter: about as long as it is heard, which the slowest voices of a small board keep.
const PER_LETTER: Duration = Duration::from_millis(80);
/// How much it may answer: five minutes at the highest rate that voices have.
const MOST_OCTETS: u64 = 32 << 20;
/// The usual speed, in words a minute: that of eSpeak NG.
const USUAL_WPM: u32 = 175;

/// A program that speaks.
#[derive(Debug)]
pub(in crate::voice) struct Program {
    name: String,
    pub(super) command: Vec<String>,
    output: Output,
    voices: BTreeMap<String, String>,
    pub(super) to_begin: Duration,
}

impl Program {
    /// As a site or Ringpost describes it.
    pub(in crate::voice) fn new(settings: &EngineSettings) -> Self {
        let EngineSettings { name, command, output, voices } = settings.clone();
        Self { name, command, output, voices: voices.into_iter().collect(), to_begin: TO_BEGIN }
    }

    /// The program and its arguments for a voice and a speed; `out` is the file that it writes.
    fn words_of(&self, voice: &str, pace: u16, out: &str) -> Vec<String> {
        let wpm = (USUAL_WPM * u32::from(pace) / 100).to_string();
        let stretch = format!("{:.2}", 100.0 / f32::from(pace.max(1)));
        let fill = |word: &String| {
            word.replace("{voice}", voice)
                .replace("{wpm}", &wpm)
                .replace("{stretch}", &stretch)
                .replace("{out}", out)
        };
        self.command.iter().map(fill).collect()
    }

    fn failed(&self, voice: &str, cause: impl ToString) -> EngineError {
        EngineError::Failed {
            engine: self.name.clone(),
            voice: voice.to_owned(),
            cause: cause.to_string(),
        }
    }

    fn starved(&self, cause: &io::Error) -> EngineError {
        EngineError::Starved { engine: self.name.clone(), cause: cause.to_string() }
    }

    async fn run(&self, voice: &str, words: &str, pace: u16) -> Result<Wave, EngineError> {
        let failed = |cause: io::Error| self.failed(voice, cause);
        // A file in memory alone, which the program inherits: what it writes never comes to a disk.
        let writes_file = self.command.iter().any(|word| word.contains("{out}"));
        let not_run =
            |cause: io::Error| if passes(&cause) { self.starved(&cause) } else { failed(cause) };
        let file = if writes_file { Some(memory_file().map_err(not_run)?) } else { None };
        let out = file.as_ref().map(|it| format!("/proc/self/fd/{}", it.as_raw_fd()));
        let command = self.words_of(voice, pace, out.as_deref().unwrap_or_default());
        let (program, arguments) =
            command.split_first().ok_or_else(|| self.failed(voice, "it has no command"))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A group of its own, so that what a script starts ends with it.
        let mut child = Group(command.process_group(0).spawn().map_err(not_run)?);
        let letters = u32::try_from(words.chars().count()).unwrap_or(u32::MAX);
        let limit = self.to_begin.saturating_add(PER_LETTER.saturating_mul(letters));
        let Ok(said) = timeout(limit, talk(&mut child.0, words)).await else {
            return Err(EngineError::Slow { engine: self.name.clone(), limit });
        };
        let mut sound = said.map_err(|cause| {
            let killed = cause.kind() == io::ErrorKind::Interrupted;
            if killed { self.starved(&cause) } else { failed(cause) }
        })?;
        if let Some(file) = file {
            sound = spawn_blocking(move || read_back(file))
                .await
                .map_err(io::Error::from)
                .flatten()
                .map_err(failed)?;
        }
        let wave = match self.output {
            Output::Wav => of_wav(&sound),
            Output::Raw(rate) => Ok(Wave { rate, samples: of_octets(&sound) }),
        };
        match wave {
            Ok(wave) if wave.samples.is_empty() => Err(self.failed(voice, "it made no sound")),
            wave => wave.map_err(|cause| self.failed(voice, cause)),
        }
    }
}

impl Engine for Program {
    fn name(&self) -> &str {
        &self.name
    }

    fn voice(&self, tag: &str) -> Option<&str> {
        self.voices.get(tag).map(String::as_str)
    }

    fn present(&self) -> Result<(), EngineError> {
        let program = self.command.first().map(String::as_str).unwrap_or_default();
        let missing =
            || EngineError::Missing { engine: self.name.clone(), program: program.to_owned() };
        found(program).map(drop).ok_or_else(missing)
    }

    fn edition(&self, voice: &str) -> String {
        // Whatever of the command is a file, is known by when it was written: programs, scripts and models.
        let words = self.words_of(voice, 100, "");
        let program = words.first().and_then(|program| found(program));
        let files = program.into_iter().chain(words.iter().skip(1).map(PathBuf::from));
        let stamp = |path: PathBuf| fs::metadata(path).ok().filter(fs::Metadata::is_file);
        let stamps = files
            .filter_map(stamp)
            .map(|it| format!("{} {}.{}", it.len(), it.mtime(), it.mtime_nsec()));
        format!("{} {} {}", self.name, words.join(" "), stamps.collect::<Vec<_>>().join(" "))
    }

    fn say<'a>(
        &'a self,
        voice: &'a str,
        words: &'a str,
        pace: u16,
    ) -> BoxFuture<'a, Result<Wave, EngineError>> {
        Box::pin(self.run(voice, words, pace))
    }
}

/// A child that is killed with all that it started when this is dropped.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let group = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(group) = group {
            // It may have ended by itself in the meantime.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Whether the machine only had nothing left: processes, memory or files; or the program is just being replaced.
fn passes(cause: &io::Error) -> bool {
    use io::ErrorKind::{ExecutableFileBusy, OutOfMemory, WouldBlock};
    matches!(cause.kind(), WouldBlock | OutOfMemory | ExecutableFileBusy)
        || matches!(Errno::from_io_error(cause), Some(Errno::MFILE | Errno::NFILE))
}

/// The signal that nobody escapes.
const KILLED: i32 = Signal::KILL.as_raw();

/// Gives the child its words, and takes what it answers. One that was killed was interrupted.
async fn talk(child: &mut Child, words: &str) -> io::Result<Vec<u8>> {
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let ask = async {
        if let Some(mut stdin) = stdin {
            // Some read no more than a line; one that ended early says so by its status.
            let _ = stdin.write_all(words.as_bytes()).await;
            let _ = stdin.write_all(b"\n").await;
        }
    };
    let answer = async {
        let mut sound = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(MOST_OCTETS + 1).read_to_end(&mut sound).await?;
        }
        Ok::<_, io::Error>(sound)
    };
    let ((), sound) = tokio::join!(ask, answer);
    let sound = sound?;
    if sound.len() as u64 > MOST_OCTETS {
        return Err(io::Error::other("it does not stop speaking"));
    }
    let status = child.wait().await?;
    let ended = || format!("it ended with {status}");
    match status.signal() {
        _ if status.success() => Ok(sound),
        // As where memory is short.
        Some(KILLED) => Err(io::Error::new(io::ErrorKind::Interrupted, ended())),
        _ => Err(io::Error::other(ended())),
    }
}

/// A file that is no more than memory; children inherit it.
fn memory_file() -> io::Result<File> {
    Ok(File::from(memfd_create("ringpost-speech", MemfdFlags::empty())?))
}

fn read_back(file: File) -> io::Result<Vec<u8>> {
    let mut sound = Vec::new();
    // By its path, because the program may have left its end of it anywhere.
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))?
        .take(MOST_OCTETS)
        .read_to_end(&mut sound)?;
    Ok(sound)
}

/// The samples of a WAV whose head may be wrong: one that went through a pipe has no sizes, and flite's voice `kal`
/// tells a wrong number of octets a second.
fn of_wav(octets: &[u8]) -> Result<Wave, String> {
    let head = octets.get(..octets.len().min(200)).unwrap_or_default();
    let chunk = |name: &[u8]| head.windows(4).position(|it| it == name);
    let number = |at: usize| octets.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let mut mended = octets.to_vec();
    let mut write = |at: usize, number: u32| {
        if let Some(place) = mended.get_mut(at..at + 4) {
            place.copy_from_slice(&number.to_le_bytes());
        }
    };
    if let Some(at) = chunk(b"fmt ") {
        // Samples a second, octets a second, and in 16 bits octets of a sample of all channels.
        if let (Some(rate), Some(all)) = (number(at + 12), number(at + 20)) {
            write(at + 16, rate.saturating_mul(all & 0xffff));
        }
    }
    if let Some(at) = chunk(b"data") {
        // Whatever it says, the data goes to the end.
        let left = u32::try_from(octets.len().saturating_sub(at + 8)).unwrap_or(u32::MAX);
        if number(at + 4).is_some_and(|said| said > left) {
            write(at + 4, left);
        }
    }
    super::super::dsp::read_wav(io::Cursor::new(mended))
}

fn of_octets(octets: &[u8]) -> Vec<f32> {
    let (samples, _) = octets.as_chunks::<2>();
    samples.iter().map(|it| f32::from(i16::from_le_bytes(*it)) / 32768.0).collect()
}

/// Where a program is, by its path or in the folders of `PATH`.
fn found(program: &str) -> Option<PathBuf> {
    let runs = |path: &Path| {
        path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| runs(path));
    }
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| runs(path))
}
