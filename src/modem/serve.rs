//! A modem that is ready: submits, what comes in, and whether it still lives.

use std::time::Duration;

use ringpost_hal::{
    at::{
        Command, Fields, FinalResult, Line, Registration, RegistrationDomain, Seconds, Urc,
        dialogue::{self, Heard, Next, NotSent, Reply, signal_dbm},
    },
    pdu::mode,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::oneshot,
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    ModemEvent, ModemState, Problem, SubmitOutcome,
    handle::{Request, STALE},
    link::{Link, Lost, Sound, Unsolicited},
    runner::{Ended, Worker},
};
use crate::domain::{Detail, SegmentId};

/// A modem that said nothing for so long is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(30);
/// How often it may fail to answer before it counts as dead.
const MISSES: u8 = 2;
/// Between two looks at signal and registration, when nothing else is to be done.
const LOOK: Duration = Duration::from_secs(60);
/// Between two looks at all message stores: what was not told of is found then.
const SWEEP: Duration = Duration::from_secs(600);
/// After answers that nobody waits for: when nothing came for so long, nothing more will.
const SETTLE: Duration = Duration::from_millis(300);

/// A slot of a message store.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Slot {
    store: Line,
    index: u16,
}

/// What a modem that is ready has to do when it is idle.
struct Chores {
    /// Slots whose message is on its way to the disk here; each comes back when it is there.
    kept: JoinSet<Option<Slot>>,
    /// Stores to be read as a whole.
    sweep: Vec<&'static str>,
    next_look: Instant,
    next_sweep: Instant,
    misses: u8,
}

