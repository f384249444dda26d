//! Okta's telephony hook, driven by an organisation that does what Okta does.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    sync::LazyLock,
    thread,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use ringpost_sim::{Fault, FaultSpec};
use serde_json::{Value, json};

use crate::{
    gateway::{Builder, Gateway, PHONE, wait_for},
    okta_org::{Exchange, HEADER, Org, SECRET, Verdict, event, event_to},
};

/// As long as nobody waits for it in vain, and short enough for a test.
const QUICK: &str = "answer_within_ms = 700";

/// The secret, written once: tests read it while others begin.
static SECRET_FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let name = format!("okta-secret-{}", std::process::id());
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, SECRET).unwrap();
    file
});

/// A gateway that knows the secret of the tests, with these keys of `[okta]`.
pub(crate) fn builder(okta: &str) -> Builder {
    with_config(okta, "")
}

/// The same with more of a configuration.
pub(crate) fn with_config(okta: &str, more: &str) -> Builder {
    with_limits("enabled = false", okta, more)
}

fn with_limits(limits: &str, okta: &str, more: &str) -> Builder {
    let file = &*SECRET_FILE;
    Gateway::builder().config(&format!(
        "[limits]\n{limits}\n[okta]\nheader = {HEADER:?}\nsecret_file = {file:?}\n{okta}\n{more}"
    ))
}

/// What the network was given of an event's text.
fn copies(gateway: &Gateway, id: &str) -> usize {
    let texts = gateway.sim.phone(PHONE).texts();
    texts.iter().filter(|text| text.text.contains(id)).count()
}

