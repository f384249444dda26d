//! What became of a code: whether somebody entered it.

use serde::{Deserialize, Serialize};

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Feedback {
    /// The right code was entered.
    Verified,
    /// Wrong codes were.
    Failed,
    /// None was, in time.
    Expired,
}

impl Feedback {
    /// The word of the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}
