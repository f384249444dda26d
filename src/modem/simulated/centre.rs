//! A SIM that names no service centre: that of the configuration is written to it, and nothing else is.

use ringpost_sim::{Family, Simulator};

use super::{Fate, Rig};
use crate::{
    domain::{Detail, E164},
    modem::ModemState,
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
