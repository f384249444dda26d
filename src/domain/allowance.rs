//! How much a SIM may send.

use super::Money;

/// How much a SIM may send: what its tariff, or its operator's patience, allows. `None` = no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowance {
    /// Segments in any 60 seconds.
    pub per_minute: Option<u32>,
    /// Segments in an hour.
    pub per_hour: Option<u32>,
    /// Segments in a day of UTC.
    pub per_day: Option<u32>,
    /// Segments in a month of UTC.
    pub per_month: Option<u32>,
    /// Money in a month of UTC, by its rate card.
    pub cost_per_month: Option<Money>,
}

impl Allowance {
    /// What is left of it for others where the last tenth of each limit, and one segment at least, is kept for passcodes.
    /// A limit of one segment is for whoever comes first.
    #[must_use]
    pub fn without_reserve(self) -> Self {
        let segments = |limit: u32| if limit > 1 { limit - (limit / 10).max(1) } else { limit };
        let money = |limit: Money| limit.less(Money::from_micros(limit.as_micros() / 10));
        Self {
            per_minute: self.per_minute.map(segments),
            per_hour: self.per_hour.map(segments),
            per_day: self.per_day.map(segments),
            per_month: self.per_month.map(segments),
            cost_per_month: self.cost_per_month.map(money),
        }
    }

    /// Whether anything is limited.
    pub fn is_limited(&self) -> bool {
        *self != Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_and_one_segment_at_least_is_kept_for_passcodes() {
        let limited = |limit| Allowance { per_day: Some(limit), ..Allowance::default() };
        let left = |limit| limited(limit).without_reserve().per_day.unwrap();
        assert_eq!([0, 1, 2, 5, 10, 19, 20, 1000].map(left), [0, 1, 1, 4, 9, 18, 18, 900]);
        let cost = |limit| Money::parse(limit);
        let limited = Allowance { cost_per_month: cost("20.00"), ..Allowance::default() };
        assert_eq!(limited.without_reserve().cost_per_month, cost("18.00"));
        assert_eq!(Allowance::default().without_reserve(), Allowance::default());
    }
}
