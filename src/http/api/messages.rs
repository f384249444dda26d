//! `/api/v1/messages`.

use std::time::Duration;

use axum::{
    Json,
    extract::{
        FromRequest, Path, Query, Request, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        Channel, Detail, Encoding, End, Family, Feedback, Lane, MessageId, OnUnknown, Phase,
        Purpose, Secret, Service, Timestamp,
    },
    http::{
        AppState,
        auth::Caller,
        error::{ApiError, Problem},
        idempotency,
        page::{Page, PageQuery},
    },
    intake::{self, Answer, Content, Heard},
    outbox,
    store::{self, message::MessageView},
};

/// Nothing is worth sending after a week: no operator keeps an SMS much longer.
const MAX_TTL_SECONDS: u32 = 7 * 86_400;
/// The same as a duration.
pub(in crate::http) const MAX_TTL: Duration = Duration::from_secs(MAX_TTL_SECONDS as u64);
/// Furthest `not_before`: a month, so that a slip of the year is noticed.
const MAX_DELAY: Duration = Duration::from_secs(31 * 86_400);
/// Longest `reference` and `user`, in characters: room for any identifier, none for a text.
pub(in crate::http) const MAX_LABEL: usize = 128;
/// Longest `code`: templates are checked with one as long.
const MAX_CODE: usize = 10;

/// A message to send.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewMessage {
    /// E.164, or a national number of the home region.
    #[schema(example = "+14155552345")]
    to: String,
    /// By which channel.
    channel: Channel,
    /// Why; decides the lane and the event type.
    #[serde(default)]
    purpose: Purpose,
    /// What the person reads; either this or `code`.
    #[schema(example = "Your code is 481592")]
    text: Option<String>,
    /// A code, 1 to 10 letters and digits, which a template makes a text of.
    code: Option<String>,
    /// Id or name of the template; the newest for the purpose where nothing is said, or the text that
    /// Ringpost brings along.
    template: Option<String>,
    /// The language, BCP 47; else that of the user, of the number's region, or of the organisation.
    #[schema(example = "pt-BR")]
    locale: Option<String>,
    /// `otp`, `alert` or `bulk`; else by purpose.
    lane: Option<Lane>,
    /// How long it may wait, in seconds, 1 to 604800; else 300 for otp and 86400 for others.
    ttl_seconds: Option<u32>,
    /// Not on the air before this, RFC 3339.
    not_before: Option<String>,
    /// Only through this modem.
    sender: Option<String>,
    /// Shown at once and kept nowhere (message class 0).
    #[serde(default)]
    flash: bool,
    /// Whether a call says what it has to say only once a key is pressed: voicemails press none.
    #[serde(default)]
    confirm: bool,
    /// By which channel it goes out where the first one fails. The first has half of the time then.
    fallback: Option<Channel>,
    /// What to do when a modem's answer is lost; else `resend` for otp and `hold` for others.
    on_unknown: Option<OnUnknown>,
    /// Your own reference, up to 128 characters.
    reference: Option<String>,
    /// The user of your identity platform it is for, up to 128 characters.
    user: Option<String>,
}

/// A message and how far it has come.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Message {
    /// Its id.
    id: String,
    /// `queued`, `sending`, `sent`, or final: `delivered`, `undelivered`, `failed`, `expired`,
    /// `cancelled`, `unknown`.
    state: &'static str,
    channel: Channel,
    to: Option<String>,
    /// Region of the recipient, ISO 3166-1 alpha-2.
    region: Option<String>,
    purpose: Purpose,
    lane: Lane,
    /// How a text goes on the air; null for calls.
    encoding: Option<Encoding>,
    /// Into how many segments it falls; a call is one.
    total_segments: u8,
    /// The segments of all attempts, or the calls.
    segments: Vec<Segment>,
    /// How long calls took, once one has ended.
    call: Option<Call>,
    /// Whether a call waits for a key before it says what it has to say.
    confirm: bool,
    /// By which channel another message goes out where this one fails.
    fallback: Option<Channel>,
    /// The message in whose place this one goes out.
    fallback_of: Option<String>,
    /// Why it ended as it did, or why the last attempt failed.
    reason: Option<Reason>,
    reference: Option<String>,
    /// The modem it must go through.
    sender: Option<String>,
    user: Option<String>,
    /// The language of the text, where Ringpost chose it.
    locale: Option<String>,
    /// `verified`, `failed` or `expired`, once somebody told.
    feedback: Option<String>,
    created_at: String,
    not_before: String,
    expires_at: String,
    /// When the network had taken all of it.
    sent_at: Option<String>,
    /// When it ended.
    ended_at: Option<String>,
    /// Joins its events in the System Log.
    transaction_id: String,
}

