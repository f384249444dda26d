//! SIMCom SIM7500 and SIM7600.

use super::{CPINR, Family, Restart, SPIC, Usb};
use crate::{
    at::{Query, Seconds},
    power::Timing,
};

/// SIMCom SIM7500 and SIM7600. By the `SIM7500_SIM7600` Series AT Command Manual V3.00.
pub static SIM7600: Family = Family {
    name: "sim7600",
    proof: Some("SIM7500_SIM7600 Series AT Command Manual V3.00: 9.2.9 +CNMI, 4.2 +CPIN"),
    models: &["SIM7600", "SIM7500"],
    usb: &[Usb::new(0x1e0e, 0x9001).at(2)],
    boots: &["RDY"],
    readies: &["SMS DONE", "PB DONE"],
    // 15 to 22 s from the power key.
    wake: Seconds(25),
    iccid: Some(Query::new("+CICCID", "+ICCID")),
    pin_counters: &[SPIC, CPINR],
    // 9.2.9: reports told whole (ds = 1) need mode 1.
    indications: &[[1, 1, 0, 1, 0], [2, 1, 0, 2, 0], [2, 1, 0, 0, 0]],
    restart: Some(Restart::CFUN),
    power: Some(Timing::SIM7600),
    power_down: Some("+CPOF"),
    ..Family::DEFAULT
};
