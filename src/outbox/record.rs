//! Puts the law into force: loads a message, steps it, stores what changed, writes its events.

use tracing::debug;

use super::{
    report,
    step::{Effect, Event, Rules, step},
};
use crate::{
    domain::{self, Detail, EventKind, MessageId, Outcome, Progress, Report, Timestamp},
    store::{self, Tx},
};

/// Lets `event` happen to the message `key`, inside one transaction with everything that follows
/// from it, and answers how far the message has come.
///
/// # Errors
/// Those of the store.
pub fn apply(
    tx: &Tx<'_>,
    key: i64,
    event: Event,
    now: Timestamp,
    rules: Rules,
) -> Result<Progress, store::Error> {
    let before = store::progress::load(tx, key)?;
    let answered = match &event {
        Event::Accepted(segment, _) | Event::Refused(segment, _) | Event::Silent(segment) => {
            Some(segment.attempt)
        }
        Event::Crashed => before.attempts.last().map(|attempt| attempt.key),
        Event::Claimed(_)
        | Event::Begun(..)
        | Event::Reported(..)
        | Event::ModemLost(_)
        | Event::Deadline(_)
        | Event::Shifted(_)
        | Event::Stranded
        | Event::Cancelled => None,
    };
    let (after, effects) = step(before.clone(), event, now, rules);
    store::progress::save(tx, key, &before, &after)?;
    for effect in effects {
        execute(tx, key, &after, effect, now)?;
    }
    // Reports may have waited for this answer.
    let Some(attempt) = answered else { return Ok(after) };
    let sim = after.attempts.iter().find(|it| it.key == attempt).map(|it| it.sim.clone());
    let (subject, _) = store::message::subject(tx, key)?;
    let (Some(sim), Some(recipient)) = (sim, subject.recipient) else { return Ok(after) };
    if report::take_up(tx, &sim, &recipient, now, rules)? {
        return store::progress::load(tx, key);
    }
    Ok(after)
}

/// Cancels the message `id`; answers how far it has come, or `None` where there is no such message.
///
/// # Errors
/// Those of the store.
pub fn cancel(
    tx: &Tx<'_>,
    id: MessageId,
    now: Timestamp,
    rules: Rules,
) -> Result<Option<Progress>, store::Error> {
    let Some(key) = store::message::key_of(tx, id)? else { return Ok(None) };
    apply(tx, key, Event::Cancelled, now, rules).map(Some)
}

fn execute(
    tx: &Tx<'_>,
    key: i64,
    state: &Progress,
    effect: Effect,
    now: Timestamp,
) -> Result<(), store::Error> {
    let (kind, outcome, detail) = match effect {
        Effect::EraseText => return store::message::erase_text(tx, key),
        Effect::LogSend(outcome, detail) => (EventKind::Send, outcome, detail),
        Effect::LogStatus(outcome, detail) => (EventKind::Status, outcome, detail),
        Effect::LogResend => (EventKind::Resend, Outcome::Unknown, Some(Detail::AnswerLost)),
        Effect::LogLateReport(Report::Failed(detail)) => {
            (EventKind::LateReport, Outcome::Failure, Some(detail))
        }
        Effect::LogLateReport(Report::Delivered) => (EventKind::LateReport, Outcome::Success, None),
        Effect::LogLateReport(Report::StillTrying) => {
            debug!("a late report says that the service centre is still trying");
            return Ok(());
        }
    };
    let (subject, segments) = store::message::subject(tx, key)?;
    if let (Effect::LogStatus(outcome, _), Some(attempt)) = (effect, state.attempts.last())
        && attempt.reports
        && state.sent_at.is_some()
    {
        let region = subject.region.as_deref().unwrap_or_default();
        let delivered = outcome == Outcome::Success;
        store::sim::count_delivery(tx, &attempt.sim, region, now, delivered)?;
    }
    let modem = state.attempts.last().map(|attempt| attempt.modem.clone());
    let event =
        domain::Event::new(kind, outcome, subject, now).because(detail).through(modem, segments);
    store::event::append(tx, &event)
}
