//! Pages of a System Log of ten million events, beside what was promised: `make bench-log`. The log is made
//! once and kept; it takes some gigabytes.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, Result, ensure};
use rusqlite::{Connection, params};

#[path = "../../../src/store/term_value.rs"]
mod term_value;

/// Events, where `RINGPOST_BENCH_EVENTS` does not say.
const EVENTS: i64 = 10_000_000;
/// Questions of each kind.
const QUESTIONS: u32 = 300;
/// Days over which the events are spread.
const DAYS: i64 = 90;
const DAY_MS: i64 = 86_400_000;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: log TARGET-DIRECTORY RINGPOST";
    let target = PathBuf::from(arguments.next().context(usage)?);
    let program = PathBuf::from(arguments.next().context(usage)?);
    let events = match std::env::var("RINGPOST_BENCH_EVENTS") {
        Ok(count) => count.parse().context("RINGPOST_BENCH_EVENTS is no number")?,
        Err(_) => EVENTS,
    };
    let folder = target.join(format!("log-{events}"));
    if !folder.join("made").exists() {
        make(&folder, &program, events)?;
    }
    let size = fs::metadata(folder.join("ringpost.db"))?.len();
    println!("{events} events in {} MiB", size >> 20);
    let gateway = Gateway::start(&folder, &program)?;
    let mut chance = Chance(7);
    let mut kept = true;
    for kind in KINDS {
        kept &= measure(&gateway, kind, events, &mut chance)?;
    }
    ensure!(kept, "a promise is broken");
    Ok(())
}

/// A kind of question.
struct Kind {
    name: &'static str,
    budget_ms: f64,
    ask: fn(&mut Chance, i64, i64) -> Vec<(&'static str, String)>,
}

const KINDS: &[Kind] = &[
    Kind {
        name: "polling, no filter",
        budget_ms: 25.0,
        ask: |chance, events, _| vec![("after", format!("p{}", chance.below(events)))],
    },
    Kind {
        name: "polling, a frequent event type",
        budget_ms: 25.0,
        ask: |chance, events, _| {
            let filter = "eventType eq \"system.sms.receive_status\"".to_owned();
            vec![("filter", filter), ("after", format!("p{}", chance.below(events)))]
        },
    },
    Kind {
        name: "polling, a rare event type",
        budget_ms: 25.0,
        ask: |chance, events, _| {
            let filter = "eventType eq \"system.ringpost.modem.down\"".to_owned();
            vec![("filter", filter), ("after", format!("p{}", chance.below(events)))]
        },
    },
    Kind {
        name: "polling, event types by their beginning",
        budget_ms: 25.0,
        ask: |chance, events, _| {
            let filter = "eventType sw \"system.ringpost\"".to_owned();
            vec![("filter", filter), ("after", format!("p{}", chance.below(events)))]
        },
    },
    Kind {
        name: "bounded, what was denied, newest first",
        budget_ms: 25.0,
        ask: |chance, _, now| {
            let filter = "outcome.result eq \"DENY\"".to_owned();
            [vec![("filter", filter)], span(chance, now)].concat()
        },
    },
    Kind {
        name: "bounded, one user",
        budget_ms: 25.0,
        ask: |chance, _, now| {
            let filter = format!("target.id eq \"user-{}\"", chance.below(200_000));
            [vec![("filter", filter)], span(chance, now)].concat()
        },
    },
    Kind {
        name: "bounded, one number and what was denied",
        budget_ms: 25.0,
        ask: |chance, _, now| {
            let number = format!("+1415{:07}", chance.below(500_000));
            let filter = format!("debugContext.debugData.phoneNumber eq \"{number}\"");
            let filter = format!("outcome.result ne \"DENY\" and {filter}");
            [vec![("filter", filter)], span(chance, now)].concat()
        },
    },
    Kind {
        name: "one transaction",
        budget_ms: 25.0,
        ask: |chance, events, _| {
            let filter = format!("transaction.id eq \"{}\"", transaction(chance.below(events / 2)));
            vec![("filter", filter), ("after", "p0".into())]
        },
    },
    Kind {
        name: "bounded scan, no index and nothing found",
        budget_ms: 50.0,
        ask: |chance, _, now| {
            let filter = "client.userAgent.rawUserAgent co \"nobody\"".to_owned();
            [vec![("filter", filter)], span(chance, now)].concat()
        },
    },
    Kind {
        name: "polling scan, words and nothing found",
        budget_ms: 50.0,
        ask: |chance, events, _| {
            vec![("q", "nobody".into()), ("after", format!("p{}", chance.below(events)))]
        },
    },
];

/// A span of up to all days.
fn span(chance: &mut Chance, now: i64) -> Vec<(&'static str, String)> {
    let until = now - chance.below(DAYS / 2) * DAY_MS;
    let since = until - (1 + chance.below(DAYS / 2 - 1)) * DAY_MS;
    vec![("since", iso(since)), ("until", iso(until)), ("sortOrder", "DESCENDING".to_owned())]
}

/// RFC 3339, by the calendar of H. Hinnant's `civil_from_days`.
fn iso(ms: i64) -> String {
    let (days, rest) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

fn measure(gateway: &Gateway, kind: &Kind, events: i64, chance: &mut Chance) -> Result<bool> {
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..QUESTIONS {
        let parameters = (kind.ask)(chance, events, now());
        let query: Vec<_> =
            parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let began = Instant::now();
        let page = gateway.get(&format!("/api/v1/logs?limit=100&{}", query.join("&")))?;
        times.push(began.elapsed());
        found += page.matches("\"uuid\"").count();
    }
    times.sort();
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().map_or(0.0, ms);
    let (median, p99) = (at(0.5), at(0.99));
    let kept = p99 <= kind.budget_ms;
    println!(
        "{:<46} p50 {median:>6.1} ms  p99 {p99:>6.1} ms  <= {:>2} ms  {}  ({:.0} events a page)",
        kind.name,
        kind.budget_ms,
        if kept { "kept" } else { "BROKEN" },
        found as f64 / f64::from(QUESTIONS),
    );
    Ok(kept)
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|it| match it {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(it).to_string(),
            _ => format!("%{it:02X}"),
        })
        .collect()
}

fn now() -> i64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(0)
}

