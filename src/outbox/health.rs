//! How a modem, its SIM and its network have done of late: what holds it back, and what somebody has to be told.

use tokio::time::Instant;
use tracing::warn;

use super::{
    booking::Spent,
    breaker::{Breaker, Pauses},
    step::Event,
};
use crate::domain::{Detail, RefusalClass, Report};

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
        let mut alarms = Vec::new();
        let (what, standing) = match spent {
            Spent::Call { .. } | Spent::NotDialled => ("calls", &mut self.calls),
            Spent::Segment | Spent::Nothing => {
                let paused = self.network.breaker.open_until(now);
                alarms.extend(self.network.note(event, now).map(|raised| ("network", raised)));
                if let Some(until) = self.network.breaker.open_until(now)
                    && paused.is_none()
                {
                    let seconds = (until - now).as_secs();
                    warn!(
                        modem.name = name,
                        seconds, "the network takes no texts: they get a pause"
                    );
                }
                ("texts", &mut self.texts)
            }
        };
        let sign = match spent {
            _ if is_fault(event) => Some(Sign::Fails(barred(event))),
            // It tells nothing of the others.
            Spent::NotDialled => None,
            Spent::Call { .. } => Some(Sign::Passes),
            Spent::Segment | Spent::Nothing if matches!(event, Event::Accepted(..)) => {
                Some(Sign::Passes)
            }
            Spent::Segment | Spent::Nothing => Some(Sign::Works),
        };
        let raised = sign.and_then(|sign| standing.note(sign, now));
        alarms.extend(raised.map(|raised| (what, raised)));
        if is_fault(event)
            && let Some(until) = standing.breaker.open_until(now)
        {
            let seconds = (until - now).as_secs();
            warn!(modem.name = name, seconds, "{what} failed again and again: they get a pause");
        }
        alarms
    }

    /// Forgets all of it, for the SIM is another; answers the alarms that are over with that.
    pub(super) fn begin_anew(&mut self) -> Vec<Alarm> {
        let Self { texts, calls, network } = std::mem::take(self);
        let raised = [
            ("texts", texts.barred.is_some()),
            ("calls", calls.barred.is_some()),
            ("network", network.is_alarm),
        ];
        raised.into_iter().filter(|(_, raised)| *raised).map(|(what, _)| (what, None)).collect()
    }

    /// Why texts are kept from the modem for a while.
    pub(super) fn no_texts(&self, now: Instant) -> Option<Detail> {
        self.texts.pause(now).or_else(|| self.network.pause(now))
    }

    /// Why calls are kept from it for a while.
    pub(super) fn no_calls(&self, now: Instant) -> Option<Detail> {
        // One whose SIM, or whose network, takes no texts may ring all the same.
        let fault = || self.texts.pause(now).filter(|it| !it.bars_the_sim());
        self.calls.pause(now).or_else(fault)
    }

    /// When the first of these pauses ends.
    pub(super) fn changes_at(&self, now: Instant) -> Option<Instant> {
        let breakers = [&self.texts.breaker, &self.calls.breaker, &self.network.breaker];
        breakers.into_iter().filter_map(|it| it.open_until(now)).min()
    }
}

/// What a text, or a call, says of the modem and its SIM.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// The modem failed; or its SIM may send none, where it was refused for that.
    Fails(Option<Detail>),
    /// The modem did its part, whatever the network said.
    Works,
    /// What its SIM sent passed, too.
    Passes,
}

/// How a modem, and its SIM, have done of late: with texts, or with calls.
#[derive(Debug, Default)]
struct Standing {
    breaker: Breaker,
    /// Why its SIM may send none, as an alarm says.
    barred: Option<Detail>,
    /// Why it has its last pause: one whose SIM is barred may fail as a modem, too.
    paused_for: Option<Detail>,
}

impl Standing {
    /// Why it gets none, while it has a pause in them.
    fn pause(&self, now: Instant) -> Option<Detail> {
        self.breaker.open_until(now).and(self.paused_for)
    }

