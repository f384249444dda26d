//! How families tell of calls: lines as their manuals have them.

use super::Handler;
use crate::{
    call::words,
    fault::Fault,
    modem::{Answer, ModemCall, Release, Step},
};

/// What a family makes of calls.
pub(crate) struct Voice {
    pub(crate) tellers: &'static [Teller],
    /// How it tells the keys that the other side presses.
    pub(crate) keys: Option<Keys>,
    /// What `+CEER` says of the last call.
    pub(crate) ceer: fn(Release) -> String,
    /// What `ATD` answers without a network.
    pub(crate) no_service: Answer,
    /// `+CLCC=1` exists, and makes the list an unsolicited result.
    pub(crate) clcc_tells: bool,
    /// It has a serial port for sound.
    pub(crate) audio_port: bool,
    /// It can be a sound card on USB.
    pub(crate) card: bool,
    /// A write that is no whole frame blocks that port until the modem restarts.
    pub(crate) partial_frame_wedges: bool,
    /// Sound that is not closed after a call is dead after a few.
    pub(crate) sound_must_be_closed: bool,
    /// Commands for files and for what plays them.
    pub(crate) files: &'static [(&'static str, Handler)],
    /// Octets that its flash has for files.
    pub(crate) flash: usize,
    /// Messages cannot be sent during a call.
    pub(crate) no_messages_in_call: bool,
}

/// A line that is said at a step of a call, when a setting has a value (or always).
pub(crate) struct Teller {
    pub(crate) when: (&'static str, &'static str),
    pub(crate) says: fn(&ModemCall, Step) -> Option<String>,
}

/// A line that tells a key, when a setting has a value.
pub(crate) struct Keys {
    pub(crate) when: (&'static str, &'static str),
    pub(crate) says: fn(char) -> String,
}

impl Voice {
    /// As the standards have it: results only, and `+CLCC` when asked.
    pub(crate) const STANDARD: Self = Self {
        tellers: &[],
        keys: None,
        ceer: |last| words(last.cause).to_owned(),
        no_service: Answer::NoCarrier,
        clcc_tells: false,
        audio_port: false,
        card: false,
        partial_frame_wedges: false,
        sound_must_be_closed: false,
        files: &[],
        flash: 0,
        no_messages_in_call: false,
    };

    /// Whether a modem with these facts can play this fault of calls.
    pub(super) fn plays(&self, fault: Fault) -> bool {
        if fault == Fault::EarlyCallBegin {
            self.tellers.iter().any(|teller| std::ptr::fn_addr_eq(teller.says, VOICE_CALL.says))
        } else if fault == Fault::PlayFails {
            !self.files.is_empty()
        } else if matches!(fault, Fault::AudioRefused | Fault::AudioWedged) {
            self.audio_port
        } else {
            true
        }
    }
}

/// `SIMCom`: the list of calls, at every step and once more at the end.
pub(super) const CLCC: Teller = Teller {
    when: ("+CLCC", "1"),
    says: |call, step| Some(format!("+CLCC: 1,0,{},0,0,{}", step.stat(), call.party())),
};

/// `SIMCom` LTE; in the end how long it lasted.
pub(super) const VOICE_CALL: Teller = Teller {
    when: ("", ""),
    says: |call, step| match step {
        Step::Active => Some("VOICE CALL: BEGIN".to_owned()),
        Step::Released { .. } if call.was_answered() => {
            Some(format!("VOICE CALL: END: {:06}", call.seconds()))
        }
        Step::Dialled | Step::Alerting | Step::Released { .. } => None,
    },
};

/// `SIMCom` 2G.
pub(super) const MO_RING: Teller = Teller {
    when: ("+MORING", "1"),
    says: |_, step| match step {
        Step::Alerting => Some("MO RING".to_owned()),
        Step::Active => Some("MO CONNECTED".to_owned()),
        Step::Dialled | Step::Released { .. } => None,
    },
};

/// Quectel: as `+CLCC`, and -1 at the end.
pub(super) const CCINFO: Teller = Teller {
    when: ("+QINDCFG.ccinfo", "1"),
    says: |call, step| {
        let state = match step {
            Step::Released { .. } => "-1".to_owned(),
            Step::Dialled | Step::Alerting | Step::Active => step.stat().to_string(),
        };
        Some(format!("+QIND: \"ccinfo\",1,0,{state},0,0,{}", call.party()))
    },
};

/// Quectel: `<id>,<dir>,<stat>,<type>,<number>,<num_type>`.
pub(super) const DSCI: Teller = Teller {
    when: ("^DSCI", "1"),
    says: |call, step| {
        let stat = match step {
            Step::Dialled => 2,
            Step::Active => 3,
            Step::Released { .. } => 6,
            Step::Alerting => 7,
        };
        let (number, kind) =
            (call.number.as_str(), if call.number.starts_with('+') { 145 } else { 129 });
        Some(format!("^DSCI: 1,0,{stat},0,{number},{kind}"))
    },
};

/// Huawei: originated, alerting, connected, ended.
pub(super) const HUAWEI: Teller = Teller {
    when: ("^CURC", "1"),
    says: |call, step| {
        Some(match step {
            Step::Dialled => "^ORIG:1,0".to_owned(),
            Step::Alerting => "^CONF:1".to_owned(),
            Step::Active => "^CONN:1,0".to_owned(),
            // <end_status>: 29 the host ended it, 104 the network.
            Step::Released { cause, local } => {
                let status = if local { 29 } else { 104 };
                format!("^CEND:1,{},{status},{cause}", call.seconds())
            }
        })
    },
};

/// u-blox: as `+CLCC`, 6 at the end, 7 when the other side answers.
pub(super) const UCALLSTAT: Teller = Teller {
    when: ("+UCALLSTAT", "1"),
    says: |_, step| {
        let stat = if step == Step::Active { 7 } else { step.stat() };
        Some(format!("+UCALLSTAT: 1,{stat}"))
    },
};

/// Telit: idle, calling, connecting, active, busy; the number while it calls.
pub(super) const ECAM: Teller = Teller {
    when: ("#ECAM", "1"),
    says: |call, step| {
        Some(match step {
            Step::Dialled => format!("#ECAM: 0,1,1,,,{}", call.party()),
            Step::Alerting => "#ECAM: 0,2,1,,,".to_owned(),
            Step::Active => "#ECAM: 0,3,1,,,".to_owned(),
            Step::Released { cause: 17, .. } => "#ECAM: 0,7,1,,,".to_owned(),
            Step::Released { .. } => "#ECAM: 0,0,1,,,".to_owned(),
        })
    },
};

/// Cinterion: the list of calls with the traffic channel, and a bare line at its end.
pub(super) const SLCC: Teller = Teller {
    when: ("^SLCC", "1"),
    says: |call, step| {
        let channel = u8::from(step == Step::Active);
        Some(match step {
            Step::Released { .. } => "^SLCC:".to_owned(),
            Step::Dialled | Step::Alerting | Step::Active => {
                format!("^SLCC: 1,0,{},0,0,{channel},{}\r\n^SLCC:", step.stat(), call.party())
            }
        })
    },
};

/// Quectel: a group and a number in it. Group 1 is the network's cause; in group 0, 29 is the host's own end.
pub(super) fn quectel_cause(last: Release) -> String {
    if last.local { "0,29".to_owned() } else { format!("1,{}", last.cause) }
}
