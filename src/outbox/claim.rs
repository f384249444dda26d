//! The one place where work is claimed: which segment goes next on which modem.

use std::{collections::HashMap, time::Duration};

use tokio_util::sync::CancellationToken;
use tracing::error;
use zeroize::Zeroizing;

use super::{
    booking::{self, Booking},
    record::{Care, apply},
    route::{self, History, Line, Preferences},
    step::{Event, Rules, shunned_sims},
};
use crate::{
    domain::{
        Attempt, Channel, Detail, E164, Lane, Money, Progress, Refusal, RefusalClass, Said, Secret,
        Segment, SegmentId, SegmentState, Service, Timestamp,
    },
    modem::Follower,
    sms,
    store::{
        self, Tx,
        queue::{Candidate, Demand},
    },
};

/// Messages looked at in one query. Some may have to avoid the SIMs that are free, because their last
/// copy may still be on its way; then the next ones are looked at.
const PAGE: u32 = 32;

/// Longer than any call, with what comes before it: its words are made and put into the modem, which may take two
/// minutes; it is set up, rings and is talked in for six at most.
const LONGEST_CALL: Duration = Duration::from_secs(600);

/// What a claim is decided by, besides the lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Conditions {
    /// When.
    pub(super) now: Timestamp,
    /// The law's settings.
    pub(super) rules: Rules,
    /// What decides between lines.
    pub(super) preferences: Preferences,
    /// What becomes of the others where a message cannot be read.
    pub(super) care: Care,
}

#[cfg(test)]
impl Conditions {
    /// At that time, with what nobody has set.
    pub(super) fn sample(now: Timestamp) -> Self {
        let rules = Rules { resend_after: Duration::from_secs(20) };
        Self { now, rules, preferences: Preferences::default(), care: Care::Together }
    }
}

/// What a modem shall do for a segment.
#[derive(Debug)]
pub(super) enum Job {
    /// Submit it.
    Submit {
        /// The octets.
        tpdu: Zeroizing<Vec<u8>>,
        /// Whether enough segments follow it at once to be worth holding the link to the network.
        more: bool,
        /// What most likely follows it.
        follower: Option<Follower>,
    },
    /// Place a call.
    Call(Box<Call>),
}

/// A call to be placed.
#[derive(Debug)]
pub(super) struct Call {
    /// Whom to ring.
    pub(super) number: E164,
    /// What to say.
    pub(super) text: Secret,
    /// Whether that is a text or a code.
    pub(super) says: Said,
    /// In which language.
    pub(super) locale: String,
    /// Whether a key has to be pressed first.
    pub(super) confirm: bool,
    /// Its lane.
    pub(super) lane: Lane,
    /// Nobody's phone rings for it from this on.
    pub(super) expires_at: Timestamp,
    /// What a minute costs, where that is known.
    pub(super) price: Option<Money>,
}

/// A segment that is to go on the air; its intent is stored.
#[derive(Debug)]
pub(super) struct Claimed {
    /// The modem, by its place in the configuration.
    pub(super) index: usize,
    /// The segment.
    pub(super) segment: SegmentId,
    /// The lane of its message.
    pub(super) lane: Lane,
    /// What the modem shall do.
    pub(super) job: Job,
    /// What its SIM is charged with.
    pub(super) booking: Booking,
    /// Segments of its attempt that are to be sent, with this one.
    pub(super) left: u32,
}

impl Claimed {
    /// Notes whether enough segments follow it at once to be worth holding the link to the network.
    pub(super) const fn announce(&mut self, enough: bool) {
        if let Job::Submit { more, .. } = &mut self.job {
            *more = enough;
        }
    }
}

