//! How a modem that fails is brought back: a ladder of means, the gentlest first.
//!
//! Like everything here it does nothing itself and knows no time: it says what comes next.

use crate::at::{Seconds, dialogue::FailureKind};

/// A means to bring a modem back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// ESC, and whatever comes is dropped: a modem that waits for a body is free again.
    Drain,
    /// Its port is closed and opened, and it is set up from the beginning.
    Reopen,
    /// It is told to restart.
    SoftReset,
    /// Its power, or its USB port, is switched.
    HardReset,
    /// It is left alone for a while, and somebody is told.
    Quarantine,
}

impl Rung {
    /// All rungs, the gentlest first.
    pub const ALL: [Self; 5] =
        [Self::Drain, Self::Reopen, Self::SoftReset, Self::HardReset, Self::Quarantine];

    /// For people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::Reopen => "reopen",
            Self::SoftReset => "soft_reset",
            Self::HardReset => "hard_reset",
            Self::Quarantine => "quarantine",
        }
    }

    /// Its place in [`ALL`](Self::ALL).
    #[must_use]
    pub const fn index(self) -> usize {
        match self {
            Self::Drain => 0,
            Self::Reopen => 1,
            Self::SoftReset => 2,
            Self::HardReset => 3,
            Self::Quarantine => 4,
        }
    }
}

/// Which means there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Means {
    /// The family has a command that restarts it.
    pub soft_reset: bool,
    /// Its power, or its USB port, can be switched.
    pub hard_reset: bool,
}

/// A modem without SIM or network works: it is told to restart only after so many times of bringing
/// it up in vain (a SIM may be noticed only at a start, and some find no network until they restart).
const PATIENCE: u8 = 5;
/// The same where all there is is the switch of its power, which loses what is on its way from the network just then.
const LONG_PATIENCE: u8 = 20;
/// Restarts in a row, none of them after the modem had worked for a while, from which on stronger means than setting it
/// up are tried: one may be a dip of the supply, and the second the network that asks for all its power again.
const RESTARTS: u8 = 3;
/// First time in quarantine: what somebody has just plugged together is tried again soon.
const QUARANTINE: Seconds = Seconds(15);
/// Longest time in quarantine: what recovers by itself is back within ten minutes.
const LONGEST_QUARANTINE: Seconds = Seconds(600);

/// Where on the ladder a modem stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ladder {
    /// The rung tried last.
    last: Option<Rung>,
    /// Times of bringing it up in vain, without SIM or network.
    waits: u8,
    /// Restarts by itself in a row.
    restarts: u8,
    /// Times in quarantine.
    quarantines: u8,
}

impl Ladder {
    /// What to try after a failure; `None` = nothing helps but a person, and waiting.
    pub fn climb(&mut self, kind: FailureKind, means: Means) -> Option<Rung> {
        let rung = match kind {
            FailureKind::SimLocked | FailureKind::NotSubscribed => return None,
            FailureKind::SimMissing | FailureKind::NotRegistered => {
                self.waits = self.waits.saturating_add(1);
                let (patience, restart) = match means {
                    Means { soft_reset: true, .. } => (PATIENCE, Rung::SoftReset),
                    Means { hard_reset: true, .. } => (LONG_PATIENCE, Rung::HardReset),
                    Means { .. } => return Some(Rung::Reopen),
                };
                if self.waits < patience {
                    return Some(Rung::Reopen);
                }
                self.waits = 0;
                return Some(restart);
            }
            FailureKind::Fault => match self.last {
                None => Rung::Drain,
                Some(Rung::Drain) => Rung::Reopen,
                Some(Rung::Reopen) if means.soft_reset => Rung::SoftReset,
                Some(Rung::Reopen | Rung::SoftReset) if means.hard_reset => Rung::HardReset,
                Some(Rung::Reopen | Rung::SoftReset | Rung::HardReset) => Rung::Quarantine,
                // Once more from the beginning: what could not be reset may have been.
                Some(Rung::Quarantine) => Rung::Reopen,
            },
        };
        if rung == Rung::Quarantine {
            self.quarantines = self.quarantines.saturating_add(1);
        }
        self.last = Some(rung);
        Some(rung)
    }

    /// What to try after a modem has restarted by itself; `None` = it is only set up anew. `at_once` = it had not worked
    /// for a while before. What restarts again and again does so by itself: telling it to is no means against it.
    pub fn restarted(&mut self, at_once: bool, means: Means) -> Option<Rung> {
        self.restarts = if at_once { self.restarts.saturating_add(1) } else { 1 };
        if self.restarts < RESTARTS {
            return None;
        }
        self.last = self.last.max(Some(Rung::SoftReset));
        self.climb(FailureKind::Fault, means)
    }

    /// Whether [`Rung::Drain`] comes next; then it does.
    pub fn climb_to_drain(&mut self) -> bool {
        let fresh = self.last.is_none();
        self.skip_drain();
        fresh
    }

