//! The life of a modem: open, bring up, serve, and back after it was gone.

use std::{
    collections::VecDeque,
    future::{Future, pending},
    sync::Arc,
    time::Duration,
};

use ringpost_hal::{
    at::{
        Command, International, Line, Pin, Urc,
        dialogue::{
            BringUp, Failure, FailureKind, KnownSim, NotSent, PinState, Reports, Verdict, Wishes,
        },
    },
    family::{self, GENERIC, Sink, Sinks},
    supervision::{Ladder, Means, Rung},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{Mutex, mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    Action, ModemConfig, ModemEvent, ModemState, ModemStatus, Problem, SoundWay,
    handle::{Asked, Placed, Request},
    hotplug::{Place, UsbPlace},
    ledger::Claim,
    link::{Link, Lost, Unsolicited},
    pin,
    port::{Opened, Port, Ports},
    status::Counts,
    unanswered::Unanswered,
};
use crate::domain::{Detail, ModemIncident, SegmentId, Timestamp};

/// First wait before a modem that failed is tried again.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// Longest wait: what is repaired is back within a quarter of a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// Between two looks for a port that is not there: a person who plugs a modem in waits for it. A look reads some
/// small files of sysfs, less than a millisecond's work; events of the kernel do not reach every container.
const ABSENT_WAIT: Duration = Duration::from_secs(1);
/// Times in a row that a port is looked for before its power is switched, where that can be done: a
/// stick that fell off its bus comes back by nothing else, and one that restarts is back by then.
const ABSENT_LOOKS: u32 = 60;
/// Doublings of that, one for each time that it was in vain: a switch may have other modems behind it too, and
/// one that somebody has taken away does not come back by it.
const ABSENT_DOUBLINGS: u32 = 6;

/// After ESC at the start: what an idle modem says to that comes at once, and a modem that is busy is
/// brought into step later.
const FLUSH: Duration = Duration::from_millis(50);
/// A modem that was silent for so long has said what it had to say.
const QUIET: Duration = Duration::from_millis(200);
/// A modem that restarts within this time of being ready, or before it is, has not worked in between: by then it has
/// registered and sent, which take the most power.
const WORKED: Duration = Duration::from_secs(60);
/// A modem that worked for so long has got over its last failure: the next one is another.
const STEADY: Duration = Duration::from_secs(300);
/// How long to wait for the word that a PIN may be entered: as long as a busy disk takes.
const PERMIT: Duration = Duration::from_secs(30);

/// Why a rest was interrupted.
enum Rested {
    /// It is over; the daemon may stop.
    Over { goes_on: bool },
    /// The modem has told something, or its port is gone.
    Told(Result<(), Lost>),
}

/// A port that is open.
pub(super) type OpenLink = Link<Box<dyn Port>>;

/// Runs a modem. See [`super::modem`].
#[derive(Debug)]
pub struct Runner {
    pub(super) worker: Worker,
}

/// What a modem's task owns.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) config: ModemConfig,
    pub(super) requests: mpsc::Receiver<Request>,
    /// The first of them, which was taken out while the modem was not free.
    pub(super) postponed: Option<Request>,
    pub(super) calls: mpsc::Receiver<Placed>,
    pub(super) actions: mpsc::Receiver<Action>,
    pub(super) status: watch::Sender<ModemStatus>,
    pub(super) events: mpsc::Sender<ModemEvent>,
    pub(super) ports: Arc<dyn Ports>,
    /// What keeps the port that is open for this modem alone.
    claim: Option<Claim>,
    /// The submit whose answer was lost: a late reference belongs to it until another body is written, a late refusal
    /// until something else is asked that may be refused.
    pub(super) unanswered: Option<Unanswered>,
    /// The SIM that was in it when it was ready last.
    known_sim: Option<KnownSim>,
    /// Whether somebody may have changed its SIM since it named that: it was away, or without one.
    pub(super) sim_doubted: bool,
    /// What was told in lives that ended while that was so.
    pub(super) held: VecDeque<Line>,
    /// Times in a row that it hung while it read what is stored.
    pub(super) hangs: u8,
    /// Where on the ladder it stands.
    pub(super) ladder: Ladder,
    /// What is to be done to it before it is brought up.
    due: Option<Rung>,
    /// Since when it is ready, in this life.
    pub(super) ready_since: Option<Instant>,
    absence: Absence,
}

