//! `SIMCom` A7670, A7608 and SIM7670 (AT command manual V1.09 of the A76XX).

use super::{
    Parameter, Profile, Restart, Voice,
    calls::{CLCC, VOICE_CALL},
    shared::{cpinr, spic},
    simcom_lte::FILES,
};
use crate::{call::words, modem::Answer};

const VOICE: Voice = Voice {
    tellers: &[VOICE_CALL, CLCC],
    // Manual 28.2: the number and its words in quotes.
    ceer: |last| format!("\"{} {}\"", last.cause, words(last.cause)),
    no_service: Answer::NoDialtone,
    clcc_tells: true,
    files: FILES,
    flash: 5 * 1024 * 1024,
    no_messages_in_call: true,
    ..Voice::STANDARD
};

pub(super) const PROFILE: Profile = Profile {
    name: "a76xx",
    manufacturer: "INCORPORATED",
    model: "A7670E-FASE",
    revision: "A011B19A7670M7",
    identification: "Manufacturer: {manufacturer}\r\nModel: {model}\r\nRevision: {revision}\r\nIMEI: {imei}",
    tac: "86728406",
    boot: &[(40, "*ATREADY: 1"), (40, "+CPIN: READY"), (60, "SMS DONE"), (40, "PB DONE")],
    sms_ready: "SMS DONE",
    cmee_default: 2,
    cnmi_range: "(0-2),(0-3),(0,2),(0-2),(0,1)",
    cnmi_default: [2, 1, 0, 0, 0],
    // As the SIM7600.
    cnmi_rule: |[mode, mt, _, ds, _]| match (mt, ds) {
        (3, _) | (_, 1) => mode == 1,
        (2, _) => mode == 1 || mode == 2,
        _ => true,
    },
    saves_routing: true,
    memories: &[("SM", 50), ("ME", 180), ("SR", 25)],
    first_slot: 0,
    esc_answers_ok: true,
    iccid: Some(("+CICCID", "+ICCID: ", "")),
    // "SIM failure" until the card is read, in words.
    slow_sim: (2, 13),
    sim_failure_in_words: true,
    restart: Restart::Reenumerates(1500),
    parameters: &[
        Parameter { name: "+CVHU", range: "(0,1)", default: "1" },
        Parameter { name: "+CLCC", range: "(0,1)", default: "0" },
        Parameter { name: "+CDTAM", range: "(0,1)", default: "0" },
        Parameter {
            name: "+CTTSPARAM",
            range: "(0-2),(0-3),(0-3),(0-2),(0-2)",
            default: "1,3,0,1,1",
        },
    ],
    commands: &[("+CPINR", cpinr), ("+SPIC", spic)],
    low_voltage: Some("UNDER-VOLTAGE WARNNING"),
    voice: Some(&VOICE),
    ..Profile::STANDARD
};
