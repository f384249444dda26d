//! Circuit breakers of each modem: for its texts and for its calls, which get a pause where they fail again and again,
//! and for its network, which gets one where it takes nothing. It goes on receiving all the same.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row that open it: one may be chance, and a second the same message.
const OPENS_AFTER: u32 = 3;

/// How long a breaker stays open: each pause twice as long as the one before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pauses {
    first: Duration,
    /// The longest.
    pub(super) longest: Duration,
}

impl Pauses {
    /// Of a modem that fails: one that works again should not wait much longer to be found out.
    pub(super) const FAULT: Self =
        Self { first: Duration::from_secs(30), longest: Duration::from_secs(600) };
    /// Of a network that takes nothing: a cell that is congested is free in seconds, and what waits for one that is back
    /// waits for no other reason.
    pub(super) const CONGESTION: Self =
        Self { first: Duration::from_secs(5), longest: Duration::from_secs(60) };
}

/// How a modem, or its network, has done of late.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// It did its part.
    pub(super) fn succeed(&mut self) {
        *self = Self::default();
    }

    /// It failed; answers the pause that it gets now.
    pub(super) fn fail(&mut self, now: Instant, pauses: Pauses) -> Option<Duration> {
        self.failures = self.failures.saturating_add(1);
        let times = self.failures.checked_sub(OPENS_AFTER)?;
        let factor = 2_u32.checked_pow(times).unwrap_or(u32::MAX);
        let Pauses { first, longest } = pauses;
        let pause = first.checked_mul(factor).unwrap_or(longest).min(longest);
        self.open_until = Some(now + pause);
        Some(pause)
    }

    /// Until when it gets nothing. After that it is tried with one message: a failure opens it again, for
    /// longer.
    pub(super) fn open_until(&self, now: Instant) -> Option<Instant> {
        self.open_until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_while_a_modem_fails_and_end_when_it_works() {
        let mut now = Instant::now();
        let mut breaker = Breaker::default();
        let fail = |breaker: &mut Breaker, now| breaker.fail(now, Pauses::FAULT);
        assert_eq!([fail(&mut breaker, now), fail(&mut breaker, now)], [None; 2]);
        assert_eq!(breaker.open_until(now), None);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            let pause = fail(&mut breaker, now).unwrap();
            let until = breaker.open_until(now).unwrap();
            assert_eq!(until, now + pause);
            pauses.push(pause.as_secs());
            now = until;
            assert_eq!(breaker.open_until(now), None, "it is tried");
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 600, 600]);
        breaker.succeed();
        assert_eq!(fail(&mut breaker, now), None);
    }
}
