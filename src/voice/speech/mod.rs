//! Makes prompts: finds who says what in a language, and keeps what may be kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};
use tokio::{sync::watch, task::spawn_blocking, time::Instant};
use tracing::{info, warn};

use super::{
    cache::Cache,
    dsp,
    engine::{self, Engine, EngineError, Program},
    pack::{CHARACTERS, Pack},
    plan::{self, Piece, Plan},
    prompt::{Prompt, PromptRequest, Said, SpeechError},
    settings::Settings,
    wording::{self, ORG, Phrase, Wording, Wordings},
};
use crate::domain::{Clip, Sound};

/// How long an engine that hung is asked after all others: a call has no time to wait for it in each phrase anew.
const REST: Duration = Duration::from_secs(300);

/// Speaks.
#[derive(Debug, Clone)]
pub struct Speech(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: Settings,
    wordings: Wordings,
    engines: Vec<Box<dyn Engine>>,
    packs: Vec<Pack>,
    cache: Cache,
    problems: Vec<String>,
    warmth: watch::Sender<Warmth>,
    /// Until when engines rest, by their names.
    rests: Mutex<BTreeMap<String, Instant>>,
}

/// How far the clips are made that every call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Warmth {
    /// Languages whose clips are there.
    pub done: usize,
    /// All languages.
    pub of: usize,
}

/// A language, and who speaks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// Its tag.
    pub locale: String,
    /// Every phrase by its name in `prompts.toml`, and who says it.
    pub phrases: Vec<(String, String)>,
    /// Every character of a code, and who says it.
    pub characters: Vec<(String, String)>,
    /// Why it is not spoken after all.
    pub problem: Option<String>,
}

/// Something to say: words, or a recording of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Utterance {
    words: String,
    recording: Option<PathBuf>,
    /// Whether it is in Latin letters, which the voice of this language cannot read.
    latin: bool,
    keepable: bool,
}

/// A recording that there is.
struct Recorded<'a> {
    file: PathBuf,
    /// What it says; the words of the language if unset.
    says: Option<&'a str>,
    by: String,
}

impl Speech {
    /// Reads what the site has written and recorded. Starts no engine.
    pub fn open(settings: Settings) -> Self {
        let mut problems = Vec::new();
        let mut wordings = wording::shipped().unwrap_or_else(|cause| {
            problems.push(cause);
            Wordings::new()
        });
        let file = settings.prompts.join("prompts.toml");
        match fs::read_to_string(&file) {
            Ok(text) => match wording::parse(&text) {
                Ok(site) => wording::overlay(&mut wordings, site),
                Err(cause) => problems.push(format!("{}: {cause}", file.display())),
            },
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
            Err(cause) => problems.push(format!("{}: {cause}", file.display())),
        }
        if let Some(only) = &settings.locales {
            let only: BTreeSet<String> = only.iter().map(ToString::to_string).collect();
            let unknown = only.iter().filter(|tag| !wordings.contains_key(*tag));
            problems.extend(unknown.map(|tag| format!("there are no prompts in {tag}")));
            wordings.retain(|tag, _| only.contains(tag));
        }
        let engines = engines(&settings, &wordings, &mut problems);
        let (packs, unsound) = Pack::all(&settings.packs);
        problems.extend(unsound);
        let (warmth, _) = watch::channel(Warmth::default());
        Self(Arc::new(Inner {
            cache: Cache::new(settings.cache.clone()),
            settings,
            wordings,
            engines,
            packs,
            problems,
            warmth,
            rests: Mutex::default(),
        }))
    }

    /// What is wrong with what the site has written or named, and what is missing for languages to be spoken: a line
    /// for each.
    pub fn problems(&self) -> Vec<String> {
        let mut missing: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for tag in self.0.wordings.keys() {
            if let Err(SpeechError::LocaleUnknown(_, why)) = self.speaks(tag) {
                missing.entry(why).or_default().push(tag);
            }
        }
        let missing = missing.into_iter().map(|(why, tags)| match tags.as_slice() {
            tags if tags.len() == self.0.wordings.len() => format!("nothing is spoken: {why}"),
            tags if tags.len() > 3 => {
                format!("{} languages are not spoken: {why}", tags.len())
            }
            few => format!("{} cannot be spoken: {why}", few.join(", ")),
        });
        self.0.problems.iter().cloned().chain(missing).collect()
    }

