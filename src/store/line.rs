//! The line before the writer thread. A commit costs much the same for one job as for ten, and a card wears out by
//! commits: so what can wait a moment stands aside while the modems are all at work, and goes with what comes next. What
//! it costs is that whoever asks is answered later by as much; on the air nothing could be before that.

use std::{
    collections::VecDeque,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, Thread},
    time::{Duration, Instant},
};

use tokio::sync::{
    mpsc::{self, error::TryRecvError},
    oneshot,
};

use super::{Error, writer::Job};
use crate::domain::Lane;

/// Jobs that may wait for the writer thread. Enough for every request that HTTP lets in at once;
/// beyond it, callers wait instead of memory growing.
const WAITING_JOBS: usize = 1024;

/// What the writer thread is asked to do.
pub(super) enum Request {
    /// Run a job inside the next commit.
    Write(Box<dyn Job>, Haste),
    /// Do something else, behind all jobs that were there before.
    Other(Other),
}

/// What is done between commits.
pub(super) enum Other {
    /// Move what is left in the write-ahead log into the database and cut it, so that no erased text is left; wait so
    /// long for those who read. Tells whether it is clean: a reader may hold the log open.
    Checkpoint(Duration, oneshot::Sender<Result<bool, Error>>),
    /// Close the database, and tell when that is done.
    Close(oneshot::Sender<()>),
}

/// Whether a job may stand aside for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Haste {
    Now,
    /// While no modem is free: whatever frees one is a job that cannot wait, and takes this along.
    CanWait,
}

/// For how long, and for how many, jobs stand aside.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// The longest: below what anybody notices, above what many modems at work take to answer.
    longest: Duration,
    /// Others are waited for if one that could not wait came within this time. A sender with one modem, which
    /// answers once in some hundred milliseconds, is not held up for each of its messages.
    lively: Duration,
    /// So many jobs wait for no others.
    enough: usize,
}

impl Patience {
    pub(super) const USUAL: Self =
        Self { longest: Duration::from_millis(20), lively: Duration::from_millis(50), enough: 8 };
}

/// What both ends know.
#[derive(Debug)]
struct Shared {
    /// Whether what comes could be put on the air at once. Until the outbox says otherwise, it may.
    modem_is_free: AtomicBool,
    /// Requests that nobody has begun with. Both are in one order for all threads: of whoever comes and whoever says that
    /// a modem is free, one sees the other.
    waiting: AtomicUsize,
    /// Whether a modem goes on by itself with what is less urgent than a code.
    goes_on: AtomicBool,
    /// Set before it waits for the first time.
    writer: OnceLock<Thread>,
}

impl Shared {
    fn modem_is_free(&self) -> bool {
        self.modem_is_free.load(Ordering::SeqCst)
    }
}

/// Where the line begins.
#[derive(Clone, Debug)]
pub(super) struct Entrance {
    requests: mpsc::Sender<Request>,
    shared: Arc<Shared>,
}

/// Where it ends: at the writer thread.
pub(super) struct Exit {
    requests: mpsc::Receiver<Request>,
    shared: Arc<Shared>,
    patience: Patience,
    /// Jobs of the next commit, or of the one that is under way.
    jobs: VecDeque<Box<dyn Job>>,
    /// When they are to be committed at the latest.
    commit_at: Option<Instant>,
    /// When one came last that could not wait.
    hurried_at: Option<Instant>,
    /// What comes behind them, and is no job.
    behind: Option<Other>,
}

/// What the writer thread has to do next.
pub(super) enum Due {
    /// To commit the jobs that [`Exit::next_job`] gives.
    Commit,
    /// Something else.
    Other(Other),
}

/// A line, with both its ends.
pub(super) fn line(patience: Patience) -> (Entrance, Exit) {
    let (sender, requests) = mpsc::channel(WAITING_JOBS);
    let shared = Arc::new(Shared {
        modem_is_free: AtomicBool::new(true),
        waiting: AtomicUsize::new(0),
        goes_on: AtomicBool::new(false),
        writer: OnceLock::new(),
    });
    let entrance = Entrance { requests: sender, shared: shared.clone() };
    let exit = Exit {
        requests,
        shared,
        patience,
        jobs: VecDeque::new(),
        commit_at: None,
        hurried_at: None,
        behind: None,
    };
    (entrance, exit)
}

