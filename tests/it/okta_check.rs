//! `ringpost okta check`: what an administrator sees before Okta does.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    process::{Command, Output},
    thread,
};

use serde_json::Value;

use crate::{
    gateway::{Gateway, PHONE, RINGPOST},
    okta_hook::builder,
    okta_org::{HEADER, SECRET},
};

fn check(gateway: &Gateway, url: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(RINGPOST);
    command.args(["okta", "check", url, "--config"]).arg(gateway.config_path()).args(more);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exchange_is_shown_as_okta_would_see_it() {
    let gateway = builder("").start().await;
    let url = format!("{}/hooks/okta/telephony", gateway.url());
    let (code, says, _) = check(&gateway, &url, &["--to", PHONE]);
    assert_eq!(code, Some(0), "{says}");
    for part in [
        "POST http://127.0.0.1",
        &format!("{HEADER}: ({} characters)", SECRET.len()),
        "\"deliveryChannel\": \"SMS\"",
        "\n200 after 0.",
        "com.okta.telephony.action",
        "Okta: SUCCESSFUL: the network took the code",
        "warning: Okta calls https:// only",
    ] {
        assert!(says.contains(part), "{part}: {says}");
    }
    assert!(!says.contains(SECRET));
    let (code, says, complains) = check(&gateway, &url, &[]);
    assert_eq!((code, says.contains("9876543210")), (Some(1), true));
    assert!(complains.contains("Okta: error: nothing was sent (not_a_number)"), "{complains}");
    let (code, says, _) = check(&gateway, &url, &["--json"]);
    let value: Value = serde_json::from_str(&says).unwrap();
    assert_eq!((code, &value["verdict"]["result"]), (Some(1), &Value::from("error")));
    assert_eq!(value["response"]["status"], 200);
    let wrong = gateway.dir.path().join("wrong");
    std::fs::write(&wrong, "a-secret-of-somebody-else\n").unwrap();
    let named = ["--header", HEADER, "--secret-file", wrong.to_str().unwrap()];
    let (code, _, complains) = check(&gateway, &url, &named);
    assert!(code == Some(1) && complains.contains("unauthorized"), "{complains}");
    assert_eq!(gateway.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_no_hook_is_skipped_with_the_reason() {
    let gateway = builder("").modems(0).start().await;
    let elsewhere = format!("{}/hooks/okta", gateway.url());
    let (code, _, complains) = check(&gateway, &elsewhere, &[]);
    assert!(code == Some(1) && complains.contains("skipped: the status must be 200, and is 404"));
    let (_, _, complains) = check(&gateway, "http://127.0.0.1:1/", &[]);
    assert!(complains.contains("skipped: no answer within 3 seconds"), "{complains}");
    for (answer, says) in [
        ("200 OK\r\nContent-Length: 2\r\n\r\nok", "is no JSON"),
        ("200 OK\r\nContent-Length: 2\r\n\r\n{}", "no status that Okta knows"),
        ("307 Go\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "and is 307"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let served = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 4096]).unwrap();
            write!(stream, "HTTP/1.1 {answer}").unwrap();
        });
        let (code, _, complains) = check(&gateway, &url, &[]);
        assert!(code == Some(1) && complains.contains(says), "{answer}: {complains}");
        served.join().unwrap();
    }
}
