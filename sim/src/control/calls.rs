//! `/calls`: every call, and what was heard in it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

use super::error::ApiError;
use crate::{CallRecord, audio::wav, call::Call, hub::Hub};

pub(super) async fn list(State(hub): State<Arc<Hub>>) -> Json<Vec<CallRecord>> {
    Json(hub.with_network(|network| network.calls.all().map(Call::record).collect()))
}

pub(super) async fn show(
    State(hub): State<Arc<Hub>>,
    Path(id): Path<u64>,
) -> Result<Json<CallRecord>, ApiError> {
    hub.with_call(id, |call| Json(call.record())).ok_or_else(|| no_call(id))
}

/// A WAV file.
pub(super) async fn audio(
    State(hub): State<Arc<Hub>>,
    Path(id): Path<u64>,
) -> Result<Response, ApiError> {
    let samples = hub.with_call(id, |call| call.samples().to_vec()).ok_or_else(|| no_call(id))?;
    Ok(([(CONTENT_TYPE, "audio/wav")], wav(&samples)).into_response())
}

fn no_call(id: u64) -> ApiError {
    ApiError::not_found(format!("there is no call {id}"))
}
