//! Prompts, by voices that are tones and by those of this machine.

use std::{sync::Mutex, time::Duration};

use futures_util::future::{BoxFuture, ready};

use super::*;
use crate::{
    domain::{Detail, Locale},
    voice::engine::Wave,
};

/// Says everything as tones: longer words take longer, and each beginning sounds otherwise.
#[derive(Debug)]
struct Tones {
    name: &'static str,
    tags: &'static [&'static str],
    /// What it was asked to say.
    said: Arc<Mutex<Vec<String>>>,
    fails: Option<Fails>,
}

#[derive(Debug, Clone, Copy)]
enum Fails {
    AtOnce,
    Late,
    Starved,
}

impl Tones {
    fn new(tags: &'static [&'static str]) -> Self {
        Self { name: "tones", tags, said: Arc::default(), fails: None }
    }
}

impl Engine for Tones {
    fn name(&self) -> &str {
        self.name
    }

    fn voice(&self, tag: &str) -> Option<&str> {
        self.tags.iter().copied().find(|known| *known == tag)
    }

    fn present(&self) -> Result<(), EngineError> {
        Ok(())
    }

    fn edition(&self, voice: &str) -> String {
        format!("{} 1 {voice}", self.name)
    }

    fn say<'a>(
        &'a self,
        voice: &'a str,
        words: &'a str,
        _: u16,
    ) -> BoxFuture<'a, Result<Wave, EngineError>> {
        self.said.lock().unwrap().push(words.to_owned());
        if let Some(fails) = self.fails {
            let (engine, voice) = (self.name.to_owned(), voice.to_owned());
            return Box::pin(ready(Err(match fails {
                Fails::AtOnce => {
                    EngineError::Failed { engine, voice, cause: "it ended".to_owned() }
                }
                Fails::Late => EngineError::Slow { engine, limit: Duration::from_secs(15) },
                Fails::Starved => EngineError::Starved { engine, cause: "no memory".to_owned() },
            })));
        }
        let first = words.bytes().next().unwrap_or_default();
        let hertz = 300.0 + 20.0 * f32::from(first);
        let turn = std::f32::consts::TAU * hertz / 16_000.0;
        let samples = (0..words.len() * 1600).map(|at| 0.3 * (turn * at as f32).sin()).collect();
        Box::pin(ready(Ok(Wave { rate: 16_000, samples })))
    }
}

/// Speech with those engines, in folders of its own.
fn speech(engines: Vec<Tones>, change: impl FnOnce(&mut Settings)) -> (Speech, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings {
        prompts: folder.path().join("prompts"),
        packs: folder.path().join("packs"),
        cache: Some(folder.path().join("cache")),
        ready: ["de", "en"].map(str::to_owned).into(),
        ..Settings::mute()
    };
    change(&mut settings);
    let speech = Speech::open(settings);
    let mut inner = Arc::into_inner(speech.0).unwrap();
    inner.engines = engines.into_iter().map(|it| Box::new(it) as Box<dyn Engine>).collect();
    (Speech(Arc::new(inner)), folder)
}

fn code(locale: &str) -> PromptRequest<'_> {
    PromptRequest { locale, said: Said::Code("481592"), confirm: false, keys: false }
}

/// The words of a section, and its pauses in milliseconds.
fn shown(sounds: &[Sound]) -> Vec<String> {
    let shown = sounds.iter().map(|sound| match sound {
        Sound::Clip(clip) => clip.words.clone(),
        Sound::Silence(pause) => pause.as_millis().to_string(),
    });
    shown.collect()
}

