//! `SIMCom` SIM7600 and SIM7500 (AT command manual V3.00).

use super::{
    Handler, Parameter, Profile, Restart, Voice,
    calls::{CLCC, Keys, VOICE_CALL},
    shared::{cpinr, spic},
    simcom_lte::{FILES, ccmxplaywav, stop},
};
use crate::modem::{Answer, Command, Device, Form, Pcm};

const fn parameter(name: &'static str, range: &'static str, default: &'static str) -> Parameter {
    Parameter { name, range, default }
}

const COMMANDS: &[(&str, Handler)] = &[
    ("+CPINR", cpinr),
    ("+SPIC", spic),
    ("+CRESET", reset),
    ("+CPCMREG", cpcmreg),
    ("+CCMXPLAYWAV", ccmxplaywav),
    ("+CCMXSTOPWAV", stop),
];

const VOICE: Voice = Voice {
    tellers: &[VOICE_CALL, CLCC],
    keys: Some(Keys { when: ("+DDET", "1"), says: |key| format!("+RXDTMF: {key}\r") }),
    no_service: Answer::NoDialtone,
    clcc_tells: true,
    audio_port: true,
    partial_frame_wedges: true,
    sound_must_be_closed: true,
    files: FILES,
    flash: 5 * 1024 * 1024,
    no_messages_in_call: true,
    ..Voice::STANDARD
};

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
        parameter("+CLCC", "(0,1)", "0"),
        parameter("+DDET", "(0,1)", "0"),
        parameter("+CDTAM", "(0,1)", "0"),
        parameter("+CTTSPARAM", "(0-2),(0-3),(0-3),(0-2),(0-2)", "1,3,0,1,1"),
        parameter("+CPCMFRM", "(0,1)", "0"),
    ],
    commands: COMMANDS,
    iccid: Some(("+CICCID", "+ICCID: ", "")),
    refuses_until_ready: false,
    // Wired to a UART; on USB its port would go away.
    restart: Restart::InPlace,
    low_voltage: Some("UNDER-VOLTAGE WARNNING"),
    voice: Some(&VOICE),
    ..Profile::STANDARD
};

// Manual: sound goes through the USB port only while a call is active.
fn cpcmreg(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.number(0)) {
        (Form::Test, _) => device.info("+CPCMREG: (0-1)".to_owned()),
        (Form::Read, _) => {
            let on = u8::from(device.pcm() == Pcm::Serial);
            device.info(format!("+CPCMREG: {on}"));
        }
        (Form::Set, Some(0)) => return device.open_sound(Pcm::Off),
        (Form::Set, Some(1)) if device.active_call().is_some() => {
            return device.open_sound(Pcm::Serial);
        }
        (Form::Run | Form::Set, _) => return Answer::Error,
    }
    Answer::Ok
}

fn reset(device: &mut Device, command: &Command) -> Answer {
    if command.form != Form::Run {
        return Answer::Ok;
    }
    device.restart_by_command()
}
