//! What the store finds is what memory finds, in order and page by page.

use std::{cell::RefCell, time::Duration};

use proptest::{prelude::*, sample::select};
use serde_json::Value;

use super::{
    Asked, Filter, LogEvent, Question,
    attribute::{self, ATTRIBUTES, Kind},
};
use crate::{
    domain::{Detail, EventType, Outcome, Timestamp},
    store::{
        Budget, Tx,
        event::EventRow,
        samples::{Memory, append_row, index_events},
    },
};

/// Longer than anything here is old.
const FOR_EVER: Duration = Duration::from_secs(1 << 40);
/// Times of the events are a few milliseconds after this.
const BASE: i64 = 1_795_460_653_000;

/// Texts that are near each other, and those that SQLite and Rust might see differently.
const TEXTS: [&str; 14] = [
    "", "a", "A", "ab", "b", "ba", "é", "e\u{301}", "a\0b", "\0", "😀", "a%b", "10.0.0.1",
    "fe80::1",
];

fn word() -> impl Strategy<Value = String> {
    select(&TEXTS[..]).prop_map(str::to_owned)
}

fn event_type() -> impl Strategy<Value = String> {
    let mut known: Vec<_> = EventType::all().map(|it| it.name).collect();
    known.push("system.of.a.later.version");
    select(known).prop_map(str::to_owned)
}

fn reason() -> impl Strategy<Value = Option<String>> {
    let mut words: Vec<_> = Detail::ALL.iter().map(|it| it.as_str()).collect();
    words.push("of_a_later_version");
    prop::option::of(select(words).prop_map(str::to_owned))
}

fn row() -> impl Strategy<Value = EventRow> {
    let maybe = || prop::option::of(word());
    let outcome = select(Outcome::ALL.map(Outcome::as_str).to_vec());
    let region = prop::option::of(select(vec!["US", "CA", "DE", "XX"]));
    let channel = prop::option::of(select(vec!["sms", "voice", "pigeon"]));
    let who = (word(), word(), word(), maybe(), maybe(), maybe());
    let whom = (maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe(), maybe());
    let time = || prop::option::of((0..9_i64).prop_map(|ms| BASE + ms));
    let numbers = (prop::option::of(0..4_u32), prop::option::of(0..40_000_i64), time(), time());
    let what = (0..9_i64, event_type(), outcome, reason(), region, channel);
    let length = || prop::option::of(0..9_i64);
    let call = (length(), length(), length());
    (what, who, whom, numbers, call).prop_map(|(what, who, whom, numbers, call)| EventRow {
        seq: 0,
        published: BASE + what.0,
        event_type: what.1,
        outcome: what.2.to_owned(),
        reason: what.3,
        region: what.4.map(str::to_owned),
        channel: what.5.map(str::to_owned),
        uuid: who.0,
        transaction_id: who.1,
        actor_id: who.2.clone(),
        actor_name: who.2,
        client_ip: who.3,
        user_agent: who.4,
        user: who.5,
        message_id: whom.0,
        purpose: whom.1,
        recipient: whom.2,
        modem: whom.3,
        target_id: whom.4,
        target_name: whom.5,
        target_before: whom.6,
        note: whom.7,
        segments: numbers.0,
        cost_micros: numbers.1,
        accepted_at: numbers.2,
        sent_at: numbers.3,
        setup_ms: call.0,
        ring_ms: call.1,
        talk_ms: call.2,
    })
}

fn literal() -> impl Strategy<Value = String> {
    let known = EventType::all().flat_map(|it| [it.name, it.display, it.actor]);
    let outcomes = Outcome::ALL.map(Outcome::as_str);
    let reasons = Detail::ALL.iter().flat_map(|it| [it.as_str(), it.sentence()]);
    let made =
        ["INFO", "WARN", "ERROR", "V4", "V6", "1", "49", "0", "User", "Sms Delivered", "WEB"];
    let known: Vec<_> = known.chain(outcomes).chain(reasons).chain(made).collect();
    // The whole of a word, its beginning, its end or its middle.
    let part = (select(known), 0..9_usize, 0..9_usize).prop_map(|(word, from, to)| {
        let from = if from > 3 { 0 } else { word.floor_char_boundary(from) };
        let to = if to > 3 { word.len() } else { word.ceil_char_boundary(from + to) };
        word.get(from..to).unwrap_or(word).to_owned()
    });
    prop_oneof![part, word(), select(vec!["US", "DE", "sms", "voice"]).prop_map(str::to_owned)]
}

