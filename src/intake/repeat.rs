//! Requests that come again: those with one idempotency key make one message.
//!
//! What is compared is what a request means, not how its JSON was written: a client that makes the
//! same request anew may order its members as it likes. What is kept of it is a keyed hash, because a
//! bare one of a text with a code could be guessed.

use std::{fmt, time::Duration};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{Answer, Content, Denial, Request};
use crate::{
    domain::{MessageId, Subject, Timestamp},
    store::{
        self, Tx,
        idempotency::{LedTo, Remembered},
    },
};

/// Of requests that are known by their key alone.
const WHATEVER_IT_HOLDS: [u8; 32] = [0; 32];

/// Recognises requests by their keys.
#[derive(Clone)]
pub struct Repeats {
    secret: Zeroizing<[u8; 64]>,
    kept: Duration,
}

impl fmt::Debug for Repeats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repeats").field("kept", &self.kept).finish_non_exhaustive()
    }
}

impl Repeats {
    /// Recognises for as long as `kept`.
    pub fn new(secret: Zeroizing<[u8; 64]>, kept: Duration) -> Self {
        Self { secret, kept }
    }

    /// What makes `request` known again by the `key` it came with.
    pub fn identify(&self, key: String, request: &Request) -> Repeat {
        let fingerprint = fingerprint(&self.secret, request);
        let token = request.actor.id.clone();
        Repeat { token, key, fingerprint, kept: self.kept, refusals: false }
    }

    /// What makes an event of the caller's known again by its id, whatever `request` makes of it. Refusals
    /// are remembered too: a caller that was refused has helped himself, and must not be served later.
    pub fn identify_event(&self, id: String, request: &Request) -> Repeat {
        let (token, fingerprint) = (request.actor.id.clone(), WHATEVER_IT_HOLDS);
        Repeat { token, key: id, fingerprint, kept: self.kept, refusals: true }
    }
}

/// A request with a key. Neither of them belongs in a log.
#[derive(Clone)]
pub struct Repeat {
    token: String,
    key: String,
    fingerprint: [u8; 32],
    kept: Duration,
    /// Whether refusals are remembered.
    refusals: bool,
}

impl Repeat {
    /// The answer to the request about `subject` if another came with its key before, and not too long ago.
    pub(super) fn answer(
        &self,
        tx: &Tx<'_>,
        subject: &Subject,
        now: Timestamp,
    ) -> Result<Option<Answer>, store::Error> {
        let since = now.before(self.kept);
        let known = store::idempotency::find(tx, &self.token, &self.key, since)?;
        let Some(known) = known else { return Ok(None) };
        if known.fingerprint != self.fingerprint {
            return Ok(Some(Answer::KeyReused));
        }
        match known.led_to {
            LedTo::Message(message) => {
                // A message is kept longer than the key that made it, unless the clock is set far ahead.
                let message = store::message::find(tx, message)?;
                let replayed = message.map(|message| Answer::Replayed(Box::new(message)));
                Ok(Some(replayed.unwrap_or(Answer::Forgotten)))
            }
            LedTo::Refusal(detail, transaction_id) => {
                let subject = Subject { transaction_id, ..subject.clone() };
                Ok(Some(Answer::Refused(Denial::new(detail, subject))))
            }
        }
    }

    /// Remembers that the request made `message`.
    pub(super) fn remember(
        &self,
        tx: &Tx<'_>,
        message: MessageId,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        self.note(tx, LedTo::Message(message), now)
    }

    /// Remembers that the request was refused, where refusals are remembered.
    pub(super) fn remember_refusal(
        &self,
        tx: &Tx<'_>,
        denial: &Denial,
        now: Timestamp,
    ) -> Result<(), store::Error> {
        if !self.refusals {
            return Ok(());
        }
        self.note(tx, LedTo::Refusal(denial.detail, denial.subject.transaction_id), now)
    }

    fn note(&self, tx: &Tx<'_>, led_to: LedTo, now: Timestamp) -> Result<(), store::Error> {
        let remembered = Remembered { fingerprint: self.fingerprint, led_to };
        store::idempotency::remember(tx, &self.token, &self.key, remembered, now)
    }
}

