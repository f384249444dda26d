//! Calls as the network sees them: who rings whom, what the phone does, and what it hears.
//!
//! State only, as in [`crate::network`]: [`switch`] gives it time and carries what it decides to the modems.

mod book;
mod cause;
mod ear;
mod frames;
mod on_call;
mod record;
mod switch;
mod tone;

pub(crate) use book::{Book, Call};
pub(crate) use cause::{CLEARING, RADIO_LOST, words};
pub use frames::FrameCounts;
pub(crate) use on_call::check_key;
pub use on_call::{Does, KeyPress, OnCall, PressWhenSilent};
pub use record::{CallRecord, Side};
pub(crate) use tone::{FRAME, RATE, hum};
