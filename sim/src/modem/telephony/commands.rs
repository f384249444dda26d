//! The call commands that all families share: V.250, TS 27.007 clauses 6 to 8, and TS 22.030.

use super::dial::dial;
use crate::{
    family::Handler,
    fault::Fault,
    modem::{Answer, Command, Device, Effect, Form},
};

pub(crate) const COMMANDS: &[(&str, Handler)] = &[
    ("D", dial),
    ("A", |_, _| Answer::NoCarrier),
    ("H", hook),
    ("+CHUP", hang_up),
    ("+CLCC", clcc),
    ("+CPAS", cpas),
    ("+CEER", ceer),
    ("+CHLD", chld),
    ("+VTS", vts),
];

// TS 27.007 clause 6.21: with +CVHU=1 ATH is answered and not obeyed.
fn hook(device: &mut Device, _: &Command) -> Answer {
    if device.setting("+CVHU") != Some("1") {
        device.hang_up();
    }
    Answer::Ok
}

fn hang_up(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Run {
        device.hang_up();
    }
    Answer::Ok
}

// Lists the calls; where it can be set, it is an unsolicited result as well.
fn clcc(device: &mut Device, command: &Command) -> Answer {
    let told = device.profile.voice.is_some_and(|voice| voice.clcc_tells);
    match command.form {
        Form::Run => list(device),
        Form::Test if told => device.info("+CLCC: (0,1)".to_owned()),
        Form::Test => {}
        Form::Read | Form::Set if told => return device.parameter(command),
        Form::Read | Form::Set => return Answer::Error,
    }
    Answer::Ok
}

fn list(device: &mut Device) {
    let mut place = 1;
    let mut lines = Vec::new();
    // Quectel lists what carries packets as well: <mode> 1, no number.
    if device.faults.holds(Fault::PacketBearer) {
        lines.push("+CLCC: 1,0,0,1,0,\"\",128".to_owned());
        place = 2;
    }
    if let Some(call) = &device.telephony.call {
        lines.push(format!("+CLCC: {place},0,{},0,0,{}", call.stat(), call.party()));
    }
    if !lines.is_empty() {
        device.info(lines.join("\r\n"));
    }
}

// TS 27.007 clause 8.1: 0 ready, 3 ringing, 4 in a call.
fn cpas(device: &mut Device, command: &Command) -> Answer {
    match command.form {
        Form::Run | Form::Read => {
            let status = if device.telephony.call.is_some() { 4 } else { 0 };
            device.info(format!("+CPAS: {status}"));
        }
        Form::Test => device.info("+CPAS: (0,3,4)".to_owned()),
        Form::Set => return Answer::Error,
    }
    Answer::Ok
}

// TS 27.007 clause 6.10: each family says it in its own way.
fn ceer(device: &mut Device, command: &Command) -> Answer {
    let Some(voice) = device.profile.voice else {
        return device.profile.unknown;
    };
    match (command.form, device.telephony.last) {
        (Form::Run, Some(last)) => device.info(format!("+CEER: {}", (voice.ceer)(last))),
        (Form::Run, None) | (Form::Test, _) => {}
        (Form::Read | Form::Set, _) => return Answer::Error,
    }
    Answer::Ok
}

// TS 27.007 clause 7.13: 0, 1 and 1<idx> release the only call there is.
fn chld(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.text(0)) {
        (Form::Test, _) => device.info("+CHLD: (0,1,1x,2,2x,3)".to_owned()),
        (Form::Set, "0" | "1" | "11") if device.telephony.call.is_some() => device.hang_up(),
        _ => return Answer::Cme(3),
    }
    Answer::Ok
}

// TS 27.007 clause C.2.11: keys, in quotes or not, apart or with commas between them.
fn vts(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Test {
        device.info("+VTS: (0-9,*,#,A,B,C,D)".to_owned());
        return Answer::Ok;
    }
    let keys: String = command.raw.chars().filter(|key| !matches!(key, '"' | ',')).collect();
    let known = keys.chars().all(|key| crate::call::check_key(key).is_ok());
    let Some(id) = device.active_call() else { return Answer::Cme(3) };
    if keys.is_empty() || !known {
        return Answer::Cme(50);
    }
    device.effects.extend(keys.chars().map(|key| Effect::SendKey { id, key }));
    Answer::Ok
}
