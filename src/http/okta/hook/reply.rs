//! What Okta is told, in its own words.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::{
    domain::{Detail, Family, Phase, SegmentState, TransactionId},
    intake::Denial,
    store::message::MessageView,
};

/// The only command of the hook.
const COMMAND: &str = "com.okta.telephony.action";
/// What Okta's log calls this gateway.
const PROVIDER: &str = "Ringpost";

/// The answer to a hook.
#[derive(Debug)]
pub(super) enum Reply {
    /// The network took it.
    Successful(Box<MessageView>),
    /// It may have been sent, or still may be; without a message where that is not on disk yet, or no more.
    Pending(Option<Box<MessageView>>),
    /// Nothing was sent, and nothing will be.
    Unsent(Unsent),
}

/// Why nothing was sent and nothing will be.
#[derive(Debug)]
pub(super) struct Unsent {
    /// In one word, for programs.
    reason: &'static str,
    /// In a sentence, for administrators.
    cause: String,
    /// In a sentence, for the person at the sign-in page.
    summary: &'static str,
    /// Which member of the hook it is about.
    location: Option<&'static str>,
    transaction: Option<TransactionId>,
    message: Option<Box<MessageView>>,
}

impl Reply {
    /// What there is to say of a message as it is now.
    pub(super) fn of(message: MessageView) -> Self {
        match message.phase {
            _ if message.sent_at.is_some() => Self::Successful(Box::new(message)),
            Phase::Ended(_) if nothing_left(&message) => Self::Unsent(Unsent::ended(message)),
            Phase::Queued | Phase::Sending | Phase::Sent | Phase::Ended(_) => {
                Self::Pending(Some(Box::new(message)))
            }
        }
    }

    /// The body of the answer, `after` so long.
    pub(super) fn to_json(&self, after: Duration) -> Value {
        let mut debug = Map::new();
        debug.insert("elapsedMs".into(), json!(after.as_millis()));
        let (status, message) = match self {
            Self::Successful(message) => ("SUCCESSFUL", Some(message)),
            Self::Pending(message) => ("PENDING", message.as_ref()),
            Self::Unsent(unsent) => {
                describe(&mut debug, unsent.message.as_deref(), unsent.transaction);
                return unsent.to_json(debug);
            }
        };
        describe(&mut debug, message.map(Box::as_ref), None);
        let metadata = format!("Duration={}ms", after.as_millis());
        json!({
            "commands": [{"type": COMMAND, "value": [{
                "status": status,
                "provider": PROVIDER,
                "transactionId": message.map(|it| it.subject.transaction_id.to_string()),
                "transactionMetadata": metadata,
            }]}],
            "debugContext": debug,
        })
    }
}

/// Whether no segment of a message left this box.
fn nothing_left(message: &MessageView) -> bool {
    message.segments.iter().all(|segment| match segment.state {
        SegmentState::Pending | SegmentState::Refused | SegmentState::Dropped => true,
        SegmentState::Submitting
        | SegmentState::Submitted
        | SegmentState::Delivered
        | SegmentState::Undelivered
        | SegmentState::NoReport
        | SegmentState::Unanswered => false,
    })
}

/// What an administrator finds again in Okta's own log. No number, no text.
fn describe(
    debug: &mut Map<String, Value>,
    message: Option<&MessageView>,
    transaction: Option<TransactionId>,
) {
    let known = message.map(|it| it.subject.transaction_id).or(transaction);
    if let Some(transaction) = known {
        debug.insert("transactionId".into(), json!(transaction));
    }
    let Some(message) = message else { return };
    debug.insert("messageId".into(), json!(message.id));
    debug.insert("state".into(), json!(message.phase.as_str()));
    debug.insert("segments".into(), json!(message.total_segments));
    if let Some(segment) = message.segments.last() {
        debug.insert("modem".into(), json!(segment.modem));
    }
    if let Some(reason) = message.reason {
        debug.insert("reason".into(), json!(reason.as_str()));
    }
}

impl Unsent {
    /// For a reason that has no message and no events.
    pub(super) fn because(detail: Detail) -> Self {
        Self {
            reason: detail.as_str(),
            cause: detail.sentence().into(),
            summary: summary(detail),
            location: location(detail),
            transaction: None,
            message: None,
        }
    }

