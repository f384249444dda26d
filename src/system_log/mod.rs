//! The System Log as its readers see it: rows rendered as Okta's `LogEvent`.

mod log_event;

pub use log_event::LogEvent;
