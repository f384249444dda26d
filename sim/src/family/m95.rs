//! Quectel M95, M66 and UC15 (AT command manual V3.1 of the M95).

use super::{
    Parameter, Profile, Voice,
    calls::{DSCI, Keys, quectel_cause},
    shared::counters,
};

const VOICE: Voice = Voice {
    tellers: &[DSCI],
    keys: Some(Keys {
        when: ("+QTONEDET", "1"),
        says: |key| format!("+QTONEDET: {}", u32::from(key)),
    }),
    ceer: quectel_cause,
    ..Voice::STANDARD
};

pub(super) const PROFILE: Profile = Profile {
    name: "m95",
    manufacturer: "Quectel_Ltd",
    model: "Quectel_M95",
    revision: "M95FAR02A08",
    identification: "Quectel_Ltd\r\nQuectel_M95\r\nRevision: {revision}",
    tac: "86632001",
    boot: &[
        (40, "RDY"),
        (20, "+CFUN: 1"),
        (20, "+CPIN: READY"),
        (60, "Call Ready"),
        (60, "SMS Ready"),
    ],
    sms_ready: "SMS Ready",
    cmee_default: 1,
    cnmi_range: "(0-3),(0-3),(0,2),(0,1),(0,1)",
    cnmi_default: [2, 1, 0, 0, 0],
    memories: &[("SM", 40), ("ME", 20)],
    esc_answers_ok: true,
    // The bare number.
    iccid: Some(("+QCCID", "", "")),
    deaf_lines: 1,
    slow_sim: (3, 14),
    lacks: &["+CEREG", "+CESQ", "+CPINR"],
    registers_in: [true, true, false],
    parameters: &[
        Parameter { name: "^DSCI", range: "(0,1)", default: "0" },
        Parameter { name: "+QTONEDET", range: "(0,1)", default: "0" },
    ],
    commands: &[("+QTRPIN", counters)],
    voice: Some(&VOICE),
    ..Profile::STANDARD
};
