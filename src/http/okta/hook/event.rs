//! What Okta asks, in whatever spelling, as a request to intake.

use serde_json::Value;

use crate::{
    domain::{Actor, Channel, Locale, Purpose, Secret, Timestamp},
    http::api::messages::{MAX_LABEL, MAX_TTL, is_code},
    intake::{self, Content, Policy},
};

/// Longest id of an event: as long as an `Idempotency-Key` may be.
const MAX_EVENT_ID: usize = 255;

/// A hook that could be read.
#[derive(Debug)]
pub(super) struct Hooked {
    /// What Okta calls it.
    pub(super) event_id: Option<String>,
    /// What it asks for.
    pub(super) request: intake::Request,
}

/// What a site decides about how hooks are read.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Whether a number without a plus is read as one of the home region first.
    pub national_first: bool,
    /// Whether a call tells its code only after a key was pressed.
    pub confirm_calls: bool,
}

/// Reads the body of a hook. Members that are not known are none of our business, and those that only adorn
/// the message never keep it from being sent.
///
/// # Errors
/// What is wrong with it, without anything that it holds.
pub(super) fn read(
    body: &[u8],
    actor: Actor,
    policy: &Policy,
    manner: Manner,
    callable: bool,
) -> Result<Hooked, &'static str> {
    let event: Value = serde_json::from_slice(body).map_err(|_| "its body is no JSON")?;
    let text = |pointer: &str| text(event.pointer(pointer)?);
    let message = |name: &str| text(&format!("/data/messageProfile/{name}"));
    let event_id = text("/eventId").filter(|id| !id.is_empty());
    if event_id.as_ref().is_some_and(|id| id.len() > MAX_EVENT_ID) {
        return Err("its eventId is longer than 255 characters");
    }
    let channel = message("deliveryChannel").ok_or("it has no deliveryChannel")?;
    let channel = channel_of(&channel).ok_or("its deliveryChannel is neither SMS nor voice")?;
    let written = message("phoneNumber").ok_or("it has no phoneNumber")?;
    let template = message("msgTemplate").filter(|text| !text.is_empty());
    let code = message("otpCode").map(Secret::new);
    if code.as_ref().is_some_and(|code| !is_code(code.reveal())) {
        return Err("its otpCode is not 1 to 10 letters and digits");
    }
    let content = match (channel, template, code) {
        // Okta has put the code into it.
        (Channel::Sms, Some(text), _) => Content::Text(Secret::new(text)),
        (Channel::Sms | Channel::Voice, _, Some(code)) => Content::Code { code, template: None },
        (Channel::Sms, None, None) => return Err("it has neither msgTemplate nor otpCode"),
        (Channel::Voice, _, None) => return Err("it has no otpCode to be spoken"),
    };
    let user = ["userId", "login"]
        .into_iter()
        .find_map(|name| text(&format!("/data/userProfile/{name}")).filter(|it| !it.is_empty()));
    let received_at = Timestamp::now();
    let time = |text: Option<String>| Timestamp::parse(text?.trim()).ok();
    let issued_at = time(text("/eventTime")).unwrap_or(received_at);
    // By Okta's own clock alone: it may be ahead of ours, or behind.
    let ttl = time(message("otpExpires")).map(|expires| expires.since(issued_at).min(MAX_TTL));
    let request = intake::Request {
        to: number(written.trim(), policy, channel, manner.national_first),
        channel,
        purpose: purpose(text("/requestType").as_deref()),
        content,
        locale: message("locale").filter(|locale| Locale::parse(locale).is_some()),
        lane: None,
        ttl,
        not_before: None,
        sender: None,
        flash: false,
        confirm: manner.confirm_calls && channel == Channel::Voice,
        fallback: None,
        callable,
        on_unknown: None,
        awaited: true,
        reference: event_id.clone().filter(|id| id.chars().count() <= MAX_LABEL),
        user: user.filter(|user| user.chars().count() <= MAX_LABEL),
        actor,
        received_at,
    };
    Ok(Hooked { event_id, request })
}