#[tokio::test]
async fn a_prompt_holds_what_the_plan_says_in_the_words_of_its_language() {
    let (speech, _folder) = speech(vec![Tones::new(&["de"])], |it| it.org = "Example".into());
    let request = PromptRequest { confirm: true, keys: true, ..code("de") };
    let prompt = speech.prompt(&request).await.unwrap();
    let hello = "Guten Tag. Dies ist ein automatischer Anruf von Example.";
    assert_eq!(shown(&prompt.greeting), [hello, "500"]);
    let gate = prompt.gate.as_deref().map(shown).unwrap();
    assert_eq!(gate, ["Um Ihren Code zu hören, drücken Sie die 1.", "500"]);
    let once = ["Ihr Bestätigungscode lautet:", "500", "4", "400", "8", "400", "1", "900", "5"];
    assert_eq!(shown(&prompt.message)[..9], once);
    assert!(prompt.offer.is_some());
    assert_eq!(shown(&prompt.bye).last().unwrap(), "500");

    // A prompt of six digits, read twice, that somebody listens to the end of.
    let length: Duration = prompt.sounds().map(Sound::length).sum();
    assert!(length > Duration::from_secs(10), "{length:?}");
    let plain = speech.prompt(&code("de")).await.unwrap();
    assert_eq!((plain.gate, plain.offer), (None, None));
}

#[tokio::test]
async fn what_is_kept_is_said_once_and_a_code_and_a_text_are_never_kept() {
    let tones = Tones::new(&["en"]);
    let said = Arc::clone(&tones.said);
    let (speech, folder) = speech(vec![tones], |_| {});
    speech.prompt(&code("en")).await.unwrap();
    let first = said.lock().unwrap().len();
    let again = PromptRequest { said: Said::Code("29-51-84"), ..code("en") };
    speech.prompt(&again).await.unwrap();
    assert_eq!(said.lock().unwrap().len(), first, "digits and phrases come from the disk");
    assert!(said.lock().unwrap().iter().all(|words| !words.contains("48")));

    let files = || fs::read_dir(folder.path().join("cache")).unwrap().count();
    let kept = files();
    assert_eq!(kept, 5 + 6, "phrases and digits");
    let text = PromptRequest { said: Said::Text("Pump 3\nhas stopped"), ..code("en") };
    let prompt = speech.prompt(&text).await.unwrap();
    let (texts, phrases): (Vec<_>, Vec<_>) = prompt
        .sounds()
        .filter_map(|sound| match sound {
            Sound::Clip(clip) => Some(clip),
            Sound::Silence(_) => None,
        })
        .partition(|clip| !clip.keepable);
    assert_eq!((texts.len(), phrases.len()), (2, 3));
    assert_eq!(texts[0].words, "Pump 3 has stopped");
    assert_eq!(files(), kept + 1, "only the phrase before the repetition is new");
    // Its name says nothing of it: the same text has another one.
    let other = speech.prompt(&text).await.unwrap();
    let key = |prompt: &Prompt| match &prompt.message[0] {
        Sound::Clip(clip) => clip.key.clone(),
        Sound::Silence(_) => unreachable!("a message begins with its text"),
    };
    assert_ne!(key(&prompt), key(&other));
}

#[tokio::test]
async fn nobody_is_called_in_a_language_that_nothing_speaks() {
    let (speech, _folder) = speech(vec![Tones::new(&["en", "fr"])], |_| {});
    let error = speech.prompt(&code("de")).await.unwrap_err();
    assert_eq!(error.to_string(), "nothing speaks de: no engine has a voice for it");
    let error = speech.prompt(&code("xx")).await.unwrap_err();
    assert_eq!(error.to_string(), "nothing speaks xx: there are no words in it");

    let spoken: Vec<String> = speech.spoken().into_iter().collect();
    assert_eq!(spoken, ["en", "fr"]);
}

#[tokio::test]
async fn a_site_chooses_which_languages_are_spoken() {
    let locale = |text| Locale::parse(text).unwrap();
    let (speech, _folder) = speech(vec![Tones::new(&["en", "fr", "pt-BR"])], |it| {
        it.locales = Some(vec![locale("PT-br"), locale("fr"), locale("tlh")]);
    });
    assert_eq!(speech.spoken(), ["fr", "pt-BR"].map(str::to_owned).into());
    assert_eq!(speech.problems(), ["there are no prompts in tlh"]);
}

