//! `[okta]`: the telephony inline hook of an Okta organisation.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use super::reader::Section;

/// Okta gives up after 3 s; half of one of them is left to the networks in between.
const LONGEST_ANSWER_MS: u32 = 2500;

/// `[okta]`: how Okta's telephony hook is authenticated and answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Okta {
    /// The header that holds a secret.
    pub header: Option<String>,
    /// The file of its secrets; a credential of systemd's if unset.
    pub secret_file: Option<PathBuf>,
    /// The file of users and passwords; a credential of systemd's if unset.
    pub basic_file: Option<PathBuf>,
    /// How tokens are checked, where Okta sends tokens.
    pub jwt: Option<OktaJwt>,
    /// How long after a hook's first octet its answer is sent.
    pub answer_within: Duration,
    /// How numbers without a plus are read first.
    pub bare_numbers: BareNumbers,
    /// Whether a call tells its code only after a key was pressed.
    pub confirm_calls: bool,
}

/// How a token (RFC 7519) is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OktaJwt {
    /// The one issuer.
    pub issuer: String,
    /// The one audience.
    pub audience: String,
    /// Where the issuer's keys (RFC 7517) are.
    pub keys: KeySource,
    /// The one algorithm, by its name in RFC 7518.
    pub algorithm: &'static str,
}

/// Where keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file.
    File(PathBuf),
    /// At an address.
    Url(String),
}

/// How a number without a plus is read first; the other way where no such number can exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BareNumbers {
    /// As one of the home region.
    #[default]
    National,
    /// As an international one whose plus was lost.
    International,
}

/// Signatures with a key pair: whoever can check one cannot make one.
const ALGORITHMS: [&str; 8] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"];

impl Default for Okta {
    fn default() -> Self {
        Self {
            header: None,
            secret_file: None,
            basic_file: None,
            jwt: None,
            answer_within: Duration::from_millis(2000),
            bare_numbers: BareNumbers::default(),
            confirm_calls: false,
        }
    }
}

impl Okta {
    pub(super) fn read(section: &mut Section) -> Self {
        let default = Self::default();
        let answer_within = section.integer("answer_within_ms", 500..=LONGEST_ANSWER_MS, " ms");
        let bare_numbers = section.text("bare_numbers", |text| match text {
            "national" => Ok(BareNumbers::National),
            "international" => Ok(BareNumbers::International),
            _ => Err(format!("must be \"national\" or \"international\", found {text:?}")),
        });
        let header_at = section.whence_of("secret_file");
        let header = section.text("header", header);
        let secret_file = section.text("secret_file", absolute);
        if secret_file.is_some() && header.is_none() {
            let what = "needs okta.header: the header that the secret comes in";
            section.note("secret_file", header_at, what.into());
        }
        Self {
            header,
            secret_file,
            basic_file: section.text("basic_file", absolute),
            jwt: section.table("jwt", OktaJwt::read),
            answer_within: answer_within
                .map_or(default.answer_within, |ms: u32| Duration::from_millis(ms.into())),
            bare_numbers: bare_numbers.unwrap_or_default(),
            confirm_calls: section.flag("confirm_calls").unwrap_or(default.confirm_calls),
        }
    }
}

impl OktaJwt {
    fn read(section: &mut Section) -> Option<Self> {
        if section.is_empty() {
            return None;
        }
        let word = |text: &str| {
            if text.is_empty() { Err("must not be empty") } else { Ok(text.to_owned()) }
        };
        let issuer = "such as \"https://example.okta.com/oauth2/default\"";
        let issuer = section.required("issuer", issuer, word);
        let audience = section.required("audience", "such as \"api://default\"", word);
        let keys = section.required("keys", KEYS, keys);
        let algorithm = section.text("algorithm", |text| {
            ALGORITHMS.into_iter().find(|known| *known == text).ok_or_else(|| {
                format!("{text:?} is no algorithm; they are {}", ALGORITHMS.join(", "))
            })
        });
        Some(Self {
            issuer: issuer?,
            audience: audience?,
            keys: keys?,
            algorithm: algorithm.unwrap_or("RS256"),
        })
    }
}

const KEYS: &str = "the address of the issuer's keys, such as \
                    \"https://example.okta.com/oauth2/default/v1/keys\", or the path of a file";

fn keys(text: &str) -> Result<KeySource, String> {
    // Whoever could change the keys on their way could sign for anybody.
    let loopback = ["http://127.0.0.1:", "http://[::1]:"].iter().any(|it| text.starts_with(it));
    if text.starts_with("https://") || loopback {
        Ok(KeySource::Url(text.to_owned()))
    } else {
        absolute(text).map(KeySource::File).map_err(|_| format!("must be {KEYS}, found {text:?}"))
    }
}

fn absolute(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    if path.is_absolute() {
        Ok(path.to_path_buf())
    } else {
        Err(format!("must be a path that begins with /, found {text:?}"))
    }
}

/// The name of a header: a token of RFC 9110, 5.6.2.
fn header(text: &str) -> Result<String, String> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !text.is_empty() && text.bytes().all(known) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(format!("must be the name of a header such as \"x-telephony-key\", found {text:?}"))
    }
}
