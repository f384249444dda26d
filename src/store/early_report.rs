//! Table `early_report`: delivery reports that came before the answer to their own submit.

use std::time::Duration;

use super::{Error, Tx, message::detail};
use crate::domain::{Detail, Report, Timestamp};

/// No answer comes later than this after its report: twice the longest time a family may take.
pub(super) const KEPT: Duration = Duration::from_secs(600);

/// Keeps a report until the answer to its submit comes, and forgets those whose answer never came.
///
/// # Errors
/// Those of SQLite.
pub fn insert(
    tx: &Tx<'_>,
    sim: &str,
    reference: u8,
    tail: &str,
    report: Report,
    now: Timestamp,
) -> Result<(), Error> {
    let oldest = now.before(KEPT).as_unix_ms();
    tx.prepare("DELETE FROM early_report WHERE received_at < ?1")?.execute([oldest])?;
    let (result, detail) = match report {
        Report::Delivered => ("delivered", None),
        Report::StillTrying => ("pending", None),
        Report::Failed(detail) => ("failed", Some(detail.as_str())),
    };
    tx.prepare(
        "INSERT INTO early_report (sim, reference, tail, result, detail, received_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((sim, reference, tail, result, detail, now.as_unix_ms()))?;
    Ok(())
}

/// Whether reports to anybody wait for answers of this SIM.
///
/// # Errors
/// Those of SQLite.
pub fn any(tx: &Tx<'_>, sim: &str) -> Result<bool, Error> {
    Ok(tx.prepare("SELECT 1 FROM early_report WHERE sim = ?1 LIMIT 1")?.exists([sim])?)
}

/// Takes the reports to this recipient out of the table, oldest first, each with its reference.
///
/// # Errors
/// Those of SQLite.
pub fn take(tx: &Tx<'_>, sim: &str, tail: &str) -> Result<Vec<(u8, Report)>, Error> {
    let rows: Vec<(u8, String, Option<String>)> = tx
        .prepare(
            "SELECT reference, result, detail FROM early_report
             WHERE sim = ?1 AND tail = ?2 ORDER BY key",
        )?
        .query_map((sim, tail), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    if !rows.is_empty() {
        tx.prepare("DELETE FROM early_report WHERE sim = ?1 AND tail = ?2")?
            .execute((sim, tail))?;
    }
    let read = |(reference, result, word): (u8, String, Option<String>)| {
        let report = match result.as_str() {
            "delivered" => Report::Delivered,
            "failed" => Report::Failed(
                detail("early_report", "detail", word)?.unwrap_or(Detail::Unreachable),
            ),
            _ => Report::StillTrying,
        };
        Ok((reference, report))
    };
    rows.into_iter().map(read).collect()
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
