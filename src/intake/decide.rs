//! The decision itself.

use std::time::Duration;

use rlibphonenumber::Region;

use super::number::recipient;
use crate::{
    domain::{
        Actor, Channel, Detail, Encoding, Lane, MessageId, NewMessage, OnUnknown, Purpose, Secret,
        Subject, Timestamp, TransactionId,
    },
    sms,
};

/// What an operator allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// National numbers are read against it.
    pub home_region: Region,
    /// Where messages may go; `None` = anywhere.
    pub regions: Option<Vec<String>>,
    /// Segments of one message at most.
    pub max_segments: u8,
    /// Regions where a text in UCS-2 must fit one segment: carriers there do not join them.
    pub single_ucs2: Vec<String>,
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
    pub text: Secret,
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
    /// What to do when an answer is lost, where the request says so.
    pub on_unknown: Option<OnUnknown>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// For which user of the identity platform.
    pub user: Option<String>,
    /// Who asks.
    pub actor: Actor,
    /// When the request came.
    pub received_at: Timestamp,
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
}

/// Decides on a request: the message to send, or the refusal.
///
/// # Errors
/// The refusal.
#[expect(clippy::result_large_err, reason = "a refusal is an answer, made once for each request")]
pub fn decide(request: Request, policy: &Policy) -> Result<NewMessage, Denial> {
    let mut subject = Subject {
        transaction_id: TransactionId::generate(),
        message: None,
        channel: request.channel,
        purpose: request.purpose,
        recipient: None,
        region: None,
        actor: request.actor,
        user: request.user,
    };
    let read = recipient(&request.to, policy.home_region, request.channel);
    let (recipient, region) = match read {
        Ok(read) => (read.number, read.region),
        Err(refused) => {
            subject.recipient = refused.number;
            subject.region = refused.region;
            return Err(denial(refused.detail, None, subject));
        }
    };
    subject.recipient = Some(recipient.clone());
    subject.region = Some(region.clone());
    if policy.regions.as_ref().is_some_and(|allowed| !allowed.contains(&region)) {
        return Err(denial(Detail::RegionNotAllowed, None, subject));
    }
    if request.channel == Channel::Voice {
        let spoken = request.purpose != Purpose::PushVerify;
        let detail = if spoken { Detail::VoiceNotSupported } else { Detail::ChannelNotAllowed };
        return Err(denial(detail, None, subject));
    }
    if request.text.reveal().is_empty() {
        return Err(denial(Detail::Empty, None, subject));
    }
    let measure = sms::measure(request.text.reveal());
    let segments = u8::try_from(measure.segments).ok().filter(|it| *it <= policy.max_segments);
    let Some(segments) = segments else {
        let says = format!(
            "The text needs {} segments in {}; at most {} are allowed.",
            measure.segments,
            measure.encoding.as_str(),
            policy.max_segments,
        );
        return Err(denial(Detail::TooLong, Some(says), subject));
    };
    if segments > 1 && measure.encoding == Encoding::Ucs2 && policy.single_ucs2.contains(&region) {
        let says = format!(
            "Carriers in {region} do not join the segments of a text in UCS-2, and this one needs \
             {segments}; 70 units fit one."
        );
        return Err(denial(Detail::RegionRequirement, Some(says), subject));
    }
    let id = MessageId::generate();
    subject.message = Some(id);
    let lane = request.lane.unwrap_or(Lane::of(request.purpose));
    let ttl = request.ttl.unwrap_or(Duration::from_secs(lane.default_ttl_seconds().into()));
    let now = request.received_at;
    let not_before = request.not_before.map_or(now, |wanted| wanted.max(now));
    Ok(NewMessage {
        id,
        subject,
        recipient,
        text: request.text,
        encoding: measure.encoding,
        segments,
        flash: request.flash,
        lane,
        sender: request.sender,
        on_unknown: request.on_unknown.unwrap_or(OnUnknown::of(lane)),
        reference: request.reference,
        created_at: now,
        not_before,
        expires_at: not_before.after(ttl),
    })
}

