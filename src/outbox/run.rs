//! The dispatcher: one task that waits for something to change, stores what came back together with
//! what goes out next, and lets the modems work.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    Calling, Outlet,
    booking::{self, Booking, Spent},
    budget::{Account, Hour},
    claim::{Call, Claimed, Conditions, Job, candidates, claim},
    clock::{Boot, Watch},
    health::{Alarm, Health},
    outlet::{SOON, Standing},
    record::{Care, abandon, apply},
    route::{self, Delivery, Expected, Line, Preferences},
    step::{Event, Rules},
};
use crate::{
    domain::{
        self, CallTimes, Detail, Lane, Refusal, RefusalClass, Report, SegmentId, Service,
        Timestamp, clock,
    },
    modem::{ModemHandle, ModemState, ModemStatus, NotSent, Prepared, Submit, SubmitOutcome},
    sms,
    store::{self, Store, Tx, boot::Run, queue::OnTheAir},
    voice::Interrupts,
};

/// Deadlines handled in one transaction; what is left comes in the next, at once.
const DUE_AT_ONCE: u32 = 200;
/// After the store failed: long enough not to spin on a full disk, short enough not to be missed.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// A SIM that has not been ready for so long has lost what it began to the others. A modem that only
/// lost its network for a moment, or that comes up with the daemon, is back by then.
const LOST_AFTER: Duration = Duration::from_secs(10);
/// Between two looks at how well the SIMs deliver: it changes by days.
const DELIVERY_EVERY: Duration = Duration::from_secs(600);
/// How far back deliveries count: long enough to be more than chance, short enough to forget an
/// operator's bad week.
const DELIVERY_WINDOW: Duration = Duration::from_secs(7 * 86_400);
/// Between two looks at budgets that are used up; the shortest is one of a minute.
const BUDGET_EVERY: Duration = Duration::from_secs(5);
/// Segments of a burst: from so many on, a modem's link to the network is held between them.
const BURST: u32 = 3;
/// With nothing to wait for; everything that matters wakes the dispatcher by itself, but for a clock
/// that is set: whoever waits for an hour of the day shall not wait much longer than that.
const FOREVER: Duration = Duration::from_secs(20);

/// By how much the clock is set before it matters to what is remembered for a day, of which there may be much.
const A_WHILE_MS: u64 = 3_600_000;

/// An exchange that takes longer may take minutes: most networks answer within a few seconds.
const SLOW: Duration = Duration::from_secs(10);

/// How long a call that was answered may go on while the daemon stops: it stops within 15 s, and leaves no
/// line open.
const LISTEN_ON: Duration = Duration::from_secs(8);

/// What an operator may set about the outbox.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The law's own settings.
    pub rules: Rules,
    /// How long an unanswered segment may still be settled; else twice the family's maximum.
    pub settle: Option<Duration>,
    /// How long to wait for delivery reports; else what TP-VP says, and a minute.
    pub report_window: Option<Duration>,
    /// What decides between modems.
    pub preferences: Preferences,
    /// How this run of the machine began.
    pub boot: Boot,
}

/// The dispatcher.
#[derive(Debug)]
pub struct Outbox {
    store: Store,
    settings: Settings,
    calling: Calling,
    outlets: Vec<Slot>,
    /// Theirs, for the thread of the store.
    modems: Arc<[ModemHandle]>,
    /// The last turn could not be stored.
    store_fails: bool,
    exchanges: JoinSet<Exchanged>,
    /// Calls that were answered, and go on.
    answered: (mpsc::UnboundedSender<Exchanged>, mpsc::UnboundedReceiver<Exchanged>),
    /// Refusals of segments that were given up.
    late: (mpsc::UnboundedSender<LateRefusal>, mpsc::UnboundedReceiver<LateRefusal>),
    /// Calls that nobody has answered end with it.
    stopping: CancellationToken,
    /// What each SIM has sent.
    accounts: HashMap<String, Account>,
    /// How well each SIM delivers, and when that was looked up.
    delivery: HashMap<String, Vec<(String, Delivery)>>,
    delivery_read: Option<Instant>,
    /// When each SIM was ready last; one that never was counts from the start.
    seen: HashMap<String, Instant>,
    /// The SIMs that were ready when no attempt waited for one that was not: as long as they are the same,
    /// none does, for only a SIM that is ready begins one.
    nothing_lost_with: Option<BTreeSet<String>>,
    started: Instant,
    /// One wake-up for a change of any modem's status.
    changed: Arc<Notify>,
    watchers: JoinSet<()>,
    watch: Watch,
    /// What is to be written into the System Log with the next turn.
    alarms: Vec<domain::Event>,
    /// Of the next turn.
    care: Care,
}

#[derive(Debug)]
struct Slot {
    outlet: Outlet,
    status: watch::Receiver<ModemStatus>,
    /// Since when something is on its air.
    busy_since: Option<Instant>,
    /// The call that it is in: its lane, and what hangs it up.
    in_call: Option<(Lane, CancellationToken)>,
    /// What it goes on with as soon as it has answered.
    expected: Option<Expected>,
    health: Health,
    /// Of which SIM.
    sim: String,
    /// Until when it rests between segments that are no passcodes.
    rests_until: Option<Instant>,
    /// The last segment without an answer, which may come late, and what was booked for it.
    unanswered: Option<(SegmentId, Booking)>,
}

impl Slot {
    /// Whether it could take something at once.
    fn is_idle(&self) -> bool {
        self.busy_since.is_none() && self.status.borrow().state == ModemState::Ready
    }

    /// Whether it begins the next segment by itself, of something that a code would stop.
    fn goes_on_with_less_than_a_code(&self) -> bool {
        self.expected.as_ref().is_some_and(|expected| expected.lane != Lane::Otp)
    }

    /// From when on the text that is on its air is slow.
    fn is_slow_from(&self) -> Option<Instant> {
        self.busy_since.filter(|_| self.in_call.is_none()).map(|since| since + SLOW)
    }
}

/// A refusal that came when nobody waited for it any more. The outbox knows what was booked for its segment.
#[derive(Debug)]
pub struct LateRefusal {
    /// The segment.
    pub segment: SegmentId,
    /// Why.
    pub refusal: Refusal,
    /// When it was heard.
    pub heard: Instant,
}

/// What came back from a modem.
#[derive(Debug)]
struct Exchanged {
    /// The modem that is free again, if one is.
    index: Option<usize>,
    came: Came,
    /// When; not by the time of day, which may be set in between.
    heard: Instant,
    /// Whether the modem counts as free again, and the better or worse for it.
    settled: bool,
}

impl Exchanged {
    /// What is heard now of that modem.
    fn on(
        index: usize,
        segment: SegmentId,
        event: Event,
        account: Option<(Booking, Spent)>,
    ) -> Self {
        let came = Came { message: segment.message(), event, account };
        Self { index: Some(index), came, heard: Instant::now(), settled: false }
    }

    /// With the time when it was heard. Its turn to be stored comes later: a delivery report, which happened after
    /// it, may have been stored by then. A millisecond that was begun counts, so that it is never the later one.
    fn dated(&self, now: Timestamp, instant: Instant) -> (Timestamp, Came) {
        let ago = instant.saturating_duration_since(self.heard).as_nanos().div_ceil(1_000_000);
        let ago = Duration::from_millis(u64::try_from(ago).unwrap_or(u64::MAX));
        (now.before(ago), self.came.clone())
    }
}

/// What came of a message.
#[derive(Debug, Clone)]
struct Came {
    message: i64,
    event: Event,
    /// What its SIM was charged with, and what became of that; nothing where the call goes on.
    account: Option<(Booking, Spent)>,
}

/// What one turn found to do.
#[derive(Debug)]
struct Turn {
    /// Whose intent is on disk with the turn.
    begun: Vec<Begun>,
    next_wake: Option<Timestamp>,
    more_due: bool,
    /// Modems whose call has to end.
    hang_up: Vec<usize>,
    /// Attempts wait for a SIM that is not ready, and may be lost to others later.
    waits_for_sim: bool,
    /// How well the SIMs deliver, where it was looked up.
    delivery: Option<Vec<store::sim::DeliveryRow>>,
}

/// What was claimed, for its modem.
#[derive(Debug)]
struct Begun {
    index: usize,
    segment: SegmentId,
    booking: Booking,
    expected: Option<Expected>,
    work: Work,
}

#[derive(Debug)]
enum Work {
    /// The modem has it; nothing of it leaves before its intent is on disk.
    Prepared(Prepared),
    Submit(Submit),
    Call(Box<Call>),
}

