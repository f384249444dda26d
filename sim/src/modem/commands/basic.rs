//! How to talk, and power: V.250 commands, +CMEE, +CFUN, +CCLK.

use jiff::{Timestamp, tz::Offset};

use crate::{
    family::Handler,
    modem::{Answer, Command, Device, Effect, Form},
};

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("E", |device, command| flag(command, &mut device.settings.echo)),
    ("V", |device, command| flag(command, &mut device.settings.verbose)),
    ("Q", |device, command| flag(command, &mut device.settings.quiet)),
    ("Z", |device, _| defaults(device)),
    ("&F", |device, _| defaults(device)),
    ("&W", |_, _| Answer::Ok),
    ("&C", |_, _| Answer::Ok),
    ("&D", |_, _| Answer::Ok),
    ("X", |_, _| Answer::Ok),
    ("S", |_, _| Answer::Ok),
    ("+CMEE", cmee),
    ("+CFUN", cfun),
    ("+CCLK", cclk),
    ("+CUSD", cusd),
    ("+GCAP", |device, command| show(device, command, "+CGSM,+FCLASS,+DS", "")),
];

fn flag(command: &Command, value: &mut bool) -> Answer {
    match command.raw.as_str() {
        "" | "0" => *value = false,
        "1" => *value = true,
        _ => return Answer::Error,
    }
    Answer::Ok
}

fn defaults(device: &mut Device) -> Answer {
    device.settings = device.settings.defaults(device.profile);
    Answer::Ok
}

fn show(device: &mut Device, command: &Command, value: &str, range: &str) -> Answer {
    match command.form {
        Form::Run | Form::Read => device.info(format!("{}: {value}", command.name)),
        Form::Test if !range.is_empty() => device.info(format!("{}: {range}", command.name)),
        Form::Test => {}
        Form::Set => return Answer::Error,
    }
    Answer::Ok
}

fn cmee(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.number(0)) {
        (Form::Read, _) => device.info(format!("+CMEE: {}", device.settings.cmee)),
        (Form::Test, _) => device.info("+CMEE: (0,1,2)".to_owned()),
        (Form::Set, Some(level @ 0..=2)) => device.settings.cmee = u8::try_from(level).unwrap_or(0),
        (Form::Run | Form::Set, _) => return Answer::Error,
    }
    Answer::Ok
}

// TS 27.007 clause 8.2.
fn cfun(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.number(0), command.number(1)) {
        (Form::Read, ..) => device.info(format!("+CFUN: {}", device.settings.cfun)),
        (Form::Test, ..) => device.info("+CFUN: (0,1,4),(0,1)".to_owned()),
        (Form::Set, Some(_), Some(1)) | (Form::Set, Some(16), None) => {
            return device.restart_by_command();
        }
        (Form::Set, Some(level @ (0 | 1 | 4)), _) => {
            device.settings.cfun = u8::try_from(level).unwrap_or(1);
            device.conditions_changed();
        }
        (Form::Run | Form::Set, ..) => return Answer::Error,
    }
    Answer::Ok
}

fn cclk(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Read {
        let local = Offset::UTC.to_datetime(Timestamp::now());
        let clock = local.strftime("%y/%m/%d,%H:%M:%S+00");
        device.info(format!("+CCLK: \"{clock}\""));
    }
    Answer::Ok
}

// TS 27.007 clause 7.15: OK first, the network's answer later as an unsolicited result.
fn cusd(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.number(0)) {
        (Form::Read, _) => device.info("+CUSD: 0".to_owned()),
        (Form::Test, _) => device.info("+CUSD: (0,1,2)".to_owned()),
        (Form::Set, Some(0 | 1)) if !command.text(1).is_empty() => {
            if !device.registered() {
                return Answer::Cme(30);
            }
            let text = "+CUSD: 0,\"Your balance is 10.00\",15".to_owned();
            let delay = std::time::Duration::from_millis(20);
            device.effects.push(Effect::SayLater { life: device.life, delay, text });
        }
        (Form::Set, Some(0..=2)) => {}
        (Form::Run | Form::Set, _) => return Answer::Error,
    }
    Answer::Ok
}
