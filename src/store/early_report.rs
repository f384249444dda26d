//! Table `early_report`: delivery reports that came before the answer to their own submit.

use std::time::Duration;

use rusqlite::Row;

use super::{
    Error, Tx,
    message::{detail, optional_time},
};
use crate::domain::{Detail, ReceivedReport, Report, Timestamp};

/// No answer comes later than this after its report: twice the longest time a family may take.
pub(super) const KEPT: Duration = Duration::from_secs(600);

/// Keeps a report until the answer to its submit comes, and forgets those whose answer never came.
///
/// # Errors
/// Those of SQLite.
pub fn insert(
    tx: &Tx<'_>,
    sim: &str,
    received: &ReceivedReport,
    now: Timestamp,
) -> Result<(), Error> {
    let oldest = now.before(KEPT).as_unix_ms();
    tx.prepare("DELETE FROM early_report WHERE received_at < ?1")?.execute([oldest])?;
    let ReceivedReport { reference, tail, taken_at, report } = received;
    let taken_at = taken_at.map(Timestamp::as_unix_ms);
    let (result, detail) = match report {
        Report::Delivered => ("delivered", None),
        Report::StillTrying => ("pending", None),
        Report::Failed(detail) => ("failed", Some(detail.as_str())),
    };
    tx.prepare(
        "INSERT INTO early_report (sim, reference, tail, result, detail, taken_at, received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((sim, reference, tail, result, detail, taken_at, now.as_unix_ms()))?;
    Ok(())
}

/// Whether reports to anybody wait for answers of this SIM.
///
/// # Errors
/// Those of SQLite.
pub fn any(tx: &Tx<'_>, sim: &str) -> Result<bool, Error> {
    Ok(tx.prepare("SELECT 1 FROM early_report WHERE sim = ?1 LIMIT 1")?.exists([sim])?)
}

/// Takes the reports to this recipient out of the table, oldest first.
///
/// # Errors
/// Those of SQLite, and [`Error::UnknownWord`].
pub fn take(tx: &Tx<'_>, sim: &str, tail: &str) -> Result<Vec<ReceivedReport>, Error> {
    let read = |row: &Row<'_>| -> Result<ReceivedReport, Error> {
        let word = detail("early_report", "detail", row.get("detail")?)?;
        let report = match row.get::<_, String>("result")?.as_str() {
            "delivered" => Report::Delivered,
            "failed" => Report::Failed(word.unwrap_or(Detail::Unreachable)),
            _ => Report::StillTrying,
        };
        let (reference, taken_at) = (row.get("reference")?, optional_time(row, "taken_at")?);
        Ok(ReceivedReport { reference, tail: tail.to_owned(), taken_at, report })
    };
    let waited: Vec<_> = tx
        .prepare(
            "SELECT reference, result, detail, taken_at FROM early_report
             WHERE sim = ?1 AND tail = ?2 ORDER BY key",
        )?
        .query_and_then((sim, tail), read)?
        .collect::<Result<_, _>>()?;
    if !waited.is_empty() {
        tx.prepare("DELETE FROM early_report WHERE sim = ?1 AND tail = ?2")?
            .execute((sim, tail))?;
    }
    Ok(waited)
}

/// Deletes reports from before `before` whose answer never came, at most `limit`; says how many.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    Ok(tx
        .prepare(
            "DELETE FROM early_report WHERE key IN (
                 SELECT key FROM early_report WHERE received_at < ?1
                 ORDER BY received_at LIMIT ?2)",
        )?
        .execute((before.as_unix_ms(), limit))?)
}