/// Gives each line that is free the most urgent segment that it may send, if there is one.
///
/// # Errors
/// Those of the store.
pub(super) fn claim(
    tx: &Tx<'_>,
    lines: &[Line],
    conditions: Conditions,
) -> Result<Vec<Claimed>, store::Error> {
    let mut claimed = Vec::new();
    let mut free: Vec<&Line> = lines.iter().filter(|line| line.idle).collect();
    let calls_wait = free.iter().any(|line| line.voice.is_some()) && store::queue::calls_wait(tx)?;
    let services = if calls_wait { Service::ALL.as_slice() } else { &[Service::Text] };
    let mut begun = HashMap::new();
    for line in &free {
        let next = store::queue::next_pending(tx, &line.sim)?;
        // A SIM that was moved is in two modems, as long as the first has not noticed.
        let next = next.filter(|next| begun.values().all(|it: &store::queue::Pending| it != next));
        begun.extend(next.map(|next| (line.index, next)));
    }
    for lane in Lane::ALL {
        let (now_free, resting): (Vec<_>, Vec<_>) =
            free.into_iter().partition(|line| route::is_free(line, lane, conditions.now));
        // A segment of an attempt that was begun goes before new messages of the same lane.
        let mut waiting = Vec::new();
        for line in now_free {
            let Some(next) = begun.get(&line.index).filter(|next| next.lane == lane).copied()
            else {
                waiting.push(line);
                continue;
            };
            let message = next.segment.message();
            let follow = |tx: &Tx<'_>| follow(tx, line, next.segment, conditions);
            match conditions.care.take(tx, message, conditions.now, follow)?.flatten() {
                Some(followed) => claimed.push(followed),
                None => {
                    // It was dropped instead; there may be others.
                    begun.remove(&line.index);
                    let next = store::queue::next_pending(tx, &line.sim)?;
                    begun.extend(next.map(|next| (line.index, next)));
                    waiting.push(line);
                }
            }
        }
        // Of those that were looked at, some may only use lines that others got: then the next ones are looked at,
        // or a line would be free for a less urgent lane while codes wait.
        let mut any = true;
        while any && !waiting.is_empty() {
            (waiting, any) =
                begin_all(tx, (lane, services), waiting, lines, conditions, &mut claimed)?;
        }
        free = [waiting, resting].concat();
    }
    Ok(claimed)
}

/// Lets messages of `lane` that want one of `services` begin on the lines that are free, in the order in which
/// they are due; answers the lines that are left, and whether there was any.
fn begin_all<'l>(
    tx: &Tx<'_>,
    (lane, services): (Lane, &[Service]),
    mut free: Vec<&'l Line>,
    lines: &[Line],
    conditions: Conditions,
    claimed: &mut Vec<Claimed>,
) -> Result<(Vec<&'l Line>, bool), store::Error> {
    let mut any = false;
    let mut choices = Vec::new();
    let mut demands = Vec::new();
    for service in services {
        demands.extend(store::queue::demands(tx, lane, *service)?);
    }
    for demand in demands {
        choices.extend(candidates(tx, demand, &free, lines, conditions)?);
    }
    choices.sort_by_key(|choice| (choice.candidate.due, choice.candidate.key));
    for choice in choices {
        let able = free.iter().copied().filter(|line| choice.may_use(line, lines));
        let best = route::best(able, &choice.demand, choice.history(), conditions.preferences);
        let Some(line) = best else { continue };
        let begin = |tx: &Tx<'_>| begin(tx, line, &choice, conditions);
        let begun = conditions.care.take(tx, choice.candidate.key, conditions.now, begin)?;
        match begun.unwrap_or(Begun::Dropped) {
            Begun::OnTheAir(begun) => {
                free.retain(|it| it.index != line.index);
                claimed.push(begun);
                any = true;
            }
            Begun::Dropped => any = true,
            Begun::WithoutText => {}
        }
        if free.is_empty() {
            break;
        }
    }
    Ok((free, any))
}

/// What came of a message that was to begin.
enum Begun {
    OnTheAir(Claimed),
    /// Its time had just run out, or it cannot be read or written: others may begin.
    Dropped,
    /// It stays as it is.
    WithoutText,
}

/// A message that can begin on one of the lines.
pub(super) struct Choice {
    candidate: Candidate,
    pub(super) demand: Demand,
    /// How far it has come, where it was tried before.
    tried: Option<Progress>,
    /// SIMs that may have sent it.
    pub(super) shunned: Vec<String>,
    /// The SIM that its recipient heard from last, where that counts.
    heard: Option<String>,
}

impl Choice {
    fn may_use(&self, line: &Line, lines: &[Line]) -> bool {
        route::serves(line, lines, &self.demand, &self.shunned)
    }