/// What was claimed, in the hands of these modems, if there are any: they prepare it while its intent is brought to disk.
fn hand_over(claimed: Vec<Claimed>, modems: &[ModemHandle]) -> Vec<Begun> {
    let begin = |Claimed { index, segment, lane, job, booking, .. }| {
        let mut expected = None;
        let work = match (job, modems.get(index)) {
            (Job::Submit { tpdu, more, follower }, modem) => {
                let unwanted = follower.as_ref().map(|follower| follower.unwanted.clone());
                expected = unwanted.map(|unwanted| Expected { lane, unwanted });
                let submit = Submit { segment, tpdu, more, follower };
                match modem {
                    Some(modem) => Work::Prepared(modem.prepare(submit)),
                    None => Work::Submit(submit),
                }
            }
            (Job::Call(call), _) => Work::Call(call),
        };
        Begun { index, segment, booking, expected, work }
    };
    claimed.into_iter().map(begin).collect()
}

impl Outbox {
    /// A dispatcher for these modems.
    pub fn new(store: Store, settings: Settings, calling: Calling, outlets: Vec<Outlet>) -> Self {
        let changed = Arc::new(Notify::new());
        let mut watchers = JoinSet::new();
        let modems = outlets.iter().map(|outlet| outlet.handle.clone()).collect();
        let outlets = outlets.into_iter().map(|outlet| {
            let status = outlet.handle.status();
            watchers.spawn(forward_changes(status.clone(), changed.clone()));
            Slot {
                outlet,
                status,
                busy_since: None,
                in_call: None,
                expected: None,
                health: Health::default(),
                sim: String::new(),
                rests_until: None,
                unanswered: None,
            }
        });
        let watch = Watch::new(&settings.boot, false);
        Self {
            store,
            settings,
            calling,
            outlets: outlets.collect(),
            modems,
            store_fails: false,
            exchanges: JoinSet::new(),
            answered: mpsc::unbounded_channel(),
            late: mpsc::unbounded_channel(),
            stopping: CancellationToken::new(),
            accounts: HashMap::new(),
            delivery: HashMap::new(),
            delivery_read: None,
            seen: HashMap::new(),
            nothing_lost_with: None,
            started: Instant::now(),
            changed,
            watchers,
            watch,
            alarms: Vec::new(),
            care: Care::Together,
        }
    }

    /// Where refusals that come late are to be told, for as long as anybody listens there.
    pub fn late(&self) -> mpsc::UnboundedSender<LateRefusal> {
        self.late.0.clone()
    }

