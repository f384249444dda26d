//! Huawei sticks (E and K series) and ME909 modules.

use super::{Asked, CPINR, Call, Family, Keys, Means, Sound, Tells, Usb, Way};
use crate::{at::Query, call::Stage};

/// Huawei E1xx, E17xx, E3xx, E3131, E3372, K37xx and ME909. By the "HUAWEI ME909u-521 LTE LGA Module AT
/// Command Interface Specification" and what sticks are seen to say.
pub static HUAWEI: Family = Family {
    name: "huawei",
    proof: Some("https://github.com/gammu/gammu/issues/126"),
    models: &["ME909", "ME906", "MU709", "MU609", "EM770"],
    makers: &["HUAWEI"],
    usb: &[
        Usb::new(0x12d1, 0x1001).at(2).audio(1),
        Usb::new(0x12d1, 0x140c).at(3).audio(2),
        Usb::new(0x12d1, 0x1436).at(4).audio(3),
        Usb::new(0x12d1, 0x14ac).at(4).audio(3),
        Usb::new(0x12d1, 0x1506).at(3).audio(2),
        Usb::new(0x12d1, 0x15c1),
    ],
    // ^CURC=0 ends a flood of signal and mode reports; ^PORTSEL=1 brings +CMTI to this port.
    pre_init: &["^CURC=0", "^PORTSEL=1"],
    iccid: Some(Query::new("^ICCID?", "^ICCID")),
    // ^CPIN: <code>,<times>,<puk>,<pin>,<puk2>,<pin2>
    pin_counters: &[Query::new("^CPIN?", "^CPIN").at("", 3), CPINR],
    // The E3372 refuses fewer than three.
    names_all_stores: true,
    // +CFUN=1,1 makes a stick come back as a disk: its USB port has to be switched.
    restart: None,
    // Answers +CMMS with +CMS ERROR: 500.
    holds_link: false,
    call: Some(Call {
        // What ^CURC=0 silences are the lines about calls too: where it can speak, the flood is borne.
        init: &["+COLP=0", "^CURC=1"],
        tells: &[
            Tells::new("^ORIG:", Means::Is(Stage::Dialing)),
            Tells::new("^CONF:", Means::Is(Stage::Alerting)),
            Tells::new("^CONN:", Means::Is(Stage::Active)),
            // ^CEND:<idx>,<duration>,<end_status>[,<cc_cause>]
            Tells::new("^CEND:", Means::Ended { cause_at: Some(3) }),
        ],
        keys: Some(Keys { enable: "^DDTMFCFG=0,1", prefix: "^DDTMF", coded: false }),
        ..Call::STANDARD
    }),
    sounds: &[Sound {
        // 2: over the port of samples.
        dialled: &["^DDSETEX=2"],
        // 0: voice is unlocked.
        ..Sound::new(Way::SerialPcm, Asked::Value(Query::new("^CVOICE?", "^CVOICE"), "0"))
    }],
    ..Family::DEFAULT
};
