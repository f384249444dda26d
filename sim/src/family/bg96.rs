//! Quectel BG96, BG95 and BG77 (AT command manual V2.1 of the BG96).

use super::{
    Parameter, Profile, Restart,
    shared::{keyed, qinistat, qpinc},
};

pub(super) const PROFILE: Profile = Profile {
    name: "bg96",
    manufacturer: "Quectel",
    model: "BG96",
    revision: "BG96MAR02A07M1G",
    identification: "{manufacturer}\r\n{model}\r\nRevision: {revision}",
    tac: "86642503",
    boot: &[(40, "RDY"), (20, "APP RDY"), (20, "+CPIN: READY"), (60, "+QIND: SMS DONE")],
    sms_ready: "+QIND: SMS DONE",
    cmee_default: 1,
    cnmi_default: [2, 1, 0, 0, 0],
    saves_routing: true,
    memories: &[("SM", 20), ("ME", 23), ("MT", 23), ("SR", 10)],
    default_memory: "ME",
    first_slot: 0,
    esc_answers_ok: true,
    iccid: Some(("+QCCID", "+QCCID: ", "")),
    registers_in: [false, true, true],
    restart: Restart::Reenumerates(2500),
    parameters: &[Parameter {
        name: "+QURCCFG",
        range: "\"urcport\",(\"usbat\",\"usbmodem\",\"uart1\")",
        default: "\"urcport\",\"usbat\"",
    }],
    commands: &[
        ("+QPINC", qpinc),
        ("+QINISTAT", qinistat),
        ("+QCFG", |device, command| {
            keyed(device, command, |key| (key == "nwscanmode").then_some("0"))
        }),
    ],
    ..Profile::STANDARD
};