/// For how long a modem's port has not been there.
#[derive(Debug, Default)]
struct Absence {
    /// Times in a row that it was looked for, since something was done about it.
    looks: u32,
    /// Times that something was done about it.
    resets: u32,
}

impl Absence {
    const fn lasts(&self) -> bool {
        self.looks > 0 || self.resets > 0
    }

    /// One more look in vain; whether it is time to do something about it.
    fn grow(&mut self) -> bool {
        self.looks = self.looks.saturating_add(1);
        self.looks >= ABSENT_LOOKS << self.resets.min(ABSENT_DOUBLINGS)
    }

    fn reset(&mut self) {
        *self = Self { looks: 0, resets: self.resets.saturating_add(1) };
    }
}

/// Why a life ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// The daemon stops.
    Cancelled,
    /// Something is wrong.
    Trouble(ModemState, Problem),
    /// It has restarted by itself.
    Restarted,
    /// A person wants something.
    Asked(Action),
}

impl Ended {
    /// Whether a person may have changed the SIM before the next life begins.
    fn allows_another_sim(&self) -> bool {
        match self {
            Self::Trouble(ModemState::Absent, _) => true,
            Self::Trouble(_, problem) => problem.detail == Detail::SimMissing,
            Self::Cancelled | Self::Restarted | Self::Asked(_) => false,
        }
    }
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

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        let state = match failure.kind {
            FailureKind::NotRegistered => ModemState::NotRegistered,
            FailureKind::Fault
            | FailureKind::SimMissing
            | FailureKind::SimLocked
            | FailureKind::NotSubscribed => ModemState::Failed,
        };
        Self::Trouble(state, failure.into())
    }
}

impl Runner {
    pub(super) const fn new(worker: Worker) -> Self {
        Self { worker }
    }

    /// The modem's name.
    pub fn name(&self) -> &str {
        &self.worker.config.name
    }

    /// Tells it of the segment that the modem was given so long ago, by a daemon that ended before it heard the answer: the
    /// modem may still bring it, and the next segment's it is not.
    pub fn expect_answer(&mut self, segment: SegmentId, age: Duration) {
        // Which family it is may be known only when it is up.
        let slowest = family::ALL.iter().map(|family| family.submit.0).max();
        let seconds = self.worker.config.family.map(|family| family.submit.0).or(slowest);
        let patience = Duration::from_secs(seconds.unwrap_or_default().into());
        let unanswered = Unanswered::of_an_earlier_daemon(segment, age, patience);
        self.worker.unanswered = Some(unanswered);
    }

