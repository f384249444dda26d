//! Calls: from the request to what was heard at the phone, and what the log and the report say of them.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{Read as _, Write as _},
    os::unix::fs::symlink,
    path::Path,
    time::{Duration, Instant},
};

use ringpost_sim::{CallRecord, Does, Family, Fault, FaultSpec, OnCall, Side, TranscriptLine};
use serde_json::{Value, json};

use crate::{
    gateway::{Builder, Gateway, PHONE, RINGPOST, wait_for},
    okta_hook,
    okta_org::{Org, Verdict, event},
    usage::assert_recounted,
};

/// Longer than a call takes with all that is said in it, on a loaded machine.
const CALL: Duration = Duration::from_secs(100);

/// Short pauses, so that a code is heard soon.
pub(crate) const BRISK: &str = "[voice]\nengines = [\"espeak-ng\"]\nspeed_percent = 150\nreadings = 1\ngap_ms = 100\n\
                     slow_gap_ms = 100\ngroup_gap_ms = 100";

/// A phone for each story of a test.
fn phone(story: usize) -> String {
    format!("+1415555{:04}", 2600 + story)
}

/// A gateway with so many modems that are heard through a port of samples.
fn speaking(modems: usize) -> Builder {
    Gateway::builder().modems(modems).family(Family::Sim7600).audible().config(BRISK)
}

fn call(to: &str, changes: Value) -> Value {
    let mut body = json!({
        "to": to, "channel": "voice", "purpose": "mfa_verify", "code": "481592", "locale": "en",
    });
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

/// Waits for something as long as a call takes.
fn patiently<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + CALL;
    loop {
        match wait_for(&mut look) {
            Some(seen) => return seen,
            None => assert!(Instant::now() < until, "it never came"),
        }
    }
}

/// Waits until a message has come to its end.
pub(crate) fn ended(gateway: &Gateway, id: &str) -> Value {
    patiently(|| Some(gateway.message(id)).filter(|it| !it["ended_at"].is_null()))
}

/// The one message that goes out in the place of another.
fn fallback_of(gateway: &Gateway, id: &str) -> Value {
    let messages = gateway.get("/api/v1/messages?limit=200");
    let mut all = messages["items"].as_array().unwrap().iter().filter(|it| it["fallback_of"] == id);
    let one = all.next().unwrap_or_else(|| panic!("none in {messages:#}"));
    assert!(all.next().is_none(), "{messages:#}");
    one.clone()
}

fn calls(gateway: &Gateway, number: &str) -> Vec<CallRecord> {
    gateway.sim.phone(number).calls()
}

/// How much of a call was not silence, in seconds.
fn speech(gateway: &Gateway, call: &CallRecord) -> f64 {
    let heard = gateway.sim.network().heard(call.id);
    let frames = heard.chunks(160);
    let loud = frames.filter(|frame| frame.iter().any(|sample| sample.unsigned_abs() > 500));
    f64::from(u32::try_from(loud.count()).unwrap()) * 0.02
}

