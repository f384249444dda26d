//! What calls say, as it is heard: spoken by the voices of this machine.

use std::{
    env, fs,
    io::BufWriter,
    path::{Path, PathBuf},
};

use ringpost::{
    config::Config,
    daemon,
    domain::Sound,
    voice::{Prompt, Settings, Speech},
};
use tokio::task::JoinSet;

mod distinct;
mod heard;
mod keys;
mod recognised;
mod recogniser;
mod sound;

/// Samples a second.
const RATE: u32 = 8000;
/// Languages that there are words in.
const LANGUAGES: usize = 40;

/// As a site speaks that has configured nothing, but for what it has lying about.
fn settings() -> Settings {
    let config = Config::parse("", Path::new("ringpost.toml"), std::iter::empty()).unwrap();
    Settings {
        prompts: PathBuf::from("/nonexistent"),
        packs: PathBuf::from("/nonexistent"),
        cache: None,
        ..daemon::speech_settings(&config)
    }
}

/// The characters and pauses of a code of so many characters, as it is read first.
fn code_of(prompt: &Prompt, characters: usize) -> Vec<Sound> {
    // What leads in to it, and the pause after that, come before.
    prompt.message.iter().skip(2).take(2 * characters).cloned().collect()
}

fn samples_of(sounds: &[Sound]) -> Vec<i16> {
    let samples = |sound: &Sound| match sound {
        Sound::Clip(clip) => clip.samples.clone(),
        Sound::Silence(pause) => vec![0; usize::try_from(pause.as_millis() * 8).unwrap()],
    };
    sounds.iter().flat_map(samples).collect()
}

fn write_wav(file: &Path, samples: &[i16]) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let file = BufWriter::new(fs::File::create(file).unwrap());
    let mut writer = hound::WavWriter::new(file, spec).unwrap();
    samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
}

/// Where the next run finds the clips of this one: they are many, and each is named by all that it is made of.
fn kept_clips() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clips");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Speech as [`settings`] say.
fn speech() -> Speech {
    Speech::open(Settings { cache: Some(kept_clips()), ..settings() })
}

/// What `work` makes of each language that is spoken here; all that there are words in.
async fn each_language<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    work: impl Fn(Speech, String) -> F,
) -> Vec<T> {
    let speech = speech();
    let spoken = speech.spoken();
    assert_eq!(spoken.len(), LANGUAGES, "{:?}", speech.problems());
    let mut tasks = JoinSet::new();
    for locale in spoken {
        tasks.spawn(work(speech.clone(), locale));
    }
    tasks.join_all().await
}

/// Whether there is such a program.
fn program(name: &str) -> bool {
    let folders = env::var_os("PATH").unwrap();
    env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}
