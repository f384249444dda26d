//! The law as a table of stories, and its promises on random ones.

use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{Config, TestRunner},
};

use super::*;

const RULES: Rules = Rules { resend_after: Duration::from_secs(20) };
const TTL: u64 = 300;
const SETTLE: u64 = 120;
const REPORT_WINDOW: u64 = 400;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_ms(0).after(Duration::from_secs(seconds))
}

fn queued(lane: Lane) -> Progress {
    Progress {
        channel: Channel::Sms,
        lane,
        on_unknown: OnUnknown::of(lane),
        abandoned: false,
        scheduled: false,
        expires_at: at(TTL),
        phase: Phase::Queued,
        reason: None,
        sent_at: None,
        ended_at: None,
        fallback_until: None,
        send_logged: false,
        claimable_at: Some(at(0)),
        deadline_at: Some(at(TTL)),
        attempts: Vec::new(),
    }
}

fn attempt(key: i64, sim: &str, segments: usize, reports: bool, now: Timestamp) -> Attempt {
    Attempt {
        key,
        modem: sim.into(),
        sim: sim.into(),
        concat_reference: 1,
        reports,
        settle: Duration::from_secs(SETTLE),
        report_deadline: now.after(Duration::from_secs(REPORT_WINDOW)),
        segments: vec![Segment::PENDING; segments],
    }
}

/// A message and what was written about it so far.
struct Story {
    state: Progress,
    effects: Vec<Effect>,
}

impl Story {
    fn new(lane: Lane) -> Self {
        Self { state: queued(lane), effects: Vec::new() }
    }

    fn then(mut self, seconds: u64, event: Event) -> Self {
        let (state, effects) = step(self.state, event, at(seconds), RULES);
        self.state = state;
        self.effects.extend(effects);
        self
    }

    fn claimed(self, seconds: u64, key: i64, segments: usize) -> Self {
        let attempt = attempt(key, &format!("sim{key}"), segments, true, at(seconds));
        self.then(seconds, Event::Claimed(attempt))
    }

    fn logged(&self) -> String {
        let words: Vec<_> = self
            .effects
            .iter()
            .map(|effect| match effect {
                Effect::LogSend(outcome, _) => format!("send {}", outcome.as_str()),
                Effect::LogStatus(outcome, _) => format!("status {}", outcome.as_str()),
                Effect::LogLateReport(_) => "late report".into(),
                Effect::LogResend => "resend".into(),
                Effect::EraseText => "erase".into(),
                Effect::FallBack => "fall back".into(),
                Effect::EraseFallback => "erase fallback".into(),
            })
            .collect();
        words.join(", ")
    }

    fn phase(&self) -> &'static str {
        self.state.phase.as_str()
    }
}

fn id(attempt: i64, sequence: u8) -> SegmentId {
    SegmentId { attempt, sequence }
}

fn begun(seconds: u64, segment: SegmentId) -> Event {
    Event::Begun(segment, at(seconds + REPORT_WINDOW))
}

fn no(class: RefusalClass) -> Refusal {
    let detail = match class {
        RefusalClass::Permanent => Detail::Unassigned,
        RefusalClass::Network => Detail::NetworkBusy,
        RefusalClass::Callee => Detail::Busy,
        RefusalClass::Modem | RefusalClass::Doubtful => Detail::ModemFault,
    };
    Refusal { detail, class }
}

#[test]
fn two_segments_are_sent_and_delivered() {
    let story = Story::new(Lane::Otp).claimed(1, 1, 2).then(3, Event::Accepted(id(1, 1), Some(7)));
    assert_eq!((story.phase(), story.logged().as_str()), ("sending", ""));
    let story = story.then(3, begun(3, id(1, 2))).then(5, Event::Accepted(id(1, 2), Some(8)));
    assert_eq!((story.phase(), story.logged().as_str()), ("sent", "send SUCCESS, erase"));
    let story = story.then(6, Event::Reported(id(1, 2), Report::Delivered));
    assert_eq!(story.phase(), "sent");
    let story = story.then(7, Event::Reported(id(1, 1), Report::Delivered));
    assert_eq!(story.phase(), "delivered");
    assert_eq!(story.logged(), "send SUCCESS, erase, status SUCCESS");
    assert_eq!((story.state.sent_at, story.state.ended_at), (Some(at(5)), Some(at(7))));
    let story = story.then(8, Event::Reported(id(1, 1), Report::Delivered));
    assert_eq!(story.logged(), "send SUCCESS, erase, status SUCCESS, late report");
}

#[test]
fn a_report_faster_than_its_answer_counts() {
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 1)
        .then(2, Event::Reported(id(1, 1), Report::Delivered));
    assert_eq!(story.phase(), "delivered");
    assert_eq!(story.logged(), "send SUCCESS, erase, status SUCCESS");
}

#[test]
fn a_deadline_that_comes_too_early_stays_until_then_and_one_that_comes_too_late_does_not() {
    let story = Story::new(Lane::Bulk);
    assert_eq!(story.state.deadline_at, Some(at(TTL)));
    let story = story.claimed(1, 1, 1);
    assert_eq!(story.state.deadline_at, Some(at(1 + SETTLE)));
    let answered = story.then(2, Event::Accepted(id(1, 1), Some(1)));
    assert_eq!(answered.state.deadline_at, Some(at(1 + SETTLE)), "written once less");
    let answered = answered.then(1 + SETTLE, Event::Deadline(None));
    assert_eq!(answered.state.deadline_at, Some(at(1 + REPORT_WINDOW).min(at(TTL))));
    assert_eq!((answered.phase(), answered.logged().as_str()), ("sent", "send SUCCESS, erase"));
}

#[test]
fn one_undelivered_segment_makes_the_message_undelivered() {
    let story = Story::new(Lane::Bulk)
        .claimed(1, 1, 2)
        .then(2, Event::Accepted(id(1, 1), Some(1)))
        .then(2, begun(2, id(1, 2)))
        .then(3, Event::Accepted(id(1, 2), Some(2)))
        .then(4, Event::Reported(id(1, 1), Report::Delivered))
        .then(5, Event::Reported(id(1, 2), Report::Failed(Detail::Unreachable)));
    assert_eq!((story.phase(), story.state.reason), ("undelivered", Some(Detail::Unreachable)));
    assert_eq!(story.logged(), "send SUCCESS, erase, status FAILURE");
}

