//! SQLite behind one writer thread. The only room that names `rusqlite`.
//!
//! Writing: [`Store::write`] sends a closure to the writer thread, which runs all closures that wait
//! in one transaction (group commit) and answers each of them after the commit is on disk. Reading:
//! [`Store::read`] runs a closure on a read-only connection. SQL stands in plain functions, a module
//! for each table.

mod condition;
mod connection;
mod error;
mod event_term;
mod files;
mod health;
mod in_time;
mod line;
mod lock;
mod log;
mod log_index;
#[cfg(test)]
mod plans;
mod retention;
mod room;
#[cfg(test)]
pub(crate) mod samples;
mod secret;
mod soundness;
mod term_value;
mod tx;
mod vitals;
mod wal;
mod word;
mod writer;

pub mod boot;
pub mod call;
pub mod early_report;
pub mod event;
pub mod fallback;
pub mod idempotency;
pub mod inbound;
pub mod listed;
pub mod message;
pub mod modem_sim;
pub mod pin;
pub mod preference;
pub mod progress;
pub mod queue;
pub mod sim;
pub mod tally;
pub mod template;
pub mod token;
pub mod traffic;
pub mod usage;

pub use condition::{Column, Condition, Operator};
pub use connection::Store;
pub use error::Error;
pub use in_time::ByThen;
pub use lock::{Lock, LockError};
pub use log::{Budget, LogPage, LogQuery, Order, Position, page};
pub use retention::Keep;
pub use room::has_room;
pub use secret::{SecretError, secret};
pub use soundness::{check, check_beside_daemon, check_if_left_open};
pub use tx::{Tx, View};
pub use vitals::{Disk, Vitals};
