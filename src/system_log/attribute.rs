//! The attributes of a log event: how each is called, what kind of value it has, and where that comes
//! from. The only table of them.

use std::sync::LazyLock;

use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};

use crate::{
    domain::{Channel, Detail, EventType, Outcome, Purpose, Severity},
    store::Column,
};

/// What calls us the provider of a message or call.
pub(super) const PROVIDER: &str = "RINGPOST";

/// An attribute of log events.
#[derive(Debug)]
pub(super) struct Attribute {
    /// Its path in the JSON; elements of an array have no step of their own.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    pub(super) source: Source,
}

/// What kind of value an attribute has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    /// An instant in ISO 8601.
    Time,
    /// `true` or `false`.
    Flag,
}

/// Where the value of an attribute comes from.
#[derive(Debug)]
pub(super) enum Source {
    Column(Column),
    /// Always the same text.
    Text(&'static str),
    /// Always the same number.
    Number(f64),
    /// Always the same flag.
    Flag(bool),
    /// Nothing: a member of Okta's that has no value here.
    Nothing,
    /// What a function makes of a column that holds one of these words.
    Made(Column, fn() -> Vec<&'static str>, fn(&str) -> Option<String>),
    /// As `Source`, where the column has a value.
    Where(Column, &'static Source),
    /// As `Source`, where the function makes something of the column's word.
    While(Column, fn() -> Vec<&'static str>, fn(&str) -> bool, &'static Source),
    /// The one where the column contains this, the other where it does not.
    Either(Column, &'static str, &'static Source, &'static Source),
    /// Each of these, in an array.
    Each(&'static [Source]),
}

/// `severity` of an outcome.
pub(super) fn severity(outcome: &str) -> Option<String> {
    Some(Severity::of(Outcome::from_word(outcome)?).as_str().to_owned())
}

/// `displayMessage` of an event type.
pub(super) fn display(event_type: &str) -> Option<String> {
    Some(EventType::of(event_type)?.display.to_owned())
}

/// `actor.type` of an event type.
pub(super) fn actor_type(event_type: &str) -> Option<String> {
    Some(EventType::of(event_type)?.actor.to_owned())
}

/// `type` of the target that is neither user nor modem.
pub(super) fn target_type(event_type: &str) -> Option<String> {
    EventType::of(event_type)?.target.map(str::to_owned)
}

/// `transaction.type` of an event type: what began with a request over HTTP.
pub(super) fn transaction_type(event_type: &str) -> Option<String> {
    let web = EventType::of(event_type)?.actor == "Token";
    Some(if web { "WEB" } else { "JOB" }.to_owned())
}

/// `outcome.reason` of a reason's detail.
pub(super) fn reason(detail: &str) -> Option<String> {
    Some(Detail::from_word(detail)?.sentence().to_owned())
}

/// The family of a reason's detail.
pub(super) fn family(detail: &str) -> Option<String> {
    Some(Detail::from_word(detail)?.family().as_str().to_owned())
}

/// The calling code of a region.
pub(super) fn calling_code(region: &str) -> Option<String> {
    let region = Region::from_code(region).ok()?;
    PHONE_NUMBER_UTIL.get_country_code_for_region(region).map(|code| code.to_string())
}

/// Whether an event is the final word on a text message or a call.
fn is_status(event_type: &str) -> bool {
    event_type.ends_with(".receive_status")
}

fn is_sms_status(event_type: &str) -> bool {
    event_type == Purpose::status_event_type(Channel::Sms)
}

fn is_call_status(event_type: &str) -> bool {
    event_type == Purpose::status_event_type(Channel::Voice)
}

fn sms_status(outcome: &str) -> Option<String> {
    let word = match Outcome::from_word(outcome)? {
        Outcome::Success => "Sms Delivered",
        Outcome::Failure | Outcome::Deny => "Sms Failed",
        Outcome::Abandoned => "Cancelled",
        Outcome::Unknown => "Unknown",
    };
    Some(word.to_owned())
}

fn call_status(outcome: &str) -> Option<String> {
    let word = match Outcome::from_word(outcome)? {
        Outcome::Success => "Call Completed",
        Outcome::Failure | Outcome::Deny => "Call Failed",
        Outcome::Abandoned => "Cancelled",
        Outcome::Unknown => "Unknown",
    };
    Some(word.to_owned())
}

/// `providerStatus` of a status event.
pub(super) fn provider_status(event_type: &str, outcome: &str) -> Option<String> {
    match event_type {
        _ if is_sms_status(event_type) => sms_status(outcome),
        _ if is_call_status(event_type) => call_status(outcome),
        _ => None,
    }
}

/// Whether an event ended a transaction.
pub(super) fn completes(event_type: &str) -> bool {
    is_status(event_type)
}

/// Whether an event is about a text message.
pub(super) fn is_sms(channel: &str) -> bool {
    channel == Channel::Sms.as_str()
}

/// Whether an event is about a call.
pub(super) fn is_call(channel: &str) -> bool {
    channel == Channel::Voice.as_str()
}

/// What follows only for some channel.
macro_rules! of_channel {
    ($holds:ident, $source:expr) => {
        Source::While(Column::Channel, channels, $holds, &$source)
    };
}

/// `version` of an address in the chain of a request.
pub(super) fn version_of(address: &str) -> &'static str {
    if address.contains(':') { "V6" } else { "V4" }
}

fn event_types() -> Vec<&'static str> {
    EventType::all().map(|it| it.name).collect()
}

fn outcomes() -> Vec<&'static str> {
    Outcome::ALL.map(Outcome::as_str).to_vec()
}

fn details() -> Vec<&'static str> {
    Detail::ALL.iter().map(|detail| detail.as_str()).collect()
}

fn channels() -> Vec<&'static str> {
    [Channel::Sms, Channel::Voice].map(Channel::as_str).to_vec()
}

