//! A submit whose answer was lost, and how long what a modem says may be that answer.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::SegmentId;

/// The last submit, where its answer was lost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unanswered {
    segment: SegmentId,
    /// Until when its answer may come into the next exchange.
    open_until: Instant,
    /// Something was asked since that may be refused late: whose a refusal is nobody knows then.
    refusals_doubted: bool,
}

impl Unanswered {
    /// `segment`, whose answer was lost at this moment, behind an `earlier` one that had none. An answer takes `patience`
    /// at most.
    pub(super) fn new(segment: SegmentId, earlier: Option<Self>, patience: Duration) -> Self {
        let now = Instant::now();
        // Silence takes longer than the earlier one stays open; so this one was refused, or that one was. One answer is
        // open as before, for as long as before: else each refusal would cast doubt on the next, without an end.
        let earlier = earlier.filter(|it| it.is_open());
        let open_until = earlier.map_or(now + patience, |it| it.open_until);
        Self { segment, open_until, refusals_doubted: false }
    }

    /// `segment`, which was given to the modem so long ago by a daemon that ended before it had its answer.
    pub(super) fn of_an_earlier_daemon(
        segment: SegmentId,
        age: Duration,
        patience: Duration,
    ) -> Self {
        let left = patience.saturating_sub(age);
        // What the modem was asked since is not known.
        Self { refusals_doubted: true, ..Self::new(segment, None, left) }
    }

    /// Whether its answer may come into an exchange that begins.
    pub(super) fn is_open(&self) -> bool {
        Instant::now() < self.open_until
    }

    /// The modem has begun anew: what it says from now on is no answer to that.
    pub(super) fn close(&mut self) {
        self.open_until = Instant::now();
        self.refusals_doubted = true;
    }

    /// Something is asked that may be refused late.
    pub(super) const fn doubt_refusals(&mut self) {
        self.refusals_doubted = true;
    }

    /// Whose an answer is that came while nobody waited for one. A reference can be that of a submit only.
    pub(super) const fn segment(&self, is_refusal: bool) -> Option<SegmentId> {
        if is_refusal && self.refusals_doubted { None } else { Some(self.segment) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_modem_that_begins_anew_casts_no_doubt_on_what_it_says_of_the_next() {
        let segment = SegmentId::first_of(1, 1);
        let patience = Duration::from_secs(120);
        let mut unanswered = Unanswered::new(segment, None, patience);
        assert!(unanswered.is_open());
        assert_eq!(unanswered.segment(true), Some(segment));
        unanswered.close();
        assert!(!unanswered.is_open());
        assert_eq!((unanswered.segment(true), unanswered.segment(false)), (None, Some(segment)));
    }
}
