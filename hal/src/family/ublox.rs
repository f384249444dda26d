//! u-blox SARA, LISA, TOBY and LARA.

use super::{CPINR, Call, Family, Keys, Means, Reason, Restart, Tells, Usb};
use crate::{
    at::{Query, Seconds},
    call::Stage,
    power::Timing,
};

/// u-blox SARA-G/U/R4/R5, LISA-U, TOBY-L, LARA-R. By the "SARA-R4 series AT commands manual"
/// (UBX-17003787).
pub static UBLOX: Family = Family {
    name: "ublox",
    proof: Some("https://github.com/ARMmbed/mbed-os/issues/14510"),
    models: &["SARA-", "LISA-", "TOBY-", "LARA-", "MPCI-L"],
    makers: &["U-BLOX"],
    usb: &[
        Usb::new(0x1546, 0x1102),
        Usb::new(0x1546, 0x1141),
        Usb::new(0x1546, 0x1143),
        Usb::new(0x1546, 0x1146),
    ],
    // Up to 11 s from sleep, and 20 s until it is ready.
    wake: Seconds(30),
    // 9.11: +CMGS takes up to 3 min.
    submit: Seconds(180),
    sim_busy: Seconds(45),
    iccid: Some(Query::new("+CCID", "+CCID")),
    pin_counters: &[Query::new("+UPINCNT", "+UPINCNT"), CPINR],
    // 5.3: 16 resets the modem with its SIM.
    restart: Some(Restart { say: "+CFUN=16", away: Seconds(30) }),
    power: Some(Timing::SARA),
    power_down: Some("+CPWROFF"),
    call: Some(Call {
        init: &["+COLP=0", "+UCALLSTAT=1"],
        tells: &[Tells::new(
            "+UCALLSTAT:",
            Means::Coded { code_at: 1, codes: UCALLSTAT, only: &[] },
        )],
        // +CEER: "CC setup error",17,"User busy"
        reason: Reason::Number { at: 1 },
        keys: Some(Keys { enable: "+UDTMFD=1,2", prefix: "+UUDTMFD", coded: false }),
        ..Call::STANDARD
    }),
    ..Family::DEFAULT
};

/// `<stat>` of `+UCALLSTAT`; 4 and 5 are calls from outside.
const UCALLSTAT: &[(i8, Stage)] = &[
    (0, Stage::Active),
    (1, Stage::Active),
    (2, Stage::Dialing),
    (3, Stage::Alerting),
    (6, Stage::Ended),
    (7, Stage::Active),
];
