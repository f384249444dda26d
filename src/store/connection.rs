//! Opening the database, and the handle that everybody holds.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use rusqlite_migration::{M, Migrations};
use tokio::sync::{Semaphore, broadcast, oneshot, watch};

use super::{
    Error, Tx, View,
    health::Pulse,
    line::{self, Entrance, Haste, Other, Patience, Request},
    room::Room,
    term_value,
    vitals::Work,
    wal,
    writer::{self, Task, Wakers},
};
use crate::domain::{Lane, MessageId};

/// Append-only: a migration that has been released is never changed.
const MIGRATIONS: &[M<'static>] = &[M::up(include_str!("migrations/0001_initial.sql"))];

/// Reads at one time. SQLite readers do not disturb each other, but each holds a page cache.
const MAX_READERS: u32 = 4;

/// Octets of a page: as few as SQLite takes. A message that comes alone touches some fifty pages from its request to
/// its report, a row in each: with the 4096 that SQLite takes by itself, 160 KiB go to the disk for it; with these, a
/// fifth of that.
pub(super) const PAGE: u32 = 512;

/// Pages in the write-ahead log at which a commit moves them itself: as much as the last room on the disk. Before
/// that, they are moved beside it (`wal`).
const LOG_PAGES: u32 = 131_072;

/// How long a write may wait for another process, such as `ringpost token create`.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The database: cheap to clone. The writer thread ends when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) line: Entrance,
    pub(super) readers: Arc<Readers>,
    pub(super) wakers: Arc<Wakers>,
    full: watch::Receiver<bool>,
    pub(super) pulse: Pulse,
}

#[derive(Debug)]
pub(super) struct Readers {
    pub(super) path: PathBuf,
    pub(super) permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
    /// To sync it. Closed behind the last connection: a process that closes a file lets go of all its locks on it,
    /// SQLite's too.
    pub(super) database: Arc<File>,
}

