//! The usage report: counted again from the events themselves.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::gateway::{Gateway, PHONE};

/// What a row of the report is counted by.
type Key = (String, String, String, String);

/// Counts by name.
type Counts = BTreeMap<String, i64>;

/// Talk time, in hundredths of a minute, as the report rounds it.
const TALK: &str = "talk";

const KEPT: [&str; 9] = [
    "messages",
    "segments",
    "delivered",
    "unknown",
    "cancelled",
    "failed",
    "denied",
    "cost_micros",
    TALK,
];

/// An amount in millionths.
fn micros(amount: &Value) -> i64 {
    format!("{:.0}", amount.as_f64().unwrap_or(0.0) * 1e6).parse().unwrap()
}

fn key(row: &Value) -> Key {
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    (text("scope"), text("region"), text("channel"), text("purpose"))
}

/// What the report says is what the events say, counted the slow way.
pub(crate) fn assert_recounted(gateway: &Gateway) {
    let report = gateway.get("/api/v1/reports/usage");
    assert_eq!(counted(reported(&report["rows"])), counted(recount(&gateway.sent_events())));
}

/// Counts events the slow way.
fn recount(events: &[Value]) -> BTreeMap<Key, Counts> {
    let mut rows: BTreeMap<Key, Counts> = BTreeMap::new();
    for event in events {
        let data = &event["debugContext"]["debugData"];
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        let region = text("countryCodeIso2");
        let scope = match region.as_str() {
            "" => "unknown",
            "US" => "domestic",
            _ => "international",
        };
        let row = rows.entry((scope.into(), region, text("channel"), text("purpose"))).or_default();
        let mut add = |name: &str, count: i64| *row.entry(name.to_owned()).or_default() += count;
        let result = event["outcome"]["result"].as_str().unwrap();
        let kind = event["eventType"].as_str().unwrap();
        if kind.ends_with("receive_status") {
            add("segments", data["segments"].as_i64().unwrap_or(0));
            add("cost_micros", micros(&data["cost"]));
            add(TALK, data["talkMs"].as_i64().unwrap_or(0));
            let name = match result {
                "SUCCESS" => "delivered",
                "UNKNOWN" => "unknown",
                "ABANDONED" => "cancelled",
                "DENY" => "denied",
                _ => "failed",
            };
            add(name, 1);
            if name == "failed" {
                add(&format!("failed_by {}", text("reasonFamily")), 1);
            }
        } else if kind.contains(".send_") && result != "DENY" {
            add("messages", 1);
        }
    }
    // Rounded once all is counted.
    for talk in rows.values_mut().filter_map(|row| row.get_mut(TALK)) {
        *talk = (*talk + 300) / 600;
    }
    rows
}

fn reported(rows: &Value) -> BTreeMap<Key, Counts> {
    let mut read: BTreeMap<Key, Counts> = BTreeMap::new();
    for row in rows.as_array().unwrap() {
        let counts = read.entry(key(row)).or_default();
        for name in KEPT {
            let count = match name {
                "cost_micros" => micros(&row["cost"]),
                TALK => micros(&row["minutes"]) / 10_000,
                _ => row[name].as_i64().unwrap(),
            };
            *counts.entry(name.into()).or_default() += count;
        }
        for (family, count) in row["failed_by"].as_object().unwrap() {
            *counts.entry(format!("failed_by {family}")).or_default() += count.as_i64().unwrap();
        }
    }
    read
}