/// A generator that needs no crate.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        i64::try_from((self.0 >> 33) % u64::try_from(limit.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}

/// Makes the log: two events for each message, and one of the gateway now and then.
fn make(folder: &Path, program: &Path, events: i64) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let began = Instant::now();
    println!("making {events} events");
    // With pages, tables and indexes as the gateway makes them.
    create_token(program, &configure(folder)?)?;
    let mut database = Connection::open(folder.join("ringpost.db"))?;
    database.execute_batch("PRAGMA journal_mode = OFF;")?;
    database.execute_batch("PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;")?;
    term_value::register(&database)?;
    fill(&mut database, events)?;
    println!("  rows after {} s", began.elapsed().as_secs());
    // When all rows are there: sorted once, and in the order of their key.
    for (term, value, at) in TERMS {
        database.execute_batch(&format!(
            "INSERT INTO event_term SELECT {term}, {value}, {at}, seq FROM event
             WHERE {value} IS NOT NULL ORDER BY 1, 2, 3, 4;"
        ))?;
        println!("  {value} after {} s", began.elapsed().as_secs());
    }
    // The gateway has written some itself. Nobody asks for the usage, so it need not be counted.
    let known =
        database.execute("UPDATE event_index SET seq = (SELECT max(seq) FROM event)", [])?;
    ensure!(known == TERMS.len() + 1, "the gateway knows {known} terms, the usage among them");
    database.execute_batch("PRAGMA journal_mode = WAL;")?;
    drop(database);
    fs::write(folder.join("made"), "")?;
    Ok(())
}

/// The gateway's terms, as `event_term.rs` of its store has them: it fills them itself, but not ten million events
/// at once.
const TERMS: [(u8, &str, &str); 14] = [
    (0, "0", "published"),
    (1, "id_value(uuid)", "0"),
    (2, "id_value(transaction_id)", "0"),
    (3, "text_value(recipient)", "published"),
    (4, "text_value(user)", "published"),
    (5, "text_value(client_ip)", "published"),
    (6, "text_value(reason)", "published"),
    (7, "text_value(modem)", "published"),
    (8, "text_value(outcome)", "published"),
    (9, "text_value(outcome)", "0"),
    (10, "text_value(event_type)", "published"),
    (11, "text_value(event_type)", "0"),
    (12, "text_value(actor_id)", "published"),
    (13, "text_value(actor_id)", "0"),
];

