//! The limits against abuse, put into force.
//!
//! All of it is decided in the transaction that stores the message, on the one thread that writes: of
//! many requests at one time, no more are accepted than may be, and what was counted is on disk with the
//! message. The work for a request does not grow with the numbers that were ever seen: what one number
//! received stands together in an index, and what is broader is counted in slots of time.
//!
//! A window slides: a slot counts as a whole until its end is outside of the window, so that a limit is
//! never exceeded, however the messages lie in time.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use super::{Denial, Policy, decide::Draft};
use crate::{
    domain::{
        Channel, Counted, Detail, E164, Event, EventKind, Feedback, Limits, List, ListedBy,
        Listing, ListingId, NumberPrefix, Outcome, Timestamp, Whom,
    },
    store::{
        self, Tx, listed,
        traffic::{self, Kind, Slot},
    },
};

const TEN_MINUTES: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// A code that was sent so long ago would have been entered by now.
const SETTLED: Duration = TEN_MINUTES;

/// The slots that a window of this length, which ends at `now`, has any part in.
fn slots_within(
    tx: &Tx<'_>,
    kind: Kind,
    subject: &str,
    window: Duration,
    now: Timestamp,
) -> Result<Vec<Slot>, store::Error> {
    traffic::slots(tx, kind, subject, now.before(window + kind.slot_length()), now)
}

/// A request that stays within all limits, to be counted once it is accepted.
pub(super) struct Within {
    subjects: Subjects,
    counted: Counted,
    /// What the log says of it, where it is suspicious and no more.
    alarm: Option<Event>,
    at: Timestamp,
}

/// Checks a request against all limits; `None` where none holds.
pub(super) fn check(
    tx: &Tx<'_>,
    draft: &Draft,
    policy: &Policy,
) -> Result<Result<Option<Within>, Box<Denial>>, store::Error> {
    let limits = &policy.limits;
    if !limits.hold_for(draft.request.purpose) {
        return Ok(Ok(None));
    }
    let now = draft.request.received_at;
    let channels = [Some(draft.request.channel), draft.request.fallback];
    let call = channels.contains(&Some(Channel::Voice));
    let received = received(tx, &draft.recipient, limits, call, now)?;
    if let Some(wait) = number_wait(&received, limits, call, now) {
        return Ok(Err(limited("this number", draft, wait)));
    }
    let subjects = Subjects::of(draft, policy);
    // The limit and the conversion of a prefix look at the same slots, over an hour and over a day.
    let of_prefix = slots_within(tx, Kind::Prefix, &subjects.prefix, DAY, now)?;
    for (kind, subject, limit) in subjects.limited(limits) {
        let wait = match kind {
            Kind::Prefix => slots_wait(&of_prefix, kind, limit, now),
            Kind::Neighbours
            | Kind::Region
            | Kind::User
            | Kind::Token
            | Kind::Address
            | Kind::Sender => {
                let slots = slots_within(tx, kind, subject, kind.window(), now)?;
                slots_wait(&slots, kind, limit, now)
            }
        };
        if let Some(wait) = wait {
            return Ok(Err(limited(whose(kind), draft, wait)));
        }
    }
    let fresh = received.is_empty();
    let told = is_told(tx, &subjects.token, now)?;
    let adjacent = fresh && limits.adjacent_numbers > 0;
    let neighbours = adjacent.then(|| neighbours(tx, &subjects, now)).transpose()?;
    let suspicion = |outcome| {
        let event = Event::new(EventKind::Suspicion, outcome, draft.subject.clone(), now);
        event.because(Some(Detail::Velocity))
    };
    let by = if told { attack(neighbours, &of_prefix, limits, now) } else { None };
    if let Some(by) = by {
        store::event::append(tx, &suspicion(Outcome::Deny))?;
        let until = block(tx, &subjects, by, limits, now)?;
        let denial = Denial::new(Detail::Velocity, draft.subject.clone());
        return Ok(Err(denial.for_now(until.since(now))));
    }
    // Where nobody tells which codes are entered, nothing tells staff with neighbouring numbers from a
    // robot: an alarm, once, is all that is right.
    let alarms = neighbours.is_some_and(|it| it.accepted == limits.adjacent_numbers);
    let alarm = alarms.then(|| suspicion(Outcome::Unknown));
    Ok(Ok(Some(Within { subjects, counted: Counted { fresh, told }, alarm, at: now })))
}

