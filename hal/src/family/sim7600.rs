//! SIMCom SIM7500 and SIM7600.

use super::{
    Around, Asked, CPINR, Call, Ends, Family, Files, Keys, Restart, SPIC, Sound, Usb, Way, simcom,
};
use crate::{
    at::{Query, Seconds},
    power::Timing,
};

/// SIMCom SIM7500 and SIM7600. By the `SIM7500_SIM7600` Series AT Command Manual V3.00.
pub static SIM7600: Family = Family {
    name: "sim7600",
    proof: Some("SIM7500_SIM7600 Series AT Command Manual V3.00: 9.2.9 +CNMI, 4.2 +CPIN"),
    models: &["SIM7600", "SIM7500"],
    usb: &[Usb::new(0x1e0e, 0x9001).at(2).audio(4)],
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
    call: Some(Call {
        init: &["+COLP=0", "+CLCC=1"],
        tells: simcom::LTE_TELLS,
        keys: Some(Keys { enable: "+DDET=1", prefix: "+RXDTMF", coded: false }),
        // ATH answers OK and does nothing unless +CVHU says otherwise.
        hang_up: &["+CHUP", "+CVHU=0;H"],
        ..Call::STANDARD
    }),
    sounds: &[
        Sound {
            // Only while a call is active; ERROR before. Switched off before each call too: the sound dies
            // after some calls otherwise.
            clear: &["+CPCMREG=0"],
            active: &["+CPCMREG=1"],
            after: &["+CPCMREG=0"],
            ..Sound::new(Way::SerialPcm, Asked::Ok("+CPCMREG=?"))
        },
        Sound {
            active: &["+CDTAM=1"],
            ..Sound::new(Way::Files(&FILES), Asked::Ok("+CCMXPLAYWAV=?"))
        },
        Sound {
            active: &["+CDTAM=1"],
            ..Sound::new(Way::Speech(&simcom::SPEECH), Asked::Ok("+CTTS=?"))
        },
    ],
    ..Family::DEFAULT
};

/// 1: to the other side.
static FILES: Files = Files {
    play: Around("+CCMXPLAYWAV=\"c:/", "\",1"),
    stop: "+CCMXSTOPWAV",
    ends: Ends::Words { played: "+WAVSTATE: wav play stop", failed: "+WAVSTATE: wav play error" },
    ..simcom::LTE_FILES
};