impl Worker {
    /// Serves until the daemon stops or something is wrong.
    pub(super) async fn serve<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        let now = Instant::now();
        let mut chores = Chores {
            kept: JoinSet::new(),
            sweep: self.stores(),
            next_look: now + LOOK,
            next_sweep: now + SWEEP,
            misses: 0,
        };
        loop {
            self.take_in(link, &mut chores).await?;
            let check_at = chores.next_look.min(link.heard_at + SILENCE);
            // Every branch is cancel-safe; what follows a branch runs to its end. Requests come first.
            tokio::select! {
                biased;
                () = cancel.cancelled() => return Ok(()),
                request = self.requests.recv() => match request {
                    Some(request) => self.exchange(link, request).await?,
                    None => return Ok(()),
                },
                heard = link.listen() => heard?,
                Some(slot) = chores.kept.join_next() => delete(link, slot.ok().flatten()).await?,
                () = std::future::ready(()), if !chores.sweep.is_empty() => {
                    self.sweep(link, &mut chores).await?;
                }
                () = tokio::time::sleep_until(check_at) => self.check(link, &mut chores).await?,
            }
        }
    }

    fn stores(&self) -> Vec<&'static str> {
        self.status.borrow().family.map(|family| family.stores.to_vec()).unwrap_or_default()
    }

    /// Runs one submit to its end.
    async fn exchange<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        request: Request,
    ) -> Result<(), Ended> {
        let Request { submit, asked_at, reply } = request;
        let family = self.status.borrow().family.unwrap_or(&ringpost_hal::family::GENERIC);
        let fresh = asked_at.elapsed() < STALE;
        let ready = self.status.borrow().state == ModemState::Ready;
        let dialogue = dialogue::Submit::new(&submit.tpdu, family);
        let (Ok(mut dialogue), true, true) = (dialogue, fresh, ready) else {
            let _ = reply.send(SubmitOutcome::NotSent(NotSent::NotReady));
            return Ok(());
        };
        let began = Instant::now();
        let earlier = self.unanswered;
        let ended = converse(link, &mut dialogue).await;
        self.settle_late(link, earlier).await;
        if dialogue.body_written() {
            self.unanswered = None;
        }
        let outcome = ended.unwrap_or(if dialogue.body_written() {
            SubmitOutcome::Unanswered
        } else {
            SubmitOutcome::NotSent(NotSent::PortLost)
        });
        debug!(
            modem.name = self.config.name,
            duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            outcome = word(&outcome),
            "submit ended"
        );
        if outcome == SubmitOutcome::Unanswered {
            self.unanswered = Some(submit.segment);
        }
        let _ = reply.send(outcome);
        ended?;
        match outcome {
            SubmitOutcome::Unanswered | SubmitOutcome::NotSent(_) => self.resync(link).await,
            SubmitOutcome::Accepted { .. } | SubmitOutcome::Refused(_) => Ok(()),
        }
    }

    /// After an exchange that did not end as it should: no new one begins until `AT` is answered.
    async fn resync<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<(), Ended> {
        self.tell(ModemState::Failed, silent());
        let window = self.status.borrow().submit_timeout;
        let until = Instant::now() + window;
        loop {
            let outcome = link.execute(&Command::attention()).await?;
            self.settle_late(link, self.unanswered).await;
            if let (Some(FinalResult::Cms(code)), Some(segment)) = (outcome.result, self.unanswered)
            {
                // `AT` itself is never answered so: it is what the network said to the submit.
                let refused = SubmitOutcome::Refused(FinalResult::Cms(code));
                self.late(segment, refused).await;
            }
            if outcome.is_ok() {
                break;
            }
            if Instant::now() >= until {
                return Err(Ended::Trouble(ModemState::Failed, silent()));
            }
        }
        // Answers to the calls before the last one, and to the submit.
        link.settle(SETTLE).await?;
        self.settle_late(link, self.unanswered).await;
        self.recovered();
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
        let status = self.status.borrow();
        status.facts.best_registration().is_some_and(Registration::serves_sms)
    }

    /// Hands late answers over to the segment they belong to.
    async fn settle_late<P>(&mut self, link: &mut Link<P>, earlier: Option<SegmentId>) {
        let is_late = |it: &Unsolicited| matches!(it, Unsolicited::LateReference(_));
        while let Some(at) = link.unsolicited.iter().position(is_late) {
            let Some(Unsolicited::LateReference(mr)) = link.unsolicited.remove(at) else { return };
            match earlier {
                Some(segment) => self.late(segment, SubmitOutcome::Accepted { mr: Some(mr) }).await,
                None => warn!(modem.name = self.config.name, "a reference that nobody waits for"),
            }
        }
    }

    async fn late(&mut self, segment: SegmentId, outcome: SubmitOutcome) {
        info!(modem.name = self.config.name, "a late answer came");
        self.unanswered = None;
        let modem = self.config.name.clone();
        // The receiver ends after this task.
        let _ = self.events.send(ModemEvent::LateAnswer { modem, segment, outcome }).await;
    }

    /// Handles what the modem said by itself, in order.
    async fn take_in<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        chores: &mut Chores,
    ) -> Result<(), Ended> {
        self.settle_late(link, self.unanswered).await;
        while let Some(unsolicited) = link.unsolicited.pop_front() {
            match unsolicited {
                Unsolicited::Body(line) => self.receive(&line, None, chores).await,
                Unsolicited::Urc(urc) => self.react(link, urc, chores).await?,
                Unsolicited::LateReference(_) => {}
            }
        }
        Ok(())
    }

    async fn react<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        urc: Urc,
        chores: &mut Chores,
    ) -> Result<(), Ended> {
        let name = &self.config.name;
        match urc {
            Urc::Cmti(store, Some(index)) if !store.is_empty() => {
                let store = Line::try_from(store.as_str()).unwrap_or_default();
                self.read(link, Slot { store, index }, chores).await?;
            }
            // Some tell no slot that can be read: then the store is read as a whole.
            Urc::Cmti(..) | Urc::StoreFull => chores.sweep = self.stores(),
            Urc::Registered(domain, registration) => self.registration_is(domain, registration),
            Urc::Booted => {
                warn!(modem.name = name, "the modem has restarted by itself");
                let problem = Problem {
                    detail: Detail::ModemFault,
                    message: "The modem has restarted by itself.".into(),
                    hint: "If it happens again, look at its power supply: sending takes up to 2 A."
                        .into(),
                };
                return Err(Ended::Trouble(ModemState::Failed, problem));
            }
            Urc::Cpin(false) => {
                let problem = Problem {
                    detail: Detail::SimMissing,
                    message: "The SIM is gone.".into(),
                    hint: "Check that the SIM sits firmly in its holder.".into(),
                };
                return Err(Ended::Trouble(ModemState::Failed, problem));
            }
            Urc::UnderVoltage => warn!(modem.name = name, "the modem's supply voltage is low"),
            Urc::PowerDown => warn!(modem.name = name, "the modem powers down"),
            Urc::Cdsi(..) => debug!(modem.name = name, "a stored delivery report is left alone"),
            Urc::Cmt | Urc::Cds | Urc::Cpin(true) | Urc::Ready | Urc::Ring => {}
        }
        Ok(())
    }

    fn registration_is(&self, domain: RegistrationDomain, registration: Registration) {
        let index = RegistrationDomain::ALL.iter().position(|it| *it == domain);
        self.status.send_if_modified(|status| {
            let slot = index.and_then(|index| status.facts.registration.get_mut(index));
            slot.is_some_and(|slot| slot.replace(registration) != Some(registration))
        });
        self.recovered();
    }

    /// Reads one slot, and hands over what is in it.
    async fn read<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        slot: Slot,
        chores: &mut Chores,
    ) -> Result<(), Ended> {
        if !select(link, &slot.store).await? {
            return Ok(());
        }
        let outcome = link.execute(&Command::read_message(slot.index)).await?;
        if let Some(body) = outcome.lines.get(1) {
            self.receive(body, Some(slot), chores).await;
        }
        Ok(())
    }

    /// Reads all that one store holds.
    async fn sweep<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        chores: &mut Chores,
    ) -> Result<(), Ended> {
        let Some(name) = chores.sweep.pop() else { return Ok(()) };
        let store = Line::try_from(name).unwrap_or_default();
        if !select(link, &store).await? {
            return Ok(());
        }
        let outcome = link.execute(&Command::list_messages()).await?;
        let mut lines = outcome.lines.iter();
        while let Some(head) = lines.next() {
            let Some(mut fields) = Fields::after(head, "+CMGL") else { continue };
            let (index, stat) = (fields.number(), fields.number::<u8>());
            // 0 and 1 were received; 2 and 3 were stored to be sent, and are none of ours.
            let (Some(index), Some(0 | 1), Some(body)) = (index, stat, lines.next()) else {
                continue;
            };
            self.receive(body, Some(Slot { store: store.clone(), index }), chores).await;
        }
        Ok(())
    }

    /// Hands a TPDU over; its slot is deleted once it is on disk.
    async fn receive(&self, line: &str, slot: Option<Slot>, chores: &mut Chores) {
        let tpdu = match mode::decode_hex(line) {
            Ok((_, tpdu)) => tpdu.to_vec(),
            // Kept as it came, so that the slot can be emptied.
            Err(_) => line.as_bytes().to_vec(),
        };
        let (kept, on_disk) = oneshot::channel();
        let modem = self.config.name.clone();
        let sim = self.status.borrow().sim(&modem);
        let event = ModemEvent::Received { modem, sim, tpdu, kept };
        if self.events.send(event).await.is_ok() {
            chores.kept.spawn(async move { on_disk.await.ok().and(slot) });
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
            chores.sweep = self.stores();
        }
        let outcome = if now >= chores.next_look {
            chores.next_look = now + LOOK;
            self.look(link).await?
        } else {
            link.execute(&Command::attention()).await?.result
        };
        if outcome.is_some() {
            chores.misses = 0;
            return Ok(());
        }
        // The next look comes after a silence again; ask sooner.
        chores.misses += 1;
        chores.next_look = now;
        if chores.misses < MISSES {
            return Ok(());
        }
        Err(Ended::Trouble(ModemState::Failed, silent()))
    }

    /// Reads signal and registration, which most modems tell by themselves, but not all.
    async fn look<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<Option<FinalResult>, Ended> {
        let outcome = link.execute(&Command::signal()).await?;
        let dbm = signal_dbm(&Reply { lines: &outcome.lines, result: outcome.result });
        self.status
            .send_if_modified(|status| std::mem::replace(&mut status.facts.signal_dbm, dbm) != dbm);
        if outcome.result.is_none() {
            return Ok(None);
        }
        for domain in RegistrationDomain::ALL {
            let outcome = link.execute(&Command::registration(domain)).await?;
            let lines = outcome.lines.iter();
            let found = lines.filter_map(|line| Registration::of_answer(line, domain)).next();
            if let Some(registration) = found {
                self.registration_is(domain, registration);
            }
        }
        Ok(outcome.result)
    }
}

