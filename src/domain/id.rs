//! Ids, each a type of its own.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use ulid::Ulid;

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Ulid);

        impl $name {
            /// A new id, made here; ids of later milliseconds sort after it.
            pub fn generate() -> Self {
                Self(Ulid::generate())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                Ulid::from_string(text).map(Self).map_err(|_| NotAnId)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

ulid_id! {
    /// A message that was accepted.
    MessageId
}
ulid_id! {
    /// What joins the send event, the status event and the message.
    TransactionId
}
ulid_id! {
    /// A received message.
    InboundId
}
ulid_id! {
    /// An entry of the blocklist or the allowlist.
    ListingId
}

/// Text that is no ULID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a ULID of 26 characters")]
pub struct NotAnId;

/// Bits of an attempt's key that number the attempts of one message: a million, where no message is tried more
/// often than once a second, and lives for a week at most.
const ATTEMPT_BITS: u32 = 20;

/// Bits of a segment's key for its place: 255 at most (3GPP TS 23.040 9.2.3.24.1).
const SEQUENCE_BITS: u32 = 8;

/// One segment of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentId {
    /// The attempt: the key of its message, and in the last 20 bits its number, from 1.
    pub attempt: i64,
    /// 1 for the first segment.
    pub sequence: u8,
}

impl SegmentId {
    /// The first segment of the attempt with that number, from 1, of the message `key`.
    pub const fn first_of(key: i64, number: usize) -> Self {
        Self { attempt: (key << ATTEMPT_BITS) + number as i64, sequence: 1 }
    }

    /// The key of the message that it belongs to.
    pub const fn message(self) -> i64 {
        self.attempt >> ATTEMPT_BITS
    }

    /// Its own: that of its attempt, and in the last 8 bits its place.
    pub const fn key(self) -> i64 {
        (self.attempt << SEQUENCE_BITS) | self.sequence as i64
    }

    /// The one with that key.
    pub const fn of_key(key: i64) -> Self {
        Self { attempt: key >> SEQUENCE_BITS, sequence: key.to_le_bytes()[0] }
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.attempt, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the statements of the store have it.
    #[test]
    fn keys_are_those_of_the_message_and_numbers_behind_them() {
        let segment = SegmentId { sequence: 255, ..SegmentId::first_of(3, 2) };
        assert_eq!((segment.attempt, segment.message()), ((3 << 20) + 2, 3));
        assert_eq!(segment.key(), ((3 << 28) + (2 << 8)) + 255);
        assert_eq!(SegmentId::of_key(segment.key()), segment);
    }
}
