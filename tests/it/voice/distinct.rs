//! The ten digits of each language are ten clips that sound unlike each other.

use std::{env, sync::Arc};

use ringpost::{
    domain::{Clip, Sound},
    voice::{PromptRequest, Said, Settings, Speech},
};

use super::{each_language, program, settings, sound, speech};

/// Two digits are at least so unlike; a digit and itself, spoken an eighth faster, are not.
const UNLIKE: f32 = 0.2;

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_digits_of_a_language_sound_unlike_each_other() {
    if !program("espeak-ng") {
        println!("skipped: espeak-ng is not installed");
        return;
    }
    let mut rows = each_language(closest).await;
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    if env::var_os("RINGPOST_VOICES").is_some() {
        for (locale, unlike, pair) in &rows {
            println!("| {locale} | {pair} | {unlike:.2} |");
        }
    }
    for (locale, unlike, pair) in rows {
        assert!(unlike > UNLIKE, "{locale}: {pair} are no more than {unlike:.2} apart");
    }
}

/// The two digits of a language that are the least unlike.
async fn closest(speech: Speech, locale: String) -> (String, f32, String) {
    let digits = digits(&speech, &locale).await;
    let timbres: Vec<_> = digits.iter().map(|clip| sound::timbres(&clip.samples)).collect();
    let pairs = (0..10).flat_map(|one| (one + 1..10).map(move |other| (one, other)));
    let unlike =
        pairs.map(|(a, b)| (sound::unlikeness(&timbres[a], &timbres[b]), format!("{a} and {b}")));
    let (unlike, pair) = unlike.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    (locale, unlike, pair)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digit_that_is_spoken_faster_is_like_itself() {
    if !program("espeak-ng") {
        println!("skipped: espeak-ng is not installed");
        return;
    }
    let faster = Speech::open(Settings { pace: 90, ..settings() });
    let (slow, fast) = (digits(&speech(), "de").await, digits(&faster, "de").await);
    for (slow, fast) in slow.iter().zip(&fast) {
        let [one, other] = [slow, fast].map(|clip| sound::timbres(&clip.samples));
        let unlike = sound::unlikeness(&one, &other);
        assert!(unlike < UNLIKE, "{}: {unlike:.2}", slow.words);
    }
}

async fn digits(speech: &Speech, locale: &str) -> Vec<Arc<Clip>> {
    let said = Said::Code("0-1-2-3-4-5-6-7-8-9");
    let request = PromptRequest { locale, said, confirm: false, keys: false };
    let prompt = speech.prompt(&request).await.unwrap();
    let clips = prompt.message.iter().filter_map(|sound| match sound {
        Sound::Clip(clip) => Some(Arc::clone(clip)),
        Sound::Silence(_) => None,
    });
    // What leads in to the code comes first.
    clips.skip(1).take(10).collect()
}
