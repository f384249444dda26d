//! A modem that hears of the next segment before anybody asks for it.

use super::*;
use crate::modem::Follower;

impl Rig {
    /// A segment that another one of two octets is to follow, up to its body; and what tells that none is.
    async fn submit_with_a_follower(&mut self) -> (JoinHandle<SubmitOutcome>, CancellationToken) {
        let unwanted = CancellationToken::new();
        let segment = SegmentId { attempt: 1, sequence: 1 };
        let tpdu = Zeroizing::new(vec![0x01, 0x02, 0x03]);
        let follower = Some(Follower { octets: 2, unwanted: unwanted.clone() });
        let prepared = self.handle.prepare(Submit { segment, tpdu, more: false, follower });
        let outcome = tokio::spawn(prepared.send());
        self.far.expect("AT+CMGS=3").await;
        self.far.prompts().await;
        self.far.expect("00010203\u{1A}").await;
        (outcome, unwanted)
    }

    /// The first is taken, and the modem hears of the next; nobody has asked for that.
    async fn hears_of_a_follower(&mut self) -> CancellationToken {
        let (outcome, unwanted) = self.submit_with_a_follower().await;
        self.far.says(&["+CMGS: 6", "OK"]).await;
        self.far.expect("AT+CMGS=2").await;
        assert_eq!(outcome.await.unwrap(), accepted(6));
        unwanted
    }

    /// One is taken that another is to follow, of which the modem hears nothing before it is asked for.
    async fn hears_of_no_follower(&mut self) {
        let (outcome, _unwanted) = self.submit_with_a_follower().await;
        self.far.says(&["+CMGS: 6", "OK"]).await;
        assert_eq!(outcome.await.unwrap(), accepted(6));
        self.is_quiet(Duration::from_secs(1)).await;
    }

    /// It is at its prompt, and nothing is written there.
    async fn prompts_and_waits(&mut self) {
        self.far.prompts().await;
        self.is_quiet(Duration::from_secs(1)).await;
    }

    /// A segment of four octets.
    fn prepare_longer(&self) -> Prepared {
        let segment = SegmentId { attempt: 2, sequence: 1 };
        let tpdu = Zeroizing::new(vec![9; 4]);
        self.handle.prepare(Submit { segment, tpdu, more: false, follower: None })
    }