#[test]
fn no_report_in_the_window_is_unknown_and_not_failed() {
    let story = Story::new(Lane::Otp).claimed(1, 1, 1).then(2, Event::Accepted(id(1, 1), Some(1)));
    let story = story.then(21, Event::Deadline(None));
    assert_eq!(story.state.deadline_at, Some(at(1 + REPORT_WINDOW).min(at(TTL))));
    let story = story.then(TTL, Event::Deadline(None));
    assert_eq!(story.phase(), "sent");
    let story = story.then(1 + REPORT_WINDOW, Event::Deadline(None));
    assert_eq!((story.phase(), story.state.reason), ("unknown", Some(Detail::NoReport)));
    assert_eq!(story.logged(), "send SUCCESS, erase, status UNKNOWN");
}

#[test]
fn a_sim_without_reports_ends_at_once() {
    let begun = Event::Claimed(attempt(1, "sim1", 1, false, at(1)));
    let story = Story::new(Lane::Otp).then(1, begun).then(2, Event::Accepted(id(1, 1), Some(1)));
    assert_eq!((story.phase(), story.state.reason), ("unknown", Some(Detail::NoReport)));
    assert_eq!(story.logged(), "send SUCCESS, erase, status UNKNOWN");
}

#[test]
fn a_permanent_refusal_fails_and_drops_the_rest() {
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 3)
        .then(2, Event::Refused(id(1, 1), no(RefusalClass::Permanent)));
    assert_eq!((story.phase(), story.state.reason), ("failed", Some(Detail::Unassigned)));
    assert_eq!(story.logged(), "send FAILURE, erase, status FAILURE");
    let states: Vec<_> = story.state.attempts[0].segments.iter().map(|it| it.state).collect();
    assert_eq!(states, [SegmentState::Refused, SegmentState::Dropped, SegmentState::Dropped]);
}

#[test]
fn a_busy_network_is_tried_again_later_and_a_failed_modem_at_once() {
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 1)
        .then(2, Event::Refused(id(1, 1), no(RefusalClass::Network)));
    assert_eq!((story.phase(), story.state.claimable_at), ("sending", Some(at(7))));
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 1)
        .then(2, Event::Refused(id(1, 1), no(RefusalClass::Modem)));
    assert_eq!((story.phase(), story.state.claimable_at), ("sending", Some(at(2))));
}

/// 24 h of tries would be some hundred messages that nobody wants.
#[test]
fn a_network_that_does_not_want_a_message_is_asked_five_times() {
    let unwanted = Refusal { detail: Detail::ByNetwork, class: RefusalClass::Network };
    let mut story = Story::new(Lane::Otp);
    for (key, second, again) in [(1, 1, 6), (2, 6, 16), (3, 16, 36), (4, 36, 76)] {
        story = story.claimed(second, key, 1).then(second, Event::Refused(id(key, 1), unwanted));
        assert_eq!((story.phase(), story.state.claimable_at), ("sending", Some(at(again))));
    }
    let story = story.claimed(76, 5, 1).then(76, Event::Refused(id(5, 1), unwanted));
    assert_eq!((story.phase(), story.state.reason), ("failed", Some(Detail::ByNetwork)));
    assert_eq!(story.logged(), "send FAILURE, erase, status FAILURE");
    let mut busy = Story::new(Lane::Otp);
    for (key, second) in [(1, 1), (2, 6), (3, 16), (4, 36), (5, 76)] {
        let refused = Event::Refused(id(key, 1), no(RefusalClass::Network));
        busy = busy.claimed(second, key, 1).then(second, refused);
    }
    assert_eq!(busy.phase(), "sending", "congestion passes");
}

/// A call is an attempt with one segment: taken when it is answered, reported when it has ended.
#[test]
fn a_busy_line_is_called_three_times_and_who_does_not_answer_twice() {
    let refused = |detail| Refusal { detail, class: RefusalClass::Callee };
    let mut story = Story::new(Lane::Otp);
    for call in 1..=2 {
        let at_second = 60 * u64::try_from(call).unwrap();
        story = story.claimed(at_second, call, 1);
        story = story.then(at_second + 5, Event::Refused(id(call, 1), refused(Detail::Busy)));
        assert_eq!(story.phase(), "sending");
        assert_eq!(story.state.claimable_at, Some(at(at_second + 50)), "people talk for a while");
    }
    let last = story.claimed(180, 3, 1).then(185, Event::Refused(id(3, 1), refused(Detail::Busy)));
    assert_eq!((last.phase(), last.state.reason), ("failed", Some(Detail::Busy)));
    assert_eq!(last.logged(), "send FAILURE, erase, status FAILURE");

    let silent = refused(Detail::NoAnswer);
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 1)
        .then(36, Event::Refused(id(1, 1), silent))
        .claimed(90, 2, 1);
    assert_eq!(story.phase(), "sending");
    let story = story.then(125, Event::Refused(id(2, 1), silent));
    assert_eq!((story.phase(), story.state.reason), ("failed", Some(Detail::NoAnswer)));
}

/// A phone rings for longer than a modem takes to submit a text: nobody shall be called by two at once.
#[test]
fn while_a_phone_rings_no_second_modem_calls_it() {
    let mut ringing = Story::new(Lane::Otp);
    ringing.state.channel = Channel::Voice;
    let ringing = ringing.claimed(1, 1, 1);
    assert_eq!((ringing.phase(), ringing.state.claimable_at), ("sending", None));
    let lost = ringing.then(30, Event::Crashed);
    assert_eq!(lost.state.claimable_at, Some(at(21)), "nobody knows how that call ended");
}

