//! `ringpost okta`: the telephony hook, seen from Okta's side.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Subcommand;
use serde_json::{Value, json};
use ureq::Agent;
use zeroize::Zeroizing;

use super::{Failure, Files, Output, output};
use crate::{
    config::{self, Config},
    domain::{Timestamp, TransactionId},
};

/// What Okta waits for a hook.
const OKTA_WAITS: Duration = Duration::from_secs(3);
/// Longest answer that Okta reads.
const MAX_ANSWER: usize = 256 * 1024;
/// What Okta gives a code.
const CODE_LIVES: Duration = Duration::from_secs(300);
/// The number of Okta's own preview.
const PREVIEW_NUMBER: &str = "9876543210";

#[derive(Debug, Subcommand)]
pub(super) enum Okta {
    /// Call the telephony hook as Okta's preview does, and say what Okta would make of the answer.
    Check(Check),
}

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The URL of the hook, as it stands in Okta.
    url: String,
    /// Send a real code to this number; without it, that of Okta's preview, which few countries have.
    #[arg(long, value_name = "NUMBER")]
    to: Option<String>,
    /// The header of the secret, where it is not that of the configuration.
    #[arg(long, value_name = "NAME", requires = "secret_file")]
    header: Option<String>,
    /// The file that holds what stands in that header.
    #[arg(long, value_name = "FILE", requires = "header")]
    secret_file: Option<PathBuf>,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    output: Output,
}

impl Okta {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Check(check) => check.run(),
        }
    }
}

/// What a hook is authenticated by.
struct Credentials {
    header: String,
    value: Zeroizing<String>,
}

/// What came back.
struct Answer {
    /// The status and the body, or why there are none.
    got: Result<(u16, String), String>,
    took: Duration,
}

/// What Okta would make of an answer.
struct Verdict {
    /// `SUCCESSFUL`, `PENDING`, `FAILED`, `error` or `skipped`.
    result: &'static str,
    says: String,
}

impl Check {
    fn run(self) -> Result<(), Failure> {
        let credentials = self.credentials()?;
        let event = preview(self.to.as_deref().unwrap_or(PREVIEW_NUMBER));
        let answer = call(&self.url, &credentials, &event);
        let verdict = judge(&answer);
        let warning = (!self.url.starts_with("https://"))
            .then_some("Okta calls https:// only, and takes no other URL");
        if self.output.json {
            let (status, body) = match &answer.got {
                Ok((status, text)) => (Some(*status), readable(text)),
                Err(_) => (None, Value::Null),
            };
            let value = json!({
                "request": {"url": self.url, "header": credentials.header, "body": event},
                "response": {"status": status, "elapsed_ms": answer.took.as_millis(), "body": body},
                "verdict": {"result": verdict.result, "explanation": verdict.says},
                "warning": warning,
            });
            output::print(&format!("{value:#}"))?;
        } else {
            output::print(&self.describe(&credentials, &event, &answer))?;
        }
        let says = format!("Okta: {}: {}", verdict.result, verdict.says);
        let good = matches!(verdict.result, "SUCCESSFUL" | "PENDING");
        match (good, self.output.json) {
            (true, true) => Ok(()),
            (false, true) => Err(Failure::Reported),
            (true, false) => {
                output::print(&says)?;
                warning.map_or(Ok(()), |warning| output::print(&format!("warning: {warning}")))
            }
            (false, false) => Err(Failure::Failed(says)),
        }
    }

    fn credentials(&self) -> Result<Credentials, Failure> {
        if let Some((header, file)) = self.header.clone().zip(self.secret_file.as_ref()) {
            return Ok(Credentials { header, value: first_line(file)? });
        }
        let okta = Config::load(&self.files.config, config::environment())?.okta;
        if let Some((header, file)) = okta.header.zip(okta.secret_file) {
            return Ok(Credentials { header, value: first_line(&file)? });
        }
        if let Some(file) = okta.basic_file {
            let encoded = Zeroizing::new(STANDARD.encode(first_line(&file)?.as_bytes()));
            let value = Zeroizing::new(format!("Basic {}", encoded.as_str()));
            return Ok(Credentials { header: "authorization".into(), value });
        }
        Err(Failure::Failed(
            "neither okta.secret_file nor okta.basic_file is set; name the credentials with \
             --header and --secret-file"
                .into(),
        ))
    }

