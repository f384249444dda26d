//! What modems tell by themselves, on its way to the disk: in the order in which it came, and however
//! long the disk is full. A delivery report is told once and stored nowhere else.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tracing::{error, info, warn};

use crate::{
    domain::{Detail, Event, ModemIncident, SegmentId, Timestamp, clock::Moment},
    inbox::{self, Origin},
    modem::ModemEvent,
    outbox::{self, LateRefusal, Rules},
    sms::{self, Incoming},
    store::{self, Store, Tx},
};

/// Stored in one transaction at most.
const BATCH: usize = 64;

/// How long the last of them waits for others, to be stored in one commit with them: many modems tell of
/// many deliveries, and each commit holds up the next answer.
const GATHER: Duration = Duration::from_millis(100);

/// How long the first of them waits, as long as others come: nobody notices whether a report that took seconds is a
/// quarter of one older. A power cut takes with it what waits.
const LONGEST: Duration = Duration::from_millis(250);

/// How long it usually takes at most until what a modem told is on disk: what waits for an answer or a report waits so
/// much longer, or what came in time would be too late. As long again as the longest wait, for a slow disk.
pub const STORED_WITHIN: Duration = LONGEST.saturating_mul(2);

/// Between two tries while the disk is full: well below the outbox's own, so that a report is stored before
/// the deadline of what it reports about is handled.
const AGAIN: Duration = Duration::from_millis(250);

/// Held in memory at most, some 300 octets each: what the modems of a large box are told in an hour.
const MAX_HELD: usize = 4096;

/// Tries after the modems have ended; then the daemon ends too.
const LAST_TRIES: u32 = 8;

/// Something that a modem told.
struct Arrival {
    told: Arc<Told>,
    /// To be told once it is on disk here.
    waits: Option<Waits>,
}

/// What a modem waits for.
enum Waits {
    /// That it is kept.
    Kept(oneshot::Sender<()>),
    /// Whether it may.
    Permit(oneshot::Sender<bool>),
}

struct Told {
    at: Moment,
    what: What,
}

enum What {
    LateAnswer { segment: SegmentId, event: outbox::Event },
    Tpdu { modem: String, sim: String, slot: Option<String>, tpdu: Vec<u8> },
    Incident { modem: String, incident: ModemIncident, detail: Option<Detail> },
    PinWanted { sim: String, retries: u8 },
    PinKnown { sim: String, right: bool },
}

/// The outbox, to which refusals that come late are told.
type Outbox = mpsc::UnboundedSender<LateRefusal>;

/// Stores what modems tell until all of them have ended; each modem is told when its own is on disk.
pub async fn take_in(
    store: Store,
    mut received: mpsc::Receiver<ModemEvent>,
    outbox: Outbox,
    rules: Rules,
) {
    let mut held = VecDeque::new();
    let (mut open, mut tries_left, mut held_up) = (true, LAST_TRIES, false);
    while open || !held.is_empty() {
        if held.is_empty() {
            match received.recv().await {
                Some(event) => hold(&mut held, event, &outbox),
                None => break,
            }
            open = gather(&mut received, &mut held, &outbox).await;
        }
        while held.len() < BATCH
            && let Ok(event) = received.try_recv()
        {
            hold(&mut held, event, &outbox);
        }
        match keep(&store, &mut held, rules).await {
            Ok(()) if held_up => {
                info!("what modems told meanwhile is stored");
                held_up = false;
            }
            Ok(()) => {}
            Err(cause) => {
                if !std::mem::replace(&mut held_up, true) {
                    warn!(%cause, "what modems tell cannot be stored now; it is held in memory");
                }
                tries_left -= u32::from(!open);
                if tries_left == 0 || matches!(cause, store::Error::Closed) {
                    break;
                }
                open = listen(&mut received, &mut held, &outbox, Instant::now() + AGAIN).await;
            }
        }
    }
    if !held.is_empty() {
        error!(lost = held.len(), "what modems told could not be stored before the end");
    }
}