#[test]
fn a_call_whose_end_nobody_saw_gives_way_at_half_of_its_time_and_a_text_does_not() {
    let unanswered = |channel, abandoned| {
        let mut story = Story::new(Lane::Alert);
        story.state.channel = channel;
        (story.state.fallback_until, story.state.abandoned) = (Some(at(2 * TTL)), abandoned);
        // Shortly before that, so that an answer could still come.
        let begun = TTL - 30;
        let story = story.claimed(begun, 1, 1).then(begun + 1, Event::Silent(id(1, 1)));
        story.then(TTL - 1, Event::Deadline(None)).then(TTL, Event::Deadline(None))
    };
    let call = unanswered(Channel::Voice, false);
    assert_eq!((call.phase(), call.state.reason), ("unknown", Some(Detail::AnswerLost)));
    assert_eq!(call.logged(), "send UNKNOWN, erase, status UNKNOWN, fall back");
    let text = unanswered(Channel::Sms, false);
    assert_eq!((text.phase(), text.logged().as_str()), ("sending", "erase"));
    let text = text.then(TTL - 30 + SETTLE, Event::Deadline(None));
    assert_eq!(text.logged(), "erase, send UNKNOWN, erase, status UNKNOWN, erase fallback");
    let sent_elsewhere = unanswered(Channel::Voice, true);
    assert!(!sent_elsewhere.effects.contains(&Effect::FallBack), "{}", sent_elsewhere.logged());
}

#[test]
fn a_call_gives_way_only_once_no_other_modem_rings_for_it() {
    let mut story = Story::new(Lane::Otp);
    story.state.channel = Channel::Voice;
    story.state.fallback_until = Some(at(2 * TTL));
    let lost = story.claimed(1, 1, 1).then(2, Event::Silent(id(1, 1)));
    let again = lost.claimed(TTL - 5, 2, 1).then(TTL, Event::Deadline(None));
    assert_eq!(again.phase(), "sending", "it rings");
    let busy = again.then(TTL + 9, Event::Refused(id(2, 1), no(RefusalClass::Callee)));
    assert_eq!((busy.phase(), busy.state.reason), ("unknown", Some(Detail::AnswerLost)));
    assert!(busy.effects.contains(&Effect::FallBack), "{}", busy.logged());
}

fn answered_call(lane: Lane) -> Story {
    let mut story = Story::new(lane);
    story.state.channel = Channel::Voice;
    story.claimed(1, 1, 1).then(9, Event::Accepted(id(1, 1), None))
}

#[test]
fn a_call_that_is_cut_off_is_placed_again_and_told_once() {
    let call = answered_call(Lane::Alert);
    assert_eq!((call.phase(), call.logged().as_str()), ("sent", "send SUCCESS"));
    let cut_off = call.then(12, Event::CutOff(id(1, 1)));
    assert_eq!((cut_off.phase(), cut_off.logged().as_str()), ("sent", "send SUCCESS"));
    assert_eq!(cut_off.state.claimable_at, Some(at(17)), "its text is there");
    let again = cut_off.claimed(17, 2, 1).then(25, Event::Accepted(id(2, 1), None));
    let heard = again.then(60, Event::Reported(id(2, 1), Report::Delivered));
    assert_eq!(heard.phase(), "delivered");
    assert_eq!(heard.logged(), "send SUCCESS, erase, status SUCCESS");
}

#[test]
fn a_call_that_was_cut_off_to_its_end_had_no_modem() {
    let cut_off = answered_call(Lane::Bulk).then(12, Event::CutOff(id(1, 1)));
    let late = cut_off.then(TTL, Event::Deadline(None));
    assert_eq!((late.phase(), late.state.reason), ("expired", Some(Detail::NoModem)));
    assert_eq!(late.logged(), "send SUCCESS, erase, status FAILURE");
    let cancelled =
        answered_call(Lane::Bulk).then(12, Event::CutOff(id(1, 1))).then(13, Event::Cancelled);
    assert_eq!(cancelled.phase(), "cancelled");
}

/// Only the end of the daemon cuts one off.
#[test]
fn a_passcode_that_is_cut_off_is_erased_and_gives_way_to_its_fallback() {
    let mut call = answered_call(Lane::Otp);
    call.state.fallback_until = Some(at(2 * TTL));
    assert_eq!(call.logged(), "send SUCCESS, erase");
    let cut_off = call.then(12, Event::CutOff(id(1, 1)));
    assert_eq!((cut_off.phase(), cut_off.state.reason), ("undelivered", Some(Detail::NoModem)));
    assert_eq!(cut_off.logged(), "send SUCCESS, erase, status FAILURE, fall back");
}

#[test]
fn what_failed_falls_back_once_and_nothing_else_does() {
    let with_fallback = || {
        let story = Story::new(Lane::Otp);
        let fallback_until = Some(at(2 * TTL));
        Story { state: Progress { fallback_until, ..story.state }, ..story }
    };
    let failed = with_fallback()
        .claimed(1, 1, 1)
        .then(2, Event::Refused(id(1, 1), no(RefusalClass::Permanent)));
    assert_eq!(failed.logged(), "send FAILURE, erase, status FAILURE, fall back");
    let expired = with_fallback().then(TTL, Event::Deadline(None));
    assert_eq!(expired.logged(), "send FAILURE, erase, status FAILURE, fall back");
    let taken = || with_fallback().claimed(1, 1, 1).then(2, Event::Accepted(id(1, 1), Some(1)));
    let undelivered = taken().then(3, Event::Reported(id(1, 1), Report::Failed(Detail::HungUp)));
    assert_eq!(undelivered.logged(), "send SUCCESS, erase, status FAILURE, fall back");
    let delivered = taken().then(3, Event::Reported(id(1, 1), Report::Delivered));
    assert_eq!(delivered.logged(), "send SUCCESS, erase, status SUCCESS, erase fallback");
    let unknown = taken().then(1 + REPORT_WINDOW, Event::Deadline(None));
    assert_eq!(unknown.logged(), "send SUCCESS, erase, status UNKNOWN, erase fallback");
    let cancelled = with_fallback().then(2, Event::Cancelled);
    assert_eq!(cancelled.logged(), "send ABANDONED, erase, status ABANDONED, erase fallback");
}

