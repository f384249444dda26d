//! Watches over who may know whom: the rules of the rooms, checked on the sources themselves.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Crates that one room alone names.
const OWNED: [(&str, &str); 6] = [
    ("rusqlite", "store"),
    ("rusqlite_migration", "store"),
    ("axum", "http"),
    ("hyper", "http"),
    ("hyper_util", "http"),
    ("tokio_serial", "modem"),
];

/// Which rooms of the daemon each room may name. A room stands below all that may name it, so that
/// there are no circles.
const MAY_NAME: [(&str, &[&str]); 16] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("sms", &["domain"]),
    ("modem", &["domain"]),
    ("config", &["domain"]),
    ("intake", &["domain", "sms", "store"]),
    ("system_log", &["domain", "store"]),
    ("inbox", &["domain", "sms", "store"]),
    ("voice", &["domain", "modem"]),
    ("outbox", &["domain", "sms", "store", "modem", "voice"]),
    ("http", &["domain", "intake", "system_log", "store", "modem", "outbox"]),
    ("arrivals", &["domain", "store", "sms", "modem", "inbox", "outbox"]),
    ("chronicle", &["domain", "store", "modem"]),
    (
        "daemon",
        &[
            "domain",
            "store",
            "modem",
            "config",
            "intake",
            "inbox",
            "arrivals",
            "chronicle",
            "voice",
            "outbox",
            "http",
        ],
    ),
    (
        "cli",
        &[
            "domain",
            "store",
            "modem",
            "config",
            "intake",
            "system_log",
            "voice",
            "outbox",
            "http",
            "daemon",
        ],
    ),
    ("main", &["cli"]),
];

/// Words of 3GPP that mean nothing outside of the rooms that speak them. A TPDU itself may be
/// carried through other rooms, as octets that nobody there reads.
const WIRE_WORDS: [&str; 20] = [
    "cmgs", "cmti", "cnmi", "cpms", "csca", "dcs", "iei", "mti", "oa", "sca", "scts", "srr",
    "tpmr", "udh", "udhi", "udl", "vpf", "cmt", "cds", "cdsi",
];
const WIRE_ROOMS: [&str; 2] = ["modem", "sms"];
/// The command that shows them to people.
const WIRE_COMMAND: &str = "src/cli/pdu/";

#[test]
fn every_source_file_says_first_what_it_is() {
    let faults = sources(&["src", "hal", "boards", "sim", "tests"])
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| format!("{}:1: opens with no //! line", path.display()));
    report(faults.collect());
}

#[test]
fn a_crate_that_one_room_owns_is_named_there_alone() {
    let mut faults = Vec::new();
    each_line(|place, room, code| {
        for (krate, owner) in OWNED {
            if room != owner && identifiers(code).any(|word| word == krate) {
                faults.push(format!("{place}: names {krate}, which only src/{owner} may"));
            }
        }
    });
    report(faults);
}

#[test]
fn rooms_know_only_those_below_them() {
    let rooms: BTreeSet<&str> = MAY_NAME.iter().map(|(room, _)| *room).collect();
    let mut faults = Vec::new();
    for (path, text) in sources(&["src"]) {
        let room = room_of(&path);
        let Some((_, may)) = MAY_NAME.iter().find(|(name, _)| *name == room) else {
            if room != "lib" {
                faults.push(format!("{}:1: room {room} is in no table here", path.display()));
            }
            continue;
        };
        for (line, named) in rooms_named(&code_of(&text)) {
            if named != room && rooms.contains(named.as_str()) && !may.contains(&named.as_str()) {
                let place = format!("{}:{line}", path.display());
                faults.push(format!("{place}: src/{room} may not know src/{named}"));
            }
        }
    }
    report(faults);
}

#[test]
fn wire_terms_stay_in_the_rooms_that_speak_them() {
    let mut faults = Vec::new();
    each_line(|place, room, code| {
        let spoken = identifiers(code).flat_map(words).find(|it| WIRE_WORDS.contains(&it.as_str()));
        let may = WIRE_ROOMS.contains(&room) || place.starts_with(WIRE_COMMAND);
        if let Some(word) = spoken.filter(|_| !may) {
            faults
                .push(format!("{place}: says \"{word}\"; outside of {WIRE_ROOMS:?}, plain words"));
        }
    });
    report(faults);
}

#[test]
fn the_table_of_rooms_has_no_circles() {
    let mut below: BTreeSet<&str> = BTreeSet::new();
    let mut rest = MAY_NAME.to_vec();
    while !rest.is_empty() {
        let before = rest.len();
        let free = |may: &[&str]| may.iter().all(|room| below.contains(room));
        let (now, later): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, may)| free(may));
        below.extend(now.iter().map(|(room, _)| *room));
        rest = later;
        assert!(rest.len() < before, "circle among {rest:?}");
    }
}

