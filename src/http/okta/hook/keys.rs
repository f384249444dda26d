//! The keys of an issuer of tokens (RFC 7517): from a file, or from an address, where they are cached.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jsonwebtoken::jwk::JwkSet;
use thiserror::Error;
use tokio::{task::spawn_blocking, time::Instant};
use tracing::warn;

/// Fetched anew after so long: a key that its issuer took back counts no longer than that, unless the
/// issuer cannot be asked.
const FRESH: Duration = Duration::from_secs(3600);
/// An issuer that cannot be asked for so long may have taken back anything.
const KEPT: Duration = Duration::from_secs(86_400);
/// Between two fetches, whatever keys are asked for: who makes up names of keys cannot make this box ask for
/// each of them.
const PAUSE: Duration = Duration::from_secs(10);
/// A hook waits for the keys; the issuer answers within a moment, or the next hook tries again.
const PATIENCE: Duration = Duration::from_millis(1500);
/// Keys of an issuer take some hundred bytes each.
const MAX_BODY: u64 = 256 * 1024;

/// Where keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file, read whenever a key is wanted.
    File(PathBuf),
    /// At an address.
    Url(String),
}

/// Why there are no keys.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The file cannot be read.
    #[error("the keys cannot be read: {0}")]
    File(#[from] io::Error),
    /// The file holds something else.
    #[error("the file holds no keys: {0}")]
    Shape(#[from] serde_json::Error),
    /// The address does not answer with keys.
    #[error("the keys cannot be fetched: {0}")]
    Fetch(#[from] Box<ureq::Error>),
    /// They could not be fetched a moment ago.
    #[error("the keys could not be fetched a moment ago")]
    Paused,
}

/// The keys of one issuer.
#[derive(Debug)]
pub(super) struct Keys {
    source: KeySource,
    cache: Arc<Mutex<Cache>>,
    /// Held by the one fetch that is under way.
    fetching: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug, Default)]
struct Cache {
    keys: Option<(Instant, Arc<JwkSet>)>,
    tried: Option<Instant>,
}

impl Keys {
    pub(super) fn new(source: KeySource) -> Self {
        Self { source, cache: Arc::default(), fetching: Arc::default() }
    }

    /// The keys, which are looked at anew where none is called `kid` yet.
    ///
    /// # Cancel safety
    /// A fetch that was begun goes on, and fills the cache for those who come next.
    pub(super) async fn with(&self, kid: Option<&str>) -> Result<Arc<JwkSet>, KeysError> {
        let url = match &self.source {
            KeySource::File(file) => return read(file.clone()).await.map(Arc::new),
            KeySource::Url(url) => url.clone(),
        };
        let holds = |keys: &JwkSet| kid.is_none_or(|kid| keys.find(kid).is_some());
        let fresh = || lock(&self.cache).known_for(FRESH).filter(|keys| holds(keys));
        if let Some(keys) = fresh() {
            return Ok(keys);
        }
        // Whoever comes meanwhile waits for the same fetch.
        let turn = self.fetching.clone().lock_owned().await;
        if let Some(keys) = fresh() {
            return Ok(keys);
        }
        let (now, known) = (Instant::now(), lock(&self.cache).known_for(KEPT));
        if !lock(&self.cache).may_be_tried(now) {
            return known.ok_or(KeysError::Paused);
        }
        let cache = self.cache.clone();
        let fetched = spawn_blocking(move || {
            let _turn = turn;
            let keys = Arc::new(fetch(&url)?);
            lock(&cache).keys = Some((now, keys.clone()));
            Ok(keys)
        });
        let fetched = fetched.await.unwrap_or_else(|cause| Err(io::Error::other(cause).into()));
        match (fetched, known) {
            (Err(cause), Some(known)) => {
                warn!("the keys of Okta's tokens stay as they were: {cause}");
                Ok(known)
            }
            (fetched, _) => fetched,
        }
    }
}

impl Cache {
    /// The keys, if they were fetched within this time.
    fn known_for(&self, time: Duration) -> Option<Arc<JwkSet>> {
        let (at, keys) = self.keys.as_ref()?;
        (at.elapsed() < time).then(|| keys.clone())
    }

    /// Whether they may be fetched now; then that counts as a try.
    fn may_be_tried(&mut self, now: Instant) -> bool {
        let may = self.tried.is_none_or(|at| now.duration_since(at) >= PAUSE);
        if may {
            self.tried = Some(now);
        }
        may
    }
}

fn lock(cache: &Mutex<Cache>) -> MutexGuard<'_, Cache> {
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read(file: PathBuf) -> Result<JwkSet, KeysError> {
    let read = spawn_blocking(move || std::fs::read(file)).await;
    Ok(serde_json::from_slice(&read.map_err(io::Error::other)??)?)
}

fn fetch(url: &str) -> Result<JwkSet, KeysError> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
    let keys = agent
        .get(url)
        .call()
        .and_then(|mut answer| answer.body_mut().with_config().limit(MAX_BODY).read_json());
    Ok(keys.map_err(Box::new)?)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        thread,
    };

    use serde_json::{Value, json};

    use super::{super::token::tests::Issuer, *};

    /// Serves what it is given, an answer for each connection, and then nothing more.
    fn serve(answers: Vec<Option<Value>>) -> (KeySource, Arc<AtomicUsize>) {
        let (_, open) = mpsc::channel();
        serve_slowly(answers, open)
    }

    /// The same, each answer when the gate opens for it; a gate that nobody holds is open.
    fn serve_slowly(
        answers: Vec<Option<Value>>,
        gate: mpsc::Receiver<()>,
    ) -> (KeySource, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let count = Arc::new(AtomicUsize::new(0));
        let served = count.clone();
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 4096]).unwrap();
                let _ = gate.recv();
                let (status, body) = match answer {
                    Some(keys) => ("200 OK", keys.to_string()),
                    None => ("503 Service Unavailable", String::new()),
                };
                served.fetch_add(1, Ordering::SeqCst);
                let length = body.len();
                let head = "Content-Type: application/json\r\nConnection: close";
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {length}\r\n\r\n{body}"
                );
            }
        });
        (KeySource::Url(url), count)
    }

    /// Lets time pass without waiting for it.
    fn later(keys: &Keys, wait: Duration) {
        let mut cache = lock(&keys.cache);
        let back = |at: Instant| at.checked_sub(wait).unwrap();
        cache.tried = cache.tried.map(back);
        cache.keys = cache.keys.take().map(|(at, keys)| (back(at), keys));
    }

    #[tokio::test]
    async fn keys_are_fetched_once_and_anew_for_a_new_one_but_not_for_each_made_up_name() {
        let (one, two) = (Issuer::new("1"), Issuer::new("2"));
        let first = json!({"keys": [one.jwk()]});
        let second = json!({"keys": [one.jwk(), two.jwk()]});
        let (source, fetches) = serve(vec![Some(first), Some(second)]);
        let keys = Keys::new(source);
        for _ in 0..3 {
            assert!(keys.with(Some("1")).await.unwrap().find("1").is_some());
        }
        assert!(keys.with(Some("2")).await.unwrap().find("2").is_none());
        assert_eq!(fetches.load(Ordering::SeqCst), 1, "it was fetched a moment ago");
        later(&keys, PAUSE);
        assert!(keys.with(Some("2")).await.unwrap().find("2").is_some());
        for made_up in ["3", "4", "5"] {
            assert!(keys.with(Some(made_up)).await.unwrap().find(made_up).is_none());
        }
        assert_eq!(fetches.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn keys_that_nobody_waits_for_any_more_are_there_for_the_next_hook() {
        let (open, gate) = mpsc::channel();
        let (source, fetches) =
            serve_slowly(vec![Some(json!({"keys": [Issuer::new("1").jwk()]}))], gate);
        let keys = Keys::new(source);
        let given_up = tokio::time::timeout(Duration::from_millis(50), keys.with(Some("1")));
        assert!(given_up.await.is_err());
        open.send(()).unwrap();
        assert!(keys.with(Some("1")).await.unwrap().find("1").is_some());
        assert_eq!(fetches.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn a_known_key_waits_for_no_fetch_of_another() {
        let answer = || Some(json!({"keys": [Issuer::new("1").jwk()]}));
        let (open, gate) = mpsc::channel();
        let (source, fetches) = serve_slowly(vec![answer(), answer()], gate);
        open.send(()).unwrap();
        let keys = Keys::new(source);
        assert!(keys.with(Some("1")).await.is_ok());
        later(&keys, PAUSE);
        let mut made_up = Box::pin(keys.with(Some("2")));
        assert!(tokio::time::timeout(Duration::from_millis(50), &mut made_up).await.is_err());
        let known = tokio::time::timeout(PATIENCE / 2, keys.with(Some("1"))).await;
        assert!(known.expect("at once").is_ok());
        open.send(()).unwrap();
        assert!(made_up.await.unwrap().find("2").is_none());
        assert_eq!(fetches.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_key_that_was_taken_back_counts_no_longer_than_the_cache() {
        let (one, two) = (Issuer::new("1"), Issuer::new("2"));
        let (source, _) =
            serve(vec![Some(json!({"keys": [one.jwk()]})), Some(json!({"keys": [two.jwk()]}))]);
        let keys = Keys::new(source);
        assert!(keys.with(Some("1")).await.unwrap().find("1").is_some());
        later(&keys, FRESH);
        assert!(keys.with(Some("1")).await.unwrap().find("1").is_none());
    }

    #[tokio::test]
    async fn an_issuer_that_fails_is_asked_again_after_a_pause_and_its_keys_stay_for_a_day() {
        let good = json!({"keys": [Issuer::new("1").jwk()]});
        let (source, fetches) = serve(vec![None, Some(good), None, None]);
        let keys = Keys::new(source);
        assert!(matches!(keys.with(Some("1")).await, Err(KeysError::Fetch(_))));
        assert!(matches!(keys.with(Some("1")).await, Err(KeysError::Paused)));
        later(&keys, PAUSE);
        assert!(keys.with(Some("1")).await.is_ok());
        assert_eq!(fetches.load(Ordering::SeqCst), 2);
        later(&keys, FRESH);
        assert!(keys.with(Some("1")).await.is_ok());
        later(&keys, KEPT);
        assert!(keys.with(Some("1")).await.is_err());
        assert_eq!(fetches.load(Ordering::SeqCst), 4);
    }
}
