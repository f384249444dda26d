//! How much a SIM may send, and how much it has sent.

use std::{collections::VecDeque, time::Duration};

use crate::domain::{Allowance, Money, Timestamp};

/// What a SIM has sent, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Used {
    /// Segments in the last 60 seconds.
    pub(super) minute: u32,
    /// Segments in the last hour.
    pub(super) hour: u32,
    /// Segments of this day.
    pub(super) day: u32,
    /// Segments of this month.
    pub(super) month: u32,
    /// What those of this month cost.
    pub(super) cost: Money,
}

/// Whether one segment more at this price stays within the allowance.
pub(super) fn admits(allowance: &Allowance, used: Used, price: Money) -> bool {
    let within = |limit: Option<u32>, used: u32| limit.is_none_or(|limit| used < limit);
    within(allowance.per_minute, used.minute)
        && within(allowance.per_hour, used.hour)
        && within(allowance.per_day, used.day)
        && within(allowance.per_month, used.month)
        && allowance.cost_per_month.is_none_or(|limit| used.cost.plus(price) <= limit)
}

/// An hour of UTC, counted from 1970: what usage is stored by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hour(pub(super) i64);

impl Hour {
    const MILLISECONDS: i64 = 3_600_000;

    /// The hour of an instant.
    const fn of(at: Timestamp) -> Self {
        Self(at.as_unix_ms().div_euclid(Self::MILLISECONDS))
    }

    const fn begins(self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.saturating_mul(Self::MILLISECONDS))
    }

    const fn day(self) -> i64 {
        self.0.div_euclid(24)
    }

    /// The first hour of the month.
    fn of_month(at: Timestamp) -> Self {
        Self::of(at.start_of_month())
    }

    /// From when on usage counts: this month, and the last hour.
    pub(super) fn since(now: Timestamp) -> Timestamp {
        Self::of_month(now).min(Self(Self::of(now).0 - 1)).begins()
    }
}

/// What a SIM has sent: the account that [`Used`] is drawn from.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    /// Each segment of the last minute.
    minute: VecDeque<Timestamp>,
    /// Segments and cost of each hour of this month, oldest first; the last hour of the month before
    /// may be among them.
    hours: VecDeque<(Hour, u32, Money)>,
}

impl Account {
    /// An account of what is stored.
    pub(super) fn of(hours: impl IntoIterator<Item = (Hour, u32, Money)>) -> Self {
        Self { minute: VecDeque::new(), hours: hours.into_iter().collect() }
    }

    /// Books a segment.
    pub(super) fn book(&mut self, at: Timestamp, price: Money) {
        self.minute.push_back(at);
        let hour = Hour::of(at);
        match self.hours.back_mut() {
            Some((last, segments, cost)) if *last == hour => {
                *segments = segments.saturating_add(1);
                *cost = cost.plus(price);
            }
            Some(_) | None => self.hours.push_back((hour, 1, price)),
        }
    }

    /// Forgets the last minute: the clock was set, and nobody knows when that was.
    pub(super) fn forget_minute(&mut self) {
        self.minute.clear();
    }

    /// What was used by `now`; forgets what no limit counts any more.
    pub(super) fn used(&mut self, now: Timestamp) -> Used {
        let minute = Duration::from_secs(60);
        while self.minute.front().is_some_and(|at| now.since(*at) >= minute) {
            self.minute.pop_front();
        }
        let this = Hour::of(now);
        let month = Hour::of_month(now);
        let last_hour = Hour(this.0 - 1);
        while self.hours.front().is_some_and(|(hour, ..)| *hour < month.min(last_hour)) {
            self.hours.pop_front();
        }
        let mut used = Used { minute: count(self.minute.len()), ..Used::default() };
        for (hour, segments, cost) in &self.hours {
            if *hour == this {
                used.hour = used.hour.saturating_add(*segments);
            } else if *hour == last_hour {
                // As if they had been spread evenly: what of the last hour is not an hour ago.
                let passed = now.since(this.begins()).as_millis().min(Hour::MILLISECONDS as u128);
                let left = Hour::MILLISECONDS as u128 - passed;
                let part = u128::from(*segments) * left / Hour::MILLISECONDS as u128;
                used.hour = used.hour.saturating_add(u32::try_from(part).unwrap_or(u32::MAX));
            }
            if hour.day() == this.day() {
                used.day = used.day.saturating_add(*segments);
            }
            if *hour >= month {
                used.month = used.month.saturating_add(*segments);
                used.cost = used.cost.plus(*cost);
            }
        }
        used
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn an_account_counts_by_minute_hour_day_and_month() {
        let cent = Money::parse("0.01").unwrap();
        let mut account = Account::default();
        account.book(at("2026-10-31T23:30:00Z"), cent);
        account.book(at("2026-11-01T00:10:00Z"), cent);
        account.book(at("2026-11-02T10:00:00Z"), cent);
        account.book(at("2026-11-02T11:59:30Z"), cent);
        account.book(at("2026-11-02T12:00:10Z"), cent);
        let used = account.used(at("2026-11-02T12:00:15Z"));
        assert_eq!((used.minute, used.day, used.month), (2, 3, 4));
        assert_eq!(used.cost, cent.times(4));
        assert_eq!(account.used(at("2026-11-02T12:01:00Z")).minute, 1);
        let next_month = account.used(at("2026-12-01T00:00:00Z"));
        assert_eq!((next_month.month, next_month.cost), (0, Money::ZERO));
    }

    #[test]
    fn the_last_hour_fades() {
        let mut account = Account::of([(Hour::of(at("2026-11-02T11:00:00Z")), 60, Money::ZERO)]);
        assert_eq!(account.used(at("2026-11-02T11:59:59Z")).hour, 60);
        assert_eq!(account.used(at("2026-11-02T12:30:00Z")).hour, 30);
        assert_eq!(account.used(at("2026-11-02T13:00:00Z")).hour, 0);
    }

    #[test]
    fn every_limit_limits() {
        let none = Allowance::default();
        let full = Used { minute: 9, hour: 9, day: 9, month: 9, cost: Money::parse("9").unwrap() };
        let cent = Money::parse("0.01").unwrap();
        assert!(admits(&none, full, cent));
        let limits = [
            Allowance { per_minute: Some(9), ..none },
            Allowance { per_hour: Some(9), ..none },
            Allowance { per_day: Some(9), ..none },
            Allowance { per_month: Some(9), ..none },
            Allowance { cost_per_month: Money::parse("9.005"), ..none },
        ];
        for limit in limits {
            assert!(!admits(&limit, full, cent), "{limit:?}");
            assert!(admits(&limit, Used::default(), cent), "{limit:?}");
        }
        let exact = Allowance { cost_per_month: Money::parse("9.01"), ..none };
        assert!(admits(&exact, full, cent));
    }
}
