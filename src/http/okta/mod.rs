//! What Okta's clients ask, answered as Okta answers.

pub(super) mod error;
pub(super) mod hook;
mod link;
pub(super) mod logs;
mod rate;
pub(super) mod templates;

pub(super) use rate::Limiter;
