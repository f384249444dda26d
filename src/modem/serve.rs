//! A modem that is ready: submits, what comes in, and whether it still lives.

use std::{mem::take, time::Duration};

use ringpost_hal::{
    at::{
        Cell, Command, FinalResult, Late, Line, Registration, RegistrationDomain, Urc,
        dialogue::{REPORT_STORE, Reports, reference_dbm, signal_dbm},
    },
    pdu::mode,
    supervision::Rung,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    ModemEvent, ModemState, Problem, SubmitOutcome,
    audio::Library,
    exchange::word,
    handle::{Request, STALE},
    hold::Hold,
    link::{Link, Lost, Unsolicited},
    runner::{Ended, Worker},
    stored::{Naming, Slot, Stored},
};
use crate::domain::Detail;

/// A modem that said nothing for so long is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(30);
/// How often it may fail to answer before it counts as dead, and its port is opened anew.
const MISSES: u8 = 2;
/// Between two looks at signal and registration, when nothing else is to be done.
const LOOK: Duration = Duration::from_secs(60);
/// A modem that no network has served for so long is brought up anew: that asks for its SIM, whose lack some tell by
/// nothing else, and in the end restarts it, without which some find no network again. A cell
/// that is restarted is back by then.
const UNSERVED: Duration = Duration::from_secs(60);
/// Between two looks at all message stores: what was not told of is found then.
const SWEEP: Duration = Duration::from_secs(600);
/// A modem that hung so often in a row while it read what is stored begins no life with that: it could do
/// nothing else.
const HANGS: u8 = 2;
/// Messages that were taken in a row while the modem told of none: it may have lost its settings, and tell of nothing
/// any more until that is seen. Where no reports are asked for, a look costs a thousandth of the time.
const UNTOLD: u8 = 8;
/// What is held at most until a SIM is known: more than a network has for it in the moments of a start.
const MAX_HELD: usize = 64;
/// After answers that nobody waits for: when nothing came for so long, nothing more will.
pub(super) const SETTLE: Duration = Duration::from_millis(300);

/// What a modem that is ready has to do when it is idle.
pub(super) struct Chores {
    /// Messages in its stores.
    pub(super) stored: Stored,
    /// The clips that it keeps as files.
    pub(super) library: Library,
    /// Its link to the network.
    pub(super) hold: Hold,
    /// It may be told of a segment before that is asked for: it has never failed at that.
    pub(super) takes_ahead: bool,
    /// What it had told of by itself, and how many messages it has taken since.
    told: u64,
    taken: u8,
    /// Somebody calls it.
    ringing: bool,
    /// Since when no network serves it.
    unserved_since: Option<Instant>,
    next_look: Instant,
    next_sweep: Instant,
}

impl Chores {
    /// Counts a message that the modem has taken, and what it `told` of by itself until now; whether it is time to ask
    /// whether it still tells.
    pub(super) const fn tells_nothing(&mut self, told: u64) -> bool {
        if self.told != told {
            self.told = told;
            self.taken = 0;
        }
        self.taken = (self.taken + 1) % UNTOLD;
        self.taken == 0
    }

    /// Whether nothing is to be done now but to submit.
    pub(super) fn are_done(&self) -> bool {
        let now = Instant::now();
        let reads_again = self.stored.again_at().is_some_and(|at| at <= now);
        self.stored.is_idle() && !reads_again && !self.ringing && now < self.next_look
    }
}

