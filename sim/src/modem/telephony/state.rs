//! The state of the modem's call, and what the modem says of its steps.

use tokio::time::Instant;

use crate::{
    fault::Fault,
    modem::{Answer, Device, Effect, files::Playing},
};

/// How far the modem's call has come, as far as the modem knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Dialing,
    Alerting,
    Active,
}

/// What happens to a call, as its modem learns of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Dialled,
    Alerting,
    Active,
    Released { cause: u8, local: bool },
}

impl Step {
    /// `<stat>` of `+CLCC` (TS 27.007 clause 7.18); 6 is `SIMCom`'s for the end.
    pub(crate) fn stat(self) -> u8 {
        match self {
            Self::Active => 0,
            Self::Dialled => 2,
            Self::Alerting => 3,
            Self::Released { .. } => 6,
        }
    }
}

/// The call that the modem is in.
#[derive(Clone, Debug)]
pub(crate) struct ModemCall {
    /// The network's name for it, once it has one.
    pub(crate) id: Option<u64>,
    pub(crate) number: String,
    pub(crate) stage: Stage,
    answered: Option<Instant>,
    /// Its beginning was told too early.
    begun: bool,
    /// `+COLP=1`: the result of `ATD` waits for what becomes of the call.
    unresolved: bool,
}

impl ModemCall {
    pub(crate) fn new(number: String, unresolved: bool) -> Self {
        Self { id: None, number, stage: Stage::Dialing, answered: None, begun: false, unresolved }
    }

    /// `"<number>",<type>`.
    pub(crate) fn party(&self) -> String {
        let kind = if self.number.starts_with('+') { 145 } else { 129 };
        format!("\"{}\",{kind}", self.number)
    }

    pub(crate) fn stat(&self) -> u8 {
        match self.stage {
            Stage::Active => 0,
            Stage::Dialing => 2,
            Stage::Alerting => 3,
        }
    }

    /// Whether it was answered at all.
    pub(crate) fn was_answered(&self) -> bool {
        self.answered.is_some()
    }

    /// How long it has lasted since the answer.
    pub(crate) fn seconds(&self) -> u64 {
        self.answered.map_or(0, |answered| answered.elapsed().as_secs())
    }
}

/// How the last call ended, for `+CEER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) cause: u8,
    /// The modem hung up.
    pub(crate) local: bool,
}

/// Which way sound takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pcm {
    #[default]
    Off,
    /// Through a serial port of its own.
    Serial,
    /// Through a sound card on USB.
    Usb,
}

/// Whose frames an audio port carries now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gate {
    pub(crate) call: Option<u64>,
    /// The endpoint takes nothing until the modem restarts.
    pub(crate) wedged: bool,
}

/// Quectel: which interfaces are on its USB.
pub(crate) const USB_CONFIGURATION: &str = "+QCFG.usbcfg";

/// Ends of calls with the sound still on, after which a modem that minds has no sound.
const UNCLOSED: u8 = 3;

/// All that a modem knows of calls.
#[derive(Debug, Default)]
pub(crate) struct Telephony {
    pub(crate) call: Option<ModemCall>,
    pub(crate) last: Option<Release>,
    pub(crate) pcm: Pcm,
    pub(crate) wedged: bool,
    /// It started as a sound card, among other things.
    pub(crate) card: bool,
    /// Calls that ended with the sound still on.
    pub(crate) unclosed: u8,
    /// What the modem plays by itself.
    pub(in crate::modem) playing: Option<Playing>,
}

impl Device {
    /// The network has given the call its name.
    pub(crate) fn placed(&mut self, id: u64) {
        if let Some(call) = self.telephony.call.as_mut().filter(|call| call.id.is_none()) {
            call.id = Some(id);
        }
    }

    /// Something happened to a call of the network: if it is the modem's, the modem tells it.
    pub(crate) fn call_step(&mut self, id: u64, step: Step) {
        let Some(call) = self.telephony.call.as_mut().filter(|call| call.id == Some(id)) else {
            return;
        };
        let unresolved = call.unresolved;
        match step {
            Step::Dialled => {}
            Step::Alerting => call.stage = Stage::Alerting,
            Step::Active => {
                call.stage = Stage::Active;
                call.answered = Some(Instant::now());
                call.unresolved = false;
            }
            Step::Released { cause, local } => {
                self.telephony.last = Some(Release { cause, local });
            }
        }
        self.tell_step(step);
        match step {
            Step::Dialled | Step::Alerting => {}
            Step::Active => {
                if unresolved {
                    self.resolve_dial(Answer::Ok);
                }
                if let Some(fault) = self.faults.strike(Fault::RebootInCall) {
                    self.plan_reboot(fault.delay_ms.unwrap_or(1000));
                }
            }
            Step::Released { cause, .. } => {
                self.forget_call();
                let result = self.release_result(cause);
                if unresolved {
                    self.resolve_dial(result);
                } else if self.faults.strike(Fault::LostCallUrc).is_none() {
                    let words = result.words(self.settings.cmee, self.profile);
                    self.unsolicited(&words.unwrap_or_default());
                }
            }
        }
        self.effects.push(Effect::AudioChanged);
    }

