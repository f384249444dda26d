//! What `send` and `call` have in common: an order to the gateway, and waiting for what becomes of it.

use std::{thread, time::Duration};

use serde_json::{Map, Value, json};

use super::{Failure, Output, Server, messages};

/// Between two looks at a message that is waited for: a person does not notice less.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

#[derive(Debug, clap::Args)]
pub(super) struct Order {
    /// The recipient: E.164, or a national number of the home region.
    to: String,
    /// Why: `mfa_verify`, `enrollment`, `password_reset`, `account_unlock`, `push_verify` or
    /// `general`.
    #[arg(long)]
    purpose: Option<String>,
    /// The language, such as de or pt-BR; else that of the user, of the number or of the organisation.
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

impl Order {
    /// Gives the order, with the members that only its own command has, and shows what becomes of it.
    pub(super) fn place<const N: usize>(
        self,
        members: [(&str, Option<Value>); N],
    ) -> Result<(), Failure> {
        let common = [
            ("to", Some(json!(self.to))),
            ("purpose", self.purpose.as_ref().map(|it| json!(it))),
            ("locale", self.locale.as_ref().map(|it| json!(it))),
            ("user", self.user.as_ref().map(|it| json!(it))),
            ("lane", self.lane.as_ref().map(|it| json!(it))),
            ("ttl_seconds", self.ttl.map(|it| json!(it))),
            ("sender", self.sender.as_ref().map(|it| json!(it))),
            ("reference", self.reference.as_ref().map(|it| json!(it))),
        ];
        let given = common.into_iter().chain(members);
        let body: Map<_, _> =
            given.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let key = self.idempotency_key.as_deref();
        let mut message =
            self.server.post("/api/v1/messages", &Value::Object(body), key, self.output)?;
        if self.wait {
            message = self.wait_for(message)?;
        }
        self.output.print(&message, messages::describe)?;
        let delivered = message.get("state").and_then(Value::as_str) == Some("delivered");
        if self.wait && !delivered { Err(Failure::Reported) } else { Ok(()) }
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