    /// Runs until `cancel`, which is looked at between exchanges only. A panic is logged, and the
    /// modem begins anew.
    pub async fn run(self, cancel: CancellationToken) {
        let shared = Arc::new(Mutex::new(self.worker));
        loop {
            let mut task = JoinSet::new();
            let (worker, token) = (shared.clone(), cancel.clone());
            task.spawn(async move { worker.lock().await.live(&token).await });
            match task.join_next().await {
                Some(Err(cause)) if cause.is_panic() => {
                    let mut worker = shared.lock().await;
                    let name = worker.config.name.clone();
                    error!(modem.name = name, "the task of a modem panicked; it begins anew");
                    worker.panicked().await;
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
        ports: Arc<dyn Ports>,
        asked: Asked,
        status: watch::Sender<ModemStatus>,
        events: mpsc::Sender<ModemEvent>,
    ) -> Self {
        let Asked { requests, calls, actions } = asked;
        Self {
            config,
            requests,
            postponed: None,
            calls,
            actions,
            status,
            events,
            ports,
            claim: None,
            unanswered: None,
            known_sim: None,
            sim_doubted: true,
            held: VecDeque::new(),
            hangs: 0,
            ladder: Ladder::default(),
            due: None,
            ready_since: None,
            absence: Absence::default(),
        }
    }

    async fn live(&mut self, cancel: &CancellationToken) {
        self.live_again_and_again(cancel).await;
        // Kept nowhere else: that of the SIM that was known last, most likely.
        self.hand_over_held().await;
    }

    async fn live_again_and_again(&mut self, cancel: &CancellationToken) {
        let mut wait = FIRST_WAIT;
        loop {
            let (ended, mut link) = self.one_life(cancel).await;
            let worked = self.ready_since.is_some_and(|since| since.elapsed() >= WORKED);
            let was_ready = self.settle_down();
            self.sim_doubted |= ended.allows_another_sim();
            let pause = match ended {
                Ended::Cancelled => return,
                Ended::Restarted => {
                    self.restarted().await;
                    match self.ladder.restarted(!worked, self.means()) {
                        Some(rung) => self.climb_to(rung, FIRST_WAIT).await,
                        None => FIRST_WAIT,
                    }
                }
                Ended::Asked(action) => {
                    self.asked(action).await;
                    Duration::ZERO
                }
                Ended::Trouble(ModemState::Absent, problem) => {
                    let missing = problem.detail == Detail::NoModem;
                    self.tell(ModemState::Absent, problem);
                    if missing {
                        self.miss_port().await;
                    }
                    ABSENT_WAIT
                }
                Ended::Trouble(state, problem) => {
                    let kind = problem.kind();
                    self.tell(state, problem);
                    let pause = if was_ready { FIRST_WAIT } else { wait };
                    wait = if was_ready { FIRST_WAIT } else { (wait * 2).min(LONGEST_WAIT) };
                    self.next_rung(kind, pause).await
                }
            };
            self.turn_away();
            if matches!(self.status.borrow().state, ModemState::Absent | ModemState::Quarantined) {
                // Others may look what is there.
                link = None;
                self.claim = None;
            }
            let goes_on = self.rest(Instant::now() + pause, link, cancel).await;
            self.claim = None;
            if !goes_on {
                return;
            }
        }
    }

    /// A life is over: says whether it was ready in it.
    fn settle_down(&mut self) -> bool {
        self.look_back();
        self.ready_since.take().is_some()
    }

    /// Whether the last failure is so long ago that the next has nothing to do with it.
    pub(super) fn look_back(&mut self) {
        if self.ready_since.is_some_and(|since| since.elapsed() >= STEADY) {
            self.ladder.steady();
            // What it is met with from now on counts.
            self.ready_since = Some(Instant::now());
        }
    }

    /// Chooses what to do about a failure; answers how long to wait before.
    async fn next_rung(&mut self, kind: FailureKind, pause: Duration) -> Duration {
        self.ladder.skip_drain();
        let Some(rung) = self.ladder.climb(kind, self.means()) else { return pause };
        if kind != FailureKind::Fault && rung == Rung::Reopen {
            // It works, and is only asked again.
            return pause;
        }
        self.climb_to(rung, pause).await
    }

    /// Has a rung done; answers how long to wait before the modem is brought up.
    async fn climb_to(&mut self, rung: Rung, pause: Duration) -> Duration {
        self.note(rung).await;
        match rung {
            Rung::Quarantine => {
                let length = Duration::from_secs(self.ladder.quarantine().0.into());
                self.status.send_modify(|status| {
                    status.state = ModemState::Quarantined;
                    status.since = Timestamp::now();
                });
                length
            }
            Rung::SoftReset | Rung::HardReset => {
                self.due = Some(rung);
                pause
            }
            Rung::Drain | Rung::Reopen => pause,
        }
    }

    fn means(&self) -> Means {
        let family = self.config.family.or(self.status.borrow().family).unwrap_or(&GENERIC);
        let hard_reset = self.config.power.is_some() || self.on_usb().is_some();
        Means { soft_reset: family.restart.is_some(), hard_reset }
    }

    /// Where it is on USB, or was; while its port is not found, where it may be and does not answer.
    fn on_usb(&self) -> Option<UsbPlace> {
        let mut silent = match self.absence.lasts() {
            true => self.ports.silent(&self.config),
            false => Vec::new(),
        };
        if silent.is_empty() {
            return self.status.borrow().place.as_ref().and_then(|place| place.usb.clone());
        }
        // One after the other, where nobody knows which it is.
        let turn = usize::try_from(self.absence.resets).unwrap_or_default() % silent.len();
        Some(silent.swap_remove(turn))
    }

    /// Counts a rung, and writes it down.
    pub(super) async fn note(&self, rung: Rung) {
        warn!(modem.name = self.config.name, rung = rung.as_str(), "bringing a modem back");
        self.count(|counts| {
            if let Some(count) = counts.rungs.get_mut(rung.index()) {
                *count += 1;
            }
        });
        self.report(match rung {
            Rung::Drain => ModemIncident::Drain,
            Rung::Reopen => ModemIncident::Reopen,
            Rung::SoftReset => ModemIncident::SoftReset,
            Rung::HardReset => ModemIncident::HardReset,
            Rung::Quarantine => ModemIncident::Quarantine,
        })
        .await;
    }

    /// Counts something; nobody has to be woken for it.
    pub(super) fn count(&self, count: impl FnOnce(&mut Counts)) {
        self.status.send_if_modified(|status| {
            count(&mut status.counts);
            false
        });
    }

    /// Tells what happened to the modem, for the log.
    pub(super) async fn report(&self, incident: ModemIncident) {
        let detail = self.status.borrow().problem.as_ref().map(|problem| problem.detail);
        let modem = self.config.name.clone();
        // The receiver ends after this task.
        let _ = self.events.send(ModemEvent::Happened { modem, incident, detail }).await;
    }

    async fn restarted(&mut self) {
        self.begins_anew();
        self.count(|counts| counts.restarts += 1);
        self.tell(
            ModemState::Failed,
            Problem {
                detail: Detail::ModemFault,
                message: "The modem has restarted by itself, or lost its settings.".into(),
                hint: "If it happens again, look at its power supply (sending takes up to 2 A), and for another program that uses it."
                    .into(),
            },
        );
        self.report(ModemIncident::Restarted).await;
    }

    async fn panicked(&mut self) {
        self.claim = None;
        self.settle_down();
        self.count(|counts| counts.panics += 1);
        self.tell(
            ModemState::Failed,
            Problem {
                detail: Detail::Bug,
                message: "The part of Ringpost that drives this modem has failed.".into(),
                hint: "It begins anew by itself; please report what the journal says of it.".into(),
            },
        );
        self.turn_away();
        self.report(ModemIncident::Panicked).await;
    }

    /// Does what a person wants.
    async fn asked(&mut self, action: Action) {
        self.ladder.steady();
        match action {
            Action::Retry => {}
            Action::Reset => {
                let means = self.means();
                // No command reaches one that is not found.
                let soft_reset = means.soft_reset && !(self.absence.lasts() && means.hard_reset);
                let rung = match (soft_reset, means.hard_reset) {
                    (true, _) => Rung::SoftReset,
                    (false, true) => Rung::HardReset,
                    (false, false) => Rung::Reopen,
                };
                self.note(rung).await;
                self.due = Some(rung);
                // Until it is back, its work goes to others.
                self.status.send_modify(|status| {
                    status.state = ModemState::Starting;
                    status.since = Timestamp::now();
                });
            }
        }
    }

    /// The port is not there once more.
    async fn miss_port(&mut self) {
        let can_be_reset =
            || self.config.power.is_some() || !self.ports.silent(&self.config).is_empty();
        if self.absence.grow() && can_be_reset() {
            self.note(Rung::HardReset).await;
            self.due = Some(Rung::HardReset);
        }
    }

    /// Waits, unless something makes waiting needless; answers `false` when the daemon stops. A port that is there stays
    /// open meanwhile: what a modem tells of reports is told once, and it may do that as soon as it has a network again.
    pub(super) async fn rest(
        &mut self,
        until: Instant,
        mut link: Option<OpenLink>,
        cancel: &CancellationToken,
    ) -> bool {
        loop {
            let rested = self.rest_on(until, link.as_mut(), cancel).await;
            if let Some(link) = &mut link {
                // What has come by now, and no more: a restart behind it is for the next time.
                let _ = link.settle(Duration::ZERO).await;
                let restarted = link.restarted();
                // One that was off may have got another SIM.
                self.sim_doubted |= restarted;
                self.settle_late(link).await;
                if restarted {
                    self.begins_anew();
                }
                self.take_bodies(link).await;
                // It will be asked for what else it has said.
                link.forget();
            }
            match rested {
                Rested::Over { goes_on } => return goes_on,
                Rested::Told(Ok(())) => {}
                Rested::Told(Err(Lost)) => {
                    // Others may be there by now, and it may come back with another SIM.
                    link = None;
                    self.claim = None;
                    self.sim_doubted = true;
                }
            }
        }
    }

    /// Waits as [`Self::rest`] does, or until the modem tells something.
    async fn rest_on(
        &mut self,
        until: Instant,
        link: Option<&mut OpenLink>,
        cancel: &CancellationToken,
    ) -> Rested {
        let here = self.ports.nodes(&self.config);
        let comes_back = async {
            let mut gone = here.is_empty();
            loop {
                sleep(ABSENT_WAIT).await;
                let now = self.ports.nodes(&self.config);
                if !now.is_empty() && (gone || now != here) {
                    return;
                }
                gone |= now.is_empty();
            }
        };
        let tells = async {
            match link {
                Some(link) => link.listen().await,
                None => pending().await,
            }
        };
        let action = tokio::select! {
            () = cancel.cancelled() => return Rested::Over { goes_on: false },
            told = tells => return Rested::Told(told),
            () = sleep_until(until) => None,
            // It was plugged in again: whatever it had, it is asked anew.
            () = comes_back => None,
            action = self.actions.recv() => action,
        };
        if let Some(action) = action {
            self.asked(action).await;
        }
        Rested::Over { goes_on: true }
    }

    /// One life: why it ended, and its port.
    async fn one_life(&mut self, cancel: &CancellationToken) -> (Ended, Option<OpenLink>) {
        let due = self.due.take();
        let mut link = match self.open(due, cancel).await {
            Ok(link) => link,
            Err(ended) => return (ended, None),
        };
        if due == Some(Rung::SoftReset)
            && let Err(ended) = self.restart(&mut link, cancel).await
        {
            self.take_last(&mut link).await;
            return (ended, Some(link));
        }
        let ended = self.live_on(&mut link, cancel).await;
        (ended, Some(link))
    }

    /// Opens its port, once its power is switched where that is `due`.
    async fn open(
        &mut self,
        due: Option<Rung>,
        cancel: &CancellationToken,
    ) -> Result<OpenLink, Ended> {
        if due == Some(Rung::HardReset) {
            self.switch_power(cancel).await?;
        }
        let opened = tokio::select! {
            () = cancel.cancelled() => return Err(Ended::Cancelled),
            opened = self.ports.open(&self.config) => opened,
        };
        let Opened { port, place, claim } = match opened {
            Ok(opened) => opened,
            Err(problem) => {
                // What goes from its bus has lost its power, or begins anew.
                self.begins_anew();
                // What was to be done to it is done once it is there.
                self.due = due.filter(|rung| *rung == Rung::SoftReset);
                return Err(Ended::Trouble(ModemState::Absent, problem));
            }
        };
        self.absence = Absence::default();
        self.claim = claim;
        self.found(place);
        Ok(Link::new(port))
    }

    /// Tells where its port is.
    pub(super) fn found(&self, place: Option<Place>) {
        self.status.send_if_modified(|status| {
            let moved = status.place.is_some() && status.place != place;
            if let (true, Some(place)) = (moved, &place) {
                let port = place.port.display().to_string();
                info!(modem.name = self.config.name, port, "the modem has another port");
            }
            status.place = place;
            false
        });
    }

    /// Switches its power off and on, or takes it off its USB and puts it back.
    async fn switch_power(&mut self, cancel: &CancellationToken) -> Result<(), Ended> {
        let usb = self.on_usb();
        if self.absence.lasts() {
            self.absence.reset();
        }
        let switched = async {
            match (&self.config.power, usb) {
                (Some(power), _) => power.cycle().await,
                (None, Some(usb)) => self.ports.replug(&usb, &self.config).await,
                (None, None) => Ok(()),
            }
        };
        let done = tokio::select! {
            () = cancel.cancelled() => return Err(Ended::Cancelled),
            done = switched => done,
        };
        match done {
            Ok(()) => self.begins_anew(),
            Err(cause) => {
                warn!(modem.name = self.config.name, cause, "failed to switch a modem's power");
            }
        }
        Ok(())
    }

    /// Tells the modem to restart, and waits until it has.
    pub(super) async fn restart<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        let family = self.config.family.or(self.status.borrow().family).unwrap_or(&GENERIC);
        let Some(restart) = family.restart else { return Ok(()) };
        link.escape(FLUSH).await?;
        link.forget_state();
        // A modem that answers nothing may still do it.
        link.execute(&Command::restart(restart.say)).await?;
        let away = Duration::from_secs(restart.away.0.into());
        tokio::select! {
            () = cancel.cancelled() => return Err(Ended::Cancelled),
            // Some lose their port for it: then it is looked for.
            started = link.listen_for_start() => started?,
            () = sleep(away) => {}
        }
        self.begins_anew();
        Ok(())
    }

    /// It has restarted: it answers nothing that it was asked before.
    fn begins_anew(&mut self) {
        if let Some(unanswered) = &mut self.unanswered {
            unanswered.close();
        }
    }

    /// One life on an open port.
    pub(super) async fn live_on<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        cancel: &CancellationToken,
    ) -> Ended {
        let ended = match self.bring_up(link, cancel).await {
            Ok(()) => self.serve(link, cancel).await.err().unwrap_or(Ended::Cancelled),
            Err(ended) => ended,
        };
        self.take_last(link).await;
        self.note_garbage(link.garbage()).await;
        ended
    }

    pub(super) async fn bring_up<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        // Frees a modem that waits for the body of a message.
        link.escape(FLUSH).await?;
        if link.forget_state() {
            self.begins_anew();
        }
        self.settle_late(link).await;
        // From here on, what is refused late may be a setting.
        self.doubt_refusals();
        self.begin();
        let centre = self.config.service_centre.as_ref();
        let wishes = Wishes {
            family: self.config.family,
            likely: self.status.borrow().place.as_ref().and_then(Place::family),
            roaming: self.config.roaming,
            service_centre: centre.and_then(|number| International::parse(number.as_str())),
            sinks: self.sinks(),
            known_sim: self.known_sim.clone(),
        };
        let mut is_known = false;
        let mut started: Option<Instant> = None;
        let mut up = BringUp::new(wishes.clone());
        while let Some(command) = up.command() {
            link.expect_no_echo(up.facts().no_echo);
            self.turn_away();
            self.status.send_if_modified(|status| {
                status.step = Some(up.step_name());
                status.step_deadline = Some(Duration::from_secs(up.deadline().0.into()));
                false
            });
            if cancel.is_cancelled() {
                return Err(Ended::Cancelled);
            }
            let late = link.behind;
            let told_before = pin_told(&up);
            let outcome = link.execute(&command).await?;
            self.note_supply(link).await;
            if link.forget_state() {
                // It has started meanwhile, and forgotten what was set.
                self.begins_anew();
                let first = *started.get_or_insert_with(Instant::now);
                if first.elapsed() > Duration::from_secs(up.family().wake.0.into()) {
                    // Not the start that it was found in.
                    return Err(Ended::Restarted);
                }
                link.settle(QUIET).await?;
                up = BringUp::new(wishes.clone());
                continue;
            }
            if late && outcome.result.is_some() {
                // Answers to the calls before this one.
                link.settle(QUIET).await?;
                link.behind = false;
            }
            let verdict = up.on(&outcome.reply());
            if self.knows_sim(&up) {
                self.sim_doubted = false;
                // The late answer before the report that may be about the same message.
                self.settle_late(link).await;
                self.take_bodies(link).await;
            }
            if let Some(right) = pin_told(&up)
                && told_before != Some(right)
            {
                self.note_pin(&up, right).await;
            }
            if !is_known && !up.facts().imei.is_empty() {
                is_known = true;
                // Before anything is done to a modem that is another one.
                self.is_itself(&up)?;
            }
            self.follow(link, &mut up, verdict, cancel).await?;
            if verdict == Verdict::Done {
                break;
            }
        }
        self.is_itself(&up)?;
        self.ready(&up);
        Ok(())
    }

