//! The one state machine of a message: a pure table of what happens next.
//!
//! An [`Event`] changes facts about segments; what follows from all facts together (has it ended, may
//! it be tried again, until when to wait) is concluded anew each time, in one place. Nothing here
//! reads a clock, a store or a modem.

use std::time::Duration;

use crate::domain::{
    Attempt, Channel, Detail, End, Lane, OnUnknown, Outcome, Phase, Progress, Refusal,
    RefusalClass, Report, Segment, SegmentId, SegmentState, Timestamp,
};

use super::retry;

/// What an operator may set about the law below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// From a submit without an answer to the resend on another SIM.
    pub resend_after: Duration,
}

/// What can happen to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A modem begins a new attempt: the intent to submit its first segment.
    Claimed(Attempt),
    /// The intent to submit the next segment of an attempt, and until when its delivery report may come.
    Begun(SegmentId, Timestamp),
    /// The network took a segment, soon or late; the modem answered this reference, if its line was
    /// not lost.
    Accepted(SegmentId, Option<u8>),
    /// The network or the modem said no, soon or late, or the segment never left this box.
    Refused(SegmentId, Refusal),
    /// No answer came in the time that the modem's family may take.
    Silent(SegmentId),
    /// A delivery report came.
    Reported(SegmentId, Report),
    /// This side hung up on whoever listened to a call: a passcode needed the modem, or the daemon ends.
    CutOff(SegmentId),
    /// The modem of this attempt is gone, and another one could begin anew.
    ModemLost(i64),
    /// A deadline has come; what kept the message from the air until then, where that is known.
    Deadline(Option<Detail>),
    /// Somebody asked to cancel it.
    Cancelled,
    /// The daemon starts, and finds segments on the air that nobody listens for.
    Crashed,
    /// The machine was off for nobody knows how long: its clock is not to be trusted.
    Stranded,
    /// The clock was set: every instant moves by so many milliseconds, every wait stays as long as it
    /// was.
    Shifted(i64),
}

/// What has to be done besides storing the new state, in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Write the one send event.
    LogSend(Outcome, Option<Detail>),
    /// Write the one status event.
    LogStatus(Outcome, Option<Detail>),
    /// Write that a report came after the end.
    LogLateReport(Report),
    /// Write that it goes out again while the answer to some of it is missing.
    LogResend,
    /// Erase the text: no further send can need it.
    EraseText,
    /// Send what is to go out in its place.
    FallBack,
    /// Erase that: it is not needed.
    EraseFallback,
}

/// The law: what a message becomes when `event` happens at `now`, and what is to be done.
pub(super) fn step(
    mut state: Progress,
    event: Event,
    now: Timestamp,
    rules: Rules,
) -> (Progress, Vec<Effect>) {
    if state.phase.is_final() {
        // Final states never change; a late report is worth a line in the log, nothing else is.
        let late = if let Event::Reported(_, report) = event { Some(report) } else { None };
        return (state, late.map(Effect::LogLateReport).into_iter().collect());
    }
    let mut effects = Vec::new();
    if matches!(event, Event::Claimed(_)) {
        // What the attempts before have not begun, they shall not: a copy that misses a segment is shown by no phone. What
        // is on the air of it is told of all the same.
        state.attempts.iter_mut().for_each(drop_pending);
        if state.attempts.iter().flat_map(|attempt| &attempt.segments).any(is_unanswered) {
            effects.push(Effect::LogResend);
        }
    }
    let refusal = apply(&mut state, event, now);
    if state.phase.is_final() {
        // Cancelled.
        end(&mut state, End::Cancelled, Some(Detail::Cancelled), now, &mut effects);
    } else {
        conclude(&mut state, refusal, now, rules, &mut effects);
    }
    (state, effects)
}

/// Whether nothing of the message is on the air or may be.
fn may_cancel(state: &Progress) -> bool {
    let untouched = |segment: &Segment| {
        matches!(
            segment.state,
            SegmentState::Pending | SegmentState::Refused | SegmentState::Dropped
        )
    };
    !state.phase.is_final()
        && state.attempts.iter().flat_map(|attempt| &attempt.segments).all(untouched)
}

