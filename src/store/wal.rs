//! The write-ahead log: kept short, and clean of what was erased.
//!
//! What is in it is moved into the database beside the writer, by a connection of its own; the writer moves only what
//! was committed meanwhile, and cuts the log. On a slow card moving all of it takes a second, in which no code could be
//! stored.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use tokio::{sync::oneshot, task::spawn_blocking, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{
    Error, Store,
    connection::BUSY_TIMEOUT,
    files::beside,
    line::{Other, Request},
    room::Room,
};

/// From an erasure to the checkpoint that removes the text from the log. Promise 6 gives 60 s; a third of it leaves
/// room for a slow disk and still gathers many erasures.
const CLEAN_AFTER: Duration = Duration::from_secs(20);

/// Between two tries while a reader holds the log open.
pub(super) const CLEAN_AGAIN: Duration = Duration::from_secs(2);

/// How long each try but the first waits for those who read, and all who write wait with it. Whoever begins to read
/// meanwhile is not in its way: those must end who began before the last commit, and then those who began since. The
/// longest read is a page of the System Log (`Budget::PAGE`): 40 ms and a last step, twice; the rest is for a slow card.
/// Where somebody reads for longer, a tenth of the writer's time is lost to the tries.
const PATIENCE: Duration = Duration::from_millis(200);

/// How often it is moved beside the writer: what is committed while all of it is moved is little, and what while that
/// is, less.
const ROUNDS: u32 = 2;

/// How long the log is, as the writer sees it after each commit.
#[derive(Debug)]
pub(super) struct Length {
    file: PathBuf,
    /// From so many octets on it is moved, whether anything was erased or not.
    longest: u64,
    is_long: bool,
}

impl Length {
    /// Of the log of the database at `path`, on a disk with that `room`.
    pub(super) fn of(path: &Path, room: &Room) -> Self {
        Self { file: beside(path, "-wal"), longest: room.longest_log(), is_long: false }
    }

    /// Whether it has become long since the last time: told once, until it is short again.
    pub(super) fn became_long(&mut self) -> bool {
        let before = self.is_long;
        self.is_long = fs::metadata(&self.file).is_ok_and(|log| log.len() >= self.longest);
        self.is_long && !before
    }
}

impl Store {
    /// Cleans the write-ahead log some seconds after each erasure, and when it becomes long, until `cancel`. Begins with
    /// what a run that did not end well may have left in it.
    pub async fn keep_clean(self, cancel: CancellationToken) {
        self.wakers.erased.notify_one();
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.wakers.long_log.notified() => {}
                () = self.wakers.erased.notified() => tokio::select! {
                    () = cancel.cancelled() => {}
                    () = self.wakers.long_log.notified() => {}
                    () = sleep(CLEAN_AFTER) => {}
                }
            }
            // A reader in another process may hold the log open for a moment, and a full disk for long.
            let mut failed = 0_u32;
            loop {
                let cause = match self.checkpoint(failed).await {
                    Ok(true) => break,
                    Ok(false) => "somebody reads it".to_owned(),
                    Err(cause) => cause.to_string(),
                };
                // Once: what is said at each try would fill a full disk further. The first waits for nobody, and fails
                // where anybody reads.
                if failed == 1 {
                    warn!(
                        cause,
                        "the write-ahead log cannot be cleaned yet; erased text stays in it"
                    );
                }
                failed += 1;
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = sleep(CLEAN_AGAIN) => {}
                }
            }
        }
    }

    /// Whether the write-ahead log is clean now, after so many tries that failed; a store that is closed has none.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(super) async fn checkpoint(&self, failed: u32) -> Result<bool, Error> {
        // Where it fails, so does the writer, and tells why.
        let _ = self.move_beside_the_writer().await;
        let patience = if failed == 0 { Duration::ZERO } else { PATIENCE };
        let (done, clean) = oneshot::channel();
        match self.line.send(Request::Other(Other::Checkpoint(patience, done))).await {
            Ok(()) => clean.await.unwrap_or(Ok(true)),
            Err(_) => Ok(true),
        }
    }

    /// Moves what is in the log now into the database, while the writer goes on; answers how many pages of the log
    /// are moved.
    async fn move_beside_the_writer(&self) -> Result<u32, Error> {
        // A store that closes waits for it, as for those who read.
        let permit = self.readers.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Error::Closed)?;
        let readers = self.readers.clone();
        let moving = move || {
            let _permit = permit;
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(&readers.path, flags)?;
            let moved = |row: &rusqlite::Row<'_>| row.get("checkpointed");
            let mut count = 0;
            for _ in 0..ROUNDS {
                count = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], moved)?;
                // SQLite does so only where nobody wrote meanwhile; else the writer would wait for all of it.
                let _ = readers.database.sync_data();
            }
            Ok(count)
        };
        spawn_blocking(moving).await.unwrap_or(Err(Error::Closed))
    }
}

