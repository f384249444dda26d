//! How a modem, its SIM and its network have done of late: what holds it back, and what somebody has to be told.

use tokio::time::Instant;
use tracing::warn;

use super::{
    booking::Spent,
    breaker::{Breaker, Pauses},
    step::Event,
};
use crate::domain::{CallTimes, Detail, RefusalClass, Report};

/// An alarm by its name: raised for a reason, or over.
pub(super) type Alarm = (&'static str, Option<Detail>);

/// How a modem has done.
#[derive(Debug, Default)]
pub(super) struct Health {
    texts: Standing,
    /// A modem that cannot speak sends texts all the same.
    calls: Standing,
    network: Congestion,
}

impl Health {
    /// Notes what came of a text, or of a call, through the modem of this name; answers what alarms have to say now.
    pub(super) fn note(
        &mut self,
        name: &str,
        event: &Event,
        spent: Spent,
        now: Instant,
    ) -> Vec<Alarm> {
        let worked = !is_fault(event);
        let mut alarms = Vec::new();
        let (what, standing, came) = match spent {
            Spent::Call { times, .. } => {
                // One that was never dialled tells nothing of the others.
                let worked = worked && times != CallTimes::default();
                ("calls", &mut self.calls, (worked, worked))
            }
            Spent::Segment | Spent::Nothing => {
                alarms.extend(self.network.note(event, now).map(|raised| ("network", raised)));
                ("texts", &mut self.texts, (worked, matches!(event, Event::Accepted(..))))
            }
        };
        alarms.extend(standing.note(event, came, now).map(|raised| (what, raised)));
        if is_fault(event)
            && let Some(until) = standing.breaker.open_until(now)
        {
            let seconds = (until - now).as_secs();
            warn!(modem.name = name, seconds, "{what} failed again and again: they get a pause");
        }
        alarms
    }

    /// Why the modem gets nothing for a while.
    pub(super) fn fault(&self, now: Instant) -> Option<Detail> {
        // One whose SIM may send no texts may ring all the same.
        self.texts.pause(now).filter(|_| self.texts.barred.is_none())
    }

    /// Why it gets no texts for a while.
    pub(super) fn no_texts(&self, now: Instant) -> Option<Detail> {
        self.texts.pause(now).filter(|_| self.texts.barred.is_some())
    }

    /// Why it gets no calls for a while.
    pub(super) fn no_calls(&self, now: Instant) -> Option<Detail> {
        self.calls.pause(now)
    }

    /// Why its network took none of the last texts.
    pub(super) const fn congested(&self) -> Option<Detail> {
        self.network.reason
    }

    /// Until when nothing but passcodes is tried for that.
    pub(super) fn congested_until(&self, now: Instant) -> Option<Instant> {
        self.network.breaker.open_until(now)
    }

    /// When the first of these pauses ends.
    pub(super) fn changes_at(&self, now: Instant) -> Option<Instant> {
        let breakers = [&self.texts.breaker, &self.calls.breaker, &self.network.breaker];
        breakers.into_iter().filter_map(|it| it.open_until(now)).min()
    }
}

/// How a modem, and its SIM, have done of late: with texts, or with calls.
#[derive(Debug, Default)]
struct Standing {
    breaker: Breaker,
    /// Why its SIM may send none, as an alarm says.
    barred: Option<Detail>,
}

impl Standing {
    /// Why it gets none, while it has a pause in them.
    fn pause(&self, now: Instant) -> Option<Detail> {
        self.breaker.open_until(now).map(|_| self.barred.unwrap_or(Detail::ModemFault))
    }

    /// Notes what came of one: whether the modem `worked`, and whether what its SIM sent `passed`. Answers what an
    /// alarm has to say now, where that has changed.
    fn note(
        &mut self,
        event: &Event,
        (worked, passed): (bool, bool),
        now: Instant,
    ) -> Option<Option<Detail>> {
        let pauses = is_fault(event) && self.breaker.fail(now, Pauses::FAULT).is_some();
        if worked {
            self.breaker.succeed();
        }
        // One refusal may be due to its number; what opens a pause was tried again and again.
        let before = self.barred;
        if pauses && before.is_none() {
            self.barred = barred(event);
        } else if passed {
            self.barred = None;
        }
        (self.barred != before).then_some(self.barred)
    }
}

/// What the network has made of a modem's texts of late. Where it takes none, what waits is not tried one by one, each
/// for itself, but held back for a pause; passcodes alone are tried all the same.
#[derive(Debug, Default)]
struct Congestion {
    breaker: Breaker,
    /// Why it took none of the last ones.
    reason: Option<Detail>,
    is_alarm: bool,
}

impl Congestion {
    /// Notes what came of a text; answers what an alarm has to say now, where that has changed.
    fn note(&mut self, event: &Event, now: Instant) -> Option<Option<Detail>> {
        if matches!(event, Event::Accepted(..)) {
            let was_alarm = self.is_alarm;
            *self = Self::default();
            return was_alarm.then_some(None);
        }
        let Event::Refused(_, refusal) = event else { return None };
        // A passcode that is refused in a pause tells nothing new.
        if refusal.class != RefusalClass::Network || self.breaker.open_until(now).is_some() {
            return None;
        }
        let pause = self.breaker.fail(now, Pauses::CONGESTION)?;
        self.reason = Some(refusal.detail);
        // What lasts is no congestion: many networks say the same where no money is left.
        let lasts = pause == Pauses::CONGESTION.longest && !self.is_alarm;
        self.is_alarm |= lasts;
        lasts.then_some(self.reason)
    }
}

/// Whether the modem failed, whatever the network may have done.
fn is_fault(event: &Event) -> bool {
    let fault = [RefusalClass::Modem, RefusalClass::Doubtful];
    if let Event::Refused(_, refusal) = event {
        return fault.contains(&refusal.class) || refusal.detail == Detail::ModemFault;
    }
    matches!(event, Event::Silent(_) | Event::Reported(_, Report::Failed(Detail::ModemFault)))
}

/// Why it was refused, where it was because its SIM may send none (3GPP TS 24.011 annex E.2, causes 8, 50 and 69, and
/// TP-FCS 0xC1), or place no calls (3GPP TS 24.008 annex H, causes 8, 50, 55, 57, 69, 70, 79 and 87).
fn barred(event: &Event) -> Option<Detail> {
    let Event::Refused(_, refusal) = event else { return None };
    Some(refusal.detail).filter(|it| [Detail::Barred, Detail::NotSubscribed].contains(it))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{Refusal, SegmentId};

    const SEGMENT: SegmentId = SegmentId::first_of(1, 1);

    fn busy() -> Event {
        let refusal = Refusal { detail: Detail::NetworkBusy, class: RefusalClass::Network };
        Event::Refused(SEGMENT, refusal)
    }

    #[test]
    fn a_network_that_takes_nothing_gets_pauses_and_is_an_alarm_where_that_lasts() {
        let mut now = Instant::now();
        let mut health = Health::default();
        for _ in 0..2 {
            assert!(health.note("m1", &busy(), Spent::Nothing, now).is_empty());
            assert_eq!((health.congested(), health.congested_until(now)), (None, None));
        }
        let (mut pauses, mut alarms) = (Vec::new(), Vec::new());
        for _ in 0..6 {
            alarms.extend(health.note("m1", &busy(), Spent::Nothing, now));
            let until = health.congested_until(now).unwrap();
            // Passcodes that are tried meanwhile make no pause longer.
            assert!(health.note("m1", &busy(), Spent::Nothing, now).is_empty());
            assert_eq!(health.congested_until(now), Some(until));
            assert_eq!(health.changes_at(now), Some(until));
            pauses.push((until - now).as_secs());
            now = until;
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        assert_eq!(alarms, [("network", Some(Detail::NetworkBusy))], "once");
        assert_eq!(health.congested(), Some(Detail::NetworkBusy));
        assert_eq!(
            (health.fault(now), health.no_texts(now), health.no_calls(now)),
            (None, None, None)
        );
        let taken = Event::Accepted(SEGMENT, Some(1));
        assert_eq!(health.note("m1", &taken, Spent::Segment, now), [("network", None)]);
        assert!(health.note("m1", &taken, Spent::Segment, now).is_empty());
        assert_eq!((health.congested(), health.congested_until(now)), (None, None));
        assert!(health.note("m1", &busy(), Spent::Nothing, now).is_empty(), "it counts anew");
    }

    #[test]
    fn what_a_call_came_to_tells_nothing_of_how_texts_are_taken() {
        let now = Instant::now();
        let mut health = Health::default();
        let times = CallTimes { setup: Duration::from_secs(1), ..CallTimes::default() };
        for _ in 0..9 {
            assert!(health.note("m1", &busy(), Spent::Call { times, cost: None }, now).is_empty());
        }
        assert_eq!((health.congested(), health.congested_until(now)), (None, None));
    }
}
