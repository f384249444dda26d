//! The one place where work is claimed: which segment goes next on which modem.

use tracing::error;
use zeroize::Zeroizing;

use super::{
    record::apply,
    route::{self, Line},
    step::{Event, Rules, shunned_sims},
};
use crate::{
    domain::{
        Attempt, Detail, Lane, Refusal, RefusalClass, Segment, SegmentId, SegmentState, Timestamp,
    },
    sms,
    store::{self, Tx, message::Outgoing, queue::Candidate},
};

/// Messages looked at for each lane and turn. Some of them may have to avoid the SIMs that are idle,
/// because their last copy may still be on its way; more than this never do at one time.
const LOOK_AHEAD: u32 = 64;

/// A segment that a modem shall submit; its intent is stored.
#[derive(Debug)]
pub(super) struct Claimed {
    /// The modem, by its place in the configuration.
    pub(super) index: usize,
    /// The message.
    pub(super) message: i64,
    /// The segment.
    pub(super) segment: SegmentId,
    /// The octets.
    pub(super) tpdu: Zeroizing<Vec<u8>>,
    /// Whether this begins an attempt.
    pub(super) begins: bool,
}

/// Gives each of the `idle` lines the most urgent segment that it may send, if there is one.
///
/// # Errors
/// Those of the store.
pub(super) fn claim(
    tx: &Tx<'_>,
    mut idle: Vec<Line<'_>>,
    now: Timestamp,
    rules: Rules,
) -> Result<Vec<Claimed>, store::Error> {
    let mut claimed = Vec::new();
    for lane in Lane::ALL {
        // A segment of an attempt that was begun goes before new messages of the same lane.
        let mut waiting = Vec::new();
        for line in idle {
            match store::queue::next_pending(tx, &line.sim)? {
                Some(pending) if pending.lane == lane => {
                    match follow(tx, &line, pending.message, pending.segment, now, rules)? {
                        Some(followed) => claimed.push(followed),
                        None => waiting.push(line),
                    }
                }
                _ => waiting.push(line),
            }
        }
        idle = waiting;
        if idle.is_empty() {
            break;
        }
        let names: Vec<_> = idle.iter().map(|line| line.name).collect();
        for candidate in store::queue::claimable(tx, lane, now, &names, LOOK_AHEAD)? {
            let Some(line) = choose(tx, &idle, &candidate)? else { continue };
            let line = line.clone();
            if let Some(begun) = begin(tx, &line, candidate.key, now, rules)? {
                idle.retain(|it| it.index != line.index);
                claimed.push(begun);
            }
            if idle.is_empty() {
                break;
            }
        }
    }
    Ok(claimed)
}

/// The line among `idle` on which `candidate` shall begin an attempt.
fn choose<'l, 'n>(
    tx: &Tx<'_>,
    idle: &'l [Line<'n>],
    candidate: &Candidate,
) -> Result<Option<&'l Line<'n>>, store::Error> {
    let progress = store::progress::load(tx, candidate.key)?;
    let shunned: Vec<_> = shunned_sims(&progress).collect();
    let allowed = idle.iter().filter(|line| {
        candidate.sender.as_deref().is_none_or(|sender| sender == line.name)
            && line.lanes.contains(&candidate.lane)
            && !shunned.contains(&line.sim.as_str())
    });
    // A modem that just failed this message is the last to try it again.
    let failed = progress.attempts.last().map(|attempt| attempt.sim.as_str());
    let (again, fresh): (Vec<_>, Vec<_>) =
        allowed.partition(|line| failed == Some(line.sim.as_str()));
    Ok(route::best(fresh).or_else(|| route::best(again)))
}

/// Begins an attempt: stores it with the intent to submit its first segment.
fn begin(
    tx: &Tx<'_>,
    line: &Line<'_>,
    message: i64,
    now: Timestamp,
    rules: Rules,
) -> Result<Option<Claimed>, store::Error> {
    let Some(outgoing) = store::message::outgoing(tx, message)? else {
        error!("a message without a text was to be sent");
        return Ok(None);
    };
    let validity = sms::validity(outgoing.expires_at.since(now));
    let window = line.report_window.unwrap_or(validity.duration + sms::REPORT_GRACE);
    let attempt = Attempt {
        key: store::progress::next_attempt_key(tx)?,
        modem: line.name.to_owned(),
        sim: line.sim.clone(),
        concat_reference: store::progress::next_concat_reference(tx, message)?,
        reports: line.reports,
        settle: line.settle,
        report_deadline: now.after(window),
        segments: vec![Segment::PENDING; sms::measure(outgoing.text.reveal()).segments],
    };
    let segment = SegmentId { attempt: attempt.key, sequence: 1 };
    apply(tx, message, Event::Claimed(attempt.clone()), now, rules)?;
    put_on_air(tx, line, message, &outgoing, &attempt, segment, now, rules)
}

/// Stores the intent to submit the next segment of an attempt.
fn follow(
    tx: &Tx<'_>,
    line: &Line<'_>,
    message: i64,
    segment: SegmentId,
    now: Timestamp,
    rules: Rules,
) -> Result<Option<Claimed>, store::Error> {
    let progress = apply(tx, message, Event::Begun(segment), now, rules)?;
    let begun = progress.segment(segment).is_some_and(|it| it.state == SegmentState::Submitting);
    let attempt = progress.attempts.into_iter().find(|attempt| attempt.key == segment.attempt);
    // Its time may just have run out: then it was dropped instead.
    let (Some(attempt), true) = (attempt, begun) else { return Ok(None) };
    let Some(outgoing) = store::message::outgoing(tx, message)? else {
        error!("a segment without a text was to be sent");
        return Ok(None);
    };
    put_on_air(tx, line, message, &outgoing, &attempt, segment, now, rules)
}

#[expect(
    clippy::too_many_arguments,
    reason = "the two ways to a claim meet here, with all they know"
)]
fn put_on_air(
    tx: &Tx<'_>,
    line: &Line<'_>,
    message: i64,
    outgoing: &Outgoing,
    attempt: &Attempt,
    segment: SegmentId,
    now: Timestamp,
    rules: Rules,
) -> Result<Option<Claimed>, store::Error> {
    let order = sms::Order {
        recipient: &outgoing.recipient,
        text: outgoing.text.reveal(),
        flash: outgoing.flash,
        validity: sms::validity(outgoing.expires_at.since(now)),
        reports: attempt.reports,
        concat_reference: attempt.concat_reference,
        sequence: segment.sequence,
    };
    match sms::submit(&order) {
        Ok(tpdu) => Ok(Some(Claimed {
            index: line.index,
            message,
            segment,
            tpdu,
            begins: segment.sequence == 1,
        })),
        Err(cause) => {
            error!(%cause, "a text that was accepted could not be encoded");
            let refusal = Refusal { detail: Detail::Bug, class: RefusalClass::Permanent };
            apply(tx, message, Event::Refused(segment, refusal), now, rules)?;
            Ok(None)
        }
    }
}
