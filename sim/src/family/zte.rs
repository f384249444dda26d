//! ZTE sticks: MF180, MF190, K3565-Z.

use super::{Parameter, Profile, Restart};
use crate::modem::{Answer, Command, Device, Form};

pub(super) const PROFILE: Profile = Profile {
    name: "zte",
    manufacturer: "ZTE CORPORATION",
    model: "MF180",
    revision: "BD_W7P673A3F3V1.0.0B04",
    identification: "Manufacturer: ZTE CORPORATION\r\nModel: {model}\r\nRevision: {revision}",
    tac: "35836202",
    boot: &[(40, "+ZUSIMR:2"), (40, "+ZPASR: \"UMTS\",\"CS_PS\"")],
    sms_ready: "+ZPASR: \"UMTS\",\"CS_PS\"",
    cmee_default: 0,
    cnmi_range: "(0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)",
    memories: &[("SM", 20), ("ME", 100), ("SR", 20)],
    first_slot: 0,
    iccid: None,
    slow_sim: (4, 14),
    pin_before_all: true,
    lacks: &["+CPINR", "+CESQ", "+CEREG"],
    registers_in: [true, true, false],
    quotes_cell: false,
    report_comma: true,
    noise: &["+ZUSIMR:2"],
    restart: Restart::AsDisk,
    parameters: &[
        Parameter { name: "+ZOPRT", range: "(0-6)", default: "5" },
        Parameter { name: "+ZCDRUN", range: "(0-9)", default: "8" },
    ],
    commands: &[("+ZPINPUK", pin), ("+ZPAS", mode)],
    ..Profile::STANDARD
};

// The test form tells it.
fn pin(device: &mut Device, command: &Command) -> Answer {
    if command.form == Form::Test {
        device.info(format!("+ZPINPUK: {},10", device.card.pin_attempts));
    }
    Answer::Ok
}

fn mode(device: &mut Device, _: &Command) -> Answer {
    device.info("+ZPAS: \"UMTS\",\"CS_PS\"".to_owned());
    Answer::Ok
}
