//! Puts events into the indexes of the System Log: many at a time, so that a page of an index is written
//! once for many events, and in steps, so that no message waits behind it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Error, Store, event};

/// Events that wait until it is worth it. Every question about the log looks at all of them.
const WORTH_IT: i64 = 1024;

/// Events in one transaction, while nothing else is stored: 5 ms where the indexes are small and in memory, 20 where the log
/// is long. With half as many, the same pages of an index are written so often that it takes 2 KiB more for each message.
const STEP: u32 = 256;

/// Between two steps: others come first.
const PAUSE: Duration = Duration::from_millis(5);

impl Store {
    /// Puts events into the indexes whenever enough of them wait, until `cancel`.
    pub async fn keep_indexed(self, cancel: CancellationToken) {
        let mut changed = self.events_changed();
        loop {
            if let Some(Err(cause)) = cancel.run_until_cancelled(self.index_if_worth_it()).await {
                // They are found all the same, and the next event is another occasion.
                warn!(%cause, "events could not be put into the indexes");
            }
            match cancel.run_until_cancelled(changed.changed()).await {
                Some(Ok(())) => {}
                Some(Err(_)) | None => return,
            }
        }
    }

    async fn index_if_worth_it(&self) -> Result<(), Error> {
        let waiting = self.read(|view| Ok(event::newest(view)? - event::indexed_to(view)?)).await?;
        if waiting >= WORTH_IT { self.index_events().await } else { Ok(()) }
    }

    /// Puts all events into the indexes.
    pub(super) async fn index_events(&self) -> Result<(), Error> {
        while self.write(|tx| event::index(tx, STEP)).await? {
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }
}
