//! Instants as they are stored.

use std::{fmt, time::Duration};

use jiff::tz::Offset;
use serde::{Serialize, Serializer};

/// An instant of the wall clock: milliseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `milliseconds` after the Unix epoch.
    pub const fn from_unix_ms(milliseconds: i64) -> Self {
        Self(milliseconds)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_unix_ms(self) -> i64 {
        self.0
    }

    /// What the clock of this process says: see [`clock`](super::clock).
    pub fn now() -> Self {
        super::clock::now()
    }

    /// The instant `duration` later; stays at the end of time where it would pass it.
    pub fn after(self, duration: Duration) -> Self {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(milliseconds))
    }

    /// The instant `duration` earlier; stays at the beginning of time where it would pass it.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        let milliseconds = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(milliseconds))
    }

    /// The same instant by a clock that was moved by so many milliseconds, forward or back.
    #[must_use]
    pub const fn moved_by(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// When its month of UTC began.
    pub fn start_of_month(self) -> Self {
        let Ok(instant) = jiff::Timestamp::from_millisecond(self.0) else { return self };
        let date = Offset::UTC.to_datetime(instant).date().first_of_month();
        let start = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0));
        start.map_or(self, |start| Self(start.as_millisecond()))
    }

    /// Its month of UTC, counted from January 1970.
    pub fn month(self) -> i64 {
        let Ok(instant) = jiff::Timestamp::from_millisecond(self.0) else { return 0 };
        let date = Offset::UTC.to_datetime(instant).date();
        (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1
    }

    /// When a month of UTC, counted from January 1970, began; `None` beyond the years 1970 to 9998.
    pub fn of_month(month: i64) -> Option<Self> {
        let year = i16::try_from(month.div_euclid(12).checked_add(1970)?).ok()?;
        let month = i8::try_from(month.rem_euclid(12)).ok()? + 1;
        let known = (1970..=9998).contains(&year);
        let date = jiff::civil::Date::new(year, month, 1).ok().filter(|_| known)?;
        let start = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        Some(Self(start.as_millisecond()))
    }

    /// How long it is from `earlier` to this instant; zero where it is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads RFC 3339.
    ///
    /// # Errors
    /// Text that is no instant with an offset.
    pub fn parse(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<jiff::Timestamp>().map(|instant| Self(instant.as_millisecond()))
    }

    /// Reads ISO 8601: an instant with an offset, or a date or a time of day in UTC.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse_iso8601(text: &str) -> Result<Self, jiff::Error> {
        Self::parse(text).or_else(|_| {
            let civil: jiff::civil::DateTime = text.parse()?;
            Offset::UTC.to_timestamp(civil).map(|instant| Self(instant.as_millisecond()))
        })
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with three decimals, `2026-11-23T19:04:13.021Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(instant) => write!(f, "{instant:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn shows_and_reads_rfc_3339_with_milliseconds() {
        let instant = Timestamp::from_unix_ms(1_795_460_653_021);
        assert_eq!(instant.to_string(), "2026-11-23T19:04:13.021Z");
        assert_eq!(Timestamp::parse("2026-11-23T20:04:13.021+01:00").unwrap(), instant);
        assert_eq!(Timestamp::from_unix_ms(0).to_string(), "1970-01-01T00:00:00.000Z");
        assert_eq!(instant.start_of_month().to_string(), "2026-11-01T00:00:00.000Z");
        assert_eq!(Timestamp::of_month(instant.month()), Some(instant.start_of_month()));
        for (text, reads) in [
            ("2026-11-23T19:04:13.021", instant),
            ("2026-11-01", instant.start_of_month()),
            ("2026-11-23T20:04:13.021+01:00", instant),
        ] {
            assert_eq!(Timestamp::parse_iso8601(text).unwrap(), reads);
        }
        assert!(Timestamp::parse_iso8601("yesterday").is_err());
    }
}
