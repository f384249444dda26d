//! Stopping, dying and starting again: nothing accepted is lost, nothing is sent twice silently.

use std::{
    io::Write as _,
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use ringpost_sim::Fault;
use serde_json::json;

use crate::gateway::{Gateway, PATIENCE, PHONE, RINGPOST, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_the_exchange_on_the_air_end_and_a_start_goes_on() {
    let mut gateway = Gateway::builder().latency(Duration::from_millis(400)).start().await;
    // A report that comes in the moment in which nobody has the port open is heard by nobody.
    gateway.sim.network().set_delivery(Duration::from_secs(2));
    let ids: Vec<_> = (0..4).map(|n| gateway.send(&format!("message {n}"))).collect();
    gateway.sim.network().wait_for_submits(1, PATIENCE).await.unwrap();
    let began = Instant::now();
    assert!(gateway.stop().success());
    assert!(began.elapsed() < Duration::from_secs(15));
    let before = gateway.submits();
    assert!(before < 4, "the stop did not wait for the queue");
    gateway.start_daemon();
    for id in &ids {
        gateway.wait_for_state(id, "delivered");
    }
    assert_eq!(gateway.submits(), 4, "each went out once");
    let texts: Vec<_> = gateway.sim.phone(PHONE).texts().into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["message 0", "message 1", "message 2", "message 3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_is_checked_after_a_kill_and_not_after_a_stop() {
    let checked = |gateway: &Gateway| gateway.log().matches("checking all of it").count();
    let mut gateway = Gateway::start().await;
    let id = gateway.send("hello");
    gateway.wait_for_state(&id, "delivered");
    assert!(gateway.stop().success());
    gateway.start_daemon();
    assert_eq!(checked(&gateway), 0);
    gateway.wait_for_modem("m1", "ready");
    gateway.kill();
    gateway.start_daemon();
    assert_eq!(checked(&gateway), 1);
    assert_eq!(gateway.message(&id)["state"], "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_refused_and_not_used() {
    let mut gateway = Gateway::start().await;
    let id = gateway.send("hello");
    gateway.wait_for_state(&id, "delivered");
    assert!(gateway.stop().success());
    let database = gateway.database_path();
    let mut bytes = std::fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5A);
    std::fs::write(&database, bytes).unwrap();
    // What a daemon that was killed leaves behind.
    std::fs::write(database.with_extension("db-wal"), "a log").unwrap();
    let mut serve = Command::new(RINGPOST);
    let output = serve.args(["serve", "--config"]).arg(gateway.config_path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("move it away or restore a copy"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_ends_its_request_does_not_keep_the_modems_sending() {
    let mut gateway = Gateway::builder().latency(Duration::from_millis(200)).start().await;
    let ids: Vec<_> = (0..60).map(|n| gateway.send(&n.to_string())).collect();
    let address = gateway.url().strip_prefix("http://").unwrap().to_owned();
    let mut half_open = TcpStream::connect(address).unwrap();
    half_open.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n").unwrap();
    let before = gateway.submits();
    assert!(gateway.stop().success());
    assert!(gateway.submits() <= before + 2, "the outbox stops at once");
    gateway.start_daemon();
    for id in &ids {
        gateway.wait_for_state(id, "delivered");
    }
    assert_eq!(gateway.submits(), 60, "each went out once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_message_goes_on_with_the_segment_where_it_stopped() {
    let mut gateway = Gateway::builder().latency(Duration::from_millis(200)).start().await;
    let text = "0123456789".repeat(100);
    let id = gateway.send(&text);
    gateway.sim.network().wait_for_submits(2, PATIENCE).await.unwrap();
    assert!(gateway.stop().success());
    gateway.start_daemon();
    gateway.wait_for_state(&id, "delivered");
    assert_eq!(gateway.submits(), 7, "each segment went out once");
    assert_eq!(gateway.sim.phone(PHONE).texts()[0].text, text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_submit_is_settled_by_the_report_and_not_by_sending_again() {
    let mut gateway = Gateway::start().await;
    gateway.sim.network().set_delivery(Duration::from_secs(8));
    // The answer would be quicker than the kill now and then.
    gateway.sim.modem("m1").fault(Fault::DropFinal.times(1));
    let id = gateway.send("hello");
    gateway.sim.network().wait_for_submits(1, PATIENCE).await.unwrap();
    gateway.kill();
    gateway.start_daemon();
    let open =
        || Some(gateway.message(&id)).filter(|it| it["segments"][0]["state"] == "unanswered");
    assert_eq!(wait_for(open).unwrap()["state"], "sending");
    let message = gateway.wait_for_state(&id, "delivered");
    assert_eq!(gateway.submits(), 1);
    assert_eq!(
        gateway.events(&message),
        ["system.sms.send_message SUCCESS", "system.sms.receive_status SUCCESS"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_what_was_on_the_air_before_a_kill_is_not_taken_for_that_of_the_next() {
    let mut gateway = Gateway::start().await;
    gateway.sim.network().set_reports(false);
    let modem = gateway.sim.modem("m1");
    modem.fault(Fault::NetworkRefuseSubmit.times(1));
    modem.fault(Fault::StrayCmgs.times(1).delay_ms(6000));
    let to_another =
        json!({"to": "+14155552346", "channel": "sms", "text": "refused, but who knows"});
    let refused = gateway.send_json(&to_another);
    gateway.sim.network().wait_for_submits(1, PATIENCE).await.unwrap();
    gateway.kill();
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    // Its own answer comes behind that of the first.
    modem.fault(Fault::LateCmgs.times(1).delay_ms(9000));
    let next = gateway.send("taken");
    gateway.wait_for_state(&next, "sent");
    assert_eq!(gateway.sim.phone(PHONE).texts().len(), 1);
    assert_eq!(gateway.message(&refused)["segments"][0]["state"], "unanswered");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_after_a_kill_is_an_answer_too() {
    let mut gateway = Gateway::start().await;
    gateway.sim.network().set_reports(false);
    gateway.sim.modem("m1").fault(Fault::StrayCmgs.times(1).delay_ms(6000));
    let id = gateway.send("hello");
    gateway.sim.network().wait_for_submits(1, PATIENCE).await.unwrap();
    gateway.kill();
    gateway.start_daemon();
    gateway.wait_for_state(&id, "sent");
    assert_eq!(gateway.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_accepted_before_a_kill_is_sent_after_it() {
    let mut gateway = Gateway::builder().prepare().await;
    gateway.sim.modem("m1").unplug();
    gateway.start_daemon();
    let ids: Vec<_> = (0..20).map(|n| gateway.send(&format!("{n}"))).collect();
    gateway.kill();
    gateway.sim.modem("m1").replug().unwrap();
    gateway.start_daemon();
    for id in &ids {
        gateway.wait_for_state(id, "delivered");
    }
    assert_eq!(gateway.submits(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_expire_are_scheduled_and_cancelled() {
    let gateway = Gateway::start().await;
    gateway.sim.modem("m1").unplug();
    gateway.wait_for_modem("m1", "absent");
    let short = gateway
        .send_json(&json!({"to": PHONE, "channel": "sms", "text": "too late", "ttl_seconds": 1}));
    let expired = gateway.wait_for_state(&short, "expired");
    let reason = json!({"family": "provider_unreachable", "detail": "no_modem"});
    assert_eq!(expired["reason"], reason, "what it waited for");
    assert_eq!(
        gateway.events(&expired),
        ["system.sms.send_message FAILURE", "system.sms.receive_status FAILURE"]
    );
    let id = gateway.send("never");
    let path = format!("/api/v1/messages/{id}");
    let cancelled = gateway.request("DELETE", &path, None);
    assert_eq!((cancelled.status, &cancelled.body["state"]), (200, &json!("cancelled")));
    assert_eq!(gateway.request("DELETE", &path, None).status, 200, "again is no harm");
    assert_eq!(gateway.request("DELETE", &format!("/api/v1/messages/{short}"), None).status, 409);
    assert_eq!(
        gateway.events(&cancelled.body),
        ["system.sms.send_message ABANDONED", "system.sms.receive_status ABANDONED"]
    );
    let nobody = "/api/v1/messages/01M851FGGQ1G4J6EKNET225S8Q";
    assert_eq!(gateway.request("DELETE", nobody, None).status, 404);
    gateway.sim.modem("m1").replug().unwrap();
    gateway.wait_for_modem("m1", "ready");
    let soon = jiff::Timestamp::now() + Duration::from_millis(1500);
    let later = gateway.send_json(
        &json!({"to": PHONE, "channel": "sms", "text": "later", "not_before": soon.to_string()}),
    );
    assert_eq!(gateway.message(&later)["state"], "queued");
    let sent = gateway.wait_for_state(&later, "delivered");
    assert!(sent["sent_at"].as_str().unwrap() >= &soon.to_string()[..23]);
    assert_eq!(gateway.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_modem_is_no_reason_to_refuse() {
    let gateway = Gateway::builder().modems(0).start().await;
    let id = gateway.send("some day");
    assert_eq!(gateway.message(&id)["state"], "queued");
    let ready = gateway.raw("GET", "/readyz", None, None, None);
    assert_eq!(ready.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_on_the_same_store_does_not_start() {
    let gateway = Gateway::builder().modems(0).start().await;
    let second = Command::new(RINGPOST)
        .args(["serve", "--config"])
        .arg(gateway.config_path())
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(1));
    let says = String::from_utf8(second.stderr).unwrap();
    assert!(says.contains("another daemon works on this store"), "{says}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_daemons_do_not_fight_over_a_modem() {
    let gateway = Gateway::start().await;
    let mut other = Gateway::builder().modems(0).port(&gateway.sim.port("m1")).prepare().await;
    other.start_daemon();
    let modem = other.wait_for_modem("x1", "absent");
    let message = modem["problem"]["message"].as_str().unwrap();
    assert!(message.contains(&format!("process {}", gateway.process_id())), "{message}");
    let id = gateway.send("hello");
    gateway.wait_for_state(&id, "delivered");
}
