//! What tests that do their worst to a gateway have in common: a client that sends all kinds of messages and does
//! not give up, and a judge who checks every promise at the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use ringpost_sim::{ReceivedText, SubmitOutcome, SubmitSeen};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::{
    chance::Chance,
    gateway::{Gateway, PATIENCE, wait_for},
};

/// All times as short as they can be told, and no limit on neighbouring numbers.
pub(crate) const QUICK: &str = "[outbox]\nsettle_seconds = 3\nreport_window_seconds = 4\n\
     resend_after_seconds = 1\n[limits]\nenabled = false\n";

/// Until a request that was not answered is made again.
const AGAIN: Duration = Duration::from_millis(5);

/// Of a hundred messages, after how many an earlier request is made again: it makes no second message.
const REPEATED: usize = 10;

/// What a client sends.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mix {
    /// Messages at most.
    pub(crate) count: usize,
    /// Number of the first one; its text tells it.
    pub(crate) first: usize,
    /// From one to the next.
    pub(crate) pause: Duration,
    /// How long they may wait.
    pub(crate) ttl_seconds: u32,
    /// Of a hundred, how many are passcodes, and as many alerts.
    pub(crate) urgent: usize,
    /// Of a hundred, how many wait for a moment some seconds ahead.
    pub(crate) scheduled: usize,
    /// Of a hundred, how many somebody tries to cancel.
    pub(crate) cancelled: usize,
}

/// A message that was accepted.
#[derive(Debug)]
pub(crate) struct Sent {
    body: Value,
    /// How long the request took: so much later than its creation, at the most, the message began to wait.
    /// Nothing where another request made it, whose answer was lost.
    took: Option<Duration>,
}

impl Sent {
    fn recipient(&self) -> &str {
        self.body["to"].as_str().unwrap()
    }

    fn text(&self) -> &str {
        self.body["text"].as_str().unwrap()
    }
}

/// What was accepted, by id.
pub(crate) type Accepted = BTreeMap<String, Sent>;

/// A client that goes on sending. A request whose answer is lost is made again with its key, until it is
/// answered.
pub(crate) struct Client {
    url: Arc<Mutex<String>>,
    stop: Arc<AtomicBool>,
    /// How many were accepted so far.
    pub(crate) count: Arc<AtomicUsize>,
    thread: thread::JoinHandle<Accepted>,
}

impl Client {
    pub(crate) fn begin(gateway: &Gateway, mix: Mix, chance: Chance) -> Self {
        let url = Arc::new(Mutex::new(gateway.url().to_owned()));
        let stop = Arc::new(AtomicBool::new(false));
        let count = Arc::new(AtomicUsize::new(0));
        let line = Line {
            agent: ureq::Agent::config_builder().http_status_as_error(false).build().into(),
            authorization: format!("Bearer {}", gateway.token),
            url: url.clone(),
            stop: stop.clone(),
            count: count.clone(),
        };
        let thread = thread::spawn(move || line.send_all(mix, chance));
        Self { url, stop, count, thread }
    }

    /// The gateway is somewhere else now.
    pub(crate) fn go_on(&self, url: &str) {
        url.clone_into(&mut self.url.lock().unwrap());
    }

    /// Sends nothing more. What was not answered by now may exist or not.
    pub(crate) fn stop(self) -> Accepted {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }

    /// Waits until all are sent.
    pub(crate) fn finish(self) -> Accepted {
        self.thread.join().unwrap()
    }
}

/// The client's way to the gateway.
struct Line {
    agent: ureq::Agent,
    authorization: String,
    url: Arc<Mutex<String>>,
    stop: Arc<AtomicBool>,
    count: Arc<AtomicUsize>,
}

