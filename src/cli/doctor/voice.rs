//! What calls say: whether anything here can say it.

use super::{super::voice::block_on, Finding};
use crate::{
    config::Config,
    daemon,
    voice::{PromptRequest, Said, Settings, Speech},
};

const ABOUT: &str = "voice";
const INSTALL: &str = "Debian's packages espeak-ng (all languages) and flite (English) speak; docs/voice.md has others.";

/// Lets whatever speaks say a code in each language that calls will likely be made in.
pub(super) fn examine(config: &Config) -> Vec<Finding> {
    if !config.calls() {
        return Vec::new();
    }
    let settings = Settings { cache: None, ..daemon::speech_settings(config) };
    let ready = settings.ready.clone();
    let speech = Speech::open(settings);
    let spoken = speech.spoken();
    let mut findings: Vec<Finding> = speech
        .problems()
        .into_iter()
        .map(|it| Finding::warning(ABOUT, it + ".", INSTALL))
        .collect();
    for locale in ready.intersection(&spoken) {
        let said = Said::Code("0123456789");
        let request = PromptRequest { locale, said, confirm: true, keys: true };
        if let Ok(Err(cause)) = block_on(speech.prompt(&request)) {
            let hint = "Calls in this language fail. Try `ringpost voice preview`.";
            findings.push(Finding::problem(ABOUT, format!("{cause}."), hint));
        }
    }
    if findings.is_empty() {
        let packs: Vec<&str> = speech.packs().iter().map(|pack| pack.name.as_str()).collect();
        let packs = if packs.is_empty() { "none".to_owned() } else { packs.join(", ") };
        let says = format!(
            "Languages that can be spoken: {}; packs of recordings: {packs}.",
            spoken.len()
        );
        findings.push(Finding::good(ABOUT, says));
    }
    findings
}
