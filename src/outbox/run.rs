//! The dispatcher: one task that waits for something to change, stores what came back together with
//! what goes out next, and lets the modems work.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::Instant,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{
    claim::{Claimed, claim},
    record::apply,
    route::Line,
    step::{Event, Rules},
};
use crate::{
    domain::{Detail, Lane, Refusal, RefusalClass, SegmentId, Timestamp},
    modem::{ModemHandle, ModemState, ModemStatus, NotSent, Submit, SubmitOutcome},
    sms,
    store::{self, Store, Tx},
};

/// Deadlines handled in one transaction; what is left comes in the next, at once.
const DUE_AT_ONCE: u32 = 200;
/// After the store failed: long enough not to spin on a full disk, short enough not to be missed.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// A SIM that has not been ready for so long has lost what it began to the others. A modem that only
/// lost its network for a moment, or that comes up with the daemon, is back by then.
const LOST_AFTER: Duration = Duration::from_secs(10);
/// With nothing to wait for; everything that matters wakes the dispatcher by itself.
const FOREVER: Duration = Duration::from_secs(86_400);

/// A modem, as the outbox uses it.
#[derive(Debug, Clone)]
pub struct Outlet {
    /// Its handle.
    pub handle: ModemHandle,
    /// Lanes it may serve.
    pub lanes: Vec<Lane>,
    /// Whether its SIM gets delivery reports.
    pub reports: bool,
}

/// What an operator may set about the outbox.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The law's own settings.
    pub rules: Rules,
    /// How long an unanswered segment may still be settled; else twice the family's maximum.
    pub settle: Option<Duration>,
    /// How long to wait for delivery reports; else what TP-VP says, and a minute.
    pub report_window: Option<Duration>,
}

/// The dispatcher.
#[derive(Debug)]
pub struct Outbox {
    store: Store,
    settings: Settings,
    outlets: Vec<Slot>,
    exchanges: JoinSet<Exchanged>,
    /// When each SIM was ready last; one that never was counts from the start.
    seen: HashMap<String, Instant>,
    started: Instant,
    /// One wake-up for a change of any modem's status.
    changed: Arc<Notify>,
    watchers: JoinSet<()>,
}

#[derive(Debug)]
struct Slot {
    outlet: Outlet,
    status: watch::Receiver<ModemStatus>,
    busy: bool,
    served: u64,
}

/// What came back from a modem.
#[derive(Debug)]
struct Exchanged {
    index: usize,
    message: i64,
    event: Event,
}

/// What one turn found to do.
#[derive(Debug)]
struct Turn {
    claimed: Vec<Claimed>,
    next_wake: Option<Timestamp>,
    more_due: bool,
    /// Attempts wait for a SIM that is not ready, and may be lost to others later.
    waits_for_sim: bool,
}

impl Outbox {
    /// A dispatcher for these modems.
    pub fn new(store: Store, settings: Settings, outlets: Vec<Outlet>) -> Self {
        let changed = Arc::new(Notify::new());
        let mut watchers = JoinSet::new();
        let outlets = outlets.into_iter().map(|outlet| {
            let status = outlet.handle.status();
            watchers.spawn(forward_changes(status.clone(), changed.clone()));
            Slot { outlet, status, busy: false, served: 0 }
        });
        Self {
            store,
            settings,
            outlets: outlets.collect(),
            exchanges: JoinSet::new(),
            seen: HashMap::new(),
            started: Instant::now(),
            changed,
            watchers,
        }
    }

    /// Works until `cancel`, then lets the exchanges on the air end and stores their outcomes.
    ///
    /// # Errors
    /// The store failed at the start.
    pub async fn run(mut self, cancel: CancellationToken) -> Result<(), store::Error> {
        self.recover().await?;
        let mut back: Vec<Exchanged> = Vec::new();
        loop {
            let turn = match self.turn(&mut back).await {
                Ok(turn) => turn,
                Err(cause) => {
                    error!(%cause, "the outbox could not store its work; it tries again");
                    tokio::select! {
                        () = cancel.cancelled() => break,
                        () = tokio::time::sleep(STORE_PAUSE) => continue,
                    }
                }
            };
            let wake = wake_of(&turn);
            turn.claimed.into_iter().for_each(|claimed| self.start(claimed));
            // All branches are cancel-safe: what they wait for stays where it is.
            tokio::select! {
                () = cancel.cancelled() => break,
                () = self.store.queue_changed() => {}
                () = self.changed.notified() => {}
                Some(done) = self.exchanges.join_next() => back.extend(finished(done)),
                () = tokio::time::sleep_until(wake) => {}
            }
            while let Some(done) = self.exchanges.try_join_next() {
                back.extend(finished(done));
            }
        }
        self.drain(back).await;
        Ok(())
    }

