//! Where what arrives goes: +CNMI and +CPMS (TS 27.005 clauses 3.4.1 and 3.2.2).

use crate::{
    family::Handler,
    modem::{Answer, Command, Device, Form},
};

pub(super) const COMMANDS: &[(&str, Handler)] = &[("+CNMI", cnmi), ("+CPMS", cpms)];

fn cnmi(device: &mut Device, command: &Command) -> Answer {
    match command.form {
        Form::Read => {
            let [mode, mt, bm, ds, bfr] = device.settings.cnmi;
            device.info(format!("+CNMI: {mode},{mt},{bm},{ds},{bfr}"));
            Answer::Ok
        }
        Form::Test => {
            device.info(format!("+CNMI: {}", device.profile.cnmi_range));
            Answer::Ok
        }
        Form::Run => set_cnmi(device, command),
        Form::Set => set_cnmi(device, command),
    }
}

// Arguments left out at the end are 0.
fn set_cnmi(device: &mut Device, command: &Command) -> Answer {
    let mut values = [0u8; 5];
    for (place, value) in values.iter_mut().enumerate() {
        if command.text(place).is_empty() {
            continue;
        }
        match command.text(place).parse() {
            Ok(number) if in_range(device.profile.cnmi_range, place, number) => *value = number,
            _ => return Answer::Cms(303),
        }
    }
    if command.count() > values.len() || !(device.profile.cnmi_rule)(values) {
        return Answer::Cms(303);
    }
    device.settings.cnmi = values;
    device.routing_changed();
    Answer::Ok
}

/// Whether a number is in the `place`th group of a range such as `(0-2),(0,1)`.
fn in_range(range: &str, place: usize, number: u8) -> bool {
    let Some(group) = range.split("),").nth(place) else {
        return false;
    };
    group.trim_matches(['(', ')']).split(',').any(|part| match part.split_once('-') {
        Some((low, high)) => {
            let low: u8 = low.parse().unwrap_or(u8::MAX);
            high.parse().is_ok_and(|high: u8| (low..=high).contains(&number))
        }
        None => part.parse() == Ok(number),
    })
}

fn cpms(device: &mut Device, command: &Command) -> Answer {
    if let Some(answer) = device.sms_trouble() {
        return answer;
    }
    match command.form {
        Form::Read => {
            let shown: Vec<_> = device
                .settings
                .memories
                .into_iter()
                .map(|name| {
                    let (used, total) = usage(device, name);
                    format!("\"{name}\",{used},{total}")
                })
                .collect();
            device.info(format!("+CPMS: {}", shown.join(",")));
            Answer::Ok
        }
        Form::Test => {
            let names = |reports: bool| {
                let quoted: Vec<_> = device
                    .profile
                    .memories
                    .iter()
                    .filter(|(name, _)| reports || *name != "SR")
                    .map(|(name, _)| format!("\"{name}\""))
                    .collect();
                format!("({})", quoted.join(","))
            };
            let receive = device.profile.receive_memories.map(|memories| {
                let quoted: Vec<_> = memories.iter().map(|name| format!("\"{name}\"")).collect();
                format!("({})", quoted.join(","))
            });
            let receive = receive.unwrap_or_else(|| names(false));
            let ranges = format!("+CPMS: {},{},{receive}", names(true), names(false));
            device.info(ranges);
            Answer::Ok
        }
        Form::Set => set_cpms(device, command),
        Form::Run => Answer::Error,
    }
}

fn set_cpms(device: &mut Device, command: &Command) -> Answer {
    let mut memories = device.settings.memories;
    for (place, memory) in memories.iter_mut().enumerate() {
        let wanted = command.text(place);
        if wanted.is_empty() {
            continue;
        }
        let known = device.profile.memories.iter().find(|(name, _)| *name == wanted);
        let receives = |name: &str| {
            device.profile.receive_memories.is_none_or(|memories| memories.contains(&name))
        };
        match known {
            Some((name, _)) if place == 2 && !receives(name) => return Answer::Cms(303),
            Some((name, _)) if place == 0 || *name != "SR" => *memory = name,
            _ => return Answer::Cms(303),
        }
    }
    let (fewest, most) = device.profile.cpms_places;
    if !(fewest..=most).contains(&command.count()) {
        return Answer::Cms(303);
    }
    device.settings.memories = memories;
    let shown: Vec<_> = memories
        .into_iter()
        .map(|name| {
            let (used, total) = usage(device, name);
            let shown =
                if device.profile.cpms_names { format!("\"{name}\",") } else { String::new() };
            format!("{shown}{used},{total}")
        })
        .collect();
    device.info(format!("+CPMS: {}", shown.join(",")));
    Answer::Ok
}

fn usage(device: &mut Device, name: &str) -> (usize, usize) {
    let full = device.faults.holds(crate::fault::Fault::StoreFull);
    device
        .memory(name)
        .map(|memory| (if full { memory.total() } else { memory.used() }, memory.total()))
        .unwrap_or_default()
}