    /// Whether the SIM that was named in this bring-up is the one that what is handed over counts for. It may be another
    /// than before though nobody was seen to change it: one may be switched off for that.
    fn knows_sim(&self, up: &BringUp) -> bool {
        let iccid = &up.facts().iccid;
        let is_it = || self.status.borrow().facts.iccid == *iccid;
        if !iccid.is_empty() && !is_it() {
            self.know(up);
        }
        !iccid.is_empty() && is_it()
    }

    /// Through what it may be heard in calls: what the site wants, and this host can serve.
    fn sinks(&self) -> Sinks {
        let sound = &self.config.sound;
        let place = self.status.borrow().place.clone();
        let able = |sink: &Sink| match sink {
            Sink::SerialPcm => self.ports.audio_port(&self.config, place.as_ref()).is_some(),
            Sink::Alsa => self.ports.sound_card(&self.config, place.as_ref()).is_some(),
            Sink::File | Sink::Speaks => true,
        };
        let wanted = |sink: &Sink| match sound.way {
            // Whoever says that it is wired to a card wants that one.
            SoundWay::Auto => sound.alsa_device.is_none() || *sink == Sink::Alsa,
            SoundWay::Only(only) => *sink == only,
            SoundWay::Off => false,
        };
        Sink::ALL.into_iter().filter(wanted).filter(able).collect()
    }

