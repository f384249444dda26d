//! Modem families: the facts in which one vendor's modem differs from another's.
//!
//! A family is data and the few commands that only it has.

mod ec25;
mod sim7600;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::modem::{Answer, Command, Device};

/// A kind of modem that the simulator can play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Family {
    /// `SIMCom` SIM7600 and SIM7500.
    #[default]
    Sim7600,
    /// Quectel EC25, EC21 and their relatives.
    Ec25,
}

impl Family {
    /// All of them, in the order of the documentation.
    pub const ALL: &[Self] = &[Self::Sim7600, Self::Ec25];

    /// The name that the API and the command line use.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.profile().name
    }

    pub(crate) fn profile(self) -> &'static Profile {
        match self {
            Self::Sim7600 => &sim7600::PROFILE,
            Self::Ec25 => &ec25::PROFILE,
        }
    }
}

impl FromStr for Family {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|family| family.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|family| family.name()).collect();
                format!("no family is named {name:?}; there are: {}", names.join(", "))
            })
    }
}

/// Runs one command of a device.
pub(crate) type Handler = fn(&mut Device, &Command) -> Answer;

/// A command whose value the modem keeps and shows without doing anything about it.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// What `=?` shows after the colon.
    pub(crate) range: &'static str,
    /// What `?` shows until it is set.
    pub(crate) default: &'static str,
}

/// Which `<mode>`, `<mt>`, `<ds>` of `+CNMI` go together.
pub(crate) type CnmiRule = fn(cnmi: [u8; 5]) -> bool;

/// The facts of a family.
pub(crate) struct Profile {
    pub(crate) name: &'static str,
    pub(crate) manufacturer: &'static str,
    pub(crate) model: &'static str,
    pub(crate) revision: &'static str,
    /// What `ATI` shows; `{…}` stand for the modem's own words.
    pub(crate) identification: &'static str,
    /// What `+CGMR` puts before the revision.
    pub(crate) revision_prefix: &'static str,
    /// Type allocation code, the first 8 digits of its IMEI.
    pub(crate) tac: &'static str,
    /// What it says when it starts: milliseconds after the line before, and the line.
    pub(crate) boot: &'static [(u64, &'static str)],
    /// The line of `boot` from which messages can be sent.
    pub(crate) sms_ready: &'static str,
    /// `+CMEE` until it is set.
    pub(crate) cmee_default: u8,
    pub(crate) cnmi_range: &'static str,
    pub(crate) cnmi_default: [u8; 5],
    pub(crate) cnmi_rule: CnmiRule,
    /// `+CNMI` and `+CPMS` outlive a restart.
    pub(crate) saves_routing: bool,
    /// Memories in `+CPMS=?` for reading, and their sizes.
    pub(crate) memories: &'static [(&'static str, u16)],
    pub(crate) default_memory: &'static str,
    /// The memory and slot that `+CDSI` names, where it does not tell the truth.
    pub(crate) cdsi_claims: Option<(&'static str, u16)>,
    pub(crate) first_slot: u16,
    /// `+CMGR` of an empty slot: `+CMS ERROR: 321`, or just `OK`.
    pub(crate) empty_slot_is_error: bool,
    /// ESC at the prompt is answered with `OK`.
    pub(crate) esc_answers_ok: bool,
    /// `+CNMA` exists.
    pub(crate) has_cnma: bool,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) commands: &'static [(&'static str, Handler)],
}
