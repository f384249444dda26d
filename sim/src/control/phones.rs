//! `/phones`: what they received, and what they are to do.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};

use super::{body::Body, error::ApiError};
use crate::{ReceivedText, hub::Hub, network::Phone};

/// A phone as the API shows it.
#[derive(Serialize)]
pub(super) struct PhoneView {
    number: String,
    reachable: bool,
    /// Segments that wait for others of their text.
    incomplete_segments: usize,
    texts: Vec<ReceivedText>,
}

/// What of a phone can be changed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PhoneChange {
    reachable: bool,
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
        network.phones.iter().map(|(number, phone)| view(number, phone)).collect()
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
) -> Json<PhoneView> {
    hub.set_reachable(&number, change.reachable);
    Json(shown(&hub, &number))
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
    let to = match hub.index(&to).and_then(|index| hub.slots.get(index)) {
        Some(slot) => slot.number.clone(),
        None if to.starts_with('+') => to,
        None => return Err(ApiError::no_modem(&to, &hub)),
    };
    let segments = hub.send_from_phone(&number, &to, &text);
    Ok(Json(Sent { to, segments }))
}

fn shown(hub: &Hub, number: &str) -> PhoneView {
    hub.with_network(|network| view(number, network.phone(number)))
}

fn view(number: &str, phone: &Phone) -> PhoneView {
    PhoneView {
        number: number.to_owned(),
        reachable: phone.reachable,
        incomplete_segments: phone.incomplete(),
        texts: phone.texts.iter().map(|(_, text)| text.clone()).collect(),
    }
}
