//! The handle that the rest of the daemon holds, and what passes through it.

use std::{fmt, future::Future, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use ringpost_hal::{
    at::dialogue::NotSent,
    family::{Family, SoundWay},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::{
    Hotplug, ModemState, ModemStatus, Runner, SubmitOutcome,
    call::{CallHandle, CallLine, Dial},
    port::Ports,
    runner::Worker,
};
use crate::domain::{Detail, E164, Locator, ModemIncident, SegmentId};

/// Requests that may wait for a modem. The outbox hands over one at a time; the rest is room for
/// actions by hand.
const WAITING_REQUESTS: usize = 8;

/// Calls that may wait for a modem: it places one at a time.
const WAITING_CALLS: usize = 1;

/// What people may ask of a modem at once: more than one thing is a mistake.
const WAITING_ACTIONS: usize = 4;

/// A request that waited longer than this in front of a modem is not begun: whoever asked may have
/// decided otherwise since.
pub(super) const STALE: Duration = Duration::from_secs(5);

/// What switches a modem's power: what it is wired to knows how. One on USB that has nothing of the kind is
/// taken off its bus and put back.
pub trait Power: fmt::Debug + Send + Sync {
    /// Switches it off and on again; answers when that is done, or why it could not be.
    fn cycle(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>>;
}

/// What a person may ask of a modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Try again at once, whatever was wrong.
    Retry,
    /// Restart, by the strongest means short of its power that there is.
    Reset,
}

/// What a site says of a modem.
#[derive(Debug, Clone)]
pub struct ModemConfig {
    /// Its name.
    pub name: String,
    /// By what the serial port of its AT commands is found.
    pub locator: Locator,
    /// Speed of the port.
    pub baud: u32,
    /// Its family, where the site knows better than the modem says.
    pub family: Option<&'static Family>,
    /// Name of the board that carries it.
    pub board: Option<String>,
    /// The file that holds the PIN of its SIM.
    pub pin_file: Option<PathBuf>,
    /// Whether it may be used in the network of somebody else.
    pub roaming: bool,
    /// The service centre, for a SIM that names none.
    pub service_centre: Option<E164>,
    /// What switches its power, where something does.
    pub power: Option<Arc<dyn Power>>,
    /// How it is heard in calls.
    pub sound: SoundConfig,
}

impl ModemConfig {
    /// A modem of which a site says nothing more: it may roam, and is heard as it can be.
    pub fn new(name: impl Into<String>, locator: Locator, baud: u32) -> Self {
        Self {
            name: name.into(),
            locator,
            baud,
            family: None,
            board: None,
            pin_file: None,
            roaming: true,
            service_centre: None,
            power: None,
            sound: SoundConfig::default(),
        }
    }
}

/// What a site says of how a modem is heard in calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SoundConfig {
    /// The way that it takes; the best that there is if unset.
    pub way: SoundWay,
    /// The port of its samples, where it is not found by itself.
    pub audio_port: Option<PathBuf>,
    /// Its sound card, as ALSA calls it, where it is not found by itself.
    pub alsa_device: Option<String>,
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
    /// What most likely follows it.
    pub follower: Option<Follower>,
}

/// A segment that a modem may hear of before anybody asks for it: as soon as it has answered to the one before.
#[derive(Debug, Clone)]
pub struct Follower {
    /// How long its TPDU is.
    pub octets: u8,
    /// Something else will be asked for, or nothing.
    pub unwanted: CancellationToken,
}

impl fmt::Debug for Submit {
    /// Without the octets: they hold a text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Submit({}, {} octets)", self.segment, self.tpdu.len())
    }
}

/// A submit on its way to the runner.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) submit: Submit,
    pub(super) asked_at: Instant,
    /// Whether its body may leave; gone where it never may.
    pub(super) leave: oneshot::Receiver<()>,
    pub(super) reply: oneshot::Sender<SubmitOutcome>,
}

