//! Modems that read texts out.

use crate::modem::{Answer, Command, Device, Effect, Form, Play, read_aloud};

/// What a family's reading is like.
pub(super) struct Reader {
    /// The setting by which the other side hears it, when it is 1 or 2.
    pub(super) to: &'static str,
    pub(super) limit: usize,
    /// The line before `OK`.
    pub(super) info: Option<&'static str>,
    pub(super) ends: &'static str,
}

/// `AT+CTTS=<mode>,"<text>"`: 0 stops, 1 UCS-2 in hexadecimal, 2 ASCII.
pub(super) fn ctts(device: &mut Device, command: &Command, reader: &Reader) -> Answer {
    match (command.form, command.number(0)) {
        (Form::Test, _) => device.info("+CTTS: (0-2)".to_owned()),
        (Form::Read, _) => device.info(format!("+CTTS: {}", u8::from(device.plays()))),
        (Form::Set, Some(0)) => device.stop_playing(true),
        (Form::Set, Some(mode @ (1 | 2))) => {
            let text = command.text(1);
            let read = if mode == 1 { ucs2(text) } else { Some(text.to_owned()) };
            let Some(read) = read.filter(|it| !it.is_empty() && text.len() <= reader.limit) else {
                return Answer::Error;
            };
            let remote = device.setting(reader.to).is_some_and(|to| to != "0");
            device.reply_first(reader.info);
            return speak(device, &read, remote, reader.ends, reader.ends);
        }
        (Form::Run | Form::Set, _) => return Answer::Error,
    }
    Answer::Ok
}

/// Reads a text out, if nothing else plays and no phone rings.
pub(super) fn speak(
    device: &mut Device,
    text: &str,
    remote: bool,
    ends: &'static str,
    fails: &'static str,
) -> Answer {
    if device.plays() || (device.in_call() && device.active_call().is_none()) {
        return Answer::Error;
    }
    if let Some(id) = device.active_call().filter(|_| remote) {
        device.effect(Effect::NoteSpoken { id, text: text.to_owned() });
    }
    device.play(Play { samples: read_aloud(text), remote, begins: "", ends, fails })
}

/// UTF-16 in hexadecimal.
pub(super) fn ucs2(hex: &str) -> Option<String> {
    let (quads, rest) = hex.as_bytes().as_chunks::<4>();
    let unit = |quad: &[u8; 4]| u16::from_str_radix(std::str::from_utf8(quad).ok()?, 16).ok();
    let units: Option<Vec<u16>> = quads.iter().map(unit).collect();
    String::from_utf16(&units?).ok().filter(|_| rest.is_empty())
}
