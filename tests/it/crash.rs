//! The daemon is killed at random moments, again and again, while messages go through four modems: in the
//! end each of them has come to one end, and nothing went out twice without the log saying so.

use std::{
    collections::BTreeMap,
    env,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ringpost_sim::SubmitSeen;
use serde_json::{Value, json};

use crate::gateway::{Gateway, wait_for};

/// Kills where nothing is said; `make crash-test N=200` says more.
const KILLS: usize = 8;
/// Kills between two looks at everything: the log shows its newest thousand events.
const ROUND: usize = 4;
/// Messages of a round at most, for the same reason.
const MESSAGES: usize = 150;

/// All times as short as they can be told.
const CONFIG: &str = "[outbox]\nsettle_seconds = 3\nreport_window_seconds = 4\n\
     resend_after_seconds = 1\n[retention]\nmessages_days = 30";

/// What was accepted, and what it was.
type Accepted = BTreeMap<String, Value>;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_in_silence_however_often_the_daemon_is_killed() {
    let number = |name| env::var(name).ok().and_then(|it| it.parse::<u64>().ok());
    let kills = number("RINGPOST_KILLS").map_or(KILLS, |it| usize::try_from(it).unwrap());
    let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let seed = number("RINGPOST_SEED").unwrap_or(today);
    println!("RINGPOST_SEED={seed}");
    let mut chance = Chance(seed);

    let latency = Duration::from_millis(40);
    let mut gateway = Gateway::builder().modems(4).config(CONFIG).latency(latency).start().await;
    let (mut killed, mut sent, mut twice, mut first) = (0, 0, 0, 0);
    while killed < kills {
        let load = Load::begin(&gateway, first, Chance(chance.next()));
        for _ in 0..ROUND.min(kills - killed) {
            let pause = 20 + chance.next() % 680;
            tokio::time::sleep(Duration::from_millis(pause)).await;
            gateway.kill();
            gateway.start_daemon();
            load.go_on(gateway.url());
            killed += 1;
        }
        let accepted = load.end();
        first += MESSAGES;
        sent += accepted.len();
        twice += judge(&gateway, &accepted);
    }
    println!("{killed} kills, {sent} messages, {twice} segments sent twice and said so");
}

/// Chance that a seed brings back: the top bits of a linear congruential generator.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }
}

/// A client that goes on sending, whatever becomes of its requests.
struct Load {
    url: Arc<Mutex<String>>,
    stop: Arc<AtomicBool>,
    client: thread::JoinHandle<Accepted>,
}

impl Load {
    fn begin(gateway: &Gateway, first: usize, mut chance: Chance) -> Self {
        let url = Arc::new(Mutex::new(gateway.url().to_owned()));
        let stop = Arc::new(AtomicBool::new(false));
        let authorization = format!("Bearer {}", gateway.token);
        let (at, ends) = (url.clone(), stop.clone());
        let client = thread::spawn(move || {
            let agent: ureq::Agent =
                ureq::Agent::config_builder().http_status_as_error(false).build().into();
            let mut accepted = Accepted::new();
            for number in first..first + MESSAGES {
                if ends.load(Ordering::Relaxed) {
                    break;
                }
                let body = message(number, chance.next());
                let url = format!("{}/api/v1/messages", at.lock().unwrap());
                let request = agent.post(&url).header("authorization", &authorization);
                let answer = request.send_json(&body).ok().filter(|answer| answer.status() == 202);
                // An answer that was lost says nothing: the message may exist or not.
                let answer = answer.and_then(|mut it| it.body_mut().read_json::<Value>().ok());
                match answer {
                    Some(answer) => {
                        drop(accepted.insert(answer["id"].as_str().unwrap().into(), body))
                    }
                    None => thread::sleep(Duration::from_millis(5)),
                }
                thread::sleep(Duration::from_millis(8));
            }
            accepted
        });
        Self { url, stop, client }
    }

    fn go_on(&self, url: &str) {
        url.clone_into(&mut self.url.lock().unwrap());
    }

    fn end(self) -> Accepted {
        self.stop.store(true, Ordering::Relaxed);
        self.client.join().unwrap()
    }
}

/// A message to a recipient of its own, of any lane and length.
fn message(number: usize, chance: u64) -> Value {
    let purpose = if chance.is_multiple_of(3) { "mfa_verify" } else { "general" };
    let lane = ["otp", "alert", "bulk"][usize::try_from(chance % 3).unwrap()];
    let length = [20, 150, 300][usize::try_from(chance / 3 % 3).unwrap()];
    json!({
        "to": recipient(number), "channel": "sms", "purpose": purpose, "lane": lane,
        "text": "x".repeat(length), "ttl_seconds": 600
    })
}

/// Each its own: what the network saw is told apart by it.
fn recipient(number: usize) -> String {
    format!("+1{}555{:04}", 201 + number / 9000, 1000 + number % 9000)
}

/// Waits until all have ended, and checks the promises; answers how many segments went out twice.
fn judge(gateway: &Gateway, accepted: &Accepted) -> usize {
    let is_final = |id: &String| !gateway.message(id)["ended_at"].is_null();
    let ended = wait_for(|| accepted.keys().all(is_final).then_some(()));
    assert!(ended.is_some(), "not all have ended\n{}", gateway.log());
    let mut events: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in gateway.get("/api/v1/logs?limit=1000").as_array().unwrap() {
        let transaction = event["transaction"]["id"].as_str().unwrap().to_owned();
        let kind = event["eventType"].as_str().unwrap().to_owned();
        events.entry(transaction).or_default().push(kind);
    }
    let mut seen: BTreeMap<String, Vec<SubmitSeen>> = BTreeMap::new();
    for submit in gateway.sim.network().submits() {
        seen.entry(submit.recipient.clone()).or_default().push(submit);
    }
    let mut twice = 0;
    for (id, body) in accepted {
        let message = gateway.message(id);
        let state = message["state"].as_str().unwrap();
        let kinds = &events[message["transaction_id"].as_str().unwrap()];
        let count = |part: &str| kinds.iter().filter(|kind| kind.contains(part)).count();
        let (sends, statuses, resends) =
            (count("system.sms.send_"), count("receive_status"), count("ringpost.resend"));
        assert_eq!((sends, statuses), (1, 1), "{message:#} {kinds:?}");
        assert!(message.get("text").is_none_or(Value::is_null));
        let submits = seen.remove(body["to"].as_str().unwrap()).unwrap_or_default();
        let mut copies: BTreeMap<u8, usize> = BTreeMap::new();
        for submit in &submits {
            let sequence = submit.concat.as_ref().map_or(1, |concat| concat.sequence);
            *copies.entry(sequence).or_default() += 1;
        }
        let segments = message["segments"].as_array().unwrap();
        let attempts = segments.iter().filter(|segment| segment["sequence"] == 1).count();
        let expected = segments.len() / attempts.max(1);
        if state == "delivered" {
            assert_eq!(copies.len(), expected, "{message:#}");
        }
        assert!(["delivered", "unknown"].contains(&state), "nothing here fails: {message:#}");
        let doubled = copies.values().filter(|count| **count > 1).count();
        assert!(doubled == 0 || resends > 0, "doubled in silence: {message:#} {submits:#?}");
        assert!(copies.values().all(|count| *count <= 1 + resends), "{message:#} {submits:#?}");
        twice += doubled;
    }
    twice
}
