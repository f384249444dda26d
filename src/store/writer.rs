//! The writer thread: group commit.

use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::{Notify, broadcast, watch};

use super::{
    Error, Tx,
    line::{Due, Exit, Other},
    room::Room,
    vitals::Work,
    wal,
};
use crate::domain::MessageId;

/// Jobs in one commit at most, so that a flood of them cannot hold back the first one's answer
/// for longer than some tens of milliseconds.
const MAX_BATCH: usize = 512;

/// Work inside a transaction, and the answer to give once it is committed.
pub(super) trait Job: Send {
    /// Does the work.
    fn run(&mut self, tx: &Tx<'_>);
    /// Answers, after the commit or its failure.
    fn finish(self: Box<Self>, committed: Result<(), Error>);
}

/// Messages that may be told of before somebody who waits for one of them must look by himself: two
/// commits of the outbox at its fullest.
const TOLD: usize = 1024;

/// Whom the writer thread wakes after a commit.
#[derive(Debug)]
pub(super) struct Wakers {
    pub(super) queue: Notify,
    pub(super) erased: Notify,
    pub(super) long_log: Notify,
    /// Who follows the log looks by itself what there is: a slow one costs the writer nothing.
    pub(super) events: watch::Sender<()>,
    /// What was done: for who looks by itself, and wakes nobody.
    pub(super) work: Work,
    /// Who waits for one message need not look for each commit.
    pub(super) told: broadcast::Sender<MessageId>,
}

impl Default for Wakers {
    fn default() -> Self {
        Self {
            queue: Notify::default(),
            erased: Notify::default(),
            long_log: Notify::default(),
            events: watch::Sender::default(),
            work: Work::default(),
            told: broadcast::Sender::new(TOLD),
        }
    }
}

/// Does what is asked for until it is told to close, or the last is gone who could ask.
pub(super) fn run(
    connection: Connection,
    mut line: Exit,
    wakers: &Arc<Wakers>,
    room: &Room,
    mut log: wal::Length,
) {
    let mut closing = None;
    while closing.is_none()
        && let Some(due) = line.wait()
    {
        match due {
            Due::Commit => {
                commit(&connection, &mut line, wakers, room);
                if log.became_long() {
                    wakers.long_log.notify_one();
                }
            }
            Due::Other(Other::Checkpoint(patience, done)) => {
                let _ = done.send(wal::cut(&connection, patience));
            }
            Due::Other(Other::Close(done)) => closing = Some(done),
        }
    }
    drop(connection);
    if let Some(done) = closing {
        let _ = done.send(());
    }
}

/// Runs the jobs of the line, commits once, and answers all.
fn commit(connection: &Connection, line: &mut Exit, wakers: &Wakers, room: &Room) {
    if let Err(cause) = execute(connection, "BEGIN IMMEDIATE") {
        if let Some(first) = line.next_job() {
            first.finish(Err(cause));
        }
        return;
    }
    let tx = Tx::new(connection, room);
    let mut jobs = Vec::new();
    while jobs.len() < MAX_BATCH
        && tx.undone().is_none()
        && let Some(mut job) = line.next_job()
    {
        job.run(&tx);
        jobs.push(job);
    }
    let (signals, told, left) = (tx.signals(), tx.take_told(), tx.room_left());
    let committed = match tx.undone() {
        Some(cause) => Err(cause),
        None => execute(connection, "COMMIT"),
    };
    // SQLite undoes by itself what does not fit on the disk, and not everything else.
    if !connection.is_autocommit() {
        let _ = execute(connection, "ROLLBACK");
    }
    room.note(left, &committed);
    wakers.work.note(jobs.len(), committed.is_ok());
    if committed.is_ok() {
        if signals.queue {
            wakers.queue.notify_one();
        }
        if signals.events {
            wakers.events.send_replace(());
        }
        if wakers.told.receiver_count() > 0 {
            told.into_iter().for_each(|message| drop(wakers.told.send(message)));
        }
    }
    // A full disk is found while the log is written: what was undone may lie in it all the same.
    if signals.erased || committed.is_err() {
        wakers.erased.notify_one();
    }
    for job in jobs {
        job.finish(committed.clone());
    }
}

/// Compiled once: what a transaction of rusqlite says is compiled for each.
fn execute(connection: &Connection, sql: &str) -> Result<(), Error> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// A [`Job`] made of a closure to run and one to tell.
pub(super) struct Task<W, D, T> {
    work: Option<W>,
    done: D,
    result: Option<Result<T, Error>>,
}

impl<W, D, T> Task<W, D, T> {
    pub(super) fn new(work: W, done: D) -> Self {
        Self { work: Some(work), done, result: None }
    }
}

impl<W, D, T> Job for Task<W, D, T>
where
    T: Send,
    W: FnOnce(&Tx<'_>) -> Result<T, Error> + Send,
    D: FnOnce(Result<T, Error>) + Send,
{
    /// Runs the work in a savepoint, so that it may fail alone.
    fn run(&mut self, tx: &Tx<'_>) {
        let Some(work) = self.work.take() else { return };
        self.result = Some(tx.savepoint(work));
    }

    fn finish(self: Box<Self>, committed: Result<(), Error>) {
        let result = self.result.unwrap_or(Err(Error::Closed));
        (self.done)(committed.and(result));
    }
}
