//! Modem families: everything that differs between modems, as data. A quirk is a field with a
//! documented default, never a comparison elsewhere.

mod a76xx;
mod bg96;
mod call;
mod cinterion;
mod ec25;
mod generic;
mod huawei;
mod m95;
#[cfg(test)]
mod proofs;
mod sim7000;
mod sim7600;
mod sim800;
mod simcom;
mod sound;
mod telit;
mod ublox;
mod zte;

use crate::{
    at::{Query, Seconds},
    power::Timing,
};

pub use a76xx::A76XX;
pub use bg96::BG96;
pub use call::{Call, Keys, Means, Reason, Tells};
pub use cinterion::CINTERION;
pub use ec25::EC25;
pub use generic::GENERIC;
pub use huawei::HUAWEI;
pub use m95::M95;
pub use sim800::SIM800;
pub use sim7000::SIM7000;
pub use sim7600::SIM7600;
pub use sound::{
    Around, Asked, Ends, Files, Header, Sink, Sinks, Sound, SoundWay, Speech, Wants, Way,
};
pub use telit::TELIT;
pub use ublox::UBLOX;
pub use zte::ZTE;

/// What is particular to a family of modems.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name in the configuration.
    pub name: &'static str,
    /// Where real modems of it can be seen to talk as is said here: their dialogue is replayed in the
    /// tests. `None` = only read in manuals, or not at all.
    pub proof: Option<&'static str>,
    /// How the answers to `+CGMM` begin, in capitals.
    pub models: &'static [&'static str],
    /// How the answers to `+CGMI` begin, in capitals, where these makers' models are all of it.
    pub makers: &'static [&'static str],
    /// Its products on USB.
    pub usb: &'static [Usb],
    /// Lines that it says when it starts, and at no other time.
    pub boots: &'static [&'static str],
    /// Lines that say that messages, or calls, can be handled.
    pub readies: &'static [&'static str],
    /// How long it may take from power-on to the first answer.
    pub wake: Seconds,
    /// How long the answer to a submitted message may take.
    pub submit: Seconds,
    /// How long the prompt for its body may take.
    pub prompt: Seconds,
    /// Settings made before the SIM is looked at; errors are no failure.
    pub pre_init: &'static [&'static str],
    /// How long a SIM may be busy.
    pub sim_busy: Seconds,
    /// The question for the ICCID; where it has none, the file on the SIM is read.
    pub iccid: Option<Query>,
    /// Questions for how often a PIN may be entered yet, the likeliest first. Where none is answered, no
    /// PIN is ever entered.
    pub pin_counters: &'static [Query],
    /// A question whose answer has its two lowest bits set once messages can be handled. Where there
    /// is none, the message service is tried until it works.
    pub ready: Option<Query>,
    /// Message stores, the best first.
    pub stores: &'static [&'static str],
    /// Whether `+CPMS=` takes all of its places or none.
    pub names_all_stores: bool,
    /// Values of `+CNMI`, the best first: messages stored and told of, so that the modem keeps a second
    /// copy until ours is on disk; delivery reports told whole where they can be (fourth value 1), else
    /// stored (2). What the modem does not offer is passed over.
    pub indications: &'static [[u8; 5]],
    /// Whether `+CMMS` may hold the link to the network between messages, where the modem offers it:
    /// 3GPP TS 27.005 3.5.6.
    pub holds_link: bool,
    /// How long its lines want to be held, where boards carry it that have lines for that.
    pub power: Option<Timing>,
    /// The command after `AT` that switches it off.
    pub power_down: Option<&'static str>,
    /// How it is restarted by a command; `None` where that is known to make things worse, or nothing
    /// is known.
    pub restart: Option<Restart>,
    /// How it places calls; `None` = it has none, or nothing is known.
    pub call: Option<Call>,
    /// How it can be made to speak in one, the best way first. A sound card that its jack is wired to may
    /// serve any.
    pub sounds: &'static [Sound],
}

/// A product on USB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usb {
    /// Vendor.
    pub vendor: u16,
    /// Product.
    pub product: u16,
    /// Number of the interface that takes AT commands (`bInterfaceNumber`), where it is known. Others may
    /// answer AT too, and tell of no message.
    pub at: Option<u8>,
    /// Number of the interface whose port carries the sound of calls, where it has one.
    pub audio: Option<u8>,
}

impl Usb {
    const fn new(vendor: u16, product: u16) -> Self {
        Self { vendor, product, at: None, audio: None }
    }

    const fn at(self, interface: u8) -> Self {
        Self { at: Some(interface), ..self }
    }