#[test]
fn what_would_go_out_in_its_place_is_kept_no_longer_than_it_could_go_out() {
    let with_fallback = |lane| {
        let story = Story::new(lane);
        Story { state: Progress { fallback_until: Some(at(100)), ..story.state }, ..story }
    };
    // A report may be waited for much longer than a code lives.
    let taken = with_fallback(Lane::Otp).claimed(1, 1, 1);
    let taken = taken.then(2, Event::Accepted(id(1, 1), Some(1)));
    let taken = taken.then(21, Event::Deadline(None));
    assert_eq!(taken.state.deadline_at, Some(at(100)));
    let late = taken.then(100, Event::Deadline(None));
    assert_eq!(
        (late.phase(), late.logged().as_str()),
        ("sent", "send SUCCESS, erase, erase fallback")
    );
    let failed = late.then(150, Event::Reported(id(1, 1), Report::Failed(Detail::Unreachable)));
    assert_eq!(failed.logged(), "send SUCCESS, erase, erase fallback, status FAILURE");
    // It waits as long as before where the clock is set, and is dead with a code of an earlier boot.
    let hours = 5 * 3600;
    let set = with_fallback(Lane::Otp).then(50 + hours, Event::Shifted(5 * 3_600_000));
    assert_eq!(set.state.fallback_until, Some(at(100 + hours)));
    let stranded = with_fallback(Lane::Otp).then(5, Event::Stranded);
    assert_eq!(stranded.phase(), "expired");
    assert!(!stranded.logged().contains("fall back"), "{}", stranded.logged());
}

#[test]
fn retries_end_with_the_time_to_live_and_say_why() {
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 1)
        .then(2, Event::Refused(id(1, 1), no(RefusalClass::Network)))
        .then(TTL, Event::Deadline(None));
    assert_eq!((story.phase(), story.state.reason), ("expired", Some(Detail::NetworkBusy)));
    let story = Story::new(Lane::Otp).then(TTL, Event::Deadline(None));
    assert_eq!((story.phase(), story.state.reason), ("expired", Some(Detail::ExpiredInQueue)));
    assert_eq!(story.logged(), "send FAILURE, erase, status FAILURE");
}

#[test]
fn segments_that_wait_when_the_time_is_up_never_go_on_the_air() {
    let story =
        Story::new(Lane::Bulk).claimed(1, 1, 2).then(TTL, Event::Accepted(id(1, 1), Some(1)));
    assert_eq!(story.phase(), "expired");
    assert_eq!(story.state.attempts[0].segments[1].state, SegmentState::Dropped);
}

#[test]
fn a_late_answer_settles_an_unanswered_submit() {
    let story = Story::new(Lane::Bulk).claimed(1, 1, 1).then(61, Event::Silent(id(1, 1)));
    assert_eq!((story.phase(), story.state.claimable_at), ("sending", None));
    let story = story.then(80, Event::Accepted(id(1, 1), Some(9)));
    assert_eq!((story.phase(), story.logged().as_str()), ("sent", "send SUCCESS, erase"));
}

#[test]
fn a_report_settles_an_unanswered_submit() {
    let story = Story::new(Lane::Bulk)
        .claimed(1, 1, 1)
        .then(61, Event::Silent(id(1, 1)))
        .then(70, Event::Reported(id(1, 1), Report::StillTrying));
    assert_eq!(story.phase(), "sent");
    let story = story.then(75, Event::Reported(id(1, 1), Report::Delivered));
    assert_eq!(story.phase(), "delivered");
}

#[test]
fn an_answer_that_never_comes_is_unknown_and_never_sent_again_in_bulk() {
    let story = Story::new(Lane::Bulk).claimed(1, 1, 1).then(61, Event::Silent(id(1, 1)));
    assert_eq!(story.state.deadline_at, Some(at(1 + SETTLE)));
    let story = story.then(1 + SETTLE, Event::Deadline(None));
    assert_eq!((story.phase(), story.state.reason), ("unknown", Some(Detail::AnswerLost)));
    assert_eq!(story.logged(), "send UNKNOWN, erase, status UNKNOWN");
}

#[test]
fn a_code_is_sent_once_more_on_another_sim() {
    let story = Story::new(Lane::Otp).claimed(1, 1, 1);
    let times = |story: &Story| (story.state.claimable_at, story.state.deadline_at);
    assert_eq!(times(&story), (None, Some(at(21))), "it is not in the queue until then");
    let silent = Story::new(Lane::Otp).claimed(1, 1, 1).then(5, Event::Silent(id(1, 1)));
    assert_eq!(times(&silent), (Some(at(21)), Some(at(21))));
    let story = story.then(21, Event::Deadline(None));
    assert_eq!(times(&story), (Some(at(21)), Some(at(1 + SETTLE))));
    assert_eq!(shunned_sims(&story.state).collect::<Vec<_>>(), ["sim1"]);
    let story = story.claimed(21, 2, 1);
    assert_eq!(story.state.claimable_at, None, "once");
    assert_eq!(story.logged(), "resend");
    let story = story.then(23, Event::Accepted(id(2, 1), Some(1)));
    assert_eq!(story.phase(), "sent");
    let story = story.then(25, Event::Reported(id(2, 1), Report::Delivered));
    assert_eq!(story.phase(), "delivered");
    assert_eq!(story.logged(), "resend, send SUCCESS, erase, status SUCCESS");
}

#[test]
fn an_answer_before_the_resend_cancels_it() {
    let story = Story::new(Lane::Otp).claimed(1, 1, 1).then(10, Event::Accepted(id(1, 1), Some(1)));
    assert_eq!((story.phase(), story.state.claimable_at), ("sent", None));
}

#[test]
fn a_resend_that_fails_waits_before_it_is_tried_again() {
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 1)
        .claimed(21, 2, 1)
        .then(22, Event::Refused(id(2, 1), no(RefusalClass::Network)));
    assert_eq!((story.phase(), story.state.claimable_at), ("sending", Some(at(32))));
    let story = story.then(23, Event::Silent(id(1, 1)));
    assert_eq!(story.state.claimable_at, Some(at(32)));
}

#[test]
fn nothing_stays_on_the_air_when_a_message_ends() {
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 1)
        .claimed(21, 2, 1)
        .then(22, Event::Accepted(id(2, 1), Some(1)))
        .then(23, Event::Reported(id(2, 1), Report::Delivered));
    assert_eq!(story.phase(), "delivered");
    assert_eq!(story.state.attempts[0].segments[0].state, SegmentState::Unanswered);
}

