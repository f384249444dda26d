//! `/healthz` and `/readyz`.

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;

use crate::{http::AppState, modem::ModemState, store};

/// Whether the daemon can do its work.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Health {
    /// `ok` or `unavailable`.
    status: &'static str,
    /// What is missing, a sentence each.
    missing: Vec<&'static str>,
}

/// The daemon lives.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Health)))]
pub(in crate::http) async fn healthz() -> Json<Health> {
    Json(Health { status: "ok", missing: Vec::new() })
}

/// The store can be written, as of some seconds ago, and a modem is registered.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = 200, body = Health), (status = 503, body = Health))
)]
pub(in crate::http) async fn readyz(State(state): State<AppState>) -> (StatusCode, Json<Health>) {
    let mut missing = Vec::new();
    match state.store.health().await {
        Ok(()) => {}
        Err(store::Error::Full) => missing.push("The disk has no room for new messages."),
        Err(_) => missing.push("The store cannot be written."),
    }
    let ready =
        |modem: &crate::modem::ModemHandle| modem.status().borrow().state == ModemState::Ready;
    if !state.outlets.iter().any(|outlet| ready(&outlet.handle)) {
        missing.push("No modem is ready; see /api/v1/modems.");
    }
    if missing.is_empty() {
        (StatusCode::OK, Json(Health { status: "ok", missing }))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Json(Health { status: "unavailable", missing }))
    }
}