    const fn audio(self, interface: u8) -> Self {
        Self { audio: Some(interface), ..self }
    }
}

/// How a modem is restarted by a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    /// The command after `AT`.
    pub say: &'static str,
    /// How long the modem may be away, its port too.
    pub away: Seconds,
}

impl Restart {
    /// 3GPP TS 27.007 8.2, `<rst>` = 1: resets before it switches to full functionality.
    const CFUN: Self = Self { say: "+CFUN=1,1", away: Seconds(30) };
}

impl Family {
    /// What a family is like of which nothing else is known.
    pub(crate) const DEFAULT: Self = Self {
        name: "generic",
        proof: None,
        models: &[],
        makers: &[],
        usb: &[],
        boots: &[],
        readies: &[],
        // Manuals name 3 to 10 s, and a modem that has run for long answers at once.
        wake: Seconds(15),
        // Most manuals say 60 s; those that say more are families of their own (Quectel 120 s, u-blox 180 s).
        submit: Seconds(60),
        prompt: Seconds(10),
        pre_init: &[],
        // A slow card, and a modem that reads its phone book first.
        sim_busy: Seconds(30),
        iccid: Some(Query::new("+CCID", "+CCID")),
        // 3GPP TS 27.007 8.65.
        pin_counters: &[CPINR],
        ready: None,
        stores: &["ME", "SM"],
        // 3GPP TS 27.005 3.2.2: those behind the first may be left out.
        names_all_stores: false,
        indications: &[
            [2, 1, 0, 1, 0],
            [1, 1, 0, 1, 0],
            [2, 1, 0, 2, 0],
            [1, 1, 0, 2, 0],
            [2, 1, 0, 0, 0],
            [1, 1, 0, 0, 0],
        ],
        holds_link: true,
        power: None,
        power_down: None,
        // Makes some sticks come back as a disk, and some modules not at all.
        restart: None,
        call: Some(Call::STANDARD),
        sounds: &[],
    };
}

/// 3GPP TS 27.007 8.65: `+CPINR: SIM PIN,3,3`.
const CPINR: Query = Query::new("+CPINR", "+CPINR").at("SIM PIN", 1);
/// `SIMCom`: `+SPIC: <pin1>,<puk1>,…`; also in the order pin1, pin2, puk1, puk2.
const SPIC: Query = Query::new("+SPIC", "+SPIC");
/// Quectel LTE: `+QPINC: "SC",3,10`.
const QPINC: Query = Query::new("+QPINC?", "+QPINC").at("SC", 1);
/// Quectel LTE: `+QINISTAT: <bits>`: 1 = SIM ready, 2 = messages, 4 = phone book.
const QINISTAT: Query = Query::new("+QINISTAT", "+QINISTAT");

impl Family {
    /// All ways to be heard in a call, the best first: its own, and a sound card that its jack is wired to.
    pub fn all_sounds(&self) -> impl Iterator<Item = &'static Sound> + use<> {
        let has_card = self.sounds.iter().any(|it| it.way == Way::Card);
        let jack = (!has_card).then_some(&Sound::CARD);
        self.sounds.iter().chain(jack)
    }

    /// Its way to be heard through this sink.
    #[must_use]
    pub fn sound(&self, sink: Sink) -> Option<&'static Sound> {
        self.all_sounds().find(|sound| sound.way.sink() == sink)
    }
}

/// All families; the generic one comes last.
pub const ALL: [&Family; 13] = [
    &SIM800, &SIM7000, &SIM7600, &A76XX, &EC25, &M95, &BG96, &HUAWEI, &ZTE, &UBLOX, &TELIT,
    &CINTERION, &GENERIC,
];

/// The family of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Family> {
    ALL.into_iter().find(|family| family.name == name)
}

/// The family of a modem that calls itself and its maker so; the generic one where nothing fits.
#[must_use]
pub fn by_model(maker: &str, model: &str) -> &'static Family {
    let starts = |text: &str, prefix: &str| {
        text.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix))
    };
    // Some write "SIMCOM_SIM7600E-H", some "SIM7600E-H".
    let model = model.rsplit('_').next().unwrap_or(model);
    let by = |names: fn(&Family) -> &[&str], text: &str| {
        ALL.into_iter().find(|family| names(family).iter().any(|it| starts(text, it)))
    };
    by(|family| family.models, model)
        .or_else(|| by(|family| family.makers, maker))
        .unwrap_or(&GENERIC)
}

/// The product with these USB ids, and its family.
#[must_use]
pub fn by_usb(vendor: u16, product: u16) -> Option<(&'static Family, Usb)> {
    let all = ALL.into_iter().flat_map(|family| family.usb.iter().map(move |usb| (family, *usb)));
    all.into_iter().find(|(_, usb)| (usb.vendor, usb.product) == (vendor, product))
}

