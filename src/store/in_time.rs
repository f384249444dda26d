//! Work that somebody waits for until an instant, and not longer.

use std::sync::{Arc, OnceLock};

use tokio::time::{Instant, timeout_at};

use super::{Error, Store, Tx};

/// How far work has come by an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByThen<T> {
    /// It is done, and on disk.
    Done(T),
    /// It had not begun, and never will.
    NotBegun,
    /// It is under way: nobody knows yet whether it will be on disk.
    UnderWay,
}

impl Store {
    /// As [`write_work`](Self::write_work), but waits until `until` only, and stands aside for nobody. What has not begun by
    /// then is left undone, so that whoever gives up knows what will not happen.
    ///
    /// # Errors
    /// What `work` or the commit answers; then nothing of `work` is stored.
    pub async fn write_by<T: Send + 'static>(
        &self,
        until: Instant,
        work: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<ByThen<T>, Error> {
        // Whoever sets it first has decided: the job that begins, or the one who gives up.
        let decided = Arc::new(OnceLock::new());
        let begun = decided.clone();
        // Whoever stops waiting for this gives up too.
        let _given_up = GiveUp(decided.clone());
        let written = async {
            let done = self.hand_over(move |tx| match begun.set(()) {
                Ok(()) => work(tx),
                Err(()) => Err(Error::Slow),
            });
            let done = done.await?;
            self.wakers.queue.notify_one();
            done.await.unwrap_or(Err(Error::Closed))
        };
        match timeout_at(until, written).await {
            Ok(written) => written.map(ByThen::Done),
            Err(_) if decided.set(()).is_ok() => Ok(ByThen::NotBegun),
            Err(_) => Ok(ByThen::UnderWay),
        }
    }
}

struct GiveUp(Arc<OnceLock<()>>);

impl Drop for GiveUp {
    fn drop(&mut self) {
        let _ = self.0.set(());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Barrier, atomic::AtomicBool, atomic::Ordering},
        time::Duration,
    };

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LATE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn what_has_not_begun_in_time_is_never_done_and_what_has_is() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let done = store.write_by(Instant::now() + LATE, |_| Ok(7)).await.unwrap();
        assert_eq!(done, ByThen::Done(7));
        let gate = Arc::new(Barrier::new(2));
        let open = gate.clone();
        let slow = move |_: &Tx<'_>| {
            open.wait();
            Ok(())
        };
        let begun = store.write_by(Instant::now() + SOON, slow).await.unwrap();
        assert_eq!(begun, ByThen::UnderWay);
        let ran = Arc::new(AtomicBool::new(false));
        let runs = ran.clone();
        let waits = move |_: &Tx<'_>| {
            runs.store(true, Ordering::Relaxed);
            Ok(())
        };
        assert_eq!(store.write_by(Instant::now() + SOON, waits).await.unwrap(), ByThen::NotBegun);
        tokio::task::spawn_blocking(move || gate.wait()).await.unwrap();
        store.write(|_| Ok(())).await.unwrap();
        assert!(!ran.load(Ordering::Relaxed), "whoever gave up can rely on it");
    }

    #[tokio::test]
    async fn a_failure_is_told_as_such() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let fails = |_: &Tx<'_>| Err::<(), _>(Error::Full);
        let answer = store.write_by(Instant::now() + LATE, fails).await;
        assert!(matches!(answer, Err(Error::Full)));
    }
}
