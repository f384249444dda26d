//! The state of one modem, and its life from power-on to power-off.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::{
    Answer, Card, Chunk, Submission,
    card::with_luhn,
    files::{Flash, Incoming},
    settings::Settings,
    store::Memory,
    submit::PduError,
    telephony::Telephony,
};
use crate::{
    family::{Profile, Restart},
    fault::{Cure, Fault, FaultSpec, Faults},
    rng::Rng,
    transcript::Transcript,
};

/// What the modem is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Command,
    /// A message's body, whose TPDU must have this length.
    Body {
        length: usize,
    },
    /// The network's answer; what the host types meanwhile is held.
    Busy,
    /// Octets of a file.
    Data,
}

/// What a modem wants done outside itself.
#[derive(Debug)]
pub(crate) enum Effect {
    Submit(Box<Submission>),
    /// There is room for messages again.
    RoomForMessages,
    /// Say an unsolicited result later.
    SayLater {
        life: u32,
        delay: Duration,
        text: String,
    },
    /// The next line of the start-up.
    Boot {
        life: u32,
        delay: Duration,
        line: usize,
    },
    /// A fault that lasts a while is over.
    FaultEnds {
        fault: Fault,
        delay: Duration,
    },
    Unplug {
        back_after: Option<Duration>,
        /// Under another name.
        link: Option<String>,
    },
    /// The network comes or goes, now and then.
    Flap {
        life: u32,
        delay: Duration,
    },
    /// A call to a number.
    Dial {
        number: String,
        withheld: bool,
    },
    /// The answer to `ATD`, later.
    AnswerDial {
        life: u32,
        delay: Duration,
    },
    /// The modem ends its call, for a cause (Q.850).
    HangUp {
        cause: u8,
    },
    SendKey {
        id: u64,
        key: char,
    },
    /// A sound that was played into a call, and ends now.
    Played {
        id: u64,
        samples: Vec<i16>,
    },
    /// A file that begins to be played into a call.
    NotePlayed {
        id: u64,
        name: String,
    },
    /// A text that begins to be read out into a call.
    NoteSpoken {
        id: u64,
        text: String,
    },
    /// What plays comes to its end.
    PlayEnds {
        life: u32,
        token: u32,
        delay: Duration,
    },
    /// The host has had its time to send a file.
    UploadEnds {
        life: u32,
        token: u32,
        delay: Duration,
    },
    /// Restart by itself, later.
    Reboot {
        life: u32,
        delay: Duration,
    },
    /// What the audio ports are to do has changed.
    AudioChanged,
}

/// One modem: what it is, what it was told, and what it is doing.
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) profile: &'static Profile,
    pub(crate) imei: String,
    pub(crate) card: Card,
    pub(crate) faults: Faults,
    pub(crate) transcript: Transcript,
    pub(crate) pdu_errors: Vec<PduError>,
    /// Answer with the host's TP-MR and not with a counter of its own.
    pub(crate) keeps_mr: bool,
    pub(super) settings: Settings,
    pub(super) memories: Vec<Memory>,
    pub(super) mode: Mode,
    pub(super) line: Vec<u8>,
    pub(super) held: Vec<u8>,
    pub(super) reply: Vec<String>,
    /// Unsolicited results that wait for the end of a body.
    pub(super) waiting: Vec<String>,
    /// Indications that wait because `+CNMI` says so.
    pub(super) buffered: Vec<String>,
    /// Direct messages that the host has yet to acknowledge.
    pub(super) unacknowledged: u32,
    /// Counts power-ons; what was begun in an earlier life has no effect.
    pub(crate) life: u32,
    pub(crate) sms_ready: bool,
    /// Command lines that it will lose yet.
    pub(super) deaf: u8,
    /// `+CPIN?` that it will answer with an error yet.
    pub(super) sim_slow: u8,
    /// Which of its noises comes next.
    pub(super) next_noise: usize,
    /// The start-up waits for a host that listens.
    pub(super) boot_waits: bool,
    pub(super) was_registered: bool,
    /// The network is out of reach, for a while.
    pub(super) away: bool,
    /// When `+CMMS?` was asked, for families that need a rest after it.
    pub(crate) cmms_read: Option<Instant>,
    pub(crate) telephony: Telephony,
    pub(crate) flash: Flash,
    /// A file that is being received.
    pub(super) incoming: Option<Incoming>,
    /// Tells one file or sound from the one before.
    pub(super) next_token: u32,
    pub(super) rng: Rng,
    pub(super) wire: Option<UnboundedSender<Chunk>>,
    pub(super) effects: Vec<Effect>,
}

