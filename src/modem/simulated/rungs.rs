//! What brings a modem back: the ladder of means, each rung of it, alone and with every fault that may strike
//! at that moment.

use std::{fmt::Write as _, time::Duration};

use ringpost_hal::family;
use ringpost_sim::{Family, Fault, FaultSpec, OnCall, Simulator};
use tokio::time::Instant;

use super::{
    Fate, PHONE, Rig,
    calls::{SPEAKERS, call, call_until, speaker},
    matrix::{faults, outlive, rig, strike, strongest},
};
use crate::{
    domain::ModemIncident,
    modem::{CallCause, CallEvent, ModemState, ModemStatus, Rung, Sink, SoundWay, SubmitOutcome},
};

/// A hang, and the rung that ends it.
const CURES: [(&str, Rung); 5] = [
    ("drain", Rung::Drain),
    ("reopen", Rung::Reopen),
    ("soft_reset", Rung::SoftReset),
    ("hard_reset", Rung::HardReset),
    ("nothing", Rung::Quarantine),
];

#[tokio::test(start_paused = true)]
async fn every_family_that_hangs_is_brought_back_by_the_gentlest_means_that_helps() {
    let mut table = String::from("family      ");
    for (cure, _) in CURES {
        let _ = write!(table, "{cure:<22}");
    }
    for family in Family::ALL {
        let _ = write!(table, "\n{:<12}", family.name());
        for (cure, rung) in CURES {
            let (last, took) = hang(*family, cure, None).await;
            assert_eq!(last, expected(*family, rung), "{} {cure}", family.name());
            let _ = write!(table, "{:<22}", format!("{} {took} s", last.as_str()));
        }
    }
    let lines: Vec<_> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!("hangs", lines.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_hangs_while_a_message_is_on_the_air_sends_it_once() {
    for (cure, rung) in CURES {
        let (last, _) = hang(Family::Sim7600, cure, Some("in the middle")).await;
        assert_eq!(last, rung, "{cure}");
    }
}

/// Has a modem hang until `cure`, perhaps while a text is on the air; answers the strongest means
/// that was tried, and how long it was away.
async fn hang(family: Family, cure: &str, on_air: Option<&str>) -> (Rung, u64) {
    let mut rig = rig(family).await;
    rig.ready().await;
    rig.sim.network().set_latency(Duration::from_secs(5));
    let began = Instant::now();
    if let Some(text) = on_air {
        let outcome = tokio::spawn(rig.submit(text));
        tokio::time::sleep(Duration::from_secs(1)).await;
        rig.modem.fault(Fault::Hang.text(cure));
        assert_eq!(outcome.await.unwrap(), SubmitOutcome::Unanswered);
    } else {
        rig.modem.fault(Fault::Hang.text(cure));
        rig.until(|status| status.state != ModemState::Ready).await;
    }
    if cure == "nothing" {
        rig.until(|status| status.state == ModemState::Quarantined).await;
        let incidents = rig.told.lock().unwrap().incidents.clone();
        assert!(incidents.contains(&ModemIncident::Quarantine), "{incidents:?}");
        rig.modem.clear_faults();
    }
    rig.ready().await;
    let took = began.elapsed().as_secs();
    let counts = rig.status().counts;
    let last = strongest(&rig).expect("something was tried");
    for rung in Rung::ALL.iter().filter(|rung| **rung <= last) {
        // One rung after the other, each once.
        let allowed = family::by_name(family.name()).unwrap().restart.is_some();
        let expected = u32::from(*rung != Rung::SoftReset || allowed);
        assert_eq!(counts.rungs[rung.index()], expected, "{} {cure}: {counts:?}", family.name());
    }
    assert_eq!(rig.deliver("afterwards").await, Fate::Sent, "{} {cure}", family.name());
    assert_eq!(rig.received("afterwards"), 1);
    if let Some(text) = on_air {
        assert_eq!(rig.received(text), 1, "{cure}: on the air once");
    }
    rig.stop().await;
    (last, took)
}

/// Whether these means or stronger ones were tried.
fn tried(status: &ModemStatus, rung: Rung) -> bool {
    status.counts.rungs[rung.index()..].iter().any(|times| *times > 0)
}

/// The head of a table with a column for each rung.
fn heading(what: &str, width: usize) -> String {
    CURES
        .iter()
        .fold(format!("{what:<22}"), |head, (_, rung)| format!("{head}{:<width$}", rung.as_str()))
}

/// A fault as it strikes what a rung brings back: its bring-up, or its first message.
fn at_once(spec: FaultSpec) -> FaultSpec {
    if matches!(spec.fault, Fault::Eof | Fault::Reboot | Fault::UnderVoltage) {
        spec.after(0).command("+CNMI")
    } else {
        spec.after(0)
    }
}

#[tokio::test(start_paused = true)]
async fn no_fault_that_strikes_on_a_rung_loses_or_doubles_a_message() {
    let mut table = String::new();
    for family in Family::ALL {
        table += &heading(family.name(), 24);
        for spec in faults() {
            // The columns are hangs themselves.
            if !family.plays(spec.fault) || spec.fault == Fault::Hang {
                continue;
            }
            let _ = write!(table, "\n{:<22}", spec.fault.name());
            for (cure, rung) in CURES {
                let (took, last) = climb(*family, at_once(spec.clone()), cure, rung).await;
                let _ = write!(table, "{:<24}", format!("{took} s {}", last.as_str()));
            }
        }
        table.push_str("\n\n");
    }
    let lines: Vec<_> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!("faults", lines.join("\n"));
}

/// Has a modem hang until `cure` while a message is on the air, and meet another fault meanwhile; answers after how many
/// seconds it was ready, and the strongest means that it took.
async fn climb(family: Family, spec: FaultSpec, cure: &str, rung: Rung) -> (u64, Rung) {
    let fault = spec.fault;
    let mut rig = rig(family).await;
    rig.ready().await;
    rig.sim.network().set_latency(Duration::from_secs(5));
    let began = Instant::now();
    let on_air = tokio::spawn(rig.submit("on the air"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    rig.modem.fault(Fault::Hang.text(cure));
    // What lasts would be over before the rung.
    if !fault.lasts() {
        strike(&rig, spec.clone());
    }
    rig.until(|status| tried(status, rung)).await;
    if rung == Rung::Quarantine {
        rig.modem.clear_fault(Fault::Hang);
    }
    if fault.lasts() {
        strike(&rig, spec);
    }
    let outlived = outlive(&mut rig, fault).await;
    let took = (outlived.ready_at - began).as_secs();
    let name = format!("{} {} {cure}: {}", family.name(), fault.name(), outlived.answers);
    assert!(took < 1200, "{name} took {took} s");
    let last = strongest(&rig).expect("a hang is met with something");
    assert!(last >= expected(family, rung), "{name}: {last:?}");
    let outcome = on_air.await.unwrap();
    assert!(!matches!(outcome, SubmitOutcome::NotSent(_)), "{name}: {outcome:?}");
    assert_eq!(rig.received("on the air"), 1, "{name}");
    assert_eq!(rig.deliver("afterwards").await, Fate::Sent, "{name}");
    assert_eq!(rig.received("afterwards"), 1, "{name}");
    rig.stop().await;
    (took, last)
}

/// What ends a hang that `rung` ends, in a family that may have no command to restart it.
fn expected(family: Family, rung: Rung) -> Rung {
    let restarts = family::by_name(family.name()).unwrap().restart.is_some();
    if rung == Rung::SoftReset && !restarts { Rung::HardReset } else { rung }
}

#[tokio::test(start_paused = true)]
async fn without_a_switch_and_without_a_command_only_time_is_left() {
    let builder = Simulator::builder().in_memory().family(Family::Huawei);
    let rig = Rig::with(builder, |_, _| {}).await;
    rig.ready().await;
    rig.modem.fault(Fault::Hang.text("hard_reset"));
    rig.until(|status| status.state == ModemState::Quarantined).await;
    let counts = rig.status().counts.rungs;
    assert_eq!(counts, [1, 1, 0, 0, 1]);
    // Again and again, ever more rarely.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let [.., quarantines] = rig.status().counts.rungs;
    assert!((5..=12).contains(&quarantines), "{quarantines}");
    // Somebody pulls it out and plugs it in: that is noticed at once.
    rig.modem.unplug();
    rig.modem.clear_faults();
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(3)).await;
    rig.modem.replug().unwrap();
    rig.ready().await;
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stick_that_fell_off_its_bus_has_its_power_switched() {
    let rig = rig(Family::Huawei).await;
    rig.ready().await;
    rig.modem.unplug();
    rig.until(|status| status.counts.rungs[Rung::HardReset.index()] == 1).await;
    rig.ready().await;
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_long_after_the_last_begins_at_the_gentlest_means_again() {
    let rig = rig(Family::Sim7600).await;
    for round in 1..=3 {
        rig.ready().await;
        tokio::time::sleep(Duration::from_secs(400)).await;
        rig.modem.fault(Fault::Hang.text("drain"));
        rig.until(|status| status.state != ModemState::Ready).await;
        rig.ready().await;
        assert_eq!(rig.status().counts.rungs, [round, 0, 0, 0, 0]);
    }
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_again_at_once_is_met_with_stronger_means() {
    let rig = rig(Family::Sim7600).await;
    for _ in 0..3 {
        rig.ready().await;
        rig.modem.fault(Fault::Hang.text("drain"));
        rig.until(|status| status.state != ModemState::Ready).await;
    }
    rig.ready().await;
    assert_eq!(rig.status().counts.rungs, [1, 1, 1, 0, 0]);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_call_outlives_a_hang_that_esc_ends_each_time() {
    let rig = speaker(Family::Sim7600, SoundWay::Auto).await;
    for time in 1..=3 {
        rig.sim.phone(PHONE).on_call(OnCall::answer_after(Duration::from_secs(4)));
        let called = call_until(&rig, false, Some(Fault::Hang.text("drain"))).await;
        assert_eq!(called.end.cause, CallCause::Finished, "{time}\n{}", called.dialogue);
        assert_eq!(rig.status().counts.rungs, [time, 0, 0, 0, 0]);
        tokio::time::sleep(Duration::from_secs(3600)).await;
    }
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_answers_at_and_nothing_else_does_not_count_as_ready() {
    let rig = rig(Family::Sim7600).await;
    rig.ready().await;
    rig.modem.fault(Fault::Silence.command("+CNMI"));
    let began = Instant::now();
    rig.until(|status| status.state == ModemState::Quarantined).await;
    assert!(began.elapsed() < Duration::from_secs(600), "{:?}", began.elapsed());
    rig.modem.clear_faults();
    rig.ready().await;
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_network_that_comes_and_goes_brings_nothing_up_anew() {
    let rig = rig(Family::Sim7600).await;
    rig.ready().await;
    let before = rig.modem.transcript().iter().filter(|line| line.text == "ATE0").count();
    for _ in 0..20 {
        rig.modem.fault(Fault::NotRegistered.delay_ms(50_000));
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    rig.modem.clear_faults();
    rig.ready().await;
    let after = rig.modem.transcript().iter().filter(|line| line.text == "ATE0").count();
    assert_eq!(after, before, "{}", rig.tail());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_by_a_person_restarts_the_modem() {
    let rig = rig(Family::Ec25).await;
    rig.ready().await;
    assert!(rig.handle.act(crate::modem::Action::Reset));
    rig.until(|status| status.counts.rungs[Rung::SoftReset.index()] == 1).await;
    rig.ready().await;
    let lines = rig.modem.transcript();
    assert!(lines.iter().any(|line| line.text == "AT+CFUN=1,1"), "{}", rig.tail());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn no_fault_of_a_call_keeps_a_modem_that_hangs_in_it_from_being_brought_back() {
    let mut table = String::new();
    for family in SPEAKERS {
        table += &heading(family.name(), 32);
        for fault in Fault::ALL.iter().filter(|fault| fault.is_of_calls() && family.plays(**fault))
        {
            let _ = write!(table, "\n{:<22}", fault.name());
            for (cure, rung) in CURES {
                let name = format!("{} {} {cure}", family.name(), fault.name());
                let files = *fault == Fault::PlayFails;
                let way = if files { SoundWay::Only(Sink::File) } else { SoundWay::Auto };
                let mut rig = speaker(family, way).await;
                rig.sim.phone(PHONE).on_call(OnCall::answer_after(Duration::from_secs(4)));
                // Before the hang.
                let spec = fault.times(1);
                let restarts = *fault == Fault::RebootInCall;
                rig.modem.fault(if restarts { spec.delay_ms(300) } else { spec });
                let began = Instant::now();
                let called = call_until(&rig, false, Some(Fault::Hang.text(cure))).await;
                if !called.events.contains(&CallEvent::Answered) {
                    // Its bring-up would end some hangs, and be no rung.
                    rig.ready().await;
                    rig.modem.fault(Fault::Hang.text(cure));
                }
                rig.until(|status| tried(status, rung)).await;
                rig.modem.clear_fault(*fault);
                if rung == Rung::Quarantine {
                    rig.modem.clear_fault(Fault::Hang);
                }
                rig.ready().await;
                let took = began.elapsed().as_secs();
                assert!(took < 1000, "{name} took {took} s");
                let last = strongest(&rig);
                let calls = rig.sim.network().calls();
                assert!(calls.iter().all(|call| call.ended_ms.is_some()), "{name}: {calls:?}");
                assert_eq!(rig.deliver("afterwards").await, Fate::Sent, "{name}\n{}", rig.tail());
                assert_eq!(rig.received("afterwards"), 1, "{name}");
                let mut again = call(&rig).await;
                if *fault == Fault::AudioWedged && again.end.cause == CallCause::NoSound {
                    // The means were too gentle for the samples, and it is only now that this shows.
                    rig.until(|status| status.state != ModemState::Ready).await;
                    rig.ready().await;
                    again = call(&rig).await;
                }
                assert_eq!(again.end.cause, CallCause::Finished, "{name}\n{}", again.dialogue);
                let last = last.map_or("", |rung| rung.as_str());
                let cell = format!("{:?} {took} s {last}", called.end.cause);
                let _ = write!(table, "{cell:<32}");
                rig.stop().await;
            }
        }
        table.push('\n');
    }
    let lines: Vec<_> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!("calls", lines.join("\n"));
}
