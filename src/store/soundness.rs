//! Whether a database is sound: looked for after a stop that was none, and when somebody asks.

use std::{
    fs,
    path::Path,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};
use tracing::info;

use super::{Error, connection::BUSY_TIMEOUT, files::beside};

/// Faults told at most: one is enough to refuse, some more help whoever repairs it.
const FAULTS: usize = 5;

/// For how long one table is read, and all of them, beside a daemon: while anybody reads, the write-ahead log cannot
/// be cleaned of erased text, which is promised within a minute.
const READ: Reading = Reading { table: Duration::from_secs(5), all: Duration::from_secs(20) };

/// How long somebody may read.
#[derive(Debug, Clone, Copy)]
struct Reading {
    table: Duration,
    all: Duration,
}

/// Checks the database at `path`, if the daemon that worked on it last did not close it: after a power
/// failure a disk may hold anything. To be called by the one who holds the [`Lock`](super::Lock).
///
/// # Errors
/// [`Error::Damaged`], and what opening it answers.
pub fn check_if_left_open(path: &Path) -> Result<(), Error> {
    // SQLite removes the write-ahead log when the last connection closes.
    let left = path.exists() && fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0);
    if !left {
        return Ok(());
    }
    info!("the store was not closed by the last daemon: checking all of it");
    check(path)
}

/// Checks the database at `path` from end to end, and changes nothing in it. For databases on which no daemon works.
///
/// # Errors
/// [`Error::Damaged`], and what opening it answers.
pub fn check(path: &Path) -> Result<(), Error> {
    judge(faults(&open(path)?, &FAULTS.to_string())?)
}

/// Checks the tables of the database at `path`, on which a daemon works, each in a read of its own and none for long.
/// What the daemon has in its log counts. Answers which ones were not read to their end, for that takes too long.
///
/// # Errors
/// [`Error::Damaged`], and what opening it answers.
pub fn check_beside_daemon(path: &Path) -> Result<Vec<String>, Error> {
    check_tables(path, READ)
}

fn check_tables(path: &Path, reading: Reading) -> Result<Vec<String>, Error> {
    let connection = open(path)?;
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0";
    let tables = connection
        .prepare(tables)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    let until = Instant::now() + reading.all;
    let mut too_large = Vec::new();
    for table in tables {
        let left = until.saturating_duration_since(Instant::now()).min(reading.table);
        match within(left, &connection, || faults(&connection, &format!("\"{table}\""))) {
            Some(found) => judge(found?)?,
            None => too_large.push(table),
        }
    }
    // The daemon may have ended meanwhile, and left it to the last reader to clean the log.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !too_large.is_empty())?;
    Ok(too_large)
}

/// What `read` answers, unless it takes longer than `time`: then it is interrupted.
fn within<T>(
    time: Duration,
    connection: &Connection,
    read: impl FnOnce() -> Result<T, Error>,
) -> Option<Result<T, Error>> {
    if time.is_zero() {
        return None;
    }
    let interrupt = connection.get_interrupt_handle();
    let (ends, ended) = mpsc::channel::<()>();
    let answer = thread::scope(|scope| {
        scope.spawn(move || {
            // Again and again: what comes before a statement interrupts nothing.
            while ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout) {
                interrupt.interrupt();
            }
        });
        let answer = read();
        drop(ends);
        answer
    });
    let interrupted = matches!(
        &answer,
        Err(Error::Sqlite(cause))
            if cause.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
    );
    (!interrupted).then_some(answer)
}

fn open(path: &Path) -> Result<Connection, Error> {
    // Not for reading only: that could not take in a log which nobody has open.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // The log stays: it says that the next start has to check again, where this one finds faults or is cut off.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

/// What SQLite finds, of all or of one table; `ok` where that is nothing.
fn faults(connection: &Connection, of: &str) -> Result<Vec<String>, Error> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({of})"))?;
    let faults = statement.query_map([], |row| row.get(0))?;
    Ok(faults.take(FAULTS).collect::<Result<_, _>>()?)
}

