//! Calls: placed, followed, spoken into and ended, by the task that owns the modem.

mod handle;

pub(super) use handle::CallLine;
pub use handle::{CallCause, CallEnd, CallEvent, CallHandle, Dial};
