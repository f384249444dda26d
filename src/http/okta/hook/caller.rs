//! Who may use the hook: a secret in a header, a user with a password, or a signed token.
//!
//! Secrets are read from their files when they are wanted, and kept nowhere: a new one counts at once. A file may
//! hold several, a line each, so that one can be exchanged without a moment in which none is right.

use std::{
    io,
    path::{Path, PathBuf},
};

use axum::http::{HeaderMap, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{
    only,
    token::{Tokens, TokensError},
};
use crate::domain::Secret;

/// Shorter secrets could be guessed. One of 16 characters from a password generator cannot.
const LEAST_SECRET: usize = 16;

/// What events call a caller that has no name of its own.
const NAME: &str = "Okta telephony hook";

/// Who may use the hook; with nothing set, nobody.
#[derive(Debug, Default)]
pub struct Callers {
    /// Whoever sends a secret of this file in this header.
    pub header: Option<(String, PathBuf)>,
    /// Whoever sends a user and password of this file, written `user:password` there.
    pub basic: Option<PathBuf>,
    /// Whoever sends a token that this finds good.
    pub tokens: Option<Tokens>,
}

/// Why somebody is not let in.
#[derive(Debug, Error)]
pub(super) enum Rejected {
    #[error("it came without any of the credentials that [okta] names")]
    Missing,
    #[error("its secret is not in {}", .0.display())]
    Wrong(PathBuf),
    #[error("the secrets cannot be read from {}: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    #[error("its token is not good: {0}")]
    Token(TokensError),
    #[error("checking it took too long")]
    TooLate,
}

impl Callers {
    /// Lets a caller in by one of the ways that are set, and says what events call it.
    pub(super) async fn admit(&self, headers: &HeaderMap) -> Result<String, Rejected> {
        let mut rejected = Rejected::Missing;
        if let Some((name, file)) = &self.header
            && let Some(presented) = only(headers, name)
        {
            match find(file, presented, |secret| Zeroizing::new(secret.to_owned())).await {
                Ok(_) => return Ok(NAME.into()),
                Err(why) => rejected = why,
            }
        }
        let (scheme, credentials) = only(headers, header::AUTHORIZATION.as_str())
            .and_then(|value| value.split_once(' '))
            .unwrap_or_default();
        let credentials = credentials.trim();
        if let Some(file) = &self.basic
            && scheme.eq_ignore_ascii_case("basic")
        {
            match find(file, credentials, |line| Zeroizing::new(STANDARD.encode(line))).await {
                Ok(line) => return Ok(user(line.reveal())),
                Err(why) => rejected = why,
            }
        }
        if let Some(tokens) = &self.tokens
            && scheme.eq_ignore_ascii_case("bearer")
        {
            match tokens.check(credentials).await {
                Ok(name) => return Ok(name.unwrap_or_else(|| NAME.into())),
                Err(why) => rejected = Rejected::Token(why),
            }
        }
        Err(rejected)
    }

    /// What keeps each way that is set from working, a sentence each.
    pub async fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let files = self.header.iter().map(|(_, file)| file).chain(&self.basic);
        for file in files {
            match lines(file).await {
                Ok(secrets) if secrets.is_empty() => problems.push(format!(
                    "{} holds no secret of at least {LEAST_SECRET} characters, so nobody can use \
                     the hook by it",
                    file.display()
                )),
                Ok(_) => {}
                Err(cause) => problems.push(format!("{}: {cause}", file.display())),
            }
        }
        problems
    }
}

/// The secret of `file` that, written as `written` does, was presented. Takes as long whichever it is, and
/// however much of it is right.
async fn find(
    file: &Path,
    presented: &str,
    written: impl Fn(&str) -> Zeroizing<String>,
) -> Result<Secret, Rejected> {
    let secrets = lines(file).await.map_err(|it| Rejected::Unreadable(file.to_path_buf(), it))?;
    let presented = Sha256::digest(presented.as_bytes());
    let mut found = None;
    for secret in secrets {
        let known = Sha256::digest(written(secret.reveal()).as_bytes());
        let same: Choice = known.as_slice().ct_eq(presented.as_slice());
        if bool::from(same) {
            found = Some(secret);
        }
    }
    found.ok_or_else(|| Rejected::Wrong(file.to_path_buf()))
}

