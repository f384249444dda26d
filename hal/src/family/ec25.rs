//! Quectel `EC2x`, `EG2x` and `EG9x`.

use super::{
    Around, Asked, Call, Ends, Family, Files, Header, Keys, Means, QINISTAT, QPINC, Reason,
    Restart, Sound, Speech, Tells, Usb, Wants, Way, call::LISTED,
};
use crate::{
    at::{Query, Seconds},
    call::Stage,
    power::Timing,
};

/// Quectel `EC2x`, `EG2x` and `EG9x`, by the "EC2x&EG9x&EG2x-G&EM05 Series AT Commands Manual" V2.0.
pub static EC25: Family = Family {
    name: "ec25",
    proof: Some("EC2x&EG9x&EG2x-G&EM05 Series AT Commands Manual V2.0: +QPINC, +QINISTAT, +CNMI"),
    models: &["EC2", "EG2", "EG9", "EG06", "EG12", "EG18", "EM05"],
    usb: &[
        Usb::new(0x2c7c, 0x0125).at(2).audio(1),
        Usb::new(0x2c7c, 0x0121).at(2).audio(1),
        Usb::new(0x2c7c, 0x0191).at(2).audio(1),
        Usb::new(0x2c7c, 0x0195).at(2).audio(1),
        Usb::new(0x2c7c, 0x0512).at(2).audio(1),
        Usb::new(0x2c7c, 0x0306).at(2).audio(1),
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
    call: Some(Call {
        init: &["+COLP=0", "+QINDCFG=\"ccinfo\",1,0", "^DSCI=1"],
        tells: TELLS,
        reason: REASON,
        keys: Some(Keys { enable: "+QTONEDET=1", prefix: "+QTONEDET", coded: true }),
        ..Call::STANDARD
    }),
    sounds: &[
        Sound { before: &["+QPCMV=1,2"], ..Sound::new(Way::Card, Asked::Ok("+QPCMV=?")) },
        Sound {
            // The port is that of positions (NMEA), which must be free of them.
            clear: &["+QGPSCFG=\"outport\",\"none\"", "+QPCMV=0"],
            before: &["+QPCMV=1,0"],
            after: &["+QPCMV=0"],
            ..Sound::new(Way::SerialPcm, Asked::Ok("+QPCMV=?"))
        },
        Sound::new(Way::Files(&FILES), Asked::Ok("+QPSND=?")),
        Sound::new(Way::Speech(&SPEECH), Asked::Ok("+QWTTS=?")),
    ],
    ..Family::DEFAULT
};

/// What Quectel's modems say of calls.
pub(super) const TELLS: &[Tells] = &[
    LISTED,
    Tells::new(
        "+QIND: \"ccinfo\",",
        Means::Coded { code_at: 2, codes: CCINFO, only: &[(1, 0), (3, 0)] },
    ),
    Tells::new("^DSCI:", Means::Coded { code_at: 2, codes: DSCI, only: &[(1, 0), (3, 0)] }),
];

/// 1: what the network says of calls (3GPP TS 24.008 10.5.4.11). 2 is how it refuses to serve the modem, in numbers of its
/// own (10.5.3.6): there 22 is a cell that is full, and no number that has changed.
pub(super) const REASON: Reason = Reason::Grouped { network: &[1] };

/// `<state>` of `+QIND: "ccinfo"`: as `+CLCC`, and -1 = released.
const CCINFO: &[(i8, Stage)] = &[
    (-1, Stage::Ended),
    (0, Stage::Active),
    (1, Stage::Active),
    (2, Stage::Dialing),
    (3, Stage::Alerting),
];

/// `<stat>` of `^DSCI`.
const DSCI: &[(i8, Stage)] = &[
    (1, Stage::Active),
    (2, Stage::Dialing),
    (3, Stage::Active),
    (6, Stage::Ended),
    (7, Stage::Alerting),
];

static FILES: Files = Files {
    create: None,
    write: Around("+QFUPL=\"", "\""),
    header: Header::LengthSeconds,
    wants: Wants::Connect,
    chunk: 512 * 1024,
    folder: &[],
    list: "+QFLST=\"*\"",
    delete: Around("+QFDEL=\"", "\""),
    // 1: play; once; to the other side, and not here.
    play: Around("+QPSND=1,\"", "\",0,1,1"),
    stop: "+QPSND=0",
    ends: Ends::Code("+QPSND"),
    room: 2 * 1024 * 1024,
};

/// To the other side and not here; 1 = the text in UCS2.
static SPEECH: Speech = Speech {
    say: Around("+QWTTS=1,0,1,\"", "\""),
    longest: 120,
    stop: "+QWTTS=1,0,0",
    ends: Ends::Code("+QWTTS"),
};
