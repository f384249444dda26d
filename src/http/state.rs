//! What handlers share.

use std::{sync::Arc, time::Duration};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{
    metrics::Metrics,
    okta::{Limiter, hook::Hook},
};
use crate::{
    intake::{Policy, Repeats},
    outbox::{Outlet, Rules},
    store::Store,
};

/// What handlers share; cheap to clone.
#[derive(Debug, Clone)]
pub struct AppState {
    /// The store.
    pub store: Store,
    /// What an operator allows.
    pub policy: Arc<Policy>,
    /// Knows requests by their keys.
    pub repeats: Arc<Repeats>,
    /// The law's settings, for what a request does to a message.
    pub rules: Rules,
    /// What a sender may be: the names of modems and pools.
    pub senders: Arc<[String]>,
    /// How the System Log may be read.
    pub log: Arc<LogAccess>,
    /// The currency of all amounts, ISO 4217.
    pub currency: Arc<str>,
    /// What was counted.
    pub metrics: Arc<Metrics>,
    /// Answers that go on without an end end then.
    pub closing: CancellationToken,
    /// How Okta's telephony hook is served, where it is.
    pub hook: Option<Arc<Hook>>,
    /// The modems, in the order of the configuration, and what the site lets them send.
    pub outlets: Arc<[Outlet]>,
}

/// Streams of events at one time: each reads what is new after every commit.
const MAX_STREAMS: usize = 32;

/// How the System Log may be read.
#[derive(Debug)]
pub struct LogAccess {
    /// How far back it can be asked for.
    pub(super) kept: Duration,
    /// How often.
    pub(super) limiter: Limiter,
    /// By how many streams at one time.
    pub(super) streams: Arc<Semaphore>,
}

impl LogAccess {
    /// Okta's clients expect 180 days, even where less is kept.
    const LEAST: Duration = Duration::from_secs(180 * 86_400);

    /// A log that is kept for so long, and that each token may ask so many times in a minute.
    pub fn new(kept: Duration, per_minute: u32) -> Self {
        let streams = Arc::new(Semaphore::new(MAX_STREAMS));
        Self { kept: kept.max(Self::LEAST), limiter: Limiter::new(per_minute), streams }
    }
}
