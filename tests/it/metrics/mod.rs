//! `/metrics`: that it can be scraped, what it counts, and that it is documented.

mod exposition;

use std::{
    fmt::Write as _,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
};

use ringpost_sim::{Family as ModemFamily, Fault};
use serde_json::json;

use self::exposition::Family;
use crate::{
    calls,
    gateway::{Gateway, PHONE, create_token, wait_for},
};

/// What was scraped.
struct Page {
    text: String,
    families: Vec<Family>,
}

impl Page {
    fn of(gateway: &Gateway) -> Self {
        let answer = gateway.request("GET", "/metrics", None);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.content_type, "text/plain; version=0.0.4; charset=utf-8");
        Self { families: exposition::read(&answer.text), text: answer.text }
    }

    /// The sum of all samples of that name that have these labels.
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let samples = self.families.iter().flat_map(|family| &family.samples);
        let fits = |found: &exposition::Labels| {
            labels.iter().all(|(name, value)| found.get(*name).is_some_and(|it| it == value))
        };
        let found = samples.filter(|(found, labels, _)| found == name && fits(labels));
        found.map(|(_, _, value)| value).sum()
    }
}

fn code(to: &str) -> serde_json::Value {
    json!({"to": to, "channel": "sms", "purpose": "mfa_verify", "code": "481592", "user": "jane"})
}

