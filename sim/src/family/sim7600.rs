//! `SIMCom` SIM7600 and SIM7500 (AT command manual V3.00).

use super::{
    Handler, Parameter, Profile, Restart,
    shared::{cpinr, spic},
};

const fn parameter(name: &'static str, range: &'static str, default: &'static str) -> Parameter {
    Parameter { name, range, default }
}

const COMMANDS: &[(&str, Handler)] = &[("+CPINR", cpinr), ("+SPIC", spic)];

pub(super) const PROFILE: Profile = Profile {
    name: "sim7600",
    manufacturer: "SIMCOM INCORPORATED",
    model: "SIMCOM_SIM7600E-H",
    revision: "LE20B04SIM7600M22",
    identification: "Manufacturer: {manufacturer}\r\nModel: {model}\r\nRevision: {revision}\r\nIMEI: {imei}\r\n+GCAP: +CGSM",
    revision_prefix: "+CGMR: ",
    tac: "86147503",
    boot: &[(40, "RDY"), (30, "+CPIN: READY"), (40, "SMS DONE"), (20, "PB DONE")],
    sms_ready: "SMS DONE",
    cmee_default: 2,
    cnmi_range: "(0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)",
    // Manual 9.2.9.
    cnmi_default: [2, 1, 0, 0, 0],
    cnmi_rule: |[mode, mt, _, ds, _]| match (mt, ds) {
        (3, _) | (_, 1) => mode == 1,
        (2, _) => mode == 1 || mode == 2,
        _ => true,
    },
    saves_routing: true,
    memories: &[("SM", 50), ("ME", 23), ("SR", 25)],
    default_memory: "SM",
    cdsi_claims: None,
    first_slot: 0,
    empty_slot_is_error: false,
    esc_answers_ok: true,
    has_cnma: true,
    parameters: &[
        parameter("+CVHU", "(0,1)", "1"),
        parameter("+CTZU", "(0,1)", "0"),
        parameter("+AUTOCSQ", "(0,1),(0,1)", "0,0"),
        parameter("+CNMP", "(2,13,14,38,39)", "2"),
    ],
    commands: COMMANDS,
    iccid: Some(("+CICCID", "+ICCID: ", "")),
    refuses_until_ready: false,
    // Wired to a UART; on USB its port would go away.
    restart: Restart::InPlace,
    low_voltage: Some("UNDER-VOLTAGE WARNNING"),
    ..Profile::STANDARD
};
