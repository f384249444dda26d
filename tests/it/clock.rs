//! What happens when somebody sets the time of day: nothing that waits is sent, sent again or given up.

use std::{fs, path::PathBuf, time::Duration};

use ringpost_sim::Fault;
use serde_json::json;

use crate::gateway::{Gateway, PATIENCE, PHONE, wait_for};

/// A gateway with two modems whose time of day can be set, and the file that sets it; nothing where
/// the library for that is missing.
async fn gateway() -> Option<(Gateway, PathBuf)> {
    gateway_with("").await
}

/// The same, with this in the configuration of `m2`.
async fn gateway_with(config: &str) -> Option<(Gateway, PathBuf)> {
    let (mut gateway, file) = prepared(config).await?;
    gateway.environment.push(("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()));
    start(&mut gateway);
    Some((gateway, file))
}

fn start(gateway: &mut Gateway) {
    gateway.start_daemon();
    for modem in ["m1", "m2"] {
        gateway.wait_for_modem(modem, "ready");
    }
}

/// One that has not begun. What sets its time of day lets that time pass too.
#[expect(clippy::print_stderr, reason = "the summary of a test run repeats what was skipped")]
async fn prepared(config: &str) -> Option<(Gateway, PathBuf)> {
    let libraries = fs::read_dir("/usr/lib").unwrap().flatten();
    let library = libraries
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists());
    let Some(library) = library else {
        eprintln!("skipped: faketime is not installed");
        return None;
    };
    let mut gateway = Gateway::builder().modems(2).config_of("m2", config).prepare().await;
    let file = gateway.dir.path().join("time");
    fs::write(&file, "+0").unwrap();
    gateway.environment = vec![
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", file.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
    ];
    Some((gateway, file))
}

/// Sets the clock, and waits until the daemon has noticed: at its next work.
fn set(gateway: &Gateway, file: &PathBuf, offset: &str, times: usize) {
    fs::write(file, offset).unwrap();
    let id = gateway.send_json(&json!({
        "to": "+14155550199", "channel": "sms", "text": "wake", "sender": "m1"
    }));
    gateway.wait_for_state(&id, "delivered");
    let noticed = wait_for(|| {
        let count = gateway.log().matches("the clock was set").count();
        (count == times).then_some(())
    });
    assert!(noticed.is_some(), "{}", gateway.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_ahead_and_back_change_no_wait() {
    let Some((gateway, file)) = gateway().await else { return };
    gateway.sim.modem("m1").fault(Fault::NoReport.times(1));
    let unreported = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "text": "no report", "sender": "m1"
    }));
    gateway.wait_for_state(&unreported, "sent");
    gateway.sim.modem("m2").unplug();
    gateway.wait_for_modem("m2", "absent");
    let waiting = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "text": "a code", "purpose": "mfa_verify", "sender": "m2"
    }));
    for (times, offset) in [(1, "+5h"), (2, "-5h"), (3, "+0")] {
        set(&gateway, &file, offset, times);
        assert_eq!(gateway.message(&waiting)["state"], "queued", "{offset}");
        assert_eq!(gateway.message(&unreported)["state"], "sent", "{offset}");
    }
    gateway.sim.modem("m2").replug().unwrap();
    gateway.wait_for_state(&waiting, "delivered");
    let texts = gateway.sim.phone(PHONE).texts();
    assert_eq!(texts.len(), 2, "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_comes_again_is_known_however_far_the_clock_was_set() {
    let Some((gateway, file)) = gateway().await else { return };
    let bearer = format!("Bearer {}", gateway.token);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "\"a key\""),
    ];
    let body = json!({"to": PHONE, "channel": "sms", "text": "once"}).to_string();
    let post = || gateway.with_headers("POST", "/api/v1/messages", &headers, Some(body.clone()));
    let first = post();
    assert_eq!(first.status, 202);
    set(&gateway, &file, "+3d", 1);
    assert_eq!(post().body["id"], first.body["id"]);
}