impl Line {
    fn send_all(&self, mix: Mix, mut chance: Chance) -> Accepted {
        let (mut accepted, mut keys) = (Accepted::new(), Vec::new());
        for number in mix.first..mix.first + mix.count {
            let body = message(number, &mix, &mut chance);
            let key = format!("{number}");
            let sent = self.post(&key, &body);
            let Some(Answer { status, body: answer, first, took }) = sent else { break };
            assert_eq!(status, 202, "{answer:#}");
            let id = answer["id"].as_str().unwrap().to_owned();
            if chance.percent(mix.cancelled) {
                // It may be on the air by now; what became of it, the judge sees.
                let _ = self.insist(|agent, url| {
                    let request = agent.delete(format!("{url}/api/v1/messages/{id}"));
                    request.header("authorization", &self.authorization).call()
                });
            }
            accepted.insert(id.clone(), Sent { body, took: first.then_some(took) });
            keys.push((key, id));
            self.count.fetch_add(1, Ordering::Relaxed);
            if chance.percent(REPEATED) {
                let (key, id) = chance.of(&keys);
                if let Some(again) = self.post(key, &accepted[id].body) {
                    assert_eq!((again.status, &again.body["id"]), (202, &json!(id)), "repeated");
                }
            }
            thread::sleep(mix.pause);
        }
        accepted
    }

    fn post(&self, key: &str, body: &Value) -> Option<Answer> {
        self.insist(|agent, url| {
            let request = agent.post(format!("{url}/api/v1/messages"));
            let request = request.header("authorization", &self.authorization);
            request.header("idempotency-key", key).send_json(body)
        })
    }

    /// Asks until there is an answer; nothing where that is no longer wanted.
    fn insist(
        &self,
        ask: impl Fn(&ureq::Agent, &str) -> Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Option<Answer> {
        let mut first = true;
        while !self.stop.load(Ordering::Relaxed) {
            let url = self.url.lock().unwrap().clone();
            let asked = Instant::now();
            if let Ok(mut answer) = ask(&self.agent, &url)
                && let Ok(body) = answer.body_mut().read_json()
            {
                let (status, took) = (answer.status().as_u16(), asked.elapsed());
                return Some(Answer { status, body, first, took });
            }
            first = false;
            thread::sleep(AGAIN);
        }
        None
    }
}

/// What was answered, whether to the first try, and how long that took.
struct Answer {
    status: u16,
    body: Value,
    first: bool,
    took: Duration,
}

/// A message to one of some phones, of one to three segments.
fn message(number: usize, mix: &Mix, chance: &mut Chance) -> Value {
    let lane = match chance.below(100) {
        part if part < mix.urgent => "otp",
        part if part < 2 * mix.urgent => "alert",
        _ => "bulk",
    };
    let purpose = if lane == "otp" { "mfa_verify" } else { "general" };
    let length = *chance.of(&[20, 150, 300, 440]);
    let mut body = json!({
        "to": recipient(number, chance), "channel": "sms", "purpose": purpose, "lane": lane,
        "text": text(number, length), "ttl_seconds": mix.ttl_seconds,
    });
    if chance.percent(mix.scheduled) {
        let ahead = Duration::from_millis(500 + chance.next() % 4000);
        body["not_before"] = json!((Timestamp::now() + ahead).to_string());
    }
    body
}

/// So many messages in a row go to a handful of phones: dozens wait at one time for reports from the same one, and none
/// meets a concatenation reference again, of which there are 256.
const IN_A_ROW: usize = 320;
const PHONES: usize = 4;

/// One of its phones. Two each have the last digits in common, by which a report finds its message.
fn recipient(number: usize, chance: &mut Chance) -> String {
    let phone = number / IN_A_ROW * PHONES + chance.below(PHONES);
    format!("+1{}555{:04}", 201 + phone % 2, 1000 + phone / 2)
}

/// What a report has in common with its recipient.
fn tail(recipient: &str) -> &str {
    &recipient[recipient.len() - 7..]
}

/// A text that tells its number in each of its segments.
fn text(number: usize, length: usize) -> String {
    format!("{number}x").chars().cycle().take(length).collect()
}

/// A text that a phone sends to a modem, of one segment or of three.
pub(crate) fn written(number: usize, chance: &mut Chance) -> String {
    text(number, *chance.of(&[20, 150, 350]))
}

/// Which message a text or one of its segments is of; its first and last words may be cut.
fn number_in(text: &str) -> Option<usize> {
    text.split('x').nth(1)?.parse().ok()
}

/// What came of it all.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// Every promise that was broken.
    pub(crate) findings: Vec<String>,
    /// How many messages came to each end.
    pub(crate) ends: BTreeMap<String, usize>,
    /// Segments that the network took twice, and the log says so.
    pub(crate) twice: usize,
    /// Segments that had the report of another one to the same phone: the answers to both were lost.
    pub(crate) mistaken: usize,
    /// The longest that a passcode waited for its first segment to be claimed, in milliseconds.
    pub(crate) longest_wait: i64,
}

