//! The life of a modem: open, bring up, serve, and again after it was gone.

use std::{future::Future, sync::Arc, time::Duration};

use ringpost_hal::at::dialogue::{BringUp, NotSent, Reply, Reports, Verdict};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Mutex, mpsc, watch},
    task::JoinSet,
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    ModemConfig, ModemEvent, ModemState, ModemStatus, Problem, SubmitOutcome,
    handle::Request,
    link::{Link, Lost},
    port,
};
use crate::domain::{Detail, SegmentId, Timestamp};

/// First wait before a modem that failed is tried again.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait: what is repaired is back within a quarter of a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// Between two looks for a port that is not there: a person who plugs a modem in waits for it.
const ABSENT_WAIT: Duration = Duration::from_secs(1);

/// After ESC at the start: what an idle modem says to that comes at once, and a modem that is busy is
/// brought into step later.
const FLUSH: Duration = Duration::from_millis(50);
/// A modem that was silent for so long has said what it had to say.
const QUIET: Duration = Duration::from_millis(200);

/// Runs a modem. See [`super::modem`].
#[derive(Debug)]
pub struct Runner {
    worker: Arc<Mutex<Worker>>,
}

/// What a modem's task owns.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) config: ModemConfig,
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) status: watch::Sender<ModemStatus>,
    pub(super) events: mpsc::Sender<ModemEvent>,
    /// The segment whose answer was lost: a late one belongs to it until another body is written.
    pub(super) unanswered: Option<SegmentId>,
    /// Whether it was ready in this life.
    was_up: bool,
}

/// Why a life ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The daemon stops.
    Cancelled,
    /// Something is wrong.
    Trouble(ModemState, Problem),
}

impl From<Lost> for Ended {
    fn from(_: Lost) -> Self {
        Self::Trouble(
            ModemState::Absent,
            Problem {
                detail: Detail::NoModem,
                message: "The modem's port is gone.".into(),
                hint: "Check the plug and the power supply; it is picked up when it comes back."
                    .into(),
            },
        )
    }
}

impl Runner {
    pub(super) fn new(worker: Worker) -> Self {
        Self { worker: Arc::new(Mutex::new(worker)) }
    }

    /// Runs until `cancel`, which is looked at between exchanges only. A panic is logged, and the
    /// modem begins anew.
    pub async fn run(self, cancel: CancellationToken) {
        loop {
            let mut task = JoinSet::new();
            let (worker, token) = (self.worker.clone(), cancel.clone());
            task.spawn(async move { worker.lock().await.live(&token).await });
            match task.join_next().await {
                Some(Err(cause)) if cause.is_panic() => {
                    let name = self.worker.lock().await.config.name.clone();
                    error!(modem.name = name, "the task of a modem panicked; it begins anew");
                    sleep(FIRST_WAIT).await;
                }
                _ => return,
            }
        }
    }
}

impl Worker {
    pub(super) fn new(
        config: ModemConfig,
        requests: mpsc::Receiver<Request>,
        status: watch::Sender<ModemStatus>,
        events: mpsc::Sender<ModemEvent>,
    ) -> Self {
        Self { config, requests, status, events, unanswered: None, was_up: false }
    }

    async fn live(&mut self, cancel: &CancellationToken) {
        let mut wait = FIRST_WAIT;
        loop {
            let (state, problem) = match self.one_life(cancel).await {
                Ended::Cancelled => return,
                Ended::Trouble(state, problem) => (state, problem),
            };
            let was_ready = std::mem::take(&mut self.was_up);
            self.tell(state, problem);
            self.turn_away();
            let pause = match (state == ModemState::Absent, was_ready) {
                (true, _) => ABSENT_WAIT,
                (false, true) => FIRST_WAIT,
                (false, false) => wait,
            };
            wait = if was_ready { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
            tokio::select! {
                () = cancel.cancelled() => return,
                () = sleep(pause) => {}
            }
        }
    }

    async fn one_life(&mut self, cancel: &CancellationToken) -> Ended {
        let port = match port::open(&self.config) {
            Ok(port) => port,
            Err(problem) => return Ended::Trouble(ModemState::Absent, problem),
        };
        self.live_on(Link::new(port), cancel).await
    }

    /// One life on an open port.
    pub(super) async fn live_on<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        mut link: Link<P>,
        cancel: &CancellationToken,
    ) -> Ended {
        if let Err(ended) = self.bring_up(&mut link, cancel).await {
            return ended;
        }
        match self.serve(&mut link, cancel).await {
            Ok(()) => Ended::Cancelled,
            Err(ended) => ended,
        }
    }

