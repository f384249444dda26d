//! National language shift tables (3GPP TS 23.038 annex A), chosen by IEs 24 and 25.
//!
//! Turkish, Spanish and Portuguese are known; text of other languages reads through the default
//! tables, as on a phone that lacks theirs.

use super::gsm7::{DEFAULT, EXTENSION};

/// The pair of tables that a message's user data header chose; 0 is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tables {
    pub(super) locking: u8,
    pub(super) single: u8,
}

const TURKISH: u8 = 1;
const SPANISH: u8 = 2;
const PORTUGUESE: u8 = 3;

/// Annex A.3.1.
const TURKISH_LOCKING: &str = "@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{A0}ŞşßÉ !\"#¤%&'()*+,-./0123456789:;<=>?İABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§çabcdefghijklmnopqrstuvwxyzäöñüà";

/// Annex A.3.3.
const PORTUGUESE_LOCKING: &str = "@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|\u{A0}ÂâÊÉ !\"#º%&'()*+,-./0123456789:;<=>?ÍABCDEFGHIJKLMNOPQRSTUVWXYZÃÕÚÜ§~abcdefghijklmnopqrstuvwxyzãõ`üà";

/// Annex A.2.1, beyond the default extension table.
const TURKISH_SINGLE: &[(u8, char)] =
    &[(0x47, 'Ğ'), (0x49, 'İ'), (0x53, 'Ş'), (0x63, 'ç'), (0x67, 'ğ'), (0x69, 'ı'), (0x73, 'ş')];

/// Annex A.2.2, beyond the default extension table.
const SPANISH_SINGLE: &[(u8, char)] = &[
    (0x09, 'ç'),
    (0x41, 'Á'),
    (0x49, 'Í'),
    (0x4F, 'Ó'),
    (0x55, 'Ú'),
    (0x61, 'á'),
    (0x69, 'í'),
    (0x6F, 'ó'),
    (0x75, 'ú'),
];

/// Annex A.2.3, beyond the default extension table.
const PORTUGUESE_SINGLE: &[(u8, char)] = &[
    (0x05, 'ê'),
    (0x09, 'ç'),
    (0x0B, 'Ô'),
    (0x0C, 'ô'),
    (0x0E, 'Á'),
    (0x0F, 'á'),
    (0x12, 'Φ'),
    (0x13, 'Γ'),
    (0x15, 'Ω'),
    (0x16, 'Π'),
    (0x17, 'Ψ'),
    (0x18, 'Σ'),
    (0x19, 'Θ'),
    (0x1F, 'Ê'),
    (0x41, 'À'),
    (0x49, 'Í'),
    (0x4F, 'Ó'),
    (0x55, 'Ú'),
    (0x5B, 'Ã'),
    (0x5C, 'Õ'),
    (0x61, 'Â'),
    (0x69, 'í'),
    (0x6F, 'ó'),
    (0x75, 'ú'),
    (0x7B, 'ã'),
    (0x7C, 'õ'),
    (0x7F, 'â'),
];

impl Tables {
    /// Whether a phone here shows both tables.
    pub(super) fn known(self) -> bool {
        matches!(self.locking, 0 | TURKISH | PORTUGUESE)
            && matches!(self.single, 0 | TURKISH | SPANISH | PORTUGUESE)
    }

    pub(super) fn locking(self, septet: u8) -> char {
        let table = match self.locking {
            TURKISH => TURKISH_LOCKING,
            PORTUGUESE => PORTUGUESE_LOCKING,
            _ => DEFAULT,
        };
        table.chars().nth(usize::from(septet)).unwrap_or('?')
    }

    // Clause 6.2.1.1: a code without a character shows the locking table's.
    pub(super) fn single(self, septet: u8) -> char {
        let own = match self.single {
            TURKISH => TURKISH_SINGLE,
            SPANISH => SPANISH_SINGLE,
            PORTUGUESE => PORTUGUESE_SINGLE,
            _ => &[],
        };
        own.iter()
            .chain(&EXTENSION)
            .find(|(code, _)| *code == septet)
            .map_or_else(|| self.locking(septet), |(_, character)| *character)
    }
}
