//! How well a host kept time: frames of 20 ms against the clock that the first one started.

use std::time::Duration;

use serde::{Deserialize, Serialize};

const FRAME: Duration = Duration::from_millis(20);

/// Later than this is late: a quarter of a frame.
const LATE: Duration = Duration::from_millis(5);

/// Further ahead than this, frames are not paced but poured.
const EARLY: Duration = Duration::from_millis(100);

/// A frame was left out when those behind it do not catch up in this many frames.
const WINDOW: usize = 10;

/// What is to be said of the frames of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameCounts {
    /// Whole frames of 320 bytes that came.
    pub arrived: usize,
    /// Those more than 5 ms behind a schedule of 20 ms that began with the first.
    pub late: usize,
    /// Those more than 100 ms ahead of it.
    pub early: usize,
    /// Places of the schedule for which none came.
    pub missing: usize,
    /// How far behind the latest was.
    pub worst_late_ms: u64,
    /// Writes that were not whole frames; such a write wedges the endpoint of a SIM7600.
    pub partial_writes: usize,
    /// Frames for the host that it did not read in time.
    pub unread: usize,
}

/// Counts, from when each frame came.
pub(crate) fn count(arrivals: &[Duration]) -> FrameCounts {
    let mut counts = FrameCounts { arrived: arrivals.len(), ..FrameCounts::default() };
    let Some(start) = arrivals.first().copied() else { return counts };
    let due = |place: usize| start + FRAME * u32::try_from(place).unwrap_or(u32::MAX);
    let behind: Vec<_> =
        arrivals.iter().enumerate().map(|(place, at)| at.saturating_sub(due(place))).collect();
    for (place, at) in arrivals.iter().enumerate() {
        // What even the frames to come do not catch up with was never sent.
        let lasting = behind.iter().skip(place).take(WINDOW).min().copied().unwrap_or_default();
        let skipped = usize::try_from(lasting.as_millis() / FRAME.as_millis()).unwrap_or(0);
        counts.missing = counts.missing.max(skipped);
        let due = due(place + counts.missing);
        let late = at.saturating_sub(due);
        counts.late += usize::from(late > LATE);
        counts.early += usize::from(due.saturating_sub(*at) > EARLY);
        counts.worst_late_ms = counts.worst_late_ms.max(crate::builder::millis(late));
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: impl IntoIterator<Item = u64>) -> FrameCounts {
        count(&milliseconds.into_iter().map(Duration::from_millis).collect::<Vec<_>>())
    }

    #[test]
    fn frames_on_time_are_neither_late_nor_missing() {
        let counts = at((0..100).map(|frame| 7 + frame * 20 + frame % 5));
        assert_eq!(
            counts,
            FrameCounts { arrived: 100, worst_late_ms: 4, ..FrameCounts::default() }
        );
    }

    #[test]
    fn frames_after_a_stall_are_late_and_those_left_out_are_missing() {
        let stalled =
            at((0..50).map(|frame: u64| if (10..13).contains(&frame) { 261 } else { frame * 20 }));
        assert_eq!((stalled.late, stalled.missing, stalled.worst_late_ms), (3, 0, 61));
        let skipping =
            at((0..50).filter(|frame| !(10..13).contains(frame)).map(|frame| frame * 20));
        assert_eq!((skipping.arrived, skipping.late, skipping.missing), (47, 0, 3));
    }

    #[test]
    fn what_is_poured_is_early() {
        assert_eq!(at([0; 50]).early, 44);
    }
}
