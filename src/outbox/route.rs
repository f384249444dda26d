//! Through which modem: a pure function of what the modems look like.

use super::claim::Line;

/// The best of the idle `lines` for a message: the one that took fewest messages since the daemon
/// started, so that the SIMs wear evenly, and of those the first in the configuration.
pub(super) fn best<'l, 'n: 'l>(
    lines: impl IntoIterator<Item = &'l Line<'n>>,
) -> Option<&'l Line<'n>> {
    lines.into_iter().min_by_key(|line| (line.served, line.index))
}
