//! Ringpost: an on-prem gateway that texts and rings any phone from your own SIM cards.
//!
//! `ARCHITECTURE.md` is the map of the rooms below.

pub mod domain;
pub mod outbox;
pub mod store;
