//! What answers as Okta's API does, its error object included.

pub(super) mod error;
pub(super) mod templates;