impl Verdict {
    /// Adds that of another round.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        for (end, count) in other.ends {
            *self.ends.entry(end).or_default() += count;
        }
        self.twice += other.twice;
        self.mistaken += other.mistaken;
        self.longest_wait = self.longest_wait.max(other.longest_wait);
        self
    }

    fn find(&mut self, promise: &str, evidence: impl std::fmt::Debug) {
        self.findings.push(format!("{promise}: {evidence:#?}"));
    }
}

/// To read what the daemon has stored.
fn database(gateway: &Gateway) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(gateway.database_path(), flags).unwrap();
    database.busy_timeout(PATIENCE).unwrap();
    database
}

/// Waits until all have ended, and checks every promise about each.
pub(crate) fn judge(gateway: &Gateway, accepted: &Accepted, patience: Duration) -> Verdict {
    let database = database(gateway);
    let mut verdict = Verdict::default();
    let open = "SELECT count(*) FROM message WHERE ended_at IS NULL";
    let until = Instant::now() + patience;
    while count(&database, open) > 0 && Instant::now() < until {
        tokio::task::block_in_place(|| thread::sleep(Duration::from_millis(50)));
    }
    let events = events(&database);
    let attempts = attempts(&database);
    let mut seen: BTreeMap<(String, Option<usize>), Vec<SubmitSeen>> = BTreeMap::new();
    for submit in gateway.sim.network().submits() {
        let key = (submit.recipient.clone(), number_in(&submit.text));
        seen.entry(key).or_default().push(submit);
    }
    let mut shown: BTreeMap<(String, Option<usize>), Vec<String>> = BTreeMap::new();
    let phones: BTreeSet<_> = accepted.values().map(Sent::recipient).collect();
    for phone in phones {
        for ReceivedText { text, .. } in gateway.sim.phone(phone).texts() {
            shown.entry((phone.to_owned(), number_in(&text))).or_default().push(text);
        }
    }
    let mut unanswered = BTreeSet::new();
    for (id, sent) in accepted {
        let key = (sent.recipient().to_owned(), number_in(sent.text()));
        let submits = seen.get(&key).into_iter().flatten();
        let taken = submits.filter(|it| it.outcome == SubmitOutcome::Accepted);
        let asked = attempts.get(id).into_iter().flatten().filter(|it| it.reference.is_none());
        let asked: Vec<_> = asked.collect();
        for submit in taken.filter(|submit| asked.iter().any(|it| it.is(submit))) {
            unanswered.insert((submit.iccid.clone(), tail(&submit.recipient).to_owned()));
        }
    }
    for (id, sent) in accepted {
        let answer = gateway.request("GET", &format!("/api/v1/messages/{id}"), None);
        if answer.status != 200 {
            verdict.find("accepted means kept", (id, answer.status));
            continue;
        }
        let key = (sent.recipient().to_owned(), number_in(sent.text()));
        let case = Case {
            sent,
            unanswered: &unanswered,
            message: &answer.body,
            attempts: attempts.get(id).map(Vec::as_slice).unwrap_or_default(),
            submits: seen.remove(&key).unwrap_or_default(),
            shown: shown.remove(&key).unwrap_or_default(),
            events: events.get(id).map(Vec::as_slice).unwrap_or_default(),
        };
        case.judge(&mut verdict);
    }
    let strange: Vec<_> = shown.iter().filter(|((_, number), _)| number.is_none()).collect();
    if !strange.is_empty() {
        verdict.find("a phone shows what was sent", strange);
    }
    for (promise, sql) in STORED {
        let broken = count(&database, sql);
        if broken > 0 {
            verdict.find(promise, broken);
        }
    }
    urgent_first(&database, accepted, &pauses(&gateway.log()), &mut verdict);
    verdict
}