#[tokio::test]
async fn an_engine_that_fails_is_followed_by_the_next() {
    let failing =
        || Tones { fails: Some(Fails::AtOnce), name: "mute", ..Tones::new(&["en", "de"]) };
    let (speech, _folder) = speech(vec![failing(), Tones::new(&["en"])], |_| {});
    assert!(speech.prompt(&code("en")).await.is_ok());
    speech.warm().await;
    assert_eq!(*speech.warmth().borrow(), Warmth { done: 2, of: 2 });
    let error = speech.prompt(&code("de")).await.unwrap_err();
    assert_eq!(error.to_string(), "mute could not speak with the voice de: it ended");
    assert_eq!(error.detail(), Detail::LocaleUnknown);
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_hangs_is_not_waited_for_in_each_phrase() {
    let stuck =
        Tones { fails: Some(Fails::Late), name: "stuck", ..Tones::new(&["en", "de", "fr"]) };
    let asked = Arc::clone(&stuck.said);
    let times = || asked.lock().unwrap().len();
    let (speech, _folder) = speech(vec![stuck, Tones::new(&["en", "de"])], |_| {});
    speech.prompt(&code("en")).await.unwrap();
    assert_eq!(times(), 1, "eleven clips, and one of them late");
    speech.prompt(&code("de")).await.unwrap();
    assert_eq!(times(), 1, "nor in another language");
    // Where nothing else speaks, it is asked all the same.
    let error = speech.prompt(&code("fr")).await.unwrap_err();
    assert_eq!(error.to_string(), "stuck did not end within 15 s");
    assert_eq!(times(), 2);
    tokio::time::advance(REST).await;
    let text = PromptRequest { said: Said::Text("Pump 3 has stopped"), ..code("en") };
    speech.prompt(&text).await.unwrap();
    assert_eq!(times(), 3, "it has rested");
}

#[tokio::test]
async fn the_sites_own_words_and_recordings_go_first() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("prompts.toml"),
        "[en]\norg = \"Ex Ample\"\nhello = \"Hi from {org}.\"\ncharacters = { 9 = \"niner\" }\n",
    )
    .unwrap();
    fs::create_dir(folder.path().join("en")).unwrap();
    let recording: Vec<i16> = (0..4000).map(|at| if at % 8 < 4 { 9000 } else { -9000 }).collect();
    let file = fs::File::create(folder.path().join("en/4.wav")).unwrap();
    dsp::write_wav(file, &recording).unwrap();
    fs::write(folder.path().join("en/bye.wav"), "no WAV").unwrap();

    let tones = Tones::new(&["en", "fr"]);
    let said = Arc::clone(&tones.said);
    let (speech, _cache) = speech(vec![tones], |it| {
        it.prompts = folder.path().to_owned();
    });
    let prompt = speech.prompt(&code("en")).await.unwrap();
    assert_eq!(shown(&prompt.greeting)[0], "Hi from Ex Ample.");
    assert!(shown(&prompt.message).contains(&"niner".to_owned()));
    assert!(!said.lock().unwrap().contains(&"4".to_owned()), "it was recorded");
    assert!(said.lock().unwrap().contains(&"Goodbye.".to_owned()), "its recording is no WAV");
    let english = speech.locales().into_iter().find(|it| it.locale == "en").unwrap();
    assert_eq!(english.problem, None);
    assert_eq!(english.characters[4], ("4".to_owned(), "own recording".to_owned()));
    assert_eq!(english.characters[5], ("5".to_owned(), "tones en".to_owned()));
}

#[tokio::test]
async fn a_code_that_cannot_be_spelled_is_refused() {
    let (speech, _folder) = speech(vec![Tones::new(&["en"])], |_| {});
    let request = PromptRequest { said: Said::Code("12é"), ..code("en") };
    assert_eq!(speech.prompt(&request).await, Err(SpeechError::NotACode));
}

