//! `Idempotency-Key`: a request that is sent again makes no second message.

use std::thread;

use serde_json::{Value, json};

use crate::gateway::{Answer, Gateway, PHONE, create_token};

fn post(gateway: &Gateway, token: &str, key: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", key),
    ];
    gateway.with_headers("POST", "/api/v1/messages", &headers, Some(body.to_owned()))
}

fn hello() -> String {
    json!({"to": PHONE, "channel": "sms", "text": "hello 481592"}).to_string()
}

fn messages(gateway: &Gateway) -> usize {
    gateway.get("/api/v1/messages")["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_is_answered_with_the_message_as_it_is_now() {
    let mut gateway = Gateway::builder().config("[log]\nlevel = \"trace\"").start().await;
    let token = gateway.token.clone();
    let first = post(&gateway, &token, "\"a key\"", &hello());
    assert_eq!((first.status, first.headers.get("idempotency-replayed")), (202, None));
    let id = first.body["id"].as_str().unwrap().to_owned();
    gateway.wait_for_state(&id, "delivered");
    // The members stand in another order, and the number is the same.
    let again = format!("{{ \"text\": \"hello 481592\", \"channel\":\"sms\",\"to\":{PHONE:?} }}");
    for round in 0..2 {
        let replayed = post(&gateway, &token, "\"a key\"", &again);
        assert_eq!(replayed.status, 202, "{replayed:?}");
        assert_eq!(replayed.headers["idempotency-replayed"], "true");
        assert_eq!(replayed.body, gateway.message(&id));
        assert_eq!(replayed.body["state"], "delivered");
        if round == 0 {
            assert!(gateway.stop().success());
            gateway.start_daemon();
            gateway.wait_for_modem("m1", "ready");
        }
    }
    let other = json!({"to": PHONE, "channel": "sms", "text": "hello 481593"}).to_string();
    let reused = post(&gateway, &token, "\"a key\"", &other);
    assert_eq!((reused.status, &reused.body["code"]), (409, &json!("idempotency_key_reused")));
    assert_eq!((messages(&gateway), gateway.submits()), (1, 1));
    let log = gateway.log();
    assert!(!log.contains("a key") && !log.contains("481592"));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_belong_to_their_token_and_only_accepted_requests_take_one() {
    let gateway = Gateway::builder().modems(0).start().await;
    let token = gateway.token.clone();
    let other = create_token(&gateway.config_path(), "other", &["messages:send"]);
    for key in ["", "\"\"", "two words", "\"open"] {
        let answer = post(&gateway, &token, key, &hello());
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (400, &json!("invalid_request")),
            "{key}"
        );
        assert!(answer.body["detail"].as_str().unwrap().contains("Idempotency-Key"));
    }
    let refused = json!({"to": "112", "channel": "sms", "text": "x"}).to_string();
    assert_eq!(post(&gateway, &token, "k", "{}").status, 400);
    assert_eq!(post(&gateway, &token, "k", &refused).status, 422);
    let mine = post(&gateway, &token, "k", &hello());
    let theirs = post(&gateway, &other, "k", &hello());
    assert_eq!((mine.status, theirs.status), (202, 202));
    assert_ne!(mine.body["id"], theirs.body["id"]);
    assert_eq!(post(&gateway, &token, "\"k\"", &hello()).body["id"], mine.body["id"]);
    assert_eq!(messages(&gateway), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_requests_with_one_key_at_one_time_one_makes_a_message() {
    let gateway = Gateway::builder().modems(0).start().await;
    let answers: Vec<Answer> = thread::scope(|scope| {
        let one = || post(&gateway, &gateway.token, "k", &hello());
        let all: Vec<_> = (0..16).map(|_| scope.spawn(one)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let id = &answers[0].body["id"];
    assert!(answers.iter().all(|it| it.status == 202 && it.body["id"] == *id), "{answers:?}");
    let replayed = |it: &&Answer| it.headers.contains_key("idempotency-replayed");
    assert_eq!(answers.iter().filter(replayed).count(), 15);
    assert_eq!(messages(&gateway), 1);
    assert_ne!(*id, Value::Null);
}