/// What must not be in the database.
const STORED: [(&str, &str); 2] = [
    (
        "never on the air before its time or after it",
        "SELECT count(*) FROM segment s JOIN message m ON m.key = s.message
         WHERE s.submitting_at < m.not_before OR s.submitting_at >= m.expires_at",
    ),
    (
        "a text is erased when no send can need it",
        "SELECT count(*) FROM message m JOIN message_text t ON t.message = m.key
         WHERE t.erased <> m.send_logged OR (t.erased AND t.text <> zeroblob(length(t.text)))",
    ),
];

fn count(database: &Connection, sql: &str) -> u32 {
    database.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The events of each message, as `type outcome`.
fn events(database: &Connection) -> BTreeMap<String, Vec<String>> {
    let mut statement = database
        .prepare(
            "SELECT message_id, event_type || ' ' || outcome FROM event WHERE message_id NOT NULL",
        )
        .unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let mut events: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows {
        let (id, event): (String, String) = row.unwrap();
        events.entry(id).or_default().push(event);
    }
    events
}

/// The segments of all attempts of each message that the network was asked to take.
fn attempts(database: &Connection) -> BTreeMap<String, Vec<Asked>> {
    let mut statement = database
        .prepare(
            "SELECT m.id, sim.id, s.key & 255, s.state, s.reference
             FROM segment s JOIN message m ON m.key = s.message JOIN sim ON sim.key = s.sim
             WHERE s.submitting_at NOT NULL",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let (sim, sequence) = (row.get(1)?, row.get(2)?);
        let (state, reference) = (row.get(3)?, row.get(4)?);
        Ok((row.get(0)?, Asked { sim, sequence, state, reference }))
    });
    let mut attempts: BTreeMap<String, Vec<Asked>> = BTreeMap::new();
    for row in rows.unwrap() {
        let (id, asked) = row.unwrap();
        attempts.entry(id).or_default().push(asked);
    }
    attempts
}

/// A segment of an attempt that the network was asked to take.
#[derive(Debug)]
struct Asked {
    /// By its ICCID.
    sim: String,
    sequence: u8,
    state: String,
    /// What the modem answered.
    reference: Option<u8>,
}

impl Asked {
    /// Whether the network saw it so.
    fn is(&self, submit: &SubmitSeen) -> bool {
        (self.sim.as_str(), self.sequence) == (&submit.iccid, sequence(submit))
    }
}

/// Its place in its text.
fn sequence(submit: &SubmitSeen) -> u8 {
    submit.concat.as_ref().map_or(1, |concat| concat.sequence)
}

/// One message, and all that is known of it.
struct Case<'c> {
    sent: &'c Sent,
    /// By which SIM and to which recipient the network took segments without an answer that came here.
    unanswered: &'c BTreeSet<(String, String)>,
    message: &'c Value,
    attempts: &'c [Asked],
    /// What the network saw of it.
    submits: Vec<SubmitSeen>,
    /// What its phone shows of it.
    shown: Vec<String>,
    events: &'c [String],
}