    fn describe(&self, credentials: &Credentials, event: &Value, answer: &Answer) -> String {
        let mut says = format!("POST {}\n", self.url);
        let (header, length) = (&credentials.header, credentials.value.len());
        let _ = writeln!(says, "{header}: ({length} characters)\n{event:#}\n");
        let seconds = answer.took.as_secs_f64();
        match &answer.got {
            Ok((status, text)) => {
                let _ = writeln!(says, "{status} after {seconds:.3} s\n{:#}", readable(text));
            }
            Err(cause) => {
                let _ = writeln!(says, "no answer after {seconds:.3} s: {cause}");
            }
        }
        says
    }
}

/// JSON as such; what is none as a string.
fn readable(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

/// The secret that Okta would be given: a file may hold those of the future and of the past, too.
fn first_line(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let failed = |cause: &dyn std::fmt::Display| {
        Failure::while_doing(&format!("read the secret in {}", file.display()), cause)
    };
    let text = Zeroizing::new(fs::read_to_string(file).map_err(|cause| failed(&cause))?);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty());
    line.map(|line| Zeroizing::new(line.to_owned())).ok_or_else(|| failed(&"it is empty"))
}

/// What Okta's preview sends.
fn preview(number: &str) -> Value {
    let now = Timestamp::now();
    json!({
        "eventId": format!("preview-{}", TransactionId::generate()),
        "eventTime": now.to_string(),
        "eventType": "com.okta.telephony.provider",
        "eventTypeVersion": "1.0",
        "contentType": "application/json",
        "cloudEventVersion": "0.1",
        "source": "https://example.okta.com/api/v1/inlineHooks/preview",
        "requestType": "com.okta.user.telephony.pre-enrollment",
        "data": {
            "context": {"request": {
                "id": "preview", "method": "POST", "ipAddress": "127.0.0.1",
                "url": {"value":
                    "/api/internal/v1/inlineHooks/com.okta.telephony.provider/generatePreview"},
            }},
            "userProfile": {"firstName": "test", "lastName": "user",
                "login": "test.user@okta.com", "userId": "preview"},
            "messageProfile": {"msgTemplate": "(HOOK)Your code is 11111", "phoneNumber": number,
                "otpExpires": now.after(CODE_LIVES).to_string(), "deliveryChannel": "SMS",
                "otpCode": "11111", "locale": "EN-US"},
        },
    })
}

fn call(url: &str, credentials: &Credentials, event: &Value) -> Answer {
    let agent: Agent = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(OKTA_WAITS))
        .build()
        .into();
    let began = Instant::now();
    let answer = agent
        .post(url)
        .header("Accept", "application/json")
        .header("Content-Type", "application/json")
        .header(&credentials.header, credentials.value.as_str())
        .send(event.to_string());
    let read = answer.and_then(|mut answer| {
        let text = answer.body_mut().read_to_string()?;
        Ok((answer.status().as_u16(), text))
    });
    Answer { got: read.map_err(|cause| cause.to_string()), took: began.elapsed() }
}

/// As Okta documents what it does with answers.
fn judge(answer: &Answer) -> Verdict {
    let skipped = |says: String| Verdict {
        result: "skipped",
        says: format!("{says}; Okta sends the code by a provider of its own, if it has one"),
    };
    let (status, text) = match &answer.got {
        Err(cause) => return skipped(format!("no answer within 3 seconds ({cause})")),
        Ok((status, _)) if *status != 200 => {
            return skipped(format!("the status must be 200, and is {status}"));
        }
        Ok((_, text)) if text.len() >= MAX_ANSWER => {
            return skipped("the answer must be shorter than 256 KB".into());
        }
        Ok((status, text)) => (status, text),
    };
    let Ok(body) = serde_json::from_str::<Value>(text) else {
        return skipped(format!("the answer, {status}, is no JSON"));
    };
    if let Some(error) = body.get("error") {
        let word = |pointer: &str| error.pointer(pointer).and_then(Value::as_str);
        let summary = word("/errorSummary").unwrap_or("The callback service returned an error");
        let reason = word("/errorCauses/0/reason").unwrap_or("no reason given");
        let says = format!("nothing was sent ({reason}); the person reads: {summary}");
        return Verdict { result: "error", says };
    }
    let word = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let told = match word("/commands/0/value/0/status") {
        Some("SUCCESSFUL") => ("SUCCESSFUL", "the network took the code"),
        Some("PENDING") => ("PENDING", "the code may still be on its way; Okta sends no other"),
        Some("FAILED") => ("FAILED", "the code could not be sent"),
        Some(_) | None => return skipped("the answer holds no status that Okta knows".into()),
    };
    if word("/commands/0/type") != Some("com.okta.telephony.action") {
        return skipped("the answer holds no command that Okta knows".into());
    }
    Verdict { result: told.0, says: told.1.into() }
}
