//! A simulated Okta organisation: it asks the hook as Okta does, and does what Okta does with the answer.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::gateway::{Gateway, PHONE};

/// What Okta waits for a telephony hook. It asks once.
const OKTA_WAITS: Duration = Duration::from_secs(3);
/// Longest answer that Okta reads.
const MAX_ANSWER: usize = 256 * 1024;

/// The header and the secret that gateways of these tests know.
pub(crate) const HEADER: &str = "x-telephony-key";
pub(crate) const SECRET: &str = "a-secret-of-the-tests-0123456789";

/// What an organisation makes of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The hook took care of it, and says so with this status.
    Command(String),
    /// The hook failed, and the person reads this; Okta's provider sends the code.
    Error(String),
    /// The hook is skipped; Okta's provider sends the code.
    Skipped(String),
}

/// One call of the hook.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) verdict: Verdict,
    pub(crate) took: Duration,
    pub(crate) body: Value,
}

/// An organisation whose hook is a gateway.
pub(crate) struct Org {
    url: String,
    headers: Vec<(String, String)>,
    waits: Duration,
    /// Events whose codes Okta's own provider sent.
    fallbacks: Mutex<Vec<String>>,
}

impl Org {
    /// One that knows the secret of the tests.
    pub(crate) fn of(gateway: &Gateway) -> Self {
        Self::with(gateway, &[(HEADER, SECRET)])
    }

    /// One that sends these headers.
    pub(crate) fn with(gateway: &Gateway, headers: &[(&str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Self {
            url: format!("{}/hooks/okta/telephony", gateway.url()),
            headers: headers.collect(),
            waits: OKTA_WAITS,
            fallbacks: Mutex::default(),
        }
    }

    /// One that is farther away, so that it gives up sooner after the gateway heard of it.
    pub(crate) fn waiting(mut self, waits: Duration) -> Self {
        self.waits = waits;
        self
    }

    /// Calls the hook with an event.
    pub(crate) fn hook(&self, event: &Value) -> Exchange {
        self.hook_with(event["eventId"].as_str().unwrap_or_default(), &event.to_string())
    }

    /// Calls the hook with a body.
    pub(crate) fn hook_with(&self, event_id: &str, body: &str) -> Exchange {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(self.waits))
            .build()
            .into();
        let mut request = agent
            .post(&self.url)
            .header("Accept", "application/json")
            .header("Content-Type", "application/json")
            .header("User-Agent", "Okta-Integrations");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let began = Instant::now();
        let answer = request.send(body);
        let read = answer.and_then(|mut it| {
            let json = it.headers().get("content-type").is_some_and(|it| it == "application/json");
            Ok((it.status(), json, it.body_mut().read_to_string()?))
        });
        let took = began.elapsed();
        let (verdict, body) = match read {
            Err(cause) => (Verdict::Skipped(cause.to_string()), Value::Null),
            Ok((status, json, text)) => {
                let body = serde_json::from_str(&text).unwrap_or(Value::Null);
                (verdict(status.as_u16(), json, &text, &body), body)
            }
        };
        if !matches!(verdict, Verdict::Command(_)) {
            self.fallbacks.lock().unwrap().push(event_id.to_owned());
        }
        Exchange { verdict, took, body }
    }

    /// How many codes Okta's own provider sent.
    pub(crate) fn fallbacks(&self) -> usize {
        self.fallbacks.lock().unwrap().len()
    }
}

fn verdict(status: u16, json: bool, text: &str, body: &Value) -> Verdict {
    if status != 200 {
        return Verdict::Skipped(format!("status {status}"));
    }
    if !json || body.is_null() {
        return Verdict::Skipped("no JSON".into());
    }
    if text.len() >= MAX_ANSWER {
        return Verdict::Skipped("too long".into());
    }
    if let Some(error) = body.get("error") {
        let summary = error["errorSummary"].as_str();
        return Verdict::Error(summary.unwrap_or("The callback service returned an error").into());
    }
    let command = &body["commands"][0];
    let status = command["value"][0]["status"].as_str().unwrap_or_default();
    let known = ["SUCCESSFUL", "PENDING", "FAILED"].contains(&status);
    if command["type"] == "com.okta.telephony.action" && known {
        Verdict::Command(status.into())
    } else {
        Verdict::Skipped("malformed".into())
    }
}

impl Exchange {
    /// The status that the hook answered with.
    pub(crate) fn status(&self) -> &str {
        let Verdict::Command(status) = &self.verdict else { panic!("{self:?}") };
        status
    }

    /// The reason that the hook gave for an error.
    pub(crate) fn reason(&self) -> &str {
        let Verdict::Error(_) = &self.verdict else { panic!("{self:?}") };
        self.body["error"]["errorCauses"][0]["reason"].as_str().unwrap()
    }

    /// The transaction that both logs name.
    pub(crate) fn transaction(&self) -> &str {
        self.body["debugContext"]["transactionId"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }

    /// The message that was made.
    pub(crate) fn message(&self) -> &str {
        self.body["debugContext"]["messageId"].as_str().unwrap_or_else(|| panic!("{self:?}"))
    }
}

/// An event as Okta sends it.
pub(crate) fn event(id: &str) -> Value {
    event_to(id, PHONE)
}

/// The same for another phone.
pub(crate) fn event_to(id: &str, phone: &str) -> Value {
    json!({
        "eventId": id,
        "eventTime": "2026-11-26T21:43:40.000Z",
        "eventType": "com.okta.telephony.provider",
        "eventTypeVersion": "1.0",
        "contentType": "application/json",
        "cloudEventVersion": "0.1",
        "source": "https://example.okta.com/api/v1/inlineHooks/calz6lVQA77AwFeEe0g3",
        "requestType": "com.okta.user.telephony.mfa-verification",
        "data": {
            "context": {"request": {"id": "reqRgSk8IBBRhuo0YdlEDTmUw", "method": "POST",
                "url": {"value": "/api/v1/authn"}, "ipAddress": "127.0.0.1"}},
            "userProfile": {"firstName": "Jane", "lastName": "Doe",
                "login": "jane.doe@example.com", "userId": format!("00u{id}")},
            "messageProfile": {"msgTemplate": format!("Your code for {id} is 481592"),
                "phoneNumber": phone, "otpExpires": "2026-11-26T21:48:34.321Z",
                "deliveryChannel": "SMS", "otpCode": "481592", "locale": "EN-US"},
        },
    })
}
