//! Telit GE865, HE910, LE910 and ME910.

use super::{CPINR, Family, Restart, Usb};
use crate::{
    at::{Query, Seconds},
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
    ..Family::DEFAULT
};