/// Moves what is left in the log, and cuts it, on the connection that writes. Says whether it is clean; waits so long
/// for those who read it, and all jobs with it.
///
/// # Errors
/// Those of SQLite. They are told by who asked, who asks again and again while the disk is full.
pub(super) fn cut(connection: &Connection, patience: Duration) -> Result<bool, Error> {
    let _ = connection.busy_timeout(patience);
    let truncated =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
    let _ = connection.busy_timeout(BUSY_TIMEOUT);
    Ok(!truncated?)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use tokio::{task::JoinSet, time::timeout};

    use super::*;
    use crate::{
        domain::Timestamp,
        store::{Budget, View, connection, message, samples},
    };

    #[tokio::test]
    async fn the_log_is_moved_while_somebody_writes() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        store.write(|tx| message::insert(tx, &samples::message(Timestamp::now()))).await.unwrap();
        let (begun, begins) = oneshot::channel();
        let (open, gate) = std::sync::mpsc::channel::<()>();
        let writes = store.hand_over(move |tx| {
            message::insert(tx, &samples::message(Timestamp::now()))?;
            let _ = begun.send(());
            let _ = gate.recv();
            Ok(())
        });
        let written = writes.await.unwrap();
        begins.await.unwrap();
        let log = dir.path().join("t.db-wal");
        let frames = (log.metadata().unwrap().len() - 32) / (u64::from(connection::PAGE) + 24);
        assert_eq!(u64::from(store.move_beside_the_writer().await.unwrap()), frames, "all of it");
        drop(open);
        written.await.unwrap().unwrap();
        let two = |view: &View<'_>| message::newest(view, None, 9).map(|all| all.len());
        assert_eq!(store.read(two).await.unwrap(), 2);
        assert!(store.checkpoint(0).await.unwrap());
        assert_eq!((log.metadata().unwrap().len(), store.read(two).await.unwrap()), (0, 2));
    }

    #[tokio::test]
    async fn a_log_that_becomes_long_is_moved_before_anything_was_erased() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.db");
        let store = Store::open(&path).unwrap();
        let longest = Room::of(&path).longest_log();
        let log = dir.path().join("t.db-wal");
        let cancel = CancellationToken::new();
        let keeper = tokio::spawn(store.clone().keep_clean(cancel.clone()));
        let fill = |octets: u64| {
            move |tx: &crate::store::Tx<'_>| {
                tx.prepare(
                    "INSERT INTO token VALUES (?1, ?1, randomblob(32), hex(zeroblob(?2)), 0)",
                )?
                .execute((octets.to_string(), i64::try_from(octets / 2).unwrap()))?;
                Ok(())
            }
        };
        store.write(fill(longest / 2)).await.unwrap();
        let length = || log.metadata().unwrap().len();
        assert!(length() > longest / 2, "it is not long yet");
        store.write(fill(longest / 2 + 1)).await.unwrap();
        let is_cut = async {
            while length() > 0 {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(CLEAN_AFTER / 2, is_cut).await.expect("it waits for nothing");
        cancel.cancel();
        keeper.await.unwrap();
    }

    #[tokio::test]
    async fn texts_of_what_was_undone_are_cleaned_from_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        // More than SQLite holds in memory goes to the log before the commit, and then there is no room.
        let undone = store.write(samples::fill_up).await;
        assert!(matches!(undone, Err(Error::Full)));
        let log = dir.path().join("t.db-wal");
        let texts = || fs::read(&log).unwrap().windows(5).filter(|it| it == b"hello").count();
        assert!(texts() > 0);
        timeout(CLEAN_AGAIN, store.wakers.erased.notified()).await.expect("it is to be cleaned");
        assert!(store.checkpoint(0).await.unwrap());
        assert_eq!(texts(), 0);
    }

    #[tokio::test]
    async fn the_log_is_cleaned_while_others_read_back_to_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let read = |view: &View<'_>| {
            crate::store::event::newest(view)?;
            thread::sleep(Budget::PAGE.time);
            Ok(())
        };
        let mut readers = JoinSet::new();
        for _ in 0..3 {
            let store = store.clone();
            readers.spawn(async move { while store.read(read).await.is_ok() {} });
        }
        sleep(Budget::PAGE.time).await;
        let mut failed = 0;
        loop {
            store
                .write(|tx| message::insert(tx, &samples::message(Timestamp::now())).map(drop))
                .await
                .unwrap();
            if store.checkpoint(failed).await.unwrap() {
                break;
            }
            failed += 1;
            assert!(failed < 20, "what was erased would stay in it");
            // At another moment of their pages.
            sleep(Duration::from_millis(7)).await;
        }
        assert_eq!(fs::metadata(dir.path().join("t.db-wal")).unwrap().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_cannot_be_cleaned_is_told_of_once_and_why() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        store.write(|tx| message::insert(tx, &samples::message(Timestamp::now()))).await.unwrap();
        let log = fs::File::options().write(true).open(dir.path().join("t.db-wal")).unwrap();
        log.set_len(0).unwrap();
        let journal = dir.path().join("journal");
        let writer = Arc::new(fs::File::create(&journal).unwrap());
        let told = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).finish();
        let _guard = tracing::subscriber::set_default(told);
        let began = tokio::time::Instant::now();
        let some_tries = async {
            // Only the pauses between tries let time pass.
            while began.elapsed() < CLEAN_AFTER + 9 * CLEAN_AGAIN {
                assert!(matches!(store.checkpoint(0).await, Err(Error::Sqlite(_))));
            }
        };
        tokio::select! {
            () = store.clone().keep_clean(CancellationToken::new()) => {}
            () = some_tries => {}
        }
        let told = fs::read_to_string(journal).unwrap();
        assert_eq!(
            (told.lines().count(), told.matches("disk I/O error").count()),
            (1, 1),
            "{told}"
        );
    }
}
