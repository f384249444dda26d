//! Whole calls in every language, measured at the phone.

use std::{os::unix::fs::symlink, time::Duration};

use ringpost::{
    config::Config,
    daemon,
    domain::Sound,
    voice::{Prompt, PromptRequest, Said, Speech},
};
use ringpost_sim::{Family, OnCall};
use serde_json::json;

use super::{LANGUAGES, kept_clips, program, sound};
use crate::{calls::ended, gateway::Gateway};

const CODE: &str = "481592";
/// Calls at one time: as many as two cores, busy with their own tests, carry without a moment's delay.
const MODEMS: usize = 10;
/// Shorter than usual, and each other than all others, so that they are told apart.
const PAUSES: &str = "[voice]\ngap_ms = 200\nslow_gap_ms = 300\ngroup_gap_ms = 700";
/// How long a key is waited for after it was offered.
const OFFER: Duration = Duration::from_secs(5);
/// What a measured moment may be off by: clips begin and end softly, and come in frames of 20 ms.
const OFF: usize = 8;
/// How much longer a pause may be where a section ends: a busy machine starts the next one so late.
const BETWEEN_SECTIONS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn a_call_in_each_language_sounds_as_it_was_planned() {
    if !program("espeak-ng") || !program("flite") {
        println!("skipped: espeak-ng or flite is not installed");
        return;
    }
    let limits = "[limits]\nenabled = false";
    let mut gateway = Gateway::builder()
        .modems(MODEMS)
        .family(Family::Sim7600)
        .audible()
        .config(&format!("{PAUSES}\n{limits}"))
        .prepare()
        .await;
    symlink(kept_clips(), gateway.dir.path().join("clips")).unwrap();
    gateway.start_daemon();
    for modem in gateway.sim.modems() {
        gateway.wait_for_modem(&modem.name(), "ready");
    }
    let config = Config::load(&gateway.config_path(), std::iter::empty()).unwrap();
    // The daemon's own clips.
    let speech = Speech::open(daemon::speech_settings(&config));
    let locales: Vec<String> = speech.spoken().into_iter().collect();
    assert_eq!(locales.len(), LANGUAGES);
    let phone = |at: usize| format!("+1415555{:04}", 2100 + at);
    for (at, _) in locales.iter().enumerate() {
        gateway.sim.phone(&phone(at)).on_call(OnCall::answer_after(Duration::from_millis(200)));
    }
    let call = |(at, locale): (usize, &String)| {
        gateway.send_json(&json!({
            "to": phone(at), "channel": "voice", "purpose": "mfa_verify", "code": CODE, "locale": locale,
            "ttl_seconds": 600,
        }))
    };
    let placed: Vec<String> = locales.iter().enumerate().map(call).collect();
    for (at, (locale, id)) in locales.iter().zip(&placed).enumerate() {
        let message = ended(&gateway, id);
        assert_eq!(message["state"], "delivered", "{locale}: {message:#}");
        let calls = gateway.sim.phone(&phone(at)).calls();
        assert_eq!(calls.len(), 1, "{locale}");
        let heard = gateway.sim.network().heard(calls[0].id);
        let request = PromptRequest { locale, said: Said::Code(CODE), confirm: false, keys: true };
        let prompt = speech.prompt(&request).await.unwrap();
        measure(locale, &prompt, &heard);
    }
}

/// Something that is said without a pause of the plan's: a clip, or several of which each follows at once, as where a
/// name in Latin letters stands in a phrase. In 10 ms.
struct Run {
    /// The silence before it, and how much longer that may be.
    pause: usize,
    slack: usize,
    length: usize,
}

fn runs(prompt: &Prompt) -> Vec<Run> {
    let ten_ms = |length: Duration| usize::try_from(length.as_millis() / 10).unwrap();
    let offer = prompt.offer.as_ref().unwrap();
    let mut runs: Vec<Run> = Vec::new();
    let mut pause = 0;
    for section in [&prompt.greeting, &prompt.message, offer, &prompt.bye] {
        let mut slack = BETWEEN_SECTIONS;
        for sound in section {
            match (sound, runs.last_mut()) {
                (Sound::Silence(length), _) => pause += ten_ms(*length),
                (Sound::Clip(clip), Some(run)) if pause == 0 => run.length += ten_ms(clip.length()),
                (Sound::Clip(clip), _) => {
                    runs.push(Run { pause, slack, length: ten_ms(clip.length()) });
                    (pause, slack) = (0, 0);
                }
            }
        }
        if section == offer {
            pause += ten_ms(OFFER);
        }
    }
    runs
}

/// Compares what was heard with what was planned.
fn measure(locale: &str, prompt: &Prompt, heard: &[i16]) {
    let speaks = sound::speaks(heard);
    let runs = runs(prompt);
    // Hello; twice a phrase and six digits; the offer; a warning and goodbye.
    assert_eq!(runs.len(), 1 + 2 * 7 + 1 + 2, "{locale}");
    // Where the run before ended.
    let mut at = 0;
    for (number, Run { pause, slack, length }) in runs.into_iter().enumerate() {
        let place = format!("{locale}, run {number}");
        let found = speaks.iter().skip(at + OFF).position(|it| *it);
        let begin = at + OFF + found.unwrap_or_else(|| panic!("{place}: nothing is heard"));
        let measured = begin - at;
        let planned = pause.saturating_sub(OFF)..=pause + OFF + slack;
        assert!(planned.contains(&measured), "{place}: after {measured}0 ms, not {planned:?}");
        let end = begin + length;
        let last = speaks.iter().take(end + OFF).rposition(|it| *it).unwrap();
        assert!(last + 2 * OFF > end, "{place}: it ends {}0 ms early", end - last);
        at = last;
    }
    let after = speaks.iter().skip(at + OFF).any(|it| *it);
    assert!(!after, "{locale}: more is heard than was planned");

    let planned: Duration = prompt.sounds().map(Sound::length).sum::<Duration>() + OFFER;
    let measured = Duration::from_millis(u64::try_from(heard.len() / 8).unwrap());
    let off = planned.abs_diff(measured);
    assert!(off < Duration::from_secs(3), "{locale}: {measured:?}, not {planned:?}");
    let peak = heard.iter().map(|it| it.unsigned_abs()).max().unwrap();
    assert!((8_000..=30_000).contains(&peak), "{locale}: its peak is {peak}");
    let outside = sound::outside_of_telephone(heard);
    assert!(outside < -35.0, "{locale}: {outside:.0} dB outside of a telephone's band");
}