/// Writes the facts of `event` into `state`; answers a refusal, if it was one.
fn apply(state: &mut Progress, event: Event, now: Timestamp) -> Option<Refusal> {
    match event {
        Event::Claimed(attempt) => {
            state.claimable_at = None;
            let first = SegmentId { attempt: attempt.key, sequence: 1 };
            state.attempts.push(attempt);
            begin(state, first, now);
        }
        // Its time may have run out since it was chosen: then it is dropped.
        Event::Begun(..) if now >= state.expires_at => {}
        Event::Begun(segment, report_deadline) => {
            begin(state, segment, now);
            if let Some(attempt) = state.attempts.iter_mut().find(|it| it.key == segment.attempt) {
                attempt.report_deadline = attempt.report_deadline.max(report_deadline);
            }
        }
        Event::Accepted(segment, reference) => accept(state, segment, reference, now),
        Event::Refused(segment, refusal) => return refuse(state, segment, refusal),
        Event::Silent(segment) => {
            if let Some(segment) = state.segment_mut(segment)
                && segment.state == SegmentState::Submitting
            {
                segment.state = SegmentState::Unanswered;
            }
        }
        Event::Reported(segment, report) => record_report(state, segment, report, now),
        Event::CutOff(segment) => return cut_off(state, segment, now),
        Event::ModemLost(key) => return lose_modem(state, key),
        Event::Deadline(blocked) => {
            if state.attempts.is_empty() {
                state.reason = state.reason.or(blocked);
            }
        }
        Event::Cancelled => {
            if may_cancel(state) {
                state.phase = Phase::Ended(End::Cancelled);
            }
        }
        Event::Crashed => lose_answers(state),
        // A code lives for minutes: it is dead, or nobody can tell. What else waits has time.
        Event::Stranded => {
            if state.lane == Lane::Otp {
                state.expires_at = state.expires_at.min(now);
                state.fallback_until = state.fallback_until.map(|until| until.min(now));
            }
        }
        Event::Shifted(milliseconds) => shift(state, milliseconds),
    }
    None
}

/// Moves every instant that something waits for. What a person chose stays as it was chosen: a
/// message that waits for its hour waits for that hour.
fn shift(state: &mut Progress, milliseconds: i64) {
    let moved = |at: Timestamp| at.moved_by(milliseconds);
    if !state.scheduled {
        state.expires_at = moved(state.expires_at);
        state.fallback_until = state.fallback_until.map(moved);
    }
    if !state.scheduled || !state.attempts.is_empty() {
        state.claimable_at = state.claimable_at.map(moved);
    }
    for attempt in &mut state.attempts {
        attempt.report_deadline = moved(attempt.report_deadline);
        for segment in &mut attempt.segments {
            for at in
                [&mut segment.submitting_at, &mut segment.submitted_at, &mut segment.reported_at]
            {
                *at = at.map(moved);
            }
        }
    }
    // None stays by the clock of before: `conclude` finds a new one.
    state.deadline_at = None;
}

fn begin(state: &mut Progress, segment: SegmentId, now: Timestamp) {
    if let Some(segment) = state.segment_mut(segment)
        && segment.state == SegmentState::Pending
    {
        segment.state = SegmentState::Submitting;
        segment.submitting_at = Some(now);
    }
}

fn accept(state: &mut Progress, segment: SegmentId, reference: Option<u8>, now: Timestamp) {
    let Some(segment) = state.segment_mut(segment) else { return };
    match segment.state {
        SegmentState::Submitting | SegmentState::Unanswered => {
            segment.state = SegmentState::Submitted;
            segment.submitted_at = Some(now);
            segment.reference = reference;
        }
        // Its report was faster than its answer.
        SegmentState::Submitted | SegmentState::Delivered | SegmentState::Undelivered => {
            segment.reference = segment.reference.or(reference);
        }
        SegmentState::Pending
        | SegmentState::NoReport
        | SegmentState::Refused
        | SegmentState::Dropped => {}
    }
}