/// What was said in a call, piece by piece: whatever stands between two silences.
fn pieces(gateway: &Gateway, call: &CallRecord) -> BTreeSet<Vec<i16>> {
    /// Shorter silences belong to a word.
    const SILENCE: usize = 400;
    let heard = gateway.sim.network().heard(call.id);
    let mut pieces = BTreeSet::new();
    let (mut piece, mut silent) = (Vec::new(), 0);
    for sample in heard {
        silent = if sample == 0 { silent + 1 } else { 0 };
        if sample != 0 || !piece.is_empty() {
            piece.push(sample);
        }
        if silent == SILENCE && !piece.is_empty() {
            piece.truncate(piece.len() - SILENCE);
            pieces.insert(std::mem::take(&mut piece));
        }
    }
    pieces.insert(piece);
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_a_call_is_told_apart() {
    let config = format!(
        "{BRISK}\n[rates]\n[[rates.card]]\nname = \"p\"\nprices = [\"* 0.01\"]\ncalls = [\"* 0.05\"]\n\
         [log]\nlevel = \"trace\""
    );
    let gateway = speaking(7).config(&config).modem_config("rates = \"p\"").start().await;
    let soon = Duration::from_millis(300);
    let answer = OnCall::answer_after(soon);
    let stories = [
        (answer.clone(), json!({}), "delivered", Value::Null),
        (answer.clone().hang_up_after(2 * soon), json!({}), "undelivered", json!("hung_up")),
        (OnCall::decline_after(soon), json!({}), "failed", json!("by_recipient")),
        (OnCall::new(Does::Unassigned), json!({}), "failed", json!("unassigned")),
        (
            OnCall::voicemail_after(soon, soon),
            json!({"confirm": true}),
            "undelivered",
            json!("not_confirmed"),
        ),
        (
            answer.clone().press_when_silent('1', Duration::from_secs(1), Duration::from_secs(1)),
            json!({"confirm": true}),
            "delivered",
            Value::Null,
        ),
        (answer, json!({"code": "111111"}), "delivered", Value::Null),
    ];
    let place = |(story, (on_call, changes, ..)): (usize, &(OnCall, Value, &str, Value))| {
        gateway.sim.phone(&phone(story)).on_call(on_call.clone());
        gateway.send_json(&call(&phone(story), changes.clone()))
    };
    let placed: Vec<_> = stories.iter().enumerate().map(place).collect();
    let mut talked = Vec::new();
    for (story, ((_, _, state, detail), id)) in stories.iter().zip(&placed).enumerate() {
        let message = ended(&gateway, id);
        assert_eq!(message["state"], *state, "{story}: {message:#}\n{}", gateway.log());
        assert_eq!(message["reason"]["detail"], *detail, "{story}: {message:#}");
        let seen = calls(&gateway, &phone(story));
        assert_eq!(seen.len(), 1, "{story}: {seen:?}");
        let outcome = |kind: &str, result: &str| format!("system.voice.{kind} {result}");
        let taken = if *state == "failed" { "FAILURE" } else { "SUCCESS" };
        let got = if *state == "delivered" { "SUCCESS" } else { "FAILURE" };
        assert_eq!(
            gateway.events(&message),
            [outcome("send_mfa_challenge_call", taken), outcome("receive_status", got)],
            "{story}"
        );
        let talk = message["call"]["talk_seconds"].as_f64().unwrap();
        assert_eq!(talk > 0.0, *state != "failed", "{story}: {message:#}");
        talked.push(talk);
    }
    let heard = |story: usize| speech(&gateway, &calls(&gateway, &phone(story))[0]);
    let ended_by = |story: usize| calls(&gateway, &phone(story))[0].ended_by;
    assert!(heard(0) > 2.0, "greeting, code and goodbye: {} s", heard(0));
    assert_eq!((ended_by(0), ended_by(1)), (Some(Side::Modem), Some(Side::Phone)));
    assert!(heard(2) + heard(3) == 0.0, "nothing is said to nobody");
    assert!(heard(4) > 1.0 && ended_by(4) == Some(Side::Modem), "{} s", heard(4));
    // What is heard in a call with another code is not of this code, but for the 1 that both have.
    let said = |story: usize| pieces(&gateway, &calls(&gateway, &phone(story))[0]);
    let (asked, voicemail) = (said(5), said(4));
    let code: BTreeSet<_> = said(0).difference(&said(6)).cloned().collect();
    assert!(code.len() >= 5, "{} pieces of 4, 8, 5, 9 and 2", code.len());
    assert!(code.is_subset(&asked), "who confirmed has heard all of it");
    assert!(code.is_disjoint(&voicemail), "and the voicemail nothing");
    assert!(voicemail.iter().any(|it| asked.contains(it)), "both were asked for the key");
    // The times are those that the network saw.
    let record = &calls(&gateway, &phone(0))[0];
    let saw = Duration::from_millis(record.ended_ms.unwrap() - record.answered_ms.unwrap());
    assert!((saw.as_secs_f64() - talked[0]).abs() < 2.0, "{saw:?}, and told {}", talked[0]);

    let status = "eventType eq \"system.voice.receive_status\" and outcome.result eq \"SUCCESS\"";
    for event in gateway.system_log(status) {
        let data = &event["debugContext"]["debugData"];
        assert_eq!((&data["channel"], &data["countryCodeIso2"]), (&json!("voice"), &json!("US")));
        assert!(data["talkMs"].as_u64().unwrap() > 2000 && data["ringMs"].is_u64(), "{data:#}");
    }
    let rows = gateway.get("/api/v1/reports/usage")["rows"].clone();
    let row = &rows[0];
    assert_eq!(
        (&row["channel"], &row["messages"], &row["delivered"]),
        (&json!("voice"), &json!(7), &json!(3))
    );
    let minutes: f64 = talked.iter().sum::<f64>() / 60.0;
    assert!((row["minutes"].as_f64().unwrap() - minutes).abs() < 0.02, "{row:#}, {minutes}");
    assert_recounted(&gateway);
    // A minute each that was begun, and none that was not answered.
    let begun: f64 = talked.iter().map(|talk| (talk / 60.0).ceil()).sum();
    assert_eq!(row["cost"], json!(begun * 0.05), "{row:#}");

    let log = gateway.log();
    let coded = log.lines().find(|line| line.contains("481592") || line.contains("4155552600"));
    assert_eq!(coded, None);
    for folder in [gateway.dir.path().to_owned(), gateway.dir.path().join("clips")] {
        for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let octets = std::fs::read(file.path()).unwrap_or_default();
            assert!(!octets.windows(6).any(|it| it == b"481592"), "{file:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_channel_stands_in_for_the_other() {
    let gateway = speaking(1).start().await;
    let [declines, deaf, fine] = [phone(0), phone(1), phone(2)];
    gateway.sim.phone(&declines).on_call(OnCall::decline_after(Duration::ZERO));
    let called = gateway.send_json(&call(&declines, json!({"fallback": "sms"})));
    let first = ended(&gateway, &called);
    assert_eq!((&first["state"], &first["fallback"]), (&json!("failed"), &json!("sms")));
    let second = fallback_of(&gateway, &called);
    let id = second["id"].as_str().unwrap();
    let second = gateway.wait_for_state(id, "delivered");
    assert_ne!(second["transaction_id"], first["transaction_id"]);
    let texts = gateway.sim.phone(&declines).texts();
    assert!(texts.len() == 1 && texts[0].text.contains("481592"), "{texts:?}");

    gateway.sim.modem("m1").fault(Fault::NetworkRefuseSubmit.times(1).code(1));
    let texted = gateway.send_json(&call(&deaf, json!({"channel": "sms", "fallback": "voice"})));
    assert_eq!(ended(&gateway, &texted)["state"], "failed");
    let second = fallback_of(&gateway, &texted);
    assert_eq!(ended(&gateway, second["id"].as_str().unwrap())["state"], "delivered");
    assert_eq!(calls(&gateway, &deaf).len(), 1);

    // What arrived needs no other way.
    let texted = gateway.send_json(&call(&fine, json!({"channel": "sms", "fallback": "voice"})));
    assert_eq!(ended(&gateway, &texted)["state"], "delivered");
    assert_eq!(calls(&gateway, &fine).len(), 0);
    let kept = gateway.get("/api/v1/messages?limit=200")["items"].as_array().unwrap().len();
    assert_eq!(kept, 5, "and no sixth");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_takes_the_only_line_from_a_call_that_is_none_and_texts_wait_for_codes() {
    let gateway = speaking(1).start().await;
    let [bulk, urgent, caller, other] = [phone(0), phone(1), phone(2), phone(3)];
    let announcement = "The gate in the north is closed. ".repeat(12);
    let alert = gateway.send_json(&json!({
        "to": bulk, "channel": "voice", "text": announcement, "lane": "bulk", "locale": "en",
    }));
    gateway.wait_for_state(&alert, "sent");
    let code = gateway.send_json(&call(&urgent, json!({"channel": "sms"})));
    gateway.wait_for_state(&code, "delivered");
    let record = &calls(&gateway, &bulk)[0];
    assert_eq!(record.ended_by, Some(Side::Modem));

    // A code that is being read is not cut off; the text goes right after.
    let spoken = gateway.send_json(&call(&caller, json!({})));
    gateway.wait_for_state(&spoken, "sent");
    let text = gateway.send_json(&call(&other, json!({"channel": "sms"})));
    assert_eq!(ended(&gateway, &spoken)["state"], "delivered");
    assert_eq!(ended(&gateway, &text)["state"], "delivered");
    let ended_at = |id: &str| gateway.message(id)["ended_at"].as_str().unwrap().to_owned();
    let text = gateway.message(&text);
    assert!(*ended_at(&spoken) < *text["sent_at"].as_str().unwrap());

    // Whoever was cut off is called again, and hears it all.
    let alert = ended(&gateway, &alert);
    assert_eq!(alert["state"], "delivered", "{alert:#}");
    assert!(calls(&gateway, &bulk).len() > 1);
    assert_eq!(gateway.events(&alert).len(), 2, "told once");
}

/// An engine that takes its time for long texts, as on a small board.
const SLOW: &str = "[[voice.engine]]\nname = \"slow\"\nvoices = [\"en en\"]\ncommand = [\"sh\", \"-c\", \
    'words=$(cat); [ ${#words} -gt 90 ] && sleep 50; printf %s \"$words\" | espeak-ng --stdout']";

#[tokio::test(flavor = "multi_thread")]
async fn a_code_waits_for_no_call_whose_words_are_still_being_made() {
    let config = format!("{}\n{SLOW}", BRISK.replace("espeak-ng", "slow"));
    let gateway = speaking(1).config(&config).start().await;
    let alert = gateway.send_json(&json!({
        "to": phone(0), "channel": "voice", "text": "The gate is closed. ".repeat(9), "lane": "bulk",
        "locale": "en",
    }));
    gateway.wait_for_state(&alert, "sending");
    let code = gateway.send_json(&call(&phone(1), json!({"channel": "sms"})));
    gateway.wait_for_state(&code, "delivered");
    assert_eq!(calls(&gateway, &phone(0)).len(), 0, "no phone rings for nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_rings_for_long_is_called_once() {
    let config = format!("{BRISK}\n[outbox]\nresend_after_seconds = 1");
    let gateway = speaking(2).config(&config).start().await;
    gateway.sim.phone(PHONE).on_call(OnCall::answer_after(Duration::from_secs(5)));
    let id = gateway.send_json(&call(PHONE, json!({})));
    assert_eq!(ended(&gateway, &id)["state"], "delivered");
    assert_eq!(calls(&gateway, PHONE).len(), 1);
    assert_eq!(gateway.system_log("eventType eq \"system.ringpost.resend\"").len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_in_a_long_call_leaves_no_line_open_and_the_next_start_calls_again() {
    let mut gateway = speaking(1).start().await;
    let id = gateway.send_json(&json!({
        "to": PHONE, "channel": "voice", "text": "The gate in the north is closed. ".repeat(20),
        "locale": "en",
    }));
    gateway.wait_for_state(&id, "sent");
    assert!(gateway.stop().success());
    assert_eq!(calls(&gateway, PHONE)[0].ended_by, Some(Side::Modem));
    gateway.start_daemon();
    let message = ended(&gateway, &id);
    assert_eq!(message["state"], "delivered", "{message:#}");
    assert_eq!(calls(&gateway, PHONE).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_in_a_call_leaves_no_phone_talking_and_no_second_call() {
    let mut gateway = speaking(1).start().await;
    let id = gateway.send_json(&call(PHONE, json!({"fallback": "sms"})));
    gateway.wait_for_state(&id, "sent");
    gateway.kill();
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    let message = ended(&gateway, &id);
    assert_eq!(message["state"], "undelivered", "{message:#}");
    let text = fallback_of(&gateway, &id);
    gateway.wait_for_state(text["id"].as_str().unwrap(), "delivered");
    let seen = calls(&gateway, PHONE);
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert_eq!(seen[0].ended_by, Some(Side::Modem));
    let kinds = gateway.events(&message);
    assert_eq!(kinds.len(), 2, "{kinds:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn okta_has_its_codes_read_out() {
    let config = format!("{BRISK}\nlocales = [\"en\", \"de\"]");
    let gateway =
        okta_hook::with_config("", &config).family(Family::Sim7600).audible().start().await;
    patiently(|| gateway.log().contains("2 languages are ready").then_some(()));
    let org = Org::of(&gateway);
    let voice = |id: &str, locale: &str| {
        let mut event = event(id);
        event["data"]["messageProfile"]["deliveryChannel"] = json!("Voice");
        event["data"]["messageProfile"]["locale"] = json!(locale);
        event
    };
    gateway.sim.phone(PHONE).on_call(OnCall::answer_after(Duration::from_millis(200)));
    let exchange = org.hook(&voice("v1", "DE"));
    assert_eq!((exchange.status(), org.fallbacks()), ("SUCCESSFUL", 0), "{exchange:?}");
    let message = ended(&gateway, exchange.message());
    let is = |name: &str| message[name].as_str().unwrap();
    assert_eq!((is("channel"), is("state"), is("locale")), ("voice", "delivered", "de"));
    assert_eq!(
        gateway.events(&message),
        ["system.voice.send_mfa_challenge_call SUCCESS", "system.voice.receive_status SUCCESS"]
    );
    // Who lets it ring has Okta wait no longer than for a text.
    let rings = OnCall::answer_after(Duration::from_secs(4));
    gateway.sim.phone(PHONE).on_call(rings);
    let exchange = org.hook(&voice("v2", "en_US"));
    assert_eq!((exchange.status(), org.fallbacks()), ("PENDING", 0), "{exchange:?}");
    assert_eq!(ended(&gateway, exchange.message())["state"], "delivered");
    let replayed = org.hook(&voice("v2", "en_US"));
    assert_eq!(replayed.message(), exchange.message());
    assert_eq!(calls(&gateway, PHONE).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_stops_ringing_once_okta_sends_the_code_itself() {
    let config = format!("{BRISK}\nlocales = [\"en\"]");
    let gateway = okta_hook::with_config("answer_within_ms = 2500", &config);
    let gateway = gateway.family(Family::Sim7600).audible().start().await;
    wait_for(|| gateway.log().contains("languages are ready").then_some(())).unwrap();
    gateway.sim.phone(PHONE).on_call(OnCall::answer_after(Duration::from_secs(20)));
    // Farther away than this box can know.
    let org = Org::of(&gateway).waiting(Duration::from_secs(2));
    let mut event = event("v1");
    event["data"]["messageProfile"]["deliveryChannel"] = json!("voice call");
    assert!(matches!(org.hook(&event).verdict, Verdict::Skipped(_)));
    let id = gateway.get("/api/v1/messages")["items"][0]["id"].as_str().unwrap().to_owned();
    let message = ended(&gateway, &id);
    assert_eq!(message["state"], "cancelled", "{message:#}");
    assert_eq!(
        gateway.events(&message),
        ["system.voice.send_mfa_challenge_call ABANDONED", "system.voice.receive_status ABANDONED"]
    );
    // On a loaded machine it may not even have begun to ring.
    let seen = calls(&gateway, PHONE);
    assert!(seen.len() <= 1 && seen.iter().all(|it| it.answered_ms.is_none()), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_modem_can_call_okta_does_and_this_box_never() {
    let gateway = okta_hook::with_config("answer_within_ms = 700", BRISK);
    let gateway = gateway.family(Family::Sim7600).audible().start().await;
    let modem = gateway.sim.modem("m1");
    modem.fault(Fault::NotRegistered);
    assert!(wait_for(|| (gateway.modem("m1")["state"] != "ready").then_some(())).is_some());
    let org = Org::of(&gateway);
    let mut event = event("v1");
    event["data"]["messageProfile"]["deliveryChannel"] = json!("CALL");
    let exchange = org.hook(&event);
    assert_eq!((exchange.reason(), org.fallbacks()), ("no_modem", 1), "{exchange:?}");
    let message = gateway.message(exchange.message());
    assert_eq!((&message["channel"], &message["state"]), (&json!("voice"), &json!("cancelled")));
    modem.clear_faults();
    gateway.wait_for_modem("m1", "ready");
    assert_eq!(org.hook(&event).reason(), "cancelled", "played again");
    // The line is free for the next one, who is the only one called.
    let next = gateway.send_json(&call(&phone(1), json!({})));
    assert_eq!(ended(&gateway, &next)["state"], "delivered");
    assert_eq!(calls(&gateway, PHONE).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waits_for_a_key_is_refused_where_no_modem_hears_any() {
    // Its sound is a file that it plays itself.
    let gateway = Gateway::builder().family(Family::A76xx).config(BRISK).start().await;
    let ask = |changes| gateway.request("POST", "/api/v1/messages", Some(&call(PHONE, changes)));
    let keyed = ask(json!({"confirm": true}));
    assert_eq!((keyed.status, &keyed.body["code"]), (422, &json!("voice_not_supported")));
    assert_eq!(ask(json!({})).status, 202);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_voice_calls_are_refused_and_texts_go_out() {
    let mut gateway = Gateway::builder().family(Family::Sim7600).audible().prepare().await;
    gateway.environment.push(("PATH", "/nonexistent".into()));
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    let answer = gateway.request("POST", "/api/v1/messages", Some(&call(PHONE, json!({}))));
    assert_eq!(
        (answer.status, &answer.body["code"]),
        (422, &json!("locale_unknown")),
        "{answer:?}"
    );
    let id = gateway.send("hello");
    gateway.wait_for_state(&id, "delivered");
    // With a way out, the text takes the place of the call.
    let id = gateway.send_json(&call(PHONE, json!({"channel": "sms"})));
    gateway.wait_for_state(&id, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_worded_is_put_into_no_modem_that_would_keep_it() {
    let gateway = Gateway::builder().family(Family::Sim800).config(BRISK).start().await;
    assert_eq!(gateway.modem("m1")["voice"]["sound"], "file");
    let text = json!({"to": PHONE, "channel": "voice", "text": "4 8 1 5 9 2", "locale": "en"});
    let answer = gateway.request("POST", "/api/v1/messages", Some(&text));
    assert_eq!((answer.status, &answer.body["code"]), (422, &json!("voice_not_supported")));
    let code = gateway.send_json(&call(PHONE, json!({"code": "777777"})));
    assert_eq!(ended(&gateway, &code)["state"], "delivered");
    let played = &calls(&gateway, PHONE)[0].played;
    let digit = played.iter().filter(|file| played.iter().filter(|it| it == file).count() >= 6);
    assert!(digit.count() >= 6, "one file for each 7, and none for the code: {played:?}");
}

/// Has a Quectel modem show its sound card, once and for all, as docs/hardware.md says.
fn show_card(port: &Path) {
    let mut port = File::options().read(true).write(true).open(port).unwrap();
    let card = "0x2C7C,0x0125,1,1,1,1,1,0,1";
    write!(port, "AT+QCFG=\"USBCFG\",{card}\rAT+CFUN=1,1\r").unwrap();
    let mut said = Vec::new();
    while !said.ends_with(b"PB DONE") {
        let mut octet = [0];
        port.read_exact(&mut octet).unwrap();
        said.extend(octet);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_with_a_sound_card_is_heard_through_the_programs_of_alsa() {
    let program = Path::new(RINGPOST).with_file_name("ringpost-sim-aplay");
    if !program.exists() {
        println!("skipped: {} is built with the workspace", program.display());
        return;
    }
    let mut gateway = Gateway::builder()
        .family(Family::Ec25)
        .modem_config("sound = \"usb\"\nalsa_device = \"plughw:CARD=m1,DEV=0\"")
        .config(BRISK)
        .prepare()
        .await;
    show_card(&gateway.sim.modem("m1").port());
    let bin = gateway.dir.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for name in ["aplay", "arecord"] {
        symlink(&program, bin.join(name)).unwrap();
    }
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    gateway.environment.push(("PATH", path));
    let sim = gateway.dir.path().join("dev").display().to_string();
    gateway.environment.push(("RINGPOST_SIM_DIR", sim));
    gateway.start_daemon();
    let ready = gateway.wait_for_modem("m1", "ready");
    assert_eq!(ready["voice"], json!({"sound": "usb", "keys": true}), "{ready:#}");
    let pressed = OnCall::answer_after(Duration::from_millis(300)).press_when_silent(
        '1',
        Duration::from_secs(1),
        Duration::from_secs(1),
    );
    gateway.sim.phone(PHONE).on_call(pressed);
    let id = gateway.send_json(&call(PHONE, json!({"confirm": true})));
    let message = ended(&gateway, &id);
    assert_eq!(message["state"], "delivered", "{message:#}\n{}", gateway.log());
    assert_events(&gateway, &message, true, true);
    let record = &calls(&gateway, PHONE)[0];
    assert!(speech(&gateway, record) > 2.0, "{record:?}");
    assert_eq!((&*record.keys, record.frames.partial_writes), ("1", 0), "{record:?}");
    let soon = Duration::from_millis(300);
    let answer = OnCall::answer_after(soon);
    let stories = [
        Story::refused(OnCall::decline_after(soon), "by_recipient", 1),
        Story::answered(Some(Fault::LostCallUrc.times(1))),
        Story::answered(Some(Fault::PacketBearer.times(1))),
        Story {
            on_call: answer.hang_up_after(2 * soon),
            detail: json!("hung_up"),
            ..Story::failed(Fault::PacketBearer.times(1))
        },
        Story::failed(Fault::RebootInCall.times(1)),
    ];
    for (place, story) in stories.into_iter().enumerate() {
        gateway.wait_for_modem("m1", "ready");
        story.fault.iter().for_each(|spec| gateway.sim.modem("m1").fault(spec.clone()));
        let id = story.place(&gateway, "m1", &phone(1 + place));
        story.assert_told(&gateway, &format!("by a card: story {place}"), &id);
        gateway.sim.modem("m1").clear_faults();
    }
}

/// Both events of a call say how it was placed, and how heard.
fn assert_events(gateway: &Gateway, message: &Value, placed: bool, heard: bool) {
    let result = |good| if good { "SUCCESS" } else { "FAILURE" };
    let placed = format!("system.voice.send_mfa_challenge_call {}", result(placed));
    let heard = format!("system.voice.receive_status {}", result(heard));
    assert_eq!(gateway.events(message), [placed, heard], "{message:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_busy_or_does_not_answer_is_called_again() {
    let gateway = speaking(2).config(&format!("{BRISK}\nring_seconds = 5")).start().await;
    let placed = [(phone(0), Does::Busy), (phone(1), Does::Never)].map(|(number, does)| {
        gateway.sim.phone(&number).on_call(OnCall::new(does));
        (gateway.send_json(&call(&number, json!({}))), number)
    });
    for (_, number) in &placed {
        patiently(|| calls(&gateway, number).first().and_then(|first| first.ended_ms));
        gateway.sim.phone(number).on_call(OnCall::answer_after(Duration::from_millis(300)));
    }
    for (id, number) in placed {
        let message = ended(&gateway, &id);
        assert_eq!(message["state"], "delivered", "{message:#}\n{}", gateway.log());
        assert_eq!(calls(&gateway, &number).len(), 2);
        assert_events(&gateway, &message, true, true);
    }
}

/// Families that speak, and where those live whom they call. The first three are sent samples, the others play files
/// of their own.
const SPEAKERS: [(Family, &str); 7] = [
    (Family::Sim7600, "212"),
    (Family::Ec25, "303"),
    (Family::Huawei, "415"),
    (Family::Sim800, "512"),
    (Family::A76xx, "617"),
    (Family::Sim7600, "718"),
    (Family::Ec25, "808"),
];
/// The last of them play files because they are told to.
const OF_FILES: [&str; 2] = ["m6", "m7"];

/// A phone for each story, too far from the others to be suspicious.
fn phone_in(area: &str, story: usize) -> String {
    format!("+1{area}555{:04}", 2000 + 100 * story)
}

/// What happens to a call, and what is told of it.
struct Story {
    on_call: OnCall,
    fault: Option<FaultSpec>,
    state: &'static str,
    detail: Value,
    /// How often the phone is called.
    calls: usize,
}

impl Story {
    /// Nobody takes it.
    fn refused(on_call: OnCall, detail: &str, calls: usize) -> Self {
        Self { on_call, fault: None, state: "failed", detail: json!(detail), calls }
    }

    /// Somebody answers, whatever goes wrong.
    fn answered(fault: Option<FaultSpec>) -> Self {
        let on_call = OnCall::answer_after(Duration::from_millis(300));
        Self { on_call, fault, state: "delivered", detail: Value::Null, calls: 1 }
    }

    /// Somebody answers, and the modem fails.
    fn failed(fault: FaultSpec) -> Self {
        Self { state: "undelivered", detail: json!("modem_fault"), ..Self::answered(Some(fault)) }
    }

    fn place(&self, gateway: &Gateway, modem: &str, number: &str) -> String {
        gateway.sim.phone(number).on_call(self.on_call.clone());
        gateway.send_json(&call(number, json!({"sender": modem})))
    }

    /// Waits for its end, and asks what is told of it.
    fn assert_told(&self, gateway: &Gateway, name: &str, id: &str) {
        let message = ended(gateway, id);
        let told = (&message["state"], &message["reason"]["detail"]);
        assert_eq!(told, (&json!(self.state), &self.detail), "{name}: {message:#}");
        let (placed, heard) = (self.state != "failed", self.state == "delivered");
        assert_events(gateway, &message, placed, heard);
        let talked = message["call"]["talk_seconds"].as_f64().unwrap();
        assert_eq!(talked > 0.5, placed, "{name}: {message:#}");
        let seen = calls(gateway, message["to"].as_str().unwrap());
        assert_eq!(seen.len(), self.calls, "{name}: {seen:?}");
    }
}

/// Has a modem go through what may happen to a call that is placed once, one after another.
fn assert_stories_are_told(gateway: &Gateway, family: Family, area: &str, name: &str) {
    let modem = gateway.sim.modem(name);
    // A piece is tried twice.
    let samples = family.plays(Fault::AudioWedged) && !OF_FILES.contains(&name);
    let no_sound = if samples { Fault::AudioWedged.times(1) } else { Fault::PlayFails.times(2) };
    let declines = OnCall::decline_after(Duration::from_millis(300));
    let stories = [
        Story::answered(None),
        Story::refused(declines, "by_recipient", 1),
        Story::answered(Some(Fault::EarlyCallBegin.times(1))),
        Story::answered(Some(Fault::LostCallUrc.times(1))),
        Story::answered(Some(Fault::PacketBearer.into())),
        Story::failed(no_sound),
        Story::failed(Fault::RebootInCall.times(1)),
    ];
    for (place, story) in stories.into_iter().enumerate() {
        let fault = story.fault.clone();
        if fault.as_ref().is_some_and(|spec| !family.plays(spec.fault)) {
            continue;
        }
        gateway.wait_for_modem(name, "ready");
        fault.iter().for_each(|spec| modem.fault(spec.clone()));
        let fault = fault.map(|spec| spec.fault);
        let told = format!("{} {fault:?} of story {place}", family.name());
        let id = story.place(gateway, name, &phone_in(area, place));
        story.assert_told(gateway, &told, &id);
        let bearer = |line: &TranscriptLine| line.text.ends_with(",\"\",128");
        match fault {
            Some(Fault::PacketBearer) => {
                assert!(modem.transcript().iter().any(bearer), "{told}: no bearer was listed");
            }
            _ => assert!(modem.faults().is_empty(), "{told}: it has not struck"),
        }
        modem.clear_faults();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_calls_is_told_by_every_family() {
    let config = format!("{BRISK}\nring_seconds = 5");
    let builder =
        SPEAKERS.into_iter().fold(Gateway::builder(), |it, (family, _)| it.family(family));
    let builder =
        OF_FILES.into_iter().fold(builder, |it, name| it.config_of(name, "sound = \"file\""));
    let gateway = builder.modems(2 * SPEAKERS.len()).audible().config(&config).start().await;
    let busy = Story::refused(OnCall::new(Does::Busy), "busy", 3);
    let never = Story::refused(OnCall::new(Does::Never), "no_answer", 2);
    let tell = |place: usize, (family, area): (Family, &str)| {
        // Whom nobody reached is called again after a while, by a modem that has nothing else to do.
        let [name, patient] = [place + 1, place + 1 + SPEAKERS.len()].map(|it| format!("m{it}"));
        let waiting = [&busy, &never].into_iter().zip(50..);
        let waiting = waiting
            .map(|(story, at)| (story, story.place(&gateway, &patient, &phone_in(area, at))));
        let waiting: Vec<_> = waiting.collect();
        assert_stories_are_told(&gateway, family, area, &name);
        for (story, id) in waiting {
            story.assert_told(&gateway, &format!("{} {}", family.name(), story.detail), &id);
        }
    };
    std::thread::scope(|scope| {
        for (place, speaker) in SPEAKERS.into_iter().enumerate() {
            let tell = &tell;
            scope.spawn(move || tell(place, speaker));
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_go_out_by_another_modem_while_one_speaks_and_calls_wait_until_they_are_stale() {
    let gateway = speaking(2).start().await;
    let answers = OnCall::answer_after(Duration::from_millis(300));
    let numbers = [0, 1, 2, 3, 4].map(phone);
    let [first, second, third, fourth, texted] = &numbers;
    for number in &numbers {
        gateway.sim.phone(number).on_call(answers.clone());
    }
    let spoken = gateway.send_json(&call(first, json!({})));
    gateway.wait_for_state(&spoken, "sent");
    let text = gateway.send_json(&call(texted, json!({"channel": "sms"})));
    gateway.wait_for_state(&text, "delivered");
    assert!(gateway.message(&spoken)["ended_at"].is_null(), "the first call lasts");
    // Both lines are taken: who comes next waits for one, as long as a code is worth something.
    let also = gateway.send_json(&call(second, json!({})));
    gateway.wait_for_state(&also, "sent");
    let stale = gateway.send_json(&call(third, json!({"ttl_seconds": 1})));
    let patient = gateway.send_json(&call(fourth, json!({})));
    let states = [&spoken, &also, &stale, &patient].map(|id| ended(&gateway, id)["state"].clone());
    assert_eq!(states, ["delivered", "delivered", "expired", "delivered"], "{}", gateway.log());
    assert_eq!(calls(&gateway, third).len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sim_that_may_place_no_calls_is_an_alarm_and_sends_texts_all_the_same() {
    /// Requested facility not subscribed.
    const NOT_SUBSCRIBED: u8 = 50;
    let gateway = speaking(1).start().await;
    let [called, next, texted] = [phone(0), phone(1), phone(2)];
    for number in [&called, &next] {
        gateway.sim.phone(number).on_call(OnCall::new(Does::Unreachable).cause(NOT_SUBSCRIBED));
    }
    let place = |number: &str| gateway.send_json(&call(number, json!({"ttl_seconds": 10})));
    let placed = [&called, &next].map(|number| place(number));
    for id in &placed {
        let message = ended(&gateway, id);
        assert_eq!(message["state"], "expired", "{message:#}\n{}", gateway.log());
        assert_events(&gateway, &message, false, false);
    }
    let details = placed.map(|id| gateway.message(&id)["reason"]["detail"].clone());
    assert_eq!(details, ["barred", "barred"]);
    let seen = [&called, &next].map(|number| calls(&gateway, number).len());
    assert_eq!(seen[0] + seen[1], 3, "nobody is asked again and again: {seen:?}");
    let raised = gateway.system_log("eventType eq \"system.ringpost.alarm.raise\"");
    assert_eq!(raised.len(), 1, "{raised:#?}");
    let reason = &raised[0]["outcome"]["reason"];
    assert_eq!(reason, "The operator bars this service.", "{raised:#?}");
    let text = gateway.send_json(&call(&texted, json!({"channel": "sms"})));
    gateway.wait_for_state(&text, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_engine_is_given_a_code_by_its_arguments_or_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    // A note for each engine: several speak at once.
    let script = format!(
        "words=$(cat); {{ tr \"\\\\0\\\\n\" \"  \" </proc/$$/cmdline; echo; echo \"$words\"; }} >>{}/$$; \
         printf %s \"$words\" | espeak-ng --stdout",
        dir.path().display()
    );
    let engine = format!(
        "[[voice.engine]]\nname = \"noted\"\nvoices = [\"en en\"]\ncommand = [\"sh\", \"-c\", '{script}']"
    );
    let config = format!("{}\n{engine}", BRISK.replace("espeak-ng", "noted"));
    let gateway = speaking(1).config(&config).start().await;
    let id = gateway.send_json(&call(PHONE, json!({})));
    assert_eq!(ended(&gateway, &id)["state"], "delivered", "{}", gateway.log());
    let notes = std::fs::read_dir(dir.path()).unwrap().map(|note| note.unwrap().path());
    let noted: String = notes.map(|note| std::fs::read_to_string(note).unwrap()).collect();
    let lines: Vec<_> = noted.lines().collect();
    let (mut digits, mut asked) = (BTreeSet::new(), 0);
    for pair in lines.chunks_exact(2) {
        let [arguments, words] = pair else { unreachable!() };
        assert!(arguments.contains("espeak-ng --stdout"), "{arguments}");
        assert!(!arguments.contains("481592") && !arguments.contains("Goodbye"), "{arguments}");
        let said: Vec<_> = words.chars().filter(char::is_ascii_digit).collect();
        assert!(said.len() <= 1, "one character at a time: {words}");
        digits.extend(said);
        asked += 1;
    }
    assert!(asked > 10, "{noted}");
    assert_eq!(digits.len(), 10, "whatever the code");
}
