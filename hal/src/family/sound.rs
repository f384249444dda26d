//! How a family can be made to speak in a call.

use crate::at::{Fields, Query};

/// A way to have something heard in a call, in the words of a family.
#[derive(Debug, PartialEq, Eq)]
pub struct Sound {
    /// What it is.
    pub way: Way,
    /// The question that is answered where the modem has it.
    pub offered: Asked,
    /// Settings made before each call, so that it begins anew; errors are no failure.
    pub clear: &'static [&'static str],
    /// Settings made before each call, without which it is not placed.
    pub before: &'static [&'static str],
    /// Settings made as soon as it is dialled, without which nothing is heard.
    pub dialled: &'static [&'static str],
    /// Settings made once it was answered. Without them nothing is heard; some are refused at first.
    pub active: &'static [&'static str],
    /// Settings made after it; errors are no failure.
    pub after: &'static [&'static str],
}

/// Through what a call is spoken into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Samples, both ways, over a serial port of its own: 16 bits, little-endian, mono, 8000 a second.
    SerialPcm,
    /// A sound card: its own on USB, or one that its jack is wired to.
    Card,
    /// Files in the modem that it plays to the other side.
    Files(&'static Files),
    /// Its own voice.
    Speech(&'static Speech),
}

/// A way to be heard, for whoever chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sink {
    /// Samples over a serial port.
    SerialPcm,
    /// A sound card.
    Alsa,
    /// Files in the modem.
    File,
    /// The modem's own voice.
    Speaks,
}

/// Some ways to be heard.
pub type Sinks = heapless::Vec<Sink, 4>;

impl Sink {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SerialPcm, Self::Alsa, Self::File, Self::Speaks];

    /// Whether the other side is heard through it too, and with it the tones of keys.
    #[must_use]
    pub const fn hears(self) -> bool {
        matches!(self, Self::SerialPcm | Self::Alsa)
    }

    /// Whether the modem keeps what it is to say beyond the call.
    #[must_use]
    pub const fn keeps(self) -> bool {
        matches!(self, Self::File)
    }

    /// Whether the words of a language can be said through it, by its BCP 47 tag. `+CTTS` reads them by itself, and knows
    /// English and Chinese; all else is sound that was made before.
    #[must_use]
    pub fn speaks(self, tag: &str) -> bool {
        let language = tag.split('-').next().unwrap_or_default();
        self != Self::Speaks || matches!(language, "en" | "zh" | "cmn")
    }

    /// In a word, for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SerialPcm => "pcm",
            Self::Alsa => "usb",
            Self::File => "file",
            Self::Speaks => "speech",
        }
    }
}

/// Which way to be heard a site chooses for a modem.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SoundWay {
    /// The best that there is.
    #[default]
    Auto,
    /// This one.
    Only(Sink),
    /// None: it places no calls.
    Off,
}

impl SoundWay {
    /// Reads it as a configuration writes it: `auto`, `none`, or the word of a sink.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "auto" => Some(Self::Auto),
            "none" => Some(Self::Off),
            _ => Sink::ALL.into_iter().find(|sink| sink.as_str() == word).map(Self::Only),
        }
    }
}

impl Way {
    /// Which sink it takes.
    #[must_use]
    pub const fn sink(self) -> Sink {
        match self {
            Self::SerialPcm => Sink::SerialPcm,
            Self::Card => Sink::Alsa,
            Self::Files(_) => Sink::File,
            Self::Speech(_) => Sink::Speaks,
        }
    }
}

/// What is asked to find out whether a modem has something: any answer but an error, or a certain value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// This is answered with `OK`.
    Ok(&'static str),
    /// The value that is asked for is this one.
    Value(Query, &'static str),
}

/// What stands before and behind a name, or a text, in a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Around(pub &'static str, pub &'static str);

/// How files are put into a modem and played. Names are our own: a few lower-case letters and digits, and an
/// ending.
#[derive(Debug, PartialEq, Eq)]
pub struct Files {
    /// Makes an empty file, where writing does not.
    pub create: Option<Around>,
    /// Begins to write one; numbers follow.
    pub write: Around,
    /// Which numbers.
    pub header: Header,
    /// What the modem says when it wants the bytes.
    pub wants: Wants,
    /// Most bytes in one go.
    pub chunk: u32,
    /// Settings made before files are listed or deleted.
    pub folder: &'static [&'static str],
    /// Lists what there is: every line of its answer that names a file of ours.
    pub list: &'static str,
    /// Deletes one.
    pub delete: Around,
    /// Plays one to the other side.
    pub play: Around,
    /// Ends what is played.
    pub stop: &'static str,
    /// How it tells that a file was played.
    pub ends: Ends,
    /// How many bytes of files are kept at most.
    pub room: u32,
}

/// Which numbers follow the name of a file that is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `,<length>`.
    Length,
    /// `,<length>,<seconds>`.
    LengthSeconds,
    /// `,<mode>,<length>,<seconds>`: mode 0 writes a file anew, 1 goes on with it.
    ModeLengthSeconds,
}

/// What a modem says when it wants bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// The prompt, `>`.
    Prompt,
    /// A line, `CONNECT`.
    Connect,
}

/// How a modem tells that something was played to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// A value behind this name: 0 = to its end, others = not.
    Code(&'static str),
    /// In these lines.
    Words {
        /// To its end.
        played: &'static str,
        /// Not.
        failed: &'static str,
    },
}

/// How a modem speaks by itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Speech {
    /// Speaks a text in the call, written in UCS2 as hexadecimal digits.
    pub say: Around,
    /// Most characters in one go.
    pub longest: u16,
    /// Ends it.
    pub stop: &'static str,
    /// How it tells that it has spoken.
    pub ends: Ends,
}

impl Ends {
    /// Whether what was played came to its end, if a line tells that it is over.
    pub(crate) fn read(&self, line: &str) -> Option<bool> {
        match self {
            Self::Code(name) => Fields::after(line, name)?.number::<u16>().map(|code| code == 0),
            Self::Words { played, .. } if line == *played => Some(true),
            Self::Words { failed, .. } => (line == *failed).then_some(false),
        }
    }
}

impl Sound {
    /// How it tells that something was played, where the modem plays it.
    pub(crate) const fn ends(&self) -> Option<&'static Ends> {
        match self.way {
            Way::Files(files) => Some(&files.ends),
            Way::Speech(speech) => Some(&speech.ends),
            Way::SerialPcm | Way::Card => None,
        }
    }

    const PLAIN: Self = Self {
        way: Way::Card,
        // Answered by every modem.
        offered: Asked::Ok(""),
        clear: &[],
        before: &[],
        dialled: &[],
        active: &[],
        after: &[],
    };

    /// A sound card that the modem's jack is wired to: the modem knows nothing of it.
    pub const CARD: Self = Self::PLAIN;

    pub(super) const fn new(way: Way, offered: Asked) -> Self {
        Self { way, offered, ..Self::PLAIN }
    }
}