#[test]
fn the_watch_sees_what_it_watches_for() {
    let code =
        code_of("let url = \"a//b\"; // axum\nuse axum::Router;\n/* x\n*/ 'a' \"\\\"axum\" b\n");
    let axum: Vec<_> = (1..).zip(code.lines()).filter(|(_, line)| line.contains("axum")).collect();
    assert_eq!(axum, [(2, "use axum::Router;")]);
    assert_eq!(code.lines().count(), 4);
    assert_eq!(identifiers("utoipa_axum::x").collect::<Vec<_>>(), ["utoipa_axum", "x"]);
    let split = |word| words(word).collect::<Vec<_>>();
    assert_eq!(
        (split("UserDataDcs"), split("raw_udh")),
        (
            vec!["user".to_owned(), "data".to_owned(), "dcs".to_owned()],
            vec!["raw".to_owned(), "udh".to_owned()],
        )
    );
    let text = "use crate::{\n    domain::{Lane, store},\n    sms,\n};\ncrate::http::serve();\n";
    let named = rooms_named(text);
    let named: Vec<_> = named.iter().map(|(line, room)| (*line, room.as_str())).collect();
    assert_eq!(named, [(2, "domain"), (3, "sms"), (5, "http")]);
}

/// Calls `judge` with the place, the room and the code of every line of the daemon.
fn each_line(mut judge: impl FnMut(&str, &str, &str)) {
    for (path, text) in sources(&["src"]) {
        for (line, code) in (1..).zip(code_of(&text).lines()) {
            judge(&format!("{}:{line}", path.display()), &room_of(&path), code);
        }
    }
}

fn report(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Every Rust file below `folders`, by its path in the repository.
fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(root).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > folders.len(), "found no sources");
    found.sort();
    found
}

/// `src/store/tx.rs` and `src/store.rs` are in the room `store`.
fn room_of(path: &Path) -> String {
    let room = path.components().nth(1).unwrap().as_os_str().to_string_lossy();
    room.trim_end_matches(".rs").to_owned()
}

/// `text` without its comments and without what its strings hold, line for line.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("r#\"") {
            rest.find("\"#").map_or(rest.len(), |end| end + 2)
        } else if rest.starts_with("'\"'") {
            3
        } else if first == '"' {
            string_len(rest)
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        code.extend(rest[..skipped].chars().filter(|it| *it == '\n'));
        rest = &rest[skipped..];
    }
    code
}

/// Length of the string literal that `text` begins with.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

fn identifiers(code: &str) -> impl Iterator<Item = &str> {
    code.split(|it: char| !it.is_alphanumeric() && it != '_').filter(|word| !word.is_empty())
}

/// The words of an identifier, in small letters.
fn words(identifier: &str) -> impl Iterator<Item = String> {
    let mut spaced = String::new();
    for letter in identifier.chars() {
        if letter.is_uppercase() {
            spaced.push('_');
        }
        spaced.extend(letter.to_lowercase());
    }
    let words: Vec<_> = spaced.split('_').map(str::to_owned).collect();
    words.into_iter().filter(|word| !word.is_empty())
}

/// What follows `crate::` directly, alone or in braces, with its line.
fn rooms_named(code: &str) -> Vec<(usize, String)> {
    let mut named = Vec::new();
    for (at, path) in code.match_indices("crate::") {
        let start = at + path.len();
        let mut depth = 0_usize;
        // Whether the next identifier is the first of its path.
        let mut first = true;
        for (offset, symbol) in code[start..].char_indices() {
            let here = start + offset;
            match symbol {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ',' if depth == 1 => first = true,
                _ if first && depth < 2 && symbol.is_alphanumeric() => {
                    let line = code[..here].matches('\n').count() + 1;
                    named.extend(identifiers(&code[here..]).next().map(|it| (line, it.to_owned())));
                    first = false;
                }
                _ => {}
            }
            // The path, or the braces around several, are at their end.
            if depth == 0 && (symbol == '}' || !first) {
                break;
            }
        }
    }
    named
}

/// Everybody on a machine sees the arguments of its programs.
#[test]
fn no_example_gives_a_code_as_an_argument() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let files = ["README.md", "scripts/demo", "systemd/ringpost.toml"].map(|name| root.join(name));
    let mut faults = Vec::new();
    for path in docs.filter(|path| path.is_file()).chain(files) {
        let text = fs::read_to_string(&path).unwrap();
        for (line, text) in (1..).zip(text.lines()) {
            let option = text.split("--code ").skip(1).any(|it| it.starts_with(char::is_numeric));
            let body = ["-d '{", "-d \"{", "--json '{"].iter().any(|given| text.contains(given));
            if option || body && (text.contains("ode is ") || text.contains("\"code\"")) {
                faults.push(format!("{}:{line}: a code in the arguments", path.display()));
            }
        }
    }
    report(faults);
}

/// What the unit keeps from the daemon has to be what it does not need.
#[test]
fn the_unit_leaves_the_daemon_what_it_reads_and_opens() {
    let unit = include_str!("../../systemd/ringpost.service");
    let lines = || unit.lines().map(str::trim);
    // `outbox::Boot` reads /proc/sys/kernel/random/boot_id, which that hides.
    assert!(!lines().any(|line| line == "ProcSubset=pid"), "every boot would be the same one");
    // systemd.resource-control(5): "Any device groups not resolvable then are not added to the device allow list."
    for (group, module) in [("ttyUSB", "usbserial"), ("ttyACM", "cdc_acm"), ("alsa", "snd")] {
        assert!(unit.contains(&format!("DeviceAllow=char-{group} ")));
        let service = format!("modprobe@{module}.service");
        for key in ["Wants=", "After="] {
            let loaded = lines().any(|line| line.starts_with(key) && line.contains(&service));
            assert!(loaded, "{group}: a modem that comes after the start could never be opened");
        }
    }
}
