//! Puts events into the terms of the System Log, and counts them for the usage report: many at a time and term by
//! term, so that a page of a term is written once for many events, and in steps, so that no message waits behind it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Error, Store, event, event_term};

/// Events that wait until it is worth it. Every question about the log looks at all of them, and so does every usage
/// report.
const WORTH_IT: i64 = 1024;

/// Events that one transaction puts into a term or counts, while nothing else is stored: those that are worth it, and what
/// came meanwhile, so that each page of the term is written once. 1024 of them take 3 to 5 ms where their values stand
/// together, such as outcomes, and up to 20 where the log is long and each stands elsewhere, such as numbers.
const STEP: i64 = 1536;

/// Between two steps: others come first.
const PAUSE: Duration = Duration::from_millis(5);

impl Store {
    /// Puts events into the terms and counts them whenever enough of them wait, until `cancel`.
    pub async fn keep_indexed(self, cancel: CancellationToken) {
        let mut changed = self.events_changed();
        loop {
            if let Some(Err(cause)) = cancel.run_until_cancelled(self.index_if_worth_it()).await {
                // They are found and reported all the same, and the next event is another occasion.
                warn!(%cause, "events could not be put into the indexes and counted");
            }
            match cancel.run_until_cancelled(changed.changed()).await {
                Some(Ok(())) => {}
                Some(Err(_)) | None => return,
            }
        }
    }

    async fn index_if_worth_it(&self) -> Result<(), Error> {
        let waiting = self.read(|view| Ok(event::newest(view)? - event_term::reach(view)?)).await?;
        if waiting >= WORTH_IT { self.index_events().await } else { Ok(()) }
    }

    /// Puts all events that are there into all terms, and counts them.
    pub(super) async fn index_events(&self) -> Result<(), Error> {
        // What comes meanwhile waits for the next time: a few at a time would be dear.
        let newest = self.read(event::newest).await?;
        while self.write(move |tx| event_term::fill_next(tx, newest, STEP)).await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}