    /// Works until `cancel`, then lets the exchanges on the air end and stores their outcomes. To be
    /// called after [`recover`](Self::recover).
    pub async fn run(mut self, cancel: CancellationToken) {
        let mut back: Vec<Exchanged> = Vec::new();
        loop {
            let turn = match self.turn(&mut back).await {
                Ok(turn) => turn,
                // One message may be the reason: the others go on without it.
                Err(cause) if self.care == Care::Together && cause.is_of_its_rows() => {
                    self.care = Care::Apart;
                    continue;
                }
                Err(cause) => {
                    error!(%cause, "the outbox could not store its work; it tries again");
                    tokio::select! {
                        () = cancel.cancelled() => break,
                        () = sleep(STORE_PAUSE) => continue,
                    }
                }
            };
            let wake = self.wake_of(&turn);
            turn.begun.into_iter().for_each(|begun| self.start(begun));
            turn.hang_up.into_iter().for_each(|index| self.hang_up(index));
            self.store.note_free(self.outlets.iter().any(Slot::is_idle));
            self.store.note_going_on(self.outlets.iter().any(Slot::goes_on_with_less_than_a_code));
            // All branches are cancel-safe: what they wait for stays where it is.
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.store.queue_changed() => {}
                () = self.changed.notified() => {}
                Some(done) = self.exchanges.join_next() => back.extend(finished(done)),
                Some(answered) = self.answered.1.recv() => back.push(answered),
                Some(late) = self.late.1.recv() => back.push(self.refused_late(late)),
                () = tokio::time::sleep_until(wake) => {}
            }
            self.collect(&mut back);
        }
        self.drain(back).await;
    }

    /// Takes what has come back by now: a call is answered before it ends.
    fn collect(&mut self, back: &mut Vec<Exchanged>) {
        while let Some(done) = self.exchanges.try_join_next() {
            back.extend(finished(done));
        }
        // Whoever answered said so before the call ended.
        while let Ok(answered) = self.answered.1.try_recv() {
            back.push(answered);
        }
        while let Ok(late) = self.late.1.try_recv() {
            back.push(self.refused_late(late));
        }
        back.sort_by_key(|it| it.came.account.is_some());
    }

    /// With what was booked for its segment and is to be taken back, where its modem has given up no other since.
    fn refused_late(&mut self, LateRefusal { segment, refusal, heard }: LateRefusal) -> Exchanged {
        let event = Event::Refused(segment, refusal);
        let of_it = |(unanswered, _): &mut (SegmentId, Booking)| *unanswered == segment;
        let booked = self.outlets.iter_mut().find_map(|slot| slot.unanswered.take_if(of_it));
        let booked = booked.filter(|_| is_certain(&event));
        let account = booked.map(|(_, booking)| (booking, Spent::Nothing));
        let came = Came { message: segment.message(), event, account };
        Exchanged { index: None, came, heard, settled: false }
    }

    /// Starts the clock from what is stored, before anybody else tells the time to the store. What was on
    /// the air when the daemon died is unanswered; what SIMs have sent is remembered. Answers what was on the air, and since
    /// how long: the modems may still answer it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn recover(&mut self) -> Result<Vec<(OnTheAir, Duration)>, store::Error> {
        let rules = self.settings.rules;
        let boot = self.settings.boot.clone();
        let (on_the_air, usage, believed) = self
            .store
            .write(move |tx| {
                let (now, behind) = start_clock(tx)?;
                let before = store::boot::last(tx)?;
                let believed = !behind || boot.is_followed_back(before.as_ref());
                let run = Run { id: boot.id.clone(), follows: believed };
                if before.as_ref() != Some(&run) {
                    store::boot::begin(tx, &run)?;
                }
                let on_the_air = store::queue::submitting(tx)?;
                // Whatever cannot be read of one message, the daemon starts.
                let step = |key, event| {
                    let step = |tx: &Tx<'_>| apply(tx, key, event, now, rules);
                    Care::Apart.take(tx, key, now, step)
                };
                let messages = on_the_air.iter().map(|it| it.segment.message());
                for key in messages.collect::<BTreeSet<_>>() {
                    step(key, Event::Crashed)?;
                }
                // The modem hangs up when it is brought up; who listened has heard a part at best.
                for segment in store::queue::talking(tx)? {
                    let cut_off = Event::Reported(segment, Report::Failed(Detail::ModemFault));
                    step(segment.message(), cut_off)?;
                }
                for key in store::message::awaited(tx)? {
                    Care::Apart.take(tx, key, now, |tx| abandon(tx, key, now, rules))?;
                }
                let before = before.as_ref().map(|before| before.id.as_str());
                if boot.tells_no_age(before, behind) {
                    for key in store::queue::open(tx)? {
                        step(key, Event::Stranded)?;
                    }
                }
                let on_the_air: Vec<_> = on_the_air
                    .into_iter()
                    .map(|it| {
                        let age = now.since(it.since);
                        (it, age)
                    })
                    .collect();
                // All that is kept: how much of it counts is for the clock to say, which may be set.
                let usage = store::sim::usage(tx, Timestamp::default())?;
                Ok((on_the_air, usage, believed))
            })
            .await?;
        self.watch = Watch::new(&self.settings.boot, believed);
        let mut hours: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for row in usage {
            let hour = (Hour(row.hour), row.segments, row.cost);
            hours.entry(row.sim).or_default().push(hour);
        }
        let accounts = hours.into_iter().map(|(sim, hours)| (sim, Account::of(hours)));
        self.accounts = accounts.collect();
        if !on_the_air.is_empty() {
            let segments = on_the_air.len();
            warn!(segments, "found segments whose answer was lost when the daemon ended");
        }
        Ok(on_the_air)
    }

    /// What came back, what is due, and what goes out next; modems that are free wait for nothing else, then.
    async fn turn(&mut self, back: &mut Vec<Exchanged>) -> Result<Turn, store::Error> {
        let turn = self.store_turn(back).await;
        self.disappoint(false);
        turn
    }

    /// A turn, in one transaction.
    async fn store_turn(&mut self, back: &mut Vec<Exchanged>) -> Result<Turn, store::Error> {
        self.follow_the_clock().await?;
        // Where the store fails, they come again.
        self.settle_all(back);
        self.follow_the_sims();
        let now = Timestamp::now();
        let lines = self.lines(now);
        let instant = Instant::now();
        let ready = lines.iter().filter(|line| line.ready);
        self.seen.extend(ready.map(|line| (line.sim.clone(), instant)));
        let settled_in = instant.duration_since(self.started) >= LOST_AFTER;
        self.seen.retain(|_, seen| instant.duration_since(*seen) < LOST_AFTER);
        // While the modems come up with the daemon, none is lost yet.
        let present: Option<Vec<_>> = settled_in.then(|| self.seen.keys().cloned().collect());
        let events: Vec<_> = back.iter().map(|done| done.dated(now, instant)).collect();
        let rules = self.settings.rules;
        let preferences = self.settings.preferences;
        let conditions = Conditions { now, rules, preferences, care: self.care };
        let stale = |read: Instant| instant.duration_since(read) >= DELIVERY_EVERY;
        let look_up = self.delivery_read.is_none_or(stale);
        let ready = lines.iter().filter(|line| line.ready);
        let ready: BTreeSet<_> = ready.map(|line| line.sim.clone()).collect();
        let changed = self.nothing_lost_with.as_ref() != Some(&ready);
        let alarms = self.alarms.clone();
        let modems = self.modems.clone();
        // Not again and again where the store fails.
        let early = !std::mem::replace(&mut self.store_fails, true);
        let work = move |tx: &Tx<'_>| {
            tx.queue_is_seen();
            // Later than whatever was done before it in this transaction.
            let conditions = Conditions { now: Timestamp::now(), ..conditions };
            alarms.iter().try_for_each(|alarm| store::event::append(tx, alarm))?;
            let gone = (changed, present.as_deref());
            let modems = if early { &*modems } else { &[] };
            let mut turn = turn(tx, &events, &lines, gone, modems, conditions)?;
            if look_up {
                turn.delivery = Some(store::sim::delivery(tx, now.before(DELIVERY_WINDOW))?);
            }
            Ok(turn)
        };
        let mut turn = self.store.write(work).await?;
        self.store_fails = false;
        self.care = Care::Together;
        self.alarms.clear();
        back.clear();
        self.nothing_lost_with = (!turn.waits_for_sim).then_some(ready);
        for begun in &turn.begun {
            let Booking { sim, at, price } = &begun.booking;
            let account = self.accounts.entry(sim.clone()).or_default();
            account.book(*at, price.unwrap_or_default());
        }
        if let Some(rows) = turn.delivery.take() {
            self.delivery_read = Some(instant);
            self.delivery.clear();
            for row in rows {
                let delivery = Delivery { ended: row.ended, delivered: row.delivered };
                self.delivery.entry(row.sim).or_default().push((row.region, delivery));
            }
        }
        Ok(turn)
    }

    /// Where the time of day was set, moves our clock there, and everything that waits with it.
    async fn follow_the_clock(&mut self) -> Result<(), store::Error> {
        let Some(jump) = self.watch.jump() else { return Ok(()) };
        let (rules, care) = (self.settings.rules, self.care);
        let before = clock::moved();
        let moved = self.store.write(move |tx| {
            // On the thread of the store, between what others store: each of them sees one clock.
            clock::move_by(jump);
            let now = Timestamp::now();
            // A request that comes again makes no second message, and what has begun to come in is waited for as long as
            // before, whatever the time of day.
            if jump.unsigned_abs() >= A_WHILE_MS {
                for shift in [store::idempotency::shift, store::inbound::shift] {
                    // That nothing is sent any more would be worse.
                    tx.pass_over(
                        |tx| shift(tx, jump),
                        |cause| {
                            error!(%cause, "some of what is stored cannot be moved with the clock");
                        },
                    )?;
                }
            }
            store::boot::follow(tx, jump < 0)?;
            store::queue::open(tx)?.into_iter().try_for_each(|key| {
                let shift = |tx: &Tx<'_>| apply(tx, key, Event::Shifted(jump), now, rules);
                care.take(tx, key, now, shift).map(drop)
            })
        });
        if let Err(cause) = moved.await {
            // Where it was moved at all.
            clock::move_by(before.saturating_sub(clock::moved()));
            return Err(cause);
        }
        self.watch.agree();
        self.accounts.values_mut().for_each(Account::forget_minute);
        let seconds = jump / 1000;
        warn!(seconds, "the clock was set; everything goes on waiting as long as before");
        Ok(())
    }

    fn settle_all(&mut self, back: &mut [Exchanged]) {
        for done in back.iter_mut().filter(|done| !done.settled) {
            self.settle(done);
            done.settled = true;
        }
    }

    /// The modem is free again, and the better or worse for it.
    fn settle(&mut self, done: &Exchanged) {
        let Some((booking, spent)) = &done.came.account else { return };
        let Booking { sim, at, price } = booking;
        let account = self.accounts.entry(sim.clone()).or_default();
        match spent {
            Spent::Segment => {}
            Spent::Nothing | Spent::NotDialled => {
                account.take_back(*at, price.unwrap_or_default());
            }
            Spent::Call { cost, .. } => {
                account.charge(Timestamp::now(), cost.unwrap_or_default());
            }
        }
        let Some(slot) = done.index.and_then(|index| self.outlets.get_mut(index)) else { return };
        if let (Event::Silent(segment), Spent::Segment) = (&done.came.event, spent) {
            slot.unanswered = Some((*segment, booking.clone()));
        }
        let now = Instant::now();
        slot.busy_since = None;
        slot.in_call = None;
        let name = slot.outlet.handle.name();
        let alarms = slot.health.note(name, &done.came.event, *spent, now);
        self.alarms.extend(told(alarms, name));
        let terms = &slot.outlet.terms;
        slot.rests_until = terms.rests().then(|| now + terms.pace + chance(terms.jitter));
    }

    /// What was noted of a SIM says nothing of another.
    fn follow_the_sims(&mut self) {
        for slot in &mut self.outlets {
            let name = slot.outlet.handle.name();
            let status = slot.status.borrow();
            // One that is not up may not know its SIM.
            let sim = (status.state == ModemState::Ready).then(|| status.sim(name));
            if let Some(sim) = sim.filter(|sim| *sim != slot.sim) {
                slot.sim = sim;
                self.alarms.extend(told(slot.health.begin_anew(), name));
            }
        }
    }

    /// All modems at this moment.
    fn lines(&mut self, now: Timestamp) -> Vec<Line> {
        let instant = Instant::now();
        let in_clock = |until: Instant| now.after(until.saturating_duration_since(instant));
        let mut lines = Vec::with_capacity(self.outlets.len());
        for (index, slot) in self.outlets.iter().enumerate() {
            let status = slot.status.borrow();
            let terms = slot.outlet.terms.clone();
            let ready = status.state == ModemState::Ready;
            let problem = status.problem.as_ref().map(|problem| problem.detail);
            let down = (!ready).then(|| problem.unwrap_or(Detail::NoModem));
            let sim = status.sim(slot.outlet.handle.name());
            let family_maximum = status.submit_timeout;
            let used = self.accounts.get_mut(&sim).map(|it| it.used(now)).unwrap_or_default();
            let later = instant + SOON;
            let limited =
                slot.outlet.terms.allowance.per_hour.and_then(|_| self.accounts.get(&sim));
            let hour_soon = limited.map_or(0, |account| account.hour_by(now.after(SOON)));
            let no_texts = slot.health.no_texts(later).is_some();
            let no_calls = slot.health.no_calls(later).is_some();
            slot.outlet.tell(Standing { no_texts, no_calls, used, hour_soon });
            lines.push(Line {
                index,
                name: slot.outlet.handle.name().to_owned(),
                down,
                ready,
                idle: ready && slot.busy_since.is_none(),
                slow: slot.is_slow_from().is_some_and(|it| it <= instant),
                in_call: slot.in_call.as_ref().map(|(lane, _)| *lane),
                expected: slot.expected.clone(),
                no_texts: slot.health.no_texts(instant),
                no_calls: slot.health.no_calls(instant),
                voice: status.facts.voice,
                holds_link: status.facts.holds_link,
                // A modem that cannot tell of reports is not waited for.
                reports: terms.reports && status.has_reports(),
                rests_until: slot.rests_until.filter(|until| *until > instant).map(in_clock),
                settle: self.settings.settle.unwrap_or(family_maximum * 2),
                report_window: self.settings.report_window,
                used,
                delivery: self.delivery.get(&sim).cloned().unwrap_or_default(),
                sim,
                terms,
            });
        }
        lines
    }

    /// When the next turn is due if nothing happens before.
    fn wake_of(&self, turn: &Turn) -> Instant {
        let now = Instant::now();
        let due = turn.next_wake.map_or(FOREVER, |wake| wake.since(Timestamp::now()));
        let wait = match (turn.more_due, turn.waits_for_sim) {
            (true, _) => Duration::ZERO,
            (false, true) => due.min(LOST_AFTER),
            (false, false) => due.min(FOREVER),
        };
        // A modem that rests, or that has a pause, may have work when that ends; so may one whose budget
        // is used up for a minute or an hour. Where one is slow, the call of another may be in the way.
        let rests = self.outlets.iter().filter_map(|slot| {
            let ends = [slot.rests_until, slot.health.changes_at(now), slot.is_slow_from()];
            ends.into_iter().flatten().filter(|until| *until > now).min()
        });
        let limited = self.outlets.iter().any(|slot| slot.outlet.terms.allowance.is_limited());
        let budget = limited.then(|| now + BUDGET_EVERY);
        rests.chain(budget).fold(now + wait, Instant::min)
    }

    /// What was begun may go on: its intent is on disk.
    fn start(&mut self, begun: Begun) {
        let Begun { index, segment, booking, expected, work } = begun;
        let Some(slot) = self.outlets.get_mut(index) else { return };
        slot.busy_since = Some(Instant::now());
        slot.expected = expected;
        let prepared = match work {
            Work::Prepared(prepared) => prepared,
            Work::Submit(submit) => slot.outlet.handle.prepare(submit),
            Work::Call(call) => return self.place(index, segment, *call, booking),
        };
        self.exchanges.spawn(async move {
            let outcome = or_lost(prepared.send(), SubmitOutcome::Unanswered).await;
            let event = event_of(segment, outcome);
            let spent = if is_certain(&event) { Spent::Nothing } else { Spent::Segment };
            Exchanged::on(index, segment, event, Some((booking, spent)))
        });
    }

    /// Whatever modems that are free, or `all`, were to go on with by themselves was claimed by now, or will not be.
    fn disappoint(&mut self, all: bool) {
        for slot in self.outlets.iter_mut().filter(|slot| all || slot.busy_since.is_none()) {
            if let Some(expected) = slot.expected.take() {
                expected.unwanted.cancel();
            }
        }
    }

    fn place(&mut self, index: usize, segment: SegmentId, call: Call, booking: Booking) {
        let Some(slot) = self.outlets.get_mut(index) else { return };
        let interrupts =
            Interrupts { hang_up: CancellationToken::new(), give_up: self.stopping.clone() };
        slot.in_call = Some((call.lane, interrupts.hang_up.clone()));
        let handle = slot.outlet.handle.clone();
        let (calling, tell, price) = (self.calling.clone(), self.answered.0.clone(), call.price);
        self.exchanges.spawn(async move {
            // Nobody listens only when the daemon ends, and then it counts as unanswered.
            let answered = || {
                let event = Event::Accepted(segment, None);
                drop(tell.send(Exchanged::on(index, segment, event, None)));
            };
            let placed = calling.place(&handle, segment, call, answered, &interrupts);
            let lost = (Event::Silent(segment), CallTimes::default());
            let (event, times) = or_lost(placed, lost).await;
            let cost = price.map(|price| price.times(times.minutes()));
            // Where nobody knows, it counts as dialled.
            let dialled = times != CallTimes::default() || matches!(event, Event::Silent(_));
            let spent = if dialled { Spent::Call { times, cost } } else { Spent::NotDialled };
            Exchanged::on(index, segment, event, Some((booking, spent)))
        });
    }

    /// A code needs the modem, or nobody wants the call that it is in: that ends.
    fn hang_up(&self, index: usize) {
        let Some(slot) = self.outlets.get(index) else { return };
        if let Some((_, hang_up)) = &slot.in_call
            && !hang_up.is_cancelled()
        {
            info!(
                modem.name = slot.outlet.handle.name(),
                "a call is hung up: a passcode needs its modem, or nobody wants it any more"
            );
            hang_up.cancel();
        }
    }

    /// Lets the exchanges on the air end, and stores what came of them.
    async fn drain(mut self, mut back: Vec<Exchanged>) {
        self.watchers.abort_all();
        self.store.note_free(true);
        self.disappoint(true);
        if !self.exchanges.is_empty() {
            info!(exchanges = self.exchanges.len(), "waiting for the exchanges on the air");
        }
        self.stopping.cancel();
        // What is refused later is stored by whoever hears it.
        self.late.1.close();
        let hang_up = sleep(LISTEN_ON);
        tokio::pin!(hang_up);
        loop {
            self.collect(&mut back);
            // At once: the daemon may not wait for the slowest of them.
            if !back.is_empty() {
                self.store_last(&mut back).await;
            }
            if self.exchanges.is_empty() {
                break;
            }
            tokio::select! {
                Some(done) = self.exchanges.join_next() => back.extend(finished(done)),
                Some(answered) = self.answered.1.recv() => back.push(answered),
                () = &mut hang_up, if !hang_up.is_elapsed() => {
                    let in_call = self.outlets.iter().filter_map(|slot| slot.in_call.as_ref());
                    in_call.for_each(|(_, hang_up)| hang_up.cancel());
                }
            }
        }
    }

    /// Stores what came back, while nothing goes out any more; where that fails, it comes again with what follows.
    async fn store_last(&mut self, back: &mut Vec<Exchanged>) {
        let rules = self.settings.rules;
        self.settle_all(back);
        let (now, instant) = (Timestamp::now(), Instant::now());
        let events: Vec<_> = back.iter().map(|done| done.dated(now, instant)).collect();
        let lines = self.lines(now);
        let alarms = self.alarms.clone();
        let store = move |tx: &Tx<'_>| {
            alarms.iter().try_for_each(|alarm| store::event::append(tx, alarm))?;
            store_all(tx, &events, &lines, rules, Care::Apart)
        };
        match self.store.write(store).await {
            Ok(()) => {
                self.alarms.clear();
                back.clear();
            }
            Err(cause) => {
                error!(%cause, "answers could not be stored; what is not by the end counts as lost")
            }
        }
    }
}

