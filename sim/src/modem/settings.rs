//! What a host can set, and what of it outlives a restart.

use std::collections::BTreeMap;

use super::telephony::USB_CONFIGURATION;
use crate::family::Profile;

/// The values that commands act upon; the rest are kept by name only.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) echo: bool,
    pub(crate) verbose: bool,
    pub(crate) quiet: bool,
    pub(crate) cmee: u8,
    pub(crate) cfun: u8,
    pub(crate) csms: u8,
    /// `<n>` of +CREG, +CGREG, +CEREG.
    pub(crate) registration: [u8; 3],
    pub(crate) cops_format: u8,
    pub(crate) cnmi: [u8; 5],
    /// `<mem1>` read and delete, `<mem2>` write, `<mem3>` receive.
    pub(crate) memories: [&'static str; 3],
    pub(crate) kept: BTreeMap<String, String>,
}

impl Settings {
    pub(crate) fn new(profile: &'static Profile) -> Self {
        Self {
            echo: true,
            verbose: true,
            quiet: false,
            cmee: profile.cmee_default,
            cfun: 1,
            csms: 0,
            registration: [0; 3],
            cops_format: 0,
            cnmi: profile.cnmi_default,
            memories: [profile.default_memory; 3],
            kept: BTreeMap::new(),
        }
    }

    /// The settings after a restart: routing stays where the family saves it.
    pub(crate) fn restarted(&self, profile: &'static Profile) -> Self {
        let mut fresh = Self::new(profile);
        let usb = self.kept.get_key_value(USB_CONFIGURATION);
        fresh.kept.extend(usb.map(|(name, value)| (name.clone(), value.clone())));
        if profile.saves_routing {
            Self { cnmi: self.cnmi, memories: self.memories, ..fresh }
        } else {
            fresh
        }
    }

    /// The settings after `ATZ` or `AT&F`: how to talk, not where messages go.
    pub(crate) fn defaults(&self, profile: &'static Profile) -> Self {
        let fresh = Self::new(profile);
        Self {
            cfun: self.cfun,
            cnmi: self.cnmi,
            memories: self.memories,
            kept: self.kept.clone(),
            ..fresh
        }
    }
}
