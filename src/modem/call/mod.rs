//! Calls: placed, followed, spoken into and ended, by the task that owns the modem.

mod handle;

pub(crate) use handle::CallLine;
#[cfg(test)]
pub(crate) use handle::CallOrder;
pub use handle::{CallCause, CallEnd, CallEvent, CallHandle, Dial};
