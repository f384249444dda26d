//! How a message reaches a person.

use serde::{Deserialize, Serialize};

/// How a message reaches a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A text message.
    Sms,
    /// A call that speaks.
    Voice,
}

/// What a call says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Said {
    /// A text, as a person hears it.
    Text,
    /// A code alone; the words around it are in the prompts of calls.
    Code,
}

/// What a modem must be able to do for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Send a text.
    Text,
    /// Place a call, and be heard in it.
    Call {
        /// What is said in it.
        says: Said,
        /// Whether keys that are pressed must be heard.
        keys: bool,
    },
}

impl Service {
    /// All services, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Text,
        Self::Call { says: Said::Code, keys: false },
        Self::Call { says: Said::Code, keys: true },
        Self::Call { says: Said::Text, keys: false },
        Self::Call { says: Said::Text, keys: true },
    ];

    /// The number used in the store.
    pub const fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Call { says: Said::Code, keys } => 1 + keys as u8,
            Self::Call { says: Said::Text, keys } => 3 + keys as u8,
        }
    }

    /// The service that [`number`](Self::number) wrote.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.number() == number)
    }

    /// Whether keys must be heard.
    pub const fn hears_keys(self) -> bool {
        matches!(self, Self::Call { keys: true, .. })
    }

    /// By which channel it reaches a person.
    pub const fn channel(self) -> Channel {
        match self {
            Self::Text => Channel::Sms,
            Self::Call { .. } => Channel::Voice,
        }
    }
}

impl Channel {
    /// Both channels.
    pub const ALL: [Self; 2] = [Self::Sms, Self::Voice];

    /// The word used in the API, the store and the System Log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Voice => "voice",
        }
    }

    /// The channel that [`as_str`](Self::as_str) wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == word)
    }
}
