//! A message by HTTP arrives at a phone, character by character, and the log tells it.

use ringpost_sim::Family;
use serde_json::json;

use crate::gateway::{Gateway, PATIENCE, PHONE};

const SAMPLE: &str = "Grüße an alle: €5 {[~]} ✓ 日本語 😀";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_arrives_and_both_events_are_written() {
    let gateway = Gateway::start().await;
    let body = json!({
        "to": "(415) 555-2345", "channel": "sms", "purpose": "mfa_verify",
        "text": "Your code is 481592", "reference": "r-1", "user": "jane",
    });
    let id = gateway.send_json(&body);
    let text = gateway.sim.phone(PHONE).wait_for_text(PATIENCE).await.unwrap();
    assert_eq!((text.text.as_str(), text.segments), ("Your code is 481592", 1));
    assert_eq!(text.from, gateway.sim.modem("m1").number());
    let message = gateway.wait_for_state(&id, "delivered");
    assert_eq!(
        gateway.events(&message),
        ["system.sms.send_factor_verify_message SUCCESS", "system.sms.receive_status SUCCESS"]
    );
    assert_eq!(message["to"], PHONE);
    assert_eq!(message["lane"], "otp");
    assert_eq!(message["reference"], "r-1");
    assert_eq!(message["segments"][0]["state"], "delivered");
    assert_eq!(message["segments"][0]["modem"], "m1");
    for time in ["created_at", "sent_at", "ended_at"] {
        assert!(message[time].as_str().unwrap().ends_with('Z'), "{time}: {message}");
    }
    // The modem's own events may come after those of the message.
    let events = gateway.system_log("eventType eq \"system.sms.receive_status\"");
    let data = &events[0]["debugContext"]["debugData"];
    assert_eq!(data["providerStatus"], "Sms Delivered");
    assert_eq!(data["phoneNumber"], PHONE);
    assert_eq!(events[0]["target"][0]["id"], "jane");
    assert_eq!(events[0]["actor"]["displayName"], "test");
}

/// The sample, cut or repeated to a number of characters.
fn sample(characters: usize) -> String {
    SAMPLE.chars().cycle().take(characters).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_length_up_to_ten_segments_arrives_character_by_character() {
    let gateway =
        Gateway::builder().modems(2).family(Family::Sim7600).family(Family::Ec25).start().await;
    // Around each edge: one segment is 70 UTF-16 units, each of several 67.
    let lengths = [1, 27, 33, 68, 69, 70, 71, 130, 134, 135, 200, 330, 470, 600, 635];
    for characters in lengths {
        let text = sample(characters);
        let id = gateway.send(&text);
        let message = gateway.wait_for_state(&id, "delivered");
        let received = gateway.sim.phone(PHONE).texts().pop().unwrap();
        assert_eq!(received.text, text, "{characters} characters");
        assert_eq!(message["total_segments"], received.segments, "{characters} characters");
    }
    let gsm: Vec<String> = [159, 160, 161, 306, 307, 1530]
        .map(|n| "ab€{".chars().cycle().take(n / 2).collect())
        .into();
    for text in gsm {
        let id = gateway.send(&text);
        let message = gateway.wait_for_state(&id, "delivered");
        assert_eq!(message["encoding"], "GSM-7");
        assert_eq!(gateway.sim.phone(PHONE).texts().pop().unwrap().text, text);
    }
    let used: std::collections::BTreeSet<_> =
        gateway.sim.network().submits().into_iter().map(|submit| submit.modem).collect();
    assert_eq!(used.len(), 2, "both modems had their share");
    for modem in gateway.sim.modems() {
        assert!(modem.pdu_errors().is_empty(), "{:?}", modem.pdu_errors());
    }
    let remarks: Vec<_> =
        gateway.sim.network().submits().into_iter().flat_map(|submit| submit.remarks).collect();
    assert!(remarks.is_empty(), "what phones show wrongly: {remarks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_before_the_next_segment_of_a_long_message() {
    let gateway = Gateway::builder().latency(std::time::Duration::from_millis(300)).start().await;
    let long = gateway.send(&"x".repeat(1200));
    gateway.sim.network().wait_for_submits(1, PATIENCE).await.unwrap();
    let code = gateway.send_json(&json!({
        "to": "+14155552346", "channel": "sms", "purpose": "mfa_verify", "text": "123456",
    }));
    gateway.wait_for_state(&code, "delivered");
    gateway.wait_for_state(&long, "delivered");
    let order: Vec<_> =
        gateway.sim.network().submits().into_iter().map(|submit| submit.recipient).collect();
    let place = order.iter().position(|recipient| recipient == "+14155552346").unwrap();
    assert!(place <= 2, "behind the one exchange on the air at most: {order:?}");
    assert_eq!(order.len(), 9);
}
