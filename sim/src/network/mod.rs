//! The network: a service centre that takes, keeps and delivers, and the phones it delivers to.
//!
//! State only: [`crate::hub`] gives it time and carries what it decides to the modems.

mod message;
mod phone;
mod state;

pub(crate) use message::{Message, Origin};
pub(crate) use phone::Phone;
pub use phone::ReceivedText;
pub(crate) use state::{Network, Report, Route};
pub use state::{NetworkSettings, SubmitOutcome, SubmitSeen};

/// The service centre's number; +1 415 555 01xx is kept for fiction.
pub(crate) const SERVICE_CENTRE: &str = "+14155550100";

/// A validity period's default when a submit has none: three days, as many operators keep.
pub(crate) const DEFAULT_VALIDITY: std::time::Duration =
    std::time::Duration::from_secs(3 * 24 * 60 * 60);
