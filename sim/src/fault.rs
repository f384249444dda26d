//! Faults by name: what can go wrong on a line, in a modem and in a network.

use serde::{Deserialize, Serialize};

macro_rules! faults {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// A way to fail. Events are limited with `times` and held back with `after`; conditions hold
        /// until they are cleared, or for `delay_ms`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Fault {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $variant,)+
        }

        impl Fault {
            /// All faults, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name that the API and the command line use.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it does, in a line or two.
            #[must_use]
            pub fn describe(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

faults! {
    /// `AT+CMGS` is taken but the `> ` prompt never comes; the modem waits for a body.
    DropPrompt = "drop_prompt",
    /// The prompt comes `delay_ms` late (default 2000).
    LatePrompt = "late_prompt",
    /// The network takes the message, but no answer to it ever comes.
    DropFinal = "drop_final",
    /// The answer to a message is `OK` without its `+CMGS: <mr>` line.
    DropCmgsLine = "drop_cmgs_line",
    /// The answer to a message has its `+CMGS: <mr>` line, but its `OK` never comes.
    DropOk = "drop_ok",
    /// The answer to a message comes `delay_ms` late (default 5000), after the network took it.
    LateCmgs = "late_cmgs",
    /// The modem is ready again at once; the answer to a message comes `delay_ms` later (default
    /// 5000), between whatever the host does then.
    StrayCmgs = "stray_cmgs",
    /// `+CMS ERROR: <code>` (default 500) in answer to `command` (default a message; it is not sent).
    CmsError = "cms_error",
    /// `+CME ERROR: <code>` (default 100) in answer to `command` (default: any).
    CmeError = "cme_error",
    /// The modem takes commands in and neither runs nor answers them.
    Silence = "silence",
    /// The modem hangs until something is done to it, as `text` says: `drain` (ESC), `reopen` (its port is
    /// opened anew), `soft_reset` (the command that restarts it), `hard_reset` (its power is switched);
    /// else for ever.
    Hang = "hang",
    /// The line runs at another speed than the host: what either says is noise to the other.
    WrongBaud = "wrong_baud",
    /// An unsolicited `text` (default `+CREG: 1`) between the prompt and the body.
    UrcBeforeBody = "urc_before_body",
    /// An unsolicited `text` (default `+CREG: 1`) between a command's information and its result.
    UrcInResponse = "urc_in_response",
    /// Unsolicited results of messages and reports come twice.
    DuplicateUrc = "duplicate_urc",
    /// Everything comes in single-byte writes, `delay_ms` (default 1) apart.
    SplitReads = "split_reads",
    /// The modem echoes although it was told not to.
    EchoOn = "echo_on",
    /// The modem echoes, and some of what it echoes is damaged.
    EchoGarble = "echo_garble",
    /// A byte of an answer is damaged.
    Garble = "garble",
    /// The delivery report overtakes the answer to the message.
    ReportBeforeAnswer = "report_before_answer",
    /// No delivery report ever comes.
    NoReport = "no_report",
    /// The message fails; the report says TP-ST `code` (default 70 = 0x46, validity expired).
    ReportFailure = "report_failure",
    /// The modem has no network: `+CREG: 2`, messages fail with CMS 331.
    NotRegistered = "not_registered",
    /// No SIM: `+CME ERROR: 10`, messages fail with CMS 310.
    SimMissing = "sim_missing",
    /// The SIM asks for its PIN (1234) again.
    SimPin = "sim_pin",
    /// The SIM's PIN may be entered `code` times yet (default 1).
    PinAttempts = "pin_attempts",
    /// The SIM is busy: `+CPIN?` is answered with `+CME ERROR: 14`.
    SimBusy = "sim_busy",
    /// The network comes and goes, every `delay_ms` (default 500).
    RegistrationFlaps = "registration_flaps",
    /// The modem says that its supply voltage is low, at `command` if one is given.
    UnderVoltage = "under_voltage",
    /// The port goes away, at `command` if one is given; back after `delay_ms` if that is given, as
    /// `text` if that is given.
    Eof = "eof",
    /// The modem restarts by itself, at `command` if one is given, and forgets its settings.
    Reboot = "reboot",
    /// The modem forgets what it was told of `+CNMI`, and says nothing.
    SettingsLost = "settings_lost",
    /// The message storage says it is full; the network keeps what arrives.
    StoreFull = "store_full",
    /// Deleting a message fails with `+CMS ERROR: <code>` (default 320).
    CmgdFail = "cmgd_fail",
    /// The network refuses a message: `+CMS ERROR: <code>` (default 38).
    NetworkRefuseSubmit = "network_refuse_submit",
    /// `ATD` is refused with `text` (default `ERROR`; also `NO CARRIER`, `NO DIALTONE`, `BUSY`, `NO ANSWER`,
    /// `COMMAND NOT SUPPORT`).
    DialRefused = "dial_refused",
    /// The answer to `ATD` comes `delay_ms` late (default 3000), while the call takes its way.
    LateDialAnswer = "late_dial_answer",
    /// An unsolicited result about a call, its final one too, is lost; only `AT+CLCC` tells.
    LostCallUrc = "lost_call_urc",
    /// `VOICE CALL: BEGIN` comes when the call is dialled, and not when it is answered.
    EarlyCallBegin = "early_call_begin",
    /// `AT+CLCC` lists what carries packets before the call: `+CLCC: 1,0,0,1,0,"",128`.
    PacketBearer = "packet_bearer",
    /// A call ends with `NO CARRIER` whatever the cause, and `AT+CEER` tells nothing.
    NoCause = "no_cause",
    /// The command that opens the way of sound fails (`AT+CPCMREG=1`, `AT+QPCMV=1,…`, `AT^DDSETEX=2`).
    AudioRefused = "audio_refused",
    /// The audio port or the sound card takes no more frames until the modem restarts.
    AudioWedged = "audio_wedged",
    /// A file or text that is to be played into a call fails at once.
    PlayFails = "play_fails",
    /// The modem restarts by itself `delay_ms` (default 1000) after a call was answered.
    RebootInCall = "reboot_in_call",
}

impl Fault {
    /// The fault with this name.
    ///
    /// # Errors
    /// The message lists all names.
    pub fn by_name(name: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|fault| fault.name()).collect();
            format!("no fault is named {name:?}; there are: {}", names.join(", "))
        })
    }

    /// Whether it is a condition, which holds until it is cleared or for `delay_ms`, and not an
    /// event, which `times` and `after` count.
    #[must_use]
    pub fn lasts(self) -> bool {
        matches!(
            self,
            Self::EchoOn
                | Self::EchoGarble
                | Self::Hang
                | Self::WrongBaud
                | Self::NotRegistered
                | Self::RegistrationFlaps
                | Self::SimMissing
                | Self::SimPin
                | Self::StoreFull
                | Self::PacketBearer
        )
    }

    /// Whether it happens in calls alone, which some families cannot make.
    #[must_use]
    pub fn is_of_calls(self) -> bool {
        matches!(
            self,
            Self::DialRefused
                | Self::LateDialAnswer
                | Self::LostCallUrc
                | Self::EarlyCallBegin
                | Self::PacketBearer
                | Self::NoCause
                | Self::AudioRefused
                | Self::AudioWedged
                | Self::PlayFails
                | Self::RebootInCall
        )
    }

    /// This fault, `count` times.
    #[must_use]
    pub fn times(self, count: u32) -> FaultSpec {
        FaultSpec { times: Some(count), ..self.into() }
    }

    /// This fault, from the occasion after the first `count` on.
    #[must_use]
    pub fn after(self, count: u32) -> FaultSpec {
        FaultSpec { after: count, ..self.into() }
    }

    /// This fault with a delay in milliseconds.
    #[must_use]
    pub fn delay_ms(self, delay: u64) -> FaultSpec {
        FaultSpec { delay_ms: Some(delay), ..self.into() }
    }

    /// This fault with an error code or status.
    #[must_use]
    pub fn code(self, code: u16) -> FaultSpec {
        FaultSpec { code: Some(code), ..self.into() }
    }

    /// This fault with the text of an unsolicited result.
    #[must_use]
    pub fn text(self, text: &str) -> FaultSpec {
        FaultSpec { text: Some(text.to_owned()), ..self.into() }
    }

    /// This fault at one command only.
    #[must_use]
    pub fn command(self, command: &str) -> FaultSpec {
        FaultSpec { command: Some(command.to_owned()), ..self.into() }
    }
}