/// Waits for others while those that are there have time; says whether there is more to come.
async fn gather(
    received: &mut mpsc::Receiver<ModemEvent>,
    held: &mut VecDeque<Arrival>,
    outbox: &Outbox,
) -> bool {
    let longest = Instant::now() + LONGEST;
    while held.len() < BATCH && held.back().is_some_and(|arrival| arrival.told.can_wait()) {
        tokio::select! {
            () = sleep_until(longest.min(Instant::now() + GATHER)) => break,
            event = received.recv() => match event {
                Some(event) => hold(held, event, outbox),
                None => return false,
            },
        }
    }
    true
}

/// Goes on listening until `until`, so that no modem waits; says whether there is more to come.
async fn listen(
    received: &mut mpsc::Receiver<ModemEvent>,
    held: &mut VecDeque<Arrival>,
    outbox: &Outbox,
    until: Instant,
) -> bool {
    let mut open = true;
    loop {
        tokio::select! {
            () = sleep_until(until) => return open,
            event = received.recv(), if open => match event {
                Some(event) => hold(held, event, outbox),
                None => open = false,
            },
        }
    }
}

fn hold(held: &mut VecDeque<Arrival>, event: ModemEvent, outbox: &Outbox) {
    let take = |segment, refusal| {
        outbox.send(LateRefusal { segment, refusal, heard: Instant::now() }).is_ok()
    };
    let (what, waits) = match event {
        ModemEvent::LateAnswer { segment, outcome, .. } => {
            match outbox::late_answer(segment, outcome) {
                // Nothing that comes behind it depends on it. Where the outbox has ended, it is stored here.
                Some(outbox::Event::Refused(segment, refusal)) if take(segment, refusal) => return,
                Some(event) => (What::LateAnswer { segment, event }, None),
                None => return,
            }
        }
        ModemEvent::Received { modem, sim, slot, tpdu, kept } => {
            (What::Tpdu { modem, sim, slot, tpdu }, Some(Waits::Kept(kept)))
        }
        ModemEvent::Happened { modem, incident, detail } => {
            (What::Incident { modem, incident, detail }, None)
        }
        ModemEvent::PinWanted { sim, retries, permit } => {
            (What::PinWanted { sim, retries }, Some(Waits::Permit(permit)))
        }
        ModemEvent::PinKnown { sim, right } => (What::PinKnown { sim, right }, None),
    };
    if held.len() >= MAX_HELD {
        // A modem that still stores it is told nothing, and keeps it.
        error!("too much waits for the disk: the oldest that a modem told is dropped");
        held.pop_front();
    }
    let told = Arc::new(Told { at: Moment::of(Timestamp::now()), what });
    held.push_back(Arrival { told, waits });
}

/// Stores the oldest of them in one transaction, and tells their modems. What fails for a reason of its own
/// is dropped: it would fail again.
async fn keep(
    store: &Store,
    held: &mut VecDeque<Arrival>,
    rules: Rules,
) -> Result<(), store::Error> {
    let batch: Vec<_> = held.iter().take(BATCH).map(|arrival| arrival.told.clone()).collect();
    let job = move |tx: &Tx<'_>| {
        let each = batch.iter().map(|told| match tx.savepoint(|tx| told.store(tx, rules)) {
            Err(cause) if cause.is_passing() => Err(cause),
            stored => Ok(stored),
        });
        each.collect::<Result<Vec<_>, _>>()
    };
    for stored in store.write_along(job).await? {
        let Some(arrival) = held.pop_front() else { break };
        match stored {
            Ok(may) => match arrival.waits {
                Some(Waits::Kept(kept)) => drop(kept.send(())),
                Some(Waits::Permit(permit)) => drop(permit.send(may)),
                None => {}
            },
            Err(cause) => error!(%cause, "what a modem told could not be stored"),
        }
    }
    Ok(())
}

