//! SIMCom SIM800, SIM900 and their siblings for GSM.

use super::{
    Around, Asked, CPINR, Call, Ends, Family, Files, Header, Keys, Reason, Restart, SPIC, Sound,
    Wants, Way, simcom,
};
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
    call: Some(Call {
        init: &["+COLP=0", "+CLCC=1", "+MORING=1"],
        tells: simcom::GSM_TELLS,
        // +CEER: <category>,<number>, or words.
        reason: Reason::Number { at: 1 },
        keys: Some(Keys { enable: "+DDET=1", prefix: "+DTMF", coded: false }),
        ..Call::STANDARD
    }),
    // Its sound is a jack.
    sounds: &[
        Sound { active: &["+DTAM=1"], ..Sound::new(Way::Files(&FILES), Asked::Ok("+CREC=?")) },
        Sound {
            active: &["+DTAM=1"],
            ..Sound::new(Way::Speech(&simcom::SPEECH), Asked::Ok("+CTTS=?"))
        },
    ],
    ..Family::DEFAULT
};

/// Its disk; names have no quotes but where they are played.
static FILES: Files = Files {
    create: Some(Around("+FSCREATE=C:\\User\\", "")),
    write: Around("+FSWRITE=C:\\User\\", ""),
    header: Header::ModeLengthSeconds,
    wants: Wants::Prompt,
    chunk: 10_240,
    folder: &[],
    list: "+FSLS=C:\\User\\",
    delete: Around("+FSDEL=C:\\User\\", ""),
    // 4: play; channel 0, level 90.
    play: Around("+CREC=4,\"C:\\User\\", "\",0,90"),
    stop: "+CREC=5",
    ends: Ends::Code("+CREC"),
    // Some have not much more than this free.
    room: 256 * 1024,
};
