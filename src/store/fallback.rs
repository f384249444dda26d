//! Table `fallback`: what goes out by the other channel where a message fails.

use rusqlite::{OptionalExtension, Row};

use super::{Error, Tx, word};
use crate::domain::{Body, Fallback, Secret, Timestamp};

/// Keeps what goes out in the place of the message `key`, where that fails.
///
/// # Errors
/// Those of SQLite.
pub(super) fn insert(tx: &Tx<'_>, key: i64, fallback: &Fallback) -> Result<(), Error> {
    let Fallback { service, body, expires_at } = fallback;
    tx.prepare("INSERT INTO fallback VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8)")?.execute((
        key,
        service.number(),
        body.encoding.map(|encoding| encoding.as_str()),
        body.segments,
        &body.national,
        &body.locale,
        expires_at.as_unix_ms(),
        body.text.reveal().as_bytes(),
    ))?;
    Ok(())
}

/// Takes what goes out in the place of the message `key`; `None` where nothing does.
///
/// # Errors
/// Those of SQLite.
pub fn take(tx: &Tx<'_>, key: i64) -> Result<Option<Fallback>, Error> {
    let kept = tx
        .prepare(
            "SELECT service, encoding, segments, national, locale, expires_at,
                 CAST(text AS TEXT) AS text
             FROM fallback WHERE message = ?1 AND NOT erased",
        )?
        .query_row([key], |row| Ok(read(row)))
        .optional()?;
    erase(tx, key)?;
    kept.transpose()
}

/// Erases what would have gone out in the place of the message `key`, where it stands, as
/// [`erase_text`](super::message::erase_text) does.
///
/// # Errors
/// Those of SQLite.
pub fn erase(tx: &Tx<'_>, key: i64) -> Result<(), Error> {
    let erased = tx
        .prepare(
            "UPDATE fallback SET erased = 1, text = zeroblob(length(text))
             WHERE message = ?1 AND NOT erased",
        )?
        .execute([key])?;
    tx.erased(erased);
    Ok(())
}

/// Until when it may go out, where that has changed.
///
/// # Errors
/// Those of SQLite.
pub(super) fn set_until(tx: &Tx<'_>, key: i64, until: Timestamp) -> Result<(), Error> {
    tx.prepare("UPDATE fallback SET expires_at = ?2 WHERE message = ?1")?
        .execute((key, until.as_unix_ms()))?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Fallback, Error> {
    let encoding: Option<String> = row.get("encoding")?;
    let encoding = encoding.map(|it| word::read("fallback", "encoding", &it)).transpose()?;
    Ok(Fallback {
        service: word::read_service(row.get("service")?)?,
        body: Body {
            text: Secret::new(row.get("text")?),
            encoding,
            segments: row.get("segments")?,
            national: row.get("national")?,
            locale: row.get("locale")?,
        },
        expires_at: Timestamp::from_unix_ms(row.get("expires_at")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{NewMessage, Service},
        store::{message, samples},
    };

    #[test]
    fn of_a_text_that_is_taken_or_erased_nothing_is_left_but_its_length() {
        let ways: [fn(&Tx<'_>, i64); 2] =
            [|tx, key| erase(tx, key).unwrap(), |tx, key| drop(take(tx, key).unwrap().unwrap())];
        for way in ways {
            samples::Memory::new().run(|tx| {
                let now = Timestamp::now();
                let body = samples::body("481592");
                let fallback = Some(Fallback { service: Service::Text, body, expires_at: now });
                let message = NewMessage { fallback, ..samples::message(now) };
                let key = message::insert(tx, &message).unwrap();
                let stored = || {
                    let mut text =
                        tx.prepare("SELECT text FROM fallback WHERE message = ?1").unwrap();
                    text.query_row([key], |row| row.get::<_, Vec<u8>>(0)).unwrap()
                };
                assert_eq!(stored(), b"481592");
                way(tx, key);
                assert_eq!(stored(), [0; 6]);
            });
        }
    }
}
