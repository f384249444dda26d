//! Siemens, Cinterion and Gemalto: TC35, MC35, MC55, MC75, BGS2, EHS5, PLS8.

use super::{CPINR, Call, Family, Means, Reason, Restart, Tells, Usb, call::STAT};
use crate::at::Query;

/// Siemens TC and MC, Cinterion BGS, EHS, PHS and PLS. By the "EHS5/6/8 AT Command Set" V02.
pub static CINTERION: Family = Family {
    name: "cinterion",
    proof: Some("https://github.com/gammu/gammu/pull/1207"),
    models: &[
        "TC35", "TC6", "MC35", "MC39", "MC5", "MC75", "BGS", "EHS", "EES", "PHS8", "PLS", "ELS",
    ],
    makers: &["CINTERION", "SIEMENS", "GEMALTO"],
    usb: &[
        Usb::new(0x1e2d, 0x0061).at(2),
        Usb::new(0x1e2d, 0x0058),
        Usb::new(0x1e2d, 0x0053),
        Usb::new(0x0681, 0x0047),
    ],
    boots: &["^SYSSTART"],
    // One list for both stores, so that +CMTI names them as +CPMS does.
    pre_init: &["^SSMSS=1"],
    iccid: Some(Query::new("^SCID", "^SCID")),
    pin_counters: &[Query::new("^SPIC", "^SPIC"), CPINR],
    stores: &["SM", "ME"],
    restart: Some(Restart::CFUN),
    // Has no +CMMS.
    holds_link: false,
    power_down: Some("^SMSO"),
    call: Some(Call {
        init: &["+COLP=0", "^SLCC=1"],
        // One line for each call, and a bare one at their end.
        tells: &[Tells::new(
            "^SLCC:",
            Means::Coded { code_at: 2, codes: STAT, only: &[(1, 0), (3, 0)] },
        )],
        // +CEER: <location>,<reason>,<ssrelease>; 8 = the network's own causes for calls.
        reason: Reason::Grouped { network: &[8] },
        ..Call::STANDARD
    }),
    ..Family::DEFAULT
};
