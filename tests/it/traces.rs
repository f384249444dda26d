//! A passcode leaves no trace: not in the journal, not in the database, not in its log.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use ringpost_sim::Fault;
use serde_json::json;

use crate::gateway::{Gateway, PHONE};

/// What is looked for: nothing else looks like it.
const CODE: &str = "QXZ907341";

/// A code goes to one number every 30 seconds at most.
const OTHER: &str = "+14155557890";

/// Files beside the database in which `needle` stands, in any of the ways it could be written.
fn files_with(gateway: &Gateway, needle: &str) -> Vec<String> {
    let hex: String = needle.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    let files = fs::read_dir(gateway.dir.path()).unwrap().flatten();
    files
        .filter(|file| file.path().is_file())
        .filter(|file| {
            let bytes = fs::read(file.path()).unwrap();
            let has = |needle: &[u8]| bytes.windows(needle.len()).any(|it| it == needle);
            has(needle.as_bytes()) || has(hex.as_bytes())
        })
        .map(|file| file.file_name().into_string().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_may_read_the_database() {
    let gateway = Gateway::start().await;
    gateway.send("hello");
    for file in ["ringpost.db", "ringpost.db-wal"] {
        let mode = fs::metadata(gateway.dir.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

/// Promise 6 gives a minute; nothing else writes meanwhile.
async fn wait_until_gone(gateway: &Gateway) {
    let until = std::time::Instant::now() + Duration::from_secs(60);
    while files_with(gateway, CODE) != Vec::<String>::new() {
        assert!(std::time::Instant::now() < until, "{:?}", files_with(gateway, CODE));
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_gone_from_every_file_though_the_daemon_died_before_it_was_cleaned() {
    let mut gateway = Gateway::start().await;
    let id = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "purpose": "mfa_verify", "text": format!("code {CODE}")
    }));
    gateway.wait_for_state(&id, "delivered");
    gateway.kill();
    assert_eq!(
        files_with(&gateway, CODE),
        ["ringpost.db-wal"],
        "the row is erased, the log is not"
    );
    gateway.start_daemon();
    wait_until_gone(&gateway).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_gone_from_every_file_when_the_daemon_has_stopped() {
    let mut gateway = Gateway::start().await;
    let body = json!({
        "to": PHONE, "channel": "sms", "purpose": "mfa_verify", "text": format!("code {CODE}")
    });
    let authorization = format!("Bearer {}", gateway.token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "once"),
    ];
    let sent = gateway.with_headers("POST", "/api/v1/messages", &headers, Some(body.to_string()));
    gateway.wait_for_state(sent.body["id"].as_str().unwrap(), "delivered");
    assert!(gateway.stop().success());
    assert_eq!(files_with(&gateway, CODE), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_gone_from_every_file_soon_after_it_was_sent() {
    let gateway = Gateway::builder().config("[log]\nlevel = \"trace\"").start().await;
    gateway.sim.modem("m1").unplug();
    gateway.wait_for_modem("m1", "absent");
    // In a text that Ringpost makes of it, in UCS-2, and in one that came as it is.
    let waiting = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "purpose": "mfa_verify", "code": CODE, "locale": "ja",
    }));
    assert!(
        files_with(&gateway, CODE).iter().any(|file| file.contains(".db")),
        "the search finds what is there"
    );
    gateway.sim.modem("m1").replug().unwrap();
    gateway.wait_for_state(&waiting, "delivered");
    let failed = {
        gateway.sim.modem("m1").fault(Fault::CmsError.code(1).times(1));
        let text = format!("Your code is {CODE}");
        gateway.send_json(
            &json!({"to": OTHER, "channel": "sms", "purpose": "mfa_verify", "text": text}),
        )
    };
    gateway.wait_for_state(&failed, "failed");
    wait_until_gone(&gateway).await;
    let log = gateway.log();
    assert!(log.contains("submit ended"), "the journal is as talkative as it gets");
    assert!(!log.contains(CODE));
    for number in [PHONE, OTHER] {
        assert!(!log.contains(number) && !log.contains(&number[1..]));
    }
}
