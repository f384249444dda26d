//! Commands that several families have, in their own words.

use crate::modem::{Answer, Command, Device, Form};

/// 3GPP TS 27.007 clause 8.65.
pub(super) fn cpinr(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Test {
        return Answer::Ok;
    }
    let left = device.card.pin_attempts;
    device.info(format!("+CPINR: SIM PIN,{left},3"));
    device.info("+CPINR: SIM PUK,10,10".to_owned());
    Answer::Ok
}

/// `SIMCom`: PIN, PUK, PIN2, PUK2.
pub(super) fn spic(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Run {
        device.info(format!("+SPIC: {},10,3,10", device.card.pin_attempts));
    }
    Answer::Ok
}

/// Quectel LTE.
pub(super) fn qpinc(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Read {
        device.info(format!("+QPINC: \"SC\",{},10", device.card.pin_attempts));
        device.info("+QPINC: \"P2\",3,10".to_owned());
    }
    Answer::Ok
}

/// Quectel LTE: 1 = SIM, 2 = messages, 4 = phone book.
pub(super) fn qinistat(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Run {
        let state = match (device.sim_trouble(), device.sms_ready) {
            (Some(_), _) => 0,
            (None, false) => 1,
            (None, true) => 7,
        };
        device.info(format!("+QINISTAT: {state}"));
    }
    Answer::Ok
}

/// A counter that stands alone, behind the name of its command.
pub(super) fn lone_counter(device: &mut Device, command: &Command) -> Answer {
    if command.form != Form::Set {
        device.info(format!("{}: {}", command.name, device.card.pin_attempts));
    }
    Answer::Ok
}

/// A counter with those of PIN2, PUK and PUK2 behind it.
pub(super) fn counters(device: &mut Device, command: &Command) -> Answer {
    if command.form != Form::Set {
        device.info(format!("{}: {},3,10,10", command.name, device.card.pin_attempts));
    }
    Answer::Ok
}

/// `AT+X="key"` shows the value of a key, `AT+X="key",…` sets it.
pub(super) fn keyed(
    device: &mut Device,
    command: &Command,
    default: fn(&str) -> Option<&str>,
) -> Answer {
    let key = command.text(0).to_ascii_lowercase();
    let Some(default) = default(&key) else {
        return if command.form == Form::Test { Answer::Ok } else { Answer::Cme(50) };
    };
    let slot = format!("{}.{key}", command.name);
    match command.raw.split_once(',') {
        Some((_, value)) => device.keep(slot, value.to_owned()),
        None => {
            let value = device.kept(&slot).unwrap_or(default).to_owned();
            device.info(format!("{}: \"{}\",{value}", command.name, command.text(0)));
        }
    }
    Answer::Ok
}
