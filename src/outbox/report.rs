//! Delivery reports: which segment is one about?

use std::time::Duration;

use tracing::debug;

use super::{
    record::apply,
    step::{Event, Rules},
};
use crate::{
    domain::{Progress, Report, SegmentId, Timestamp},
    store::{self, Tx},
};

/// How far back a report can reach: the longest time a service centre keeps trying is what
/// TP-VP can say, 63 weeks, but a modem counts its references to 256 and begins anew, and no SIM
/// here is idle for so long. A week is longer than any operator keeps an SMS.
const WINDOW: Duration = Duration::from_secs(7 * 86_400);

/// A delivery report, as it came in.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// The SIM it came to.
    pub sim: &'a str,
    /// The reference it repeats.
    pub reference: u8,
    /// The last digits of the recipient, 7 at most.
    pub tail: &'a str,
    /// What it says.
    pub report: Report,
}

/// Finds the segment that a report is about and lets it happen: the newest one with that reference
/// and recipient; else one to that recipient whose answer was lost; else, where an answer is still
/// to come, the report waits for it.
///
/// # Errors
/// Those of the store.
pub fn receive(
    tx: &Tx<'_>,
    received: Received<'_>,
    now: Timestamp,
    rules: Rules,
) -> Result<(), store::Error> {
    let Received { sim, reference, tail, report } = received;
    let window = i64::try_from(WINDOW.as_millis()).unwrap_or(i64::MAX);
    let since = Timestamp::from_unix_ms(now.as_unix_ms().saturating_sub(window));
    // What is on the air comes first: its reference may be one that was used 256 segments ago.
    if store::queue::on_the_air(tx, sim, tail)?.is_some() {
        let known = store::queue::submitted(tx, sim, reference, tail, since)?;
        let open = known.map(|(key, segment)| is_open(tx, key, segment)).transpose()?;
        if open != Some(true) {
            return store::early_report::insert(tx, sim, reference, tail, report, now);
        }
    }
    let target = match store::queue::submitted(tx, sim, reference, tail, since)? {
        Some(target) => Some(target),
        None => store::queue::unanswered(tx, sim, tail)?,
    };
    match target {
        Some((key, segment)) => {
            apply(tx, key, Event::Reported(segment, report), now, rules)?;
        }
        None => debug!(sim.reference = reference, "a delivery report matches nothing sent here"),
    }
    Ok(())
}

/// Whether the segment still waits for its report.
fn is_open(tx: &Tx<'_>, key: i64, segment: SegmentId) -> Result<bool, store::Error> {
    let progress = store::progress::load(tx, key)?;
    Ok(progress
        .segment(segment)
        .is_some_and(|it| it.state == crate::domain::SegmentState::Submitted))
}

/// The report that came before the answer which gave `segment` this reference, or none.
pub(super) fn take_early(
    tx: &Tx<'_>,
    key: i64,
    progress: &Progress,
    segment: SegmentId,
    reference: Option<u8>,
) -> Result<Option<Report>, store::Error> {
    let Some(attempt) = progress.attempts.iter().find(|it| it.key == segment.attempt) else {
        return Ok(None);
    };
    if !attempt.reports {
        return Ok(None);
    }
    let (subject, _) = store::message::subject(tx, key)?;
    let Some(recipient) = subject.recipient else { return Ok(None) };
    store::early_report::take(tx, &attempt.sim, reference, recipient.tail())
}
