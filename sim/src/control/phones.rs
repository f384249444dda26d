//! `/phones`: what they received, and what they are to do.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};

use super::{body::Body, error::ApiError};
use crate::{CallRecord, OnCall, ReceivedText, call::check_key, hub::Hub, network::Network};

/// A phone as the API shows it.
#[derive(Serialize)]
pub(super) struct PhoneView {
    number: String,
    reachable: bool,
    /// Segments that wait for others of their text.
    incomplete_segments: usize,
    texts: Vec<ReceivedText>,
    on_call: OnCall,
    next_calls: Vec<OnCall>,
    calls: Vec<CallRecord>,
}

/// What of a phone can be changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneChange {
    reachable: Option<bool>,
    /// How it meets every call.
    on_call: Option<OnCall>,
    /// How it meets the next ones, one each.
    next_calls: Option<Vec<OnCall>>,
}

/// Keys that a phone is to press.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    keys: String,
}

/// A text that a phone is to send.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    /// A modem's name or any number.
    to: String,
    text: String,
}

/// What was sent.
#[derive(Serialize)]
pub(super) struct Sent {
    to: String,
    segments: usize,
}

pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<Vec<PhoneView>> {
    Json(hub.with_network(|network| {
        let numbers: Vec<_> = network.phones.keys().cloned().collect();
        numbers.iter().map(|number| view(number, network)).collect()
    }))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(number): Path<String>,
) -> Json<PhoneView> {
    Json(shown(&hub, &number))
}

pub(super) async fn change(
    State(hub): State<Arc<Hub>>,
    Path(number): Path<String>,
    Body(change): Body<PhoneChange>,
) -> Result<Json<PhoneView>, ApiError> {
    let mut plans = change.on_call.iter().chain(change.next_calls.iter().flatten());
    plans.try_for_each(OnCall::check).map_err(ApiError::bad_request)?;
    hub.with_network(|network| {
        let phone = network.phone(&number);
        if let Some(on_call) = change.on_call {
            phone.on_call = on_call;
        }
        if let Some(next) = change.next_calls {
            phone.next_calls = next.into();
        }
    });
    if let Some(reachable) = change.reachable {
        hub.set_reachable(&number, reachable);
    }
    Ok(Json(shown(&hub, &number)))
}

pub(super) async fn calls(
    State(hub): State<Arc<Hub>>,
    Path(number): Path<String>,
) -> Json<Vec<CallRecord>> {
    Json(shown(&hub, &number).calls)
}

pub(super) async fn answer(
    State(hub): State<Arc<Hub>>,
    Path(number): Path<String>,
) -> Result<Json<PhoneView>, ApiError> {
    let done = hub.call_at_phone(&number).is_some_and(|id| hub.pick_up(id, false));
    done.then(|| Json(shown(&hub, &number))).ok_or_else(|| ApiError::no_call(&number))
}

pub(super) async fn hang_up(
    State(hub): State<Arc<Hub>>,
    Path(number): Path<String>,
) -> Result<Json<PhoneView>, ApiError> {
    let done = hub.call_at_phone(&number).is_some_and(|id| hub.phone_hangs_up(id));
    done.then(|| Json(shown(&hub, &number))).ok_or_else(|| ApiError::no_call(&number))
}

pub(super) async fn press(
    State(hub): State<Arc<Hub>>,
    Path(number): Path<String>,
    Body(Keys { keys }): Body<Keys>,
) -> Result<Json<PhoneView>, ApiError> {
    keys.chars().try_for_each(check_key).map_err(ApiError::bad_request)?;
    let id = hub.call_at_phone(&number);
    let done = id.is_some_and(|id| keys.chars().all(|key| hub.press(id, key)));
    done.then(|| Json(shown(&hub, &number))).ok_or_else(|| ApiError::no_call(&number))
}

pub(super) async fn messages(
    State(hub): State<Arc<Hub>>,
    Path(number): Path<String>,
) -> Json<Vec<ReceivedText>> {
    Json(shown(&hub, &number).texts)
}

pub(super) async fn send(
    State(hub): State<Arc<Hub>>,
    Path(number): Path<String>,
    Body(Send { to, text }): Body<Send>,
) -> Result<Json<Sent>, ApiError> {
    let to = match hub.index(&to).and_then(|index| hub.number(index)) {
        Some(number) => number,
        None if to.starts_with('+') => to,
        None => return Err(ApiError::no_modem(&to, &hub)),
    };
    let segments = hub.send_from_phone(&number, &to, &text);
    Ok(Json(Sent { to, segments }))
}

fn shown(hub: &Hub, number: &str) -> PhoneView {
    hub.with_network(|network| view(number, network))
}

fn view(number: &str, network: &mut Network) -> PhoneView {
    let calls = network.calls.of_phone(number);
    let phone = network.phone(number);
    PhoneView {
        number: number.to_owned(),
        reachable: phone.reachable,
        incomplete_segments: phone.incomplete(),
        texts: phone.texts.iter().map(|(_, text)| text.clone()).collect(),
        on_call: phone.on_call.clone(),
        next_calls: phone.next_calls.iter().cloned().collect(),
        calls,
    }
}
