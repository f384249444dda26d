//! Calls: placed, followed, spoken into and ended, by the task that owns the modem.

mod drive;
mod ending;
mod handle;

pub(crate) use handle::CallLine;
pub use handle::{CallCause, CallEnd, CallEvent, CallHandle, Dial};