/// Lets the first half of a text have come in then.
fn begin_a_text(gateway: &Gateway, at: jiff::Timestamp) -> rusqlite::Connection {
    let database = rusqlite::Connection::open(gateway.database_path()).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    let begin = "INSERT INTO inbound_segment
             (fingerprint, modem, sim, sender, reference, total, sequence, text, received_at)
         VALUES (randomblob(32), 'm1', '8901', 'Bank', 7, 2, 1, 'your code ', ?1)";
    database.execute(begin, [at.as_millisecond()]).unwrap();
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_whose_rest_has_not_come_in_a_day_is_shown_an_hour_after_the_start() {
    let Some((mut gateway, file)) = prepared("").await else { return };
    drop(begin_a_text(&gateway, jiff::Timestamp::now() - Duration::from_secs(25 * 3600)));
    start(&mut gateway);
    let shown = || gateway.get("/api/v1/inbound")["items"].clone();
    assert_eq!(shown(), json!([]));
    fs::write(&file, "+61m").unwrap();
    let items = wait_for(|| Some(shown()).filter(|items| items[0].is_object()));
    let text = items.unwrap_or_else(|| panic!("{}", gateway.log()))[0].clone();
    let told = ["from", "text", "modem", "segments", "missing"].map(|key| text[key].clone());
    assert_eq!(json!(told), json!(["Bank", "your code […]", "m1", 2, 1]));
}

/// Else the rest of a text would not be waited for, or for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_has_begun_to_come_in_is_as_old_as_before_however_far_the_clock_was_set() {
    let Some((gateway, file)) = gateway().await else { return };
    let began = jiff::Timestamp::now();
    let database = begin_a_text(&gateway, began);
    let began = began.as_millisecond();
    let days = || -> i64 {
        let sql = "SELECT CAST(round((received_at - ?1) / 86400000.0) AS INTEGER)
                   FROM inbound_segment WHERE text IS NOT NULL";
        database.query_row(sql, [began], |row| row.get(0)).unwrap()
    };
    for (times, (by, setting)) in (1..).zip([(3, "+3d"), (-30, "-30d")]) {
        set(&gateway, &file, setting, times);
        assert!(wait_for(|| (days() == by).then_some(())).is_some(), "{setting}: {}", days());
    }
}

