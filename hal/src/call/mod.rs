//! Calls: how one is followed, and why it ended. No I/O and no clock.
//!
//! What a modem tells by itself and what its list of calls shows are two witnesses of the same call, and
//! either may be silent. [`Follow`] hears both and only ever goes forward.

mod cause;
mod fact;
mod follow;

pub use cause::{Cause, Release};
pub use fact::{Fact, Stage};
pub use follow::Follow;
