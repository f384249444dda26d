//! Final results and their words (3GPP TS 27.007 clause 9.2, TS 27.005 clause 3.2.5).

use crate::family::Profile;

/// How one command ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Ok,
    Error,
    Cme(u16),
    Cms(u16),
    NoCarrier,
    Busy,
    #[expect(clippy::enum_variant_names, reason = "V.250 calls this result so")]
    NoAnswer,
    NoDialtone,
    /// Huawei's word for a command that it does not know.
    NotSupported,
    /// `> `, then a body that must hold a TPDU of this many octets.
    Prompt(usize),
    /// Nothing: the answer has been given, or never will be.
    Silent,
}

impl Answer {
    /// The result as `ATV1` writes it; `None` when there is none.
    pub(crate) fn words(self, cmee: u8, profile: &Profile) -> Option<String> {
        match self {
            Self::Ok => Some("OK".to_owned()),
            Self::Error => Some("ERROR".to_owned()),
            Self::NoCarrier => Some("NO CARRIER".to_owned()),
            Self::Busy => Some("BUSY".to_owned()),
            Self::NoAnswer => Some("NO ANSWER".to_owned()),
            Self::NoDialtone => Some("NO DIALTONE".to_owned()),
            Self::NotSupported => Some("COMMAND NOT SUPPORT".to_owned()),
            Self::Cms(500) if profile.blank_unknown_error => Some("+CMS ERROR: ".to_owned()),
            Self::Cme(13) if profile.sim_failure_in_words => {
                Some("+CME ERROR: SIM failure".to_owned())
            }
            Self::Cme(_) if cmee == 0 => Some("ERROR".to_owned()),
            Self::Cme(code) if cmee == 2 => Some(format!("+CME ERROR: {}", cme_text(code))),
            Self::Cme(code) => Some(format!("+CME ERROR: {code}")),
            Self::Cms(code) if cmee == 2 => Some(format!("+CMS ERROR: {}", cms_text(code))),
            Self::Cms(code) => Some(format!("+CMS ERROR: {code}")),
            Self::Prompt(_) | Self::Silent => None,
        }
    }

    /// The result as `ATV0` writes it (V.250 table 1).
    pub(crate) fn digits(self, cmee: u8, profile: &Profile) -> Option<String> {
        match self {
            Self::Ok => Some("0".to_owned()),
            Self::Error | Self::NotSupported => Some("4".to_owned()),
            Self::NoCarrier => Some("3".to_owned()),
            Self::NoDialtone => Some("6".to_owned()),
            Self::Busy => Some("7".to_owned()),
            Self::NoAnswer => Some("8".to_owned()),
            Self::Cme(_) if cmee == 0 => Some("4".to_owned()),
            Self::Cme(_) | Self::Cms(_) | Self::Prompt(_) | Self::Silent => {
                self.words(cmee, profile)
            }
        }
    }
}

fn cme_text(code: u16) -> String {
    let text = match code {
        3 => "operation not allowed",
        4 => "operation not supported",
        10 => "SIM not inserted",
        11 => "SIM PIN required",
        12 => "SIM PUK required",
        13 => "SIM failure",
        14 => "SIM busy",
        16 => "incorrect password",
        30 => "no network service",
        50 => "Incorrect parameters",
        100 => "unknown",
        _ => return code.to_string(),
    };
    text.to_owned()
}

fn cms_text(code: u16) -> String {
    let text = match code {
        300 => "ME failure",
        302 => "Operation not allowed",
        303 => "Operation not supported",
        304 => "Invalid PDU mode parameter",
        305 => "Invalid text mode parameter",
        310 => "SIM not inserted",
        311 => "SIM PIN required",
        320 => "Memory failure",
        321 => "Invalid memory index",
        322 => "Memory full",
        330 => "SMSC address unknown",
        331 => "No network service",
        332 => "Network timeout",
        340 => "NO +CNMA acknowledgement expected",
        500 => "Unknown error",
        _ => return code.to_string(),
    };
    text.to_owned()
}
