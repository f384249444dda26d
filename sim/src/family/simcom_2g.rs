//! Files and sounds of `SIMCom` 2G modems: SIM800 (manual V1.09).

use std::time::Duration;

use super::{
    Handler,
    speech::{Reader, ctts},
};
use crate::modem::{Answer, Command, Device, Effect, Form, Play, Receipt, Upload, sound};

/// The most that one `+FSWRITE` takes.
const LARGEST_WRITE: usize = 10_240;

const READER: Reader = Reader { to: "+DTAM", limit: 956, info: None, ends: "+CTTS: 0" };

pub(super) const FILES: &[(&str, Handler)] = &[
    ("+FSCREATE", create),
    ("+FSWRITE", write),
    ("+FSLS", list),
    ("+FSDEL", delete),
    ("+FSFLSIZE", size),
    ("+FSMEM", memory),
    ("+CREC", crec),
    ("+CMEDPLAY", cmedplay),
    ("+CTTS", |device, command| ctts(device, command, &READER)),
];

/// All files are below it.
const FOLDER: &str = "c:\\user\\";

fn create(device: &mut Device, command: &Command) -> Answer {
    let name = command.text(0);
    let fits = name.to_ascii_lowercase().starts_with(FOLDER) && name.len() > FOLDER.len();
    match command.form {
        Form::Test => Answer::Ok,
        Form::Set if fits && device.flash.read(name).is_none() => {
            device.flash.write(name, Vec::new());
            Answer::Ok
        }
        Form::Run | Form::Read | Form::Set => Answer::Error,
    }
}

// <name>,<0 from its beginning, 1 at its end>,<size>,<seconds>
fn write(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Test {
        device.info("+FSWRITE: (0-1),(1-10240),(1-10000)".to_owned());
        return Answer::Ok;
    }
    let name = command.text(0);
    let (mode, size, seconds) = (command.number(1), command.text(2).parse(), command.number(3));
    match (mode, size, seconds) {
        (Some(mode @ (0 | 1)), Ok(size @ 1..=LARGEST_WRITE), Some(seconds @ 1..))
            if device.flash.read(name).is_some() =>
        {
            device.receive(Upload {
                name: name.to_owned(),
                size,
                appends: mode == 1,
                receipt: Receipt::Plain,
                within: Some(Duration::from_secs(seconds.into())),
                too_late: Answer::Error,
            })
        }
        _ => Answer::Error,
    }
}

fn list(device: &mut Device, command: &Command) -> Answer {
    if command.form != Form::Set {
        return if command.form == Form::Test { Answer::Ok } else { Answer::Error };
    }
    let folder = command.text(0).to_ascii_lowercase();
    let below = |name: &str| name.to_ascii_lowercase().starts_with(&folder);
    let names: Vec<_> = device
        .flash
        .list()
        .into_iter()
        .filter(|(name, _)| below(name))
        .map(|(name, _)| name.get(folder.len()..).unwrap_or_default().to_owned())
        .collect();
    if !names.is_empty() {
        device.info(names.join("\r\n"));
    }
    Answer::Ok
}

fn delete(device: &mut Device, command: &Command) -> Answer {
    let removed = device.flash.remove(command.text(0));
    if removed || command.form == Form::Test { Answer::Ok } else { Answer::Error }
}

fn size(device: &mut Device, command: &Command) -> Answer {
    let Some(size) = device.flash.read(command.text(0)).map(<[u8]>::len) else {
        return Answer::Error;
    };
    device.info(format!("+FSFLSIZE: {size}"));
    Answer::Ok
}

fn memory(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Run {
        device.info(format!("+FSMEM: C:{}bytes", device.flash.free()));
    }
    Answer::Ok
}

// 4,<name>,<channel>,<level>[,<repeat>] plays, 5 stops.
fn crec(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.number(0)) {
        (Form::Test, _) => device.info("+CREC: (1-8),(0-2),(0-100)".to_owned()),
        (Form::Read, _) => device.info(format!("+CREC: {}", if device.plays() { 2 } else { 0 })),
        (Form::Set, Some(4)) => {
            return play(device, command, "+CREC: 0", "+CREC: 5004", sound);
        }
        (Form::Set, Some(5)) => device.stop_playing(true),
        (Form::Run | Form::Set, _) => return Answer::Error,
    }
    Answer::Ok
}

// 1,<name>,<channel>,<volume> plays, 0 stops; in a call only WAV.
fn cmedplay(device: &mut Device, command: &Command) -> Answer {
    let wav = |file: &[u8]| file.starts_with(b"RIFF").then(|| sound(file)).flatten();
    match (command.form, command.number(0)) {
        (Form::Test, _) => device.info("+CMEDPLAY: (0-3),(0-1),(0-100)".to_owned()),
        (Form::Set, Some(1)) => {
            return play(device, command, "+CMEDPLAY: 0", "+CMEDPLAY: 6", wav);
        }
        (Form::Set, Some(0)) => device.stop_playing(true),
        (Form::Run | Form::Read | Form::Set, _) => return Answer::Error,
    }
    Answer::Ok
}

fn play(
    device: &mut Device,
    command: &Command,
    ends: &'static str,
    fails: &'static str,
    read: impl Fn(&[u8]) -> Option<Vec<i16>>,
) -> Answer {
    let rings = device.in_call() && device.active_call().is_none();
    let name = command.text(1).to_owned();
    let Some(file) = device.flash.read(&name).filter(|_| !rings && !device.plays()) else {
        return Answer::Error;
    };
    let Some(samples) = read(file) else {
        device.answer(Answer::Ok);
        device.unsolicited(fails);
        return Answer::Silent;
    };
    // +DTAM: 0 here, 1 the other side, 2 both.
    let remote = device.setting("+DTAM").is_some_and(|to| to != "0");
    if let Some(id) = device.active_call().filter(|_| remote) {
        device.effect(Effect::NotePlayed { id, name });
    }
    device.play(Play { samples, remote, begins: "", ends, fails })
}