    fn history(&self) -> History<'_> {
        let last = self.tried.as_ref().and_then(|progress| progress.attempts.last());
        History { failed: last.map(|attempt| attempt.sim.as_str()), heard: self.heard.as_deref() }
    }
}

/// The first messages with that demand, as many as there are lines that are `wanted`: of those that may use one of
/// them, as things are with all `lines`.
pub(super) fn candidates(
    tx: &Tx<'_>,
    mut demand: Demand,
    wanted: &[&Line],
    lines: &[Line],
    conditions: Conditions,
) -> Result<Vec<Choice>, store::Error> {
    let mut choices = Vec::new();
    let wanted: Vec<_> = wanted.iter().filter(|line| route::may_try(line, &demand)).collect();
    if wanted.is_empty() {
        return Ok(choices);
    }
    let mut skipped = 0;
    loop {
        let page = store::queue::claimable(tx, &demand, conditions.now, (PAGE, skipped))?;
        let last_page = page.len() < PAGE as usize;
        for mut candidate in page {
            let load = |tx: &Tx<'_>| {
                candidate.tried.then(|| store::progress::load(tx, candidate.key)).transpose()
            };
            let tried = conditions.care.take(tx, candidate.key, conditions.now, load)?;
            // One that was put off is on no page any more.
            let Some(tried) = tried else { continue };
            skipped += 1;
            let shunned: Vec<_> = tried.iter().flat_map(shunned_sims).map(str::to_owned).collect();
            demand.locale = candidate.locale.take();
            if !wanted.iter().any(|line| route::serves(line, lines, &demand, &shunned)) {
                continue;
            }
            let heard = if conditions.preferences.sticky_sender {
                store::sim::last_heard(tx, candidate.key)?
            } else {
                None
            };
            choices.push(Choice { candidate, demand: demand.clone(), tried, shunned, heard });
            if choices.len() == wanted.len() {
                return Ok(choices);
            }
        }
        if last_page {
            return Ok(choices);
        }
    }
}

/// Begins an attempt: stores it with the intent to submit its first segment.
fn begin(
    tx: &Tx<'_>,
    line: &Line,
    choice: &Choice,
    conditions: Conditions,
) -> Result<Begun, store::Error> {
    let Conditions { now, rules, .. } = conditions;
    let message = choice.candidate.key;
    let Some(outgoing) = store::message::outgoing(tx, message)? else {
        error!("a message without a text was to be sent");
        return Ok(Begun::WithoutText);
    };
    let attempts = choice.tried.as_ref().map_or(0, |progress| progress.attempts.len());
    let segment = SegmentId::first_of(message, attempts + 1);
    let repeated = choice.tried.as_ref().and_then(|progress| earlier(progress, &line.sim, None));
    let concat_reference = match repeated {
        // The same segments again: a phone that has some of them needs only the others.
        Some(earlier) => earlier.concat_reference,
        None => store::progress::next_concat_reference(tx, message, now)?,
    };
    let (segments, reports, settle, report_deadline) = match outgoing.service.channel() {
        Channel::Sms => (
            sms::measure(outgoing.text.reveal(), &national(&outgoing)).segments,
            line.reports,
            line.settle,
            report_deadline(line, outgoing.expires_at, now),
        ),
        // Its own end is the report on a call, and comes without fail while the daemon lives.
        Channel::Voice => (1, true, LONGEST_CALL, now.after(LONGEST_CALL)),
    };
    let attempt = Attempt {
        key: segment.attempt,
        modem: line.name.clone(),
        sim: line.sim.clone(),
        concat_reference,
        reports,
        settle,
        report_deadline,
        segments: vec![Segment::PENDING; segments],
    };
    let progress = apply(tx, message, Event::Claimed(attempt), now, rules)?;
    let begun = put_on_air(tx, line, &outgoing, &progress, segment, conditions)?;
    Ok(begun.map_or(Begun::Dropped, Begun::OnTheAir))
}

