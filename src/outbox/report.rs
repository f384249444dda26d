//! Delivery reports: which segment is one about?

use std::time::Duration;

use tracing::{debug, error};

use super::{
    record::apply,
    step::{Event, Rules},
};
use crate::{
    domain::{E164, ReceivedReport, SegmentState, Timestamp},
    store::{self, Tx, queue::Known},
};

/// How far back a report can reach: the longest time a service centre keeps trying is what
/// TP-VP can say, 63 weeks, but a modem counts its references to 256 and begins anew, and no SIM
/// here is idle for so long. A week is longer than any operator keeps an SMS.
const WINDOW: Duration = Duration::from_secs(7 * 86_400);

/// A report without a stamp of the service centre that comes again within this time is the same one, told twice: no
/// modem submits 256 segments meanwhile.
const REPEATED: Duration = Duration::from_secs(30);

/// By how much an answer may be dated later than the report that followed it: two tasks hear them. What was taken later
/// than that ended before the clock was set back.
const ANSWER_LAGS: Duration = Duration::from_secs(10);

/// Finds the segment that a report is about and lets it happen: the newest one with that reference
/// and recipient, of those that wait and of the latest messages, if it waits for one or had this one before; else the newest
/// that waits. Else one whose answer is still to come, if it can be no other; where it could, the report waits for that
/// answer (`take_up`). Else the one with that reference, if none ever came for it; else one whose answer was lost; else it
/// comes late. One that names too few digits is of what waits, or of nothing: it may come again, and what had it before is
/// not found by them.
///
/// # Errors
/// Those of the store.
pub fn receive(
    tx: &Tx<'_>,
    sim: &str,
    received: &ReceivedReport,
    now: Timestamp,
    rules: Rules,
) -> Result<(), store::Error> {
    let ReceivedReport { reference, tail, taken_at, report } = received;
    let since = now.before(WINDOW);
    let until = now.after(ANSWER_LAGS);
    let window = (since, until);
    let known = store::queue::submitted(tx, sim, *reference, tail, window)?;
    let certain = match known.filter(|known| is_certain(known, *taken_at, now)) {
        // The newest one had its report: one before it may still wait for its own.
        None if known.is_some() => {
            store::queue::waits_for_report(tx, sim, *reference, tail, window)?
        }
        certain => certain,
    };
    // It had none, and its reference is this one: that of another, whose answer is missing, is more likely a different one.
    let unheard = known.filter(|it| it.state == SegmentState::NoReport && it.reported_at.is_none());
    let (known, unheard) = (known.map(|it| it.segment), unheard.map(|it| it.segment));
    let target = if let Some(certain) = certain {
        Some(certain.segment)
    } else if tail.len() < E164::TAIL {
        None
    } else {
        // Not one that was begun after the report was heard, which may have waited for the store.
        let begun = (since, now);
        let unanswered = store::queue::unanswered(tx, sim, tail, begun, *taken_at)?;
        match store::queue::on_the_air(tx, sim, tail, begun, *taken_at)? {
            // It can be about nothing else: it was faster than its answer.
            Some(on_the_air) if unanswered.or(known).is_none() => Some(on_the_air),
            Some(_) => return store::early_report::insert(tx, sim, received, now),
            None => unheard.or(unanswered).or(known),
        }
    };
    let Some(segment) = target else {
        debug!(sim.reference = reference, "a delivery report matches nothing sent here");
        return Ok(());
    };
    apply(tx, segment.message(), Event::Reported(segment, *report), now, rules)?;
    store::progress::note_taken(tx, segment, *taken_at)
}

/// Whether a report with the segment's reference is about it: it still waits for one, or had this one, which is told
/// again. Later, its reference may have been given to another.
fn is_certain(known: &Known, taken_at: Option<Timestamp>, now: Timestamp) -> bool {
    let is_again = match (known.taken_at, taken_at) {
        (Some(first), Some(again)) => first == again,
        _ => known.reported_at.is_some_and(|at| at <= now && now.since(at) < REPEATED),
    };
    known.state == SegmentState::Submitted || is_again
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
    let waited = store::early_report::take(tx, sim, recipient.tail())?;
    for received in &waited {
        // It is about another message, which is no reason to undo what happened to this one.
        tx.pass_over(
            |tx| receive(tx, sim, received, now, rules),
            |cause| error!(%cause, "a delivery report is about a message that cannot be read"),
        )?;
    }
    Ok(!waited.is_empty())
}