/// As where a disk fails: no statement can write that row any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_cannot_be_moved_with_the_clock_holds_up_no_message() {
    let Some((gateway, file)) = gateway().await else { return };
    let database = begin_a_text(&gateway, jiff::Timestamp::now());
    let schema = |sql: &str| {
        let table = "UPDATE sqlite_schema SET sql = {} WHERE name = 'inbound_segment'";
        let update = table.replace("{}", sql);
        let all = format!("PRAGMA writable_schema = 1; {update}; PRAGMA writable_schema = RESET;");
        database.execute_batch(&all).unwrap();
    };
    schema("replace(sql, 'STRICT', '')");
    database.execute_batch("PRAGMA ignore_check_constraints = 1").unwrap();
    database.execute("UPDATE inbound_segment SET sequence = 'one'", []).unwrap();
    schema("sql || 'STRICT'");
    // What is sent meanwhile is delivered.
    set(&gateway, &file, "+3d", 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_that_somebody_chose_comes_when_the_clock_says_so() {
    let Some((gateway, file)) = gateway().await else { return };
    let at = jiff::Timestamp::now() + Duration::from_secs(3600);
    let scheduled = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "text": "good morning", "not_before": at.to_string()
    }));
    assert_eq!(gateway.message(&scheduled)["state"], "queued");
    set(&gateway, &file, "+61m", 1);
    gateway.wait_for_state(&scheduled, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_starts_behind_goes_on_from_what_is_stored() {
    if fs::exists("/run/systemd/timesync/synchronized").unwrap() {
        // Here the time is known, and is followed at once.
        return;
    }
    let Some((mut gateway, file)) = gateway().await else { return };
    gateway.wait_for_state(&gateway.send("before"), "delivered");
    gateway.sim.modem("m2").unplug();
    gateway.wait_for_modem("m2", "absent");
    let waiting = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "text": "later", "sender": "m2", "ttl_seconds": 600
    }));
    assert!(gateway.stop().success());
    // The machine was off, and has no clock of its own.
    let database = rusqlite::Connection::open(gateway.database_path()).unwrap();
    assert_eq!(database.execute("UPDATE boot SET boot_id = 'another'", []).unwrap(), 1);
    drop(database);
    fs::write(&file, "-10000d").unwrap();
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    assert!(gateway.log().contains("behind what is stored"), "{}", gateway.log());
    assert!(!gateway.log().contains("the clock was set"), "{}", gateway.log());
    // The time is found: everything goes on waiting as long as it was to wait.
    set(&gateway, &file, "+1h", 1);
    assert_eq!(gateway.message(&waiting)["state"], "queued");
    gateway.sim.modem("m2").replug().unwrap();
    gateway.wait_for_state(&waiting, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_comes_to_its_end_is_told_of_once_a_day() {
    let Some((mut gateway, file)) = gateway_with("max_per_day = 5\nlanes = [\"bulk\"]").await
    else {
        return;
    };
    let send = |gateway: &Gateway, count: usize| {
        for _ in 0..count {
            let id = gateway.send_json(&json!({
                "to": PHONE, "channel": "sms", "text": "x", "sender": "m2"
            }));
            gateway.wait_for_state(&id, "delivered");
        }
    };
    let alerts =
        |gateway: &Gateway| gateway.system_log("eventType eq \"system.ringpost.alarm.budget\"");
    // Noon, so that no day ends meanwhile.
    let day = 86_400;
    let noon = day + day / 2 - jiff::Timestamp::now().as_second() % day;
    set(&gateway, &file, &format!("+{noon}"), 1);
    send(&gateway, 3);
    assert!(alerts(&gateway).is_empty(), "60 %");
    assert!(gateway.stop().success());
    gateway.start_daemon();
    gateway.wait_for_modem("m2", "ready");
    send(&gateway, 2);
    let told = alerts(&gateway);
    assert_eq!(told.len(), 1, "at 80 %, and not again at 100: {told:#?}");
    assert_eq!(
        (&told[0]["severity"], &told[0]["outcome"]["result"]),
        (&json!("WARN"), &json!("UNKNOWN"))
    );
    assert_eq!(told[0]["target"][0]["id"], "m2");
    let sim = (&told[0]["target"][1]["type"], &told[0]["target"][1]["id"]);
    assert_eq!(sim, (&json!("SIM"), &json!(gateway.sim.modem("m2").iccid())));
    assert!(told[0].to_string().contains("4 of 5 segments of this day"), "{:#}", told[0]);
    set(&gateway, &file, &format!("+{}", noon + day), 2);
    send(&gateway, 5);
    assert_eq!(alerts(&gateway).len(), 2, "the next day has a budget of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_wrong_once_is_right_after_the_next_start() {
    let Some((mut gateway, file)) = gateway().await else { return };
    // Somebody types a wrong year, and notices; the daemon does not run while it is corrected.
    set(&gateway, &file, "+400d", 1);
    assert!(gateway.stop().success());
    fs::write(&file, "+0").unwrap();
    let mut ahead = Vec::new();
    for _ in 0..2 {
        gateway.start_daemon();
        gateway.wait_for_modem("m1", "ready");
        let id = gateway.send_json(&json!({
            "to": "+14155550198", "channel": "sms", "text": "x", "sender": "m1"
        }));
        let message = gateway.wait_for_state(&id, "delivered");
        let at: jiff::Timestamp = message["created_at"].as_str().unwrap().parse().unwrap();
        ahead.push((at.as_second() - jiff::Timestamp::now().as_second()) / 86_400);
        assert!(gateway.stop().success());
    }
    assert_eq!(ahead, [0, 0], "days ahead of the time of day, which is right: {}", gateway.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_for_some_seconds_costs_no_history() {
    let Some((mut gateway, file)) = gateway().await else { return };
    let id = gateway.send("before");
    gateway.wait_for_state(&id, "delivered");
    let events = gateway.system_log("").len();
    assert!(gateway.stop().success());
    // A clock chip whose battery is empty; the time is found some seconds later.
    fs::write(&file, "+800d").unwrap();
    gateway.start_daemon();
    std::thread::sleep(Duration::from_secs(6));
    // Who starts again meanwhile finds what was stored at that time.
    assert!(gateway.stop().success());
    gateway.start_daemon();
    std::thread::sleep(Duration::from_secs(6));
    fs::write(&file, "+0").unwrap();
    gateway.wait_for_state(&gateway.send("after"), "delivered");
    let status = gateway.request("GET", &format!("/api/v1/messages/{id}"), None).status;
    let usage = gateway.get("/api/v1/reports/usage");
    let left = gateway.system_log("").len();
    assert!(status == 200 && left > events, "{status}, {left} events of {events}, {usage:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_was_corrected_while_the_daemon_ran_stays_so() {
    let Some((mut gateway, file)) = gateway().await else { return };
    // The only message of that time; the daemon notices the correction, and nothing is sent until its next start.
    set(&gateway, &file, "+400d", 1);
    fs::write(&file, "+0").unwrap();
    gateway.sim.modem("m2").unplug();
    gateway.wait_for_modem("m2", "absent");
    let noticed = || (gateway.log().matches("the clock was set").count() == 2).then_some(());
    wait_for(noticed).unwrap();
    assert!(gateway.stop().success());
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    let soon = jiff::Timestamp::now() + Duration::from_secs(86_400);
    let scheduled = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "text": "tomorrow", "not_before": soon.to_string(), "sender": "m1"
    }));
    std::thread::sleep(Duration::from_secs(5));
    let state = gateway.message(&scheduled)["state"].clone();
    let behind = gateway.log().contains("the clock is behind what is stored");
    assert_eq!((state, behind), (json!("queued"), false), "it is to go out tomorrow");
}
