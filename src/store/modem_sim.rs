//! Table `modem_sim`: which SIM each modem had the last time.

use rusqlite::OptionalExtension;

use super::{Error, Tx};

/// Stores the SIM of a modem; answers the one before.
///
/// # Errors
/// Those of SQLite.
pub fn put(tx: &Tx<'_>, modem: &str, sim: &str) -> Result<Option<String>, Error> {
    let before = tx
        .prepare("SELECT sim FROM modem_sim WHERE modem = ?1")?
        .query_row([modem], |row| row.get(0))
        .optional()?;
    if before.as_deref() != Some(sim) {
        tx.prepare(
            "INSERT INTO modem_sim VALUES (?1, ?2)
             ON CONFLICT (modem) DO UPDATE SET sim = excluded.sim",
        )?
        .execute((modem, sim))?;
    }
    Ok(before)
}
