//! `SIMCom` SIM800 and SIM900 (AT command manual V1.09).

use super::{
    Parameter, Profile, Voice,
    calls::{CLCC, Keys, MO_RING},
    shared::spic,
    simcom_2g::FILES,
};
use crate::modem::Answer;

const VOICE: Voice = Voice {
    tellers: &[MO_RING, CLCC],
    keys: Some(Keys { when: ("+DDET", "1"), says: |key| format!("+DTMF: {key}") }),
    ceer: |last| format!("1,{}", last.cause),
    no_service: Answer::NoDialtone,
    clcc_tells: true,
    files: FILES,
    flash: 300 * 1024,
    no_messages_in_call: true,
    ..Voice::STANDARD
};

pub(super) const PROFILE: Profile = Profile {
    name: "sim800",
    manufacturer: "SIMCOM_Ltd",
    model: "SIMCOM_SIM800C",
    revision: "Revision:1418B05SIM800C24",
    identification: "SIM800 R14.18",
    tac: "86788703",
    boot: &[
        (40, "RDY"),
        (20, "+CFUN: 1"),
        (20, "+CPIN: READY"),
        (60, "Call Ready"),
        (60, "SMS Ready"),
    ],
    sms_ready: "SMS Ready",
    cmee_default: 1,
    // No report is stored, however it is asked for.
    cnmi_range: "(0-3),(0-3),(0,2),(0,1),(0,1)",
    cnmi_default: [2, 1, 0, 0, 0],
    memories: &[("SM", 25), ("ME", 10)],
    esc_answers_ok: true,
    // The bare number.
    iccid: Some(("+CCID", "", "")),
    // The first line is lost to finding out the speed.
    deaf_lines: 1,
    slow_sim: (2, 14),
    lacks: &["+CEREG", "+CESQ", "+CPINR"],
    registers_in: [true, true, false],
    parameters: &[
        Parameter { name: "+CLCC", range: "(0,1)", default: "0" },
        Parameter { name: "+DTAM", range: "(0-2)", default: "0" },
        Parameter {
            name: "+CTTSPARAM",
            range: "(0-100),(0-3),(1-100),(1-100)",
            default: "50,0,50,50",
        },
        Parameter { name: "+MORING", range: "(0,1)", default: "0" },
        Parameter { name: "+DDET", range: "(0,1),(0-10000),(0,1),(0,1)", default: "0,0,0,0" },
    ],
    commands: &[("+SPIC", spic)],
    low_voltage: Some("UNDER-VOLTAGE WARNNING"),
    voice: Some(&VOICE),
    ..Profile::STANDARD
};
