//! Modem families: everything that differs between modems, as data. A quirk is a field with a
//! documented default, never a comparison elsewhere.

mod ec25;
mod generic;
mod sim7600;

use crate::at::Seconds;

pub use ec25::EC25;
pub use generic::GENERIC;
pub use sim7600::SIM7600;

/// What is particular to a family of modems.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name in the configuration.
    pub name: &'static str,
    /// How the answers to `+CGMM` begin, in capitals.
    pub models: &'static [&'static str],
    /// USB vendor and product.
    pub usb: &'static [(u16, u16)],
    /// How long the answer to a submitted message may take.
    pub submit: Seconds,
    /// How long the prompt for its body may take.
    pub prompt: Seconds,
    /// Settings made before the SIM is looked at; errors are no failure.
    pub pre_init: &'static [&'static str],
    /// The command that tells the ICCID.
    pub iccid: &'static str,
    /// Message stores, the best first.
    pub stores: &'static [&'static str],
    /// Values of `+CNMI`, the best first: messages stored and told of, so that the modem keeps a second
    /// copy until ours is on disk; delivery reports told whole where they can be (fourth value 1), else
    /// stored (2).
    pub indications: &'static [[u8; 5]],
    /// Whether `+CMMS` may hold the link to the network between messages, where the modem offers it:
    /// 3GPP TS 27.005 3.5.6.
    pub holds_link: bool,
}

impl Family {
    /// What a family is like of which nothing else is known.
    pub(crate) const DEFAULT: Self = Self {
        name: "generic",
        models: &[],
        usb: &[],
        // The longest that a manual promises is 120 s (Quectel); most say 60 s.
        submit: Seconds(60),
        prompt: Seconds(10),
        pre_init: &[],
        iccid: "+CCID",
        stores: &["ME", "SM"],
        indications: &[
            [2, 1, 0, 1, 0],
            [1, 1, 0, 1, 0],
            [2, 1, 0, 2, 0],
            [1, 1, 0, 2, 0],
            [2, 1, 0, 0, 0],
            [1, 1, 0, 0, 0],
        ],
        holds_link: true,
    };
}

/// All families; the generic one comes last.
pub const ALL: [&Family; 3] = [&SIM7600, &EC25, &GENERIC];

/// The family of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Family> {
    ALL.into_iter().find(|family| family.name == name)
}

/// The family of a modem that calls itself so; the generic one where nothing fits.
#[must_use]
pub fn by_model(model: &str) -> &'static Family {
    let fits = |prefix: &&str| {
        // Some write "SIMCOM_SIM7600E-H", some "SIM7600E-H".
        let start = model.rsplit('_').next().unwrap_or(model);
        start.get(..prefix.len()).is_some_and(|it| it.eq_ignore_ascii_case(prefix))
    };
    ALL.into_iter().find(|family| family.models.iter().any(fits)).unwrap_or(&GENERIC)
}

/// The family of a modem with these USB ids.
#[must_use]
pub fn by_usb(vendor: u16, product: u16) -> Option<&'static Family> {
    ALL.into_iter().find(|family| family.usb.contains(&(vendor, product)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_found_by_what_modems_call_themselves() {
        let table = [
            ("SIMCOM_SIM7600E-H", "sim7600"),
            ("SIM7600G-H", "sim7600"),
            ("sim7500e", "sim7600"),
            ("EC25", "ec25"),
            ("EG25-G", "ec25"),
            ("EG95", "ec25"),
            ("MF180", "generic"),
            ("", "generic"),
        ];
        for (model, family) in table {
            assert_eq!(by_model(model).name, family, "{model}");
        }
        assert_eq!(by_usb(0x1e0e, 0x9001).map(|it| it.name), Some("sim7600"));
        assert_eq!(by_usb(0x2c7c, 0x0125).map(|it| it.name), Some("ec25"));
        assert_eq!(by_usb(1, 1), None);
        assert!(ALL.iter().all(|family| by_name(family.name) == Some(family)));
    }
}