fn refuse(state: &mut Progress, id: SegmentId, refusal: Refusal) -> Option<Refusal> {
    let segment = state.segment_mut(id)?;
    if !matches!(segment.state, SegmentState::Submitting | SegmentState::Unanswered) {
        return None;
    }
    segment.detail = Some(refusal.detail);
    let attempt = state.attempts.iter_mut().find(|attempt| attempt.key == id.attempt)?;
    let complete = attempt.segments.iter().all(|segment| segment.state != SegmentState::Pending);
    let doubtful = refusal.class == RefusalClass::Doubtful && complete && !is_incomplete(attempt);
    if let Some(segment) = attempt.segment_mut(id.sequence) {
        segment.state = if doubtful { SegmentState::Unanswered } else { SegmentState::Refused };
    }
    if doubtful {
        // The phone may have all of it: as good as no answer, but none needs to be waited for.
        state.claimable_at = None;
        return None;
    }
    // A phone joins only the segments of one attempt: without this one the others are of no use.
    drop_pending(attempt);
    Some(refusal)
}

fn record_report(state: &mut Progress, id: SegmentId, report: Report, now: Timestamp) {
    let Some(segment) = state.segment_mut(id) else { return };
    let open = matches!(
        segment.state,
        SegmentState::Submitting
            | SegmentState::Submitted
            | SegmentState::Unanswered
            | SegmentState::NoReport
    );
    if !open {
        return;
    }
    segment.reported_at = Some(now);
    // Whoever reports on a segment has taken it, whatever became of the answer.
    segment.submitted_at.get_or_insert(now);
    segment.state = match report {
        Report::Delivered => SegmentState::Delivered,
        Report::Failed(detail) => {
            segment.detail = Some(detail);
            SegmentState::Undelivered
        }
        Report::StillTrying if segment.state == SegmentState::NoReport => SegmentState::NoReport,
        Report::StillTrying => SegmentState::Submitted,
    };
}

/// A call is as good as one that was not placed, where it may be placed again; else it failed, and not by whoever listened.
fn cut_off(state: &mut Progress, id: SegmentId, now: Timestamp) -> Option<Refusal> {
    let refusal = Refusal { detail: Detail::NoModem, class: RefusalClass::Network };
    if !is_said_anew(state) {
        record_report(state, id, Report::Failed(refusal.detail), now);
        return None;
    }
    let segment = state.segment_mut(id)?;
    let open = [SegmentState::Submitting, SegmentState::Submitted, SegmentState::Unanswered];
    if !open.contains(&segment.state) {
        return None;
    }
    (segment.state, segment.detail) = (SegmentState::Refused, Some(refusal.detail));
    Some(refusal)
}

/// Whether it may go out again though somebody has heard a part of it: a call whose text is kept until it ends. That of a
/// passcode is not.
fn is_said_anew(state: &Progress) -> bool {
    state.channel == Channel::Voice && state.lane != Lane::Otp
}

fn lose_modem(state: &mut Progress, key: i64) -> Option<Refusal> {
    let attempt = state.attempts.iter_mut().find(|attempt| attempt.key == key)?;
    let has = |attempt: &Attempt, state| attempt.segments.iter().any(|it| it.state == state);
    if !has(attempt, SegmentState::Pending) || has(attempt, SegmentState::Submitting) {
        return None;
    }
    drop_pending(attempt);
    Some(Refusal { detail: Detail::NoModem, class: RefusalClass::Modem })
}

fn lose_answers(state: &mut Progress) {
    let segments = state.attempts.iter_mut().flat_map(|attempt| &mut attempt.segments);
    for segment in segments.filter(|segment| segment.state == SegmentState::Submitting) {
        segment.state = SegmentState::Unanswered;
    }
}

fn drop_pending(attempt: &mut Attempt) {
    for segment in &mut attempt.segments {
        if segment.state == SegmentState::Pending {
            segment.state = SegmentState::Dropped;
        }
    }
}

/// What an attempt amounts to: as good as its worst segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The phone has all of it.
    Delivered,
    /// The network took all of it, and the phone may still get it.
    Waiting,
    /// Segments still have to go out.
    Open,
    /// An answer is missing that may still come.
    Questioned,
    /// The network took all of it, and no more will be heard.
    Unheard,
    /// An answer is missing and will not come.
    Lost,
    /// The phone will not get it.
    Undelivered(Option<Detail>),
    /// It can no longer become complete.
    Refused,
}

