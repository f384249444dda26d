//! The driver of a call: dialled, followed, spoken into, ended, in the task that owns the port.

use std::time::Duration;

use ringpost_hal::{
    at::{Answer, Command, FinalResult, International, Urc},
    call::{Fact, Follow, Release, Stage},
    family::{self, GENERIC, Sound, Way},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::{
    CallCause, CallEnd, CallEvent, CallLine, Dial,
    ending::{By, cause, presumed},
};
use crate::{
    domain::Detail,
    modem::{
        ModemState, Problem,
        audio::{self, AudioSink, Broken, Cue, NotKept, say},
        handle::{Placed, STALE},
        link::{Link, Unsolicited},
        runner::{Ended, Worker},
        serve::{Chores, SETTLE},
    },
};

/// Between two looks at the list of calls until the call is answered. Lines that tell of it get lost when a port
/// comes and goes, and some modems have none.
const LOOK_OFTEN: Duration = Duration::from_secs(1);
/// And while it lasts.
const LOOK: Duration = Duration::from_secs(3);
/// How long a network may take to find the phone: calls to roaming phones take a quarter of a minute.
const SETUP: Duration = Duration::from_secs(30);
/// From the answer until something is played: networks and phones open their way of sound by and by, and what is
/// said before that is cut off.
const BREATH: Duration = Duration::from_millis(800);
/// How often a setting that opens the sound is tried: some modems refuse it right after the answer.
const OPENINGS: u8 = 5;
/// Between two of these.
const OPENING: Duration = Duration::from_millis(200);
/// How long a call that is hung up may stay on the list until a stronger command is tried.
const CLEARING: Duration = Duration::from_secs(10);
/// And where that was refused, or nothing can be heard any more: two looks at the list, that the call is not over.
const REFUSED: Duration = Duration::from_secs(2);
/// What sends samples lets go of its port within a frame's time: the next call finds it free.
const LET_GO: Duration = Duration::from_millis(40);
/// How long a modem may take to begin to play, or to refuse to.
const PLAY: Duration = Duration::from_secs(5);

/// A call under way.
struct Talk {
    line: CallLine,
    dial: Dial,
    call: &'static family::Call,
    sound: &'static Sound,
    sink: Box<dyn AudioSink>,
    follow: Follow,
    /// How far it was before it ended.
    reached: Stage,
    dialled: Instant,
    alerted: Option<Instant>,
    answered: Option<Instant>,
    /// When it was known to be over: what is asked and said behind that costs nothing.
    over: Option<Instant>,
    /// Whether what is played can be heard.
    open: bool,
    next_look: Instant,
    /// Why this side ended it, by which of its commands, and when a stronger one is due.
    hanging_up: Option<(By, usize, Instant)>,
    /// Why nothing can be heard any more, and until when the call may prove to be over.
    broken: Option<(Broken, Instant)>,
}

impl Worker {
    /// Places a call, and follows it to its end, which is told in any case.
    pub(in crate::modem) async fn place_call<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        placed: Placed,
        chores: &mut Chores,
        cancel: &CancellationToken,
    ) -> Result<(), Ended> {
        let Placed { dial, line, asked_at } = placed;
        let ready = self.status.borrow().state == ModemState::Ready;
        let number = International::parse(dial.number.as_str());
        let way = self.way_to_speak();
        let (Some(number), Some((call, sound)), true, true) =
            (number, way, ready, asked_at.elapsed() < STALE)
        else {
            line.refuse();
            return Ok(());
        };
        let given_up = {
            let (asked, stops) = (line.given_up.clone(), cancel.clone());
            let answer_by = dial.answer_by;
            move || asked.is_cancelled() || stops.is_cancelled() || Instant::now() >= answer_by
        };
        let sink = match self.prepare(link, chores, &dial, sound, &given_up).await {
            // An answer that is still to come could be taken for what the modem says to the dialling.
            Ok(Ok(sink)) if !link.behind && !given_up() => sink,
            Ok(prepared) => {
                let cause = match prepared {
                    _ if link.behind => CallCause::NotDialled,
                    Err(cause) => cause,
                    // With it, its port.
                    Ok(_) => CallCause::Abandoned,
                };
                line.end_before_dialling(cause);
                sleep(LET_GO).await;
                self.restore(link, sound).await?;
                return Ok(());
            }
            Err(ended) => {
                line.refuse();
                return Err(ended);
            }
        };
        let now = Instant::now();
        let mut talk = Talk {
            line,
            dial,
            call,
            sound,
            sink,
            follow: Follow::default(),
            reached: Stage::Dialing,
            dialled: now,
            alerted: None,
            answered: None,
            over: None,
            open: false,
            next_look: now + LOOK_OFTEN,
            hanging_up: None,
            broken: None,
        };
        let ended = self.converse_by_voice(link, &mut talk, &number, chores, cancel).await;
        let over = talk.follow.stage() == Stage::Ended || ended.is_ok();
        let end = talk.end(over, matches!(ended, Ok(Dialled::Not)));
        info!(
            modem.name = self.config.name,
            cause = ?end.cause,
            network = end.network,
            setup_ms = milliseconds(end.setup),
            ring_ms = milliseconds(end.ring),
            talk_ms = milliseconds(end.talk),
            "call ended"
        );
        let wedged = talk.hanging_up.is_some_and(|(by, ..)| by == By::NoSound)
            && talk.broken.is_some_and(|(broken, _)| broken == Broken::Wedged);
        let Talk { line, sink, .. } = talk;
        // With it, its samples.
        drop(sink);
        line.tell(CallEvent::Ended(end));
        ended?;
        sleep(LET_GO).await;
        self.restore(link, sound).await?;
        if wedged {
            self.look_back();
            self.ladder.skip_reopen();
            return Err(Ended::Trouble(ModemState::Failed, deaf()));
        }
        Ok(())
    }

    /// How it places calls, and how it speaks in them.
    fn way_to_speak(&self) -> Option<(&'static family::Call, &'static Sound)> {
        let status = self.status.borrow();
        let family = status.family.unwrap_or(&GENERIC);
        let voice = status.facts.voice?;
        Some((family.call.as_ref()?, family.sound(voice.sink)?))
    }

    /// Has everything there that is needed to speak, before anybody's phone rings: to put files into a modem may take a
    /// minute, and stops once the call is `given_up`. Else how the call ends that is not dialled.
    async fn prepare<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<P>,
        chores: &mut Chores,
        dial: &Dial,
        sound: &'static Sound,
        given_up: &impl Fn() -> bool,
    ) -> Result<Result<Box<dyn AudioSink>, CallCause>, Ended> {
        let name = &self.config.name;
        // One that hangs, or has restarted in silence, shows it here, and not when somebody's phone rings.
        if !link.execute(&Command::attention()).await?.is_ok() {
            return Ok(Err(CallCause::NotDialled));
        }
        chores.hold.let_go(link).await?;
        for word in sound.clear {
            link.execute(&Command::slow_setting(word)).await?;
        }
        for word in sound.before {
            if !set(link, word).await? {
                warn!(modem.name = name, setting = word, "the modem carries no sound");
                return Ok(Err(CallCause::NotDialled));
            }
        }
        Ok(match sound.way {
            Way::SerialPcm | Way::Card => {
                let (place, tells_keys) = {
                    let status = self.status.borrow();
                    let voice = status.facts.voice;
                    (status.place.clone(), voice.is_some_and(|voice| voice.tells_keys))
                };
                let (sink, pump) = audio::pcm(!tells_keys);
                let carried =
                    self.ports.carry(sound.way.sink(), &self.config, place.as_ref(), pump);
                match carried {
                    Ok(()) => Ok(Box::new(sink)),
                    Err(cause) => {
                        warn!(modem.name = name, %cause, "the modem's sound cannot be opened");
                        Err(CallCause::NotDialled)
                    }
                }
            }
            Way::Files(how) => match chores.library.keep(link, how, &dial.clips, given_up).await? {
                Ok(names) => Ok(audio::file(how, names)),
                Err(NotKept::GivenUp) => Err(CallCause::Abandoned),
                Err(cause) => {
                    warn!(
                        modem.name = name,
                        ?cause,
                        "the modem does not keep what is to be played"
                    );
                    Err(CallCause::NotDialled)
                }
            },
            Way::Speech(how) => Ok(audio::speech(how)),
        })
    }

    /// Puts the modem's sound back, after a call.
    async fn restore<P: AsyncRead + AsyncWrite + Unpin>(
        &self,
        link: &mut Link<P>,
        sound: &Sound,
    ) -> Result<(), Ended> {
        for word in sound.after {
            if link.behind {
                // What comes next brings it into step, or up anew.
                return Ok(());
            }
            link.execute(&Command::slow_setting(word)).await?;
        }
        Ok(())
    }

    /// Dials, and stays with the call until it is over.
    async fn converse_by_voice<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        talk: &mut Talk,
        number: &International,
        chores: &mut Chores,
        cancel: &CancellationToken,
    ) -> Result<Dialled, Ended> {
        // What was told of calls until now is about others.
        link.forget_calls();
        let outcome = link.execute(&Command::dial(number)).await?;
        match outcome.result {
            // Without an answer it may be under way: the list of calls tells.
            Some(FinalResult::Ok) | None => {}
            // So ends another call as well, such as that of who was rejected; then the dialling is still to be answered.
            Some(result @ (FinalResult::NoCarrier | FinalResult::Busy | FinalResult::NoAnswer)) => {
                talk.hear(Fact::Result(result));
                link.settle(SETTLE).await?;
            }
            Some(refusal) => {
                debug!(modem.name = self.config.name, ?refusal, "the modem does not dial");
                // It may have been said of a text, and the phone rings all the same.
                link.settle(SETTLE).await?;
                talk.clear(link).await?;
                return Ok(Dialled::Not);
            }
        }
        for word in talk.sound.dialled {
            // One that has restarted has no call any more.
            if set(link, word).await? || link.restarted() {
                continue;
            }
            // A call that is over takes no sound either; any other rings for nothing.
            self.hear_of_call(link, talk, chores).await?;
            talk.look(link).await?;
            if !talk.advance() {
                talk.hang_up(link, By::NoSound).await?;
            }
            break;
        }
        let given_up = talk.line.given_up.clone();
        loop {
            self.hear_of_call(link, talk, chores).await?;
            if talk.advance() {
                talk.close(link).await?;
                return Ok(Dialled::Yes);
            }
            if link.behind {
                self.catch_up(link).await?;
                continue;
            }
            let due = talk.due();
            // Every branch is cancel-safe; what follows a branch runs to its end.
            tokio::select! {
                biased;
                () = cancel.cancelled(), if talk.hanging_up.is_none() => {
                    talk.hang_up(link, By::Stopping).await?;
                }
                () = given_up.cancelled(), if talk.hanging_up.is_none() => {
                    talk.hang_up(link, By::Speaker).await?;
                }
                Some((number, sounds)) = talk.line.plays.recv(), if talk.hanging_up.is_none() => {
                    talk.sink.play(number, sounds);
                }
                heard = link.listen() => heard?,
                cue = talk.sink.next(), if talk.hanging_up.is_none() && talk.broken.is_none() => {
                    talk.follow_cue(link, cue).await?;
                }
                () = sleep_until(due) => talk.do_what_is_due(link).await?,
            }
        }
    }

    /// Takes what the modem said by itself; what is not about the call goes its usual way.
    async fn hear_of_call<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        talk: &mut Talk,
        chores: &mut Chores,
    ) -> Result<(), Ended> {
        self.settle_late(link).await;
        while let Some(unsolicited) = link.unsolicited.pop_front() {
            match unsolicited {
                Unsolicited::Urc(Urc::Call(fact)) => talk.hear(fact),
                Unsolicited::Urc(Urc::Key(key)) => talk.tell_key(key),
                Unsolicited::Urc(Urc::Played(whole)) => talk.sink.played(whole),
                // Who calls now finds the line busy: what would reject him would end this call.
                Unsolicited::Urc(Urc::Ring) => {}
                other @ (Unsolicited::Urc(_) | Unsolicited::Body(_) | Unsolicited::Late(_)) => {
                    self.take(other, chores).await?;
                }
            }
        }
        Ok(())
    }

    /// After an answer that did not come: the modem is asked whether it is there, freed where it may wait for
    /// something, and given up if that does not help.
    async fn catch_up<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<(), Ended> {
        self.look_back();
        for _ in 0..2 {
            if link.execute(&Command::attention()).await?.is_ok() {
                link.settle(SETTLE).await?;
                link.behind = false;
                return Ok(());
            }
            if link.restarted() {
                // Which is heard next.
                return Ok(());
            }
            if self.ladder.climb_to_drain() {
                self.drain(link).await?;
            }
        }
        Err(Ended::Trouble(ModemState::Failed, crate::modem::serve::silent()))
    }
}

