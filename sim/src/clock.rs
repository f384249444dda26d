//! Waiting to the microsecond: the runtime's own timers round up to a millisecond.
//!
//! At 115 200 baud a millisecond is eleven bytes; rounding would make every line too slow.

use std::{fs::File, io, os::fd::OwnedFd, time::Duration};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::net::unix::pipe;

/// A kernel timer that can be waited for again and again.
pub(crate) struct Timer {
    timer: OwnedFd,
    expired: pipe::Receiver,
}

impl Timer {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        // Tokio polls a timer as it polls a pipe.
        let expired = pipe::Receiver::from_file_unchecked(File::from(timer.try_clone()?))?;
        Ok(Self { timer, expired })
    }

    /// Waits that long.
    pub(crate) async fn wait(&self, duration: Duration) -> io::Result<()> {
        if duration.is_zero() {
            return Ok(());
        }
        let nothing = Timespec { tv_sec: 0, tv_nsec: 0 };
        let value = Timespec {
            tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(duration.subsec_nanos()),
        };
        let once = Itimerspec { it_interval: nothing, it_value: value };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &once)?;
        loop {
            self.expired.readable().await?;
            // The kernel answers with how often it expired, in eight bytes.
            match self.expired.try_read(&mut [0u8; 8]) {
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Waits that long, once; not at all for no time.
pub(crate) async fn pause(duration: Duration) {
    if duration.is_zero() {
        return;
    }
    let exact = async { Timer::new()?.wait(duration).await };
    if exact.await.is_err() {
        // Out of file descriptors: a millisecond too long is better than not at all.
        tokio::time::sleep(duration).await;
    }
}
