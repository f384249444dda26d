//! From a file and the environment to a configuration, or to everything that is wrong with it.

use std::{env, fs, path::Path};

use super::{
    limits,
    modem::Modem,
    okta::Okta,
    problem::ConfigError,
    rates::Rates,
    reader::Section,
    retention::Retention,
    sections::{Http, Log, Org, Outbox, Policy, Store},
    tree,
    voice::Voice,
};
use crate::domain::{Channel, Limits};

/// The variables of this process, for [`Config::load`]; those that are no UTF-8 are not ours.
pub fn environment() -> impl Iterator<Item = (String, String)> {
    env::vars_os().filter_map(|(name, value)| {
        Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
    })
}

/// Everything an operator can set. Holds no secrets: those come from files and credentials.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Config {
    /// `[http]`.
    pub http: Http,
    /// `[store]`.
    pub store: Store,
    /// `[policy]`.
    pub policy: Policy,
    /// `[limits]`.
    pub limits: Limits,
    /// `[outbox]`.
    pub outbox: Outbox,
    /// `[retention]`.
    pub retention: Retention,
    /// `[rates]`.
    pub rates: Rates,
    /// `[org]`.
    pub org: Org,
    /// `[okta]`.
    pub okta: Okta,
    /// `[voice]`.
    pub voice: Voice,
    /// `[log]`.
    pub log: Log,
    /// `[[modem]]`, in the order of the file.
    pub modems: Vec<Modem>,
}

impl Config {
    /// Reads `path`, overlaid by the variables of `env` that are named `RINGPOST_SECTION__KEY`.
    ///
    /// # Errors
    /// If the file cannot be read, or if anything in it or in the variables cannot be used: then
    /// the error holds every problem, not only the first.
    pub fn load(
        path: &Path,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { file: path.to_owned(), source })?;
        Self::parse(&text, path, env)
    }

    /// As [`load`](Self::load), of the text of a file; `file` is what messages call it.
    ///
    /// # Errors
    /// If anything in the text or in the variables cannot be used.
    pub fn parse(
        text: &str,
        file: &Path,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let refused = |problems| ConfigError::Refused { file: file.to_owned(), problems };
        let mut problems = Vec::new();
        let mut tree = tree::of_file(text).map_err(refused)?;
        tree::overlay(&mut tree, env, &mut problems);
        let mut root = Section::root(tree, problems);
        let config = Self {
            http: root.table("http", Http::read),
            store: root.table("store", Store::read),
            policy: root.table("policy", Policy::read),
            limits: root.table("limits", limits::read),
            outbox: root.table("outbox", Outbox::read),
            retention: root.table("retention", Retention::read),
            rates: root.table("rates", Rates::read),
            org: root.table("org", Org::read),
            okta: root.table("okta", Okta::read),
            voice: root.table("voice", Voice::read),
            log: root.table("log", Log::read),
            modems: Modem::read_all(&mut root),
        };
        config.check_cards(&mut root);
        let mut problems = root.finish();
        if problems.is_empty() {
            return Ok(config);
        }
        problems.sort_by(|a, b| (&a.whence, &a.key).cmp(&(&b.whence, &b.key)));
        Err(refused(problems))
    }

    /// Modems name cards that there are.
    fn check_cards(&self, root: &mut Section) {
        for modem in &self.modems {
            let Some((name, whence)) = &modem.rates else { continue };
            if self.rates.card(name).is_none() {
                root.note(
                    "modem.rates",
                    whence.clone(),
                    format!("no [[rates.card]] is named {name:?}"),
                );
            }
        }
    }

    /// Whether a modem may place calls.
    pub fn calls(&self) -> bool {
        self.modems.iter().any(|modem| modem.roles.contains(&Channel::Voice))
    }

    /// What can be used but is hardly meant, one line each, to be told at every start.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.modems.is_empty() {
            warnings.push("no [[modem]] is configured: messages are accepted and wait".to_owned());
        }
        if !self.limits.enabled {
            let what =
                "limits.enabled is false: anybody who can ask for codes can ask for any number";
            warnings.push(what.to_owned());
        }
        if !self.http.listen.ip().is_loopback() {
            warnings.push(format!(
                "http.listen is {}: tokens and texts cross the network unencrypted; \
                 put a proxy with TLS before it",
                self.http.listen
            ));
        }
        warnings
    }
}
