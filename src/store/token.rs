//! Table `token`.

use rusqlite::{OptionalExtension, Row};

use super::{Error, Tx, View};
use crate::domain::{Scopes, Timestamp};

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
}

/// Adds a token whose secret has this SHA-256.
///
/// # Errors
/// [`Error::is_conflict`] where the name is taken.
pub fn insert(tx: &Tx<'_>, token: &Token, sha256: &[u8; 32], now: Timestamp) -> Result<(), Error> {
    tx.prepare("INSERT INTO token VALUES (?1, ?2, ?3, ?4, ?5)")?.execute((
        &token.id,
        &token.name,
        sha256,
        token.scopes.to_string(),
        now.as_unix_ms(),
    ))?;
    Ok(())
}

/// Takes a token back; answers it, if there was one of that name.
///
/// # Errors
/// Those of SQLite.
pub fn revoke(tx: &Tx<'_>, name: &str) -> Result<Option<Token>, Error> {
    let token = tx
        .prepare("DELETE FROM token WHERE name = ?1 RETURNING id, name, scopes")?
        .query_row([name], read)
        .optional()?;
    Ok(token)
}

/// All tokens, by name.
///
/// # Errors
/// Those of SQLite.
pub fn list(view: &View<'_>) -> Result<Vec<Token>, Error> {
    view.prepare("SELECT id, name, scopes FROM token ORDER BY name")?
        .query_map([], read)?
        .map(|token| Ok(token?))
        .collect()
}

/// The token whose secret has this SHA-256.
///
/// # Errors
/// Those of SQLite.
pub fn find(view: &View<'_>, sha256: &[u8; 32]) -> Result<Option<Token>, Error> {
    let token = view
        .prepare("SELECT id, name, scopes FROM token WHERE secret_sha256 = ?1")?
        .query_row([sha256], read)
        .optional()?;
    Ok(token)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Token> {
    let scopes: String = row.get(2)?;
    Ok(Token { id: row.get(0)?, name: row.get(1)?, scopes: Scopes::parse(&scopes) })
}