    /// Makes the clips that calls need, language by language, and keeps them. Returns at its end.
    ///
    /// # Cancel safety
    /// What was made is kept.
    pub async fn warm(&self) {
        for problem in self.problems() {
            warn!("voice: {problem}");
        }
        let spoken = self.spoken();
        let wanted = |tag: &&String| self.0.settings.ready.contains(*tag);
        let tags: Vec<String> = spoken.iter().filter(wanted).cloned().collect();
        self.0.warmth.send_replace(Warmth { done: 0, of: tags.len() });
        let mut told = BTreeSet::new();
        let mut failed = 0;
        for tag in &tags {
            if let Err(cause) = self.warm_one(tag).await {
                failed += 1;
                // One line for an engine that does not work, not one for each of its languages.
                if told.insert(cause.to_string()) {
                    warn!(%cause, "voice: {tag} cannot be spoken");
                }
            }
            self.0.warmth.send_modify(|warmth| warmth.done += 1);
        }
        let speech = self.clone();
        let tidied = spawn_blocking(move || speech.0.cache.tidy()).await;
        if let Ok(Err(cause)) = tidied {
            warn!(%cause, "voice: kept clips could not be tidied up");
        }
        let (ready, of) = (tags.len() - failed, spoken.len());
        info!("voice: {ready} languages are ready to be spoken, of {of} that can be");
    }

    /// How far [`warm`](Self::warm) has come, to be followed.
    pub fn warmth(&self) -> watch::Receiver<Warmth> {
        self.0.warmth.subscribe()
    }

    /// Makes the clips of one language.
    ///
    /// # Errors
    /// What keeps it from being spoken.
    pub async fn warm_one(&self, locale: &str) -> Result<(), SpeechError> {
        let phrases = Phrase::ALL.map(Piece::Phrase);
        for piece in phrases.into_iter().chain(CHARACTERS.chars().map(Piece::Character)) {
            for clip in self.clips(locale, piece).await? {
                self.0.cache.touch(&clip.key);
            }
        }
        Ok(())
    }

    /// The packs of recordings.
    pub fn packs(&self) -> &[Pack] {
        &self.0.packs
    }

    /// The languages that there are words in, and who speaks them.
    pub fn locales(&self) -> Vec<Spoken> {
        self.0.wordings.keys().map(|tag| self.describe(tag)).collect()
    }

    /// The tags of the languages that can be spoken, as far as can be told without speaking.
    pub fn spoken(&self) -> BTreeSet<String> {
        self.0.wordings.keys().filter(|tag| self.speaks(tag).is_ok()).cloned().collect()
    }

    /// The prompt for a call.
    ///
    /// # Errors
    /// If it cannot be said.
    pub async fn prompt(&self, request: &PromptRequest<'_>) -> Result<Prompt, SpeechError> {
        let PromptRequest { locale, said, confirm, keys } = *request;
        self.speaks(locale)?;
        let Plan { greeting, gate, message, offer, bye } =
            plan::plan(said, confirm, keys, &self.0.settings.reading)?;
        let text = match said {
            Said::Code(_) => None,
            Said::Text(text) => Some(self.text(locale, text).await?),
        };
        let section = async |pieces: Vec<Piece>| self.section(locale, &pieces, text.as_ref()).await;
        Ok(Prompt {
            greeting: section(greeting).await?,
            gate: match gate {
                Some(gate) => Some(section(gate).await?),
                None => None,
            },
            message: section(message).await?,
            offer: match offer {
                Some(offer) => Some(section(offer).await?),
                None => None,
            },
            bye: section(bye).await?,
        })
    }

