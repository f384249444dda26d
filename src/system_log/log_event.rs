//! `LogEvent`, rendered on read from the columns of an event.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    domain::{Detail, Timestamp},
    store::event::EventRow,
};

/// One event in the shape of Okta's `LogEvent` object.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogEvent {
    /// Its own id.
    uuid: String,
    /// When it happened, RFC 3339 in UTC with milliseconds.
    published: String,
    /// What happened.
    event_type: String,
    /// Version of this shape.
    version: &'static str,
    /// `INFO`, `WARN` or `ERROR`.
    severity: String,
    /// What happened, for people.
    display_message: String,
    /// The token that asked.
    actor: Value,
    /// Where the request came from.
    client: Value,
    /// `{result, reason}`.
    outcome: Value,
    /// The user it was for.
    target: Vec<Value>,
    /// `{type, id}`: the same for the events of one message.
    transaction: Value,
    /// `{debugData: {…}}`.
    debug_context: Value,
}

impl From<EventRow> for LogEvent {
    fn from(row: EventRow) -> Self {
        let debug_data = debug_data(&row);
        let reason = row.reason.as_deref().and_then(Detail::from_word);
        let user = row.user.iter().map(
            |user| json!({"id": user, "type": "User", "alternateId": user, "displayName": null}),
        );
        Self {
            uuid: row.uuid,
            published: Timestamp::from_unix_ms(row.published).to_string(),
            event_type: row.event_type,
            version: "0",
            severity: row.severity,
            display_message: row.display,
            actor: json!({
                "id": row.actor_id,
                "type": "Token",
                "alternateId": row.actor_name,
                "displayName": row.actor_name,
            }),
            client: json!({
                "ipAddress": row.client_ip,
                "userAgent": {"rawUserAgent": row.user_agent},
            }),
            outcome: json!({
                "result": row.outcome,
                "reason": reason.map(Detail::sentence),
            }),
            target: user.collect(),
            transaction: json!({"type": "JOB", "id": row.transaction_id, "detail": {}}),
            debug_context: json!({"debugData": debug_data}),
        }
    }
}

/// Okta's names where it has one; the rest is ours.
fn debug_data(row: &EventRow) -> Map<String, Value> {
    let reason = row.reason.as_deref().and_then(Detail::from_word);
    let sms = row.channel == "sms";
    let mut data = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            data.insert(name.to_owned(), value);
        }
    };
    put("transactionId", Some(json!(row.transaction_id)));
    put("messageId", row.message_id.as_ref().map(|id| json!(id)));
    put("purpose", Some(json!(row.purpose)));
    put("phoneNumber", row.recipient.as_ref().map(|number| json!(number)));
    put("countryCodeIso2", row.region.as_ref().map(|region| json!(region)));
    put(if sms { "smsProvider" } else { "callProvider" }, Some(json!("RINGPOST")));
    put("sender", row.modem.as_ref().map(|modem| json!(modem)));
    put("segments", row.segments.map(|segments| json!(segments)));
    put("reasonFamily", reason.map(|detail| json!(detail.family().as_str())));
    put("reasonDetail", reason.map(|detail| json!(detail.as_str())));
    if row.event_type.ends_with(".receive_status") {
        let status = match (sms, row.outcome.as_str()) {
            (true, "SUCCESS") => "Sms Delivered",
            (true, "FAILURE" | "DENY") => "Sms Failed",
            (false, "SUCCESS") => "Call Completed",
            (false, "FAILURE" | "DENY") => "Call Failed",
            (_, "ABANDONED") => "Cancelled",
            _ => "Unknown",
        };
        put("providerStatus", Some(json!(status)));
    }
    data
}
