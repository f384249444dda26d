//! Puts the law into force: loads a message, steps it, stores what changed, writes its events.

use std::collections::BTreeSet;

use tracing::debug;

use super::{
    report,
    step::{Effect, Event, Rules, step},
};
use crate::{
    domain::{self, Attempt, Detail, EventKind, MessageId, Outcome, Progress, Report, Timestamp},
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
    // Reports may wait for what is answered or given up now.
    let answered = |attempt: &Attempt| match &event {
        Event::Accepted(segment, _) | Event::Refused(segment, _) | Event::Silent(segment) => {
            attempt.key == segment.attempt
        }
        Event::Crashed => true,
        Event::Claimed(_)
        | Event::Begun(..)
        | Event::Reported(..)
        | Event::ModemLost(_)
        | Event::Deadline(_)
        | Event::Shifted(_)
        | Event::Stranded
        | Event::Cancelled => false,
    };
    let answered = before.attempts.iter().filter(|attempt| answered(attempt));
    let sims: BTreeSet<_> = answered.map(|attempt| attempt.sim.clone()).collect();
    let (after, effects) = step(before.clone(), event, now, rules);
    store::progress::save(tx, key, &before, &after)?;
    for effect in effects {
        execute(tx, key, &after, effect, now)?;
    }
    // Reports may have waited for these answers; hardly ever, so that the recipient is read only then.
    let mut taken_up = false;
    for sim in sims {
        if !store::early_report::any(tx, &sim)? {
            continue;
        }
        let (subject, _) = store::message::subject(tx, key)?;
        if let Some(recipient) = subject.recipient {
            taken_up |= report::take_up(tx, &sim, &recipient, now, rules)?;
        }
    }
    if taken_up { store::progress::load(tx, key) } else { Ok(after) }
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

/// Whoever asked for the message `key` has gone without an answer, and sends it by other means: it is
/// cancelled, or, where it may be on the air, not sent again.
///
/// # Errors
/// Those of the store.
pub fn abandon(
    tx: &Tx<'_>,
    key: i64,
    now: Timestamp,
    rules: Rules,
) -> Result<Progress, store::Error> {
    store::message::set_abandoned(tx, key)?;
    apply(tx, key, Event::Cancelled, now, rules)
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
    let (subject, account) = store::message::subject(tx, key)?;
    if let (Effect::LogStatus(outcome, _), Some(attempt)) = (effect, state.attempts.last())
        && attempt.reports
        && state.sent_at.is_some()
    {
        let region = subject.region.as_deref().unwrap_or_default();
        let delivered = outcome == Outcome::Success;
        store::sim::count_delivery(tx, &attempt.sim, region, now, delivered)?;
    }
    let modem = state.attempts.last().map(|attempt| attempt.modem.clone());
    let event = domain::Event::new(kind, outcome, subject, now)
        .because(detail)
        .through(modem, account.submits, account.cost)
        .timed(account.accepted_at, state.sent_at);
    store::event::append(tx, &event)
}