/// One segment of one attempt.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Segment {
    /// 1 for the first attempt.
    attempt: u32,
    /// 1 for the first segment.
    sequence: u8,
    /// `pending`, `submitting`, `submitted`, `delivered`, `undelivered`, `no_report`, `refused`,
    /// `unanswered` or `dropped`.
    state: &'static str,
    /// Through which modem.
    modem: String,
    /// When the network took it.
    submitted_at: Option<String>,
    /// When its last report came.
    reported_at: Option<String>,
    /// Why it was refused or undelivered.
    detail: Option<&'static str>,
}

/// How long calls took, in seconds.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Call {
    /// From dialling until the phone rang, the last time.
    setup_seconds: f64,
    /// How long it rang, the last time.
    ring_seconds: f64,
    /// How long was talked, all times together.
    talk_seconds: f64,
}

/// A reason.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Reason {
    family: Family,
    detail: &'static str,
}

/// Send a message.
///
/// Answered when it is on disk, before it is sent. A request that is sent again with the same
/// `Idempotency-Key` within 24 hours makes no second message, whatever became of the first answer: it
/// is answered with the message as it is by then. Only accepted requests are remembered, for each token
/// apart.
#[utoipa::path(
    post, path = "/api/v1/messages", tag = "messages", request_body = NewMessage,
    params((
        "Idempotency-Key" = Option<String>, Header,
        description = "Names the request, so that it can be repeated without harm: 1 to 255 ASCII \
            characters, in quotes or without spaces. Take a new one for each message, such as a UUID."
    )),
    responses(
        (
            status = 202, description = "It is on disk and will be sent", body = Message,
            headers((
                "Idempotency-Replayed" = String,
                description = "`true` where an earlier request with the key made the message"
            ))
        ),
        (
            status = 409,
            description = "Another request came with this key, or its message is kept no longer",
            body = Problem
        ),
        (status = 422, description = "Refused; the System Log says so", body = Problem),
        (
            status = 429, description = "Refused for now; the System Log says so", body = Problem,
            headers(("Retry-After" = u64, description = "Seconds until it may be accepted"))
        ),
        (status = 507, description = "The disk is full", body = Problem),
    )
)]
pub(in crate::http) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    request: Request,
) -> Result<Response, ApiError> {
    caller.must(crate::domain::Scope::MessagesSend)?;
    let key = idempotency::key(request.headers())?;
    let Json(body) = Json::<NewMessage>::from_request(request, &())
        .await
        .map_err(|rejection: JsonRejection| ApiError::from(rejection))?;
    let request = body.into_request(caller, &state)?;
    let repeat = key.map(|key| state.repeats.identify(key, &request));
    let accepted = |message: MessageView| (StatusCode::ACCEPTED, Json(Message::from(message)));
    match intake::accept(&state.store, request, &state.policy, repeat).await? {
        Answer::Accepted(stored) => Ok(accepted(*stored).into_response()),
        Answer::Replayed(stored) => {
            Ok(([(idempotency::REPLAYED, "true")], accepted(*stored)).into_response())
        }
        Answer::Forgotten => Err(ApiError::Conflict(
            "The message of this Idempotency-Key is kept no longer; it is not sent again.",
        )),
        Answer::KeyReused => Err(ApiError::KeyReused),
        Answer::Refused(denial) => Err(ApiError::Refused(denial)),
    }
}

/// See a message.
#[utoipa::path(
    get, path = "/api/v1/messages/{id}", tag = "messages", params(("id" = String, Path)),
    responses((status = 200, body = Message))
)]
pub(in crate::http) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Message>, ApiError> {
    caller.must(crate::domain::Scope::MessagesRead)?;
    Ok(Json(find(&state, id(&path?.0)?).await?))
}

