//! Received messages: on disk here before they leave the modem, joined when they are complete, and shown with a gap where
//! they never will be.

use std::{collections::BTreeMap, time::Duration};

use sha2::{Digest, Sha256};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    domain::{Inbound, InboundFragment, InboundId, Secret, Timestamp},
    store::{
        self, Store, Tx,
        inbound::{Arrival, Open, Segment},
    },
};

/// How far apart the segments of one message may have been sent: within minutes, or some hours where sending one was
/// tried again. What is further apart has the same reference because they go round. For how long a service centre held
/// one, while the SIM was away, does not count.
const APART: Duration = Duration::from_secs(24 * 60 * 60);

/// How far apart they may have been sent where they came to two SIMs: a phone sends all of a text at once. Others may have
/// the same reference by chance, and some senders write to many numbers with one.
const AT_ONCE: Duration = Duration::from_secs(5 * 60);

/// How long the rest of a message is waited for: what a service centre has tried in vain for so long comes at the end
/// of another such time, or never.
const WAITS: Duration = Duration::from_secs(24 * 60 * 60);

/// How many of one sender with one reference wait at the most: more are a flood, each of which costs a look at all of
/// them.
const MANY: usize = 1024;

/// From the start to the first look for what has waited too long, and from one to the next: the rest of a message that
/// came before a box was switched off lies in a modem that is brought up, or with a service centre that tries again.
const LOOK: Duration = Duration::from_secs(60 * 60);

/// How the slots of a modem's own memory begin, 3GPP TS 27.005 3.1: `<mem1>`.
const MODEM_MEMORY: &str = "ME/";

/// Where a TPDU came in.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The modem's name.
    pub modem: &'a str,
    /// Its SIM.
    pub sim: &'a str,
    /// Where the modem stores it, if it does.
    pub slot: Option<&'a str>,
    /// The TPDU, as it came.
    pub tpdu: &'a [u8],
}

impl<'a> Origin<'a> {
    fn arrival(self, fingerprint: &'a [u8; 32], received_at: Timestamp) -> Arrival<'a> {
        Arrival { fingerprint, modem: self.modem, sim: self.sim, received_at }
    }
}

/// Keeps a received segment, and the whole message once it is complete. One that is told again from the
/// slot where it was before changes nothing, nor does one that the service centre sends again.
///
/// # Errors
/// Those of the store.
pub fn receive(
    tx: &Tx<'_>,
    origin: Origin<'_>,
    fragment: &InboundFragment,
    now: Timestamp,
) -> Result<(), store::Error> {
    let fingerprint = fingerprint(origin);
    let arrival = origin.arrival(&fingerprint, now);
    let Some((reference, total, sequence)) = fragment.concat else {
        return match store::inbound::insert_other(tx, arrival, None)? {
            true => store::inbound::insert(tx, &single(origin.modem, fragment, now)),
            false => Ok(()),
        };
    };
    let content = content(origin.sim, fragment);
    let segment = Segment { fragment, reference, total, sequence, content };
    if !store::inbound::insert_segment(tx, arrival, segment)? {
        return Ok(());
    }
    let parts = readable(tx, &fragment.sender, (reference, total))?;
    let Some(newest) = parts.iter().rfind(|part| part.sim == origin.sim) else { return Ok(()) };
    let joined = Joined::of_sim(&parts, newest);
    if joined.missing == 0 {
        return joined.keep(tx, newest, now).map(drop);
    }
    match parts.first() {
        Some(oldest) if parts.len() > MANY => {
            Joined::of_sim(&parts, oldest).keep(tx, oldest, now).map(drop)
        }
        _ => Ok(()),
    }
}

/// Keeps what could not be read, as it came, so that the modem's store can be emptied of it.
///
/// # Errors
/// Those of the store.
pub fn receive_unreadable(
    tx: &Tx<'_>,
    origin: Origin<'_>,
    now: Timestamp,
) -> Result<(), store::Error> {
    let fingerprint = fingerprint(origin);
    store::inbound::insert_other(tx, origin.arrival(&fingerprint, now), Some(origin.tpdu)).map(drop)
}

/// Whether this is told for the first time from the slot where it lies; from then on it is known.
///
/// # Errors
/// Those of the store.
pub fn is_news(tx: &Tx<'_>, origin: Origin<'_>, now: Timestamp) -> Result<bool, store::Error> {
    let fingerprint = fingerprint(origin);
    store::inbound::insert_other(tx, origin.arrival(&fingerprint, now), None)
}

/// Shows what there is of messages whose rest has not come in time, until `cancel`.
pub async fn give_up_in_time(store: Store, cancel: CancellationToken) {
    while cancel.run_until_cancelled(sleep(LOOK)).await.is_some() {
        let look = give_up(&store, Timestamp::now);
        if let Some(Err(cause)) = cancel.run_until_cancelled(look).await {
            warn!(%cause, "what there is of incomplete messages could not be kept");
        }
    }
}

/// Shows what there is of messages whose rest has not come by `now`. A segment that cannot be read is passed over, and
/// stays as it is.
///
/// # Errors
/// Those of the store.
pub async fn give_up(
    store: &Store,
    now: impl Fn() -> Timestamp + Copy + Send + 'static,
) -> Result<(), store::Error> {
    // On the thread of the store, nobody moves the clock between a look at it and what is done.
    let look = move |tx: &Tx<'_>| {
        pass_over(tx, |tx| store::inbound::begin_at_last(tx, now()))?;
        store::inbound::waiting(tx, now().before(WAITS))
    };
    // One after the other: whoever waits for the store comes in between.
    for key in store.write(look).await? {
        let keep = move |tx: &Tx<'_>| pass_over(tx, |tx| give_up_one(tx, key, now()));
        store.write(keep).await?;
    }
    Ok(())
}

