//! What a listener makes of what they hear: voice or silence.

use std::time::Duration;

use super::{PressWhenSilent, RATE};

/// Louder than this, on average over a piece, somebody speaks: -46 dBFS.
const VOICE: u64 = 160;

/// Listens to one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ear {
    /// Voice since the answer, or since the last key that was pressed for it.
    heard: Duration,
    /// When voice was heard last, counted from the answer.
    last: Duration,
    /// How many keys were pressed.
    pressed: usize,
}

impl Ear {
    /// Hears a piece that ends at `now`.
    pub(crate) fn hear(&mut self, samples: &[i16], now: Duration) {
        let sum: u64 = samples.iter().map(|sample| u64::from(sample.unsigned_abs())).sum();
        let average = sum.checked_div(u64::try_from(samples.len()).unwrap_or(0)).unwrap_or(0);
        if average > VOICE {
            let count = u64::try_from(samples.len()).unwrap_or(0);
            self.heard += Duration::from_micros(count * 1_000_000 / u64::from(RATE));
            self.last = now;
        }
    }

    /// The key to press now, if it is time for the next one.
    pub(crate) fn reacts(&mut self, plan: &[PressWhenSilent], now: Duration) -> Option<char> {
        let next = plan.get(self.pressed)?;
        let heard = self.heard >= Duration::from_millis(next.heard_ms);
        let silent = now.saturating_sub(self.last) >= Duration::from_millis(next.silence_ms);
        (heard && silent).then(|| {
            self.pressed += 1;
            self.heard = Duration::ZERO;
            next.key
        })
    }
}