impl Entrance {
    /// Puts a request in the line, as soon as there is a place.
    ///
    /// # Errors
    /// The writer thread has ended.
    pub(super) async fn send(&self, request: Request) -> Result<(), Error> {
        let place = self.requests.reserve().await.map_err(|_| Error::Closed)?;
        self.shared.waiting.fetch_add(1, Ordering::SeqCst);
        place.send(request);
        self.wake();
        Ok(())
    }

    /// Puts a request in the line if there is a place; says whether there was.
    pub(super) fn try_send(&self, request: Request) -> bool {
        let Ok(place) = self.requests.try_reserve() else { return false };
        self.shared.waiting.fetch_add(1, Ordering::SeqCst);
        place.send(request);
        self.wake();
        true
    }

    /// Requests in it.
    pub(super) fn length(&self) -> usize {
        self.shared.waiting.load(Ordering::SeqCst)
    }

    /// Notes whether what comes could be put on the air at once. Then nothing stands aside any more; answers whether
    /// something may have.
    pub(super) fn note_free(&self, is_free: bool) -> bool {
        let was_free = self.shared.modem_is_free.swap(is_free, Ordering::SeqCst);
        let may_wait = is_free && !was_free && self.length() > 0;
        if may_wait {
            self.wake();
        }
        may_wait
    }

    /// Whether it could.
    pub(super) fn modem_is_free(&self) -> bool {
        self.shared.modem_is_free()
    }

    /// Notes whether a modem goes on by itself with what is less urgent than a code.
    pub(super) fn note_going_on(&self, goes_on: bool) {
        self.shared.goes_on.store(goes_on, Ordering::Relaxed);
    }

    /// How much haste a message has: a modem that goes on by itself is stopped in time only by a code that is stored.
    pub(super) fn haste(&self, lane: Lane) -> Haste {
        let goes_on = self.shared.goes_on.load(Ordering::Relaxed);
        if lane == Lane::Otp && goes_on { Haste::Now } else { Haste::CanWait }
    }

    fn wake(&self) {
        if let Some(writer) = self.shared.writer.get() {
            writer.unpark();
        }
    }
}

impl Exit {
    /// Waits until there is something to do; `None` once the last who could ask for anything has gone.
    pub(super) fn wait(&mut self) -> Option<Due> {
        self.shared.writer.get_or_init(thread::current);
        loop {
            if self.jobs.is_empty() {
                if let Some(other) = self.behind.take() {
                    self.shared.waiting.fetch_sub(1, Ordering::SeqCst);
                    return Some(Due::Other(other));
                }
                let request = self.requests.blocking_recv()?;
                self.take_in(request);
            }
            let now = Instant::now();
            let left = self.commit_at.map(|at| at.saturating_duration_since(now));
            let left = left.filter(|_| self.behind.is_none() && !self.shared.modem_is_free());
            let Some(left) = left.filter(|left| !left.is_zero()) else {
                if self.jobs.is_empty() {
                    continue;
                }
                return Some(Due::Commit);
            };
            match self.requests.try_recv() {
                Ok(request) => self.take_in(request),
                Err(TryRecvError::Empty) => thread::park_timeout(left),
                Err(TryRecvError::Disconnected) => return Some(Due::Commit),
            }
        }
    }

    /// The next job for the commit that is under way; `None` where there is no more, or something comes first that
    /// is none.
    pub(super) fn next_job(&mut self) -> Option<Box<dyn Job>> {
        if self.jobs.is_empty()
            && self.behind.is_none()
            && let Ok(request) = self.requests.try_recv()
        {
            self.take_in(request);
        }
        let job = self.jobs.pop_front()?;
        self.shared.waiting.fetch_sub(1, Ordering::SeqCst);
        if self.jobs.is_empty() {
            self.commit_at = None;
        }
        Some(job)
    }

