//! Through which modem: a pure function of what the modems look like.

use std::time::Duration;

use crate::domain::Lane;

/// A modem that can take a segment.
#[derive(Debug, Clone)]
pub(super) struct Line<'n> {
    /// Its place in the configuration.
    pub(super) index: usize,
    /// Its name.
    pub(super) name: &'n str,
    /// Its SIM.
    pub(super) sim: String,
    /// Lanes it may serve.
    pub(super) lanes: &'n [Lane],
    /// Whether its SIM gets delivery reports.
    pub(super) reports: bool,
    /// How long an unanswered segment may still be settled.
    pub(super) settle: Duration,
    /// The report window, where the operator set one.
    pub(super) report_window: Option<Duration>,
    /// How many attempts it was given.
    pub(super) served: u64,
}

/// The best of these lines for a message: the one that was given fewest attempts since the daemon
/// started, so that the SIMs wear evenly, and of those the first in the configuration.
pub(super) fn best<'l, 'n: 'l>(
    lines: impl IntoIterator<Item = &'l Line<'n>>,
) -> Option<&'l Line<'n>> {
    lines.into_iter().min_by_key(|line| (line.served, line.index))
}
