//! Every family's bring-up, as a dialogue that can be read.

use ringpost_sim::{Direction, Family};

use super::Rig;

#[tokio::test(start_paused = true)]
async fn every_family_comes_up_and_this_is_what_is_said() {
    for family in Family::ALL {
        let rig = Rig::start(*family).await;
        let status = rig.ready().await;
        assert_eq!(status.family.map(|it| it.name), Some(family.name()));
        let mut dialogue = String::new();
        for line in rig.modem.transcript() {
            // Host to modem on the left, modem to host behind an arrow.
            dialogue += &match line.direction {
                Direction::Tx => format!("{}\n", line.text),
                Direction::Rx => format!("    {}\n", line.text),
            };
        }
        insta::assert_snapshot!(family.name(), dialogue);
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_family_sends_and_receives_and_keeps_nothing() {
    for family in Family::ALL {
        let mut rig = Rig::start(*family).await;
        let status = rig.ready().await;
        assert_eq!(rig.deliver("hello").await, super::Fate::Sent, "{}", family.name());
        assert_eq!(rig.received("hello"), 1, "{}", family.name());
        rig.sim.phone("+491701234567").send_to("m1", "an answer");
        // At the latest the sweep finds it.
        tokio::time::sleep(std::time::Duration::from_secs(700)).await;
        {
            let told = rig.told.lock().unwrap();
            assert_eq!(told.received, ["an answer"], "{}\n{}", family.name(), rig.tail());
            let reports = usize::from(status.has_reports());
            assert_eq!(told.reports, reports, "{}\n{}", family.name(), rig.tail());
            assert!(told.incidents.is_empty(), "{}: {:?}", family.name(), told.incidents);
        }
        let used: u16 = rig.status().facts.store_use.iter().map(|it| it.used).sum();
        assert_eq!(used, 0, "{}: {:?}", family.name(), rig.status().facts.store_use);
        rig.stop().await;
    }
}
