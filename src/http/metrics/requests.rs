//! How many requests came, and how long they took.

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use prometheus_client::{metrics::histogram::Histogram, registry::Registry};
use tokio::time::Instant;

use super::family::{Counters, Histograms, labels};
use crate::http::AppState;

/// Seconds until the answer begins. A message is accepted in some milliseconds on a good disk, in fifty
/// on the card of a small computer.
const ANSWERED_WITHIN: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// Requests that were answered.
#[derive(Debug)]
pub(super) struct Requests {
    answered: Counters,
    took: Histograms,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            answered: Counters::default(),
            took: Histograms::new_with_constructor(|| Histogram::new(ANSWERED_WITHIN)),
        }
    }
}

impl Requests {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Requests that were answered, by the route that took them";
        registry.register("http_requests", help, self.answered.clone());
        let help = "Time until the answer to a request began";
        registry.register("http_request_seconds", help, self.took.clone());
    }
}

/// Counts a request once it is answered.
pub(in crate::http) async fn count(
    State(state): State<AppState>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let method = word(request.method());
    let began = Instant::now();
    let response = next.run(request).await;
    // What no route takes has as many names as somebody likes to think of.
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let requests = &state.metrics.requests;
    let status = response.status();
    let words = [("method", method), ("route", route), ("status", status.as_str())];
    requests.answered.get_or_create(&labels(words)).inc();
    let took = began.elapsed().as_secs_f64();
    requests.took.get_or_create(&labels([("method", method), ("route", route)])).observe(took);
    response
}

/// Methods that somebody made up are one.
fn word(method: &Method) -> &'static str {
    let known = [
        (&Method::GET, "GET"),
        (&Method::POST, "POST"),
        (&Method::PUT, "PUT"),
        (&Method::DELETE, "DELETE"),
        (&Method::HEAD, "HEAD"),
        (&Method::OPTIONS, "OPTIONS"),
        (&Method::PATCH, "PATCH"),
    ];
    known.into_iter().find(|(it, _)| *it == method).map_or("other", |(_, word)| word)
}
