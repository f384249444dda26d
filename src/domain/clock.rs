//! The one clock of this process: even inside, right outside.
//!
//! It runs with the machine's monotonic clock, so that no wait changes because somebody sets the time
//! of day. It is moved to the time of day only together with everything that waits by it (`outbox`).

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Instant,
};

use super::Timestamp;

/// When the process first looked at the time: both clocks at one moment.
static START: LazyLock<(Instant, i64)> = LazyLock::new(|| (Instant::now(), time_of_day()));

/// How far the clock was moved since then, in milliseconds.
static MOVED: AtomicI64 = AtomicI64::new(0);

/// What the clock says.
pub(super) fn now() -> Timestamp {
    let (began, at) = *START;
    let passed = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_unix_ms(at.saturating_add(passed).saturating_add(moved()))
}

/// How far the time of day is ahead of the clock, in milliseconds; negative where it is behind.
pub fn drift() -> i64 {
    time_of_day().saturating_sub(now().as_unix_ms())
}

/// How far the clock was moved since the process began, in milliseconds.
pub fn moved() -> i64 {
    MOVED.load(Ordering::Relaxed)
}

/// Moves the clock, forward or back.
pub fn move_by(milliseconds: i64) {
    MOVED.fetch_add(milliseconds, Ordering::Relaxed);
}

/// An instant in the hands of somebody who waits: by the clock of then.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    at: Timestamp,
    /// How far the clock had been moved by then.
    moved: i64,
}

impl Moment {
    /// Of an instant by the clock that is.
    pub fn of(at: Timestamp) -> Self {
        Self { at, moved: moved() }
    }

    /// The same instant by the clock that is now: that may have been set meanwhile.
    pub fn by_now(self) -> Timestamp {
        self.at.moved_by(moved().saturating_sub(self.moved))
    }

    /// As if the clock had been moved by so much since.
    #[cfg(test)]
    pub(crate) fn before_a_move_by(self, milliseconds: i64) -> Self {
        Self { moved: self.moved.saturating_sub(milliseconds), ..self }
    }
}

fn time_of_day() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