/// Stores the intent to submit the next segment of an attempt.
fn follow(
    tx: &Tx<'_>,
    line: &Line,
    segment: SegmentId,
    conditions: Conditions,
) -> Result<Option<Claimed>, store::Error> {
    let Conditions { now, rules, .. } = conditions;
    let message = segment.message();
    let Some(outgoing) = store::message::outgoing(tx, message)? else {
        error!("a message without a text was to be sent");
        return Ok(None);
    };
    let deadline = report_deadline(line, outgoing.expires_at, now);
    let progress = apply(tx, message, Event::Begun(segment, deadline), now, rules)?;
    put_on_air(tx, line, &outgoing, &progress, segment, conditions)
}

/// Until when the report on a segment that goes out now may come: as long as the service centre tries, and a
/// moment more.
fn report_deadline(line: &Line, expires_at: Timestamp, now: Timestamp) -> Timestamp {
    let tries = || sms::validity(expires_at.since(now)).duration + sms::REPORT_GRACE;
    now.after(line.report_window.unwrap_or_else(tries))
}

/// The attempt before `attempt`, or the last one, that was made with the same SIM.
fn earlier<'p>(progress: &'p Progress, sim: &str, attempt: Option<i64>) -> Option<&'p Attempt> {
    let before = |it: &&Attempt| attempt.is_none_or(|attempt| it.key < attempt);
    progress.attempts.iter().rev().filter(before).find(|it| it.sim == sim)
}

/// The tables that a message was measured with when it was accepted.
fn national(outgoing: &store::message::Outgoing) -> Vec<sms::Language> {
    outgoing.national.as_deref().and_then(sms::language_of_word).into_iter().collect()
}

/// Writes what a modem needs for a segment that is about to go on the air.
fn put_on_air(
    tx: &Tx<'_>,
    line: &Line,
    outgoing: &store::message::Outgoing,
    progress: &Progress,
    segment: SegmentId,
    conditions: Conditions,
) -> Result<Option<Claimed>, store::Error> {
    let message = segment.message();
    let begun = progress.segment(segment).is_some_and(|it| it.state == SegmentState::Submitting);
    let attempt = progress.attempts.iter().find(|attempt| attempt.key == segment.attempt);
    // Its time may just have run out: then it was dropped instead.
    let (Some(attempt), true) = (attempt, begun) else { return Ok(None) };
    let index = line.index;
    let booking = |price| Booking { sim: line.sim.clone(), at: conditions.now, price };
    if let Service::Call { says, keys } = outgoing.service {
        // What a call costs is known when it has ended.
        let booking = booking(None);
        booking::book(tx, message, &booking)?;
        let job = Job::Call(Box::new(Call {
            number: outgoing.recipient.clone(),
            text: outgoing.text.clone(),
            says,
            locale: outgoing.locale.clone().unwrap_or_default(),
            confirm: keys,
            lane: progress.lane,
            expires_at: outgoing.expires_at,
            price: line.terms.call_prices.of(&outgoing.region),
        }));
        return Ok(Some(Claimed { index, segment, lane: progress.lane, job, booking, left: 1 }));
    }
    let national = national(outgoing);
    let order = sms::Order {
        recipient: &outgoing.recipient,
        text: outgoing.text.reveal(),
        national: &national,
        flash: outgoing.flash,
        validity: sms::validity(outgoing.expires_at.since(conditions.now)),
        reports: attempt.reports,
        repeated: earlier(progress, &attempt.sim, Some(attempt.key)).is_some(),
        concat_reference: attempt.concat_reference,
        sequence: segment.sequence,
    };
    match sms::submit(&order) {
        Ok(tpdu) => {
            let booking = booking(line.terms.prices.of(&outgoing.region));
            booking::book(tx, message, &booking)?;
            let follower = follower(line, attempt, &order);
            let job = Job::Submit { tpdu, more: false, follower };
            let total = u32::try_from(attempt.segments.len()).unwrap_or(u32::MAX);
            let left = total.saturating_sub(segment.sequence.into()).saturating_add(1);
            Ok(Some(Claimed { index, segment, lane: progress.lane, job, booking, left }))
        }
        Err(cause) => {
            error!(%cause, "a text that was accepted could not be encoded");
            let refusal = Refusal { detail: Detail::Bug, class: RefusalClass::Permanent };
            apply(tx, message, Event::Refused(segment, refusal), conditions.now, conditions.rules)?;
            Ok(None)
        }
    }
}

