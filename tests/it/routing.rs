//! Which modem sends what: senders, regions, roles, limits, pace.

use std::time::{Duration, Instant};

use ringpost_sim::Fault;
use serde_json::{Value, json};

use crate::gateway::{Gateway, PHONE};

fn modem_of(message: &Value) -> &str {
    message["segments"][0]["modem"].as_str().unwrap()
}

fn send(gateway: &Gateway, more: &Value) -> String {
    let mut body = json!({"to": PHONE, "channel": "sms", "text": "hello"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    gateway.send_json(&body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_is_a_modem_or_a_pool() {
    let gateway = Gateway::builder().modems(3).config_of("m3", "pools = [\"late\"]").start().await;
    for (sender, modem) in [("m2", "m2"), ("late", "m3")] {
        let id = send(&gateway, &json!({ "sender": sender }));
        assert_eq!(modem_of(&gateway.wait_for_state(&id, "delivered")), modem);
    }
    let body = json!({"to": PHONE, "channel": "sms", "text": "a", "sender": "m4"});
    assert_eq!(gateway.request("POST", "/api/v1/messages", Some(&body)).status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_holds_the_link_to_the_network_and_one_message_does_not() {
    let gateway = Gateway::builder().latency(Duration::from_millis(60)).start().await;
    let holds = |gateway: &Gateway| {
        let lines = gateway.written_to("m1").into_iter();
        lines.filter(|line| line == "AT+CMMS=1").count()
    };
    gateway.wait_for_state(&send(&gateway, &json!({})), "delivered");
    assert_eq!(holds(&gateway), 0);
    let ids: Vec<_> = (0..6).map(|_| send(&gateway, &json!({}))).collect();
    for id in ids {
        gateway.wait_for_state(&id, "delivered");
    }
    assert_eq!(holds(&gateway), 1, "once for all of them");
    let gateway = Gateway::start().await;
    let id = send(&gateway, &json!({"text": "x".repeat(400)}));
    gateway.wait_for_state(&id, "delivered");
    assert_eq!(holds(&gateway), 1, "three segments are a burst by themselves");
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_and_roles_decide_who_may_send() {
    let gateway = Gateway::builder()
        .modems(3)
        .config_of("m1", "roles = [\"voice\"]")
        .config_of("m2", "regions = [\"DE\"]")
        .start()
        .await;
    let id = send(&gateway, &json!({}));
    assert_eq!(modem_of(&gateway.wait_for_state(&id, "delivered")), "m3");
    let id = send(&gateway, &json!({"to": "+4915112345678", "sender": "m2"}));
    assert_eq!(modem_of(&gateway.wait_for_state(&id, "delivered")), "m2");
    // Nobody may: it says so when its time is up.
    let id = send(&gateway, &json!({"sender": "m2", "ttl_seconds": 1}));
    let message = gateway.wait_for_state(&id, "expired");
    assert_eq!(message["reason"]["detail"], "no_modem");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_nobody_may_send_hold_up_no_others() {
    let gateway = Gateway::builder().config_of("m1", "regions = [\"US\"]").start().await;
    for number in 0..100 {
        let to = format!("+49151123{number:05}");
        send(&gateway, &json!({ "to": to }));
    }
    let id = send(&gateway, &json!({}));
    gateway.wait_for_state(&id, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_is_used_up_stops_a_sim_and_outlives_a_restart() {
    let mut gateway = Gateway::builder()
        .modems(2)
        .config("[rates]\n[[rates.card]]\nname = \"dear\"\nprices = [\"US 0.40\"]")
        // One is kept for a passcode.
        .config_of("m1", "max_per_day = 3")
        .config_of("m2", "rates = \"dear\"\nmax_cost_per_month = \"0.90\"")
        .start()
        .await;
    let mut used: Vec<_> = (0..4)
        .map(|_| {
            modem_of(&gateway.wait_for_state(&send(&gateway, &json!({})), "delivered")).to_owned()
        })
        .collect();
    used.sort();
    assert_eq!(used, ["m1", "m1", "m2", "m2"]);
    assert!(gateway.stop().success());
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    let id = send(&gateway, &json!({"ttl_seconds": 1}));
    let message = gateway.wait_for_state(&id, "expired");
    assert_eq!(message["reason"]["detail"], "budget_exceeded");
    assert_eq!(gateway.sim.network().submits().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cheapest_modem_sends_where_that_is_wanted() {
    let cards = "[outbox]\nroute = \"least_cost\"\n[rates]\n\
        [[rates.card]]\nname = \"dear\"\nprices = [\"* 0.40\"]\n\
        [[rates.card]]\nname = \"cheap\"\nprices = [\"DE 0.50\", \"* 0.10\"]";
    let gateway = Gateway::builder()
        .modems(2)
        .config(cards)
        .config_of("m1", "rates = \"dear\"")
        .config_of("m2", "rates = \"cheap\"")
        .start()
        .await;
    for _ in 0..2 {
        let id = send(&gateway, &json!({}));
        assert_eq!(modem_of(&gateway.wait_for_state(&id, "delivered")), "m2");
    }
    let id = send(&gateway, &json!({"to": "+4915112345678"}));
    assert_eq!(modem_of(&gateway.wait_for_state(&id, "delivered")), "m1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_hears_from_the_same_sim_where_that_is_wanted() {
    let gateway =
        Gateway::builder().modems(2).config("[outbox]\nsticky_sender = true").start().await;
    let first = gateway.wait_for_state(&send(&gateway, &json!({"sender": "m2"})), "delivered");
    assert_eq!(modem_of(&first), "m2");
    for _ in 0..2 {
        let id = send(&gateway, &json!({}));
        assert_eq!(modem_of(&gateway.wait_for_state(&id, "delivered")), "m2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_rests_between_messages_but_not_before_a_code() {
    let gateway = Gateway::builder().modem_config("pace_ms = 1000").start().await;
    let began = Instant::now();
    let first = send(&gateway, &json!({}));
    gateway.wait_for_state(&first, "delivered");
    let second = send(&gateway, &json!({}));
    let code = send(&gateway, &json!({"purpose": "mfa_verify"}));
    gateway.wait_for_state(&code, "delivered");
    assert_ne!(gateway.message(&second)["state"], "delivered", "it waits for the pace");
    gateway.wait_for_state(&second, "delivered");
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_that_fails_again_and_again_gets_a_pause_and_goes_on_receiving() {
    let gateway = Gateway::builder().modems(2).start().await;
    gateway.sim.modem("m1").fault(Fault::CmsError.code(314));
    for _ in 0..4 {
        let id = send(&gateway, &json!({}));
        gateway.wait_for_state(&id, "delivered");
    }
    assert!(gateway.log().contains("get a pause"), "{}", gateway.log());
    // Only the other one is tried now.
    for _ in 0..3 {
        let id = send(&gateway, &json!({}));
        let message = gateway.wait_for_state(&id, "delivered");
        assert_eq!(message["segments"].as_array().unwrap().len(), 1);
    }
    gateway.sim.phone(PHONE).send_to("m1", "still there?");
    let received = crate::gateway::wait_for(|| {
        let inbound = gateway.get("/api/v1/inbound");
        let found = inbound["items"].as_array()?.iter().any(|it| it["text"] == "still there?");
        found.then_some(())
    });
    assert!(received.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sim_that_may_send_nothing_fails_no_message_and_is_an_alarm() {
    let gateway = Gateway::builder().modems(2).start().await;
    gateway.sim.modem("m1").fault(Fault::CmsError.code(8));
    for _ in 0..8 {
        let id = send(&gateway, &json!({}));
        gateway.wait_for_state(&id, "delivered");
    }
    let raised = gateway.system_log("eventType eq \"system.ringpost.alarm.raise\"");
    let [raised] = &raised[..] else { panic!("{raised:#?}") };
    let reason = &raised["outcome"]["reason"];
    assert_eq!(reason, "The operator bars this service.", "{raised:#}");
    assert!(raised.to_string().contains("\"texts\""), "{raised:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_on_the_same_sim_can_be_told_from_a_new_message() {
    let gateway = Gateway::start().await;
    gateway.sim.modem("m1").fault(Fault::CmsError.code(314).times(1));
    let id = send(&gateway, &json!({}));
    gateway.wait_for_state(&id, "delivered");
    let submits = gateway.sim.network().submits();
    assert_eq!(submits.len(), 1);
    assert!(submits[0].rd, "{submits:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_may_refuse_texts_in_ucs2_that_need_segments() {
    let gateway = Gateway::builder()
        .policy("[[policy.region]]\nregion = \"US\"\nucs2_concat = \"refuse\"")
        .start()
        .await;
    let body = |text: String| json!({"to": PHONE, "channel": "sms", "text": text});
    let post = |text| gateway.request("POST", "/api/v1/messages", Some(&body(text)));
    let refused = post("Ж".repeat(71));
    assert_eq!((refused.status, &refused.body["code"]), (422, &json!("region_requirement")));
    assert_eq!(post("Ж".repeat(70)).status, 202);
    assert_eq!(post("a".repeat(200)).status, 202);
}