/// The time at the start: not before what is stored, for that time has passed. Says whether the clock was behind it.
fn start_clock(tx: &Tx<'_>) -> Result<(Timestamp, bool), store::Error> {
    let now = Timestamp::now();
    let Some(latest) = store::boot::latest(tx)?.filter(|latest| *latest > now) else {
        return Ok((now, false));
    };
    let behind = latest.since(now);
    let is_wrong = behind >= Duration::from_secs(1);
    if is_wrong {
        let seconds = behind.as_secs();
        warn!(seconds, "the clock is behind what is stored: going on from there");
    }
    clock::move_by(i64::try_from(behind.as_millis()).unwrap_or(i64::MAX));
    Ok((Timestamp::now(), is_wrong))
}

/// What one turn does in its transaction. What is claimed there is handed over to these `modems` at once, or, without any,
/// behind the commit.
fn turn(
    tx: &Tx<'_>,
    back: &[(Timestamp, Came)],
    lines: &[Line],
    (changed, present): (bool, Option<&[String]>),
    modems: &[ModemHandle],
    conditions: Conditions,
) -> Result<Turn, store::Error> {
    let Conditions { now, rules, care, .. } = conditions;
    store_all(tx, back, lines, rules, care)?;
    let due = store::queue::due(tx, now, DUE_AT_ONCE)?;
    for key in &due {
        care.take(tx, *key, now, |tx| {
            let demand = store::queue::demand_of(tx, *key)?;
            let blocked = demand.and_then(|demand| route::obstacle(lines, &demand));
            apply(tx, *key, Event::Deadline(blocked), now, rules)
        })?;
    }
    let waits_for_sim = changed && give_back(tx, lines, present, conditions)?;
    let mut claimed = claim(tx, lines, conditions)?;
    announce_bursts(tx, &mut claimed, lines, now)?;
    let begun = hand_over(claimed, modems);
    if !(begun.is_empty() || modems.is_empty()) {
        // Who was woken is often put on this processor, and would wait there until this thread waits for the disk.
        std::thread::yield_now();
    }
    stop_for_the_urgent(tx, lines)?;
    let mut hang_up = calls_in_the_way(tx, lines, conditions)?;
    hang_up.extend(calls_in_vain(tx, lines)?);
    Ok(Turn {
        begun,
        next_wake: store::queue::next_wake(tx, now)?,
        more_due: u32::try_from(due.len()).is_ok_and(|due| due == DUE_AT_ONCE),
        hang_up,
        waits_for_sim,
        delivery: None,
    })
}

/// Stores what came back from modems.
fn store_all(
    tx: &Tx<'_>,
    back: &[(Timestamp, Came)],
    lines: &[Line],
    rules: Rules,
    care: Care,
) -> Result<(), store::Error> {
    for (at, Came { message, event, account }) in back {
        if let Some(account) = account {
            booking::close(tx, lines, *message, account, *at)?;
        }
        care.take(tx, *message, *at, |tx| apply(tx, *message, event.clone(), *at, rules))?;
    }
    Ok(())
}