impl Case<'_> {
    fn judge(&self, verdict: &mut Verdict) {
        let state = self.message["state"].as_str().unwrap();
        *verdict.ends.entry(state.to_owned()).or_default() += 1;
        if self.message["ended_at"].is_null() {
            return verdict.find("every message ends", self.message);
        }
        self.logged_once(state, verdict);
        self.doubled_only_as_logged(state, verdict);
        self.known_as_it_was_sent(verdict);
        self.written_as_promised(verdict);
    }

    /// One send event, one status event, both as the end says.
    fn logged_once(&self, state: &str, verdict: &mut Verdict) {
        let outcomes = |part: &str| {
            let events = self.events.iter().filter(|event| event.contains(part));
            events.map(|event| event.rsplit(' ').next().unwrap()).collect::<Vec<_>>()
        };
        let lost = self.message["reason"]["detail"] == "answer_lost";
        let (send, status): (&[&str], _) = match state {
            "delivered" => (&["SUCCESS"], "SUCCESS"),
            "undelivered" => (&["SUCCESS"], "FAILURE"),
            // What was sent already may lose the answer to its second copy.
            "unknown" if lost => (&["UNKNOWN", "SUCCESS"], "UNKNOWN"),
            "unknown" => (&["SUCCESS"], "UNKNOWN"),
            "failed" | "expired" => (&["FAILURE"], "FAILURE"),
            "cancelled" => (&["ABANDONED"], "ABANDONED"),
            _ => return verdict.find("an end that is in the table", self.message),
        };
        let (sends, statuses) = (outcomes("system.sms.send_"), outcomes("receive_status"));
        if sends.len() != 1 || !send.contains(&sends[0]) || statuses != [status] {
            verdict.find("one send event, one status event", (self.message, self.events));
        }
    }

    fn doubled_only_as_logged(&self, state: &str, verdict: &mut Verdict) {
        let evidence = || (self.message, self.events, self.attempts, &self.submits);
        let resends = self.events.iter().filter(|event| event.contains("ringpost.resend")).count();
        let segments = self.message["segments"].as_array().unwrap();
        // A copy that misses a segment is sent anew as a whole, and shown by no phone.
        let missing =
            |segment: &&Value| ["refused", "dropped"].iter().any(|it| segment["state"] == *it);
        let incomplete: BTreeSet<_> =
            segments.iter().filter(missing).map(|segment| segment["attempt"].as_u64()).collect();
        let mut copies: BTreeMap<u8, usize> = BTreeMap::new();
        let taken = self.submits.iter().filter(|it| it.outcome == SubmitOutcome::Accepted);
        for submit in taken {
            *copies.entry(sequence(submit)).or_default() += 1;
        }
        if copies.values().any(|count| *count > 1 + resends + incomplete.len()) {
            verdict.find("nothing is sent twice silently", evidence());
        }
        if resends > 0 {
            verdict.twice += copies.values().filter(|count| **count > 1).count();
        }
        if self.shown.len() > 1 + resends {
            verdict.find("no phone shows it twice silently", evidence());
        }
        if self.shown.iter().any(|text| text != self.sent.text()) {
            verdict.find("a phone shows what was sent", evidence());
        }
        let arrived = !self.shown.is_empty();
        let once = self.attempts.iter().filter(|asked| asked.sequence == 1).count() == 1;
        let wrong = match state {
            "delivered" => !arrived,
            "undelivered" => arrived && once,
            "failed" | "expired" | "cancelled" => arrived,
            _ => false,
        };
        if wrong && !self.attempts.iter().any(|asked| self.is_mistaken(asked)) {
            verdict.find("the end is the truth", evidence());
        }
    }

    /// The network saw each segment with the SIM that it was to be sent with, no more often than it was asked to, and
    /// with the reference that is kept for it.
    fn known_as_it_was_sent(&self, verdict: &mut Verdict) {
        let evidence = || (self.message, self.attempts, &self.submits);
        for submit in &self.submits {
            let seen = self
                .submits
                .iter()
                .filter(|it| (&it.iccid, sequence(it)) == (&submit.iccid, sequence(submit)));
            let asked = self.attempts.iter().filter(|asked| asked.is(submit));
            if seen.count() > asked.count() {
                verdict.find("sent with the SIM that was chosen", evidence());
            }
        }
        for asked in self.attempts {
            if self.is_mistaken(asked) {
                verdict.mistaken += 1;
            } else if !self.is_known(asked) {
                verdict.find("an answer, or a report, is of its own segment", evidence());
            }
        }
    }

    fn is_known(&self, asked: &Asked) -> bool {
        let taken = self.submits.iter().filter(|it| it.outcome == SubmitOutcome::Accepted);
        let mut taken = taken.filter(|submit| asked.is(submit));
        match (asked.reference, asked.state.as_str()) {
            (Some(reference), _) => taken.any(|submit| submit.mr == reference),
            (None, "submitted" | "delivered" | "undelivered" | "no_report") => {
                taken.next().is_some()
            }
            (None, _) => true,
        }
    }

    /// Whether it may have the report of another segment, of this message or not, where nothing says of which of the two it
    /// is: the answers to both were lost.
    fn is_mistaken(&self, asked: &Asked) -> bool {
        let line = (asked.sim.clone(), tail(self.sent.recipient()).to_owned());
        // It is none of those itself: the network did not take it.
        asked.reference.is_none() && !self.is_known(asked) && self.unanswered.contains(&line)
    }

    /// TP-VP is the time that is left; a second copy from the same SIM can be told from the first.
    fn written_as_promised(&self, verdict: &mut Verdict) {
        let expires: Timestamp = self.message["expires_at"].as_str().unwrap().parse().unwrap();
        let mut first: BTreeMap<(&str, u8), &SubmitSeen> = BTreeMap::new();
        for submit in &self.submits {
            let left = u64::try_from((expires - submit.at).as_secs()).unwrap_or_default();
            // Steps of five minutes, begun before the network saw it.
            let longest = left.next_multiple_of(300) + 300;
            let validity = submit.validity_seconds.unwrap_or(u64::MAX);
            if validity < left.saturating_sub(1) || validity > longest {
                verdict.find("a validity of the time that is left", (self.message, submit));
            }
            let earlier = first.entry((&submit.iccid, sequence(submit))).or_insert(submit);
            let again = !std::ptr::eq(*earlier, submit);
            if again && (!submit.rd || submit.tp_mr != earlier.tp_mr) {
                verdict.find("a duplicate can be rejected", (self.message, &self.submits));
            }
        }
    }
}

