//! Files and sounds of `SIMCom` LTE modems: SIM7600 (manual V3.00) and A76XX (manual V1.09).

use super::{
    Handler,
    speech::{Reader, ctts},
};
use crate::modem::{Answer, Command, Device, Effect, Form, Play, Receipt, Upload, sound};

/// The memory that files are in.
const DRIVE: &str = "c:/";

const READER: Reader = Reader { to: "+CDTAM", limit: 512, info: Some("+CTTS:"), ends: "+CTTS:0" };

/// What both have.
pub(super) const FILES: &[(&str, Handler)] = &[
    ("+CFTRANRX", receive),
    ("+FSLS", list),
    ("+FSDEL", delete),
    ("+FSATTRI", attributes),
    ("+CCMXPLAY", ccmxplay),
    ("+CCMXSTOP", stop),
    ("+CTTS", |device, command| ctts(device, command, &READER)),
];

fn receive(device: &mut Device, command: &Command) -> Answer {
    let name = command.text(0);
    match (command.form, command.text(1).parse()) {
        (Form::Test, _) => device.info("+CFTRANRX: [{non-ascii}]\"FILEPATH\"".to_owned()),
        (Form::Set, Ok(size)) if name.to_ascii_lowercase().starts_with(DRIVE) => {
            return device.receive(Upload {
                name: name.to_owned(),
                size,
                appends: false,
                receipt: Receipt::Plain,
                within: None,
                too_late: Answer::Error,
            });
        }
        _ => return Answer::Error,
    }
    Answer::Ok
}

fn list(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Test {
        device.info("+FSLS: (0-2)".to_owned());
        return Answer::Ok;
    }
    let mut lines = vec!["+FSLS: FILES:".to_owned()];
    let names = device.flash.list().into_iter();
    lines.extend(names.map(|(name, _)| name.get(DRIVE.len()..).unwrap_or_default().to_owned()));
    device.info(lines.join("\r\n"));
    Answer::Ok
}

fn delete(device: &mut Device, command: &Command) -> Answer {
    let removed = device.flash.remove(&path(command.text(0)));
    if removed || command.form == Form::Test { Answer::Ok } else { Answer::Error }
}

fn attributes(device: &mut Device, command: &Command) -> Answer {
    let Some(file) = device.flash.read(&path(command.text(0))) else { return Answer::Error };
    let line = format!("+FSATTRI: {},2026/11/02 10:00:00", file.len());
    device.info(line);
    Answer::Ok
}

fn path(name: &str) -> String {
    if name.contains(':') { name.to_owned() } else { format!("{DRIVE}{name}") }
}

/// `AT+CCMXPLAY="<file>",<1 remote>,<repeat>`.
fn ccmxplay(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Test {
        device.info("+CCMXPLAY: (0-2),(0-255)".to_owned());
        return Answer::Ok;
    }
    play(
        device,
        command,
        [
            "+AUDIOSTATE: audio play",
            "+AUDIOSTATE: audio play stop",
            "+AUDIOSTATE: audio play error",
        ],
    )
}

/// `AT+CCMXPLAYWAV="<file>",<1 remote, 2 local>[,<repeat>]`.
pub(super) fn ccmxplaywav(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Test {
        device.info("+CCMXPLAYWAV: (1,2),(0-255)".to_owned());
        return Answer::Ok;
    }
    let stop = "+WAVSTATE: wav play stop";
    play(device, command, ["+WAVSTATE: wav play", stop, stop])
}

pub(super) fn stop(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Run {
        device.stop_playing(true);
    }
    Answer::Ok
}

fn play(device: &mut Device, command: &Command, says: [&'static str; 3]) -> Answer {
    let remote = command.number(1) == Some(1);
    let call = device.active_call();
    let name = command.text(0).to_owned();
    let file = device.flash.read(&name).and_then(sound);
    let Some(samples) = file.filter(|_| command.form == Form::Set && !device.plays()) else {
        return Answer::Error;
    };
    // To the other side only in a call, and never while it rings.
    if (remote || device.in_call()) && call.is_none() {
        return Answer::Error;
    }
    if let Some(id) = call.filter(|_| remote) {
        device.effect(Effect::NotePlayed { id, name });
    }
    let [begins, ends, fails] = says;
    device.play(Play { samples, remote, begins, ends, fails })
}
