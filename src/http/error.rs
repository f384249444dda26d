//! Problems: RFC 9457 bodies with our `code` and `family`.

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tracing::error;

use crate::{
    domain::{Detail, Family, Scope},
    intake::Denial,
    store,
};

/// Largest request body: ten segments of text take 6 KiB in the most wasteful JSON.
pub(super) const MAX_BODY: usize = 64 * 1024;

/// A problem, `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(super) struct Problem {
    /// The status text.
    title: &'static str,
    /// The status code.
    status: u16,
    /// What a program tests: the detail of a reason, or a word for a malformed request.
    code: &'static str,
    /// The family of the reason, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<Family>,
    /// What a person reads.
    detail: String,
    /// Where the events of a refused request are found.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_id: Option<String>,
    /// After how many seconds the same request may be accepted; the header says so too.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
}

/// What a handler answers when it does not do what was asked.
#[derive(Debug)]
pub(super) enum ApiError {
    /// 400: no request that could be understood.
    Invalid(String),
    /// 401: no token, or one that nobody issued.
    Unauthorized,
    /// 403: the token lacks this scope.
    Forbidden(Scope),
    /// 404: no such thing.
    NotFound(&'static str),
    /// 405: not with this method.
    MethodNotAllowed,
    /// 409: it is too late for that.
    Conflict(&'static str),
    /// 409: the key belongs to another request.
    KeyReused,
    /// 413: more than a request may hold.
    TooLarge,
    /// 415: not JSON.
    UnsupportedMediaType,
    /// 422, or 429 where only time is in the way: understood and refused; the log says so too.
    Refused(Box<Denial>),
    /// 500 or 507: a fault of this box.
    Store(store::Error),
    /// 503: more than this box does at one time.
    Busy(&'static str),
}

impl ApiError {
    /// The status, and what a person reads.
    pub(super) fn into_parts(self) -> (StatusCode, String) {
        let (status, problem) = self.problem();
        (status, problem.detail)
    }

    fn problem(self) -> (StatusCode, Problem) {
        let (status, code, detail) = match self {
            Self::Refused(denial) => return refused(*denial),
            Self::Store(cause) => return internal(&cause),
            Self::Invalid(detail) => (StatusCode::BAD_REQUEST, "invalid_request", detail),
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "A token is needed: send it as `Authorization: Bearer rp_…`.".into(),
            ),
            Self::Forbidden(scope) => (
                StatusCode::FORBIDDEN,
                "missing_scope",
                format!("The token lacks the scope {}.", scope.as_str()),
            ),
            Self::NotFound(what) => {
                (StatusCode::NOT_FOUND, "not_found", format!("There is no such {what}."))
            }
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "This path does not know this method.".into(),
            ),
            Self::Conflict(detail) => (StatusCode::CONFLICT, "conflict", detail.into()),
            Self::KeyReused => (
                StatusCode::CONFLICT,
                "idempotency_key_reused",
                "Another request came with this Idempotency-Key: take a new one for each message."
                    .into(),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                format!("A request body may hold at most {} bytes.", MAX_BODY),
            ),
            Self::Busy(detail) => (StatusCode::SERVICE_UNAVAILABLE, "busy", detail.into()),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "The body must be JSON: send `Content-Type: application/json`.".into(),
            ),
        };
        (status, problem(status, code, None, detail))
    }
}

fn refused(denial: Denial) -> (StatusCode, Problem) {
    let Denial { detail, explanation, subject, retry_after } = denial;
    let status = match retry_after {
        Some(_) => StatusCode::TOO_MANY_REQUESTS,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let mut body = problem(status, detail.as_str(), Some(detail.family()), explanation);
    body.transaction_id = Some(subject.transaction_id.to_string());
    // Whole seconds, and never too few.
    body.retry_after = retry_after
        .map(|wait| u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1));
    (status, body)
}

fn internal(cause: &store::Error) -> (StatusCode, Problem) {
    // The store itself says when the disk is full: once, and not for every request.
    if !matches!(cause, store::Error::Full) {
        error!(%cause, "a request failed in the store");
    }
    let (status, detail) = match cause {
        store::Error::Full => (StatusCode::INSUFFICIENT_STORAGE, Detail::StorageFull),
        store::Error::Closed
        | store::Error::Slow
        | store::Error::Sqlite(_)
        | store::Error::Migration(_)
        | store::Error::Damaged(_)
        | store::Error::UnknownWord { .. }
        | store::Error::Missing(_) => (StatusCode::INTERNAL_SERVER_ERROR, Detail::Bug),
    };
    let says = detail.sentence().to_owned();
    (status, problem(status, detail.as_str(), Some(detail.family()), says))
}

fn problem(
    status: StatusCode,
    code: &'static str,
    family: Option<Family>,
    detail: String,
) -> Problem {
    let title = status.canonical_reason().unwrap_or("Error");
    let status = status.as_u16();
    Problem { title, status, code, family, detail, transaction_id: None, retry_after: None }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, problem) = self.problem();
        let retry_after = problem.retry_after;
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, content_type);
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(Ok(wait)) = retry_after.map(|wait| HeaderValue::try_from(wait.to_string())) {
            headers.insert(header::RETRY_AFTER, wait);
        }
        response
    }
}

impl From<store::Error> for ApiError {
    fn from(cause: store::Error) -> Self {
        Self::Store(cause)
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            _ => Self::Invalid(without_value(&rejection)),
        }
    }
}

/// What is wrong with a JSON body, by position and name. Serde repeats a value of the wrong type and an
/// unknown word, which may be a code: they stay out.
fn without_value(rejection: &JsonRejection) -> String {
    let text = rejection.body_text();
    let text = cut(&text, "invalid type: ", ", expected", true);
    let text = cut(&text, "invalid value: ", ", expected", true);
    cut(&text, "unknown variant `", "`, expected", false)
}

/// `text` without what stands between `start` and the last `end`, but for its first word.
fn cut(text: &str, start: &str, end: &str, keep_word: bool) -> String {
    let Some((head, rest)) = text.split_once(start) else { return text.to_owned() };
    let Some((value, tail)) = rest.rsplit_once(end) else { return head.to_owned() };
    let word = value.split(' ').next().filter(|_| keep_word).unwrap_or("…");
    format!("{head}{start}{word}{end}{tail}")
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::Invalid(rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::Invalid(rejection.body_text())
    }
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn values_are_cut_out_and_their_place_is_kept() {
        let text = "to: invalid type: string \"a, expected b\", expected a number at line 1";
        assert_eq!(
            cut(text, "invalid type: ", ", expected", true),
            "to: invalid type: string, expected a number at line 1"
        );
        let text = "channel: unknown variant `481592`, expected `sms` or `voice`";
        assert_eq!(
            cut(text, "unknown variant `", "`, expected", false),
            "channel: unknown variant `…`, expected `sms` or `voice`"
        );
        assert_eq!(cut("missing field `to`", "x", "y", true), "missing field `to`");
    }
}