impl Told {
    /// Whether it has time: whoever tells something else waits for an answer, or what it tells settles something.
    const fn can_wait(&self) -> bool {
        matches!(self.what, What::Tpdu { .. })
    }

    /// Stores it; answers whether the modem may do what it asks for, if it does.
    fn store(&self, tx: &Tx<'_>, rules: Rules) -> Result<bool, store::Error> {
        let at = self.at.by_now();
        match &self.what {
            What::PinWanted { sim, retries } => {
                return store::pin::enter(tx, sim, *retries, at);
            }
            What::PinKnown { sim, right } => store::pin::settle(tx, sim, *right)?,
            What::Incident { modem, incident, detail } => {
                let event = Event::of_incident(*incident, modem, at).because(*detail);
                store::event::append(tx, &event)?;
            }
            What::LateAnswer { segment, event } => {
                outbox::apply(tx, segment.message(), event.clone(), at, rules).map(drop)?;
            }
            What::Tpdu { modem, sim, slot, tpdu } => {
                let origin = Origin { modem, sim, slot: slot.as_deref(), tpdu };
                match sms::read(tpdu) {
                    Incoming::Fragment(fragment) => {
                        inbox::receive(tx, origin, &fragment, at)?;
                    }
                    Incoming::Unreadable => inbox::receive_unreadable(tx, origin, at)?,
                    // A report that could not be deleted in the modem is found there again, when its
                    // reference may be another's.
                    Incoming::Report(_) if slot.is_some() && !inbox::is_news(tx, origin, at)? => {}
                    Incoming::Report(read) => outbox::receive(tx, sim, &read, at, rules)?,
                }
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use ringpost_hal::at::FinalResult;

    use super::*;
    use crate::{
        domain::{Attempt, Phase},
        modem::SubmitOutcome,
        store::samples,
    };

    const RULES: Rules = Rules { resend_after: Duration::from_secs(20) };
    const SIM: &str = "8901";

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_ms(0).after(Duration::from_secs(seconds))
    }

    /// A message that went out at `seconds`.
    fn begun(tx: &Tx<'_>, seconds: u64) -> Result<SegmentId, store::Error> {
        let message = store::message::insert(tx, &samples::message(at(seconds)))?;
        let segment = SegmentId::first_of(message, 1);
        let attempt = Attempt {
            sim: SIM.into(),
            settle: Duration::from_secs(120),
            report_deadline: at(seconds + 400),
            ..samples::attempt(segment, at(seconds))
        };
        outbox::apply(tx, message, outbox::Event::Claimed(attempt), at(seconds), RULES)?;
        Ok(segment)
    }

    /// A report on reference 7 to the recipient of the samples: delivered. It does not say when the segment was taken.
    fn report(slot: Option<&str>, seconds: u64) -> Told {
        let tpdu = vec![
            0x06, 7, 11, 0x91, 0x41, 0x51, 0x55, 0x25, 0x43, 0xF5, 0x00, 0x00, 0x00, 0x00, 0x00,
            0x00, 0x00, 0x42, 0x11, 0x52, 0x61, 0x00, 0x00, 0x00, 0x00,
        ];
        let slot = slot.map(str::to_owned);
        let what = What::Tpdu { modem: "a".into(), sim: SIM.into(), slot, tpdu };
        Told { at: Moment::of(at(seconds)), what }
    }

    #[tokio::test]
    async fn what_is_refused_late_is_the_outboxs_to_store_for_as_long_as_there_is_one() {
        let refused = || ModemEvent::LateAnswer {
            modem: "a".into(),
            segment: SegmentId::first_of(1, 1),
            outcome: SubmitOutcome::Refused(FinalResult::Error),
        };
        let (outbox, mut refusals) = mpsc::unbounded_channel();
        let mut held = VecDeque::new();
        hold(&mut held, refused(), &outbox);
        assert!(refusals.try_recv().is_ok() && held.is_empty());
        refusals.close();
        hold(&mut held, refused(), &outbox);
        assert_eq!(held.len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn reports_wait_for_each_other_and_nothing_else_does() {
        let received = || {
            let (kept, _) = oneshot::channel();
            let (modem, sim) = ("a".to_owned(), SIM.to_owned());
            ModemEvent::Received { modem, sim, slot: None, tpdu: Vec::new(), kept }
        };
        let happened = || ModemEvent::Happened {
            modem: "a".into(),
            incident: ModemIncident::Drain,
            detail: None,
        };
        // What is told first and what behind it, one every 40 ms: how long that is gathered, whether there will be more,
        // and how much there is.
        let gathered = async |first, others: Vec<ModemEvent>| {
            let (tell, mut told) = mpsc::channel(8);
            let (outbox, _) = mpsc::unbounded_channel();
            let mut held = VecDeque::new();
            hold(&mut held, first, &outbox);
            let begun = Instant::now();
            let mut gathering = std::pin::pin!(async {
                let open = gather(&mut told, &mut held, &outbox).await;
                (open, begun.elapsed().as_millis(), held.len())
            });
            for other in others {
                tokio::select! {
                    gathered = &mut gathering => return gathered,
                    () = sleep_until(Instant::now() + Duration::from_millis(40)) => {}
                }
                tell.send(other).await.unwrap();
            }
            gathering.await
        };
        let many = |count| (0..count).map(|_| received()).collect::<Vec<_>>();
        assert_eq!(gathered(received(), many(0)).await, (true, 100, 1));
        assert_eq!(gathered(received(), many(2)).await, (true, 180, 3));
        assert_eq!(gathered(received(), many(9)).await, (true, 250, 7));
        assert_eq!(gathered(received(), vec![happened()]).await, (true, 40, 2));
        assert_eq!(gathered(happened(), many(1)).await, (true, 0, 1));
        let (tell, mut told) = mpsc::channel(1);
        drop(tell);
        let (outbox, _) = mpsc::unbounded_channel();
        let mut held = VecDeque::new();
        hold(&mut held, received(), &outbox);
        let (begun, open) = (Instant::now(), gather(&mut told, &mut held, &outbox).await);
        assert_eq!((open, begun.elapsed()), (false, Duration::ZERO), "no more will come");
    }

    #[tokio::test]
    async fn a_report_that_waited_while_the_clock_was_set_is_of_the_time_that_is() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let work = |tx: &Tx<'_>| {
            let segment = begun(tx, 0)?;
            let answer = outbox::Event::Accepted(segment, Some(7));
            outbox::apply(tx, segment.message(), answer, at(1), RULES)?;
            let told = report(None, 60);
            // By 58 seconds back.
            Told { at: told.at.before_a_move_by(-58_000), ..told }.store(tx, RULES)?;
            let progress = store::progress::load(tx, segment.message())?;
            Ok(progress.segment(segment).unwrap().reported_at)
        };
        assert_eq!(store.write(work).await.unwrap(), Some(at(2)));
    }

    #[tokio::test]
    async fn a_stored_report_that_is_found_again_says_nothing_about_a_later_message() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let work = |tx: &Tx<'_>| {
            let segment = begun(tx, 0)?;
            let first = segment.message();
            let answer = outbox::Event::Accepted(segment, Some(7));
            outbox::apply(tx, first, answer, at(1), RULES)?;
            report(Some("SR/4"), 2).store(tx, RULES)?;
            let ended = store::progress::load(tx, first)?.phase.is_final();
            let segment = begun(tx, 100)?;
            let second = segment.message();
            outbox::apply(tx, second, outbox::Event::Silent(segment), at(170), RULES)?;
            report(Some("SR/4"), 180).store(tx, RULES)?;
            let again = store::progress::load(tx, second)?.phase;
            report(Some("SR/5"), 181).store(tx, RULES)?;
            Ok((ended, again, store::progress::load(tx, second)?.phase.is_final()))
        };
        let seen = store.write(work).await.unwrap();
        assert_eq!(seen, (true, Phase::Sending, true), "the one in another slot is another one");
    }
}