/// A string, or a number as it is written: Okta's own examples have both for the same member.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// `SMS`, `Voice`, `CALL`, `voice call`, `voice_call`: each has been seen.
fn channel_of(word: &str) -> Option<Channel> {
    let letters = word.chars().filter(|it| !matches!(it, ' ' | '_' | '-'));
    match letters.collect::<String>().to_ascii_lowercase().as_str() {
        "sms" => Some(Channel::Sms),
        "voice" | "call" | "voicecall" => Some(Channel::Voice),
        _ => None,
    }
}

/// What a code is for. Okta may leave it out, and may learn new words: a code is a code.
fn purpose(request_type: Option<&str>) -> Purpose {
    let word = request_type.unwrap_or_default().trim().to_ascii_lowercase();
    match word.rsplit('.').next().unwrap_or_default() {
        "pre-enrollment" => Purpose::Enrollment,
        "account-unlock" => Purpose::AccountUnlock,
        "password-reset" => Purpose::PasswordReset,
        _ => Purpose::MfaVerify,
    }
}

/// The number as intake shall read it. Without a plus it may be national, as in Okta's preview, or have lost
/// its plus on the way: the second reading counts where no number can be what the first one says.
fn number(written: &str, policy: &Policy, channel: Channel, national_first: bool) -> String {
    let (national, international) = (written.to_owned(), format!("+{written}"));
    if written.starts_with('+') {
        return national;
    }
    let (first, second) =
        if national_first { (national, international) } else { (international, national) };
    // One of a kind that may not be used is a number all the same.
    let exists = |written: &str| match intake::recipient(written, policy, channel) {
        Ok(_) => true,
        Err(refused) => refused.number.is_some(),
    };
    if !exists(&first) && exists(&second) { second } else { first }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rlibphonenumber::Region;
    use serde_json::json;

    use super::*;
    use crate::domain::Detail;

    /// As Okta documents it.
    fn event() -> Value {
        json!({
            "eventId": "uS5871kJThSsU8qlA1LTcg",
            "eventTime": "2022-01-28T21:43:40.000Z",
            "eventType": "com.okta.telephony.provider",
            "eventTypeVersion": "1.0",
            "contentType": "application/json",
            "cloudEventVersion": "0.1",
            "source": "https://example.okta.com/api/v1/inlineHooks/calz6lVQA77AwFeEe0g3",
            "requestType": "com.okta.user.telephony.pre-enrollment",
            "data": {
                "context": {"request": {"id": "reqRgSk8IBBRhuo0YdlEDTmUw", "method": "POST"}},
                "userProfile": {"firstName": "test", "lastName": "user",
                    "login": "test.user@okta.com", "userId": "00uyxxSknGtK8022w0g3"},
                "messageProfile": {"msgTemplate": "(HOOK)Your code is 11111",
                    "phoneNumber": "+14155552345", "otpExpires": "2022-01-28T21:48:34.321Z",
                    "deliveryChannel": "SMS", "otpCode": "11111", "locale": "EN-US"},
            },
        })
    }

    fn with(pointer: &str, value: Value) -> Value {
        let mut event = event();
        *event.pointer_mut(pointer).unwrap() = value;
        event
    }

    fn message(name: &str, value: Value) -> Value {
        with(&format!("/data/messageProfile/{name}"), value)
    }

    fn without(pointer: &str) -> Value {
        let mut event = event();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        event
    }

    const MANNER: Manner = Manner { national_first: true, confirm_calls: true };

    fn read_in(home: Region, event: &Value, national_first: bool) -> Result<Hooked, &'static str> {
        let body = event.to_string();
        let manner = Manner { national_first, ..MANNER };
        read(body.as_bytes(), Actor::default(), &Policy::of(home), manner, true)
    }

    fn asked(event: &Value) -> intake::Request {
        read_in(Region::US, event, true).unwrap().request
    }

    fn wrong(event: &Value) -> &'static str {
        read_in(Region::US, event, true).unwrap_err()
    }

    fn text_of(request: &intake::Request) -> &str {
        let Content::Text(text) = &request.content else { panic!() };
        text.reveal()
    }

    #[test]
    fn what_okta_documents_is_what_is_sent() {
        let hooked = read_in(Region::US, &event(), true).unwrap();
        assert_eq!(hooked.event_id.as_deref(), Some("uS5871kJThSsU8qlA1LTcg"));
        let request = hooked.request;
        assert_eq!(text_of(&request), "(HOOK)Your code is 11111");
        assert_eq!((request.to.as_str(), request.channel), ("+14155552345", Channel::Sms));
        assert_eq!(request.purpose, Purpose::Enrollment);
        assert_eq!(request.ttl, Some(Duration::from_millis(294_321)), "by Okta's clock");
        assert_eq!(request.user.as_deref(), Some("00uyxxSknGtK8022w0g3"));
        assert_eq!(request.reference.as_deref(), Some("uS5871kJThSsU8qlA1LTcg"));
        assert!(request.awaited);
    }

    #[test]
    fn numbers_may_be_json_numbers_and_have_no_plus() {
        // As the current OpenAPI example has them.
        let preview = message("phoneNumber", json!(9_876_543_210_u64));
        let indian = read_in(Region::IN, &preview, true).unwrap().request;
        let policy = Policy::of(Region::IN);
        let read = intake::recipient(&indian.to, &policy, Channel::Sms).unwrap();
        assert_eq!(read.number.as_str(), "+919876543210");
        let none_here =
            intake::recipient(&asked(&preview).to, &Policy::of(Region::US), Channel::Sms);
        assert_eq!(none_here.unwrap_err().detail, Detail::NotANumber);
        for (written, first, reads) in [
            (json!("+14155552345"), true, "+14155552345"),
            (json!(" +14155552345 "), true, "+14155552345"),
            (json!("14155552345"), true, "+14155552345"),
            (json!(14_155_552_345_u64), true, "+14155552345"),
            (json!("4155552345"), true, "+14155552345"),
            (json!("(415) 555-2345"), true, "+14155552345"),
            (json!("4915123456789"), true, "+4915123456789"),
            (json!("4915123456789"), false, "+4915123456789"),
            // A number of Alabama, or one of Singapore.
            (json!("6582345678"), true, "+16582345678"),
            (json!("6582345678"), false, "+6582345678"),
            (json!("4155552345"), false, "+14155552345"),
        ] {
            let event = message("phoneNumber", written.clone());
            let request = read_in(Region::US, &event, first).unwrap().request;
            let policy = Policy::of(Region::US);
            let read = intake::recipient(&request.to, &policy, Channel::Sms);
            assert_eq!(read.unwrap().number.as_str(), reads, "{written} {first}");
        }
        // A kind that may not be used is not read as something else.
        assert_eq!(asked(&message("phoneNumber", json!("8005551212"))).to, "8005551212");
    }

    #[test]
    fn channels_in_every_spelling() {
        for word in ["SMS", "sms", "Sms", " sms "] {
            assert_eq!(asked(&message("deliveryChannel", json!(word))).channel, Channel::Sms);
        }
        for word in ["Voice", "voice", "CALL", "call", "voice call", "VOICE_CALL", "Voice-Call"] {
            let request = asked(&message("deliveryChannel", json!(word)));
            assert_eq!((request.channel, request.confirm), (Channel::Voice, true), "{word}");
            let Content::Code { code, template } = request.content else { panic!("{word}") };
            assert_eq!((code.reveal(), template), ("11111", None));
            assert_eq!(request.locale.as_deref(), Some("EN-US"));
        }
        for word in ["", "email", "push", "smss", "voicemail"] {
            let says = wrong(&message("deliveryChannel", json!(word)));
            assert_eq!(says, "its deliveryChannel is neither SMS nor voice");
        }
    }

    #[test]
    fn purposes_by_request_type_and_sign_in_where_there_is_none() {
        for (word, purpose) in [
            ("com.okta.user.telephony.pre-enrollment", Purpose::Enrollment),
            ("com.okta.user.telephony.mfa-verification", Purpose::MfaVerify),
            ("com.okta.user.telephony.account-unlock", Purpose::AccountUnlock),
            ("com.okta.user.telephony.password-reset", Purpose::PasswordReset),
            ("COM.OKTA.USER.TELEPHONY.PASSWORD-RESET", Purpose::PasswordReset),
            ("com.okta.user.telephony.something-new", Purpose::MfaVerify),
            ("", Purpose::MfaVerify),
        ] {
            assert_eq!(asked(&with("/requestType", json!(word))).purpose, purpose, "{word}");
        }
        assert_eq!(asked(&without("/requestType")).purpose, Purpose::MfaVerify);
    }

    #[test]
    fn what_adorns_a_message_never_stops_it() {
        for locale in [json!("en"), json!("EN-US"), json!("pt_br")] {
            assert!(asked(&message("locale", locale)).locale.is_some());
        }
        for locale in [json!("no locale at all"), json!(7), json!(null), json!({})] {
            assert_eq!(asked(&message("locale", locale)).locale, None);
        }
        assert_eq!(asked(&without("/data/messageProfile/locale")).locale, None);
        for expires in [json!("soon"), json!(null), json!(5)] {
            assert_eq!(asked(&message("otpExpires", expires)).ttl, None);
        }
        assert_eq!(asked(&without("/data/userProfile")).user, None);
        let by_login = asked(&without("/data/userProfile/userId"));
        assert_eq!(by_login.user.as_deref(), Some("test.user@okta.com"));
        assert_eq!(asked(&with("/data/userProfile/userId", json!("x".repeat(129)))).user, None);
        for gone in ["/eventTime", "/eventType", "/source", "/data/context"] {
            assert_eq!(text_of(&asked(&without(gone))), "(HOOK)Your code is 11111");
        }
        assert_eq!(read_in(Region::US, &without("/eventId"), true).unwrap().event_id, None);
        let mut more = event();
        more["somethingNew"] = json!({"a": [1]});
        more["data"]["messageProfile"]["new"] = json!(true);
        assert_eq!(text_of(&asked(&more)), "(HOOK)Your code is 11111");
    }

    #[test]
    fn a_code_that_is_dead_already_is_given_no_time() {
        let dead = message("otpExpires", json!("2022-01-28T21:43:39.000Z"));
        assert_eq!(asked(&dead).ttl, Some(Duration::ZERO));
        let far = message("otpExpires", json!("2032-01-28T21:43:39.000Z"));
        assert_eq!(asked(&far).ttl, Some(MAX_TTL));
    }

    #[test]
    fn a_code_without_a_text_gets_one_and_may_be_a_json_number() {
        let mut event = without("/data/messageProfile/msgTemplate");
        event["data"]["messageProfile"]["otpCode"] = json!(11_111);
        let Content::Code { code, .. } = asked(&event).content else { panic!() };
        assert_eq!(code.reveal(), "11111");
        event["data"]["messageProfile"]["otpCode"] = json!("012345");
        let Content::Code { code, .. } = asked(&event).content else { panic!() };
        assert_eq!(code.reveal(), "012345");
        event["data"]["messageProfile"]["otpCode"] = json!("1;ATD");
        assert_eq!(wrong(&event), "its otpCode is not 1 to 10 letters and digits");
        event["data"]["messageProfile"]["otpCode"] = json!(null);
        assert_eq!(wrong(&event), "it has neither msgTemplate nor otpCode");
        event["data"]["messageProfile"]["deliveryChannel"] = json!("voice");
        assert_eq!(wrong(&event), "it has no otpCode to be spoken");
    }

    #[test]
    fn what_cannot_be_understood_says_why_without_what_it_held() {
        for (event, says) in [
            (without("/data/messageProfile/phoneNumber"), "it has no phoneNumber"),
            (without("/data/messageProfile/deliveryChannel"), "it has no deliveryChannel"),
            (without("/data/messageProfile"), "it has no deliveryChannel"),
            (without("/data"), "it has no deliveryChannel"),
            (json!([]), "it has no deliveryChannel"),
            (with("/eventId", json!("x".repeat(256))), "its eventId is longer than 255 characters"),
        ] {
            assert_eq!(wrong(&event), says);
        }
        let policy = Policy::of(Region::US);
        for body in [&b""[..], b"{", b"\xff\xfe", b"otp=1"] {
            assert!(read(body, Actor::default(), &policy, MANNER, true).is_err());
        }
    }
}
