//! Sound of calls on real ports, in real time: what is heard is what is played, and each frame comes when it is due.

use std::{path::Path, sync::Arc, time::Duration};

use ringpost_sim::{CallRecord, Family, OnCall, Simulator};
use tokio::{
    sync::mpsc,
    task::{JoinHandle, JoinSet},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{Told, listen, tpdu};
use crate::{
    domain::{Clip, E164, Locator, SegmentId, Sound},
    modem::{
        CallCause, CallEvent, Dial, Hotplug, ModemConfig, ModemHandle, ModemState, SoundConfig,
        Submit, SubmitOutcome, modem,
    },
};

/// How long anything may take on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// Calls at one time.
const CALLS: usize = 8;

/// Modems that send messages meanwhile, and what their network takes for each: several times as fast as real ones.
const SENDERS: usize = 8;
const NETWORK: Duration = Duration::from_millis(50);

/// How long they speak; `make long` has more of it, on a machine that has nothing else to do.
fn seconds() -> Option<u64> {
    std::env::var("RINGPOST_CALL_SECONDS").ok()?.parse().ok()
}

/// A modem on its port, and what runs it.
struct Driven {
    handle: ModemHandle,
    cancel: CancellationToken,
    running: JoinHandle<()>,
}

impl Driven {
    async fn ready(simulated: &ringpost_sim::ModemHandle) -> Self {
        let config = ModemConfig {
            sound: SoundConfig {
                audio_port: Some(simulated.audio_port()),
                ..SoundConfig::default()
            },
            ..ModemConfig::new(simulated.name(), Locator::Port(simulated.port()), 115_200)
        };
        let (sender, events) = mpsc::channel(16);
        let (handle, runner) = modem(config, &Hotplug::new(Path::new("/"), Vec::new()), sender);
        let cancel = CancellationToken::new();
        let running = tokio::spawn(runner.run(cancel.clone()));
        tokio::spawn(listen(events, Arc::new(Told::default().into())));
        let mut status = handle.status();
        let ready = status.wait_for(|status| status.state == ModemState::Ready);
        timeout(PATIENCE, ready).await.unwrap().unwrap();
        Self { handle, cancel, running }
    }

    async fn stop(self) {
        self.cancel.cancel();
        timeout(PATIENCE, self.running).await.unwrap().unwrap();
    }
}

/// A ramp that takes so many seconds: no frame of it is like the one before.
fn ramp(seconds: u64) -> Arc<Clip> {
    let length = seconds * 8000;
    let samples = (0..length).map(|place| i16::try_from(1 + place % 30_011).unwrap()).collect();
    Arc::new(Clip { key: "ab".repeat(32), words: String::new(), samples, keepable: true })
}

/// Calls, plays a clip once, hangs up; the cause of its end.
async fn play(handle: ModemHandle, number: String, clip: Arc<Clip>) -> CallCause {
    let mut call = handle.call(Dial {
        call: SegmentId { attempt: 1, sequence: 1 },
        number: E164::new(&number).unwrap(),
        ring_for: Duration::from_secs(20),
        answer_by: Instant::now() + PATIENCE,
        talk_for: Duration::from_secs(600),
        clips: vec![clip.clone()],
    });
    loop {
        match call.next().await.unwrap() {
            CallEvent::Answered => drop(call.play(vec![Sound::Clip(clip.clone())])),
            CallEvent::Played(_) => call.hang_up(),
            CallEvent::Alerting | CallEvent::Key(_) => {}
            CallEvent::Ended(end) => return end.cause,
        }
    }
}

/// What was heard begins with a whole frame, and is what was played: nothing is lost, and nothing comes twice. When
/// each frame came is another question, which a machine under load answers as it can.
fn assert_heard(sim: &Simulator, record: &CallRecord, clip: &Clip) {
    let heard = sim.network().heard(record.id);
    let start = heard.iter().position(|sample| *sample != 0).unwrap_or_default();
    assert_eq!(start % 160, 0);
    assert!(heard.get(start..start + clip.samples.len()) == Some(&clip.samples), "{record:?}");
    let written = std::fs::read(record.wav.as_ref().unwrap()).unwrap();
    let samples: Vec<u8> = heard.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    assert!(written.ends_with(&samples), "the recording is what was heard");
    let frames = record.frames;
    assert_eq!(frames.partial_writes, 0, "{frames:?}");
    assert!(frames.arrived >= clip.samples.len().div_ceil(160), "{frames:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_heard_through_a_port_is_what_was_played_frame_by_frame() {
    for family in [Family::Sim7600, Family::Ec25, Family::Huawei] {
        let dir = tempfile::tempdir().unwrap();
        let sim = Simulator::builder().dir(dir.path()).family(family).start().await.unwrap();
        let driven = Driven::ready(&sim.modem("m1")).await;
        let number = "+14155550100".to_owned();
        sim.phone(&number).on_call(OnCall::answer_after(Duration::ZERO));
        let clip = ramp(1);
        let cause = play(driven.handle.clone(), number, clip.clone()).await;
        assert_eq!(cause, CallCause::Finished, "{}", family.name());
        let record = sim.network().calls().pop().unwrap();
        assert_heard(&sim, &record, &clip);
        driven.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_at_one_time_lose_no_frame_while_messages_are_sent() {
    let dir = tempfile::tempdir().unwrap();
    let modems = CALLS + SENDERS;
    let builder = Simulator::builder().dir(dir.path()).modems(modems).family(Family::Sim7600);
    let sim = builder.start().await.unwrap();
    sim.network().set_latency(NETWORK);
    let mut modems = JoinSet::new();
    for simulated in sim.modems() {
        modems.spawn(async move { Driven::ready(&simulated).await });
    }
    let mut modems = modems.join_all().await;
    let senders = modems.split_off(CALLS);
    let mut texts = JoinSet::new();
    for sender in &senders {
        let handle = sender.handle.clone();
        texts.spawn(async move {
            for attempt in 1.. {
                let segment = SegmentId { attempt, sequence: 1 };
                let submit = Submit {
                    segment,
                    tpdu: tpdu("while others speak"),
                    more: false,
                    follower: None,
                };
                let outcome = handle.prepare(submit).send().await;
                assert!(matches!(outcome, SubmitOutcome::Accepted { .. }), "{outcome:?}");
            }
        });
    }
    let clip = ramp(seconds().unwrap_or(3));
    let mut speaking = JoinSet::new();
    for (place, modem) in modems.iter().enumerate() {
        let number = format!("+1415555{:04}", 200 + place);
        sim.phone(&number).on_call(OnCall::answer_after(Duration::ZERO));
        speaking.spawn(play(modem.handle.clone(), number, clip.clone()));
    }
    for cause in speaking.join_all().await {
        assert_eq!(cause, CallCause::Finished);
    }
    texts.shutdown().await;
    let records = sim.network().calls();
    assert_eq!(records.len(), CALLS);
    let (mut late, mut lost, mut arrived, mut worst) = (0, 0, 0, 0);
    for record in &records {
        assert_heard(&sim, record, &clip);
        late += record.frames.late;
        lost += record.frames.missing + record.frames.unread;
        arrived += record.frames.arrived;
        worst = worst.max(record.frames.worst_late_ms);
    }
    let sent = sim.network().submits().len();
    println!("{late} of {arrived} frames late, by {worst} ms at most; {sent} messages meanwhile");
    assert!(sent > CALLS, "messages went out meanwhile: {sent}");
    if seconds().is_some() {
        assert_eq!(lost, 0, "{records:?}");
        assert!(late * 1000 < arrived, "{late} of {arrived} frames late, by {worst} ms at most");
    }
    for modem in modems.into_iter().chain(senders) {
        modem.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_takes_nothing_any_more_ends_the_call() {
    let dir = tempfile::tempdir().unwrap();
    let builder = Simulator::builder().dir(dir.path()).family(Family::Sim7600);
    let sim = builder.start().await.unwrap();
    let simulated = sim.modem("m1");
    let driven = Driven::ready(&simulated).await;
    let number = "+14155550100".to_owned();
    sim.phone(&number).on_call(OnCall::answer_after(Duration::ZERO));
    simulated.fault(ringpost_sim::Fault::AudioWedged);
    let cause = timeout(PATIENCE, play(driven.handle.clone(), number, ramp(30))).await.unwrap();
    assert_eq!(cause, CallCause::NoSound);
    driven.stop().await;
}
