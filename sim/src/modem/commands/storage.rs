//! Stored messages: +CMGR, +CMGL, +CMGD (TS 27.005 clauses 4.1, 4.2, 3.5.4).

use crate::{
    family::Handler,
    fault::Fault,
    modem::{
        Answer, Command, Device, Effect, Form,
        store::{Stat, Stored},
    },
    tpdu,
};

pub(super) const COMMANDS: &[(&str, Handler)] =
    &[("+CMGR", cmgr), ("+CMGL", cmgl), ("+CMGD", cmgd)];

fn cmgr(device: &mut Device, command: &Command) -> Answer {
    if let Some(answer) = before(device, command) {
        return answer;
    }
    let Some(index) = command.number(0) else {
        return Answer::Cms(321);
    };
    let empty_is_error = device.profile.empty_slot_is_error;
    let [read, ..] = device.settings.memories;
    let Some(memory) = device.memory(read) else {
        return Answer::Cms(300);
    };
    let in_memory = memory.has(index);
    let Some(message) = memory.get_mut(index) else {
        return if in_memory && !empty_is_error { Answer::Ok } else { Answer::Cms(321) };
    };
    let line = format!("+CMGR: {}", listed(message, ""));
    device.info(line);
    Answer::Ok
}

fn cmgl(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Test {
        device.info("+CMGL: (0-4)".to_owned());
        return Answer::Ok;
    }
    if let Some(answer) = device.sms_trouble() {
        return answer;
    }
    // <stat> 0 unread (the default), 1 read, 2 and 3 stored for sending, 4 all.
    let wanted = match (command.form, command.number(0)) {
        (Form::Run, _) => 0,
        (Form::Set, Some(stat @ 0..=4)) => stat,
        _ => return Answer::Cms(303),
    };
    let [read, ..] = device.settings.memories;
    let Some(memory) = device.memory(read) else {
        return Answer::Cms(300);
    };
    let lines: Vec<_> = memory
        .iter_mut()
        .filter(|(_, message)| wanted == 4 || message.stat as u16 == wanted)
        .map(|(index, message)| listed(message, &format!("{index},")))
        .map(|listed| format!("+CMGL: {listed}"))
        .collect();
    if !lines.is_empty() {
        device.info(lines.join("\r\n"));
    }
    Answer::Ok
}

fn cmgd(device: &mut Device, command: &Command) -> Answer {
    if let Some(answer) = before(device, command) {
        return answer;
    }
    if let Some(fault) = device.faults.strike(Fault::CmgdFail) {
        return Answer::Cms(fault.code.unwrap_or(320));
    }
    let [read, ..] = device.settings.memories;
    let Some(memory) = device.memory(read) else {
        return Answer::Cms(300);
    };
    match (command.number(0), command.number(1).unwrap_or(0)) {
        (Some(index), 0) if memory.has(index) => memory.delete(index),
        // <delflag>: 1 read, 2 and sent, 3 and unsent, 4 all; nothing is stored for sending here.
        (_, 1..=3) => memory.delete_where(|stat| stat == Stat::Read),
        (_, 4) => memory.delete_where(|_| true),
        _ => return Answer::Cms(321),
    }
    device.effects.push(Effect::RoomForMessages);
    Answer::Ok
}

// Forms other than setting, and trouble that comes before the command's own.
fn before(device: &mut Device, command: &Command) -> Option<Answer> {
    match command.form {
        Form::Test if command.name == "+CMGD" => {
            let [read, ..] = device.settings.memories;
            let slots: Vec<_> = device
                .memory(read)
                .map(|memory| memory.iter_mut().map(|(index, _)| index.to_string()).collect())
                .unwrap_or_default();
            device.info(format!("+CMGD: ({}),(0-4)", slots.join(",")));
            Some(Answer::Ok)
        }
        Form::Test => Some(Answer::Ok),
        Form::Run | Form::Read => Some(Answer::Error),
        Form::Set => device.sms_trouble(),
    }
}

/// `<stat>,[<alpha>],<length>` and the PDU; a message that is shown counts as read.
fn listed(message: &mut Stored, index: &str) -> String {
    let stat = message.stat as u16;
    message.stat = Stat::Read;
    let pdu = tpdu::hex(&message.sca) + &tpdu::hex(&message.tpdu);
    format!("{index}{stat},\"\",{}\r\n{pdu}", message.tpdu.len())
}
