//! Whether the store can be written: found out by writing.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::Instant};

use super::{Error, Store, Tx};
use crate::domain::Timestamp;

/// A finding holds for so long, however often somebody asks: each costs a write.
const FRESH: Duration = Duration::from_secs(5);

/// A disk that takes longer to write one row is as good as none.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found last.
pub(super) type Pulse = Arc<Mutex<Option<(Instant, Result<(), Error>)>>>;

impl Store {
    /// Whether the store can be written and takes new messages, as of some seconds ago at most.
    ///
    /// # Errors
    /// Why not.
    pub async fn health(&self) -> Result<(), Error> {
        let mut pulse = self.pulse.lock().await;
        if let Some((at, found)) = &*pulse
            && at.elapsed() < FRESH
        {
            return found.clone();
        }
        let written = tokio::time::timeout(PATIENCE, self.write(beat)).await;
        let found = written.unwrap_or(Err(Error::Slow));
        *pulse = Some((Instant::now(), found.clone()));
        found
    }
}

fn beat(tx: &Tx<'_>) -> Result<(), Error> {
    tx.must_have_room()?;
    tx.prepare(
        "INSERT INTO heartbeat VALUES (1, ?1) ON CONFLICT (key) DO UPDATE SET at = excluded.at",
    )?
    .execute([Timestamp::now().as_unix_ms()])?;
    Ok(())
}
