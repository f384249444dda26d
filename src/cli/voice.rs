//! `ringpost voice`.

use std::{
    fs::File,
    io::{BufWriter, Cursor, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Subcommand;
use serde_json::{Value, json};
use tokio::signal::ctrl_c;

use super::{
    Failure, Files, Output,
    table::{cell, items, table},
    text,
};
use crate::{
    config::{self, Config},
    daemon,
    domain::{Locale, Sound, Wishes},
    voice::{self, Pack, Prompt, PromptRequest, Said, Speech, Spoken},
};

/// A code that has every digit, to hear them all.
const SAMPLE: &str = "1234567890";

#[derive(Debug, Subcommand)]
pub(super) enum Voice {
    /// The languages, who says their phrases and codes, and why one is not spoken.
    Locales {
        /// Every phrase and character with its source.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        output: Output,
    },
    /// Write what a call would say as a WAV.
    Preview {
        /// The language, such as de or pt-BR; else that of the organisation.
        #[arg(long)]
        locale: Option<String>,
        /// The code; without a value it is read from standard input. One that has every digit where neither a code
        /// nor a text is given.
        #[arg(long, num_args = 0..=1, conflicts_with = "text")]
        code: Option<Option<String>>,
        /// A text in place of a code; without a value it is read from standard input.
        #[arg(long, num_args = 0..=1)]
        text: Option<Option<String>>,
        /// As to somebody who is asked for a key first.
        #[arg(long)]
        confirm: bool,
        /// The file; - for standard output.
        #[arg(long, short, value_name = "FILE")]
        out: PathBuf,
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        output: Output,
    },
    /// Bring recordings in: a pack, or what Debian's asterisk-core-sounds-…-wav have installed.
    Import {
        /// The folder of a pack, or of Asterisk's sounds.
        #[arg(value_name = "FOLDER", default_value = "/usr/share/asterisk/sounds")]
        folder: PathBuf,
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        output: Output,
    },
}

impl Voice {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Locales { all, files, output } => {
                let (_, speech) = open(&files)?;
                let value = locales_to_json(&speech);
                output.print(&value, |value| if all { sources(value) } else { summary(value) })
            }
            Self::Preview { locale, code, text, confirm, out, files, output } => {
                let (config, speech) = open(&files)?;
                let locale = chosen(&speech, &config, locale.as_deref())?;
                let (code, text) = match (code, text) {
                    (_, Some(text)) => (None, Some(text::given_or_read(text)?)),
                    (Some(code), None) => (Some(text::given_or_read(code)?), None),
                    (None, None) => (Some(SAMPLE.to_owned()), None),
                };
                let said = match (&code, &text) {
                    (Some(code), _) => Said::Code(code),
                    (None, text) => Said::Text(text.as_deref().unwrap_or_default()),
                };
                let request = PromptRequest { locale: &locale, said, confirm, keys: true };
                let prompt = block_on(speech.prompt(&request))?
                    .map_err(|cause| Failure::while_doing("speak", cause))?;
                write(&prompt, &out)?;
                // Standard output holds the sound.
                if out.as_os_str() == "-" {
                    return Ok(());
                }
                let file = out.display().to_string();
                output.print(&prompt_to_json(&prompt, &locale, &file), timeline)
            }
            Self::Import { folder, files, output } => {
                let config = Config::load(&files.config, config::environment())?;
                let to = daemon::speech_settings(&config).packs;
                let packs = voice::import(&folder, &to)
                    .map_err(|cause| Failure::while_doing("import recordings", cause))?;
                let value = json!({ "items": packs.iter().map(pack_to_json).collect::<Vec<_>>() });
                output.print(&value, |value| {
                    format!(
                        "{}\nA daemon that runs uses them once it is started anew.",
                        packs_to_text(value)
                    )
                })
            }
        }
    }
}

/// What the configuration has to speak with. Its clips are kept in memory: the daemon's folder is the daemon's.
fn open(files: &Files) -> Result<(Config, Speech), Failure> {
    let config = Config::load(&files.config, config::environment())?;
    let settings = voice::Settings { cache: None, ..daemon::speech_settings(&config) };
    Ok((config, Speech::open(settings)))
}

/// The language in which somebody who asks for this one would be called.
fn chosen(speech: &Speech, config: &Config, asked: Option<&str>) -> Result<String, Failure> {
    let read = |tag: &str| {
        Locale::parse(tag).ok_or_else(|| Failure::Failed(format!("{tag:?} is no language tag")))
    };
    let asked = asked.map(read).transpose()?;
    let spoken = speech.spoken();
    let speaks = |tag: &str| spoken.contains(tag);
    let found = match &asked {
        Some(asked) => asked.candidates().into_iter().find(|tag| speaks(tag)),
        None => {
            Wishes { organisation: config.org.locale.as_ref(), ..Wishes::default() }.choose(speaks)
        }
    };
    found.ok_or_else(|| {
        let tags = asked.as_ref().map_or_else(|| vec!["en".to_owned()], Locale::candidates);
        let known = speech.locales().into_iter().find(|it| tags.contains(&it.locale));
        let problem = known.and_then(|it| it.problem);
        let tag = tags.first().map_or("", String::as_str);
        Failure::Failed(problem.unwrap_or_else(|| format!("there are no prompts in {tag}")))
    })
}