impl Request {
    /// Whether there never will be leave to send it.
    pub(super) fn is_withdrawn(&self) -> bool {
        // Leave is given before anybody can stop waiting for the outcome.
        self.reply.is_closed() && self.leave.is_empty()
    }

    /// Answers that nothing was submitted.
    pub(super) fn refuse(self, why: NotSent) {
        let _ = self.reply.send(SubmitOutcome::NotSent(why));
    }
}

/// A submit that its modem prepares up to the prompt. Dropped, it is withdrawn: nothing leaves, and the modem is free again.
#[derive(Debug)]
#[must_use = "it is withdrawn where it is dropped"]
pub struct Prepared {
    modem: ModemHandle,
    submit: Submit,
    leave: oneshot::Sender<()>,
    outcome: oneshot::Receiver<SubmitOutcome>,
}

impl Prepared {
    /// Lets the body leave, and waits for how that ended.
    ///
    /// # Cancel safety
    /// Whether or not anybody waits, an exchange that may go on is brought to its end.
    pub async fn send(mut self) -> SubmitOutcome {
        loop {
            let Self { modem, submit, leave, outcome } = self;
            // Who does not listen any more has answered.
            let _ = leave.send(());
            // A runner that dropped the reply has died in the middle of it: nobody knows how far it came.
            let outcome = outcome.await.unwrap_or(SubmitOutcome::Unanswered);
            if outcome != SubmitOutcome::NotSent(NotSent::Withdrawn) {
                return outcome;
            }
            // The modem had waited for leave for too long, or was not ready for what it was told of: now it is.
            self = modem.prepare(submit);
        }
    }
}

/// A call on its way to the runner.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) dial: Dial,
    pub(super) line: CallLine,
    pub(super) asked_at: Instant,
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
    /// Something happened to the modem itself.
    Happened {
        /// The modem's name.
        modem: String,
        /// What.
        incident: ModemIncident,
        /// What is wrong with it at that moment.
        detail: Option<Detail>,
    },
    /// A PIN is about to be entered, with so many entries left.
    PinWanted {
        /// The SIM.
        sim: String,
        /// How often a PIN may be entered yet.
        retries: u8,
        /// To be told once it is on disk that it is entered: whether it may be.
        permit: oneshot::Sender<bool>,
    },
    /// It is known whether a SIM's PIN was right, or needs none.
    PinKnown {
        /// The SIM.
        sim: String,
        /// Whether it was.
        right: bool,
    },
}

/// What is asked of a runner, in its queues.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) calls: mpsc::Receiver<Placed>,
    pub(super) actions: mpsc::Receiver<Action>,
}

/// A modem, as the rest of the daemon holds it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ModemHandle {
    config: Arc<ModemConfig>,
    requests: mpsc::Sender<Request>,
    calls: mpsc::Sender<Placed>,
    actions: mpsc::Sender<Action>,
    status: watch::Receiver<ModemStatus>,
}

/// A modem that is not run yet: its handle, and what has to be run for it to live.
pub fn modem(
    config: ModemConfig,
    ports: &Hotplug,
    events: mpsc::Sender<ModemEvent>,
) -> (ModemHandle, Runner) {
    let (handle, worker) = apart(config, Arc::new(ports.clone()), events);
    (handle, Runner::new(worker))
}

