//! What a site decides about speech.

use std::path::PathBuf;

use super::plan::Reading;
use crate::domain::Locale;

/// What a site decides about speech.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The name that callers are told.
    pub org: String,
    /// How a language says that name, by its tag: written for the ear, or in its own script.
    pub org_spoken: Vec<(String, String)>,
    /// The language of those whose own is not known; that of the organisation if unset.
    pub locale: Option<Locale>,
    /// Whether who asks for a language that nothing speaks is refused, and not called in another one.
    pub strict: bool,
    /// The engines by name, best first: those of `programs`, and those that Ringpost knows.
    pub engines: Vec<String>,
    /// Programs that the site brings along.
    pub programs: Vec<EngineSettings>,
    /// How fast voices speak, in percent of their usual speed.
    pub pace: u16,
    /// How a code is read.
    pub reading: Reading,
    /// The folder of the site's own wording and recordings.
    pub wording: PathBuf,
    /// The folder of packs of recordings.
    pub packs: PathBuf,
    /// The folder where clips are kept.
    pub cache: PathBuf,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            org: "Ringpost".to_owned(),
            org_spoken: Vec::new(),
            locale: None,
            strict: false,
            engines: ["flite", "espeak-ng"].map(str::to_owned).to_vec(),
            programs: Vec::new(),
            pace: 80,
            reading: Reading::default(),
            wording: PathBuf::from("/etc/ringpost/voice"),
            packs: PathBuf::from("/var/lib/ringpost/voice"),
            cache: PathBuf::from("/var/cache/ringpost"),
        }
    }
}

/// A program that reads a text from its standard input and makes it sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineSettings {
    /// What it is called here.
    pub name: String,
    /// The program and its arguments. In these, `{voice}` stands for the voice, `{wpm}` for the speed in words a
    /// minute, `{stretch}` for how much longer than usual all takes (1.25), and `{out}` for the file to write;
    /// without that, the sound comes on standard output.
    pub command: Vec<String>,
    /// What the sound comes as.
    pub output: Output,
    /// Which voice speaks a language, by its tag.
    pub voices: Vec<(String, String)>,
}

/// What an engine's sound comes as; both mono, of 16 bits a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// A WAV.
    Wav,
    /// Samples alone, little-endian, so many a second.
    Raw(u32),
}
