//! What can go wrong in the store.

use std::sync::Arc;

use rusqlite::{Error as Sqlite, ErrorCode};

/// A failure of the store. Cheap to copy, because one failed commit fails all its jobs.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The disk is full: nothing was stored.
    #[error("the disk is full")]
    Full,
    /// The writer thread has ended, or the job panicked.
    #[error("the store is closed")]
    Closed,
    /// The disk did not answer in time.
    #[error("the disk is too slow")]
    Slow,
    /// SQLite said no.
    #[error("SQLite: {0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// A migration could not be applied.
    #[error("migrate the database: {0}")]
    Migration(Arc<rusqlite_migration::Error>),
    /// The database is damaged.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// A row holds a word that this version does not know.
    #[error("a row of table {table} holds an unknown {column}: {value:?}")]
    UnknownWord {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// What a caller refers to does not exist.
    #[error("{0} does not exist")]
    Missing(&'static str),
}

impl Error {
    /// Whether the same work may succeed later: the disk is full or failing, or another process writes.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Full | Self::Slow => true,
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::SystemIoFailure
                        | ErrorCode::DatabaseBusy
                        | ErrorCode::DatabaseLocked
                        | ErrorCode::OutOfMemory
                        | ErrorCode::CannotOpen
                )
            ),
            Self::Closed
            | Self::Migration(_)
            | Self::Damaged(_)
            | Self::UnknownWord { .. }
            | Self::Missing(_) => false,
        }
    }

    /// Whether the reason lies in the rows that were worked on, or in the work itself: it would fail again, and what is
    /// done with other rows does not.
    pub fn is_of_its_rows(&self) -> bool {
        match self {
            Self::Missing(_) | Self::UnknownWord { .. } => true,
            // In a transaction, that is work that panicked.
            Self::Closed => true,
            Self::Sqlite(error) => {
                let unreadable = matches!(
                    **error,
                    Sqlite::FromSqlConversionFailure(..)
                        | Sqlite::Utf8Error(..)
                        | Sqlite::IntegralValueOutOfRange(..)
                        | Sqlite::InvalidColumnType(..)
                        | Sqlite::QueryReturnedNoRows
                );
                unreadable || self.is_conflict()
            }
            Self::Full | Self::Slow | Self::Migration(_) | Self::Damaged(_) => false,
        }
    }

    /// Whether `unique` columns already hold what should be inserted.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Sqlite(error)
            if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        if error.sqlite_error_code() == Some(ErrorCode::DiskFull) {
            return Self::Full;
        }
        Self::Sqlite(Arc::new(error))
    }
}

impl From<rusqlite_migration::Error> for Error {
    fn from(error: rusqlite_migration::Error) -> Self {
        Self::Migration(Arc::new(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_read_is_the_fault_of_its_row() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for value in ["NULL", "1.5", "'1'", "x'31'", "70000", "-1"] {
            let sql = format!("SELECT {value}");
            let read = connection.query_row(&sql, [], |row| row.get::<_, u16>(0));
            assert!(Error::from(read.unwrap_err()).is_of_its_rows(), "{value}");
        }
        for value in ["NULL", "1", "x'31'", "CAST(x'FF' AS TEXT)"] {
            let sql = format!("SELECT {value}");
            let read = connection.query_row(&sql, [], |row| row.get::<_, String>(0));
            assert!(Error::from(read.unwrap_err()).is_of_its_rows(), "{value}");
        }
    }
}