/// Whether every segment of what phones sent is here, some time later. There may be more: one that was damaged on the line
/// is kept as it came, too.
pub(crate) fn all_segments_are_here(gateway: &Gateway, sent: &[String]) -> bool {
    // 3GPP TS 23.040 9.2.3.24.1: 160 septets, or 153 behind a header.
    let segments = |text: &String| if text.len() > 160 { text.len().div_ceil(153) } else { 1 };
    let expected: usize = sent.iter().map(segments).sum();
    let expected = u32::try_from(expected).unwrap();
    let database = database(gateway);
    let sql = "SELECT ifnull(sum(segments - missing), 0)
                   + (SELECT count(*) FROM inbound_segment WHERE text IS NOT NULL) FROM inbound";
    let here = || count(&database, sql);
    wait_for(|| (here() >= expected).then_some(())).is_some()
}

/// A line on which octets may be damaged: one that makes another digit of a digit of a PDU, which has no check, is noticed by
/// nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineNoise {
    None,
    Some,
}

/// What phones sent and is not received as often as it was sent, some time later.
pub(crate) fn missing(gateway: &Gateway, sent: &[String], noise: LineNoise) -> Option<String> {
    let mut sent = sent.to_vec();
    sent.sort_unstable();
    let received = || {
        let mut received: Vec<String> = Vec::new();
        let mut page = gateway.get("/api/v1/inbound?limit=100");
        loop {
            let items = page["items"].as_array().unwrap();
            received.extend(items.iter().map(|it| it["text"].as_str().unwrap().to_owned()));
            let Some(next) = page["next"].as_str() else { break };
            page = gateway.get(&format!("/api/v1/inbound?limit=100&next={next}"));
        }
        received.sort_unstable();
        received
    };
    if wait_for(|| (received() == sent).then_some(())).is_some() {
        return None;
    }
    let mut there = received();
    sent.retain(|text| take(&mut there, |it| it == text).is_none());
    if noise == LineNoise::Some {
        sent.retain(|text| take(&mut there, |it| is_damaged(text, it)).is_none());
    }
    let message = || format!("received means kept: {sent:#?} were sent, and {there:#?} are there");
    (!sent.is_empty() || !there.is_empty()).then(message)
}

fn take(texts: &mut Vec<String>, is_it: impl FnMut(&String) -> bool) -> Option<String> {
    texts.iter().position(is_it).map(|place| texts.swap_remove(place))
}

/// Half an octet of a PDU reaches into two characters of seven bits.
fn is_damaged(sent: &str, received: &str) -> bool {
    let (sent, received): (Vec<_>, Vec<_>) = (sent.chars().collect(), received.chars().collect());
    sent.len() == received.len()
        && sent.iter().zip(&received).filter(|(one, other)| one != other).count() <= 2
}

