//! A circuit breaker for each modem, and another for its calls: one that fails again and again gets no messages for a
//! while. It goes on receiving all the same.

use std::time::Duration;

use tokio::time::Instant;

/// Failures in a row that open it: one may be chance, and a second the same message.
const OPENS_AFTER: u32 = 3;
/// First pause.
const FIRST: Duration = Duration::from_secs(30);
/// Longest pause: a modem that works again should not wait much longer to be found out.
const LONGEST: Duration = Duration::from_secs(600);

/// How a modem has done of late.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// The modem did its part, whatever the network said.
    pub(super) fn succeed(&mut self) {
        *self = Self::default();
    }

    /// The modem failed; says whether it gets a pause now.
    pub(super) fn fail(&mut self, now: Instant) -> bool {
        self.failures = self.failures.saturating_add(1);
        let Some(times) = self.failures.checked_sub(OPENS_AFTER) else { return false };
        let factor = 2_u32.checked_pow(times).unwrap_or(u32::MAX);
        let pause = FIRST.checked_mul(factor).unwrap_or(LONGEST).min(LONGEST);
        self.open_until = Some(now + pause);
        true
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
        assert!(!breaker.fail(now) && !breaker.fail(now));
        assert_eq!(breaker.open_until(now), None);
        let mut pauses = Vec::new();
        for _ in 0..7 {
            assert!(breaker.fail(now));
            let until = breaker.open_until(now).unwrap();
            pauses.push(until.duration_since(now).as_secs());
            now = until;
            assert_eq!(breaker.open_until(now), None, "it is tried");
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 600, 600]);
        breaker.succeed();
        assert!(!breaker.fail(now));
    }
}