/// List messages, newest first.
#[utoipa::path(
    get, path = "/api/v1/messages", tag = "messages", params(PageQuery),
    responses((status = 200, body = Page<Message>))
)]
pub(in crate::http) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<Message>>, ApiError> {
    caller.must(crate::domain::Scope::MessagesRead)?;
    let Query(page) = query?;
    let (before, limit) = (page.before()?, page.limit()?);
    let rows =
        state.store.read(move |view| store::message::newest(view, before, limit + 1)).await?;
    let rows = rows.into_iter().map(|row| (row.key, Message::from(row))).collect();
    Ok(Json(Page::cut(rows, limit)))
}

/// Cancel a message while nothing of it is on the air.
#[utoipa::path(
    delete, path = "/api/v1/messages/{id}", tag = "messages", params(("id" = String, Path)),
    responses(
        (status = 200, description = "Cancelled", body = Message),
        (status = 409, description = "It is on the air or has ended", body = Problem),
    )
)]
pub(in crate::http) async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Message>, ApiError> {
    caller.must(crate::domain::Scope::MessagesSend)?;
    let id = id(&path?.0)?;
    let rules = state.rules;
    let progress = state
        .store
        .write(move |tx| outbox::cancel(tx, id, Timestamp::now(), rules))
        .await?
        .ok_or(ApiError::NotFound("message"))?;
    if progress.phase != Phase::Ended(End::Cancelled) {
        return Err(ApiError::Conflict("The message is on the air, or has ended already."));
    }
    Ok(Json(find(&state, id).await?))
}

/// What became of a code.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct NewFeedback {
    outcome: Feedback,
}

/// Tell whether the code of a message was entered.
///
/// The first word counts: saying the same again changes nothing. Prefixes whose codes are hardly ever
/// entered are held back, so tell of all.
#[utoipa::path(
    post, path = "/api/v1/messages/{id}/feedback", tag = "messages",
    params(("id" = String, Path)), request_body = NewFeedback,
    responses(
        (status = 200, description = "It is in the System Log", body = Message),
        (status = 409, description = "Something else was said before", body = Problem),
    )
)]
pub(in crate::http) async fn feedback(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
    body: Result<Json<NewFeedback>, JsonRejection>,
) -> Result<Json<Message>, ApiError> {
    caller.must(crate::domain::Scope::MessagesSend)?;
    let id = id(&path?.0)?;
    let (outcome, actor, now) = (body?.0.outcome, caller.into_actor(), Timestamp::now());
    let heard = state.store.write(move |tx| intake::hear(tx, id, outcome, actor, now)).await?;
    match heard {
        Heard::Noted => Ok(Json(find(&state, id).await?)),
        Heard::NoMessage => Err(ApiError::NotFound("message")),
        Heard::Contradicts => {
            Err(ApiError::Conflict("Another outcome was told before, and the first one counts."))
        }
    }
}

/// Whether a text can be the code of a message.
pub(in crate::http) fn is_code(text: &str) -> bool {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain && (1..=MAX_CODE).contains(&text.len())
}

async fn find(state: &AppState, id: MessageId) -> Result<Message, ApiError> {
    let found = state.store.read(move |view| store::message::find(view, id)).await?;
    found.map(Message::from).ok_or(ApiError::NotFound("message"))
}

/// An id that is none names nothing.
fn id(text: &str) -> Result<MessageId, ApiError> {
    text.parse().map_err(|_| ApiError::NotFound("message"))
}