/// A handle, and the worker behind it.
pub(super) fn apart(
    config: ModemConfig,
    ports: Arc<dyn Ports>,
    events: mpsc::Sender<ModemEvent>,
) -> (ModemHandle, Worker) {
    let (requests, receiver) = mpsc::channel(WAITING_REQUESTS);
    let (calls, placed) = mpsc::channel(WAITING_CALLS);
    let (actions, wanted) = mpsc::channel(WAITING_ACTIONS);
    let (sender, status) = watch::channel(ModemStatus::new());
    let asked = Asked { requests: receiver, calls: placed, actions: wanted };
    let worker = Worker::new(config.clone(), ports, asked, sender, events);
    (ModemHandle { config: Arc::new(config), requests, calls, actions, status }, worker)
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

    /// Has something done to it, as soon as no exchange is under way. Says whether it was taken: not
    /// while others wait.
    pub fn act(&self, action: Action) -> bool {
        self.actions.try_send(action).is_ok()
    }

    /// Has the modem prepare one segment, up to its prompt: it hears how long it is, and no more before
    /// [`Prepared::send`].
    pub fn prepare(&self, submit: Submit) -> Prepared {
        let (leave, permitted) = oneshot::channel();
        let (reply, outcome) = oneshot::channel();
        let asked_at = Instant::now();
        let request = Request { submit: submit.clone(), asked_at, leave: permitted, reply };
        let ready = self.status.borrow().state == ModemState::Ready;
        let refused = if ready {
            self.requests.try_send(request).err().map(|cause| cause.into_inner())
        } else {
            Some(request)
        };
        if let Some(request) = refused {
            request.refuse(NotSent::NotReady);
        }
        Prepared { modem: self.clone(), submit, leave, outcome }
    }

    /// Places a call, of which what is answered tells. One call at a time: a call that cannot be placed now
    /// ends at once, as one that was not dialled. What is submitted meanwhile waits for its end.
    pub fn call(&self, dial: Dial) -> CallHandle {
        let (handle, line) = CallHandle::pair();
        let status = self.status.borrow();
        if status.state != ModemState::Ready || status.facts.voice.is_none() {
            line.refuse();
            return handle;
        }
        drop(status);
        let placed = Placed { dial, line, asked_at: Instant::now() };
        if let Err(
            mpsc::error::TrySendError::Full(placed) | mpsc::error::TrySendError::Closed(placed),
        ) = self.calls.try_send(placed)
        {
            placed.line.refuse();
        }
        handle
    }
}

/// A modem that is ready, whose requests a test answers.
#[cfg(test)]
#[derive(Debug)]
pub(crate) struct StandIn {
    requests: mpsc::Receiver<Request>,
    _status: watch::Sender<ModemStatus>,
}

#[cfg(test)]
impl StandIn {
    pub(crate) fn ready(name: &str) -> (ModemHandle, Self) {
        let config = ModemConfig::new(name, Locator::Port("/dev/none".into()), 115_200);
        let (requests, receiver) = mpsc::channel(WAITING_REQUESTS);
        let (status, told) =
            watch::channel(ModemStatus { state: ModemState::Ready, ..ModemStatus::new() });
        let (calls, actions) = (mpsc::channel(1).0, mpsc::channel(1).0);
        let config = Arc::new(config);
        let handle = ModemHandle { config, requests, calls, actions, status: told };
        (handle, Self { requests: receiver, _status: status })
    }

    /// The next segment that it shall prepare.
    pub(crate) async fn is_asked(&mut self) -> Asking {
        let asked = tokio::time::timeout(STALE, self.requests.recv());
        Asking(asked.await.expect("in time").expect("a request"))
    }

    /// Whether it has been asked for nothing.
    pub(crate) fn is_left_alone(&mut self) -> bool {
        self.requests.try_recv().is_err()
    }
}

/// A segment that a [`StandIn`] has prepared.
#[cfg(test)]
pub(crate) struct Asking(Request);

#[cfg(test)]
impl Asking {
    pub(crate) fn octets(&self) -> usize {
        self.0.submit.tpdu.len()
    }

    pub(crate) const fn follower(&self) -> Option<&Follower> {
        self.0.submit.follower.as_ref()
    }

    /// Whether its body may leave by now; never where it is withdrawn.
    pub(crate) fn may_leave(&mut self) -> Option<bool> {
        match self.0.leave.try_recv() {
            Ok(()) => Some(true),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(false),
        }
    }

    /// Whether its body may leave in the end.
    pub(crate) async fn leaves(self) -> bool {
        self.0.leave.await.is_ok()
    }
}
