//! Dialogues with a modem that is played by hand, on paused time.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ringpost_hal::at::{ErrorCode, FinalResult};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::{
    Hotplug, ModemConfig, ModemEvent, ModemHandle, ModemState, NotSent, Prepared, Submit,
    SubmitOutcome,
    handle::apart,
    link::Link,
    runner::{Ended, OpenLink, Runner, Worker},
};
use crate::domain::{Locator, SegmentId};

mod ahead;

/// What a daemon before may have given to the modem.
const FIRST: SegmentId = SegmentId { attempt: 1, sequence: 1 };

/// A modem's side of the line.
struct Far(DuplexStream);

impl Far {
    /// What was written, up to its end: CR, Ctrl-Z or ESC.
    async fn hears(&mut self) -> String {
        let mut heard = String::new();
        loop {
            match self.0.read_u8().await.expect("the line is open") {
                b'\r' if heard.is_empty() => {}
                b'\r' => return heard,
                end @ (0x1A | 0x1B) => {
                    heard.push(end.into());
                    return heard;
                }
                byte => heard.push(byte.into()),
            }
        }
    }

    async fn expect(&mut self, command: &str) {
        assert_eq!(self.hears().await, command);
    }

    async fn says(&mut self, lines: &[&str]) {
        for line in lines {
            self.0.write_all(format!("\r\n{line}\r\n").as_bytes()).await.unwrap();
        }
    }

