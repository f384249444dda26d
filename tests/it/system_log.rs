//! The System Log over HTTP: Okta's questions, pages, errors; streams, exports and what the gateway tells
//! of itself.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::gateway::{Gateway, PATIENCE, PHONE, create_token, wait_for};

/// A request that is refused, for a user: two events.
fn refuse(gateway: &Gateway, user: &str) {
    let body = json!({"to": "112", "channel": "sms", "text": "x", "user": user});
    assert_eq!(gateway.request("POST", "/api/v1/messages", Some(&body)).status, 422);
}

fn query(parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/api/v1/logs?{query}")
}

fn uuids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["uuid"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_those_of_okta() {
    let gateway = Gateway::builder().modems(0).start().await;
    let ask = |parameters: &[(&str, &str)]| gateway.request("GET", &query(parameters), None);
    let many = "x ".repeat(11);
    let table = [
        (
            ask(&[("filter", "eventType eqq \"x\"")]),
            "E0000053",
            "Unrecognized attribute operator 'eqq' at position 11",
        ),
        (ask(&[("filter", "bogus eq \"x\"")]), "E0000053", "field is not valid: bogus"),
        (ask(&[("filter", "published gt \"2026\"")]), "E0000053", "field is not valid: published"),
        (ask(&[("filter", "debugContext.debugData.segments co 1")]), "E0000031", "takes eq, ne"),
        (ask(&[("until", "yesterday")]), "E0000001", "'until': The date format in your query"),
        (ask(&[("since", "2020-01-01T00:00:00Z")]), "E0000053", "180 days"),
        (ask(&[("since", "2026-11-02"), ("until", "2026-11-01")]), "E0000001", "before 'until'"),
        (ask(&[("q", many.as_str())]), "E0000001", "'q'"),
        (ask(&[("limit", "1001")]), "E0000001", "'limit'"),
        (ask(&[("limit", "-1")]), "E0000001", "'limit'"),
        (ask(&[("sortOrder", "UP")]), "E0000001", "'sortOrder'"),
        (ask(&[("after", "nonsense")]), "E0000001", "'after'"),
        (ask(&[("after", "p99999")]), "E0000001", "'after'"),
        (ask(&[("q", "a"), ("q", "b")]), "E0000001", "duplicate field"),
    ];
    for (answer, code, says) in &table {
        assert_eq!((answer.status, &answer.body["errorCode"]), (400, &json!(code)), "{answer:?}");
        assert!(answer.body["errorSummary"].as_str().unwrap().contains(says), "{answer:?}");
        assert!(answer.body["errorId"].is_string() && answer.body["errorCauses"].is_array());
    }
    let sender = create_token(&gateway.config_path(), "sender", &["messages:send"]);
    let refused = |authorization| gateway.raw("GET", "/api/v1/logs", authorization, None, None);
    let authorization = format!("SSWS {sender}");
    let answer = refused(Some(&authorization));
    assert_eq!((answer.status, &answer.body["errorCode"]), (403, &json!("E0000006")));
    let answer = refused(None);
    assert_eq!((answer.status, &answer.body["errorCode"]), (401, &json!("E0000011")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_asks_too_often_is_told_when_to_come_again() {
    let gateway = Gateway::builder().modems(0).prepare().await;
    let config = std::fs::read_to_string(gateway.config_path()).unwrap();
    let config = config.replacen("[http]", "[http]\nlog_requests_per_minute = 3", 1);
    std::fs::write(gateway.config_path(), config).unwrap();
    let mut gateway = gateway;
    gateway.start_daemon();
    let ask = || gateway.request("GET", "/api/v1/logs?limit=1", None);
    // A new minute may begin in between: then it begins to count anew.
    let refused = wait_for(|| Some(ask()).filter(|answer| answer.status == 429)).unwrap();
    assert_eq!(refused.body["errorCode"], "E0000047");
    let header = |name: &str| -> i64 {
        refused.headers.get(name).unwrap().to_str().unwrap().parse().unwrap()
    };
    assert_eq!((header("x-rate-limit-limit"), header("x-rate-limit-remaining")), (3, 0));
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let wait = header("x-rate-limit-reset") - i64::try_from(now).unwrap();
    assert!((-2..=60).contains(&wait), "{wait}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bounded_questions_end_and_polling_goes_on() {
    let gateway = Gateway::builder().modems(0).start().await;
    for user in ["a", "b", "c"] {
        refuse(&gateway, user);
    }
    let all = gateway.sent_events();
    assert_eq!(all.len(), 6);
    let (since, until) = (all[0]["published"].as_str().unwrap(), "2100-01-01T00:00:00Z");
    for order in ["ASCENDING", "DESCENDING"] {
        let filter = ("filter", "outcome.result eq \"DENY\"");
        let mut next = Some(query(&[
            ("since", since),
            ("until", until),
            ("sortOrder", order),
            ("limit", "4"),
            filter,
        ]));
        let mut found = Vec::new();
        while let Some(path) = next {
            let answer = gateway.request("GET", &path, None);
            assert_eq!(answer.link("self"), Some(path));
            found.extend(answer.body.as_array().unwrap().iter().cloned());
            next = answer.link("next");
        }
        if order == "DESCENDING" {
            found.reverse();
        }
        assert_eq!(uuids(&found), uuids(&all), "{order}");
    }
    let filter = ("filter", "target.id eq \"c\" or target.id eq \"d\"");
    let first = gateway.request("GET", &query(&[filter]), None);
    assert_eq!(uuids(first.body.as_array().unwrap()), uuids(&all[4..]));
    let empty = gateway.request("GET", &first.link("next").unwrap(), None);
    assert_eq!(empty.body, json!([]));
    refuse(&gateway, "other");
    refuse(&gateway, "d");
    let later = gateway.request("GET", &empty.link("next").unwrap(), None);
    let users: Vec<_> =
        later.body.as_array().unwrap().iter().map(|it| &it["target"][0]["id"]).collect();
    assert_eq!(users, ["d", "d"], "late ones come on the page after");
    let found = gateway.get("/api/v1/logs?q=OTHER%20status");
    assert_eq!(found.as_array().unwrap().len(), 1, "words in any letters: {found:#}");
    for (nothing, goes_on) in [("limit=0", true), ("limit=0&sortOrder=DESCENDING", false)] {
        let answer = gateway.request("GET", &format!("/api/v1/logs?{nothing}"), None);
        assert_eq!((answer.body.clone(), answer.link("next").is_some()), (json!([]), goes_on));
    }
    let none = gateway.get(&query(&[("since", "2099-01-01T00:00:00Z")]));
    assert_eq!(none, json!([]));
}

/// A small generator of its own: no test depends on what it gives.
fn chance(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

#[tokio::test(flavor = "multi_thread")]
async fn who_polls_sees_every_event_once_in_the_order_of_commits() {
    const WRITERS: u64 = 8;
    const REFUSALS: u64 = 150;
    let gateway = Gateway::builder().modems(0).start().await;
    let began = Instant::now();
    let done = AtomicBool::new(false);
    let (seen, took) = thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let gateway = &gateway;
                scope.spawn(move || (0..REFUSALS).for_each(|_| refuse(gateway, "u")))
            })
            .collect();
        let poller = scope.spawn(|| {
            let (mut seed, mut seen) = (42, Vec::new());
            let mut path = "/api/v1/logs?after=p0".to_owned();
            loop {
                let last = done.load(Ordering::SeqCst);
                let limit = 1 + chance(&mut seed, 60);
                let answer = gateway.request("GET", &format!("{path}&limit={limit}"), None);
                assert_eq!(answer.status, 200, "{answer:?}");
                let page = answer.body.as_array().unwrap();
                seen.extend(uuids(page).into_iter().map(str::to_owned));
                let next = answer.link("next").unwrap();
                path = format!("/api/v1/logs?after={}", next.split("after=").nth(1).unwrap());
                if last && page.is_empty() {
                    return seen;
                }
            }
        });
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        let took = began.elapsed();
        done.store(true, Ordering::SeqCst);
        (poller.join().unwrap(), took)
    });
    let database = Connection::open(gateway.database_path()).unwrap();
    let mut committed = database.prepare("SELECT uuid FROM event ORDER BY seq").unwrap();
    let committed: Vec<String> =
        committed.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(committed.len() >= usize::try_from(2 * WRITERS * REFUSALS).unwrap());
    assert_eq!(seen, committed);
    println_rate(committed.len(), took);
}

#[expect(clippy::print_stdout, reason = "how much the poller had to follow")]
fn println_rate(events: usize, took: Duration) {
    println!("{events} events in {} ms", took.as_millis());
}

/// A stream of events that is read by hand.
struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(gateway: &Gateway, path: &str, last: Option<&str>) -> Self {
        let address = gateway.url().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        let token = &gateway.token;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n{last}\r\n"
        )
        .unwrap();
        Self(BufReader::new(stream))
    }

    /// The id and the data of the next event.
    fn next(&mut self) -> (String, Value) {
        let mut id = String::new();
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).unwrap() > 0, "the stream ended");
            if let Some(it) = line.strip_prefix("id: ") {
                id = it.trim_end().to_owned();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return (id, serde_json::from_str(data).unwrap());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_follows_the_log_and_goes_on_where_it_broke_off() {
    let mut gateway = Gateway::builder().modems(0).start().await;
    refuse(&gateway, "before");
    let mut stream = Stream::open(&gateway, "/api/v1/events", None);
    let mut line = String::new();
    stream.0.read_line(&mut line).unwrap();
    assert!(line.contains("200"), "{line}");
    refuse(&gateway, "first");
    let (id, event) = stream.next();
    assert_eq!(event["target"][0]["id"], "first", "from now on");
    drop(stream);
    refuse(&gateway, "second");
    let mut again = Stream::open(&gateway, "/api/v1/events", Some(&id));
    let users: Vec<_> = (0..3).map(|_| again.next().1["target"][0]["id"].clone()).collect();
    assert_eq!(users, ["first", "second", "second"], "nothing is missed, nothing comes twice");
    let filter = "/api/v1/events?after=0&filter=target.id%20eq%20%22second%22";
    let mut filtered = Stream::open(&gateway, filter, None);
    assert_eq!(filtered.next().1["target"][0]["id"], "second");
    // A token made by another process is told of too, some seconds later.
    create_token(&gateway.config_path(), "later", &["logs:read"]);
    assert_eq!(again.next().1["eventType"], "system.ringpost.token.create");
    for wrong in ["x", "99999"] {
        let headers =
            [("authorization", &*format!("Bearer {}", gateway.token)), ("last-event-id", wrong)];
        assert_eq!(gateway.with_headers("GET", "/api/v1/events", &headers, None).status, 400);
    }
    let began = Instant::now();
    assert!(gateway.stop().success());
    assert!(began.elapsed() < Duration::from_secs(3), "streams end with the daemon");
    let mut rest = String::new();
    assert!(again.0.read_to_string(&mut rest).is_ok(), "they end well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_nobody_reads_holds_nobody_up() {
    let mut gateway = Gateway::builder().modems(0).start().await;
    refuse(&gateway, &"u".repeat(100));
    assert!(gateway.stop().success());
    // Far more than what lies in the buffers of a socket.
    let database = Connection::open(gateway.database_path()).unwrap();
    database.execute_batch("CREATE TEMP TABLE copy AS SELECT * FROM event; BEGIN").unwrap();
    for _ in 0..2500 {
        let copy = "UPDATE copy SET seq = NULL, uuid = hex(randomblob(16));
                    INSERT INTO event SELECT * FROM copy;";
        database.execute_batch(copy).unwrap();
    }
    database.execute_batch("COMMIT").unwrap();
    gateway.start_daemon();
    let open = || Stream::open(&gateway, "/api/v1/events?after=0", None);
    let idle: Vec<_> = (0..8).map(|_| open()).collect();
    let mut read = open();
    for _ in 0..50 {
        refuse(&gateway, "v");
    }
    let all = gateway.system_log("");
    let found: Vec<_> = (0..all.len()).map(|_| read.next().1).collect();
    assert_eq!(uuids(&found), uuids(&all));
    // A reader that stayed open would keep the write-ahead log from being emptied.
    let emptied = || {
        let busy = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        (!busy.unwrap_or(true)).then_some(())
    };
    wait_for(emptied).unwrap();
    drop(idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_everything_and_goes_on_behind_its_last_line() {
    let gateway = Gateway::builder().modems(0).start().await;
    for _ in 0..300 {
        refuse(&gateway, "u");
    }
    let export = |after: &str| {
        let agent: ureq::Agent = ureq::Agent::config_builder().build().into();
        let request = agent.get(format!("{}/api/v1/logs/export{after}", gateway.url()));
        let answer = request.header("authorization", format!("Bearer {}", gateway.token)).call();
        answer.unwrap().body_mut().read_to_string().unwrap()
    };
    let whole = export("");
    let lines: Vec<Value> = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, gateway.system_log(""));
    let middle = uuids(&lines)[399];
    let rest = export(&format!("?after={middle}"));
    assert_eq!(rest.lines().count(), lines.len() - 400);
    assert!(whole.ends_with(&rest));
    let unknown = gateway.request("GET", "/api/v1/logs/export?after=nobody", None);
    assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("not_found")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_tells_of_itself() {
    let mut gateway = Gateway::start().await;
    let config = gateway.config_path();
    let types = |gateway: &Gateway, filter: &str| -> Vec<String> {
        let events = gateway.system_log(filter).into_iter();
        events.map(|event| event["eventType"].as_str().unwrap().to_owned()).collect()
    };
    let of_modem = "target.type eq \"Modem\" and target.id eq \"m1\"";
    let up = || (types(&gateway, of_modem) == ["system.ringpost.modem.up"]).then_some(());
    wait_for(up).unwrap();
    gateway.sim.modem("m1").unplug();
    let down = || gateway.system_log("eventType ew \"modem.down\"").pop();
    let down = wait_for(down).unwrap();
    assert_eq!(down["outcome"]["result"], "FAILURE");
    assert_eq!(down["severity"], "ERROR");
    assert_eq!(down["debugContext"]["debugData"]["reasonDetail"], "no_modem");
    assert_eq!(down["actor"]["type"], "SystemPrincipal");
    assert_eq!(down["transaction"]["type"], "JOB");
    assert!(gateway.stop().success());
    // As if the SIM had been exchanged while the daemon was away.
    let database = Connection::open(gateway.database_path()).unwrap();
    let changed = database.execute("UPDATE modem_sim SET sim = '8988000000000000000'", []).unwrap();
    assert_eq!(changed, 1);
    drop(database);
    gateway.sim.modem("m1").replug().unwrap();
    gateway.start_daemon();
    let change = || gateway.system_log("eventType eq \"system.ringpost.sim.change\"").pop();
    let change = wait_for(change).unwrap();
    assert_eq!(change["target"][0]["id"], "m1");
    let sim = &change["target"][1];
    assert_eq!(
        (&sim["type"], &sim["id"]),
        (&json!("SIM"), &json!(gateway.sim.modem("m1").iccid()))
    );
    assert_eq!(sim["changeDetails"]["from"]["id"], "8988000000000000000");
    let starts = gateway.system_log("eventType eq \"system.ringpost.config.load\"");
    let prints: BTreeSet<_> = starts.iter().map(|it| it["target"][0]["id"].to_string()).collect();
    assert_eq!((starts.len(), prints.len()), (2, 1), "twice with the same configuration");

    let secret = create_token(&config, "short", &["logs:read"]);
    let authorization = format!("Bearer {secret}");
    let ask =
        || gateway.raw("GET", "/api/v1/logs?limit=1", Some(&authorization), None, None).status;
    assert_eq!(ask(), 200);
    let revoke = |name: &str| {
        let mut command = std::process::Command::new(crate::gateway::RINGPOST);
        command.args(["token", "revoke", "--name", name, "--config"]).arg(&config);
        command.output().unwrap().status.code()
    };
    assert_eq!((revoke("short"), revoke("nobody")), (Some(0), Some(1)));
    assert_eq!(ask(), 401);
    let tokens = gateway.system_log("target.type eq \"Token\" and target.displayName eq \"short\"");
    let tokens: Vec<_> = tokens.iter().map(|it| it["eventType"].as_str().unwrap()).collect();
    assert_eq!(tokens, ["system.ringpost.token.create", "system.ringpost.token.revoke"]);
    let log = gateway.system_log("").iter().map(Value::to_string).collect::<String>();
    assert!(!log.contains(&secret), "a secret is nobody's business");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_tells_what_it_took_and_what_it_cost() {
    let gateway = Gateway::builder()
        .config(
            "[rates]\ncurrency = \"EUR\"\n[[rates.card]]\nname = \"p\"\nprices = [\"US 0.0075\"]",
        )
        .modem_config("rates = \"p\"")
        .start()
        .await;
    let body = json!({
        "to": PHONE, "channel": "sms", "purpose": "mfa_verify", "user": "jane",
        "text": "x".repeat(200),
    });
    let id = gateway.send_json(&body);
    gateway.wait_for_state(&id, "delivered");
    let events = gateway.system_log("target.id eq \"jane\"");
    let status = &events[1];
    let data = &status["debugContext"]["debugData"];
    assert_eq!((&data["segments"], &data["cost"]), (&json!(2), &json!(0.015)));
    assert_eq!(data["countryCallingCode"], "1");
    assert_eq!(data["sender"], "m1");
    assert!(data["durationMs"].as_i64() >= data["queueMs"].as_i64());
    assert_eq!(data["transactionCompleted"], status["published"]);
    assert_eq!(status["target"][1]["type"], "Modem");
    assert_eq!(status["request"]["ipChain"][0]["ip"], "127.0.0.1");
    assert_eq!(events[0]["transaction"], status["transaction"]);
    let found = gateway.system_log("debugContext.debugData.cost gt 0.01 and severity eq \"INFO\"");
    assert_eq!(found.len(), 2, "{found:#?}");
}