/// Modems do not go on by themselves with what is less urgent than something that waits.
fn stop_for_the_urgent(tx: &Tx<'_>, lines: &[Line]) -> Result<(), store::Error> {
    let expected = || lines.iter().filter_map(|line| line.expected.as_ref());
    if expected().all(|expected| expected.lane == Lane::Otp) {
        return Ok(());
    }
    let Some(urgent) = store::queue::most_urgent(tx)? else { return Ok(()) };
    let overtaken = expected().filter(|expected| urgent.rank() < expected.lane.rank());
    overtaken.for_each(|expected| expected.unwanted.cancel());
    Ok(())
}

/// The modems whose call keeps a more urgent message from the air.
fn calls_in_the_way(
    tx: &Tx<'_>,
    lines: &[Line],
    conditions: Conditions,
) -> Result<Vec<usize>, store::Error> {
    if lines.iter().all(|line| line.in_call.is_none_or(|lane| lane == Lane::Otp)) {
        return Ok(Vec::new());
    }
    let mut in_the_way = Vec::new();
    let all: Vec<_> = lines.iter().collect();
    for service in Service::ALL {
        for demand in store::queue::demands(tx, Lane::Otp, service)? {
            // Any more of them than there are modems wait for each other.
            for waiting in candidates(tx, demand, &all, lines, conditions)? {
                let line = route::to_hang_up(lines, &waiting.demand, &waiting.shunned);
                in_the_way.extend(line.map(|line| line.index));
            }
        }
    }
    Ok(in_the_way)
}

/// The modems that ring somebody for a message that nobody wants any more. Who has answered may listen to it.
fn calls_in_vain(tx: &Tx<'_>, lines: &[Line]) -> Result<Vec<usize>, store::Error> {
    if lines.iter().all(|line| line.in_call.is_none()) {
        return Ok(Vec::new());
    }
    let names = store::queue::rings_in_vain(tx)?;
    let in_vain = |line: &&Line| line.in_call.is_some() && names.contains(&line.name);
    Ok(lines.iter().filter(in_vain).map(|line| line.index).collect())
}

/// Finds out which of the segments that go out now have enough behind them to hold the modem's link to the
/// network for: those of their own message, and this modem's share of what waits.
fn announce_bursts(
    tx: &Tx<'_>,
    claimed: &mut [Claimed],
    lines: &[Line],
    now: Timestamp,
) -> Result<(), store::Error> {
    let holds =
        |claimed: &Claimed| lines.iter().any(|line| line.index == claimed.index && line.holds_link);
    let ready = lines.iter().filter(|line| line.ready).map(|_| 1).sum::<u32>().max(1);
    // Counted for those alone that it matters to.
    let mut share = None;
    for claimed in claimed.iter_mut().filter(|claimed| holds(claimed)) {
        let behind = match share {
            _ if claimed.left >= BURST => 0,
            Some(share) => share,
            None => *share.insert(store::queue::waiting(tx, now, ready * BURST)? / ready),
        };
        claimed.announce(claimed.left + behind >= BURST);
    }
    Ok(())
}

/// What modems that are gone have begun and not ended goes to those that are here. Says whether
/// some of it still waits for its modem to come back.
fn give_back(
    tx: &Tx<'_>,
    lines: &[Line],
    present: Option<&[String]>,
    Conditions { now, rules, care, .. }: Conditions,
) -> Result<bool, store::Error> {
    let mut waits = false;
    let ready = |sim: &str| lines.iter().any(|line| line.ready && line.sim == sim);
    for (message, attempt, sim) in store::queue::unfinished_attempts(tx)? {
        if ready(&sim) {
            continue;
        }
        let lost = present.is_some_and(|present| !present.contains(&sim));
        if lost && lines.iter().any(|line| line.ready) {
            let lost = |tx: &Tx<'_>| apply(tx, message, Event::ModemLost(attempt), now, rules);
            care.take(tx, message, now, lost)?;
        } else {
            waits = true;
        }
    }
    Ok(waits)
}

/// Whether nothing went out, for certain.
fn is_certain(event: &Event) -> bool {
    matches!(event, Event::Refused(_, refusal) if refusal.class != RefusalClass::Doubtful)
}

/// A time up to `longest`, by chance; a machine without chance always takes the whole.
fn chance(longest: Duration) -> Duration {
    let part = getrandom::u32().unwrap_or(u32::MAX);
    longest.mul_f64(f64::from(part) / f64::from(u32::MAX))
}

/// What an outcome means to the message.
fn event_of(segment: SegmentId, outcome: SubmitOutcome) -> Event {
    match outcome {
        SubmitOutcome::Accepted { mr } => Event::Accepted(segment, mr),
        // The first copy was taken, whatever was said to it then.
        SubmitOutcome::Refused(result) if sms::is_duplicate(&result) => {
            Event::Accepted(segment, None)
        }
        SubmitOutcome::Refused(result) => Event::Refused(segment, sms::refusal(&result)),
        SubmitOutcome::NotSent(NotSent::Refused(result)) => {
            // Before the body is written there is no doubt.
            let refusal = sms::refusal(&result);
            let doubtful = refusal.class == RefusalClass::Doubtful;
            let class = if doubtful { RefusalClass::Modem } else { refusal.class };
            Event::Refused(segment, Refusal { class, ..refusal })
        }
        SubmitOutcome::NotSent(
            NotSent::NoPrompt | NotSent::NotReady | NotSent::PortLost | NotSent::Withdrawn,
        ) => {
            let refusal = Refusal { detail: Detail::ModemFault, class: RefusalClass::Modem };
            Event::Refused(segment, refusal)
        }
        SubmitOutcome::Unanswered => Event::Silent(segment),
    }
}

/// The late answer of a modem, as an event; `None` where it says nothing new.
pub fn late_answer(segment: SegmentId, outcome: SubmitOutcome) -> Option<Event> {
    match outcome {
        SubmitOutcome::Accepted { .. } | SubmitOutcome::Refused(_) => {
            Some(event_of(segment, outcome))
        }
        SubmitOutcome::NotSent(_) | SubmitOutcome::Unanswered => None,
    }
}

/// Alarms of a modem, as the System Log tells them.
fn told(alarms: Vec<Alarm>, modem: &str) -> impl Iterator<Item = domain::Event> {
    let now = Timestamp::now();
    let told = move |(what, raised)| domain::Event::of_alarm(what, raised, now).of_modem(modem);
    alarms.into_iter().map(told)
}

/// What an exchange came to. Where it panics, nobody knows: `lost`, and the modem is free again.
async fn or_lost<T>(exchange: impl Future<Output = T>, lost: T) -> T {
    let outcome = AssertUnwindSafe(exchange).catch_unwind().await;
    outcome.unwrap_or_else(|_| {
        error!("an exchange panicked; what became of it is not known");
        lost
    })
}

/// An exchange that was cut off has told nothing; its segment's deadline settles it.
fn finished(done: Result<Exchanged, tokio::task::JoinError>) -> Option<Exchanged> {
    done.map_err(|cause| error!(%cause, "a submit ended without an outcome")).ok()
}