#[tokio::test]
async fn a_pack_says_the_code_and_an_engine_the_rest_as_loud() {
    let tones = Tones::new(&["en", "de"]);
    let said = Arc::clone(&tones.said);
    let packs = tempfile::tempdir().unwrap();
    let ann = packs.path().join("ann");
    fs::create_dir(&ann).unwrap();
    let mut manifest =
        "voice = \"Ann\"\nlicence = \"CC0-1.0\"\nlocales = [\"en\"]\n[clips]\n".to_owned();
    for digit in 0..10_i16 {
        // Quiet, as a recording that nobody levelled.
        let wave = |at: i16| if at % (digit + 6) < 3 { 900 } else { -900 };
        let samples: Vec<i16> = (0..4000).map(wave).collect();
        let file = fs::File::create(ann.join(format!("{digit}.wav"))).unwrap();
        dsp::write_wav(file, &samples).unwrap();
        manifest += &format!("{digit} = {{ file = \"{digit}.wav\", says = \"n{digit}\" }}\n");
    }
    fs::write(ann.join("pack.toml"), manifest).unwrap();
    let (speech, _folder) = speech(vec![tones], |it| it.packs = packs.path().to_owned());
    let prompt = speech.prompt(&code("en")).await.unwrap();
    assert_eq!(shown(&prompt.message)[2..6], ["n4", "400", "n8", "400"]);
    assert!(!said.lock().unwrap().iter().any(|words| words.len() == 1), "no digit by an engine");
    let loudness = |sound: &Sound| match sound {
        Sound::Clip(clip) => {
            let samples: Vec<f32> = clip.samples.iter().map(|it| f32::from(*it)).collect();
            dsp::loudness(&samples)
        }
        Sound::Silence(_) => unreachable!("a clip"),
    };
    let (phrase, digit) = (loudness(&prompt.message[0]), loudness(&prompt.message[2]));
    assert!((0.9..1.1).contains(&(phrase / digit)), "{phrase} {digit}");
    // Another language has its own digits.
    let prompt = speech.prompt(&code("de")).await.unwrap();
    assert_eq!(shown(&prompt.message)[2], "4");
    let all = speech.locales();
    let by = |tag: &str| all.iter().find(|it| it.locale == tag).unwrap().characters[4].1.clone();
    assert_eq!((by("en"), by("de")), ("ann (Ann)".to_owned(), "tones de".to_owned()));
}

#[tokio::test]
async fn what_passes_in_a_moment_is_told_whichever_engine_it_befalls() {
    for fails in [[Fails::Starved, Fails::AtOnce], [Fails::AtOnce, Fails::Starved]] {
        let engines = fails.map(|it| Tones { fails: Some(it), ..Tones::new(&["de"]) });
        let (speech, _folder) = speech(engines.into(), |_| {});
        let cause = speech.prompt(&code("de")).await.unwrap_err();
        assert!(cause.is_passing(), "{fails:?}: {cause}");
    }
}

/// What a call says until it is understood, with a key to be pressed first at the last moment.
#[tokio::test]
async fn the_longest_text_that_is_accepted_fits_into_a_call() {
    let settings =
        Settings { engines: vec!["flite".into(), "espeak-ng".into()], ..Settings::mute() };
    let speech = Speech::open(settings);
    let words =
        "The pump at station three has stopped: the pressure in the second tank is too low. ";
    let text: String = words.chars().cycle().take(800).collect();
    for locale in ["en", "de"] {
        if speech.speaks(locale).is_err() {
            println!("skipped: nothing here speaks {locale}");
            continue;
        }
        let request =
            PromptRequest { said: Said::Text(&text), confirm: true, keys: true, ..code(locale) };
        let prompt = speech.prompt(&request).await.unwrap();
        let length = |sounds: &[Sound]| sounds.iter().map(Sound::length).sum::<Duration>();
        // The voice of a gate is asked for three times, with five seconds for a key.
        let asked = (length(prompt.gate.as_deref().unwrap()) + Duration::from_secs(5)) * 3;
        let all = length(&prompt.greeting) + asked + length(&prompt.message);
        // As long as the configuration lets a call last where it says nothing of that.
        let longest = Duration::from_secs(180);
        assert!(all < longest, "{locale}: {all:?}");
    }
}