/// Runs this to its end, or until Ctrl-C: an engine is a program in a group of its own, which the terminal does not
/// interrupt, and dropping its future ends it.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Failure::while_doing("start", cause))?;
    runtime.block_on(async {
        tokio::select! {
            done = work => Ok(done),
            _ = ctrl_c() => Err(Failure::Failed("interrupted".to_owned())),
        }
    })
}

fn write(prompt: &Prompt, out: &Path) -> Result<(), Failure> {
    let failed =
        |cause: String| Failure::Failed(format!("failed to write {}: {cause}", out.display()));
    if out.as_os_str() == "-" {
        let mut wav = Cursor::new(Vec::new());
        prompt.write_wav(&mut wav).map_err(failed)?;
        return Ok(std::io::stdout().write_all(&wav.into_inner())?);
    }
    let file = File::create(out).map_err(|cause| failed(cause.to_string()))?;
    prompt.write_wav(BufWriter::new(file)).map_err(failed)
}

fn locales_to_json(speech: &Speech) -> Value {
    let by = |sources: &[(String, String)]| -> Value {
        sources
            .iter()
            .map(|(name, by)| (name.clone(), json!(by)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    let locale = |it: Spoken| {
        json!({
            "locale": it.locale, "phrases": by(&it.phrases), "characters": by(&it.characters),
            "problem": it.problem,
        })
    };
    json!({
        "items": speech.locales().into_iter().map(locale).collect::<Vec<_>>(),
        "packs": speech.packs().iter().map(pack_to_json).collect::<Vec<_>>(),
        "problems": speech.problems(),
    })
}

/// A line for each language.
fn summary(value: &Value) -> String {
    let row = |item: &Value| {
        let digits = |name: &str| name.bytes().all(|it| it.is_ascii_digit());
        [
            cell(item, "/locale"),
            by(item, "/phrases", |_| true),
            by(item, "/characters", digits),
            by(item, "/characters", |name| !digits(name)),
            cell(item, "/problem"),
        ]
    };
    let lines = table(
        ["LOCALE", "PHRASES", "DIGITS", "LETTERS", "PROBLEM"],
        items(value).map(row).collect(),
    );
    let problems = value.get("problems").and_then(Value::as_array).into_iter().flatten();
    let problems: String =
        problems.filter_map(Value::as_str).map(|it| format!("\nproblem: {it}")).collect();
    format!("{lines}{problems}")
}

/// Whoever says some of those, each once.
fn by(item: &Value, pointer: &str, wanted: impl Fn(&str) -> bool) -> String {
    let sources = item.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    let mut all: Vec<&str> = Vec::new();
    for (_, source) in sources.filter(|(name, _)| wanted(name)) {
        let source = source.as_str().unwrap_or_default();
        if !source.is_empty() && !all.contains(&source) {
            all.push(source);
        }
    }
    all.join(", ")
}

/// A line for each phrase and character of each language.
fn sources(value: &Value) -> String {
    let rows = items(value).flat_map(|item| {
        let of = |pointer| item.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
        of("/phrases").chain(of("/characters")).map(|(name, source)| {
            [cell(item, "/locale"), name.clone(), source.as_str().unwrap_or_default().to_owned()]
        })
    });
    table(["LOCALE", "SAYS", "BY"], rows.collect())
}

fn pack_to_json(pack: &Pack) -> Value {
    let manifest = &pack.manifest;
    json!({
        "name": pack.name, "voice": manifest.voice, "licence": manifest.licence,
        "credit": manifest.credit, "locales": manifest.locales,
        "clips": manifest.clips.keys().collect::<Vec<_>>(),
    })
}

fn packs_to_text(value: &Value) -> String {
    let row = |pack: &Value| {
        let list = |pointer: &str| pack.pointer(pointer).and_then(Value::as_array);
        let locales = list("/locales").into_iter().flatten().filter_map(Value::as_str);
        let [name, voice, licence, credit] =
            ["/name", "/voice", "/licence", "/credit"].map(|pointer| cell(pack, pointer));
        let clips = list("/clips").map_or(0, Vec::len).to_string();
        [name, voice, locales.collect::<Vec<_>>().join(" "), clips, licence, credit]
    };
    table(
        ["PACK", "VOICE", "LOCALES", "CLIPS", "LICENCE", "CREDIT"],
        items(value).map(row).collect(),
    )
}

fn prompt_to_json(prompt: &Prompt, locale: &str, file: &str) -> Value {
    let seconds = |length: Duration| (length.as_secs_f64() * 100.0).round() / 100.0;
    let mut at = Duration::ZERO;
    let mut said = Vec::new();
    for sound in prompt.sounds() {
        if let Sound::Clip(clip) = sound {
            said.push(json!({
                "at": seconds(at), "seconds": seconds(sound.length()), "says": clip.words,
            }));
        }
        at += sound.length();
    }
    json!({ "file": file, "locale": locale, "seconds": seconds(at), "items": said })
}

fn timeline(value: &Value) -> String {
    let lines = items(value).map(|it| {
        let at = it.pointer("/at").and_then(Value::as_f64).unwrap_or_default();
        format!("{at:6.2}  {}\n", cell(it, "/says"))
    });
    let lines: String = lines.collect();
    let [file, locale, seconds] = ["/file", "/locale", "/seconds"].map(|it| cell(value, it));
    format!("{lines}{file}: {seconds} seconds in {locale}")
}
