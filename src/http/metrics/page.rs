//! The page that Prometheus scrapes.

use std::time::Duration;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use prometheus_client::{
    encoding::prometheus_text::{CONTENT_TYPE, encode},
    registry::Registry,
};

use super::{
    family::{counters, gauges, labels},
    modems,
};
use crate::{
    domain::{Lane, Scope, Timestamp},
    http::{AppState, auth::Caller, error::ApiError},
    store::{
        View, Vitals,
        queue::{self, Depth},
        traffic::{self, Conversion},
    },
};

/// What the conversion of codes looks back on: what its report and the alarms look at too.
const DAY: Duration = Duration::from_secs(86_400);

/// Read the metrics, in the text format of Prometheus.
///
/// What is counted begins at zero when the daemon starts.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, content_type = "text/plain", body = String))
)]
pub(in crate::http) async fn scrape(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<Response, ApiError> {
    caller.must(Scope::MetricsRead)?;
    state.metrics.catch_up(&state.store).await?;
    let now = Timestamp::now();
    let store = state.store.clone();
    // On a thread that may block: the file system is asked too.
    let look = move |view: &View<'_>| {
        let conversion = traffic::conversion_by_region(view, now.before(DAY))?;
        Ok((queue::depth(view, now)?, conversion, store.vitals()))
    };
    let (queue, conversion, vitals) = state.store.read(look).await?;

    let mut registry = Registry::default();
    about_process(&mut registry, state.metrics.started);
    let ours = registry.sub_registry_with_prefix("ringpost");
    about_build(ours);
    state.metrics.counted.register(ours);
    state.metrics.requests.register(ours);
    about_queue(ours, &queue, now);
    about_codes(ours, &conversion);
    about_store(ours, &vitals);
    modems::register(ours, &state.outlets);
    let mut text = String::new();
    // Writing into memory does not fail.
    let _ = encode(&mut text, &registry);
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

fn about_process(registry: &mut Registry, started: Timestamp) {
    let at = seconds(started.as_unix_ms());
    let help = "When the daemon started, in seconds since 1970";
    gauges(registry, ("process_start_time_seconds", help), [(labels([]), at)]);
}

fn about_build(registry: &mut Registry) {
    let version = labels([("version", env!("CARGO_PKG_VERSION"))]);
    gauges(registry, ("build_info", "Always 1: the version that runs"), [(version, 1.0)]);
}

fn about_queue(registry: &mut Registry, queue: &[Depth], now: Timestamp) {
    // An empty lane is told too, so that it can be seen to be empty.
    let lanes = || Lane::ALL.map(|lane| (lane, queue.iter().find(|depth| depth.lane == lane)));
    let by_lane = |value: fn(&Depth) -> f64| {
        lanes().map(|(lane, depth)| (labels([("lane", lane.as_str())]), depth.map_or(0.0, value)))
    };
    let help = "Messages that wait for an attempt";
    gauges(registry, ("queue_messages", help), by_lane(|depth| depth.due.into()));
    let help = "Messages whose attempt begins at a later time";
    gauges(registry, ("queue_scheduled_messages", help), by_lane(|depth| depth.later.into()));
    let waits = lanes().map(|(lane, depth)| {
        let oldest = depth.and_then(|depth| depth.oldest);
        let waits = oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
        (labels([("lane", lane.as_str())]), waits)
    });
    let help = "How long the oldest message that waits for an attempt has waited";
    gauges(registry, ("queue_oldest_seconds", help), waits);
}

fn about_codes(registry: &mut Registry, regions: &[Conversion]) {
    let codes = regions.iter().flat_map(|it| {
        let became = [
            ("verified", it.verified),
            ("failed", it.failed),
            ("expired", it.expired),
            ("open", it.open()),
        ];
        became.map(|(outcome, count)| {
            (labels([("region", &it.subject), ("outcome", outcome)]), f64::from(count))
        })
    });
    let help = "Codes of the last 24 hours, by what became of them";
    gauges(registry, ("conversion_codes", help), codes);
}

fn about_store(registry: &mut Registry, vitals: &Vitals) {
    let none = || labels([]);
    let commits = [("success", vitals.commits), ("failure", vitals.failed_commits)];
    let commits = commits.map(|(word, count)| (labels([("outcome", word)]), count));
    counters(registry, ("store_commits", "Transactions of the store"), commits);
    let help = "Jobs that were run in the transactions of the store";
    counters(registry, ("store_jobs", help), [(none(), vitals.jobs)]);
    let help = "Jobs that wait for the thread that writes";
    gauges(registry, ("store_waiting_jobs", help), [(none(), float(vitals.waiting_jobs))]);
    let files = [("database", vitals.database), ("log", vitals.log)];
    let files = files.map(|(word, size)| (labels([("file", word)]), float(size)));
    let help = "Size of the database and of its write-ahead log";
    gauges(registry, ("store_file_bytes", help), files);
    let help = "1 while no message is accepted because the disk is full";
    let full = f64::from(u8::from(vitals.full));
    gauges(registry, ("store_full", help), [(none(), full)]);
    let disk =
        |value: fn(crate::store::Disk) -> u64| vitals.disk.map(|disk| (none(), float(value(disk))));
    let help = "Size of the disk below the database";
    gauges(registry, ("disk_size_bytes", help), disk(|disk| disk.size));
    let help = "What of that disk is free";
    gauges(registry, ("disk_free_bytes", help), disk(|disk| disk.free));
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a metric is a float; 2^53 octets are eight petabytes"
)]
fn float(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a metric is a float, and exact for some 285,000 years"
)]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
