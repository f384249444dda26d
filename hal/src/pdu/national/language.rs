//! The languages that have tables, and the tables that a text uses.

use super::{locking, single};

/// National language identifier, 3GPP TS 23.038 6.2.1.2.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// 1.
    Turkish = 1,
    /// 2: single shift only.
    Spanish,
    /// 3.
    Portuguese,
    /// 4.
    Bengali,
    /// 5.
    Gujarati,
    /// 6.
    Hindi,
    /// 7.
    Kannada,
    /// 8.
    Malayalam,
    /// 9.
    Oriya,
    /// 10.
    Punjabi,
    /// 11.
    Tamil,
    /// 12.
    Telugu,
    /// 13.
    Urdu,
}

/// The tables in force; the default alphabet and its extension where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shifts {
    /// Locking shift: stands for the default alphabet.
    pub locking: Option<Language>,
    /// Single shift: stands for the extension table.
    pub single: Option<Language>,
}

impl Language {
    /// All of them, by identifier.
    pub const ALL: [Self; 13] = [
        Self::Turkish,
        Self::Spanish,
        Self::Portuguese,
        Self::Bengali,
        Self::Gujarati,
        Self::Hindi,
        Self::Kannada,
        Self::Malayalam,
        Self::Oriya,
        Self::Punjabi,
        Self::Tamil,
        Self::Telugu,
        Self::Urdu,
    ];

    /// The language of an identifier; reserved ones have none.
    #[must_use]
    pub fn from_id(id: u8) -> Option<Self> {
        let index = usize::from(id).checked_sub(1)?;
        Self::ALL.get(index).copied()
    }

    /// The identifier.
    #[must_use]
    pub const fn id(self) -> u8 {
        self as u8
    }

    /// Whether the language has a locking shift table.
    #[must_use]
    pub fn has_locking(self) -> bool {
        self.locking().is_some()
    }

    /// The character of a septet in the locking shift table.
    pub(in crate::pdu) fn locking_char(self, septet: u8) -> Option<char> {
        let code_point = *self.locking()?.get(usize::from(septet))?;
        character(code_point)
    }

    /// The septet of a character in the locking shift table.
    pub(in crate::pdu) fn locking_septet(self, c: char) -> Option<u8> {
        let table = self.locking()?;
        let position = table.iter().position(|code_point| character(*code_point) == Some(c))?;
        u8::try_from(position).ok()
    }

    /// The character of a septet in the single shift table, the part of the default extension left out.
    pub(in crate::pdu) fn single_char(self, septet: u8) -> Option<char> {
        self.single().find(|(code, _)| *code == septet).and_then(|(_, c)| character(c))
    }

    /// The septet of a character in the single shift table, the part of the default extension left out.
    pub(in crate::pdu) fn single_septet(self, c: char) -> Option<u8> {
        self.single()
            .find(|(_, code_point)| character(*code_point) == Some(c))
            .map(|(code, _)| code)
    }

    fn locking(self) -> Option<&'static [u16; 128]> {
        Some(match self {
            Self::Turkish => &locking::TURKISH,
            Self::Spanish => return None,
            Self::Portuguese => &locking::PORTUGUESE,
            Self::Bengali => &locking::BENGALI,
            Self::Gujarati => &locking::GUJARATI,
            Self::Hindi => &locking::HINDI,
            Self::Kannada => &locking::KANNADA,
            Self::Malayalam => &locking::MALAYALAM,
            Self::Oriya => &locking::ORIYA,
            Self::Punjabi => &locking::PUNJABI,
            Self::Tamil => &locking::TAMIL,
            Self::Telugu => &locking::TELUGU,
            Self::Urdu => &locking::URDU,
        })
    }

    fn single(self) -> impl Iterator<Item = (u8, u16)> {
        let own: &'static [(u8, u16)] = match self {
            Self::Turkish => &single::TURKISH,
            Self::Spanish => &single::SPANISH,
            Self::Portuguese => &single::PORTUGUESE,
            Self::Bengali => &single::BENGALI,
            Self::Gujarati => &single::GUJARATI,
            Self::Hindi => &single::HINDI,
            Self::Kannada => &single::KANNADA,
            Self::Malayalam => &single::MALAYALAM,
            Self::Oriya => &single::ORIYA,
            Self::Punjabi => &single::PUNJABI,
            Self::Tamil => &single::TAMIL,
            Self::Telugu => &single::TELUGU,
            Self::Urdu => &single::URDU,
        };
        let shared: &'static [(u8, u16)] = match self {
            Self::Turkish | Self::Spanish | Self::Portuguese => &[],
            Self::Bengali
            | Self::Gujarati
            | Self::Hindi
            | Self::Kannada
            | Self::Malayalam
            | Self::Oriya
            | Self::Punjabi
            | Self::Tamil
            | Self::Telugu
            | Self::Urdu => &single::INDIC,
        };
        own.iter().chain(shared).copied()
    }
}

impl Shifts {
    /// Neither table: the default alphabet and its extension.
    pub const NONE: Self = Self { locking: None, single: None };

    /// Whether neither table is in force.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.locking.is_none() && self.single.is_none()
    }
}

fn character(code_point: u16) -> Option<char> {
    char::from_u32(code_point.into()).filter(|c| *c != '\0')
}