    /// It is freed at its prompt, and asked whether it is there.
    async fn is_freed(&mut self) {
        self.far.expect("\u{1B}").await;
        self.far.says(&["OK"]).await;
        self.far.expect("AT").await;
        self.far.says(&["OK"]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_segment_is_told_of_with_the_answer_and_leaves_when_it_is_asked_for() {
    let mut rig = Rig::up().await;
    rig.hears_of_a_follower().await;
    // The prompt is there before, or behind.
    rig.far.prompts().await;
    rig.far.says(&["+CDS: 2", "000203"]).await;
    assert_eq!(report(&mut rig.events).await, [2, 3], "a report does not wait for it");
    let prepared = rig.prepare(2, false);
    rig.is_quiet(Duration::from_secs(1)).await;
    let outcome = tokio::spawn(prepared.send());
    rig.body_is_taken("000102\u{1A}", 7, outcome).await;

    rig.hears_of_a_follower().await;
    let outcome = rig.submit(2);
    tokio::task::yield_now().await;
    rig.far.prompts().await;
    rig.body_is_taken("000102\u{1A}", 8, outcome).await;
    rig.is_quiet(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_for_instead_does_not_wait_long() {
    let mut rig = Rig::up().await;
    rig.hears_of_a_follower().await;
    rig.prompts_and_waits().await;
    let begun = Instant::now();
    let outcome = tokio::spawn(rig.prepare_longer().send());
    rig.is_freed().await;
    rig.far.expect("AT+CMGS=4").await;
    assert!(begun.elapsed() < Duration::from_millis(5), "{:?}", begun.elapsed());
    rig.far.prompts().await;
    rig.body_is_taken("0009090909\u{1A}", 7, outcome).await;
    let outcome = rig.submit(3);
    rig.is_taken(outcome).await;
}

/// Not all makers' modems say anything to ESC.
#[tokio::test(start_paused = true)]
async fn what_is_asked_for_instead_does_not_wait_for_a_modem_that_is_freed_in_silence() {
    for prompts_late in [false, true] {
        let mut rig = Rig::up().await;
        rig.hears_of_a_follower().await;
        if !prompts_late {
            rig.prompts_and_waits().await;
        }
        let begun = Instant::now();
        let outcome = tokio::spawn(rig.prepare_longer().send());
        rig.far.expect("\u{1B}").await;
        if prompts_late {
            rig.far.prompts().await;
            rig.far.expect("\u{1B}").await;
        }
        rig.far.expect("AT").await;
        rig.far.says(&["OK"]).await;
        rig.far.expect("AT+CMGS=4").await;
        assert!(begun.elapsed() < Duration::from_millis(150), "{:?}", begun.elapsed());
        rig.far.prompts().await;
        rig.body_is_taken("0009090909\u{1A}", 7, outcome).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_modem_is_freed_where_nothing_follows() {
    let mut rig = Rig::up().await;
    for prompted in [true, false] {
        let unwanted = rig.hears_of_a_follower().await;
        if prompted {
            rig.prompts_and_waits().await;
        }
        unwanted.cancel();
        rig.is_freed().await;
    }
    // Nobody says anything.
    rig.hears_of_a_follower().await;
    rig.far.prompts().await;
    let begun = Instant::now();
    rig.is_freed().await;
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    // The daemon stops.
    rig.hears_of_a_follower().await;
    rig.prompts_and_waits().await;
    rig.cancel.cancel();
    rig.is_freed().await;
    let (ended, _) = rig.life.await.unwrap();
    assert!(matches!(ended, Ended::Cancelled), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_has_something_else_to_do_hears_of_no_follower() {
    let mut rig = Rig::up().await;
    let (outcome, unwanted) = rig.submit_with_a_follower().await;
    unwanted.cancel();
    rig.far.says(&["+CMGS: 6", "OK"]).await;
    assert_eq!(outcome.await.unwrap(), accepted(6));
    rig.is_quiet(Duration::from_secs(1)).await;

    // A message has come in meanwhile, and is read first.
    let (outcome, _unwanted) = rig.submit_with_a_follower().await;
    rig.far.says(&["+CMTI: \"ME\",4", "+CMGS: 6", "OK"]).await;
    assert_eq!(outcome.await.unwrap(), accepted(6));
    rig.far.answers_before("AT+CMGR=4").await;
    rig.far.says(&["OK"]).await;

    for refused in ["+CMS ERROR: 38", "ERROR"] {
        let (outcome, _unwanted) = rig.submit_with_a_follower().await;
        rig.far.says(&[refused]).await;
        assert!(matches!(outcome.await.unwrap(), SubmitOutcome::Refused(_)));
        rig.is_quiet(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_does_not_take_to_it_is_asked_as_ever_from_then_on() {
    let mut rig = Rig::up().await;
    rig.hears_of_a_follower().await;
    rig.far.says(&["+CMS ERROR: 500"]).await;
    rig.is_quiet(Duration::from_secs(1)).await;
    let outcome = rig.submit(2);
    rig.is_taken(outcome).await;
    rig.hears_of_no_follower().await;

    // No prompt comes: it has sent nothing, and is brought into step.
    let mut rig = Rig::up().await;
    rig.hears_of_a_follower().await;
    rig.far.expect("\u{1B}").await;
    rig.far.has_kept_its_settings().await;
    rig.ready().await;
    let outcome = rig.submit(2);
    rig.is_taken(outcome).await;
    rig.hears_of_no_follower().await;
}

/// Another segment is asked for while the modem waits for that of which it heard; it is to be freed first.
#[tokio::test(start_paused = true)]
async fn what_is_asked_for_instead_is_not_sent_where_the_modem_goes_meanwhile() {
    for restarts in [true, false] {
        let mut rig = Rig::up().await;
        rig.hears_of_a_follower().await;
        rig.prompts_and_waits().await;
        let outcome = tokio::spawn(rig.prepare_longer().send());
        rig.far.expect("\u{1B}").await;
        if restarts {
            rig.far.says(&["RDY"]).await;
            while let Ok(heard) = timeout(Duration::from_secs(1), rig.far.0.read_u8()).await {
                let Ok(byte) = heard else { break };
                assert_ne!(byte, b'4', "it is not set up yet");
                if byte == b'\r' {
                    rig.far.says(&["OK"]).await;
                }
            }
        } else {
            drop(rig.far);
        }
        let (ended, mut worker) = rig.life.await.unwrap();
        assert_eq!(matches!(ended, Ended::Restarted), restarts, "{ended:?}");
        worker.turn_away();
        assert_eq!(outcome.await.unwrap(), SubmitOutcome::NotSent(NotSent::NotReady));
    }
}

#[tokio::test(start_paused = true)]
async fn a_prompt_that_does_not_come_is_not_the_fault_of_what_is_asked_for_then() {
    for is_longer in [false, true] {
        let mut rig = Rig::up().await;
        rig.hears_of_a_follower().await;
        rig.far.expect("\u{1B}").await;
        let outcome =
            if is_longer { tokio::spawn(rig.prepare_longer().send()) } else { rig.submit(2) };
        if is_longer {
            // It waits for no modem that is silent.
            let outcome = timeout(Duration::from_secs(10), outcome).await.expect("in time");
            assert_eq!(outcome.unwrap(), SubmitOutcome::NotSent(NotSent::NotReady));
        } else {
            rig.far.says(&["OK"]).await;
            rig.far.has_kept_its_settings().await;
            rig.is_taken(outcome).await;
        }
    }
}

/// Whoever takes what comes in stands still, and so does the modem.
#[tokio::test(start_paused = true)]
async fn what_was_asked_for_too_long_ago_is_not_sent_and_is_not_unanswered() {
    let mut rig = Rig::up().await;
    rig.hears_of_a_follower().await;
    rig.far.prompts().await;
    for _ in 0..20 {
        rig.far.says(&["+CDS: 2", "000203"]).await;
    }
    rig.is_quiet(Duration::from_secs(1)).await;
    let outcome = rig.submit(2);
    rig.is_quiet(Duration::from_secs(6)).await;
    rig.keeps_all();
    rig.is_freed().await;
    assert_eq!(outcome.await.unwrap(), SubmitOutcome::NotSent(NotSent::NotReady));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_does_not_wait_for_the_end_of_a_long_message() {
    let mut rig = Rig::up().await;
    rig.far.says(&["+CMTI: \"ME\",3"]).await;
    rig.far.answers_before("AT+CMGR=3").await;
    rig.far.says(&["+CMS ERROR: 314"]).await;
    rig.hears_of_a_follower().await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    rig.far.prompts().await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let segment = SegmentId { attempt: 1, sequence: 2 };
    let follower = Some(Follower { octets: 2, unwanted: CancellationToken::new() });
    let tpdu = Zeroizing::new(vec![1, 2]);
    let second = rig.handle.prepare(Submit { segment, tpdu, more: false, follower });
    let outcome = tokio::spawn(second.send());
    rig.far.expect("000102\u{1A}").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    rig.far.says(&["+CMGS: 7", "OK"]).await;
    assert_eq!(outcome.await.unwrap(), accepted(7));
    // With another one to follow.
    timeout(Duration::from_secs(1), rig.far.answers_until("AT+CMGL=4")).await.expect("at once");
}

/// It may not have been ready for that.
#[tokio::test(start_paused = true)]
async fn a_modem_that_refuses_what_it_was_told_of_is_asked_before_that_counts() {
    for prompt in ["+CMS ERROR: 515", "+CMS ERROR: 304", "ERROR"] {
        let mut rig = Rig::up().await;
        rig.hears_of_a_follower().await;
        let outcome = rig.submit(2);
        tokio::task::yield_now().await;
        rig.far.says(&[prompt]).await;
        rig.far.has_kept_its_settings().await;
        rig.far.expect("AT+CMGS=2").await;
        rig.far.says(&["+CMS ERROR: 515"]).await;
        let refusal = FinalResult::Cms(ErrorCode::from(515));
        assert_eq!(outcome.await.unwrap(), SubmitOutcome::NotSent(NotSent::Refused(refusal)));
        assert_eq!(rig.handle.status().borrow().state, ModemState::Ready, "all the time");
        rig.hears_of_no_follower().await;
    }
}
