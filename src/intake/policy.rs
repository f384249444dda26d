//! What an operator allows.

use std::collections::{BTreeSet, HashMap};

use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};

use super::Requirement;
use crate::{
    domain::{Channel, Limits, Locale, Purpose},
    sms,
};

/// What an operator allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// National numbers are read against it.
    pub home_region: Region,
    /// Where messages may go; `None` = anywhere.
    pub regions: Option<Vec<String>>,
    /// Channels that a purpose may use, where they are not all.
    pub channels: HashMap<Purpose, Vec<Channel>>,
    /// Whether numbers of Internet telephony may be used.
    pub voip: bool,
    /// The languages that calls can be made in: BCP 47, as prompts are named.
    pub spoken: BTreeSet<String>,
    /// Whether who wants a language that calls cannot be made in is called in another one.
    pub language_fallback: bool,
    /// The limits against abuse.
    pub limits: Limits,
    /// Segments of one message at most.
    pub max_segments: u8,
    /// Segments of a template at most, with the longest code.
    pub template_segments: u8,
    /// Languages whose tables may be used anywhere, where they save segments.
    pub national: Vec<sms::Language>,
    /// Languages whose tables may be used in a region besides.
    pub national_in: Vec<(String, sms::Language)>,
    /// What regions want in every template.
    pub requirements: Vec<Requirement>,
    /// The sender's name in templates.
    pub org: String,
    /// The language that the organisation speaks.
    pub locale: Option<Locale>,
    /// Regions where a text in UCS-2 must fit one segment: carriers there do not join them.
    pub single_ucs2: Vec<String>,
}

impl Policy {
    /// One that allows what can be allowed, to its home region.
    pub fn of(home_region: Region) -> Self {
        Self {
            home_region,
            regions: Some(vec![home_region.to_string()]),
            channels: HashMap::new(),
            voip: false,
            spoken: BTreeSet::new(),
            language_fallback: true,
            limits: Limits::default(),
            max_segments: 10,
            template_segments: 1,
            national: Vec::new(),
            national_in: Vec::new(),
            requirements: Vec::new(),
            org: "Ringpost".into(),
            locale: None,
            single_ucs2: Vec::new(),
        }
    }

    /// Whether messages may go to `region`.
    pub(super) fn reaches(&self, region: &str) -> bool {
        self.regions.as_ref().is_none_or(|allowed| allowed.iter().any(|it| it == region))
    }

    /// Languages whose tables may be used in a text to `region`.
    pub(super) fn national_for(&self, region: &str) -> Vec<sms::Language> {
        let there = self.national_in.iter().filter(|(place, _)| place == region);
        self.national.iter().copied().chain(there.map(|(_, language)| *language)).collect()
    }

    /// Whether a purpose may use a channel.
    pub(super) fn joins(&self, purpose: Purpose, channel: Channel) -> bool {
        purpose.fits(channel)
            && self.channels.get(&purpose).is_none_or(|allowed| allowed.contains(&channel))
    }
}

/// The ISO 3166-1 code of a region that has telephone numbers, in any case.
pub fn region(text: &str) -> Option<String> {
    let region = Region::from_code(&text.to_ascii_uppercase()).ok()?;
    let numbered = PHONE_NUMBER_UTIL.get_country_code_for_region(region).is_some();
    numbered.then(|| region.to_string())
}
