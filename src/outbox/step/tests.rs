//! The law as a table of stories, and its promises on random ones.

use proptest::{prelude::*, test_runner::Config};

use super::*;
use crate::domain::Lane;

const RULES: Rules = Rules { resend_after: Duration::from_secs(20) };
const TTL: u64 = 300;
const SETTLE: u64 = 120;
const REPORT_WINDOW: u64 = 400;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_ms(0).after(Duration::from_secs(seconds))
}

fn queued(lane: Lane) -> Progress {
    Progress {
        lane,
        on_unknown: OnUnknown::of(lane),
        expires_at: at(TTL),
        phase: Phase::Queued,
        reason: None,
        sent_at: None,
        ended_at: None,
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
                Effect::EraseText => "erase".into(),
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

fn no(class: RefusalClass) -> Refusal {
    let detail = match class {
        RefusalClass::Permanent => Detail::Unassigned,
        RefusalClass::Network => Detail::NetworkBusy,
        RefusalClass::Modem => Detail::ModemFault,
    };
    Refusal { detail, class }
}

#[test]
fn two_segments_are_sent_and_delivered() {
    let story = Story::new(Lane::Otp).claimed(1, 1, 2).then(3, Event::Accepted(id(1, 1), Some(7)));
    assert_eq!((story.phase(), story.logged().as_str()), ("sending", ""));
    let story = story.then(3, Event::Begun(id(1, 2))).then(5, Event::Accepted(id(1, 2), Some(8)));
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
fn one_undelivered_segment_makes_the_message_undelivered() {
    let story = Story::new(Lane::Bulk)
        .claimed(1, 1, 2)
        .then(2, Event::Accepted(id(1, 1), Some(1)))
        .then(2, Event::Begun(id(1, 2)))
        .then(3, Event::Accepted(id(1, 2), Some(2)))
        .then(4, Event::Reported(id(1, 1), Report::Delivered))
        .then(5, Event::Reported(id(1, 2), Report::Failed(Detail::Unreachable)));
    assert_eq!((story.phase(), story.state.reason), ("undelivered", Some(Detail::Unreachable)));
    assert_eq!(story.logged(), "send SUCCESS, erase, status FAILURE");
}

#[test]
fn no_report_in_the_window_is_unknown_and_not_failed() {
    let story = Story::new(Lane::Otp).claimed(1, 1, 1).then(2, Event::Accepted(id(1, 1), Some(1)));
    assert_eq!(story.state.deadline_at, Some(at(1 + REPORT_WINDOW).min(at(TTL))));
    let story = story.then(TTL, Event::Deadline);
    assert_eq!(story.phase(), "sent");
    let story = story.then(1 + REPORT_WINDOW, Event::Deadline);
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

#[test]
fn retries_end_with_the_time_to_live_and_say_why() {
    let story = Story::new(Lane::Otp)
        .claimed(1, 1, 1)
        .then(2, Event::Refused(id(1, 1), no(RefusalClass::Network)))
        .then(TTL, Event::Deadline);
    assert_eq!((story.phase(), story.state.reason), ("expired", Some(Detail::NetworkBusy)));
    let story = Story::new(Lane::Otp).then(TTL, Event::Deadline);
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
    let story = story.then(1 + SETTLE, Event::Deadline);
    assert_eq!((story.phase(), story.state.reason), ("unknown", Some(Detail::AnswerLost)));
    assert_eq!(story.logged(), "send UNKNOWN, erase, status UNKNOWN");
}

#[test]
fn a_code_is_sent_once_more_on_another_sim() {
    let story = Story::new(Lane::Otp).claimed(1, 1, 1);
    assert_eq!(story.state.claimable_at, Some(at(21)));
    assert_eq!(shunned_sims(&story.state).collect::<Vec<_>>(), ["sim1"]);
    let story = story.claimed(21, 2, 1);
    assert_eq!(story.state.claimable_at, None, "once");
    let story = story.then(23, Event::Accepted(id(2, 1), Some(1)));
    assert_eq!(story.phase(), "sent");
    let story = story.then(25, Event::Reported(id(2, 1), Report::Delivered));
    assert_eq!(story.phase(), "delivered");
    assert_eq!(story.logged(), "send SUCCESS, erase, status SUCCESS");
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
    let story = story.then(51, Event::Begun(id(1, 2))).then(53, Event::Accepted(id(1, 2), Some(3)));
    assert_eq!(story.phase(), "sending");
    let story = story.then(1 + SETTLE, Event::Deadline);
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

/// What may happen next, as far as the outbox lets it.
fn random_event() -> impl Strategy<Value = (u8, u8, u8, u64)> {
    (0..12_u8, 0..3_u8, 1..4_u8, 0..60_u64)
}

fn event_of(state: &Progress, kind: u8, attempt_index: u8, sequence: u8, now: Timestamp) -> Event {
    let key = i64::from(attempt_index) + 1;
    let segment = id(key, sequence);
    let next = i64::try_from(state.attempts.len()).unwrap() + 1;
    let claimable = state.claimable_at.is_some_and(|due| due <= now) && next < 6;
    let pending = state.segment(segment).is_some_and(|it| it.state == SegmentState::Pending);
    match kind {
        0 | 1 if claimable => {
            Event::Claimed(attempt(next, &format!("sim{next}"), 3, kind == 0, now))
        }
        2 if pending && now < state.expires_at => Event::Begun(segment),
        3 => Event::Accepted(segment, Some(sequence)),
        4 => Event::Accepted(segment, None),
        5 => Event::Refused(segment, no(RefusalClass::Network)),
        6 => Event::Refused(segment, no(RefusalClass::Permanent)),
        7 => Event::Silent(segment),
        8 => Event::Reported(segment, Report::Delivered),
        9 => Event::Reported(segment, Report::Failed(Detail::Unreachable)),
        10 => Event::ModemLost(key),
        11 if sequence == 1 => Event::Crashed,
        11 if sequence == 2 => Event::Cancelled,
        _ => Event::Deadline,
    }
}

proptest! {
    #![proptest_config(Config { cases: 4096, failure_persistence: None, ..Config::default() })]

    #[test]
    fn promises_hold_in_any_order_of_events(
        otp in any::<bool>(),
        events in prop::collection::vec(random_event(), 1..60),
    ) {
        let mut state = queued(if otp { Lane::Otp } else { Lane::Bulk });
        let (mut clock, mut sends, mut statuses, mut erased) = (0, 0, 0, false);
        let mut run = |state: Progress, event: Event, now: u64| {
            let before = state.clone();
            let begins = matches!(event, Event::Claimed(_) | Event::Begun(_));
            let (after, effects) = step(state, event, at(now), RULES);
            assert!(!(begins && erased), "nothing goes out after the erasure");
            for effect in &effects {
                match effect {
                    Effect::LogSend(..) => sends += 1,
                    Effect::LogStatus(..) => statuses += 1,
                    Effect::EraseText => erased = true,
                    Effect::LogLateReport(_) => assert!(before.phase.is_final()),
                }
            }
            if before.phase.is_final() {
                assert_eq!(before, after, "final states never change");
            }
            assert_eq!(after.phase.is_final(), after.deadline_at.is_none());
            if let Some(deadline) = after.deadline_at {
                assert!(deadline > at(now), "a deadline lies ahead");
                assert!(deadline <= at(now).max(at(TTL)).after(Duration::from_secs(
                    SETTLE.max(REPORT_WINDOW))), "and not far");
            }
            assert_eq!(sends, u32::from(after.send_logged));
            assert_eq!(statuses, u32::from(after.phase.is_final()));
            assert_eq!(erased, after.send_logged);
            after
        };
        for (kind, attempt_index, sequence, wait) in events {
            clock += wait;
            let event = event_of(&state, kind, attempt_index, sequence, at(clock));
            state = run(state, event, clock);
        }
        // Nothing more happens: deadlines alone bring every message to its end.
        for _ in 0..40 {
            let Some(deadline) = state.deadline_at else { break };
            clock = deadline.since(at(0)).as_secs();
            state = run(state, Event::Deadline, clock);
        }
        prop_assert!(state.phase.is_final(), "{state:?}");
    }
}
