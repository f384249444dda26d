//! May it be sent, and what exactly: a request becomes a message or a refusal.
//!
//! [`decide`] is pure; [`accept`] stores what was decided: a message, or the pair of events that a
//! refusal leaves.

mod decide;
mod number;
mod repeat;

use crate::{
    domain::{Event, EventKind, Outcome},
    store::{self, Store, Tx, message::MessageView},
};

pub use decide::{Denial, Policy, Request, decide};
pub use number::{NumberRefused, Recipient, recipient};
pub use repeat::{Repeat, Repeats};

/// What became of a request.
#[derive(Debug)]
pub enum Answer {
    /// It is on disk and will be sent.
    Accepted(Box<MessageView>),
    /// It came before: this is what became of its message.
    Replayed(Box<MessageView>),
    /// Another request came before with the same key.
    KeyReused,
    /// It was refused, and the log says so.
    Refused(Box<Denial>),
}

/// Stores what was decided; a request that is known by its key is answered once more instead. Returns
/// only after it is on disk.
///
/// # Errors
/// Those of the store; then nothing was accepted.
pub async fn accept(
    store: &Store,
    request: Request,
    policy: &Policy,
    repeat: Option<Repeat>,
) -> Result<Answer, store::Error> {
    let now = request.received_at;
    let decision = decide(request, policy);
    // The key is looked up in the transaction that stores the message: of two requests at one time,
    // the second finds the first.
    let job = move |tx: &Tx<'_>| {
        let known = repeat.as_ref().map(|repeat| repeat.answer(tx)).transpose()?.flatten();
        if let Some(answer) = known {
            return Ok(answer);
        }
        tx.must_have_room()?;
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
                for kind in [EventKind::Send, EventKind::Status] {
                    let event = Event::new(kind, Outcome::Deny, denial.subject.clone(), now);
                    store::event::append(tx, &event.because(Some(denial.detail)))?;
                }
                Ok(Answer::Refused(Box::new(denial)))
            }
        }
    };
    store.write(job).await
}