/// Whether a call was dialled at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialled {
    Yes,
    Not,
}

impl Talk {
    /// Takes a line about the call.
    fn hear(&mut self, fact: Fact) {
        self.follow.on_fact(fact);
        self.advance();
        // What it leaves open, the list tells.
        self.next_look = Instant::now();
    }

    /// Tells how far it is, and notes since when; `true` = it is over.
    fn advance(&mut self) -> bool {
        let stage = self.follow.stage();
        if stage == Stage::Ended {
            self.over.get_or_insert_with(Instant::now);
            return true;
        }
        if stage >= Stage::Alerting && self.alerted.is_none() {
            self.alerted = Some(Instant::now());
            if stage == Stage::Alerting {
                self.line.tell(CallEvent::Alerting);
            }
        }
        if stage == Stage::Active && self.answered.is_none() {
            self.answered = Some(Instant::now());
        }
        self.reached = stage;
        false
    }

    /// When something is to be done next.
    fn due(&self) -> Instant {
        let first = self.next_look.min(self.limit().0);
        self.opens_at().map_or(first, |at| first.min(at))
    }

    /// When the way of sound is to be opened.
    fn opens_at(&self) -> Option<Instant> {
        let waits = !self.open && self.hanging_up.is_none() && self.broken.is_none();
        self.answered.filter(|_| waits).map(|at| at + BREATH)
    }

