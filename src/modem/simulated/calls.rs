//! Calls of every family that can speak, as dialogues that can be read, and how each is said to end.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc, time::Duration};

use ringpost_sim::{
    Builder, CallRecord, Direction, Does, Family, Fault, FaultSpec, ModemHandle, OnCall, Simulator,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc,
    time::Instant,
};

use super::{Fate, Lines, PHONE, Rig, Socket, listen, tpdu};
use crate::{
    domain::{Clip, E164, SegmentId, Sound},
    modem::{
        CallCause, CallEnd, CallEvent, CallHandle, Dial, ModemConfig, ModemState, Rung, Sink,
        SoundWay, Submit, SubmitOutcome, handle::apart, runner::Runner,
    },
};

/// Families that place calls.
pub(super) const SPEAKERS: [Family; 10] = [
    Family::Sim800,
    Family::Sim7600,
    Family::A76xx,
    Family::Ec25,
    Family::M95,
    Family::Huawei,
    Family::Ublox,
    Family::Telit,
    Family::Cinterion,
    Family::Generic,
];

/// A clip of a ramp: no two of its samples are alike.
fn clip(name: u8, length: i16) -> Arc<Clip> {
    let samples = (0..length).map(|sample| sample * 8 + i16::from(name)).collect();
    let key = format!("{name:02x}").repeat(32);
    Arc::new(Clip { key, words: format!("word {name}"), samples, keepable: true })
}

/// What is played: a clip, a pause, a clip; whole frames of each.
fn said() -> Vec<Sound> {
    let pause = Sound::Silence(Duration::from_millis(100));
    vec![Sound::Clip(clip(1, 1600)), pause, Sound::Clip(clip(2, 800))]
}

pub(super) fn dial() -> Dial {
    Dial {
        call: SegmentId { attempt: 1, sequence: 1 },
        number: E164::new(PHONE).unwrap(),
        ring_for: Duration::from_secs(20),
        answer_by: Instant::now() + Duration::from_secs(300),
        talk_for: Duration::from_secs(60),
        clips: vec![clip(1, 1600), clip(2, 800)],
    }
}

/// A modem that is ready to speak: through its port where it has one, else as it can, else through a card that its
/// jack is wired to.
pub(super) async fn speaker(family: Family, way: SoundWay) -> Rig {
    speaker_on(Simulator::builder().in_memory(), family, way).await
}

pub(super) async fn speaker_on(builder: Builder, family: Family, way: SoundWay) -> Rig {
    let sim = builder.family(family).start().await.unwrap();
    let card = way == SoundWay::Only(Sink::Alsa);
    if card {
        show_card(&sim.modem("m1")).await;
    }
    let change = |config: &mut ModemConfig, modem: &ModemHandle| {
        config.power = Some(Arc::new(Socket(modem.clone())));
        config.sound.way = way;
        config.sound.audio_port = modem.open_audio().map(|_| "/dev/audio".into());
        let files = matches!(family, Family::Sim800 | Family::A76xx);
        if card || (config.sound.audio_port.is_none() && !files) {
            config.sound.alsa_device = Some("plughw:1,0".into());
        }
    };
    let rig = Rig::of(sim, change, |modem| Arc::new(Lines(modem)));
    let status = rig.ready().await;
    assert!(status.facts.voice.is_some(), "{}\n{}", family.name(), rig.tail());
    // It looks at its stores first.
    tokio::time::sleep(Duration::from_secs(5)).await;
    rig
}

/// Has a Quectel modem show its sound card, once and for all.
async fn show_card(modem: &ModemHandle) {
    let mut line = modem.open().unwrap();
    let setting = "AT+QCFG=\"USBCFG\",0x2C7C,0x0125,1,1,1,1,1,0,1\rAT+CFUN=1,1\r";
    line.write_all(setting.as_bytes()).await.unwrap();
    let (mut said, mut octet) = (String::new(), [0]);
    while !said.ends_with("PB DONE") && line.read(&mut octet).await.unwrap() > 0 {
        said.push(octet[0].into());
    }
}

