//! `/api/v1/logs`: the System Log as Okta's clients read it.

use axum::{
    Json,
    extract::{OriginalUri, Query, State, rejection::QueryRejection},
    http::{HeaderMap, header},
    response::{IntoResponse as _, Response},
};
use serde::Deserialize;

use super::{
    error::{ErrorObject, OktaCaller, OktaError},
    link::link,
};
use crate::{
    domain::{Scope, Timestamp},
    http::{AppState, error::ApiError},
    store::Budget,
    system_log::{Answer, Asked, LogEvent, Question},
};

const PATH: &str = "/api/v1/logs";

/// Which events are asked for. Parameters that are not known are ignored, as Okta does.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub(in crate::http) struct LogQuery {
    /// Nothing before this, ISO 8601; 7 days before `until` where it is not given.
    since: Option<String>,
    /// Nothing from this on, ISO 8601. Without it, and ascending, the log is polled: there is always a
    /// next page, in the order of commits.
    until: Option<String>,
    /// Where the page begins, from the `next` link of the page before.
    after: Option<String>,
    /// A filter such as `eventType sw "system.sms" and not (outcome.result eq "SUCCESS")`.
    filter: Option<String>,
    /// Up to 10 words of up to 40 characters that all must be found in an event.
    q: Option<String>,
    /// Events at most, 0 to 1000; 100 where it is not given. A page may be shorter, and even empty, where
    /// looking further would take long.
    limit: Option<String>,
    /// `ASCENDING` (where it is not given) or `DESCENDING`, by the time of publication.
    sort_order: Option<String>,
}

/// See the System Log: polled where there is no `until`, bounded where there is one.
#[utoipa::path(
    get, path = "/api/v1/logs", tag = "logs", params(LogQuery),
    responses(
        (
            status = 200, body = Vec<LogEvent>,
            headers(
                ("Link" = String, description = "`rel=\"self\"`, and `rel=\"next\"` where there is a next page"),
                ("X-Rate-Limit-Limit" = u32, description = "Requests in a minute"),
                ("X-Rate-Limit-Remaining" = u32, description = "Those that are left in this minute"),
                ("X-Rate-Limit-Reset" = i64, description = "When the next minute begins, seconds since 1970")
            )
        ),
        (status = 400, description = "No question", body = ErrorObject),
        (status = 429, description = "Too many requests in this minute", body = ErrorObject),
    )
)]
pub(in crate::http) async fn list(
    State(state): State<AppState>,
    OktaCaller(caller): OktaCaller,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    query: Result<Query<LogQuery>, QueryRejection>,
) -> Result<Response, OktaError> {
    caller.must(Scope::LogsRead)?;
    let now = Timestamp::now();
    let left = state.log.limiter.count(caller.id(), now);
    let answered = if left.allowed {
        answer(&state, query, now).await
    } else {
        Err(OktaError::TooManyRequests)
    };
    let mut response = match answered {
        Ok(answer) => {
            let own = uri.path_and_query().map_or(PATH, |it| it.as_str());
            let next = answer.next.map(|parameters| {
                let query = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(parameters)
                    .finish();
                format!("{PATH}?{query}")
            });
            let links = [(Some(own), "self"), (next.as_deref(), "next")];
            let links =
                links.into_iter().filter_map(|(to, relation)| link(&headers, to?, relation));
            let mut response = Json(answer.events).into_response();
            for link in links {
                response.headers_mut().append(header::LINK, link);
            }
            response
        }
        Err(error) => error.into_response(),
    };
    left.write(response.headers_mut());
    Ok(response)
}

async fn answer(
    state: &AppState,
    query: Result<Query<LogQuery>, QueryRejection>,
    now: Timestamp,
) -> Result<Answer, OktaError> {
    let Query(query) = query?;
    let question = Question::of(query.into(), now, state.log.kept)?;
    let answer = state.store.read(move |view| question.answer(view, Budget::PAGE)).await;
    Ok(answer.map_err(ApiError::from)??)
}

impl From<LogQuery> for Asked {
    fn from(query: LogQuery) -> Self {
        let LogQuery { since, until, after, filter, q, limit, sort_order } = query;
        Self { since, until, after, filter, q, limit, sort_order }
    }
}
