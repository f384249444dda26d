//! `[voice]`: how long calls may last, and what speaks in them.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use super::reader::Section;
use crate::domain::Locale;

/// An announcement of the operator's answers before the longer of these; the whole call stays below the five
/// minutes after which its outcome counts as unknown.
const RING: RangeInclusive<u32> = 5..=60;
/// The shorter of these is a greeting and a code, read once; the longer a long text, read twice.
const TALK: RangeInclusive<u32> = 20..=200;

/// The longest text that is accepted, read twice by the slowest of the usual voices, takes 133 s, and up to 24 s pass before
/// somebody presses the key that it waits for. The rest is for other voices.
const TALK_FOR: Duration = Duration::from_secs(180);

/// `[voice]`: how long calls may last, and what speaks in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// How long a phone may ring.
    pub ring_for: Duration,
    /// How long a call may last once it is answered.
    pub talk_for: Duration,
    /// The languages that are spoken, by the tags of their prompts; all that can be if unset.
    pub locales: Option<Vec<Locale>>,
    /// Whether who asks for a language that is not spoken is called in another one.
    pub language_fallback: bool,
    /// What speaks, by name, best first.
    pub engines: Vec<String>,
    /// `[[voice.engine]]`: programs that speak, besides those that Ringpost knows.
    pub programs: Vec<VoiceEngine>,
    /// How fast voices speak, in percent of their usual speed.
    pub speed_percent: u16,
    /// How often a code or a text is read.
    pub readings: u8,
    /// The pause after a character of a code.
    pub gap: Duration,
    /// The same when the code is read again.
    pub slow_gap: Duration,
    /// The pause after a group of characters.
    pub group_gap: Duration,
    /// The folder of the site's own prompts.
    pub prompts: PathBuf,
    /// The folder of packs of recordings; one beside the database if unset.
    pub packs: Option<PathBuf>,
}

/// `[[voice.engine]]`: a program that reads a text from its standard input and makes it sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoiceEngine {
    /// What `engines` calls it.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Samples a second, where it makes bare samples; a WAV if unset.
    pub raw_rate: Option<u32>,
    /// Which voice speaks which language, by the tag of its prompts.
    pub voices: Vec<(String, String)>,
}

impl Default for Voice {
    fn default() -> Self {
        Self {
            ring_for: Duration::from_secs(35),
            talk_for: TALK_FOR,
            locales: None,
            language_fallback: true,
            engines: ["flite", "espeak-ng"].map(str::to_owned).to_vec(),
            programs: Vec::new(),
            speed_percent: 80,
            readings: 2,
            gap: Duration::from_millis(400),
            slow_gap: Duration::from_millis(600),
            group_gap: Duration::from_millis(900),
            prompts: PathBuf::from("/etc/ringpost/voice"),
            packs: None,
        }
    }
}

impl Voice {
    pub(super) fn read(section: &mut Section) -> Self {
        let default = Self::default();
        let mut seconds = |key, range| {
            let count: Option<u32> = section.integer(key, range, " seconds");
            count.map(|count| Duration::from_secs(count.into()))
        };
        let (ring, talk) = (seconds("ring_seconds", RING), seconds("max_talk_seconds", TALK));
        let mut pause = |key| {
            let count: Option<u32> = section.integer(key, 100..=3000, " ms");
            count.map(|count| Duration::from_millis(count.into()))
        };
        let (gap, slow_gap, group_gap) =
            (pause("gap_ms"), pause("slow_gap_ms"), pause("group_gap_ms"));
        let locales = section.list("locales", |text| {
            Locale::parse(text)
                .ok_or_else(|| format!("must be language tags such as de or pt-BR, found {text:?}"))
        });
        let speed = section.integer("speed_percent", 50..=200, " percent");
        let readings = section.integer("readings", 1..=5, " times");
        let programs = section.tables("engine", VoiceEngine::read);
        Self {
            ring_for: ring.unwrap_or(default.ring_for),
            talk_for: talk.unwrap_or(default.talk_for),
            locales,
            language_fallback: section
                .flag("language_fallback")
                .unwrap_or(default.language_fallback),
            engines: section.list("engines", word).unwrap_or(default.engines),
            programs: programs.into_iter().flatten().collect(),
            speed_percent: speed.unwrap_or(default.speed_percent),
            readings: readings.unwrap_or(default.readings),
            gap: gap.unwrap_or(default.gap),
            slow_gap: slow_gap.unwrap_or(default.slow_gap),
            group_gap: group_gap.unwrap_or(default.group_gap),
            prompts: section.text("prompts", folder).unwrap_or(default.prompts),
            packs: section.text("packs", folder),
        }
    }
}

impl VoiceEngine {
    fn read(section: &mut Section) -> Option<Self> {
        let name = section.required("name", "every engine has one, such as \"piper\"", word);
        let program = "a program and its arguments, such as [\"piper\", \"-m\", \"{voice}\"]";
        let command = section.required_list("command", program, |text| Ok(text.to_owned()));
        let raw_rate = section.integer("raw_rate", 8000..=48_000, " samples a second");
        let who = "which voice speaks which language, such as [\"de de_DE-thorsten-low\"]";
        let voices = section.required_list("voices", who, voice);
        Some(Self { name: name?, command: command?, raw_rate, voices: voices? })
    }
}

fn word(text: &str) -> Result<String, String> {
    let known = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
    if !text.is_empty() && text.bytes().all(known) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be the name of an engine such as \"espeak-ng\", found {text:?}"))
    }
}

fn voice(text: &str) -> Result<(String, String), String> {
    let wrong =
        || format!("must be a language and a voice such as \"de thorsten\", found {text:?}");
    let (tag, voice) = text.split_once(' ').ok_or_else(wrong)?;
    let tag = Locale::parse(tag).ok_or_else(wrong)?;
    let voice = voice.trim();
    if voice.is_empty() { Err(wrong()) } else { Ok((tag.to_string(), voice.to_owned())) }
}

fn folder(text: &str) -> Result<PathBuf, String> {
    if Path::new(text).is_absolute() {
        Ok(PathBuf::from(text))
    } else {
        Err(format!("must be a path that begins with /, found {text:?}"))
    }
}
