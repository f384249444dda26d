//! Modems that misbehave: what happens to messages, and what a person is told.

use std::{path::Path, time::Duration};

use ringpost_sim::{Family, Fault};
use serde_json::json;

use crate::gateway::{Gateway, PATIENCE, PHONE, wait_for};

fn code(text: &str) -> serde_json::Value {
    json!({"to": PHONE, "channel": "sms", "purpose": "mfa_verify", "text": text})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prompt_that_does_not_come_is_escaped_and_the_message_sent_again() {
    let gateway = Gateway::start().await;
    gateway.sim.modem("m1").fault(Fault::DropPrompt.times(1));
    let id = gateway.send("hello");
    let message = gateway.wait_for_state(&id, "delivered");
    assert!(
        gateway
            .written_to("m1")
            .iter()
            .any(|line| line.contains("\\u{1b}") || line.contains('\u{1b}'))
    );
    assert_eq!(gateway.sim.phone(PHONE).texts().len(), 1);
    let states: Vec<_> =
        message["segments"].as_array().unwrap().iter().map(|it| &it["state"]).collect();
    assert_eq!(states, ["refused", "delivered"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_network_is_tried_again_and_a_permanent_refusal_is_not() {
    let gateway = Gateway::builder().modems(2).start().await;
    gateway.sim.modem("m1").fault(Fault::CmsError.code(1).times(1));
    gateway.sim.modem("m2").fault(Fault::CmsError.code(1).times(1));
    let id = gateway.send("to nobody");
    let message = gateway.wait_for_state(&id, "failed");
    assert_eq!(message["reason"], json!({"family": "number_invalid", "detail": "unassigned"}));
    assert_eq!(
        gateway.events(&message),
        ["system.sms.send_message FAILURE", "system.sms.receive_status FAILURE"]
    );
    gateway.sim.modem("m1").clear_faults();
    gateway.sim.modem("m2").clear_faults();
    for modem in ["m1", "m2"] {
        gateway.sim.modem(modem).fault(Fault::CmsError.code(314).times(1));
    }
    let id = gateway.send("again");
    gateway.wait_for_state(&id, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_network_that_takes_nothing_is_held_back_and_costs_nothing() {
    let gateway = Gateway::builder()
        .config("[rates]\n[[rates.card]]\nname = \"p\"\nprices = [\"* 0.01\"]")
        .modem_config("rates = \"p\"")
        .start()
        .await;
    gateway.sim.modem("m1").fault(Fault::CmsError.code(42));
    let notices: Vec<_> = (0..9).map(|n| gateway.send(&format!("notice {n}"))).collect();
    let tried = || gateway.written_to("m1").iter().filter(|it| it.contains("AT+CMGS")).count();
    let asked = |times| wait_for(|| (tried() == times).then_some(())).expect("asked so often");
    asked(3);
    let passcode = gateway.send_json(&code("your code is 471108"));
    asked(4);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(tried(), 4, "the others wait");
    gateway.sim.modem("m1").clear_faults();
    for id in notices.iter().chain([&passcode]) {
        gateway.wait_for_state(id, "delivered");
    }
    assert_eq!(gateway.sim.phone(PHONE).texts().len(), 10);
    let report = gateway.get("/api/v1/reports/usage");
    let rows = report["rows"].as_array().unwrap();
    let sum = |name: &str| rows.iter().filter_map(|row| row[name].as_f64()).sum::<f64>();
    assert_eq!((sum("segments"), format!("{:.2}", sum("cost"))), (10.0, "0.10".into()));
}

/// Many modems make "unknown error" of whatever the network said last.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_refused_in_doubt_goes_out_once_more_at_once_and_the_log_says_so() {
    let gateway = Gateway::builder().modems(2).start().await;
    gateway.sim.modem("m1").fault(Fault::CmsError.code(500).times(1));
    let id = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "text": "code 471108", "purpose": "mfa_verify"
    }));
    let message = gateway.wait_for_state(&id, "delivered");
    assert_eq!(
        gateway.events(&message),
        [
            "system.ringpost.resend UNKNOWN",
            "system.sms.send_factor_verify_message SUCCESS",
            "system.sms.receive_status SUCCESS",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_in_doubt_outside_of_codes_is_not_sent_twice() {
    let gateway = Gateway::builder().modems(2).config("[outbox]\nsettle_seconds = 2").start().await;
    gateway.sim.modem("m1").fault(Fault::CmsError.code(500).times(1));
    let id = gateway.send("perhaps");
    let message = gateway.wait_for_state(&id, "unknown");
    assert_eq!(message["reason"]["detail"], "answer_lost");
    assert_eq!(message["segments"].as_array().unwrap().len(), 1);
    assert!(gateway.sim.network().submits().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_its_reference_is_settled_by_the_report() {
    let gateway = Gateway::start().await;
    gateway.sim.modem("m1").fault(Fault::DropCmgsLine.times(1));
    let id = gateway.send("no reference");
    let message = gateway.wait_for_state(&id, "delivered");
    assert_eq!(
        message["segments"].as_array().unwrap().len(),
        1,
        "the report found it all the same"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_ends_unknown_and_is_never_sent_again_in_bulk() {
    let gateway = Gateway::builder()
        .modems(2)
        .config("[outbox]\nsettle_seconds = 2\nresend_after_seconds = 1")
        .start()
        .await;
    for modem in ["m1", "m2"] {
        gateway.sim.modem(modem).fault(Fault::DropFinal.times(1));
        gateway.sim.modem(modem).fault(Fault::NoReport.times(9));
    }
    let id = gateway.send("hello");
    let message = gateway.wait_for_state(&id, "unknown");
    assert_eq!(message["reason"], json!({"family": "timed_out", "detail": "answer_lost"}));
    assert_eq!(
        gateway.events(&message),
        ["system.sms.send_message UNKNOWN", "system.sms.receive_status UNKNOWN"]
    );
    assert_eq!(gateway.submits(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_whose_answer_is_lost_goes_out_once_more_on_another_sim() {
    let gateway =
        Gateway::builder().modems(3).config("[outbox]\nresend_after_seconds = 1").start().await;
    for modem in ["m1", "m2", "m3"] {
        gateway.sim.modem(modem).fault(Fault::NoReport.times(1));
    }
    gateway.sim.modem("m1").fault(Fault::DropFinal.times(1));
    let id = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "purpose": "mfa_verify", "text": "123456", "sender": null,
    }));
    let submits = gateway.sim.network().wait_for_submits(2, PATIENCE).await.unwrap();
    let modems: Vec<_> = submits.iter().map(|it| it.modem.clone()).collect();
    assert_eq!(modems[0], "m1");
    assert_ne!(modems[1], "m1");
    let message = gateway.wait_for_state(&id, "sent");
    assert_eq!(message["segments"].as_array().unwrap().len(), 2);
    assert_eq!(gateway.submits(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_whose_report_came_is_not_sent_again_though_its_answer_is_lost() {
    let gateway =
        Gateway::builder().modems(2).config("[outbox]\nresend_after_seconds = 3").start().await;
    for modem in ["m1", "m2"] {
        gateway.sim.modem(modem).fault(Fault::DropFinal.times(1));
    }
    // The modem task still waits for the answer when the dispatcher would send again.
    let id = gateway.send_json(&code("123456"));
    let early = || {
        let message = gateway.message(&id);
        let state = message["segments"][0]["state"].as_str().map(str::to_owned);
        state.filter(|it| it == "unanswered" || it == "delivered")
    };
    let until = std::time::Instant::now() + Duration::from_secs(5);
    while early().is_none() && std::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(gateway.submits(), 1, "{:#}", gateway.message(&id));
    assert_eq!(gateway.message(&id)["state"], "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_comes_just_in_time_is_in_time_though_it_is_stored_with_others() {
    let gateway =
        Gateway::builder().modems(2).config("[outbox]\nresend_after_seconds = 1").start().await;
    for modem in ["m1", "m2"] {
        gateway.sim.modem(modem).fault(Fault::DropFinal.times(1));
    }
    gateway.sim.network().set_delivery(Duration::from_millis(960));
    let id = gateway.send_json(&code("123456"));
    gateway.wait_for_state(&id, "delivered");
    assert_eq!(gateway.submits(), 1, "{:#}", gateway.message(&id));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_wait_for_one_modem_do_not_hold_up_the_others() {
    let gateway = Gateway::builder().modems(2).start().await;
    gateway.sim.modem("m1").unplug();
    gateway.wait_for_modem("m1", "absent");
    for number in 0..70 {
        gateway.send_json(&json!({
            "to": PHONE, "channel": "sms", "text": number.to_string(), "sender": "m1",
        }));
    }
    let id = gateway.send("by any modem");
    gateway.wait_for_state(&id, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_before_the_answer_and_lines_in_between_confuse_nobody() {
    let gateway = Gateway::start().await;
    let modem = gateway.sim.modem("m1");
    modem.fault(Fault::ReportBeforeAnswer.times(2));
    modem.fault(Fault::UrcBeforeBody.times(2));
    modem.fault(Fault::UrcInResponse.times(2));
    modem.fault(Fault::SplitReads.times(400));
    for text in ["one", "two"] {
        let id = gateway.send(text);
        gateway.wait_for_state(&id, "delivered");
    }
    let texts: Vec<_> = gateway.sim.phone(PHONE).texts().into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undelivered_message_says_so() {
    let gateway = Gateway::start().await;
    gateway.sim.modem("m1").fault(Fault::ReportFailure.times(1));
    let id = gateway.send("hello");
    let message = gateway.wait_for_state(&id, "undelivered");
    assert_eq!(message["reason"]["detail"], "unreachable");
    assert_eq!(
        gateway.events(&message),
        ["system.sms.send_message SUCCESS", "system.sms.receive_status FAILURE"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_a_modem_only_stores_are_read_there_counted_once_and_deleted() {
    // It does not say what it offers, refuses to tell them whole, and names the wrong slot when it has
    // stored one.
    let mut gateway = Gateway::builder().family(Family::Ec25).prepare().await;
    let modem = gateway.sim.modem("m1");
    modem.fault(Fault::CmsError.command("+CNMI").code(303).times(3));
    modem.fault(Fault::CmgdFail.times(1));
    gateway.start_daemon();
    gateway.wait_for_modem("m1", "ready");
    for _ in 0..3 {
        let id = gateway.send(&"x".repeat(200));
        gateway.wait_for_state(&id, "delivered");
    }
    let written = gateway.written_to("m1");
    assert!(written.iter().any(|line| line == "AT+CNMI=2,1,0,2,0"), "{written:#?}");
    // The one that could not be deleted is found again, and is no report on anything else.
    let deleted =
        || gateway.written_to("m1").iter().filter(|it| it.starts_with("AT+CMGD=")).count();
    assert!(
        wait_for(|| (deleted() >= 7).then_some(())).is_some(),
        "{:#?}",
        gateway.written_to("m1")
    );
    let late = gateway.system_log("eventType sw \"system.ringpost.late\"");
    assert!(late.is_empty(), "{}", gateway.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_reports_a_message_ends_unknown_at_once() {
    let gateway = Gateway::builder().modem_config("reports = \"off\"").start().await;
    let id = gateway.send("hello");
    let message = gateway.wait_for_state(&id, "unknown");
    assert_eq!(message["reason"]["detail"], "no_report");
    assert_eq!(
        gateway.events(&message),
        ["system.sms.send_message SUCCESS", "system.sms.receive_status UNKNOWN"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_that_is_unplugged_is_picked_up_again() {
    let gateway = Gateway::start().await;
    let modem = gateway.sim.modem("m1");
    modem.unplug();
    let absent = gateway.wait_for_modem("m1", "absent");
    assert_eq!(absent["problem"]["detail"], "no_modem");
    let ready = gateway.raw("GET", "/readyz", None, None, None);
    assert_eq!((ready.status, &ready.body["status"]), (503, &json!("unavailable")));
    let id = gateway.send("hello");
    assert_eq!(gateway.message(&id)["state"], "queued");
    modem.replug().unwrap();
    gateway.wait_for_state(&id, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_work_of_a_modem_that_vanishes_goes_to_another() {
    let gateway = Gateway::builder().modems(2).start().await;
    let first = gateway.send("one");
    gateway.wait_for_state(&first, "delivered");
    gateway.sim.modem("m2").fault(Fault::Eof.command("+CMGS"));
    gateway.sim.modem("m1").fault(Fault::Eof.command("+CMGS"));
    let id = gateway.send_json(&code("123456"));
    let back = wait_for(|| {
        let gone = ["m1", "m2"].into_iter().find(|it| !gateway.sim.modem(it).plugged())?;
        gateway.sim.modem(gone).replug().ok()
    });
    assert!(back.is_some());
    gateway.sim.modem("m1").clear_faults();
    gateway.sim.modem("m2").clear_faults();
    gateway.wait_for_state(&id, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_that_are_missing_taken_or_silent_are_said_and_do_not_stop_the_others() {
    let spare = ringpost_sim::Simulator::builder()
        .dir(tempfile::tempdir().unwrap().keep())
        .modems(2)
        .family(Family::Ec25)
        .start()
        .await
        .unwrap();
    let (taken, silent) = (spare.modem("m1"), spare.modem("m2"));
    silent.fault(Fault::Silence.times(9999));
    let missing = Path::new("/dev/ringpost-none");
    let held = tokio_serial::SerialPortBuilderExt::open_native_async(tokio_serial::new(
        taken.port().to_str().unwrap(),
        115_200,
    ))
    .unwrap();
    let gateway =
        Gateway::builder().port(missing).port(&taken.port()).port(&silent.port()).start().await;
    let id = gateway.send("hello");
    gateway.wait_for_state(&id, "delivered");
    let says = |name: &str, state: &str, words: &str| {
        let modem = gateway.wait_for_modem(name, state);
        let message = modem["problem"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(words), "{name}: {message}");
        assert!(!modem["problem"]["hint"].as_str().unwrap().is_empty());
        assert!(gateway.log().contains(&message), "the journal says it too");
    };
    says("x1", "absent", "does not exist");
    says("x2", "absent", "held by");
    says("x3", "failed", "does not answer AT");
    // Each is picked up once it can be.
    drop(held);
    gateway.wait_for_modem("x2", "ready");
    silent.clear_faults();
    gateway.wait_for_modem("x3", "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sim_that_wants_a_pin_or_is_missing_is_told_apart() {
    let gateway = Gateway::builder().modems(2).prepare().await;
    gateway.sim.modem("m1").fault(Fault::SimPin);
    gateway.sim.modem("m2").fault(Fault::SimMissing);
    let mut gateway = gateway;
    gateway.start_daemon();
    let cases = [("m1", "sim_locked", "PIN retries"), ("m2", "sim_missing", "SIM")];
    for (name, detail, step) in cases {
        let modem = gateway.wait_for_modem(name, "failed");
        assert_eq!(modem["problem"]["detail"], detail);
        assert_eq!(modem["step"], step);
    }
    let written = gateway.written_to("m1");
    assert!(!written.iter().any(|line| line.contains("+CPIN=")), "no PIN is tried: {written:?}");
    gateway.sim.modem("m1").clear_faults();
    gateway.wait_for_modem("m1", "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_of_the_sim_that_was_put_in_though_it_comes_before_that_is_known() {
    let gateway = Gateway::builder().modems(2).family(Family::Ec25).start().await;
    let (one, other) = (gateway.sim.modem("m1"), gateway.sim.modem("m2"));
    gateway.sim.network().set_delivery(Duration::from_secs(8));
    let id = gateway.send_json(&json!({
        "to": PHONE, "channel": "sms", "text": "from the SIM that is moved", "sender": "m1"
    }));
    gateway.wait_for_state(&id, "sent");
    other.fault(Fault::Silence);
    let before = other.transcript().len();
    one.swap_sims(&other).unwrap();
    let told = || other.transcript().iter().any(|line| line.text.starts_with("+CDS")).then_some(());
    // What is told before its port is open again, nobody hears.
    let opened = || {
        let asks = |text: &str| text.starts_with("AT");
        other.transcript().iter().skip(before).any(|line| asks(&line.text)).then_some(())
    };
    assert!(wait_for(opened).is_some() && told().is_none(), "{:#?}", other.transcript());
    assert!(wait_for(told).is_some(), "{:#?}", other.transcript());
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Its bring-up has not come to its SIM.
    other.unplug();
    gateway.wait_for_modem("m2", "absent");
    other.clear_faults();
    other.replug().unwrap();
    gateway.wait_for_state(&id, "delivered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_that_restarts_by_itself_is_brought_up_again() {
    let gateway = Gateway::start().await;
    let modem = gateway.sim.modem("m1");
    modem.fault(Fault::Reboot.times(1));
    gateway.wait_for_modem("m1", "failed");
    gateway.wait_for_modem("m1", "ready");
    assert!(gateway.log().contains("restarted by itself"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_copy_that_the_service_centre_knows_already_is_no_failure() {
    let gateway = Gateway::start().await;
    let modem = gateway.sim.modem("m1");
    modem.fault(Fault::CmsError.code(314).times(1));
    modem.fault(Fault::CmsError.code(197).times(1));
    let id = gateway.send("hello");
    let message = gateway.wait_for_state(&id, "sent");
    let states: Vec<_> =
        message["segments"].as_array().unwrap().iter().map(|it| &it["state"]).collect();
    assert_eq!(states, ["refused", "submitted"], "it waits for the report on the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_is_entered_once_and_a_wrong_one_again_only_when_a_person_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let pin = dir.path().join("pin");
    std::fs::write(&pin, "0000\n").unwrap();
    let mut gateway = Gateway::builder()
        .modem_config(&format!("pin_file = {:?}", pin.display().to_string()))
        .prepare()
        .await;
    gateway.sim.modem("m1").fault(Fault::SimPin);
    gateway.start_daemon();
    let entered = |gateway: &Gateway| {
        let written = gateway.written_to("m1");
        written.iter().filter(|line| line.starts_with("AT+CPIN=")).count()
    };
    let modem = gateway.wait_for_modem("m1", "failed");
    assert_eq!(
        (&modem["step"], &modem["problem"]["detail"]),
        (&json!("PIN"), &json!("sim_locked"))
    );
    assert_eq!(modem["pin_retries"], 3);
    assert_eq!(entered(&gateway), 1);
    // Neither time nor a restart makes it try again.
    gateway.stop();
    gateway.start_daemon();
    let modem = gateway.wait_for_modem("m1", "failed");
    assert!(modem["problem"]["hint"].as_str().unwrap().contains("ringpost modems unlock"));
    assert_eq!((entered(&gateway), modem["pin_retries"].as_u64()), (1, Some(2)));
    let log = gateway.system_log("");
    let wrong = log.iter();
    let wrong = wrong.filter(|it| it["eventType"] == "system.ringpost.modem.pin_wrong");
    let wrong: Vec<_> = wrong.collect();
    assert_eq!(wrong.len(), 1, "{log:#?}");
    assert_eq!(wrong[0]["severity"], "ERROR");
    assert_eq!(wrong[0]["target"][0]["id"], "m1");
    // Somebody corrects it.
    std::fs::write(&pin, "1234").unwrap();
    let unlocked = std::process::Command::new(crate::gateway::RINGPOST)
        .args(["modems", "unlock", "m1"])
        .env("RINGPOST_URL", gateway.url())
        .env("RINGPOST_TOKEN", &gateway.token)
        .output()
        .unwrap();
    assert!(unlocked.status.success(), "{unlocked:?}");
    gateway.wait_for_modem("m1", "ready");
    assert_eq!(entered(&gateway), 2);
    assert!(!gateway.log().contains("0000") && !gateway.log().contains("1234"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_to_a_modem_is_counted_and_written_down() {
    let gateway = Gateway::start().await;
    let modem = gateway.sim.modem("m1");
    modem.fault(Fault::UnderVoltage);
    modem.fault(Fault::Reboot);
    let seen = wait_for(|| {
        let modem = gateway.modem("m1");
        let counts = &modem["counts"];
        (counts["restarts"] == 1 && counts["under_voltage"] == 1).then_some(())
    });
    assert!(seen.is_some(), "{:#}", gateway.modem("m1"));
    gateway.wait_for_modem("m1", "ready");
    let answer = gateway.request("POST", "/api/v1/modems/m1/reset", Some(&json!({})));
    assert_eq!(answer.status, 202);
    let seen = wait_for(|| (gateway.modem("m1")["counts"]["soft_reset"] == 1).then_some(()));
    assert!(seen.is_some(), "{:#}", gateway.modem("m1"));
    gateway.wait_for_modem("m1", "ready");
    for kind in ["restarted", "under_voltage", "soft_reset"] {
        let kind = format!("system.ringpost.modem.{kind}");
        let event = wait_for(|| {
            let log = gateway.system_log("");
            log.into_iter().find(|event| event["eventType"] == kind.as_str())
        });
        let event = event.unwrap_or_else(|| panic!("no {kind}"));
        assert_eq!(event["severity"], "WARN");
        assert_eq!(event["actor"]["type"], "SystemPrincipal");
        assert_eq!(event["debugContext"]["debugData"]["purpose"], serde_json::Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_modem_tells_all_that_it_knows_of_itself() {
    let gateway = Gateway::start().await;
    let modem = gateway.wait_for_modem("m1", "ready");
    assert_eq!(modem["number"], gateway.sim.modem("m1").number().as_str());
    assert_eq!(modem["technology"], "LTE");
    assert_eq!(modem["cell"], json!({"area": 0x1A2B, "id": 0x01C3_D4E5}));
    assert_eq!(
        (modem["signal_dbm"].as_i64(), modem["reference_dbm"].as_i64()),
        (Some(-71), Some(-86))
    );
    let store = json!({"name": "ME", "used": 0, "total": 23});
    assert!(modem["stores"].as_array().unwrap().contains(&store), "{modem:#}");
}

/// Right after its start, a modem may say that its SIM is ready, and busy all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_sim_that_is_busy_when_its_number_is_asked_for_is_no_other_sim() {
    let gateway = Gateway::builder().config("[outbox]\nresend_after_seconds = 1").start().await;
    let modem = gateway.sim.modem("m1");
    modem.fault(Fault::DropFinal.times(1));
    modem.fault(Fault::NoReport.times(1));
    let id = gateway.send_json(&code("your code is 471108"));
    gateway.sim.network().wait_for_submits(1, PATIENCE).await.unwrap();
    for command in ["+CICCID", "+CRSM"] {
        modem.fault(Fault::CmeError.code(14).command(command).times(2));
    }
    modem.fault(Fault::Reboot.times(1));
    gateway.wait_for_modem("m1", "failed");
    gateway.wait_for_modem("m1", "ready");
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(gateway.modem("m1")["iccid"], json!(modem.iccid()));
    assert_eq!(gateway.submits(), 1, "once through one SIM: {:#}", gateway.message(&id));
}

/// 3GPP TS 24.011 E.2: 28 and 30 say that the network does not know who sends, 29 that it does not support what he asks
/// for, and 21 that whoever has the message does not want it.
#[tokio::test(flavor = "multi_thread")]
async fn a_sim_that_its_network_refuses_loses_no_code_that_another_could_send() {
    for refusal in [28, 30, 29, 21] {
        let gateway = Gateway::builder().modems(2).start().await;
        gateway.sim.modem("m1").fault(Fault::NetworkRefuseSubmit.code(refusal));
        let ids = ["+14155552345", "+14155552346", "+14155552347"].map(|number| {
            let mut code = code("your code is 471108");
            code["to"] = json!(number);
            gateway.send_json(&code)
        });
        for id in ids {
            gateway.wait_for_state(&id, "delivered");
        }
    }
}

/// Some modems send the TP-MR that they are given: then it tells messages to one phone apart for the service centre
/// (TP-RD), and in reports.
#[tokio::test(flavor = "multi_thread")]
async fn where_references_are_ours_no_message_has_one_of_another_to_the_same_phone() {
    let gateway = Gateway::start().await;
    let modem = gateway.sim.modem("m1");
    modem.keep_mr(true);
    let phone = gateway.sim.phone(PHONE);
    phone.set_reachable(false);
    let first = gateway.send(&"x".repeat(200));
    gateway.wait_for_state(&first, "sent");
    // It goes out again through the same SIM: not to be taken twice, if it was.
    modem.fault(Fault::CmsError.code(314).times(1));
    let second = gateway.send("the second");
    gateway.wait_for_state(&second, "sent");
    phone.set_reachable(true);
    for id in [&first, &second] {
        gateway.wait_for_state(id, "delivered");
    }
    assert!(phone.texts().iter().any(|it| it.text == "the second"), "{:?}", phone.texts());
}
