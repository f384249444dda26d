//! The daemon, as a process of its own, against simulated modems and a real database.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking; helpers are not #[test] functions"
)]

mod abuse;
mod api;
mod calls;
mod chance;
mod cleaning;
mod cli;
mod clock;
mod config;
mod connections;
mod crash;
mod disk;
mod export;
mod faults;
mod first_message;
mod full_disk;
mod gateway;
mod hotplug;
mod house;
mod idempotency;
mod inbound;
mod life;
mod metrics;
mod modem_faults;
mod okta_check;
mod okta_client;
mod okta_hook;
mod okta_once;
mod okta_org;
mod ordeal;
mod pdu;
mod power_cut;
mod refusals;
mod retention;
mod routing;
mod setup;
mod slow_disk;
mod system_log;
mod traces;
mod usage;
mod voice;
mod voice_cli;
mod wording;
