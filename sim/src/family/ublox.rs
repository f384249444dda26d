//! u-blox SARA, LISA and TOBY (AT commands manual UBX-17003787).

use super::{
    Parameter, Profile, Voice,
    calls::{Keys, UCALLSTAT},
    shared::{counters, cpinr},
};
use crate::{call::words, modem::Answer};

const VOICE: Voice = Voice {
    tellers: &[UCALLSTAT],
    keys: Some(Keys { when: ("+UDTMFD", "1,2"), says: |key| format!("+UUDTMFD: {key}") }),
    ceer: |last| format!("\"CC setup error\",{},\"{}\"", last.cause, words(last.cause)),
    no_service: Answer::Cme(30),
    ..Voice::STANDARD
};

pub(super) const PROFILE: Profile = Profile {
    name: "ublox",
    manufacturer: "u-blox",
    model: "SARA-R500S",
    revision: "02.06",
    identification: "SARA-R500S-00B-00",
    tac: "35245310",
    // It says nothing when it starts.
    boot: &[(60, "")],
    sms_ready: "",
    cmee_default: 0,
    cnmi_default: [1, 0, 0, 0, 0],
    memories: &[("SM", 20), ("ME", 23), ("SR", 10)],
    // It sleeps; the first lines wake it.
    deaf_lines: 3,
    // "Operation not allowed" until the SIM is read.
    slow_sim: (3, 3),
    registers_in: [false, true, true],
    parameters: &[
        Parameter { name: "+UCALLSTAT", range: "(0,1)", default: "0" },
        Parameter { name: "+UDTMFD", range: "(0-1),(0-2)", default: "0" },
    ],
    commands: &[("+UPINCNT", counters), ("+CPINR", cpinr)],
    voice: Some(&VOICE),
    ..Profile::STANDARD
};
