//! Rows for tests.

use std::time::Duration;

use crate::domain::{
    Actor, Channel, E164, Encoding, Event, EventKind, Lane, MessageId, NewMessage, OnUnknown,
    Outcome, Purpose, Secret, Subject, Timestamp, TransactionId,
};

/// A message that was accepted then.
pub(crate) fn message(at: Timestamp) -> NewMessage {
    let id = MessageId::generate();
    let recipient = E164::new("+14155552345".to_owned()).unwrap();
    NewMessage {
        id,
        subject: Subject { message: Some(id), ..subject(recipient.clone()) },
        recipient,
        text: Secret::new("hello".into()),
        encoding: Encoding::Gsm7,
        segments: 1,
        national: None,
        locale: None,
        flash: false,
        lane: Lane::Bulk,
        sender: None,
        on_unknown: OnUnknown::Hold,
        reference: None,
        created_at: at,
        not_before: at,
        expires_at: at.after(Duration::from_secs(60)),
    }
}

/// An event of then.
pub(super) fn event(at: Timestamp) -> Event {
    let recipient = E164::new("+14155552345".to_owned()).unwrap();
    Event::new(EventKind::Send, Outcome::Deny, subject(recipient), at)
}

fn subject(recipient: E164) -> Subject {
    Subject {
        transaction_id: TransactionId::generate(),
        message: None,
        channel: Channel::Sms,
        purpose: Purpose::General,
        recipient: Some(recipient),
        region: Some("US".into()),
        actor: Actor { id: "id".into(), name: "name".into(), ..Actor::default() },
        user: None,
    }
}
