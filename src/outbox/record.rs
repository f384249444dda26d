//! Puts the law into force: loads a message, steps it, stores what changed, writes its events.

use tracing::debug;

use super::{
    report,
    step::{Effect, Event, Rules, step},
};
use crate::{
    domain::{self, EventKind, MessageId, Outcome, Progress, Report, Timestamp},
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
    let accepted = if let Event::Accepted(segment, reference) = event {
        Some((segment, reference))
    } else {
        None
    };
    let before = store::progress::load(tx, key)?;
    let (mut after, effects) = step(before.clone(), event, now, rules);
    store::progress::save(tx, key, &before, &after)?;
    for effect in effects {
        execute(tx, key, &after, effect, now)?;
    }
    if let Some((segment, reference)) = accepted
        && let Some(report) = report::take_early(tx, key, &after, segment, reference)?
    {
        after = apply(tx, key, Event::Reported(segment, report), now, rules)?;
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
    let modem = state.attempts.last().map(|attempt| attempt.modem.clone());
    let event =
        domain::Event::new(kind, outcome, subject, now).because(detail).through(modem, segments);
    store::event::append(tx, &event)
}