impl Store {
    /// Opens or makes the database at `path`, brings its schema up to date and starts the writer
    /// thread.
    ///
    /// # Errors
    /// A file that is no database, cannot be written, or was made by a later version.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::open_with(path, Patience::USUAL)
    }

    pub(super) fn open_with(path: &Path, patience: Patience) -> Result<Self, Error> {
        let connection = open_for_writing(path)?;
        let database = Arc::new(File::open(path).map_err(|_| Error::Closed)?);
        let (line, exit) = line::line(patience);
        let wakers = Arc::new(Wakers::default());
        let (thread_wakers, room) = (wakers.clone(), Room::of(path));
        let (full, length) = (room.full(), wal::Length::of(path, &room));
        let kept_open = database.clone();
        thread::Builder::new()
            .name("store".into())
            .spawn(move || {
                writer::run(connection, exit, &thread_wakers, &room, length);
                drop(kept_open);
            })
            .map_err(|_| Error::Closed)?;
        let readers = Readers {
            path: path.to_owned(),
            permits: Arc::new(Semaphore::new(MAX_READERS as usize)),
            idle: Mutex::default(),
            database,
        };
        let readers = Arc::new(readers);
        Ok(Self { line, readers, wakers, full, pulse: Pulse::default() })
    }

    /// Runs `work` in the next commit and waits until it is on disk.
    ///
    /// # Errors
    /// What `work` or the commit answers; then nothing of `work` is stored.
    ///
    /// # Cancel safety
    /// Once the job is handed over it runs, whether or not anybody waits for it.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.hand_over(work).await?.await.unwrap_or(Err(Error::Closed))
    }

    /// Like [`write`](Self::write), for what has time: while no modem is free, it may stand aside for some milliseconds,
    /// and go with what comes next.
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    ///
    /// # Cancel safety
    /// That of [`write`](Self::write).
    pub async fn write_along<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.put_in(work, Haste::CanWait).await?.await.unwrap_or(Err(Error::Closed))
    }

    /// Like [`write`](Self::write), for what may give the outbox work in that lane. Where a modem is free, the outbox is woken
    /// at once, and comes in time for the commit of `work` more often than not: so a message that a modem can take costs one
    /// commit before it is on the air. Where none is, it may go along with what frees one, but for a code that stops what a
    /// modem would go on with.
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    ///
    /// # Cancel safety
    /// That of [`write`](Self::write).
    pub async fn write_work<T: Send + 'static>(
        &self,
        lane: Lane,
        work: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let done = self.put_in(work, self.line.haste(lane)).await?;
        if self.line.modem_is_free() {
            // Its place in the line is behind `work`.
            self.wakers.queue.notify_one();
        }
        done.await.unwrap_or(Err(Error::Closed))
    }

    /// Like [`write`](Self::write), but returns once the job has its place in the line. Jobs run in the
    /// order in which they were handed over.
    ///
    /// # Errors
    /// The writer thread has ended.
    pub async fn hand_over<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        self.put_in(work, Haste::Now).await
    }

    async fn put_in<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, Error> + Send + 'static,
        haste: Haste,
    ) -> Result<oneshot::Receiver<Result<T, Error>>, Error> {
        let (done, answer) = oneshot::channel();
        let task = Task::new(work, move |result| drop(done.send(result)));
        self.line.send(Request::Write(Box::new(task), haste)).await?;
        Ok(answer)
    }

    /// Hands `work` over without waiting for anything; says whether there was a place in the line.
    pub fn try_hand_over(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<(), Error> + Send + 'static,
    ) -> bool {
        let task = Task::new(work, drop::<Result<(), Error>>);
        self.line.try_send(Request::Write(Box::new(task), Haste::Now))
    }

    /// Runs `work` on a read-only connection, off the async threads.
    ///
    /// # Errors
    /// What `work` answers.
    ///
    /// # Cancel safety
    /// Once it has begun it goes on, whether or not anybody waits for it, and counts among those under way.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&View<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let readers = self.readers.clone();
        let permit = readers.permits.clone().acquire_owned().await.map_err(|_| Error::Closed)?;
        let read = move || {
            let _permit = permit;
            readers.run(work)
        };
        tokio::task::spawn_blocking(read).await.unwrap_or(Err(Error::Closed))
    }

    /// Closes the database once the reads under way have ended; nothing can be written or read from then on.
    /// The last connection that closes removes the write-ahead log, which tells the next start that all
    /// is well.
    pub async fn close(self) {
        let all = self.readers.permits.acquire_many(MAX_READERS).await;
        self.readers.permits.close();
        self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
        drop(all);
        let (done, closed) = oneshot::channel();
        if self.line.send(Request::Other(Other::Close(done))).await.is_ok() {
            let _ = closed.await;
        }
    }

    /// Resolves after a commit that gave the outbox new work, or when there may be some in the next one; what came since
    /// the last call resolves it at once.
    pub async fn queue_changed(&self) {
        self.wakers.queue.notified().await;
    }

    /// The outbox tells whether it could put what comes on the air at once.
    pub fn note_free(&self, modem_is_free: bool) {
        if self.line.note_free(modem_is_free) {
            // It may be work, and comes in time for the commit of that.
            self.wakers.queue.notify_one();
        }
    }

    /// The outbox tells whether a modem goes on by itself with what is less urgent than a code.
    pub fn note_going_on(&self, goes_on: bool) {
        self.line.note_going_on(goes_on);
    }

    /// Where the database is.
    pub(super) fn path(&self) -> &Path {
        &self.readers.path
    }

    /// What the writer thread has done.
    pub(super) fn work(&self) -> &Work {
        &self.wakers.work
    }

    /// Jobs that wait for the writer thread.
    pub(super) fn waiting_jobs(&self) -> u64 {
        u64::try_from(self.line.length()).unwrap_or_default()
    }

    /// Whether the disk is full, and when that changes.
    pub fn disk_full(&self) -> watch::Receiver<bool> {
        self.full.clone()
    }

    /// Changes after each commit of events.
    pub fn events_changed(&self) -> watch::Receiver<()> {
        self.wakers.events.subscribe()
    }

    /// The messages that events tell of, each after the commit of its event.
    pub fn messages_told(&self) -> broadcast::Receiver<MessageId> {
        self.wakers.told.subscribe()
    }
}

