//! `SIMCom` SIM7000, SIM7070 and SIM7080 (AT command manual V1.05 of the SIM7070).

use super::{Profile, shared::spic};

pub(super) const PROFILE: Profile = Profile {
    name: "sim7000",
    manufacturer: "SIMCOM_Ltd",
    model: "SIMCOM_SIM7000G",
    revision: "Revision:1529B11SIM7000G",
    identification: "SIM7000G R1529",
    tac: "86923303",
    boot: &[(40, "RDY"), (20, "+CFUN: 1"), (20, "+CPIN: READY"), (60, "SMS Ready")],
    sms_ready: "SMS Ready",
    cmee_default: 1,
    cnmi_default: [2, 1, 0, 0, 0],
    // Nothing else stores messages.
    memories: &[("SM", 10)],
    esc_answers_ok: true,
    iccid: Some(("+CCID", "", "")),
    blank_unknown_error: true,
    lacks: &["+CESQ", "+CPINR"],
    // Circuit-switched registration means nothing in these networks.
    registers_in: [false, true, true],
    hides_slot: true,
    noise: &["*PSUTTZ: 26/11/02,10:00:00\",\"+00\",0", "DST: 0"],
    silenced_by: "+CLTS=0",
    commands: &[("+SPIC", spic)],
    low_voltage: Some("UNDER-VOLTAGE WARNNING"),
    ..Profile::STANDARD
};
