//! SIMCom SIM800, SIM900 and their siblings for GSM.

use super::{CPINR, Family, Restart, SPIC};
use crate::{at::Seconds, power::Timing};

/// SIMCom SIM800, SIM900, SIM808, SIM868. By the "SIM800 Series AT Command Manual" V1.09.
pub static SIM800: Family = Family {
    name: "sim800",
    proof: Some("https://github.com/faucamp/python-gsmmodem/issues/60"),
    models: &["SIM800", "SIM808", "SIM868", "SIM900", "SIM908", "SIM600"],
    boots: &["RDY"],
    readies: &["Call Ready", "SMS Ready"],
    // The message service refuses everything before "SMS Ready".
    pin_counters: &[SPIC, CPINR],
    stores: &["SM", "ME"],
    // <ds> is 0 or 1 only.
    indications: &[[2, 1, 0, 1, 0], [2, 1, 0, 0, 0]],
    restart: Some(Restart { away: Seconds(20), ..Restart::CFUN }),
    power: Some(Timing::SIM800),
    power_down: Some("+CPOWD=1"),
    ..Family::DEFAULT
};
