//! A SIM that names no service centre: that of the configuration is written to it, and nothing else is.

use std::time::Duration;

use ringpost_sim::{Family, Fault, Simulator};
use tokio::time::timeout;

use super::{Fate, Rig};
use crate::{
    domain::{Detail, E164},
    modem::{ModemState, ModemStatus, SubmitOutcome},
};

const CENTRE: &str = "+14155550100";

async fn start(family: Family, own: &str, configured: Option<&str>) -> Rig {
    let builder = Simulator::builder().in_memory().family(family);
    let rig = Rig::with(builder, |config, modem| {
        modem.set_service_centre(own);
        config.service_centre = configured.map(|number| E164::new(number).unwrap());
    });
    rig.await
}

fn written(rig: &Rig) -> Vec<String> {
    let lines = rig.modem.transcript().into_iter().map(|line| line.text);
    lines.filter(|text| text.starts_with("AT+CSCA=")).collect()
}

#[tokio::test(start_paused = true)]
async fn every_family_takes_the_one_that_is_configured() {
    for family in Family::ALL {
        let mut rig = start(*family, "", Some(CENTRE)).await;
        let status = rig.ready().await;
        assert_eq!(status.facts.service_centre, CENTRE, "{}", family.name());
        assert_eq!(written(&rig), [format!("AT+CSCA=\"{CENTRE}\",145")], "{}", family.name());
        assert_eq!(rig.deliver("it goes out").await, Fate::Sent, "{}", family.name());
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_sim_that_names_one_keeps_it() {
    let rig = start(Family::Ec25, "+14155550199", Some(CENTRE)).await;
    assert_eq!(rig.ready().await.facts.service_centre, "+14155550199");
    assert!(written(&rig).is_empty());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn without_any_a_person_is_told_and_the_modem_is_left_alone() {
    let rig = start(Family::Sim7600, "", None).await;
    let status = rig.until(|status| status.state == ModemState::Failed).await;
    let problem = status.problem.unwrap();
    assert_eq!(problem.detail, Detail::NotSubscribed);
    assert!(problem.message.contains("service centre") && problem.hint.contains("`smsc`"));
    assert_eq!(status.step, Some("service centre"));
    // Somebody sets it in the SIM: it is found by itself.
    rig.modem.set_service_centre(CENTRE);
    let status = rig.ready().await;
    assert_eq!(status.counts.rungs, [0; 5], "a restart would not help");
    assert!(written(&rig).is_empty());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_sim_that_is_busy_when_it_is_asked_for_its_centre_is_given_one_all_the_same() {
    let builder = Simulator::builder().in_memory().family(Family::Generic);
    let rig = Rig::with(builder, |config, modem| {
        config.service_centre = Some(E164::new(CENTRE).unwrap());
        modem.set_service_centre("");
        modem.fault(Fault::CmeError.code(14).command("+CSCA").times(2));
    });
    let mut rig = rig.await;
    assert_eq!(rig.ready().await.facts.service_centre, CENTRE);
    assert_eq!(rig.deliver("it goes out").await, Fate::Sent);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_centre_that_is_lost_is_given_again_where_one_is_configured_and_a_person_is_told_elsewhere()
 {
    let mut rig = start(Family::Generic, "", Some(CENTRE)).await;
    rig.ready().await;
    rig.modem.set_service_centre("");
    assert_eq!(rig.deliver("it goes out").await, Fate::Sent);
    assert_eq!((written(&rig).len(), rig.status().counts.rungs), (2, [0; 5]));
    rig.stop().await;
    let rig = start(Family::Generic, CENTRE, None).await;
    rig.ready().await;
    rig.modem.set_service_centre("");
    let refused = timeout(Duration::from_secs(60), rig.submit("it does not"));
    assert!(matches!(
        refused.await.unwrap(),
        SubmitOutcome::Refused(_) | SubmitOutcome::NotSent(_)
    ));
    let told = |status: &ModemStatus| status.problem.as_ref().map(|it| it.detail);
    let status = rig.until(|status| told(status) == Some(Detail::NotSubscribed)).await;
    assert_eq!(status.step, Some("service centre"));
    rig.stop().await;
}