impl Device {
    pub(crate) fn new(place: usize, name: String, profile: &'static Profile, rng: Rng) -> Self {
        let memories = profile
            .memories
            .iter()
            .filter(|(name, _)| *name != "MT")
            .map(|&(name, size)| Memory::new(name, size, profile.first_slot))
            .collect();
        Self {
            name,
            profile,
            imei: with_luhn(&format!("{}{place:06}", profile.tac)),
            card: Card::new(place),
            faults: Faults::default(),
            transcript: Transcript::default(),
            pdu_errors: Vec::new(),
            keeps_mr: false,
            settings: Settings::new(profile),
            memories,
            mode: Mode::Command,
            line: Vec::new(),
            held: Vec::new(),
            reply: Vec::new(),
            waiting: Vec::new(),
            buffered: Vec::new(),
            unacknowledged: 0,
            life: 0,
            sms_ready: true,
            deaf: profile.deaf_lines,
            sim_slow: profile.slow_sim.0,
            next_noise: 0,
            boot_waits: false,
            was_registered: true,
            away: false,
            cmms_read: None,
            telephony: Telephony::default(),
            flash: Flash::new(profile.voice.map_or(0, |voice| voice.flash)),
            incoming: None,
            next_token: 0,
            rng,
            wire: None,
            effects: Vec::new(),
        }
    }

    /// What has to be done outside, in order; the caller does it.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Connects the modem to a port; whatever it says goes there.
    pub(crate) fn connect(&mut self, wire: UnboundedSender<Chunk>) {
        self.wire = Some(wire);
    }

    /// Power is gone: nothing that was going on has an end.
    pub(crate) fn power_off(&mut self) {
        self.wire = None;
        self.begin_life();
        self.sms_ready = false;
    }

    /// The card, with what is stored on it; the modem is off.
    pub(crate) fn take_card(&mut self) -> Card {
        let messages = self.memory("SM").map(Memory::take_all).unwrap_or_default();
        Card { messages, ..self.card.clone() }
    }

    /// Puts another card in; the modem is off.
    pub(crate) fn insert_card(&mut self, mut card: Card) {
        let messages = std::mem::take(&mut card.messages);
        if let Some(memory) = self.memory("SM") {
            memory.put_all(messages);
        }
        self.card = card;
    }

    pub(crate) fn powered(&self) -> bool {
        self.wire.is_some()
    }

    /// Starts up and says so, line by line.
    pub(crate) fn boot(&mut self) {
        self.begin_life();
        self.sms_ready = false;
        self.boot_line(0);
    }

    /// Starts up once a host has opened the port, so that none misses the start.
    pub(crate) fn boot_when_attended(&mut self) {
        self.boot_waits = true;
    }

    /// A host has opened the port.
    pub(crate) fn attended(&mut self) {
        self.cure(Cure::Reopen);
        if std::mem::take(&mut self.boot_waits) {
            self.boot();
        }
    }

    /// Says a line of the start-up and plans the next one.
    pub(crate) fn booted(&mut self, life: u32, line: usize) {
        let Some((_, text)) = self.profile.boot.get(line).filter(|_| life == self.life) else {
            return;
        };
        if *text == self.profile.sms_ready {
            self.sms_ready = true;
            self.effects.push(Effect::RoomForMessages);
        }
        if !text.is_empty() {
            self.unsolicited(text);
        }
        self.boot_line(line + 1);
    }

