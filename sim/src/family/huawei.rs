//! Huawei sticks: E173, E1752, E3131, E3372.

use super::{
    Parameter, Profile, Restart, Voice,
    calls::{HUAWEI, Keys},
};
use crate::modem::{Answer, Command, Device, Form, Pcm};

const VOICE: Voice = Voice {
    tellers: &[HUAWEI],
    keys: Some(Keys { when: ("^DDTMFCFG", "0,1"), says: |key| format!("^DDTMF: {key}") }),
    audio_port: true,
    ..Voice::STANDARD
};

pub(super) const PROFILE: Profile = Profile {
    name: "huawei",
    manufacturer: "huawei",
    model: "E3372",
    revision: "21.180.01.00.00",
    identification: "Manufacturer: huawei\r\nModel: {model}\r\nRevision: {revision}\r\nIMEI: {imei}\r\n+GCAP: +CGSM,+DS,+ES",
    tac: "86168802",
    boot: &[(40, "^SIMST:1"), (20, "^SRVST:2"), (20, "^MODE:5,4")],
    sms_ready: "^SRVST:2",
    cmee_default: 0,
    cnmi_range: "(0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)",
    cnmi_default: [0, 0, 0, 0, 0],
    memories: &[("SM", 50), ("ME", 23), ("SR", 25)],
    first_slot: 0,
    empty_slot_is_error: true,
    iccid: Some(("^ICCID", "^ICCID: ", "")),
    unknown: Answer::NotSupported,
    lacks: &["+CPINR", "+CESQ"],
    quotes_cell: false,
    // The E3372 wants all three.
    cpms_places: (3, 3),
    noise: &["^RSSI: 18", "^HCSQ: \"LTE\",46,44,111,22"],
    silenced_by: "^CURC=0",
    tells_after: Some("^PORTSEL=1"),
    restart: Restart::AsDisk,
    parameters: &[
        Parameter { name: "^CURC", range: "(0,1)", default: "1" },
        Parameter { name: "^PORTSEL", range: "(0,1)", default: "0" },
        Parameter { name: "^DDTMFCFG", range: "(0,1),(0,1)", default: "1,0" },
        Parameter { name: "^USSDMODE", range: "(0,1)", default: "1" },
    ],
    commands: &[("^CPIN", pin), ("^SYSINFO", system), ("^CVOICE", cvoice), ("^DDSETEX", ddsetex)],
    voice: Some(&VOICE),
    ..Profile::STANDARD
};

// <code>,<times>,<puk>,<pin>,<puk2>,<pin2>
fn pin(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Read {
        let left = device.card.pin_attempts;
        match device.sim_trouble() {
            None => device.info(format!("^CPIN: READY,,10,{left},10,3")),
            Some(Answer::Cme(11)) => {
                device.info(format!("^CPIN: SIM PIN,{left},10,{left},10,3"));
            }
            Some(trouble) => return trouble,
        }
    }
    Answer::Ok
}

fn system(device: &mut Device, _: &Command) -> Answer {
    device.info("^SYSINFO:2,3,0,5,1,,4".to_owned());
    Answer::Ok
}

// Unlocked for voice: 8 kHz, 16 bits, 20 ms.
fn cvoice(device: &mut Device, command: &Command) -> Answer {
    match command.form {
        Form::Read => device.info("^CVOICE:0,8000,16,20".to_owned()),
        Form::Test => device.info("^CVOICE: (0)".to_owned()),
        Form::Set if command.raw == "0" => {}
        Form::Run | Form::Set => return Answer::Error,
    }
    Answer::Ok
}

// Once a call is originated, its sound goes through the second port.
fn ddsetex(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.number(0)) {
        (Form::Test, _) => device.info("^DDSETEX:(2)".to_owned()),
        (Form::Set, Some(2)) if device.in_call() => return device.open_sound(Pcm::Serial),
        (Form::Run | Form::Read | Form::Set, _) => return Answer::Error,
    }
    Answer::Ok
}
