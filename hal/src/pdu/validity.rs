//! TP-Validity-Period.

use super::Timestamp;

/// TP-Validity-Period, 3GPP TS 23.040 9.2.3.12, in the format that TP-VPF (9.2.3.3) names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValidityPeriod {
    /// From the acceptance by the service centre, 9.2.3.12.1: one octet, see [`Self::seconds`].
    Relative(u8),
    /// Until a time, 9.2.3.12.2.
    Absolute(Timestamp),
    /// 9.2.3.12.3: seven octets that begin with a functionality indicator.
    Enhanced([u8; 7]),
}

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;
const WEEK: u32 = 7 * DAY;

impl ValidityPeriod {
    /// The longest that TP-VP can say: 63 weeks.
    pub const LONGEST: Self = Self::Relative(255);

    /// The shortest relative period that is not shorter than `seconds`; 63 weeks at the most.
    #[must_use]
    pub fn relative_at_least(seconds: u32) -> Self {
        // Each step: its length and the octet whose period is no step of it.
        let octet = if seconds <= 12 * HOUR {
            seconds.div_ceil(5 * MINUTE).saturating_sub(1)
        } else if seconds <= DAY {
            143 + (seconds - 12 * HOUR).div_ceil(30 * MINUTE)
        } else if seconds <= 30 * DAY {
            166 + seconds.div_ceil(DAY)
        } else {
            // 30 days lie between 4 and 5 weeks; octet 197 says 5.
            192 + seconds.div_ceil(WEEK)
        };
        Self::Relative(u8::try_from(octet).unwrap_or(u8::MAX))
    }

    /// The period in seconds where it is relative.
    #[must_use]
    pub const fn seconds(self) -> Option<u32> {
        match self {
            Self::Relative(octet) => Some(relative_seconds(octet)),
            Self::Absolute(_) | Self::Enhanced(_) => None,
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
