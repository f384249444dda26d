//! The example for firmware, against simulated modems.

#[path = "../examples/firmware/driver.rs"]
mod driver;
#[path = "../examples/firmware/host.rs"]
mod host;

use std::time::Duration;

use driver::{Error, Modem};
use ringpost_hal::at::dialogue::FailureKind;
use ringpost_sim::{Family, Fault, Simulator};

const PHONE: &str = "+14155552345";

#[tokio::test(flavor = "multi_thread")]
async fn firmware_brings_modems_up_and_sends_a_text_of_two_segments() {
    for &family in Family::ALL {
        let dir = tempfile::tempdir().unwrap();
        let sim = Simulator::builder().dir(dir.path()).family(family).start().await.unwrap();
        let port = sim.port("m1");
        let text = "1234567890".repeat(20);
        let said = text.clone();
        let sent = tokio::task::spawn_blocking(move || {
            let mut modem = Modem::new(host::Uart::open(&port).unwrap(), host::Clock);
            let up = modem.bring_up().unwrap();
            assert_eq!(up.family().name, family.name());
            modem.send(PHONE.trim_start_matches('+'), &said, 42).unwrap()
        });
        assert_eq!(sent.await.unwrap(), 2);
        let received = sim.phone(PHONE).wait_for_text(Duration::from_secs(10)).await.unwrap();
        assert_eq!((received.text, received.segments), (text, 2));
        assert!(sim.modem("m1").pdu_errors().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn firmware_is_told_what_keeps_a_modem_down() {
    let dir = tempfile::tempdir().unwrap();
    let sim = Simulator::builder().dir(dir.path()).start().await.unwrap();
    sim.modem("m1").fault(Fault::SimMissing);
    let port = sim.port("m1");
    let failed = tokio::task::spawn_blocking(move || {
        Modem::new(host::Uart::open(&port).unwrap(), host::Clock).bring_up().err()
    });
    let Some(Error::BringUp(step, failure)) = failed.await.unwrap() else { panic!() };
    assert_eq!((step, failure.kind), ("SIM", FailureKind::SimMissing));
}
