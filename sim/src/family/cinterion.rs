//! Siemens, Cinterion and Gemalto: MC75, BGS2, EHS5 (AT command set V02 of the EHS5).

use super::{Parameter, Profile, Restart, Voice, calls::SLCC, shared::lone_counter};

const VOICE: Voice = Voice {
    tellers: &[SLCC],
    // <location>,<reason>,<ssRelease>; location 8 is call control.
    ceer: |last| format!("8,{},0", last.cause),
    ..Voice::STANDARD
};

pub(super) const PROFILE: Profile = Profile {
    name: "cinterion",
    manufacturer: "Cinterion",
    model: "MC75i",
    revision: "REVISION 02.004",
    identification: "{manufacturer}\r\n{model}\r\n{revision}",
    tac: "35520804",
    boot: &[(80, "^SYSSTART")],
    sms_ready: "^SYSSTART",
    cmee_default: 0,
    // The fifth value is 1, and nothing else.
    cnmi_range: "(0-3),(0,1),(0,2,3),(0,2),(1)",
    cnmi_default: [0, 0, 0, 0, 1],
    memories: &[("ME", 25), ("SM", 20), ("MT", 45)],
    receive_memories: Some(&["SM", "MT"]),
    iccid: Some(("^SCID", "^SCID: ", "")),
    lacks: &["+CMMS", "+CESQ", "+CEREG", "+CPINR"],
    registers_in: [true, true, false],
    restart: Restart::InPlace,
    parameters: &[
        Parameter { name: "^SSMSS", range: "(0,1)", default: "0" },
        Parameter { name: "^SLCC", range: "(0,1)", default: "0" },
    ],
    commands: &[("^SPIC", lone_counter)],
    voice: Some(&VOICE),
    ..Profile::STANDARD
};