    /// Notes what one says. Answers what an alarm has to say now, where that has changed.
    fn note(&mut self, sign: Sign, now: Instant) -> Option<Option<Detail>> {
        let before = self.barred;
        match sign {
            // A passcode that fails in a pause tells nothing new.
            Sign::Fails(_) if self.breaker.open_until(now).is_some() => {}
            Sign::Fails(barred) => {
                // One refusal may be due to its number; what opens a pause was tried again and again.
                if self.breaker.fail(now, Pauses::FAULT).is_some() {
                    self.barred = before.or(barred);
                    self.paused_for = barred.or(Some(Detail::ModemFault));
                }
            }
            Sign::Works => self.breaker.succeed(),
            Sign::Passes => *self = Self::default(),
        }
        (self.barred != before).then_some(self.barred)
    }
}

/// What the network has made of a modem's texts of late. Where it takes none, what waits is not tried one by one, each
/// for itself, but held back for a pause.
#[derive(Debug, Default)]
struct Congestion {
    breaker: Breaker,
    /// Why it took none of the last ones.
    reason: Option<Detail>,
    /// The last message that it took not: to be refused again says less than if another one is.
    refused: Option<i64>,
    is_alarm: bool,
}

impl Congestion {
    /// Why it gets none, while it has a pause.
    fn pause(&self, now: Instant) -> Option<Detail> {
        self.breaker.open_until(now).and(self.reason)
    }

    /// Notes what came of a text; answers what an alarm has to say now, where that has changed.
    fn note(&mut self, event: &Event, now: Instant) -> Option<Option<Detail>> {
        let (Event::Accepted(segment, _) | Event::Refused(segment, _)) = event else { return None };
        let refusal = if let Event::Refused(_, refusal) = event { Some(refusal) } else { None };
        // Who refuses one for its number takes others.
        let Some(refusal) = refusal.filter(|it| it.class != RefusalClass::Permanent) else {
            let was_alarm = self.is_alarm;
            *self = Self::default();
            return was_alarm.then_some(None);
        };
        // A passcode that is refused in a pause tells nothing new.
        let paused = self.breaker.open_until(now).is_some();
        let again = self.refused == Some(segment.message());
        if refusal.class != RefusalClass::Network || paused || again {
            return None;
        }
        self.refused = Some(segment.message());
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
        // Where this machine fails, the modem does not.
        let own = refusal.detail == Detail::Bug;
        return !own && (fault.contains(&refusal.class) || refusal.detail == Detail::ModemFault);
    }
    matches!(event, Event::Silent(_) | Event::Reported(_, Report::Failed(Detail::ModemFault)))
}