    /// Does what `+CFUN=1,1` and the like do to this family.
    pub(crate) fn restart_by_command(&mut self) -> Answer {
        self.cure(Cure::SoftReset);
        self.answer(Answer::Ok);
        match self.profile.restart {
            Restart::InPlace => self.boot(),
            Restart::Reenumerates(away) => {
                let back_after = Some(Duration::from_millis(away));
                self.effects.push(Effect::Unplug { back_after, link: None });
            }
            Restart::AsDisk => self.effects.push(Effect::Unplug { back_after: None, link: None }),
        }
        Answer::Silent
    }

    /// Something was done that may end a hang.
    pub(crate) fn cure(&mut self, cure: Cure) {
        // What is stronger helps as well.
        if self.cured_by().is_some_and(|needed| needed <= cure) {
            self.faults.remove(Fault::Hang);
        }
    }

    /// What would end its hang, if it hangs.
    pub(super) fn cured_by(&self) -> Option<Cure> {
        let spec = self.faults.active().into_iter().find(|spec| spec.fault == Fault::Hang)?;
        Some(Cure::by_name(spec.text.as_deref().unwrap_or_default()))
    }

    pub(super) fn say_low_voltage(&mut self) {
        if let Some(text) = self.profile.low_voltage {
            self.unsolicited(text);
        }
    }

    /// The network comes or goes.
    pub(crate) fn flap(&mut self, life: u32) {
        let flaps =
            self.faults.active().into_iter().find(|it| it.fault == Fault::RegistrationFlaps);
        let Some(spec) = flaps.filter(|_| life == self.life) else { return };
        self.away = !self.away;
        self.conditions_changed();
        self.plan_flap(&spec);
    }

    /// Restarts by itself after so many milliseconds.
    pub(super) fn plan_reboot(&mut self, delay: u64) {
        let delay = Duration::from_millis(delay);
        self.effects.push(Effect::Reboot { life: self.life, delay });
    }

    /// The time of a planned restart has come.
    pub(crate) fn reboot(&mut self, life: u32) {
        if life == self.life {
            self.boot();
        }
    }

    fn plan_flap(&mut self, spec: &FaultSpec) {
        let delay = Duration::from_millis(spec.delay_ms.unwrap_or(500));
        self.effects.push(Effect::Flap { life: self.life, delay });
    }

    /// Says something planned earlier, if the modem still lives that life.
    pub(crate) fn say_later(&mut self, life: u32, text: &str) {
        if life == self.life {
            self.unsolicited(text);
        }
    }

    /// Switches a fault on; those that happen at once do.
    pub(crate) fn add_fault(&mut self, spec: FaultSpec) {
        let at_once = spec.command.is_none() && spec.after == 0;
        if spec.fault.lasts()
            && let Some(delay) = spec.delay_ms.map(Duration::from_millis)
        {
            self.effects.push(Effect::FaultEnds { fault: spec.fault, delay });
        }
        if spec.fault == Fault::PinAttempts {
            let left = spec.code.and_then(|code| u8::try_from(code).ok());
            self.card.pin_attempts = left.unwrap_or(1);
        } else if at_once && spec.fault == Fault::Eof {
            self.unplug(&spec);
        } else if at_once && spec.fault == Fault::Reboot {
            self.boot();
        } else if spec.fault == Fault::SettingsLost {
            self.settings.cnmi = self.profile.cnmi_default;
        } else if spec.fault == Fault::AudioWedged {
            self.telephony.wedged = true;
            self.effects.push(Effect::AudioChanged);
        } else if at_once && spec.fault == Fault::UnderVoltage {
            self.say_low_voltage();
        } else {
            if spec.fault == Fault::RegistrationFlaps {
                self.plan_flap(&spec);
            }
            self.faults.add(spec);
        }
        self.conditions_changed();
    }

