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

    /// When its month of UTC began.
    pub fn start_of_month(self) -> Self {
        let Ok(instant) = jiff::Timestamp::from_millisecond(self.0) else { return self };
        let date = Offset::UTC.to_datetime(instant).date().first_of_month();
        let start = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0));
        start.map_or(self, |start| Self(start.as_millisecond()))
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
    }
}
