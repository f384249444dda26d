//! SIMCom SIM7000 and SIM7070, SIM7080, SIM7090: LTE-M and NB-IoT.

use super::{CPINR, Family, Restart, SPIC, Usb};
use crate::{at::Query, power::Timing};

/// SIMCom SIM7000, SIM7070, SIM7080, SIM7090. By the `SIM7070_SIM7080_SIM7090` Series AT Command
/// Manual V1.05 and that of the SIM7000, V1.06.
pub static SIM7000: Family = Family {
    name: "sim7000",
    proof: Some("https://github.com/botletics/SIM7000-LTE-Shield/issues/50"),
    models: &["SIM7000", "SIM7020", "SIM7070", "SIM7080", "SIM7090"],
    usb: &[Usb::new(0x1e0e, 0x9205).at(2), Usb::new(0x1e0e, 0x9206).at(2)],
    boots: &["RDY"],
    readies: &["SMS Ready"],
    iccid: Some(Query::new("+CCID", "+CCID")),
    pin_counters: &[SPIC, CPINR],
    // No other store exists; it fills with notifications that nobody reads.
    stores: &["SM"],
    restart: Some(Restart::CFUN),
    power: Some(Timing::SIM7000),
    power_down: Some("+CPOWD=1"),
    // LTE-M and NB-IoT carry no calls; ATD is one for data.
    call: None,
    ..Family::DEFAULT
};