    fn take_in(&mut self, request: Request) {
        let (job, haste) = match request {
            Request::Write(job, haste) => (job, haste),
            Request::Other(other) => {
                self.behind = Some(other);
                return;
            }
        };
        self.jobs.push_back(job);
        let now = Instant::now();
        if haste == Haste::Now {
            self.hurried_at = Some(now);
        }
        let Patience { longest, lively, enough } = self.patience;
        let is_lively = self.hurried_at.is_some_and(|at| now.duration_since(at) < lively);
        if haste == Haste::Now || !is_lively || self.jobs.len() >= enough {
            self.commit_at = Some(now);
        } else {
            self.commit_at.get_or_insert(now + longest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, sync::Mutex};

    use super::*;
    use crate::store::{Store, Tx};

    /// Nothing stands aside for so long but for what is not there.
    const EVER: Patience = Patience {
        longest: Duration::from_secs(3600),
        lively: Duration::from_secs(3600),
        enough: 3,
    };

    struct Desk {
        store: Store,
        done: Arc<Mutex<Vec<&'static str>>>,
        _dir: tempfile::TempDir,
    }

    impl Desk {
        fn with(patience: Patience) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let path: PathBuf = dir.path().join("t.db");
            let store = Store::open_with(&path, patience).unwrap();
            Self { store, done: Arc::default(), _dir: dir }
        }

        /// Something that can wait, when it is done.
        fn put_in(&self, name: &'static str) -> tokio::task::JoinHandle<()> {
            let (store, work) = (self.store.clone(), self.work(name));
            tokio::spawn(async move { store.write_along(work).await.unwrap() })
        }

        fn work(&self, name: &'static str) -> impl FnOnce(&Tx<'_>) -> Result<(), Error> + use<> {
            let done = self.done.clone();
            move |tx: &Tx<'_>| {
                tx.signal_queue();
                done.lock().unwrap().push(name);
                Ok(())
            }
        }

        /// What is done, in order, and in how many commits since `before`.
        fn done_since(&self, before: u64) -> (Vec<&'static str>, u64) {
            (self.done.lock().unwrap().clone(), self.store.vitals().commits - before)
        }
    }

    /// Long enough for a commit that is to come, though on a slow machine it might come later.
    async fn a_while() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    #[tokio::test]
    async fn while_no_modem_is_free_what_can_wait_goes_with_what_cannot_and_before_it() {
        let desk = Desk::with(EVER);
        desk.store.note_free(false);
        desk.store.write(desk.work("first")).await.unwrap();
        let before = desk.store.vitals().commits;
        let waiting = [desk.put_in("report"), desk.put_in("message")];
        a_while().await;
        assert_eq!(desk.done_since(before), (vec!["first"], 0));
        desk.store.write(desk.work("answer")).await.unwrap();
        for it in waiting {
            it.await.unwrap();
        }
        assert_eq!(desk.done_since(before), (vec!["first", "report", "message", "answer"], 1));
    }

    #[tokio::test]
    async fn a_code_stands_aside_for_nobody_while_a_modem_goes_on_with_something_else() {
        let desk = Desk::with(EVER);
        desk.store.note_free(false);
        desk.store.write(desk.work("first")).await.unwrap();
        let put_in = |lane, name| {
            let (store, work) = (desk.store.clone(), desk.work(name));
            tokio::spawn(async move { store.write_work(lane, work).await.unwrap() })
        };
        let code = put_in(Lane::Otp, "waits");
        a_while().await;
        assert!(!code.is_finished(), "nothing that it could stop");
        desk.store.note_going_on(true);
        let alert = put_in(Lane::Alert, "waits too");
        a_while().await;
        assert!(!alert.is_finished());
        put_in(Lane::Otp, "does not wait").await.unwrap();
        code.await.unwrap();
        alert.await.unwrap();
    }