/// A gateway to which everything has happened that is counted.
async fn lively() -> Gateway {
    let gateway = Gateway::builder()
        .modems(2)
        .family(ModemFamily::Ec25)
        .family(ModemFamily::Sim7600)
        .audible()
        .config(calls::BRISK)
        .start()
        .await;
    let id = gateway.send_json(&code(PHONE));
    gateway.wait_for_state(&id, "delivered");
    let path = format!("/api/v1/messages/{id}/feedback");
    let told = gateway.request("POST", &path, Some(&json!({"outcome": "verified"})));
    assert_eq!(told.status, 200);
    let refused = gateway.request("POST", "/api/v1/messages", Some(&code(PHONE)));
    assert_eq!(refused.status, 429);
    let long = gateway.send(&"x".repeat(200));
    gateway.wait_for_state(&long, "delivered");
    let called = json!({"to": "+14155552398", "channel": "voice", "text": "hello", "locale": "en"});
    let called = gateway.send_json(&called);
    assert_eq!(calls::ended(&gateway, &called)["state"], "delivered");
    gateway.sim.phone("+14155552399").send_to("m1", "STOP");
    let received = || gateway.get("/api/v1/inbound")["items"].get(0).cloned();
    wait_for(received).unwrap();
    gateway
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_counted_from_what_was_committed() {
    let mut gateway = lively().await;
    let page = Page::of(&gateway);
    let sms = ("channel", "sms");
    let otp = ("lane", "otp");
    let delivered = ("state", "delivered");
    let purpose = ("purpose", "mfa_verify");
    for (name, labels, value) in [
        ("ringpost_messages_accepted_total", &[sms, purpose, otp][..], 1.0),
        ("ringpost_messages_accepted_total", &[], 3.0),
        ("ringpost_messages_total", &[sms, purpose, otp, delivered, ("family", "")], 1.0),
        ("ringpost_messages_total", &[delivered], 3.0),
        ("ringpost_messages_total", &[("channel", "voice")], 1.0),
        ("ringpost_message_attempts_total", &[], 3.0),
        ("ringpost_message_segments_total", &[otp], 1.0),
        ("ringpost_message_segments_total", &[sms, ("lane", "bulk")], 2.0),
        ("ringpost_message_sent_seconds_count", &[sms, otp], 1.0),
        ("ringpost_message_sent_seconds_bucket", &[otp, ("le", "+Inf")], 1.0),
        (
            "ringpost_message_refusals_total",
            &[sms, ("family", "number_blocked"), ("reason", "rate_limited")],
            1.0,
        ),
        ("ringpost_message_refusals_total", &[], 1.0),
        ("ringpost_inbound_messages_total", &[("modem", "m1")], 1.0),
        ("ringpost_inbound_messages_total", &[], 1.0),
        ("ringpost_log_events_total", &[("event_type", "system.sms.receive_status")], 3.0),
        ("ringpost_log_events_total", &[("event_type", "system.ringpost.modem.up")], 2.0),
        (
            "ringpost_http_requests_total",
            &[("method", "POST"), ("route", "/api/v1/messages"), ("status", "202")],
            3.0,
        ),
        ("ringpost_http_requests_total", &[("route", "/api/v1/messages/{id}/feedback")], 1.0),
        (
            "ringpost_http_request_seconds_count",
            &[("method", "POST"), ("route", "/api/v1/messages")],
            4.0,
        ),
        ("ringpost_conversion_codes", &[("region", "US"), ("outcome", "verified")], 1.0),
        ("ringpost_conversion_codes", &[], 1.0),
        ("ringpost_queue_messages", &[], 0.0),
        ("ringpost_modem_state", &[("modem", "m1"), ("state", "ready")], 1.0),
        ("ringpost_modem_state", &[], 2.0),
        ("ringpost_modem_exchanges_total", &[("outcome", "accepted")], 3.0),
        ("ringpost_modem_exchanges_total", &[], 3.0),
        ("ringpost_modem_registration", &[("registration", "home")], 2.0),
    ] {
        assert_eq!(page.sum(name, labels), value, "{name} {labels:?}\n{}", page.text);
    }
    assert!(page.sum("ringpost_call_talk_seconds_total", &[("lane", "bulk")]) > 3.0);
    assert!(page.sum("ringpost_store_commits_total", &[("outcome", "success")]) > 5.0);
    assert!(page.sum("ringpost_disk_free_bytes", &[]) > 0.0);
    let zero = "ringpost_log_events_total{event_type=\"system.ringpost.alarm.raise\"} 0\n";
    assert!(page.text.contains(zero), "an alarm is seen to rise from zero");
    assert!(page.sum("process_start_time_seconds", &[]) > 1.7e9);
    let again = Page::of(&gateway);
    assert_eq!(again.sum("ringpost_messages_total", &[]), 3.0, "nothing is counted twice");
    // What is nobody's business.
    for secret in ["4155552345", "4155552399", "481592", "STOP", "jane", "xxx", "test"] {
        assert!(!page.text.contains(secret), "{secret}: {}", page.text);
    }
    gateway.kill();
    gateway.start_daemon();
    let page = Page::of(&gateway);
    assert_eq!(page.sum("ringpost_messages_total", &[]), 0.0, "a restart begins at zero");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_and_what_fails_is_seen() {
    let gateway = Gateway::start().await;
    let modem = gateway.sim.modem("m1");
    modem.fault(Fault::UnderVoltage);
    modem.fault(Fault::Reboot);
    let counted = |name, rung: &[(&str, &str)]| Page::of(&gateway).sum(name, rung) >= 1.0;
    let seen = || {
        let restarted = counted("ringpost_modem_restarts_total", &[("modem", "m1")])
            && counted("ringpost_modem_under_voltage_total", &[("modem", "m1")]);
        restarted.then_some(())
    };
    wait_for(seen).unwrap();
    gateway.wait_for_modem("m1", "ready");
    let reset = gateway.request("POST", "/api/v1/modems/m1/reset", Some(&json!({})));
    assert_eq!(reset.status, 202);
    let soft_reset = [("modem", "m1"), ("rung", "soft_reset")];
    let seen = || counted("ringpost_modem_recoveries_total", &soft_reset).then_some(());
    wait_for(seen).unwrap();
    modem.unplug();
    gateway.wait_for_modem("m1", "absent");
    let waiting = gateway.send("waits");
    let tomorrow = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24);
    let body = json!({"to": PHONE, "channel": "sms", "text": "later", "lane": "alert",
                      "not_before": tomorrow.to_string()});
    gateway.send_json(&body);
    let page = Page::of(&gateway);
    let bulk = [("lane", "bulk")];
    assert_eq!(page.sum("ringpost_queue_messages", &bulk), 1.0, "{}", page.text);
    assert_eq!(page.sum("ringpost_queue_messages", &[]), 1.0);
    assert_eq!(page.sum("ringpost_queue_scheduled_messages", &[("lane", "alert")]), 1.0);
    assert_eq!(page.sum("ringpost_modem_state", &[("state", "absent")]), 1.0);
    assert_eq!(page.sum("ringpost_modem_state", &[("state", "ready")]), 0.0);
    let waited = page.sum("ringpost_queue_oldest_seconds", &bulk);
    assert!(waited < 20.0 && page.sum("ringpost_queue_oldest_seconds", &[]) == waited);
    let cancelled = gateway.request("DELETE", &format!("/api/v1/messages/{waiting}"), None);
    assert_eq!(cancelled.status, 200);
    let page = Page::of(&gateway);
    let cancelled = [("state", "cancelled"), ("family", "cancelled")];
    assert_eq!(page.sum("ringpost_messages_total", &cancelled), 1.0);
    assert_eq!(page.sum("ringpost_message_attempts_total", &[]), 0.0);
    assert_eq!(page.sum("ringpost_message_sent_seconds_count", &[]), 0.0, "it never was");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_series_by_asking_for_what_there_is_not() {
    let gateway = Gateway::builder().modems(0).start().await;
    let series = || {
        let page = Page::of(&gateway);
        page.families.iter().map(|it| it.samples.len()).sum::<usize>()
    };
    let ask = |n: u32| {
        gateway.raw("GET", &format!("/wp-login-{n}.php"), None, None, None);
        // No client library sends a method that somebody made up.
        let mut line = TcpStream::connect(gateway.url().trim_start_matches("http://")).unwrap();
        write!(line, "BREW{n} /api/v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            .unwrap();
        line.read_to_end(&mut Vec::new()).unwrap();
        gateway.raw("GET", &format!("/api/v1/messages/{n}"), None, None, None);
    };
    series();
    ask(0);
    let before = series();
    (1..20).for_each(ask);
    assert_eq!(series(), before);
    let page = Page::of(&gateway);
    let made_up = [("method", "other"), ("route", "/api/v1/messages"), ("status", "405")];
    assert_eq!(page.sum("ringpost_http_requests_total", &made_up), 20.0, "{}", page.text);
    let lost = [("route", "none"), ("status", "404")];
    assert_eq!(page.sum("ringpost_http_requests_total", &lost), 20.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_have_a_scope_of_their_own() {
    let gateway = Gateway::builder().modems(0).start().await;
    let config = gateway.config_path();
    let ask = |secret: &str| {
        gateway.raw("GET", "/metrics", Some(&format!("Bearer {secret}")), None, None).status
    };
    assert_eq!(gateway.raw("GET", "/metrics", None, None, None).status, 401);
    assert_eq!(ask(&create_token(&config, "reader", &["messages:read", "logs:read"])), 403);
    assert_eq!(ask(&create_token(&config, "prometheus", &["metrics:read"])), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_metrics_are_documented_and_no_others() {
    let gateway = lively().await;
    let mut families = Page::of(&gateway).families;
    families.sort_by(|one, next| one.name.cmp(&next.name));
    let mut table = String::from("| metric | type | labels | what |\n|---|---|---|---|\n");
    for family in &families {
        let labels: Vec<_> = family.label_names().into_iter().map(|it| format!("`{it}`")).collect();
        let Family { name, kind, help, .. } = family;
        let _ = writeln!(table, "| `{name}` | {kind} | {} | {help} |", labels.join(" "));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(&table), "docs/metrics.md must hold this table:\n{table}");
    // What is said around it, and what alerts ask for, is among them.
    let is_word = |it: char| it.is_ascii_alphanumeric() || it == '_';
    for word in text.split(|it| !is_word(it)).filter(|it| it.starts_with("ringpost_")) {
        let known = families.iter().any(|family| {
            let suffix = word.strip_prefix(family.name.as_str());
            suffix.is_some_and(|it| ["", "_bucket", "_sum", "_count"].contains(&it))
        });
        assert!(known, "docs/metrics.md speaks of {word}, which there is not");
    }
}
