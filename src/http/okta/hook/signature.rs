//! Signatures of tokens, checked with `ring`, which is here for TLS anyhow: what `jsonwebtoken` brings along
//! for it would double the cryptography of this program.

use jsonwebtoken::{
    Algorithm, DecodingKey, DecodingKeyKind,
    crypto::{CryptoProvider, JwtVerifier, KeyUtils},
    errors::{Error, ErrorKind},
    signature::{self, Verifier},
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

static RING: CryptoProvider = CryptoProvider {
    // Nothing here makes tokens.
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| Ok(Box::new(Check::new(*algorithm, key)?)),
    key_utils: KeyUtils::new_unimplemented(),
};

/// Has `jsonwebtoken` check signatures with `ring`. Doing it again does nothing.
pub(super) fn install() {
    let _ = RING.install_default();
}

struct Check {
    algorithm: Algorithm,
    key: DecodingKey,
    how: How,
}

enum How {
    Rsa(&'static RsaParameters),
    Ecdsa(&'static dyn VerificationAlgorithm),
}

impl Check {
    fn new(algorithm: Algorithm, key: &DecodingKey) -> Result<Self, Error> {
        let how = match algorithm {
            Algorithm::RS256 => How::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            Algorithm::RS384 => How::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            Algorithm::RS512 => How::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            Algorithm::PS256 => How::Rsa(&RSA_PSS_2048_8192_SHA256),
            Algorithm::PS384 => How::Rsa(&RSA_PSS_2048_8192_SHA384),
            Algorithm::PS512 => How::Rsa(&RSA_PSS_2048_8192_SHA512),
            Algorithm::ES256 => How::Ecdsa(&ECDSA_P256_SHA256_FIXED),
            Algorithm::ES384 => How::Ecdsa(&ECDSA_P384_SHA384_FIXED),
            // Whoever can check those can make them, and nobody asked for the others yet.
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 | Algorithm::EdDSA | _ => {
                return Err(ErrorKind::InvalidAlgorithm.into());
            }
        };
        if key.family() != algorithm.family() {
            return Err(ErrorKind::InvalidKeyFormat.into());
        }
        Ok(Self { algorithm, key: key.clone(), how })
    }
}

impl Verifier<Vec<u8>> for Check {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let checked = match (&self.how, self.key.kind()) {
            (How::Rsa(parameters), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            (How::Ecdsa(algorithm), DecodingKeyKind::SecretOrDer(point)) => {
                UnparsedPublicKey::new(*algorithm, point).verify(message, signature)
            }
            (How::Rsa(_), DecodingKeyKind::SecretOrDer(_))
            | (How::Ecdsa(_), DecodingKeyKind::RsaModulusExponent { .. }) => {
                Err(ring::error::Unspecified)
            }
        };
        checked.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Check {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