impl Within {
    /// Counts the request, which was accepted; says how.
    pub(super) fn count(&self, tx: &Tx<'_>, limits: &Limits) -> Result<Counted, store::Error> {
        let Self { subjects, counted, alarm, at } = self;
        if let Some(alarm) = alarm {
            store::event::append(tx, alarm)?;
        }
        let count = |kind, subject: &str| {
            traffic::count_accepted(tx, kind, subject, kind.slot_of(*at), counted.told)
        };
        // Prefixes and regions are counted for their conversion, limit or not.
        count(Kind::Prefix, &subjects.prefix)?;
        count(Kind::Region, &subjects.region)?;
        for (kind, subject, _) in subjects.limited(limits) {
            if matches!(kind, Kind::User | Kind::Token | Kind::Address) {
                count(kind, subject)?;
            }
        }
        if counted.fresh && limits.adjacent_numbers > 0 {
            count(Kind::Neighbours, &subjects.neighbours)?;
        }
        Ok(*counted)
    }
}

/// Counts what became of a code, of a message of `sender`'s to `number` that was accepted at `at`.
pub(super) fn heard(
    tx: &Tx<'_>,
    sender: &str,
    number: &E164,
    region: &str,
    at: Timestamp,
    feedback: Feedback,
) -> Result<(), store::Error> {
    let (prefix, neighbours) = (traffic::prefix(number), traffic::neighbours(number));
    let subjects = [
        (Kind::Prefix, prefix),
        (Kind::Neighbours, neighbours),
        (Kind::Region, region),
        (Kind::Sender, sender),
    ];
    for (kind, subject) in subjects {
        traffic::count_feedback(tx, kind, subject, kind.slot_of(at), feedback)?;
    }
    Ok(())
}

/// Whom a request is counted for.
struct Subjects {
    prefix: String,
    neighbours: String,
    region: String,
    home: bool,
    user: Option<String>,
    token: String,
    address: Option<String>,
}

impl Subjects {
    fn of(draft: &Draft, policy: &Policy) -> Self {
        Self {
            prefix: traffic::prefix(&draft.recipient).to_owned(),
            neighbours: traffic::neighbours(&draft.recipient).to_owned(),
            region: draft.region.clone(),
            home: draft.region == *policy.home_region.as_region_str(),
            user: draft.subject.user.clone(),
            token: draft.subject.actor.id.clone(),
            address: draft.subject.actor.client_ip.as_deref().and_then(network),
        }
    }

    /// Those that a limit holds for, and how many messages they may have in the window of their kind.
    fn limited(&self, limits: &Limits) -> impl Iterator<Item = (Kind, &str, u32)> {
        let region = if self.home { limits.home_region_per_day } else { limits.region_per_day };
        let all = [
            (Kind::User, self.user.as_deref(), limits.user_per_hour),
            (Kind::Prefix, Some(&*self.prefix), limits.prefix_per_hour),
            (Kind::Region, Some(&*self.region), region),
            (Kind::Token, Some(&*self.token), limits.token_per_minute),
            (Kind::Address, self.address.as_deref(), limits.address_per_minute),
        ];
        all.into_iter().filter_map(|(kind, subject, limit)| {
            subject.filter(|_| limit > 0).map(|subject| (kind, subject, limit))
        })
    }
}

/// How a refusal calls the subject of a limit.
const fn whose(kind: Kind) -> &'static str {
    match kind {
        Kind::Prefix => "numbers that begin like this one",
        Kind::Neighbours => "the neighbours of this number",
        Kind::Region => "this region",
        Kind::User => "this user",
        Kind::Token | Kind::Sender => "this token",
        Kind::Address => "this address",
    }
}

/// What one client may choose its addresses from: of IPv6, whoever has one address has all of its /64.
fn network(address: &str) -> Option<String> {
    let network = match address.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    };
    Some(network.to_string())
}

fn limited(whose: &str, draft: &Draft, wait: Duration) -> Box<Denial> {
    let says = format!("Too many messages for {whose} in a short time.");
    Denial::saying(Detail::RateLimited, says, draft.subject.clone()).for_now(wait)
}

/// What a number received in the last day, newest first, as far as limits count it.
fn received(
    tx: &Tx<'_>,
    number: &E164,
    limits: &Limits,
    call: bool,
    now: Timestamp,
) -> Result<Vec<traffic::Received>, store::Error> {
    // One tells at least whether the number is new, and when it was last written to.
    let most = limits.number_per_day.max(limits.number_per_10_minutes).max(1);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let (mut found, mut calls) = (Vec::new(), 0);
    let is_enough = |it: traffic::Received| {
        calls += u32::from(it.call);
        // Texts between the calls of an hour do not hide them.
        let all_calls = calls >= limits.number_calls_per_hour || it.at <= now.before(HOUR);
        found.push(it);
        found.len() >= most && (!call || all_calls)
    };
    let counts = |purpose| limits.hold_for(purpose);
    traffic::received(tx, number, (now.before(DAY), now), counts, is_enough)?;
    Ok(found)
}

