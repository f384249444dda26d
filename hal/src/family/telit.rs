//! Telit GE865, HE910, LE910 and ME910.

use super::{CPINR, Call, Family, Keys, Means, Restart, Tells, Usb};
use crate::{
    at::{Query, Seconds},
    call::Stage,
    power::Timing,
};

/// Telit GE, HE, UE, LE and ME 865/866/910. By the "HE910/UE910 Family AT Commands Reference Guide"
/// (80378ST10091A).
pub static TELIT: Family = Family {
    name: "telit",
    proof: Some("https://github.com/gammu/gammu/issues/376"),
    models: &["GE8", "GE9", "GL8", "HE910", "UE9", "UL8", "LE9", "LE8", "ME910", "ME310"],
    makers: &["TELIT"],
    usb: &[
        Usb::new(0x1bc7, 0x0021),
        Usb::new(0x1bc7, 0x1201).at(4),
        Usb::new(0x1bc7, 0x1031).at(1),
        Usb::new(0x1bc7, 0x1033).at(1),
    ],
    // Its port is there long before it listens.
    wake: Seconds(30),
    iccid: Some(Query::new("#CCID", "#CCID")),
    pin_counters: &[Query::new("#PCT", "#PCT"), CPINR],
    // #QSS: <mode>,<status>: 3 = SIM inserted, and messages can be read.
    ready: Some(Query::new("#QSS?", "#QSS").at("", 1)),
    restart: Some(Restart { say: "#REBOOT", away: Seconds(40) }),
    power: Some(Timing::TELIT),
    power_down: Some("#SHDN"),
    call: Some(Call {
        init: &["+COLP=0", "#ECAM=1"],
        // #ECAM: <ccid>,<ccstatus>,<calltype>,…: 1 = voice.
        tells: &[Tells::new("#ECAM:", Means::Coded { code_at: 1, codes: ECAM, only: &[(2, 1)] })],
        keys: Some(Keys { enable: "#DTMF=1", prefix: "#DTMFEV", coded: false }),
        ..Call::STANDARD
    }),
    ..Family::DEFAULT
};

/// `<ccstatus>` of `#ECAM`; 5 and 6 are calls from outside, and 7 = busy is told as a result too.
const ECAM: &[(i8, Stage)] = &[
    (0, Stage::Ended),
    (1, Stage::Dialing),
    (2, Stage::Alerting),
    (3, Stage::Active),
    (4, Stage::Active),
];
