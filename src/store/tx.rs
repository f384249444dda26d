//! What SQL functions get to work on: a view to read, a transaction to write.

use std::{
    cell::{Cell, OnceCell, RefCell},
    ops::Deref,
    panic::{AssertUnwindSafe, catch_unwind},
};

use rusqlite::{CachedStatement, Connection};
use tracing::error;

use super::{Error, room::Room};
use crate::domain::MessageId;

/// A consistent view of the database, for reading.
pub struct View<'c> {
    connection: &'c Connection,
}

impl<'c> View<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection }
    }

    /// A statement, prepared once for each connection.
    pub(super) fn prepare(&self, sql: &str) -> Result<CachedStatement<'c>, Error> {
        Ok(self.connection.prepare_cached(sql)?)
    }
}

/// What a job did that others must hear of once it is on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Signals {
    /// There is work for the outbox that was not there before.
    pub(super) queue: bool,
    /// There are new events in the System Log.
    pub(super) events: bool,
    /// Text was erased: the write-ahead log still holds it until the next checkpoint.
    pub(super) erased: bool,
}

/// A transaction, for reading and writing. Committed after the job that holds it returns `Ok`, and
/// rolled back where it returns `Err` or panics.
pub struct Tx<'c> {
    view: View<'c>,
    signals: Cell<Signals>,
    /// Messages that new events tell of.
    told: RefCell<Vec<MessageId>>,
    room: &'c Room,
    /// Asked once for all jobs of a transaction.
    room_left: OnceCell<bool>,
    /// Why SQLite has undone all of it.
    undone: OnceCell<Error>,
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection, room: &'c Room) -> Self {
        Self {
            view: View::new(connection),
            signals: Cell::default(),
            told: RefCell::default(),
            room,
            room_left: OnceCell::new(),
            undone: OnceCell::new(),
        }
    }

    /// After the commit, wakes the outbox.
    pub fn signal_queue(&self) {
        self.signals.set(Signals { queue: true, ..self.signals.get() });
    }

    /// The outbox looks at its work now: what was done before it in this transaction does not wake it again.
    pub fn queue_is_seen(&self) {
        self.signals.set(Signals { queue: false, ..self.signals.get() });
    }

    /// To be asked before anything is taken on: the last room on the disk is for what was accepted.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub fn must_have_room(&self) -> Result<(), Error> {
        if *self.room_left.get_or_init(|| self.room.is_left()) { Ok(()) } else { Err(Error::Full) }
    }

    /// After the commit, has the write-ahead log cleaned soon, where texts were erased from any rows; answers from
    /// how many.
    pub(super) fn erased(&self, rows: usize) -> usize {
        let erased = rows > 0 || self.signals.get().erased;
        self.signals.set(Signals { erased, ..self.signals.get() });
        rows
    }

    /// After the commit, wakes whoever follows the System Log, and whoever waits for this message.
    pub(super) fn signal_events(&self, about: Option<MessageId>) {
        self.signals.set(Signals { events: true, ..self.signals.get() });
        self.told.borrow_mut().extend(about);
    }

    /// The messages that the new events tell of.
    pub(super) fn take_told(&self) -> Vec<MessageId> {
        self.told.take()
    }

    pub(super) fn signals(&self) -> Signals {
        self.signals.get()
    }

    /// Whether there was room, if anybody asked.
    pub(super) fn room_left(&self) -> Option<bool> {
        self.room_left.get().copied()
    }

    /// Why nothing of this transaction is left, if nothing is.
    pub(super) fn undone(&self) -> Option<Error> {
        self.undone.get().cloned()
    }

    /// Runs `work` so that its writes vanish if it fails or panics, while those before it stay.
    ///
    /// # Errors
    /// That of `work`; [`Error::Closed`] where it panicked.
    pub fn savepoint<T>(&self, work: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
        if let Some(cause) = self.undone() {
            return Err(cause);
        }
        let (before, told) = (self.signals(), self.told.borrow().len());
        self.prepare("SAVEPOINT job")?.execute([])?;
        let result = catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(|_| {
            error!("a store job panicked; its writes are undone");
            Err(Error::Closed)
        });
        // A full or failing disk makes SQLite undo the whole transaction, savepoints and all. What came
        // after would be stored by itself, and told to have failed.
        if self.view.connection.is_autocommit() {
            let cause = result.err().unwrap_or(Error::Full);
            return Err(self.undone.get_or_init(|| cause).clone());
        }
        if result.is_err() {
            self.prepare("ROLLBACK TO job")?.execute([])?;
            self.signals.set(before);
            self.told.borrow_mut().truncate(told);
        }
        self.prepare("RELEASE job")?.execute([])?;
        result
    }

    /// As [`Self::savepoint`], but for rows that cannot be read or written: `told` hears of that, `None` is answered, and
    /// whatever else the transaction does goes on.
    ///
    /// # Errors
    /// Others of `work`.
    pub fn pass_over<T>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error>,
        told: impl FnOnce(&Error),
    ) -> Result<Option<T>, Error> {
        match self.savepoint(work) {
            Err(cause) if cause.is_of_its_rows() => {
                told(&cause);
                Ok(None)
            }
            done => done.map(Some),
        }
    }
}

impl<'c> Deref for Tx<'c> {
    type Target = View<'c>;

    fn deref(&self) -> &View<'c> {
        &self.view
    }
}