    /// Says what this family says about a step, where it was asked to.
    pub(super) fn tell_step(&mut self, step: Step) {
        let Some(call) = self.telephony.call.clone() else { return };
        let tellers = self.profile.voice.map_or(&[] as &[_], |voice| voice.tellers);
        for teller in tellers {
            let (setting, value) = teller.when;
            let asked = setting.is_empty()
                || self.setting(setting).is_some_and(|kept| kept.starts_with(value));
            let line = asked.then(|| (teller.says)(&call, step)).flatten();
            if let Some(line) = line.filter(|line| !(call.begun && line == "VOICE CALL: BEGIN"))
                && self.faults.strike(Fault::LostCallUrc).is_none()
            {
                self.unsolicited(&line);
            }
        }
        if step == Step::Dialled && self.faults.strike(Fault::EarlyCallBegin).is_some() {
            self.unsolicited("VOICE CALL: BEGIN");
            if let Some(call) = self.telephony.call.as_mut() {
                call.begun = true;
            }
        }
    }

    /// The modem hangs up.
    pub(crate) fn hang_up(&mut self) {
        let cause = crate::call::CLEARING;
        if self.telephony.call.is_none() {
            return;
        }
        self.telephony.last = Some(Release { cause, local: true });
        self.stop_playing(false);
        self.tell_step(Step::Released { cause, local: true });
        self.drop_call(cause);
    }

    /// The call is gone, and nobody is told but the network.
    pub(crate) fn drop_call(&mut self, cause: u8) {
        if self.telephony.call.is_some() {
            self.stop_playing(false);
            self.forget_call();
            self.effects.push(Effect::HangUp { cause });
            self.effects.push(Effect::AudioChanged);
        }
    }

    /// A key of the other side was heard; tells it, where it was asked to.
    pub(crate) fn heard_key(&mut self, id: u64, key: char) {
        if self.active_call() != Some(id) {
            return;
        }
        let Some(keys) = self.profile.voice.and_then(|voice| voice.keys.as_ref()) else { return };
        let (setting, value) = keys.when;
        if self.setting(setting).is_some_and(|kept| kept.starts_with(value)) {
            self.unsolicited(&(keys.says)(key));
        }
    }

    /// The network's name of the call, while the modem is in one that was answered.
    pub(crate) fn active_call(&self) -> Option<u64> {
        let call = self.telephony.call.as_ref().filter(|call| call.stage == Stage::Active)?;
        call.id
    }

    /// What its serial audio port does now.
    pub(crate) fn serial_gate(&self) -> Gate {
        let telephony = &self.telephony;
        let open = telephony.pcm == Pcm::Serial && telephony.unclosed < UNCLOSED;
        Gate { call: self.active_call().filter(|_| open), wedged: telephony.wedged }
    }

    /// Whether it shows itself as a sound card from its next start on: the last of Quectel's `USBCFG`.
    pub(crate) fn starts_as_card(&self) -> bool {
        self.kept(USB_CONFIGURATION).is_some_and(|interfaces| interfaces.ends_with(",1"))
    }

    /// What its sound card on USB does now.
    pub(crate) fn usb_gate(&self) -> Gate {
        let open = self.telephony.pcm == Pcm::Usb;
        Gate { call: self.active_call().filter(|_| open), wedged: self.telephony.wedged }
    }

    /// Which way sound takes.
    pub(crate) fn pcm(&self) -> Pcm {
        self.telephony.pcm
    }

    /// Whether there is a call at all.
    pub(crate) fn in_call(&self) -> bool {
        self.telephony.call.is_some()
    }

    /// Opens or closes a way for sound.
    pub(crate) fn open_sound(&mut self, pcm: Pcm) -> Answer {
        if pcm == Pcm::Off {
            self.telephony.unclosed = 0;
        } else if self.faults.strike(Fault::AudioRefused).is_some() {
            return Answer::Error;
        }
        self.telephony.pcm = pcm;
        self.effects.push(Effect::AudioChanged);
        Answer::Ok
    }

    /// The host wrote a part of a frame.
    pub(crate) fn heard_partial_frame(&mut self) {
        if self.profile.voice.is_some_and(|voice| voice.partial_frame_wedges) {
            self.telephony.wedged = true;
        }
    }

    fn forget_call(&mut self) {
        self.telephony.call = None;
        let minds = self.profile.voice.is_some_and(|voice| voice.sound_must_be_closed);
        if self.telephony.pcm != Pcm::Off && minds {
            self.telephony.unclosed = self.telephony.unclosed.saturating_add(1);
        }
    }

    /// The result that a call ends with, where the other side or the network ended it.
    fn release_result(&mut self, cause: u8) -> Answer {
        if self.faults.strike(Fault::NoCause).is_some() {
            self.telephony.last = None;
            return Answer::NoCarrier;
        }
        match cause {
            17 => Answer::Busy,
            18 | 19 => Answer::NoAnswer,
            _ => Answer::NoCarrier,
        }
    }
}