/// The segment of the same attempt behind that of `order`: what is more urgent, or shall not be sent any more, is not
/// known yet.
fn follower(line: &Line, attempt: &Attempt, order: &sms::Order<'_>) -> Option<Follower> {
    let sequence = order.sequence.checked_add(1)?;
    let next = attempt.segments.get(usize::from(order.sequence))?;
    if next.state != SegmentState::Pending || line.terms.rests() {
        return None;
    }
    let tpdu = sms::submit(&sms::Order { sequence, ..*order }).ok()?;
    let octets = u8::try_from(tpdu.len()).ok()?;
    Some(Follower { octets, unwanted: CancellationToken::new() })
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::*;
    use crate::{
        domain::{self, Allowance, NewMessage, OnUnknown},
        outbox::{Terms, budget::Account},
        store::samples,
    };

    /// Two codes whose answer was lost may only go through the other SIM, and one of them gets it. The first
    /// SIM is for the third code, then, not for the alert.
    #[test]
    fn a_code_that_waits_behind_others_goes_before_an_alert() {
        samples::Memory::new().run(two_lost_codes_a_third_and_an_alert);
    }

    #[test]
    fn a_message_that_has_lost_its_text_is_looked_at_once() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let conditions = Conditions::sample(now);
            let key = store::message::insert(tx, &samples::message(now)).unwrap();
            store::message::erase_text(tx, key).unwrap();
            assert!(claim(tx, &[Line::sample(0)], conditions).unwrap().is_empty());
        });
    }

    /// A SIM was moved to another modem, and the one that had it has not noticed yet: both say that they have it.
    #[test]
    fn a_segment_goes_out_once_though_two_modems_say_that_they_have_its_sim() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let conditions = Conditions::sample(now);
            let rules = conditions.rules;
            let body = domain::Body { segments: 3, ..samples::body(&"x".repeat(400)) };
            let message = NewMessage { body, ..samples::message(now) };
            let key = store::message::insert(tx, &message).unwrap();
            let [first] = &claim(tx, &[Line::sample(0)], conditions).unwrap()[..] else { panic!() };
            apply(tx, key, Event::Accepted(first.segment, Some(1)), now, rules).unwrap();
            let moved = Line { sim: "sim0".into(), ..Line::sample(1) };
            let claimed = claim(tx, &[Line::sample(0), moved], conditions).unwrap();
            let claimed: Vec<_> = claimed.iter().map(|it| (it.index, it.segment)).collect();
            assert_eq!(claimed.len(), 1, "{claimed:?}");
        });
    }

    #[test]
    fn a_report_may_come_for_as_long_as_the_service_centre_tries_and_a_minute_more() {
        let now = Timestamp::now();
        let in_seconds = |seconds| now.after(Duration::from_secs(seconds));
        let line = Line::sample(0);
        assert_eq!(report_deadline(&line, in_seconds(300), now), in_seconds(360));
        let set = Line { report_window: Some(Duration::from_secs(7)), ..line };
        assert_eq!(report_deadline(&set, in_seconds(300), now), in_seconds(7));
    }

    /// Promise 8: what bulk has used of a minute, or an hour, is nothing that a code waits for.
    #[test]
    fn a_code_does_not_wait_for_what_bulk_has_used() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let at = |seconds| Conditions::sample(start.after(Duration::from_secs(seconds)));
            let rules = at(0).rules;
            let allowance = Allowance { per_minute: Some(10), ..Allowance::default() };
            let terms = Line::sample(0).terms.as_ref().clone();
            let terms = Arc::new(Terms { allowance, ..terms });
            let mut account = Account::default();
            let mut claim = |tx, seconds| {
                let used = account.used(at(seconds).now);
                let line = Line { terms: terms.clone(), used, ..Line::sample(0) };
                let claimed = claim(tx, &[line], at(seconds)).unwrap().pop()?;
                account.book(at(seconds).now, Money::ZERO);
                Some(claimed.segment)
            };
            for _ in 0..50 {
                store::message::insert(tx, &samples::message(start)).unwrap();
            }
            let mut sent = 0;
            while let Some(segment) = claim(tx, sent) {
                let accepted = Event::Accepted(segment, Some(1));
                apply(tx, segment.message(), accepted, at(sent).now, rules).unwrap();
                sent += 1;
            }
            let expires_at = start.after(Duration::from_secs(300));
            let code = NewMessage { lane: Lane::Otp, expires_at, ..samples::message(start) };
            let code = store::message::insert(tx, &code).unwrap();
            let went = (sent..120).find(|it| claim(tx, *it).is_some_and(|it| it.message() == code));
            assert_eq!(went, Some(sent), "bulk had {sent} of 10 in this minute");
        });
    }

    #[test]
    fn what_is_due_first_begins_first_wherever_it_goes_and_whoever_is_to_send_it() {
        let kinds: [fn(Timestamp) -> NewMessage; 3] = [
            samples::message,
            |at| {
                let sample = samples::message(at);
                let region = Some("DE".into());
                NewMessage { subject: domain::Subject { region, ..sample.subject }, ..sample }
            },
            |at| NewMessage { sender: Some("m0".into()), ..samples::message(at) },
        ];
        for (first, second) in kinds.into_iter().flat_map(|it| kinds.map(|other| (it, other))) {
            samples::Memory::new().run(|tx| {
                let start = Timestamp::now();
                let later = start.after(Duration::from_secs(1));
                let [_, first] = [second(later), first(start)]
                    .map(|message| store::message::insert(tx, &message).unwrap());
                let claimed = claim(tx, &[Line::sample(0)], Conditions::sample(later)).unwrap();
                let claimed: Vec<_> = claimed.iter().map(|it| it.segment.message()).collect();
                assert_eq!(claimed, [first]);
            });
        }
    }

    /// A phone takes segments with one reference for the same message where they come from one number.
    #[test]
    fn what_is_tried_again_has_its_reference_again_on_the_same_sim_and_another_on_another() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let at = |seconds| Conditions::sample(start.after(Duration::from_secs(seconds)));
            let expires_at = start.after(Duration::from_secs(300));
            let code = NewMessage {
                lane: Lane::Otp,
                on_unknown: OnUnknown::Resend,
                expires_at,
                ..samples::message(start)
            };
            let key = store::message::insert(tx, &code).unwrap();
            let send = |line, seconds| {
                let claimed = claim(tx, &[Line::sample(line)], at(seconds)).unwrap();
                let [claimed] = &claimed[..] else { panic!("nothing went out at {seconds}") };
                claimed.segment
            };
            let end = |event, seconds| {
                apply(tx, key, event, at(seconds).now, at(seconds).rules).unwrap().attempts
            };
            let busy = Refusal { detail: Detail::NetworkBusy, class: RefusalClass::Network };
            end(Event::Refused(send(0, 0), busy), 1);
            end(Event::Silent(send(0, 30)), 31);
            let attempts = end(Event::Accepted(send(1, 90), Some(1)), 91);
            let given: Vec<_> =
                attempts.iter().map(|it| (it.sim.as_str(), it.concat_reference)).collect();
            assert_eq!(given, [("sim0", 1), ("sim0", 1), ("sim1", 2)]);
        });
    }

    fn two_lost_codes_a_third_and_an_alert(tx: &Tx<'_>) {
        let start = Timestamp::now();
        let (at, rules) = (Conditions::sample, Conditions::sample(start).rules);
        let add = |lane, at| {
            let message = samples::message(at);
            let message = NewMessage { lane, on_unknown: OnUnknown::Resend, ..message };
            store::message::insert(tx, &message).unwrap()
        };
        let lost = [add(Lane::Otp, start), add(Lane::Otp, start)];
        for message in lost {
            let [claimed] = &claim(tx, &[Line::sample(0)], at(start)).unwrap()[..] else {
                panic!()
            };
            assert_eq!(claimed.segment.message(), message);
            apply(tx, message, Event::Silent(claimed.segment), start, rules).unwrap();
        }
        let later = start.after(rules.resend_after + Duration::from_secs(1));
        let (third, _alert) = (add(Lane::Otp, later), add(Lane::Alert, start));
        let claimed = claim(tx, &[Line::sample(0), Line::sample(1)], at(later)).unwrap();
        let claimed: Vec<_> = claimed.iter().map(|it| (it.index, it.segment.message())).collect();
        assert_eq!(claimed, [(1, lost[0]), (0, third)]);
    }
}
