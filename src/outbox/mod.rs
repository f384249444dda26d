//! When, through which modem, again or not.

mod retry;
mod step;

pub use step::{Effect, Event, Rules, may_cancel, shunned_sims, step};
