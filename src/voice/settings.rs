//! What a site decides about speech.

use std::{collections::BTreeSet, path::PathBuf};

use super::plan::Reading;
use crate::domain::Locale;

/// What a site decides about speech.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The name that callers are told.
    pub org: String,
    /// The languages that are spoken; all that can be if unset.
    pub locales: Option<Vec<Locale>>,
    /// The tags of those whose clips are made before the first call; those of others are made when they are wanted.
    pub ready: BTreeSet<String>,
    /// The engines by name, best first: those of `programs`, and those that Ringpost knows.
    pub engines: Vec<String>,
    /// Programs that the site brings along.
    pub programs: Vec<EngineSettings>,
    /// How fast voices speak, in percent of their usual speed.
    pub pace: u16,
    /// How a code is read.
    pub reading: Reading,
    /// The folder of the site's own words and recordings.
    pub prompts: PathBuf,
    /// The folder of packs of recordings.
    pub packs: PathBuf,
    /// The folder where clips are kept; in memory if unset.
    pub cache: Option<PathBuf>,
}

#[cfg(test)]
impl Settings {
    /// Speaks nothing.
    pub(crate) fn mute() -> Self {
        Self {
            org: "Ringpost".to_owned(),
            locales: None,
            ready: BTreeSet::new(),
            engines: Vec::new(),
            programs: Vec::new(),
            pace: 80,
            reading: Reading::usual(),
            prompts: PathBuf::from("/nonexistent"),
            packs: PathBuf::from("/nonexistent"),
            cache: None,
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