/// Plays a submit dialogue on the link, to its end.
async fn converse<P: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<P>,
    dialogue: &mut dialogue::Submit,
) -> Result<SubmitOutcome, Lost> {
    let mut next = Next::Write;
    let mut deadline = Instant::now();
    loop {
        match next {
            Next::Done(outcome) => return Ok(outcome),
            Next::Listen => {}
            Next::ListenAnew => deadline = deadline_of(dialogue),
            Next::Write => {
                link.write(dialogue.bytes()).await?;
                deadline = deadline_of(dialogue);
            }
        }
        let pending = *dialogue.pending();
        let sound = link.hear(&pending, dialogue.prompt_expected(), deadline).await?;
        next = dialogue.on(match &sound {
            Sound::Line(classified, line) => Heard::Line(classified, line),
            Sound::Prompt => Heard::Prompt,
            Sound::Silence => Heard::Silence,
        });
    }
}

fn deadline_of(dialogue: &dialogue::Submit) -> Instant {
    Instant::now() + Duration::from_secs(dialogue.timeout().0.into())
}

/// Has reading and deleting go to this store; the one for receiving stays.
async fn select<P: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<P>,
    store: &Line,
) -> Result<bool, Lost> {
    Ok(link.execute(&Command::use_store(store, 1)).await?.is_ok())
}

