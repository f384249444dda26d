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

macro_rules! generated {
    ($($name:ident),*) => {$(
        impl $name {
            /// A new id, made here; ids of later milliseconds sort after it.
            pub fn generate() -> Self {
                Self(Ulid::generate())
            }
        }
    )*};
}

ulid_id! {
    /// A message that was accepted. Half of what is left to chance in a ULID says in which row the message stands, so
    /// that no index has to be written to find it. It is no secret: of two ids, one sees how many messages came in between.
    MessageId
}
generated! { TransactionId, InboundId, ListingId }

/// Bits of an id for the row of its message: more than there are keys, of which a segment's has 28 bits behind it.
const ROW_BITS: u32 = 40;

impl MessageId {
    /// A new id, for the message that will stand in row `key`; ids of later milliseconds sort after it.
    pub fn of_row(key: i64) -> Self {
        let chance = Ulid::generate();
        let row = u128::from(key.unsigned_abs()) << (u32::from(Ulid::RAND_BITS) - ROW_BITS);
        let rest = chance.random() & !Self::ROW;
        Self(Ulid::from_parts(chance.timestamp_ms(), rest | (row & Self::ROW)))
    }

    /// The row where its message stands, if that is the one with this id.
    pub fn row(self) -> i64 {
        let row = (self.0.random() & Self::ROW) >> (u32::from(Ulid::RAND_BITS) - ROW_BITS);
        i64::try_from(row).unwrap_or_default()
    }

    const ROW: u128 = ((1 << ROW_BITS) - 1) << (Ulid::RAND_BITS as u32 - ROW_BITS);
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

    /// Whether it is the first of its attempt.
    pub const fn is_first(self) -> bool {
        self.sequence == 1
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

    #[test]
    fn the_id_of_a_message_tells_its_row_and_its_time_and_is_its_own() {
        let before = TransactionId::generate();
        for key in [1, 77, (1 << ROW_BITS) - 1] {
            let (id, other) = (MessageId::of_row(key), MessageId::of_row(key));
            assert_eq!((id.row(), other.row()), (key, key));
            assert_ne!(id, other);
            assert_eq!(id.to_string().parse(), Ok(id));
            assert!(id.0.timestamp_ms() >= before.0.timestamp_ms());
        }
    }

    /// As the statements of the store have it.
    #[test]
    fn keys_are_those_of_the_message_and_numbers_behind_them() {
        let segment = SegmentId { sequence: 255, ..SegmentId::first_of(3, 2) };
        assert_eq!((segment.attempt, segment.message()), ((3 << 20) + 2, 3));
        assert_eq!(segment.key(), ((3 << 28) + (2 << 8)) + 255);
        assert_eq!(SegmentId::of_key(segment.key()), segment);
    }
}
