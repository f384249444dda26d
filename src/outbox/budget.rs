//! How much a SIM may send, and how much it has sent.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

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
    is_within(allowance.per_minute, used.minute)
        && is_within(allowance.per_hour, used.hour)
        && is_left(allowance, used, price)
}

/// Whether the budgets of the day and the month leave that.
fn is_left(allowance: &Allowance, used: Used, price: Money) -> bool {
    is_within(allowance.per_day, used.day)
        && is_within(allowance.per_month, used.month)
        && allowance.cost_per_month.is_none_or(|limit| used.cost.plus(price) <= limit)
}

/// Whether that may be sent soon, by when `hour` segments were sent in an hour. What is allowed for a minute is a pace.
pub(super) fn is_left_soon(allowance: &Allowance, used: Used, hour: u32, price: Money) -> bool {
    is_within(allowance.per_hour, hour) && is_left(allowance, used, price)
}

fn is_within(limit: Option<u32>, used: u32) -> bool {
    limit.is_none_or(|limit| used < limit)
}

/// Per cent of a budget at which people are told: time is left to buy more of it, or to send less.
const ALERT_PERCENT: i64 = 80;

/// What the last segment or call, which is among what was used and cost `last`, took past [`ALERT_PERCENT`], in words
/// for people. Told when it is known to count: so usage only grows within a day or a month, and each budget is told of
/// once in its period. What is allowed for a minute or an hour is a pace, and reaching it nothing to be told.
pub(super) fn alerts(allowance: &Allowance, used: Used, last: Money) -> Vec<String> {
    // Where a limit is small, others than passcodes are held back before they reach that part of it.
    let reserved = allowance.without_reserve();
    let segments = |limit: Option<u32>, open: Option<u32>, used: u32, period: &str| {
        let (limit, open) = (limit?, open?);
        let passed = passes(limit, open, used.saturating_sub(1), used);
        passed.then(|| format!("{used} of {limit} segments of this {period}"))
    };
    let day = segments(allowance.per_day, reserved.per_day, used.day, "day");
    let month = segments(allowance.per_month, reserved.per_month, used.month, "month");
    let before = used.cost.less(last);
    let passed = |limit: &Money| {
        let limit = limit.as_micros();
        passes(limit, limit, before.as_micros(), used.cost.as_micros())
    };
    let limit = allowance.cost_per_month.filter(passed);
    let cost = limit.map(|limit| format!("{} of the {limit} that this month may cost", used.cost));
    [day, month, cost].into_iter().flatten().collect()
}

/// Whether usage went past [`ALERT_PERCENT`] of `limit`, or came to what is `open` of it, whichever is less.
fn passes<T: Into<i64>>(limit: T, open: T, before: T, after: T) -> bool {
    // In a wider type, for a budget may be the largest amount there is.
    let alert = i128::from(limit.into()) * i128::from(ALERT_PERCENT);
    let open = open.into();
    let reaches = |used: i64| i128::from(used) * 100 >= alert || used >= open;
    !reaches(before.into()) && reaches(after.into())
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
}

/// What a SIM has sent: the account that [`Used`] is drawn from.
#[derive(Debug, Clone, Default)]
pub(super) struct Account {
    /// Each segment of the last minute.
    minute: VecDeque<Timestamp>,
    /// Segments and cost of each hour in which any were booked. Which of them count, the clock says; it has no say in
    /// which are kept, for it may be wrong, and set right again.
    hours: BTreeMap<Hour, (u32, Money)>,
}

/// Hours of an account at most: those of the longest month and the last one before it; and as many again, that were
/// booked while the clock was ahead.
const HOURS_KEPT: usize = 2 * (31 * 24 + 1);

impl Account {
    /// An account of what is stored.
    pub(super) fn of(hours: impl IntoIterator<Item = (Hour, u32, Money)>) -> Self {
        let hours = hours.into_iter().map(|(hour, segments, cost)| (hour, (segments, cost)));
        Self { minute: VecDeque::new(), hours: hours.collect() }
    }

    /// Books a segment.
    pub(super) fn book(&mut self, at: Timestamp, price: Money) {
        self.minute.push_back(at);
        let (segments, _) = self.hours.entry(Hour::of(at)).or_default();
        *segments = segments.saturating_add(1);
        self.charge(at, price);
    }

    /// Takes back a segment that was booked then, and did not go out. It counts in the pace of its minute all the same,
    /// for it was tried.
    pub(super) fn take_back(&mut self, at: Timestamp, price: Money) {
        if let Some((segments, cost)) = self.hours.get_mut(&Hour::of(at)) {
            *segments = segments.saturating_sub(1);
            *cost = cost.less(price);
        }
    }

    /// Adds what a call cost in the end.
    pub(super) fn charge(&mut self, at: Timestamp, price: Money) {
        let (_, cost) = self.hours.entry(Hour::of(at)).or_default();
        *cost = cost.plus(price);
        while self.hours.len() > HOURS_KEPT {
            self.hours.pop_first();
        }
    }

    /// Forgets the last minute: the clock was set, and nobody knows when that was.
    pub(super) fn forget_minute(&mut self) {
        self.minute.clear();
    }

    /// Segments of the hour before an instant to come, if none are sent until then.
    pub(super) fn hour_by(&self, later: Timestamp) -> u32 {
        let this = Hour::of(later);
        let hours = self.hours.range(Hour(this.0.saturating_sub(1))..=this);
        let hours = hours.map(|(hour, used)| (*hour, *used)).collect();
        Self { minute: VecDeque::new(), hours }.used(later).hour
    }