fn verdict(attempt: &Attempt, now: Timestamp) -> Verdict {
    let any = |state| attempt.segments.iter().any(|segment| segment.state == state);
    if is_incomplete(attempt) {
        Verdict::Refused
    } else if let Some(segment) =
        attempt.segments.iter().find(|segment| segment.state == SegmentState::Undelivered)
    {
        Verdict::Undelivered(segment.detail)
    } else if attempt.segments.iter().any(|segment| is_lost(attempt, segment, now)) {
        Verdict::Lost
    } else if any(SegmentState::Pending) || any(SegmentState::Submitting) {
        Verdict::Open
    } else if any(SegmentState::Unanswered) {
        Verdict::Questioned
    } else if any(SegmentState::Submitted) {
        Verdict::Waiting
    } else if any(SegmentState::NoReport) {
        Verdict::Unheard
    } else {
        Verdict::Delivered
    }
}

/// A segment is missing for good.
fn is_incomplete(attempt: &Attempt) -> bool {
    let missing = [SegmentState::Refused, SegmentState::Dropped];
    attempt.segments.iter().any(|segment| missing.contains(&segment.state))
}

/// Without an answer for so long that none will come.
fn is_lost(attempt: &Attempt, segment: &Segment, now: Timestamp) -> bool {
    settles_at(attempt, segment).is_some_and(|settled| now >= settled)
}

/// When a segment without an answer stops waiting for one.
fn settles_at(attempt: &Attempt, segment: &Segment) -> Option<Timestamp> {
    is_unanswered(segment).then_some(segment.submitting_at?.after(attempt.settle))
}

fn is_unanswered(segment: &Segment) -> bool {
    matches!(segment.state, SegmentState::Submitting | SegmentState::Unanswered)
}

/// Derives everything else from the facts.
fn conclude(
    state: &mut Progress,
    refusal: Option<Refusal>,
    now: Timestamp,
    rules: Rules,
    effects: &mut Vec<Effect>,
) {
    close_reports(state, now);
    let taken = state.attempts.iter().any(Attempt::is_taken);
    if now >= state.expires_at || taken {
        // Expired messages never go on the air, and a message that was taken goes there once.
        state.attempts.iter_mut().for_each(drop_pending);
    }
    if taken && !state.send_logged {
        state.send_logged = true;
        state.sent_at = Some(now);
        effects.push(Effect::LogSend(Outcome::Success, None));
        if !is_said_anew(state) {
            effects.push(Effect::EraseText);
        }
    }
    if let Some(refusal) = refusal {
        state.reason = Some(refusal.detail);
    }
    if state.fallback_until.is_some_and(|until| now >= until) {
        state.fallback_until = None;
        effects.push(Effect::EraseFallback);
    }
    let verdicts: Vec<_> = state.attempts.iter().map(|attempt| verdict(attempt, now)).collect();
    if let Some((how, detail)) = ending(state, &verdicts, refusal, now) {
        end(state, how, detail, now, effects);
        return;
    }
    // Its answer is missing, and it goes out no more: it has expired, and only where somebody chose its hour may a clock
    // that is set give it its time back; or nobody wants it any more, and all of it was begun.
    let expired = now >= state.expires_at && !state.scheduled;
    if (expired || (state.abandoned && is_whole(state))) && !state.send_logged {
        effects.push(Effect::EraseText);
    }
    let hopeful = verdicts.iter().any(|verdict| *verdict != Verdict::Refused);
    // What was cut off has been sent, and goes out again all the same.
    let sent = taken || state.sent_at.is_some();
    state.phase = match (sent, state.attempts.is_empty()) {
        (true, _) => Phase::Sent,
        (false, false) => Phase::Sending,
        (false, true) => Phase::Queued,
    };
    let wait = refusal.map(|it| now.after(retry::delay(it.class, state.attempts.len())));
    let resend = resend_at(state, &verdicts, rules).filter(|_| !taken);
    if hopeful {
        state.claimable_at = resend.map(|at| state.claimable_at.or(wait).unwrap_or(at).max(at));
    } else if wait.is_some() {
        state.claimable_at = wait;
    }
    // An answer comes within that time, hardly ever without: until then nothing waits in the queue, which each message would
    // write once more, and which would hold up what is less urgent.
    let looks_again = resend.filter(|at| *at > now && is_answered_soon(state));
    if looks_again.is_some() {
        state.claimable_at = None;
    }
    // One that comes earlier than it has to stays: most messages end before it, and to look at the others once too often is
    // cheaper than to write it anew for each that is answered.
    let needed = deadline(state, looks_again, now);
    let stays = state.deadline_at.filter(|at| now < *at && *at <= needed);
    state.deadline_at = stays.or(Some(needed));
}

