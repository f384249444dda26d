//! Talking to a running daemon.

use std::time::Duration;

use serde_json::Value;
use ureq::{Agent, Body, http::Response};

use super::{Failure, Output, output};

/// The daemon answers within milliseconds; whoever waits longer than this waits for nothing.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Which daemon, and as whom.
#[derive(Debug, clap::Args)]
pub(super) struct Server {
    /// Where the daemon listens.
    #[arg(long, env = "RINGPOST_URL", default_value = "http://127.0.0.1:8480")]
    url: String,
}

impl Server {
    /// `GET path`.
    pub(super) fn get(&self, path: &str, output: Output) -> Result<Value, Failure> {
        let request = self.agent().get(self.url(path)).header("Authorization", authorization()?);
        self.answer(request.call(), output)
    }

    /// `POST path`, which `key` makes safe to repeat.
    pub(super) fn post(
        &self,
        path: &str,
        body: &Value,
        key: Option<&str>,
        output: Output,
    ) -> Result<Value, Failure> {
        let request = self.agent().post(self.url(path)).header("Authorization", authorization()?);
        let request = match key {
            Some(key) => request.header("Idempotency-Key", quoted(key)),
            None => request,
        };
        self.answer(request.send_json(body), output)
    }

    /// `DELETE path`, which answers nothing.
    pub(super) fn delete(&self, path: &str, output: Output) -> Result<(), Failure> {
        let request = self.agent().delete(self.url(path)).header("Authorization", authorization()?);
        let answer = request.call();
        match &answer {
            Ok(response) if response.status() == 204 => Ok(()),
            Ok(_) | Err(_) => self.answer(answer, output).map(drop),
        }
    }

    fn agent(&self) -> Agent {
        Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build()
            .into()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }

    fn answer(
        &self,
        answer: Result<Response<Body>, ureq::Error>,
        output: Output,
    ) -> Result<Value, Failure> {
        let mut response = answer.map_err(|cause| {
            let what = format!("talk to the daemon at {}", self.url);
            Failure::while_doing(&what, format!("{cause}; is `ringpost serve` running there?"))
        })?;
        let value: Value = response
            .body_mut()
            .read_json()
            .map_err(|cause| Failure::while_doing("read the daemon's answer", cause))?;
        if response.status().is_success() {
            return Ok(value);
        }
        if output.json {
            output::print(&format!("{value:#}"))?;
            return Err(Failure::Reported);
        }
        let member = |name| value.get(name).and_then(Value::as_str);
        // Paths that answer as Okta does have its words for the same.
        let says = member("detail").or(member("errorSummary")).unwrap_or("no reason given");
        let code = member("code").or(member("errorCode")).unwrap_or("no code");
        Err(Failure::Failed(format!("refused: {says} ({code})")))
    }
}

/// A string of RFC 9651, 3.3.3.
fn quoted(key: &str) -> String {
    format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
}

fn authorization() -> Result<String, Failure> {
    match std::env::var("RINGPOST_TOKEN") {
        Ok(token) if !token.is_empty() => Ok(format!("Bearer {token}")),
        _ => Err(Failure::Failed(
            "RINGPOST_TOKEN is not set; make a token with `ringpost token create`".into(),
        )),
    }
}
