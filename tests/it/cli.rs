//! The command line: what it prints, and its exit codes.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::gateway::{Gateway, PHONE, RINGPOST};

fn ringpost(arguments: &[&str]) -> Output {
    Command::new(RINGPOST).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// A command that talks to the daemon.
pub(crate) fn client(gateway: &Gateway, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(RINGPOST)
        .args(arguments)
        .env("RINGPOST_URL", gateway.url())
        .env("RINGPOST_TOKEN", &gateway.token)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_bad_configuration_is_refused_with_its_line_and_code_64() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ringpost.toml");
    fs::write(&file, "[http]\nlisten = \"127.0.0.1:0\"\nport = 80\n").unwrap();
    let file = file.to_str().unwrap();
    for command in [
        &["config", "check"][..],
        &["serve"],
        &["token", "create", "--name", "x", "--scope", "admin"],
    ] {
        let output = ringpost(&[command, &["--config", file]].concat());
        assert_eq!(output.status.code(), Some(64), "{output:?}");
        let says = text(&output.stderr);
        assert!(says.contains("ringpost.toml:3") && says.contains("http.port"), "{says}");
    }
    let output = ringpost(&["config", "check", "--config", file, "--json"]);
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((value["ok"].clone(), output.status.code()), (Value::Bool(false), Some(64)));
}

#[test]
fn usage_is_code_2_and_a_good_configuration_code_0() {
    assert_eq!(ringpost(&["sned"]).status.code(), Some(2));
    assert_eq!(ringpost(&["token", "create"]).status.code(), Some(2));
    let scope = ringpost(&["token", "create", "--name", "x", "--scope", "messages:write"]);
    assert_eq!(scope.status.code(), Some(2));
    assert!(text(&scope.stderr).contains("messages:send"), "the scopes are listed");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ringpost.toml");
    fs::write(&file, "").unwrap();
    let output = ringpost(&["config", "check", "--json", "--config", file.to_str().unwrap()]);
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((value["ok"].clone(), output.status.code()), (Value::Bool(true), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_printed_once_and_alone() {
    let gateway = Gateway::builder().modems(0).prepare().await;
    let config = gateway.config_path();
    let create = |name: &str| {
        let config = config.to_str().unwrap();
        ringpost(&[
            "token",
            "create",
            "--name",
            name,
            "--scope",
            "messages:send",
            "--config",
            config,
        ])
    };
    let output = create("okta");
    let secret = text(&output.stdout);
    assert!(secret.starts_with("rp_") && secret.trim().len() == 67 && secret.lines().count() == 1);
    let again = create("okta");
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("already"));
    let database = fs::read(gateway.database_path()).unwrap_or_default();
    let wal = fs::read(gateway.dir.path().join("ringpost.db-wal")).unwrap_or_default();
    for bytes in [database, wal] {
        assert!(!text_contains(&bytes, secret.trim()), "only its hash is stored");
    }
}

fn text_contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|it| it == needle.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn send_and_messages_talk_to_the_daemon() {
    let gateway = Gateway::start().await;
    let sent = client(&gateway, &["send", PHONE, "--wait", "--json"], "from standard input\n");
    assert!(sent.status.success(), "{sent:?}");
    let message: Value = serde_json::from_slice(&sent.stdout).unwrap();
    assert_eq!(message["state"], "delivered");
    assert_eq!(gateway.sim.phone(PHONE).texts()[0].text, "from standard input");
    let keyed = ["send", PHONE, "--text", "once", "--idempotency-key", "my \"key\"", "--json"];
    let once = [(); 2].map(|()| client(&gateway, &keyed, ""));
    let once = once.map(|it| serde_json::from_slice::<Value>(&it.stdout).unwrap()["id"].clone());
    assert!(once[0].is_string() && once[0] == once[1], "{once:?}");
    let id = message["id"].as_str().unwrap();
    let list = client(&gateway, &["messages", "--json"], "");
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    assert_eq!(list["items"][1]["id"], id);
    let shown = text(&client(&gateway, &["message", "show", id], "").stdout);
    assert!(shown.contains("delivered") && shown.contains("attempt 1 segment 1 by m1"), "{shown}");
    let modems = text(&client(&gateway, &["modems"], "").stdout);
    assert!(modems.contains("m1") && modems.contains("ready"), "{modems}");
    let log = text(&client(&gateway, &["log"], "").stdout);
    assert!(log.contains("system.sms.receive_status"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_code_1_and_says_why() {
    let gateway = Gateway::builder().modems(0).start().await;
    let refused = client(&gateway, &["send", "112", "--text", "x"], "");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("not_a_number"), "{refused:?}");
    let refused = client(&gateway, &["send", "112", "--text", "x", "--json"], "");
    let problem: Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(problem["code"], "not_a_number");
    let nowhere = Command::new(RINGPOST)
        .args(["modems", "--url", "http://127.0.0.1:1"])
        .env("RINGPOST_TOKEN", "rp_x")
        .output()
        .unwrap();
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(text(&nowhere.stderr).contains("ringpost serve"), "{nowhere:?}");
    let tokenless = Command::new(RINGPOST)
        .args(["modems", "--url", gateway.url()])
        .env_remove("RINGPOST_TOKEN")
        .output()
        .unwrap();
    assert!(text(&tokenless.stderr).contains("RINGPOST_TOKEN"), "{tokenless:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_asked_followed_and_exported() {
    let gateway = Gateway::start().await;
    let sent = client(&gateway, &["send", PHONE, "--wait", "--json"], "hello\n");
    let message: Value = serde_json::from_slice(&sent.stdout).unwrap();
    let wrong = client(&gateway, &["log", "--filter", "outcome.result eqq \"DENY\""], "");
    assert_eq!(wrong.status.code(), Some(1));
    let says = text(&wrong.stderr);
    assert!(says.contains("'eqq' at position 16") && says.contains("               ^^^"), "{says}");
    let filter = "eventType eq \"system.sms.receive_status\"";
    let log = client(&gateway, &["log", "--filter", filter, "--since", "2h", "--json"], "");
    let log: Value = serde_json::from_slice(&log.stdout).unwrap();
    assert_eq!(log.as_array().unwrap().len(), 1, "{log:#}");
    let none = client(&gateway, &["log", "--until", "1h", "--json"], "");
    assert_eq!(text(&none.stdout).trim(), "[]");

    let shown =
        text(&client(&gateway, &["message", "show", message["id"].as_str().unwrap()], "").stdout);
    let order = ["accepted", "taken by the network", "Receive SMS delivery status: SUCCESS"];
    let places: Vec<_> = order.iter().map(|what| shown.find(what)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{shown}");

    let mut tail = Command::new(RINGPOST)
        .args(["log", "tail", "--lines", "1", "--filter", filter])
        .env("RINGPOST_URL", gateway.url())
        .env("RINGPOST_TOKEN", &gateway.token)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains(PHONE), "the last one first");
    gateway.request(
        "POST",
        "/api/v1/messages",
        Some(&json!({"to": "112", "channel": "sms", "text": "x"})),
    );
    let followed = lines.next().unwrap().unwrap();
    assert!(followed.contains("DENY") && followed.contains("not_a_number"), "{followed}");
    tail.kill().unwrap();
    tail.wait().unwrap();

    let file = gateway.dir.path().join("log.ndjson");
    let export = || {
        let output = client(&gateway, &["log", "export", "--to", file.to_str().unwrap()], "");
        assert!(output.status.success(), "{output:?}");
        fs::read_to_string(&file).unwrap()
    };
    let whole = export();
    assert_eq!(whole.lines().count(), gateway.system_log("").len());
    let cut = whole.char_indices().nth(whole.len() / 2).unwrap().0;
    fs::write(&file, &whole[..cut]).unwrap();
    assert_eq!(export(), whole, "what broke off within a line goes on");

    let report = text(&client(&gateway, &["report", "--by", "day"], "").stdout);
    assert!(report.contains("domestic") && report.contains("█"), "{report}");
    let csv = text(&client(&gateway, &["report", "--csv"], "").stdout);
    assert!(csv.starts_with("period,user,scope,") && csv.lines().count() == 3, "{csv}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_is_asked_what_it_is_without_a_daemon() {
    let dir = tempfile::tempdir().unwrap();
    let families = ringpost_sim::Simulator::builder()
        .dir(dir.path())
        .modems(2)
        .family(ringpost_sim::Family::Ec25)
        .family(ringpost_sim::Family::Generic);
    let sim = families.start().await.unwrap();
    let port = |modem: &str| sim.port(modem).to_str().unwrap().to_owned();
    let ec25 = ringpost(&["probe", &port("m1"), "--json"]);
    assert_eq!(ec25.status.code(), Some(0), "{ec25:?}");
    let ec25: Value = serde_json::from_slice(&ec25.stdout).unwrap();
    assert_eq!((&ec25["family"], &ec25["ready"]), (&"ec25".into(), &true.into()));
    assert!(ec25["proof"].as_str().unwrap().contains("AT Commands Manual"));
    let generic = ringpost(&["probe", &port("m2")]);
    let said = text(&generic.stdout);
    assert!(said.contains("proof             none"), "{said}");
    assert!(said.contains("No modem of this family has been seen"), "{said}");
    sim.modem("m2").fault(ringpost_sim::Fault::SimMissing);
    let missing = ringpost(&["probe", &port("m2")]);
    assert_eq!(missing.status.code(), Some(1));
    let why = text(&missing.stderr);
    assert!(why.contains("at step \"SIM\": There is no SIM"), "{why}");
    assert_eq!(ringpost(&["probe", "/dev/ringpost-none"]).status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_is_wrong_on_this_box() {
    let nowhere = std::path::Path::new("/dev/ringpost-none");
    let gateway = Gateway::builder().port(nowhere).prepare().await;
    let config = gateway.config_path();
    let sick = ringpost(&["doctor", "--config", config.to_str().unwrap(), "--json"]);
    assert_eq!(sick.status.code(), Some(1), "{sick:?}");
    let found: Value = serde_json::from_slice(&sick.stdout).unwrap();
    let found = found["findings"].as_array().unwrap();
    let about = |what: &str| found.iter().find(|it| it["about"] == what).unwrap();
    assert_eq!(about("store")["verdict"], "ok");
    assert_eq!(about("modem x1")["verdict"], "problem");
    let broken = ringpost(&["doctor", "--config", "/dev/ringpost-none"]);
    assert!(text(&broken.stdout).starts_with("problem  configuration"), "{broken:?}");
    assert_eq!(broken.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_follows_a_quiet_log_misses_nothing_of_a_restart() {
    let mut gateway = Gateway::builder().prepare().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    gateway.environment = vec![("RINGPOST_HTTP__LISTEN", free.to_string())];
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    std::thread::sleep(std::time::Duration::from_secs(2));
    let mut tail = Command::new(RINGPOST)
        .args(["log", "tail", "--lines", "1"])
        .env("RINGPOST_URL", gateway.url())
        .env("RINGPOST_TOKEN", &gateway.token)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let out = tail.stdout.take().unwrap();
    std::thread::spawn(move || {
        BufReader::new(out).lines().map_while(Result::ok).for_each(|line| drop(tell.send(line)));
    });
    let wait = std::time::Duration::from_secs(20);
    told.recv_timeout(wait).unwrap();
    assert!(gateway.stop().success());
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let sent = gateway.send("the last of them");
    gateway.wait_for_state(&sent, "delivered");
    let mut seen = Vec::new();
    while let Ok(line) = told.recv_timeout(std::time::Duration::from_secs(5)) {
        seen.push(line);
    }
    tail.kill().unwrap();
    tail.wait().unwrap();
    let loaded = seen.iter().any(|line| line.contains("config.load"));
    assert!(loaded, "the start is among what came after the first line: {seen:#?}");
}
