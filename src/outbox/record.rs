//! Puts the law into force: loads a message, steps it, stores what changed, writes its events.

use std::{collections::BTreeSet, time::Duration};

use tracing::{debug, error};

use super::{
    report,
    step::{Effect, Event, Rules, step},
};
use crate::{
    domain::{
        self, Attempt, Channel, Detail, End, EventKind, MessageId, NewMessage, Outcome, Phase,
        Progress, Report, Subject, Timestamp, TransactionId,
    },
    store::{self, Tx, message::Account},
};

/// How long a message that cannot be read, and whose time is up, is let be before somebody is told of it again.
const LET_BE: Duration = Duration::from_secs(86_400);

/// What becomes of the others in a transaction where one message cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Nothing is done. It hardly ever happens, and costs nothing until then.
    Together,
    /// They go on: each is worked on in a savepoint of its own.
    Apart,
}

impl Care {
    /// Does `work` with the message `key`. [`Apart`](Self::Apart), one that cannot be read is told of, put off and
    /// passed over: `None`, and nothing is left of what was done with it.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) fn take<T>(
        self,
        tx: &Tx<'_>,
        key: i64,
        now: Timestamp,
        work: impl FnOnce(&Tx<'_>) -> Result<T, store::Error>,
    ) -> Result<Option<T>, store::Error> {
        if self == Self::Together {
            return work(tx).map(Some);
        }
        let done = tx.pass_over(work, |cause| {
            error!(message.key = key, %cause, "a message cannot be read: it is passed over");
        })?;
        if done.is_none() {
            store::progress::put_off(tx, key, now, now.after(LET_BE))?;
        }
        Ok(done)
    }
}

/// Lets `event` happen to the message `key`, inside one transaction with everything that follows
/// from it, and answers how far the message has come.
///
/// # Errors
/// Those of the store.
pub fn apply(
    tx: &Tx<'_>,
    key: i64,
    event: Event,
    now: Timestamp,
    rules: Rules,
) -> Result<Progress, store::Error> {
    let before = store::progress::load(tx, key)?;
    // Reports may wait for what is answered or given up now.
    let answered = |attempt: &Attempt| match &event {
        Event::Accepted(segment, _) | Event::Refused(segment, _) | Event::Silent(segment) => {
            attempt.key == segment.attempt
        }
        Event::Crashed => true,
        Event::Claimed(_)
        | Event::Begun(..)
        | Event::Reported(..)
        | Event::CutOff(_)
        | Event::ModemLost(_)
        | Event::Deadline(_)
        | Event::Shifted(_)
        | Event::Stranded
        | Event::Cancelled => false,
    };
    let answered = before.attempts.iter().filter(|attempt| answered(attempt));
    let sims: BTreeSet<_> = answered.map(|attempt| attempt.sim.clone()).collect();
    let (after, effects) = step(before.clone(), event, now, rules);
    store::progress::save(tx, key, &before, &after)?;
    for effect in effects {
        execute(tx, key, &after, effect, now)?;
    }
    // Reports may have waited for these answers; hardly ever, so that the recipient is read only then.
    let mut taken_up = false;
    for sim in sims {
        if !store::early_report::any(tx, &sim)? {
            continue;
        }
        let (subject, _) = store::message::subject(tx, key)?;
        if let Some(recipient) = subject.recipient {
            taken_up |= report::take_up(tx, &sim, &recipient, now, rules)?;
        }
    }
    if taken_up { store::progress::load(tx, key) } else { Ok(after) }
}

/// Cancels the message `id`; answers how far it has come, or `None` where there is no such message.
///
/// # Errors
/// Those of the store.
pub fn cancel(
    tx: &Tx<'_>,
    id: MessageId,
    now: Timestamp,
    rules: Rules,
) -> Result<Option<Progress>, store::Error> {
    let Some(key) = store::message::key_of(tx, id)? else { return Ok(None) };
    apply(tx, key, Event::Cancelled, now, rules).map(Some)
}

/// Whoever asked for the message `key` has gone without an answer, and sends it by other means: it is
/// cancelled, or, where it may be on the air, not sent again. Where somebody was told that it goes on, it does.
///
/// # Errors
/// Those of the store.
pub fn abandon(tx: &Tx<'_>, key: i64, now: Timestamp, rules: Rules) -> Result<(), store::Error> {
    if store::message::set_abandoned(tx, key)? {
        apply(tx, key, Event::Cancelled, now, rules)?;
    }
    Ok(())
}

/// Accepts what goes out in the place of the message `key`.
fn fall_back(tx: &Tx<'_>, key: i64, state: &Progress, now: Timestamp) -> Result<(), store::Error> {
    let Some(fallback) = store::fallback::take(tx, key)? else { return Ok(()) };
    let (subject, _) = store::message::subject(tx, key)?;
    let recipient = subject.recipient.clone().ok_or(store::Error::Missing("the recipient"))?;
    let (reference, flash) = store::message::wishes(tx, key)?;
    let id = store::message::next_id(tx)?;
    let message = NewMessage {
        id,
        subject: Subject {
            transaction_id: TransactionId::generate(),
            message: Some(id),
            channel: fallback.service.channel(),
            ..subject.clone()
        },
        recipient,
        service: fallback.service,
        body: fallback.body,
        fallback: None,
        fallback_of: subject.message,
        flash,
        lane: state.lane,
        // The modem that was asked for may not be one that can do this.
        sender: None,
        on_unknown: state.on_unknown,
        awaited: false,
        // What it stands in for was counted.
        counted: None,
        reference,
        created_at: now,
        not_before: now,
        expires_at: fallback.expires_at,
    };
    store::message::insert(tx, &message).map(drop)
}

