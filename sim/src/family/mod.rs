//! Modem families: the facts in which one vendor's modem differs from another's.
//!
//! A family is data and the few commands that only it has.

mod a76xx;
mod bg96;
mod calls;
mod cinterion;
mod ec25;
mod generic;
mod huawei;
mod m95;
mod quectel_files;
mod shared;
mod sim7000;
mod sim7600;
mod sim800;
mod simcom_2g;
mod simcom_lte;
mod speech;
mod telit;
mod ublox;
mod zte;

pub(crate) use calls::Voice;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{
    fault::Fault,
    modem::{Answer, Command, Device},
};

/// A kind of modem that the simulator can play.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Family {
    /// `SIMCom` SIM800 and SIM900.
    Sim800,
    /// `SIMCom` SIM7000 and SIM7070.
    Sim7000,
    /// `SIMCom` SIM7600 and SIM7500.
    #[default]
    Sim7600,
    /// `SIMCom` A7670 and SIM7670.
    A76xx,
    /// Quectel EC25, EC21 and their relatives.
    Ec25,
    /// Quectel M95 and UC15.
    M95,
    /// Quectel BG96 and BG95.
    Bg96,
    /// Huawei sticks.
    Huawei,
    /// ZTE sticks.
    Zte,
    /// u-blox SARA and TOBY.
    Ublox,
    /// Telit HE910 and LE910.
    Telit,
    /// Cinterion and Siemens.
    Cinterion,
    /// A modem that does what the standards say, and no more.
    Generic,
}

impl Family {
    /// All of them, in the order of the documentation.
    pub const ALL: &[Self] = &[
        Self::Sim7600,
        Self::Sim800,
        Self::Sim7000,
        Self::A76xx,
        Self::Ec25,
        Self::M95,
        Self::Bg96,
        Self::Huawei,
        Self::Zte,
        Self::Ublox,
        Self::Telit,
        Self::Cinterion,
        Self::Generic,
    ];