fn regions() -> Vec<&'static str> {
    static CODES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let letters = || 'A'..='Z';
        let pairs = letters().flat_map(|one| letters().map(move |two| format!("{one}{two}")));
        pairs.filter(|code| calling_code(code).is_some()).collect()
    });
    CODES.iter().map(String::as_str).collect()
}

const fn text(path: &'static str, column: Column) -> Attribute {
    Attribute { path, kind: Kind::Text, source: Source::Column(column) }
}

const fn number(path: &'static str, column: Column) -> Attribute {
    Attribute { path, kind: Kind::Number, source: Source::Column(column) }
}

const fn made(path: &'static str, source: Source) -> Attribute {
    Attribute { path, kind: Kind::Text, source }
}

const fn nothing(path: &'static str) -> Attribute {
    Attribute { path, kind: Kind::Text, source: Source::Nothing }
}

const fn no_number(path: &'static str) -> Attribute {
    Attribute { path, kind: Kind::Number, source: Source::Nothing }
}

const USER: Source = Source::Column(Column::User);
const MODEM: Source = Source::Column(Column::Modem);
const OF_OTHER: Source = Source::Made(Column::EventType, event_types, target_type);

/// Whether events of a type have a target besides user and modem.
fn has_target(event_type: &str) -> bool {
    target_type(event_type).is_some()
}

/// Of the target that is neither user nor modem.
macro_rules! other {
    ($column:ident) => {
        Source::Where(
            Column::TargetId,
            &Source::While(
                Column::EventType,
                event_types,
                has_target,
                &Source::Column(Column::$column),
            ),
        )
    };
}