    /// Has it known who is at the port; fails where another port has the same modem.
    fn is_itself(&self, up: &BringUp) -> Result<(), Ended> {
        let Some(claim) = &self.claim else { return Ok(()) };
        claim.is(up.facts()).map_err(|problem| {
            self.know(up);
            Ended::Trouble(ModemState::Absent, problem)
        })
    }

    /// Does what a verdict says.
    async fn follow<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        up: &mut BringUp,
        verdict: Verdict,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        match verdict {
            Verdict::Go | Verdict::Again | Verdict::Done => Ok(()),
            Verdict::Retry(pause, failure) => {
                // Told, but no word in the journal: it may pass.
                self.status.send_modify(|status| status.problem = Some(failure.into()));
                self.know(up);
                unless(cancel, sleep(Duration::from_secs(pause.0.into()))).await?;
                // What came meanwhile answers nothing that is asked from now on.
                Ok(link.settle(Duration::ZERO).await?)
            }
            Verdict::PinWanted => match self.pin(up).await {
                Ok(pin) => {
                    up.give_pin(pin);
                    Ok(())
                }
                Err(problem) => {
                    self.know(up);
                    Err(Ended::Trouble(ModemState::Failed, problem))
                }
            },
            Verdict::Fail(failure) => {
                self.know(up);
                Err(failure.into())
            }
        }
    }

    /// The PIN, if there is one and it may be entered: that is on disk before.
    async fn pin(&self, up: &BringUp) -> Result<Pin, Problem> {
        let Some(file) = &self.config.pin_file else { return Err(Failure::NO_PIN.into()) };
        let pin = pin::read(file)?;
        let sim = self.sim_of(up);
        let retries = up.facts().pin_retries.unwrap_or_default();
        let (permit, permitted) = oneshot::channel();
        let _ = self.events.send(ModemEvent::PinWanted { sim, retries, permit }).await;
        match timeout(PERMIT, permitted).await {
            Ok(Ok(true)) => Ok(pin),
            Ok(Ok(false)) => Err(Failure::PIN_TRIED.into()),
            Ok(Err(_)) | Err(_) => Err(Failure::PIN_NOT_NOTED.into()),
        }
    }

    /// Has it stored whether a PIN was right.
    async fn note_pin(&self, up: &BringUp, right: bool) {
        let _ = self.events.send(ModemEvent::PinKnown { sim: self.sim_of(up), right }).await;
        if !right {
            self.report(ModemIncident::PinWrong).await;
        }
    }

    fn sim_of(&self, up: &BringUp) -> String {
        super::status::sim_of(up.facts(), &self.config.name)
    }

    /// Keeps what a modem said of itself, as far as it came.
    fn know(&self, up: &BringUp) {
        // One that says nothing is still what it was.
        if up.facts().model.is_empty() {
            return;
        }
        self.status.send_modify(|status| {
            status.facts = up.facts().clone();
            status.family = Some(up.family());
        });
    }

    /// Tells that a modem that was away is there.
    fn begin(&self) {
        self.status.send_if_modified(|status| {
            let was_away = matches!(status.state, ModemState::Absent | ModemState::Quarantined);
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
        self.ready_since = Some(Instant::now());
        self.sim_doubted = false;
        let family = up.family();
        let facts = up.facts();
        self.known_sim = facts.known_sim().or_else(|| self.known_sim.take());
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
            status.step_deadline = None;
            status.problem = None;
            status.since = Timestamp::now();
            status.facts = facts.clone();
            status.family = Some(family);
            status.submit_timeout = Duration::from_secs(family.submit.0.into());
        });
    }

    /// Counts what the modem said of its supply during its bring-up.
    async fn note_supply<P: AsyncRead + AsyncWrite + Unpin>(&self, link: &mut Link<P>) {
        let before = link.unsolicited.len();
        link.unsolicited.retain(|it| *it != Unsolicited::Urc(Urc::UnderVoltage));
        for _ in link.unsolicited.len()..before {
            self.under_voltage().await;
        }
    }

    /// The supply voltage is low: counted each time, written down once in a while.
    pub(super) async fn under_voltage(&self) {
        let first = self.status.borrow().counts.under_voltage == 0;
        warn!(modem.name = self.config.name, "the modem's supply voltage is low");
        self.count(|counts| counts.under_voltage += 1);
        if first || self.status.borrow().counts.under_voltage.is_multiple_of(100) {
            self.report(ModemIncident::UnderVoltage).await;
        }
    }

    /// Counts what came over the line and is no text.
    async fn note_garbage(&self, bytes: u32) {
        if bytes > 0 {
            warn!(modem.name = self.config.name, bytes, "the line brought what is no text");
            self.count(|counts| counts.garbage += bytes);
            self.report(ModemIncident::Garbage).await;
        }
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

    /// Answers requests and calls that came while the modem was ready: nothing of them was begun.
    pub(super) fn turn_away(&mut self) {
        let first = self.postponed.take();
        let others = std::iter::from_fn(|| self.requests.try_recv().ok());
        for request in first.into_iter().chain(others) {
            request.refuse(NotSent::NotReady);
        }
        while let Ok(placed) = self.calls.try_recv() {
            placed.line.refuse();
        }
    }
}

/// Whether the PIN is right, or none is wanted; `None` while that is not known.
fn pin_told(up: &BringUp) -> Option<bool> {
    match up.pin_state() {
        PinState::Right => Some(true),
        PinState::Wrong => Some(false),
        // Without an ICCID it is not known which SIM it is that wants none.
        PinState::NotWanted => (!up.facts().iccid.is_empty()).then_some(true),
        PinState::Unknown | PinState::Wanted | PinState::Entered => None,
    }
}

/// Waits for `future`, unless the daemon stops.
async fn unless(cancel: &CancellationToken, future: impl Future<Output = ()>) -> Result<(), Ended> {
    tokio::select! {
        () = cancel.cancelled() => Err(Ended::Cancelled),
        () = future => Ok(()),
    }
}