fn execute(
    tx: &Tx<'_>,
    key: i64,
    state: &Progress,
    effect: Effect,
    now: Timestamp,
) -> Result<(), store::Error> {
    let (kind, outcome, detail) = match effect {
        Effect::EraseText => return store::message::erase_text(tx, key),
        Effect::EraseFallback => return store::fallback::erase(tx, key),
        Effect::FallBack => return fall_back(tx, key, state, now),
        Effect::LogSend(outcome, detail) => (EventKind::Send, outcome, detail),
        Effect::LogStatus(outcome, detail) => (EventKind::Status, outcome, detail),
        Effect::LogResend => (EventKind::Resend, Outcome::Unknown, Some(Detail::AnswerLost)),
        Effect::LogLateReport(Report::Failed(detail)) => {
            (EventKind::LateReport, Outcome::Failure, Some(detail))
        }
        Effect::LogLateReport(Report::Delivered) => (EventKind::LateReport, Outcome::Success, None),
        Effect::LogLateReport(Report::StillTrying) => {
            debug!("a late report says that the service centre is still trying");
            return Ok(());
        }
    };
    let (subject, account) = store::message::subject(tx, key)?;
    if let Effect::LogStatus(..) = effect
        && is_as_if_never_asked_for(state, &account)
    {
        store::traffic::take_back(tx, key)?;
    }
    let attempt = state.telling_attempt();
    if let (Effect::LogStatus(outcome, _), Some(attempt)) = (effect, attempt)
        && attempt.reports
        && subject.channel == Channel::Sms
        && state.sent_at.is_some()
    {
        let region = subject.region.as_deref().unwrap_or_default();
        let delivered = outcome == Outcome::Success;
        store::sim::count_delivery(tx, &attempt.sim, region, now, delivered)?;
    }
    let modem = attempt.map(|attempt| attempt.modem.clone());
    let event = domain::Event::new(kind, outcome, subject, now)
        .because(detail)
        .through(modem, account.submits, account.cost)
        .timed(account.accepted_at, state.sent_at)
        .calling(account.call);
    store::event::append(tx, &event)
}

