//! Okta's error object, for the paths that its clients know.

use axum::{
    Json,
    extract::{
        FromRequestParts,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use ulid::Ulid;

use crate::{
    http::{AppState, auth::Caller, error::ApiError},
    store,
    system_log::{FilterErrorKind, NotAQuestion},
};

/// Okta's error object.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ErrorObject {
    /// What a program tests.
    error_code: &'static str,
    /// What a person reads.
    error_summary: String,
    /// The code once more.
    error_link: &'static str,
    /// Names this answer.
    error_id: String,
    /// What exactly is wrong, a sentence each.
    error_causes: Vec<Cause>,
}

/// One thing that is wrong.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct Cause {
    error_summary: String,
}

/// What a handler answers when it does not do what was asked.
#[derive(Debug)]
pub(in crate::http) enum OktaError {
    /// What every path refuses alike.
    Api(ApiError),
    /// 400: the fields, and what is wrong with each.
    Validation(Vec<(String, String)>),
    /// 403: nobody may do that.
    Forbidden(&'static str),
    /// 404: no such thing; its id, and what it would have been.
    NotFound(String, &'static str),
    /// 400: a parameter that cannot be used.
    Parameter(String),
    /// 400: nothing that the System Log could be asked.
    Question(NotAQuestion),
    /// 429: more requests in a minute than a token may make.
    TooManyRequests,
}

impl OktaError {
    fn object(self) -> (StatusCode, ErrorObject) {
        match self {
            Self::Api(error) => of_api(error),
            Self::Validation(faults) => {
                let field = faults.first().map_or("", |(field, _)| field.as_str());
                let field = field.split('.').next().unwrap_or(field);
                let summary = format!("Api validation failed: {field}");
                let causes = faults.iter().map(|(field, says)| format!("{field}: {says}"));
                object(StatusCode::BAD_REQUEST, "E0000001", summary, causes.collect())
            }
            Self::Forbidden(why) => object(
                StatusCode::FORBIDDEN,
                "E0000006",
                "You do not have permission to perform the requested action".into(),
                vec![why.into()],
            ),
            Self::NotFound(id, what) => object(
                StatusCode::NOT_FOUND,
                "E0000007",
                format!("Not found: Resource not found: {id} ({what})"),
                Vec::new(),
            ),
            Self::Parameter(says) => parameter(says),
            Self::Question(refused) => of_question(&refused),
            Self::TooManyRequests => object(
                StatusCode::TOO_MANY_REQUESTS,
                "E0000047",
                "API call exceeded rate limit due to too many requests.".into(),
                Vec::new(),
            ),
        }
    }
}

fn parameter(says: String) -> (StatusCode, ErrorObject) {
    let summary = format!("Api validation failed: {says}");
    object(StatusCode::BAD_REQUEST, "E0000001", summary, vec![says])
}

fn of_question(refused: &NotAQuestion) -> (StatusCode, ErrorObject) {
    let bad = |code, says| object(StatusCode::BAD_REQUEST, code, says, Vec::new());
    match refused {
        NotAQuestion::Filter(error) => match error.kind {
            FilterErrorKind::Syntax { .. } | FilterErrorKind::UnknownField(_) => {
                bad("E0000053", error.to_string())
            }
            FilterErrorKind::Mismatch { .. } => bad("E0000031", error.to_string()),
        },
        NotAQuestion::TooFarBack { .. } => bad("E0000053", refused.to_string()),
        NotAQuestion::Date(_)
        | NotAQuestion::NoSpan
        | NotAQuestion::Keywords
        | NotAQuestion::Limit
        | NotAQuestion::SortOrder
        | NotAQuestion::After => parameter(refused.to_string()),
    }
}

/// The error that Okta has for one of ours.
fn of_api(error: ApiError) -> (StatusCode, ErrorObject) {
    let causes = match &error {
        ApiError::Invalid(detail) => vec![detail.clone()],
        ApiError::Forbidden(scope) => {
            vec![format!("The token lacks the scope {}.", scope.as_str())]
        }
        ApiError::Unauthorized
        | ApiError::NotFound(_)
        | ApiError::MethodNotAllowed
        | ApiError::Conflict(_)
        | ApiError::KeyReused
        | ApiError::TooLarge
        | ApiError::UnsupportedMediaType
        | ApiError::Refused(_)
        | ApiError::Busy(_)
        | ApiError::Store(_) => Vec::new(),
    };
    let (status, code, summary) = match error {
        ApiError::Unauthorized => (StatusCode::UNAUTHORIZED, "E0000011", "Invalid token provided"),
        ApiError::Forbidden(_) => (
            StatusCode::FORBIDDEN,
            "E0000006",
            "You do not have permission to perform the requested action",
        ),
        ApiError::UnsupportedMediaType => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "E0000021",
            "Bad request. Accept and/or Content-Type headers likely do not match supported values.",
        ),
        ApiError::Invalid(_) | ApiError::TooLarge => {
            (StatusCode::BAD_REQUEST, "E0000003", "The request body was not well-formed.")
        }
        ApiError::NotFound(_) => (StatusCode::NOT_FOUND, "E0000007", "Not found"),
        ApiError::MethodNotAllowed => (
            StatusCode::METHOD_NOT_ALLOWED,
            "E0000022",
            "The endpoint does not support the provided HTTP method",
        ),
        ApiError::Store(_)
        | ApiError::Conflict(_)
        | ApiError::KeyReused
        | ApiError::Busy(_)
        | ApiError::Refused(_) => {
            let status = error.into_response().status();
            return object(status, "E0000009", "Internal Server Error".into(), Vec::new());
        }
    };
    object(status, code, summary.into(), causes)
}

fn object(
    status: StatusCode,
    code: &'static str,
    summary: String,
    causes: Vec<String>,
) -> (StatusCode, ErrorObject) {
    let causes = causes.into_iter().map(|error_summary| Cause { error_summary });
    let object = ErrorObject {
        error_code: code,
        error_summary: summary,
        error_link: code,
        error_id: format!("oae{}", Ulid::generate()),
        error_causes: causes.collect(),
    };
    (status, object)
}

impl IntoResponse for OktaError {
    fn into_response(self) -> Response {
        let (status, object) = self.object();
        (status, Json(object)).into_response()
    }
}

impl From<ApiError> for OktaError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<store::Error> for OktaError {
    fn from(cause: store::Error) -> Self {
        Self::Api(cause.into())
    }
}

impl From<JsonRejection> for OktaError {
    fn from(rejection: JsonRejection) -> Self {
        Self::Api(rejection.into())
    }
}

impl From<PathRejection> for OktaError {
    fn from(rejection: PathRejection) -> Self {
        Self::Api(rejection.into())
    }
}

impl From<QueryRejection> for OktaError {
    fn from(rejection: QueryRejection) -> Self {
        Self::Parameter(ApiError::from(rejection).into_parts().1)
    }
}

impl From<NotAQuestion> for OktaError {
    fn from(refused: NotAQuestion) -> Self {
        Self::Question(refused)
    }
}

/// Whoever sends a request; refused in Okta's words.
#[derive(Debug)]
pub(in crate::http) struct OktaCaller(pub(in crate::http) Caller);

impl FromRequestParts<AppState> for OktaCaller {
    type Rejection = OktaError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, OktaError> {
        Ok(Self(Caller::from_request_parts(parts, state).await?))
    }
}
