//! Messages from phones: on disk here before they leave the modem.

use ringpost_sim::{Family, Fault};

use crate::gateway::{Gateway, wait_for};

const SENDER: &str = "+14155552399";

fn received(gateway: &Gateway) -> Vec<String> {
    let page = gateway.get("/api/v1/inbound");
    let items = page["items"].as_array().unwrap();
    items.iter().rev().map(|it| it["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_joined_listed_and_then_deleted_in_the_modem() {
    let gateway =
        Gateway::builder().modems(2).family(Family::Sim7600).family(Family::Ec25).start().await;
    let long = "Grüße ✓ ".repeat(30);
    let phone = gateway.sim.phone(SENDER);
    for (modem, text) in [("m1", "STOP"), ("m2", long.trim_end())] {
        let before = received(&gateway).len();
        phone.send_to(modem, text);
        let all = wait_for(|| Some(received(&gateway)).filter(|it| it.len() > before)).unwrap();
        assert_eq!(all.last().unwrap(), text);
    }
    let page = gateway.get("/api/v1/inbound?limit=1");
    assert_eq!(page["items"][0]["from"], SENDER);
    assert_eq!(page["items"][0]["modem"], "m2");
    assert!(page["next"].is_string());
    let id = page["items"][0]["id"].as_str().unwrap();
    assert_eq!(gateway.get(&format!("/api/v1/inbound/{id}")), page["items"][0]);
    for modem in ["m1", "m2"] {
        let deleted = || {
            let written = gateway.written_to(modem);
            written.iter().any(|line| line.starts_with("AT+CMGD=")).then_some(())
        };
        wait_for(deleted).expect("the slot is emptied");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_words_three_times_in_a_second_are_three_messages() {
    let gateway = Gateway::start().await;
    for _ in 0..3 {
        gateway.sim.phone(SENDER).send_to("m1", "OK");
    }
    let all = wait_for(|| Some(received(&gateway)).filter(|it| it.len() > 2)).unwrap();
    assert_eq!(all, ["OK", "OK", "OK"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrived_while_the_daemon_was_down_is_found_at_the_start() {
    let mut gateway = Gateway::start().await;
    gateway.stop();
    gateway.sim.phone(SENDER).send_to("m1", "are you there?");
    gateway.start_daemon();
    let all = wait_for(|| Some(received(&gateway)).filter(|it| !it.is_empty())).unwrap();
    assert_eq!(all, ["are you there?"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_cannot_be_deleted_is_received_once() {
    let mut gateway = Gateway::start().await;
    gateway.sim.modem("m1").fault(Fault::CmgdFail.times(1));
    gateway.sim.phone(SENDER).send_to("m1", "once");
    wait_for(|| Some(received(&gateway)).filter(|it| !it.is_empty())).unwrap();
    gateway.stop();
    gateway.start_daemon();
    gateway.sim.phone(SENDER).send_to("m1", "twice");
    let all = wait_for(|| Some(received(&gateway)).filter(|it| it.len() > 1)).unwrap();
    assert_eq!(all, ["once", "twice"]);
}
