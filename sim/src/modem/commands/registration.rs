//! The network as the modem sees it: TS 27.007 clauses 7.2, 7.3, 8.5, 10.1.

use crate::{
    family::Handler,
    modem::{Answer, Command, Device, Form},
};

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("+CREG", |device, command| registration(device, command, 0)),
    ("+CGREG", |device, command| registration(device, command, 1)),
    ("+CEREG", |device, command| registration(device, command, 2)),
    ("+COPS", cops),
    ("+CSQ", csq),
    ("+CESQ", cesq),
];

fn registration(device: &mut Device, command: &Command, place: usize) -> Answer {
    let name = &command.name;
    match (command.form, command.number(0)) {
        (Form::Read, _) => {
            let n = device.settings.registration.get(place).copied().unwrap_or(0);
            let here = device.profile.registers_in.get(place) == Some(&true);
            let stat = match (here, device.registered()) {
                (false, _) => 0,
                (true, true) => 1,
                (true, false) => 2,
            };
            let cell = match (n, stat, device.profile.quotes_cell) {
                (2, 1, true) => ",\"1A2B\",\"01C3D4E5\",7",
                (2, 1, false) => ",1A2B,1C3D4E5",
                _ => "",
            };
            device.info(format!("{name}: {n},{stat}{cell}"));
        }
        (Form::Test, _) => device.info(format!("{name}: (0-2)")),
        (Form::Set, Some(n @ 0..=2)) => {
            if let Some(setting) = device.settings.registration.get_mut(place) {
                *setting = u8::try_from(n).unwrap_or(0);
            }
        }
        (Form::Run | Form::Set, _) => return Answer::Cme(50),
    }
    Answer::Ok
}

fn cops(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.number(0)) {
        (Form::Read, _) => {
            let format = device.settings.cops_format;
            let operator = match format {
                2 => "00101",
                1 => "Sim",
                _ => "Simulated",
            };
            if device.registered() {
                device.info(format!("+COPS: 0,{format},\"{operator}\",7"));
            } else {
                device.info("+COPS: 0".to_owned());
            }
        }
        (Form::Test, _) => device
            .info("+COPS: (2,\"Simulated\",\"Sim\",\"00101\",7),,(0,1,2,3,4),(0,1,2)".to_owned()),
        (Form::Set, Some(0..=4)) => {
            if let Some(format @ 0..=2) = command.number(1) {
                device.settings.cops_format = u8::try_from(format).unwrap_or(0);
            }
        }
        (Form::Run | Form::Set, _) => return Answer::Cme(50),
    }
    Answer::Ok
}

fn csq(device: &mut Device, command: &Command) -> Answer {
    match command.form {
        Form::Run if device.registered() => device.info("+CSQ: 21,99".to_owned()),
        Form::Run => device.info("+CSQ: 99,99".to_owned()),
        Form::Test => device.info("+CSQ: (0-31,99),(0-7,99)".to_owned()),
        Form::Read | Form::Set => return Answer::Error,
    }
    Answer::Ok
}

fn cesq(device: &mut Device, command: &Command) -> Answer {
    match command.form {
        Form::Run if device.registered() => device.info("+CESQ: 99,99,255,255,22,55".to_owned()),
        Form::Run => device.info("+CESQ: 99,99,255,255,255,255".to_owned()),
        Form::Test => {
            device.info(
                "+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)".to_owned(),
            );
        }
        Form::Read | Form::Set => return Answer::Error,
    }
    Answer::Ok
}
