//! Table `sim_pin`: SIMs whose PIN was entered, until it is known to be right or a person says so. A wrong
//! PIN three times over makes a SIM useless: it is entered once.

use rusqlite::OptionalExtension as _;

use super::{Error, Tx};
use crate::domain::Timestamp;

/// Whether the PIN of `sim` may be entered; if so, that it is, is noted. Where what became of an earlier
/// entry is not known, the count of entries left tells: one that was wrong has used one up.
///
/// # Errors
/// Those of SQLite.
pub fn enter(tx: &Tx<'_>, sim: &str, retries: u8, at: Timestamp) -> Result<bool, Error> {
    let earlier: Option<(u8, bool)> = tx
        .prepare("SELECT retries, wrong FROM sim_pin WHERE sim = ?1")?
        .query_row([sim], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if earlier.is_some_and(|(_, wrong)| wrong) {
        return Ok(false);
    }
    let used_up = earlier.is_some_and(|(before, _)| retries < before);
    tx.prepare(
        "INSERT INTO sim_pin VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET wrong = ?3, entered_at = ?4",
    )?
    .execute((sim, retries, used_up, at.as_unix_ms()))?;
    Ok(!used_up)
}

/// It is known whether the PIN of `sim` was right.
///
/// # Errors
/// Those of SQLite.
pub fn settle(tx: &Tx<'_>, sim: &str, right: bool) -> Result<(), Error> {
    if right {
        return forget(tx, sim);
    }
    tx.prepare("UPDATE sim_pin SET wrong = 1 WHERE sim = ?1")?.execute([sim])?;
    Ok(())
}

/// A person says that the PIN of `sim` may be entered once more.
///
/// # Errors
/// Those of SQLite.
pub fn forget(tx: &Tx<'_>, sim: &str) -> Result<(), Error> {
    tx.prepare("DELETE FROM sim_pin WHERE sim = ?1")?.execute([sim])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[tokio::test]
    async fn a_pin_is_entered_once_until_it_is_known_to_be_right() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let at = Timestamp::parse("2026-11-02T10:30:00Z").unwrap();
        let write = move |tx: &Tx<'_>| {
            assert!(enter(tx, "a", 3, at)?);
            settle(tx, "a", true)?;
            assert!(enter(tx, "a", 3, at)?, "right: it may be entered at every start");
            settle(tx, "a", false)?;
            for retries in [3, 2, 1] {
                assert!(!enter(tx, "a", retries, at)?, "wrong is wrong, whatever the count says");
            }
            assert!(enter(tx, "b", 3, at)?, "another SIM");
            forget(tx, "a")?;
            assert!(enter(tx, "a", 2, at)?, "a person said so");
            Ok(())
        };
        store.write(write).await.unwrap();
    }

    #[tokio::test]
    async fn where_the_answer_was_lost_the_count_tells_whether_it_was_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let at = Timestamp::parse("2026-11-02T10:30:00Z").unwrap();
        let write = move |tx: &Tx<'_>| {
            assert!(enter(tx, "a", 3, at)?);
            assert!(enter(tx, "a", 3, at)?, "it never came to the SIM");
            assert!(!enter(tx, "a", 2, at)?, "it did, and was wrong");
            assert!(!enter(tx, "a", 3, at)?, "and stays wrong");
            Ok(())
        };
        store.write(write).await.unwrap();
    }
}
