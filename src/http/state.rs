//! What handlers share.

use std::sync::Arc;

use crate::{
    intake::{Policy, Repeats},
    modem::ModemHandle,
    outbox::Rules,
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
    /// The modems, in the order of the configuration.
    pub modems: Arc<[ModemHandle]>,
}
