//! How long to wait before the next attempt.

use std::time::Duration;

use crate::domain::{Detail, Refusal, RefusalClass};

/// First wait after the network said no: congestion of a cell passes in seconds.
const NETWORK_FIRST: Duration = Duration::from_secs(5);
/// The wait after a call that nobody took: most talks are over by then, and a code still counts.
const CALLEE: Duration = Duration::from_secs(45);
/// How often a busy line is tried again, and how often anybody else who did not take a call: who does not
/// answer a second time will not be glad about a third.
const BUSY_AGAIN: usize = 2;
const CALLEE_AGAIN: usize = 1;
/// How often a message is tried again that a network does not want, though it says nothing of congestion: an error of its own
/// passes within the minute that this takes, and each try is another message on somebody's bill.
const UNWANTED_AGAIN: usize = 4;
/// First wait after a modem failed a second time: the first failure is answered by another modem, or
/// by the same one, at once.
const MODEM_FIRST: Duration = Duration::from_secs(1);
/// Longest wait between two attempts: a network that is back should not wait for us much longer
/// than a person would.
const LONGEST: Duration = Duration::from_secs(120);

/// The wait before the next attempt, when `failures` attempts have failed.
pub(super) fn delay(class: RefusalClass, failures: usize) -> Duration {
    let doubled = |first: Duration, times: usize| {
        let factor = u32::try_from(times).ok().and_then(|times| 2_u32.checked_pow(times));
        factor.and_then(|factor| first.checked_mul(factor)).unwrap_or(LONGEST).min(LONGEST)
    };
    match class {
        RefusalClass::Network => doubled(NETWORK_FIRST, failures.saturating_sub(1)),
        RefusalClass::Modem | RefusalClass::Doubtful if failures <= 1 => Duration::ZERO,
        RefusalClass::Modem | RefusalClass::Doubtful => {
            doubled(MODEM_FIRST, failures.saturating_sub(2))
        }
        RefusalClass::Callee => CALLEE,
        // A permanent refusal ends the message; where another attempt keeps it alive and then fails
        // too, that failure decides.
        RefusalClass::Permanent => LONGEST,
    }
}

/// Whether nothing more is tried after a refusal, when so many attempts were refused for that reason.
pub(super) fn suffices(refusal: Refusal, refused: usize) -> bool {
    match (refusal.class, refusal.detail) {
        (RefusalClass::Permanent, _) => true,
        (RefusalClass::Callee, Detail::Busy) => refused > BUSY_AGAIN,
        (RefusalClass::Callee, _) => refused > CALLEE_AGAIN,
        (RefusalClass::Network, Detail::ByNetwork) => refused > UNWANTED_AGAIN,
        (RefusalClass::Network | RefusalClass::Modem | RefusalClass::Doubtful, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_two_minutes_and_a_modem_fault_is_retried_at_once() {
        let waits = |class| (1..=7).map(|n| delay(class, n).as_secs()).collect::<Vec<_>>();
        assert_eq!(waits(RefusalClass::Network), [5, 10, 20, 40, 80, 120, 120]);
        assert_eq!(waits(RefusalClass::Modem), [0, 1, 2, 4, 8, 16, 32]);
        assert_eq!(delay(RefusalClass::Modem, 10_000), LONGEST);
    }
}
