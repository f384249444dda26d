//! National language shift tables (3GPP TS 23.038 annex A), chosen by IEs 24 and 25.

use super::gsm7::{DEFAULT, EXTENSION};

/// The pair of tables that a message's user data header chose; 0 is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    pub(super) locking: u8,
    pub(super) single: u8,
}

impl Tables {
    pub(super) fn locking(self, septet: u8) -> char {
        DEFAULT.chars().nth(usize::from(septet)).unwrap_or('?')
    }

    pub(super) fn single(self, septet: u8) -> char {
        EXTENSION
            .iter()
            .find(|(code, _)| *code == septet)
            .map_or_else(|| self.locking(septet), |(_, character)| *character)
    }
}
