//! Files and sounds of Quectel LTE modems (manual of the `EC2x`, V2.0, and its file manual).

use std::time::Duration;

use super::{
    Handler,
    speech::{speak, ucs2},
};
use crate::modem::{Answer, Command, Device, Effect, Form, Play, Receipt, Upload, sound};

/// Errors of files: no space, not found, exists already, time is over.
const NO_SPACE: Answer = Answer::Cme(403);
const NOT_FOUND: Answer = Answer::Cme(405);
const EXISTS: Answer = Answer::Cme(407);
const TOO_LATE: Answer = Answer::Cme(421);

/// Errors of sound: bad parameter, not supported now, busy.
const BAD: Answer = Answer::Cme(902);
const UNSUPPORTED: Answer = Answer::Cme(903);
const BUSY: Answer = Answer::Cme(904);

/// The longest text that is read out, in octets.
const TEXT: usize = 543;

pub(super) const FILES: &[(&str, Handler)] = &[
    ("+QFUPL", upload),
    ("+QFLST", list),
    ("+QFDEL", delete),
    ("+QFLDS", space),
    ("+QPSND", qpsnd),
    ("+QWTTS", qwtts),
];

// "<name>",<size>[,<seconds>[,<1: acknowledge>]]
fn upload(device: &mut Device, command: &Command) -> Answer {
    let name = command.text(0);
    let size = match (command.form, command.text(1).parse()) {
        (Form::Test, _) => return Answer::Ok,
        (Form::Set, Ok(size)) if !name.is_empty() => size,
        _ => return Answer::Cme(400),
    };
    if device.flash.read(name).is_some() {
        return EXISTS;
    }
    if size > device.flash.free() {
        return NO_SPACE;
    }
    device.receive(Upload {
        name: name.to_owned(),
        size,
        appends: false,
        receipt: Receipt::Quectel { acknowledges: command.number(3) == Some(1) },
        within: Some(Duration::from_secs(command.number(2).unwrap_or(5).into())),
        too_late: TOO_LATE,
    })
}

fn list(device: &mut Device, command: &Command) -> Answer {
    let wanted = command.text(0).to_ascii_lowercase();
    let (folder, any) = wanted.strip_suffix('*').map_or((wanted.as_str(), false), |it| (it, true));
    let lines: Vec<_> = device
        .flash
        .list()
        .into_iter()
        .filter(|(name, _)| {
            let name = name.to_ascii_lowercase();
            wanted.is_empty() || name == folder || (any && name.starts_with(folder))
        })
        .map(|(name, size)| format!("+QFLST: \"{name}\",{size}"))
        .collect();
    if !lines.is_empty() {
        device.info(lines.join("\r\n"));
    }
    Answer::Ok
}

fn delete(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.text(0)) {
        (Form::Test, _) => {}
        (Form::Set, "*") => device.flash.clear(),
        (Form::Set, name) if device.flash.remove(name) => {}
        _ => return NOT_FOUND,
    }
    Answer::Ok
}

fn space(device: &mut Device, command: &Command) -> Answer {
    if command.form != Form::Test {
        device.info(format!("+QFLDS: {},{}", device.flash.free(), device.flash.capacity()));
    }
    Answer::Ok
}

// 1,"<name>",<repeat>,<uplink>,<downlink> plays, 0 stops.
fn qpsnd(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.number(0)) {
        (Form::Test, _) => {
            device.info("+QPSND: (0,1),<filename>,(0,1),(0,1),(0,1)".to_owned());
            return Answer::Ok;
        }
        (Form::Set, Some(0)) => {
            device.stop_playing(true);
            return Answer::Ok;
        }
        (Form::Set, Some(1)) => {}
        (Form::Run | Form::Read | Form::Set, _) => return BAD,
    }
    let Some(id) = device.active_call() else { return UNSUPPORTED };
    if device.plays() {
        return BUSY;
    }
    let name = command.text(1).to_owned();
    let Some(samples) = device.flash.read(&name).and_then(sound) else { return BAD };
    device.effect(Effect::NotePlayed { id, name });
    device.play(Play {
        samples,
        remote: true,
        begins: "",
        ends: "+QPSND: 0",
        fails: "+QPSND: 4111",
    })
}

// <uplink>,<downlink>,<1 UCS-2, 2 GBK>,"<text>" reads out, 1,0,0 stops.
fn qwtts(device: &mut Device, command: &Command) -> Answer {
    let text = match (command.form, command.number(2)) {
        (Form::Test, _) => {
            device.info("+QWTTS: (0,1),(0,1),(0-2),<text>".to_owned());
            return Answer::Ok;
        }
        (Form::Set, Some(0)) => {
            device.stop_playing(true);
            return Answer::Ok;
        }
        (Form::Set, Some(1)) => ucs2(command.text(3)),
        (Form::Set, Some(2)) => Some(command.text(3).to_owned()),
        (Form::Run | Form::Read | Form::Set, _) => None,
    };
    let Some(text) = text.filter(|text| !text.is_empty() && command.text(3).len() <= TEXT) else {
        return BAD;
    };
    if device.active_call().is_none() {
        return UNSUPPORTED;
    }
    if device.plays() {
        return BUSY;
    }
    speak(device, &text, command.number(0) == Some(1), "+QWTTS: 0", "+QWTTS: 4111")
}
