//! What SQL functions get to work on: a view to read, a transaction to write.

use std::{cell::Cell, ops::Deref};

use rusqlite::{CachedStatement, Connection};

use super::Error;

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
    /// Text was erased: the write-ahead log still holds it until the next checkpoint.
    pub(super) erased: bool,
}

/// A transaction, for reading and writing. Committed after the job that holds it returns `Ok`, and
/// rolled back where it returns `Err` or panics.
pub struct Tx<'c> {
    view: View<'c>,
    signals: Cell<Signals>,
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { view: View::new(connection), signals: Cell::default() }
    }

    /// After the commit, wakes the outbox.
    pub fn signal_queue(&self) {
        self.signals.set(Signals { queue: true, ..self.signals.get() });
    }

    /// After the commit, has the write-ahead log cleaned soon.
    pub(super) fn signal_erased(&self) {
        self.signals.set(Signals { erased: true, ..self.signals.get() });
    }

    pub(super) fn signals(&self) -> Signals {
        self.signals.get()
    }

    pub(super) fn set_signals(&self, signals: Signals) {
        self.signals.set(signals);
    }

    /// Runs `work` so that its writes vanish if it fails, while those before it stay.
    pub(super) fn savepoint<T>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = self.signals();
        self.prepare("SAVEPOINT job")?.execute([])?;
        let result = work(self);
        if result.is_err() {
            self.prepare("ROLLBACK TO job")?.execute([])?;
            self.set_signals(before);
        }
        self.prepare("RELEASE job")?.execute([])?;
        result
    }
}

impl<'c> Deref for Tx<'c> {
    type Target = View<'c>;

    fn deref(&self) -> &View<'c> {
        &self.view
    }
}