/// Why it was refused, where it was because its SIM may send none (3GPP TS 24.011 annex E.2, causes 8, 28 to 30, 50 and
/// 69, and TP-FCS 0xC1), or place no calls (3GPP TS 24.008 annex H, causes 8, 50, 55, 57, 69, 70, 79 and 87).
fn barred(event: &Event) -> Option<Detail> {
    let Event::Refused(_, refusal) = event else { return None };
    Some(refusal.detail).filter(|it| it.bars_the_sim())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::{CallTimes, Refusal, SegmentId};

    fn refused(message: i64, class: RefusalClass) -> Event {
        let refusal = Refusal { detail: Detail::NetworkBusy, class };
        Event::Refused(SegmentId::first_of(message, 1), refusal)
    }

    fn busy(message: i64) -> Event {
        refused(message, RefusalClass::Network)
    }

    fn taken() -> Event {
        Event::Accepted(SegmentId::first_of(1, 1), Some(1))
    }

    #[test]
    fn a_network_that_takes_nothing_gets_pauses_and_is_an_alarm_where_that_lasts() {
        let mut now = Instant::now();
        let mut health = Health::default();
        let mut messages = 0..;
        let mut next = || busy(messages.next().unwrap());
        for _ in 0..2 {
            assert!(health.note("m1", &next(), Spent::Nothing, now).is_empty());
            assert_eq!(health.no_texts(now), None);
        }
        let (mut pauses, mut alarms) = (Vec::new(), Vec::new());
        for _ in 0..6 {
            alarms.extend(health.note("m1", &next(), Spent::Nothing, now));
            let until = health.changes_at(now).unwrap();
            // Passcodes that are tried meanwhile make no pause longer.
            assert!(health.note("m1", &next(), Spent::Nothing, now).is_empty());
            assert_eq!(health.changes_at(now), Some(until));
            assert_eq!(health.no_texts(now), Some(Detail::NetworkBusy));
            assert_eq!(health.no_calls(now), None);
            pauses.push((until - now).as_secs());
            now = until;
            assert_eq!(health.no_texts(now), None, "it is tried");
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        assert_eq!(alarms, [("network", Some(Detail::NetworkBusy))], "once");
        assert_eq!(health.note("m1", &taken(), Spent::Segment, now), [("network", None)]);
        assert!(health.note("m1", &taken(), Spent::Segment, now).is_empty());
        assert!(health.note("m1", &next(), Spent::Nothing, now).is_empty(), "it counts anew");
        assert_eq!(health.changes_at(now), None);
    }

    #[test]
    fn passcodes_that_fail_in_a_pause_make_it_no_longer() {
        let now = Instant::now();
        let mut health = Health::default();
        for _ in 0..9 {
            health.note("m1", &refused(1, RefusalClass::Modem), Spent::Nothing, now);
        }
        assert_eq!(health.no_texts(now), Some(Detail::ModemFault));
        assert_eq!(health.changes_at(now), Some(now + Duration::from_secs(30)));
    }

    #[test]
    fn one_message_that_is_refused_again_and_again_is_no_congestion() {
        let now = Instant::now();
        let mut health = Health::default();
        for _ in 0..9 {
            health.note("m1", &busy(1), Spent::Nothing, now);
        }
        assert_eq!(health.no_texts(now), None);
        // Nor is one that another is refused behind, for its number: the network is there.
        health.note("m1", &busy(2), Spent::Nothing, now);
        health.note("m1", &refused(3, RefusalClass::Permanent), Spent::Nothing, now);
        health.note("m1", &busy(4), Spent::Nothing, now);
        assert_eq!(health.no_texts(now), None);
    }

    #[test]
    fn what_a_call_came_to_tells_nothing_of_how_texts_are_taken() {
        let now = Instant::now();
        let mut health = Health::default();
        let times = CallTimes { setup: Duration::from_secs(1), ..CallTimes::default() };
        for message in 0..9 {
            let spent = Spent::Call { times, cost: None };
            assert!(health.note("m1", &busy(message), spent, now).is_empty());
        }
        assert_eq!(health.no_texts(now), None);
    }

    #[test]
    fn a_modem_that_fails_after_its_sim_was_barred_is_held_back_as_one_that_fails() {
        let mut now = Instant::now();
        let mut health = Health::default();
        let barred = Refusal { detail: Detail::Barred, class: RefusalClass::Modem };
        let barred = Event::Refused(SegmentId::first_of(1, 1), barred);
        for _ in 0..3 {
            health.note("m1", &barred, Spent::Nothing, now);
        }
        assert_eq!((health.no_texts(now), health.no_calls(now)), (Some(Detail::Barred), None));
        now = health.changes_at(now).unwrap();
        let alarms =
            health.note("m1", &Event::Silent(SegmentId::first_of(2, 1)), Spent::Segment, now);
        assert!(alarms.is_empty(), "nobody knows whether its SIM may send again");
        let fault = Some(Detail::ModemFault);
        assert_eq!((health.no_texts(now), health.no_calls(now)), (fault, fault));
    }

    #[test]
    fn another_sim_begins_anew_and_ends_the_alarms_of_the_one_before() {
        let now = Instant::now();
        let mut health = Health::default();
        for message in 0..3 {
            let barred = Refusal { detail: Detail::Barred, class: RefusalClass::Modem };
            let event = Event::Refused(SegmentId::first_of(message, 1), barred);
            health.note("m1", &event, Spent::Nothing, now);
        }
        assert_eq!(health.no_texts(now), Some(Detail::Barred));
        assert_eq!(health.begin_anew(), [("texts", None)]);
        assert_eq!((health.no_texts(now), health.begin_anew().len()), (None, 0));
    }
}
