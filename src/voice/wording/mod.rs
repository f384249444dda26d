//! What is said, in each language: the phrases of a prompt and the names of characters.
//!
//! Those that Ringpost brings along wait for a reading by people who speak them; a site may say it otherwise,
//! in a `prompts.toml` of the same form.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What Ringpost brings along.
const SHIPPED: &str = include_str!("../prompts.toml");

/// A phrase of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Phrase {
    /// Who calls.
    Hello,
    /// Which key to press to hear the code.
    Confirm,
    /// Which key to press to hear the message.
    ConfirmMessage,
    /// Before the code.
    Code,
    /// Before the code, again.
    Again,
    /// Before the message, again.
    Repeat,
    /// Which key to press to hear the code once more.
    Offer,
    /// Which key to press to hear the message once more.
    OfferMessage,
    /// What not to do with the code.
    Secret,
    /// Goodbye.
    Bye,
}

impl Phrase {
    /// All of them.
    pub(super) const ALL: [Self; 10] = [
        Self::Hello,
        Self::Confirm,
        Self::ConfirmMessage,
        Self::Code,
        Self::Again,
        Self::Repeat,
        Self::Offer,
        Self::OfferMessage,
        Self::Secret,
        Self::Bye,
    ];

    /// Its key in `prompts.toml`, and the name of a recording of it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Hello => "hello",
            Self::Confirm => "confirm",
            Self::ConfirmMessage => "confirm_message",
            Self::Code => "code",
            Self::Again => "again",
            Self::Repeat => "repeat",
            Self::Offer => "offer",
            Self::OfferMessage => "offer_message",
            Self::Secret => "secret",
            Self::Bye => "bye",
        }
    }
}

/// The organisation's name, in a phrase.
pub(super) const ORG: &str = "{org}";

/// What is said in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wording {
    /// eSpeak NG's voice for it.
    pub(super) voice: Option<String>,
    /// eSpeak NG's voice for Latin letters and for names in them, where the other cannot read these.
    pub(super) latin: Option<String>,
    /// The organisation's name as this language says it: written for the ear, or in its own script.
    pub(super) org: Option<String>,
    hello: Option<String>,
    confirm: Option<String>,
    confirm_message: Option<String>,
    code: Option<String>,
    again: Option<String>,
    repeat: Option<String>,
    offer: Option<String>,
    offer_message: Option<String>,
    secret: Option<String>,
    bye: Option<String>,
    /// How characters are called that the voice does not read well by itself.
    #[serde(default)]
    characters: BTreeMap<char, String>,
}

impl Wording {
    /// The words of a phrase.
    pub(super) fn phrase(&self, phrase: Phrase) -> Option<&str> {
        let words = match phrase {
            Phrase::Hello => &self.hello,
            Phrase::Confirm => &self.confirm,
            Phrase::ConfirmMessage => &self.confirm_message,
            Phrase::Code => &self.code,
            Phrase::Again => &self.again,
            Phrase::Repeat => &self.repeat,
            Phrase::Offer => &self.offer,
            Phrase::OfferMessage => &self.offer_message,
            Phrase::Secret => &self.secret,
            Phrase::Bye => &self.bye,
        };
        words.as_deref()
    }

    /// The words of a character: its name, or itself for the voice to read.
    pub(super) fn character(&self, character: char) -> String {
        self.characters.get(&character).cloned().unwrap_or_else(|| character.to_string())
    }

    /// Whether every phrase has words.
    pub(super) fn is_whole(&self) -> bool {
        Phrase::ALL.into_iter().all(|phrase| self.phrase(phrase).is_some())
    }

    /// What `other` says goes before what this says.
    fn overlay(&mut self, other: Self) {
        let Self {
            voice,
            latin,
            org,
            hello,
            confirm,
            confirm_message,
            code,
            again,
            repeat,
            offer,
            offer_message,
            secret,
            bye,
            characters,
        } = other;
        for (here, there) in [
            (&mut self.voice, voice),
            (&mut self.latin, latin),
            (&mut self.org, org),
            (&mut self.hello, hello),
            (&mut self.confirm, confirm),
            (&mut self.confirm_message, confirm_message),
            (&mut self.code, code),
            (&mut self.again, again),
            (&mut self.repeat, repeat),
            (&mut self.offer, offer),
            (&mut self.offer_message, offer_message),
            (&mut self.secret, secret),
            (&mut self.bye, bye),
        ] {
            if there.is_some() {
                *here = there;
            }
        }
        self.characters.extend(characters);
    }
}

/// What is said, by the tag of its language.
pub(super) type Wordings = BTreeMap<String, Wording>;

/// What Ringpost brings along.
///
/// # Errors
/// Never, as a test says.
pub(super) fn shipped() -> Result<Wordings, String> {
    parse(SHIPPED)
}

/// What a site says, before what Ringpost brings along.
pub(super) fn overlay(wordings: &mut Wordings, site: Wordings) {
    for (tag, wording) in site {
        wordings.entry(tag).or_default().overlay(wording);
    }
}

/// Reads a `prompts.toml`.
///
/// # Errors
/// What is wrong in it, with its place.
pub(super) fn parse(text: &str) -> Result<Wordings, String> {
    toml::from_str(text).map_err(|cause| cause.to_string())
}

#[cfg(test)]
mod tests;