/// Deletes a slot whose message is on disk here.
async fn delete<P: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<P>,
    slot: Option<Slot>,
) -> Result<(), Lost> {
    let Some(slot) = slot else { return Ok(()) };
    if select(link, &slot.store).await? {
        let outcome = link.execute(&Command::delete_message(slot.index)).await?;
        if !outcome.is_ok() {
            // The next sweep finds it again, and the inbox knows it already.
            warn!("a received message could not be deleted in the modem");
        }
    }
    Ok(())
}

fn silent() -> Problem {
    Problem {
        detail: Detail::ModemFault,
        message: "The modem does not answer.".into(),
        hint: "It is called until it answers; if that lasts, switch its power off and on.".into(),
    }
}

fn unregistered() -> Problem {
    Problem {
        detail: Detail::NotRegistered,
        message: "The modem has lost its network.".into(),
        hint: "Check the antenna; it takes messages again once it is registered.".into(),
    }
}

fn seconds(length: Seconds) -> Duration {
    Duration::from_secs(length.0.into())
}

const fn word(outcome: &SubmitOutcome) -> &'static str {
    match outcome {
        SubmitOutcome::Accepted { .. } => "accepted",
        SubmitOutcome::Refused(_) => "refused",
        SubmitOutcome::NotSent(_) => "not sent",
        SubmitOutcome::Unanswered => "unanswered",
    }
}
