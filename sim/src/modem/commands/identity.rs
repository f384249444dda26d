//! Who the modem and its SIM are: TS 27.007 clauses 5 and 8.3.

use crate::{
    family::Handler,
    fault::Fault,
    modem::{Answer, Command, Device, Form},
};

pub(super) const COMMANDS: &[(&str, Handler)] = &[
    ("I", identification),
    ("+CGMI", manufacturer),
    ("+GMI", manufacturer),
    ("+CGMM", model),
    ("+GMM", model),
    ("+CGMR", revision),
    ("+GMR", revision),
    ("+CGSN", imei),
    ("+GSN", imei),
    ("+CIMI", imsi),
    ("+CNUM", number),
    ("+CPIN", cpin),
    ("+CRSM", crsm),
    ("+CCID", iccid),
    ("+CICCID", iccid),
    ("+QCCID", iccid),
    ("^ICCID", iccid),
    ("#CCID", iccid),
    ("^SCID", iccid),
];

fn manufacturer(device: &mut Device, command: &Command) -> Answer {
    let value = device.profile.manufacturer.to_owned();
    tell(device, command, value)
}

fn model(device: &mut Device, command: &Command) -> Answer {
    let value = device.profile.model.to_owned();
    tell(device, command, value)
}

fn revision(device: &mut Device, command: &Command) -> Answer {
    let prefix = if command.name == "+CGMR" { device.profile.revision_prefix } else { "" };
    let value = format!("{prefix}{}", device.profile.revision);
    tell(device, command, value)
}

fn identification(device: &mut Device, _: &Command) -> Answer {
    let profile = device.profile;
    let text = profile
        .identification
        .replace("{manufacturer}", profile.manufacturer)
        .replace("{model}", profile.model)
        .replace("{revision}", profile.revision)
        .replace("{imei}", &device.imei);
    device.info(text);
    Answer::Ok
}

fn imei(device: &mut Device, command: &Command) -> Answer {
    let value = device.imei.clone();
    tell(device, command, value)
}

fn imsi(device: &mut Device, command: &Command) -> Answer {
    if let Some(answer) = device.sim_trouble() {
        return answer;
    }
    let value = device.card.imsi.clone();
    tell(device, command, value)
}

fn tell(device: &mut Device, command: &Command, value: String) -> Answer {
    match command.form {
        Form::Run | Form::Read => device.info(value),
        Form::Test => {}
        Form::Set => return Answer::Error,
    }
    Answer::Ok
}

fn number(device: &mut Device, command: &Command) -> Answer {
    if let Some(answer) = device.sim_trouble() {
        return answer;
    }
    if command.form == Form::Run {
        device.info(format!("+CNUM: \"\",\"{}\",145", device.card.number));
    }
    Answer::Ok
}

// Each family knows one of these names; the card can be read while it is locked.
fn iccid(device: &mut Device, command: &Command) -> Answer {
    let own = device.profile.iccid.filter(|(name, ..)| *name == command.name);
    let Some((_, prefix, filler)) = own else {
        return device.profile.unknown;
    };
    if device.faults.holds(Fault::SimMissing) {
        return Answer::Cme(10);
    }
    if matches!(command.form, Form::Run | Form::Read) {
        device.info(format!("{prefix}{}{filler}", device.card.iccid));
    }
    Answer::Ok
}

// TS 27.007 clause 8.18, for EF-ICCID alone: 176 READ BINARY of file 0x2FE2. Digits come in pairs,
// each turned round.
fn crsm(device: &mut Device, command: &Command) -> Answer {
    if device.faults.holds(Fault::SimMissing) {
        return Answer::Cme(10);
    }
    if command.form != Form::Set || command.raw != "176,12258,0,0,10" {
        return Answer::Cme(50);
    }
    let digits: Vec<char> = format!("{:F<20}", device.card.iccid).chars().collect();
    let turned: String = digits.chunks(2).flat_map(|pair| pair.iter().rev()).collect();
    device.info(format!("+CRSM: 144,0,\"{turned}\""));
    Answer::Ok
}

fn cpin(device: &mut Device, command: &Command) -> Answer {
    let trouble = device.sim_trouble();
    match (command.form, trouble) {
        (Form::Read | Form::Set, Some(Answer::Cme(10))) => return Answer::Cme(10),
        (Form::Read, Some(Answer::Cme(12))) => device.info("+CPIN: SIM PUK".to_owned()),
        (Form::Read, Some(_)) => device.info("+CPIN: SIM PIN".to_owned()),
        (Form::Read, None) => device.info("+CPIN: READY".to_owned()),
        (Form::Set, Some(trouble)) => return enter_pin(device, command.text(0), trouble),
        // TS 27.007 clause 8.3: no PIN is asked for, so it is an error to give one.
        (Form::Set, None) => return Answer::Cme(3),
        (Form::Test, _) => {}
        (Form::Run, _) => return Answer::Error,
    }
    Answer::Ok
}

fn enter_pin(device: &mut Device, pin: &str, trouble: Answer) -> Answer {
    if trouble != Answer::Cme(11) {
        return trouble;
    }
    if pin != device.card.pin {
        device.card.pin_attempts = device.card.pin_attempts.saturating_sub(1);
        return Answer::Cme(if device.card.pin_attempts == 0 { 12 } else { 16 });
    }
    device.card.pin_attempts = 3;
    device.faults.remove(Fault::SimPin);
    device.answer(Answer::Ok);
    device.unsolicited("+CPIN: READY");
    device.conditions_changed();
    Answer::Silent
}
