//! `/hooks/okta/telephony`: an Okta organisation hands its passcodes to this box.
//!
//! Okta waits 3 s, asks once, and sends the code by other means after anything but a 200 with a command
//! in it. So every answer is a 200, comes in time, and says that nothing was sent only where nothing was
//! and nothing will be.

mod caller;
mod event;
mod keys;
mod reply;
mod signature;
mod token;
mod wait;

use std::time::Duration;

use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest as _, FromRequestParts as _, Request, State},
    http::{HeaderMap, request::Parts},
    response::{IntoResponse as _, Response},
};
use tokio::time::{Instant, timeout_at};
use tracing::{error, warn};

use super::super::{AppState, auth::Client, error::ApiError};
use crate::{
    domain::{Actor, Detail, Said, Service},
    intake::{self, Answer},
    outbox,
    store::{self, ByThen},
};

pub use event::Manner;
use event::{Hooked, read};
use reply::{Reply, Unsent};
use wait::Caller;

pub use caller::Callers;
pub use keys::KeySource;
pub use token::{Tokens, TokensError};

/// What every event of the hook says of who asked. All ways to authenticate are one principal, so that
/// Okta may be given another secret without a message being sent twice.
const ACTOR: &str = "okta-telephony-hook";

/// How the hook is served.
#[derive(Debug)]
pub struct Hook {
    /// Who may use it.
    pub callers: Callers,
    /// From the arrival of a request to its answer.
    pub answer_within: Duration,
    /// How what Okta says is read.
    pub manner: Manner,
}

/// Okta's telephony inline hook.
///
/// Authenticated as `[okta]` says. Answered within `okta.answer_within_ms`, always with 200: a command with
/// the status `SUCCESSFUL` where the network took the message, `PENDING` where it has not yet, or an
/// `error` where nothing was sent and nothing will be. An event that comes again is answered with its
/// message as it is by then.
#[utoipa::path(
    post, path = "/hooks/okta/telephony", tag = "okta",
    request_body(content = serde_json::Value, description = "As Okta sends it"),
    responses((status = 200, description = "As Okta reads it", body = serde_json::Value)),
    security(())
)]
pub(in crate::http) async fn telephony(
    State(state): State<AppState>,
    request: Request,
) -> Result<Response, ApiError> {
    let hook = state.hook.clone().ok_or(ApiError::NotFound("path"))?;
    let began = Instant::now();
    let until = began + hook.answer_within;
    let reply = match answer(&state, &hook, request, until).await {
        Ok(reply) => reply,
        Err(unsent) => Reply::Unsent(unsent),
    };
    Ok(Json(reply.to_json(began.elapsed())).into_response())
}

async fn answer(
    state: &AppState,
    hook: &Hook,
    request: Request,
    until: Instant,
) -> Result<Reply, Unsent> {
    let (mut parts, body) = request.into_parts();
    let actor = authenticate(hook, &mut parts, state, until).await?;
    let body = timeout_at(until, Bytes::from_request(Request::from_parts(parts, body), &()));
    let body = match body.await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(malformed("its body is too long, or broke off")),
        Err(_) => return Err(malformed("its body did not come in time")),
    };
    let call = Service::Call { says: Said::Code, keys: hook.manner.confirm_calls };
    let callable = outbox::may_call(&state.outlets, call);
    let read = read(&body, actor, &state.policy, hook.manner, callable);
    let Hooked { event_id, request } = read.map_err(malformed)?;
    let repeat = event_id.map(|id| state.repeats.identify_event(id, &request));
    // Registered before the message is there: no commit in between goes unnoticed.
    let told = state.store.messages_told();
    let caller = Caller::who_waits(state.store.clone(), state.rules);
    let message = caller.message();
    let accepted =
        intake::accept_by(until, &state.store, request, &state.policy, repeat, message).await;
    let answered = match accepted {
        Ok(ByThen::Done(Answer::Accepted(message))) => {
            Ok(wait::for_outcome(state, &caller, told, *message, until).await)
        }
        Ok(ByThen::Done(Answer::Replayed(message))) => {
            Ok(wait::as_it_is(&caller, *message, until).await)
        }
        Ok(ByThen::Done(Answer::Forgotten)) => Ok(Reply::Pending(None)),
        Ok(ByThen::Done(Answer::Refused(denial))) => Err(Unsent::refused(&denial)),
        // Events are known by their ids alone.
        Ok(ByThen::Done(Answer::KeyReused)) => Err(Unsent::because(Detail::Bug)),
        Ok(ByThen::NotBegun) => {
            warn!("the disk was too slow for a hook of Okta's: nothing will be sent for it");
            Err(Unsent::slow_disk())
        }
        Ok(ByThen::UnderWay) => {
            warn!("a hook of Okta's was answered PENDING before its message was on disk");
            caller.is_told_pending();
            Ok(Reply::Pending(None))
        }
        Err(store::Error::Full) => Err(Unsent::because(Detail::StorageFull)),
        Err(cause) => {
            error!(%cause, "a hook of Okta's failed in the store");
            Err(Unsent::because(Detail::Bug))
        }
    };
    caller.hears();
    answered
}

async fn authenticate(
    hook: &Hook,
    parts: &mut Parts,
    state: &AppState,
    until: Instant,
) -> Result<Actor, Unsent> {
    let Ok(client) = Client::from_request_parts(parts, state).await;
    let admitted = timeout_at(until, hook.callers.admit(&parts.headers));
    match admitted.await.unwrap_or(Err(caller::Rejected::TooLate)) {
        Ok(name) => Ok(Actor {
            id: ACTOR.into(),
            name,
            client_ip: client.address,
            user_agent: client.user_agent,
        }),
        Err(rejected) => {
            let from = client.address.unwrap_or_default();
            warn!(client.address = from, "a hook was not let in: {rejected}");
            Err(Unsent::unauthorized())
        }
    }
}

fn malformed(what: &'static str) -> Unsent {
    warn!("a hook of Okta's could not be read: {what}");
    Unsent::malformed(what)
}

/// The one value of a header.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}
