//! `/api/v1/events`: the System Log as it goes on, as server-sent events.

use std::{collections::VecDeque, convert::Infallible, time::Duration};

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode},
    response::{
        IntoResponse as _, Response, Sse,
        sse::{Event, KeepAlive},
    },
};
use futures_util::stream;
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    domain::Scope,
    http::{AppState, auth::Caller, error::ApiError},
    store::{self, Store, event::EventRow},
    system_log::{Filter, LogEvent},
};

/// Events that are read at once: what a slow client holds in memory.
const PAGE: u32 = 100;
/// After a commit, before it is read: commits that follow at once are read together.
const GATHER: Duration = Duration::from_millis(20);
/// Another process may have written, such as `ringpost token create`: nobody tells of its commits.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// Between two signs of life on an idle stream; proxies cut off one of a minute.
const ALIVE: Duration = Duration::from_secs(15);

/// Which events are asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct EventsQuery {
    /// A filter of the System Log.
    filter: Option<String>,
    /// As `Last-Event-ID`, for clients that cannot set it; 0 for all events that are kept.
    after: Option<i64>,
}

/// Follow the System Log from now on, or on from the event that was seen last.
///
/// Each event has a `LogEvent` as its data, and an id to go on from. A stream that is read slowly falls
/// behind and misses nothing, as long as its events are kept.
#[utoipa::path(
    get, path = "/api/v1/events", tag = "logs",
    params(
        EventsQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "The id that was seen last"),
    ),
    responses((status = 200, content_type = "text/event-stream", body = LogEvent))
)]
pub(in crate::http) async fn follow(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    query: Result<Query<EventsQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.must(Scope::LogsRead)?;
    let Query(query) = query?;
    let filter = query.filter.as_deref().map(Filter::parse).transpose();
    let filter = filter.map_err(|error| ApiError::Invalid(error.to_string()))?;
    let seen = match headers.get("last-event-id") {
        Some(id) => {
            let id = id.to_str().ok().and_then(|id| id.parse().ok());
            Some(id.ok_or_else(|| ApiError::Invalid("Last-Event-ID must be an id of ours".into()))?)
        }
        None => query.after,
    };
    let Ok(place) = state.log.streams.clone().try_acquire_owned() else {
        return Err(ApiError::Busy("Too many streams are open; close one, or try again later."));
    };
    // Registered before the first look: no commit in between goes unnoticed.
    let changed = state.store.events_changed();
    let newest = state.store.read(store::event::newest).await?;
    let seen = seen.unwrap_or(newest);
    if !(0..=newest).contains(&seen) {
        return Err(ApiError::Invalid("Last-Event-ID must be an id of ours".into()));
    }
    // From here on a client that comes again misses nothing, though no event came before its stream broke.
    let begins = Event::default().id(seen.to_string());
    let follower = Follower {
        store: state.store,
        seen,
        filter,
        waiting: VecDeque::from([begins]),
        more: true,
        changed,
        closing: state.closing,
        _place: place,
    };
    let events = stream::unfold(follower, |mut follower| async {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let answer = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE));
    Ok((StatusCode::OK, [("cache-control", "no-store"), ("x-accel-buffering", "no")], answer)
        .into_response())
}

/// One stream. It holds no connection to the store while its client is slow.
struct Follower {
    store: Store,
    /// The event that was read last.
    seen: i64,
    filter: Option<Filter>,
    waiting: VecDeque<Event>,
    /// Whether more may be there already.
    more: bool,
    changed: watch::Receiver<()>,
    closing: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// The next event; `None` when the daemon stops.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.closing.is_cancelled() {
                return None;
            }
            if !self.more {
                let closing = self.closing.clone();
                closing.run_until_cancelled(self.wait()).await?;
            }
            self.changed.borrow_and_update();
            let seen = self.seen;
            match self.store.read(move |view| store::event::after(view, seen, PAGE)).await {
                Ok(rows) => self.take(rows),
                Err(cause) => {
                    // The client comes again, and goes on from what it saw last.
                    warn!(%cause, "a stream of events ends");
                    return None;
                }
            }
        }
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.changed.changed() => tokio::time::sleep(GATHER).await,
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }

    fn take(&mut self, rows: Vec<EventRow>) {
        self.more = u32::try_from(rows.len()).is_ok_and(|count| count == PAGE);
        let mut passed = false;
        for row in rows {
            self.seen = row.seq;
            let id = row.seq.to_string();
            let event = LogEvent::from(row).to_json();
            passed = self.filter.as_ref().is_some_and(|filter| !filter.matches(&event));
            if !passed {
                self.waiting.push_back(Event::default().id(id).data(event.to_string()));
            }
        }
        // What the filter passed over need not be looked at again by a client that comes again.
        if passed {
            self.waiting.push_back(Event::default().id(self.seen.to_string()));
        }
    }
}
