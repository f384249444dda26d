//! TP-Validity-Period.

use super::Timestamp;

/// TP-Validity-Period, 3GPP TS 23.040 9.2.3.12, in the format that TP-VPF (9.2.3.3) names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValidityPeriod {
    /// From the acceptance by the service centre, 9.2.3.12.1: one octet, see [`Self::seconds`].
    Relative(u8),
    /// Until a time, 9.2.3.12.2.
    Absolute(Timestamp),
    /// 9.2.3.12.3: a functionality indicator and what it announces.
    Enhanced(EnhancedValidity),
}

/// The enhanced format, 3GPP TS 23.040 9.2.3.12.3: seven octets, as found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EnhancedValidity(pub [u8; 7]);

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;
const WEEK: u32 = 7 * DAY;

impl ValidityPeriod {
    /// The longest that a relative period can say: 63 weeks.
    pub const LONGEST: Self = Self::Relative(255);

    /// The shortest relative period that is not shorter than `seconds`; 63 weeks at the most.
    #[must_use]
    pub fn relative_at_least(seconds: u32) -> Self {
        let octet = if seconds <= 12 * HOUR {
            seconds.div_ceil(5 * MINUTE).saturating_sub(1)
        } else if seconds <= DAY {
            143 + (seconds - 12 * HOUR).div_ceil(30 * MINUTE)
        } else if seconds <= 30 * DAY {
            166 + seconds.div_ceil(DAY)
        } else {
            192 + seconds.div_ceil(WEEK)
        };
        Self::Relative(u8::try_from(octet).unwrap_or(u8::MAX))
    }

    /// The period in seconds; nothing where it ends at a time, or is left to the service centre.
    #[must_use]
    pub fn seconds(self) -> Option<u32> {
        match self {
            Self::Relative(octet) => Some(relative_seconds(octet)),
            Self::Absolute(_) => None,
            Self::Enhanced(enhanced) => enhanced.seconds(),
        }
    }
}

impl EnhancedValidity {
    const EXTENSION: u8 = 0x80;
    const SINGLE_SHOT: u8 = 0x40;

    /// A period of 1 to 255 seconds.
    #[must_use]
    pub const fn of_seconds(seconds: core::num::NonZeroU8) -> Self {
        Self([0x02, seconds.get(), 0, 0, 0, 0, 0])
    }

    /// The same, but the service centre makes one attempt only.
    #[must_use]
    pub const fn with_single_shot(self) -> Self {
        let Self([indicator, a, b, c, d, e, f]) = self;
        Self([indicator | Self::SINGLE_SHOT, a, b, c, d, e, f])
    }

    /// Whether the service centre makes one attempt only.
    #[must_use]
    pub const fn single_shot(self) -> bool {
        let Self([indicator, ..]) = self;
        indicator & Self::SINGLE_SHOT != 0
    }

    /// The period in seconds; nothing where none is given, or its format is reserved.
    #[must_use]
    pub fn seconds(self) -> Option<u32> {
        let Self([indicator, rest @ ..]) = self;
        // An extension octet follows the indicator and moves the period back by one.
        let [first, second, third, fourth, ..] = rest;
        let period = match indicator & Self::EXTENSION {
            0 => [first, second, third],
            _ if first & Self::EXTENSION == 0 => [second, third, fourth],
            _ => return None,
        };
        match (indicator & 0x07, period) {
            (1, [octet, ..]) => Some(relative_seconds(octet)),
            (2, [seconds, ..]) if seconds > 0 => Some(seconds.into()),
            (3, [hours, minutes, seconds]) => {
                let [hours, minutes, seconds] = [hours, minutes, seconds].map(Timestamp::digits);
                Some(u32::from(hours) * HOUR + u32::from(minutes) * MINUTE + u32::from(seconds))
            }
            _ => None,
        }
    }
}

/// The table of 9.2.3.12.1.
const fn relative_seconds(octet: u8) -> u32 {
    let octet = octet as u32;
    match octet {
        0..=143 => (octet + 1) * 5 * MINUTE,
        144..=167 => 12 * HOUR + (octet - 143) * 30 * MINUTE,
        168..=196 => (octet - 166) * DAY,
        _ => (octet - 192) * WEEK,
    }
}
