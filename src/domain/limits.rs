//! The limits against abuse: how much of what may be sent to whom, and what looks like an attack.

use std::time::Duration;

use super::Purpose;

/// The limits against abuse. Zero means no limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Whether there are any.
    pub enabled: bool,
    /// Which purposes they hold for.
    pub purposes: Vec<Purpose>,
    /// Least time between two messages to a number.
    pub cool_down: Duration,
    /// Messages to a number in 10 minutes.
    pub number_per_10_minutes: u32,
    /// Messages to a number in 24 hours.
    pub number_per_day: u32,
    /// Calls to a number in an hour.
    pub number_calls_per_hour: u32,
    /// Messages to the ten thousand numbers that differ in the last four digits only, in an hour.
    pub prefix_per_hour: u32,
    /// Messages to the home region in 24 hours.
    pub home_region_per_day: u32,
    /// Messages to any other region in 24 hours.
    pub region_per_day: u32,
    /// Messages for a user in an hour.
    pub user_per_hour: u32,
    /// Messages from a token in a minute.
    pub token_per_minute: u32,
    /// Messages from an address in a minute.
    pub address_per_minute: u32,
    /// So many neighbours, written to for the first time within 10 minutes, are an attack.
    pub adjacent_numbers: u32,
    /// Codes to a prefix that must have been sent before its conversion is judged.
    pub conversion_sends: u32,
    /// Per cent of the codes to a prefix that must have been entered.
    pub conversion_percent: u32,
    /// How long a prefix is blocked after an alarm.
    pub block: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            // What anybody can ask for at a sign-in page. General messages are the operator's own, and an
            // alert that is held back helps nobody.
            purposes: Purpose::ALL.into_iter().filter(|it| *it != Purpose::General).collect(),
            // What Okta does: a challenge for each number every 30 seconds.
            cool_down: Duration::from_secs(30),
            number_per_10_minutes: 5,
            number_per_day: 10,
            number_calls_per_hour: 3,
            prefix_per_hour: 20,
            home_region_per_day: 0,
            region_per_day: 1000,
            user_per_hour: 10,
            token_per_minute: 0,
            // The identity platform asks for everybody, from one address: who floods that would lock out all.
            address_per_minute: 0,
            adjacent_numbers: 10,
            conversion_sends: 20,
            conversion_percent: 20,
            block: Duration::from_secs(3600),
        }
    }
}

impl Limits {
    /// Whether they hold for a purpose.
    pub fn hold_for(&self, purpose: Purpose) -> bool {
        self.enabled && self.purposes.contains(&purpose)
    }
}
