//! Tokens that Okta fetches from an authorization server and sends with its hooks (RFC 7519).

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use serde::Deserialize;
use thiserror::Error;

use super::{
    keys::{KeySource, Keys, KeysError},
    signature,
};

/// How tokens are checked.
#[derive(Debug)]
pub struct Tokens {
    validation: Validation,
    algorithm: Algorithm,
    keys: Keys,
}

/// Why a token is not good.
#[derive(Debug, Error)]
pub enum TokensError {
    /// It cannot be read, its signature is not its issuer's, or what it says is not what is wanted.
    #[error("{0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    /// It is signed otherwise than its issuer is known to.
    #[error("it is signed with {found:?}, and {wanted:?} is wanted")]
    Algorithm {
        /// What it says of itself.
        found: Algorithm,
        /// What is wanted.
        wanted: Algorithm,
    },
    /// It wants extensions to be understood (RFC 7515, 4.1.11).
    #[error("it has critical extensions")]
    Critical,
    /// Its key is none of its issuer's.
    #[error("its issuer has no such key")]
    UnknownKey,
    /// The keys of its issuer are not known.
    #[error("{0}")]
    Keys(#[from] KeysError),
}

#[derive(Deserialize)]
struct Claims {
    /// The client id, as Okta writes it.
    cid: Option<String>,
    sub: Option<String>,
}

impl Tokens {
    /// Tokens of one issuer for one audience, signed with one algorithm (RFC 7518) and not with what
    /// they say of themselves.
    ///
    /// # Errors
    /// There is no such algorithm.
    pub fn new(
        issuer: &str,
        audience: &str,
        algorithm: &str,
        keys: KeySource,
    ) -> Result<Self, TokensError> {
        signature::install();
        let algorithm: Algorithm = algorithm.parse()?;
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.validate_nbf = true;
        Ok(Self { validation, algorithm, keys: Keys::new(keys) })
    }

    /// Checks a token; answers the client that it was issued to, where it says.
    pub(super) async fn check(&self, token: &str) -> Result<Option<String>, TokensError> {
        let header = decode_header(token)?;
        // Before anything is fetched: who cannot be right costs nothing.
        if header.alg != self.algorithm {
            return Err(TokensError::Algorithm { found: header.alg, wanted: self.algorithm });
        }
        if header.crit.is_some() {
            return Err(TokensError::Critical);
        }
        let keys = self.keys.with(header.kid.as_deref()).await?;
        let key = self.find(&keys, header.kid.as_deref()).ok_or(TokensError::UnknownKey)?;
        let key = DecodingKey::from_jwk(key)?;
        let Claims { cid, sub } = decode(token, &key, &self.validation)?.claims;
        Ok(cid.or(sub))
    }

