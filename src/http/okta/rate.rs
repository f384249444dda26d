//! How often a token may ask in a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::http::{HeaderMap, HeaderValue};

use crate::domain::Timestamp;

const MINUTE_MS: i64 = 60_000;

/// Counts the requests of each token, by minutes.
#[derive(Debug)]
pub(in crate::http) struct Limiter {
    per_minute: u32,
    minute: Mutex<(i64, HashMap<String, u32>)>,
}

/// What is left to a token in this minute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Left {
    limit: u32,
    left: u32,
    /// When the next minute begins, seconds since 1970.
    reset: i64,
    /// Whether this request is within it.
    pub(super) allowed: bool,
}

impl Limiter {
    pub(in crate::http) fn new(per_minute: u32) -> Self {
        Self { per_minute, minute: Mutex::default() }
    }

    /// Counts a request of `token` at `now`.
    pub(super) fn count(&self, token: &str, now: Timestamp) -> Left {
        let minute = now.as_unix_ms().div_euclid(MINUTE_MS);
        let mut state = self.minute.lock().unwrap_or_else(PoisonError::into_inner);
        if state.0 != minute {
            *state = (minute, HashMap::new());
        }
        let used = state.1.entry(token.to_owned()).or_default();
        let allowed = *used < self.per_minute;
        *used = used.saturating_add(1).min(self.per_minute);
        let left = self.per_minute - *used;
        Left { limit: self.per_minute, left, reset: (minute + 1) * (MINUTE_MS / 1000), allowed }
    }
}

impl Left {
    /// Okta's headers.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert("x-rate-limit-limit", self.limit.into());
        headers.insert("x-rate-limit-remaining", self.left.into());
        headers.insert("x-rate-limit-reset", HeaderValue::from(self.reset));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_its_own_minute() {
        let limiter = Limiter::new(2);
        let at = Timestamp::from_unix_ms;
        let count = |token, ms| {
            let left = limiter.count(token, at(ms));
            (left.allowed, left.left, left.reset)
        };
        assert_eq!(count("a", 59_000), (true, 1, 60));
        assert_eq!(count("a", 59_500), (true, 0, 60));
        assert_eq!(count("a", 59_999), (false, 0, 60));
        assert_eq!(count("b", 59_999), (true, 1, 60));
        assert_eq!(count("a", 60_000), (true, 1, 120));
    }
}
