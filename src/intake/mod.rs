//! May it be sent, and what exactly: a request becomes a message or a refusal.
//!
//! [`decide`] is pure; [`accept`] stores what was decided: a message, or the pair of events that a
//! refusal leaves.

mod decide;
mod number;

use crate::{
    domain::{Event, EventKind, Outcome},
    store::{self, Store, message::MessageView},
};

pub use decide::{Denial, Policy, Request, decide};
pub use number::{NumberRefused, Recipient, recipient};

/// What became of a request.
#[derive(Debug)]
pub enum Answer {
    /// It is on disk and will be sent.
    Accepted(Box<MessageView>),
    /// It was refused, and the log says so.
    Refused(Box<Denial>),
}

/// Stores what was decided. Returns only after it is on disk.
///
/// # Errors
/// Those of the store; then nothing was accepted.
pub async fn accept(
    store: &Store,
    request: Request,
    policy: &Policy,
) -> Result<Answer, store::Error> {
    let now = request.received_at;
    match decide(request, policy) {
        Ok(message) => {
            let stored = store.write(move |tx| {
                store::message::insert(tx, &message)?;
                store::message::find(tx, message.id)?.ok_or(store::Error::Missing("the message"))
            });
            Ok(Answer::Accepted(Box::new(stored.await?)))
        }
        Err(denial) => {
            let events = [EventKind::Send, EventKind::Status].map(|kind| {
                Event::new(kind, Outcome::Deny, denial.subject.clone(), now)
                    .because(Some(denial.detail))
            });
            store
                .write(move |tx| {
                    events.iter().try_for_each(|event| store::event::append(tx, event))
                })
                .await?;
            Ok(Answer::Refused(Box::new(denial)))
        }
    }
}