/// The secrets of a file, but for those that could be guessed.
async fn lines(file: &Path) -> io::Result<Vec<Secret>> {
    let file = file.to_path_buf();
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(file)).await;
    let text = Zeroizing::new(read.map_err(io::Error::other)??);
    let lines = text.lines().map(str::trim).filter(|line| line.len() >= LEAST_SECRET);
    Ok(lines.map(|line| Secret::new(line.to_owned())).collect())
}

fn user(line: &str) -> String {
    line.split_once(':').map_or(NAME, |(user, _)| user).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: &str = "a-new-secret-0123456789";
    const OLD: &str = "the-old-secret-012345678";

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[tokio::test]
    async fn each_secret_of_the_file_opens_and_a_new_one_does_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        let callers =
            Callers { header: Some(("x-key".into(), file.clone())), ..Callers::default() };
        let try_it = async |value: &str| callers.admit(&headers("x-key", value)).await;
        assert!(matches!(try_it(OLD).await, Err(Rejected::Unreadable(..))));
        std::fs::write(&file, format!("{OLD}\n\nshort\n")).unwrap();
        assert_eq!(try_it(OLD).await.unwrap(), NAME);
        assert!(matches!(try_it(NEW).await, Err(Rejected::Wrong(_))));
        for guess in ["", "short", "the-old-secret", "the-old-secret-0123456789", " "] {
            assert!(try_it(guess).await.is_err(), "{guess:?}");
        }
        std::fs::write(&file, format!("{OLD}\n{NEW}\n")).unwrap();
        assert!(try_it(OLD).await.is_ok() && try_it(NEW).await.is_ok());
        std::fs::write(&file, NEW).unwrap();
        assert!(try_it(OLD).await.is_err() && try_it(NEW).await.is_ok());
        assert!(callers.problems().await.is_empty());
        std::fs::write(&file, "short\n").unwrap();
        assert!(callers.problems().await[0].contains("holds no secret"));
    }

    #[tokio::test]
    async fn a_secret_counts_in_its_header_only_and_once_only() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        std::fs::write(&file, NEW).unwrap();
        let callers = Callers { header: Some(("x-key".into(), file)), ..Callers::default() };
        assert!(matches!(callers.admit(&HeaderMap::new()).await, Err(Rejected::Missing)));
        let elsewhere = callers.admit(&headers("authorization", NEW)).await;
        assert!(matches!(elsewhere, Err(Rejected::Missing)));
        let mut twice = headers("x-key", NEW);
        twice.append("x-key", NEW.parse().unwrap());
        assert!(matches!(callers.admit(&twice).await, Err(Rejected::Missing)));
    }

    #[tokio::test]
    async fn a_user_and_his_password_open_and_he_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("basic");
        std::fs::write(&file, format!("okta:{OLD}\nokta-2:{NEW}\n")).unwrap();
        let callers = Callers { basic: Some(file), ..Callers::default() };
        let try_it = async |scheme: &str, text: &str| {
            let value = format!("{scheme} {}", STANDARD.encode(text));
            callers.admit(&headers("authorization", &value)).await
        };
        assert_eq!(try_it("Basic", &format!("okta:{OLD}")).await.unwrap(), "okta");
        assert_eq!(try_it("basic", &format!("okta-2:{NEW}")).await.unwrap(), "okta-2");
        assert!(try_it("Basic", &format!("okta:{NEW}")).await.is_err());
        assert!(try_it("Bearer", &format!("okta:{OLD}")).await.is_err());
        let bare = callers.admit(&headers("authorization", &format!("Basic okta:{OLD}"))).await;
        assert!(bare.is_err());
    }

    #[tokio::test]
    async fn with_nothing_set_nobody_is_let_in() {
        let callers = Callers::default();
        for value in ["Basic ", "Bearer ", "Bearer x", NEW] {
            assert!(callers.admit(&headers("authorization", value)).await.is_err());
        }
    }
}
