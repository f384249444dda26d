//! The decision itself: what a request alone tells, what lists and regions say, what the text needs.

use std::time::Duration;

use super::{Denial, Policy, Request, number::recipient, wording::Wording};
use crate::{
    domain::{
        Body, Channel, Detail, E164, Encoding, Fallback, List, ListedBy, Listing, Locale,
        MessageId, NewMessage, OnUnknown, Said, Service, Subject, TransactionId,
    },
    sms,
};

/// Longest text that a call speaks, in characters: about a minute. Nobody listens longer to a machine.
const MAX_SPOKEN: usize = 800;

/// A request to somebody who can be written to or called.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) request: Request,
    pub(super) subject: Subject,
    pub(super) recipient: E164,
    pub(super) region: String,
    /// The language that the request asks for.
    pub(super) locale: Option<Locale>,
}

/// Judges a request by itself: its number, and whether its purpose may use its channel.
pub(super) fn consider(mut request: Request, policy: &Policy) -> Result<Draft, Box<Denial>> {
    let mut subject = Subject {
        transaction_id: TransactionId::generate(),
        message: None,
        channel: request.channel,
        purpose: request.purpose,
        recipient: None,
        region: None,
        actor: std::mem::take(&mut request.actor),
        user: request.user.take(),
    };
    let read = recipient(&request.to, policy, request.channel);
    let (recipient, region) = match read {
        Ok(read) => (read.number, read.region),
        Err(refused) => {
            subject.recipient = refused.number;
            subject.region = refused.region;
            return Err(Denial::new(refused.detail, subject));
        }
    };
    subject.recipient = Some(recipient.clone());
    subject.region = Some(region.clone());
    if let Some(channel) = request.fallback
        && let Err(refused) = super::number::recipient(&request.to, policy, channel)
    {
        return Err(Denial::new(refused.detail, subject));
    }
    for channel in [Some(request.channel), request.fallback].into_iter().flatten() {
        if !policy.joins(request.purpose, channel) {
            return Err(Denial::new(Detail::ChannelNotAllowed, subject));
        }
    }
    let locale = request.locale.as_deref().map(Locale::parse);
    if locale == Some(None) {
        return Err(Denial::new(Detail::LocaleUnknown, subject));
    }
    let locale = locale.flatten();
    Ok(Draft { request, subject, recipient, region, locale })
}

impl Draft {
    /// Lets it through or not, by the entry of the lists that decides about its number, and by its region.
    pub(super) fn admit(
        self,
        listing: Option<&Listing>,
        policy: &Policy,
    ) -> Result<Self, Box<Denial>> {
        match listing {
            Some(entry) if entry.list == List::Block => {
                let now = self.request.received_at;
                let until = entry.expires_at.map(|until| until.since(now));
                let detail = match entry.by {
                    ListedBy::Operator => return Err(Denial::new(Detail::Blocklist, self.subject)),
                    ListedBy::AdjacentNumbers | ListedBy::LowConversion => Detail::Velocity,
                };
                let denial = Denial::new(detail, self.subject);
                return Err(match until {
                    Some(until) => denial.for_now(until),
                    None => denial,
                });
            }
            Some(_) => {}
            None if policy.reaches(&self.region) => {}
            None => return Err(Denial::new(Detail::RegionNotAllowed, self.subject)),
        }
        let calls = [Some(self.request.channel), self.request.fallback];
        if calls.contains(&Some(Channel::Voice)) && !self.request.callable {
            return Err(Denial::new(Detail::VoiceNotSupported, self.subject));
        }
        Ok(self)
    }

    /// Makes the message `id` of it, and of what goes out in its place where it fails.
    pub(super) fn write(
        self,
        id: MessageId,
        wording: Wording,
        in_its_place: Option<(Channel, Wording)>,
        policy: &Policy,
    ) -> Result<NewMessage, Box<Denial>> {
        let Self { request, mut subject, recipient, region, .. } = self;
        let by = |channel, wording| match body(channel, wording, &region, policy) {
            Ok(body) => Ok((service(channel, request.content.says(), request.confirm), body)),
            Err((detail, says)) => Err(Denial::saying(detail, says, subject.clone())),
        };
        let (service, body) = by(request.channel, wording)?;
        let fallback = in_its_place.map(|(channel, wording)| by(channel, wording)).transpose()?;
        subject.message = Some(id);
        let lane = request.lane();
        let ttl = request.ttl.unwrap_or(Duration::from_secs(lane.default_ttl_seconds().into()));
        let now = request.received_at;
        let not_before = request.not_before.map_or(now, |wanted| wanted.max(now));
        let expires_at = not_before.after(ttl);
        // What may have to go out in its place needs time too.
        let first = if fallback.is_some() { ttl / 2 } else { ttl };
        let fallback = fallback.map(|(service, body)| Fallback { service, body, expires_at });
        Ok(NewMessage {
            id,
            subject,
            recipient,
            service,
            body,
            fallback,
            fallback_of: None,
            flash: request.flash,
            lane,
            sender: request.sender,
            on_unknown: request.on_unknown.unwrap_or(OnUnknown::of(lane)),
            awaited: request.awaited,
            counted: None,
            reference: request.reference,
            created_at: now,
            not_before,
            expires_at: not_before.after(first),
        })
    }
}

