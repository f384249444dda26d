//! Quectel M95 and its siblings for GSM, UC15 and UC20 for UMTS.

use super::{CPINR, Call, Family, Keys, QPINC, Restart, Usb, ec25};
use crate::{
    at::{Query, Seconds},
    power::Timing,
};

/// Quectel M95, M66, M35, M10, UC15, UC20. By the "M95 AT Commands Manual" V3.1.
pub static M95: Family = Family {
    name: "m95",
    proof: Some("https://github.com/gammu/gammu/issues/358"),
    models: &["M95", "M66", "M35", "M10", "M85", "UC15", "UC20"],
    usb: &[Usb::new(0x05c6, 0x9090), Usb::new(0x05c6, 0x9003)],
    boots: &["RDY"],
    readies: &["Call Ready", "SMS Ready"],
    submit: Seconds(120),
    iccid: Some(Query::new("+QCCID", "+QCCID")),
    pin_counters: &[Query::new("+QTRPIN", "+QTRPIN"), QPINC, CPINR],
    stores: &["SM", "ME"],
    restart: Some(Restart { away: Seconds(20), ..Restart::CFUN }),
    power: Some(Timing::EC25),
    power_down: Some("+QPOWD=1"),
    // Its sound is a jack.
    call: Some(Call {
        init: &["+COLP=0", "^DSCI=1"],
        tells: ec25::TELLS,
        reason: ec25::REASON,
        keys: Some(Keys { enable: "+QTONEDET=1", prefix: "+QTONEDET", coded: true }),
        ..Call::STANDARD
    }),
    ..Family::DEFAULT
};