fn term() -> impl Strategy<Value = String> {
    let attribute = select(ATTRIBUTES.iter().collect::<Vec<_>>());
    let compare = select(vec!["eq", "ne", "gt", "ge", "lt", "le"]);
    let search = select(vec!["eq", "ne", "sw", "ew", "co", "eq", "eq"]);
    let number = prop_oneof![
        (-1..4_i64).prop_map(|it| it.to_string()),
        (0..40_000_i64).prop_map(|it| format!("{}", f64::from(i32::try_from(it).unwrap()) / 1e6)),
    ];
    let time = (0..9_i64).prop_map(|ms| Timestamp::from_unix_ms(BASE + ms).to_string());
    let container = select(vec!["actor", "client", "target", "outcome", "debugContext", "request"]);
    let test = (attribute, compare, search, literal(), number, time, any::<bool>(), 0..9_u8);
    let test = test.prop_map(|(attribute, compare, search, text, number, time, ordered, how)| {
        let path = attribute.path;
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        match (attribute.kind, how) {
            (_, 0) => format!("{path} pr"),
            (Kind::Number, _) => format!("{path} {compare} {number}"),
            (Kind::Time, _) => format!("{path} {compare} {}", quoted(&time)),
            (Kind::Flag, _) => format!("{path} {} {ordered}", if how > 4 { "eq" } else { "ne" }),
            (Kind::Text, _) if ordered => format!("{path} {compare} {}", quoted(&text)),
            (Kind::Text, _) => format!("{path} {search} {}", quoted(&text)),
        }
    });
    prop_oneof![20 => test, 1 => container.prop_map(|path| format!("{path} pr"))]
}

fn filter() -> impl Strategy<Value = String> {
    term().prop_recursive(3, 10, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|all| all.join(" and ")),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|any| format!("({})", any.join(" or "))),
            inner.prop_map(|it| format!("not ({it})")),
        ]
    })
}

/// A kind of question, and the size and the cost of its pages.
#[derive(Debug, Clone)]
struct Reading {
    kind: u8,
    since: i64,
    until: i64,
    limit: usize,
    budget: usize,
    /// Up to which event each term reaches.
    indexed: Vec<i64>,
}

fn reading() -> impl Strategy<Value = Reading> {
    // All as far, or each as far as it may be.
    let alike = (0..12_i64).prop_map(|it| vec![it; 14]);
    let indexed = prop_oneof![alike, prop::collection::vec(0..12_i64, 14)];
    (0..3_u8, 0..6_i64, 3..11_i64, 1..5_usize, 1..20_usize, indexed).prop_map(
        |(kind, since, until, limit, budget, indexed)| Reading {
            kind,
            since: BASE + since,
            until: BASE + until.max(since),
            limit,
            budget,
            indexed,
        },
    )
}

/// All events that a question finds, going from page to page.
fn read_all(tx: &Tx<'_>, filter: &str, reading: &Reading) -> Vec<Value> {
    let iso = |ms: i64| Some(Timestamp::from_unix_ms(ms).to_string());
    let mut asked = Asked {
        since: iso(reading.since),
        until: iso(reading.until).filter(|_| reading.kind > 0),
        filter: Some(filter.to_owned()),
        limit: Some(reading.limit.to_string()),
        sort_order: (reading.kind == 2).then(|| "DESCENDING".to_owned()),
        ..Asked::default()
    };
    let budget = Budget { events: reading.budget, time: FOR_EVER };
    let now = Timestamp::from_unix_ms(BASE + 100);
    let mut found = Vec::new();
    loop {
        let question = Question::of(asked.clone(), now, FOR_EVER).unwrap();
        let answer = question.answer(tx, budget).unwrap().unwrap();
        assert!(answer.events.len() <= reading.limit);
        let empty = answer.events.is_empty();
        found.extend(answer.events.iter().map(LogEvent::to_json));
        let Some(next) = answer.next else { return found };
        let get = |name| {
            next.iter().find(|(it, _)| *it == name).map(|(_, value): &(_, String)| value.clone())
        };
        let after = get("after");
        // Who polls is never told that it is over: nothing new has come.
        if reading.kind == 0 && empty && after == asked.after {
            return found;
        }
        asked = Asked {
            since: get("since"),
            until: get("until"),
            after,
            filter: get("filter"),
            limit: get("limit"),
            sort_order: get("sortOrder"),
            q: None,
        };
    }
}

/// The same, found by looking at each event in memory.
fn expected(rows: &[EventRow], filter: &str, reading: &Reading) -> Vec<Value> {
    let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{error}"));
    let mut rows = rows.to_vec();
    if reading.kind == 0 {
        rows.retain(|row| row.published >= reading.since);
    } else {
        rows.retain(|row| (reading.since..reading.until).contains(&row.published));
        rows.sort_by_key(|row| (row.published, row.seq));
        if reading.kind == 2 {
            rows.reverse();
        }
    }
    let events = rows.into_iter().map(|row| LogEvent::from(row).to_json());
    events.filter(|event| filter.matches(event)).collect()
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::new(Memory::new());
}