    /// The name that the API and the command line use.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.profile().name
    }

    /// Whether it can play this fault: some speak of things of which others are silent.
    #[must_use]
    pub fn plays(self, fault: Fault) -> bool {
        let profile = self.profile();
        // An overtaken answer needs something that overtakes it.
        (fault != Fault::UnderVoltage || profile.low_voltage.is_some())
            && (fault != Fault::ReportBeforeAnswer || profile.tells_reports_whole())
            && (!fault.is_of_calls() || profile.voice.is_some_and(|voice| voice.plays(fault)))
    }

    pub(crate) fn profile(self) -> &'static Profile {
        match self {
            Self::Sim800 => &sim800::PROFILE,
            Self::Sim7000 => &sim7000::PROFILE,
            Self::Sim7600 => &sim7600::PROFILE,
            Self::A76xx => &a76xx::PROFILE,
            Self::Ec25 => &ec25::PROFILE,
            Self::M95 => &m95::PROFILE,
            Self::Bg96 => &bg96::PROFILE,
            Self::Huawei => &huawei::PROFILE,
            Self::Zte => &zte::PROFILE,
            Self::Ublox => &ublox::PROFILE,
            Self::Telit => &telit::PROFILE,
            Self::Cinterion => &cinterion::PROFILE,
            Self::Generic => &generic::PROFILE,
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

/// What becomes of a modem that is told to restart by a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Restart {
    /// It starts up on the same port.
    InPlace,
    /// Its USB port goes away, and comes back after so many milliseconds.
    Reenumerates(u64),
    /// It comes back as a disk: its port is gone until somebody plugs it in again.
    AsDisk,
}

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
    /// The command that tells the ICCID, and what stands before it in the answer, and behind it.
    pub(crate) iccid: Option<(&'static str, &'static str, &'static str)>,
    /// How it says that its supply voltage is low, if it does.
    pub(crate) low_voltage: Option<&'static str>,
    /// Command lines that it loses after it has started, because it sleeps or finds out the speed.
    pub(crate) deaf_lines: u8,
    /// So many `+CPIN?` are answered with this error after a start and after a PIN.
    pub(crate) slow_sim: (u8, u16),
    /// A SIM failure (13) is told in words whatever `+CMEE` says.
    pub(crate) sim_failure_in_words: bool,
    /// Without its PIN it answers nothing but `+CPIN` and how to talk.
    pub(crate) pin_before_all: bool,
    /// Message commands are refused until `sms_ready`; otherwise only sending is.
    pub(crate) refuses_until_ready: bool,
    /// An unknown error of the message service has no number: `+CMS ERROR:`.
    pub(crate) blank_unknown_error: bool,
    /// What it answers to a command that it does not know.
    pub(crate) unknown: Answer,
    /// Commands of the standards that it does not know.
    pub(crate) lacks: &'static [&'static str],
    /// In which of +CREG, +CGREG and +CEREG it is registered.
    pub(crate) registers_in: [bool; 3],
    /// Location and cell stand in quotes.
    pub(crate) quotes_cell: bool,
    /// How many places `+CPMS=` takes.
    pub(crate) cpms_places: (usize, usize),
    /// `+CPMS=` answers with the names of the stores.
    pub(crate) cpms_names: bool,
    /// Memories in the third group of `+CPMS=?`, where they are not those of the second.
    pub(crate) receive_memories: Option<&'static [&'static str]>,
    /// `+CMTI` names a slot that cannot be read: -1.
    pub(crate) hides_slot: bool,
    /// `+CDS: ,<length>`.
    pub(crate) report_comma: bool,
    /// What it says by itself again and again, and the setting that ends it.
    pub(crate) noise: &'static [&'static str],
    pub(crate) silenced_by: &'static str,
    /// The setting without which it tells of no message on this port.
    pub(crate) tells_after: Option<&'static str>,
    /// What becomes of it at `+CFUN=1,1` and the like.
    pub(crate) restart: Restart,
    /// What it makes of calls; nothing where it has no voice, and every call fails.
    pub(crate) voice: Option<&'static Voice>,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) commands: &'static [(&'static str, Handler)],
}

impl Profile {
    /// Whether `<ds>` of `+CNMI` may be 1.
    fn tells_reports_whole(&self) -> bool {
        let ds = self.cnmi_range.split("),").nth(3).unwrap_or_default();
        let (low, high) = ds.trim_matches(['(', ')']).split_once('-').unwrap_or(("2", "2"));
        ds.contains('1') || (low < "1" && high > "1")
    }

    /// A modem that does what the standards say, and no more.
    pub(crate) const STANDARD: Self = Self {
        name: "generic",
        manufacturer: "Example",
        model: "EX1",
        revision: "1.0",
        identification: "{manufacturer}\r\n{model}\r\n{revision}",
        revision_prefix: "",
        tac: "35693803",
        boot: &[(40, "+CPIN: READY")],
        sms_ready: "+CPIN: READY",
        cmee_default: 0,
        cnmi_range: "(0-2),(0-3),(0,2),(0-2),(0,1)",
        cnmi_default: [0, 0, 0, 0, 0],
        cnmi_rule: |_| true,
        saves_routing: false,
        memories: &[("SM", 20), ("ME", 50), ("SR", 10)],
        default_memory: "SM",
        cdsi_claims: None,
        first_slot: 1,
        empty_slot_is_error: true,
        esc_answers_ok: false,
        has_cnma: true,
        iccid: Some(("+CCID", "+CCID: ", "")),
        low_voltage: None,
        deaf_lines: 0,
        slow_sim: (0, 14),
        sim_failure_in_words: false,
        pin_before_all: false,
        refuses_until_ready: true,
        blank_unknown_error: false,
        unknown: Answer::Error,
        lacks: &[],
        registers_in: [true; 3],
        quotes_cell: true,
        cpms_places: (1, 3),
        cpms_names: false,
        receive_memories: None,
        hides_slot: false,
        report_comma: false,
        noise: &[],
        silenced_by: "",
        tells_after: None,
        restart: Restart::InPlace,
        voice: None,
        parameters: &[],
        commands: &[("+CPINR", shared::cpinr)],
    };
}