    /// When this side loses its patience, and with what.
    fn limit(&self) -> (Instant, By) {
        if let Some((by, _, until)) = self.hanging_up {
            return (until, by);
        }
        match (self.broken, self.answered, self.alerted) {
            (Some((_, until)), ..) => (until, By::NoSound),
            (None, Some(answered), _) => (answered + self.dial.talk_for, By::TalkLimit),
            (None, None, Some(alerted)) => {
                ((alerted + self.dial.ring_for).min(self.dial.answer_by), By::RingLimit)
            }
            (None, None, None) if self.dial.answer_by < self.dialled + SETUP => {
                (self.dial.answer_by, By::Stale)
            }
            (None, None, None) => (self.dialled + SETUP, By::SetupLimit),
        }
    }

    async fn do_what_is_due<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<(), Ended> {
        let now = Instant::now();
        let (limit, by) = self.limit();
        if now >= limit {
            let rings = matches!(by, By::RingLimit | By::SetupLimit | By::Stale);
            if rings && self.hanging_up.is_none() {
                // The list may be the only one to know that it was answered meanwhile.
                self.look(link).await?;
                if link.behind || self.advance() || self.limit().1 != by {
                    return Ok(());
                }
            }
            return self.hang_up(link, by).await;
        }
        if self.opens_at().is_some_and(|at| now >= at) {
            return self.open(link).await;
        }
        if now >= self.next_look {
            self.look(link).await?;
        }
        Ok(())
    }

