//! Watches over how SQLite finds rows: no statement of the store may look at all rows of a table that
//! grows.

use std::{collections::BTreeSet, fs, path::Path};

use rusqlite::{Connection, StatementStatus};

use super::{connection::open_for_writing, event_term, log, queue};

/// Tables that hold a few rows however long the daemon runs.
const SMALL: [&str; 4] = ["token", "template", "event_index", "sqlite_schema"];

/// Indexes of what has not come to its end, of which statements look at all because that is what they ask for.
const OF_THE_OPEN: [&str; 3] = ["message_claimable", "segment_pending", "inbound_segment_waiting"];

/// Every literal of the store's sources that is a statement, and those that are put together from pieces,
/// which hold a brace.
fn statements() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let sources = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = sources.filter(|path| path.extension().is_some_and(|it| it == "rs"));
    let mut found = BTreeSet::from(queue::pieced_together());
    found.extend(event_term::pieced_together());
    found.extend(log::pieced_together());
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

/// How `sql` is answered, step by step.
fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // Whatever the parameters hold, the plan is the same.
    let parameters = (0..explained.parameter_count()).map(|_| None::<i64>);
    let parameters: Vec<_> = parameters.collect();
    let plan = explained.query_map(rusqlite::params_from_iter(parameters), |row| row.get(3));
    plan.unwrap().map(Result::unwrap).collect()
}

/// What `sql` scans from end to end and may not.
fn scans(connection: &Connection, sql: &str) -> Vec<String> {
    let scanned = |step: &String| {
        let mut words = step.split(' ');
        let (verb, table) = (words.next(), words.next().unwrap_or_default());
        let index = step.split(" INDEX ").nth(1).and_then(|rest| rest.split(' ').next());
        let walked = sql.starts_with(&format!("WITH RECURSIVE {table} "));
        let made = walked || table.starts_with('(') || step.contains("VIRTUAL TABLE");
        verb == Some("SCAN")
            && !made
            && !SMALL.contains(&table)
            && !index.is_some_and(|it| OF_THE_OPEN.contains(&it))
    };
    plan(connection, sql).into_iter().filter(scanned).collect()
}

/// What a page of the log looks at is bounded because it ends with the page: nothing may be sorted before.
#[test]
fn what_is_asked_for_in_the_order_of_a_term_is_not_sorted() {
    let dir = tempfile::tempdir().unwrap();
    let connection = open_for_writing(&dir.path().join("t.db")).unwrap();
    for sql in log::pieced_together() {
        let plan = plan(&connection, &sql);
        assert!(plan.iter().all(|step| !step.contains("TEMP B-TREE")), "{plan:?}: {sql}");
        let first = plan.first().unwrap();
        let leads = !sql.contains("event_term")
            || first.starts_with("SEARCH event_term USING PRIMARY KEY (term=? AND value=?");
        assert!(leads, "{plan:?}: {sql}");
    }
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
    let scans = |sql: &str| scans(&connection, sql).len();
    assert_eq!(scans("SELECT * FROM message"), 1);
    assert_eq!(scans("SELECT key FROM message WHERE reference = ?1"), 1);
    assert_eq!(scans("SELECT count(*) FROM event"), 1, "nor a whole index");
    assert_eq!(scans("SELECT key FROM message WHERE deadline_at IS NOT NULL"), 0);
    let waits = "state = 'submitting' AND state IN ('submitting', 'unanswered', 'submitted')";
    let on_the_air = format!("SELECT key FROM segment WHERE {waits}");
    assert_eq!(scans(&on_the_air), 1, "nor an index that grows with what waits for reports");
    assert_eq!(scans(&format!("{on_the_air} AND reference IS NULL")), 0);
    assert_eq!(scans("SELECT * FROM message WHERE key = ?1 AND id = ?2"), 0);
}