#[test]
fn after_a_crash_what_was_on_the_air_is_unanswered_and_the_rest_goes_on() {
    let story = Story::new(Lane::Bulk).claimed(1, 1, 2).then(50, Event::Crashed);
    let states: Vec<_> = story.state.attempts[0].segments.iter().map(|it| it.state).collect();
    assert_eq!(states, [SegmentState::Unanswered, SegmentState::Pending]);
    let story = story.then(51, begun(51, id(1, 2))).then(53, Event::Accepted(id(1, 2), Some(3)));
    assert_eq!(story.phase(), "sending");
    let story = story.then(1 + SETTLE, Event::Deadline(None));
    assert_eq!((story.phase(), story.state.reason), ("unknown", Some(Detail::AnswerLost)));
}

#[test]
fn a_modem_that_vanishes_between_segments_gives_the_message_back() {
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 2)
        .then(3, Event::Accepted(id(1, 1), Some(1)))
        .then(4, Event::ModemLost(1));
    assert_eq!((story.phase(), story.state.claimable_at), ("sending", Some(at(4))));
    let story = Story::new(Lane::Otp).claimed(1, 1, 2).then(2, Event::ModemLost(1));
    assert_eq!(
        story.state.attempts[0].segments[0].state,
        SegmentState::Submitting,
        "never while something is on the air"
    );
}

#[test]
fn cancelling_works_until_something_is_on_the_air() {
    let story = Story::new(Lane::Bulk).then(5, Event::Cancelled);
    assert_eq!((story.phase(), story.state.reason), ("cancelled", Some(Detail::Cancelled)));
    assert_eq!(story.logged(), "send ABANDONED, erase, status ABANDONED");
    let story = Story::new(Lane::Bulk).claimed(1, 1, 1).then(2, Event::Cancelled);
    assert_eq!((story.phase(), story.logged().as_str()), ("sending", ""));
    let story = Story::new(Lane::Bulk)
        .claimed(1, 1, 1)
        .then(2, Event::Refused(id(1, 1), no(RefusalClass::Network)))
        .then(3, Event::Cancelled);
    assert_eq!(story.phase(), "cancelled");
}

/// Whoever asked sends it by other means.
#[test]
fn what_was_given_up_while_on_the_air_is_not_tried_again() {
    let given_up = |story: Story| {
        let state = Progress { abandoned: true, ..story.state };
        Story { state, ..story }.then(3, Event::Cancelled)
    };
    assert_eq!(given_up(Story::new(Lane::Otp)).phase(), "cancelled");
    let on_air = || given_up(Story::new(Lane::Otp).claimed(1, 1, 2));
    assert_eq!((on_air().phase(), on_air().state.claimable_at), ("sending", None));
    for class in [RefusalClass::Network, RefusalClass::Callee, RefusalClass::Modem] {
        let story = on_air().then(9, Event::Refused(id(1, 1), no(class)));
        assert_eq!(story.phase(), "cancelled", "{class:?}");
        assert_eq!(story.logged(), "send ABANDONED, erase, status ABANDONED");
    }
    let waiting = on_air().then(4, Event::Accepted(id(1, 1), Some(1)));
    assert_eq!(waiting.logged(), "", "the second segment needs its text");
    assert_eq!(waiting.then(5, begun(5, id(1, 2))).logged(), "erase", "nothing does");
    let half = on_air().then(4, Event::Accepted(id(1, 1), Some(1))).then(5, Event::ModemLost(1));
    assert_eq!(half.phase(), "cancelled", "no phone shows half a message");
    let story = on_air().then(9, Event::Refused(id(1, 1), no(RefusalClass::Permanent)));
    assert_eq!((story.phase(), story.state.reason), ("failed", Some(Detail::Unassigned)));
}

#[test]
fn a_refusal_in_doubt_is_no_answer_and_a_code_does_not_wait_for_one() {
    let story =
        Story::new(Lane::Otp).claimed(1, 1, 1).then(2, Event::Refused(id(1, 1), doubtful()));
    assert_eq!(story.state.segment(id(1, 1)).unwrap().state, SegmentState::Unanswered);
    assert_eq!((story.phase(), story.state.claimable_at), ("sending", Some(at(1))));
    assert_eq!(shunned_sims(&story.state).collect::<Vec<_>>(), ["sim1"]);
    let story = story.claimed(2, 2, 1);
    assert_eq!(story.logged(), "resend");
    let story = Story::new(Lane::Bulk)
        .claimed(1, 1, 1)
        .then(2, Event::Refused(id(1, 1), doubtful()))
        .then(1 + SETTLE, Event::Deadline(None));
    assert_eq!((story.phase(), story.state.reason), ("unknown", Some(Detail::AnswerLost)));
}

#[test]
fn a_refusal_in_doubt_that_leaves_a_part_missing_is_a_refusal() {
    let story =
        Story::new(Lane::Bulk).claimed(1, 1, 2).then(2, Event::Refused(id(1, 1), doubtful()));
    assert_eq!(story.state.segment(id(1, 1)).unwrap().state, SegmentState::Refused);
    assert_eq!((story.phase(), story.state.claimable_at), ("sending", Some(at(2))));
}

#[test]
fn the_report_of_a_later_segment_is_waited_for_as_long_as_that_of_the_first() {
    let story = Story::new(Lane::Bulk)
        .claimed(1, 1, 2)
        .then(3, Event::Accepted(id(1, 1), Some(1)))
        .then(200, begun(200, id(1, 2)))
        .then(202, Event::Accepted(id(1, 2), Some(2)))
        .then(203, Event::Reported(id(1, 1), Report::Delivered))
        .then(1 + REPORT_WINDOW, Event::Deadline(None));
    assert_eq!((story.phase(), story.state.deadline_at), ("sent", Some(at(200 + REPORT_WINDOW))));
    let story = story.then(599, Event::Reported(id(1, 2), Report::Delivered));
    assert_eq!(story.phase(), "delivered");
}

#[test]
fn a_resend_keeps_the_first_copy_from_becoming_whole() {
    let story =
        Story::new(Lane::Otp).claimed(1, 1, 2).then(10, Event::Silent(id(1, 1))).claimed(21, 2, 2);
    assert_eq!(story.logged(), "resend", "no phone shows half a message, but half of it is there");
    let first = &story.state.attempts[0].segments;
    assert_eq!(first[1].state, SegmentState::Dropped);
    let story = story
        .then(22, Event::Accepted(id(1, 1), Some(1)))
        .then(23, Event::Accepted(id(2, 1), Some(1)))
        .then(24, begun(24, id(2, 2)))
        .then(25, Event::Accepted(id(2, 2), Some(2)));
    let logged = "resend, send SUCCESS, erase";
    assert_eq!((story.phase(), story.logged().as_str()), ("sent", logged));
}