    /// Looks at the list of calls.
    async fn look<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<(), Ended> {
        let outcome = link.execute(&Command::calls()).await?;
        self.follow.on_list(&outcome.lines, outcome.result);
        let settled = self.answered.is_some() && self.hanging_up.is_none() && self.broken.is_none();
        self.next_look = Instant::now() + if settled { LOOK } else { LOOK_OFTEN };
        Ok(())
    }

    /// Opens the way of sound, and says that somebody can hear.
    async fn open<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<(), Ended> {
        for word in self.sound.active {
            if !set(link, word).await? {
                if !link.restarted() {
                    self.lose_sound(Broken::Gone);
                }
                return Ok(());
            }
        }
        self.open = true;
        self.sink.open();
        self.line.tell(CallEvent::Answered);
        Ok(())
    }

    /// Does what the sink wants.
    async fn follow_cue<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        cue: Cue,
    ) -> Result<(), Ended> {
        match cue {
            Cue::Say(line) => {
                let outcome = say(link, &line.0, &Answer::Nothing, PLAY).await?;
                self.sink.answered(outcome.is_ok());
            }
            Cue::Played(number) => self.line.tell(CallEvent::Played(number)),
            Cue::Key(key) => self.tell_key(key),
            Cue::Broken(broken) => self.lose_sound(broken),
        }
        Ok(())
    }

    /// Nothing can be heard any more. A call that is over takes no sound either, and nobody may have told of its end: the
    /// list is looked at before this one is ended.
    fn lose_sound(&mut self, broken: Broken) {
        let now = Instant::now();
        (self.broken, self.next_look) = (Some((broken, now + REFUSED)), now);
    }

    fn tell_key(&self, key: char) {
        if self.open && self.hanging_up.is_none() {
            self.line.tell(CallEvent::Key(key));
        }
    }

    /// Ends it, with a stronger command than the last time.
    async fn hang_up<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        by: By,
    ) -> Result<(), Ended> {
        let (by, place) = self.hanging_up.map_or((by, 0), |(by, place, _)| (by, place + 1));
        let Some(word) = self.call.hang_up.get(place) else {
            return Err(Ended::Trouble(ModemState::Failed, stuck()));
        };
        self.hanging_up = Some((by, place, Instant::now() + CLEARING));
        let outcome = link.execute(&Command::hang_up(word)).await?;
        self.next_look = Instant::now();
        if outcome.is_ok() {
            self.follow.hung_up();
        } else {
            // As where the call is gone already, which the list shows.
            self.hanging_up = Some((by, place, self.next_look + REFUSED));
        }
        Ok(())
    }

    /// Leaves nothing open behind a call that is over, and asks why it ended.
    async fn close<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<(), Ended> {
        if self.hanging_up.is_some() {
            return self.ask_why(link).await;
        }
        // What tells of an end may be damaged on its way, or about another call. A call that was only lost sight of is
        // ended first, or the modem tells why the one before it ended.
        if self.follow.is_presumed_over() {
            self.clear(link).await?;
            return self.ask_why(link).await;
        }
        self.ask_why(link).await?;
        self.clear(link).await
    }

    /// Ends what may go on though nobody follows it any more.
    async fn clear<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<(), Ended> {
        if let Some(word) = self.call.hang_up.first() {
            link.execute(&Command::hang_up(word)).await?;
        }
        Ok(())
    }

    /// Asks why it ended: the modem knows that right after only.
    async fn ask_why<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<(), Ended> {
        let outcome = link.execute(&Command::release_report()).await?;
        if outcome.is_ok() {
            self.follow.on_report(&outcome.lines, self.call.reason);
        }
        Ok(())
    }

    /// How it ended, as whoever spoke hears it; `over` = it is known to be.
    fn end(&self, over: bool, not_dialled: bool) -> CallEnd {
        if not_dialled {
            return CallEnd::of(CallCause::NotDialled);
        }
        let release: Release = self.follow.release();
        let by = self.hanging_up.map(|(by, ..)| by);
        let now = self.over.unwrap_or_else(Instant::now);
        let cause = match over {
            true if by.is_none() && self.follow.is_presumed_over() => {
                presumed(self.reached, &release)
            }
            true => cause(self.reached, by, &release),
            // This side's own wish is what became of it, whatever the modem makes of it.
            false if by.is_some() => cause(self.reached, by, &release),
            false => CallCause::ModemLost,
        };
        let rang_until = self.answered.unwrap_or(now);
        CallEnd {
            cause,
            // What this side did, the network only repeats.
            network: release.number.filter(|_| by.is_none()),
            setup: self.alerted.unwrap_or(now).saturating_duration_since(self.dialled),
            ring: self.alerted.map(|at| rang_until - at).unwrap_or_default(),
            talk: self.answered.map(|at| now - at).unwrap_or_default(),
        }
    }
}

/// Makes a setting without which nothing is heard.
async fn set<P: AsyncRead + AsyncWrite + Unpin>(
    link: &mut Link<P>,
    word: &'static str,
) -> Result<bool, Ended> {
    for _ in 0..OPENINGS {
        let outcome = link.execute(&Command::slow_setting(word)).await?;
        if outcome.is_ok() {
            return Ok(true);
        }
        if link.behind {
            return Ok(false);
        }
        sleep(OPENING).await;
    }
    Ok(false)
}

fn milliseconds(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

fn stuck() -> Problem {
    Problem {
        detail: Detail::ModemFault,
        message: "The modem does not end a call.".into(),
        hint: "It is brought up anew, which ends all calls; if that lasts, switch its power off and on."
            .into(),
    }
}

fn deaf() -> Problem {
    Problem {
        detail: Detail::ModemFault,
        message: "The modem's audio port takes no more sound.".into(),
        hint: "The modem is restarted; if that does not help, switch its power off and on.".into(),
    }
}
