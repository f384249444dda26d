//! What is told of a call, and is about another one, or damaged, or comes at a bad moment: it ends no call that goes on, and
//! no call goes on that has ended here.

use std::{fmt::Write as _, time::Duration};

use ringpost_sim::{Does, Family, Fault, OnCall, Simulator};

use super::{
    PHONE, Rig,
    calls::{call, dial, end_of, speaker, speaker_on},
};
use crate::{
    domain::Sound,
    modem::{CallCause, CallEnd, CallEvent, SoundWay},
};

/// Calls that the network carries.
fn open_calls(rig: &Rig) -> usize {
    rig.sim.network().calls().iter().filter(|it| it.ended_ms.is_none()).count()
}

fn answers_after(seconds: u64) -> OnCall {
    OnCall::answer_after(Duration::from_secs(seconds))
}

/// Says nothing for so many seconds and hangs up; what goes wrong does so at that event.
async fn stay(rig: &Rig, seconds: u64, at: CallEvent, mut wrong: impl FnMut(&Rig)) -> CallEnd {
    let mut handle = rig.handle.call(dial());
    let mut struck = false;
    loop {
        let event = handle.next().await.expect("a call ends with its end");
        if event == at && !struck {
            struck = true;
            wrong(rig);
        }
        match event {
            CallEvent::Answered => {
                handle.play(vec![Sound::Silence(Duration::from_secs(seconds))]);
            }
            CallEvent::Played(_) => handle.hang_up(),
            CallEvent::Ended(end) => return end,
            CallEvent::Alerting | CallEvent::Key(_) => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_another_call_does_not_end_the_one_that_goes_on() {
    for (family, line) in [
        (Family::Huawei, "^CEND:2,0,104,16"),
        (Family::Ublox, "+UCALLSTAT: 2,6"),
        (Family::Telit, "#ECAM: 1,0,1,,,"),
        (Family::Sim800, "+CLCC: 2,1,6,0,0,\"+14155550199\",145"),
    ] {
        let rig = speaker(family, SoundWay::Auto).await;
        rig.sim.phone(PHONE).on_call(answers_after(2));
        let tell = |rig: &Rig| rig.modem.fault(Fault::UrcInResponse.times(1).text(line));
        let end = stay(&rig, 20, CallEvent::Answered, tell).await;
        assert_eq!(end.cause, CallCause::Finished, "{line}\n{}", rig.tail());
        assert!(end.talk > Duration::from_secs(20), "{line}: {end:?}");
        assert_eq!(open_calls(&rig), 0, "{line}\n{}", rig.tail());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_ended_before_the_dialling_is_not_the_call_that_is_dialled() {
    for (family, line) in [
        (Family::Huawei, "^CEND:1,0,104,16"),
        (Family::Ublox, "+UCALLSTAT: 1,6"),
        (Family::Telit, "#ECAM: 0,0,1,,,"),
        (Family::Sim7600, "NO CARRIER"),
        (Family::Sim7600, "BUSY"),
    ] {
        let rig = speaker(family, SoundWay::Auto).await;
        rig.sim.phone(PHONE).on_call(answers_after(6));
        // In the answer to what is asked before the dialling.
        rig.modem.fault(Fault::UrcInResponse.times(1).text(line));
        let called = call(&rig).await;
        assert_eq!(called.end.cause, CallCause::Finished, "{line}\n{}", called.dialogue);
        assert_eq!(open_calls(&rig), 0, "{line}\n{}", called.dialogue);
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_said_of_something_else_while_it_dials_leaves_no_phone_ringing() {
    for (line, cause) in
        [("NO CARRIER", CallCause::Finished), ("+CMS ERROR: 500", CallCause::NotDialled)]
    {
        let rig = speaker(Family::Sim7600, SoundWay::Auto).await;
        rig.sim.phone(PHONE).on_call(answers_after(6));
        // Behind AT and +CPCMREG=0.
        rig.modem.fault(Fault::UrcInResponse.after(2).times(1).text(line));
        let called = call(&rig).await;
        assert_eq!(called.end.cause, cause, "{line}\n{}", called.dialogue);
        assert_eq!(open_calls(&rig), 0, "{line}\n{}", called.dialogue);
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_a_noisy_line_hides_is_not_left_open_and_nobody_is_said_to_have_declined_it() {
    let mut wrong = String::new();
    for family in [Family::Generic, Family::Sim7600, Family::Huawei] {
        for seed in 0..30 {
            let builder = Simulator::builder().in_memory().seed(seed);
            let rig = speaker_on(builder, family, SoundWay::Auto).await;
            rig.sim.phone(PHONE).on_call(answers_after(15));
            let damage = |rig: &Rig| rig.modem.fault(Fault::Garble.times(2));
            let end = stay(&rig, 5, CallEvent::Alerting, damage).await;
            rig.modem.clear_faults();
            rig.ready().await;
            if open_calls(&rig) > 0 || end.cause == CallCause::Declined {
                let _ = writeln!(wrong, "{} {seed}: {end:?}\n{}", family.name(), rig.tail());
            }
            rig.stop().await;
        }
    }
    assert_eq!(wrong, "");
}

#[tokio::test(start_paused = true)]
async fn who_hangs_up_while_the_sound_is_opened_has_hung_up() {
    for after in [900, 1000, 1200] {
        let rig = speaker(Family::Sim7600, SoundWay::Auto).await;
        let phone = answers_after(3).hang_up_after(Duration::from_millis(after));
        rig.sim.phone(PHONE).on_call(phone);
        // Right after the answer some refuse it.
        rig.modem.fault(Fault::AudioRefused.times(3));
        let end = end_of(&mut rig.handle.call(dial())).await;
        assert_eq!(end.cause, CallCause::HungUp, "{after}\n{}", rig.tail());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_busy_while_the_sound_is_opened_is_busy() {
    let rig = speaker(Family::Huawei, SoundWay::Auto).await;
    rig.sim.phone(PHONE).on_call(OnCall::new(Does::Busy));
    rig.modem.fault(Fault::AudioRefused.times(5));
    let end = end_of(&mut rig.handle.call(dial())).await;
    assert_eq!(end.cause, CallCause::Busy, "{}", rig.tail());
    rig.stop().await;
}