/// A ULID that has the number of the message in the place of the time.
fn transaction(number: i64) -> String {
    format!("{number:010}{:016}", 0)
}

fn fill(database: &mut Connection, events: i64) -> Result<()> {
    let mut chance = Chance(42);
    let (end, span) = (now(), DAYS * DAY_MS);
    let rows = database.transaction()?;
    let mut insert = rows.prepare(
        "INSERT INTO event (uuid, published, peak, event_type, outcome, reason,
             transaction_id, message_id, channel, purpose, recipient, region, actor_id, actor_name,
             client_ip, user_agent, user, modem, segments, cost_micros, accepted_at, sent_at)
         VALUES (?1, ?2, ?2, ?3, ?4, ?5, ?6, ?7, 'sms', 'mfa_verify', ?8, 'US', ?9, ?10, ?11,
             'okta-sdk-python/3.4.6 python/3.11.7 Linux/6.1.0', ?12, ?13, 1, 7500, ?14, ?15)",
    )?;
    let mut message = (String::new(), String::new(), String::new(), String::new());
    for number in 0..events {
        let at = end - span + (span / events.max(1)).max(1) * number;
        let status = number % 2 == 1;
        if !status {
            let recipient = format!("+1415{:07}", chance.below(500_000));
            let user = format!("user-{}", chance.below(200_000));
            message = (transaction(number / 2), format!("M{:025}", number / 2), recipient, user);
        }
        let luck = chance.below(1000);
        let (kind, outcome, reason) = match (status, luck) {
            (_, 0) => ("system.ringpost.modem.down", "FAILURE", Some("no_modem")),
            (_, 1..=9) => ("system.sms.send_factor_verify_message", "DENY", Some("rate_limited")),
            (false, _) => ("system.sms.send_factor_verify_message", "SUCCESS", None),
            (true, 10..=40) => ("system.sms.receive_status", "UNKNOWN", Some("no_report")),
            (true, 41..=60) => ("system.sms.receive_status", "FAILURE", Some("unreachable")),
            (true, _) => ("system.sms.receive_status", "SUCCESS", None),
        };
        let token = chance.below(20);
        insert.execute(params![
            format!("{number:08x}-{:04x}-7000-8000-{number:012x}", chance.below(65_536)),
            at,
            kind,
            outcome,
            reason,
            message.0,
            message.1,
            message.2,
            format!("01M852MSKNAHNX71W7TA9V2W{token:02}"),
            format!("token-{token}"),
            format!("10.0.{}.{}", token, chance.below(256)),
            message.3,
            format!("m{}", 1 + chance.below(32)),
            at - 1000,
            at - 500,
        ])?;
    }
    drop(insert);
    rows.commit()?;
    Ok(())
}

/// A daemon on the log that was made.
struct Gateway {
    process: Child,
    address: String,
    token: String,
}

/// Writes the configuration of a gateway whose database is in `folder`.
fn configure(folder: &Path) -> Result<PathBuf> {
    let config = folder.join("ringpost.toml");
    let path = fs::canonicalize(folder)?.join("ringpost.db");
    let text = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\nlog_requests_per_minute = 1000000\n[store]\n\
         path = {path:?}\n[retention]\nevents_days = 3650\n"
    );
    fs::write(&config, text)?;
    Ok(config)
}

fn create_token(program: &Path, config: &Path) -> Result<String> {
    let name = format!("bench-{}", now());
    let made = Command::new(program)
        .args(["token", "create", "--scope", "logs:read", "--name", &name, "--config"])
        .arg(config)
        .output()?;
    ensure!(made.status.success(), "{made:?}");
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

impl Gateway {
    fn start(folder: &Path, program: &Path) -> Result<Self> {
        let config = configure(folder)?;
        let token = create_token(program, &config)?;
        let mut process = Command::new(program)
            .args(["serve", "--config"])
            .arg(&config)
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let out = process.stdout.take().context("it has an output")?;
        BufReader::new(out).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://").context("it listens")?;
        Ok(Self { address: address.to_owned(), process, token })
    }

    fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
            self.address, self.token
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
        Ok(answer)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
