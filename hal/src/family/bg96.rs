//! Quectel `BG9x` and `BG77`: LTE-M and NB-IoT.

use super::{Family, QINISTAT, QPINC, Restart, Usb};
use crate::{
    at::{Query, Seconds},
    power::Timing,
};

/// Quectel BG96, BG95, BG77. By the "BG96 AT Commands Manual" V2.1.
pub static BG96: Family = Family {
    name: "bg96",
    proof: Some("https://github.com/Azure-Samples/iot-middleware-freertos-samples/issues/381"),
    models: &["BG96", "BG95", "BG77", "BG600"],
    usb: &[Usb::new(0x2c7c, 0x0296).at(2), Usb::new(0x2c7c, 0x0700)],
    boots: &["RDY", "APP RDY"],
    readies: &["+QIND: SMS DONE"],
    submit: Seconds(120),
    pre_init: &["+QURCCFG=\"urcport\",\"usbat\""],
    iccid: Some(Query::new("+QCCID", "+QCCID")),
    pin_counters: &[QPINC],
    ready: Some(QINISTAT),
    restart: Some(Restart::CFUN),
    power: Some(Timing::EC25),
    power_down: Some("+QPOWD"),
    // LTE-M and NB-IoT carry no calls; ATD is one for data.
    call: None,
    ..Family::DEFAULT
};
