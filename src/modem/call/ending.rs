//! How a call is said to have ended.

use ringpost_hal::call::{Cause, Release, Stage};

use super::CallCause;

/// Why this side ended a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Whoever speaks wants so, or speaks no more.
    Speaker,
    /// It was not set up in time.
    SetupLimit,
    /// It rang long enough.
    RingLimit,
    /// It lasted long enough.
    TalkLimit,
    /// It was worth nothing any more before it rang.
    Stale,
    /// Nothing can be heard in it.
    NoSound,
    /// The daemon stops.
    Stopping,
}

/// The cause of a call that came so far before it ended: by this side, or by what was told.
pub(super) fn cause(reached: Stage, by: Option<By>, release: &Release) -> CallCause {
    match (by, reached) {
        (Some(By::NoSound), _) => CallCause::NoSound,
        (Some(_), Stage::Active | Stage::Ended) => CallCause::Finished,
        (None, Stage::Active | Stage::Ended) => CallCause::HungUp,
        (Some(By::RingLimit), _) => CallCause::NoAnswer,
        (Some(By::SetupLimit), _) => CallCause::Unreachable,
        (Some(_), _) => CallCause::Abandoned,
        (None, _) => unanswered(reached, release.cause()),
    }
}

/// The cause of a call that came so far before lists showed it no more, and nothing else told of its end.
pub(super) fn presumed(reached: Stage, release: &Release) -> CallCause {
    let seems = cause(reached, None, release);
    // Nobody is seen to press the red key, who would not be called again.
    let declined = release.cause() == Some(Cause::Declined);
    if seems == CallCause::Declined && !declined { CallCause::NoAnswer } else { seems }
}

fn unanswered(reached: Stage, cause: Option<Cause>) -> CallCause {
    match cause {
        Some(Cause::Busy) => CallCause::Busy,
        Some(Cause::NoAnswer) => CallCause::NoAnswer,
        Some(Cause::Declined) => CallCause::Declined,
        Some(Cause::Unreachable) => CallCause::Unreachable,
        Some(Cause::Unassigned) => CallCause::Unassigned,
        Some(Cause::NetworkBusy) => CallCause::NetworkBusy,
        Some(Cause::Barred) => CallCause::Barred,
        Some(Cause::Refused) => CallCause::Refused,
        // Its ringing ended before this side's patience: somebody pressed the red key, as networks that tell
        // no more have it.
        Some(Cause::Cleared) | None if reached == Stage::Alerting => CallCause::Declined,
        Some(Cause::Cleared) | None => CallCause::Refused,
    }
}

#[cfg(test)]
mod tests {
    use ringpost_hal::at::FinalResult;

    use super::*;

    #[test]
    fn who_ended_it_and_how_far_it_came_decide() {
        let told = |number| Release { number, ..Release::default() };
        let busy = Release { result: Some(FinalResult::Busy), ..Release::default() };
        let table = [
            (Stage::Dialing, None, busy, CallCause::Busy),
            (Stage::Alerting, None, told(Some(21)), CallCause::Declined),
            (Stage::Alerting, None, told(Some(16)), CallCause::Declined),
            (Stage::Alerting, None, told(None), CallCause::Declined),
            (Stage::Alerting, None, told(Some(19)), CallCause::NoAnswer),
            (Stage::Dialing, None, told(Some(1)), CallCause::Unassigned),
            (Stage::Dialing, None, told(Some(27)), CallCause::Unreachable),
            (Stage::Dialing, None, told(Some(42)), CallCause::NetworkBusy),
            (Stage::Dialing, None, told(Some(8)), CallCause::Barred),
            (Stage::Dialing, None, told(None), CallCause::Refused),
            (Stage::Active, None, told(Some(16)), CallCause::HungUp),
            (Stage::Active, Some(By::Speaker), told(Some(16)), CallCause::Finished),
            (Stage::Active, Some(By::TalkLimit), told(None), CallCause::Finished),
            (Stage::Active, Some(By::NoSound), told(Some(16)), CallCause::NoSound),
            (Stage::Alerting, Some(By::RingLimit), told(Some(16)), CallCause::NoAnswer),
            (Stage::Dialing, Some(By::SetupLimit), told(None), CallCause::Unreachable),
            (Stage::Dialing, Some(By::Stale), told(None), CallCause::Abandoned),
            (Stage::Alerting, Some(By::Speaker), told(Some(16)), CallCause::Abandoned),
            (Stage::Dialing, Some(By::Stopping), told(None), CallCause::Abandoned),
        ];
        for (reached, by, release, expected) in table {
            assert_eq!(cause(reached, by, &release), expected, "{reached:?} {by:?} {release:?}");
        }
    }

    #[test]
    fn a_call_that_was_lost_sight_of_was_declined_only_where_that_is_told() {
        let told = |number| Release { number, ..Release::default() };
        let table = [
            (Stage::Alerting, None, CallCause::NoAnswer),
            (Stage::Alerting, Some(16), CallCause::NoAnswer),
            (Stage::Alerting, Some(21), CallCause::Declined),
            (Stage::Dialing, None, CallCause::Refused),
            (Stage::Active, None, CallCause::HungUp),
        ];
        for (reached, number, expected) in table {
            assert_eq!(presumed(reached, &told(number)), expected, "{reached:?} {number:?}");
        }
    }
}
