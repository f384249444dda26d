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
    /// Whether anything is limited.
    pub fn is_limited(&self) -> bool {
        *self != Self::default()
    }
}
