//! May it be sent, and what exactly: a request becomes a message or a refusal.
//!
//! `consider` judges a request by itself, before the store is asked; what depends on other requests is
//! decided in the transaction that stores the message, or the pair of events that a refusal leaves.

mod decide;
mod feedback;
mod limits;
mod number;
mod policy;
mod repeat;
mod request;
mod template;
mod texts;
mod wording;

use std::sync::{Arc, OnceLock};

use tokio::time::Instant;

use crate::{
    domain::{Event, EventKind, MessageId, NewMessage, Outcome, Timestamp, Whom, clock::Moment},
    store::{self, ByThen, Store, Tx, message::MessageView},
};

use decide::{Draft, consider};

pub use feedback::{Heard, hear};
pub use number::{NumberRefused, Recipient, e164, recipient};
pub use policy::{Policy, region};
pub use repeat::{Repeat, Repeats};
pub use request::{Content, Denial, Request};
pub use template::{
    Fault, Inspection, Requirement, defaults as default_templates, inspect,
    is_default as is_default_template,
};

pub use crate::sms::{Analysis, NonGsm};

/// What became of a request.
#[derive(Debug)]
pub enum Answer {
    /// It is on disk and will be sent.
    Accepted(Box<MessageView>),
    /// It came before: this is what became of its message.
    Replayed(Box<MessageView>),
    /// It came before, and its message is kept no longer: it may have been sent.
    Forgotten,
    /// Another request came before with the same key.
    KeyReused,
    /// It was refused, and the log says so.
    Refused(Box<Denial>),
}

/// The message that a request led to.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// Its id.
    pub id: MessageId,
    /// Whether this request brought it, and not one before.
    pub own: bool,
}

/// Decides on a request and stores what was decided; one that is known by its key is answered once more
/// instead. Returns only after it is on disk.
///
/// # Errors
/// Those of the store; then nothing was accepted.
pub async fn accept(
    store: &Store,
    request: Request,
    policy: &Arc<Policy>,
    repeat: Option<Repeat>,
) -> Result<Answer, store::Error> {
    let came = Moment::of(request.received_at);
    let lane = request.lane();
    store.write_work(lane, decision(request, came, policy.clone(), repeat)).await
}

/// As [`accept`], for somebody who waits until `until` only. `found` becomes the message as soon as the
/// transaction holds it: whoever cannot wait until it is on disk knows by it what to note or undo behind it.
///
/// # Errors
/// Those of the store; then nothing was accepted.
pub async fn accept_by(
    until: Instant,
    store: &Store,
    request: Request,
    policy: &Arc<Policy>,
    repeat: Option<Repeat>,
    found: Arc<OnceLock<Found>>,
) -> Result<ByThen<Answer>, store::Error> {
    let came = Moment::of(request.received_at);
    let decision = decision(request, came, policy.clone(), repeat);
    let work = move |tx: &Tx<'_>| {
        let answer = decision(tx)?;
        let message = match &answer {
            Answer::Accepted(message) => Some(Found { id: message.id, own: true }),
            Answer::Replayed(message) => Some(Found { id: message.id, own: false }),
            Answer::Forgotten | Answer::Refused(_) | Answer::KeyReused => None,
        };
        if let Some(message) = message {
            let _ = found.set(message);
        }
        Ok(answer)
    };
    store.write_by(until, work).await
}

/// What is done in the transaction that stores the message. The key is looked up there too: of two
/// requests at one time, the second finds the first.
fn decision(
    request: Request,
    came: Moment,
    policy: Arc<Policy>,
    repeat: Option<Repeat>,
) -> impl FnOnce(&Tx<'_>) -> Result<Answer, store::Error> + Send + 'static {
    let mut considered = consider(request, &policy);
    move |tx: &Tx<'_>| {
        let now = came.by_now();
        if let Ok(draft) = &mut considered {
            draft.request.received_at = now;
        }
        let subject = match &considered {
            Ok(draft) => &draft.subject,
            Err(denial) => &denial.subject,
        };
        let known = repeat.as_ref().map(|repeat| repeat.answer(tx, subject, now));
        let known = known.transpose()?.flatten();
        if let Some(answer) = known {
            return Ok(answer);
        }
        tx.must_have_room()?;
        let decision = match considered {
            Ok(draft) => decide(tx, draft, &policy)?,
            Err(denial) => Err(denial),
        };
        match decision {
            Ok(message) => {
                store::message::insert(tx, &message)?;
                if let Some(repeat) = &repeat {
                    repeat.remember(tx, message.id, now)?;
                }
                let stored = store::message::find(tx, message.id)?;
                let stored = stored.ok_or(store::Error::Missing("the message"))?;
                Ok(Answer::Accepted(Box::new(stored)))
            }
            Err(denial) => {
                log_denial(tx, &denial, now)?;
                if let Some(repeat) = &repeat {
                    repeat.remember_refusal(tx, &denial, now)?;
                }
                Ok(Answer::Refused(denial))
            }
        }
    }
}

