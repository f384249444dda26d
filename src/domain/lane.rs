//! Lanes: what may go before what.

use serde::{Deserialize, Serialize};

use super::Purpose;

/// A lane of the outbox. Strict: nothing of a later lane starts while an earlier one has work that
/// the same modem may do, not even the next segment of a long message.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// One-time passcodes: somebody waits at a sign-in page.
    Otp,
    /// Alerts: somebody should know soon.
    Alert,
    /// Everything else.
    Bulk,
}

impl Lane {
    /// All lanes, most urgent first.
    pub const ALL: [Self; 3] = [Self::Otp, Self::Alert, Self::Bulk];

    /// The word used in the API and in the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Otp => "otp",
            Self::Alert => "alert",
            Self::Bulk => "bulk",
        }
    }

    /// Rank in the store: 0 is the most urgent.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Otp => 0,
            Self::Alert => 1,
            Self::Bulk => 2,
        }
    }

    /// The lane of a rank.
    pub fn from_rank(rank: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.rank() == rank)
    }

    /// The lane of a purpose where the request names none.
    pub const fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::General => Self::Bulk,
            Purpose::MfaVerify
            | Purpose::Enrollment
            | Purpose::PasswordReset
            | Purpose::AccountUnlock
            | Purpose::PushVerify => Self::Otp,
        }
    }

    /// How long a message of this lane may wait where the request does not say, in seconds.
    pub const fn default_ttl_seconds(self) -> u32 {
        match self {
            // A passcode is dead after five minutes at most identity platforms.
            Self::Otp => 300,
            Self::Alert | Self::Bulk => 86_400,
        }
    }
}
