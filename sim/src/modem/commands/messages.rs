//! Sending and message services: TS 27.005 clauses 3.2.1, 3.2.3, 3.3.1, 3.5.1.

use crate::{
    family::Handler,
    modem::{Answer, Command, Device, Form},
};

pub(super) const COMMANDS: &[(&str, Handler)] =
    &[("+CMGS", cmgs), ("+CMGF", cmgf), ("+CSMS", csms), ("+CSCA", csca), ("+CNMA", cnma)];

fn cmgs(device: &mut Device, command: &Command) -> Answer {
    match command.form {
        Form::Test => return Answer::Ok,
        Form::Set => {}
        Form::Run | Form::Read => return Answer::Error,
    }
    if let Some(answer) = device.sms_trouble() {
        return answer;
    }
    let conflicts = device.profile.voice.is_some_and(|voice| voice.no_messages_in_call);
    if conflicts && device.telephony.call.is_some() {
        // TS 27.005 clause 3.2.5: operation not allowed.
        return Answer::Cms(302);
    }
    // The longest submit has 164 octets: 24 before the user data and 140 of it.
    match command.number(0) {
        Some(length @ 8..=164) if command.count() == 1 => Answer::Prompt(usize::from(length)),
        _ => Answer::Cms(304),
    }
}

// Only PDU mode: nothing that sends codes should depend on text mode's character sets.
fn cmgf(device: &mut Device, command: &Command) -> Answer {
    if device.profile.refuses_until_ready && !device.sms_ready {
        return Answer::Error;
    }
    match (command.form, command.text(0)) {
        (Form::Read, _) => device.info("+CMGF: 0".to_owned()),
        (Form::Test, _) => device.info("+CMGF: (0)".to_owned()),
        (Form::Set, "0" | "") | (Form::Run, _) => {}
        (Form::Set, _) => return Answer::Cms(303),
    }
    Answer::Ok
}

fn csms(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.number(0)) {
        (Form::Read, _) => device.info(format!("+CSMS: {},1,1,1", device.settings.csms)),
        (Form::Test, _) => device.info("+CSMS: (0,1)".to_owned()),
        (Form::Set, Some(service @ 0..=1)) => {
            device.settings.csms = u8::try_from(service).unwrap_or(0);
            device.unacknowledged = 0;
            device.info("+CSMS: 1,1,1".to_owned());
        }
        (Form::Run | Form::Set, _) => return Answer::Cms(303),
    }
    Answer::Ok
}

fn csca(device: &mut Device, command: &Command) -> Answer {
    if let Some(answer) = device.sms_trouble() {
        return answer;
    }
    match command.form {
        Form::Read => {
            let kind = if device.card.service_centre.starts_with('+') { 145 } else { 129 };
            device.info(format!("+CSCA: \"{}\",{kind}", device.card.service_centre));
        }
        Form::Set if !command.text(0).is_empty() => {
            device.card.service_centre = command.text(0).to_owned();
        }
        Form::Test => {}
        Form::Run | Form::Set => return Answer::Cms(304),
    }
    Answer::Ok
}

// TS 27.005 clause 3.5.4: 340 when no acknowledgement is expected.
fn cnma(device: &mut Device, command: &Command) -> Answer {
    if !device.profile.has_cnma {
        return Answer::Error;
    }
    match (command.form, command.number(0)) {
        (Form::Test, _) => device.info("+CNMA: (0-2)".to_owned()),
        (Form::Run, _) | (Form::Set, Some(0 | 1)) if device.unacknowledged > 0 => {
            device.unacknowledged -= 1;
        }
        (Form::Run, _) | (Form::Set, Some(0..=2)) => return Answer::Cms(340),
        (Form::Read | Form::Set, _) => return Answer::Error,
    }
    Answer::Ok
}
