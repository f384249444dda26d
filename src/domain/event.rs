//! Events of the System Log, as they are stored.

use uuid::Uuid;

use super::{Channel, Detail, E164, End, MessageId, Purpose, Timestamp, TransactionId};

/// `outcome.result` of a System Log event, in Okta's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It worked.
    Success,
    /// It did not.
    Failure,
    /// It was refused.
    Deny,
    /// It was given up by request.
    Abandoned,
    /// Nobody can say.
    Unknown,
}

impl Outcome {
    /// The word of the System Log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
            Self::Deny => "DENY",
            Self::Abandoned => "ABANDONED",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Outcome of the send event of a message that ends without ever having been `sent`.
    pub const fn of_send_at(end: End, answer_lost: bool) -> Self {
        match end {
            // The phone spoke of it, so the network took it, whatever became of the answer.
            End::Delivered | End::Undelivered => Self::Success,
            End::Unknown if answer_lost => Self::Unknown,
            End::Unknown => Self::Success,
            End::Failed | End::Expired => Self::Failure,
            End::Cancelled => Self::Abandoned,
        }
    }

    /// Outcome of the status event.
    pub const fn of_status_at(end: End) -> Self {
        match end {
            End::Delivered => Self::Success,
            End::Undelivered | End::Failed | End::Expired => Self::Failure,
            End::Unknown => Self::Unknown,
            End::Cancelled => Self::Abandoned,
        }
    }
}

/// `severity` of a System Log event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// As it should be.
    Info,
    /// Somebody may want to look.
    Warn,
    /// Something failed.
    Error,
}

impl Severity {
    /// The word of the System Log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

/// Who asked: the token of a request and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor {
    /// The token's id.
    pub id: String,
    /// The token's name.
    pub name: String,
    /// The client's address.
    pub client_ip: Option<String>,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
}

/// What a send event and a status event have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Joins both events and the message.
    pub transaction_id: TransactionId,
    /// The message; `None` for a refused request, which never became one.
    pub message: Option<MessageId>,
    /// By which channel.
    pub channel: Channel,
    /// Why.
    pub purpose: Purpose,
    /// To whom; `None` where the request held no number that could exist.
    pub recipient: Option<E164>,
    /// Region of the recipient, ISO 3166-1 alpha-2.
    pub region: Option<String>,
    /// Who asked.
    pub actor: Actor,
    /// For which user of the identity platform.
    pub user: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    /// A message was sent, or will not be.
    Send,
    /// The final word on a message.
    Status,
    /// A delivery report came after the end.
    LateReport,
    /// A message goes out again although nobody knows what became of the first copy.
    Resend,
    /// Whether the code of a message was entered.
    Feedback,
    /// A template was made, changed or deleted.
    Template,
    /// Something looks like an attack.
    Alarm,
    /// Somebody was put on the blocklist, or taken off it.
    Blocklist,
    /// Somebody was put on the allowlist, or taken off it.
    Allowlist,
}

/// One event of the System Log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its own id.
    pub uuid: Uuid,
    /// When it happened.
    pub published: Timestamp,
    /// What happened.
    pub kind: EventKind,
    /// How it went.
    pub outcome: Outcome,
    /// Why, where there is something to say.
    pub detail: Option<Detail>,
    /// About whom and what.
    pub subject: Subject,
    /// Through which modem.
    pub modem: Option<String>,
    /// How many segments went on the air.
    pub segments: Option<u8>,
}

impl Event {
    /// An event about `subject` at `published`.
    pub fn new(kind: EventKind, outcome: Outcome, subject: Subject, published: Timestamp) -> Self {
        Self {
            uuid: Uuid::now_v7(),
            published,
            kind,
            outcome,
            detail: None,
            subject,
            modem: None,
            segments: None,
        }
    }

    /// With the reason.
    #[must_use]
    pub fn because(mut self, detail: Option<Detail>) -> Self {
        self.detail = detail;
        self
    }

    /// With the modem and the number of segments.
    #[must_use]
    pub fn through(mut self, modem: Option<String>, segments: u8) -> Self {
        self.segments = modem.is_some().then_some(segments);
        self.modem = modem;
        self
    }

    /// `eventType` of the System Log.
    pub fn event_type(&self) -> &'static str {
        match self.kind {
            EventKind::Send => self.subject.purpose.send_event_type(self.subject.channel),
            EventKind::Status => Purpose::status_event_type(self.subject.channel),
            EventKind::LateReport => "system.ringpost.late_report",
            EventKind::Resend => "system.ringpost.resend",
            EventKind::Feedback => "user.authentication.auth_via_mfa",
            EventKind::Template => "system.ringpost.template",
            EventKind::Alarm => "system.ringpost.alarm",
            EventKind::Blocklist => "system.ringpost.blocklist",
            EventKind::Allowlist => "system.ringpost.allowlist",
        }
    }

    /// `displayMessage` of the System Log.
    pub fn display_message(&self) -> &'static str {
        match (self.kind, self.subject.channel) {
            (EventKind::Send, channel) => self.subject.purpose.display_message(channel),
            (EventKind::Status, Channel::Sms) => "Receive SMS delivery status",
            (EventKind::Status, Channel::Voice) => "Receive call status",
            (EventKind::LateReport, _) => "Delivery report after the end of a message",
            (EventKind::Resend, _) => "Message sent again, it may arrive twice",
            (EventKind::Feedback, _) => "Authentication of user via MFA",
            (EventKind::Template, _) => "Change a template",
            (EventKind::Alarm, _) => "Suspicious activity",
            (EventKind::Blocklist, _) => "Change the blocklist",
            (EventKind::Allowlist, _) => "Change the allowlist",
        }
    }

    /// `severity` of the System Log.
    pub fn severity(&self) -> Severity {
        match self.outcome {
            Outcome::Success | Outcome::Abandoned => Severity::Info,
            Outcome::Deny | Outcome::Unknown => Severity::Warn,
            Outcome::Failure => Severity::Error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;
    use crate::domain::End;

    #[test]
    fn outcomes_follow_the_table_of_the_design() {
        let table = [
            (End::Delivered, false, "SUCCESS", "SUCCESS"),
            (End::Undelivered, false, "SUCCESS", "FAILURE"),
            (End::Unknown, false, "SUCCESS", "UNKNOWN"),
            (End::Unknown, true, "UNKNOWN", "UNKNOWN"),
            (End::Failed, false, "FAILURE", "FAILURE"),
            (End::Expired, false, "FAILURE", "FAILURE"),
            (End::Cancelled, false, "ABANDONED", "ABANDONED"),
        ];
        for (end, answer_lost, send, status) in table {
            assert_eq!(Outcome::of_send_at(end, answer_lost).as_str(), send, "{end:?}");
            assert_eq!(Outcome::of_status_at(end).as_str(), status, "{end:?}");
        }
    }
}
