//! `/api/v1/inbound`.

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
};
use serde::Serialize;

use crate::{
    domain::{self, Scope},
    http::{
        AppState,
        auth::Caller,
        error::ApiError,
        page::{Page, PageQuery},
    },
    store,
};

/// A received message.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Inbound {
    id: String,
    /// Who sent it: a number, a short code or a name.
    from: String,
    text: String,
    /// How many segments it has.
    segments: u8,
    /// How many of them never came; `[…]` stands where they would be. Nobody waits for them any more.
    missing: u8,
    /// Through which modem it came.
    modem: String,
    /// The service centre's time stamp.
    sent_at: Option<String>,
    /// When it was complete here, or no longer waited for.
    received_at: String,
}

/// List received messages, newest first.
#[utoipa::path(
    get, path = "/api/v1/inbound", tag = "inbound", params(PageQuery),
    responses((status = 200, body = Page<Inbound>))
)]
pub(in crate::http) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<Json<Page<Inbound>>, ApiError> {
    caller.must(Scope::InboundRead)?;
    let Query(page) = query?;
    let (before, limit) = (page.before()?, page.limit()?);
    let rows =
        state.store.read(move |view| store::inbound::newest(view, before, limit + 1)).await?;
    let rows = rows.into_iter().map(|(key, inbound)| (key, inbound.into())).collect();
    Ok(Json(Page::cut(rows, limit)))
}

/// See a received message.
#[utoipa::path(
    get, path = "/api/v1/inbound/{id}", tag = "inbound", params(("id" = String, Path)),
    responses((status = 200, body = Inbound))
)]
pub(in crate::http) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Inbound>, ApiError> {
    caller.must(Scope::InboundRead)?;
    let missing = || ApiError::NotFound("received message");
    let id = path?.0.parse().map_err(|_| missing())?;
    let found = state.store.read(move |view| store::inbound::find(view, id)).await?;
    Ok(Json(found.ok_or_else(missing)?.into()))
}

impl From<domain::Inbound> for Inbound {
    fn from(inbound: domain::Inbound) -> Self {
        Self {
            id: inbound.id.to_string(),
            from: inbound.sender,
            text: inbound.text.reveal().to_owned(),
            segments: inbound.segments,
            missing: inbound.missing,
            modem: inbound.modem,
            sent_at: inbound.sent_at.map(|at| at.to_string()),
            received_at: inbound.received_at.to_string(),
        }
    }
}
