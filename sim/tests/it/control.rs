//! Everything over HTTP.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
};

use ringpost_sim::{Family, Simulator};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::host::{Host, PATIENCE, PHONE, hello};

/// A simulator that serves HTTP, and its two modems' directory.
struct Site {
    sim: Simulator,
    address: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Site {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let sim = Simulator::builder()
            .dir(directory.path())
            .modems(2)
            .family(Family::Sim7600)
            .family(Family::Ec25)
            .listen("127.0.0.1:0".parse().unwrap())
            .start()
            .await
            .unwrap();
        let address = sim.control_addr().unwrap();
        Self { sim, address, _directory: directory }
    }

    /// Status and body of a request.
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let address = self.address;
        let answer = spawn_blocking(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            // Sound is no text; its beginning is.
            String::from_utf8_lossy(&answer).into_owned()
        });
        let answer = answer.await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    async fn json(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, body) = self.ask(method, path, body).await;
        assert_eq!(status, 200, "{method} {path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

#[tokio::test]
async fn modems_are_listed_with_their_families_and_ports() {
    let site = Site::new().await;
    let modems = site.json("GET", "/modems", None).await;
    assert_eq!(modems[0]["family"], "sim7600");
    assert_eq!(modems[1]["family"], "ec25");
    assert_eq!(modems[1]["port"], json!(site.sim.port("m2")));
    assert_eq!(modems[0]["number"], "+14155550101");
    assert_eq!(modems[0]["registered"], true);
}

#[tokio::test]
async fn texts_submits_and_transcript_can_be_read() {
    let site = Site::new().await;
    let mut host = Host::ready(&site.sim.port("m1")).await;
    host.send(&hello()).await;
    site.sim.phone(PHONE).wait_for_text(PATIENCE).await.unwrap();
    let phone = site.json("GET", &format!("/phones/{PHONE}"), None).await;
    assert_eq!(phone["texts"][0]["text"], "hello");
    assert_eq!(phone["texts"][0]["segments"], 1);
    let messages = site.json("GET", &format!("/phones/{PHONE}/messages"), None).await;
    assert_eq!(messages, phone["texts"]);
    let submits = site.json("GET", "/network/submits", None).await;
    assert_eq!(submits[0]["tpdu_hex"], hello());
    assert_eq!(submits[0]["outcome"], "accepted");
    let transcript = site.json("GET", "/modems/m1/transcript", None).await;
    let said = |direction: &str, text: &str| {
        let lines = transcript.as_array().unwrap();
        lines.iter().any(|line| line["direction"] == direction && line["text"] == text)
    };
    assert!(said("tx", "AT+CMGS=18") && said("rx", "> ") && said("rx", "+CMGS: 0"));
    let (_, page) = site.ask("GET", "/", None).await;
    assert!(page.contains("-> +491701234567  hello"), "{page}");
}

#[tokio::test]
async fn phones_send_and_go_dark() {
    let site = Site::new().await;
    let mut host = Host::ready(&site.sim.port("m2")).await;
    let send = json!({"to": "m2", "text": "hi"});
    let sent = site.json("POST", &format!("/phones/{PHONE}/send"), Some(send)).await;
    assert_eq!(sent, json!({"to": "+14155550102", "segments": 1}));
    host.until("+CMTI: \"ME\",0").await;
    let dark = json!({"reachable": false});
    let phone = site.json("PUT", &format!("/phones/{PHONE}"), Some(dark)).await;
    assert_eq!(phone["reachable"], false);
    host.send(&hello()).await;
    host.until("22\r\n").await;
}

#[tokio::test]
async fn calls_are_planned_steered_and_read() {
    let site = Site::new().await;
    let mut host = Host::ready(&site.sim.port("m1")).await;
    let phone = format!("/phones/{PHONE}");
    let plan = json!({"on_call": {"does": "never"}, "next_calls": [{"does": "busy"}]});
    let shown = site.json("PUT", &phone, Some(plan)).await;
    assert_eq!(shown["on_call"]["does"], "never");
    assert_eq!(shown["next_calls"][0]["does"], "busy");
    host.command(&format!("ATD{PHONE};")).await;
    host.until("BUSY").await;
    host.command(&format!("ATD{PHONE};")).await;
    let rings = |calls: &[ringpost_sim::CallRecord]| calls[1].rang_ms.is_some();
    site.sim.network().wait_for_calls(PATIENCE, rings).await.unwrap();
    site.json("POST", &format!("{phone}/answer"), None).await;
    host.until("BEGIN").await;
    site.json("POST", &format!("{phone}/keys"), Some(json!({"keys": "1#"}))).await;
    site.json("POST", &format!("{phone}/hang_up"), None).await;
    host.until("NO CARRIER").await;
    let calls = site.json("GET", &format!("{phone}/calls"), None).await;
    assert_eq!((&calls[0]["cause"], &calls[1]["cause"]), (&json!(17), &json!(16)));
    assert_eq!((&calls[1]["keys"], &calls[1]["ended_by"]), (&json!("1#"), &json!("phone")));
    assert_eq!(site.json("GET", "/calls/2", None).await, calls[1]);
    assert_eq!(site.json("GET", "/calls", None).await, calls);
    let (status, wav) = site.ask("GET", "/calls/2/audio", None).await;
    assert!(status == 200 && wav.starts_with("RIFF"), "{wav}");
    let (_, page) = site.ask("GET", "/", None).await;
    assert!(page.contains("-> +491701234567  not answered, 0 s"), "{page}");
    assert_eq!(site.json("GET", "/modems/m1/files", None).await, json!([]));
}

#[tokio::test]
async fn faults_are_switched_by_name() {
    let site = Site::new().await;
    let fault = json!({"fault": "cms_error", "code": 38, "times": 2});
    let faults = site.json("POST", "/modems/m1/faults", Some(fault)).await;
    assert_eq!(faults["active"][0]["code"], 38);
    assert_eq!(faults["available"].as_array().unwrap().len(), ringpost_sim::Fault::ALL.len());
    let faults = site.json("DELETE", "/modems/m1/faults/cms_error", None).await;
    assert_eq!(faults["active"], json!([]));
}

#[tokio::test]
async fn faults_of_calls_strike_when_switched_on_from_outside() {
    let site = Site::new().await;
    let mut host = Host::ready(&site.sim.port("m1")).await;
    let dial = format!("ATD{PHONE};");
    let faulty = async |fault: Value| site.json("POST", "/modems/m1/faults", Some(fault)).await;
    let plan = json!({"on_call": {"after_ms": 0}});
    site.json("PUT", &format!("/phones/{PHONE}"), Some(plan)).await;
    faulty(json!({"fault": "dial_refused", "text": "NO DIALTONE", "times": 1})).await;
    assert_eq!(host.command(&dial).await, "\r\nNO DIALTONE\r\n");
    faulty(json!({"fault": "late_dial_answer", "delay_ms": 100, "times": 1})).await;
    assert!(host.command(&dial).await.contains("BEGIN"), "the call was quicker");
    faulty(json!({"fault": "audio_refused", "times": 1})).await;
    for answer in ["ERROR", "OK"] {
        assert_eq!(host.command("AT+CPCMREG=1").await.trim(), answer);
    }
    faulty(json!({"fault": "packet_bearer"})).await;
    let listed = host.command("AT+CLCC").await;
    assert!(listed.starts_with("\r\n+CLCC: 1,0,0,1,0,\"\",128\r\n+CLCC: 2,0,0,0,0,"), "{listed}");
    faulty(json!({"fault": "lost_call_urc"})).await;
    site.json("POST", &format!("/phones/{PHONE}/hang_up"), None).await;
    site.json("DELETE", "/modems/m1/faults/packet_bearer", None).await;
    assert_eq!(host.command("AT+CLCC").await, "\r\nOK\r\n", "nobody told of the end");
    site.json("DELETE", "/modems/m1/faults", None).await;
    faulty(json!({"fault": "no_cause", "times": 1})).await;
    let plan = json!({"next_calls": [{"does": "busy"}, {"does": "never"}]});
    site.json("PUT", &format!("/phones/{PHONE}"), Some(plan)).await;
    host.command(&dial).await;
    host.until("NO CARRIER").await;
    faulty(json!({"fault": "early_call_begin", "times": 1})).await;
    host.command(&dial).await;
    host.until("BEGIN").await;
    assert_eq!(site.json("GET", "/calls/3", None).await["answered_ms"], Value::Null);
    host.command("AT+CHUP").await;
    faulty(json!({"fault": "reboot_in_call", "delay_ms": 10, "times": 1})).await;
    faulty(json!({"fault": "audio_wedged"})).await;
    host.command(&dial).await;
    host.until("\r\nRDY\r\n").await;
    let call = site.json("GET", "/calls/4", None).await;
    assert_eq!((&call["ended_by"], &call["cause"]), (&json!("modem"), &json!(41)));
}

#[tokio::test]
async fn phones_meet_calls_in_every_way_they_are_told_to() {
    let site = Site::new().await;
    let mut host = Host::ready(&site.sim.port("m1")).await;
    let phone = format!("/phones/{PHONE}");
    site.json("PUT", "/network", Some(json!({"ring_limit_ms": 30}))).await;
    for (id, plan, result, seen) in [
        (1, json!({"after_ms": 30, "hang_up_after_ms": 30}), "NO CARRIER", ("phone", 16)),
        (2, json!({"does": "busy"}), "BUSY", ("network", 17)),
        (3, json!({"does": "decline", "after_ms": 10}), "NO CARRIER", ("phone", 21)),
        (4, json!({"does": "never"}), "NO ANSWER", ("network", 19)),
        (5, json!({"does": "unreachable"}), "NO CARRIER", ("network", 27)),
        (6, json!({"does": "unassigned"}), "NO CARRIER", ("network", 1)),
        (
            7,
            json!({"does": "voicemail", "after_ms": 20, "greeting_ms": 40, "hang_up_after_ms": 60}),
            "NO CARRIER",
            ("phone", 16),
        ),
        (
            8,
            json!({"keys": [{"key": "7", "at_ms": 10}], "hang_up_after_ms": 100}),
            "NO CARRIER",
            ("phone", 16),
        ),
        (9, json!({"does": "unreachable", "cause": 34}), "NO CARRIER", ("network", 34)),
    ] {
        site.json("PUT", &phone, Some(json!({"next_calls": [plan]}))).await;
        host.write(&format!("ATD{PHONE};\r")).await;
        host.until(&format!("\r\n{result}\r\n")).await;
        let call = site.json("GET", &format!("/calls/{id}"), None).await;
        let (by, cause) = seen;
        assert_eq!((&call["ended_by"], &call["cause"]), (&json!(by), &json!(cause)), "{call}");
        let answered = matches!(id, 1 | 7 | 8);
        assert_eq!(call["answered_ms"].is_null(), !answered, "{call}");
        assert_eq!(call["voicemail"], json!(id == 7));
        assert_eq!(call["keys"], if id == 8 { "7" } else { "" });
        if id == 1 {
            let ms = |name: &str| call[name].as_u64().unwrap();
            assert!(ms("answered_ms") - ms("rang_ms") >= 29, "{call}");
            assert!(ms("ended_ms") - ms("answered_ms") >= 29, "{call}");
        }
    }
}

#[tokio::test]
async fn unplugging_and_replugging_works_from_outside() {
    let site = Site::new().await;
    let modem = site.json("POST", "/modems/m1/unplug", None).await;
    assert_eq!((&modem["plugged"], site.sim.port("m1").exists()), (&json!(false), false));
    let modem = site.json("POST", "/modems/m1/replug", None).await;
    assert_eq!((&modem["plugged"], site.sim.port("m1").exists()), (&json!(true), true));
}

#[tokio::test]
async fn network_keeps_what_a_change_leaves_out() {
    let site = Site::new().await;
    site.json("PUT", "/network", Some(json!({"latency_ms": 5}))).await;
    let network = site.json("PUT", "/network", Some(json!({"reports": false}))).await;
    assert_eq!((&network["latency_ms"], &network["reports"]), (&json!(5), &json!(false)));
}

#[tokio::test]
async fn mistakes_are_told_with_what_would_be_right() {
    let site = Site::new().await;
    for (method, path, body, status, hint) in [
        ("GET", "/modems/m9", None, 404, "there are: m1, m2"),
        ("GET", "/nothing", None, 404, "/network/submits"),
        ("POST", "/modems/m1/faults", Some(json!({"fault": "x"})), 400, "drop_prompt, late_prompt"),
        ("POST", "/modems/m1/faults", Some(json!({"fault": "eof", "tmes": 1})), 400, "`times`"),
        ("PUT", "/network", Some(json!({"latency": 1})), 400, "`latency_ms`"),
        ("POST", "/phones/+1234567/send", Some(json!({"to": "m7", "text": ""})), 404, "m1, m2"),
        ("POST", "/phones/+1234567/send", Some(json!({"to": "m1"})), 400, "`text`"),
        ("PUT", "/phones/+1234567", Some(json!({"on_call": {"does": "sing"}})), 400, "`decline`"),
        (
            "PUT",
            "/phones/+1234567",
            Some(json!({"on_call": {"does": "voicemail", "keys": [{"key": "1", "at_ms": 1}]}})),
            400,
            "a voicemail presses no keys",
        ),
        ("POST", "/phones/+1234567/keys", Some(json!({"keys": "x"})), 400, "0123456789*#ABCD"),
        ("POST", "/phones/+1234567/answer", None, 409, "in no call"),
        ("GET", "/calls/7", None, 404, "no call 7"),
    ] {
        let (got, answer) = site.ask(method, path, body).await;
        assert_eq!(got, status, "{method} {path}: {answer}");
        assert!(answer.contains(hint), "{method} {path}: {answer}");
    }
}

#[test]
fn readme_describes_every_fault_and_family() {
    let readme = include_str!("../../README.md");
    for fault in ringpost_sim::Fault::ALL {
        let row = format!("| `{}` | {} |", fault.name(), fault.describe());
        assert!(readme.contains(&row), "missing: {row}");
    }
    for family in Family::ALL {
        assert!(readme.contains(&format!("| `{}` |", family.name())));
    }
    assert!(readme.contains(&table()), "the table is:\n{}", table());
}

/// Which family can play which fault.
fn table() -> String {
    let names: Vec<_> = Family::ALL.iter().map(|family| family.name()).collect();
    let mut table = format!("| fault | {} |\n", names.join(" | "));
    table += &format!("|---|{}\n", ":-:|".repeat(names.len()));
    for fault in ringpost_sim::Fault::ALL {
        let cells: Vec<_> =
            Family::ALL.iter().map(|it| if it.plays(*fault) { "yes" } else { "–" }).collect();
        table += &format!("| `{}` | {} |\n", fault.name(), cells.join(" | "));
    }
    table
}