    async fn bring_up<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        // Frees a modem that waits for the body of a message, and ends a line that was begun.
        link.write(&[ringpost_hal::at::ESCAPE, b'\r']).await?;
        link.settle(FLUSH).await?;
        link.forget_state();
        self.begin();
        let mut up = BringUp::new(self.config.family);
        while let Some(command) = up.command() {
            self.turn_away();
            self.status.send_if_modified(|status| {
                status.step = Some(up.step_name());
                false
            });
            if cancel.is_cancelled() {
                return Err(Ended::Cancelled);
            }
            let late = link.behind;
            let outcome = link.execute(&command).await?;
            if link.forget_state() {
                // It has restarted meanwhile, and forgotten what was set.
                link.settle(QUIET).await?;
                up = BringUp::new(self.config.family);
                continue;
            }
            if late && outcome.result.is_some() {
                // Answers to the calls before this one.
                link.settle(QUIET).await?;
                link.behind = false;
            }
            match up.on(&Reply { lines: &outcome.lines, result: outcome.result }) {
                Verdict::Go => {}
                Verdict::Again(pause) => {
                    unless(cancel, sleep(Duration::from_secs(pause.0.into()))).await?;
                }
                Verdict::Retry(pause, failure) => {
                    // Told, but no word in the journal: it may pass.
                    self.status.send_modify(|status| {
                        status.problem = Some(failure.into());
                        status.facts = up.facts().clone();
                    });
                    unless(cancel, sleep(Duration::from_secs(pause.0.into()))).await?;
                }
                Verdict::Done => break,
                Verdict::Fail(failure) => {
                    self.status.send_modify(|status| status.facts = up.facts().clone());
                    return Err(Ended::Trouble(ModemState::Failed, failure.into()));
                }
            }
        }
        self.ready(&up);
        Ok(())
    }

    /// Tells that a modem that was away is there.
    fn begin(&self) {
        self.status.send_if_modified(|status| {
            let was_away = status.state == ModemState::Absent;
            if was_away {
                status.state = ModemState::Starting;
                status.problem = None;
                status.since = Timestamp::now();
            }
            was_away
        });
    }

    /// Tells that the modem takes messages.
    fn ready(&mut self, up: &BringUp) {
        self.was_up = true;
        let family = up.family();
        let facts = up.facts();
        info!(
            modem.name = self.config.name,
            modem.model = facts.model.as_str(),
            modem.family = family.name,
            "modem ready"
        );
        if facts.reports == Reports::None {
            warn!(modem.name = self.config.name, "this modem does not tell of delivery reports");
        }
        self.status.send_modify(|status| {
            status.state = ModemState::Ready;
            status.step = None;
            status.problem = None;
            status.since = Timestamp::now();
            status.facts = facts.clone();
            status.family = Some(family);
            status.submit_timeout = Duration::from_secs(family.submit.0.into());
        });
    }

    /// Tells what is wrong: in the status always, in the journal once for each change.
    pub(super) fn tell(&self, state: ModemState, problem: Problem) {
        self.status.send_if_modified(|status| {
            if status.state == state && status.problem.as_ref() == Some(&problem) {
                return false;
            }
            warn!(
                modem.name = self.config.name,
                modem.state = state.as_str(),
                modem.step = status.step,
                reason = problem.detail.as_str(),
                "{} {}",
                problem.message,
                problem.hint,
            );
            if status.state != state {
                status.since = Timestamp::now();
            }
            status.state = state;
            status.problem = Some(problem);
            true
        });
    }

    /// Answers requests that came while the modem was ready: nothing of them was begun.
    pub(super) fn turn_away(&mut self) {
        while let Ok(request) = self.requests.try_recv() {
            let _ = request.reply.send(SubmitOutcome::NotSent(NotSent::NotReady));
        }
    }
}

/// Waits for `future`, unless the daemon stops.
async fn unless(cancel: &CancellationToken, future: impl Future<Output = ()>) -> Result<(), Ended> {
    tokio::select! {
        () = cancel.cancelled() => Err(Ended::Cancelled),
        () = future => Ok(()),
    }
}