/// Whether a message that ends disturbed nobody and cost nothing: it was cancelled or had no time left before any of
/// it went out, and nothing else does in its place. What the network refused for good counts: nobody makes this box
/// ask again and again. So does a call once it was dialled.
fn is_as_if_never_asked_for(state: &Progress, account: &Account) -> bool {
    let given_up = match state.phase {
        Phase::Ended(End::Cancelled) => true,
        Phase::Ended(End::Expired) => state.fallback_until.is_none(),
        Phase::Ended(End::Delivered | End::Undelivered | End::Failed | End::Unknown)
        | Phase::Queued
        | Phase::Sending
        | Phase::Sent => false,
    };
    given_up && account.submits == 0
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        domain::{
            Body, CallTimes, Counted, E164, Fallback, Lane, Money, OnUnknown, ReceivedReport,
            Refusal, RefusalClass, Said, SegmentId, Service,
        },
        store::{samples, traffic::Kind},
    };

    const RULES: Rules = Rules { resend_after: Duration::from_secs(20) };

    fn code_by_call(now: Timestamp) -> NewMessage {
        let call = Body { encoding: None, ..samples::body("481592") };
        let call = Body { locale: Some("de".into()), ..call };
        let expires_at = now.after(Duration::from_secs(300));
        NewMessage {
            fallback: Some(Fallback {
                service: Service::Call { says: Said::Code, keys: true },
                body: call,
                expires_at,
            }),
            lane: Lane::Otp,
            on_unknown: OnUnknown::Resend,
            reference: Some("mine".into()),
            expires_at: now.after(Duration::from_secs(150)),
            ..samples::message(now)
        }
    }

    fn call(now: Timestamp) -> NewMessage {
        let sample = samples::message(now);
        let subject = Subject { channel: Channel::Voice, ..sample.subject.clone() };
        let body = Body { encoding: None, ..samples::body("hello") };
        NewMessage {
            subject,
            body,
            service: Service::Call { says: Said::Code, keys: false },
            ..sample
        }
    }

    const SEGMENT: SegmentId = SegmentId::first_of(1, 1);

    fn attempt(now: Timestamp) -> Attempt {
        samples::attempt(SEGMENT, now)
    }

    /// Whether the text of the message `key`, and what is to go out in its place, are kept.
    fn texts_left(tx: &Tx<'_>, key: i64) -> (bool, bool) {
        let sent = store::message::outgoing(tx, key).unwrap().is_some();
        (sent, store::fallback::take(tx, key).unwrap().is_some())
    }

    #[test]
    fn what_expires_goes_out_by_the_other_channel_with_the_time_that_is_left() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let text = code_by_call(now);
            let key = store::message::insert(tx, &text).unwrap();
            let later = now.after(Duration::from_secs(150));
            let ended = apply(tx, key, Event::Deadline(None), later, RULES).unwrap();
            assert_eq!(ended.phase, Phase::Ended(End::Expired));
            assert_eq!(texts_left(tx, key), (false, false));
            let [call, parent] = &store::message::newest(tx, None, 9).unwrap()[..] else {
                panic!("one message came of it")
            };
            assert_eq!((call.fallback_of, parent.fallback), (Some(text.id), Some(Channel::Voice)));
            assert_eq!(
                (call.service, call.lane),
                (Service::Call { says: Said::Code, keys: true }, Lane::Otp)
            );
            assert_eq!((call.subject.channel, call.phase), (Channel::Voice, Phase::Queued));
            assert_ne!(call.subject.transaction_id, parent.subject.transaction_id);
            assert_eq!(call.subject.recipient, parent.subject.recipient);
            assert_eq!(call.reference.as_deref(), Some("mine"));
            assert_eq!(call.expires_at.since(now), Duration::from_secs(300));
            let outgoing = store::message::outgoing(tx, call.key).unwrap().unwrap();
            assert_eq!(
                (outgoing.text.reveal(), outgoing.service),
                ("481592", Service::Call { says: Said::Code, keys: true })
            );
            assert_eq!(outgoing.locale.as_deref(), Some("de"));
        });
    }

    #[test]
    fn what_arrives_needs_no_other_channel_and_what_fails_late_gets_none() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let cancelled = store::message::insert(tx, &code_by_call(now)).unwrap();
            apply(tx, cancelled, Event::Cancelled, now, RULES).unwrap();
            assert_eq!(texts_left(tx, cancelled), (false, false));
            let late = store::message::insert(tx, &code_by_call(now)).unwrap();
            let after_all = now.after(Duration::from_secs(300));
            apply(tx, late, Event::Deadline(None), after_all, RULES).unwrap();
            assert_eq!(texts_left(tx, late), (false, false));
            assert_eq!(store::message::newest(tx, None, 9).unwrap().len(), 2, "no more came");
        });
    }

    #[test]
    fn a_text_that_stands_in_for_a_call_is_shown_at_once_where_that_was_asked_for() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let body = samples::body("hello");
            let expires_at = now.after(Duration::from_secs(300));
            let fallback = Some(Fallback { service: Service::Text, body, expires_at });
            let called = NewMessage { fallback, flash: true, ..call(now) };
            let key = store::message::insert(tx, &called).unwrap();
            apply(tx, key, Event::Deadline(None), called.expires_at, RULES).unwrap();
            let text = store::message::newest(tx, None, 1).unwrap()[0].key;
            assert!(store::message::outgoing(tx, text).unwrap().unwrap().flash);
        });
    }

    /// A modem restarts while the phone rings, and no other one places calls.
    #[test]
    fn a_text_goes_out_at_half_of_the_time_of_a_call_whose_end_nobody_saw() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let (half, end) =
                (now.after(Duration::from_secs(150)), now.after(Duration::from_secs(300)));
            let body = samples::body("hello");
            let fallback = Some(Fallback { service: Service::Text, body, expires_at: end });
            let called = NewMessage { fallback, expires_at: half, ..call(now) };
            let key = store::message::insert(tx, &called).unwrap();
            let attempt = Attempt { settle: Duration::from_secs(600), ..attempt(now) };
            apply(tx, key, Event::Claimed(attempt), now, RULES).unwrap();
            let waits = apply(tx, key, Event::Silent(SEGMENT), now, RULES).unwrap();
            assert_eq!(waits.deadline_at, Some(half));
            apply(tx, key, Event::Deadline(None), half, RULES).unwrap();
            let [text, call] = &store::message::newest(tx, None, 9).unwrap()[..] else { panic!() };
            assert_eq!(
                (call.phase, call.reason),
                (Phase::Ended(End::Unknown), Some(Detail::AnswerLost))
            );
            assert_eq!((text.fallback_of, text.expires_at), (Some(called.id), end));
            assert!(store::message::outgoing(tx, text.key).unwrap().is_some());
        });
    }

    #[test]
    fn what_goes_out_in_its_place_lives_as_long_where_the_clock_is_set() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let key = store::message::insert(tx, &code_by_call(now)).unwrap();
            let set = now.after(Duration::from_secs(86_400));
            apply(tx, key, Event::Shifted(86_400_000), set, RULES).unwrap();
            let later = set.after(Duration::from_secs(150));
            apply(tx, key, Event::Deadline(None), later, RULES).unwrap();
            let call = &store::message::newest(tx, None, 9).unwrap()[0];
            assert_eq!(
                (call.subject.channel, call.expires_at.since(set).as_secs()),
                (Channel::Voice, 300)
            );
        });
    }

    #[test]
    fn a_code_of_an_earlier_boot_has_no_other_channel_either() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let key = store::message::insert(tx, &code_by_call(now)).unwrap();
            apply(tx, key, Event::Stranded, now, RULES).unwrap();
            assert_eq!(store::message::newest(tx, None, 9).unwrap().len(), 1);
            assert_eq!(texts_left(tx, key), (false, false));
        });
    }

    /// How many messages the recipient of `message` received as limits see it, and how many they count for its prefix.
    fn counted(tx: &Tx<'_>, message: &NewMessage) -> (u32, u32) {
        let (ages, end) = (Timestamp::from_unix_ms(0), message.created_at);
        let mut received = 0;
        let count = |_| {
            received += 1;
            false
        };
        store::traffic::received(tx, &message.recipient, (ages, end), |_| true, count).unwrap();
        let prefix = store::traffic::prefix(&message.recipient);
        let slots = store::traffic::slots(tx, Kind::Prefix, prefix, ages, end).unwrap();
        (received, slots.iter().map(|slot| slot.accepted + slot.told).sum())
    }

    /// A message as limits counted it.
    fn of_limits(tx: &Tx<'_>, message: NewMessage) -> NewMessage {
        let slot = Kind::Prefix.slot_of(message.created_at);
        let prefix = store::traffic::prefix(&message.recipient);
        store::traffic::count_accepted(tx, Kind::Prefix, prefix, slot, true).unwrap();
        NewMessage { counted: Some(Counted { fresh: false, told: true }), ..message }
    }

    #[test]
    fn what_never_went_out_is_no_message_that_its_number_received() {
        let now = Timestamp::now();
        let late = now.after(Duration::from_secs(600));
        let busy = Refusal { detail: Detail::NetworkBusy, class: RefusalClass::Network };
        let unassigned = Refusal { detail: Detail::Unassigned, class: RefusalClass::Permanent };
        let doubtful = Refusal { detail: Detail::ModemFault, class: RefusalClass::Doubtful };
        let (cancelled, refused) = (Event::Cancelled, |why| Event::Refused(SEGMENT, why));
        let expired = || Event::Deadline(None);
        let claimed = || Event::Claimed(attempt(now));
        let (text, or_call) = (samples::message(now), code_by_call(now));
        for (message, events, left) in [
            (&text, vec![cancelled.clone()], 0),
            (&text, vec![expired()], 0),
            (&or_call, vec![cancelled], 0),
            (&text, vec![claimed(), refused(busy), expired()], 0),
            (&text, vec![claimed(), refused(unassigned)], 1),
            (&text, vec![claimed(), refused(doubtful), expired()], 1),
            (&text, vec![claimed(), Event::Silent(SEGMENT), expired()], 1),
            (&text, vec![claimed(), Event::Accepted(SEGMENT, Some(7)), expired()], 1),
            (&call(now), vec![claimed(), refused(busy), expired()], 1),
        ] {
            samples::Memory::new().run(|tx| {
                let message = of_limits(tx, message.clone());
                let key = store::message::insert(tx, &message).unwrap();
                assert_eq!(counted(tx, &message), (1, 2));
                for event in &events {
                    let is_text = message.subject.channel == Channel::Sms;
                    if matches!(event, Event::Claimed(_)) {
                        store::message::book(tx, key, None).unwrap();
                    } else if let Event::Refused(_, why) = event
                        && is_text
                        && why.class != RefusalClass::Doubtful
                    {
                        store::message::take_back(tx, key, None).unwrap();
                    }
                    let at = if *event == expired() { late } else { now };
                    apply(tx, key, event.clone(), at, RULES).unwrap();
                }
                assert_eq!(counted(tx, &message), (left, 2 * left), "{events:?}");
            });
        }
    }

    #[test]
    fn what_has_something_in_its_place_is_counted_and_that_is_not_counted_twice() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let message = of_limits(tx, code_by_call(now));
            let key = store::message::insert(tx, &message).unwrap();
            let later = now.after(Duration::from_secs(150));
            apply(tx, key, Event::Deadline(None), later, RULES).unwrap();
            let call = store::message::newest(tx, None, 1).unwrap()[0].key;
            apply(tx, call, Event::Cancelled, later, RULES).unwrap();
            assert_eq!(counted(tx, &message), (1, 2));
        });
    }

    #[test]
    fn what_limits_did_not_count_is_not_taken_back_from_others() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let known = samples::message(now);
            let key = store::message::insert(tx, &known).unwrap();
            let other = NewMessage { recipient: E164::new("+14155552346").unwrap(), ..known };
            let other = of_limits(tx, other);
            apply(tx, key, Event::Cancelled, now, RULES).unwrap();
            assert_eq!(counted(tx, &other).1, 2);
        });
    }

    #[test]
    fn a_call_is_told_with_how_long_it_took() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let key = store::message::insert(tx, &call(now)).unwrap();
            apply(tx, key, Event::Claimed(attempt(now)), now, RULES).unwrap();
            apply(tx, key, Event::Accepted(SEGMENT, None), now, RULES).unwrap();
            let seconds = Duration::from_secs;
            let times = CallTimes { setup: seconds(2), ring: seconds(9), talk: seconds(61) };
            let price = Money::parse("0.05").unwrap();
            store::call::note(tx, key, times, Some(price.times(times.minutes()))).unwrap();
            let ended =
                apply(tx, key, Event::Reported(SEGMENT, Report::Delivered), now, RULES).unwrap();
            assert_eq!(ended.phase, Phase::Ended(End::Delivered));
            let events = store::event::after(tx, 0, 9).unwrap();
            let told: Vec<_> = events
                .iter()
                .map(|it| (it.event_type.as_str(), it.talk_ms, it.cost_micros))
                .collect();
            assert_eq!(
                told,
                [
                    ("system.voice.send_call", None, None),
                    ("system.voice.receive_status", Some(61_000), Some(100_000)),
                ]
            );
            let month = now.start_of_month();
            let end = Timestamp::of_month(month.month() + 1).unwrap();
            let usage = store::usage::by_day(tx, month, end).unwrap();
            assert_eq!(usage.iter().map(|it| it.talk).sum::<Duration>(), seconds(61));
        });
    }

    /// A message that went out then through `sim`.
    fn begun(tx: &Tx<'_>, sim: &str, message: &NewMessage, at: Timestamp) -> SegmentId {
        let key = store::message::insert(tx, message).unwrap();
        begun_again(tx, SegmentId::first_of(key, 1), sim, at)
    }

    fn begun_again(tx: &Tx<'_>, segment: SegmentId, sim: &str, at: Timestamp) -> SegmentId {
        let attempt = samples::attempt(segment, at);
        let attempt = Attempt { sim: sim.into(), modem: format!("modem of {sim}"), ..attempt };
        apply(tx, segment.message(), Event::Claimed(attempt), at, RULES).unwrap();
        segment
    }

    fn report(tx: &Tx<'_>, sim: &str, reference: u8, at: Timestamp) {
        report::receive(tx, sim, &samples::report(reference), at, RULES).unwrap();
    }

    fn phase(tx: &Tx<'_>, segment: SegmentId) -> Phase {
        store::progress::load(tx, segment.message()).unwrap().phase
    }

    #[test]
    fn a_report_finds_its_segment_however_far_the_clock_was_set() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let segment = begun(tx, "sim", &samples::message(start), start);
            apply(tx, segment.message(), Event::Accepted(segment, Some(9)), start, RULES).unwrap();
            let jump = 30 * 86_400_000;
            let set = start.moved_by(jump);
            apply(tx, segment.message(), Event::Shifted(jump), set, RULES).unwrap();
            report(tx, "sim", 9, set.after(Duration::from_secs(3)));
            assert_eq!(phase(tx, segment), Phase::Ended(End::Delivered));
        });
    }

    #[test]
    fn a_report_that_comes_again_is_known_by_when_its_segment_was_taken_however_late() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let at = |seconds| start.after(Duration::from_secs(seconds));
            let report = |taken: i64, seconds| {
                // The clock of the service centre is another.
                let taken_at = Some(Timestamp::from_unix_ms(taken * 1000));
                let received = ReceivedReport { taken_at, ..samples::report(7) };
                report::receive(tx, "sim", &received, at(seconds), RULES).unwrap();
            };
            let first = begun(tx, "sim", &samples::message(start), start);
            apply(tx, first.message(), Event::Accepted(first, Some(7)), at(1), RULES).unwrap();
            report(100, 2);
            assert_eq!(phase(tx, first), Phase::Ended(End::Delivered));
            let second = begun(tx, "sim", &samples::message(start), at(100));
            report(100, 101);
            apply(tx, second.message(), Event::Silent(second), at(110), RULES).unwrap();
            report(100, 120);
            assert_eq!(phase(tx, second), Phase::Sending, "these were of the first one");
            report(200, 121);
            assert_eq!(phase(tx, second), Phase::Ended(End::Delivered), "this one is not");
        });
    }

    #[test]
    fn a_report_on_a_message_that_cannot_be_read_undoes_nothing_of_another() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let at = |seconds| start.after(Duration::from_secs(seconds));
            let accepted = |segment: SegmentId, reference, now| {
                apply(tx, segment.message(), Event::Accepted(segment, Some(reference)), now, RULES)
            };
            let first = begun(tx, "sim", &samples::message(start), start);
            accepted(first, 7, start).unwrap();
            report(tx, "sim", 7, at(1));
            let second = begun(tx, "sim", &samples::message(start), at(100));
            // It may be the second one's, and is the first one's.
            report(tx, "sim", 7, at(101));
            samples::damage(tx, first.message(), "reason");
            accepted(second, 8, at(102)).unwrap();
            assert_eq!(phase(tx, second), Phase::Sent);
        });
    }

    #[test]
    fn work_on_a_message_that_panics_is_passed_over_and_undone() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let key = store::message::insert(tx, &samples::message(now)).unwrap();
            let work = |tx: &Tx<'_>| {
                store::message::book(tx, key, None)?;
                panic!("on purpose")
            };
            assert!(Care::Apart.take::<()>(tx, key, now, work).unwrap().is_none());
            assert_eq!(store::message::subject(tx, key).unwrap().1.submits, 0);
        });
    }

    #[test]
    fn a_report_that_names_few_digits_is_of_what_waits_for_one_to_a_number_that_ends_in_them() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let segment = begun(tx, "sim", &samples::message(now), now);
            apply(tx, segment.message(), Event::Accepted(segment, Some(7)), now, RULES).unwrap();
            let receive = |digits: &str| {
                let received = ReceivedReport { tail: digits.into(), ..samples::report(7) };
                let heard = now.after(Duration::from_secs(1));
                report::receive(tx, "sim", &received, heard, RULES).unwrap();
                phase(tx, segment)
            };
            let ends_in = &samples::report(7).tail[3..];
            assert_eq!(receive("9999"), Phase::Sent);
            assert_eq!(receive(ends_in), Phase::Ended(End::Delivered));
            // It comes again, and is of none of those whose answers are missing.
            let [on_the_air, silent] =
                [(); 2].map(|()| begun(tx, "sim", &samples::message(now), now));
            receive(ends_in);
            assert_eq!(phase(tx, on_the_air), Phase::Sending);
            apply(tx, silent.message(), Event::Silent(silent), now, RULES).unwrap();
            receive(ends_in);
            assert_eq!([on_the_air, silent].map(|it| phase(tx, it)), [Phase::Sending; 2]);
        });
    }

    /// A phone that was off for long, and many messages meanwhile: its modem has begun to count its references anew.
    #[test]
    fn two_that_wait_with_one_reference_get_a_report_each() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let at = |seconds| start.after(Duration::from_secs(seconds));
            let send = |seconds| {
                let segment = begun(tx, "sim", &samples::message(start), at(seconds));
                let answer = Event::Accepted(segment, Some(7));
                apply(tx, segment.message(), answer, at(seconds + 1), RULES).unwrap();
                segment
            };
            let (first, second) = (send(0), send(100));
            for (taken, seconds) in [(1, 200), (101, 260)] {
                let taken_at = Some(at(taken));
                let received = ReceivedReport { taken_at, ..samples::report(7) };
                report::receive(tx, "sim", &received, at(seconds), RULES).unwrap();
            }
            let delivered = Phase::Ended(End::Delivered);
            assert_eq!([phase(tx, first), phase(tx, second)], [delivered, delivered]);
        });
    }

    /// None of the reports says when its segment was taken.
    #[test]
    fn of_those_that_wait_with_one_reference_the_newest_gets_the_first_report() {
        let full = samples::report(7).tail;
        for tail in [full.as_str(), &full[3..]] {
            samples::Memory::new().run(|tx| {
                let start = Timestamp::now();
                let at = |seconds| start.after(Duration::from_secs(seconds));
                let sent = [0, 20, 40].map(|seconds| {
                    let segment = begun(tx, "sim", &samples::message(start), at(seconds));
                    let answer = Event::Accepted(segment, Some(7));
                    apply(tx, segment.message(), answer, at(seconds), RULES).unwrap();
                    segment
                });
                // Apart enough not to be one that is told twice.
                let delivered = |seconds| {
                    let received = ReceivedReport { tail: tail.into(), ..samples::report(7) };
                    report::receive(tx, "sim", &received, at(seconds), RULES).unwrap();
                    sent.map(|segment| phase(tx, segment) == Phase::Ended(End::Delivered))
                };
                assert_eq!(delivered(100), [false, false, true], "{tail}");
                assert_eq!(delivered(160), [false, true, true], "{tail}");
            });
        }
    }

    /// The modem has counted its references round since.
    #[test]
    fn a_report_is_of_nothing_that_went_out_more_than_a_week_ago() {
        let week = 7 * 86_400;
        let answers: [fn(SegmentId) -> Event; 2] =
            [|it| Event::Accepted(it, Some(7)), Event::Silent];
        for answer in answers {
            for (seconds, is_of_it) in [(week, true), (week + 1, false)] {
                samples::Memory::new().run(|tx| {
                    let start = Timestamp::now();
                    let segment = begun(tx, "sim", &samples::message(start), start);
                    let answer = answer(segment);
                    apply(tx, segment.message(), answer.clone(), start, RULES).unwrap();
                    report(tx, "sim", 7, start.after(Duration::from_secs(seconds)));
                    let delivered = phase(tx, segment) == Phase::Ended(End::Delivered);
                    assert_eq!(delivered, is_of_it, "{answer:?} {seconds}");
                });
            }
        }
    }

    #[test]
    fn a_report_after_the_end_of_a_message_is_told_and_changes_nothing() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let at = |seconds| start.after(Duration::from_secs(seconds));
            let message = samples::message(start);
            let segment = begun(tx, "sim", &message, start);
            apply(tx, segment.message(), Event::Accepted(segment, Some(7)), at(1), RULES).unwrap();
            apply(tx, segment.message(), Event::Deadline(None), at(301), RULES).unwrap();
            let before = store::event::newest(tx).unwrap();
            let failed = Report::Failed(Detail::Unassigned);
            for (report, seconds) in
                [Report::StillTrying, Report::Delivered, failed].into_iter().zip(302..)
            {
                let received = ReceivedReport { report, ..samples::report(7) };
                report::receive(tx, "sim", &received, at(seconds), RULES).unwrap();
            }
            let events = store::event::after(tx, before, 9).unwrap();
            let told: Vec<_> = events
                .iter()
                .map(|it| (it.event_type.as_str(), it.outcome.as_str(), it.reason.as_deref()))
                .collect();
            let late = "system.ringpost.late_report";
            let (arrived, failed) = (Outcome::Success.as_str(), Outcome::Failure.as_str());
            let unassigned = Some(Detail::Unassigned.as_str());
            assert_eq!(told, [(late, arrived, None), (late, failed, unassigned)]);
            let id = Some(message.id.to_string());
            assert!(events.iter().all(|it| it.message_id == id));
            assert_eq!(phase(tx, segment), Phase::Ended(End::Unknown));
        });
    }

    /// The phone was off for longer than the report of the first one was waited for; the answer to a second one is lost.
    #[test]
    fn a_late_report_of_one_is_none_of_another_whose_answer_is_missing() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let at = |seconds| start.after(Duration::from_secs(seconds));
            let first = begun(tx, "sim", &samples::message(start), start);
            apply(tx, first.message(), Event::Accepted(first, Some(7)), at(1), RULES).unwrap();
            apply(tx, first.message(), Event::Deadline(None), at(301), RULES).unwrap();
            assert_eq!(phase(tx, first), Phase::Ended(End::Unknown), "no report came");
            let second = NewMessage { expires_at: at(600), ..samples::message(at(310)) };
            let second = begun(tx, "sim", &second, at(310));
            apply(tx, second.message(), Event::Silent(second), at(320), RULES).unwrap();
            let received = ReceivedReport { taken_at: Some(at(1)), ..samples::report(7) };
            report::receive(tx, "sim", &received, at(325), RULES).unwrap();
            assert_eq!(phase(tx, second), Phase::Sending, "nobody has said a word of it");
        });
    }

    /// Two to one number: the answer to the first was lost, and the second is on the air. Whose the report is that comes
    /// now is known when the second is answered, or is given up.
    #[test]
    fn a_report_that_could_be_of_two_is_taken_up_however_the_second_comes_to_its_end() {
        let busy = Refusal { detail: Detail::NetworkBusy, class: RefusalClass::Network };
        let ends: [fn(SegmentId, Refusal) -> Event; 4] = [
            |it, _| Event::Accepted(it, Some(8)),
            |it, busy| Event::Refused(it, busy),
            |it, _| Event::Silent(it),
            |_, _| Event::Crashed,
        ];
        for end in ends {
            samples::Memory::new().run(|tx| {
                let start = Timestamp::now();
                let at = |seconds| start.after(Duration::from_secs(seconds));
                let first = begun(tx, "sim", &samples::message(start), start);
                apply(tx, first.message(), Event::Silent(first), at(10), RULES).unwrap();
                let second = begun(tx, "sim", &samples::message(start), at(11));
                report(tx, "sim", 7, at(12));
                assert_eq!(phase(tx, first), Phase::Sending, "it may be the second's");
                let end = end(second, busy);
                apply(tx, second.message(), end.clone(), at(13), RULES).unwrap();
                assert_eq!(phase(tx, first), Phase::Ended(End::Delivered), "{end:?}");
            });
        }
    }

    /// Two to one number: the first, of `start`, was given up without an answer, and then the second went on the air.
    fn one_given_up_and_one_begun(
        tx: &Tx<'_>,
        start: Timestamp,
        next: Timestamp,
    ) -> [SegmentId; 2] {
        let at = |seconds| start.after(Duration::from_secs(seconds));
        let lost = begun(tx, "sim", &samples::message(start), start);
        apply(tx, lost.message(), Event::Silent(lost), at(10), RULES).unwrap();
        apply(tx, lost.message(), Event::Deadline(None), at(500), RULES).unwrap();
        let second = NewMessage { expires_at: at(900), ..samples::message(next) };
        [lost, begun(tx, "sim", &second, next)]
    }

    #[test]
    fn of_two_whose_answers_are_missing_the_one_that_still_counts_gets_the_report() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let at = |seconds| start.after(Duration::from_secs(seconds));
            let [lost, second] = one_given_up_and_one_begun(tx, start, at(510));
            assert_eq!(phase(tx, lost), Phase::Ended(End::Unknown));
            apply(tx, second.message(), Event::Silent(second), at(520), RULES).unwrap();
            report(tx, "sim", 7, at(530));
            assert_eq!(phase(tx, second), Phase::Ended(End::Delivered));
        });
    }

    /// Of three to one number, the first was refused in doubt, the second has no answer, and the third was taken with an answer
    /// whose reference is missing.
    #[test]
    fn a_report_without_its_segment_is_of_what_is_known_best_to_have_been_taken() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let doubtful = Refusal { detail: Detail::ModemFault, class: RefusalClass::Doubtful };
            let ends: [&dyn Fn(SegmentId) -> Event; 3] =
                [&|it| Event::Refused(it, doubtful), &Event::Silent, &|it| {
                    Event::Accepted(it, None)
                }];
            let sent = ends.map(|end| {
                let segment = begun(tx, "sim", &samples::message(start), start);
                apply(tx, segment.message(), end(segment), start, RULES).unwrap();
                segment
            });
            let reported = |reference| {
                report(tx, "sim", reference, start.after(Duration::from_secs(1)));
                sent.map(|segment| phase(tx, segment) == Phase::Ended(End::Delivered))
            };
            assert_eq!(reported(7), [false, false, true]);
            assert_eq!(reported(8), [false, true, true]);
            assert_eq!(reported(9), [true; 3]);
        });
    }

    /// Of two to one number, the first was given up without an answer, and the second was refused in doubt.
    #[test]
    fn what_was_refused_in_doubt_has_a_report_of_its_own_or_none() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let at = |seconds| start.after(Duration::from_secs(seconds));
            let [_, second] = one_given_up_and_one_begun(tx, start, at(510));
            let doubtful = Refusal { detail: Detail::ModemFault, class: RefusalClass::Doubtful };
            apply(tx, second.message(), Event::Refused(second, doubtful), at(511), RULES).unwrap();
            let reported = |reference, taken, seconds| {
                let taken_at = Some(at(taken));
                let received = ReceivedReport { taken_at, ..samples::report(reference) };
                report::receive(tx, "sim", &received, at(seconds), RULES).unwrap();
                phase(tx, second)
            };
            assert_eq!(reported(7, 1, 512), Phase::Sending, "it is of the first");
            assert_eq!(reported(7, 1, 513), Phase::Sending, "it was told again");
            assert_eq!(reported(8, 510, 514), Phase::Ended(End::Delivered));
        });
    }

    /// It waited a moment for the store, and a second message to the same number was begun meanwhile.
    #[test]
    fn a_report_is_of_nothing_that_was_begun_after_it_was_heard() {
        for answer_is_missing in [false, true] {
            samples::Memory::new().run(|tx| {
                let start = Timestamp::now();
                let at = |seconds| start.after(Duration::from_secs(seconds));
                let [_, second] = one_given_up_and_one_begun(tx, start, at(500));
                if answer_is_missing {
                    apply(tx, second.message(), Event::Silent(second), at(501), RULES).unwrap();
                }
                report(tx, "sim", 7, at(500));
                assert_eq!(phase(tx, second), Phase::Sending);
                report(tx, "sim", 8, at(502));
                let delivered = phase(tx, second) == Phase::Ended(End::Delivered);
                assert_eq!(delivered, answer_is_missing, "else it waits for the answer");
            });
        }
    }

    #[test]
    fn a_report_that_is_heard_before_its_answer_finds_its_segment() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let segment = begun(tx, "sim", &samples::message(start), start);
            let answered = start.after(Duration::from_secs(2));
            let answer = Event::Accepted(segment, Some(9));
            apply(tx, segment.message(), answer, answered, RULES).unwrap();
            report(tx, "sim", 9, answered.before(Duration::from_millis(1)));
            assert_eq!(phase(tx, segment), Phase::Ended(End::Delivered));
        });
    }

    #[test]
    fn a_report_is_never_taken_for_one_of_what_ended_before_the_clock_was_set_back() {
        for (sent, reported, answered_first) in [(3600, 3602, true), (0, 100, false)] {
            samples::Memory::new().run(|tx| {
                let start = Timestamp::now();
                let at = |seconds| start.after(Duration::from_secs(seconds));
                let first = begun(tx, "sim", &samples::message(at(sent)), at(sent));
                apply(tx, first.message(), Event::Accepted(first, Some(7)), at(sent), RULES)
                    .unwrap();
                report(tx, "sim", 7, at(reported));
                assert_eq!(phase(tx, first), Phase::Ended(End::Delivered));
                // What has ended does not move with the clock.
                let second = begun(tx, "sim", &samples::message(at(50)), at(50));
                let answer = Event::Accepted(second, Some(7));
                if answered_first {
                    apply(tx, second.message(), answer.clone(), at(51), RULES).unwrap();
                }
                report(tx, "sim", 7, at(52));
                apply(tx, second.message(), answer, at(53), RULES).unwrap();
                assert_eq!(phase(tx, second), Phase::Ended(End::Delivered), "{sent}");
            });
        }
    }

    #[test]
    fn what_arrived_is_told_of_the_sim_that_sent_it() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let at = |seconds| start.after(Duration::from_secs(seconds));
            let first = begun(tx, "sim", &code_by_call(start), start);
            let key = first.message();
            apply(tx, key, Event::Silent(first), at(10), RULES).unwrap();
            let second = begun_again(tx, SegmentId::first_of(key, 2), "other", at(20));
            let busy = Refusal { detail: Detail::NetworkBusy, class: RefusalClass::Network };
            apply(tx, key, Event::Refused(second, busy), at(21), RULES).unwrap();
            apply(tx, key, Event::Reported(first, Report::Delivered), at(22), RULES).unwrap();
            let events = store::event::after(tx, 0, 9).unwrap();
            let told: Vec<_> = events.iter().map(|it| it.modem.as_deref()).collect();
            assert_eq!(told, [Some("modem of other"), Some("modem of sim"), Some("modem of sim")]);
            let judged = store::sim::delivery(tx, start).unwrap();
            let judged: Vec<_> = judged.iter().map(|it| (it.sim.as_str(), it.delivered)).collect();
            assert_eq!(judged, [("sim", 1)]);
        });
    }

    #[test]
    fn a_text_that_has_expired_is_erased_though_its_answer_is_missing() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let message = code_by_call(start);
            let segment = begun(tx, "sim", &message, start.after(Duration::from_secs(149)));
            let key = segment.message();
            apply(tx, key, Event::Silent(segment), message.expires_at, RULES).unwrap();
            assert_eq!((phase(tx, segment), texts_left(tx, key).0), (Phase::Sending, false));
        });
    }

    #[test]
    fn a_delivery_report_is_never_taken_for_that_of_a_call() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let key = store::message::insert(tx, &call(now)).unwrap();
            apply(tx, key, Event::Claimed(attempt(now)), now, RULES).unwrap();
            report(tx, "sim", 7, now);
            let progress = store::progress::load(tx, key).unwrap();
            assert_eq!(progress.phase, Phase::Sending, "it still rings");
        });
    }

    #[test]
    fn only_what_failed_for_good_falls_back() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let key = store::message::insert(tx, &code_by_call(now)).unwrap();
            apply(tx, key, Event::Claimed(attempt(now)), now, RULES).unwrap();
            let refusal = Refusal { detail: Detail::NetworkBusy, class: RefusalClass::Network };
            apply(tx, key, Event::Refused(SEGMENT, refusal), now, RULES).unwrap();
            assert_eq!(store::message::newest(tx, None, 9).unwrap().len(), 1, "it is tried again");
        });
    }
}