    /// What was on the air when the daemon died is unanswered.
    async fn recover(&self) -> Result<(), store::Error> {
        let rules = self.settings.rules;
        let found = self
            .store
            .write(move |tx| {
                let keys = store::queue::submitting(tx)?;
                for key in &keys {
                    apply(tx, *key, Event::Crashed, Timestamp::now(), rules)?;
                }
                Ok(keys.len())
            })
            .await?;
        if found > 0 {
            warn!(messages = found, "found messages whose answer was lost when the daemon ended");
        }
        Ok(())
    }

    /// One transaction: what came back, what is due, and what goes out next.
    async fn turn(&mut self, back: &mut Vec<Exchanged>) -> Result<Turn, store::Error> {
        for done in back.iter() {
            if let Some(slot) = self.outlets.get_mut(done.index) {
                slot.busy = false;
            }
        }
        let lines: Vec<_> = self.lines().collect();
        let now = Instant::now();
        self.seen.extend(lines.iter().map(|(_, line)| (line.sim.clone(), now)));
        let settled_in = now.duration_since(self.started) >= LOST_AFTER;
        self.seen.retain(|_, seen| now.duration_since(*seen) < LOST_AFTER);
        // While the modems come up with the daemon, none is lost yet.
        let present: Option<Vec<_>> = settled_in.then(|| self.seen.keys().cloned().collect());
        let events: Vec<_> = back.iter().map(|done| (done.message, done.event.clone())).collect();
        let rules = self.settings.rules;
        let turn = self
            .store
            .write(move |tx| turn(tx, &events, &lines, present.as_deref(), rules))
            .await?;
        back.clear();
        Ok(turn)
    }

    /// The modems that are ready, and whether each is idle.
    fn lines(&self) -> impl Iterator<Item = (bool, OwnedLine)> {
        self.outlets.iter().enumerate().filter_map(|(index, slot)| {
            let status = slot.status.borrow();
            let ready = status.state == ModemState::Ready;
            ready.then(|| {
                let family_maximum = status.submit_timeout;
                let line = OwnedLine {
                    index,
                    name: slot.outlet.handle.name().to_owned(),
                    sim: status.sim(slot.outlet.handle.name()),
                    lanes: slot.outlet.lanes.clone(),
                    // A modem that cannot tell of reports is not waited for.
                    reports: slot.outlet.reports && status.facts.reports,
                    settle: self.settings.settle.unwrap_or(family_maximum * 2),
                    report_window: self.settings.report_window,
                    served: slot.served,
                };
                (!slot.busy, line)
            })
        })
    }

    fn start(&mut self, claimed: Claimed) {
        let Claimed { index, message, segment, tpdu, begins } = claimed;
        let Some(slot) = self.outlets.get_mut(index) else { return };
        slot.busy = true;
        slot.served += u64::from(begins);
        let handle = slot.outlet.handle.clone();
        self.exchanges.spawn(async move {
            let outcome = handle.submit(Submit { segment, tpdu }).await;
            Exchanged { index, message, event: event_of(segment, outcome) }
        });
    }

    /// Lets the exchanges on the air end, and stores what came of them.
    async fn drain(mut self, mut back: Vec<Exchanged>) {
        self.watchers.abort_all();
        if !self.exchanges.is_empty() {
            info!(exchanges = self.exchanges.len(), "waiting for the exchanges on the air");
        }
        while let Some(done) = self.exchanges.join_next().await {
            back.extend(finished(done));
        }
        let rules = self.settings.rules;
        let events: Vec<_> = back.into_iter().map(|done| (done.message, done.event)).collect();
        let stored = self
            .store
            .write(move |tx| {
                events.into_iter().try_for_each(|(message, event)| {
                    apply(tx, message, event, Timestamp::now(), rules).map(drop)
                })
            })
            .await;
        if let Err(cause) = stored {
            error!(%cause, "the last answers could not be stored; they count as lost");
        }
    }
}