    /// Lists so many messages, one in a second.
    async fn lists(&mut self, count: u16) {
        for index in 0..count {
            let head = format!("+CMGL: {index},1,,2");
            self.says(&[&head, "000405"]).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Comes up, and is asked for a list of what is stored.
    async fn comes_up_to_its_list(&mut self) {
        self.expect("\u{1B}").await;
        self.answers_until("AT+COPS?").await;
        self.answers_before("AT+CMGL=4").await;
    }

    async fn prompts(&mut self) {
        self.0.write_all(b"\r\n> ").await.unwrap();
    }

    /// Comes up, and has nothing in its stores.
    async fn comes_up(&mut self) {
        self.expect("\u{1B}").await;
        self.goes_on_to_come_up().await;
    }

    async fn goes_on_to_come_up(&mut self) {
        self.answers_until("AT+COPS?").await;
        for _ in 0..2 {
            self.answers_until("AT+CMGL=4").await;
        }
    }

    /// Is asked what lies in a store.
    async fn shows(&mut self, list: &[&str]) {
        self.answers_before("AT+CMGL=4").await;
        self.says(list).await;
        self.says(&["OK"]).await;
    }

    /// Shows that it has kept its settings, as it has to when it answers again.
    async fn has_kept_its_settings(&mut self) {
        self.answers_until("AT+CNMI?").await;
    }

    /// Answers the look at signal, registration and settings that is due once a minute.
    async fn is_looked_at(&mut self) {
        self.answers_until("AT+CEREG?").await;
        self.has_kept_its_settings().await;
    }

    async fn answers_until(&mut self, last: &str) {
        self.answers_before(last).await;
        self.answers(last).await;
    }

    async fn answers_before(&mut self, last: &str) {
        loop {
            let command = self.hears().await;
            if command == last {
                return;
            }
            self.answers(&command).await;
        }
    }

    async fn answers(&mut self, command: &str) {
        let info = match command {
            "AT+CGMM" => "SIMCOM_SIM7600E-H",
            "AT+CPIN?" => "+CPIN: READY",
            "AT+CICCID" => "+ICCID: 8949020000012345678F",
            "AT+CREG?" => "+CREG: 2,1",
            "AT+CPMS=?" => r#"+CPMS: ("ME","SM"),("ME","SM"),("ME","SM")"#,
            "AT+CPMS?" => r#"+CPMS: "ME",0,23,"ME",0,23,"ME",0,23"#,
            "AT+CNMI?" => "+CNMI: 1,1,0,1,0",
            "AT+CMMS=?" => "+CMMS: (0-2)",
            _ => "",
        };
        if !info.is_empty() {
            self.says(&[info]).await;
        }
        self.says(&["OK"]).await;
    }
}

/// A modem under test, and what it is connected to.
struct Rig {
    far: Far,
    handle: ModemHandle,
    events: mpsc::Receiver<ModemEvent>,
    cancel: CancellationToken,
    life: JoinHandle<(Ended, Worker)>,
}

impl Rig {
    fn new() -> Self {
        Self::with(|_| ())
    }

    /// With what its runner is told before it begins.
    fn with(told: impl FnOnce(&mut Runner)) -> Self {
        let config = ModemConfig::new("a", Locator::Port(PathBuf::from("/dev/none")), 115_200);
        let (sender, events) = mpsc::channel(16);
        let ports = Hotplug::new(Path::new("/"), Vec::new());
        let (handle, worker) = apart(config, Arc::new(ports), sender);
        let mut runner = Runner::new(worker);
        told(&mut runner);
        let cancel = CancellationToken::new();
        let (far, life) = begin(runner.worker, cancel.clone());
        Self { far, handle, events, cancel, life }
    }

    /// One life ends in trouble, and the next begins.
    async fn lives_again(&mut self) {
        let (ended, worker) = (&mut self.life).await.unwrap();
        assert!(matches!(ended, Ended::Trouble(ModemState::Failed, _)), "{ended:?}");
        (self.far, self.life) = begin(worker, self.cancel.clone());
    }

    /// Keeps all that comes in: says how much, once the modem is dropped.
    fn keeps_all(&mut self) -> JoinHandle<u32> {
        let mut events = std::mem::replace(&mut self.events, mpsc::channel(1).1);
        tokio::spawn(async move {
            let mut received = 0;
            while let Some(event) = events.recv().await {
                if let ModemEvent::Received { kept, .. } = event {
                    received += 1;
                    let _ = kept.send(());
                }
            }
            received
        })
    }

    /// Its port goes, and comes back.
    async fn comes_back(self) -> Self {
        let Self { far, handle, events, cancel, life } = self;
        drop(far);
        let (far, life) = begin(life.await.unwrap().1, cancel.clone());
        Self { far, handle, events, cancel, life }
    }

    async fn up() -> Self {
        Self::new().comes_up().await
    }

    /// Of a daemon that was killed so long ago, in the middle of the first segment.
    async fn after_a_kill(age: Duration) -> Self {
        Self::with(|runner| runner.expect_answer(FIRST, age)).comes_up().await
    }

    async fn comes_up(mut self) -> Self {
        self.far.comes_up().await;
        self.ready().await;
        self.told_of_its_pin().await;
        self
    }

    /// The answer to the first segment is lost, and the modem is ready again.
    async fn with_a_lost_answer() -> Self {
        let mut rig = Self::up().await;
        let lost = rig.submit_to_body(1).await;
        rig.far.expect("AT").await;
        rig.far.says(&["OK"]).await;
        assert_eq!(lost.await.unwrap(), SubmitOutcome::Unanswered);
        rig.ready().await;
        rig.far.is_looked_at().await;
        rig
    }

    async fn ready(&self) {
        let mut status = self.handle.status();
        status.wait_for(|status| status.state == ModemState::Ready).await.unwrap();
    }

    fn submit(&self, sequence: u8) -> JoinHandle<SubmitOutcome> {
        self.submit_with(sequence, false)
    }

    fn submit_with(&self, sequence: u8, more: bool) -> JoinHandle<SubmitOutcome> {
        tokio::spawn(self.prepare(sequence, more).send())
    }

    fn prepare(&self, sequence: u8, more: bool) -> Prepared {
        let segment = SegmentId { attempt: 1, sequence };
        let tpdu = Zeroizing::new(vec![0x01, 0x02]);
        self.handle.prepare(Submit { segment, tpdu, more, follower: None })
    }

    /// One that its modem waits for the body of.
    async fn prepare_to_prompt(&mut self, sequence: u8) -> Prepared {
        let prepared = self.prepare(sequence, false);
        self.far.expect("AT+CMGS=2").await;
        self.far.prompts().await;
        prepared
    }

    /// A message that the network takes, from its first command on.
    async fn is_taken(&mut self, outcome: JoinHandle<SubmitOutcome>) {
        self.far.expect("AT+CMGS=2").await;
        self.far.prompts().await;
        self.body_is_taken("000102\u{1A}", 7, outcome).await;
    }

    /// A message that the network takes, from its body on.
    async fn body_is_taken(&mut self, body: &str, mr: u8, outcome: JoinHandle<SubmitOutcome>) {
        self.far.expect(body).await;
        self.far.says(&[&format!("+CMGS: {mr}"), "OK"]).await;
        assert_eq!(outcome.await.unwrap(), accepted(mr));
    }

    /// A submit, up to its body.
    async fn submit_to_body(&mut self, sequence: u8) -> JoinHandle<SubmitOutcome> {
        let outcome = self.submit(sequence);
        self.far.expect("AT+CMGS=2").await;
        self.far.prompts().await;
        self.far.expect("000102\u{1A}").await;
        outcome
    }

    async fn late_answer(&mut self) -> (u8, SubmitOutcome) {
        let event = timeout(Duration::from_secs(300), self.events.recv()).await;
        match event.expect("a late answer").unwrap() {
            ModemEvent::LateAnswer { segment, outcome, .. } => (segment.sequence, outcome),
            event @ (ModemEvent::Received { .. }
            | ModemEvent::Happened { .. }
            | ModemEvent::PinWanted { .. }
            | ModemEvent::PinKnown { .. }) => panic!("{event:?}"),
        }
    }

    /// A submit that is refused behind its body.
    async fn is_refused(&mut self, sequence: u8) -> SubmitOutcome {
        let outcome = self.submit_to_body(sequence).await;
        self.far.says(&["+CMS ERROR: 38"]).await;
        outcome.await.unwrap()
    }

    /// It is asked whether it is there, and is ready again.
    async fn is_back(&mut self) {
        self.far.expect("AT").await;
        self.far.says(&["OK"]).await;
        self.ready().await;
    }

    async fn told_of_its_pin(&mut self) {
        let known = self.events.recv().await;
        assert!(matches!(known, Some(ModemEvent::PinKnown { right: true, .. })), "{known:?}");
    }

    /// Nothing was told that has not been taken.
    fn told_nothing(&mut self) {
        let told = self.events.try_recv();
        assert!(told.is_err(), "{told:?}");
    }

    /// Nothing is written for so long.
    async fn is_quiet(&mut self, length: Duration) {
        assert_eq!(timeout(length, self.far.hears()).await.ok(), None);
    }
}

/// One life of a modem.
fn begin(mut worker: Worker, cancel: CancellationToken) -> (Far, JoinHandle<(Ended, Worker)>) {
    let (near, far) = duplex(4096);
    let life = tokio::spawn(async move {
        let ended = worker.live_on(&mut Link::new(near), &cancel).await;
        (ended, worker)
    });
    (Far(far), life)
}

/// The report that is handed over within seconds.
async fn report(events: &mut mpsc::Receiver<ModemEvent>) -> Vec<u8> {
    let told = timeout(Duration::from_secs(5), events.recv()).await;
    let Ok(Some(ModemEvent::Received { slot: None, tpdu, .. })) = told else { panic!("{told:?}") };
    tpdu
}

const fn accepted(mr: u8) -> SubmitOutcome {
    SubmitOutcome::Accepted { mr: Some(mr) }
}

#[tokio::test(start_paused = true)]
async fn a_message_is_taken_and_what_comes_in_between_is_handed_over() {
    let mut rig = Rig::up().await;
    let outcome = rig.submit(1);
    rig.far.expect("AT+CMGS=2").await;
    rig.far.prompts().await;
    rig.far.says(&["+CDS: 2", "000203", "+CREG: 1"]).await;
    rig.far.expect("000102\u{1A}").await;
    rig.far.says(&["+CMGS: 7", "OK"]).await;
    assert_eq!(outcome.await.unwrap(), accepted(7));
    let Some(ModemEvent::Received { sim, tpdu, .. }) = rig.events.recv().await else { panic!() };
    assert_eq!((sim.as_str(), tpdu), ("8949020000012345678", vec![2, 3]));
}

/// Promise 2: the intent is not on disk yet.
#[tokio::test(start_paused = true)]
async fn a_modem_prepares_a_message_of_which_nothing_leaves_before_there_is_leave() {
    let mut rig = Rig::up().await;
    let prepared = rig.prepare_to_prompt(1).await;
    rig.is_quiet(Duration::from_secs(4)).await;
    // What comes in is not held back with it.
    rig.far.says(&["+CDS: 2", "000203"]).await;
    assert!(matches!(rig.events.recv().await, Some(ModemEvent::Received { .. })));
    let outcome = tokio::spawn(prepared.send());
    rig.far.expect("000102\u{1A}").await;
    rig.far.says(&["+CMGS: 7", "OK"]).await;
    assert_eq!(outcome.await.unwrap(), accepted(7));
}

/// The commit of its intent failed.
#[tokio::test(start_paused = true)]
async fn a_message_that_is_withdrawn_leaves_nothing_behind_in_its_modem() {
    let mut rig = Rig::up().await;
    let prepared = rig.prepare_to_prompt(1).await;
    rig.is_quiet(Duration::from_secs(1)).await;
    let never_begun = rig.prepare(2, false);
    drop(prepared);
    drop(never_begun);
    let next = rig.submit(3);
    rig.far.expect("\u{1B}").await;
    rig.far.says(&["OK"]).await;
    rig.far.has_kept_its_settings().await;
    rig.is_taken(next).await;
    assert_eq!(rig.handle.status().borrow().state, ModemState::Ready, "all the time");
}

#[tokio::test(start_paused = true)]
async fn what_comes_behind_a_withdrawn_message_waits_for_no_modem_that_is_silent() {
    let mut rig = Rig::up().await;
    let prepared = rig.prepare(1, false);
    rig.far.expect("AT+CMGS=2").await;
    drop(prepared);
    rig.far.expect("\u{1B}").await;
    let next = rig.submit(2);
    let outcome = timeout(Duration::from_secs(10), next).await.expect("it goes elsewhere");
    assert_eq!(outcome.unwrap(), SubmitOutcome::NotSent(NotSent::NotReady));
}

/// The disk stands still.
#[tokio::test(start_paused = true)]
async fn a_modem_does_not_wait_for_leave_for_ever() {
    let mut rig = Rig::up().await;
    let prepared = rig.prepare_to_prompt(1).await;
    rig.far.expect("\u{1B}").await;
    rig.far.says(&["OK"]).await;
    rig.far.has_kept_its_settings().await;
    // It receives meanwhile.
    rig.far.says(&["+CDS: 2", "000203"]).await;
    assert!(matches!(rig.events.recv().await, Some(ModemEvent::Received { .. })));
    rig.is_quiet(Duration::from_secs(20)).await;
    let outcome = tokio::spawn(prepared.send());
    rig.is_taken(outcome).await;
}

/// It has lost its settings, and nothing else shows that.
#[tokio::test(start_paused = true)]
async fn a_modem_that_takes_messages_and_tells_of_none_is_asked_whether_it_still_would() {
    let mut rig = Rig::up().await;
    for _ in 0..2 {
        for sequence in 1..=7 {
            let outcome = rig.submit(sequence);
            rig.is_taken(outcome).await;
        }
        rig.is_quiet(Duration::from_millis(10)).await;
        rig.far.says(&["+CDS: 2", "000203"]).await;
        rig.events.recv().await.unwrap();
    }
    for sequence in 1..=8 {
        let outcome = rig.submit(sequence);
        rig.is_taken(outcome).await;
    }
    rig.far.expect("AT+CNMI?").await;
    rig.far.says(&["+CNMI: 0,0,0,0,0", "OK"]).await;
    let (ended, _) = rig.life.await.unwrap();
    assert!(matches!(ended, Ended::Restarted), "it is set up anew: {ended:?}");
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_answer_at_is_asked_and_a_late_one_still_counts() {
    let mut rig = Rig::up().await;
    let outcome = rig.submit_to_body(1).await;
    rig.far.expect("AT").await;
    assert_eq!(outcome.await.unwrap(), SubmitOutcome::Unanswered);
    assert_ne!(rig.handle.status().borrow().state, ModemState::Ready);
    let refused = rig.submit(2).await.unwrap();
    assert_eq!(refused, SubmitOutcome::NotSent(NotSent::NotReady), "not before AT is answered");
    rig.far.says(&["+CMGS: 9", "OK", "OK"]).await;
    assert_eq!(rig.late_answer().await, (1, accepted(9)));
    rig.far.has_kept_its_settings().await;
    rig.ready().await;
    rig.far.is_looked_at().await;
    let next = rig.submit_to_body(2).await;
    rig.far.says(&["+CMGS: 10", "OK"]).await;
    assert_eq!(next.await.unwrap(), accepted(10));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_before_the_next_body_is_the_earlier_ones() {
    let mut rig = Rig::with_a_lost_answer().await;
    let next = rig.submit(2);
    rig.far.expect("AT+CMGS=2").await;
    rig.far.says(&["+CMGS: 9", "OK"]).await;
    rig.far.prompts().await;
    rig.far.expect("000102\u{1A}").await;
    rig.far.says(&["+CMGS: 10", "OK"]).await;
    assert_eq!(next.await.unwrap(), accepted(10));
    assert_eq!(rig.late_answer().await, (1, accepted(9)));
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_is_an_answer_too() {
    let mut rig = Rig::with_a_lost_answer().await;
    rig.far.says(&["+CMS ERROR: 38"]).await;
    let refusal = FinalResult::Cms(ErrorCode::from(38));
    assert_eq!(rig.late_answer().await, (1, SubmitOutcome::Refused(refusal)));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_before_the_next_body_may_be_the_earlier_ones_and_fails_neither() {
    let mut rig = Rig::with_a_lost_answer().await;
    let next = rig.submit(2);
    rig.far.expect("AT+CMGS=2").await;
    rig.far.says(&["+CMS ERROR: 28"]).await;
    rig.far.prompts().await;
    // It is freed again where the prompt comes all the same.
    rig.far.expect("\u{1B}").await;
    rig.far.expect("\u{1B}").await;
    rig.far.says(&["OK"]).await;
    assert_eq!(next.await.unwrap(), SubmitOutcome::NotSent(NotSent::NoPrompt));
    rig.is_back().await;
    rig.told_nothing();
    let next = rig.submit(3);
    rig.is_taken(next).await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_behind_the_next_body_may_be_the_earlier_ones_and_leaves_both_open() {
    let mut rig = Rig::with_a_lost_answer().await;
    assert_eq!(rig.is_refused(2).await, SubmitOutcome::Unanswered);
    rig.far.expect("AT").await;
    rig.far.says(&["+CMGS: 10", "OK", "OK"]).await;
    assert_eq!(rig.late_answer().await, (2, accepted(10)));
}

#[tokio::test(start_paused = true)]
async fn what_a_daemon_that_was_killed_has_submitted_may_be_answered_to_the_next() {
    let just_now = Duration::from_secs(2);
    let mut rig = Rig::after_a_kill(just_now).await;
    assert_eq!(rig.is_refused(2).await, SubmitOutcome::Unanswered);
    let mut rig = Rig::after_a_kill(just_now).await;
    let next = rig.submit(2);
    rig.far.expect("AT+CMGS=2").await;
    rig.far.says(&["+CMS ERROR: 1"]).await;
    rig.far.expect("\u{1B}").await;
    rig.far.says(&["OK"]).await;
    assert_eq!(next.await.unwrap(), SubmitOutcome::NotSent(NotSent::NoPrompt));
    let mut rig = Rig::after_a_kill(just_now).await;
    rig.far.says(&["+CMGS: 9", "OK"]).await;
    assert_eq!(rig.late_answer().await, (1, accepted(9)));
    assert!(matches!(rig.is_refused(2).await, SubmitOutcome::Refused(_)), "it is its own now");
    // No family takes so long: a refusal is the next one's. A reference can be no other's until there is a next one.
    let long_ago = Duration::from_secs(200);
    let mut rig = Rig::after_a_kill(long_ago).await;
    assert!(matches!(rig.is_refused(2).await, SubmitOutcome::Refused(_)));
    let mut rig = Rig::after_a_kill(long_ago).await;
    rig.far.says(&["+CMGS: 9", "OK"]).await;
    assert_eq!(rig.late_answer().await, (1, accepted(9)));
    // One that says that it starts has forgotten what it was asked.
    let mut rig = Rig::with(|runner| runner.expect_answer(FIRST, just_now));
    rig.far.expect("\u{1B}").await;
    rig.far.says(&["RDY"]).await;
    rig.far.goes_on_to_come_up().await;
    rig.ready().await;
    rig.told_of_its_pin().await;
    assert!(matches!(rig.is_refused(2).await, SubmitOutcome::Refused(_)));
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_has_no_room_is_read() {
    let mut rig = Rig::up().await;
    let refused = rig.submit_to_body(1).await;
    rig.far.says(&["+CMS ERROR: 322"]).await;
    let no_room = FinalResult::Cms(ErrorCode::from(322));
    assert_eq!(refused.await.unwrap(), SubmitOutcome::Refused(no_room));
    rig.far.expect("AT+CPMS=\"SM\"").await;
    rig.far.says(&["OK"]).await;
    rig.far.expect("AT+CMGL=4").await;
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_the_next_command_is_not_taken_for_the_earlier_ones() {
    let mut rig = Rig::with_a_lost_answer().await;
    let next = rig.submit(2);
    rig.far.expect("AT+CMGS=2").await;
    rig.far.expect("\u{1B}").await;
    assert_eq!(next.await.unwrap(), SubmitOutcome::NotSent(NotSent::NoPrompt));
    rig.far.expect("AT").await;
    rig.far.says(&["+CMS ERROR: 302"]).await;
    rig.far.expect("AT").await;
    rig.told_nothing();
    rig.far.says(&["OK"]).await;
    rig.ready().await;
    rig.far.says(&["+CMGS: 9", "OK"]).await;
    assert_eq!(rig.late_answer().await, (1, accepted(9)));
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_to_read_a_slot_is_not_taken_for_that_of_a_message() {
    let mut rig = Rig::with_a_lost_answer().await;
    rig.far.says(&["+CMTI: \"ME\",3"]).await;
    rig.far.expect("AT+CPMS=\"ME\"").await;
    rig.far.says(&["OK"]).await;
    rig.far.expect("AT+CMGR=3").await;
    // It takes longer than the command may.
    rig.far.expect("AT").await;
    rig.far.says(&["+CMS ERROR: 321"]).await;
    rig.far.expect("AT").await;
    rig.told_nothing();
    rig.far.says(&["OK"]).await;
    rig.ready().await;
}

#[tokio::test(start_paused = true)]
async fn doubts_about_refusals_end_however_many_there_are() {
    let mut rig = Rig::with_a_lost_answer().await;
    for sequence in [2, 3] {
        assert_eq!(rig.is_refused(sequence).await, SubmitOutcome::Unanswered);
        rig.is_back().await;
        tokio::time::sleep(Duration::from_secs(25)).await;
    }
    // A minute after the first answer was given up.
    rig.far.is_looked_at().await;
    let refusal = FinalResult::Cms(ErrorCode::from(38));
    assert_eq!(rig.is_refused(4).await, SubmitOutcome::Refused(refusal));
}

#[tokio::test(start_paused = true)]
async fn a_report_that_comes_while_the_daemon_stops_is_kept() {
    let mut rig = Rig::up().await;
    rig.cancel.cancel();
    tokio::time::sleep(Duration::from_millis(100)).await;
    rig.far.says(&["+CDS: 2", "000600"]).await;
    assert_eq!(report(&mut rig.events).await, [0x06, 0x00]);
    rig.life.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_told_in_a_bring_up_that_fails_is_kept() {
    let mut rig = Rig::with_a_lost_answer().await.comes_back().await;
    rig.far.expect("\u{1B}").await;
    rig.far.answers_until("AT+CGSN").await;
    rig.far.says(&["+CMGS: 9", "OK", "+CDS: 2", "000600"]).await;
    drop(rig.far);
    assert!(matches!(rig.life.await.unwrap().0, Ended::Trouble(ModemState::Absent, _)));
    let told = rig.events.recv().await;
    let Some(ModemEvent::LateAnswer { outcome, .. }) = told else { panic!("{told:?}") };
    assert_eq!(outcome, accepted(9));
    assert_eq!(report(&mut rig.events).await, [0x06, 0x00]);
}

#[tokio::test(start_paused = true)]
async fn a_report_does_not_wait_for_a_bring_up_that_takes_long() {
    let mut rig = Rig::new();
    rig.far.expect("\u{1B}").await;
    rig.far.says(&["+CDS: 2", "000600"]).await;
    rig.far.answers_before("AT+CICCID").await;
    rig.told_nothing();
    rig.far.answers("AT+CICCID").await;
    assert_eq!(report(&mut rig.events).await, [0x06, 0x00], "its SIM is known");
    rig.told_of_its_pin().await;
    rig.far.says(&["+CDS: 2", "000601"]).await;
    rig.far.answers_until("AT+CMGF=0").await;
    assert_eq!(report(&mut rig.events).await, [0x06, 0x01]);
    assert_ne!(rig.handle.status().borrow().state, ModemState::Ready);
}

/// It was switched off and on meanwhile, which shows as a restart.
#[tokio::test(start_paused = true)]
async fn a_report_is_of_the_sim_that_a_modem_has_now() {
    let mut rig = Rig::up().await;
    rig.far.says(&["RDY"]).await;
    let (ended, worker) = (&mut rig.life).await.unwrap();
    assert!(matches!(ended, Ended::Restarted), "{ended:?}");
    (rig.far, rig.life) = begin(worker, rig.cancel.clone());
    rig.far.expect("\u{1B}").await;
    rig.far.says(&["+CDS: 2", "000600"]).await;
    rig.far.answers_before("AT+CICCID").await;
    rig.far.says(&["+ICCID: 8949020000087654321F", "OK"]).await;
    rig.far.says(&["+CDS: 2", "000601"]).await;
    rig.far.answers_until("AT+CMGF=0").await;
    let mut sims = Vec::new();
    while sims.len() < 2 {
        let told = timeout(Duration::from_secs(5), rig.events.recv()).await;
        if let ModemEvent::Received { sim, .. } = told.unwrap().unwrap() {
            sims.push(sim);
        }
    }
    assert_eq!(sims, ["8949020000087654321"; 2]);
}

/// It rests after a life that ended.
async fn resting() -> (Rig, Worker, OpenLink) {
    let mut rig = Rig::up().await;
    rig.cancel.cancel();
    let (_, worker) = (&mut rig.life).await.unwrap();
    let (near, far) = duplex(4096);
    rig.far = Far(far);
    (rig, worker, Link::new(Box::new(near)))
}

#[tokio::test(start_paused = true)]
async fn what_a_modem_tells_while_it_rests_is_handed_over_until_it_may_have_another_sim() {
    let (mut rig, mut worker, link) = resting().await;
    let rest = tokio::spawn(async move {
        let until = Instant::now() + Duration::from_secs(30);
        worker.rest(until, Some(link), &CancellationToken::new()).await
    });
    rig.far.says(&["+CDS: 2", "000600"]).await;
    assert_eq!(report(&mut rig.events).await, [0x06, 0x00], "it rests yet");
    rig.far.says(&["RDY", "+CDS: 2", "000601"]).await;
    assert!(rest.await.unwrap());
    rig.told_nothing();
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_restarts_as_its_rest_ends_may_have_another_sim() {
    // Which of the two is seen first is chance.
    for _ in 0..20 {
        let (mut rig, mut worker, link) = resting().await;
        rig.far.says(&["RDY", "+CDS: 2", "000600"]).await;
        assert!(worker.rest(Instant::now(), Some(link), &CancellationToken::new()).await);
        rig.told_nothing();
    }
}

#[tokio::test(start_paused = true)]
async fn the_sim_of_a_modem_without_a_name_is_known_before_its_reports_are_handed_over() {
    let mut rig = Rig::new();
    rig.far.expect("\u{1B}").await;
    rig.far.says(&["+CDS: 2", "000600"]).await;
    rig.far.answers_before("AT+CGMM").await;
    rig.far.says(&["ERROR"]).await;
    rig.far.answers_before("AT+CCID").await;
    rig.far.says(&["+CCID: 8949020000012345678F", "OK"]).await;
    tokio::spawn(async move { rig.far.answers_until("never").await });
    loop {
        let told = timeout(Duration::from_secs(60), rig.events.recv()).await;
        if let ModemEvent::Received { sim, .. } = told.unwrap().unwrap() {
            assert_eq!(sim, "8949020000012345678");
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_in_a_bring_up_is_told_before_the_report_behind_it() {
    let mut rig = Rig::with_a_lost_answer().await.comes_back().await;
    rig.far.expect("\u{1B}").await;
    rig.far.answers_until("AT+CICCID").await;
    rig.told_of_its_pin().await;
    rig.far.says(&["+CMGS: 9", "OK", "+CDS: 2", "000600"]).await;
    rig.far.answers_until("AT+CMGF=0").await;
    assert_eq!(rig.late_answer().await, (1, accepted(9)));
    assert_eq!(report(&mut rig.events).await, [0x06, 0x00]);
}

#[tokio::test(start_paused = true)]
async fn a_report_does_not_wait_until_a_modem_answers_again() {
    let mut rig = Rig::up().await;
    let _lost = rig.submit_to_body(1).await;
    rig.far.expect("AT").await;
    rig.far.says(&["+CDS: 2", "000600"]).await;
    assert_eq!(report(&mut rig.events).await, [0x06, 0x00]);
}

#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_a_setting_is_not_taken_for_that_of_a_message() {
    let mut rig = Rig::with_a_lost_answer().await.comes_back().await;
    rig.far.expect("\u{1B}").await;
    rig.far.answers_until("AT+CMGF=0").await;
    rig.told_of_its_pin().await;
    rig.far.expect("AT+CSMS=0").await;
    let mut rig = rig.comes_back().await;
    rig.far.expect("\u{1B}").await;
    rig.far.says(&["+CMS ERROR: 302"]).await;
    rig.far.expect("AT").await;
    rig.told_nothing();
}

#[tokio::test(start_paused = true)]
async fn without_a_prompt_nothing_was_sent_and_the_modem_is_freed() {
    let mut rig = Rig::up().await;
    let outcome = rig.submit(1);
    rig.far.expect("AT+CMGS=2").await;
    rig.far.expect("\u{1B}").await;
    rig.far.says(&["OK"]).await;
    assert_eq!(outcome.await.unwrap(), SubmitOutcome::NotSent(NotSent::NoPrompt));
    rig.far.expect("AT").await;
    rig.far.says(&["OK"]).await;
    rig.far.has_kept_its_settings().await;
    rig.ready().await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_goes_says_whether_the_body_was_written() {
    for (with_body, outcome) in
        [(false, SubmitOutcome::NotSent(NotSent::PortLost)), (true, SubmitOutcome::Unanswered)]
    {
        let mut rig = Rig::up().await;
        let submit = if with_body {
            rig.submit_to_body(1).await
        } else {
            let submit = rig.submit(1);
            rig.far.expect("AT+CMGS=2").await;
            submit
        };
        drop(rig.far);
        assert_eq!(submit.await.unwrap(), outcome);
        let (ended, _) = rig.life.await.unwrap();
        assert!(matches!(ended, Ended::Trouble(ModemState::Absent, _)), "{ended:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_restarts_in_the_middle_is_not_waited_for() {
    let mut rig = Rig::up().await;
    let outcome = rig.submit_to_body(1).await;
    rig.far.says(&["RDY"]).await;
    let outcome = timeout(Duration::from_secs(1), outcome).await.expect("at once").unwrap();
    assert_eq!(outcome, SubmitOutcome::Unanswered);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_is_brought_to_its_end_when_the_daemon_stops() {
    let mut rig = Rig::up().await;
    let outcome = rig.submit_to_body(1).await;
    rig.cancel.cancel();
    rig.is_quiet(Duration::from_secs(20)).await;
    rig.far.says(&["+CMGS: 7", "OK"]).await;
    assert_eq!(outcome.await.unwrap(), accepted(7));
    assert!(matches!(rig.life.await.unwrap().0, Ended::Cancelled));
}

#[tokio::test(start_paused = true)]
async fn a_slot_is_read_once_and_deleted_once_it_is_on_disk() {
    let mut rig = Rig::up().await;
    rig.far.says(&["+CMTI: \"ME\",3", "+CMTI: \"ME\",3"]).await;
    rig.far.expect("AT+CMGR=3").await;
    rig.far.says(&["+CMTI: \"ME\",3", "+CMGR: 0,,2", "000405", "OK"]).await;
    let Some(ModemEvent::Received { tpdu, kept, .. }) = rig.events.recv().await else { panic!() };
    assert_eq!(tpdu, [4, 5]);
    rig.is_quiet(Duration::from_secs(20)).await;
    kept.send(()).unwrap();
    // It may have restarted meanwhile, and have selected another store by itself.
    rig.far.expect("AT+CPMS=\"ME\"").await;
    rig.far.says(&["OK"]).await;
    rig.far.expect("AT+CMGD=3").await;
    rig.far.says(&["OK"]).await;
    rig.is_quiet(Duration::from_secs(20)).await;
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_stored_stays_in_the_modem_and_a_submit_does_not_wait_for_it() {
    let mut rig = Rig::up().await;
    rig.far.says(&["+CMTI: \"ME\",3"]).await;
    rig.far.expect("AT+CMGR=3").await;
    rig.far.says(&["+CMGR: 0,,2", "000405", "OK"]).await;
    let Some(ModemEvent::Received { kept, .. }) = rig.events.recv().await else { panic!() };
    let outcome = rig.submit_to_body(1).await;
    rig.far.says(&["+CMGS: 7", "OK"]).await;
    assert_eq!(outcome.await.unwrap(), accepted(7));
    drop(kept);
    rig.is_quiet(Duration::from_secs(20)).await;
}

#[tokio::test(start_paused = true)]
async fn the_link_is_held_through_a_burst_and_asked_for_again_after_a_pause() {
    let mut rig = Rig::up().await;
    let outcome = rig.submit_with(1, false);
    rig.is_taken(outcome).await;
    let outcome = rig.submit_with(2, true);
    rig.far.expect("AT+CMMS=1").await;
    rig.far.says(&["OK"]).await;
    rig.is_taken(outcome).await;
    for sequence in 3..6 {
        tokio::time::sleep(Duration::from_millis(900)).await;
        let outcome = rig.submit_with(sequence, true);
        rig.is_taken(outcome).await;
    }
    // By then the modem may have let it go.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let outcome = rig.submit_with(6, true);
    rig.far.expect("AT+CMMS=1").await;
    rig.far.says(&["OK"]).await;
    rig.is_taken(outcome).await;
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_refuses_to_hold_its_link_is_not_asked_again() {
    let mut rig = Rig::up().await;
    let outcome = rig.submit_with(1, true);
    rig.far.expect("AT+CMMS=1").await;
    rig.far.says(&["+CMS ERROR: 500"]).await;
    rig.is_taken(outcome).await;
    let outcome = rig.submit_with(2, true);
    rig.is_taken(outcome).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_on_a_modem_that_does_not_say_whether_it_holds_its_link() {
    let mut rig = Rig::up().await;
    let outcome = rig.submit_with(1, true);
    rig.far.expect("AT+CMMS=1").await;
    assert_eq!(outcome.await.unwrap(), SubmitOutcome::NotSent(NotSent::NotReady));
    rig.far.expect("AT").await;
    rig.far.says(&["OK", "OK"]).await;
    rig.far.has_kept_its_settings().await;
    rig.ready().await;
    let outcome = rig.submit_with(2, true);
    rig.is_taken(outcome).await;
}

#[tokio::test(start_paused = true)]
async fn a_port_that_goes_before_the_link_is_held_has_sent_nothing() {
    let mut rig = Rig::up().await;
    let outcome = rig.submit_with(1, true);
    rig.far.expect("AT+CMMS=1").await;
    drop(rig.far);
    assert_eq!(outcome.await.unwrap(), SubmitOutcome::NotSent(NotSent::NotReady));
}

#[tokio::test(start_paused = true)]
async fn a_stored_report_is_looked_for_in_its_store_whatever_slot_is_named() {
    let mut rig = Rig::up().await;
    rig.far.says(&["+CDSI: \"SM\",0"]).await;
    rig.far.expect("AT+CPMS=\"SR\"").await;
    rig.far.says(&["+CPMS: 1,20,0,20,0,20", "OK"]).await;
    rig.far.expect("AT+CMGL=4").await;
    rig.far.says(&["+CMGL: 4,0,,2", "000203", "OK"]).await;
    let Some(ModemEvent::Received { slot, tpdu, kept, .. }) = rig.events.recv().await else {
        panic!()
    };
    assert_eq!((slot.as_deref(), tpdu), (Some("SR/4"), vec![2, 3]));
    kept.send(()).unwrap();
    rig.far.expect("AT+CMGD=4").await;
    rig.far.says(&["OK"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_silent_modem_is_called_and_given_up() {
    let mut rig = Rig::up().await;
    rig.is_quiet(Duration::from_secs(29)).await;
    for _ in 0..3 {
        rig.far.expect("AT").await;
    }
    let (ended, _) = rig.life.await.unwrap();
    assert!(matches!(ended, Ended::Trouble(ModemState::Failed, _)), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_come_late_are_not_taken_for_those_of_the_next_command() {
    let mut rig = Rig::up().await;
    rig.far.says(&["+CMTI: \"ME\",3"]).await;
    rig.far.expect("AT+CMGR=3").await;
    // It takes longer than the command may.
    rig.far.expect("AT").await;
    rig.far.says(&["+CMS ERROR: 321", "OK"]).await;
    rig.far.expect("AT").await;
    rig.far.says(&["OK"]).await;
    rig.far.has_kept_its_settings().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let outcome = rig.submit_to_body(1).await;
    rig.far.says(&["+CMGS: 7", "OK"]).await;
    assert_eq!(outcome.await.unwrap(), accepted(7));
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_boots_meanwhile_is_set_up_from_the_beginning() {
    let mut rig = Rig::new();
    rig.far.says(&["RDY", "+CPIN: NOT READY"]).await;
    rig.far.expect("\u{1B}").await;
    rig.far.answers_until("AT+CMGF=0").await;
    rig.far.expect("AT+CSMS=0").await;
    rig.far.says(&["RDY", "+CPIN: READY", "SMS DONE"]).await;
    rig.far.expect("AT").await;
    rig.far.says(&["OK"]).await;
    rig.far.expect("ATE0").await;
    rig.far.says(&["OK"]).await;
    rig.far.answers_until("AT+COPS?").await;
    rig.ready().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_network_nothing_is_taken_until_it_is_back() {
    let mut rig = Rig::up().await;
    rig.far.says(&["+CREG: 2"]).await;
    let mut status = rig.handle.status();
    status.wait_for(|status| status.state == ModemState::NotRegistered).await.unwrap();
    assert_eq!(rig.submit(1).await.unwrap(), SubmitOutcome::NotSent(NotSent::NotReady));
    rig.far.says(&["+CEREG: 6"]).await;
    rig.ready().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_damaged_on_the_line_stays_in_the_modem_and_is_read_again() {
    let mut rig = Rig::up().await;
    rig.far.says(&["+CMTI: \"SM\",3"]).await;
    rig.far.answers_until("AT+CPMS=\"SM\"").await;
    rig.far.expect("AT+CMGR=3").await;
    rig.far.says(&["+CMGR: 0,,4", "0004FF", "OK"]).await;
    rig.far.shows(&["+CMGL: 3,1,,4", "0004050"]).await;
    rig.far.answers_before("AT+CMGL=4").await;
    assert!(rig.events.is_empty(), "neither is the message");
    rig.far.says(&["+CMGL: 3,1,,4", "0004050607", "OK"]).await;
    let Some(ModemEvent::Received { tpdu, kept, .. }) = rig.events.recv().await else { panic!() };
    assert_eq!(tpdu, [4, 5, 6, 7]);
    kept.send(()).unwrap();
    rig.far.answers_until("AT+CMGD=3").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_read_the_same_three_times_is_what_the_modem_has() {
    let mut rig = Rig::up().await;
    let has = &["+CMGL: 3,1,,4", "0004FF"][..];
    let damaged = &["+CMGL: 3,1,,4", "0004050"];
    // Between them is the other store.
    for reading in [has, &[], damaged, has, has] {
        rig.far.shows(reading).await;
    }
    rig.far.answers_before("AT+CMGL=4").await;
    assert!(rig.events.is_empty(), "the line may have damaged it");
    rig.far.says(has).await;
    rig.far.says(&["OK"]).await;
    let Some(ModemEvent::Received { tpdu, kept, .. }) = rig.events.recv().await else { panic!() };
    assert_eq!(tpdu, [0x04, 0xFF]);
    kept.send(()).unwrap();
    rig.far.answers_until("AT+CMGD=3").await;
}

#[tokio::test(start_paused = true)]
async fn a_list_that_takes_long_is_read_to_its_end_and_its_store_emptied() {
    let mut rig = Rig::new();
    let kept = rig.keeps_all();
    rig.far.comes_up_to_its_list().await;
    rig.far.lists(60).await;
    rig.far.says(&["OK"]).await;
    let mut deleted = HashSet::new();
    while deleted.len() < 60 {
        let command = rig.far.hears().await;
        rig.far.says(&["OK"]).await;
        deleted.extend(command.strip_prefix("AT+CMGD=").map(str::to_owned));
    }
    rig.ready().await;
    drop(rig.far);
    drop(rig.life.await);
    assert_eq!(kept.await.unwrap(), 60);
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_for_a_long_list() {
    let mut rig = Rig::new();
    let kept = rig.keeps_all();
    rig.far.comes_up_to_its_list().await;
    rig.ready().await;
    let outcome = rig.submit(1);
    rig.far.lists(6).await;
    assert!(outcome.is_finished());
    assert_eq!(outcome.await.unwrap(), SubmitOutcome::NotSent(NotSent::NotReady));
    assert_eq!(rig.handle.status().borrow().state, ModemState::Failed);
    rig.far.says(&["OK"]).await;
    rig.ready().await;
    drop(rig.far);
    drop(rig.life.await);
    assert_eq!(kept.await.unwrap(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_hangs_or_never_ends_is_given_up() {
    for (lines, at_least, at_most) in [(0, 30, 31), (40, 69, 71), (700, 600, 602)] {
        let mut rig = Rig::new();
        rig.far.comes_up_to_its_list().await;
        let began = Instant::now();
        for index in 0.. {
            if index < lines {
                rig.far.says(&[&format!("+CMGL: {index},1,,2")]).await;
            }
            let heard = timeout(Duration::from_secs(1), rig.far.hears()).await;
            if let Ok(command) = heard {
                assert_eq!(command, "AT");
                break;
            }
        }
        let took = began.elapsed().as_secs();
        assert!((at_least..=at_most).contains(&took), "{lines} lines: {took} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_hangs_in_each_list_sends_all_the_same() {
    let mut rig = Rig::new();
    for _ in 0..2 {
        rig.far.comes_up_to_its_list().await;
        rig.lives_again().await;
    }
    rig.far.expect("\u{1B}").await;
    rig.far.answers_until("AT+COPS?").await;
    rig.ready().await;
    let outcome = rig.submit(1);
    rig.is_taken(outcome).await;
}

#[tokio::test(start_paused = true)]
async fn a_long_list_does_not_hold_up_a_stop() {
    let mut rig = Rig::new();
    rig.far.comes_up_to_its_list().await;
    rig.far.lists(6).await;
    rig.cancel.cancel();
    let ended = timeout(Duration::from_secs(5), rig.life).await.expect("at once").unwrap().0;
    assert!(matches!(ended, Ended::Cancelled), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_read_is_looked_for_again_soon() {
    for answer in [&["+CMS ERROR: 314"][..], &["ERROR"], &["+CMGR: 0,,2", "OK"], &[]] {
        let mut rig = Rig::up().await;
        rig.far.says(&["+CMTI: \"ME\",3"]).await;
        rig.far.expect("AT+CMGR=3").await;
        rig.far.says(answer).await;
        let soon = Instant::now() + Duration::from_secs(if answer.is_empty() { 45 } else { 15 });
        let shows = rig.far.shows(&["+CMGL: 3,1,,2", "000405"]);
        timeout_at(soon, shows).await.unwrap_or_else(|_| panic!("{answer:?}"));
        assert!(matches!(rig.events.recv().await, Some(ModemEvent::Received { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_could_not_be_selected_is_selected_again_soon() {
    let mut rig = Rig::up().await;
    let soon = Instant::now() + Duration::from_secs(15);
    rig.far.says(&["+CDSI: \"SR\",1"]).await;
    for answer in ["+CMS ERROR: 314", "OK"] {
        let named = rig.far.answers_before("AT+CPMS=\"SR\"");
        timeout_at(soon, named).await.expect("soon");
        rig.far.says(&[answer]).await;
    }
    rig.far.expect("AT+CMGL=4").await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_can_never_be_read_is_read_now_and_then() {
    let mut rig = Rig::up().await;
    let most_of_an_hour = Instant::now() + Duration::from_secs(3500);
    let mut lists = 0;
    while let Ok(()) = timeout_at(most_of_an_hour, rig.far.answers_before("AT+CMGL=4")).await {
        rig.far.says(&["+CMS ERROR: 314"]).await;
        lists += 1;
    }
    // Of two stores: three times soon, and every ten minutes.
    assert_eq!(lists, 2 * (3 + 5));
}

#[tokio::test(start_paused = true)]
async fn no_body_is_written_behind_an_echo_that_tells_of_a_restart() {
    for echo in ["AT+CMGS=2\r", "AT+CMGS=2\r\r\n"] {
        let mut rig = Rig::up().await;
        let outcome = rig.submit(1);
        rig.far.expect("AT+CMGS=2").await;
        rig.far.0.write_all(format!("{echo}> ").as_bytes()).await.unwrap();
        rig.far.expect("\u{1B}").await;
        assert!(matches!(outcome.await.unwrap(), SubmitOutcome::NotSent(_)));
    }
}

/// The saved profile of a modem that another program has set up: `ATV0`, ITU-T V.250 6.2.6. Results have no line feed then.
#[tokio::test(start_paused = true)]
async fn a_modem_that_answers_in_numbers_is_told_to_use_words_and_comes_up() {
    let mut rig = Rig::new();
    rig.far.expect("\u{1B}").await;
    rig.far.expect("AT").await;
    rig.far.0.write_all(b"AT\r0\r").await.unwrap();
    rig.far.expect("ATQ0V1").await;
    rig.far.0.write_all(b"ATQ0V1\r").await.unwrap();
    rig.far.says(&["OK"]).await;
    rig.far.expect("ATE0").await;
    rig.far.answers("ATE0").await;
    rig.far.answers_until("AT+COPS?").await;
    rig.ready().await;
}
