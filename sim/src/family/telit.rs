//! Telit HE910, LE910 and GE865 (AT commands reference guide 80378ST10091A).

use super::{
    Parameter, Profile, Restart, Voice,
    calls::{ECAM, Keys},
    shared::lone_counter,
};
use crate::modem::{Answer, Command, Device, Form};

const VOICE: Voice = Voice {
    tellers: &[ECAM],
    keys: Some(Keys { when: ("#DTMF", "1"), says: |key| format!("#DTMFEV: {key}") }),
    ..Voice::STANDARD
};

pub(super) const PROFILE: Profile = Profile {
    name: "telit",
    manufacturer: "Telit",
    model: "HE910-D",
    revision: "12.00.004",
    identification: "332",
    tac: "35164405",
    boot: &[(80, "")],
    sms_ready: "",
    cmee_default: 0,
    cnmi_range: "(0-3),(0-3),(0-3),(0-2),(0,1)",
    memories: &[("SM", 30), ("ME", 100), ("SR", 10)],
    iccid: Some(("#CCID", "#CCID: ", "")),
    // Its port is there before it listens.
    deaf_lines: 2,
    cpms_names: true,
    restart: Restart::Reenumerates(2500),
    parameters: &[
        Parameter { name: "#ECAM", range: "(0,1)", default: "0" },
        Parameter { name: "#DTMF", range: "(0-2)", default: "0" },
    ],
    commands: &[("#PCT", lone_counter), ("#QSS", sim_status), ("#REBOOT", reboot)],
    voice: Some(&VOICE),
    ..Profile::STANDARD
};

fn sim_status(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Read {
        let status = match (device.sim_trouble(), device.sms_ready) {
            (Some(Answer::Cme(10)), _) => 0,
            (Some(_), _) => 1,
            (None, false) => 2,
            (None, true) => 3,
        };
        device.info(format!("#QSS: 0,{status}"));
    }
    Answer::Ok
}

fn reboot(device: &mut Device, command: &Command) -> Answer {
    if command.form != Form::Run {
        return Answer::Error;
    }
    device.restart_by_command()
}