/// Else none of them would ever become whole.
#[test]
fn a_code_of_two_segments_is_sent_again_once_however_slow_the_network_is() {
    let resent = |late: Option<u64>| {
        let story = Story::new(Lane::Otp).claimed(1, 1, 2).claimed(21, 2, 2);
        let story = match late {
            Some(seconds) => story.then(seconds, Event::Accepted(id(1, 1), Some(1))),
            None => story,
        };
        story.then(42, Event::Deadline(None))
    };
    for late in [None, Some(26)] {
        let story = resent(late);
        assert_eq!((story.state.claimable_at, story.logged().as_str()), (None, "resend"));
        let story = story.then(46, Event::Accepted(id(2, 1), Some(1)));
        let story = story.then(46, begun(46, id(2, 2)));
        let story = story.then(71, Event::Accepted(id(2, 2), Some(2)));
        assert_eq!(story.phase(), "sent");
    }
    let refused = resent(None).then(43, Event::Refused(id(2, 1), no(RefusalClass::Network)));
    assert!(refused.state.claimable_at.is_some(), "what was refused is none");
}

#[test]
fn a_second_copy_is_announced() {
    let story = Story::new(Lane::Otp).claimed(1, 1, 1).claimed(21, 2, 1);
    assert_eq!(story.logged(), "resend");
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 1)
        .then(2, Event::Refused(id(1, 1), no(RefusalClass::Network)))
        .claimed(7, 2, 1);
    assert_eq!(story.logged(), "", "what was refused is no copy");
}

#[test]
fn a_message_that_expires_unsent_says_what_it_waited_for() {
    let story = Story::new(Lane::Otp).then(TTL, Event::Deadline(Some(Detail::NotRegistered)));
    assert_eq!((story.phase(), story.state.reason), ("expired", Some(Detail::NotRegistered)));
}

#[test]
fn a_code_of_an_earlier_boot_without_a_clock_expires_and_the_rest_waits_on() {
    let story = Story::new(Lane::Otp).then(5, Event::Stranded);
    assert_eq!((story.phase(), story.state.reason), ("expired", Some(Detail::ExpiredInQueue)));
    let story = Story::new(Lane::Bulk).then(5, Event::Stranded);
    assert_eq!((story.phase(), story.state.claimable_at), ("queued", Some(at(0))));
    let story = Story::new(Lane::Otp).claimed(1, 1, 1).then(5, Event::Crashed);
    let story = story.then(5, Event::Stranded);
    assert_eq!((story.phase(), story.state.claimable_at), ("sending", None), "it may be there");
}

#[test]
fn a_clock_that_is_set_changes_no_wait() {
    const HOURS: u64 = 5 * 3600;
    let waiting = Story::new(Lane::Otp).claimed(10, 1, 1).then(70, Event::Silent(id(1, 1)));
    let deadline = waiting.state.deadline_at.unwrap();
    let claimable = waiting.state.claimable_at.unwrap();
    let shifted = waiting.then(70 + HOURS, Event::Shifted(i64::try_from(HOURS * 1000).unwrap()));
    let later = Duration::from_secs(HOURS);
    assert_eq!(shifted.phase(), "sending");
    assert_eq!(shifted.state.deadline_at, Some(deadline.after(later)));
    assert_eq!(shifted.state.claimable_at, Some(claimable.after(later)));
    let back = shifted.then(70, Event::Shifted(-i64::try_from(HOURS * 1000).unwrap()));
    assert_eq!(
        (back.state.deadline_at, back.state.claimable_at),
        (Some(deadline), Some(claimable))
    );
}

#[test]
fn a_deadline_is_moved_with_the_clock_by_however_little_that_was_set() {
    let waiting = Story::new(Lane::Bulk);
    let deadline = waiting.state.deadline_at.unwrap();
    let ahead = waiting.then(35, Event::Shifted(30_000));
    assert_eq!(ahead.state.deadline_at, Some(deadline.after(Duration::from_secs(30))));
    let back = ahead.then(10, Event::Shifted(-30_000));
    assert_eq!(back.state.deadline_at, Some(deadline));
}

#[test]
fn a_message_for_an_hour_that_somebody_chose_waits_for_that_hour() {
    let mut scheduled = Story::new(Lane::Bulk);
    scheduled.state.scheduled = true;
    scheduled.state.claimable_at = Some(at(200));
    let shifted = scheduled.then(100, Event::Shifted(90_000));
    assert_eq!(shifted.state.claimable_at, Some(at(200)));
    assert_eq!(shifted.state.expires_at, at(TTL));
}

fn doubtful() -> Refusal {
    no(RefusalClass::Doubtful)
}

/// SIMs of the random stories: two, so that a second copy has somewhere to go, and nowhere too.
const SIMS: [&str; 2] = ["sim0", "sim1"];
/// Where the clock of a random story begins: it may be set back without leaving the stage.
const DAWN: i64 = 100_000;

/// A message whose promises are checked after everything that happens to it.
struct Checked {
    state: Progress,
    clock: i64,
    sends: u32,
    statuses: u32,
    erased: bool,
    /// How often it was decided on what is to go out in its place.
    fallen: u32,
    /// What happened that a story should tell of now and then.
    told: BTreeSet<Told>,
}

/// What happens seldom, and must not be what no story ever tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Crash,
    Reboot,
    ClockAhead,
    ClockBack,
    ReportBeforeAnswer,
    Resend,
    ResendOfAPart,
    LateAnswerAfterResend,
    LateRefusalAfterResend,
    ReportAfterResend,
    Cancel,
    LateReport,
    Expiry,
    NoReport,
    AnswerLost,
}

impl Told {
    const ALL: [Self; 15] = [
        Self::Crash,
        Self::Reboot,
        Self::ClockAhead,
        Self::ClockBack,
        Self::ReportBeforeAnswer,
        Self::Resend,
        Self::ResendOfAPart,
        Self::LateAnswerAfterResend,
        Self::LateRefusalAfterResend,
        Self::ReportAfterResend,
        Self::Cancel,
        Self::LateReport,
        Self::Expiry,
        Self::NoReport,
        Self::AnswerLost,
    ];

