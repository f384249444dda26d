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
