//! What cannot be sent is refused clearly, logged where it should be, and never reaches a modem.

use serde_json::{Value, json};

use crate::gateway::{Gateway, PHONE, create_token};

fn message(changes: Value) -> Value {
    let mut body = json!({"to": PHONE, "channel": "sms", "text": "hello"});
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_answered_and_leave_no_event() {
    let gateway = Gateway::start().await;
    let bearer = format!("Bearer {}", gateway.token);
    let post = |content_type: Option<&str>, body: &str| {
        gateway.raw("POST", "/api/v1/messages", Some(&bearer), content_type, Some(body.into()))
    };
    let json = Some("application/json");
    let table = [
        (post(json, "{\"to\": "), 400, "invalid_request"),
        (post(json, "[]"), 400, "invalid_request"),
        (post(json, ""), 400, "invalid_request"),
        (post(json, &message(json!({"colour": "red"})).to_string()), 400, "invalid_request"),
        (post(json, &message(json!({"to": 14155552345_u64})).to_string()), 400, "invalid_request"),
        (post(json, &message(json!({"text": null})).to_string()), 400, "invalid_request"),
        (post(json, &message(json!({"channel": "fax"})).to_string()), 400, "invalid_request"),
        (post(json, &message(json!({"purpose": "x"})).to_string()), 400, "invalid_request"),
        (post(json, &message(json!({"ttl_seconds": 0})).to_string()), 400, "invalid_request"),
        (post(json, &message(json!({"ttl_seconds": -1})).to_string()), 400, "invalid_request"),
        (post(json, &message(json!({"not_before": "soon"})).to_string()), 400, "invalid_request"),
        (post(json, &message(json!({"sender": "m9"})).to_string()), 400, "invalid_request"),
        (post(Some("text/plain"), "hello"), 415, "unsupported_media_type"),
        (post(json, &message(json!({"text": "x".repeat(70_000)})).to_string()), 413, "too_large"),
        (gateway.request("GET", "/api/v1/nothing", None), 404, "not_found"),
        (gateway.request("GET", "/api/v1/messages/nonsense", None), 404, "not_found"),
        (gateway.request("GET", "/api/v1/messages?limit=0", None), 400, "invalid_request"),
        (gateway.request("GET", "/api/v1/messages?next=x", None), 400, "invalid_request"),
        (gateway.request("PUT", "/api/v1/messages", None), 405, "method_not_allowed"),
    ];
    for (number, (answer, status, code)) in table.iter().enumerate() {
        assert_eq!(answer.status, *status, "row {number}: {answer:?}");
        assert_eq!(answer.body["code"], *code, "row {number}: {answer:?}");
        assert_eq!(answer.body["status"], *status, "row {number}");
        assert_eq!(answer.content_type, "application/problem+json", "row {number}");
        assert!(!answer.body["detail"].as_str().unwrap().is_empty(), "row {number}");
    }
    assert!(gateway.sent_events().is_empty());
    assert_eq!(gateway.submits(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_value_is_named_but_not_repeated() {
    let gateway = Gateway::start().await;
    for body in [
        message(json!({"flash": "481592"})),
        message(json!({"channel": "481592"})),
        json!({"to": PHONE, "channel": "sms", "text": ["481592"]}),
        json!("481592"),
    ] {
        let answer = gateway.request("POST", "/api/v1/messages", Some(&body));
        assert_eq!(answer.status, 400);
        assert!(!answer.body.to_string().contains("481592"), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_scopes_are_needed() {
    let gateway = Gateway::start().await;
    let get = |authorization: Option<&str>| {
        gateway.raw("GET", "/api/v1/messages", authorization, None, None)
    };
    let unknown = format!("Bearer rp_{}", "0".repeat(64));
    for authorization in [None, Some("Bearer"), Some("Bearer wrong"), Some(unknown.as_str())] {
        let answer = get(authorization);
        assert_eq!((answer.status, &answer.body["code"]), (401, &json!("unauthorized")));
    }
    let reader = create_token(&gateway.config_path(), "reader", &["messages:read"]);
    assert_eq!(get(Some(&format!("SSWS {reader}"))).status, 200);
    let bearer = format!("Bearer {reader}");
    for (method, path) in [
        ("POST", "/api/v1/messages"),
        ("GET", "/api/v1/logs/export"),
        ("GET", "/api/v1/events"),
        ("GET", "/api/v1/reports/usage"),
        ("GET", "/api/v1/reports/usage.csv"),
        ("GET", "/api/v1/modems"),
        ("GET", "/api/v1/modems/m1"),
        ("GET", "/api/v1/inbound"),
        ("GET", "/api/v1/inbound/export"),
        ("DELETE", "/api/v1/messages/01M851FGGQ1G4J6EKNET225S8Q"),
    ] {
        let body = (method == "POST").then(|| message(json!({})).to_string());
        let content_type = body.is_some().then_some("application/json");
        let answer = gateway.raw(method, path, Some(&bearer), content_type, body);
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!("missing_scope")), "{path}");
    }
    assert_eq!(gateway.raw("GET", "/healthz", None, None, None).status, 200);
    assert_eq!(gateway.raw("GET", "/readyz", None, None, None).status, 200);
    assert!(gateway.sent_events().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_allowed_is_denied_in_the_log_and_never_sent() {
    let gateway = Gateway::builder().modem_config("roles = [\"sms\"]").start().await;
    let table = [
        (json!({"to": "hello"}), "malformed", "number_invalid"),
        (json!({"to": ""}), "malformed", "number_invalid"),
        (json!({"to": "112"}), "not_a_number", "number_invalid"),
        (json!({"to": "*21*14155552345#"}), "malformed", "number_invalid"),
        (json!({"to": "+1415555\"2345"}), "malformed", "number_invalid"),
        (json!({"to": "+14155552345\r"}), "malformed", "number_invalid"),
        (json!({"to": "+14155552345;"}), "malformed", "number_invalid"),
        (json!({"to": "+18005551212"}), "toll_free", "number_invalid"),
        (json!({"to": "+19005550123"}), "premium_rate", "number_invalid"),
        (json!({"to": "+493012345678"}), "fixed_line", "number_invalid"),
        (json!({"text": ""}), "empty", "content_invalid"),
        (json!({"text": "a".repeat(1531)}), "too_long", "content_invalid"),
        (json!({"text": "✓".repeat(671)}), "too_long", "content_invalid"),
        (json!({"channel": "voice"}), "voice_not_supported", "service_unavailable"),
    ];
    for (changes, code, family) in &table {
        let answer = gateway.request("POST", "/api/v1/messages", Some(&message(changes.clone())));
        assert_eq!(answer.status, 422, "{changes}: {answer:?}");
        assert_eq!(answer.body["code"], *code, "{changes}");
        assert_eq!(answer.body["family"], *family, "{changes}");
        assert_eq!(answer.content_type, "application/problem+json");
        let events = gateway.events(&answer.body);
        let outcomes: Vec<_> = events.iter().map(|it| it.split(' ').nth(1).unwrap()).collect();
        assert_eq!(outcomes, ["DENY", "DENY"], "{changes}: {events:?}");
        assert!(events[1].contains(".receive_status"), "{events:?}");
    }
    assert_eq!(gateway.sent_events().len(), 2 * table.len());
    assert_eq!(gateway.get("/api/v1/messages")["items"], json!([]));
    assert_eq!(gateway.submits(), 0);
    let written = gateway.written_to("m1");
    assert!(!written.iter().any(|line| line.contains("+CMGS")), "{written:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_are_allowed_by_configuration() {
    let mut gateway = Gateway::builder().prepare().await;
    let config = std::fs::read_to_string(gateway.config_path()).unwrap();
    let config = config.replace("regions = [\"*\"]", "regions = [\"US\"]");
    std::fs::write(gateway.config_path(), config).unwrap();
    gateway.start_daemon();
    let abroad = message(json!({"to": "+14165552345"}));
    let answer = gateway.request("POST", "/api/v1/messages", Some(&abroad));
    assert_eq!((answer.status, &answer.body["code"]), (422, &json!("region_not_allowed")));
}