    /// What happens when `event` makes `after` of `before`.
    fn of(before: &Progress, event: &Event, after: &Progress) -> Option<Self> {
        let is = |id: &SegmentId, state| before.segment(*id).is_some_and(|it| it.state == state);
        let resent = before.attempts.iter().filter(|it| !is_incomplete(it)).count() > 1;
        let late = |id| resent && is(id, SegmentState::Unanswered);
        let on_air = shunned_sims(before).next().is_some();
        let ended = after.phase != before.phase;
        Some(match event {
            _ if before.phase.is_final() => {
                matches!(event, Event::Reported(..)).then_some(Self::LateReport)?
            }
            Event::Crashed if on_air => Self::Crash,
            Event::Stranded if ended => Self::Reboot,
            Event::Shifted(jump) if *jump > 0 => Self::ClockAhead,
            Event::Shifted(_) => Self::ClockBack,
            Event::Reported(id, _) if is(id, SegmentState::Submitting) => Self::ReportBeforeAnswer,
            Event::Reported(id, _) if late(id) => Self::ReportAfterResend,
            Event::Accepted(id, _) if late(id) => Self::LateAnswerAfterResend,
            Event::Refused(id, _) if late(id) => Self::LateRefusalAfterResend,
            Event::Claimed(_) if on_air && is_whole(before) => Self::Resend,
            Event::Claimed(_) if on_air => Self::ResendOfAPart,
            Event::Cancelled if ended => Self::Cancel,
            Event::Deadline(_) if after.phase == Phase::Ended(End::Expired) => Self::Expiry,
            Event::Deadline(_) if after.phase == Phase::Ended(End::Unknown) => {
                let unheard = after.reason == Some(Detail::NoReport);
                if unheard { Self::NoReport } else { Self::AnswerLost }
            }
            Event::Claimed(_)
            | Event::Begun(..)
            | Event::Accepted(..)
            | Event::Refused(..)
            | Event::Silent(_)
            | Event::Reported(..)
            | Event::CutOff(_)
            | Event::ModemLost(_)
            | Event::Deadline(_)
            | Event::Cancelled
            | Event::Crashed
            | Event::Stranded => return None,
        })
    }
}

impl Checked {
    fn new(lane: Lane, on_unknown: OnUnknown, scheduled: bool) -> Self {
        let mut state = queued(lane);
        let born = Self::instant(DAWN);
        state.on_unknown = on_unknown;
        state.scheduled = scheduled;
        state.claimable_at = Some(born);
        state.expires_at = born.after(Duration::from_secs(TTL));
        state.fallback_until =
            (lane == Lane::Otp).then_some(state.expires_at.after(RULES.resend_after));
        state.deadline_at = Some(state.expires_at);
        let (sends, statuses, told) = (0, 0, BTreeSet::new());
        Self { state, clock: DAWN, sends, statuses, erased: false, fallen: 0, told }
    }

    fn instant(seconds: i64) -> Timestamp {
        Timestamp::from_unix_ms(seconds * 1000)
    }

    fn now(&self) -> Timestamp {
        Self::instant(self.clock)
    }

    /// What may happen next, as far as the outbox lets it.
    fn happen(&mut self, (kind, which, sequence, wait, jump): Happening) {
        self.clock += wait;
        if (kind, sequence) == (15, 3) {
            // The machine was off: the daemon finds what was on the air, and doubts the clock.
            self.run(Event::Crashed);
            return self.run(Event::Stranded);
        }
        let event = self.event(kind, which, sequence, jump);
        self.run(event);
    }

    fn event(&mut self, kind: u8, which: u8, sequence: u8, jump: i64) -> Event {
        let key = i64::from(which) + 1;
        let segment = id(key, sequence);
        let next = i64::try_from(self.state.attempts.len()).unwrap() + 1;
        let sim = SIMS[usize::from(which) % SIMS.len()];
        let claimable = self.state.claimable_at.is_some_and(|due| due <= self.now())
            && self.now() < self.state.expires_at
            && !shunned_sims(&self.state).any(|shunned| shunned == sim);
        let pending =
            self.state.segment(segment).is_some_and(|it| it.state == SegmentState::Pending);
        match kind {
            0..=2 if claimable => {
                let count = usize::from(sequence);
                Event::Claimed(attempt(next, sim, count, kind != 0, self.now()))
            }
            3 if pending => {
                Event::Begun(segment, self.now().after(Duration::from_secs(REPORT_WINDOW)))
            }
            4 => Event::Accepted(segment, Some(sequence)),
            5 => Event::Accepted(segment, None),
            6 => Event::Refused(segment, no(RefusalClass::Network)),
            7 => Event::Refused(segment, no(RefusalClass::Permanent)),
            8 => Event::Refused(segment, no(RefusalClass::Modem)),
            9 => Event::Refused(segment, doubtful()),
            10 => Event::Silent(segment),
            11 => Event::Reported(segment, Report::Delivered),
            12 => Event::Reported(segment, Report::Failed(Detail::Unreachable)),
            13 => Event::Reported(segment, Report::StillTrying),
            14 => Event::ModemLost(key),
            15 if sequence == 1 => Event::Crashed,
            15 if which == 0 => {
                self.state.abandoned = true;
                Event::Cancelled
            }
            15 => Event::Cancelled,
            16 => {
                self.clock += jump;
                Event::Shifted(jump * 1000)
            }
            17 => Event::Refused(segment, no(RefusalClass::Callee)),
            _ => Event::Deadline(None),
        }
    }

