//! The decision itself: what a request alone tells, what lists and regions say, what the text needs.

use std::time::Duration;

use super::{Denial, Policy, Request, number::recipient, wording::Wording};
use crate::{
    domain::{
        Channel, Detail, E164, Encoding, Lane, List, ListedBy, Listing, Locale, MessageId,
        NewMessage, OnUnknown, Subject, TransactionId,
    },
    sms,
};

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
    if !policy.joins(request.purpose, request.channel) {
        return Err(Denial::new(Detail::ChannelNotAllowed, subject));
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
        if self.request.channel == Channel::Voice && !policy.voice {
            return Err(Denial::new(Detail::VoiceNotSupported, self.subject));
        }
        Ok(self)
    }

    /// Makes the message of it.
    pub(super) fn write(
        self,
        wording: Wording,
        policy: &Policy,
    ) -> Result<NewMessage, Box<Denial>> {
        let Self { request, mut subject, recipient, region, .. } = self;
        let Wording { text, locale } = wording;
        if text.reveal().is_empty() {
            return Err(Denial::new(Detail::Empty, subject));
        }
        let measure = sms::measure(text.reveal(), &policy.national_for(&region));
        let segments = u8::try_from(measure.segments).ok().filter(|it| *it <= policy.max_segments);
        let Some(segments) = segments else {
            let says = format!(
                "The text needs {} segments in {}; at most {} are allowed.",
                measure.segments,
                measure.encoding.as_str(),
                policy.max_segments,
            );
            return Err(Denial::saying(Detail::TooLong, says, subject));
        };
        let split_ucs2 = segments > 1 && measure.encoding == Encoding::Ucs2;
        if split_ucs2 && policy.single_ucs2.contains(&region) {
            let says = format!(
                "Carriers in {region} do not join the segments of a text in UCS-2, and this one \
                 needs {segments}; 70 units fit one."
            );
            return Err(Denial::saying(Detail::RegionRequirement, says, subject));
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
            text,
            encoding: measure.encoding,
            segments,
            national: measure.national.map(sms::language_word),
            locale,
            flash: request.flash,
            lane,
            sender: request.sender,
            on_unknown: request.on_unknown.unwrap_or(OnUnknown::of(lane)),
            awaited: request.awaited,
            reference: request.reference,
            created_at: now,
            not_before,
            expires_at: not_before.after(ttl),
        })
    }
}

#[cfg(test)]
mod tests {
    use rlibphonenumber::Region;

    use super::*;
    use crate::{
        domain::{Actor, ListingId, Purpose, Secret, Timestamp, Whom},
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
        consider(request, policy)?.admit(None, policy)?.write(wording, policy)
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
        Request {
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
            on_unknown: None,
            awaited: false,
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
        let text_only = Policy {
            channels: [(Purpose::MfaVerify, vec![Channel::Sms])].into(),
            voice: true,
            ..policy()
        };
        let judged = |purpose, channel| {
            let request = Request { purpose, channel, ..request("+14155552345", "x") };
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
    fn a_refusal_names_the_number_only_if_it_could_exist() {
        let denial = decide(request("+18005551212", "x"), &policy()).unwrap_err();
        assert_eq!(denial.subject.recipient.unwrap().as_str(), "+18005551212");
        let denial = decide(request("'; DROP", "x"), &policy()).unwrap_err();
        assert_eq!(denial.subject.recipient, None);
    }
}
