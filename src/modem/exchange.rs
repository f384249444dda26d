//! Submits, each to its end. Where another segment follows, the modem hears of it in the same breath in which it has
//! answered: its prompt is there by the time that the intent is on disk.

use std::time::Duration;

use ringpost_hal::{
    at::{
        Command, FinalResult,
        dialogue::{self, Heard, Next, NotSent},
    },
    family::{Family, GENERIC},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::oneshot,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::{
    ModemState, SubmitOutcome,
    handle::{Follower, Request, STALE},
    link::{Link, Lost, Sound},
    runner::{Ended, Worker},
    serve::{Chores, no_use_of_sim, silent},
    unanswered::Unanswered,
};

/// After ESC at a prompt that is there: what a modem says to that comes at once, and many say nothing. Somebody may wait.
const FREED: Duration = Duration::from_millis(100);

/// A modem that was told of a segment which nobody has asked for yet.
struct Ahead {
    turn: Turn,
    unwanted: CancellationToken,
}

/// A dialogue, and where it stands.
struct Turn {
    dialogue: dialogue::Submit,
    next: Next,
    deadline: Instant,
    /// It was begun before anybody asked for it.
    is_ahead: bool,
}

impl Turn {
    /// One whose command is to be written.
    fn new(dialogue: dialogue::Submit) -> Self {
        Self { dialogue, next: Next::Write, deadline: Instant::now(), is_ahead: false }
    }

    fn on(&mut self, heard: Heard<'_>) {
        self.next = self.dialogue.on(heard);
    }

    /// Does what comes next; answers how it ended, where it has.
    async fn go_on<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<Option<SubmitOutcome>, Lost> {
        match self.next {
            Next::Done(outcome) => return Ok(Some(outcome)),
            Next::Listen => return Ok(None),
            Next::ListenAnew => {}
            Next::Write => link.write(self.dialogue.bytes()).await?,
        }
        self.next = Next::Listen;
        self.deadline = Instant::now() + Duration::from_secs(self.dialogue.timeout().0.into());
        Ok(None)
    }

    /// The next sound that is about it.
    ///
    /// # Cancel safety
    /// Nothing that was read is lost.
    async fn hear<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<P>,
    ) -> Result<Sound, Lost> {
        let Self { dialogue, deadline, .. } = self;
        link.hear(dialogue.pending(), dialogue.prompt_expected(), true, *deadline).await
    }
}

