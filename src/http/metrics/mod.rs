//! `/metrics`: how the gateway is doing, for Prometheus.
//!
//! What is counted follows the committed log and the tables ([`Metrics::catch_up`]), so that nobody who does the
//! work has to tell it; what is measured is read when somebody asks. Labels hold words of our own and the
//! names of modems, never a number, a text, a user or a token: their values are few and known.

mod counted;
mod family;
mod modems;
pub(super) mod page;
mod requests;

use std::time::Duration;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use self::{counted::Counted, requests::Requests};
use crate::{
    domain::Timestamp,
    store::{
        self, Store,
        tally::{self, Mark},
    },
};

pub(super) use requests::count;

/// Events that are read at once.
const PAGE: u32 = 256;
/// After a commit, before it is counted where nobody asks: many are read together, and who asks
/// is told of all of them anyway.
const GATHER: Duration = Duration::from_secs(5);

/// What was counted since the daemon started. A restart begins at zero, as Prometheus expects.
#[derive(Debug)]
pub struct Metrics {
    counted: Counted,
    requests: Requests,
    started: Timestamp,
    seen: Mutex<Mark>,
}

impl Metrics {
    /// Counts what is committed from now on.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn begin(store: &Store) -> Result<Self, store::Error> {
        let mark = store.read(Mark::newest).await?;
        Ok(Self {
            counted: Counted::default(),
            requests: Requests::default(),
            started: Timestamp::now(),
            seen: Mutex::new(mark),
        })
    }

    /// Counts along until `cancel`, so that whoever asks first does not wait for all that came before.
    pub async fn follow(&self, store: &Store, cancel: CancellationToken) {
        let mut changed = store.events_changed();
        let follow = async {
            while changed.changed().await.is_ok() {
                tokio::time::sleep(GATHER).await;
                changed.borrow_and_update();
                if let Err(cause) = self.catch_up(store).await {
                    warn!(%cause, "what was committed could not be counted; it will be later");
                }
            }
        };
        cancel.run_until_cancelled(follow).await;
    }

    /// Counts what was committed up to now.
    ///
    /// # Cancel safety
    /// What was read is counted, the rest comes the next time.
    async fn catch_up(&self, store: &Store) -> Result<(), store::Error> {
        let mut seen = self.seen.lock().await;
        loop {
            let mark = *seen;
            let since = store.read(move |view| tally::since(view, mark, PAGE)).await?;
            self.counted.add(&since);
            *seen = since.mark;
            if !since.more {
                return Ok(());
            }
        }
    }
}