/// A [`Line`] that owns what it says, to cross to the store's thread.
#[derive(Debug)]
struct OwnedLine {
    index: usize,
    name: String,
    sim: String,
    lanes: Vec<Lane>,
    reports: bool,
    settle: Duration,
    report_window: Option<Duration>,
    served: u64,
}

impl OwnedLine {
    fn line(&self) -> Line<'_> {
        Line {
            index: self.index,
            name: &self.name,
            sim: self.sim.clone(),
            lanes: &self.lanes,
            reports: self.reports,
            settle: self.settle,
            report_window: self.report_window,
            served: self.served,
        }
    }
}

fn turn(
    tx: &Tx<'_>,
    back: &[(i64, Event)],
    lines: &[(bool, OwnedLine)],
    present: Option<&[String]>,
    rules: Rules,
) -> Result<Turn, store::Error> {
    let now = Timestamp::now();
    for (message, event) in back {
        match apply(tx, *message, event.clone(), now, rules) {
            // One row that cannot be read must not stop all modems.
            Err(cause @ (store::Error::Missing(_) | store::Error::UnknownWord { .. })) => {
                error!(%cause, "an outcome cannot be stored");
            }
            applied => drop(applied?),
        }
    }
    let due = store::queue::due(tx, now, DUE_AT_ONCE)?;
    for key in &due {
        apply(tx, *key, Event::Deadline(None), now, rules)?;
    }
    let waits_for_sim = give_back(tx, lines, present, now, rules)?;
    let idle = lines.iter().filter(|(idle, _)| *idle).map(|(_, line)| line.line()).collect();
    let claimed = claim(tx, idle, now, rules)?;
    let more_due = u32::try_from(due.len()).is_ok_and(|due| due == DUE_AT_ONCE);
    let next_wake = store::queue::next_wake(tx, now)?;
    Ok(Turn { claimed, next_wake, more_due, waits_for_sim })
}

/// What modems that are gone have begun and not ended goes to those that are here. Says whether
/// some of it still waits for its modem to come back.
fn give_back(
    tx: &Tx<'_>,
    ready: &[(bool, OwnedLine)],
    present: Option<&[String]>,
    now: Timestamp,
    rules: Rules,
) -> Result<bool, store::Error> {
    let mut waits = false;
    for (message, attempt, sim) in store::queue::unfinished_attempts(tx)? {
        if ready.iter().any(|(_, line)| line.sim == sim) {
            continue;
        }
        let lost = present.is_some_and(|present| !present.contains(&sim));
        if lost && !ready.is_empty() {
            apply(tx, message, Event::ModemLost(attempt), now, rules)?;
        } else {
            waits = true;
        }
    }
    Ok(waits)
}

/// What an outcome means to the message.
fn event_of(segment: SegmentId, outcome: SubmitOutcome) -> Event {
    match outcome {
        SubmitOutcome::Accepted { mr } => Event::Accepted(segment, mr),
        SubmitOutcome::Refused(result) => Event::Refused(segment, sms::refusal(&result)),
        SubmitOutcome::NotSent(NotSent::Refused(result)) => {
            // Before the body is written there is no doubt.
            let refusal = sms::refusal(&result);
            let doubtful = refusal.class == RefusalClass::Doubtful;
            let class = if doubtful { RefusalClass::Modem } else { refusal.class };
            Event::Refused(segment, Refusal { class, ..refusal })
        }
        SubmitOutcome::NotSent(NotSent::NoPrompt | NotSent::NotReady | NotSent::PortLost) => {
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

/// A submit task that panicked has told nothing; its segment's deadline settles it.
fn finished(done: Result<Exchanged, tokio::task::JoinError>) -> Option<Exchanged> {
    done.map_err(|cause| error!(%cause, "a submit ended without an outcome")).ok()
}

async fn forward_changes(mut status: watch::Receiver<ModemStatus>, changed: Arc<Notify>) {
    while status.changed().await.is_ok() {
        changed.notify_one();
    }
}

/// When the next turn is due if nothing happens before.
fn wake_of(turn: &Turn) -> Instant {
    let due = turn.next_wake.map_or(FOREVER, |wake| wake.since(Timestamp::now()));
    let wait = match (turn.more_due, turn.waits_for_sim) {
        (true, _) => Duration::ZERO,
        (false, true) => due.min(LOST_AFTER),
        (false, false) => due.min(FOREVER),
    };
    Instant::now() + wait
}
