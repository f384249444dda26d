//! Ringpost's own API, a module for each noun.

pub(super) mod conversion;
pub(super) mod events;
pub(super) mod export;
pub(super) mod health;
pub(super) mod inbound;
pub(super) mod lists;
pub(super) mod messages;
pub(super) mod modems;
pub(super) mod preferences;
pub(super) mod reports;
pub(super) mod segments;
