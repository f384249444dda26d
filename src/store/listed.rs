//! Table `listed`: the blocklist and the allowlist.

use rusqlite::{OptionalExtension, Row};

use super::{Error, Tx, View, word};
use crate::domain::{E164, List, ListedBy, Listing, ListingId, Timestamp, Whom};

/// Adds an entry, in the place of one about the same on the same list, whose id it takes over; answers the
/// id.
///
/// # Errors
/// Those of SQLite.
pub fn put(tx: &Tx<'_>, entry: &Listing) -> Result<ListingId, Error> {
    let id: String = tx
        .prepare(
            "INSERT INTO listed (id, list, subject, kind, listed_by, reason, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (subject, list, kind) DO UPDATE SET listed_by = excluded.listed_by,
                 reason = excluded.reason, created_at = excluded.created_at,
                 expires_at = excluded.expires_at
             RETURNING id",
        )?
        .query_row(
            (
                entry.id.to_string(),
                entry.list.as_str(),
                entry.whom.as_str(),
                entry.whom.kind(),
                entry.by.as_str(),
                &entry.reason,
                entry.created_at.as_unix_ms(),
                entry.expires_at.map(Timestamp::as_unix_ms),
            ),
            |row| row.get(0),
        )?;
    read_id(id)
}

/// Takes the entry `id` off its list; says whether it was there.
///
/// # Errors
/// Those of SQLite.
pub fn remove(tx: &Tx<'_>, list: List, id: ListingId) -> Result<bool, Error> {
    let removed = tx
        .prepare("DELETE FROM listed WHERE id = ?1 AND list = ?2")?
        .execute((id.to_string(), list.as_str()))?;
    Ok(removed > 0)
}

/// The entry `id` of a list.
///
/// # Errors
/// Those of SQLite.
pub fn find(view: &View<'_>, list: List, id: ListingId) -> Result<Option<Listing>, Error> {
    let found = view
        .prepare("SELECT * FROM listed WHERE id = ?1 AND list = ?2")?
        .query_row((id.to_string(), list.as_str()), |row| Ok(read(row)))
        .optional()?;
    found.map(|entry| Ok(entry?.1)).transpose()
}