/// What became of a call.
pub(super) struct Called {
    pub(super) events: Vec<CallEvent>,
    pub(super) end: CallEnd,
    record: Option<CallRecord>,
    heard: Vec<i16>,
    /// Host to modem on the left, modem to host behind an arrow.
    pub(super) dialogue: String,
}

/// Calls, plays everything once, and hangs up.
pub(super) async fn call(rig: &Rig) -> Called {
    call_until(rig, true, None).await
}

/// Calls, plays everything once, and perhaps hangs up then; what goes wrong does so once somebody has answered.
pub(super) async fn call_until(rig: &Rig, played: bool, wrong: Option<FaultSpec>) -> Called {
    let before = rig.modem.transcript().len();
    let calls = rig.sim.network().calls().len();
    let mut handle = rig.handle.call(dial());
    let mut events = Vec::new();
    let end = loop {
        let event = handle.next().await.expect("a call ends with its end");
        match event {
            CallEvent::Ended(end) => break end,
            CallEvent::Answered => {
                handle.play(said());
                if let Some(fault) = &wrong {
                    // While the first clip is played.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    rig.modem.fault(fault.clone());
                }
            }
            CallEvent::Played(_) if played => handle.hang_up(),
            CallEvent::Alerting | CallEvent::Played(_) | CallEvent::Key(_) => {}
        }
        events.push(event);
    };
    assert_eq!(handle.next().await, None, "nothing comes after the end");
    let record = rig.sim.network().calls().into_iter().nth(calls);
    let heard = record.as_ref().map(|it| rig.sim.network().heard(it.id)).unwrap_or_default();
    let mut dialogue = String::new();
    for line in rig.modem.transcript().iter().skip(before) {
        dialogue += &match line.direction {
            Direction::Tx => format!("{}\n", line.text),
            Direction::Rx => format!("    {}\n", line.text),
        };
    }
    Called { events, end, record, heard, dialogue }
}

