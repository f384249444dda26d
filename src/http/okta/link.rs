//! `Link` headers (RFC 8288), with whole addresses as Okta's clients expect them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// Characters of a host and its port; whatever else a client says is not repeated.
fn is_plain(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|it| it.is_ascii_alphanumeric() || b".-_:[]".contains(&it))
}

/// How the client reached us: what a proxy says that stands before us, or else its own word.
fn base(headers: &HeaderMap) -> String {
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let forwarded = |name| header(HeaderName::from_static(name));
    let host = forwarded("x-forwarded-host").or(header(header::HOST)).filter(|it| is_plain(it));
    let secure = forwarded("x-forwarded-proto").is_some_and(|it| it.eq_ignore_ascii_case("https"));
    let scheme = if secure { "https" } else { "http" };
    host.map(|host| format!("{scheme}://{host}")).unwrap_or_default()
}

/// A header that leads to `target`, a path and query.
pub(super) fn link(headers: &HeaderMap, target: &str, relation: &str) -> Option<HeaderValue> {
    let link = format!("<{}{target}>; rel=\"{relation}\"", base(headers));
    HeaderValue::try_from(link).ok()
}