fn messages(gateway: &Gateway) -> Vec<Value> {
    gateway.get("/api/v1/messages?limit=200")["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_out_verbatim_and_both_logs_name_its_transaction() {
    let gateway = with_config("", "[log]\nlevel = \"trace\"").start().await;
    let org = Org::of(&gateway);
    let exchange = org.hook(&event("e1"));
    assert_eq!((exchange.status(), org.fallbacks()), ("SUCCESSFUL", 0));
    let value = &exchange.body["commands"][0]["value"][0];
    assert_eq!(value["provider"], "Ringpost");
    assert_eq!(value["transactionId"], exchange.transaction());
    assert!(value["transactionMetadata"].as_str().unwrap().starts_with("Duration="));
    let elapsed = exchange.body["debugContext"]["elapsedMs"].as_u64().unwrap();
    assert!(elapsed < 1700, "when the network took it, not when the time is over: {elapsed} ms");
    let text = gateway.sim.phone(PHONE).wait_for_text(Duration::from_secs(5)).await.unwrap();
    assert_eq!(text.text, "Your code for e1 is 481592");
    let message = gateway.wait_for_state(exchange.message(), "delivered");
    assert_eq!(message["transaction_id"], exchange.transaction());
    assert_eq!((&message["reference"], &message["user"]), (&json!("e1"), &json!("00ue1")));
    assert_eq!((&message["lane"], &message["purpose"]), (&json!("otp"), &json!("mfa_verify")));
    let filter = format!("transaction.id eq {:?}", exchange.transaction());
    let events = gateway.system_log(&filter);
    let kinds: Vec<_> = events.iter().map(|it| it["eventType"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["system.sms.send_factor_verify_message", "system.sms.receive_status"]);
    for event in &events {
        assert_eq!(event["actor"]["id"], "okta-telephony-hook");
        assert_eq!(event["actor"]["displayName"], "Okta telephony hook");
        assert_eq!(event["client"]["ipAddress"], "127.0.0.1");
        assert_eq!(event["client"]["userAgent"]["rawUserAgent"], "Okta-Integrations");
        assert_eq!(
            (&event["target"][0]["id"], &event["target"][0]["type"]),
            (&json!("00ue1"), &json!("User"))
        );
        assert_eq!(event["outcome"]["result"], "SUCCESS");
    }
    let log = gateway.log();
    assert!(!log.contains("481592") && !log.contains(SECRET) && !log.contains(PHONE), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_an_error_for_strangers_and_a_pair_in_the_log() {
    let gateway = builder("")
        .modem_config("roles = [\"sms\"]")
        .policy("purpose.enrollment.channels = [\"voice\"]")
        .start()
        .await;
    let org = Org::of(&gateway);
    let change = |id: &str, pointer: &str, value: Value| {
        let mut event = event(id);
        *event.pointer_mut(pointer).unwrap() = value;
        event
    };
    let phone = "/data/messageProfile/phoneNumber";
    let mut sent = Vec::new();
    for (event, reason) in [
        (
            change("a", "/data/messageProfile/deliveryChannel", json!("Voice")),
            "voice_not_supported",
        ),
        (change("b", phone, json!("+18005551212")), "toll_free"),
        (change("c", phone, json!("112")), "not_a_number"),
        (change("d", phone, json!(9_876_543_210_u64)), "not_a_number"),
        (change("e", phone, json!("AT+CMGS")), "malformed"),
        (
            change("f", "/requestType", json!("com.okta.user.telephony.pre-enrollment")),
            "channel_not_allowed",
        ),
        (change("g", "/data/messageProfile/msgTemplate", json!("x".repeat(2000))), "too_long"),
    ] {
        let exchange = org.hook(&event);
        assert_eq!(exchange.reason(), reason);
        let Verdict::Error(says) = &exchange.verdict else { panic!() };
        assert!(!says.chars().any(|it| it.is_ascii_digit()), "{says}");
        let filter = format!("transaction.id eq {:?}", exchange.transaction());
        let events = gateway.system_log(&filter);
        let outcomes: Vec<_> =
            events.iter().map(|it| it["outcome"]["result"].as_str().unwrap()).collect();
        assert_eq!(outcomes, ["DENY", "DENY"], "{reason}");
        sent.push(exchange);
    }
    let voice = gateway.system_log(&format!("transaction.id eq {:?}", sent[0].transaction()));
    assert_eq!(voice[0]["eventType"], "system.voice.send_mfa_challenge_call");
    assert_eq!((org.fallbacks(), messages(&gateway).len(), gateway.submits()), (7, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_hold_for_the_user_that_okta_names() {
    let gateway = with_limits("user_per_hour = 1", "", "").start().await;
    let org = Org::of(&gateway);
    let same_user = |id: &str, phone: &str| {
        let mut event = event_to(id, phone);
        event["data"]["userProfile"]["userId"] = json!("00uone");
        event
    };
    assert_eq!(org.hook(&same_user("e1", PHONE)).status(), "SUCCESSFUL");
    let second = org.hook(&same_user("e2", "+12065552345"));
    assert_eq!(second.reason(), "rate_limited");
    let Verdict::Error(says) = &second.verdict else { panic!() };
    assert!(says.starts_with("Too many codes"), "{says}");
    assert_eq!(org.hook(&event_to("e3", "+13105552345")).status(), "SUCCESSFUL", "of another user");
    assert_eq!(gateway.submits(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_answered_so_that_okta_sends_it() {
    let gateway = builder("").modems(0).start().await;
    let org = Org::of(&gateway);
    let before = gateway.system_log("").len();
    let mut long = event("long");
    long["data"]["messageProfile"]["msgTemplate"] = json!("481592 ".repeat(10_000));
    let mut push = event("push");
    push["data"]["messageProfile"]["deliveryChannel"] = json!("481592");
    let bodies = [
        "",
        "{",
        "null",
        "[]",
        "{\"eventId\": \"x\"}",
        "481592",
        &long.to_string(),
        &push.to_string(),
    ];
    for body in bodies {
        let exchange = org.hook_with("x", body);
        assert_eq!(exchange.reason(), "invalid_request", "{exchange:?}");
        assert!(!exchange.body.to_string().contains("481592"));
    }
    assert_eq!((org.fallbacks(), messages(&gateway).len()), (bodies.len(), 0));
    assert_eq!(gateway.system_log("").len(), before, "what nobody understood is no event");
    assert!(!gateway.log().contains("481592"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_has_the_secret_is_heard_and_secrets_may_be_exchanged() {
    let gateway = builder("").start().await;
    for headers in [
        &[][..],
        &[(HEADER, "wrong-secret-0123456789")],
        &[("authorization", SECRET)],
        &[(HEADER, "")],
    ] {
        let org = Org::with(&gateway, headers);
        let exchange = org.hook(&event("e"));
        assert_eq!((exchange.reason(), org.fallbacks()), ("unauthorized", 1));
    }
    // Neither is a token of the API a secret of the hook.
    let bearer = format!("Bearer {}", gateway.token);
    let token = Org::with(&gateway, &[("authorization", &bearer)]).hook(&event("e"));
    assert_eq!((token.reason(), messages(&gateway).len()), ("unauthorized", 0));
    assert_eq!(Org::of(&gateway).hook(&event("e")).status(), "SUCCESSFUL");
    assert!(!gateway.log().contains("wrong-secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_and_signed_tokens_open_too_and_are_one_caller_with_the_header() {
    let dir = tempfile::tempdir().unwrap();
    let (basic, keys) = (dir.path().join("basic"), dir.path().join("jwks"));
    std::fs::write(&basic, "okta:a-password-of-the-tests\n").unwrap();
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": encode(&point[1..33]), "y": encode(&point[33..])});
    std::fs::write(&keys, json!({"keys": [jwk]}).to_string()).unwrap();
    let gateway = builder(&format!(
        "basic_file = {basic:?}\n[okta.jwt]\nissuer = \"https://example.okta.com\"\naudience = \"api://sms\"\n\
         keys = {keys:?}\nalgorithm = \"ES256\"",
    ))
    .start()
    .await;
    let token = |audience: &str| {
        let claims = json!({"iss": "https://example.okta.com", "aud": audience, "exp": 4_000_000_000_u64, "cid": "0oa7"});
        let header = json!({"alg": "ES256", "kid": "k"});
        let message = format!(
            "{}.{}",
            encode(header.to_string().as_bytes()),
            encode(claims.to_string().as_bytes())
        );
        let signed = pair.sign(&random, message.as_bytes()).unwrap();
        format!("Bearer {message}.{}", encode(signed.as_ref()))
    };
    let first = Org::of(&gateway).hook(&event("e1"));
    let secret = base64::engine::general_purpose::STANDARD.encode("okta:a-password-of-the-tests");
    for (authorization, name) in [(format!("Basic {secret}"), "okta"), (token("api://sms"), "0oa7")]
    {
        let org = Org::with(&gateway, &[("authorization", &authorization)]);
        let exchange = org.hook(&event(name));
        assert_eq!(exchange.status(), "SUCCESSFUL");
        let events = gateway.system_log(&format!("transaction.id eq {:?}", exchange.transaction()));
        assert_eq!(events[0]["actor"]["displayName"], name);
        // Okta was given other credentials meanwhile, and somebody plays the first event again.
        assert_eq!(org.hook(&event("e1")).transaction(), first.transaction());
    }
    for authorization in [token("api://other"), format!("Basic {secret}x"), "Bearer a.b.c".into()] {
        let org = Org::with(&gateway, &[("authorization", &authorization)]);
        assert_eq!(org.hook(&event("e9")).reason(), "unauthorized");
    }
    assert_eq!(gateway.submits(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_secret_there_is_no_hook() {
    let gateway = Gateway::builder().modems(0).start().await;
    let exchange = Org::of(&gateway).hook(&event("e"));
    assert_eq!(exchange.verdict, Verdict::Skipped("status 404".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_network_is_pending_in_time_and_its_late_answer_is_in_the_log() {
    let gateway = builder(QUICK).latency(Duration::from_millis(1500)).start().await;
    let org = Org::of(&gateway);
    let exchange = org.hook(&event("e1"));
    assert_eq!((exchange.status(), org.fallbacks()), ("PENDING", 0));
    assert!(exchange.took < Duration::from_secs(3), "{exchange:?}");
    assert_eq!(exchange.body["debugContext"]["state"], "sending");
    let message = gateway.wait_for_state(exchange.message(), "delivered");
    let events =
        ["system.sms.send_factor_verify_message SUCCESS", "system.sms.receive_status SUCCESS"];
    assert_eq!(gateway.events(&message), events);
    assert_eq!(org.hook(&event("e1")).status(), "SUCCESSFUL", "as it is by now");
    assert_eq!((copies(&gateway, "e1"), org.fallbacks()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_registered_modem_okta_sends_and_this_box_never_does() {
    let gateway = builder(QUICK).start().await;
    gateway.sim.modem("m1").fault(Fault::NotRegistered);
    let told = wait_for(|| (gateway.modem("m1")["state"] != "ready").then_some(()));
    assert!(told.is_some());
    let org = Org::of(&gateway);
    let exchange = org.hook(&event("e1"));
    assert_eq!((exchange.reason(), org.fallbacks()), ("no_modem", 1));
    let message = gateway.message(exchange.message());
    assert_eq!(message["state"], "cancelled");
    let abandoned =
        ["system.sms.send_factor_verify_message ABANDONED", "system.sms.receive_status ABANDONED"];
    assert_eq!(gateway.events(&message), abandoned);
    gateway.sim.modem("m1").clear_faults();
    gateway.wait_for_modem("m1", "ready");
    assert_eq!(org.hook(&event("e2")).status(), "SUCCESSFUL");
    assert_eq!(org.hook(&event("e1")).reason(), "cancelled", "a replay changes nothing");
    assert_eq!((copies(&gateway, "e1"), copies(&gateway, "e2")), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_that_may_not_send_codes_counts_as_none() {
    let gateway = builder(QUICK).modem_config("lanes = [\"bulk\"]").start().await;
    let org = Org::of(&gateway);
    assert_eq!(org.hook(&event("e1")).reason(), "no_modem");
    assert_eq!((org.fallbacks(), gateway.submits()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sim_without_a_budget_counts_as_no_modem_and_one_with_a_pace_is_waited_for() {
    for (budget, second) in [("max_per_day = 1", "no_modem"), ("max_per_minute = 1", "")] {
        let gateway = builder(QUICK).modem_config(budget).start().await;
        let org = Org::of(&gateway);
        assert_eq!(org.hook(&event("e1")).status(), "SUCCESSFUL");
        let exchange = org.hook(&event("e2"));
        if second.is_empty() {
            assert_eq!((exchange.status(), org.fallbacks()), ("PENDING", 0), "{exchange:?}");
        } else {
            assert_eq!((exchange.reason(), org.fallbacks()), (second, 1), "{exchange:?}");
        }
        assert_eq!(gateway.submits(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_the_network_is_an_error_as_nothing_went_out() {
    let gateway = builder("").start().await;
    gateway.sim.modem("m1").fault(Fault::NetworkRefuseSubmit.times(1).code(1));
    let org = Org::of(&gateway);
    let exchange = org.hook(&event("e1"));
    assert_eq!((exchange.reason(), org.fallbacks(), copies(&gateway, "e1")), ("unassigned", 1, 0));
    assert_eq!(gateway.message(exchange.message())["state"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_pending_whatever_comes_of_it() {
    let gateway = with_config(QUICK, "[outbox]\nsettle_seconds = 2").start().await;
    gateway.sim.modem("m1").fault(Fault::DropFinal.times(1));
    gateway.sim.network().set_reports(false);
    let org = Org::of(&gateway);
    let exchange = org.hook(&event("e1"));
    assert_eq!((exchange.status(), org.fallbacks()), ("PENDING", 0));
    gateway.wait_for_state(exchange.message(), "unknown");
    assert_eq!(org.hook(&event("e1")).status(), "PENDING", "nobody can say that nothing was sent");
    assert_eq!(copies(&gateway, "e1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_is_dead_already_is_not_sent() {
    let gateway = builder("").start().await;
    let mut dead = event("e1");
    dead["data"]["messageProfile"]["otpExpires"] = dead["eventTime"].clone();
    let org = Org::of(&gateway);
    assert_eq!(org.hook(&dead).reason(), "expired_in_queue");
    assert_eq!((org.fallbacks(), gateway.submits()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_is_answered_with_the_message_whatever_it_holds_and_whenever_it_comes() {
    let mut gateway = builder("").start().await;
    let org = Org::of(&gateway);
    let exchanges: Vec<Exchange> = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| org.hook(&event("e1")))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let first = exchanges[0].transaction();
    assert!(exchanges.iter().all(|it| it.transaction() == first), "{exchanges:?}");
    let mut other = event_to("e1", "+14155552346");
    other["data"]["messageProfile"]["deliveryChannel"] = json!("voice");
    assert_eq!(org.hook(&other).transaction(), first);
    gateway.wait_for_state(exchanges[0].message(), "delivered");
    gateway.kill();
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    let again = Org::of(&gateway).hook(&other);
    assert_eq!((again.status(), again.transaction()), ("SUCCESSFUL", first));
    assert_eq!((gateway.submits(), messages(&gateway).len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_stays_refused_when_it_comes_again() {
    let gateway = builder("").start().await;
    let org = Org::of(&gateway);
    let blocked = json!({"number": PHONE});
    let entry = gateway.request("POST", "/api/v1/blocklist", Some(&blocked)).body;
    let refused = org.hook(&event("e1"));
    assert_eq!(refused.reason(), "blocklist");
    let path = format!("/api/v1/blocklist/{}", entry["id"].as_str().unwrap());
    assert_eq!(gateway.request("DELETE", &path, None).status, 204);
    let again = org.hook(&event("e1"));
    assert_eq!((again.reason(), again.transaction()), ("blocklist", refused.transaction()));
    assert_eq!(org.hook(&event("e2")).status(), "SUCCESSFUL");
    assert_eq!((copies(&gateway, "e1"), copies(&gateway, "e2")), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let gateway = builder("answer_within_ms = 500").modems(0).start().await;
    let address = gateway.url().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = "POST /hooks/okta/telephony HTTP/1.1\r\nHost: x\r\nContent-Length: 900";
    write!(stream, "{head}\r\n{HEADER}: {SECRET}\r\nConnection: close\r\n\r\n{{\"eventId\"")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("its body did not come in time"), "{answer}");
}

/// A hook that waits in another thread while the test breaks something.
fn in_another_thread(org: Org, id: &'static str) -> thread::JoinHandle<(Org, Exchange)> {
    thread::spawn(move || {
        let exchange = org.hook(&event(id));
        (org, exchange)
    })
}

fn wait_for_message(gateway: &Gateway, state: &str) -> Value {
    let found = wait_for(|| messages(gateway).into_iter().find(|it| it["state"] == state));
    found.unwrap_or_else(|| panic!("no message is {state}: {:?}", messages(gateway)))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_gives_up_before_the_answer_is_not_sent_a_second_code() {
    let gateway = builder("").start().await;
    gateway.sim.modem("m1").fault(Fault::NotRegistered);
    assert!(wait_for(|| (gateway.modem("m1")["state"] != "ready").then_some(())).is_some());
    // Farther away than this box can know: Okta's three seconds are over after half a one.
    let org = Org::of(&gateway).waiting(Duration::from_millis(500));
    assert!(matches!(org.hook(&event("e1")).verdict, Verdict::Skipped(_)));
    wait_for_message(&gateway, "cancelled");
    gateway.sim.modem("m1").clear_faults();
    gateway.wait_for_modem("m1", "ready");
    assert_eq!(Org::of(&gateway).hook(&event("e2")).status(), "SUCCESSFUL");
    assert_eq!((copies(&gateway, "e1"), org.fallbacks()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_the_answer_leaves_the_code_to_okta() {
    let mut gateway = builder("").start().await;
    gateway.sim.modem("m1").fault(Fault::NotRegistered);
    assert!(wait_for(|| (gateway.modem("m1")["state"] != "ready").then_some(())).is_some());
    let waits = in_another_thread(Org::of(&gateway), "e1");
    wait_for_message(&gateway, "queued");
    gateway.kill();
    let (org, exchange) = waits.join().unwrap();
    assert!(matches!(exchange.verdict, Verdict::Skipped(_)), "{exchange:?}");
    gateway.sim.modem("m1").clear_faults();
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    wait_for_message(&gateway, "cancelled");
    assert_eq!((copies(&gateway, "e1"), org.fallbacks()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_on_the_air_sends_no_second_copy_beside_oktas() {
    let quick = "[outbox]\nresend_after_seconds = 1\nsettle_seconds = 4";
    let mut gateway =
        with_config("", quick).modems(2).latency(Duration::from_secs(2)).start().await;
    gateway.sim.network().set_reports(false);
    for modem in gateway.sim.modems() {
        modem.fault(Fault::DropFinal.times(1));
    }
    let waits = in_another_thread(Org::of(&gateway), "e1");
    wait_for_message(&gateway, "sending");
    gateway.kill();
    let (org, exchange) = waits.join().unwrap();
    assert!(matches!(exchange.verdict, Verdict::Skipped(_)), "{exchange:?}");
    gateway.start_daemon();
    wait_for_message(&gateway, "unknown");
    assert!(copies(&gateway, "e1") <= 1, "what was on the air could not be called back");
    assert_eq!(org.fallbacks(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_okta_was_told_is_pending_is_sent_after_a_crash_and_a_stop() {
    for kill in [true, false] {
        let mut gateway = builder(QUICK).modems(2).start().await;
        // One stays registered, so that the code is not given back; neither answers.
        for modem in gateway.sim.modems() {
            modem.fault(Fault::CmsError.times(1000).code(331));
        }
        let org = Org::of(&gateway);
        let exchange = org.hook(&event("e1"));
        assert_eq!((exchange.status(), org.fallbacks()), ("PENDING", 0));
        if kill {
            gateway.kill();
        } else {
            assert!(gateway.stop().success());
        }
        for modem in gateway.sim.modems() {
            modem.clear_faults();
        }
        gateway.start_daemon();
        gateway.wait_for_state(exchange.message(), "delivered");
        assert_eq!((copies(&gateway, "e1"), org.fallbacks()), (1, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_answers_who_waits_and_sends_it_after_the_start() {
    let mut gateway = builder("").start().await;
    gateway.sim.modem("m1").fault(FaultSpec::from(Fault::LatePrompt).delay_ms(1500));
    let busy = gateway.send("bulk");
    gateway.wait_for_state(&busy, "sending");
    let waits = in_another_thread(Org::of(&gateway), "e1");
    wait_for_message(&gateway, "queued");
    assert!(gateway.stop().success());
    let (org, exchange) = waits.join().unwrap();
    assert_eq!((exchange.status(), org.fallbacks()), ("PENDING", 0));
    gateway.sim.modem("m1").clear_faults();
    gateway.start_daemon();
    gateway.wait_for_state(exchange.message(), "delivered");
    assert_eq!(copies(&gateway, "e1"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_hooks_at_once_are_all_answered_in_time_and_honestly() {
    const HOOKS: usize = 100;
    let gateway = builder("").modems(4).latency(Duration::from_millis(200)).start().await;
    let org = Org::of(&gateway);
    let phone = |index: usize| format!("+1415555{:04}", 2000 + index);
    let exchanges: Vec<Exchange> = thread::scope(|scope| {
        let org = &org;
        let one = |index: usize| {
            scope.spawn(move || org.hook(&event_to(&format!("e{index}"), &phone(index))))
        };
        let all: Vec<_> = (0..HOOKS).map(one).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(org.fallbacks(), 0, "all were answered before Okta gives up");
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for exchange in &exchanges {
        *statuses.entry(exchange.status()).or_default() += 1;
    }
    let slowest = exchanges.iter().map(|it| it.took).max().unwrap();
    println!("{statuses:?}, the slowest took {slowest:?}");
    assert!(statuses["SUCCESSFUL"] > 4, "{statuses:?}");
    for exchange in &exchanges {
        let message = gateway.wait_for_state(exchange.message(), "delivered");
        if exchange.status() == "SUCCESSFUL" {
            assert!(
                ["sent", "delivered"]
                    .contains(&exchange.body["debugContext"]["state"].as_str().unwrap())
            );
        }
        assert_eq!(message["segments"].as_array().unwrap().len(), 1, "once");
    }
    assert_eq!(gateway.submits(), HOOKS);
    // Once all were there: of two codes on one modem, the one that came first went first.
    let mut accepted = messages(&gateway);
    accepted.reverse();
    let came = accepted.iter().zip(0_usize..).map(|(it, place)| {
        let word = |name: &str| it[name].as_str().unwrap().to_owned();
        (word("to"), (word("created_at"), place))
    });
    let came: BTreeMap<_, _> = came.collect();
    let mut last: BTreeMap<String, &(String, usize)> = BTreeMap::new();
    for submit in gateway.sim.network().submits().into_iter().skip(HOOKS / 2) {
        let this = &came[&submit.recipient];
        let before = last.insert(submit.modem.clone(), this);
        assert!(before < Some(this), "{}: {this:?} after {before:?}", submit.modem);
    }
    assert_eq!(last.len(), 4, "all modems took part");
}