fn judge(faults: Vec<String>) -> Result<(), Error> {
    if faults == ["ok"] { Ok(()) } else { Err(Error::Damaged(faults.join("; "))) }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Seek as _, SeekFrom, Write as _},
        path::PathBuf,
    };

    use super::*;
    use crate::{
        domain::Timestamp,
        store::{self, Store, message, samples},
    };

    /// A database as a power failure leaves it: with its log.
    async fn left_open(folder: &Path) -> PathBuf {
        let path = folder.join("live.db");
        let store = Store::open(&path).unwrap();
        for _ in 0..200 {
            let sample = samples::message(Timestamp::from_unix_ms(1));
            store.write(move |tx| message::insert(tx, &sample)).await.unwrap();
        }
        let left = folder.join("left.db");
        for suffix in ["", "-wal"] {
            fs::copy(beside(&path, suffix), beside(&left, suffix)).unwrap();
        }
        left
    }

    /// Overwrites what is in the middle of the database.
    fn damage(path: &Path) {
        let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
        let middle = file.metadata().unwrap().len() / 2;
        file.seek(SeekFrom::Start(middle)).unwrap();
        file.write_all(&[0x5A; 8192]).unwrap();
        file.sync_all().unwrap();
    }

    #[tokio::test]
    async fn a_store_that_was_left_open_is_checked_and_a_damaged_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = left_open(dir.path()).await;
        check_if_left_open(&path).unwrap();
        drop(Store::open(&path).unwrap());
        while beside(&path, "-wal").exists() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        damage(&path);
        check_if_left_open(&path).unwrap();
        let refused = check(&path).unwrap_err();
        assert!(matches!(refused, Error::Damaged(_) | Error::Sqlite(_)), "{refused}");
        fs::write(beside(&path, "-wal"), "what is left of a log").unwrap();
        assert!(check_if_left_open(&path).is_err());
    }

    #[tokio::test]
    async fn beside_a_daemon_tables_are_checked_and_a_large_one_only_for_as_long_as_may_be() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("live.db");
        let store = Store::open(&path).unwrap();
        let fill = |tx: &store::Tx<'_>| {
            for _ in 0..5_000 {
                message::insert(tx, &samples::message(Timestamp::from_unix_ms(1)))?;
            }
            Ok(())
        };
        store.write(fill).await.unwrap();
        assert_eq!(check_beside_daemon(&path).unwrap(), [""; 0]);
        let short = Duration::from_millis(1);
        let one = check_tables(&path, Reading { table: short, all: READ.all }).unwrap();
        assert!(one.contains(&"message".to_owned()), "{one:?}");
        let none = check_tables(&path, Reading { all: Duration::ZERO, ..READ }).unwrap();
        assert!(none.contains(&"token".to_owned()), "{none:?}");
        assert!(store.checkpoint(0).await.unwrap(), "nobody reads any more");
        let left = dir.path().join("left.db");
        fs::copy(&path, &left).unwrap();
        damage(&left);
        let refused = check_beside_daemon(&left).unwrap_err();
        assert!(matches!(refused, Error::Damaged(_) | Error::Sqlite(_)), "{refused}");
    }

    #[tokio::test]
    async fn a_damaged_store_is_refused_by_every_start_and_not_by_the_first_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("live.db");
        let store = Store::open(&path).unwrap();
        let fill = async |count: u32| {
            for _ in 0..count {
                let sample = samples::message(Timestamp::from_unix_ms(1));
                store.write(move |tx| message::insert(tx, &sample)).await.unwrap();
            }
        };
        fill(200).await;
        assert!(store.checkpoint(0).await.unwrap());
        fill(1).await;
        let left = dir.path().join("left.db");
        for suffix in ["", "-wal"] {
            fs::copy(beside(&path, suffix), beside(&left, suffix)).unwrap();
        }
        damage(&left);
        // The supervisor starts the daemon again two seconds after the first refusal.
        let starts = [0, 1, 2].map(|_| check_if_left_open(&left).is_err());
        assert_eq!(starts, [true, true, true]);
    }
}
