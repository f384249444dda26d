//! What stands in column `value` of table `event_term`: four octets for any text, so that a row is short. Texts may
//! share them, so whoever is led to an event asks its row whether it is the one. The functions of SQL that fill the
//! table are here, too; the benchmark of the log includes this file.

use rusqlite::{Connection, functions::FunctionFlags};
use ulid::Ulid;
use uuid::Uuid;

/// Makes `id_value` and `text_value` functions of SQL: of NULL they are NULL.
///
/// # Errors
/// Those of SQLite.
pub(super) fn register(connection: &Connection) -> rusqlite::Result<()> {
    function(connection, "id_value", of_id)?;
    function(connection, "text_value", of_text)
}

fn function(connection: &Connection, name: &str, value: fn(&[u8]) -> i32) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8
        | FunctionFlags::SQLITE_DETERMINISTIC
        | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(name, 1, flags, move |call| {
        Ok(call.get_raw(0).as_bytes_or_null()?.map(value))
    })
}

/// Of an id that was made here, a UUID of version 7 or a ULID: when. Both begin with it, in 48 bits. Ids that are made
/// one after another so stand together, and those of many events take few pages; by a checksum, each would be written
/// with a page of its own.
pub(super) fn of_id(id: &[u8]) -> i32 {
    let uuid = Uuid::try_parse_ascii(id).ok().map(|it| it.as_u128());
    let ulid = || Ulid::from_string(str::from_utf8(id).ok()?).ok().map(|it| it.0);
    let Some(bits) = uuid.or_else(ulid) else { return of_text(id) };
    // Few ids share 16 ms, and two years pass before they come again.
    let [a, b, c, d, ..] = (bits << 12).to_be_bytes();
    i32::from_be_bytes([a, b, c, d])
}

/// Of any other text: its checksum.
pub(super) fn of_text(text: &[u8]) -> i32 {
    crc32fast::hash(text).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_are_made_one_after_another_stand_together() {
        let at = |ms: u64| 1_800_000_000_000 + 16 * ms;
        let uuid = |ms| {
            uuid::Builder::from_unix_timestamp_millis(at(ms), &[7; 10]).into_uuid().to_string()
        };
        let ulid = |ms| Ulid::from_parts(at(ms), u128::from(ms)).to_string();
        for id in [&uuid as &dyn Fn(u64) -> String, &ulid] {
            let values = (0..100).map(|ms| of_id(id(ms).as_bytes()));
            let first = of_id(id(0).as_bytes());
            assert_eq!(values.collect::<Vec<_>>(), (first..first + 100).collect::<Vec<_>>());
        }
        assert_eq!(of_id(b"neither"), of_text(b"neither"));
    }

    #[test]
    fn sql_has_the_same_values() {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection).unwrap();
        let ask = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, Option<i32>>(0));
        assert_eq!(ask("SELECT text_value('DENY')").unwrap(), Some(of_text(b"DENY")));
        let id = "01M852MSKNAHNX71W7TA9V2WH7";
        assert_eq!(ask(&format!("SELECT id_value('{id}')")).unwrap(), Some(of_id(id.as_bytes())));
        assert_eq!(ask("SELECT text_value(NULL)").unwrap(), None);
        let damaged = "SELECT text_value(CAST(x'ff' AS TEXT))";
        assert_eq!(ask(damaged).unwrap(), Some(of_text(&[0xff])), "it keeps no others out");
    }
}