/// How long a number has to wait, if it has to. `received` is newest first.
fn number_wait(
    received: &[traffic::Received],
    limits: &Limits,
    call: bool,
    now: Timestamp,
) -> Option<Duration> {
    // The one that has to leave the window before another may come.
    let nth = |limit: u32, of: &mut dyn Iterator<Item = Timestamp>| {
        of.nth(usize::try_from(limit.checked_sub(1)?).ok()?)
    };
    let all = || received.iter().map(|it| it.at);
    let calls = || received.iter().filter(|it| it.call).map(|it| it.at);
    let last = all().next();
    let in_the_way = [
        (last, limits.cool_down),
        (nth(limits.number_per_10_minutes, &mut all()), TEN_MINUTES),
        (nth(limits.number_per_day, &mut all()), DAY),
        (nth(limits.number_calls_per_hour, &mut calls()).filter(|_| call), HOUR),
    ];
    let waits = in_the_way.into_iter().filter_map(|(at, window)| {
        let free = at?.after(window);
        (free > now).then(|| free.since(now))
    });
    waits.max()
}

/// How long a subject has to wait, if it has to: until enough slots have left the window.
fn slots_wait(slots: &[Slot], kind: Kind, limit: u32, now: Timestamp) -> Option<Duration> {
    let outside = now.before(kind.window() + kind.slot_length());
    let within = slots.iter().filter(|slot| slot.at > outside);
    let mut left: u32 = within.clone().map(|slot| slot.accepted).sum();
    let mut wait = None;
    for slot in within {
        if left < limit {
            break;
        }
        left = left.saturating_sub(slot.accepted);
        wait = Some(slot.at.after(kind.slot_length() + kind.window()).since(now));
    }
    wait
}

/// Whether what becomes of a sender's codes is told: some of them was entered of late. Codes of others, such as
/// those of Okta, which tells nothing, would look as if nobody entered them.
fn is_told(tx: &Tx<'_>, sender: &str, now: Timestamp) -> Result<bool, store::Error> {
    let slots = slots_within(tx, Kind::Sender, sender, DAY, now)?;
    Ok(slots.iter().any(|slot| slot.verified > 0))
}

/// What makes a request, after those that were accepted before it, part of an attack. `neighbours` is there where
/// they are counted for it.
fn attack(
    neighbours: Option<Slot>,
    of_prefix: &[Slot],
    limits: &Limits,
    now: Timestamp,
) -> Option<ListedBy> {
    if neighbours.is_some_and(|it| it.told >= limits.adjacent_numbers) {
        return Some(ListedBy::AdjacentNumbers);
    }
    let low = limits.conversion_sends > 0 && converts_badly(of_prefix, limits, now);
    low.then_some(ListedBy::LowConversion)
}

/// How many neighbours of a number were written to for the first time of late; none where any of their
/// codes was entered.
fn neighbours(tx: &Tx<'_>, subjects: &Subjects, now: Timestamp) -> Result<Slot, store::Error> {
    let kind = Kind::Neighbours;
    let slots = slots_within(tx, kind, &subjects.neighbours, kind.window(), now)?;
    let sum = sum(slots.iter());
    Ok(if sum.verified == 0 { sum } else { Slot::default() })
}

/// Whether the codes that a prefix was sent in the last day are hardly ever entered.
fn converts_badly(of_prefix: &[Slot], limits: &Limits, now: Timestamp) -> bool {
    let settled = now.before(Kind::Prefix.slot_length() + SETTLED);
    let sum = sum(of_prefix.iter().filter(|slot| slot.at <= settled));
    let least = u64::from(sum.told) * u64::from(limits.conversion_percent);
    sum.told >= limits.conversion_sends && u64::from(sum.verified) * 100 < least
}

/// All that was counted in these slots.
fn sum<'s>(slots: impl Iterator<Item = &'s Slot>) -> Slot {
    slots.fold(Slot::default(), |sum, slot| Slot {
        at: slot.at,
        accepted: sum.accepted + slot.accepted,
        told: sum.told + slot.told,
        verified: sum.verified + slot.verified,
    })
}