/// Whether a modem has what is on the air, and has not fallen silent.
fn is_answered_soon(state: &Progress) -> bool {
    let segments = || state.attempts.iter().flat_map(|attempt| &attempt.segments);
    segments().any(|segment| segment.state == SegmentState::Submitting)
        && segments().all(|segment| segment.state != SegmentState::Unanswered)
}

/// Whether no attempt has segments that still have to go out.
fn is_whole(state: &Progress) -> bool {
    let segments = state.attempts.iter().flat_map(|attempt| &attempt.segments);
    segments.into_iter().all(|segment| segment.state != SegmentState::Pending)
}

/// The end that follows from the verdicts on all attempts, if they are all known: a message is as
/// good as its best attempt.
fn ending(
    state: &Progress,
    verdicts: &[Verdict],
    refusal: Option<Refusal>,
    now: Timestamp,
) -> Option<(End, Option<Detail>)> {
    let any = |wanted| verdicts.contains(&wanted);
    let undelivered = verdicts.iter().find_map(|verdict| {
        if let Verdict::Undelivered(detail) = verdict { Some(*detail) } else { None }
    });
    // Nobody tells late how a call ended, and what is to go out in its place has waited long enough.
    let unseen = any(Verdict::Questioned) && gives_way(state) && now >= state.expires_at;
    if any(Verdict::Delivered) {
        Some((End::Delivered, None))
    } else if unseen && !any(Verdict::Waiting) && !any(Verdict::Open) {
        Some((End::Unknown, Some(Detail::AnswerLost)))
    } else if any(Verdict::Waiting) || any(Verdict::Open) || any(Verdict::Questioned) {
        None
    } else if any(Verdict::Unheard) {
        Some((End::Unknown, Some(Detail::NoReport)))
    } else if any(Verdict::Lost) {
        Some((End::Unknown, Some(Detail::AnswerLost)))
    } else if let Some(detail) = undelivered {
        Some((End::Undelivered, detail))
    } else if let Some(refusal) = refusal.filter(|it| is_the_last(state, *it)) {
        Some((End::Failed, Some(refusal.detail)))
    } else if state.abandoned {
        Some((End::Cancelled, Some(Detail::Cancelled)))
    } else if now >= state.expires_at {
        Some((End::Expired, Some(state.reason.unwrap_or(Detail::ExpiredInQueue))))
    } else {
        None
    }
}

/// Whether another message goes out in its place though nobody knows whether it arrived: a call that nobody saw end rings no
/// more, and whoever did not hear it waits. A text may still come.
fn gives_way(state: &Progress) -> bool {
    state.channel == Channel::Voice && state.fallback_until.is_some() && !state.abandoned
}

/// Whether nothing more is tried after a refusal.
fn is_the_last(state: &Progress, refusal: Refusal) -> bool {
    let same = |segment: &&Segment| segment.detail == Some(refusal.detail);
    let segments = state.attempts.iter().flat_map(|attempt| &attempt.segments);
    retry::suffices(refusal, segments.filter(same).count())
}

fn end(
    state: &mut Progress,
    how: End,
    detail: Option<Detail>,
    now: Timestamp,
    effects: &mut Vec<Effect>,
) {
    state.attempts.iter_mut().for_each(drop_pending);
    // Nobody waits any more for what is still on the air.
    lose_answers(state);
    state.phase = Phase::Ended(how);
    state.reason = detail.or(how.usual_reason());
    state.ended_at = Some(now);
    state.claimable_at = None;
    state.deadline_at = None;
    let text_left = is_said_anew(state) || !state.send_logged;
    if !state.send_logged {
        state.send_logged = true;
        let outcome = Outcome::of_send_at(how, detail == Some(Detail::AnswerLost));
        if outcome == Outcome::Success {
            state.sent_at = Some(now);
        }
        let reason = if outcome == Outcome::Success { None } else { state.reason };
        effects.push(Effect::LogSend(outcome, reason));
    }
    if text_left {
        effects.push(Effect::EraseText);
    }
    effects.push(Effect::LogStatus(Outcome::of_status_at(how), state.reason));
    if state.fallback_until.is_some() {
        effects.push(match how {
            End::Failed | End::Undelivered | End::Expired => Effect::FallBack,
            End::Unknown if gives_way(state) => Effect::FallBack,
            End::Delivered | End::Cancelled | End::Unknown => Effect::EraseFallback,
        });
    }
}

