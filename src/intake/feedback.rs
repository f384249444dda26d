//! What clients tell of a code: whether somebody entered it.

use super::limits;
use crate::{
    domain::{Actor, Event, EventKind, Feedback, MessageId, Outcome, Timestamp},
    store::{self, Tx},
};

/// What became of a feedback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is in the log, by this request or by an earlier one that said the same.
    Noted,
    /// There is no such message.
    NoMessage,
    /// Something else was said before.
    Contradicts,
}

/// Notes what became of the code in a message, once.
///
/// # Errors
/// Those of the store.
pub fn hear(
    tx: &Tx<'_>,
    id: MessageId,
    feedback: Feedback,
    actor: Actor,
    now: Timestamp,
) -> Result<Heard, store::Error> {
    let Some(message) = store::message::find(tx, id)? else { return Ok(Heard::NoMessage) };
    if let Some(before) = message.feedback {
        let same = before == feedback.as_str();
        return Ok(if same { Heard::Noted } else { Heard::Contradicts });
    }
    store::message::set_feedback(tx, message.key, feedback.as_str())?;
    let mut subject = message.subject;
    if let (Some(number), Some(region)) = (&subject.recipient, &subject.region) {
        limits::heard(tx, &subject.actor.id, number, region, message.created_at, feedback)?;
    }
    subject.actor = actor;
    let outcome = if feedback == Feedback::Verified { Outcome::Success } else { Outcome::Failure };
    store::event::append(tx, &Event::new(EventKind::Feedback, outcome, subject, now))?;
    Ok(Heard::Noted)
}