/// Members that a request does not name leave no trace, so that one which a later version adds changes
/// nothing for those who do not use it.
fn fingerprint(secret: &[u8; 64], request: &Request) -> [u8; 32] {
    let Request {
        to,
        channel,
        purpose,
        content,
        locale,
        lane,
        ttl,
        not_before,
        sender,
        flash,
        confirm,
        fallback,
        callable: _,
        on_unknown,
        awaited: _,
        reference,
        user,
        actor: _,
        received_at: _,
    } = request;
    let mut mac = Hmac::<Sha256>::new(secret.into());
    let mut member = |name: &str, value: &[u8]| {
        mac.update(name.as_bytes());
        // No name holds a zero, and the length says where the value ends.
        mac.update(&[0]);
        mac.update(&u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(value);
    };
    member("to", to.as_bytes());
    member("channel", channel.as_str().as_bytes());
    member("purpose", purpose.as_str().as_bytes());
    match content {
        Content::Text(text) => member("text", text.reveal().as_bytes()),
        Content::Code { code, template } => {
            member("code", code.reveal().as_bytes());
            if let Some(template) = template {
                member("template", template.as_bytes());
            }
        }
    }
    if let Some(locale) = locale {
        member("locale", locale.as_bytes());
    }
    if let Some(lane) = lane {
        member("lane", &[lane.rank()]);
    }
    if let Some(ttl) = ttl {
        member("ttl", &ttl.as_secs().to_be_bytes());
    }
    if let Some(at) = not_before {
        member("not_before", &at.as_unix_ms().to_be_bytes());
    }
    if let Some(sender) = sender {
        member("sender", sender.as_bytes());
    }
    if *flash {
        member("flash", &[]);
    }
    if *confirm {
        member("confirm", &[]);
    }
    if let Some(fallback) = fallback {
        member("fallback", fallback.as_str().as_bytes());
    }
    if let Some(on_unknown) = on_unknown {
        member("on_unknown", on_unknown.as_str().as_bytes());
    }
    if let Some(reference) = reference {
        member("reference", reference.as_bytes());
    }
    if let Some(user) = user {
        member("user", user.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc};

    use rlibphonenumber::Region;

    use super::*;
    use crate::{
        domain::{Channel, Lane, OnUnknown, Purpose, Secret},
        intake::{Policy, accept},
        store::Store,
    };

    const DAY: Duration = Duration::from_secs(86_400);

    fn request(text: &str, at: i64) -> Request {
        Request::sample("+14155552345", text, Timestamp::from_unix_ms(at))
    }

    fn repeats() -> Repeats {
        Repeats::new(Zeroizing::new([7; 64]), DAY)
    }

    struct Desk {
        store: Store,
        _dir: tempfile::TempDir,
    }

    impl Desk {
        fn open() -> Self {
            let dir = tempfile::tempdir().unwrap();
            Self { store: Store::open(&dir.path().join("t.db")).unwrap(), _dir: dir }
        }

        async fn send(&self, key: &str, request: Request) -> Answer {
            let policy = Arc::new(Policy::of(Region::US));
            let repeat = repeats().identify(key.into(), &request);
            accept(&self.store, request, &policy, Some(repeat)).await.unwrap()
        }

        async fn messages(&self) -> usize {
            self.store.read(|view| store::message::newest(view, None, 100)).await.unwrap().len()
        }
    }

    #[tokio::test]
    async fn the_same_request_makes_one_message_and_another_under_its_key_none() {
        let desk = Desk::open();
        let Answer::Accepted(first) = desk.send("k", request("x", 1)).await else { panic!() };
        let Answer::Replayed(again) = desk.send("k", request("x", 9)).await else { panic!() };
        assert_eq!(again.id, first.id);
        assert!(matches!(desk.send("k", request("y", 9)).await, Answer::KeyReused));
        assert!(matches!(desk.send("l", request("x", 9)).await, Answer::Accepted(_)));
        let mut other = request("x", 9);
        other.actor.id = "another".into();
        assert!(matches!(desk.send("k", other).await, Answer::Accepted(_)));
        assert_eq!(desk.messages().await, 3);
    }

    #[tokio::test]
    async fn a_refusal_is_not_remembered_and_an_accepted_request_is_not_decided_on_again() {
        let desk = Desk::open();
        let refused = Request { to: "+14165552345".into(), ..request("x", 1) };
        assert!(matches!(desk.send("k", refused.clone()).await, Answer::Refused(_)));
        assert!(matches!(desk.send("k", refused).await, Answer::Refused(_)));
        assert!(matches!(desk.send("k", request("x", 1)).await, Answer::Accepted(_)));
        let refused = Request { to: "+14165552345".into(), ..request("x", 1) };
        assert!(matches!(desk.send("k", refused).await, Answer::KeyReused));
    }

    #[tokio::test]
    async fn an_event_is_known_by_its_id_alone_and_its_refusal_is_remembered() {
        let desk = Desk::open();
        let policy = Arc::new(Policy::of(Region::US));
        let tell = async |id: &str, request: Request| {
            let repeat = repeats().identify_event(id.into(), &request);
            accept(&desk.store, request, &policy, Some(repeat)).await.unwrap()
        };
        let Answer::Accepted(first) = tell("e", request("x", 1)).await else { panic!() };
        let other = Request { to: "nobody".into(), ..request("y", 2) };
        let Answer::Replayed(again) = tell("e", other).await else { panic!() };
        assert_eq!(again.id, first.id);
        let abroad = Request { to: "+14165552345".into(), ..request("x", 1) };
        let Answer::Refused(denied) = tell("f", abroad).await else { panic!() };
        let Answer::Refused(again) = tell("f", request("x", 3)).await else { panic!() };
        assert_eq!(again.detail, denied.detail);
        assert_eq!(again.subject.transaction_id, denied.subject.transaction_id);
        assert_eq!(desk.messages().await, 1);
    }

    #[tokio::test]
    async fn a_request_whose_message_is_kept_no_longer_is_not_sent_again() {
        let desk = Desk::open();
        let repeat = repeats().identify("k".into(), &request("x", 1));
        let gone = MessageId::of_row(1);
        let remember = move |tx: &Tx<'_>| repeat.remember(tx, gone, Timestamp::from_unix_ms(1));
        desk.store.write(remember).await.unwrap();
        assert!(matches!(desk.send("k", request("x", 2)).await, Answer::Forgotten));
        assert!(matches!(desk.send("k", request("y", 2)).await, Answer::KeyReused));
        assert_eq!(desk.messages().await, 0);
    }

    #[tokio::test]
    async fn of_many_at_one_time_one_is_accepted() {
        let desk = Desk::open();
        let answers = tokio::join!(
            desk.send("k", request("x", 1)),
            desk.send("k", request("x", 2)),
            desk.send("k", request("x", 3)),
        );
        let answers = [answers.0, answers.1, answers.2];
        let accepted = answers.iter().filter(|it| matches!(it, Answer::Accepted(_))).count();
        let replayed = answers.iter().filter(|it| matches!(it, Answer::Replayed(_))).count();
        assert_eq!((accepted, replayed, desk.messages().await), (1, 2, 1));
    }

    #[tokio::test]
    async fn a_key_is_free_again_after_its_day() {
        let desk = Desk::open();
        let day = i64::try_from(DAY.as_millis()).unwrap();
        assert!(matches!(desk.send("k", request("x", 5)).await, Answer::Accepted(_)));
        assert!(matches!(desk.send("k", request("x", day + 4)).await, Answer::Replayed(_)));
        assert!(matches!(desk.send("k", request("y", day + 5)).await, Answer::Accepted(_)));
        assert!(matches!(desk.send("k", request("y", day + 6)).await, Answer::Replayed(_)));
        assert_eq!(desk.messages().await, 2);
    }

    #[test]
    fn every_member_counts_and_so_does_the_secret() {
        let one = || request("a", 1);
        let text = |text: &str| Some(text.to_owned());
        let secret = |text: &str| Secret::new(text.into());
        let requests = [
            one(),
            Request { to: "a".into(), ..one() },
            Request { channel: Channel::Voice, ..one() },
            Request { purpose: Purpose::MfaVerify, ..one() },
            Request { content: Content::Text(secret("b")), ..one() },
            Request { content: Content::Code { code: secret("a"), template: None }, ..one() },
            Request { content: Content::Code { code: secret("b"), template: None }, ..one() },
            Request { content: Content::Code { code: secret("a"), template: text("a") }, ..one() },
            Request { locale: text("a"), ..one() },
            Request { lane: Some(Lane::Bulk), ..one() },
            Request { ttl: Some(DAY), ..one() },
            Request { not_before: Some(Timestamp::from_unix_ms(1)), ..one() },
            Request { sender: text("a"), ..one() },
            Request { flash: true, ..one() },
            Request { confirm: true, ..one() },
            Request { fallback: Some(Channel::Voice), ..one() },
            Request { on_unknown: Some(OnUnknown::Hold), ..one() },
            Request { reference: text("a"), ..one() },
            Request { user: text("a"), ..one() },
        ];
        let prints = |secret: &[u8; 64]| -> HashSet<_> {
            requests.iter().map(|request| fingerprint(secret, request)).collect()
        };
        assert_eq!(prints(&[7; 64]).len(), requests.len());
        assert!(prints(&[7; 64]).is_disjoint(&prints(&[8; 64])));
        assert_eq!(fingerprint(&[7; 64], &request("a", 2)), fingerprint(&[7; 64], &one()));
    }
}
