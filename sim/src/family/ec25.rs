//! Quectel EC25 and its relatives (AT command manual V2.0).

use std::time::{Duration, Instant};

use super::{
    Handler, Parameter, Profile, Restart, Voice,
    calls::{CCINFO, DSCI, Keys, quectel_cause},
    quectel_files::FILES,
    shared::{keyed, qinistat, qpinc},
};
use crate::modem::{Answer, Command, Device, Form, Pcm};

const fn parameter(name: &'static str, range: &'static str, default: &'static str) -> Parameter {
    Parameter { name, range, default }
}

const CMMS_REST: Duration = Duration::from_secs(5);

const COMMANDS: &[(&str, Handler)] = &[
    ("+QPINC", qpinc),
    ("+QINISTAT", qinistat),
    ("+CMMS", cmms),
    ("+QCFG", qcfg),
    ("+QINDCFG", qindcfg),
    ("+QGPSCFG", qgpscfg),
    ("+QPCMV", qpcmv),
];

const VOICE: Voice = Voice {
    tellers: &[CCINFO, DSCI],
    keys: Some(Keys {
        when: ("+QTONEDET", "1"),
        says: |key| format!("+QTONEDET: {}", u32::from(key)),
    }),
    ceer: quectel_cause,
    audio_port: true,
    card: true,
    files: FILES,
    flash: 5 * 1024 * 1024,
    ..Voice::STANDARD
};

pub(super) const PROFILE: Profile = Profile {
    name: "ec25",
    manufacturer: "Quectel",
    model: "EC25",
    revision: "EC25EFAR06A06M4G",
    identification: "{manufacturer}\r\n{model}\r\nRevision: {revision}",
    revision_prefix: "",
    tac: "86683404",
    boot: &[
        (40, "RDY"),
        (20, "+CFUN: 1"),
        (20, "+CPIN: READY"),
        (10, "+QUSIM: 1"),
        (40, "+QIND: SMS DONE"),
        (20, "+QIND: PB DONE"),
    ],
    sms_ready: "+QIND: SMS DONE",
    cmee_default: 1,
    cnmi_range: "(0-2),(0-3),(0,2),(0-2),(0,1)",
    cnmi_default: [2, 1, 0, 0, 0],
    cnmi_rule: |_| true,
    saves_routing: true,
    memories: &[("SM", 40), ("ME", 255), ("MT", 255), ("SR", 25)],
    default_memory: "ME",
    // The report is in SR; the indication names a slot where another message may be.
    cdsi_claims: Some(("SM", 0)),
    first_slot: 0,
    empty_slot_is_error: true,
    esc_answers_ok: true,
    has_cnma: true,
    parameters: &[
        parameter(
            "+QURCCFG",
            "\"urcport\",(\"usbat\",\"usbmodem\",\"uart1\")",
            "\"urcport\",\"usbat\"",
        ),
        parameter("+CVHU", "(0,1)", "0"),
        parameter("+CTZU", "(0,1,3)", "0"),
        parameter("^DSCI", "(0,1)", "0"),
        parameter("+QTONEDET", "(0,1)", "0"),
        parameter("+QTTSETUP", "(1,2),(1,2),(-32768-32767)", "1,1,0"),
    ],
    commands: COMMANDS,
    iccid: Some(("+QCCID", "+QCCID: ", "F")),
    refuses_until_ready: false,
    // Wired to a UART; on USB its port would go away.
    restart: Restart::InPlace,
    voice: Some(&VOICE),
    ..Profile::STANDARD
};

// Manual, +CMMS: after a read, the next write command needs 5 to 10 seconds.
fn cmms(device: &mut Device, command: &Command) -> Answer {
    match command.form {
        Form::Read => device.cmms_read = Some(Instant::now()),
        Form::Set if device.cmms_read.is_some_and(|read| read.elapsed() < CMMS_REST) => {
            return Answer::Cms(500);
        }
        Form::Run | Form::Test | Form::Set => {}
    }
    device.parameter(command)
}

fn qcfg(device: &mut Device, command: &Command) -> Answer {
    keyed(device, command, |key| match key {
        "ims" => Some("0,0"),
        "usbcfg" => Some("0x2C7C,0x0125,1,1,1,1,1,0,0"),
        _ => None,
    })
}

fn qindcfg(device: &mut Device, command: &Command) -> Answer {
    keyed(device, command, |key| match key {
        "all" => Some("1"),
        "csq" | "smsfull" | "ring" | "act" | "ccinfo" => Some("0"),
        "smsincoming" => Some("1"),
        _ => None,
    })
}

fn qgpscfg(device: &mut Device, command: &Command) -> Answer {
    keyed(device, command, |key| (key == "outport").then_some("\"usbnmea\""))
}

// Manual: 0 through the NMEA port, 1 through the debug UART, 2 through a sound card on USB.
fn qpcmv(device: &mut Device, command: &Command) -> Answer {
    match (command.form, command.number(0), command.number(1)) {
        (Form::Test, ..) => device.info("+QPCMV: (0,1),(0-2)".to_owned()),
        (Form::Read, ..) => device.info(match device.pcm() {
            Pcm::Off => "+QPCMV: 0".to_owned(),
            Pcm::Serial => "+QPCMV: 1,0".to_owned(),
            Pcm::Usb => "+QPCMV: 1,2".to_owned(),
        }),
        (Form::Set, Some(0), _) => return device.open_sound(Pcm::Off),
        (Form::Set, Some(1), None | Some(0)) => return device.open_sound(Pcm::Serial),
        (Form::Set, Some(1), Some(2)) => return device.open_sound(Pcm::Usb),
        (Form::Run | Form::Set, ..) => return Answer::Cme(50),
    }
    Answer::Ok
}