/// Does `work`, or nothing of it where it meets a segment that cannot be read.
fn pass_over(
    tx: &Tx<'_>,
    work: impl FnOnce(&Tx<'_>) -> Result<(), store::Error>,
) -> Result<(), store::Error> {
    let told = |cause: &_| warn!(%cause, "a received segment cannot be read: it is passed over");
    tx.pass_over(work, told).map(drop)
}

/// Keeps what there is of the message that the segment `key` is of. Where the rest of it came to another SIM, somebody changed
/// them meanwhile: what lies in a modem counts for the SIM that is in it when it is read.
fn give_up_one(tx: &Tx<'_>, key: i64, now: Timestamp) -> Result<(), store::Error> {
    // It may be part of what was kept of one before it.
    let Some(first) = store::inbound::open_segment(tx, key)? else { return Ok(()) };
    let mut parts = readable(tx, &first.sender, (first.reference, first.total))?;
    let is_near = |part: &Open| distance(part, &first) <= AT_ONCE;
    let waits = |part: &Open| part.received_at >= now.before(WAITS);
    // A service centre held that one; it may bring more, which tells what is of which.
    if parts.iter().any(|part| is_near(part) && waits(part)) {
        return Ok(());
    }
    let of_all = Joined::of(parts.iter(), &first, AT_ONCE);
    if of_all.missing == 0 && !of_all.is_ambiguous {
        return of_all.keep(tx, &first, now).map(drop);
    }
    // What could be of two is kept of none: else the second would seem to be certain once the first is gone.
    let could_be = |part: &&Open| part.key == key || of_all.is_ambiguous && is_near(part);
    while let Some(one) = parts.iter().find(could_be) {
        let joined = Joined::of_sim(&parts, one);
        let (modem, missing) = (&one.modem, joined.missing);
        warn!(modem.name = modem, missing, "the rest of a received message has not come in a day");
        let kept = joined.keep(tx, one, now)?;
        parts.retain(|part| !kept.contains(&part.key));
    }
    Ok(())
}

/// The segments with this sender, reference and total that are part of no message yet, but for those that cannot be read.
fn readable(tx: &Tx<'_>, sender: &str, set: (u16, u8)) -> Result<Vec<Open>, store::Error> {
    let read = store::inbound::open_segments(tx, sender, set)?.into_iter();
    let readable = read.filter_map(|part| match part {
        Err(cause) if cause.is_of_its_rows() => {
            warn!(%cause, "a received segment cannot be read: others are joined without it");
            None
        }
        part => Some(part),
    });
    readable.collect()
}

/// When a segment was sent; when it came in, where that is not known.
fn sent(part: &Open) -> Timestamp {
    part.sent_at.unwrap_or(part.received_at)
}

/// How far apart the two were sent.
fn distance(part: &Open, other: &Open) -> Duration {
    Duration::from_millis(sent(part).as_unix_ms().abs_diff(sent(other).as_unix_ms()))
}

/// What segments make together.
struct Joined {
    /// Those that it is made of.
    keys: Vec<i64>,
    text: String,
    missing: u8,
    /// One of them could as well be another.
    is_ambiguous: bool,
}

impl Joined {
    /// Each segment of the message that `one` is of, of those that came to its SIM.
    fn of_sim(parts: &[Open], one: &Open) -> Self {
        Self::of(parts.iter().filter(|part| part.sim == one.sim), one, APART)
    }

    /// Each segment of the message that `one` is of: that which was sent nearest to it, and not further `apart` from it. Others
    /// are of other messages, and stay for them.
    fn of<'a>(parts: impl Iterator<Item = &'a Open>, one: &'a Open, apart: Duration) -> Self {
        let mut nearest = BTreeMap::from([(one.sequence, one)]);
        let mut is_ambiguous = false;
        for part in parts.filter(|part| part.key != one.key && distance(part, one) <= apart) {
            let held = nearest.entry(part.sequence).or_insert(part);
            is_ambiguous |= held.key != part.key;
            if distance(part, one) < distance(held, one) {
                *held = part;
            }
        }
        let (mut keys, mut text, mut missing) = (Vec::new(), String::new(), 0);
        let mut gap = false;
        for sequence in 1..=one.total {
            let Some(part) = nearest.get(&sequence) else {
                missing += 1;
                if !std::mem::replace(&mut gap, true) {
                    text.push_str(Inbound::GAP);
                }
                continue;
            };
            gap = false;
            keys.push(part.key);
            text.push_str(part.text.reveal());
        }
        Self { keys, text, missing, is_ambiguous }
    }

    /// Keeps the message that `one` is of instead of its segments; answers which they are.
    fn keep(self, tx: &Tx<'_>, one: &Open, now: Timestamp) -> Result<Vec<i64>, store::Error> {
        self.keys.iter().try_for_each(|key| store::inbound::close_segment(tx, *key))?;
        let message = Inbound {
            id: InboundId::generate(),
            sender: one.sender.clone(),
            text: Secret::new(self.text),
            segments: one.total,
            missing: self.missing,
            modem: one.modem.clone(),
            sent_at: one.sent_at,
            received_at: now,
        };
        store::inbound::insert(tx, &message)?;
        Ok(self.keys)
    }
}

