//! Columns that hold one of our words.

use super::Error;
use crate::domain::{
    Channel, Detail, Encoding, Lane, List, ListedBy, OnUnknown, Outcome, Phase, Purpose,
    SegmentState, Service,
};

/// A type that a column holds as a word.
pub(super) trait Word: Sized {
    fn read(word: &str) -> Option<Self>;
}

macro_rules! words {
    ($($name:ident: $read:expr;)*) => {
        $(impl Word for $name {
            fn read(word: &str) -> Option<Self> {
                let read: fn(&str) -> Option<Self> = $read;
                read(word)
            }
        })*
    };
}

words! {
    Channel: Self::from_word;
    Detail: Self::from_word;
    List: Self::from_word;
    ListedBy: Self::from_word;
    Outcome: Self::from_word;
    Phase: Self::from_word;
    Purpose: Self::from_word;
    SegmentState: Self::from_word;
    OnUnknown: |word| [Self::Hold, Self::Resend].into_iter().find(|it| it.as_str() == word);
    Encoding: |word| [Self::Gsm7, Self::Ucs2].into_iter().find(|it| it.as_str() == word);
}

/// Reads a word of `table.column`.
pub(super) fn read<T: Word>(
    table: &'static str,
    column: &'static str,
    value: &str,
) -> Result<T, Error> {
    T::read(value).ok_or_else(|| Error::UnknownWord { table, column, value: value.to_owned() })
}

/// Reads a lane by its rank.
pub(super) fn read_lane(rank: u8) -> Result<Lane, Error> {
    Lane::from_rank(rank).ok_or_else(|| Error::UnknownWord {
        table: "message",
        column: "lane",
        value: rank.to_string(),
    })
}

/// Reads a service by its number.
pub(super) fn read_service(number: u8) -> Result<Service, Error> {
    Service::from_number(number).ok_or_else(|| Error::UnknownWord {
        table: "message",
        column: "service",
        value: number.to_string(),
    })
}
