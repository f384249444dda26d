//! `ringpost send`.

use std::{thread, time::Duration};

use serde_json::{Map, Value, json};

use super::{Failure, Output, Server, messages, text};

/// Between two looks at a message that is waited for: a person does not notice less.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

#[derive(Debug, clap::Args)]
pub(super) struct Send {
    /// The recipient: E.164, or a national number of the home region.
    to: String,
    /// The text; else it is read from standard input, where other users of this box cannot see it.
    #[arg(long)]
    text: Option<String>,
    /// Why: `mfa_verify`, `enrollment`, `password_reset`, `account_unlock`, `push_verify` or
    /// `general`.
    #[arg(long)]
    purpose: Option<String>,
    /// What is read is a code, which a template makes a text of.
    #[arg(long)]
    code: bool,
    /// Id or name of the template for the code.
    #[arg(long, requires = "code")]
    template: Option<String>,
    /// The language of the text for the code, such as de or pt-BR.
    #[arg(long)]
    locale: Option<String>,
    /// The user that it is for.
    #[arg(long)]
    user: Option<String>,
    /// The lane: otp, alert or bulk; else by purpose.
    #[arg(long)]
    lane: Option<String>,
    /// How long it may wait, in seconds.
    #[arg(long, value_name = "SECONDS")]
    ttl: Option<u32>,
    /// Only through this modem.
    #[arg(long, value_name = "MODEM")]
    sender: Option<String>,
    /// Shown at once and kept nowhere.
    #[arg(long)]
    flash: bool,
    /// Your own reference.
    #[arg(long)]
    reference: Option<String>,
    /// Names this message: sent again with the same key within 24 hours, it is sent once.
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Wait until the message has reached its end; exit code 1 unless it was delivered.
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    server: Server,
    #[command(flatten)]
    output: Output,
}

impl Send {
    pub(super) fn run(self) -> Result<(), Failure> {
        let body = self.body()?;
        let mut message = self.server.post(
            "/api/v1/messages",
            &body,
            self.idempotency_key.as_deref(),
            self.output,
        )?;
        if self.wait {
            message = self.wait_for(message)?;
        }
        self.output.print(&message, messages::describe)?;
        let delivered = message.get("state").and_then(Value::as_str) == Some("delivered");
        if self.wait && !delivered { Err(Failure::Reported) } else { Ok(()) }
    }

    fn body(&self) -> Result<Value, Failure> {
        let mut body = Map::new();
        body.insert("to".into(), json!(self.to));
        body.insert("channel".into(), json!("sms"));
        if self.code {
            body.insert("code".into(), json!(text::given_or_read(self.text.clone())?));
        } else {
            body.insert("text".into(), json!(text::given_or_read(self.text.clone())?));
        }
        let optional = [
            ("purpose", self.purpose.as_ref().map(|it| json!(it))),
            ("template", self.template.as_ref().map(|it| json!(it))),
            ("locale", self.locale.as_ref().map(|it| json!(it))),
            ("user", self.user.as_ref().map(|it| json!(it))),
            ("lane", self.lane.as_ref().map(|it| json!(it))),
            ("ttl_seconds", self.ttl.map(|it| json!(it))),
            ("sender", self.sender.as_ref().map(|it| json!(it))),
            ("flash", self.flash.then_some(json!(true))),
            ("reference", self.reference.as_ref().map(|it| json!(it))),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                body.insert(name.into(), value);
            }
        }
        Ok(Value::Object(body))
    }

    fn wait_for(&self, mut message: Value) -> Result<Value, Failure> {
        let id = message.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        while message.get("ended_at").is_none_or(Value::is_null) {
            thread::sleep(LOOK_AGAIN);
            message = self.server.get(&format!("/api/v1/messages/{id}"), self.output)?;
        }
        Ok(message)
    }
}