/// The newest entries of a list with their keys, newest first: at most `limit`, only those before row
/// `before`, and only those that count at `now`.
///
/// # Errors
/// Those of SQLite.
pub fn newest(
    view: &View<'_>,
    list: List,
    now: Timestamp,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<(i64, Listing)>, Error> {
    view.prepare(
        "SELECT * FROM listed
         WHERE list = ?1 AND key < ?2 AND (expires_at IS NULL OR expires_at > ?3)
         ORDER BY key DESC LIMIT ?4",
    )?
    .query_map((list.as_str(), before.unwrap_or(i64::MAX), now.as_unix_ms(), limit), |row| {
        Ok(read(row))
    })?
    .map(|row| row?)
    .collect()
}

/// The entry that decides about a number: the most specific one. A number goes before a prefix, a longer
/// prefix before a shorter one, a region comes last; where both lists say something of the same, the
/// blocklist is right.
///
/// # Errors
/// Those of SQLite.
pub fn about(
    view: &View<'_>,
    number: &E164,
    region: &str,
    now: Timestamp,
) -> Result<Option<Listing>, Error> {
    // A plus and 1 to 15 digits, and the region: what a number does not have is NULL and finds nothing.
    let number = number.as_str();
    let head = |digits: usize| number.get(..=digits);
    let found = view
        .prepare(
            "SELECT * FROM listed
             WHERE subject IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
                 AND (kind <> 'number' OR subject = ?17)
                 AND (expires_at IS NULL OR expires_at > ?18)
             ORDER BY kind = 'region', kind = 'prefix', length(subject) DESC, list = 'allow'
             LIMIT 1",
        )?
        .query_row(
            rusqlite::params![
                region,
                head(1),
                head(2),
                head(3),
                head(4),
                head(5),
                head(6),
                head(7),
                head(8),
                head(9),
                head(10),
                head(11),
                head(12),
                head(13),
                head(14),
                head(15),
                number,
                now.as_unix_ms(),
            ],
            |row| Ok(read(row)),
        )
        .optional()?;
    found.map(|entry| Ok(entry?.1)).transpose()
}

/// Deletes entries that expired before `before`, at most `limit`; says how many.
///
/// # Errors
/// Those of SQLite.
pub(super) fn forget(tx: &Tx<'_>, before: Timestamp, limit: u32) -> Result<usize, Error> {
    Ok(tx
        .prepare(
            "DELETE FROM listed WHERE key IN (
                 SELECT key FROM listed WHERE expires_at < ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute((before.as_unix_ms(), limit))?)
}

fn read(row: &Row<'_>) -> Result<(i64, Listing), Error> {
    let (kind, subject): (String, String) = (row.get("kind")?, row.get("subject")?);
    // The value stays out of the error: it may be personal data.
    let unknown = Error::UnknownWord { table: "listed", column: "subject", value: "…".into() };
    let entry = Listing {
        id: read_id(row.get("id")?)?,
        list: word::read::<List>("listed", "list", &row.get::<_, String>("list")?)?,
        whom: Whom::read(&kind, subject).ok_or(unknown)?,
        by: word::read::<ListedBy>("listed", "listed_by", &row.get::<_, String>("listed_by")?)?,
        reason: row.get("reason")?,
        created_at: Timestamp::from_unix_ms(row.get("created_at")?),
        expires_at: super::message::optional_time(row, "expires_at")?,
    };
    Ok((row.get("key")?, entry))
}

fn read_id(text: String) -> Result<ListingId, Error> {
    text.parse().map_err(|_| Error::UnknownWord { table: "listed", column: "id", value: text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::NumberPrefix, store::Store};

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    fn entry(list: List, whom: Whom, expires_at: Option<i64>) -> Listing {
        Listing {
            id: ListingId::generate(),
            list,
            whom,
            by: ListedBy::Operator,
            reason: None,
            created_at: at(1),
            expires_at: expires_at.map(at),
        }
    }

    fn prefix(text: &str) -> Whom {
        Whom::Prefix(NumberPrefix::new(text).unwrap())
    }

    #[tokio::test]
    async fn the_most_specific_entry_that_has_not_expired_decides() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let number = |text: &str| E164::new(text).unwrap();
        let work = move |tx: &Tx<'_>| {
            let mine = number("+14155552345");
            let about = |now| Ok::<_, Error>(about(tx, &mine, "US", at(now))?.map(|it| it.whom));
            assert_eq!(about(5)?, None);
            put(tx, &entry(List::Block, Whom::Region("US".into()), None))?;
            put(tx, &entry(List::Block, Whom::Region("CA".into()), None))?;
            assert_eq!(about(5)?, Some(Whom::Region("US".into())));
            put(tx, &entry(List::Allow, prefix("+1415"), None))?;
            put(tx, &entry(List::Allow, prefix("+1416"), None))?;
            assert_eq!(about(5)?, Some(prefix("+1415")));
            put(tx, &entry(List::Block, prefix("+1415555"), Some(10)))?;
            assert_eq!((about(9)?, about(10)?), (Some(prefix("+1415555")), Some(prefix("+1415"))));
            put(tx, &entry(List::Block, Whom::Number(number("+1415555")), None))?;
            assert_eq!(about(10)?, Some(prefix("+1415")), "another, shorter number");
            put(tx, &entry(List::Allow, Whom::Number(number("+14155552345")), None))?;
            put(tx, &entry(List::Block, prefix("+14155552345"), None))?;
            let decides = super::about(tx, &mine, "US", at(10))?.unwrap();
            assert_eq!((decides.list, decides.whom.kind()), (List::Allow, "number"));
            put(tx, &entry(List::Block, Whom::Number(number("+14155552345")), None))?;
            assert_eq!(super::about(tx, &mine, "US", at(10))?.unwrap().list, List::Block);
            Ok(())
        };
        store.write(work).await.unwrap();
    }

    #[tokio::test]
    async fn an_entry_takes_the_place_of_the_one_about_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let work = |tx: &Tx<'_>| {
            let first = put(tx, &entry(List::Block, prefix("+44"), Some(10)))?;
            let again = entry(List::Block, prefix("+44"), Some(20));
            assert_eq!(put(tx, &again)?, first);
            let all = newest(tx, List::Block, at(1), None, 10)?;
            assert_eq!(all.len(), 1);
            assert_eq!(all[0].1, Listing { id: first, ..again });
            assert!(newest(tx, List::Block, at(20), None, 10)?.is_empty());
            assert!(!remove(tx, List::Allow, first)?, "it is on the other list");
            assert_eq!((forget(tx, at(20), 9)?, forget(tx, at(21), 9)?), (0, 1));
            assert!(!remove(tx, List::Block, first)?);
            Ok(())
        };
        store.write(work).await.unwrap();
    }
}