/// Blocks the prefix for a while; says until when.
fn block(
    tx: &Tx<'_>,
    subjects: &Subjects,
    by: ListedBy,
    limits: &Limits,
    now: Timestamp,
) -> Result<Timestamp, store::Error> {
    let until = now.after(limits.block);
    if let Some(prefix) = NumberPrefix::new(&*subjects.prefix) {
        let entry = Listing {
            id: ListingId::generate(),
            list: List::Block,
            whom: Whom::Prefix(prefix),
            by,
            reason: None,
            created_at: now,
            expires_at: Some(until),
        };
        listed::put(tx, &entry)?;
    }
    Ok(until)
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use rlibphonenumber::Region;

    use super::*;
    use crate::{
        domain::{Actor, Purpose, Secret},
        intake::{Answer, Content, Repeats, Request, accept},
        store::Store,
    };

    /// Monday, 10:00:00 UTC: the beginning of a slot of every length.
    const START: &str = "2026-11-23T10:00:00Z";

    struct Desk {
        store: Store,
        policy: Arc<Policy>,
        _dir: Option<tempfile::TempDir>,
    }

    impl Desk {
        fn with(limits: Limits) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let desk = Self::at(&dir_path(&dir), limits);
            Self { _dir: Some(dir), ..desk }
        }

        fn at(path: &Path, limits: Limits) -> Self {
            let spoken = ["en".to_owned()].into();
            let policy = Policy { limits, regions: None, spoken, ..Policy::of(Region::US) };
            Self { store: Store::open(path).unwrap(), policy: Arc::new(policy), _dir: None }
        }

        /// The refusal, with how many seconds it lasts; `None` where the request was accepted.
        async fn ask(&self, request: Request) -> Option<(Detail, u64)> {
            match accept(&self.store, request, &self.policy, None).await.unwrap() {
                Answer::Accepted(_) => None,
                Answer::Refused(denial) => {
                    Some((denial.detail, denial.retry_after.map_or(0, |wait| wait.as_secs())))
                }
                Answer::Replayed(_) | Answer::Forgotten | Answer::KeyReused => {
                    panic!("nothing has a key here")
                }
            }
        }

        /// How many of `requests` are accepted.
        async fn accepted(&self, requests: impl IntoIterator<Item = Request>) -> usize {
            let mut accepted = 0;
            for request in requests {
                accepted += usize::from(self.ask(request).await.is_none());
            }
            accepted
        }

        /// The code of a message that `sender` sent was entered.
        async fn entered_of(&self, sender: &'static str, number: &str, at: Timestamp) {
            let number = E164::new(number).unwrap();
            self.store
                .write(move |tx| heard(tx, sender, &number, "US", at, Feedback::Verified))
                .await
                .unwrap();
        }

        /// The same of one who sends everything that is not said to be somebody else's.
        async fn entered(&self, number: &str, at: Timestamp) {
            self.entered_of("token", number, at).await;
        }

        async fn alarms(&self) -> u32 {
            let of = "system.ringpost.alarm.suspicious_activity";
            self.store.read(|view| Ok(store::samples::events_of(view, of))).await.unwrap()
        }
    }

    fn dir_path(dir: &tempfile::TempDir) -> std::path::PathBuf {
        dir.path().join("t.db")
    }

    fn after(seconds: u64) -> Timestamp {
        Timestamp::parse(START).unwrap().after(Duration::from_secs(seconds))
    }

    fn code(to: &str, seconds: u64) -> Request {
        Request { purpose: Purpose::MfaVerify, ..Request::sample(to, "x", after(seconds)) }
    }

    /// Numbers that have nothing in common but their region.
    fn stranger(index: u64) -> String {
        format!("+1415{}2345", 220 + index)
    }

    const NONE: Limits = Limits {
        enabled: true,
        purposes: Vec::new(),
        cool_down: Duration::ZERO,
        number_per_10_minutes: 0,
        number_per_day: 0,
        number_calls_per_hour: 0,
        prefix_per_hour: 0,
        home_region_per_day: 0,
        region_per_day: 0,
        user_per_hour: 0,
        token_per_minute: 0,
        address_per_minute: 0,
        adjacent_numbers: 0,
        conversion_sends: 0,
        conversion_percent: 1,
        block: HOUR,
    };

    fn none() -> Limits {
        Limits { purposes: Limits::default().purposes, ..NONE }
    }

    const PHONE: &str = "+14155552345";

    #[tokio::test]
    async fn a_number_has_a_cool_down_and_its_share_of_ten_minutes_and_a_day() {
        let desk = Desk::with(Limits::default());
        let limited = |seconds| Some((Detail::RateLimited, seconds));
        assert_eq!(desk.ask(code(PHONE, 0)).await, None);
        assert_eq!(desk.ask(code(PHONE, 10)).await, limited(20));
        assert_eq!(desk.ask(code("+14155552346", 10)).await, None, "another number");
        for seconds in [30, 60, 90, 120] {
            assert_eq!(desk.ask(code(PHONE, seconds)).await, None, "{seconds}");
        }
        assert_eq!(desk.ask(code(PHONE, 150)).await, limited(450), "five in ten minutes");
        assert_eq!(desk.ask(code(PHONE, 599)).await, limited(1));
        assert_eq!(desk.ask(code(PHONE, 600)).await, None, "the first is ten minutes ago");
        assert_eq!(desk.ask(code(PHONE, 629)).await, limited(1));
        for seconds in [630, 7200, 10_800, 14_400] {
            assert_eq!(desk.ask(code(PHONE, seconds)).await, None, "{seconds}");
        }
        assert_eq!(desk.ask(code(PHONE, 86_399)).await, limited(1), "ten in a day");
        assert_eq!(desk.ask(code(PHONE, 86_400)).await, None);
    }

    #[tokio::test]
    async fn calls_have_a_share_of_their_own_that_texts_between_them_do_not_hide() {
        for number_per_day in [0, 9] {
            let limits = Limits { number_calls_per_hour: 2, number_per_day, ..none() };
            let desk = Desk::with(limits.clone());
            // What was accepted stands in the store: two calls, and texts between and after them.
            let accepted = [(Channel::Voice, 0), (Channel::Sms, 1), (Channel::Voice, 2)];
            let texts = (3..7).map(|seconds| (Channel::Sms, seconds));
            for (channel, seconds) in accepted.into_iter().chain(texts) {
                let insert = move |tx: &Tx<'_>| {
                    let mut message = store::samples::message(after(seconds));
                    message.subject.channel = channel;
                    message.subject.purpose = Purpose::MfaVerify;
                    store::message::insert(tx, &message).map(drop)
                };
                desk.store.write(insert).await.unwrap();
            }
            let wait = async |call, seconds| {
                let (number, limits) = (E164::new(PHONE).unwrap(), limits.clone());
                let work = move |tx: &Tx<'_>| {
                    let received = received(tx, &number, &limits, call, after(seconds))?;
                    Ok(number_wait(&received, &limits, call, after(seconds)))
                };
                desk.store.write(work).await.unwrap().map(|wait| wait.as_secs())
            };
            assert_eq!(wait(true, 3590).await, Some(10), "{number_per_day} in a day");
            assert_eq!(wait(true, 3600).await, None);
            assert_eq!(wait(false, 10).await, None, "a text is no call");
        }
    }

    /// Who may not be called again may not be called in the place of a text either; a call that stands in for a
    /// text was counted with it.
    #[tokio::test]
    async fn a_text_that_may_become_a_call_is_one_of_the_calls() {
        let desk = Desk::with(Limits { number_calls_per_hour: 2, ..none() });
        let or_call = |seconds| Request { fallback: Some(Channel::Voice), ..code(PHONE, seconds) };
        let call = |seconds| Request { channel: Channel::Voice, ..code(PHONE, seconds) };
        let limited = |seconds| Some((Detail::RateLimited, seconds));
        assert_eq!(desk.ask(or_call(0)).await, None);
        let stands_in = |tx: &Tx<'_>| {
            let parent = store::message::newest(tx, None, 1)?.remove(0);
            let mut child = store::samples::message(after(1));
            child.id = store::message::next_id(tx)?;
            child.subject.channel = Channel::Voice;
            child.subject.purpose = Purpose::MfaVerify;
            child.fallback_of = Some(parent.id);
            store::message::insert(tx, &child).map(drop)
        };
        desk.store.write(stands_in).await.unwrap();
        assert_eq!(desk.ask(call(10)).await, None);
        assert_eq!(desk.ask(or_call(20)).await, limited(3580));
        assert_eq!(desk.ask(call(30)).await, limited(3570));
        // Texts in between hide no call, whether or not they have a limit of their own.
        assert_eq!(desk.accepted((40..50).map(|it| code(PHONE, it))).await, 10);
        assert_eq!(desk.ask(call(60)).await, limited(3540));
    }

    #[tokio::test]
    async fn prefixes_regions_users_and_tokens_are_limited_over_all_their_numbers() {
        let of_user = |user: &str, request| Request { user: Some(user.to_owned()), ..request };
        let mine = Actor { id: "mine".into(), ..Actor::default() };
        let by = |actor: &Actor, request| Request { actor: actor.clone(), ..request };
        let near = |index: u64| code(&format!("+1415555{:04}", 2000 + index), index);
        let canadian = |index: u64| code(&format!("+1416555{:04}", 2000 + index), index);

        let desk = Desk::with(Limits { prefix_per_hour: 20, ..none() });
        assert_eq!(desk.accepted((0..64).map(near)).await, 20);
        assert_eq!(desk.accepted((0..64).map(|it| code(&stranger(it), it))).await, 64);

        let desk = Desk::with(Limits { region_per_day: 1, home_region_per_day: 3, ..none() });
        assert_eq!(desk.accepted((0..2).map(canadian)).await, 1);
        assert_eq!(desk.accepted((0..9).map(|it| code(&stranger(it), it))).await, 3);

        let desk = Desk::with(Limits { user_per_hour: 10, ..none() });
        let requests = (0..20).map(|it| of_user("ann", code(&stranger(it), it)));
        assert_eq!(desk.accepted(requests).await, 10);
        assert_eq!(desk.accepted([of_user("bob", near(1)), near(2)]).await, 2);

        let desk = Desk::with(Limits { token_per_minute: 5, ..none() });
        assert_eq!(desk.accepted((0..9).map(|it| by(&mine, code(&stranger(it), it)))).await, 5);
        assert_eq!(desk.accepted([near(1)]).await, 1, "another token");
    }

    #[tokio::test]
    async fn an_address_is_limited_whatever_token_it_has_and_outlives_a_restart() {
        let from = |address: &str, index: u64| {
            let client_ip = Some(address.to_owned());
            let actor = Actor { id: format!("token {index}"), client_ip, ..Actor::default() };
            Request { actor, ..code(&stranger(index), index) }
        };
        let dir = tempfile::tempdir().unwrap();
        let limits = Limits { address_per_minute: 5, ..none() };
        let desk = Desk::at(&dir_path(&dir), limits.clone());
        assert_eq!(desk.accepted((0..9).map(|it| from("192.0.2.7", it))).await, 5);
        drop(desk);
        let desk = Desk::at(&dir_path(&dir), limits);
        let mapped = desk.ask(from("::ffff:192.0.2.7", 10)).await;
        let (detail, wait) = mapped.expect("it is the same one");
        assert!(detail == Detail::RateLimited && (50..=55).contains(&wait), "{wait}");
        assert_eq!(desk.ask(from("192.0.2.8", 10)).await, None, "another address");
        assert_eq!(desk.ask(from("192.0.2.7", 10 + wait)).await, None, "its time has come");
        let rotated = (0..9).map(|it| from(&format!("2001:db8:0:1::{it}"), it));
        assert_eq!(desk.accepted(rotated).await, 5, "of one /64");
        assert_eq!(desk.ask(from("2001:db8:0:2::1", 9)).await, None, "of another");
        assert_eq!(desk.accepted((0..9).map(|it| code(&stranger(20 + it), it))).await, 9);
    }

    #[tokio::test]
    async fn no_window_holds_more_than_its_limit_wherever_it_begins() {
        let desk = Desk::with(Limits { prefix_per_hour: 20, ..none() });
        // A request every minute for five hours, each to another number of one prefix.
        let mut accepted = Vec::new();
        for minute in 0..300_u64 {
            let request = code(&format!("+1415555{:04}", 2000 + minute), minute * 60);
            if desk.ask(request).await.is_none() {
                accepted.push(minute);
            }
        }
        for begin in 0..300 {
            let within = accepted.iter().filter(|it| (begin..begin + 60).contains(*it)).count();
            assert!(within <= 20, "{within} in the hour from minute {begin}");
        }
        assert!(accepted.len() >= 80, "and what may be sent is sent: {accepted:?}");
    }

    #[tokio::test]
    async fn what_is_to_be_waited_for_is_enough() {
        let desk = Desk::with(Limits { prefix_per_hour: 3, ..none() });
        let near = |index: u64, seconds| code(&format!("+1415555{:04}", 2000 + index), seconds);
        for seconds in [7, 400, 401] {
            assert_eq!(desk.ask(near(seconds, seconds)).await, None);
        }
        let (detail, wait) = desk.ask(near(1, 500)).await.unwrap();
        assert_eq!(detail, Detail::RateLimited);
        assert!((3107..=3407).contains(&wait), "an hour after the first, and a slot: {wait}");
        assert_eq!(desk.ask(near(2, 500 + wait)).await, None);
        assert!(desk.ask(near(3, 500 + wait)).await.is_some());
    }

    #[tokio::test]
    async fn general_messages_and_the_allowlist_have_no_limits_and_a_switch_turns_all_off() {
        let desk = Desk::with(Limits::default());
        let alert = |it| Request { purpose: Purpose::General, ..code(PHONE, it) };
        assert_eq!(desk.accepted((0..50).map(alert)).await, 50);
        assert_eq!(desk.ask(code(PHONE, 50)).await, None, "nor do they count");
        let allow = async |whom| {
            let entry = Listing {
                id: ListingId::generate(),
                list: List::Allow,
                whom,
                by: ListedBy::Operator,
                reason: None,
                created_at: after(0),
                expires_at: None,
            };
            desk.store.write(move |tx| listed::put(tx, &entry)).await.unwrap();
        };
        allow(Whom::Region("US".into())).await;
        assert!(desk.ask(code(PHONE, 51)).await.is_some(), "a region is anybody");
        allow(Whom::Number(E164::new(PHONE).unwrap())).await;
        assert_eq!(desk.accepted((0..50).map(|it| code(PHONE, it))).await, 50);
        let desk = Desk::with(Limits { enabled: false, ..Limits::default() });
        assert_eq!(desk.accepted((0..50).map(|it| code(PHONE, it))).await, 50);
    }

    #[tokio::test]
    async fn a_restart_does_not_open_the_gates() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir_path(&dir);
        let limits = Limits { cool_down: Duration::from_secs(30), prefix_per_hour: 2, ..none() };
        let desk = Desk::at(&path, limits.clone());
        assert_eq!(desk.accepted([code(PHONE, 0), code("+14155552346", 1)]).await, 2);
        drop(desk);
        let desk = Desk::at(&path, limits);
        assert_eq!(desk.ask(code(PHONE, 5)).await, Some((Detail::RateLimited, 25)));
        assert_eq!(desk.ask(code("+14155552347", 60)).await.unwrap().0, Detail::RateLimited);
        assert_eq!(desk.ask(code("+14165552347", 60)).await, None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_64_clients_at_one_time_no_more_are_served_than_may_be() {
        let desk = Arc::new(Desk::with(Limits { prefix_per_hour: 20, ..Limits::default() }));
        let race = async |to: fn(u64) -> String| {
            let ask = |client| {
                let desk = desk.clone();
                tokio::spawn(async move { desk.ask(code(&to(client), 0)).await.is_none() })
            };
            let mut served = 0;
            for asked in (0..64).map(ask).collect::<Vec<_>>() {
                served += usize::from(asked.await.unwrap());
            }
            served
        };
        assert_eq!(race(|_| PHONE.into()).await, 1, "one number");
        let near = |client| format!("+1415556{:04}", 2000 + client * 100);
        assert_eq!(race(near).await, 20, "one prefix");
        assert_eq!(race(stranger).await, 64, "and strangers do not wait for each other");
    }

    #[tokio::test]
    async fn what_is_refused_for_its_text_is_not_counted() {
        let desk = Desk::with(Limits { prefix_per_hour: 1, ..none() });
        let empty =
            Request { content: Content::Text(Secret::new(String::new())), ..code(PHONE, 0) };
        assert_eq!(desk.ask(empty).await, Some((Detail::Empty, 0)));
        assert_eq!(desk.ask(code(PHONE, 0)).await, None);
    }

    #[tokio::test]
    async fn a_request_that_comes_again_is_answered_and_counts_once() {
        let desk = Desk::with(Limits { number_per_10_minutes: 2, ..none() });
        let repeats = Repeats::new(zeroize::Zeroizing::new([7; 64]), DAY);
        let send = async |seconds| {
            let request = code(PHONE, seconds);
            let repeat = repeats.identify("key".into(), &request);
            accept(&desk.store, request, &desk.policy, Some(repeat)).await.unwrap()
        };
        assert!(matches!(send(0).await, Answer::Accepted(_)));
        for seconds in 1..5 {
            assert!(matches!(send(seconds).await, Answer::Replayed(_)), "{seconds}");
        }
        assert_eq!(desk.accepted([code(PHONE, 6), code(PHONE, 7)]).await, 1);
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_locks_nobody_out() {
        let limits = Limits { prefix_per_hour: 1, ..Limits::default() };
        let desk = Desk::with(limits);
        let year = 365 * 86_400;
        assert_eq!(desk.ask(code(PHONE, year)).await, None);
        assert_eq!(desk.ask(code(PHONE, 0)).await, None, "a year before");
        assert_eq!(desk.ask(code(PHONE, 1)).await, Some((Detail::RateLimited, 29)));
    }

    fn neighbour(index: u64, seconds: u64) -> Request {
        code(&format!("+1415555{:04}", 2300 + index), seconds)
    }

    #[tokio::test]
    async fn neighbours_whose_codes_nobody_enters_are_blocked_for_a_while() {
        let limits = Limits { adjacent_numbers: 10, ..none() };
        let desk = Desk::with(limits.clone());
        desk.entered("+12125550100", after(0)).await;
        assert_eq!(desk.accepted((0..64).map(|it| neighbour(it, it))).await, 10);
        assert_eq!(desk.alarms().await, 1);
        let hour = Some((Detail::Velocity, 3600 - 20));
        assert_eq!(desk.ask(code("+14155559999", 30)).await, hour, "all of the prefix");
        assert_eq!(desk.ask(code("+14155652345", 30)).await, None, "and no other");
        assert_eq!(desk.ask(neighbour(70, 3610)).await, None, "it is over");

        let desk = Desk::with(limits);
        desk.entered("+14155552301", after(0)).await;
        assert_eq!(desk.accepted((0..64).map(|it| neighbour(it, it))).await, 64, "somebody lives");
        assert_eq!(desk.alarms().await, 0);
    }

    #[tokio::test]
    async fn where_nobody_tells_neighbours_raise_one_alarm_and_nothing_is_blocked() {
        let desk = Desk::with(Limits { adjacent_numbers: 10, conversion_sends: 20, ..none() });
        assert_eq!(desk.accepted((0..64).map(|it| neighbour(it, it))).await, 64);
        assert_eq!(desk.alarms().await, 1);
    }

    #[tokio::test]
    async fn what_is_refused_for_its_text_raises_no_alarm() {
        let desk = Desk::with(Limits { adjacent_numbers: 10, ..none() });
        assert_eq!(desk.accepted((0..10).map(|it| neighbour(it, it))).await, 10);
        let content = || Content::Text(Secret::new(String::new()));
        let empty = |it| Request { content: content(), ..neighbour(it, it) };
        for it in 10..15 {
            assert_eq!(desk.ask(empty(it)).await, Some((Detail::Empty, 0)));
        }
        assert_eq!(desk.alarms().await, 0);
        assert_eq!(desk.accepted((15..20).map(|it| neighbour(it, it))).await, 5);
        assert_eq!(desk.alarms().await, 1);
    }

    #[tokio::test]
    async fn a_prefix_whose_codes_are_hardly_ever_entered_is_blocked() {
        let limits = Limits { conversion_sends: 20, conversion_percent: 20, ..none() };
        // Every 100th number: no neighbours.
        let far =
            |index: u64, seconds| code(&format!("+1415555{:04}", 2000 + 100 * index), seconds);
        for (entered, later) in [(3, Some((Detail::Velocity, 3600))), (4, None)] {
            let desk = Desk::with(limits.clone());
            desk.entered("+12125550100", after(0)).await;
            assert_eq!(desk.accepted((0..20).map(|it| far(it, it))).await, 20);
            for _ in 0..entered {
                desk.entered(PHONE, after(0)).await;
            }
            assert_eq!(desk.ask(far(21, 600)).await, None, "people have time to enter them");
            assert_eq!(desk.ask(far(22, 1000)).await, later, "{entered} of 20");
        }
    }

    /// Okta tells nothing of its codes, whatever another client tells of its own.
    #[tokio::test]
    async fn who_tells_nothing_is_not_judged_by_what_others_tell() {
        let desk = Desk::with(Limits::default());
        desk.entered("+12125550100", after(0)).await;
        let of_okta = |request: Request| {
            let actor = Actor { id: "okta-telephony-hook".into(), ..Actor::default() };
            Request { actor, ..request }
        };
        // 40 people of one prefix in four hours, none of them neighbours.
        let far = |it: u64| code(&format!("+1415555{:04}", 2000 + 100 * it), it * 360);
        assert_eq!(desk.accepted((0..40).map(|it| of_okta(far(it)))).await, 40);
        // 15 neighbours within ten minutes.
        let near = |it: u64| code(&format!("+1415556{:04}", 2300 + it), it * 30);
        assert_eq!(desk.accepted((0..15).map(|it| of_okta(near(it)))).await, 15);
        assert_eq!(desk.alarms().await, 1);
        assert_eq!(desk.ask(near(20)).await, None, "nor is who tells judged by those of Okta");
        assert_eq!(desk.ask(code("+14155559999", 20_000)).await, None);

        let desk = Desk::with(Limits { adjacent_numbers: 10, ..none() });
        desk.entered_of("okta-telephony-hook", "+12125550100", after(0)).await;
        let asked = (0..15).map(|it| of_okta(near(it)));
        assert_eq!(desk.accepted(asked).await, 10, "somebody tells for it");
    }
}
