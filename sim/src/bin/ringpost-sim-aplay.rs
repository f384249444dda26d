//! Stands for `aplay` and `arecord` (where it is called so, or with `--capture`) at a simulated modem's sound card.
//!
//! It takes the options that raw sound of 8000 samples a second needs, and refuses others. Playing keeps a card's
//! time: it begins when its buffer is full or its input has ended, and tells of underruns.

use std::{
    collections::VecDeque,
    env,
    io::{self, Read, Write as _},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use clap::Parser;
use rustix::net::sockopt::set_socket_send_buffer_size;

const FRAME: usize = 320;
const FRAME_TIME: Duration = Duration::from_millis(20);

/// What is on its way to the card, in bytes: little, so that a card that takes nothing is felt soon.
const ON_THE_WAY: usize = 4096;

/// Plays raw sound from standard input to a simulated modem's sound card, or captures to standard output.
#[derive(Debug, Parser)]
#[command(version, disable_help_flag = true)]
struct Arguments {
    /// The card: a path DIR/m1-alsa, or hw:CARD=m1 with its folder in `RINGPOST_SIM_DIR`
    #[arg(short = 'D', long, default_value = "hw:CARD=m1")]
    device: String,
    #[arg(short = 't', long, default_value = "wav")]
    file_type: String,
    #[arg(short, long, default_value = "U8")]
    format: String,
    #[arg(short, long, default_value_t = 8000)]
    rate: u32,
    #[arg(short, long, default_value_t = 1)]
    channels: u32,
    /// Microseconds
    #[arg(short = 'B', long, default_value_t = 500_000)]
    buffer_time: u64,
    /// Microseconds
    #[arg(short = 'F', long, default_value_t = 20_000)]
    period_time: u64,
    /// Ignored, as are -N and -M: nothing else is here
    #[arg(short, long)]
    quiet: bool,
    #[arg(short = 'N', long)]
    nonblock: bool,
    #[arg(short = 'M', long)]
    mmap: bool,
    /// Captures, as arecord does
    #[arg(long)]
    capture: bool,
    /// A file, or - for standard input and output
    file: Option<String>,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    ensure!(
        matches!((arguments.file_type.as_str(), arguments.format.as_str()), ("raw", "S16_LE")),
        "only -t raw -f S16_LE is understood"
    );
    ensure!(
        (arguments.rate, arguments.channels) == (8000, 1),
        "Sample format non available: the card has 8000 Hz and one channel"
    );
    ensure!(arguments.file.as_deref().is_none_or(|file| file == "-"), "only - is read and written");
    let called = env::args().next().unwrap_or_default();
    let captures = arguments.capture || called.ends_with("arecord");
    let card = open(&arguments.device, if captures { b'C' } else { b'P' })?;
    if captures { capture(card) } else { play(card, arguments.buffer_time) }
}

/// A connection to the card, which is there.
fn open(device: &str, way: u8) -> anyhow::Result<UnixStream> {
    let path = if device.contains('/') {
        PathBuf::from(device)
    } else {
        let card = device.rsplit(':').next().unwrap_or_default();
        let card = card.split(',').next().unwrap_or_default().trim_start_matches("CARD=");
        let folder = env::var_os("RINGPOST_SIM_DIR").unwrap_or("/tmp/ringpost-sim".into());
        PathBuf::from(folder).join(format!("{card}-alsa"))
    };
    let missing = || format!("audio open error: No such device: {}", path.display());
    let mut stream = UnixStream::connect(&path).with_context(missing)?;
    set_socket_send_buffer_size(&stream, ON_THE_WAY)?;
    stream.write_all(&[way])?;
    let mut there = [0u8];
    stream.read_exact(&mut there).with_context(missing)?;
    if there != *b"Y" {
        bail!(missing());
    }
    Ok(stream)
}

fn capture(mut card: UnixStream) -> anyhow::Result<()> {
    io::copy(&mut card, &mut io::stdout().lock())?;
    bail!("read error: No such device")
}

/// Frames between standard input and the card.
#[derive(Default)]
struct Buffer {
    frames: VecDeque<[u8; FRAME]>,
    ended: bool,
}

type Shared = Arc<(Mutex<Buffer>, Condvar)>;

fn lock(shared: &Shared) -> MutexGuard<'_, Buffer> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until the buffer is as it should be.
fn wait(shared: &Shared, until: impl Fn(&Buffer) -> bool) -> MutexGuard<'_, Buffer> {
    let buffer = shared.1.wait_while(lock(shared), |buffer| !until(buffer));
    buffer.unwrap_or_else(PoisonError::into_inner)
}

fn play(mut card: UnixStream, buffer_time: u64) -> anyhow::Result<()> {
    let size = usize::try_from(buffer_time / 20_000).unwrap_or(usize::MAX).max(2);
    let shared = Shared::default();
    let filled = Arc::clone(&shared);
    thread::spawn(move || fill(&filled, size));
    loop {
        // As ALSA's default threshold has it: all of the buffer, or all there is.
        drop(wait(&shared, |buffer| buffer.frames.len() >= size || buffer.ended));
        let start = Instant::now();
        for place in 0.. {
            let due = start + FRAME_TIME * place;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let mut buffer = lock(&shared);
            let (frame, ended) = (buffer.frames.pop_front(), buffer.ended);
            drop(buffer);
            shared.1.notify_all();
            match (frame, ended) {
                (Some(frame), _) => card.write_all(&frame)?,
                (None, true) => return Ok(()),
                (None, false) => {
                    writeln!(io::stderr(), "underrun!!! (at least 0.000 ms long)")?;
                    break;
                }
            }
        }
    }
}

/// Reads standard input, no faster than the buffer is emptied.
fn fill(shared: &Shared, size: usize) {
    let mut input = io::stdin().lock();
    loop {
        let mut frame = Vec::with_capacity(FRAME);
        let read = (&mut input).take(FRAME as u64).read_to_end(&mut frame);
        let last = read.is_err() || frame.len() < FRAME;
        let mut buffer = wait(shared, |buffer| buffer.frames.len() < size);
        if !frame.is_empty() {
            frame.resize(FRAME, 0);
            buffer.frames.extend(<[u8; FRAME]>::try_from(frame));
        }
        buffer.ended = last;
        drop(buffer);
        shared.1.notify_all();
        if last {
            return;
        }
    }
}