impl NewMessage {
    fn into_request(self, caller: Caller, state: &AppState) -> Result<intake::Request, ApiError> {
        let invalid = |field: &str, says: &str| Err(ApiError::Invalid(format!("{field}: {says}")));
        let received_at = Timestamp::now();
        let template = self.template;
        let content = match (self.text, self.code) {
            (Some(text), None) if template.is_none() => Content::Text(Secret::new(text)),
            (Some(_), None) => return invalid("template", "needs a code in the place of a text"),
            (None, Some(code)) => {
                let code = Secret::new(code);
                if !is_code(code.reveal()) {
                    return invalid("code", "must be 1 to 10 letters and digits");
                }
                Content::Code { code, template: template.clone() }
            }
            (Some(_), Some(_)) | (None, None) => {
                return invalid("text", "either text or code must be given");
            }
        };
        if self.ttl_seconds.is_some_and(|ttl| !(1..=MAX_TTL_SECONDS).contains(&ttl)) {
            return invalid("ttl_seconds", "must be 1 to 604800");
        }
        let not_before = self.not_before.as_deref().map(Timestamp::parse).transpose();
        let Ok(not_before) = not_before else {
            return invalid("not_before", "must be RFC 3339, such as 2026-12-24T18:00:00Z");
        };
        if not_before.is_some_and(|at| at.since(received_at) > MAX_DELAY) {
            return invalid("not_before", "must be within 31 days");
        }
        if let Some(sender) = &self.sender
            && !state.senders.contains(sender)
        {
            return invalid("sender", "no modem and no pool has this name; see /api/v1/modems");
        }
        let channels = [Some(self.channel), self.fallback];
        let (texts, calls) =
            (channels.contains(&Some(Channel::Sms)), channels.contains(&Some(Channel::Voice)));
        if self.fallback == Some(self.channel) {
            return invalid("fallback", "must be the other channel");
        }
        if template.is_some() && !texts {
            return invalid("template", "a call has its own words; voice.prompts changes them");
        }
        if self.flash && !texts {
            return invalid("flash", "a call is not shown");
        }
        if self.confirm && !calls {
            return invalid("confirm", "only a call can be confirmed");
        }
        let labels =
            [("reference", &self.reference), ("user", &self.user), ("template", &template)];
        for (field, label) in labels {
            if label.as_ref().is_some_and(|label| label.chars().count() > MAX_LABEL) {
                return invalid(field, "must have at most 128 characters");
            }
        }
        let call = Service::Call { says: content.says(), keys: self.confirm };
        let callable = outbox::may_call(&state.outlets, call);
        Ok(intake::Request {
            to: self.to,
            channel: self.channel,
            purpose: self.purpose,
            content,
            locale: self.locale,
            lane: self.lane,
            ttl: self.ttl_seconds.map(|seconds| Duration::from_secs(seconds.into())),
            not_before,
            sender: self.sender,
            flash: self.flash,
            confirm: self.confirm,
            fallback: self.fallback,
            callable,
            on_unknown: self.on_unknown,
            awaited: false,
            reference: self.reference,
            // Who fills in nobody means nobody, and not one user who has the limits of all.
            user: self.user.filter(|user| !user.is_empty()),
            actor: caller.into_actor(),
            received_at,
        })
    }
}

impl From<MessageView> for Message {
    fn from(view: MessageView) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let segments = view.segments.into_iter().map(|segment| Segment {
            attempt: segment.attempt,
            sequence: segment.sequence,
            state: segment.state.as_str(),
            modem: segment.modem,
            submitted_at: time(segment.submitted_at),
            reported_at: time(segment.reported_at),
            detail: segment.detail.map(Detail::as_str),
        });
        Self {
            id: view.id.to_string(),
            state: view.phase.as_str(),
            channel: view.subject.channel,
            to: view.subject.recipient.map(String::from),
            region: view.subject.region,
            purpose: view.subject.purpose,
            lane: view.lane,
            encoding: view.encoding,
            total_segments: view.total_segments,
            segments: segments.collect(),
            call: view.call.map(|call| Call {
                setup_seconds: call.setup.as_secs_f64(),
                ring_seconds: call.ring.as_secs_f64(),
                talk_seconds: call.talk.as_secs_f64(),
            }),
            confirm: view.service.hears_keys(),
            fallback: view.fallback,
            fallback_of: view.fallback_of.map(|id| id.to_string()),
            reason: view
                .reason
                .map(|detail| Reason { family: detail.family(), detail: detail.as_str() }),
            reference: view.reference,
            sender: view.sender,
            user: view.subject.user,
            locale: view.locale,
            feedback: view.feedback,
            created_at: view.created_at.to_string(),
            not_before: view.not_before.to_string(),
            expires_at: view.expires_at.to_string(),
            sent_at: time(view.sent_at),
            ended_at: time(view.ended_at),
            transaction_id: view.subject.transaction_id.to_string(),
        }
    }
}