/// Reports that nobody asked for, or that did not come in time, will not come.
fn close_reports(state: &mut Progress, now: Timestamp) {
    for attempt in &mut state.attempts {
        if attempt.reports && now < attempt.report_deadline {
            continue;
        }
        for segment in &mut attempt.segments {
            if segment.state == SegmentState::Submitted {
                segment.state = SegmentState::NoReport;
            }
        }
    }
}

/// When to send once more because an answer is missing: once, and only while one attempt is open.
fn resend_at(state: &Progress, verdicts: &[Verdict], rules: Rules) -> Option<Timestamp> {
    let open = verdicts.iter().filter(|verdict| **verdict != Verdict::Refused).count();
    if state.abandoned || state.on_unknown == OnUnknown::Hold || open != 1 || is_resent(state) {
        return None;
    }
    let segments = state.attempts.iter().zip(verdicts).filter(|(_, it)| **it != Verdict::Refused);
    // The end of a call comes without fail: as long as it is not known, the phone may ring.
    let missing = |segment: &&Segment| match state.channel {
        Channel::Sms => is_unanswered(segment),
        Channel::Voice => segment.state == SegmentState::Unanswered,
    };
    segments
        .flat_map(|(attempt, _)| &attempt.segments)
        .filter(missing)
        .filter_map(|segment| {
            // A doubtful refusal has been answered: there is nothing to wait for.
            let wait = if segment.detail.is_some() { Duration::ZERO } else { rules.resend_after };
            Some(segment.submitting_at?.after(wait))
        })
        .min()
        .filter(|at| *at < state.expires_at)
}

/// Whether an attempt was begun while an answer to one before it was missing, and neither of them was refused: that one misses
/// segments since then, whatever was answered later, and a network that is slow to answer one is slow to answer the next.
fn is_resent(state: &Progress) -> bool {
    let refused = |attempt: &&Attempt| {
        attempt.segments.iter().any(|segment| segment.state == SegmentState::Refused)
    };
    let attempts = state.attempts.iter().filter(|it| !refused(it));
    let begun = |attempt: &Attempt| attempt.segments.first()?.submitting_at;
    attempts.clone().zip(attempts.skip(1)).any(|(attempt, next)| {
        let next = begun(next);
        let was_missing = |segment: &Segment| {
            segment.submitting_at.is_some() && segment.submitted_at.is_none_or(|at| Some(at) > next)
        };
        attempt.segments.iter().any(was_missing)
    })
}

/// When to look again at the latest: no state without a deadline.
fn deadline(state: &Progress, looks_again: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let mut deadlines: Vec<_> = looks_again.into_iter().collect();
    for attempt in &state.attempts {
        deadlines
            .extend(attempt.segments.iter().filter_map(|segment| settles_at(attempt, segment)));
        if attempt.segments.iter().any(|segment| segment.state == SegmentState::Submitted) {
            deadlines.push(attempt.report_deadline);
        }
    }
    if now < state.expires_at {
        deadlines.push(state.expires_at);
    }
    deadlines.extend(state.fallback_until);
    deadlines.into_iter().filter(|at| *at > now).min().unwrap_or(state.expires_at)
}

/// SIMs that a new attempt must not use: a second copy from the same sender, while the first may be
/// on its way, could only double what is there.
pub(super) fn shunned_sims(state: &Progress) -> impl Iterator<Item = &str> {
    state
        .attempts
        .iter()
        .filter(|attempt| attempt.segments.iter().any(is_unanswered) && !is_incomplete(attempt))
        .map(|attempt| attempt.sim.as_str())
}

#[cfg(test)]
mod tests;
