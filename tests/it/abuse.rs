//! Limits, lists, feedback and alarms, as clients and attackers meet them.

use std::{sync::Arc, thread};

use serde_json::{Value, json};

use crate::gateway::{Answer, Gateway, PHONE};

fn code(to: &str) -> Value {
    json!({"to": to, "channel": "sms", "purpose": "mfa_verify", "code": "481592"})
}

fn ask(gateway: &Gateway, body: &Value) -> Answer {
    gateway.request("POST", "/api/v1/messages", Some(body))
}

fn tell(gateway: &Gateway, id: &str, outcome: &str) -> Answer {
    let path = format!("/api/v1/messages/{id}/feedback");
    gateway.request("POST", &path, Some(&json!({"outcome": outcome})))
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_code_has_to_wait_and_a_restart_does_not_help() {
    let mut gateway = Gateway::start().await;
    assert_eq!(ask(&gateway, &code(PHONE)).status, 202);
    for restart in [false, true] {
        if restart {
            assert!(gateway.stop().success());
            gateway.start_daemon();
        }
        let refused = ask(&gateway, &code(PHONE));
        assert_eq!(refused.status, 429, "{refused:?}");
        assert_eq!(
            (word(&refused.body["code"]), word(&refused.body["family"])),
            ("rate_limited", "number_blocked")
        );
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
        assert_eq!(refused.body["retry_after"], wait);
        assert_eq!(
            gateway.events(&refused.body),
            ["system.sms.send_factor_verify_message DENY", "system.sms.receive_status DENY"]
        );
    }
    let general = json!({"to": PHONE, "channel": "sms", "text": "an alert"});
    assert_eq!(ask(&gateway, &general).status, 202, "what is general has no limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_clients_no_more_are_served_than_may_be() {
    let gateway = Arc::new(Gateway::builder().modems(0).start().await);
    let race = |to: fn(u32) -> String| {
        let ask = |client| {
            let gateway = gateway.clone();
            thread::spawn(move || ask(&gateway, &code(&to(client))).status)
        };
        let clients: Vec<_> = (0..64).map(ask).collect();
        let answers: Vec<_> = clients.into_iter().map(|it| it.join().unwrap()).collect();
        let count = |status| answers.iter().filter(|it| **it == status).count();
        (count(202), count(429))
    };
    tokio::task::block_in_place(|| {
        assert_eq!(race(|_| PHONE.into()), (1, 63), "one number");
        let near = |client| format!("+1415556{:04}", 2000 + 100 * client);
        assert_eq!(race(near), (20, 44), "one prefix");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_clients_of_one_address_no_more_are_served_than_may_be() {
    let limits = "[limits]\naddress_per_minute = 7\nadjacent_numbers = 0";
    let gateway = Arc::new(Gateway::builder().modems(0).config(limits).start().await);
    // To numbers that have nothing in common but their region.
    let ask = |client: u32| {
        let gateway = gateway.clone();
        thread::spawn(move || ask(&gateway, &code(&format!("+1415{}2345", 220 + client))))
    };
    let clients: Vec<_> = (0..64).map(ask).collect();
    let answers: Vec<_> =
        tokio::task::block_in_place(|| clients.into_iter().map(|it| it.join().unwrap()).collect());
    let (served, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|it| it.status == 202);
    assert_eq!((served.len(), refused.len()), (7, 57));
    for answer in refused {
        assert_eq!((answer.status, word(&answer.body["code"])), (429, "rate_limited"));
        assert!(word(&answer.body["detail"]).contains("this address"), "{answer:?}");
        let wait: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=65).contains(&wait), "{wait}");
        assert_eq!(
            gateway.events(&answer.body),
            ["system.sms.send_factor_verify_message DENY", "system.sms.receive_status DENY"]
        );
    }
    let alert = json!({"to": PHONE, "channel": "sms", "text": "an alert"});
    assert_eq!(gateway.request("POST", "/api/v1/messages", Some(&alert)).status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cancelled_before_any_of_it_went_out_counts_against_nobody() {
    let gateway = Gateway::builder().modems(0).start().await;
    let ask_for_ann = || {
        let mut code = code(PHONE);
        code["user"] = json!("ann");
        ask(&gateway, &code)
    };
    // More often than any limit of the number, its prefix or the user allows.
    for _ in 0..25 {
        let accepted = ask_for_ann();
        assert_eq!(accepted.status, 202, "{accepted:?}");
        let path = format!("/api/v1/messages/{}", word(&accepted.body["id"]));
        assert_eq!(gateway.request("DELETE", &path, None).status, 200);
    }
    assert_eq!(ask_for_ann().status, 202);
    assert_eq!(ask_for_ann().status, 429, "one that may yet go out counts");
    let prefix = gateway.get("/api/v1/reports/conversion?by=prefix")["items"][0].clone();
    assert_eq!((&prefix["prefix"], &prefix["accepted"]), (&json!("+1415555"), &json!(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_user_is_nobody_and_has_no_limit() {
    let limits = "[limits]\nuser_per_hour = 1";
    let gateway = Gateway::builder().modems(0).config(limits).start().await;
    let of = |user: &str, to: &str| {
        let mut code = code(to);
        code["user"] = json!(user);
        ask(&gateway, &code)
    };
    for to in [PHONE, "+12065552345", "+13105552345"] {
        let accepted = of("", to);
        assert_eq!((accepted.status, &accepted.body["user"]), (202, &Value::Null));
    }
    assert_eq!(of("ann", "+13125552345").status, 202);
    assert_eq!(of("ann", "+16175552345").status, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_block_and_allow_numbers_prefixes_and_regions() {
    let mut gateway = Gateway::builder().modems(0).prepare().await;
    let config = std::fs::read_to_string(gateway.config_path()).unwrap();
    let config = config.replace("regions = [\"*\"]", "regions = [\"US\"]");
    std::fs::write(gateway.config_path(), config).unwrap();
    gateway.start_daemon();
    let put =
        |list: &str, body: Value| gateway.request("POST", &format!("/api/v1/{list}"), Some(&body));
    let send = |to: &str| {
        let answer = ask(&gateway, &json!({"to": to, "channel": "sms", "text": "x"}));
        (answer.status, word(&answer.body["code"]).to_owned())
    };
    let (accepted, blocked) = ((202, String::new()), (422, "blocklist".to_owned()));
    let canadian = "+14165552345";
    assert_eq!(send(canadian).1, "region_not_allowed");
    let allowed = put("allowlist", json!({"region": "ca", "reason": "our office"}));
    assert_eq!((allowed.status, &allowed.body["region"]), (201, &json!("CA")));
    assert_eq!(send(canadian), accepted);

    let prefix = put("blocklist", json!({"prefix": "+1415555"}));
    assert_eq!(send(PHONE), blocked);
    let number = json!({"number": "(415) 555-2345", "expires_at": "2999-01-01T00:00:00Z"});
    let number = put("allowlist", number);
    assert_eq!(number.body["number"], PHONE);
    assert_eq!((send(PHONE), send("+14155552346")), (accepted.clone(), blocked));

    let path = format!("/api/v1/blocklist/{}", word(&prefix.body["id"]));
    let entry = gateway.get(&path);
    assert_eq!(entry, prefix.body);
    assert_eq!((&entry["listed_by"], &entry["expires_at"]), (&json!("operator"), &Value::Null));
    assert_eq!(gateway.get("/api/v1/blocklist")["items"], json!([entry]));
    assert_eq!(gateway.request("DELETE", &path, None).status, 204);
    assert_eq!(gateway.request("DELETE", &path, None).status, 404);
    assert_eq!(send("+14155552346"), accepted);
    let log = gateway.get("/api/v1/logs?limit=1000").to_string();
    assert!(log.contains("system.ringpost.blocklist") && log.contains("system.ringpost.allowlist"));

    for bad in [
        json!({}),
        json!({"number": PHONE, "region": "US"}),
        json!({"number": "hello"}),
        json!({"prefix": "1415"}),
        json!({"prefix": "+1415%"}),
        json!({"region": "XX"}),
        json!({"region": "US", "expires_at": "2001-01-01T00:00:00Z"}),
        json!({"region": "US", "expires_at": "soon"}),
        json!({"region": "US", "reason": "x".repeat(201)}),
        json!({"region": "US", "colour": "red"}),
    ] {
        assert_eq!(put("blocklist", bad.clone()).status, 400, "{bad}");
    }
    assert_eq!(gateway.get("/api/v1/blocklist")["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_is_heard_once_and_joins_the_events_of_its_message() {
    let gateway = Gateway::start().await;
    let accepted = ask(&gateway, &code(PHONE));
    let id = word(&accepted.body["id"]).to_owned();
    let message = gateway.wait_for_state(&id, "delivered");
    assert_eq!(message["feedback"], Value::Null);
    for _ in 0..2 {
        let told = tell(&gateway, &id, "verified");
        assert_eq!((told.status, &told.body["feedback"]), (200, &json!("verified")));
    }
    assert_eq!(tell(&gateway, &id, "failed").status, 409);
    assert_eq!(
        gateway.events(&message),
        [
            "system.sms.send_factor_verify_message SUCCESS",
            "system.sms.receive_status SUCCESS",
            "user.authentication.auth_via_mfa SUCCESS"
        ]
    );
    let other = ask(&gateway, &code("+14155557890"));
    let other_id = word(&other.body["id"]);
    assert_eq!(tell(&gateway, other_id, "expired").status, 200);
    assert!(
        gateway.events(&other.body).contains(&"user.authentication.auth_via_mfa FAILURE".into())
    );
    assert_eq!(tell(&gateway, other_id, "maybe").status, 400);
    assert_eq!(tell(&gateway, "01M851FGGQ1G4J6EKNET225S8Q", "verified").status, 404);
    let wrong = ask(&gateway, &code("+14155562345"));
    assert_eq!(tell(&gateway, word(&wrong.body["id"]), "failed").status, 200);
    assert_eq!(ask(&gateway, &code("+14155563456")).status, 202, "nobody tells of it");
    let report = gateway.get("/api/v1/reports/conversion");
    let us = json!([{"region": "US", "accepted": 4, "verified": 1, "failed": 1, "expired": 1,
                     "open": 1, "percent": 25}]);
    assert_eq!(report["items"], us);
    let report = gateway.get("/api/v1/reports/conversion?by=prefix");
    let prefix = json!([{"prefix": "+1415555", "accepted": 2, "verified": 1, "failed": 0,
                         "expired": 1, "open": 0, "percent": 50},
                        {"prefix": "+1415556", "accepted": 2, "verified": 0, "failed": 1,
                         "expired": 0, "open": 1, "percent": 0}]);
    assert_eq!(report["items"], prefix);
}

/// What an attacker gets out of neighbouring numbers before they are blocked.
const PUMPED_AT_MOST: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn a_pumping_attack_is_stopped_while_real_users_are_served() {
    let gateway = Gateway::builder().modems(2).start().await;
    let attack = |n: usize| ask(&gateway, &code(&format!("+1415555{:04}", 2300 + n))).status;
    let (mut pumped, mut served) = (0, Vec::new());
    for n in 0..100 {
        // A real user of another prefix every tenth time, who enters the code.
        if n % 10 == 0 {
            let answer = ask(&gateway, &code(&format!("+1212{}2345", 220 + n)));
            assert_eq!(answer.status, 202, "{answer:?}");
            let id = word(&answer.body["id"]).to_owned();
            assert_eq!(tell(&gateway, &id, "verified").status, 200);
            served.push(id);
        }
        pumped += usize::from(attack(n) == 202);
    }
    assert_eq!(pumped, PUMPED_AT_MOST);
    for id in &served {
        gateway.wait_for_state(id, "delivered");
    }
    let submits = gateway
        .sim
        .network()
        .wait_for_submits(pumped + served.len(), crate::gateway::PATIENCE)
        .await
        .unwrap();
    assert_eq!(submits.len(), pumped + served.len(), "nothing else went on the air");
    let blocked = gateway.get("/api/v1/blocklist")["items"][0].clone();
    assert_eq!(
        (&blocked["prefix"], &blocked["listed_by"]),
        (&json!("+1415555"), &json!("adjacent_numbers"))
    );
    let events = gateway.get("/api/v1/logs?limit=1000");
    let of =
        |kind: &str| events.as_array().unwrap().iter().filter(|it| it["eventType"] == kind).count();
    assert_eq!(of("system.ringpost.alarm.suspicious_activity"), 1);
    let refused = ask(&gateway, &code("+14155559999"));
    assert_eq!((refused.status, word(&refused.body["code"])), (429, "velocity"));
    // Whoever knows better takes the entry off.
    let path = format!("/api/v1/blocklist/{}", word(&blocked["id"]));
    assert_eq!(gateway.request("DELETE", &path, None).status, 204);
    assert_eq!(ask(&gateway, &code("+14155559999")).status, 202);
}
