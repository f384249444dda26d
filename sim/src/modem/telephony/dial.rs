//! `ATD`: reading the number, and when its result comes (TS 27.007 clause 6.2).

use std::time::Duration;

use super::{ModemCall, Step};
use crate::{
    fault::Fault,
    modem::{Answer, Command, Device, Effect, Mode},
};

/// A number has no more digits than this (TS 24.008 clause 10.5.4.7).
const DIGITS: usize = 40;

/// What `ATD` asks for.
struct Dialled {
    number: String,
    /// `I`: the called phone does not see the number.
    withheld: bool,
}

pub(super) fn dial(device: &mut Device, command: &Command) -> Answer {
    let Some(voice) = device.profile.voice else {
        return Answer::NoCarrier;
    };
    if let Some(fault) = device.faults.strike(Fault::DialRefused) {
        return refusal(fault.text.as_deref().unwrap_or_default());
    }
    if let Some(trouble) = device.sim_trouble() {
        return trouble;
    }
    // Without the semicolon it is a data call, which nobody answers.
    let Some(dialled) = read(&command.raw) else {
        return Answer::NoCarrier;
    };
    if device.telephony.call.is_some() {
        return Answer::Cme(3);
    }
    if !device.registered() {
        return voice.no_service;
    }
    let unresolved = device.setting("+COLP").is_some_and(|value| value.starts_with('1'));
    device.telephony.call = Some(ModemCall::new(dialled.number.clone(), unresolved));
    device.telephony.last = None;
    let Dialled { number, withheld } = dialled;
    device.effects.push(Effect::Dial { number, withheld });
    if unresolved {
        device.mode = Mode::Busy;
    } else if let Some(fault) = device.faults.strike(Fault::LateDialAnswer) {
        device.mode = Mode::Busy;
        let delay = Duration::from_millis(fault.delay_ms.unwrap_or(3000));
        device.effects.push(Effect::AnswerDial { life: device.life, delay });
    } else {
        device.answer(Answer::Ok);
    }
    device.tell_step(Step::Dialled);
    Answer::Silent
}

impl Device {
    /// The result of `ATD` comes after all.
    pub(crate) fn answer_dial(&mut self, life: u32) {
        if life == self.life && self.mode == Mode::Busy {
            self.resolve_dial(Answer::Ok);
        }
    }

    pub(super) fn resolve_dial(&mut self, answer: Answer) {
        self.answer(answer);
        self.resume();
    }
}

/// `+49…;`, with `I` or `i` and `G` or `g` before the semicolon.
fn read(text: &str) -> Option<Dialled> {
    let text = text.trim().strip_suffix(';')?;
    let number = text.trim_end_matches(['i', 'I', 'g', 'G']);
    let withheld = text.get(number.len()..)?.contains('I');
    let digits = number.strip_prefix('+').unwrap_or(number);
    let dials = |digit: char| digit.is_ascii_digit() || "*#ABC".contains(digit);
    (!digits.is_empty() && digits.len() <= DIGITS && digits.chars().all(dials))
        .then(|| Dialled { number: number.to_owned(), withheld })
}

fn refusal(words: &str) -> Answer {
    match words {
        "NO CARRIER" => Answer::NoCarrier,
        "NO DIALTONE" => Answer::NoDialtone,
        "BUSY" => Answer::Busy,
        "NO ANSWER" => Answer::NoAnswer,
        "COMMAND NOT SUPPORT" => Answer::NotSupported,
        _ => Answer::Error,
    }
}
