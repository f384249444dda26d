//! How long a call took.

use std::time::Duration;

/// How long the parts of a call took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallTimes {
    /// From dialling until it rang, or ended.
    pub setup: Duration,
    /// While it rang.
    pub ring: Duration,
    /// From the answer to the end; zero = nobody answered.
    pub talk: Duration,
}

impl CallTimes {
    /// The minutes that operators charge for: each that was begun.
    pub fn minutes(self) -> u32 {
        let begun = self.talk.as_millis().div_ceil(60_000);
        u32::try_from(begun).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_counts_once_it_is_begun() {
        let minutes = [0, 1, 60_000, 60_001].map(|milliseconds| {
            let talk = Duration::from_millis(milliseconds);
            CallTimes { talk, ..CallTimes::default() }.minutes()
        });
        assert_eq!(minutes, [0, 1, 1, 2]);
    }
}