    #[tokio::test]
    async fn a_modem_that_becomes_free_is_waited_for_by_nobody() {
        let desk = Desk::with(EVER);
        desk.store.write(desk.work("first")).await.unwrap();
        desk.put_in("at once").await.unwrap();
        desk.store.note_free(false);
        let waiting = desk.put_in("then");
        a_while().await;
        assert!(!waiting.is_finished());
        desk.store.note_free(true);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn enough_of_them_wait_for_no_others_and_nothing_waits_where_nothing_happens() {
        let desk = Desk::with(EVER);
        desk.store.note_free(false);
        desk.put_in("nothing has happened yet").await.unwrap();
        desk.store.write(desk.work("first")).await.unwrap();
        let before = desk.store.vitals().commits;
        for it in [desk.put_in("a"), desk.put_in("b"), desk.put_in("c")] {
            it.await.unwrap();
        }
        assert_eq!(desk.done_since(before).1, 1);
    }

    #[tokio::test]
    async fn nothing_waits_for_long_nor_for_what_is_done_between_commits() {
        let desk = Desk::with(Patience { longest: Duration::from_millis(20), ..EVER });
        desk.store.note_free(false);
        desk.store.write(desk.work("first")).await.unwrap();
        desk.put_in("alone").await.unwrap();
        let desk = Desk::with(EVER);
        desk.store.note_free(false);
        desk.store.write(desk.work("first")).await.unwrap();
        let waiting = desk.put_in("before it is cleaned");
        tokio::task::yield_now().await;
        assert!(desk.store.checkpoint(1).await.unwrap());
        waiting.await.unwrap();
        let waiting = desk.put_in("before it is closed");
        a_while().await;
        desk.store.clone().close().await;
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn the_outbox_is_woken_at_once_only_where_it_has_a_modem_for_it() {
        let desk = Desk::with(EVER);
        let woken = |desk: &Desk| {
            let store = desk.store.clone();
            async move {
                let soon = Duration::from_millis(100);
                tokio::time::timeout(soon, store.queue_changed()).await.is_ok()
            }
        };
        desk.store.write(|_| Ok(())).await.unwrap();
        let (open, gate) = std::sync::mpsc::channel();
        let slow = desk.store.hand_over(move |_| {
            gate.recv().unwrap();
            Ok(())
        });
        let slow = slow.await.unwrap();
        let work = desk.store.write_work(Lane::Bulk, |_| Ok(()));
        let (woken_at_once, worked) = tokio::join!(
            async {
                let woken = woken(&desk).await;
                open.send(()).unwrap();
                woken
            },
            work
        );
        worked.unwrap();
        slow.await.unwrap().unwrap();
        assert!(woken_at_once);
        desk.store.note_free(false);
        let store = desk.store.clone();
        let work = tokio::spawn(async move {
            store
                .write_work(Lane::Bulk, |tx| {
                    tx.signal_queue();
                    Ok(())
                })
                .await
        });
        assert!(!woken(&desk).await, "it is in the next commit");
        desk.store.write(|_| Ok(())).await.unwrap();
        work.await.unwrap().unwrap();
        assert!(woken(&desk).await, "and is told then");
    }

    #[tokio::test]
    async fn the_outbox_is_woken_for_what_came_before_it_could_say_that_a_modem_is_free() {
        let desk = Desk::with(EVER);
        let woken = async || {
            let soon = Duration::from_millis(100);
            tokio::time::timeout(soon, desk.store.queue_changed()).await.is_ok()
        };
        desk.store.note_free(false);
        desk.store.note_free(true);
        assert!(!woken().await, "there is nothing");
        desk.store.note_free(false);
        // Its own turn is on its way to the disk, and a code comes.
        let (open, gate) = std::sync::mpsc::channel();
        let turn = desk.store.hand_over(move |_| {
            gate.recv().unwrap();
            Ok(())
        });
        let turn = turn.await.unwrap();
        let store = desk.store.clone();
        let code = tokio::spawn(async move { store.write_work(Lane::Otp, |_| Ok(())).await });
        assert!(!woken().await);
        desk.store.note_free(true);
        assert!(woken().await, "in time for the commit of the code");
        open.send(()).unwrap();
        turn.await.unwrap().unwrap();
        code.await.unwrap().unwrap();
        assert_eq!(desk.store.vitals().waiting_jobs, 0);
    }
}
