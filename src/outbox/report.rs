//! Delivery reports: which segment is one about?

use std::time::Duration;

use tracing::debug;

use super::{
    record::apply,
    step::{Event, Rules},
};
use crate::{
    domain::{E164, Report, SegmentId, SegmentState, Timestamp},
    store::{self, Tx},
};

/// How far back a report can reach: the longest time a service centre keeps trying is what
/// TP-VP can say, 63 weeks, but a modem counts its references to 256 and begins anew, and no SIM
/// here is idle for so long. A week is longer than any operator keeps an SMS.
const WINDOW: Duration = Duration::from_secs(7 * 86_400);

/// A report that comes again within this time is the same one, told twice: no modem submits 256
/// segments meanwhile.
const REPEATED: Duration = Duration::from_secs(30);

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
/// and recipient that waits for it. Else one whose answer is still to come, if it can be no other; where
/// it could, the report waits for that answer (`take_up`). Else one whose answer was lost; else it
/// comes late.
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
    let since = now.before(WINDOW);
    let known = store::queue::submitted(tx, sim, reference, tail, since)?;
    let certain = match known {
        Some(segment) => is_certain(tx, segment, now)?,
        None => false,
    };
    let on_the_air = store::queue::on_the_air(tx, sim, tail, since)?;
    let unanswered = store::queue::unanswered(tx, sim, tail, since)?;
    let target = match (certain, on_the_air, unanswered, known) {
        (true, ..) => known,
        // It can be about nothing else: it was faster than its answer.
        (false, Some(_), None, None) => on_the_air,
        (false, Some(_), ..) => {
            return store::early_report::insert(tx, sim, reference, tail, report, now);
        }
        (false, None, ..) => unanswered.or(known),
    };
    match target {
        Some(segment) => {
            apply(tx, segment.message(), Event::Reported(segment, report), now, rules)?;
        }
        None => debug!(sim.reference = reference, "a delivery report matches nothing sent here"),
    }
    Ok(())
}

/// Whether a report with the segment's reference is about it: it still waits for one, or just had one,
/// which is told again. Later, its reference may have been given to another.
fn is_certain(tx: &Tx<'_>, id: SegmentId, now: Timestamp) -> Result<bool, store::Error> {
    let progress = store::progress::load(tx, id.message())?;
    Ok(progress.segment(id).is_some_and(|segment| {
        let just_reported = segment.reported_at.is_some_and(|at| now.since(at) < REPEATED);
        segment.state == SegmentState::Submitted || just_reported
    }))
}

/// Looks again at the reports to a recipient that waited for an answer, once that came or was given up;
/// says whether there were any.
pub(super) fn take_up(
    tx: &Tx<'_>,
    sim: &str,
    recipient: &E164,
    now: Timestamp,
    rules: Rules,
) -> Result<bool, store::Error> {
    let tail = recipient.tail();
    let waited = store::early_report::take(tx, sim, tail)?;
    let any = !waited.is_empty();
    for (reference, report) in waited {
        receive(tx, Received { sim, reference, tail, report }, now, rules)?;
    }
    Ok(any)
}