/// Whether a USB device of this vendor and product is a modem that takes AT commands, for all that its ids
/// tell: makers of modems make little else.
#[must_use]
pub fn is_modem(vendor: u16, product: u16) -> bool {
    let known = || ALL.into_iter().flat_map(|family| family.usb);
    (vendor, product) != EMERGENCY_DOWNLOAD && known().any(|usb| usb.vendor == vendor)
}

/// Qualcomm's emergency download mode, in which a module waits for new firmware and for nothing else.
const EMERGENCY_DOWNLOAD: (u16, u16) = (0x05c6, 0x9008);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn families_are_found_by_what_modems_call_themselves() {
        let table = [
            ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "sim7600"),
            ("", "SIM7600G-H", "sim7600"),
            ("", "sim7500e", "sim7600"),
            ("SIMCOM_Ltd", "SIMCOM_SIM800C", "sim800"),
            ("SIM900", "SIMCOM_SIM900", "sim800"),
            ("SIMCOM_Ltd", "SIMCOM_SIM7000G", "sim7000"),
            ("SIMCOM_Ltd", "SIMCOM_SIM7080", "sim7000"),
            ("SIMCOM INCORPORATED", "A7670E-LNXY-UBL", "a76xx"),
            ("SIMCOM INCORPORATED", "SIM7670G-MNGV", "a76xx"),
            ("Quectel", "EC25", "ec25"),
            ("Quectel", "EG25", "ec25"),
            ("Quectel", "EG95", "ec25"),
            ("Quectel_Ltd", "Quectel_M95", "m95"),
            ("Quectel", "UC20", "m95"),
            ("Quectel", "BG96", "bg96"),
            ("Quectel", "BG95-M3", "bg96"),
            ("huawei", "E3372", "huawei"),
            ("huawei", "K3715", "huawei"),
            ("Huawei Technologies Co., Ltd.", "ME909u-521", "huawei"),
            ("ZTE CORPORATION", "MF180", "zte"),
            ("ZTE INCORPORATED", "K3565-Z", "zte"),
            ("u-blox", "SARA-R500S", "ublox"),
            ("u-blox", "TOBY-L210", "ublox"),
            ("Telit", "HE910-D", "telit"),
            ("Cinterion", "MC75i", "cinterion"),
            ("Cinterion", "EHS5-E", "cinterion"),
            ("SIEMENS", "TC35i", "cinterion"),
            ("WAVECOM MODEM", "MULTIBAND  900E  1800", "generic"),
            ("", "", "generic"),
        ];
        for (maker, model, family) in table {
            assert_eq!(by_model(maker, model).name, family, "{maker} {model}");
        }
        let on_usb = |vendor, product| by_usb(vendor, product).map(|(it, usb)| (it.name, usb.at));
        assert_eq!(on_usb(0x1e0e, 0x9001), Some(("sim7600", Some(2))));
        assert_eq!(on_usb(0x2c7c, 0x0125), Some(("ec25", Some(2))));
        assert_eq!(on_usb(1, 1), None);
        assert!(is_modem(0x12d1, 0xffff) && !is_modem(0x10c4, 0xea60) && !is_modem(0x05c6, 0x9008));
    }

    #[test]
    fn names_and_usb_ids_belong_to_one_family_each() {
        let names: BTreeSet<_> = ALL.iter().map(|family| family.name).collect();
        assert_eq!(names.len(), ALL.len());
        let mut ids = BTreeSet::new();
        for id in ALL.iter().flat_map(|family| family.usb) {
            assert!(ids.insert((id.vendor, id.product)), "{id:04x?} belongs to two families");
        }
        assert!(ALL.iter().all(|family| by_name(family.name) == Some(*family)));
    }

    #[test]
    fn an_answer_may_take_as_long_as_the_manual_says() {
        for (family, longest) in [(&EC25, 120), (&M95, 120), (&BG96, 120), (&UBLOX, 180)] {
            assert_eq!(family.submit, Seconds(longest), "{}", family.name);
        }
    }

    #[test]
    fn every_way_to_tell_of_messages_keeps_them_in_the_modem() {
        for family in ALL {
            assert!(!family.indications.is_empty() && !family.stores.is_empty(), "{}", family.name);
            // <mt> = 1: stored and told of. Anything else has its only copy on the line.
            assert!(family.indications.iter().all(|[_, mt, ..]| *mt == 1), "{}", family.name);
        }
    }
}
