//! Being heard in a call: through a serial port of samples, a sound card, files that the modem plays, or its own
//! voice.
//!
//! A sink does no AT dialogue itself: it says what it wants said, and the call's driver says it between
//! everything else.

mod alsa;
mod by_modem;
mod file;
mod library;
mod pump;
mod serial_pcm;
mod speech;

use std::{fs::File, future::Future, io, path::Path, pin::Pin};

use crate::domain::Sound;

pub(super) use file::file;
pub(super) use library::{Library, NotKept, say};
#[cfg(test)]
pub(super) use pump::{FRAME_TIME, Turn};
pub(super) use pump::{Pump, pcm};
pub(super) use speech::speech;

/// What a sink wants, or tells.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Cue {
    /// This is to be said to the modem; [`AudioSink::answered`] follows.
    Say(Line),
    /// What was played under this number came to its end.
    Played(u32),
    /// A key was heard.
    Key(char),
    /// Nothing can be heard any more.
    Broken(Broken),
}

/// Why nothing can be heard any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The modem takes no more samples, and will not before it restarts.
    Wedged,
    /// The port or the card is gone, or the modem refuses to play.
    Gone,
}

/// A command line, without `AT` and its end. It may hold words.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Line(pub(super) zeroize::Zeroizing<String>);

impl std::fmt::Debug for Line {
    /// Its name alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.split('=').next().unwrap_or_default())
    }
}

/// What comes next of a sink.
pub(super) type Next<'s> = Pin<Box<dyn Future<Output = Cue> + Send + 's>>;

/// A way to be heard in one call. Dropping it ends it.
pub(super) trait AudioSink: Send {
    /// Plays this in the place of what is played now; nothing before [`open`](Self::open).
    fn play(&mut self, number: u32, sounds: Vec<Sound>);

    /// The call was answered, and the modem carries sound.
    fn open(&mut self);

    /// What comes next.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    fn next(&mut self) -> Next<'_>;

    /// What was to be said was said, and answered so.
    fn answered(&mut self, ok: bool);

    /// The modem tells that what it played is over; `true` = it came to its end.
    fn played(&mut self, whole: bool);
}

/// What carries samples: to the other side, and back.
#[derive(Debug)]
pub(super) struct Wires {
    /// Takes samples; a write that would block is refused.
    pub(super) out: File,
    /// Brings samples, likewise.
    pub(super) back: File,
    /// The programs behind them, where they are pipes: they end with them.
    programs: alsa::Programs,
}

impl Wires {
    /// A serial port of samples, for this process alone.
    ///
    /// # Errors
    /// It is not there, or somebody has it.
    pub(super) fn serial(port: &Path) -> io::Result<Self> {
        let out = serial_pcm::open(port)?;
        let back = out.try_clone()?;
        Ok(Self::of(out, back))
    }

    fn of(out: File, back: File) -> Self {
        Self { out, back, programs: alsa::Programs::default() }
    }

    /// A sound card, through `aplay` and `arecord`.
    ///
    /// # Errors
    /// They cannot be run.
    pub(super) fn card(device: &str) -> io::Result<Self> {
        alsa::open(device, Path::new("aplay"), Path::new("arecord"))
    }
}
