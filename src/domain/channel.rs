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

/// What a modem must be able to do for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// Send a text.
    Text,
    /// Place a call, and be heard in it.
    Call,
    /// Place a call, and hear which keys are pressed.
    KeyedCall,
}

impl Service {
    /// All services.
    pub const ALL: [Self; 3] = [Self::Text, Self::Call, Self::KeyedCall];

    /// The number used in the store.
    pub const fn number(self) -> u8 {
        match self {
            Self::Text => 0,
            Self::Call => 1,
            Self::KeyedCall => 2,
        }
    }

    /// The service that [`number`](Self::number) wrote.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.number() == number)
    }

    /// By which channel it reaches a person.
    pub const fn channel(self) -> Channel {
        match self {
            Self::Text => Channel::Sms,
            Self::Call | Self::KeyedCall => Channel::Voice,
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