    /// Switches faults off: one kind, or all.
    pub(crate) fn clear_faults(&mut self, fault: Option<Fault>) {
        match fault {
            Some(fault) => self.faults.remove(fault),
            None => self.faults.clear(),
        }
        self.away &= self.faults.holds(Fault::RegistrationFlaps);
        self.conditions_changed();
        self.effects.push(Effect::RoomForMessages);
    }

    pub(super) fn unplug(&mut self, spec: &FaultSpec) {
        let back_after = spec.delay_ms.map(Duration::from_millis);
        self.effects.push(Effect::Unplug { back_after, link: spec.text.clone() });
    }

    /// Whether the host is typing a message.
    pub(super) fn at_prompt(&self) -> bool {
        matches!(self.mode, Mode::Body { .. } | Mode::Data)
    }

    /// Whether the network serves the modem.
    pub(crate) fn registered(&self) -> bool {
        self.settings.cfun == 1
            && self.sim_trouble().is_none()
            && !self.faults.holds(Fault::NotRegistered)
            && !self.away
    }

    /// The SIM asks for its PIN: since a fault said so, until the right one is entered.
    pub(crate) fn locked(&self) -> bool {
        self.faults.holds(Fault::SimPin)
    }

    /// The error of every command that needs a SIM, while it has one.
    pub(crate) fn sim_trouble(&self) -> Option<Answer> {
        if self.faults.holds(Fault::SimMissing) {
            Some(Answer::Cme(10))
        } else if self.faults.holds(Fault::SimPin) {
            Some(Answer::Cme(if self.card.pin_attempts == 0 { 12 } else { 11 }))
        } else {
            None
        }
    }

    /// The error of every message command, while the SIM or the start-up causes one.
    pub(super) fn sms_trouble(&self) -> Option<Answer> {
        match self.sim_trouble() {
            // TS 27.005 clause 3.2.5: 310 SIM not inserted, 311 PIN, 316 PUK required.
            Some(Answer::Cme(10)) => Some(Answer::Cms(310)),
            Some(Answer::Cme(12)) => Some(Answer::Cms(316)),
            Some(_) => Some(Answer::Cms(311)),
            None if !self.sms_ready => Some(Answer::Cms(302)),
            None => None,
        }
    }

    /// Has something done outside.
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Keeps the value of a setting that nothing acts upon.
    pub(crate) fn keep(&mut self, name: String, value: String) {
        self.settings.kept.insert(name, value);
    }

    /// The value kept for a setting.
    pub(crate) fn kept(&self, name: &str) -> Option<&str> {
        self.settings.kept.get(name).map(String::as_str)
    }

    /// What a setting is: the value kept for it, or what the family begins with.
    pub(crate) fn setting(&self, name: &str) -> Option<&str> {
        self.kept(name).or_else(|| self.default_of(name))
    }

    fn boot_line(&mut self, line: usize) {
        if let Some((delay, _)) = self.profile.boot.get(line) {
            let delay = Duration::from_millis(*delay);
            self.effects.push(Effect::Boot { life: self.life, delay, line });
        }
    }

    fn begin_life(&mut self) {
        self.life += 1;
        self.mode = Mode::Command;
        // The network notices that the radio is gone.
        self.drop_call(crate::call::RADIO_LOST);
        self.telephony = Telephony::default();
        self.incoming = None;
        self.flash.forget_volatile();
        self.effects.push(Effect::AudioChanged);
        self.settings = self.settings.restarted(self.profile);
        self.telephony.card = self.starts_as_card();
        self.line.clear();
        self.held.clear();
        self.reply.clear();
        self.waiting.clear();
        self.buffered.clear();
        self.unacknowledged = 0;
        self.deaf = self.profile.deaf_lines;
        self.sim_slow = self.profile.slow_sim.0;
    }
}
