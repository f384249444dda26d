//! Columns of the table `message` that calls fill in.

use std::time::Duration;

use rusqlite::Row;

use super::{Error, Tx};
use crate::domain::{CallTimes, Money};

/// Notes how long a call of the message `key` took, and what it cost where that is known.
///
/// # Errors
/// Those of SQLite.
pub fn note(tx: &Tx<'_>, key: i64, times: CallTimes, cost: Option<Money>) -> Result<(), Error> {
    tx.prepare(
        "UPDATE message SET setup_ms = ?2, ring_ms = ?3, talk_ms = ifnull(talk_ms, 0) + ?4,
             cost_micros = iif(?5 IS NULL, cost_micros, ifnull(cost_micros, 0) + ?5)
         WHERE key = ?1",
    )?
    .execute((
        key,
        milliseconds(times.setup),
        milliseconds(times.ring),
        milliseconds(times.talk),
        cost.map(Money::as_micros),
    ))?;
    Ok(())
}

pub(super) fn milliseconds(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// How long the calls of a message took, where it had any.
pub(super) fn times(row: &Row<'_>) -> rusqlite::Result<Option<CallTimes>> {
    let column = |name| row.get::<_, Option<i64>>(name);
    let length = |milliseconds: i64| Duration::from_millis(milliseconds.unsigned_abs());
    let (setup, ring, talk) = (column("setup_ms")?, column("ring_ms")?, column("talk_ms")?);
    Ok(setup.zip(ring).zip(talk).map(|((setup, ring), talk)| CallTimes {
        setup: length(setup),
        ring: length(ring),
        talk: length(talk),
    }))
}