async fn forward_changes(mut status: watch::Receiver<ModemStatus>, changed: Arc<Notify>) {
    while status.changed().await.is_ok() {
        changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        domain::{Lane, Locator, NewMessage, Phase},
        modem::{Follower, Hotplug, ModemConfig, StandIn, modem},
        outbox::Terms,
        store::samples,
    };

    fn outbox(store: &Store, boot: &str, clock_known: bool) -> Outbox {
        outbox_of(store, boot, clock_known, Vec::new())
    }

    fn outbox_of(store: &Store, boot: &str, clock_known: bool, outlets: Vec<Outlet>) -> Outbox {
        let settings = Settings {
            rules: Rules { resend_after: Duration::from_secs(20) },
            settle: None,
            report_window: None,
            preferences: Preferences::default(),
            boot: Boot { id: boot.into(), clock_known, synchronized: "/none".into() },
        };
        let calling = Calling {
            speech: crate::voice::Speech::open(crate::voice::Settings::mute()),
            ring_for: Duration::ZERO,
            talk_for: Duration::ZERO,
        };
        Outbox::new(store.clone(), settings, calling, outlets)
    }

    /// With a modem that is not there.
    fn with_a_modem(store: &Store) -> Outbox {
        let config = ModemConfig::new("m1", Locator::Port("/dev/none".into()), 115_200);
        let ports = Hotplug::new(Path::new("/"), Vec::new());
        let (handle, _runner) = modem(config, &ports, mpsc::channel(1).0);
        outbox_of(store, "a", true, vec![Outlet::new(handle, Arc::default())])
    }

    /// With one that is ready and may do everything.
    fn with_a_ready_modem(store: &Store) -> (Outbox, StandIn) {
        let (handle, modem) = StandIn::ready("m1");
        (outbox_of(store, "a", true, vec![Outlet::new(handle, Line::sample(0).terms)]), modem)
    }

    /// What came of the first message through the first modem.
    fn exchanged(event: Event, spent: Spent) -> Exchanged {
        let booking = Booking { sim: "sim".into(), at: Timestamp::now(), price: None };
        let came = Came { message: 1, event, account: Some((booking, spent)) };
        Exchanged { index: Some(0), came, heard: Instant::now(), settled: false }
    }

    #[tokio::test]
    async fn an_answer_may_be_late_for_twice_as_long_as_the_family_takes_where_nothing_else_is_said()
     {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let (mut outbox, _modem) = with_a_ready_modem(&store);
        let longest = outbox.outlets[0].status.borrow().submit_timeout;
        assert_eq!(outbox.lines(Timestamp::now())[0].settle, longest * 2);
        outbox.settings.settle = Some(Duration::from_secs(5));
        assert_eq!(outbox.lines(Timestamp::now())[0].settle, Duration::from_secs(5));
    }

    #[tokio::test]
    async fn a_sim_with_a_pace_rests_after_each_segment_and_by_chance_a_little_longer() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let (pace, jitter) = (Duration::from_secs(10), Duration::from_secs(5));
        let terms = Terms { pace, jitter, ..Line::sample(0).terms.as_ref().clone() };
        let (handle, _modem) = StandIn::ready("m1");
        let outlets = vec![Outlet::new(handle, Arc::new(terms))];
        let mut outbox = outbox_of(&store, "a", true, outlets);
        let rests = std::iter::repeat_with(|| {
            let before = Instant::now();
            let taken = Event::Accepted(SegmentId::first_of(1, 1), Some(1));
            outbox.settle(&exchanged(taken, Spent::Segment));
            let until = outbox.outlets[0].rests_until.unwrap();
            assert!(until >= before + pace && until <= Instant::now() + pace + jitter);
            until - before
        });
        let rests = rests.take(20).collect::<Vec<_>>();
        let (least, most) = (rests.iter().min().unwrap(), rests.iter().max().unwrap());
        assert!(*most - *least > jitter / 10, "{rests:?}");
    }

    #[tokio::test]
    async fn calls_that_are_barred_one_after_the_other_are_an_alarm_and_stop_no_texts() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let mut outbox = with_a_modem(&store);
        let ended = |detail, class, setup| {
            let event = Event::Refused(SegmentId::first_of(1, 1), Refusal { detail, class });
            let times = CallTimes { setup: Duration::from_secs(setup), ..CallTimes::default() };
            exchanged(event, Spent::Call { times, cost: None })
        };
        let barred = ended(Detail::Barred, RefusalClass::Modem, 1);
        outbox.settle(&barred);
        outbox.settle(&barred);
        assert!(outbox.alarms.is_empty(), "these numbers may be the only ones");
        // A call that was never dialled says nothing of the others.
        let cut_off = Refusal { detail: Detail::NetworkBusy, class: RefusalClass::Network };
        let cut_off = Event::Refused(SegmentId::first_of(1, 1), cut_off);
        outbox.settle(&exchanged(cut_off, Spent::NotDialled));
        outbox.settle(&barred);
        outbox.settle(&barred);
        assert_eq!(outbox.alarms.len(), 1, "once");
        assert_eq!(outbox.lines(Timestamp::now())[0].no_calls, Some(Detail::Barred));
        assert_eq!(outbox.lines(Timestamp::now())[0].no_texts, None, "texts go on");
        outbox.settle(&ended(Detail::Busy, RefusalClass::Callee, 1));
        assert_eq!(outbox.alarms.len(), 2, "it is over");
        assert_eq!(outbox.lines(Timestamp::now())[0].no_calls, None);
    }

    #[tokio::test]
    async fn a_sim_that_may_send_no_texts_is_an_alarm_until_one_is_taken_and_rings_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let mut outbox = with_a_modem(&store);
        let segment = SegmentId::first_of(1, 1);
        let no = |code| {
            let said = ringpost_hal::at::FinalResult::parse(&format!("+CMS ERROR: {code}"));
            exchanged(Event::Refused(segment, sms::refusal(&said.unwrap())), Spent::Nothing)
        };
        outbox.settle(&no(8));
        outbox.settle(&no(8));
        assert!(outbox.alarms.is_empty());
        outbox.settle(&no(8));
        assert_eq!(outbox.alarms.len(), 1, "once");
        let line = &outbox.lines(Timestamp::now())[0];
        assert_eq!((line.no_texts, line.no_calls), (Some(Detail::Barred), None), "calls go on");
        // A busy network, and a number that there is not, say nothing of the SIM.
        outbox.settle(&no(38));
        outbox.settle(&no(1));
        assert_eq!(outbox.alarms.len(), 1);
        outbox.settle(&exchanged(Event::Accepted(segment, None), Spent::Segment));
        assert_eq!(outbox.alarms.len(), 2, "it is over");
        assert_eq!(outbox.lines(Timestamp::now())[0].no_texts, None);
    }

    #[tokio::test]
    async fn what_is_refused_late_is_taken_back_from_sim_and_message() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let (now, segment) = (Timestamp::now(), SegmentId::first_of(1, 1));
        let price = domain::Money::from_micros(10_000);
        let booking = Booking { sim: "sim".into(), at: now, price: Some(price) };
        let mut outbox = with_a_modem(&store);
        outbox.accounts.entry("sim".into()).or_default().book(now, price);
        let booked = booking.clone();
        let begin = move |tx: &Tx<'_>| {
            let key = store::message::insert(tx, &samples::message(now))?;
            booking::book(tx, key, &booked)?;
            let rules = Conditions::sample(now).rules;
            apply(tx, key, Event::Claimed(samples::attempt(segment, now)), now, rules).map(drop)
        };
        store.write(begin).await.unwrap();
        let account = Some((booking, Spent::Segment));
        let came = Came { message: 1, event: Event::Silent(segment), account };
        let heard = Instant::now();
        let silent = Exchanged { index: Some(0), came, heard, settled: false };
        outbox.turn(&mut vec![silent]).await.unwrap();
        let told = async || {
            let read = |view: &store::View<'_>| {
                let (_, account) = store::message::subject(view, 1)?;
                let usage = store::sim::usage(view, Timestamp::default())?.remove(0);
                assert_eq!((account.submits, account.cost), (usage.segments, Some(usage.cost)));
                Ok((usage.segments, store::progress::load(view, 1)?.reason))
            };
            store.read(read).await.unwrap()
        };
        assert_eq!(told().await, (1, None), "it may have gone out");
        let refusal = Refusal { detail: Detail::Unassigned, class: RefusalClass::Permanent };
        let mut back = Vec::new();
        // Told twice, it is taken back once.
        for _ in 0..2 {
            outbox.late().send(LateRefusal { segment, refusal, heard }).unwrap();
            outbox.collect(&mut back);
            outbox.turn(&mut back).await.unwrap();
        }
        assert_eq!(told().await, (0, Some(Detail::Unassigned)));
        let used = outbox.accounts.get_mut("sim").unwrap().used(Timestamp::now());
        assert_eq!((used.month, used.cost), (0, domain::Money::ZERO));
    }

    #[test]
    fn an_answer_is_never_dated_later_than_it_was_heard() {
        let now = Timestamp::now();
        let answer = exchanged(Event::Silent(SegmentId::first_of(1, 1)), Spent::Segment);
        let heard = answer.heard;
        for (passed, ago) in [(0, 0), (1, 1), (1000, 1), (1001, 2)] {
            let (at, _) = answer.dated(now, heard + Duration::from_micros(passed));
            assert_eq!(now.since(at), Duration::from_millis(ago), "{passed}");
        }
    }

    /// Stops the thread of the store between two jobs of one transaction; what `then` does comes after it goes on.
    async fn hold<T: Send + 'static>(
        store: &Store,
        then: impl FnOnce(&Tx<'_>) -> Result<T, store::Error> + Send + 'static,
    ) -> std::sync::mpsc::Sender<()> {
        let (go_on, wait) = std::sync::mpsc::channel();
        let held = move |tx: &Tx<'_>| {
            let _ = wait.recv();
            then(tx)
        };
        drop(store.hand_over(held).await.unwrap());
        go_on
    }

    /// Promise 2, and no time lost: a modem gets ready while the disk works.
    #[tokio::test]
    async fn what_is_claimed_is_prepared_at_once_and_leaves_when_its_intent_is_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let (mut outbox, mut modem) = with_a_ready_modem(&store);
        let accept = |tx: &Tx<'_>| store::message::insert(tx, &samples::message(Timestamp::now()));
        // Between two jobs that the test holds, the turn.
        let before = hold(&store, accept).await;
        let turn = tokio::spawn(async move { (outbox.turn(&mut Vec::new()).await, outbox) });
        tokio::task::yield_now().await;
        let behind = hold(&store, |_| Ok(())).await;
        before.send(()).unwrap();
        let mut asked = modem.is_asked().await;
        assert_eq!(asked.may_leave(), None, "its intent is not on disk");
        assert!(!turn.is_finished());
        behind.send(()).unwrap();
        let (turned, mut outbox) = turn.await.unwrap();
        assert_eq!(asked.may_leave(), None, "the outbox decides");
        let begun = turned.unwrap().begun.pop().unwrap();
        outbox.start(begun);
        assert!(asked.leaves().await);
    }

    #[tokio::test]
    async fn what_is_prepared_is_withdrawn_where_its_intent_could_not_be_stored() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let (mut outbox, mut modem) = with_a_ready_modem(&store);
        let accept = |tx: &Tx<'_>| store::message::insert(tx, &samples::message(Timestamp::now()));
        store.write(accept).await.unwrap();
        let fails = async |outbox: &mut Outbox| {
            let before = hold(&store, |_| Ok(())).await;
            let mut back = Vec::new();
            let turn = outbox.turn(&mut back);
            let meanwhile = async {
                let behind = hold(&store, samples::fill_up).await;
                before.send(()).unwrap();
                behind.send(()).unwrap();
            };
            let (turned, ()) = tokio::join!(turn, meanwhile);
            assert!(turned.is_err());
        };
        fails(&mut outbox).await;
        assert!(!modem.is_asked().await.leaves().await);
        // Nor is it prepared again and again.
        fails(&mut outbox).await;
        assert!(modem.is_left_alone());
        for begun in outbox.turn(&mut Vec::new()).await.unwrap().begun {
            outbox.start(begun);
        }
        assert!(modem.is_asked().await.leaves().await, "it is tried again");
    }

    /// With a message of three segments whose first is on the air, and what tells its modem that no second follows.
    async fn with_two_to_follow(
        store: &Store,
        pace: Duration,
    ) -> (Outbox, StandIn, SegmentId, Option<Follower>) {
        let (mut outbox, mut modem) = with_a_ready_modem(store);
        let slot = outbox.outlets.first_mut().unwrap();
        slot.outlet.terms = Arc::new(Terms { pace, ..slot.outlet.terms.as_ref().clone() });
        let body = domain::Body { segments: 3, ..samples::body(&"x".repeat(400)) };
        let message = NewMessage { body, ..samples::message(Timestamp::now()) };
        store.write(move |tx| store::message::insert(tx, &message)).await.unwrap();
        let begun = outbox.turn(&mut Vec::new()).await.unwrap().begun.pop().unwrap();
        let segment = begun.segment;
        outbox.start(begun);
        let follower = modem.is_asked().await.follower().cloned();
        (outbox, modem, segment, follower)
    }

    fn taken(segment: SegmentId) -> Vec<Exchanged> {
        let booking = Booking { sim: "sim".into(), at: Timestamp::now(), price: None };
        let event = Event::Accepted(segment, Some(1));
        vec![Exchanged::on(0, segment, event, Some((booking, Spent::Segment)))]
    }

    #[tokio::test]
    async fn a_modem_is_told_what_most_likely_follows_and_then_asked_for_that() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let (mut outbox, mut modem, segment, follower) =
            with_two_to_follow(&store, Duration::ZERO).await;
        let follower = follower.unwrap();
        outbox.turn(&mut Vec::new()).await.unwrap();
        assert!(!follower.unwanted.is_cancelled(), "nothing has come back yet");
        outbox.turn(&mut taken(segment)).await.unwrap();
        let asked = modem.is_asked().await;
        assert_eq!(asked.octets(), usize::from(follower.octets));
        assert!(follower.unwanted.is_cancelled(), "asked for it is by another request");
        assert_ne!(asked.follower().unwrap().octets, follower.octets, "the last is shorter");
    }

    #[tokio::test]
    async fn a_modem_that_rests_or_has_sent_the_last_segment_is_told_of_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let pace = Duration::from_secs(1);
        let (mut outbox, mut modem, segment, follower) = with_two_to_follow(&store, pace).await;
        assert!(follower.is_none(), "it rests");
        let slot = outbox.outlets.first_mut().unwrap();
        slot.outlet.terms =
            Arc::new(Terms { pace: Duration::ZERO, ..Line::sample(0).terms.as_ref().clone() });
        for sequence in 1..3 {
            let segment = SegmentId { sequence, ..segment };
            for begun in outbox.turn(&mut taken(segment)).await.unwrap().begun {
                outbox.start(begun);
            }
            assert_eq!(modem.is_asked().await.follower().is_some(), sequence < 2);
        }
    }

    #[tokio::test]
    async fn a_modem_does_not_go_on_by_itself_where_a_code_waits_or_nothing_follows() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let (mut outbox, mut modem, segment, follower) =
            with_two_to_follow(&store, Duration::ZERO).await;
        let (unwanted, expires_at) =
            (follower.unwrap().unwanted, Timestamp::now().after(Duration::from_secs(300)));
        let code = |lane| NewMessage { lane, expires_at, ..samples::message(Timestamp::now()) };
        let notice = code(Lane::Bulk);
        store.write(move |tx| store::message::insert(tx, &notice)).await.unwrap();
        outbox.turn(&mut Vec::new()).await.unwrap();
        assert!(!unwanted.is_cancelled(), "no less urgent than what is on the air");
        let code = code(Lane::Otp);
        store.write(move |tx| store::message::insert(tx, &code)).await.unwrap();
        outbox.turn(&mut Vec::new()).await.unwrap();
        assert!(unwanted.is_cancelled());
        // The code has no other segment. Behind it comes the rest, until the SIM is gone.
        let begun = outbox.turn(&mut taken(segment)).await.unwrap().begun.pop().unwrap();
        assert!(modem.is_asked().await.follower().is_none());
        let code = begun.segment;
        outbox.start(begun);
        let begun = outbox.turn(&mut taken(code)).await.unwrap().begun.pop().unwrap();
        let unwanted = modem.is_asked().await.follower().cloned().unwrap().unwanted;
        let second = begun.segment;
        outbox.start(begun);
        outbox.disappoint(false);
        assert!(!unwanted.is_cancelled(), "it is on the air");
        let no_sim = Refusal { detail: Detail::SimMissing, class: RefusalClass::Modem };
        let mut back = taken(second);
        back[0].came.event = Event::Refused(second, no_sim);
        outbox.turn(&mut back).await.unwrap();
        assert!(unwanted.is_cancelled());
    }

    async fn waits(store: &Store, key: i64) -> bool {
        let progress = store.read(move |view| store::progress::load(view, key)).await.unwrap();
        progress.phase == Phase::Queued
    }

    #[tokio::test]
    async fn codes_of_an_earlier_boot_expire_where_nobody_knows_the_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let insert = |lane| {
            let message = NewMessage { lane, ..samples::message(Timestamp::now()) };
            store.write(move |tx| store::message::insert(tx, &message))
        };
        let (code, notice) = (insert(Lane::Otp).await.unwrap(), insert(Lane::Bulk).await.unwrap());
        outbox(&store, "first", false).recover().await.unwrap();
        assert!(waits(&store, code).await, "there was no boot before");
        outbox(&store, "first", false).recover().await.unwrap();
        assert!(waits(&store, code).await, "the machine was not off");
        outbox(&store, "second", true).recover().await.unwrap();
        assert!(waits(&store, code).await, "the time is known");
        outbox(&store, "third", false).recover().await.unwrap();
        assert!(!waits(&store, code).await && waits(&store, notice).await);
    }

    /// A code that has to avoid the only SIM, because that may have sent it, and waits before another one.
    #[test]
    fn a_bulk_call_is_hung_up_for_a_code_though_one_before_it_has_to_wait() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let (conditions, rules) = (Conditions::sample, Conditions::sample(start).rules);
            let code = || {
                let message = samples::message(start);
                let on_unknown = domain::OnUnknown::Resend;
                let message = NewMessage { lane: Lane::Otp, on_unknown, ..message };
                store::message::insert(tx, &message).unwrap()
            };
            let lost = code();
            let [claimed] = &claim(tx, &[Line::sample(0)], conditions(start)).unwrap()[..] else {
                panic!()
            };
            apply(tx, lost, Event::Silent(claimed.segment), start, rules).unwrap();
            let later = conditions(start.after(Duration::from_secs(21)));
            let calls = Line { idle: false, in_call: Some(Lane::Bulk), ..Line::sample(0) };
            let in_the_way = |lines: &[Line]| calls_in_the_way(tx, lines, later).unwrap();
            assert_eq!(in_the_way(std::slice::from_ref(&calls)), [0; 0], "for that one to no end");
            code();
            assert_eq!(in_the_way(&[calls]), [0]);
        });
    }

    /// A disk that was full for long: the answer came in time, and is stored after the deadline.
    #[test]
    fn an_answer_that_came_in_time_counts_though_its_deadline_has_come_before_it_could_be_stored() {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let rules = Rules { resend_after: Duration::from_secs(20) };
            let key = store::message::insert(tx, &samples::message(start)).unwrap();
            let segment = SegmentId::first_of(key, 1);
            apply(tx, key, Event::Claimed(samples::attempt(segment, start)), start, rules).unwrap();
            let event = Event::Accepted(segment, Some(7));
            let came = Came { message: key, event, account: None };
            let back = [(start.after(Duration::from_secs(5)), came)];
            let now = start.after(Duration::from_secs(3600));
            let conditions = Conditions::sample(now);
            turn(tx, &back, &[], (false, None), &[], conditions).unwrap();
            let progress = store::progress::load(tx, key).unwrap();
            assert_eq!(progress.reason, Some(Detail::NoReport), "it was sent");
        });
    }

    #[test]
    fn what_a_modem_that_is_gone_has_begun_stays_with_it_while_no_other_is_there() {
        samples::Memory::new().run(|tx| {
            let now = Timestamp::now();
            let rules = Rules { resend_after: Duration::from_secs(20) };
            let conditions = Conditions::sample(now);
            let body = domain::Body { segments: 2, ..samples::body(&"x".repeat(200)) };
            store::message::insert(tx, &NewMessage { body, ..samples::message(now) }).unwrap();
            let [first] = &claim(tx, &[Line::sample(0)], conditions).unwrap()[..] else { panic!() };
            let message = first.segment.message();
            apply(tx, message, Event::Accepted(first.segment, Some(1)), now, rules).unwrap();
            let given_back = |lines: &[Line]| give_back(tx, lines, Some(&[]), conditions).unwrap();
            let attempts = || {
                let progress = store::progress::load(tx, message).unwrap();
                (progress.claimable_at.is_some(), progress.attempts.len())
            };
            assert!(given_back(&[]), "it waits");
            assert!(given_back(&[Line { ready: false, ..Line::sample(1) }]));
            assert_eq!(attempts(), (false, 1));
            assert!(!given_back(&[Line::sample(1)]));
            assert_eq!(attempts(), (true, 1), "another may send it");
        });
    }

    /// A turn, a minute later, in which something is to be done for a message that cannot be read.
    fn a_turn_goes_on(
        column: &str,
        line: usize,
        bring: impl FnOnce(&Tx<'_>, Timestamp) -> Vec<Event>,
    ) {
        samples::Memory::new().run(|tx| {
            let start = Timestamp::now();
            let later = Conditions::sample(start.after(Duration::from_secs(59)));
            let body = domain::Body { segments: 2, ..samples::body(&"x".repeat(200)) };
            let id = domain::MessageId::of_row(1);
            let message = NewMessage { id, body, lane: Lane::Otp, ..samples::message(start) };
            let damaged = store::message::insert(tx, &message).unwrap();
            let came = |event| Came { message: damaged, event, account: None };
            let back = bring(tx, start).into_iter().map(|event| (later.now, came(event)));
            let back: Vec<_> = back.collect();
            samples::damage(tx, damaged, column);
            let other = store::message::insert(tx, &samples::message(start)).unwrap();
            let turn_at = |now, back, care| {
                let conditions = Conditions { now, care, ..later };
                let lines = [Line::sample(line)];
                tx.savepoint(|tx| turn(tx, back, &lines, (true, Some(&[])), &[], conditions))
            };
            let turn = |back, care| turn_at(later.now, back, care);
            assert!(turn(&back, Care::Together).is_err_and(|cause| cause.is_of_its_rows()));
            let turned = turn(&back, Care::Apart).unwrap();
            let begun: Vec<_> = turned.begun.iter().map(|it| it.segment.message()).collect();
            assert_eq!(begun, [other]);
            assert!(turned.next_wake > Some(later.now), "nobody looks at it all the time");
            assert!(turn(&[], Care::Together).is_ok(), "it is put off");
            turn_at(message.expires_at, &[], Care::Apart).unwrap();
            assert!(store::message::outgoing(tx, damaged).unwrap().is_none(), "and says nothing");
        });
    }

    #[test]
    fn a_message_that_cannot_be_read_holds_up_no_other() {
        const FIRST: SegmentId = SegmentId::first_of(1, 1);
        let begin = |tx: &Tx<'_>, start| {
            let claimed = claim(tx, &[Line::sample(0)], Conditions::sample(start)).unwrap();
            assert_eq!(claimed[0].segment, FIRST);
        };
        let happen = |tx: &Tx<'_>, event, at| {
            apply(tx, 1, event, at, Conditions::sample(at).rules).unwrap();
        };
        let busy = Refusal { detail: Detail::NetworkBusy, class: RefusalClass::Network };
        // It is due.
        a_turn_goes_on("reason", 0, |tx, start| {
            happen(tx, Event::Shifted(-10_000), start);
            Vec::new()
        });
        // It may begin, or begin anew.
        a_turn_goes_on("recipient", 0, |_, _| Vec::new());
        a_turn_goes_on("reason", 0, |tx, start| {
            begin(tx, start);
            happen(tx, Event::Refused(FIRST, busy), start);
            Vec::new()
        });
        // Its next segment may follow; or its modem is gone.
        for line in [0, 1] {
            a_turn_goes_on("reason", line, |tx, start| {
                begin(tx, start);
                happen(tx, Event::Accepted(FIRST, Some(1)), start);
                Vec::new()
            });
        }
        // An answer came.
        a_turn_goes_on("reason", 0, |tx, start| {
            begin(tx, start);
            vec![Event::Accepted(FIRST, Some(1))]
        });
    }

    #[tokio::test]
    async fn a_daemon_starts_and_works_though_messages_of_before_cannot_be_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let start = Timestamp::now().before(Duration::from_secs(59));
        let begin = move |tx: &Tx<'_>| {
            let due = || NewMessage { expires_at: start, ..samples::message(start) };
            let on_the_air = store::message::insert(tx, &samples::message(start))?;
            claim(tx, &[Line::sample(0)], Conditions::sample(start))?;
            for key in [on_the_air, store::message::insert(tx, &due())?] {
                samples::damage(tx, key, "reason");
            }
            let other = due();
            store::message::insert(tx, &other).map(|_| other.id)
        };
        let other = store.write(begin).await.unwrap();
        let mut told = store.messages_told();
        let mut outbox = outbox(&store, "a", true);
        outbox.recover().await.unwrap();
        let cancel = CancellationToken::new();
        let running = tokio::spawn(outbox.run(cancel.clone()));
        let ended = tokio::time::timeout(Duration::from_secs(20), told.recv());
        assert_eq!(ended.await.unwrap().unwrap(), other);
        cancel.cancel();
        running.await.unwrap();
    }

    #[tokio::test]
    async fn an_exchange_that_panics_is_one_without_an_answer() {
        assert_eq!(or_lost(async { 1 }, 2).await, 1);
        assert_eq!(or_lost(async { panic!("on purpose") }, 2).await, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_modems_answer_while_others_are_silent_outlives_a_stop() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let (now, segment) = (Timestamp::now(), SegmentId::first_of(1, 1));
        let begin = move |tx: &Tx<'_>| {
            let key = store::message::insert(tx, &samples::message(now))?;
            let attempt = samples::attempt(segment, now);
            let rules = Rules { resend_after: Duration::from_secs(20) };
            apply(tx, key, Event::Claimed(attempt), now, rules).map(drop)
        };
        store.write(begin).await.unwrap();
        let mut outbox = outbox(&store, "a", true);
        let answer = exchanged(Event::Accepted(segment, Some(7)), Spent::Segment);
        outbox.exchanges.spawn(async { answer });
        outbox.exchanges.spawn(std::future::pending());
        let stop = tokio::time::timeout(Duration::from_secs(15), outbox.drain(Vec::new()));
        assert!(stop.await.is_err(), "one modem says nothing");
        let progress = store.write(|tx| store::progress::load(tx, 1)).await.unwrap();
        assert_eq!(progress.segment(segment).unwrap().reference, Some(7));
    }
}
