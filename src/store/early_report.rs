//! Table `early_report`: delivery reports that came before the answer to their own submit.

use std::time::Duration;

use rusqlite::OptionalExtension;

use super::{Error, Tx, message::detail};
use crate::domain::{Detail, Report, Timestamp};

/// No answer comes later than this after its report: twice the longest time a family may take.
const KEPT: Duration = Duration::from_secs(600);

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
    let oldest = now.as_unix_ms().saturating_sub(i64::try_from(KEPT.as_millis()).unwrap_or(0));
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

/// Takes the newest report for this reference and recipient out of the table; for any reference where
/// the answer came without one.
///
/// # Errors
/// Those of SQLite.
pub fn take(
    tx: &Tx<'_>,
    sim: &str,
    reference: Option<u8>,
    tail: &str,
) -> Result<Option<Report>, Error> {
    let row = tx
        .prepare(
            "SELECT result, detail FROM early_report
             WHERE sim = ?1 AND (?2 IS NULL OR reference = ?2) AND tail = ?3
             ORDER BY key DESC LIMIT 1",
        )?
        .query_row((sim, reference, tail), |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
        })
        .optional()?;
    let Some((result, word)) = row else { return Ok(None) };
    tx.prepare(
        "DELETE FROM early_report
         WHERE sim = ?1 AND (?2 IS NULL OR reference = ?2) AND tail = ?3",
    )?
    .execute((sim, reference, tail))?;
    Ok(Some(match result.as_str() {
        "delivered" => Report::Delivered,
        "failed" => {
            Report::Failed(detail("early_report", "detail", word)?.unwrap_or(Detail::Unreachable))
        }
        _ => Report::StillTrying,
    }))
}