    /// Intake said no.
    pub(super) fn refused(denial: &Denial) -> Self {
        let transaction = Some(denial.subject.transaction_id);
        Self { transaction, ..Self::because(denial.detail) }
    }

    /// The message ended before anything left this box.
    fn ended(message: MessageView) -> Self {
        let detail = message.reason.unwrap_or(Detail::Bug);
        Self { message: Some(Box::new(message)), ..Self::because(detail) }
    }

    /// No modem could send it, and it was cancelled.
    pub(super) fn no_modem(message: MessageView) -> Self {
        Self { message: Some(Box::new(message)), ..Self::because(Detail::NoModem) }
    }

    /// The disk did not begin with it in time.
    pub(super) fn slow_disk() -> Self {
        Self {
            reason: "storage_slow",
            cause: "The disk is too slow to take the message in time.".into(),
            ..Self::because(Detail::StorageFull)
        }
    }

    /// The caller is not known.
    pub(super) fn unauthorized() -> Self {
        Self {
            reason: "unauthorized",
            cause: "The hook's authentication is missing or wrong; see [okta].".into(),
            ..Self::because(Detail::Bug)
        }
    }

    /// The hook cannot be read.
    pub(super) fn malformed(what: &str) -> Self {
        Self {
            reason: "invalid_request",
            cause: format!("The hook cannot be used: {what}."),
            ..Self::because(Detail::Bug)
        }
    }

    fn to_json(&self, debug: Map<String, Value>) -> Value {
        let mut cause = json!({
            "errorSummary": self.cause, "reason": self.reason, "domain": PROVIDER,
        });
        if let Some(location) = self.location
            && let Value::Object(cause) = &mut cause
        {
            cause.insert("locationType".into(), json!("body"));
            cause.insert("location".into(), json!(location));
        }
        json!({
            "error": {"errorSummary": self.summary, "errorCauses": [cause]},
            "debugContext": debug,
        })
    }
}

/// What the person at the sign-in page reads: what to do, and nothing of how this box works.
const fn summary(detail: Detail) -> &'static str {
    match (detail, detail.family()) {
        (Detail::RateLimited, _) => {
            "Too many codes were requested. Wait a few minutes, and try again."
        }
        (Detail::VoiceNotSupported | Detail::ChannelNotAllowed, _) => {
            "Codes cannot be sent this way. Choose another one."
        }
        (_, Family::NumberInvalid | Family::NumberBlocked | Family::ServiceUnavailable) => {
            "A code cannot be sent to this phone. Choose another way to verify."
        }
        (
            _,
            Family::ProviderUnreachable
            | Family::TimedOut
            | Family::Rejected
            | Family::ContentInvalid
            | Family::Internal
            | Family::Cancelled,
        ) => "The code could not be sent. Try again, or choose another way to verify.",
    }
}

const fn location(detail: Detail) -> Option<&'static str> {
    match (detail, detail.family()) {
        (Detail::VoiceNotSupported | Detail::ChannelNotAllowed, _) => {
            Some("data.messageProfile.deliveryChannel")
        }
        (_, Family::NumberInvalid | Family::NumberBlocked | Family::ServiceUnavailable) => {
            Some("data.messageProfile.phoneNumber")
        }
        (_, Family::ContentInvalid) => Some("data.messageProfile.msgTemplate"),
        (
            _,
            Family::ProviderUnreachable
            | Family::TimedOut
            | Family::Rejected
            | Family::Internal
            | Family::Cancelled,
        ) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_summary_is_fit_for_a_stranger() {
        for detail in Detail::ALL {
            let unsent = Unsent::because(*detail).to_json(Map::new());
            let says = unsent["error"]["errorSummary"].as_str().unwrap();
            assert!(!says.chars().any(|it| it.is_ascii_digit()), "{says}");
            for word in ["modem", "SIM", "Ringpost", "disk", "queue", "internal", "block"] {
                assert!(!says.contains(word), "{says}");
            }
            let cause = &unsent["error"]["errorCauses"][0];
            assert_eq!(cause["reason"], detail.as_str());
            assert!(!cause["errorSummary"].as_str().unwrap().is_empty());
        }
    }
}
