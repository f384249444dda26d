//! `LogEvent`, rendered on read from the columns of an event.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::attribute;
use crate::{
    domain::{Money, Timestamp},
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
    severity: Option<String>,
    /// Always null.
    legacy_event_type: Option<String>,
    /// What happened, for people.
    display_message: Option<String>,
    /// The token that asked, the gateway itself, or somebody at its command line.
    actor: Value,
    /// Where the request came from.
    client: Value,
    /// Always null.
    device: Value,
    /// Okta's members; nothing is known of the sign-in itself.
    authentication_context: Value,
    /// `{result, reason}`.
    outcome: Value,
    /// The user it was for, the modem it went through, and what else it was done to.
    target: Vec<Value>,
    /// `{type, id}`: the same for the events of one message.
    transaction: Value,
    /// `{debugData: {…}}`.
    debug_context: Value,
    /// `{ipChain: […]}`.
    request: Value,
    /// Okta's members; all null.
    security_context: Value,
}

impl LogEvent {
    /// Its own id.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl From<EventRow> for LogEvent {
    fn from(row: EventRow) -> Self {
        let debug_data = debug_data(&row);
        let chain = row.client_ip.iter().map(|address| {
            json!({
                "ip": address,
                "geographicalContext": null,
                "version": attribute::version_of(address),
                "source": null,
            })
        });
        Self {
            published: Timestamp::from_unix_ms(row.published).to_string(),
            version: "0",
            severity: attribute::severity(&row.outcome),
            legacy_event_type: None,
            display_message: attribute::display(&row.event_type),
            actor: json!({
                "id": row.actor_id,
                "type": attribute::actor_type(&row.event_type),
                "alternateId": row.actor_name,
                "displayName": row.actor_name,
                "detailEntry": null,
            }),
            client: json!({
                "userAgent": {"rawUserAgent": row.user_agent, "os": null, "browser": null},
                "zone": null,
                "device": null,
                "id": null,
                "ipAddress": row.client_ip,
                "geographicalContext": null,
            }),
            device: Value::Null,
            authentication_context: json!({
                "authenticationProvider": null,
                "credentialProvider": null,
                "credentialType": null,
                "issuer": null,
                "interface": null,
                "authenticationStep": 0,
                "externalSessionId": null,
                "rootSessionId": null,
            }),
            outcome: json!({
                "result": row.outcome,
                "reason": row.reason.as_deref().and_then(attribute::reason),
            }),
            target: targets(&row),
            transaction: json!({
                "type": attribute::transaction_type(&row.event_type),
                "id": row.transaction_id,
                "detail": {"requestApiTokenId": null},
            }),
            debug_context: json!({"debugData": debug_data}),
            request: json!({"ipChain": chain.collect::<Vec<_>>()}),
            security_context: json!({
                "asNumber": null,
                "asOrg": null,
                "isp": null,
                "domain": null,
                "isProxy": null,
            }),
            uuid: row.uuid,
            event_type: row.event_type,
        }
    }
}

fn targets(row: &EventRow) -> Vec<Value> {
    let target = |id: &str, kind: &str, name: Option<&str>| {
        json!({
            "id": id,
            "type": kind,
            "alternateId": id,
            "displayName": name,
            "detailEntry": null,
        })
    };
    let user = row.user.iter().map(|user| target(user, "User", None));
    let modem = row.modem.iter().map(|modem| target(modem, "Modem", Some(modem)));
    let kind = attribute::target_type(&row.event_type);
    let other = row.target_id.iter().zip(kind).map(|(id, kind)| {
        let mut target = target(id, &kind, row.target_name.as_deref());
        if let (Some(before), Value::Object(members)) = (&row.target_before, &mut target) {
            let change = json!({"from": {"id": before}, "to": {"id": id}});
            members.insert("changeDetails".into(), change);
        }
        target
    });
    user.chain(modem).chain(other).collect()
}

/// Okta's names where it has one; the rest is ours.
fn debug_data(row: &EventRow) -> Map<String, Value> {
    let mut data = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            data.insert(name.to_owned(), value);
        }
    };
    let text = |value: &Option<String>| value.as_ref().map(|value| json!(value));
    let time = |at: Option<i64>| at.map(|at| json!(Timestamp::from_unix_ms(at)));
    let between = |from: Option<i64>, to: Option<i64>| {
        from.zip(to).map(|(from, to)| json!(to.saturating_sub(from).max(0)))
    };
    let published = Some(row.published);
    put("transactionId", Some(json!(row.transaction_id)));
    put("messageId", text(&row.message_id));
    put("channel", text(&row.channel));
    put("purpose", text(&row.purpose));
    put("phoneNumber", text(&row.recipient));
    put("countryCodeIso2", text(&row.region));
    let code = row.region.as_deref().and_then(attribute::calling_code);
    put("countryCallingCode", code.map(Value::from));
    let channel = row.channel.as_deref().unwrap_or_default();
    if attribute::is_sms(channel) {
        put("smsProvider", Some(attribute::PROVIDER.into()));
        put("smsTelephonyProvider", Some(attribute::PROVIDER.into()));
        put("isSmsHookFailover", Some("false".into()));
        put("customerProvidedAccount", Some(true.into()));
    }
    if attribute::is_call(channel) {
        put("callProvider", Some(attribute::PROVIDER.into()));
        put("callTelephonyProvider", Some(attribute::PROVIDER.into()));
        put("isCallHookFailover", Some("false".into()));
    }
    let status = attribute::provider_status(&row.event_type, &row.outcome);
    put("providerStatus", status.map(Value::from));
    put("sender", text(&row.modem));
    put("segments", row.segments.map(|segments| json!(segments)));
    put("cost", row.cost_micros.map(|cost| json!(Money::from_micros(cost).as_units())));
    put("queueMs", between(row.accepted_at, row.sent_at));
    put("deliveryMs", between(row.sent_at, published));
    put("durationMs", between(row.accepted_at, published));
    put("setupMs", row.setup_ms.map(Value::from));
    put("ringMs", row.ring_ms.map(Value::from));
    put("talkMs", row.talk_ms.map(Value::from));
    put("transactionStarted", time(row.accepted_at));
    let completed = published.filter(|_| attribute::completes(&row.event_type));
    put("transactionCompleted", time(completed));
    put("reasonFamily", row.reason.as_deref().and_then(attribute::family).map(Value::from));
    put("reasonDetail", text(&row.reason));
    put("note", text(&row.note));
    data
}