/// What a modem must be able to do for a channel.
const fn service(channel: Channel, says: Said, confirm: bool) -> Service {
    match channel {
        Channel::Sms => Service::Text,
        Channel::Voice => Service::Call { says, keys: confirm },
    }
}

/// A wording as its channel puts it on the air, or why it cannot.
fn body(
    channel: Channel,
    wording: Wording,
    region: &str,
    policy: &Policy,
) -> Result<Body, (Detail, String)> {
    let Wording { text, locale } = wording;
    if text.reveal().trim().is_empty() {
        return Err((Detail::Empty, Detail::Empty.sentence().to_owned()));
    }
    if channel == Channel::Voice {
        let characters = text.reveal().chars().count();
        if characters > MAX_SPOKEN {
            let says = format!(
                "The text has {characters} characters; at most {MAX_SPOKEN} are spoken in a call."
            );
            return Err((Detail::TooLong, says));
        }
        return Ok(Body { text, encoding: None, segments: 1, national: None, locale });
    }
    let measure = sms::measure(text.reveal(), &policy.national_for(region));
    let segments = u8::try_from(measure.segments).ok().filter(|it| *it <= policy.max_segments);
    let Some(segments) = segments else {
        let says = format!(
            "The text needs {} segments in {}; at most {} are allowed.",
            measure.segments,
            measure.encoding.as_str(),
            policy.max_segments,
        );
        return Err((Detail::TooLong, says));
    };
    let split_ucs2 = segments > 1 && measure.encoding == Encoding::Ucs2;
    if split_ucs2 && policy.single_ucs2.iter().any(|it| it == region) {
        let says = format!(
            "Carriers in {region} do not join the segments of a text in UCS-2, and this one \
             needs {segments}; 70 units fit one."
        );
        return Err((Detail::RegionRequirement, says));
    }
    let national = measure.national.map(sms::language_word);
    Ok(Body { text, encoding: Some(measure.encoding), segments, national, locale })
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::Region;

    use super::*;
    use crate::{
        domain::{Lane, ListingId, Purpose, Said, Secret, Timestamp, Whom},
        intake::Content,
    };

    fn policy() -> Policy {
        Policy {
            regions: Some(vec!["US".into(), "DE".into()]),
            single_ucs2: vec!["DE".into()],
            ..Policy::of(Region::US)
        }
    }

    fn decide(request: Request, policy: &Policy) -> Result<NewMessage, Box<Denial>> {
        let Content::Text(text) = request.content.clone() else { panic!() };
        let wording = Wording { text, locale: None };
        let in_its_place = request.fallback.map(|channel| (channel, wording.clone()));
        consider(request, policy)?.admit(None, policy)?.write(
            MessageId::of_row(1),
            wording,
            in_its_place,
            policy,
        )
    }

    fn listing(list: List, by: ListedBy, expires_at: Option<i64>) -> Listing {
        Listing {
            id: ListingId::generate(),
            list,
            whom: Whom::Region("CA".into()),
            by,
            reason: None,
            created_at: Timestamp::from_unix_ms(1),
            expires_at: expires_at.map(Timestamp::from_unix_ms),
        }
    }

    fn request(to: &str, text: &str) -> Request {
        let sample = Request::sample(to, text, Timestamp::from_unix_ms(1_000_000));
        Request { callable: false, ..sample }
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
    fn lists_go_before_regions() {
        let admit = |to: &str, entry: Option<&Listing>| {
            let draft = consider(request(to, "x"), &policy()).unwrap();
            let admitted = draft.admit(entry, &policy());
            admitted.map(drop).map_err(|denial| (denial.detail, denial.retry_after))
        };
        let (canadian, american) = ("+14165552345", "+14155552345");
        assert_eq!(admit(canadian, None), Err((Detail::RegionNotAllowed, None)));
        let allowed = listing(List::Allow, ListedBy::Operator, None);
        assert_eq!(admit(canadian, Some(&allowed)), Ok(()));
        let blocked = listing(List::Block, ListedBy::Operator, Some(2_000_000));
        assert_eq!(admit(american, Some(&blocked)), Err((Detail::Blocklist, None)));
        let suspected = listing(List::Block, ListedBy::AdjacentNumbers, Some(1_060_000));
        let minute = Some(Duration::from_secs(60));
        assert_eq!(admit(american, Some(&suspected)), Err((Detail::Velocity, minute)));
    }

    #[test]
    fn a_purpose_uses_the_channels_that_it_may() {
        let text_only =
            Policy { channels: [(Purpose::MfaVerify, vec![Channel::Sms])].into(), ..policy() };
        let judged = |purpose, channel| {
            let request =
                Request { purpose, channel, callable: true, ..request("+14155552345", "x") };
            let judged = consider(request, &text_only).and_then(|it| it.admit(None, &text_only));
            judged.map(drop).map_err(|denial| denial.detail)
        };
        let refused = Err(Detail::ChannelNotAllowed);
        assert_eq!(judged(Purpose::MfaVerify, Channel::Sms), Ok(()));
        assert_eq!(judged(Purpose::MfaVerify, Channel::Voice), refused);
        assert_eq!(judged(Purpose::Enrollment, Channel::Voice), Ok(()));
        assert_eq!(judged(Purpose::PushVerify, Channel::Voice), refused, "nobody can tap a voice");
        assert_eq!(judged(Purpose::PushVerify, Channel::Sms), Ok(()));
    }

    #[test]
    fn calls_are_refused_while_no_modem_can_place_any() {
        let call = Request { channel: Channel::Voice, ..request("+14155552345", "x") };
        assert_eq!(refused(call.clone()).0, Detail::VoiceNotSupported);
        let push = Request { purpose: Purpose::PushVerify, ..call };
        assert_eq!(refused(push).0, Detail::ChannelNotAllowed);
    }

    #[test]
    fn a_message_with_a_fallback_has_half_the_time_and_leaves_it_the_rest() {
        let alert = Request {
            ttl: Some(Duration::from_secs(600)),
            fallback: Some(Channel::Voice),
            confirm: true,
            callable: true,
            ..request("+14155552345", "the pump has stopped")
        };
        let message = decide(alert.clone(), &policy()).unwrap();
        assert_eq!((message.service, message.body.encoding), (Service::Text, Some(Encoding::Gsm7)));
        assert_eq!(message.expires_at.since(message.created_at), Duration::from_secs(300));
        let fallback = message.fallback.unwrap();
        assert_eq!(
            (fallback.service, fallback.body.encoding),
            (Service::Call { says: Said::Text, keys: true }, None)
        );
        assert_eq!(fallback.expires_at.since(message.created_at), Duration::from_secs(600));
        // Both channels must be allowed, and possible.
        let nobody_calls = Request { callable: false, ..alert.clone() };
        assert_eq!(refused(nobody_calls).0, Detail::VoiceNotSupported);
        let fixed_line = Request { to: "+493012345678".into(), ..alert.clone() };
        assert_eq!(refused(fixed_line).0, Detail::FixedLine);
        let call_first = Request { channel: Channel::Voice, fallback: None, ..alert };
        let to_fixed_line = Request { to: "+493012345678".into(), ..call_first };
        assert!(decide(to_fixed_line.clone(), &policy()).is_ok());
        let and_text = Request { fallback: Some(Channel::Sms), ..to_fixed_line };
        assert_eq!(refused(and_text).0, Detail::FixedLine);
    }

    #[test]
    fn what_nobody_would_listen_to_is_not_spoken() {
        let call =
            Request { channel: Channel::Voice, callable: true, ..request("+14155552345", "") };
        assert_eq!(refused(call.clone()).0, Detail::Empty);
        let says = |length: usize| Request {
            content: Content::Text(Secret::new("a".repeat(length))),
            ..call.clone()
        };
        assert!(decide(says(800), &policy()).is_ok());
        assert_eq!(
            refused(says(801)),
            (
                Detail::TooLong,
                "The text has 801 characters; at most 800 are spoken in a call.".into()
            )
        );
    }

    #[test]
    fn a_refusal_names_the_number_only_if_it_could_exist() {
        let denial = decide(request("+18005551212", "x"), &policy()).unwrap_err();
        assert_eq!(denial.subject.recipient.unwrap().as_str(), "+18005551212");
        let denial = decide(request("'; DROP", "x"), &policy()).unwrap_err();
        assert_eq!(denial.subject.recipient, None);
    }
}