/// What ends a hang, the gentlest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cure {
    Drain,
    Reopen,
    SoftReset,
    HardReset,
    Nothing,
}

impl Cure {
    pub(crate) fn by_name(name: &str) -> Self {
        match name {
            "drain" => Self::Drain,
            "reopen" => Self::Reopen,
            "soft_reset" => Self::SoftReset,
            "hard_reset" => Self::HardReset,
            _ => Self::Nothing,
        }
    }
}

/// A fault and when, how often and how exactly it happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// What goes wrong.
    pub fault: Fault,
    /// How many times; without it, until cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How many occasions pass unharmed first.
    #[serde(default)]
    pub after: u32,
    /// How late something comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// The error code or TP-ST value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// The text of an unsolicited result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The command it happens at, as `+CMGS`, `+CPIN` or `D`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

impl From<Fault> for FaultSpec {
    fn from(fault: Fault) -> Self {
        Self { fault, times: None, after: 0, delay_ms: None, code: None, text: None, command: None }
    }
}

impl FaultSpec {
    /// Limits it to `count` times.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self { times: Some(count), ..self }
    }

    /// Lets the first `count` occasions pass.
    #[must_use]
    pub fn after(self, count: u32) -> Self {
        Self { after: count, ..self }
    }

    /// Sets the delay in milliseconds.
    #[must_use]
    pub fn delay_ms(self, delay: u64) -> Self {
        Self { delay_ms: Some(delay), ..self }
    }

    /// Sets the error code or TP-ST value.
    #[must_use]
    pub fn code(self, code: u16) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Sets the text of an unsolicited result.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        Self { text: Some(text.to_owned()), ..self }
    }

    /// Limits it to one command, as `+CMGS`.
    #[must_use]
    pub fn command(self, command: &str) -> Self {
        Self { command: Some(command.to_owned()), ..self }
    }
}

