//! Tokens: `Authorization: Bearer rp_…`, stored only as their SHA-256.

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use sha2::{Digest, Sha256};
use std::{convert::Infallible, fmt::Write as _, net::SocketAddr};
use ulid::Ulid;

use super::{AppState, error::ApiError};
use crate::{
    domain::{Actor, Scope, Scopes, Secret},
    store::{self, token::Token},
};

/// What every secret begins with, so that scanners find one that was leaked.
const PREFIX: &str = "rp_";
/// 256 bits cannot be guessed, so a fast hash is enough to store them.
const SECRET_BYTES: usize = 32;
/// Longest `User-Agent` that is kept.
const MAX_USER_AGENT: usize = 200;

/// A token that was just made.
#[derive(Debug)]
pub struct NewToken {
    /// What is stored.
    pub token: Token,
    /// SHA-256 of the secret.
    pub sha256: [u8; 32],
    /// The secret itself: shown once, stored nowhere.
    pub secret: Secret,
}

/// Makes a token.
///
/// # Errors
/// The system has no random numbers.
pub fn new_token(name: String, scopes: Scopes) -> Result<NewToken, getrandom::Error> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    let mut text = PREFIX.to_owned();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    let sha256 = sha256(&text);
    let token = Token { id: Ulid::generate().to_string(), name, scopes };
    Ok(NewToken { token, sha256, secret: Secret::new(text) })
}

fn sha256(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Whoever sends a request, known by the token.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    token: Token,
    actor: Actor,
}

impl Caller {
    /// Checks that the caller may do something.
    pub(super) fn must(&self, scope: Scope) -> Result<(), ApiError> {
        if self.token.scopes.allow(scope) { Ok(()) } else { Err(ApiError::Forbidden(scope)) }
    }

    /// The id of its token.
    pub(super) fn id(&self) -> &str {
        &self.token.id
    }

    /// What events say of the caller.
    pub(super) fn into_actor(self) -> Actor {
        self.actor
    }
}

impl FromRequestParts<AppState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, ApiError> {
        let sha256 = sha256(bearer(&parts.headers).ok_or(ApiError::Unauthorized)?);
        let found = state.store.read(move |view| store::token::find(view, &sha256)).await?;
        let token = found.ok_or(ApiError::Unauthorized)?;
        let Ok(client) = Client::from_request_parts(parts, state).await;
        let actor = Actor {
            id: token.id.clone(),
            name: token.name.clone(),
            client_ip: client.address,
            user_agent: client.user_agent,
        };
        Ok(Self { token, actor })
    }
}

/// Where a request comes from, whoever sends it.
#[derive(Debug, Clone)]
pub(super) struct Client {
    /// Its address.
    pub(super) address: Option<String>,
    /// What it says that it is.
    pub(super) user_agent: Option<String>,
}

impl FromRequestParts<AppState> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self {
            address: address.map(|info| info.0.ip().to_string()),
            user_agent: user_agent(&parts.headers),
        })
    }
}

/// The secret of an `Authorization` header; Okta's clients say `SSWS` for `Bearer`, and that for Python
/// leaves no space behind it.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = text.split_once(' ').or_else(|| text.split_at_checked("SSWS".len()))?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("ssws");
    known.then_some(secret.trim()).filter(|secret| secret.starts_with(PREFIX))
}

fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(MAX_USER_AGENT).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_256_bits_and_differ() {
        let made = || new_token("n".into(), Scopes::default()).unwrap();
        let (one, two) = (made(), made());
        assert_eq!(one.secret.reveal().len(), PREFIX.len() + 64);
        assert_ne!(one.secret, two.secret);
        assert_eq!(one.sha256, sha256(one.secret.reveal()));
        assert!(!format!("{one:?}").contains(one.secret.reveal()));
    }

    #[test]
    fn reads_bearer_and_ssws_and_nothing_else() {
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read("Bearer rp_1").as_deref(), Some("rp_1"));
        assert_eq!(read("SSWS rp_1").as_deref(), Some("rp_1"));
        assert_eq!(read("bearer rp_1").as_deref(), Some("rp_1"));
        assert_eq!(read("SSWSrp_1").as_deref(), Some("rp_1"));
        assert_eq!(read("Basic rp_1"), None);
        assert_eq!(read("Bearerrp_1"), None);
        assert_eq!(read("Bearer other"), None);
        assert_eq!(read("rp_1"), None);
    }
}