    fn run(&mut self, event: Event) {
        let now = self.now();
        let before = self.state.clone();
        let begins = matches!(event, Event::Claimed(_) | Event::Begun(..));
        let shifted = if let Event::Shifted(milliseconds) = event { milliseconds } else { 0 };
        let moved = |at: Timestamp| Timestamp::from_unix_ms(at.as_unix_ms() + shifted);
        let waits = before.deadline_at.is_some_and(|deadline| moved(deadline) > now);
        let copies = |state: &Progress| shunned_sims(state).count();
        let again = matches!(event, Event::Claimed(_)) && copies(&before) > 0;
        let mut segments = before.attempts.iter().flat_map(|attempt| &attempt.segments);
        let doubled = matches!(event, Event::Claimed(_)) && segments.any(is_unanswered);
        assert!(!again || may_resend(&before, now), "not resent too early: {before:?}");
        let (after, effects) = step(before.clone(), event.clone(), now, RULES);
        self.told.extend(Told::of(&before, &event, &after));
        assert!(!(begins && self.erased), "nothing goes out after the erasure");
        let mut announced = false;
        for effect in &effects {
            match effect {
                Effect::LogSend(..) => self.sends += 1,
                Effect::LogStatus(..) => self.statuses += 1,
                Effect::EraseText => self.erased = true,
                Effect::LogLateReport(_) => assert!(before.phase.is_final()),
                Effect::LogResend => announced = true,
                Effect::FallBack => {
                    assert!(after.phase.is_final() && after.fallback_until > Some(now));
                    self.fallen += 1;
                }
                Effect::EraseFallback => self.fallen += 1,
            }
        }
        assert!(self.fallen <= u32::from(self.state.lane == Lane::Otp), "decided once");
        let decided = self.state.lane == Lane::Otp && after.phase.is_final();
        assert!(!decided || self.fallen == 1, "and at the end at the latest");
        assert_eq!(
            announced, doubled,
            "what goes out again in doubt is announced, and nothing else"
        );
        assert!(copies(&after) <= 2, "two copies are on their way at the most");
        if after.on_unknown == OnUnknown::Hold {
            assert!(copies(&after) <= 1, "what holds is never sent twice");
        }
        assert!(!(after.abandoned && after.claimable_at.is_some()), "nobody wants it any more");
        if before.phase.is_final() {
            assert_eq!(before, after, "final states never change");
        }
        let on_air = |state: &Progress| {
            let segments = state.attempts.iter().flat_map(|attempt| &attempt.segments);
            segments.filter(|segment| segment.state == SegmentState::Submitting).count()
        };
        let went = on_air(&after) > on_air(&before);
        assert!(!went || now < before.expires_at, "what has expired goes on the air no more");
        if shifted != 0 && waits && !before.scheduled {
            assert_eq!(before.phase, after.phase, "the clock alone ends nothing");
        }
        assert_eq!(after.phase.is_final(), after.deadline_at.is_none());
        if let Some(deadline) = after.deadline_at {
            assert!(deadline > now, "a deadline lies ahead");
            let far = now.max(after.expires_at);
            let longest = Duration::from_secs(SETTLE.max(REPORT_WINDOW));
            assert!(deadline <= far.after(longest), "and not far");
            let anew = Progress { deadline_at: None, ..before };
            let needed = step(anew, event, now, RULES).0.deadline_at;
            assert!(Some(deadline) <= needed, "nor later than what is waited for");
            assert!(shifted == 0 || Some(deadline) == needed, "the clock moves it with the rest");
        }
        let segments = after.attempts.iter().flat_map(|attempt| &attempt.segments);
        let mut on_the_air = segments.filter(|it| it.state == SegmentState::Submitting);
        assert!(on_the_air.all(|it| it.reference.is_none()), "by which a start finds it");
        assert_eq!(self.sends, u32::from(after.send_logged));
        assert_eq!(self.statuses, u32::from(after.phase.is_final()));
        let expired = now >= after.expires_at;
        let given_up = after.abandoned && is_whole(&after);
        let needless = after.send_logged || (expired && !after.scheduled) || given_up;
        assert!(self.erased || !needless, "what no send can need is erased");
        let may_be = after.send_logged || expired || given_up;
        assert!(!self.erased || may_be, "and nothing else");
        self.state = after;
    }

    /// Nothing more happens: deadlines alone bring every message to its end.
    fn end(&mut self) {
        for _ in 0..40 {
            let Some(deadline) = self.state.deadline_at else { return };
            self.clock = deadline.as_unix_ms().div_euclid(1000) + 1;
            self.run(Event::Deadline(None));
        }
        panic!("no end: {:?}", self.state);
    }
}

/// Whether something has been without an answer for long enough, or was answered in doubt.
fn may_resend(state: &Progress, now: Timestamp) -> bool {
    let segments = state.attempts.iter().flat_map(|attempt| &attempt.segments);
    segments.filter(|segment| is_unanswered(segment)).any(|segment| {
        let since = segment.submitting_at.unwrap();
        segment.detail.is_some() || now >= since.after(RULES.resend_after)
    })
}

/// What happens, to which attempt and segment, after how many seconds, and by how many a clock jumps.
type Happening = (u8, u8, u8, i64, i64);

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = (0..19_u8, 0..4_u8, 1..4_u8, 0..60_i64, -20_000..20_000_i64);
    prop::collection::vec(one, 1..60)
}

/// Random stories in a usual run; `make long` tells a million.
const STORIES: u32 = 20_000;

fn stories() -> Config {
    let given = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: given.unwrap_or(STORIES), failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(stories())]

    #[test]
    fn promises_hold_in_any_order_of_events(
        wishes in any::<Wishes>(), happenings in happenings(),
    ) {
        tell(wishes, happenings);
    }
}

/// Whether it is a code, is sent once more where its answer is missing, and is scheduled.
type Wishes = (bool, bool, bool);

/// A story to its end; says what it told of.
fn tell((otp, resend, scheduled): Wishes, happenings: Vec<Happening>) -> BTreeSet<Told> {
    let lane = if otp { Lane::Otp } else { Lane::Bulk };
    let on_unknown = if resend { OnUnknown::Resend } else { OnUnknown::Hold };
    let mut message = Checked::new(lane, on_unknown, scheduled);
    happenings.into_iter().for_each(|happening| message.happen(happening));
    message.end();
    message.told
}

#[test]
fn the_stories_tell_of_everything() {
    let mut runner = TestRunner::deterministic();
    let mut told = BTreeSet::new();
    for _ in 0..STORIES {
        let story = (any::<Wishes>(), happenings()).new_tree(&mut runner).unwrap();
        let (wishes, happenings) = story.current();
        told.extend(tell(wishes, happenings));
    }
    assert_eq!(told.into_iter().collect::<Vec<_>>(), Told::ALL);
}