/// All attributes, with the names of Okta's `LogEvent` where it has one.
pub(super) const ATTRIBUTES: &[Attribute] = &[
    text("uuid", Column::Uuid),
    text("eventType", Column::EventType),
    made("version", Source::Text("0")),
    made("severity", Source::Made(Column::Outcome, outcomes, severity)),
    nothing("legacyEventType"),
    made("displayMessage", Source::Made(Column::EventType, event_types, display)),
    text("actor.id", Column::ActorId),
    made("actor.type", Source::Made(Column::EventType, event_types, actor_type)),
    text("actor.alternateId", Column::ActorName),
    text("actor.displayName", Column::ActorName),
    nothing("actor.detailEntry"),
    text("client.ipAddress", Column::ClientIp),
    text("client.userAgent.rawUserAgent", Column::UserAgent),
    nothing("client.userAgent.os"),
    nothing("client.userAgent.browser"),
    nothing("client.zone"),
    nothing("client.device"),
    nothing("client.id"),
    nothing("client.geographicalContext.city"),
    nothing("client.geographicalContext.state"),
    nothing("client.geographicalContext.country"),
    nothing("client.geographicalContext.postalCode"),
    no_number("client.geographicalContext.geolocation.lat"),
    no_number("client.geographicalContext.geolocation.lon"),
    nothing("device"),
    nothing("authenticationContext.authenticationProvider"),
    nothing("authenticationContext.credentialProvider"),
    nothing("authenticationContext.credentialType"),
    nothing("authenticationContext.issuer.id"),
    nothing("authenticationContext.issuer.type"),
    nothing("authenticationContext.interface"),
    Attribute {
        path: "authenticationContext.authenticationStep",
        kind: Kind::Number,
        source: Source::Number(0.0),
    },
    nothing("authenticationContext.externalSessionId"),
    nothing("authenticationContext.rootSessionId"),
    text("outcome.result", Column::Outcome),
    made("outcome.reason", Source::Made(Column::Reason, details, reason)),
    made("target.id", Source::Each(&[USER, MODEM, other!(TargetId)])),
    made(
        "target.type",
        Source::Each(&[
            Source::Where(Column::User, &Source::Text("User")),
            Source::Where(Column::Modem, &Source::Text("Modem")),
            Source::Where(Column::TargetId, &OF_OTHER),
        ]),
    ),
    made("target.alternateId", Source::Each(&[USER, MODEM, other!(TargetId)])),
    made("target.displayName", Source::Each(&[MODEM, other!(TargetName)])),
    nothing("target.detailEntry"),
    made("target.changeDetails.from.id", other!(TargetBefore)),
    made("target.changeDetails.to.id", Source::Where(Column::TargetBefore, &other!(TargetId))),
    made("transaction.type", Source::Made(Column::EventType, event_types, transaction_type)),
    text("transaction.id", Column::Transaction),
    nothing("transaction.detail.requestApiTokenId"),
    text("debugContext.debugData.transactionId", Column::Transaction),
    text("debugContext.debugData.messageId", Column::MessageId),
    text("debugContext.debugData.channel", Column::Channel),
    text("debugContext.debugData.purpose", Column::Purpose),
    text("debugContext.debugData.phoneNumber", Column::Recipient),
    text("debugContext.debugData.countryCodeIso2", Column::Region),
    made(
        "debugContext.debugData.countryCallingCode",
        Source::Made(Column::Region, regions, calling_code),
    ),
    made("debugContext.debugData.smsProvider", of_channel!(is_sms, Source::Text(PROVIDER))),
    made("debugContext.debugData.callProvider", of_channel!(is_call, Source::Text(PROVIDER))),
    made(
        "debugContext.debugData.smsTelephonyProvider",
        of_channel!(is_sms, Source::Text(PROVIDER)),
    ),
    made(
        "debugContext.debugData.callTelephonyProvider",
        of_channel!(is_call, Source::Text(PROVIDER)),
    ),
    made("debugContext.debugData.isSmsHookFailover", of_channel!(is_sms, Source::Text("false"))),
    made("debugContext.debugData.isCallHookFailover", of_channel!(is_call, Source::Text("false"))),
    Attribute {
        path: "debugContext.debugData.customerProvidedAccount",
        kind: Kind::Flag,
        source: of_channel!(is_sms, Source::Flag(true)),
    },
    made(
        "debugContext.debugData.providerStatus",
        Source::Each(&[
            Source::While(
                Column::EventType,
                event_types,
                is_sms_status,
                &Source::Made(Column::Outcome, outcomes, sms_status),
            ),
            Source::While(
                Column::EventType,
                event_types,
                is_call_status,
                &Source::Made(Column::Outcome, outcomes, call_status),
            ),
        ]),
    ),
    text("debugContext.debugData.sender", Column::Modem),
    number("debugContext.debugData.segments", Column::Segments),
    number("debugContext.debugData.cost", Column::Cost),
    number("debugContext.debugData.queueMs", Column::QueueMs),
    number("debugContext.debugData.deliveryMs", Column::DeliveryMs),
    number("debugContext.debugData.durationMs", Column::DurationMs),
    number("debugContext.debugData.setupMs", Column::SetupMs),
    number("debugContext.debugData.ringMs", Column::RingMs),
    number("debugContext.debugData.talkMs", Column::TalkMs),
    Attribute {
        path: "debugContext.debugData.transactionStarted",
        kind: Kind::Time,
        source: Source::Column(Column::AcceptedAt),
    },
    Attribute {
        path: "debugContext.debugData.transactionCompleted",
        kind: Kind::Time,
        source: Source::While(
            Column::EventType,
            event_types,
            is_status,
            &Source::Column(Column::Published),
        ),
    },
    made("debugContext.debugData.reasonFamily", Source::Made(Column::Reason, details, family)),
    text("debugContext.debugData.reasonDetail", Column::Reason),
    text("debugContext.debugData.note", Column::Note),
    text("request.ipChain.ip", Column::ClientIp),
    made(
        "request.ipChain.version",
        Source::Either(Column::ClientIp, ":", &Source::Text("V6"), &Source::Text("V4")),
    ),
    nothing("request.ipChain.geographicalContext.city"),
    nothing("request.ipChain.geographicalContext.state"),
    nothing("request.ipChain.geographicalContext.country"),
    nothing("request.ipChain.geographicalContext.postalCode"),
    no_number("request.ipChain.geographicalContext.geolocation.lat"),
    no_number("request.ipChain.geographicalContext.geolocation.lon"),
    nothing("request.ipChain.source"),
    nothing("securityContext.asNumber"),
    nothing("securityContext.asOrg"),
    nothing("securityContext.isp"),
    nothing("securityContext.domain"),
    Attribute { path: "securityContext.isProxy", kind: Kind::Flag, source: Source::Nothing },
];

/// The attribute of that path.
pub(super) fn find(path: &str) -> Option<&'static Attribute> {
    ATTRIBUTES.iter().find(|attribute| attribute.path == path)
}

/// The attributes below a path that is an object or an array.
pub(super) fn below(path: &str) -> impl Iterator<Item = &'static Attribute> {
    ATTRIBUTES.iter().filter(move |attribute| {
        attribute.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'))
    })
}