impl Readers {
    fn run<T>(&self, work: impl FnOnce(&View<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => open_for_reading(&self.path)?,
        };
        // One transaction, so that several statements see one state of the database.
        let transaction = connection.transaction()?;
        let result = work(&View::new(&transaction));
        transaction.finish()?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        result
    }
}

pub(super) fn open_for_writing(path: &Path) -> Result<Connection, Error> {
    // Texts and numbers are nobody else's business; SQLite gives its other files the same mode. What
    // is wrong with the path, SQLite says.
    let _ = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Only a database without tables takes these two: room that is free goes back to the disk in steps.
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    // WAL lets readers go on while the writer commits; FULL makes each commit durable before it is
    // answered; secure_delete overwrites what is erased.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    connection.pragma_update(None, "secure_delete", true)?;
    // What a savepoint may have to bring back, texts among it, would else lie in a file of its own that nobody cleans.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    keep_statements(&connection, 128)?;
    term_value::register(&connection)?;
    Migrations::from_slice(MIGRATIONS).to_latest(&mut connection)?;
    Ok(connection)
}

fn open_for_reading(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_statements(&connection, 64)?;
    Ok(connection)
}

/// Has each of so many statements compiled once. Left alone, SQLite compiles one that asks a partial index
/// anew whenever it is bound to another value, for the plan might depend on that: a fifth of the writer's time.
fn keep_statements(connection: &Connection, count: usize) -> Result<(), Error> {
    connection.set_prepared_statement_cache_capacity(count);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A database in memory, for tests.
#[cfg(test)]
pub(super) fn open_in_memory() -> Connection {
    let mut connection = Connection::open_in_memory().expect("memory is there");
    Migrations::from_slice(MIGRATIONS).to_latest(&mut connection).expect("migrations are valid");
    term_value::register(&connection).expect("functions are taken");
    connection.set_prepared_statement_cache_capacity(128);
    connection
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use super::*;
    use crate::{
        domain::Timestamp,
        store::{message, samples},
    };

    #[test]
    fn migrations_are_valid() {
        Migrations::from_slice(MIGRATIONS).validate().unwrap();
    }

    #[tokio::test]
    async fn the_outbox_is_woken_in_time_for_the_commit_of_what_it_is_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let before = store.vitals().commits;
        let look = |tx: &Tx<'_>| {
            tx.queue_is_seen();
            Ok(())
        };
        let (open, gate) = std::sync::mpsc::channel();
        let work = store.write_work(Lane::Bulk, move |tx| {
            gate.recv().unwrap();
            tx.signal_queue();
            Ok(())
        });
        let turn = async {
            // The work is not done yet, and no commit has told of it.
            store.queue_changed().await;
            let seen = store.hand_over(look).await.unwrap();
            open.send(()).unwrap();
            seen.await.unwrap().unwrap();
        };
        let (worked, ()) = tokio::join!(work, turn);
        worked.unwrap();
        assert_eq!(store.vitals().commits - before, 1);
        let again = tokio::time::timeout(Duration::from_millis(200), store.queue_changed()).await;
        assert!(again.is_err(), "what it has seen does not wake it");
        // What comes behind its look does.
        let looked_before = move |tx: &Tx<'_>| {
            look(tx)?;
            tx.signal_queue();
            Ok(())
        };
        store.write(looked_before).await.unwrap();
        store.queue_changed().await;
    }

    #[tokio::test]
    async fn a_failed_job_leaves_nothing_behind_and_its_neighbours_stay() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let insert = |name: &'static str| {
            move |tx: &Tx<'_>| {
                tx.prepare("INSERT INTO token VALUES (?1, ?1, randomblob(32), '', 0)")?
                    .execute([name])?;
                Ok(())
            }
        };
        store.write(insert("a")).await.unwrap();
        let failed = store
            .write(move |tx| {
                insert("b")(tx)?;
                Err::<(), _>(Error::Missing("anything"))
            })
            .await;
        assert!(matches!(failed, Err(Error::Missing(_))));
        let panicked: Result<(), _> = store.write(|_| panic!("on purpose")).await;
        assert!(panicked.is_err());
        store.write(insert("c")).await.unwrap();
        let names: String = store
            .read(|view| {
                Ok(view
                    .prepare("SELECT group_concat(name) FROM token")?
                    .query_row([], |row| row.get(0))?)
            })
            .await
            .unwrap();
        assert_eq!(names, "a,c");
    }

    #[tokio::test]
    async fn what_can_be_undone_is_held_in_no_other_file() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let fill = |tx: &Tx<'_>| {
            for _ in 0..1000 {
                message::insert(tx, &samples::message(Timestamp::now()))?;
            }
            Ok(())
        };
        store.write(fill).await.unwrap();
        let files = store.write(|tx| {
            tx.prepare("UPDATE message SET reference = 'mine'")?.execute([])?;
            // A file that has no name any more is open all the same.
            let open = fs::read_dir("/proc/thread-self/fd").unwrap();
            let names = open.filter_map(|it| fs::read_link(it.unwrap().path()).ok());
            let names = names.map(|it| it.display().to_string());
            Ok(names.filter(|it| it.contains("etilqs")).collect::<Vec<_>>())
        });
        assert_eq!(files.await.unwrap(), [""; 0]);
    }

    #[tokio::test]
    async fn reads_that_nobody_waits_for_count_until_they_end() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let mut gates = Vec::new();
        for _ in 0..MAX_READERS {
            let (begun, begins) = oneshot::channel();
            let (open, gate) = std::sync::mpsc::channel::<()>();
            gates.push(open);
            let read = store.read(move |_| {
                let _ = begun.send(());
                let _ = gate.recv();
                Ok(())
            });
            tokio::select! {
                _ = read => panic!("it ended"),
                _ = begins => {}
            }
        }
        let soon = Duration::from_millis(100);
        let one_more = tokio::time::timeout(soon, store.read(|_| Ok(()))).await;
        assert!(one_more.is_err(), "as many as there may be are under way");
        let closed = tokio::time::timeout(soon, store.clone().close()).await;
        assert!(closed.is_err(), "and hold the database open");
        drop(gates);
        store.read(|_| Ok(())).await.unwrap();
        store.close().await;
    }

    #[tokio::test]
    async fn a_full_database_undoes_a_whole_batch_and_takes_the_next_once_there_is_room() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let limit = |pages: u32| {
            move |tx: &Tx<'_>| {
                let sql = format!("PRAGMA max_page_count = {pages}");
                Ok(tx.prepare(&sql)?.query_row([], |row| row.get::<_, u32>(0))?)
            }
        };
        let insert = |name: &'static str, bytes: u32| {
            move |tx: &Tx<'_>| {
                tx.prepare(
                    "INSERT INTO token VALUES (?1, ?1, randomblob(32), hex(zeroblob(?2)), 0)",
                )?
                .execute((name, bytes))?;
                Ok(())
            }
        };
        let pages = store.write(limit(1)).await.unwrap();
        // While the first sleeps, the others gather behind it: one commit for all.
        let gate = std::sync::Barrier::new(2);
        let gate = Arc::new(gate);
        let first = store.hand_over({
            let (gate, insert) = (gate.clone(), insert("a", 1));
            move |tx| {
                gate.wait();
                insert(tx)
            }
        });
        let first = first.await.unwrap();
        let second = store.hand_over(insert("b", 1_000_000)).await.unwrap();
        let third = store.hand_over(insert("c", 1)).await.unwrap();
        tokio::task::spawn_blocking(move || gate.wait()).await.unwrap();
        assert!(matches!(first.await.unwrap(), Err(Error::Full)), "it was undone");
        assert!(matches!(second.await.unwrap(), Err(Error::Full)));
        third.await.unwrap().unwrap();
        store.write(limit(pages + 4000)).await.unwrap();
        store.write(insert("d", 1_000_000)).await.unwrap();
        let names = store
            .read(|view| {
                let mut statement = view.prepare("SELECT group_concat(name) FROM token")?;
                Ok(statement.query_row([], |row| row.get::<_, String>(0))?)
            })
            .await
            .unwrap();
        assert_eq!(names, "c,d", "what was told to have failed is not there");
    }
}
