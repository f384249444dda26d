//! What SIMs and messages are charged with: booked with the intent, so that no crash forgets it; taken back where
//! nothing went out; told of where a budget comes to its end.

use super::{budget, route::Line};
use crate::{
    domain::{self, CallTimes, GatewayEvent, Money, Outcome, Target, Timestamp},
    store::{self, Tx},
};

/// What a SIM was charged with when a segment, or a call, was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Booking {
    /// The SIM.
    pub(super) sim: String,
    /// When: that tells the hour.
    pub(super) at: Timestamp,
    /// What it costs at once, where that is known.
    pub(super) price: Option<Money>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    /// A segment went out, or may have.
    Segment,
    /// A segment was refused, or never left this box: operators charge nothing for it.
    Nothing,
    /// A call was not dialled.
    NotDialled,
    /// A call has ended.
    Call {
        /// How long it took.
        times: CallTimes,
        /// What it cost, where that is known.
        cost: Option<Money>,
    },
}

/// Books what is about to go out for the message `key`.
///
/// # Errors
/// Those of the store.
pub(super) fn book(tx: &Tx<'_>, key: i64, booking: &Booking) -> Result<(), store::Error> {
    store::sim::book(tx, &booking.sim, booking.at, booking.price.unwrap_or_default())?;
    store::message::book(tx, key, booking.price)
}

/// Enters what became of it at `now`, and tells of budgets that came to their end with it. To be called before the event
/// of the message `key` that tells of it; `lines` count it already.
///
/// # Errors
/// Those of the store.
pub(super) fn close(
    tx: &Tx<'_>,
    lines: &[Line],
    key: i64,
    (booking, spent): &(Booking, Spent),
    now: Timestamp,
) -> Result<(), store::Error> {
    let Booking { sim, at, price } = booking;
    let last = match *spent {
        Spent::Nothing | Spent::NotDialled => {
            store::sim::take_back(tx, sim, *at, price.unwrap_or_default())?;
            return store::message::take_back(tx, key, *price);
        }
        Spent::Segment => *price,
        Spent::Call { times, cost } => {
            store::call::note(tx, key, times, cost)?;
            store::sim::charge(tx, sim, now, cost.unwrap_or_default())?;
            cost
        }
    };
    let Some(line) = lines.iter().find(|line| line.sim == *sim) else { return Ok(()) };
    let alerts = budget::alerts(&line.terms.allowance, line.used, last.unwrap_or_default());
    alerts.into_iter().try_for_each(|note| alert(tx, line, note, now))
}

fn alert(tx: &Tx<'_>, line: &Line, note: String, now: Timestamp) -> Result<(), store::Error> {
    let target = Target { id: line.sim.clone(), ..Target::default() };
    let alert = domain::Event::of_gateway(GatewayEvent::BudgetAlert, Outcome::Unknown, now)
        .of_modem(&line.name)
        .to(Some(target), Some(note));
    store::event::append(tx, &alert)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::{
        domain::Allowance,
        outbox::{budget::Used, route::Terms},
        store::samples,
    };

    const ALARM: &str = "system.ringpost.alarm.budget";

    fn line(allowance: Allowance, used: Used) -> Line {
        let terms = Arc::new(Terms { allowance, ..Terms::default() });
        Line { terms, used, ..Line::sample(0) }
    }

    #[test]
    fn a_call_that_takes_a_budget_to_its_end_tells_of_it_once() {
        samples::Memory::new().run(|tx| {
            let (now, euro) = (Timestamp::now(), Money::from_micros(1_000_000));
            let allowance =
                Allowance { cost_per_month: Some(euro.times(10)), ..Allowance::default() };
            let key = store::message::insert(tx, &samples::message(now)).unwrap();
            let booking = Booking { sim: "sim0".into(), at: now, price: None };
            let spent = Spent::Call { times: CallTimes::default(), cost: Some(euro) };
            for spending in 1..=10 {
                let used = Used { cost: euro.times(spending), ..Used::default() };
                let lines = [line(allowance, used)];
                close(tx, &lines, key, &(booking.clone(), spent), now).unwrap();
            }
            assert_eq!(samples::events_of(tx, ALARM), 1);
        });
    }

    #[test]
    fn what_did_not_go_out_is_taken_back_and_takes_no_budget_to_its_end() {
        samples::Memory::new().run(|tx| {
            let (now, cent) = (Timestamp::now(), Money::from_micros(10_000));
            let key = store::message::insert(tx, &samples::message(now)).unwrap();
            let booking = Booking { sim: "sim0".into(), at: now, price: Some(cent) };
            let allowance = Allowance { per_day: Some(5), ..Allowance::default() };
            let lines = [line(allowance, Used { day: 4, ..Used::default() })];
            let spent = |spent| {
                book(tx, key, &booking).unwrap();
                // An answer comes in another hour than that in which it was booked.
                let later = now.after(Duration::from_secs(2 * 3600));
                close(tx, &lines, key, &(booking.clone(), spent), later).unwrap();
                let (_, account) = store::message::subject(tx, key).unwrap();
                let usage = &store::sim::usage(tx, now).unwrap()[0];
                let alarms = samples::events_of(tx, ALARM);
                assert_eq!((usage.segments, Some(usage.cost)), (account.submits, account.cost));
                (account.submits, account.cost, alarms)
            };
            assert_eq!(spent(Spent::Nothing), (0, Some(Money::ZERO), 0));
            assert_eq!(spent(Spent::Segment), (1, Some(cent), 1));
            assert_eq!(spent(Spent::Nothing), (1, Some(cent), 1));
        });
    }
}