/// When modems had to be left alone, by what the daemon logs: name, from, until. A pause may have ended before that.
fn pauses(log: &str) -> Vec<(String, i64, i64)> {
    let pause = |line: &str| {
        let value = |name: &str| line.split_once(name)?.1.split_whitespace().next();
        let (at, _) = line.trim_start().split_once(' ')?;
        let from = at.parse::<Timestamp>().ok()?.as_millisecond();
        let seconds: i64 = value(" seconds=")?.parse().ok()?;
        let modem = value("modem.name=")?.trim_matches('"').to_owned();
        Some((modem, from, from + seconds * 1000))
    };
    let lines = log.lines().filter(|line| line.contains("they get a pause"));
    lines
        .map(|line| pause(line).unwrap_or_else(|| panic!("it reads otherwise now: {line}")))
        .collect()
}

/// No passcode waits behind a segment of another lane that was claimed later, on a modem that could have taken
/// the passcode: it began other messages meanwhile. What a modem has begun, it may end in a pause, in which a passcode
/// that others can send soon does not go there.
fn urgent_first(
    database: &Connection,
    accepted: &Accepted,
    pauses: &[(String, i64, i64)],
    verdict: &mut Verdict,
) {
    let mut statement = database
        .prepare(
            "SELECT s.submitting_at, m.id, m.lane, m.created_at, m.not_before, first.modem, s.key & 255
             FROM segment s JOIN segment first ON first.key = s.attempt << 8 | 1
                 JOIN message m ON m.key = s.message
             WHERE s.submitting_at IS NOT NULL ORDER BY s.submitting_at",
        )
        .unwrap();
    let claims = statement.query_map([], |row| {
        Ok(Claim {
            at: row.get(0)?,
            message: row.get(1)?,
            lane: row.get(2)?,
            created_at: row.get(3)?,
            not_before: row.get(4)?,
            modem: row.get(5)?,
            sequence: row.get(6)?,
        })
    });
    let claims: Vec<_> = claims.unwrap().map(Result::unwrap).collect();
    let mut told = BTreeSet::new();
    for passcode in claims.iter().filter(|claim| claim.lane == 0) {
        if !told.insert(&passcode.message) {
            continue;
        }
        let took = accepted.get(&passcode.message).and_then(|sent| sent.took);
        let Some(took) = took.and_then(|took| i64::try_from(took.as_millis()).ok()) else {
            continue;
        };
        // Instants are cut to milliseconds.
        let waits_from = passcode.not_before.max(passcode.created_at + took + 1) + 1;
        verdict.longest_wait = verdict.longest_wait.max(passcode.at - waits_from);
        let meanwhile: Vec<_> =
            claims.iter().filter(|it| it.at > waits_from && it.at < passcode.at).collect();
        let could = |modem: &str| meanwhile.iter().any(|it| it.sequence == 1 && it.modem == modem);
        let ends_in_a_pause = |it: &Claim| {
            let pause = |(modem, from, until): &(String, i64, i64)| {
                *modem == it.modem && (*from..*until).contains(&it.at)
            };
            it.sequence > 1 && pauses.iter().any(pause)
        };
        let before = meanwhile.iter().filter(|it| it.lane != 0 && could(&it.modem));
        let before: Vec<_> = before.filter(|it| !ends_in_a_pause(it)).collect();
        if !before.is_empty() {
            verdict.find("urgent messages first", (passcode, before));
        }
    }
}

/// A segment that was claimed.
#[derive(Debug)]
struct Claim {
    at: i64,
    message: String,
    /// 0 for passcodes.
    lane: u8,
    created_at: i64,
    not_before: i64,
    modem: String,
    sequence: u8,
}

#[test]
fn a_pause_is_read_from_what_the_daemon_logs() {
    let log = "1970-01-01T00:00:02.5Z  WARN ringpost::outbox::health: texts failed again and again: \
         they get a pause modem.name=\"m7\" seconds=30\n\
         1970-01-01T00:00:03Z  INFO ringpost::modem::runner: modem ready modem.name=\"m1\"\n";
    assert_eq!(pauses(log), [("m7".to_owned(), 2500, 32_500)]);
}
