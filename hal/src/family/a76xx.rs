//! SIMCom `A76xx` and `SIM767x`.

use super::{Asked, CPINR, Call, Family, Reason, Restart, SPIC, Sound, Usb, Way, simcom};
use crate::{at::Query, power::Timing};

/// SIMCom A7600, A7670, A7608 and SIM7670, SIM7672. By the "A76XX Series AT Command Manual" V1.09 and
/// that of the SIM767XX, V1.06: `+CMGS` takes up to 40 s and 60 s.
pub static A76XX: Family = Family {
    name: "a76xx",
    proof: Some("https://github.com/Xinyuan-LilyGO/LilyGo-Modem-Series/issues/79"),
    models: &["A7670", "A7672", "A7608", "A7600", "A7602", "SIM7670", "SIM7672"],
    usb: &[Usb::new(0x1e0e, 0x9011).at(4)],
    boots: &["*ATREADY: 1"],
    readies: &["SMS DONE", "PB DONE"],
    iccid: Some(Query::new("+CICCID", "+ICCID")),
    pin_counters: &[CPINR, SPIC],
    // As the SIM7600: reports told whole need mode 1.
    indications: &[[1, 1, 0, 1, 0], [2, 1, 0, 0, 0]],
    restart: Some(Restart::CFUN),
    power: Some(Timing::A76XX),
    power_down: Some("+CPOF"),
    call: Some(Call {
        init: &["+COLP=0", "+CLCC=1"],
        tells: simcom::LTE_TELLS,
        // 28.2: +CEER: "31 Normal unspecified".
        reason: Reason::Number { at: 0 },
        // As the SIM7600.
        hang_up: &["+CHUP", "+CVHU=0;H"],
        ..Call::STANDARD
    }),
    // Its sound is a jack; keys are not told.
    sounds: &[
        Sound {
            active: &["+CDTAM=1"],
            ..Sound::new(Way::Files(&simcom::LTE_FILES), Asked::Ok("+CCMXPLAY=?"))
        },
        Sound {
            active: &["+CDTAM=1"],
            ..Sound::new(Way::Speech(&simcom::SPEECH), Asked::Ok("+CTTS=?"))
        },
    ],
    ..Family::DEFAULT
};