/// Decides what takes more than the request itself.
fn decide(
    tx: &Tx<'_>,
    draft: Draft,
    policy: &Policy,
) -> Result<Result<NewMessage, Box<Denial>>, store::Error> {
    let now = draft.request.received_at;
    let listing = store::listed::about(tx, &draft.recipient, &draft.region, now)?;
    let draft = match draft.admit(listing.as_ref(), policy) {
        Ok(draft) => draft,
        Err(denial) => return Ok(Err(denial)),
    };
    // Numbers and prefixes on the allowlist are known, and no limit holds. A region there may be sent to,
    // and that is all: its numbers are anybody's.
    let known = listing.is_some_and(|entry| !matches!(entry.whom, Whom::Region(_)));
    let within = if known { Ok(None) } else { limits::check(tx, &draft, policy)? };
    let within = match within {
        Ok(within) => within,
        Err(denial) => return Ok(Err(denial)),
    };
    let wording = match wording::of(tx, &draft, draft.request.channel, policy)? {
        Ok(wording) => wording,
        Err(denial) => return Ok(Err(denial)),
    };
    let in_its_place = match draft.request.fallback {
        None => None,
        Some(channel) => match wording::of(tx, &draft, channel, policy)? {
            Ok(wording) => Some((channel, wording)),
            Err(denial) => return Ok(Err(denial)),
        },
    };
    let mut decision = draft.write(store::message::next_id(tx)?, wording, in_its_place, policy);
    if let (Ok(message), Some(within)) = (&mut decision, within) {
        message.counted = Some(within.count(tx, &policy.limits)?);
    }
    Ok(decision)
}

/// Takes a text apart for people, as it would be sent to anybody.
pub fn analyse(text: &str) -> Analysis {
    crate::sms::analyse(text, &[])
}

/// A refusal leaves the pair of events that a message would have left.
fn log_denial(tx: &Tx<'_>, denial: &Denial, now: Timestamp) -> Result<(), store::Error> {
    for kind in [EventKind::Send, EventKind::Status] {
        let event = Event::new(kind, Outcome::Deny, denial.subject.clone(), now);
        store::event::append(tx, &event.because(Some(denial.detail)).timed(now, None))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rlibphonenumber::Region;
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_request_that_waited_while_the_clock_was_set_is_of_the_time_that_is() {
        const DAY: Duration = Duration::from_secs(86_400);
        store::samples::Memory::new().run(|tx| {
            let came = Timestamp::from_unix_ms(1_000_000);
            let is = came.after(2 * DAY);
            let ask = |at, moment| {
                let request = Request::sample("+14155552345", "x", at);
                let repeats = Repeats::new(Zeroizing::new([7; 64]), DAY);
                let repeat = repeats.identify("k".into(), &request);
                let policy = Arc::new(Policy::of(Region::US));
                decision(request, moment, policy, Some(repeat))(tx).unwrap()
            };
            let moved = Moment::of(came).before_a_move_by(2 * 86_400_000);
            let Answer::Accepted(message) = ask(came, moved) else { panic!() };
            assert_eq!(message.created_at, is);
            assert_eq!(message.expires_at, is.after(DAY));
            let later = is.after(Duration::from_secs(60));
            let Answer::Replayed(again) = ask(later, Moment::of(later)) else { panic!() };
            assert_eq!(again.id, message.id, "its key is known by the clock that is");
        });
    }
}
