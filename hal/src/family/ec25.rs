//! Quectel `EC2x`, `EG2x` and `EG9x`.

use super::{Family, QINISTAT, QPINC, Restart, Usb};
use crate::{
    at::{Query, Seconds},
    power::Timing,
};

/// Quectel `EC2x`, `EG2x` and `EG9x`, by the "EC2x&EG9x&EG2x-G&EM05 Series AT Commands Manual" V2.0.
pub static EC25: Family = Family {
    name: "ec25",
    proof: Some("EC2x&EG9x&EG2x-G&EM05 Series AT Commands Manual V2.0: +QPINC, +QINISTAT, +CNMI"),
    models: &["EC2", "EG2", "EG9", "EG06", "EG12", "EG18", "EM05"],
    usb: &[
        Usb::new(0x2c7c, 0x0125).at(2),
        Usb::new(0x2c7c, 0x0121).at(2),
        Usb::new(0x2c7c, 0x0191).at(2),
        Usb::new(0x2c7c, 0x0195).at(2),
        Usb::new(0x2c7c, 0x0512).at(2),
        Usb::new(0x2c7c, 0x0306).at(2),
    ],
    boots: &["RDY"],
    readies: &["+QIND: SMS DONE", "+QIND: PB DONE"],
    // The manual gives +CMGS 120 s.
    submit: Seconds(120),
    // The store tells when it is full only if it is asked to; unsolicited lines go to the AT port.
    pre_init: &["+QURCCFG=\"urcport\",\"usbat\"", "+QINDCFG=\"smsfull\",1"],
    iccid: Some(Query::new("+QCCID", "+QCCID")),
    pin_counters: &[QPINC],
    ready: Some(QINISTAT),
    restart: Some(Restart::CFUN),
    power: Some(Timing::EC25),
    power_down: Some("+QPOWD"),
    ..Family::DEFAULT
};