    /// Passes over [`Rung::Drain`]: there is no open port to drain.
    pub fn skip_drain(&mut self) {
        self.last = self.last.or(Some(Rung::Drain));
    }

    /// Passes over [`Rung::Reopen`] too: what is wrong lies behind the port.
    pub fn skip_reopen(&mut self) {
        self.last = self.last.max(Some(Rung::Reopen));
    }

    /// How long it stays in quarantine: twice as long each time.
    #[must_use]
    pub fn quarantine(&self) -> Seconds {
        let doublings = u32::from(self.quarantines.saturating_sub(1));
        let length = QUARANTINE.0.checked_shl(doublings.min(8)).unwrap_or(u16::MAX);
        Seconds(length).min(LONGEST_QUARANTINE)
    }

    /// It has worked for a while: the next failure has nothing to do with the last.
    pub fn steady(&mut self) {
        *self = Self::default();
    }

    /// The rung tried last.
    #[must_use]
    pub const fn last(&self) -> Option<Rung> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn climbs(kind: FailureKind, means: Means, times: usize) -> Vec<Option<Rung>> {
        let mut ladder = Ladder::default();
        (0..times).map(|_| ladder.climb(kind, means)).collect()
    }

    #[test]
    fn a_fault_is_met_with_ever_stronger_means() {
        use Rung::{Drain, HardReset, Quarantine, Reopen, SoftReset};
        let all = Means { soft_reset: true, hard_reset: true };
        let tried = climbs(FailureKind::Fault, all, 8);
        let expected =
            [Drain, Reopen, SoftReset, HardReset, Quarantine, Reopen, SoftReset, HardReset];
        assert_eq!(tried, expected.map(Some));
        let none = climbs(FailureKind::Fault, Means::default(), 5);
        assert_eq!(none, [Drain, Reopen, Quarantine, Reopen, Quarantine].map(Some));
        let hard = Means { hard_reset: true, soft_reset: false };
        let tried = climbs(FailureKind::Fault, hard, 4);
        assert_eq!(tried, [Drain, Reopen, HardReset, Quarantine].map(Some));
    }

    #[test]
    fn what_restarts_again_and_again_is_switched_off_and_then_left_alone() {
        use Rung::{HardReset, Quarantine, Reopen};
        let means = |hard_reset| Means { soft_reset: true, hard_reset };
        let tried = |at_once, hard_reset| {
            let mut ladder = Ladder::default();
            (0..7).map(|_| ladder.restarted(at_once, means(hard_reset))).collect::<Vec<_>>()
        };
        let again = [Some(HardReset), Some(Quarantine), Some(Reopen), Some(HardReset)];
        assert_eq!(tried(true, true), [&[None, None], &again[..], &[Some(Quarantine)]].concat());
        let again = [Some(Quarantine), Some(Reopen), Some(Quarantine), Some(Reopen)];
        assert_eq!(tried(true, false), [&[None, None], &again[..], &[Some(Quarantine)]].concat());
        assert_eq!(tried(false, true), [None; 7], "now and then");
    }

    #[test]
    fn a_sim_that_is_locked_or_not_set_up_is_left_to_a_person() {
        let all = Means { soft_reset: true, hard_reset: true };
        for kind in [FailureKind::SimLocked, FailureKind::NotSubscribed] {
            assert!(climbs(kind, all, 20).iter().all(Option::is_none));
        }
    }

    #[test]
    fn without_network_it_is_restarted_now_and_then_and_never_quarantined() {
        let all = Means { soft_reset: true, hard_reset: true };
        for kind in [FailureKind::NotRegistered, FailureKind::SimMissing] {
            let tried = climbs(kind, all, 10);
            let restarts = tried.iter().filter(|it| **it == Some(Rung::SoftReset)).count();
            assert_eq!(restarts, 2, "{tried:?}");
            assert!(tried.iter().all(|it| *it <= Some(Rung::SoftReset)));
            // One that cannot be told to restart is switched off and on, less often.
            let switched = climbs(kind, Means { soft_reset: false, ..all }, 60);
            let rungs = |rung| switched.iter().filter(|it| **it == Some(rung)).count();
            assert_eq!((rungs(Rung::HardReset), rungs(Rung::Reopen)), (3, 57));
            let nothing = climbs(kind, Means::default(), 60);
            assert!(nothing.iter().all(|it| *it == Some(Rung::Reopen)));
        }
    }

    #[test]
    fn quarantine_is_longer_each_time_up_to_a_limit() {
        let mut ladder = Ladder::default();
        let mut lengths = Vec::new();
        while lengths.len() < 7 {
            if ladder.climb(FailureKind::Fault, Means::default()) == Some(Rung::Quarantine) {
                lengths.push(ladder.quarantine().0);
            }
        }
        assert_eq!(lengths, [15, 30, 60, 120, 240, 480, 600]);
        ladder.steady();
        assert_eq!(ladder, Ladder::default());
    }
}