    /// What was used by `now`, and nothing that was booked for later.
    pub(super) fn used(&mut self, now: Timestamp) -> Used {
        let minute = Duration::from_secs(60);
        while self.minute.front().is_some_and(|at| now.since(*at) >= minute) {
            self.minute.pop_front();
        }
        let this = Hour::of(now);
        let month = Hour::of_month(now);
        let last_hour = Hour(this.0 - 1);
        let mut used = Used { minute: count(self.minute.len()), ..Used::default() };
        for (hour, (segments, cost)) in self.hours.range(month.min(last_hour)..=this) {
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
    fn a_clock_that_was_far_ahead_gives_and_takes_no_budget() {
        let cent = Money::parse("0.01").unwrap();
        let mut account = Account::default();
        account.book(at("2026-11-02T10:00:00Z"), cent);
        assert_eq!(account.used(at("2036-05-05T10:00:00Z")), Used::default());
        account.book(at("2036-05-05T10:00:00Z"), cent);
        account.charge(at("2026-11-20T10:00:00Z"), cent);
        account.book(at("2026-11-02T23:00:00Z"), cent);
        let used = account.used(at("2026-11-02T10:30:00Z"));
        assert_eq!((used.hour, used.day, used.month, used.cost), (1, 1, 1, cent));
        let used = account.used(at("2026-11-20T10:30:00Z"));
        assert_eq!((used.day, used.month, used.cost), (0, 2, cent.times(3)), "it was booked");
        assert_eq!(account.used(at("2036-05-31T00:00:00Z")).month, 1);
    }

    #[test]
    fn an_account_grows_no_further_than_what_may_count() {
        let mut account = Account::default();
        let start = at("2026-10-01T00:30:00Z");
        for hour in 0..100 * 24 {
            account.book(start.after(Duration::from_secs(3600 * hour)), Money::ZERO);
        }
        assert_eq!(account.hours.len(), HOURS_KEPT);
        assert_eq!(account.used(at("2026-12-31T23:59:59Z")).month, 31 * 24);
        let used = account.used(at("2027-01-01T00:00:00Z"));
        assert_eq!((used.hour, used.month), (2, 1));
    }

    #[test]
    fn what_did_not_go_out_counts_in_the_pace_alone() {
        let cent = Money::parse("0.01").unwrap();
        let (then, later) = (at("2026-11-02T10:59:59Z"), at("2026-11-02T11:00:01Z"));
        let mut account = Account::default();
        account.book(then, cent);
        account.book(later, cent);
        account.take_back(then, cent);
        let used = account.used(later);
        assert_eq!((used.minute, used.hour, used.day, used.month), (2, 1, 1, 1));
        assert_eq!(used.cost, cent);
        account.take_back(at("2026-10-01T00:00:00Z"), cent);
        assert_eq!(account.used(later), used, "an hour of which nothing is kept");
    }

    #[test]
    fn the_last_hour_fades() {
        let mut account = Account::of([(Hour::of(at("2026-11-02T11:00:00Z")), 60, Money::ZERO)]);
        assert_eq!(account.used(at("2026-11-02T11:59:59Z")).hour, 60);
        assert_eq!(account.used(at("2026-11-02T12:30:00Z")).hour, 30);
        assert_eq!(account.used(at("2026-11-02T13:00:00Z")).hour, 0);
    }

    #[test]
    fn each_budget_is_told_of_once_in_its_period() {
        let allowance = Allowance {
            per_day: Some(10),
            per_month: Some(150),
            cost_per_month: Money::parse("2"),
            ..Allowance::default()
        };
        let cent = Money::parse("0.01").unwrap();
        let mut account = Account::default();
        let mut told = Vec::new();
        // Two months, a segment in each of the first hours of a day; the daemon starts anew every day.
        for day in 0..61_u64 {
            account = Account { minute: VecDeque::new(), ..account };
            let sent = if day % 2 == 0 { 7 } else { 9 };
            for hour in 0..sent {
                let at = at("2026-10-01T00:30:00Z")
                    .after(Duration::from_secs(86_400 * day + 3600 * hour));
                account.book(at, cent);
                let used = account.used(at);
                told.extend(alerts(&allowance, used, cent).into_iter().map(|it| (day, it)));
            }
        }
        let of = |period: &str| {
            let told = told.iter().filter(|(_, note)| note.contains(period));
            told.map(|(day, _)| *day).collect::<Vec<_>>()
        };
        assert_eq!(of("this day"), (0..61).filter(|day| day % 2 == 1).collect::<Vec<_>>());
        // 120 segments of 150, and 1.60 of 2.00, in October and in November.
        assert_eq!(of("segments of this month"), [15, 45]);
        assert_eq!(of("that this month may cost"), [19, 50]);
        assert!(told.contains(&(1, "8 of 10 segments of this day".into())), "{told:?}");
        assert!(told.contains(&(19, "1.60 of the 2.00 that this month may cost".into())));
    }

    #[test]
    fn a_pace_is_no_budget_and_the_largest_one_is_one() {
        let paces = Allowance { per_minute: Some(1), per_hour: Some(1), ..Allowance::default() };
        assert!(alerts(&paces, Used::default(), Money::ZERO).is_empty());
        let most = Money::from_micros(i64::MAX);
        let all = Allowance { cost_per_month: Some(most), ..Allowance::default() };
        let full = Used { cost: most, ..Used::default() };
        assert_eq!(alerts(&all, full, most).len(), 1);
        assert!(alerts(&all, full, Money::ZERO).is_empty(), "it was told of before");
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
