//! Table `template`.

use rusqlite::{OptionalExtension, Row};

use super::{Error, Tx, View, word};
use crate::domain::{Purpose, Template, Timestamp};

/// Stores a template, in the place of the one with its id.
///
/// # Errors
/// [`Error::is_conflict`] where another has the name.
pub fn put(tx: &Tx<'_>, template: &Template) -> Result<(), Error> {
    tx.prepare(
        "INSERT INTO template (id, name, purpose, text, translations, created_at, updated_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, purpose = excluded.purpose,
             text = excluded.text, translations = excluded.translations,
             updated_at = excluded.updated_at",
    )?
    .execute((
        &template.id,
        &template.name,
        template.purpose.map(Purpose::as_str),
        &template.text,
        serde_json::to_string(&template.translations).unwrap_or_default(),
        template.created_at.as_unix_ms(),
        template.updated_at.as_unix_ms(),
    ))?;
    Ok(())
}

/// Deletes the template `id`; says whether it was there.
///
/// # Errors
/// Those of SQLite.
pub fn remove(tx: &Tx<'_>, id: &str) -> Result<bool, Error> {
    Ok(tx.prepare("DELETE FROM template WHERE id = ?1")?.execute([id])? > 0)
}

/// The template of this id.
///
/// # Errors
/// Those of SQLite.
pub fn find(view: &View<'_>, id: &str) -> Result<Option<Template>, Error> {
    one(view, "SELECT * FROM template WHERE id = ?1", id)
}

/// The template of this name.
///
/// # Errors
/// Those of SQLite.
pub fn by_name(view: &View<'_>, name: &str) -> Result<Option<Template>, Error> {
    one(view, "SELECT * FROM template WHERE name = ?1", name)
}

/// The newest template for a purpose, or else the newest for any.
///
/// # Errors
/// Those of SQLite.
pub fn for_purpose(view: &View<'_>, purpose: Purpose) -> Result<Option<Template>, Error> {
    let sql = "SELECT * FROM template WHERE purpose = ?1 OR purpose IS NULL
         ORDER BY purpose IS NULL, key DESC LIMIT 1";
    one(view, sql, purpose.as_str())
}

fn one(view: &View<'_>, sql: &str, with: &str) -> Result<Option<Template>, Error> {
    let found = view.prepare(sql)?.query_row([with], |row| Ok(read(row))).optional()?;
    found.transpose()
}

/// All templates, oldest first.
///
/// # Errors
/// Those of SQLite.
pub fn all(view: &View<'_>) -> Result<Vec<Template>, Error> {
    view.prepare("SELECT * FROM template ORDER BY key")?
        .query_map([], |row| Ok(read(row)))?
        .map(|row| row?)
        .collect()
}

/// How many there are.
///
/// # Errors
/// Those of SQLite.
pub fn count(view: &View<'_>) -> Result<u32, Error> {
    Ok(view.prepare("SELECT count(*) FROM template")?.query_row([], |row| row.get(0))?)
}

fn read(row: &Row<'_>) -> Result<Template, Error> {
    let purpose: Option<String> = row.get("purpose")?;
    let translations: String = row.get("translations")?;
    let unknown =
        |_| Error::UnknownWord { table: "template", column: "translations", value: "…".into() };
    Ok(Template {
        id: row.get("id")?,
        name: row.get("name")?,
        purpose: purpose.map(|it| word::read("template", "purpose", &it)).transpose()?,
        text: row.get("text")?,
        translations: serde_json::from_str(&translations).map_err(unknown)?,
        created_at: Timestamp::from_unix_ms(row.get("created_at")?),
        updated_at: Timestamp::from_unix_ms(row.get("updated_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn template(id: &str, purpose: Option<Purpose>) -> Template {
        Template {
            id: id.into(),
            name: format!("name of {id}"),
            purpose,
            text: "${code}".into(),
            translations: [("de".to_owned(), "Code ${code}".to_owned())].into(),
            created_at: Timestamp::from_unix_ms(1),
            updated_at: Timestamp::from_unix_ms(1),
        }
    }

    #[tokio::test]
    async fn the_newest_of_a_purpose_goes_before_the_newest_of_all() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let work = |tx: &Tx<'_>| {
            let id = |purpose| Ok::<_, Error>(for_purpose(tx, purpose)?.map(|it| it.id));
            assert_eq!(id(Purpose::MfaVerify)?, None);
            put(tx, &template("a", Some(Purpose::MfaVerify)))?;
            put(tx, &template("b", Some(Purpose::MfaVerify)))?;
            put(tx, &template("c", None))?;
            assert_eq!(id(Purpose::MfaVerify)?.as_deref(), Some("b"));
            assert_eq!(id(Purpose::Enrollment)?.as_deref(), Some("c"));
            let changed = Template { text: "new ${code}".into(), ..template("a", None) };
            put(tx, &changed)?;
            assert_eq!(find(tx, "a")?, Some(changed.clone()));
            assert_eq!(by_name(tx, "name of a")?, Some(changed));
            assert_eq!(all(tx)?.iter().map(|it| &*it.id).collect::<Vec<_>>(), ["a", "b", "c"]);
            assert!(remove(tx, "b")? && !remove(tx, "b")?);
            assert_eq!((id(Purpose::MfaVerify)?.as_deref(), count(tx)?), (Some("c"), 2));
            let twice = Template { name: "name of c".into(), ..template("d", None) };
            assert!(put(tx, &twice).unwrap_err().is_conflict());
            Ok(())
        };
        store.write(work).await.unwrap();
    }
}
