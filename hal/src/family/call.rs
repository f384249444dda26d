//! How a family places calls, and what it tells of them.

use crate::{at::Fields, call::Stage};

/// How calls are placed, followed and ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// Settings made at the bring-up; errors are no failure.
    pub init: &'static [&'static str],
    /// What it says by itself of calls.
    pub tells: &'static [Tells],
    /// Commands that end all calls, the best first; the others where that one does not help.
    pub hang_up: &'static [&'static str],
    /// How it tells why the last call ended.
    pub reason: Reason,
    /// How it tells of keys that are pressed, where it can.
    pub keys: Option<Keys>,
}

/// A line that a modem says by itself of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tells {
    /// How it begins. Values follow.
    pub line: &'static str,
    /// What it says.
    pub means: Means,
}

/// What a line says of a call. Places of values are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// Something happens; what, the list of calls tells.
    Stir,
    /// So far it is.
    Is(Stage),
    /// It is over.
    Ended {
        /// Where the network's number for it stands.
        cause_at: Option<u8>,
    },
    /// A value says how far it is.
    Coded {
        /// Where it stands.
        code_at: u8,
        /// What its values say; the others say nothing of a call that this side placed.
        codes: &'static [(i8, Stage)],
        /// Values that others must have for the line to be about a call that this side placed.
        only: &'static [(u8, i8)],
    },
}

/// How the answer to `+CEER` tells why a call ended, 3GPP TS 27.007 6.10. Words are read wherever they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// In words alone.
    Words,
    /// With the network's number at this place, perhaps with words behind it.
    Number {
        /// Counted from 0.
        at: u8,
    },
    /// As `<group>,<number>`, where the number is the network's own in some groups.
    Grouped {
        /// These groups.
        network: &'static [u8],
    },
}

/// How keys are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys {
    /// The setting that it takes.
    pub enable: &'static str,
    /// The name before the key.
    pub prefix: &'static str,
    /// Whether the key is told as the number of its ASCII character.
    pub coded: bool,
}

impl Keys {
    /// The key that a line tells of.
    pub(crate) fn key_in(&self, line: &str) -> Option<char> {
        let told = Fields::after(line, self.prefix)?.next()?;
        let key =
            if self.coded { char::from(told.parse::<u8>().ok()?) } else { told.chars().next()? };
        matches!(key, '0'..='9' | 'A'..='D' | '*' | '#').then_some(key)
    }
}

impl Call {
    /// What the standard has: the list of calls and the words of V.250.
    pub(super) const STANDARD: Self = Self {
        // +COLP=0: with it on, the answer to the dialling waits for the call to end.
        init: &["+COLP=0"],
        tells: &[],
        // 3GPP TS 27.007 6.5; H may leave a voice call alone where +CVHU says so.
        hang_up: &["+CHUP", "H"],
        reason: Reason::Words,
        keys: None,
    };
}

/// `<stat>` of `+CLCC`, 3GPP TS 27.007 7.18, for calls that this side placed; `SIMCom` adds 6.
pub(super) const STAT: &[(i8, Stage)] = &[
    (0, Stage::Active),
    (1, Stage::Active),
    (2, Stage::Dialing),
    (3, Stage::Alerting),
    (6, Stage::Ended),
];

/// The list of calls, told by itself at each change: `+CLCC: <id>,<dir>,<stat>,<mode>,…`.
pub(super) const LISTED: Tells = Tells {
    line: "+CLCC:",
    means: Means::Coded { code_at: 2, codes: STAT, only: &[(1, 0), (3, 0)] },
};

impl Tells {
    pub(super) const fn new(line: &'static str, means: Means) -> Self {
        Self { line, means }
    }
}
