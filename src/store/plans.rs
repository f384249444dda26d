//! Watches over how SQLite finds rows: no statement of the store may look at all rows of a table that
//! grows.

use std::{collections::BTreeSet, fs, path::Path};

use rusqlite::{Connection, StatementStatus};

use super::connection::open_for_writing;

/// Tables that hold a few rows however long the daemon runs.
const SMALL: [&str; 3] = ["token", "template", "sqlite_schema"];

/// Every literal of the store's sources that is a statement, and those that are put together from pieces,
/// which hold a brace.
fn statements() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let sources = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = sources.filter(|path| path.extension().is_some_and(|it| it == "rs"));
    let mut found = BTreeSet::from(super::queue::pieced_together());
    for path in sources {
        // Tests may look at what they like.
        if path.ends_with("samples.rs") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
        let literals = code.split('"').filter(|it| verbs.iter().any(|verb| it.starts_with(verb)));
        found.extend(literals.filter(|it| !it.contains('{')).map(str::to_owned));
    }
    found
}

/// What `sql` scans from end to end. An index that holds some of the rows only, such as those that have
/// not ended, may be.
fn scans(connection: &Connection, sql: &str) -> Vec<String> {
    let partial = |name: &str| {
        let sql = "SELECT sql LIKE '%WHERE%' FROM sqlite_schema WHERE name = ?1";
        connection.query_row(sql, [name], |row| row.get(0)).unwrap_or(false)
    };
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // Whatever the parameters hold, the plan is the same.
    let parameters = (0..explained.parameter_count()).map(|_| None::<i64>);
    let parameters: Vec<_> = parameters.collect();
    let plan = explained.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3));
    let plan: Vec<String> = plan.unwrap().map(Result::unwrap).collect();
    let scanned = |step: &String| {
        let mut words = step.split(' ');
        let (verb, table) = (words.next(), words.next().unwrap_or_default());
        let index = step.split(" INDEX ").nth(1).and_then(|rest| rest.split(' ').next());
        let made = table.starts_with('(') || step.contains("VIRTUAL TABLE");
        verb == Some("SCAN") && !made && !SMALL.contains(&table) && !index.is_some_and(partial)
    };
    plan.into_iter().filter(scanned).collect()
}

#[test]
fn no_statement_looks_at_all_rows_of_a_table() {
    let dir = tempfile::tempdir().unwrap();
    let connection = open_for_writing(&dir.path().join("t.db")).unwrap();
    let all = statements();
    assert!(all.len() > 40, "found {} statements", all.len());
    let faults: Vec<_> = all
        .iter()
        .flat_map(|sql| scans(&connection, sql).into_iter().map(move |it| format!("{it}: {sql}")))
        .collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// SQLite may compile a statement anew each time that it is bound to another value.
#[test]
fn statements_are_compiled_once() {
    let dir = tempfile::tempdir().unwrap();
    let connection = open_for_writing(&dir.path().join("t.db")).unwrap();
    let all = statements();
    let asks = all.iter().filter(|sql| sql.starts_with("SELECT "));
    let compiled_again = asks.filter(|sql| {
        let mut statement = connection.prepare(sql).unwrap();
        for value in [1, 2, 3] {
            let parameters = vec![value; statement.parameter_count()];
            let rows = statement.query(rusqlite::params_from_iter(parameters));
            rows.unwrap().next().unwrap();
        }
        statement.get_status(StatementStatus::RePrepare) > 0
    });
    let compiled_again: Vec<_> = compiled_again.collect();
    assert!(compiled_again.is_empty(), "{compiled_again:#?}");
}

#[test]
fn the_watch_sees_what_it_watches_for() {
    let dir = tempfile::tempdir().unwrap();
    let connection = open_for_writing(&dir.path().join("t.db")).unwrap();
    let scans = |sql| scans(&connection, sql).len();
    assert_eq!(scans("SELECT * FROM message"), 1);
    assert_eq!(scans("SELECT key FROM message WHERE reference = ?1"), 1);
    assert_eq!(scans("SELECT count(*) FROM event"), 1, "nor a whole index");
    assert_eq!(scans("SELECT key FROM message WHERE deadline_at IS NOT NULL"), 0);
    assert_eq!(scans("SELECT * FROM message WHERE id = ?1"), 0);
}
