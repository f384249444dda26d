//! `/network`: how it behaves, and every submit that it saw.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde_json::{Map, Value};

use super::{body::Body, error::ApiError};
use crate::{NetworkSettings, SubmitSeen, hub::Hub};

pub(super) async fn show(State(hub): State<Arc<Hub>>) -> Json<NetworkSettings> {
    Json(hub.with_network(|network| network.settings.clone()))
}

/// Members that are left out stay as they are.
pub(super) async fn change(
    State(hub): State<Arc<Hub>>,
    Body(changes): Body<Map<String, Value>>,
) -> Result<Json<NetworkSettings>, ApiError> {
    hub.with_network(|network| {
        let mut merged = match serde_json::to_value(&network.settings) {
            Ok(Value::Object(members)) => members,
            Ok(_) | Err(_) => Map::new(),
        };
        merged.extend(changes);
        network.settings = serde_json::from_value(Value::Object(merged)).map_err(|error| {
            ApiError::bad_request(format!("failed to read the settings: {error}"))
        })?;
        Ok(Json(network.settings.clone()))
    })
}

pub(super) async fn submits(State(hub): State<Arc<Hub>>) -> Json<Vec<SubmitSeen>> {
    Json(hub.with_network(|network| network.submits.clone()))
}