/// The faults that are switched on.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<FaultSpec>);

impl Faults {
    pub(crate) fn add(&mut self, spec: FaultSpec) {
        self.0.push(spec);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn remove(&mut self, fault: Fault) {
        self.0.retain(|spec| spec.fault != fault);
    }

    pub(crate) fn active(&self) -> Vec<FaultSpec> {
        self.0.clone()
    }

    /// A condition rather than an event: neither `after` nor `times` is used up.
    pub(crate) fn holds(&self, fault: Fault) -> bool {
        self.0.iter().any(|spec| spec.fault == fault)
    }

    /// An occasion for the fault has come: does it strike? Uses up `after`, then `times`.
    pub(crate) fn strike(&mut self, fault: Fault) -> Option<FaultSpec> {
        self.strike_at(fault, "")
    }

    /// An occasion at a command; a fault without a command strikes at any.
    pub(crate) fn strike_at(&mut self, fault: Fault, command: &str) -> Option<FaultSpec> {
        let fits = |spec: &FaultSpec| {
            spec.fault == fault
                && spec.command.as_deref().is_none_or(|name| name.eq_ignore_ascii_case(command))
        };
        let index = self.0.iter().position(fits)?;
        let spec = self.0.get_mut(index)?;
        if spec.after > 0 {
            spec.after -= 1;
            return None;
        }
        let struck = spec.clone();
        if let Some(times) = &mut spec.times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.0.remove(index);
            }
        }
        Some(struck)
    }
}

impl Faults {
    /// Whether such a fault is switched on for exactly this command.
    pub(crate) fn names_command(&self, fault: Fault, command: &str) -> bool {
        self.0.iter().any(|spec| {
            spec.fault == fault
                && spec.command.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(command))
        })
    }
}
