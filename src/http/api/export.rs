//! `/api/v1/logs/export`: all events that are kept, a line each.

use std::io;

use axum::{
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::{
    domain::Scope,
    http::{AppState, auth::Caller, error::ApiError},
    store::{self, Store},
    system_log::LogEvent,
};

/// Events that are read at once.
const PAGE: u32 = 256;

/// From where on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ExportQuery {
    /// `uuid` of the last event that is there already: goes on behind it.
    after: Option<String>,
}

/// Export the System Log: one `LogEvent` a line, in the order of commits, up to the newest.
///
/// An export that broke off goes on with the `uuid` of its last whole line as `after`. One that ends
/// without an error is complete.
#[utoipa::path(
    get, path = "/api/v1/logs/export", tag = "logs", params(ExportQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = LogEvent))
)]
pub(in crate::http) async fn export(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.must(Scope::LogsRead)?;
    let Query(ExportQuery { after }) = query?;
    let span = move |view: &store::View<'_>| {
        let after = match &after {
            Some(uuid) => store::event::find(view, uuid)?,
            None => Some(0),
        };
        Ok(after.zip(Some(store::event::newest(view)?)))
    };
    let (from, to) = state.store.read(span).await?.ok_or(ApiError::NotFound("event"))?;
    let export = Export { store: state.store, from, to, closing: state.closing };
    let pages = stream::try_unfold(export, Export::next);
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"ringpost-log.ndjson\""),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

/// An export under way. It holds no connection to the store while its client is slow.
struct Export {
    store: Store,
    from: i64,
    to: i64,
    closing: CancellationToken,
}

impl Export {
    /// The next lines. An error cuts the connection off, so that no client takes a part for the whole.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.from >= self.to {
            return Ok(None);
        }
        if self.closing.is_cancelled() {
            return Err(io::Error::other("the daemon stops"));
        }
        let from = self.from;
        let rows = self.store.read(move |view| store::event::after(view, from, PAGE)).await;
        let mut lines = Vec::new();
        let mut last = self.to;
        for row in rows.map_err(io::Error::other)?.into_iter().take_while(|row| row.seq <= self.to)
        {
            last = row.seq;
            serde_json::to_writer(&mut lines, &LogEvent::from(row))?;
            lines.push(b'\n');
        }
        self.from = last;
        Ok(Some((lines.into(), self)))
    }
}
