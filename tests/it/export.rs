//! Everything that is kept, a line each.

use serde_json::{Value, json};

use crate::gateway::{Gateway, create_token, wait_for};

/// The lines of an export that succeeds, and the text that they stand in.
fn export(gateway: &Gateway, path: &str) -> (Vec<Value>, String) {
    let answer = gateway.request("GET", path, None);
    assert_eq!((answer.status, &*answer.content_type), (200, "application/x-ndjson"), "{path}");
    let lines = answer.text.lines().map(|line| serde_json::from_str(line).unwrap());
    (lines.collect(), answer.text)
}

fn id(value: &Value) -> &str {
    value["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_exported_as_they_stand_and_without_what_they_said() {
    let gateway = Gateway::builder().modems(0).start().await;
    let sent: Vec<_> = (0..300).map(|n| gateway.send(&format!("a secret {n}"))).collect();
    let cancelled = format!("/api/v1/messages/{}", sent[7]);
    assert_eq!(gateway.request("DELETE", &cancelled, None).status, 200);
    let (lines, whole) = export(&gateway, "/api/v1/messages/export");
    assert_eq!(lines.iter().map(id).collect::<Vec<_>>(), sent, "in the order of acceptance");
    assert_eq!(lines[7], gateway.message(&sent[7]));
    assert_eq!((&lines[7]["state"], &lines[8]["state"]), (&json!("cancelled"), &json!("queued")));
    assert!(!whole.contains("secret"));
    let (rest, text) = export(&gateway, &format!("/api/v1/messages/export?after={}", sent[255]));
    assert_eq!(rest, lines[256..]);
    assert!(whole.ends_with(&text), "it goes on behind the last line");
    let (none, _) = export(&gateway, &format!("/api/v1/messages/export?after={}", sent[299]));
    assert!(none.is_empty());
    for after in ["nobody", "01M851FGGQ1G4J6EKNET225S8Q"] {
        let path = format!("/api/v1/messages/export?after={after}");
        let unknown = gateway.request("GET", &path, None);
        assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("not_found")));
    }
    let sender = create_token(&gateway.config_path(), "sender", &["messages:send", "logs:read"]);
    let bearer = format!("Bearer {sender}");
    let refused = gateway.raw("GET", "/api/v1/messages/export", Some(&bearer), None, None);
    assert_eq!(refused.status, 403);
}

/// `ringpost messages export --to`, and what it said on standard error.
fn messages_to(gateway: &Gateway, file: &std::path::Path) -> String {
    let output = std::process::Command::new(crate::gateway::RINGPOST)
        .args(["messages", "export", "--to"])
        .arg(file)
        .env("RINGPOST_URL", gateway.url())
        .env("RINGPOST_TOKEN", &gateway.token)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Once a month, of a gateway that keeps messages for ten days.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_goes_on_though_its_last_message_is_not_kept_any_more() {
    let config = "[retention]\nmessages_days = 10";
    let mut gateway = Gateway::builder().modems(0).config(config).start().await;
    let sent: Vec<_> = (0..3).map(|n| gateway.send(&n.to_string())).collect();
    for id in &sent {
        let path = format!("/api/v1/messages/{id}");
        assert_eq!(gateway.request("DELETE", &path, None).status, 200);
    }
    let file = gateway.dir.path().join("messages.ndjson");
    assert_eq!(messages_to(&gateway, &file), "");
    assert!(gateway.stop().success());
    let database = rusqlite::Connection::open(gateway.database_path()).unwrap();
    // The one in the middle is kept for longer, as if it had ended later.
    let age = "UPDATE message SET created_at = created_at - ?1, ended_at = ended_at - ?1
               WHERE id <> ?2";
    assert_eq!(database.execute(age, (11 * 86_400_000_i64, &sent[1])).unwrap(), 2);
    drop(database);
    gateway.start_daemon();
    let path = format!("/api/v1/messages/{}", sent[2]);
    wait_for(|| (gateway.request("GET", &path, None).status == 404).then_some(())).unwrap();
    let next = gateway.send("next month");
    let says = messages_to(&gateway, &file);
    assert!(says.contains("others may be missing"), "{says}");
    assert_eq!(messages_to(&gateway, &file), "", "it has one to go on from again");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = [&sent[0], &sent[1], &sent[2], &next].map(String::as_str);
    assert_eq!(lines.iter().map(id).collect::<Vec<_>>(), expected, "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn received_messages_are_exported_and_a_file_goes_on_where_it_ends() {
    let gateway = Gateway::start().await;
    let phone = gateway.sim.phone("+14155552399");
    let receive = |count: usize, text: &str| {
        phone.send_to("m1", text);
        let all = || export(&gateway, "/api/v1/inbound/export").0;
        wait_for(|| Some(all()).filter(|it| it.len() == count)).unwrap()
    };
    receive(1, "Grüße");
    let file = gateway.dir.path().join("inbound.ndjson");
    let to_file = || {
        let output = std::process::Command::new(crate::gateway::RINGPOST)
            .args(["inbound", "export", "--to"])
            .arg(&file)
            .env("RINGPOST_URL", gateway.url())
            .env("RINGPOST_TOKEN", &gateway.token)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        std::fs::read_to_string(&file).unwrap()
    };
    assert_eq!(to_file().lines().count(), 1);
    let all = receive(2, "STOP");
    assert_eq!((&all[0]["text"], &all[1]["text"]), (&json!("Grüße"), &json!("STOP")));
    let written = to_file();
    assert_eq!(written, export(&gateway, "/api/v1/inbound/export").1);
    let page = gateway.get("/api/v1/inbound");
    let page: Vec<_> = page["items"].as_array().unwrap().iter().rev().cloned().collect();
    assert_eq!(page, all);
}
