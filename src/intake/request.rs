//! What is asked for, and what a refusal says.

use std::time::Duration;

use crate::domain::{
    Actor, Channel, Detail, Lane, OnUnknown, Purpose, Said, Secret, Subject, Timestamp,
};

/// What shall be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// This text.
    Text(Secret),
    /// A code, in a template.
    Code {
        /// The code.
        code: Secret,
        /// Id or name of the template; the one for the purpose where nothing is said.
        template: Option<String>,
    },
}

impl Content {
    /// What a call says of it.
    pub const fn says(&self) -> Said {
        match self {
            Self::Text(_) => Said::Text,
            Self::Code { .. } => Said::Code,
        }
    }
}

/// A request to send something, well-formed but not yet decided on.
#[derive(Debug, Clone)]
pub struct Request {
    /// The recipient, as it was written.
    pub to: String,
    /// By which channel.
    pub channel: Channel,
    /// Why.
    pub purpose: Purpose,
    /// What.
    pub content: Content,
    /// In which language, where the request says so: a BCP 47 tag.
    pub locale: Option<String>,
    /// In which lane, where the request says so.
    pub lane: Option<Lane>,
    /// How long it may wait, where the request says so.
    pub ttl: Option<Duration>,
    /// Not on the air before this.
    pub not_before: Option<Timestamp>,
    /// Only through this modem.
    pub sender: Option<String>,
    /// Shown at once and kept nowhere.
    pub flash: bool,
    /// Whether a call says what it has to say only after a key was pressed.
    pub confirm: bool,
    /// By which channel it goes out where the first one fails.
    pub fallback: Option<Channel>,
    /// Whether a modem of this gateway can place such calls, as far as is known when the request comes.
    pub callable: bool,
    /// What to do when an answer is lost, where the request says so.
    pub on_unknown: Option<OnUnknown>,
    /// Whether the caller waits for what becomes of it, and sends it by other means where he is not told.
    pub awaited: bool,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// For which user of the identity platform.
    pub user: Option<String>,
    /// Who asks.
    pub actor: Actor,
    /// When the request came.
    pub received_at: Timestamp,
}

impl Request {
    /// In which lane it goes.
    pub(super) fn lane(&self) -> Lane {
        self.lane.unwrap_or(Lane::of(self.purpose))
    }
}

#[cfg(test)]
impl Request {
    /// A text that came then.
    pub(crate) fn sample(to: &str, text: &str, received_at: Timestamp) -> Self {
        Self {
            to: to.into(),
            channel: Channel::Sms,
            purpose: Purpose::General,
            content: Content::Text(Secret::new(text.into())),
            locale: None,
            lane: None,
            ttl: None,
            not_before: None,
            sender: None,
            flash: false,
            confirm: false,
            fallback: None,
            callable: true,
            on_unknown: None,
            awaited: false,
            reference: None,
            user: None,
            actor: Actor { id: "token".into(), ..Actor::default() },
            received_at,
        }
    }
}

/// A request that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Why.
    pub detail: Detail,
    /// The same as a sentence, with the figures of this request.
    pub explanation: String,
    /// What the events say of it.
    pub subject: Subject,
    /// After how long the same request may be accepted, where only time is in its way.
    pub retry_after: Option<Duration>,
}

impl Denial {
    /// A refusal that says what there is to say of `detail`.
    pub(super) fn new(detail: Detail, subject: Subject) -> Box<Self> {
        Self::saying(detail, detail.sentence().to_owned(), subject)
    }

    /// A refusal in words of its own.
    pub(super) fn saying(detail: Detail, explanation: String, subject: Subject) -> Box<Self> {
        Box::new(Self { detail, explanation, subject, retry_after: None })
    }

    /// With the time that is in the way.
    pub(super) fn for_now(mut self: Box<Self>, retry_after: Duration) -> Box<Self> {
        self.retry_after = Some(retry_after);
        self
    }
}