    /// The key of that name; of a token that names none, the only one.
    fn find<'k>(&self, keys: &'k JwkSet, kid: Option<&str>) -> Option<&'k Jwk> {
        let key = match kid {
            Some(kid) => keys.find(kid)?,
            None => keys.keys.first().filter(|_| keys.keys.len() == 1)?,
        };
        let common = &key.common;
        let signs = common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
        let meant = common.key_algorithm.as_ref().is_none_or(|it| {
            it.to_string().parse::<Algorithm>().is_ok_and(|it| it == self.algorithm)
        });
        (signs && meant).then_some(key)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
    };
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://example.okta.com/oauth2/default";

    /// An issuer of tokens with one key.
    pub(in super::super) struct Issuer {
        pair: EcdsaKeyPair,
        kid: &'static str,
    }

    impl Issuer {
        pub(in super::super) fn new(kid: &'static str) -> Self {
            let random = SystemRandom::new();
            let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
            Self { pair, kid }
        }

        pub(in super::super) fn jwk(&self) -> Value {
            let point = self.pair.public_key().as_ref();
            let part = |range| URL_SAFE_NO_PAD.encode(&point[range]);
            json!({
                "kty": "EC", "crv": "P-256", "kid": self.kid, "use": "sig", "alg": "ES256",
                "x": part(1..33), "y": part(33..65),
            })
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let message = format!("{}.{}", part(header), part(claims));
            let signed = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed))
        }

        fn issue(&self, claims: &Value) -> String {
            self.sign(&json!({"alg": "ES256", "kid": self.kid}), claims)
        }
    }

    fn claims() -> Value {
        let now = jsonwebtoken::get_current_timestamp();
        json!({"iss": ISSUER, "aud": "api://default", "exp": now + 300, "cid": "0oa1", "sub": "0oa1"})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    struct Desk {
        dir: tempfile::TempDir,
        tokens: Tokens,
    }

    impl Desk {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let keys = KeySource::File(dir.path().join("jwks"));
            let tokens = Tokens::new(ISSUER, "api://default", "ES256", keys).unwrap();
            Self { dir, tokens }
        }

        fn publish(&self, issuers: &[&Issuer]) {
            let keys: Vec<_> = issuers.iter().map(|it| it.jwk()).collect();
            std::fs::write(self.dir.path().join("jwks"), json!({"keys": keys}).to_string())
                .unwrap();
        }
    }

    #[tokio::test]
    async fn a_token_of_the_issuer_for_the_audience_is_good_and_names_its_client() {
        let (desk, issuer) = (Desk::new(), Issuer::new("1"));
        let token = issuer.issue(&claims());
        assert!(matches!(desk.tokens.check(&token).await, Err(TokensError::Keys(_))));
        desk.publish(&[&issuer]);
        assert_eq!(desk.tokens.check(&token).await.unwrap().as_deref(), Some("0oa1"));
        let nameless = issuer.sign(&json!({"alg": "ES256"}), &claims());
        assert!(desk.tokens.check(&nameless).await.is_ok(), "there is one key");
        desk.publish(&[&issuer, &Issuer::new("2")]);
        assert!(matches!(desk.tokens.check(&nameless).await, Err(TokensError::UnknownKey)));
    }

    #[tokio::test]
    async fn what_is_not_exactly_that_is_not_good() {
        let (desk, issuer) = (Desk::new(), Issuer::new("1"));
        desk.publish(&[&issuer]);
        let now = jsonwebtoken::get_current_timestamp();
        let without_expiry = json!({"iss": ISSUER, "aud": "api://default"});
        let good = issuer.issue(&claims());
        let (message, signature) = good.rsplit_once('.').unwrap();
        let forged = URL_SAFE_NO_PAD.encode(with("sub", json!("me")).to_string());
        let header = message.split('.').next().unwrap();
        for token in [
            issuer.issue(&with("iss", json!("https://other.okta.com"))),
            issuer.issue(&with("aud", json!("api://other"))),
            issuer.issue(&with("exp", json!(now - 120))),
            issuer.issue(&with("nbf", json!(now + 120))),
            issuer.issue(&without_expiry),
            Issuer::new("1").issue(&claims()),
            Issuer::new("2").issue(&claims()),
            format!("{header}.{forged}.{signature}"),
            format!("{message}."),
            issuer.sign(&json!({"alg": "none", "kid": "1"}), &claims()),
            issuer.sign(&json!({"alg": "HS256", "kid": "1"}), &claims()),
            issuer.sign(&json!({"alg": "RS256", "kid": "1"}), &claims()),
            issuer.sign(&json!({"alg": "ES256", "kid": "1", "crit": ["x"]}), &claims()),
            "".into(),
            "a.b.c".into(),
        ] {
            assert!(desk.tokens.check(&token).await.is_err(), "{token}");
        }
    }

    #[tokio::test]
    async fn a_key_counts_as_long_as_it_is_published() {
        let (desk, old, new) = (Desk::new(), Issuer::new("1"), Issuer::new("2"));
        let tokens = [old.issue(&claims()), new.issue(&claims())];
        let mut good = Vec::new();
        for published in [&[&old][..], &[&old, &new], &[&new]] {
            desk.publish(published);
            for token in &tokens {
                good.push(desk.tokens.check(token).await.is_ok());
            }
        }
        assert_eq!(good, [true, false, true, true, false, true]);
    }

    /// The example of RFC 7515, A.2: signed with RS256.
    #[test]
    fn a_signature_of_somebody_else_is_read() {
        const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
        const MESSAGE: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
        signature::install();
        let key = DecodingKey::from_rsa_components(N, "AQAB").unwrap();
        let verify = |message: &str, algorithm| {
            jsonwebtoken::crypto::verify(SIGNATURE, message.as_bytes(), &key, algorithm)
        };
        assert!(verify(MESSAGE, Algorithm::RS256).unwrap());
        assert!(!verify(&MESSAGE.replace("eyJpc3Mi", "eyJpc3Nj"), Algorithm::RS256).unwrap());
        assert!(!verify(MESSAGE, Algorithm::PS256).unwrap());
        assert!(verify(MESSAGE, Algorithm::ES256).is_err());
        assert!(verify(MESSAGE, Algorithm::HS256).is_err());
    }
}
