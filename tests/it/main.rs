//! Integration tests.
#![expect(clippy::unwrap_used, reason = "helpers of tests state what they expect")]

mod config;
mod house;