/// What happens to a call, and how it is to end.
struct Case(&'static str, OnCall, Option<FaultSpec>, CallCause);

fn cases() -> Vec<Case> {
    let ring = Duration::from_secs(4);
    let answers = || OnCall::answer_after(ring);
    let case = |name, phone, cause| Case(name, phone, None, cause);
    let with = |name, fault, cause| Case(name, answers(), Some(fault), cause);
    vec![
        case("answered", answers(), CallCause::Finished),
        case("busy", OnCall::new(Does::Busy), CallCause::Busy),
        case("declined", OnCall::decline_after(ring), CallCause::Declined),
        case("no answer", OnCall::new(Does::Never), CallCause::NoAnswer),
        case("unreachable", OnCall::new(Does::Unreachable), CallCause::Unreachable),
        case("unassigned", OnCall::new(Does::Unassigned), CallCause::Unassigned),
        Case(
            "declined without a cause",
            OnCall::decline_after(ring),
            Some(Fault::NoCause.into()),
            CallCause::Declined,
        ),
        case("hung up", answers().hang_up_after(Duration::from_secs(1)), CallCause::HungUp),
        with("lost lines", Fault::LostCallUrc.times(20), CallCause::Finished),
        with("packet bearer", Fault::PacketBearer.into(), CallCause::Finished),
        with("early begin", Fault::EarlyCallBegin.times(1), CallCause::Finished),
        with("dial refused", Fault::DialRefused.times(1), CallCause::NotDialled),
        with("late answer to the dialling", Fault::LateDialAnswer.times(1), CallCause::Finished),
        with("no list", Fault::CmeError.command("+CLCC"), CallCause::Finished),
        with("hanging up refused", Fault::CmeError.command("+CHUP").times(1), CallCause::Finished),
        with("sound refused at first", Fault::AudioRefused.times(2), CallCause::Finished),
        with("a piece fails", Fault::PlayFails.times(1), CallCause::Finished),
        with("every piece fails", Fault::PlayFails.into(), CallCause::NoSound),
        with("no answer to a list", Fault::Silence.command("+CLCC").times(1), CallCause::Finished),
        with("silent", Fault::Silence.into(), CallCause::ModemLost),
        with("unplugged", Fault::Eof.delay_ms(2000), CallCause::ModemLost),
        with("reboot", Fault::RebootInCall.times(1), CallCause::ModemLost),
        with("wedged", Fault::AudioWedged.into(), CallCause::NoSound),
        with("audio refused", Fault::AudioRefused.times(20), CallCause::NoSound),
    ]
}

#[tokio::test(start_paused = true)]
async fn calls_of_every_family_are_placed_followed_and_ended_and_this_is_what_is_said() {
    let mut table = String::new();
    // Those that are sent samples where they may choose can play files as well, and one has a card of its own.
    let others = [
        (Family::Sim7600, SoundWay::Only(Sink::File)),
        (Family::Ec25, SoundWay::Only(Sink::File)),
        (Family::Ec25, SoundWay::Only(Sink::Alsa)),
    ];
    for (family, way) in SPEAKERS.map(|family| (family, SoundWay::Auto)).into_iter().chain(others) {
        let mut dialogues = String::new();
        let ending = match way {
            SoundWay::Auto | SoundWay::Off => "",
            SoundWay::Only(Sink::Alsa) => "_card",
            SoundWay::Only(_) => "_files",
        };
        let speaks = format!("{}{ending}", family.name());
        for Case(case, phone, mut fault, cause) in cases() {
            if fault.as_ref().is_some_and(|fault| !family.plays(fault.fault)) {
                continue;
            }
            let name = format!("{speaks} {case}");
            let mut rig = speaker(family, way).await;
            let sink = rig.status().facts.voice.unwrap().sink;
            let strikes = |fault| {
                (fault != Fault::PlayFails || sink == Sink::File)
                    && (!matches!(fault, Fault::AudioWedged | Fault::AudioRefused)
                        || sink == Sink::SerialPcm)
            };
            if fault.as_ref().is_some_and(|fault| !strikes(fault.fault)) {
                rig.stop().await;
                continue;
            }
            rig.sim.phone(PHONE).on_call(phone);
            if case == "wedged" {
                // Even one that has worked for long is restarted then.
                tokio::time::sleep(Duration::from_secs(600)).await;
            }
            let wrong = if matches!(case, "silent" | "unplugged") { fault.take() } else { None };
            fault.into_iter().for_each(|fault| rig.modem.fault(fault));
            // It is noticed only after a while that nothing is taken any more.
            let patient = matches!(cause, CallCause::NoSound | CallCause::ModemLost);
            let called = call_until(&rig, !patient, wrong).await;
            let (end, dialogue) = (called.end, &called.dialogue);
            // What is set before the dialling shows earlier that there is no sound.
            let early = end.cause == CallCause::NotDialled && cause == CallCause::NoSound;
            // Where neither line nor list tells of it, nobody answers.
            let blind = case == "no list"
                && family == Family::Generic
                && end.cause == CallCause::Unreachable;
            let fits = end.cause == cause || blind || (early && called.record.is_none());
            assert!(fits, "{name}: {end:?}\n{dialogue}");
            let _ = writeln!(dialogues, "# {case}\n# {:?} {end:?}\n{dialogue}", called.events);
            let _ = writeln!(table, "{speaks:<13} {case:<28} {}", row(&end));
            if end.cause == CallCause::Finished {
                assert_heard(&name, sink, &called);
            }
            rig.modem.clear_faults();
            if case == "wedged" {
                // Nothing but a restart makes it take samples again.
                rig.until(|status| status.state != ModemState::Ready).await;
                rig.ready().await;
                let rungs = rig.status().counts.rungs;
                let reset = rungs[Rung::SoftReset.index()] + rungs[Rung::HardReset.index()];
                assert!(reset > 0, "{name}: {rungs:?}");
            }
            // Whatever happened, it sends afterwards, and calls again.
            rig.sim.phone(PHONE).on_call(OnCall::answer_after(Duration::from_secs(1)));
            rig.ready().await;
            assert_eq!(rig.deliver("after it").await, Fate::Sent, "{name}\n{}", rig.tail());
            assert_eq!(rig.received("after it"), 1, "{name}");
            rig.ready().await;
            let again = call(&rig).await;
            assert_eq!(again.end.cause, CallCause::Finished, "{name}\n{}", again.dialogue);
            rig.stop().await;
        }
        insta::assert_snapshot!(speaks, dialogues);
    }
    insta::assert_snapshot!("ends", table);
}

fn row(end: &CallEnd) -> String {
    let CallEnd { cause, network, setup, ring, talk } = *end;
    let network = network.map_or("-".to_owned(), |it| it.to_string());
    let [setup, ring, talk] = [setup, ring, talk].map(|it| it.as_secs_f32());
    format!("{:<11} {network:>3} {setup:>5.1} {ring:>5.1} {talk:>5.1}", format!("{cause:?}"))
}

/// What was heard is what was played.
fn assert_heard(name: &str, sink: Sink, called: &Called) {
    let record = called.record.as_ref().unwrap();
    let wanted = [clip(1, 1600).samples.as_slice(), &[0; 800], &clip(2, 800).samples].concat();
    match sink {
        Sink::SerialPcm => {
            let start = called.heard.iter().position(|it| *it != 0).expect("something is heard");
            assert_eq!(start % 160, 0, "{name}: it begins with a frame");
            let heard = called.heard.get(start..start + wanted.len());
            assert!(heard == Some(&wanted), "{name}: sample by sample");
            let frames = record.frames;
            assert_eq!((frames.partial_writes, frames.missing, frames.unread), (0, 0, 0), "{name}");
        }
        Sink::File => {
            assert!(
                record.played.iter().all(|it| it.contains("rp0")),
                "{name}: {:?}",
                record.played
            );
            let wanted = [clip(1, 1600).samples.as_slice(), &clip(2, 800).samples].concat();
            // No sample of a clip is 0.
            let heard: Vec<_> = called.heard.iter().copied().filter(|it| *it != 0).collect();
            assert!(heard == wanted, "{name}: {:?}", record.played);
        }
        Sink::Speaks => assert_eq!(record.spoken, ["word 1", "word 2"], "{name}"),
        // Nothing of it passes through the modem.
        Sink::Alsa => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_modem_plays_its_files_and_speaks_by_itself_where_that_is_wanted() {
    for family in [Family::Sim800, Family::Sim7600, Family::A76xx, Family::Ec25] {
        for sink in [Sink::File, Sink::Speaks] {
            let rig = speaker(family, SoundWay::Only(sink)).await;
            let name = format!("{} {}", family.name(), sink.as_str());
            for turn in ["first", "second"] {
                let called = call(&rig).await;
                let (end, dialogue) = (called.end, &called.dialogue);
                assert_eq!(end.cause, CallCause::Finished, "{name}: {end:?}\n{dialogue}");
                assert_heard(&name, sink, &called);
                // Clips are put into the modem once.
                let puts = ["+FSCREATE", "+CFTRANRX", "+QFUPL"];
                let put = puts.iter().any(|word| dialogue.contains(word));
                assert_eq!(put, sink == Sink::File && turn == "first", "{name}\n{dialogue}");
                if turn == "first" {
                    insta::assert_snapshot!(
                        format!("{}_{}", family.name(), sink.as_str()),
                        dialogue
                    );
                }
            }
            rig.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_must_not_be_kept_is_put_into_no_modem() {
    let rig = speaker(Family::Sim800, SoundWay::Only(Sink::File)).await;
    let mut private = Clip::clone(&clip(3, 800));
    private.keepable = false;
    let dial = Dial { clips: vec![clip(1, 1600), Arc::new(private)], ..dial() };
    let mut handle = rig.handle.call(dial);
    let Some(CallEvent::Ended(end)) = handle.next().await else { panic!("{}", rig.tail()) };
    assert_eq!(end.cause, CallCause::NotDialled);
    assert!(rig.sim.network().calls().is_empty());
    assert!(!rig.modem.transcript().iter().any(|line| line.text.contains("FSCREATE")));
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nobody_is_called_while_an_answer_is_missing() {
    // To what opens the dialling, and to what comes before that.
    for (family, command) in
        [(Family::Sim7600, "+CPCMREG"), (Family::Ec25, "+QPCMV"), (Family::Sim800, "")]
    {
        let rig = speaker(family, SoundWay::Auto).await;
        let fault = Fault::Silence.times(1);
        rig.modem.fault(if command.is_empty() { fault } else { fault.command(command) });
        let called = call(&rig).await;
        assert_eq!(called.end.cause, CallCause::NotDialled, "{command}\n{}", called.dialogue);
        assert!(!called.dialogue.contains("ATD"), "{command}\n{}", called.dialogue);
        rig.ready().await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(call(&rig).await.end.cause, CallCause::Finished, "{command}");
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_is_called_by_a_modem_that_has_restarted_in_silence() {
    for family in [Family::Huawei, Family::Telit, Family::Generic] {
        let rig = speaker(family, SoundWay::Auto).await;
        rig.modem.fault(Fault::Reboot);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let called = call(&rig).await;
        assert_eq!(called.end.cause, CallCause::NotDialled, "{}", called.dialogue);
        rig.until(|status| status.counts.restarts == 1).await;
        rig.ready().await;
        assert_eq!(call(&rig).await.end.cause, CallCause::Finished, "{}", family.name());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_heard_whether_the_modem_tells_of_them_or_not() {
    for family in SPEAKERS {
        let rig = speaker(family, SoundWay::Auto).await;
        let voice = rig.status().facts.voice.unwrap();
        let key = OnCall::answer_after(Duration::from_secs(2)).key('5', Duration::from_secs(3));
        rig.sim.phone(PHONE).on_call(key.hang_up_after(Duration::from_secs(8)));
        let mut handle = rig.handle.call(dial());
        let mut keys = String::new();
        while let Some(event) = handle.next().await {
            if let CallEvent::Key(key) = event {
                keys.push(key);
            }
        }
        // A card that is none brings no sound.
        let heard = voice.tells_keys || voice.sink == Sink::SerialPcm;
        assert_eq!(keys, if heard { "5" } else { "" }, "{}\n{}", family.name(), rig.tail());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_when_nobody_speaks_any_more_and_when_the_daemon_stops() {
    let rig = speaker(Family::Sim7600, SoundWay::Auto).await;
    drop(rig.handle.call(dial()));
    tokio::time::sleep(Duration::from_secs(20)).await;
    let calls = rig.sim.network().calls();
    assert!(calls.iter().all(|call| call.ended_ms.is_some()), "{calls:?}");
    let mut handle = rig.handle.call(dial());
    assert_eq!(handle.next().await, Some(CallEvent::Alerting));
    // A second one at the same time is not dialled, nor is it waited for.
    let mut other = rig.handle.call(dial());
    let mut third = rig.handle.call(dial());
    let refused = Some(CallEvent::Ended(CallEnd::of(CallCause::NotDialled)));
    assert_eq!(third.next().await, refused);
    rig.cancel.cancel();
    let end = end_of(&mut handle).await;
    assert!(matches!(end.cause, CallCause::Abandoned | CallCause::Finished), "{end:?}");
    assert_eq!(other.next().await, refused);
    let calls = rig.sim.network().calls();
    assert!(calls.iter().all(|call| call.ended_ms.is_some()), "{calls:?}");
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_calls_a_modem_is_rejected() {
    for (family, ring) in SPEAKERS.into_iter().flat_map(|it| [(it, "RING"), (it, "+CRING: VOICE")])
    {
        let rig = speaker(family, SoundWay::Auto).await;
        let before = rig.modem.transcript().len();
        rig.modem.fault(Fault::UrcInResponse.times(1).text(ring));
        // The next look at the modem brings it.
        tokio::time::sleep(Duration::from_secs(90)).await;
        let said = rig.modem.transcript();
        let rejects = said.iter().skip(before).filter(|line| line.text == "AT+CHUP").count();
        assert_eq!(rejects, 1, "{} {ring}\n{}", family.name(), rig.tail());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_calls_in_the_middle_of_a_call_does_not_end_it() {
    for family in SPEAKERS {
        let rig = speaker(family, SoundWay::Auto).await;
        rig.sim.phone(PHONE).on_call(OnCall::answer_after(Duration::from_secs(6)));
        rig.modem.fault(Fault::UrcInResponse.after(7).times(1).text("RING"));
        let called = call(&rig).await;
        let dialogue = &called.dialogue;
        assert_eq!(called.end.cause, CallCause::Finished, "{}\n{dialogue}", family.name());
        assert!(dialogue.contains("\n    RING\n"), "{}\n{dialogue}", family.name());
        assert_eq!(dialogue.matches("AT+CHUP").count(), 1, "{}\n{dialogue}", family.name());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_rings_is_given_up() {
    for family in SPEAKERS {
        let rig = speaker(family, SoundWay::Auto).await;
        rig.sim.network().change(|network| network.call_setup_ms = 60_000);
        let called = call(&rig).await;
        assert_eq!(called.events, [], "{}", family.name());
        assert_eq!(called.end.cause, CallCause::Unreachable, "{}", called.dialogue);
        assert_eq!(called.end.setup, Duration::from_secs(30), "{}", called.dialogue);
        assert!(called.record.unwrap().ended_ms.is_some(), "{}", called.dialogue);
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_phone_rings_for_what_is_worth_nothing_any_more() {
    let left = Duration::from_secs(8);
    for family in SPEAKERS {
        for (setup_ms, cause) in [(500, CallCause::NoAnswer), (60_000, CallCause::Abandoned)] {
            let rig = speaker(family, SoundWay::Auto).await;
            rig.sim.network().change(|network| network.call_setup_ms = setup_ms);
            rig.sim.phone(PHONE).on_call(OnCall::new(Does::Never));
            let answer_by = Instant::now() + left;
            let mut handle = rig.handle.call(Dial { answer_by, ..dial() });
            let end = end_of(&mut handle).await;
            assert_eq!(end.cause, cause, "{}\n{}", family.name(), rig.tail());
            let rang = (end.setup + end.ring).abs_diff(left);
            assert!(rang < Duration::from_secs(2), "{}: {end:?}", family.name());
            rig.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_answers_at_the_last_moment_is_spoken_to_where_only_the_list_knows_it() {
    for family in [Family::Sim800, Family::Sim7600, Family::A76xx, Family::Ec25, Family::Huawei] {
        let rig = speaker(family, SoundWay::Auto).await;
        rig.modem.fault(Fault::LostCallUrc.times(20));
        rig.sim.phone(PHONE).on_call(OnCall::answer_after(Duration::from_millis(20_500)));
        let called = call(&rig).await;
        assert_eq!(called.end.cause, CallCause::Finished, "{}", called.dialogue);
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_while_its_files_go_into_the_modem_is_not_dialled() {
    let slow = || Simulator::builder().in_memory().pace(115_200);
    // Some three and a half seconds each.
    let clips: Vec<_> = (1..=6).map(|name| quiet(name, 20_000)).collect();
    let dial = |answer_by| Dial { clips: clips.clone(), answer_by, ..dial() };
    let (soon, long) = (Duration::from_secs(5), Duration::from_secs(300));
    for family in [Family::Sim800, Family::A76xx] {
        for why in ["hung up", "dropped", "stale", "stopped"] {
            let rig = speaker_on(slow(), family, SoundWay::Only(Sink::File)).await;
            let before = rig.modem.transcript().len();
            let said = |word: &str| {
                let lines = rig.modem.transcript();
                lines.iter().skip(before).filter(|line| line.text.starts_with(word)).count()
            };
            let written = || said("AT+FSCREATE=C:\\User\\rp0") + said("AT+CFTRANRX=\"c:/rp0");
            let asked = Instant::now();
            let answer_by = asked + if why == "stale" { soon } else { long };
            let mut handle = rig.handle.call(dial(answer_by));
            tokio::time::sleep(soon).await;
            let end = match why {
                "dropped" => {
                    drop(handle);
                    None
                }
                _ => {
                    if why == "hung up" {
                        handle.hang_up();
                    } else if why == "stopped" {
                        rig.cancel.cancel();
                    }
                    Some(end_of(&mut handle).await)
                }
            };
            let cause = end.map_or(CallCause::Abandoned, |end| end.cause);
            assert_eq!(cause, CallCause::Abandoned, "{} {why}", family.name());
            tokio::time::sleep(soon).await;
            assert_eq!(said("ATD"), 0, "{} {why}\n{}", family.name(), rig.tail());
            assert!((1..clips.len()).contains(&written()), "{} {why}", family.name());
            if why != "stopped" {
                // What is there already is not written again.
                let mut handle = rig.handle.call(dial(Instant::now() + long));
                while handle.next().await != Some(CallEvent::Answered) {}
                assert_eq!(written(), clips.len(), "{} {why}\n{}", family.name(), rig.tail());
            }
            rig.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn files_that_were_cut_off_on_their_way_into_a_modem_are_put_there_anew() {
    let clips: Vec<_> = (1..=4).map(|name| quiet(name, 20_000)).collect();
    for family in [Family::Sim800, Family::A76xx, Family::Ec25] {
        let slow = Simulator::builder().in_memory().pace(115_200);
        let rig = speaker_on(slow, family, SoundWay::Only(Sink::File)).await;
        // In the middle of the second.
        let handle = rig.handle.call(Dial { clips: clips.clone(), ..dial() });
        tokio::time::sleep(Duration::from_secs(6)).await;
        rig.modem.unplug();
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(handle);
        rig.modem.replug().unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
        rig.ready().await;
        for turn in ["first", "second"] {
            let before = rig.modem.transcript().len();
            let mut handle = rig.handle.call(Dial { clips: clips.clone(), ..dial() });
            while handle.next().await.expect("it is answered") != CallEvent::Answered {}
            let mut put: BTreeMap<String, usize> = BTreeMap::new();
            for line in rig.modem.transcript().iter().skip(before) {
                let Some((size, name)) = line.text.split_once(" octets of ") else { continue };
                let size: usize = size.trim_start_matches('(').parse().unwrap();
                *put.entry(name.to_owned()).or_default() += size;
            }
            put.retain(|name, _| !name.contains("unfinished"));
            let whole = if turn == "first" { clips.len() } else { 0 };
            let sizes: Vec<_> = put.into_values().collect();
            assert_eq!(sizes, vec![44 + 40_000; whole], "{} {turn}\n{}", family.name(), rig.tail());
        }
        rig.stop().await;
    }
}

/// Waits for the end of a call.
pub(super) async fn end_of(handle: &mut CallHandle) -> CallEnd {
    loop {
        if let CallEvent::Ended(end) = handle.next().await.expect("a call ends with its end") {
            return end;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_link_that_is_held_for_messages_is_let_go_before_a_call() {
    let rig = speaker(Family::Sim7600, SoundWay::Auto).await;
    let segment = SegmentId { attempt: 1, sequence: 1 };
    let submit = Submit { segment, tpdu: tpdu("the first of many"), more: true, follower: None };
    let outcome = rig.handle.prepare(submit).send().await;
    assert!(matches!(outcome, SubmitOutcome::Accepted { .. }), "{outcome:?}");
    let first = call(&rig).await;
    assert!(first.dialogue.starts_with("AT\n    OK\nAT+CMMS=0\n"), "{}", first.dialogue);
    let second = call(&rig).await;
    assert!(!second.dialogue.contains("+CMMS"), "{}", second.dialogue);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_arrives_in_a_call_is_read_after_it() {
    for family in SPEAKERS {
        let rig = speaker(family, SoundWay::Auto).await;
        rig.sim.phone(PHONE).on_call(OnCall::answer_after(Duration::from_secs(2)));
        let mut handle = rig.handle.call(dial());
        while handle.next().await != Some(CallEvent::Answered) {}
        rig.sim.phone("+491701234567").send_to("m1", "while you speak");
        tokio::time::sleep(Duration::from_secs(5)).await;
        handle.hang_up();
        while handle.next().await.is_some() {}
        // At the latest the sweep finds it.
        tokio::time::sleep(Duration::from_secs(700)).await;
        assert_eq!(rig.came_in("while you speak"), 1, "{}\n{}", family.name(), rig.tail());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_crash_left_open_is_ended_by_the_next_start() {
    for family in SPEAKERS {
        let rig = speaker(family, SoundWay::Auto).await;
        let mut handle = rig.handle.call(dial());
        while handle.next().await != Some(CallEvent::Answered) {}
        rig.running.abort();
        assert_eq!(handle.next().await, None, "nobody knows how it goes on");
        let open = || rig.sim.network().calls().iter().filter(|it| it.ended_ms.is_none()).count();
        assert_eq!(open(), 1, "{}", family.name());
        let (sender, events) = mpsc::channel(16);
        let ports = Arc::new(Lines(rig.modem.clone()));
        let (again, worker) = apart(rig.handle.config().clone(), ports, sender);
        tokio::spawn(listen(events, Arc::default()));
        tokio::spawn(Runner::new(worker).run(rig.cancel.clone()));
        let mut status = again.status();
        status.wait_for(|status| status.state == ModemState::Ready).await.unwrap();
        assert_eq!(open(), 0, "{}\n{}", family.name(), rig.tail());
    }
}

#[tokio::test(start_paused = true)]
async fn files_that_are_played_least_make_room_for_others() {
    let rig = speaker(Family::Sim800, SoundWay::Only(Sink::File)).await;
    rig.sim.phone(PHONE).on_call(OnCall::new(Does::Busy));
    // 40 kB each, of which 256 kB hold six.
    let clips: Vec<_> = (1..=16).map(|name| quiet(name, 20_000)).collect();
    for clip in &clips {
        let often = clips.first().unwrap().clone();
        let mut handle = rig.handle.call(Dial { clips: vec![often, clip.clone()], ..dial() });
        let end = handle.next().await;
        assert!(
            matches!(end, Some(CallEvent::Ended(end)) if end.cause == CallCause::Busy),
            "{end:?}"
        );
    }
    let said = rig.modem.transcript();
    let count = |word: &str| said.iter().filter(|line| line.text.starts_with(word)).count();
    let of_clips = |word: &str| count(word) - count(&format!("{word}C:\\User\\rpunfinished"));
    assert_eq!(of_clips("AT+FSCREATE="), 16, "each was put there once");
    assert_eq!(of_clips("AT+FSDEL="), 10);
    assert_eq!(count("AT+FSDEL=C:\\User\\rp0101"), 0, "what is used stays");
    assert_eq!(count("AT+FSDEL=C:\\User\\rp0202"), 1, "what is used least goes first");
    rig.stop().await;
}

fn quiet(name: u8, length: usize) -> Arc<Clip> {
    let key = format!("{name:02x}").repeat(32);
    Arc::new(Clip { key, words: String::new(), samples: vec![0; length], keepable: true })
}

#[tokio::test(start_paused = true)]
async fn no_word_of_what_is_said_is_in_what_debugging_shows() {
    let shown = format!("{:?} {:?} {:?}", dial(), said(), CallEvent::Played(1));
    assert!(!shown.contains("word") && !shown.contains("555"), "{shown}");
}