/// A message of one segment.
fn single(modem: &str, fragment: &InboundFragment, now: Timestamp) -> Inbound {
    Inbound {
        id: InboundId::generate(),
        sender: fragment.sender.clone(),
        text: fragment.text.clone(),
        segments: 1,
        missing: 0,
        modem: modem.to_owned(),
        sent_at: fragment.sent_at,
        received_at: now,
    }
}

/// The service centre's time stamp is part of the TPDU, but only to the second: the slot tells apart
/// the same words that came twice in one. What lies in a modem's own memory stays there when its SIM is changed, and is
/// the same then; what lies on a SIM goes with that.
fn fingerprint(origin: Origin<'_>) -> [u8; 32] {
    let stays = origin.slot.is_some_and(|slot| slot.starts_with(MODEM_MEMORY));
    let mut hash = Sha256::new();
    hash.update(if stays { origin.modem } else { origin.sim }.as_bytes());
    hash.update([0]);
    hash.update(origin.slot.unwrap_or_default().as_bytes());
    hash.update([0]);
    hash.update(origin.tpdu);
    hash.finalize().into()
}

/// What is the same where the service centre sends a segment again, as it does when the acknowledgement was lost: it stamps
/// each once. Senders that give all their messages one reference are told apart by the words.
fn content(sim: &str, fragment: &InboundFragment) -> Option<[u8; 32]> {
    let (reference, total, sequence) = fragment.concat?;
    let sent_at = fragment.sent_at?.as_unix_ms();
    let mut hash = Sha256::new();
    for word in [sim, &fragment.sender] {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    hash.update(reference.to_be_bytes());
    hash.update([total, sequence]);
    hash.update(sent_at.to_be_bytes());
    hash.update(fragment.text.reveal().as_bytes());
    Some(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::store::Store;

    fn fragment(text: &str, concat: Option<(u16, u8, u8)>) -> InboundFragment {
        let text = Secret::new(text.into());
        InboundFragment { sender: "+4915112345678".into(), text, concat, sent_at: None }
    }

    /// One of two segments that was sent in this hour, whenever it comes in.
    fn half(text: &str, sequence: u8, hour: i64) -> (InboundFragment, u8, Vec<u8>) {
        let sent_at = Some(Timestamp::from_unix_ms(hour * 3_600_000));
        let fragment = InboundFragment { sent_at, ..fragment(text, Some((9, 2, sequence))) };
        (fragment, sequence, text.into())
    }

    /// A segment as it comes in: its SIM, what it holds, its slot, and its TPDU.
    type Incoming = (&'static str, InboundFragment, u8, Vec<u8>);

    /// What becomes of fragments that come in one after the other; of what is not complete, that many hours later.
    async fn received_after(hours: i64, fragments: Vec<Incoming>) -> Vec<(String, u8, u8)> {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let keep = move |tx: &Tx<'_>| {
            for (sim, fragment, slot, tpdu) in &fragments {
                let slot = slot.to_string();
                let origin = Origin { modem: "a", sim, slot: Some(&slot), tpdu };
                receive(tx, origin, fragment, Timestamp::from_unix_ms(0))?;
            }
            Ok(())
        };
        store.write(keep).await.unwrap();
        look(&store, hours).await;
        shown(&store).await
    }

    /// A look for what has waited too long, at that hour.
    async fn look(store: &Store, at: i64) {
        give_up(store, move || hour(at)).await.unwrap();
    }

    fn hour(hour: i64) -> Timestamp {
        Timestamp::from_unix_ms(hour * 3_600_000)
    }

    /// Lets a segment come in at that hour.
    fn come_in(
        tx: &Tx<'_>,
        at: i64,
        (sim, fragment, slot, tpdu): &Incoming,
    ) -> Result<(), store::Error> {
        let slot = slot.to_string();
        receive(tx, Origin { modem: "a", sim, slot: Some(&slot), tpdu }, fragment, hour(at))
    }

    /// What is shown: each text, its segments, and how many of them never came.
    async fn shown(store: &Store) -> Vec<(String, u8, u8)> {
        let all = store.read(|view| store::inbound::after(view, 0, 10)).await.unwrap();
        let shown = |it: Inbound| (it.text.reveal().to_owned(), it.segments, it.missing);
        all.into_iter().map(|(_, inbound)| shown(inbound)).collect()
    }

    /// What becomes of fragments, each with its slot and its TPDU.
    async fn received(fragments: Vec<(InboundFragment, u8, Vec<u8>)>) -> Vec<String> {
        let of_one = |(fragment, slot, tpdu)| ("8901", fragment, slot, tpdu);
        let all = received_after(0, fragments.into_iter().map(of_one).collect()).await;
        assert!(all.iter().all(|(_, _, missing)| *missing == 0), "{all:?}");
        all.into_iter().map(|(text, ..)| text).collect()
    }

    /// One segment of a message with that reference, sent in that hour.
    fn part(
        sim: &'static str,
        text: &str,
        (reference, total, sequence): (u16, u8, u8),
        hour: i64,
    ) -> Incoming {
        let sent_at = Some(Timestamp::from_unix_ms(hour * 3_600_000));
        let concat = Some((reference, total, sequence));
        (sim, InboundFragment { sent_at, ..fragment(text, concat) }, sequence, text.into())
    }

    #[tokio::test]
    async fn what_is_not_complete_in_a_day_is_shown_with_its_gaps() {
        let parts = || {
            vec![
                part("1", "b", (9, 5, 2), 0),
                part("1", "d", (9, 5, 4), 0),
                part("1", "all of ", (8, 2, 1), 0),
                part("1", "it", (8, 2, 2), 0),
            ]
        };
        let whole = ("all of it".to_owned(), 2, 0);
        assert_eq!(received_after(24, parts()).await, std::slice::from_ref(&whole));
        assert_eq!(received_after(25, parts()).await, [whole, ("[…]b[…]d[…]".to_owned(), 5, 3)]);
    }

    #[tokio::test]
    async fn what_came_to_two_sims_is_joined_once_nothing_else_can_be_meant() {
        let parts = || vec![part("1", "a ", (9, 2, 1), 0), part("2", "b", (9, 2, 2), 0)];
        assert_eq!(received_after(24, parts()).await, [], "others may have that reference");
        assert_eq!(received_after(25, parts()).await, [("a b".to_owned(), 2, 0)]);
        let with = |more| {
            let mut all = parts();
            all.insert(0, more);
            received_after(30, all)
        };
        let half = |text: &str| (text.to_owned(), 2, 1);
        let of_its_own = with(part("2", "A ", (9, 2, 1), 0)).await;
        assert_eq!(of_its_own, [("A b".to_owned(), 2, 0), half("a […]")], "those of one SIM first");
        let ambiguous = with(part("3", "A ", (9, 2, 1), 0)).await;
        assert_eq!(ambiguous, ["A […]", "a […]", "[…]b"].map(half));
        let hours_apart = vec![part("1", "a", (9, 2, 1), 0), part("2", "b", (9, 2, 2), 1)];
        assert_eq!(received_after(30, hours_apart).await, ["a[…]", "[…]b"].map(half));
    }

    #[tokio::test]
    async fn no_part_of_another_message_with_the_same_reference_is_lost() {
        let of_others = || {
            vec![
                part("1", "old ", (9, 2, 1), 0),
                part("1", "new ", (9, 2, 1), 5),
                part("1", "end", (9, 2, 2), 5),
            ]
        };
        let whole = ("new end".to_owned(), 2, 0);
        assert_eq!(received_after(0, of_others()).await, std::slice::from_ref(&whole));
        assert_eq!(received_after(25, of_others()).await, [whole, ("old […]".to_owned(), 2, 1)]);
        let both_halved = vec![part("1", "old ", (9, 2, 1), 0), part("1", "new ", (9, 2, 1), 5)];
        let halves = ["old […]", "new […]"].map(|text| (text.to_owned(), 2, 1));
        assert_eq!(received_after(25, both_halved).await, halves);
    }

    /// As where its acknowledgement was lost: in another slot, for the first one is taken.
    #[tokio::test]
    async fn a_segment_that_the_service_centre_brings_again_is_the_same() {
        let in_slot = |slot, (sim, fragment, _, tpdu): Incoming| (sim, fragment, slot, tpdu);
        let again = || in_slot(7, part("1", "b", (9, 2, 2), 0));
        let whole = ("a b".to_owned(), 2, 0);
        let parts = [part("1", "a ", (9, 2, 1), 0), part("1", "b", (9, 2, 2), 0), again()];
        assert_eq!(received_after(25, parts.to_vec()).await, [whole], "it is no other message");
        let before = [part("1", "b", (9, 2, 2), 0), again(), part("1", "a ", (9, 2, 1), 0)];
        let next = [part("1", "c ", (9, 2, 1), 1), part("1", "d", (9, 2, 2), 1)];
        let all = received_after(25, [before.to_vec(), next.to_vec()].concat()).await;
        let texts: Vec<_> = all.iter().map(|(text, ..)| text.as_str()).collect();
        assert_eq!(texts, ["a b", "c d"], "nor a part of the next");
    }

    #[tokio::test]
    async fn messages_of_a_sender_that_has_one_reference_only_are_told_apart_by_their_words() {
        let of = |text, sequence| part("1", text, (1, 2, sequence), 0);
        let parts = vec![of("a ", 1), of("b", 2), of("c ", 1), of("d", 2)];
        let all = received_after(0, parts).await;
        assert_eq!(all, ["a b", "c d"].map(|text| (text.to_owned(), 2, 0)));
    }

    /// As where a disk fails.
    #[tokio::test]
    async fn a_segment_that_cannot_be_read_holds_up_no_other() {
        let damages = [
            ("sequence", "NULL"),
            ("sequence", "0"),
            ("sequence", "3"),
            ("reference", "70000"),
            ("text", "CAST(x'FF' AS TEXT)"),
            ("sender", "CAST(x'FF' AS TEXT)"),
            ("sim", "CAST(x'FF' AS TEXT)"),
        ];
        for (column, value) in damages {
            let dir = tempfile::tempdir().unwrap();
            let store = Store::open(&dir.path().join("t.db")).unwrap();
            let begin = move |tx: &Tx<'_>| {
                come_in(tx, 0, &part("1", "a ", (9, 2, 1), 0))?;
                store::samples::damage_segment(tx, 1, column, value);
                come_in(tx, 1, &part("1", "b", (9, 2, 2), 0))?;
                come_in(tx, 1, &part("1", "c ", (8, 2, 1), 0))
            };
            store.write(begin).await.unwrap();
            look(&store, 26).await;
            let halves = ["[…]b", "c […]"].map(|text| (text.to_owned(), 2, 1));
            assert_eq!(shown(&store).await, halves, "{column} = {value}");
            let waits = |tx: &Tx<'_>| store::inbound::waiting(tx, hour(26));
            assert_eq!(store.write(waits).await.unwrap(), [1], "somebody may read it yet");
        }
    }

    #[tokio::test]
    async fn what_could_be_of_two_is_not_joined_once_one_of_them_is_shown() {
        let parts = vec![
            part("1", "a ", (9, 2, 1), 0),
            part("1", "c ", (9, 2, 1), 0),
            part("2", "d", (9, 2, 2), 0),
            part("2", "b", (9, 2, 2), 0),
        ];
        let halves = ["a […]", "c […]", "[…]d", "[…]b"].map(|text| (text.to_owned(), 2, 1));
        assert_eq!(received_after(25, parts).await, halves);
    }

    #[tokio::test]
    async fn the_rest_of_what_a_service_centre_held_for_long_is_waited_for_as_long() {
        for (sim, whole, half) in [("1", "a b c", None), ("2", "A b c", Some(("a […]", 3, 2)))] {
            let dir = tempfile::tempdir().unwrap();
            let store = Store::open(&dir.path().join("t.db")).unwrap();
            let begin = move |tx: &Tx<'_>| {
                come_in(tx, 0, &part("1", "a ", (9, 3, 1), 0))?;
                if sim == "2" {
                    come_in(tx, 23, &part(sim, "A ", (9, 3, 1), 0))?;
                }
                come_in(tx, 24, &part(sim, "b ", (9, 3, 2), 0))
            };
            store.write(begin).await.unwrap();
            look(&store, 25).await;
            let end = move |tx: &Tx<'_>| come_in(tx, 26, &part(sim, "c", (9, 3, 3), 0));
            store.write(end).await.unwrap();
            look(&store, 50).await;
            let expected = [Some((whole, 3, 0)), half].into_iter().flatten();
            let expected: Vec<_> =
                expected.map(|(text, of, no)| (text.to_owned(), of, no)).collect();
            assert_eq!(shown(&store).await, expected);
        }
    }

    #[tokio::test]
    async fn a_clock_that_was_far_ahead_keeps_no_text_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        store.write(|tx| come_in(tx, 9000, &part("1", "a ", (9, 2, 1), 0))).await.unwrap();
        look(&store, 1).await;
        assert_eq!(shown(&store).await, []);
        look(&store, 26).await;
        assert_eq!(shown(&store).await, [("a […]".to_owned(), 2, 1)]);
    }

    #[tokio::test]
    async fn a_flood_of_segments_that_make_no_message_does_not_grow_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let flood = |tx: &Tx<'_>| {
            let (sim, fragment, _, _) = part("1", "x", (9, 2, 1), 0);
            for place in 0..MANY + 3 {
                let slot = place.to_string();
                let tpdu = place.to_be_bytes();
                let origin = Origin { modem: "a", sim, slot: Some(&slot), tpdu: &tpdu };
                let segment = Segment {
                    fragment: &fragment,
                    reference: 9,
                    total: 2,
                    sequence: 1,
                    content: None,
                };
                if place < MANY {
                    let fingerprint = fingerprint(origin);
                    let arrival = origin.arrival(&fingerprint, hour(0));
                    store::inbound::insert_segment(tx, arrival, segment)?;
                } else {
                    let text = Secret::new(slot.clone());
                    let other = InboundFragment { text, ..fragment.clone() };
                    receive(tx, origin, &other, hour(0))?;
                }
            }
            store::inbound::waiting(tx, hour(1))
        };
        assert_eq!(store.write(flood).await.unwrap().len(), MANY);
        let halves = ["x[…]"; 3].map(|text| (text.to_owned(), 2, 1));
        assert_eq!(shown(&store).await, halves, "the oldest are not lost");
    }

    #[tokio::test(start_paused = true)]
    async fn the_rest_is_waited_for_while_modems_are_brought_up() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let begin = |tx: &Tx<'_>| {
            let (sim, fragment, _, tpdu) = part("1", "a ", (9, 2, 1), 0);
            let origin = Origin { modem: "a", sim, slot: None, tpdu: &tpdu };
            receive(tx, origin, &fragment, Timestamp::now().before(3 * WAITS))
        };
        store.write(begin).await.unwrap();
        let cancel = CancellationToken::new();
        let began = Instant::now();
        let looks = tokio::spawn(give_up_in_time(store.clone(), cancel.clone()));
        // Behind what the look has written, so that it keeps pace with this clock, which does not wait for the disk.
        let shown = || store.write(|tx| store::inbound::after(tx, 0, 10));
        let mut minutes = 0;
        while shown().await.unwrap().is_empty() {
            minutes += 1;
            assert!(minutes < 300, "it is shown in the end");
            sleep(Duration::from_secs(60)).await;
        }
        assert!(began.elapsed() >= LOOK, "{:?}", began.elapsed());
        assert_eq!(shown().await.unwrap()[0].1.text.reveal(), "a […]");
        cancel.cancel();
        looks.await.unwrap();
    }

    #[tokio::test]
    async fn segments_join_in_any_order_and_twice_told_counts_once() {
        let parts = vec![
            (fragment("c", Some((9, 3, 3))), 3, vec![3]),
            (fragment("a", Some((9, 3, 1))), 1, vec![1]),
            (fragment("a", Some((9, 3, 1))), 1, vec![1]),
            (fragment("other", Some((8, 2, 1))), 9, vec![9]),
            (fragment("b", Some((9, 3, 2))), 2, vec![2]),
            (fragment("b", Some((9, 3, 2))), 2, vec![2]),
        ];
        assert_eq!(received(parts).await, ["abc"]);
    }

    #[tokio::test]
    async fn the_same_words_in_one_second_are_two_messages_and_told_again_none() {
        let said = |slot| (fragment("OK", None), slot, vec![1]);
        assert_eq!(received(vec![said(1), said(2), said(1), said(2)]).await, ["OK", "OK"]);
    }

    #[test]
    fn what_lies_in_a_modem_is_the_same_with_another_sim_and_what_lies_on_a_sim_in_another_modem() {
        let print = |modem, sim, slot| fingerprint(Origin { modem, sim, slot, tpdu: &[1] });
        for slot in [None, Some("SM/1"), Some("SR/1")] {
            assert_eq!(print("a", "8901", slot), print("b", "8901", slot), "{slot:?}");
            assert_ne!(print("a", "8901", slot), print("a", "8902", slot), "{slot:?}");
        }
        let slot = Some("ME/1");
        assert_eq!(print("a", "8901", slot), print("a", "8902", slot));
        assert_ne!(print("a", "8901", slot), print("b", "8901", slot));
    }

    #[tokio::test]
    async fn segments_of_different_messages_with_one_reference_are_not_joined() {
        let parts = vec![half("old end", 2, 0), half("new ", 1, 25), half("end", 2, 26)];
        assert_eq!(received(parts).await, ["new end"]);
        let parts = vec![half("new ", 1, 25), half("old end", 2, 0), half("end", 2, 26)];
        assert_eq!(received(parts).await, ["new end"], "the old one was held for longer");
    }

    #[tokio::test]
    async fn segments_that_were_sent_within_a_day_are_joined_and_so_are_those_that_do_not_tell() {
        let parts = vec![half("end", 2, 23), half("a late ", 1, 0)];
        assert_eq!(received(parts).await, ["a late end"]);
        let untold = |text, sequence| (fragment(text, Some((9, 2, sequence))), 1, vec![sequence]);
        assert_eq!(received(vec![untold("a ", 1), untold("b", 2)]).await, ["a b"]);
    }
}
