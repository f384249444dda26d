//! Ringpost: an on-prem gateway that texts and rings any phone from your own SIM cards.
//!
//! `ARCHITECTURE.md` is the map of the rooms below.

pub mod arrivals;
pub mod chronicle;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod domain;
pub mod http;
pub mod inbox;
pub mod intake;
pub mod modem;
pub mod outbox;
pub mod sms;
pub mod store;
pub mod system_log;
pub mod voice;