impl Worker {
    /// Serves until the daemon stops or something is wrong.
    pub(super) async fn serve<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        self.hand_over_held().await;
        let now = Instant::now();
        let stores = if self.hangs_in_lists() { Vec::new() } else { self.stores() };
        let mut chores = Chores {
            stored: Stored::new(stores, self.naming()),
            library: Library::default(),
            hold: Hold::new(self.status.borrow().facts.holds_link),
            takes_ahead: true,
            told: 0,
            taken: 0,
            ringing: false,
            unserved_since: None,
            next_look: now + LOOK,
            next_sweep: now + SWEEP,
        };
        let ended = self.work(link, &mut chores, cancel).await;
        if ended.is_ok() {
            // The report of what was sent last may follow its answer in the same breath. A port that goes meanwhile
            // has said all.
            let _ = link.settle(SETTLE).await;
        }
        ended
    }

    /// At the end of a life, however far it came: hands over what was told in it, which is kept nowhere else, or holds it
    /// until it is known which SIM it is of.
    pub(super) async fn take_last<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) {
        // What has come by now. A port that is gone has said all.
        let _ = link.settle(Duration::ZERO).await;
        self.settle_late(link).await;
        self.take_bodies(link).await;
    }

    /// Hands over the reports and messages that were told by now, or holds them until it is known which SIM they are of:
    /// what they settle may have a deadline before the modem is ready, or answers again.
    pub(super) async fn take_bodies<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) {
        while let Some(body) = link.take_body() {
            self.held.push_back(body);
        }
        while !self.sim_doubted || self.held.len() > MAX_HELD {
            let Some(body) = self.held.pop_front() else { break };
            self.receive(&body, None).await;
        }
    }

    /// Hands over what was told before it was known which SIM it is of.
    pub(super) async fn hand_over_held(&mut self) {
        while let Some(body) = self.held.pop_front() {
            self.receive(&body, None).await;
        }
    }

    /// Does what there is to do, until the daemon stops or something is wrong.
    async fn work<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        chores: &mut Chores,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        loop {
            self.take_in(link, chores).await?;
            if self.registered() {
                chores.unserved_since = None;
            } else {
                chores.unserved_since.get_or_insert_with(Instant::now);
            }
            if link.behind {
                self.doubt_refusals();
                self.resync(link, cancel, Instant::now()).await?;
                continue;
            }
            if take(&mut chores.ringing) {
                self.turn_caller_away(link).await?;
                continue;
            }
            let given_up_at = chores.unserved_since.map(|since| since + UNSERVED);
            let may_come = [given_up_at, chores.stored.again_at()].into_iter().flatten();
            let check_at =
                may_come.fold(chores.next_look.min(link.heard_at + SILENCE), Instant::min);
            // Every branch is cancel-safe; what follows a branch runs to its end. Requests come first.
            tokio::select! {
                biased;
                () = cancel.cancelled() => {
                    self.turn_away();
                    return Ok(());
                }
                request = next_of(&mut self.postponed, &mut self.requests) => match request {
                    Some(request) => {
                        self.exchange(link, request, chores, cancel).await?;
                    }
                    None => return Ok(()),
                },
                Some(placed) = self.calls.recv() => {
                    self.place_call(link, placed, chores, cancel).await?;
                }
                Some(action) = self.actions.recv() => return Err(Ended::Asked(action)),
                heard = link.listen() => heard?,
                Some(handed) = chores.stored.handed_over() => {
                    chores.stored.delete(link, handed).await?;
                    self.note_store_use(&mut chores.stored);
                }
                () = std::future::ready(()), if chores.stored.has_work() => {
                    self.read_stored(link, chores, cancel).await?;
                }
                () = tokio::time::sleep_until(check_at) => self.check(link, chores).await?,
            }
        }
    }

    fn naming(&self) -> Naming {
        let status = self.status.borrow();
        let receive = Line::try_from(status.facts.store.as_str()).unwrap_or_default();
        let whole = status.family.is_some_and(|family| family.names_all_stores);
        Naming { receive, places: if whole { status.facts.store_places.into() } else { 1 } }
    }

    /// Whether it does nothing else once it is asked for what is stored.
    pub(super) const fn hangs_in_lists(&self) -> bool {
        self.hangs >= HANGS
    }

    /// Where messages may lie, and delivery reports where they are stored.
    pub(super) fn stores(&self) -> Vec<&'static str> {
        let status = self.status.borrow();
        let messages = status.family.map(|family| family.stores).unwrap_or_default();
        let reports = (status.facts.reports == Reports::Stored).then_some(REPORT_STORE);
        messages.iter().copied().chain(reports).collect()
    }

    /// Reads some of what is stored, and hands it over. Where that takes long, what waits for this modem goes elsewhere.
    async fn read_stored<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        chores: &mut Chores,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        let found = {
            let mut reading = std::pin::pin!(chores.stored.read(link));
            match timeout(STALE, &mut reading).await {
                Ok(found) => found?,
                Err(_) => {
                    self.tell(ModemState::Failed, reads_long());
                    self.turn_away();
                    tokio::select! {
                        found = reading => found?,
                        // It is read again after the next start.
                        () = cancel.cancelled() => return Ok(()),
                    }
                }
            }
        };
        self.note_store_use(&mut chores.stored);
        for (body, slot) in found {
            if let Some(on_disk) = self.receive(&body, Some(&slot)).await {
                chores.stored.hand_over(slot, on_disk);
            }
        }
        if link.behind {
            self.hangs = self.hangs.saturating_add(1);
        } else {
            self.hangs = 0;
            self.recovered();
        }
        Ok(())
    }

    /// Rejects a call from outside: it would keep the line from those who are to be called.
    async fn turn_caller_away<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<P>,
    ) -> Result<(), Ended> {
        if let Some(word) = self.family().call.as_ref().and_then(|call| call.hang_up.first()) {
            debug!(modem.name = self.config.name, "somebody calls, and is rejected");
            link.execute(&Command::hang_up(word)).await?;
        }
        Ok(())
    }

    /// After an answer that did not come: nothing new begins until `AT` is answered. After `until`, and
    /// two calls at least, a modem that may wait for a body is freed; if that does not help, its port
    /// is opened anew.
    pub(super) async fn resync<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        cancel: &CancellationToken,
        until: Instant,
    ) -> Result<(), Ended> {
        self.look_back();
        let mut misses = 0;
        loop {
            if link.restarted() {
                // What it said before is taken in first.
                return Ok(());
            }
            let outcome = link.execute(&Command::attention()).await?;
            self.settle_late(link).await;
            self.take_bodies(link).await;
            if let Some(refusal @ FinalResult::Cms(_)) = outcome.result {
                // `AT` itself is never answered so: it is what was said to the submit, or to what was asked since.
                self.late(SubmitOutcome::Refused(refusal)).await;
            }
            if outcome.is_ok() {
                // Answers to the calls before this one, and to the submit.
                link.settle(SETTLE).await?;
                link.behind = false;
                self.settle_late(link).await;
                // A refusal would be taken for the answer of the submit, or its answer for a refusal: while that is
                // missing, the next look tells.
                if self.unanswered.is_none() {
                    self.look_at_settings(link).await?;
                }
                if !link.behind && !link.restarted() {
                    break;
                }
            }
            if link.restarted() {
                // No miss: it has answered.
                continue;
            }
            if cancel.is_cancelled() {
                return Err(Ended::Cancelled);
            }
            misses += 1;
            self.count(|counts| counts.misses += 1);
            self.tell(ModemState::Failed, silent());
            // What came before that was told goes elsewhere.
            self.turn_away();
            if misses >= MISSES && Instant::now() >= until {
                if self.ladder.climb_to_drain() {
                    self.drain(link).await?;
                    misses = 0;
                    continue;
                }
                return Err(Ended::Trouble(ModemState::Failed, silent()));
            }
        }
        self.ready_since = Some(Instant::now());
        self.recovered();
        Ok(())
    }

    /// Frees a modem that waits for the rest of something.
    pub(super) async fn drain<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<P>,
    ) -> Result<(), Lost> {
        self.note(Rung::Drain).await;
        link.escape(SETTLE).await
    }

    /// Looks whether messages are still told of as they were: a modem that says nothing of its restarts, and has kept
    /// that it is to echo nothing, shows them by this alone.
    pub(super) async fn look_at_settings<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<P>,
    ) -> Result<(), Lost> {
        let outcome = link.execute(&Command::indications_set()).await?;
        if self.status.borrow().facts.has_lost_indications(&outcome.reply()) {
            link.note_restart();
        }
        Ok(())
    }

    fn recovered(&self) {
        let registered = self.registered();
        if !registered {
            self.tell(ModemState::NotRegistered, unregistered());
            return;
        }
        self.status.send_if_modified(|status| {
            let changed = status.state != ModemState::Ready;
            if changed {
                info!(modem.name = self.config.name, "modem ready again");
                status.state = ModemState::Ready;
                status.problem = None;
                status.since = crate::domain::Timestamp::now();
            }
            changed
        });
    }

    fn registered(&self) -> bool {
        self.status.borrow().facts.is_served(self.config.roaming)
    }

    /// Hands late answers over to the segment they belong to.
    pub(super) async fn settle_late<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) {
        while let Some(answer) = link.take_late() {
            self.late(match answer {
                Late::Reference(mr) => SubmitOutcome::Accepted { mr: Some(mr) },
                Late::Refusal(result) => SubmitOutcome::Refused(result),
            })
            .await;
        }
    }

    /// What was asked may be refused late: such a refusal is not that of a message.
    pub(super) fn doubt_refusals(&mut self) {
        if let Some(unanswered) = &mut self.unanswered {
            unanswered.doubt_refusals();
        }
    }

    async fn late(&mut self, outcome: SubmitOutcome) {
        let name = &self.config.name;
        let is_refusal = matches!(outcome, SubmitOutcome::Refused(_));
        let Some(segment) = self.unanswered.and_then(|it| it.segment(is_refusal)) else {
            warn!(modem.name = name, "an answer came that nobody waits for");
            return;
        };
        self.unanswered = None;
        info!(modem.name = name, outcome = word(&outcome), "a late answer came");
        let modem = name.clone();
        // The receiver ends after this task.
        let _ = self.events.send(ModemEvent::LateAnswer { modem, segment, outcome }).await;
    }

    /// Handles what the modem said by itself, in order.
    async fn take_in<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        chores: &mut Chores,
    ) -> Result<(), Ended> {
        self.settle_late(link).await;
        while let Some(unsolicited) = link.unsolicited.pop_front() {
            self.take(unsolicited, chores).await?;
        }
        Ok(())
    }

    /// Handles one thing that the modem said by itself.
    pub(super) async fn take(
        &mut self,
        unsolicited: Unsolicited,
        chores: &mut Chores,
    ) -> Result<(), Ended> {
        match unsolicited {
            Unsolicited::Body(line) => drop(self.receive(&line, None).await),
            Unsolicited::Urc(Urc::UnderVoltage) => self.under_voltage().await,
            Unsolicited::Urc(urc) => self.react(urc, chores)?,
            Unsolicited::Late(_) => {}
        }
        Ok(())
    }

    fn react(&mut self, urc: Urc, chores: &mut Chores) -> Result<(), Ended> {
        let name = &self.config.name;
        let stored = &mut chores.stored;
        match urc {
            Urc::Cmti(store, Some(index)) if !store.is_empty() => stored.told_of(&store, index),
            // Some tell no slot that can be read: then the store is read as a whole.
            Urc::Cmti(..) | Urc::StoreFull => stored.sweep(self.stores()),
            // Some name another store or slot than the report's.
            Urc::Cdsi(..) => stored.sweep(vec![REPORT_STORE]),
            Urc::Registered(domain, registration, cell) => {
                self.registration_is(domain, registration, cell);
            }
            Urc::Booted => return Err(Ended::Restarted),
            Urc::Cpin(false) => return Err(Ended::Trouble(ModemState::Failed, no_use_of_sim())),
            Urc::PowerDown => warn!(modem.name = name, "the modem powers down"),
            Urc::Ring => chores.ringing = true,
            // Of a call that has ended, or that somebody outside places.
            Urc::Call(_) | Urc::Key(_) | Urc::Played(_) => {}
            Urc::Cmt | Urc::Cds | Urc::Cpin(true) | Urc::Ready | Urc::UnderVoltage => {}
        }
        Ok(())
    }

    fn registration_is(
        &self,
        domain: RegistrationDomain,
        registration: Registration,
        cell: Option<Cell>,
    ) {
        self.status.send_if_modified(|status| {
            let before = status.facts.registration;
            status.facts.note_registration(domain, Some(registration), cell);
            status.facts.registration != before
        });
        self.recovered();
    }

    /// Takes over what was seen of how full the stores are.
    fn note_store_use(&self, stored: &mut Stored) {
        while let Some((name, used, total)) = stored.take_use() {
            self.status.send_if_modified(|status| {
                status.facts.note_store_use(&name, used, total);
                false
            });
        }
    }

    /// Looks whether the modem lives, and how it is.
    async fn check<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        chores: &mut Chores,
    ) -> Result<(), Ended> {
        let now = Instant::now();
        if now >= chores.next_sweep {
            chores.next_sweep = now + SWEEP;
            chores.stored.sweep(self.stores());
        }
        chores.stored.sweep_again(now);
        if chores.unserved_since.is_some_and(|since| now >= since + UNSERVED) {
            return Err(Ended::Trouble(ModemState::NotRegistered, unregistered()));
        }
        if now >= chores.next_look {
            chores.next_look = now + LOOK;
            self.look(link).await
        } else {
            // Where it is not answered, the link is behind, and is brought into step or given up.
            link.execute(&Command::attention()).await?;
            Ok(())
        }
    }

    /// Reads signal and registration, which most modems tell by themselves, but not all, and whether it still tells of
    /// messages.
    async fn look<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<(), Ended> {
        let outcome = link.execute(&Command::signal()).await?;
        let dbm = signal_dbm(&outcome.reply());
        let outcome = link.execute(&Command::signal_by_technology()).await?;
        let reference = reference_dbm(&outcome.reply());
        // Whoever waits for a change of the modem does not wait for this.
        self.status.send_if_modified(|status| {
            status.facts.signal_dbm = dbm;
            status.facts.reference_dbm = reference;
            false
        });
        for domain in RegistrationDomain::ALL {
            if link.behind {
                return Ok(());
            }
            let outcome = link.execute(&Command::registration(domain)).await?;
            let lines = || outcome.lines.iter();
            if let Some(found) = lines().find_map(|line| Registration::of_answer(line, domain)) {
                let cell = lines().find_map(|line| Cell::of_answer(line, domain));
                self.registration_is(domain, found, cell);
            }
        }
        if !link.behind {
            self.look_at_settings(link).await?;
        }
        Ok(())
    }

    /// Hands a TPDU over; its slot may be deleted once it is told that it is on disk.
    pub(super) async fn receive(
        &self,
        line: &str,
        slot: Option<&Slot>,
    ) -> Option<oneshot::Receiver<()>> {
        let tpdu = match mode::decode_hex(line) {
            Ok((_, tpdu)) => tpdu.to_vec(),
            // Kept as it came, so that the slot can be emptied.
            Err(_) => line.as_bytes().to_vec(),
        };
        let (kept, on_disk) = oneshot::channel();
        let modem = self.config.name.clone();
        let sim = self.status.borrow().sim(&modem);
        let slot = slot.map(Slot::to_string);
        let event = ModemEvent::Received { modem, sim, slot, tpdu, kept };
        self.events.send(event).await.is_ok().then_some(on_disk)
    }
}

/// The next request.
///
/// # Cancel safety
/// None is lost.
async fn next_of(
    postponed: &mut Option<Request>,
    requests: &mut mpsc::Receiver<Request>,
) -> Option<Request> {
    match postponed.take() {
        None => requests.recv().await,
        first => first,
    }
}

pub(super) fn silent() -> Problem {
    Problem {
        detail: Detail::ModemFault,
        message: "The modem does not answer.".into(),
        hint: "It is called until it answers; if that lasts, switch its power off and on.".into(),
    }
}

fn reads_long() -> Problem {
    Problem {
        detail: Detail::ModemFault,
        message: "The modem takes long to read what is stored in it.".into(),
        hint: "It takes messages again after that; what is read is deleted there. If that lasts, try another SIM.".into(),
    }
}

pub(super) fn no_use_of_sim() -> Problem {
    Problem {
        detail: Detail::SimMissing,
        message: "The SIM can no longer be used.".into(),
        hint: "Check that it sits firmly in its holder, and what the modem says of it once it is brought up."
            .into(),
    }
}

fn unregistered() -> Problem {
    Problem {
        detail: Detail::NotRegistered,
        message: "The modem has lost its network.".into(),
        hint: "Check the antenna; it takes messages again once it is registered.".into(),
    }
}
