//! Modems that restart by themselves, whether they say so or not, and modems that forget what they were told.

use std::time::Duration;

use ringpost_hal::family::by_name;
use ringpost_sim::{Direction, Family, Fault};
use tokio::time::{Instant, sleep};

use super::{Fate, PHONE, Rig, matrix::rig};
use crate::{
    domain::ModemIncident,
    modem::{ModemState, Rung, SubmitOutcome},
};

/// Has it send and receive, and be told of both; what nobody told of would be found by the sweep much later.
async fn serves(rig: &mut Rig, name: &str) {
    let reports = rig.told.lock().unwrap().reports;
    assert_eq!(rig.deliver("out").await, Fate::Sent, "{name}\n{}", rig.tail());
    rig.sim.phone(PHONE).send_to("m1", "in");
    sleep(Duration::from_secs(5)).await;
    assert_eq!((rig.received("out"), rig.came_in("in")), (1, 1), "{name}\n{}", rig.tail());
    let expected = usize::from(rig.status().has_reports());
    assert_eq!(rig.told.lock().unwrap().reports - reports, expected, "{name}\n{}", rig.tail());
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_restarts_while_nobody_asks_it_anything_is_set_up_anew_by_every_family() {
    for family in Family::ALL {
        for fault in [Fault::Reboot, Fault::SettingsLost] {
            let name = format!("{} {}", family.name(), fault.name());
            let mut rig = rig(*family).await;
            rig.ready().await;
            // It looks at its stores first.
            sleep(Duration::from_secs(5)).await;
            let began = Instant::now();
            rig.modem.fault(fault);
            rig.until(|status| status.counts.restarts == 1).await;
            rig.ready().await;
            let took = began.elapsed();
            assert!(took < Duration::from_secs(100), "{name}: {took:?}\n{}", rig.tail());
            let incidents = rig.told.lock().unwrap().incidents.clone();
            // Some hear nothing when they have started, for as long as it takes to miss them twice.
            let missed = [ModemIncident::Drain, ModemIncident::Restarted];
            assert!(missed.ends_with(&incidents) && !incidents.is_empty(), "{name}: {incidents:?}");
            serves(&mut rig, &name).await;
            rig.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_echo_that_tells_of_a_restart_is_an_answer_and_no_miss() {
    let rig = rig(Family::Ublox).await;
    rig.ready().await;
    rig.modem.fault(Fault::Hang.text("drain"));
    rig.until(|status| status.state != ModemState::Ready).await;
    rig.ready().await;
    // It misses two commands, and the third one shows it: one more miss would have its port opened anew.
    rig.modem.fault(Fault::Reboot);
    rig.until(|status| status.counts.restarts == 1).await;
    rig.ready().await;
    assert_eq!(rig.status().counts.rungs, [1, 0, 0, 0, 0]);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn no_body_is_written_to_a_modem_that_has_restarted_in_silence() {
    let silent = |family: &&Family| by_name(family.name()).unwrap().boots.is_empty();
    for family in Family::ALL.iter().filter(silent) {
        let mut rig = rig(*family).await;
        rig.ready().await;
        sleep(Duration::from_secs(5)).await;
        rig.modem.fault(Fault::Reboot);
        // It takes messages again, and nobody has noticed yet.
        sleep(Duration::from_secs(2)).await;
        let outcome = rig.submit("once").await;
        assert!(matches!(outcome, SubmitOutcome::NotSent(_)), "{}: {outcome:?}", family.name());
        assert_eq!(rig.received("once"), 0, "{}\n{}", family.name(), rig.tail());
        serves(&mut rig, family.name()).await;
        assert_eq!(rig.status().counts.restarts, 1, "{}", family.name());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_behind_a_restart_in_silence_is_not_deleted_for_what_was_read_before() {
    let silent = |family: &&Family| by_name(family.name()).unwrap().boots.is_empty();
    for family in Family::ALL.iter().filter(silent) {
        let rig = rig(*family).await;
        rig.ready().await;
        sleep(Duration::from_secs(5)).await;
        rig.told.lock().unwrap().disk = Duration::from_secs(10);
        rig.sim.phone(PHONE).send_to("m1", "before");
        sleep(Duration::from_secs(1)).await;
        rig.modem.fault(Fault::Reboot);
        sleep(Duration::from_secs(4)).await;
        // It goes where the modem stores by itself.
        rig.sim.phone(PHONE).send_to("m1", "behind");
        sleep(Duration::from_secs(300)).await;
        let came_in = (rig.came_in("before"), rig.came_in("behind"));
        assert_eq!(came_in, (1, 1), "{}\n{}", family.name(), rig.tail());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_restarts_again_and_again_is_switched_off_and_then_left_alone() {
    for family in Family::ALL {
        // While it is set up, as a weak supply makes it when the radio is switched on; and with each message.
        for command in ["+CNMI", "+CMGS"] {
            let name = format!("{} at {command}", family.name());
            let mut rig = rig(*family).await;
            rig.ready().await;
            rig.modem.fault(Fault::Reboot.command(command));
            if command == "+CNMI" {
                rig.modem.fault(Fault::Reboot);
            }
            let began = Instant::now();
            while rig.status().state != ModemState::Quarantined {
                assert!(began.elapsed() < Duration::from_secs(900), "{name}\n{}", rig.tail());
                let outcome = rig.submit("never").await;
                assert!(!matches!(outcome, SubmitOutcome::Accepted { .. }), "{name}: {outcome:?}");
                sleep(Duration::from_secs(1)).await;
            }
            let counts = rig.status().counts;
            let [.., soft, hard, quarantine] = counts.rungs;
            assert_eq!((hard, quarantine), (1, 1), "{name}: {counts:?}");
            if by_name(family.name()).unwrap().boots.is_empty() {
                // While it starts it answers nothing, and fails as one that hangs does.
                assert!(counts.restarts >= 1, "{name}: {counts:?}");
            } else {
                assert!(counts.restarts >= 4 && soft == 0, "{name}: {counts:?}");
            }
            let incidents = rig.told.lock().unwrap().incidents.clone();
            assert!(incidents.contains(&ModemIncident::Quarantine), "{name}: {incidents:?}");
            rig.modem.clear_faults();
            serves(&mut rig, &name).await;
            rig.stop().await;
        }
    }
}

/// It only echoes: another program has told it to, and it goes on telling.
#[tokio::test(start_paused = true)]
async fn what_is_told_before_a_modem_is_set_up_anew_is_heard() {
    let rig = rig(Family::Ec25).await;
    rig.ready().await;
    sleep(Duration::from_secs(5)).await;
    rig.sim.network().set_delivery(Duration::from_millis(500));
    assert!(matches!(rig.submit("reported on").await, SubmitOutcome::Accepted { .. }));
    rig.modem.fault(Fault::EchoOn.delay_ms(100));
    assert!(matches!(rig.submit("not sent").await, SubmitOutcome::NotSent(_)));
    rig.until(|status| status.counts.restarts == 1).await;
    rig.ready().await;
    assert_eq!(rig.told.lock().unwrap().reports, 1, "{}", rig.tail());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_restarts_now_and_then_is_set_up_and_no_more() {
    let rig = rig(Family::Ec25).await;
    for time in 1..=6 {
        rig.ready().await;
        sleep(Duration::from_secs(120)).await;
        rig.modem.fault(Fault::Reboot);
        rig.until(|status| status.counts.restarts == time).await;
    }
    rig.ready().await;
    assert_eq!(rig.status().counts.rungs, [0; Rung::ALL.len()]);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_echoes_whatever_it_is_told_is_not_taken_for_one_that_has_restarted() {
    for fault in [Fault::EchoOn, Fault::EchoGarble] {
        let builder = ringpost_sim::Simulator::builder().in_memory().family(Family::Sim800);
        let mut rig = Rig::with(builder, |_, modem| modem.fault(fault)).await;
        rig.ready().await;
        sleep(Duration::from_secs(600)).await;
        serves(&mut rig, fault.name()).await;
        let lines = rig.modem.transcript();
        let set_up = lines.iter().filter(|it| it.direction == Direction::Tx && it.text == "ATE0");
        assert_eq!(set_up.count(), 1, "{}", fault.name());
        assert_eq!(rig.status().counts.restarts, 0, "{}", fault.name());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_takes_the_time_that_its_manual_gives_it_is_left_alone() {
    let mut rig = rig(Family::Ublox).await;
    rig.ready().await;
    rig.modem.fault(Fault::LateCmgs.times(1).delay_ms(150_000));
    assert_eq!(rig.deliver("slow").await, Fate::Sent);
    assert_eq!(rig.told.lock().unwrap().incidents, [], "{}", rig.tail());
    rig.stop().await;
}
