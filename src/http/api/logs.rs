//! `/api/v1/logs`: the System Log.

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::Deserialize;

use crate::{
    domain::Scope,
    http::{AppState, auth::Caller, error::ApiError},
    store,
    system_log::LogEvent,
};

/// Events of an answer where the request does not say.
const DEFAULT_LIMIT: u32 = 100;
/// Events of an answer at most.
const MAX_LIMIT: u32 = 1000;

/// Which events are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct LogQuery {
    /// Events at most, 0 to 1000; 100 where it is not given.
    limit: Option<u32>,
}

/// See the newest events of the System Log, newest first.
#[utoipa::path(
    get, path = "/api/v1/logs", tag = "logs", params(LogQuery),
    responses((status = 200, body = Vec<LogEvent>))
)]
pub(in crate::http) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<LogQuery>, QueryRejection>,
) -> Result<Json<Vec<LogEvent>>, ApiError> {
    caller.must(Scope::LogsRead)?;
    let limit = query?.0.limit.unwrap_or(DEFAULT_LIMIT);
    if limit > MAX_LIMIT {
        return Err(ApiError::Invalid(format!("limit must be 0 to {MAX_LIMIT}")));
    }
    let rows = state.store.read(move |view| store::event::newest(view, None, limit)).await?;
    Ok(Json(rows.into_iter().map(LogEvent::from).collect()))
}