    async fn section(
        &self,
        locale: &str,
        pieces: &[Piece],
        text: Option<&Arc<Clip>>,
    ) -> Result<Vec<Sound>, SpeechError> {
        let mut sounds = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Pause(pause) => sounds.push(Sound::Silence(*pause)),
                Piece::Text => sounds.extend(text.cloned().map(Sound::Clip)),
                Piece::Phrase(_) | Piece::Character(_) => {
                    sounds.extend(self.clips(locale, *piece).await?.into_iter().map(Sound::Clip));
                }
            }
        }
        Ok(sounds)
    }

    /// The clip of a text of somebody's, which is not kept.
    async fn text(&self, locale: &str, text: &str) -> Result<Arc<Clip>, SpeechError> {
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let said = Utterance { words, recording: None, latin: false, keepable: false };
        self.clip(locale, said).await
    }

    /// The clips of a phrase or a character.
    async fn clips(&self, locale: &str, piece: Piece) -> Result<Vec<Arc<Clip>>, SpeechError> {
        let wording = self.wording(locale)?;
        let mut clips = Vec::new();
        for utterance in self.utterances(locale, wording, piece) {
            clips.push(self.clip(locale, utterance).await?);
        }
        Ok(clips)
    }

    /// What is said for a phrase or a character.
    fn utterances(&self, locale: &str, wording: &Wording, piece: Piece) -> Vec<Utterance> {
        let one =
            |words: String, latin| Utterance { words, recording: None, latin, keepable: true };
        let latin = wording.latin.is_some();
        let (name, mut utterances) = match piece {
            Piece::Character(character) => {
                let letter = latin && character.is_ascii_alphabetic();
                (character.to_string(), vec![one(wording.character(character), letter)])
            }
            Piece::Phrase(phrase) => {
                let words = wording.phrase(phrase).unwrap_or_default();
                let org = wording.org.as_ref().unwrap_or(&self.0.settings.org);
                let said = match words.split_once(ORG) {
                    Some((before, after)) if latin && wording.org.is_none() => {
                        vec![
                            one(before.into(), false),
                            one(org.clone(), true),
                            one(after.into(), false),
                        ]
                    }
                    _ => vec![one(words.replace(ORG, org), false)],
                };
                (phrase.as_str().to_owned(), said)
            }
            Piece::Text | Piece::Pause(_) => return Vec::new(),
        };
        utterances.retain(|it| it.words.contains(char::is_alphanumeric));
        if let Some(recorded) = self.recording(locale, &name) {
            let ours = || utterances.iter().map(|it| it.words.trim()).collect::<Vec<_>>().join(" ");
            let words = recorded.says.map_or_else(ours, str::to_owned);
            return vec![Utterance { recording: Some(recorded.file), ..one(words, false) }];
        }
        utterances
    }

    /// The recording of that name: the site's own, or that of a pack.
    fn recording(&self, locale: &str, name: &str) -> Option<Recorded<'_>> {
        let file = self.0.settings.prompts.join(locale).join(format!("{name}.wav"));
        if file.is_file() {
            return Some(Recorded { file, says: None, by: "own recording".to_owned() });
        }
        self.0.packs.iter().find_map(|pack| {
            let (file, says) = pack.recording(locale, name)?;
            let by = format!("{} ({})", pack.name, pack.manifest.voice);
            Some(Recorded { file, says: Some(says), by })
        })
    }

    async fn clip(&self, locale: &str, said: Utterance) -> Result<Arc<Clip>, SpeechError> {
        let mut failed = None;
        if let Some(file) = said.recording.clone() {
            match self.by_recording(file, said.words.clone()).await {
                Ok(clip) => return Ok(clip),
                // Another voice is better than none.
                Err(cause) => {
                    warn!(%cause, "voice: a recording cannot be used");
                    failed = Some(cause);
                }
            }
        }
        let mut engines: Vec<_> = self.engines_of(locale, said.latin).collect();
        engines.sort_by_cached_key(|engine| self.rests(engine.name()));
        for engine in engines {
            match self.by_engine(engine, locale, &said).await {
                Ok(clip) => return Ok(clip),
                // What is over in a moment tells more than what is not: it is worth another try.
                Err(cause) if cause.is_passing() => failed = Some(cause),
                Err(cause) => failed = failed.or(Some(cause)),
            }
        }
        Err(failed.unwrap_or_else(|| self.unknown(locale)))
    }

    /// A clip of a recording.
    async fn by_recording(&self, file: PathBuf, words: String) -> Result<Arc<Clip>, SpeechError> {
        let speech = self.clone();
        let made = spawn_blocking(move || {
            let failed = |cause: String| format!("{}: {cause}", file.display());
            let octets = fs::read(&file).map_err(|cause| failed(cause.to_string()))?;
            let key = key(&[b"recording", &octets]);
            if let Some(samples) = speech.0.cache.get(&key) {
                return Ok((key, samples));
            }
            let samples = dsp::read_wav(octets.as_slice()).and_then(|wave| dsp::clip_of(&wave));
            let samples = samples.map_err(failed)?;
            speech.keep(&key, &samples);
            Ok((key, samples))
        });
        let made = made.await.map_err(|cause| cause.to_string()).flatten();
        let (key, samples) = made.map_err(SpeechError::Recording)?;
        Ok(Arc::new(Clip { key, words, samples, keepable: true }))
    }

    /// A clip of an engine's voice.
    async fn by_engine(
        &self,
        engine: &dyn Engine,
        locale: &str,
        said: &Utterance,
    ) -> Result<Arc<Clip>, SpeechError> {
        let Utterance { words, latin, keepable, .. } = said;
        let latin =
            self.0.wordings.get(locale).and_then(|it| it.latin.as_deref()).filter(|_| *latin);
        let voice = latin.or_else(|| engine.voice(locale)).ok_or_else(|| self.unknown(locale))?;
        let pace = self.0.settings.pace;
        let key = if *keepable {
            let edition = engine.edition(voice);
            let key = key(&[edition.as_bytes(), &pace.to_le_bytes(), words.as_bytes()]);
            let (speech, kept) = (self.clone(), key.clone());
            if let Ok(Some(samples)) = spawn_blocking(move || speech.0.cache.get(&kept)).await {
                let clip = Clip { key, words: words.clone(), samples, keepable: true };
                return Ok(Arc::new(clip));
            }
            key
        } else {
            unique()
        };
        let wave = match engine.say(voice, words, pace).await {
            Err(cause @ EngineError::Slow { .. }) => {
                warn!(%cause, "voice: an engine hangs; for {} s others go first", REST.as_secs());
                self.rest(engine.name());
                return Err(cause.into());
            }
            said => said?,
        };
        let failed = |cause| EngineError::Failed {
            engine: engine.name().to_owned(),
            voice: voice.to_owned(),
            cause,
        };
        let (speech, kept) = (self.clone(), keepable.then(|| key.clone()));
        let made = spawn_blocking(move || {
            let samples = dsp::clip_of(&wave)?;
            if let Some(key) = kept {
                speech.keep(&key, &samples);
            }
            Ok(samples)
        });
        let samples = made.await.map_err(|cause| cause.to_string()).flatten().map_err(failed)?;
        Ok(Arc::new(Clip { key, words: words.clone(), samples, keepable: *keepable }))
    }

    fn keep(&self, key: &str, samples: &[i16]) {
        if let Err(cause) = self.0.cache.put(key, samples) {
            // Once is enough: the folder is the same for all.
            static TOLD: std::sync::Once = std::sync::Once::new();
            TOLD.call_once(|| warn!(%cause, "voice: clips are kept in memory alone"));
        }
    }

    /// Whether an engine hung lately.
    fn rests(&self, engine: &str) -> bool {
        let rests = self.0.rests.lock().unwrap_or_else(PoisonError::into_inner);
        rests.get(engine).is_some_and(|until| Instant::now() < *until)
    }

    fn rest(&self, engine: &str) {
        let mut rests = self.0.rests.lock().unwrap_or_else(PoisonError::into_inner);
        rests.insert(engine.to_owned(), Instant::now() + REST);
    }

    /// The engines that speak a language, best first.
    fn engines_of(&self, locale: &str, latin: bool) -> impl Iterator<Item = &dyn Engine> {
        let engines = self.0.engines.iter().map(AsRef::as_ref);
        engines.filter(move |engine: &&dyn Engine| {
            let speaks = engine.voice(locale).is_some() && engine.present().is_ok();
            // Voices for Latin letters are eSpeak NG's.
            speaks && (!latin || engine.name() == engine::ESPEAK)
        })
    }

    fn wording(&self, locale: &str) -> Result<&Wording, SpeechError> {
        let wording = self.0.wordings.get(locale).filter(|wording| wording.is_whole());
        wording.ok_or_else(|| self.unknown(locale))
    }

    /// Whether a language is spoken.
    fn speaks(&self, locale: &str) -> Result<(), SpeechError> {
        let wording = self.wording(locale)?;
        if self.engines_of(locale, false).next().is_some() {
            return Ok(());
        }
        // Recordings alone will do, where there is one of everything.
        let phrases = Phrase::ALL.map(Piece::Phrase).into_iter();
        let pieces = phrases.chain(CHARACTERS.chars().take(10).map(Piece::Character));
        let mut said = pieces.flat_map(|piece| self.utterances(locale, wording, piece));
        if said.all(|it| it.recording.is_some()) { Ok(()) } else { Err(self.unknown(locale)) }
    }

    /// Why a language is not spoken.
    fn unknown(&self, locale: &str) -> SpeechError {
        let missing: Vec<String> = self
            .0
            .engines
            .iter()
            .filter(|engine| engine.voice(locale).is_some())
            .filter_map(|engine| engine.present().err())
            .map(|cause| cause.to_string())
            .collect();
        let why = match self.0.wordings.get(locale) {
            None => "there are no words in it".to_owned(),
            Some(wording) if !wording.is_whole() => "words for some phrases are missing".to_owned(),
            Some(_) if missing.is_empty() => "no engine has a voice for it".to_owned(),
            Some(_) => missing.join("; "),
        };
        SpeechError::LocaleUnknown(locale.to_owned(), why)
    }

    fn describe(&self, locale: &str) -> Spoken {
        let engine = self.engines_of(locale, false).next().map_or_else(String::new, |engine| {
            format!("{} {}", engine.name(), engine.voice(locale).unwrap_or_default())
        });
        let by = |name: String| {
            let by = self.recording(locale, &name).map_or_else(|| engine.clone(), |it| it.by);
            (name, by)
        };
        Spoken {
            locale: locale.to_owned(),
            phrases: Phrase::ALL.map(|it| by(it.as_str().to_owned())).into(),
            characters: CHARACTERS.chars().map(|it| by(it.to_string())).collect(),
            problem: self.speaks(locale).err().map(|cause| cause.to_string()),
        }
    }
}

/// The engines that the site names, as far as they are known.
fn engines(
    settings: &Settings,
    wordings: &Wordings,
    problems: &mut Vec<String>,
) -> Vec<Box<dyn Engine>> {
    let voice = |(tag, it): (&String, &Wording)| Some((tag.clone(), it.voice.clone()?));
    let espeak: Vec<_> = wordings.iter().filter_map(voice).collect();
    let mut engines: Vec<Box<dyn Engine>> = Vec::new();
    for name in &settings.engines {
        let own = settings.programs.iter().find(|program| program.name == *name);
        match own.map(Program::new).or_else(|| engine::known(name, &espeak)) {
            Some(program) => engines.push(Box::new(program)),
            None => problems.push(format!("no engine is called {name:?}")),
        }
    }
    engines
}

/// Names what is made of these, by the way that clips are made.
fn key(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    hash.update(dsp::VERSION.to_le_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// A name that says nothing of its clip.
fn unique() -> String {
    let mut name = [0; 16];
    // Without chance the name is one that others have too; the clip is not kept under it.
    let _ = getrandom::fill(&mut name);
    hex(&name)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[cfg(test)]
mod tests;
