//! `/api/v1/reports/usage`: what was sent, what became of it, and what it cost.

use std::io;

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Query, State, rejection::QueryRejection},
    http::header,
    response::{IntoResponse as _, Response},
};
use futures_util::stream;
use serde::Deserialize;

use crate::{
    domain::{Scope, Timestamp},
    http::{AppState, auth::Caller, error::ApiError},
    system_log::{self, By, Report},
};

/// Users of a page where the request does not say, and of a page of CSV.
const DEFAULT_LIMIT: u32 = 1000;
/// Users of a page at most.
const MAX_LIMIT: u32 = 10_000;

/// Which report is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct UsageQuery {
    /// The month of UTC, `YYYY-MM`; this month where it is not given.
    #[param(example = "2026-11")]
    month: Option<String>,
    /// `month`, `day` or `user`: by what it is divided, besides scope, region, channel and purpose.
    by: Option<String>,
    /// By users, users at most, 1 to 10000; 1000 where it is not given.
    limit: Option<u32>,
    /// By users, `next` of the page before.
    next: Option<String>,
}

struct Wanted {
    month: Timestamp,
    by: By,
    after: String,
    limit: u32,
}

impl UsageQuery {
    fn read(self) -> Result<Wanted, ApiError> {
        let invalid = |says: &str| Err(ApiError::Invalid(says.into()));
        let month = match self.month {
            None => Timestamp::now(),
            Some(month) if month.len() == 7 => match Timestamp::parse_iso8601(&(month + "-01")) {
                Ok(month) => month,
                Err(_) => return invalid("month must be a month such as 2026-11"),
            },
            Some(_) => return invalid("month must be a month such as 2026-11"),
        };
        let by = match self.by.as_deref() {
            None | Some("month") => By::Month,
            Some("day") => By::Day,
            Some("user") => By::User,
            Some(_) => return invalid("by must be month, day or user"),
        };
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return invalid("limit must be 1 to 10000");
        }
        Ok(Wanted { month, by, after: self.next.unwrap_or_default(), limit })
    }
}

/// Usage of a month, counted by the time of acceptance.
#[utoipa::path(
    get, path = "/api/v1/reports/usage", tag = "reports", params(UsageQuery),
    responses((status = 200, body = Report))
)]
pub(in crate::http) async fn usage(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<UsageQuery>, QueryRejection>,
) -> Result<Json<Report>, ApiError> {
    caller.must(Scope::ReportsRead)?;
    let wanted = query?.0.read()?;
    Ok(Json(read(&state, &wanted).await?))
}

/// The same as CSV, whole: by users, all of them.
#[utoipa::path(
    get, path = "/api/v1/reports/usage.csv", tag = "reports", params(UsageQuery),
    responses((status = 200, content_type = "text/csv", body = String))
)]
pub(in crate::http) async fn usage_csv(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<UsageQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.must(Scope::ReportsRead)?;
    let wanted = query?.0.read()?;
    let headers = [(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present")];
    let pages =
        stream::try_unfold((state, Some(wanted), true), |(state, wanted, head)| async move {
            let Some(wanted) = wanted else { return Ok(None) };
            let report = read(&state, &wanted).await.map_err(io::Error::other)?;
            let lines: Bytes = report.to_csv(head).map_err(io::Error::other)?.into();
            let rest = report.next.map(|after| Wanted { after, ..wanted });
            Ok::<_, io::Error>(Some((lines, (state, rest, false))))
        });
    Ok((headers, Body::from_stream(pages)).into_response())
}

async fn read(state: &AppState, wanted: &Wanted) -> Result<Report, crate::store::Error> {
    let (home, currency) = (state.policy.home_region.to_string(), state.currency.clone());
    let Wanted { month, by, ref after, limit } = *wanted;
    let after = after.clone();
    state
        .store
        .read(move |view| system_log::report(view, month, by, (&after, limit), (&home, &currency)))
        .await
}
