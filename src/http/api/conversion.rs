//! `/api/v1/reports/conversion`: what becomes of codes, by prefix and by region.

use std::time::Duration;

use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use serde::{Deserialize, Serialize};

use crate::{
    domain::{Scope, Timestamp},
    http::{AppState, auth::Caller, error::ApiError},
    store::{self, traffic::Kind},
};

/// What the report looks back on: what the alarms look at too.
const DAY: Duration = Duration::from_secs(86_400);
/// Rows of a report: the busiest.
const LIMIT: u32 = 1000;

/// By what codes are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum By {
    /// Region of the number.
    #[default]
    Region,
    /// Number without its last four digits.
    Prefix,
}

/// Which report is asked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ConversionQuery {
    /// `region`, or `prefix`: a number without its last four digits.
    #[serde(default)]
    by: By,
}

/// What became of the codes of the last 24 hours, busiest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Report {
    items: Vec<Row>,
    /// Always null: the thousand busiest are the report.
    next: Option<String>,
}

/// A prefix or region.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    /// Messages that limits count and that were accepted.
    accepted: u32,
    /// Those of them whose code was entered, as feedback tells.
    verified: u32,
    /// Those for which wrong codes were entered.
    failed: u32,
    /// Those whose code was not entered in time.
    expired: u32,
    /// Those of which nothing was heard.
    open: u32,
    /// How many codes were entered, in per cent, rounded down.
    percent: u32,
}

/// See what becomes of codes, by region or prefix.
#[utoipa::path(
    get, path = "/api/v1/reports/conversion", tag = "reports", params(ConversionQuery),
    responses((status = 200, body = Report))
)]
pub(in crate::http) async fn report(
    State(state): State<AppState>,
    caller: Caller,
    query: Result<Query<ConversionQuery>, QueryRejection>,
) -> Result<Json<Report>, ApiError> {
    caller.must(Scope::ReportsRead)?;
    let by = query?.0.by;
    let kind = match by {
        By::Region => Kind::Region,
        By::Prefix => Kind::Prefix,
    };
    let since = Timestamp::now().before(DAY);
    let rows =
        state.store.read(move |view| store::traffic::conversion(view, kind, since, LIMIT)).await?;
    let items = rows.into_iter().map(|row| {
        let percent = u64::from(row.verified) * 100 / u64::from(row.accepted.max(1));
        let named = |wanted| (by == wanted).then(|| row.subject.clone());
        Row {
            region: named(By::Region),
            prefix: named(By::Prefix),
            accepted: row.accepted,
            verified: row.verified,
            failed: row.failed,
            expired: row.expired,
            open: row.open(),
            percent: u32::try_from(percent).unwrap_or(u32::MAX),
        }
    });
    Ok(Json(Report { items: items.collect(), next: None }))
}