/// Some thousands, unless more are asked for.
fn cases() -> ProptestConfig {
    let default = ProptestConfig::default();
    let asked_for = std::env::var_os("PROPTEST_CASES").is_some();
    ProptestConfig { cases: if asked_for { default.cases } else { 4096 }, ..default }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_filter_finds_the_same_in_the_store_and_in_memory(
        rows in prop::collection::vec(row(), 0..14),
        filter in filter(),
        reading in reading(),
    ) {
        MEMORY.with_borrow(|memory| memory.run(|tx| {
            let mut rows = rows;
            for row in &mut rows {
                row.seq = append_row(tx, row);
            }
            index_events(tx, &reading.indexed);
            let found = read_all(tx, &filter, &reading);
            prop_assert_eq!(found, expected(&rows, &filter, &reading));
            Ok(())
        }))?;
    }
}

/// Every leaf of a rendered event, by the path that a filter names it with.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                leaves(member, &path, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|it| leaves(it, path, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.push(path.to_owned());
        }
    }
}

/// An event that has everything.
fn full_row() -> EventRow {
    let text = || Some("x".to_owned());
    EventRow {
        seq: 1,
        uuid: "x".into(),
        published: BASE,
        event_type: "system.ringpost.sim.change".into(),
        outcome: "SUCCESS".into(),
        reason: Some("no_report".into()),
        transaction_id: "x".into(),
        message_id: text(),
        channel: Some("sms".into()),
        purpose: text(),
        recipient: text(),
        region: Some("US".into()),
        actor_id: "x".into(),
        actor_name: "x".into(),
        client_ip: text(),
        user_agent: text(),
        user: text(),
        modem: text(),
        target_id: text(),
        target_name: text(),
        target_before: text(),
        note: text(),
        segments: Some(1),
        cost_micros: Some(1),
        accepted_at: Some(1),
        sent_at: Some(1),
        setup_ms: Some(1),
        ring_ms: Some(1),
        talk_ms: Some(1),
    }
}

#[test]
fn who_polls_hears_of_all_that_comes_and_of_nothing_before_whatever_the_clock_did() {
    MEMORY.with_borrow(|memory| {
        memory.run(|tx| {
            let add = |uuid: &str, published| {
                append_row(tx, &EventRow { uuid: uuid.into(), published, ..full_row() });
            };
            let since = BASE + 1000;
            add("while the clock was ahead", since + 1000);
            (0..5).for_each(|_| add("before", BASE));
            let mut asked = Asked {
                since: Some(Timestamp::from_unix_ms(since).to_string()),
                limit: Some("1".to_owned()),
                ..Asked::default()
            };
            let budget = Budget { events: 2, time: FOR_EVER };
            let mut heard = Vec::new();
            for page in 0..9 {
                if page == 2 {
                    add("after the clock was set back", BASE);
                }
                let now = Timestamp::from_unix_ms(since);
                let question = Question::of(asked.clone(), now, FOR_EVER).unwrap();
                let answer = question.answer(tx, budget).unwrap().unwrap();
                heard.extend(answer.events.iter().map(|it| it.to_json()["uuid"].clone()));
                let next = answer.next.unwrap();
                let after = next.into_iter().find(|(name, _)| *name == "after");
                asked = Asked { since: None, after: after.map(|(_, value)| value), ..asked };
            }
            assert_eq!(heard, ["while the clock was ahead", "after the clock was set back"]);
        });
    });
}

#[test]
fn every_attribute_of_an_event_can_be_asked_for() {
    let row = full_row();
    let status = EventRow { event_type: "system.voice.receive_status".into(), ..row.clone() };
    let status = EventRow { channel: Some("voice".into()), ..status };
    let mut found = Vec::new();
    for row in [row, status] {
        leaves(&LogEvent::from(row).to_json(), "", &mut found);
    }
    for path in &found {
        // Okta does not let it be asked for by a filter: that is what since and until are for.
        let known = attribute::find(path).is_some() || attribute::below(path).next().is_some();
        assert!(known != (path == "published"), "{path}");
    }
    for attribute in ATTRIBUTES {
        // Itself, or null in the place of the object that would hold it.
        let rendered = |it: &String| {
            let below = attribute.path.strip_prefix(it.as_str());
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        assert!(found.iter().any(rendered), "{} is never there", attribute.path);
    }
}
