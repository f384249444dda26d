//! Everything that is kept, a line each: events, messages, received messages.

use std::{io, marker::PhantomData};

use axum::{
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{inbound::Inbound, messages::Message};
use crate::{
    domain::Scope,
    http::{AppState, auth::Caller, error::ApiError},
    store::{self, Store, View},
    system_log::LogEvent,
};

/// Lines that are read at once.
const PAGE: u32 = 256;

/// From where on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ExportQuery {
    /// `id` of the last one that is there already, `uuid` of an event: goes on behind it.
    after: Option<String>,
}

/// What can be exported.
trait Exported: Serialize + Sized + Send + 'static {
    /// What one is called.
    const WHAT: &'static str;
    /// What to call the file.
    const ATTACHMENT: &'static str;

    /// Where one stands.
    fn find(view: &View<'_>, id: &str) -> Result<Option<i64>, store::Error>;

    /// Where the newest stands.
    fn newest(view: &View<'_>) -> Result<i64, store::Error>;

    /// Those behind `key` in order, at most `limit`, each with where it stands.
    fn after(view: &View<'_>, key: i64, limit: u32) -> Result<Vec<(i64, Self)>, store::Error>;
}

impl Exported for LogEvent {
    const WHAT: &'static str = "event";
    const ATTACHMENT: &'static str = "attachment; filename=\"ringpost-log.ndjson\"";

    fn find(view: &View<'_>, id: &str) -> Result<Option<i64>, store::Error> {
        store::event::find(view, id)
    }

    fn newest(view: &View<'_>) -> Result<i64, store::Error> {
        store::event::newest(view)
    }

    fn after(view: &View<'_>, key: i64, limit: u32) -> Result<Vec<(i64, Self)>, store::Error> {
        let rows = store::event::after(view, key, limit)?;
        Ok(rows.into_iter().map(|row| (row.seq, row.into())).collect())
    }
}

impl Exported for Message {
    const WHAT: &'static str = "message";
    const ATTACHMENT: &'static str = "attachment; filename=\"ringpost-messages.ndjson\"";

    fn find(view: &View<'_>, id: &str) -> Result<Option<i64>, store::Error> {
        id.parse().map_or(Ok(None), |id| store::message::key_of(view, id))
    }

    fn newest(view: &View<'_>) -> Result<i64, store::Error> {
        store::message::newest_key(view)
    }

    fn after(view: &View<'_>, key: i64, limit: u32) -> Result<Vec<(i64, Self)>, store::Error> {
        let rows = store::message::after(view, key, limit)?;
        Ok(rows.into_iter().map(|row| (row.key, row.into())).collect())
    }
}

impl Exported for Inbound {
    const WHAT: &'static str = "received message";
    const ATTACHMENT: &'static str = "attachment; filename=\"ringpost-inbound.ndjson\"";

    fn find(view: &View<'_>, id: &str) -> Result<Option<i64>, store::Error> {
        id.parse().map_or(Ok(None), |id| store::inbound::key_of(view, id))
    }

    fn newest(view: &View<'_>) -> Result<i64, store::Error> {
        store::inbound::newest_key(view)
    }

    fn after(view: &View<'_>, key: i64, limit: u32) -> Result<Vec<(i64, Self)>, store::Error> {
        let rows = store::inbound::after(view, key, limit)?;
        Ok(rows.into_iter().map(|(key, inbound)| (key, inbound.into())).collect())
    }
}

/// Export the System Log: one `LogEvent` a line, in the order of commits, up to the newest.
///
/// An export that broke off goes on with the `uuid` of its last whole line as `after`. One that ends
/// without an error is complete.
#[utoipa::path(
    get, path = "/api/v1/logs/export", tag = "logs", params(ExportQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = LogEvent))
)]
pub(in crate::http) async fn log(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.must(Scope::LogsRead)?;
    export::<LogEvent>(state, query?.0).await
}

/// Export messages: one a line, in the order in which they were accepted, up to the newest.
///
/// Each is as it stands at that moment; one that has not ended may change. What they said is not among
/// it: it is kept for no longer than a send needs it. An export that broke off goes on with the `id` of its
/// last whole line as `after`. One that ends without an error is complete.
#[utoipa::path(
    get, path = "/api/v1/messages/export", tag = "messages", params(ExportQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = Message))
)]
pub(in crate::http) async fn messages(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.must(Scope::MessagesRead)?;
    export::<Message>(state, query?.0).await
}

/// Export received messages: one a line, in the order in which they came, up to the newest.
///
/// An export that broke off goes on with the `id` of its last whole line as `after`. One that ends
/// without an error is complete.
#[utoipa::path(
    get, path = "/api/v1/inbound/export", tag = "inbound", params(ExportQuery),
    responses((status = 200, content_type = "application/x-ndjson", body = Inbound))
)]
pub(in crate::http) async fn inbound(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<ExportQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.must(Scope::InboundRead)?;
    export::<Inbound>(state, query?.0).await
}

async fn export<T: Exported>(state: AppState, query: ExportQuery) -> Result<Response, ApiError> {
    let span = move |view: &View<'_>| {
        let after = match &query.after {
            Some(id) => T::find(view, id)?,
            None => Some(0),
        };
        Ok(after.zip(Some(T::newest(view)?)))
    };
    let (from, to) = state.store.read(span).await?.ok_or(ApiError::NotFound(T::WHAT))?;
    let export =
        Export::<T> { store: state.store, from, to, closing: state.closing, of: PhantomData };
    let pages = stream::try_unfold(export, Export::next);
    let headers = [
        (header::CONTENT_TYPE, "application/x-ndjson"),
        (header::CONTENT_DISPOSITION, T::ATTACHMENT),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

/// An export under way. It holds no connection to the store while its client is slow.
struct Export<T> {
    store: Store,
    from: i64,
    to: i64,
    closing: CancellationToken,
    of: PhantomData<fn() -> T>,
}

impl<T: Exported> Export<T> {
    /// The next lines. An error cuts the connection off, so that no client takes a part for the whole.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.from >= self.to {
            return Ok(None);
        }
        if self.closing.is_cancelled() {
            return Err(io::Error::other("the daemon stops"));
        }
        let from = self.from;
        let rows = self.store.read(move |view| T::after(view, from, PAGE)).await;
        let mut lines = Vec::new();
        let mut last = self.to;
        let rows = rows.map_err(io::Error::other)?.into_iter();
        for (key, row) in rows.take_while(|(key, _)| *key <= self.to) {
            last = key;
            serde_json::to_writer(&mut lines, &row)?;
            lines.push(b'\n');
        }
        self.from = last;
        Ok(Some((lines.into(), self)))
    }
}
