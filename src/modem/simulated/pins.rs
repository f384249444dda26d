//! PINs: entered once, only where a wrong one leaves another try, and never a PUK.

use std::{fs, time::Duration};

use ringpost_sim::{Family, Fault, Simulator};
use tempfile::TempDir;

use super::Rig;
use crate::{
    domain::{Detail, ModemIncident},
    modem::{Action, ModemState},
};

/// A modem whose SIM wants its PIN, and a file that holds `pin`.
async fn locked(family: Family, pin: &str, attempts: u16) -> (Rig, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pin");
    fs::write(&file, pin).unwrap();
    let builder = Simulator::builder().in_memory().family(family);
    let rig = Rig::with(builder, |config, modem| {
        modem.fault(Fault::SimPin);
        modem.fault(Fault::PinAttempts.code(attempts));
        config.pin_file = Some(file);
    });
    (rig.await, dir)
}

fn entered(rig: &Rig) -> usize {
    let lines = rig.modem.transcript();
    lines.iter().filter(|line| line.text.starts_with("AT+CPIN=")).count()
}

#[tokio::test(start_paused = true)]
async fn every_family_is_unlocked_with_its_own_counter() {
    for family in Family::ALL {
        let (rig, _dir) = locked(*family, "1234\n", 3).await;
        let status = rig.ready().await;
        assert_eq!(status.facts.pin_retries, Some(3), "{}", family.name());
        assert_eq!(entered(&rig), 1, "{}", family.name());
        {
            let told = rig.told.lock().unwrap();
            // One that tells nothing while it is locked is known by the modem that it sits in.
            let silent = *family == Family::Zte;
            let sim = if silent { "modem:a".to_owned() } else { rig.modem.iccid() };
            assert_eq!(told.asked, [(sim, 3)], "{}", family.name());
            assert_eq!(status.facts.iccid, rig.modem.iccid().as_str(), "{}", family.name());
            assert_eq!(told.pins, [true], "{}", family.name());
        }
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn with_one_try_left_none_is_made_by_any_family() {
    for family in Family::ALL {
        for attempts in [1, 0] {
            let (rig, _dir) = locked(*family, "1234", attempts).await;
            let status = rig.until(|status| status.state == ModemState::Failed).await;
            let problem = status.problem.unwrap();
            assert_eq!(problem.detail, Detail::SimLocked, "{}: {problem:?}", family.name());
            tokio::time::sleep(Duration::from_secs(600)).await;
            assert_eq!(entered(&rig), 0, "{}", family.name());
            rig.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_pin_is_entered_once_and_again_only_when_a_person_says_so() {
    let (rig, dir) = locked(Family::Sim7600, "9999", 3).await;
    rig.until(|status| status.state == ModemState::Failed).await;
    // From here on the store would say no.
    rig.told.lock().unwrap().permits = false;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(entered(&rig), 1);
    assert_eq!(rig.told.lock().unwrap().pins, [false]);
    assert!(rig.told.lock().unwrap().incidents.contains(&ModemIncident::PinWrong));
    fs::write(dir.path().join("pin"), "1234").unwrap();
    rig.told.lock().unwrap().permits = true;
    assert!(rig.handle.act(Action::Retry));
    rig.ready().await;
    assert_eq!(entered(&rig), 2);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_a_pin_or_with_none_that_can_be_read_a_person_is_told_which() {
    let cases = [("", "holds none"), ("12", "holds none"), ("secret", "holds none")];
    for (content, words) in cases {
        let (rig, _dir) = locked(Family::Ec25, content, 3).await;
        let status = rig.until(|status| status.state == ModemState::Failed).await;
        let problem = status.problem.unwrap();
        assert!(problem.message.contains(words), "{problem:?}");
        assert!(!format!("{problem:?}").contains("secret"));
        assert_eq!(entered(&rig), 0);
        rig.stop().await;
    }
    let builder = Simulator::builder().in_memory().family(Family::Ec25);
    let rig = Rig::with(builder, |_, modem| modem.fault(Fault::SimPin)).await;
    let status = rig.until(|status| status.state == ModemState::Failed).await;
    assert!(status.problem.unwrap().hint.contains("pin_file"));
    rig.stop().await;
}