/// Without what is zero: a recount knows nothing of it.
fn counted(rows: BTreeMap<Key, Counts>) -> BTreeMap<Key, Counts> {
    let rows = rows.into_iter().map(|(key, mut counts)| {
        counts.retain(|_, count| *count != 0);
        (key, counts)
    });
    rows.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_is_what_the_events_say() {
    let gateway = Gateway::builder()
        .config(
            "[rates]\n[[rates.card]]\nname = \"p\"\nprices = [\"US 0.0075\", \"* 0.09\"]\n\
             [outbox]\nsettle_seconds = 1",
        )
        .modem_config("rates = \"p\"\nroles = [\"sms\"]")
        .start()
        .await;
    let send = |to: &str, purpose: &str, text: &str, user: &str| {
        gateway.send_json(&json!({
            "to": to, "channel": "sms", "purpose": purpose, "text": text, "user": user,
        }))
    };
    let long = "long ".repeat(60);
    let delivered = [
        send(PHONE, "mfa_verify", "a", "jane"),
        send(PHONE, "general", &long, "jane"),
        send("+4915112345678", "enrollment", "b", "bob"),
    ];
    for id in &delivered {
        gateway.wait_for_state(id, "delivered");
    }
    for to in ["112", "+18005551212", "+4915112345678"] {
        let body = json!({"to": to, "channel": "voice", "text": "x", "user": "eve"});
        assert_eq!(gateway.request("POST", "/api/v1/messages", Some(&body)).status, 422);
    }
    gateway.sim.modem("m1").unplug();
    gateway.wait_for_modem("m1", "absent");
    let cancelled = send(PHONE, "general", "c", "jane");
    let path = format!("/api/v1/messages/{cancelled}");
    assert_eq!(gateway.request("DELETE", &path, None).status, 200);
    let expired = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "text": "d", "ttl_seconds": 1,
    }));
    gateway.wait_for_state(&expired, "expired");
    let open = send(PHONE, "general", "e", "jane");

    let expected = counted(recount(&gateway.sent_events()));
    let report = gateway.get("/api/v1/reports/usage");
    assert_recounted(&gateway);
    let total = &report["total"];
    let totals = ["messages", "delivered", "cancelled", "failed", "denied", "segments"];
    assert_eq!(totals.map(|name| total[name].as_i64().unwrap()), [5, 3, 1, 1, 3, 4]);
    assert_eq!(total["failed_by"], json!({"provider_unreachable": 1}));
    assert_eq!(total["cost"], json!(0.1125), "three domestic segments and one abroad");
    let by_day = gateway.get("/api/v1/reports/usage?by=day");
    assert_eq!(counted(reported(&by_day["rows"])), expected);
    let day = by_day["rows"][0]["day"].as_str().unwrap();
    assert!(day.starts_with(report["month"].as_str().unwrap()), "{day}");

    let with_user =
        gateway.system_log("debugContext.debugData.channel pr and target.type eq \"User\"");
    let (mut path, mut rows) = ("/api/v1/reports/usage?by=user&limit=1".to_owned(), Vec::new());
    loop {
        let page = gateway.get(&path);
        rows.extend(page["rows"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/reports/usage?by=user&limit=1&next={next}");
    }
    let users: Vec<_> = rows.iter().map(|row| row["user"].as_str().unwrap()).collect();
    assert!(users.is_sorted() && users.first() == Some(&"bob") && users.contains(&"eve"));
    assert_eq!(counted(reported(&Value::Array(rows))), counted(recount(&with_user)));

    let csv = gateway.with_headers(
        "GET",
        "/api/v1/reports/usage.csv?by=user",
        &[("authorization", &format!("Bearer {}", gateway.token))],
        None,
    );
    assert!(csv.content_type.starts_with("text/csv"), "{csv:?}");
    let mut reader = csv::Reader::from_reader(csv.text.as_bytes());
    let sum = |name: &str, reader: &mut csv::Reader<&[u8]>| -> i64 {
        let at = reader.headers().unwrap().iter().position(|it| it == name).unwrap();
        reader.records().map(|record| record.unwrap()[at].parse::<i64>().unwrap()).sum()
    };
    assert_eq!(sum("delivered", &mut reader), 3);
    for (path, status) in [
        ("/api/v1/reports/usage?month=2026-13", 400),
        ("/api/v1/reports/usage?month=2026-1-1", 400),
        ("/api/v1/reports/usage?by=year", 400),
        ("/api/v1/reports/usage?month=2001-01", 200),
    ] {
        assert_eq!(gateway.request("GET", path, None).status, status, "{path}");
    }
    gateway.request("DELETE", &format!("/api/v1/messages/{open}"), None);
}