fn denial(detail: Detail, explanation: Option<String>, subject: Subject) -> Denial {
    let explanation = explanation.unwrap_or_else(|| detail.sentence().to_owned());
    Denial { detail, explanation, subject }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy {
            home_region: Region::US,
            regions: Some(vec!["US".into(), "DE".into()]),
            max_segments: 10,
            single_ucs2: vec!["DE".into()],
        }
    }

    fn request(to: &str, text: &str) -> Request {
        Request {
            to: to.into(),
            channel: Channel::Sms,
            purpose: Purpose::General,
            text: Secret::new(text.into()),
            lane: None,
            ttl: None,
            not_before: None,
            sender: None,
            flash: false,
            on_unknown: None,
            reference: None,
            user: None,
            actor: Actor::default(),
            received_at: Timestamp::from_unix_ms(1_000_000),
        }
    }

    fn refused(request: Request) -> (Detail, String) {
        let denial = decide(request, &policy()).unwrap_err();
        (denial.detail, denial.explanation)
    }

    #[test]
    fn a_code_waits_in_its_lane_for_five_minutes_and_a_notice_for_a_day() {
        let code = Request { purpose: Purpose::MfaVerify, ..request("+14155552345", "123456") };
        let code = decide(code, &policy()).unwrap();
        assert_eq!((code.lane, code.on_unknown), (Lane::Otp, OnUnknown::Resend));
        assert_eq!(code.expires_at.since(code.created_at), Duration::from_secs(300));
        let notice = decide(request("+14155552345", "hi"), &policy()).unwrap();
        assert_eq!((notice.lane, notice.on_unknown), (Lane::Bulk, OnUnknown::Hold));
        assert_eq!(notice.expires_at.since(notice.created_at), Duration::from_secs(86_400));
    }

    #[test]
    fn the_time_to_live_counts_from_the_later_of_now_and_not_before() {
        let ttl = Some(Duration::from_secs(60));
        let at = |ms| Some(Timestamp::from_unix_ms(ms));
        let later = Request { ttl, not_before: at(5_000_000), ..request("+14155552345", "x") };
        let later = decide(later, &policy()).unwrap();
        assert_eq!(later.expires_at, Timestamp::from_unix_ms(5_060_000));
        let past = Request { ttl, not_before: at(5), ..request("+14155552345", "x") };
        let past = decide(past, &policy()).unwrap();
        assert_eq!(past.expires_at, Timestamp::from_unix_ms(1_060_000));
    }

    #[test]
    fn regions_and_lengths_are_refused_with_their_reason() {
        assert_eq!(refused(request("+14165552345", "x")).0, Detail::RegionNotAllowed);
        assert_eq!(refused(request("+14155552345", "")).0, Detail::Empty);
        assert!(decide(request("+14155552345", &"a".repeat(1530)), &policy()).is_ok());
        assert_eq!(
            refused(request("+14155552345", &"a".repeat(1531))),
            (
                Detail::TooLong,
                "The text needs 11 segments in GSM-7; at most 10 are allowed.".into()
            )
        );
    }

    #[test]
    fn calls_are_refused_while_no_modem_can_place_any() {
        let call = Request { channel: Channel::Voice, ..request("+14155552345", "x") };
        assert_eq!(refused(call.clone()).0, Detail::VoiceNotSupported);
        let push = Request { purpose: Purpose::PushVerify, ..call };
        assert_eq!(refused(push).0, Detail::ChannelNotAllowed);
    }

    #[test]
    fn a_refusal_names_the_number_only_if_it_could_exist() {
        let denial = decide(request("+18005551212", "x"), &policy()).unwrap_err();
        assert_eq!(denial.subject.recipient.unwrap().as_str(), "+18005551212");
        let denial = decide(request("'; DROP", "x"), &policy()).unwrap_err();
        assert_eq!(denial.subject.recipient, None);
    }
}
