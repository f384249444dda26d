//! Talking to a running daemon.

use std::time::Duration;

use serde_json::Value;
use ureq::{
    Agent, Body,
    http::{HeaderMap, Response, StatusCode},
};

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

    /// `GET path`, and the path of the next page where the answer names one.
    pub(super) fn get_page(
        &self,
        path: &str,
        output: Output,
    ) -> Result<(Value, Option<String>), Failure> {
        let request = self.agent().get(self.url(path)).header("Authorization", authorization()?);
        let answer = request.call();
        let next = answer.as_ref().ok().and_then(|answer| next_page(answer.headers()));
        Ok((self.answer(answer, output)?, next))
    }

    /// `GET path`, as text or as a stream that goes on for as long as it likes.
    pub(super) fn open(&self, path: &str, last_event: Option<&str>) -> Result<Body, Failure> {
        let answer = self.stream(path, last_event)?;
        self.body(answer)
    }

    /// As [`Self::open`]; `None` where what the path names is not there.
    pub(super) fn open_if_there(&self, path: &str) -> Result<Option<Body>, Failure> {
        let answer = self.stream(path, None)?;
        if answer.as_ref().is_ok_and(|answer| answer.status() == StatusCode::NOT_FOUND) {
            return Ok(None);
        }
        self.body(answer).map(Some)
    }

    fn stream(
        &self,
        path: &str,
        last_event: Option<&str>,
    ) -> Result<Result<Response<Body>, ureq::Error>, Failure> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(TIMEOUT))
            .timeout_recv_response(Some(TIMEOUT))
            .build()
            .into();
        let mut request = agent.get(self.url(path)).header("Authorization", authorization()?);
        if let Some(id) = last_event {
            request = request.header("Last-Event-ID", id);
        }
        Ok(request.call())
    }

    fn body(&self, answer: Result<Response<Body>, ureq::Error>) -> Result<Body, Failure> {
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(answer.into_body()),
            other => {
                self.answer(other, Output { json: false })?;
                Err(Failure::Failed("the daemon answered with nothing to read".into()))
            }
        }
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
        // A problem of ours, or an error in the words of Okta.
        let member = |ours, theirs| {
            let value = value.get(ours).or_else(|| value.get(theirs)).and_then(Value::as_str);
            value.unwrap_or("no reason given")
        };
        let (detail, code) = (member("detail", "errorSummary"), member("code", "errorCode"));
        Err(Failure::Failed(format!("refused: {detail} ({code})")))
    }
}

/// The path and query of the link to the next page (RFC 8288).
fn next_page(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all("link").iter().filter_map(|link| link.to_str().ok());
    let mut next = links.filter(|link| link.ends_with("; rel=\"next\""));
    let target = next.next()?.strip_prefix('<')?.split_once('>')?.0;
    let path = target.split_once("://").map_or(target, |(_, rest)| rest);
    path.find('/').and_then(|at| path.get(at..)).map(str::to_owned)
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