impl Worker {
    /// Runs one submit to its end, and those of its message that follow it at once.
    pub(super) async fn exchange<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        request: Request,
        chores: &mut Chores,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        let mut begun = self.submit(link, request, chores, cancel).await?;
        while let Some(ahead) = begun {
            begun = self.meet(link, ahead, chores, cancel).await?;
        }
        Ok(())
    }

    /// Runs one submit; answers what was begun behind it.
    async fn submit<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        request: Request,
        chores: &mut Chores,
        cancel: &CancellationToken,
    ) -> Result<Option<Ahead>, Ended> {
        let dialogue = dialogue::Submit::new(&request.submit.tpdu, self.family());
        let (Ok(mut dialogue), true) = (dialogue, self.may_begin(&request)) else {
            request.refuse(NotSent::NotReady);
            return Ok(None);
        };
        if request.is_withdrawn() {
            request.refuse(NotSent::Withdrawn);
            return Ok(None);
        }
        dialogue.hold_body();
        let prepared = chores.hold.prepare(link, request.submit.more).await;
        if prepared.is_err() || link.behind {
            // Nothing was begun, nor is anything before that answer has come or is given up.
            self.tell(ModemState::Failed, silent());
            request.refuse(NotSent::NotReady);
            prepared?;
            return Ok(None);
        }
        dialogue.expect_earlier_answer(self.unanswered.is_some_and(|it| it.is_open()));
        self.doubt_refusals();
        let turn = Turn::new(dialogue);
        self.complete(link, turn, request, chores, cancel).await
    }

    /// Whether the modem is ready, and whoever asked has not decided otherwise since.
    fn may_begin(&self, request: &Request) -> bool {
        request.asked_at.elapsed() < STALE && self.status.borrow().state == ModemState::Ready
    }

    pub(super) fn family(&self) -> &'static Family {
        self.status.borrow().family.unwrap_or(&GENERIC)
    }

    /// Brings a submit to its end; answers what was begun behind it.
    async fn complete<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        mut turn: Turn,
        request: Request,
        chores: &mut Chores,
        cancel: &CancellationToken,
    ) -> Result<Option<Ahead>, Ended> {
        let began = Instant::now();
        let Request { submit, leave, reply, .. } = request;
        let mut ended = self.converse(link, &mut turn, leave).await;
        if turn.is_ahead && ended.is_ok_and(|outcome| has_failed(&outcome)) {
            chores.takes_ahead = false;
            if let Ok(SubmitOutcome::NotSent(NotSent::Refused(_))) = ended {
                // Perhaps it was not ready for that yet: it is asked when it is.
                ended = Ok(SubmitOutcome::NotSent(NotSent::Withdrawn));
            }
        }
        chores.hold.answered();
        let taken = matches!(ended, Ok(SubmitOutcome::Accepted { .. }));
        let is_asked = taken && chores.tells_nothing(link.told);
        // Before anything else: the modem has nothing to do.
        let ahead = match submit.follower {
            Some(follower) if taken && !is_asked && self.has_time(link, chores, submit.more) => {
                self.begin_ahead(link, follower, cancel).await
            }
            Some(_) | None => Ok(None),
        };
        self.settle_late(link).await;
        let written = turn.dialogue.body_written();
        let earlier = if written { self.unanswered.take() } else { None };
        let outcome = ended.unwrap_or(if written {
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
        self.count(|counts| counts.exchanges.note(&outcome));
        // A modem that waits for the network may answer nothing until it has heard from it.
        let patience = self.status.borrow().submit_timeout;
        if outcome == SubmitOutcome::Unanswered {
            self.unanswered = Some(Unanswered::new(submit.segment, earlier, patience));
        }
        let in_step = is_in_step(&outcome);
        // It has failed at nothing: whether it is free again is asked all the same.
        let withdrawn = outcome == SubmitOutcome::NotSent(NotSent::Withdrawn);
        let refusal = match outcome {
            SubmitOutcome::Refused(result) | SubmitOutcome::NotSent(NotSent::Refused(result)) => {
                Some(result)
            }
            SubmitOutcome::Accepted { .. }
            | SubmitOutcome::NotSent(_)
            | SubmitOutcome::Unanswered => None,
        };
        let no_sim = refusal.is_some_and(FinalResult::blames_sim);
        if refusal.is_some_and(FinalResult::tells_of_full_store) && !self.hangs_in_lists() {
            // What was read and kept is deleted there.
            chores.stored.sweep(self.stores());
        }
        // Before the outcome is known to anybody: the next message shall not come here yet.
        if no_sim {
            self.tell(ModemState::Failed, no_use_of_sim());
        } else if !in_step && !withdrawn {
            self.tell(ModemState::Failed, silent());
        }
        let _ = reply.send(outcome);
        ended?;
        if no_sim {
            // Its bring-up tells what is wrong with the SIM, and unlocks it where that may be done.
            return Err(Ended::Trouble(ModemState::Failed, no_use_of_sim()));
        }
        if is_asked {
            self.look_at_settings(link).await?;
        }
        if !in_step {
            self.resync(link, cancel, Instant::now() + patience).await?;
        }
        Ok(ahead?)
    }

    /// Whether nothing is to be done before the next submit, and the modem can be told of that now.
    fn has_time<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &Link<P>,
        chores: &Chores,
        more: bool,
    ) -> bool {
        let is_asked =
            !(self.requests.is_empty() && self.calls.is_empty() && self.actions.is_empty());
        let ready = self.status.borrow().state == ModemState::Ready;
        let has_time = ready && !is_asked && chores.are_done() && link.is_quiet();
        has_time && chores.takes_ahead && chores.hold.is_prepared(more)
    }

    /// Tells the modem how long a segment is that will be asked for, where nobody has said otherwise by now.
    async fn begin_ahead<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<P>,
        Follower { octets, unwanted }: Follower,
        cancel: &CancellationToken,
    ) -> Result<Option<Ahead>, Lost> {
        if unwanted.is_cancelled() || cancel.is_cancelled() {
            return Ok(None);
        }
        let dialogue = dialogue::Submit::ahead(octets, self.family());
        let mut turn = Turn { is_ahead: true, ..Turn::new(dialogue) };
        turn.go_on(link).await?;
        Ok(Some(Ahead { turn, unwanted }))
    }

    /// Waits for the segment that the modem was told of, and brings it to its end; where another one is asked for, or none,
    /// the modem is freed, and that is postponed until then. Answers what was begun behind it.
    async fn meet<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        Ahead { mut turn, unwanted }: Ahead,
        chores: &mut Chores,
        cancel: &CancellationToken,
    ) -> Result<Option<Ahead>, Ended> {
        loop {
            if let Some(outcome) = turn.go_on(link).await? {
                chores.takes_ahead &= !has_failed(&outcome);
                self.get_in_step(link, &outcome, cancel).await?;
                return Ok(None);
            }
            let sound = tokio::select! {
                biased;
                request = self.requests.recv() => match request {
                    Some(request) if self.goes_on_with(&request, &mut turn) => {
                        return self.complete(link, turn, request, chores, cancel).await;
                    }
                    another => {
                        self.postponed = another;
                        break;
                    }
                },
                () = unwanted.cancelled() => break,
                () = cancel.cancelled() => break,
                sound = turn.hear(link) => sound?,
            };
            self.take_sound(&mut turn, sound).await;
        }
        let outcome = self.free(link, &mut turn).await?;
        self.get_in_step(link, &outcome, cancel).await?;
        Ok(None)
    }

    /// Goes on with that request in what was begun ahead; says whether that can be done.
    fn goes_on_with(&self, request: &Request, turn: &mut Turn) -> bool {
        let is_wanted = self.may_begin(request) && !request.is_withdrawn();
        is_wanted && turn.dialogue.give(&request.submit.tpdu)
    }

    /// Frees the modem of what it was told of; answers how that ended.
    async fn free<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<P>,
        turn: &mut Turn,
    ) -> Result<SubmitOutcome, Lost> {
        let mut at_prompt = turn.dialogue.is_held();
        turn.on(Heard::Withdrawal);
        loop {
            if let Some(outcome) = turn.go_on(link).await? {
                return Ok(outcome);
            }
            if at_prompt {
                turn.deadline = turn.deadline.min(Instant::now() + FREED);
            }
            let sound = turn.hear(link).await?;
            at_prompt |= matches!(sound, Sound::Prompt);
            self.take_sound(turn, sound).await;
        }
    }

    /// After a submit that was begun ahead and came to nothing.
    async fn get_in_step<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        outcome: &SubmitOutcome,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        if *outcome == SubmitOutcome::NotSent(NotSent::Withdrawn) {
            link.execute(&Command::attention()).await?;
            if link.behind {
                // Who waits for the modem by now waits no longer.
                self.tell(ModemState::Failed, silent());
                self.turn_away();
            }
        } else if !is_in_step(outcome) {
            self.tell(ModemState::Failed, silent());
            let patience = self.status.borrow().submit_timeout;
            self.resync(link, cancel, Instant::now() + patience).await?;
        }
        Ok(())
    }

    /// Plays a submit dialogue on the link, to its end: its body when there is `leave`. Reports and messages that come in
    /// meanwhile are handed over at once: an answer may take three minutes, and they may be what is waited for.
    async fn converse<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<P>,
        turn: &mut Turn,
        mut leave: oneshot::Receiver<()>,
    ) -> Result<SubmitOutcome, Lost> {
        let mut held = true;
        loop {
            if let Some(outcome) = turn.go_on(link).await? {
                return Ok(outcome);
            }
            let sound = tokio::select! {
                // Leave that comes with the prompt is heard first: nothing is to be waited for then.
                biased;
                permitted = &mut leave, if held => {
                    held = false;
                    turn.on(permitted.map_or(Heard::Withdrawal, |()| Heard::Leave));
                    continue;
                }
                sound = turn.hear(link) => sound?,
            };
            self.take_sound(turn, sound).await;
        }
    }

    /// Hands over what came in by itself; the rest is for the dialogue.
    async fn take_sound(&self, turn: &mut Turn, sound: Sound) {
        match sound {
            Sound::Aside(body) => drop(self.receive(&body, None).await),
            Sound::Line(classified, line) => turn.on(Heard::Line(&classified, &line)),
            Sound::Prompt => turn.on(Heard::Prompt),
            // A modem that restarts has forgotten what it was asked.
            Sound::Silence | Sound::Restarted => turn.on(Heard::Silence),
        }
    }
}

/// Whether the modem has shown no prompt where it should have.
const fn has_failed(outcome: &SubmitOutcome) -> bool {
    matches!(outcome, SubmitOutcome::NotSent(NotSent::Refused(_) | NotSent::NoPrompt))
}

/// Whether the modem has answered, and waits for nothing.
const fn is_in_step(outcome: &SubmitOutcome) -> bool {
    matches!(
        outcome,
        SubmitOutcome::Accepted { .. }
            | SubmitOutcome::Refused(_)
            | SubmitOutcome::NotSent(NotSent::Refused(_))
    )
}

pub(super) const fn word(outcome: &SubmitOutcome) -> &'static str {
    match outcome {
        SubmitOutcome::Accepted { .. } => "accepted",
        SubmitOutcome::Refused(_) => "refused",
        SubmitOutcome::NotSent(_) => "not sent",
        SubmitOutcome::Unanswered => "unanswered",
    }
}
