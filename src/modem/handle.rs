//! The handle that the rest of the daemon holds, and what passes through it.

use std::{path::PathBuf, time::Duration};

use ringpost_hal::{at::dialogue::NotSent, family::Family};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};
use zeroize::Zeroizing;

use super::{ModemState, ModemStatus, Runner, SubmitOutcome, runner::Worker};
use crate::domain::SegmentId;

/// Requests that may wait for a modem. The outbox hands over one at a time; the rest is room for
/// actions by hand.
const WAITING_REQUESTS: usize = 8;

/// A request that waited longer than this in front of a modem is not begun: whoever asked may have
/// decided otherwise since.
pub(super) const STALE: Duration = Duration::from_secs(5);

/// What a site says of a modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModemConfig {
    /// Its name.
    pub name: String,
    /// The serial port of its AT commands.
    pub port: PathBuf,
    /// Speed of the port.
    pub baud: u32,
    /// Its family, where the site knows better than the modem says.
    pub family: Option<&'static Family>,
    /// Name of the board that carries it.
    pub board: Option<String>,
}

/// One message segment to submit.
#[derive(Clone)]
pub struct Submit {
    /// Which segment it is.
    pub segment: SegmentId,
    /// The TPDU; the service centre is the one that the SIM names.
    pub tpdu: Zeroizing<Vec<u8>>,
    /// Whether enough follow it at once to be worth holding the link to the network.
    pub more: bool,
}

impl std::fmt::Debug for Submit {
    /// Without the octets: they hold a text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Submit({}, {} octets)", self.segment, self.tpdu.len())
    }
}

/// A submit on its way to the runner.
pub(super) struct Request {
    pub(super) submit: Submit,
    pub(super) asked_at: Instant,
    pub(super) reply: oneshot::Sender<SubmitOutcome>,
}

/// What a modem tells by itself.
#[derive(Debug)]
pub enum ModemEvent {
    /// The answer to a submit that was unanswered until now.
    LateAnswer {
        /// The modem's name.
        modem: String,
        /// The segment.
        segment: SegmentId,
        /// The answer.
        outcome: SubmitOutcome,
    },
    /// A TPDU from the network.
    Received {
        /// The modem's name.
        modem: String,
        /// The SIM.
        sim: String,
        /// Where the modem stores it, if it does; the same one may be told again from there.
        slot: Option<String>,
        /// The TPDU, or what the modem wrote in its place.
        tpdu: Vec<u8>,
        /// To be told once it is on disk here: only then it is deleted in the modem.
        kept: oneshot::Sender<()>,
    },
}

/// A modem, as the rest of the daemon holds it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ModemHandle {
    config: ModemConfig,
    requests: mpsc::Sender<Request>,
    status: watch::Receiver<ModemStatus>,
}

/// A modem that is not run yet: its handle, and what has to be run for it to live.
pub fn modem(config: ModemConfig, events: mpsc::Sender<ModemEvent>) -> (ModemHandle, Runner) {
    let (handle, worker) = apart(config, events);
    (handle, Runner::new(worker))
}

/// A handle, and the worker behind it.
pub(super) fn apart(
    config: ModemConfig,
    events: mpsc::Sender<ModemEvent>,
) -> (ModemHandle, Worker) {
    let (requests, receiver) = mpsc::channel(WAITING_REQUESTS);
    let (sender, status) = watch::channel(ModemStatus::new());
    let worker = Worker::new(config.clone(), receiver, sender, events);
    (ModemHandle { config, requests, status }, worker)
}

impl ModemHandle {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    /// What the site says of it.
    pub fn config(&self) -> &ModemConfig {
        &self.config
    }

    /// How it is, now and whenever that changes.
    pub fn status(&self) -> watch::Receiver<ModemStatus> {
        self.status.clone()
    }

    /// Submits one segment, and waits for how it ended.
    ///
    /// # Cancel safety
    /// Whether or not anybody waits, an exchange that was begun is brought to its end.
    pub async fn submit(&self, submit: Submit) -> SubmitOutcome {
        let not_ready = SubmitOutcome::NotSent(NotSent::NotReady);
        if self.status.borrow().state != ModemState::Ready {
            return not_ready;
        }
        let (reply, outcome) = oneshot::channel();
        let request = Request { submit, asked_at: Instant::now(), reply };
        if self.requests.send(request).await.is_err() {
            return not_ready;
        }
        // A runner that dropped the reply has died in the middle of it: nobody knows how far it came.
        outcome.await.unwrap_or(SubmitOutcome::Unanswered)
    }
}
