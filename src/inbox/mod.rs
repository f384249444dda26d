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
        inbound::{Arrival, Concatenated, Open},
    },
};

/// How far apart the segments of one message may have been sent: within minutes, or some hours where sending one was
/// tried again. What is further apart has the same reference because they go round. For how long a service centre held
/// one, while the SIM was away, does not count.
const APART: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the rest of a message is waited for: what a service centre has tried in vain for so long comes in another
/// day, or never.
const REST: Duration = APART;

/// Before the first look for what has waited too long: the start belongs to the messages that wait.
const FIRST_LOOK: Duration = Duration::from_secs(4);

/// Between two such looks: a message that is a day late is in no hurry.
const LOOK: Duration = Duration::from_secs(300);

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
/// slot where it was before changes nothing.
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
    let Some(key) =
        store::inbound::insert_segment(tx, origin.arrival(&fingerprint, now), fragment)?
    else {
        return Ok(());
    };
    let Some((_, total, _)) = fragment.concat else {
        store::inbound::close_segment(tx, key)?;
        return store::inbound::insert(
            tx,
            &message(origin.modem, fragment, Joined::single(fragment), now),
        );
    };
    let mut parts = related(tx, fragment, now)?;
    parts.retain(|part| part.sim == origin.sim);
    let joined = Joined::of(&parts, total);
    if joined.missing > 0 {
        return Ok(());
    }
    keep(tx, &parts, &message(origin.modem, fragment, joined, now))
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
    store::inbound::insert_raw(tx, origin.arrival(&fingerprint, now), Some(origin.tpdu)).map(drop)
}

/// Whether this is told for the first time from the slot where it lies; from then on it is known.
///
/// # Errors
/// Those of the store.
pub fn is_news(tx: &Tx<'_>, origin: Origin<'_>, now: Timestamp) -> Result<bool, store::Error> {
    let fingerprint = fingerprint(origin);
    store::inbound::insert_raw(tx, origin.arrival(&fingerprint, now), None)
}

/// Shows what there is of messages whose rest has not come in time, until `cancel`.
pub async fn give_up_waiting(store: Store, cancel: CancellationToken) {
    let mut wait = FIRST_LOOK;
    while cancel.run_until_cancelled(sleep(wait)).await.is_some() {
        // One after the other: whoever waits for the store comes in between.
        let look = async {
            while store.write(|tx| give_up(tx, Timestamp::now())).await? {}
            Ok::<_, store::Error>(())
        };
        if let Some(Err(cause)) = cancel.run_until_cancelled(look).await {
            warn!(%cause, "what there is of incomplete messages could not be kept");
        }
        wait = LOOK;
    }
}

/// Keeps what there is of the message that was begun first of those whose rest has not come; says whether there was one.
/// Where the rest of it came to another SIM, somebody changed them meanwhile: what lies in a modem counts for the SIM
/// that is in it when it is read.
fn give_up(tx: &Tx<'_>, now: Timestamp) -> Result<bool, store::Error> {
    let Some(first) = store::inbound::oldest_open(tx, now.before(REST))? else { return Ok(false) };
    let Some((_, total, _)) = first.fragment.concat else {
        store::inbound::close_segment(tx, first.key)?;
        return Ok(true);
    };
    let mut parts = related(tx, &first.fragment, first.received_at)?;
    let mut joined = Joined::of(&parts, total);
    if joined.missing > 0 || parts.len() > total.into() {
        parts.retain(|part| part.sim == first.sim);
        joined = Joined::of(&parts, total);
    }
    if joined.missing > 0 {
        let (modem, missing) = (&first.modem, joined.missing);
        warn!(modem.name = modem, missing, "the rest of a received message has not come in a day");
    }
    keep(tx, &parts, &message(&first.modem, &first.fragment, joined, now))?;
    Ok(true)
}

/// The segments that may be of the message that `fragment` is of, and are part of none yet.
fn related(
    tx: &Tx<'_>,
    fragment: &InboundFragment,
    received_at: Timestamp,
) -> Result<Vec<Open>, store::Error> {
    let Some((reference, total, _)) = fragment.concat else { return Ok(Vec::new()) };
    let sent_at = fragment.sent_at.unwrap_or(received_at);
    let message = Concatenated {
        sender: &fragment.sender,
        reference,
        total,
        sent: (sent_at.before(APART), sent_at.after(APART)),
    };
    store::inbound::open_segments(tx, message)
}

/// Keeps a message instead of its segments.
fn keep(tx: &Tx<'_>, parts: &[Open], message: &Inbound) -> Result<(), store::Error> {
    for part in parts {
        store::inbound::close_segment(tx, part.key)?;
    }
    store::inbound::insert(tx, message)
}

/// What segments make together.
struct Joined {
    text: String,
    segments: u8,
    missing: u8,
}

impl Joined {
    fn single(fragment: &InboundFragment) -> Self {
        Self { text: fragment.text.reveal().to_owned(), segments: 1, missing: 0 }
    }

    /// By sequence; where one came twice, the later.
    fn of(parts: &[Open], total: u8) -> Self {
        let told = parts.iter().filter_map(|part| {
            let (_, _, sequence) = part.fragment.concat?;
            Some((sequence, part.fragment.text.reveal()))
        });
        let told: BTreeMap<u8, &str> = told.collect();
        let (mut text, mut missing, mut gap) = (String::new(), 0, false);
        for sequence in 1..=total {
            let Some(part) = told.get(&sequence) else {
                missing += 1;
                gap = true;
                continue;
            };
            if std::mem::take(&mut gap) {
                text.push_str(Inbound::GAP);
            }
            text.push_str(part);
        }
        if gap {
            text.push_str(Inbound::GAP);
        }
        Self { text, segments: total, missing }
    }
}

fn message(modem: &str, of: &InboundFragment, joined: Joined, now: Timestamp) -> Inbound {
    Inbound {
        id: InboundId::generate(),
        sender: of.sender.clone(),
        text: Secret::new(joined.text),
        segments: joined.segments,
        missing: joined.missing,
        modem: modem.to_owned(),
        sent_at: of.sent_at,
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

#[cfg(test)]
mod tests {
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
            while give_up(tx, Timestamp::from_unix_ms(hours * 3_600_000))? {}
            Ok(())
        };
        store.write(keep).await.unwrap();
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
        assert_eq!(
            received_after(24, parts()).await,
            [],
            "another message may have that reference"
        );
        assert_eq!(received_after(25, parts()).await, [("a b".to_owned(), 2, 0)]);
        let mut two = parts();
        two.push(part("2", "c ", (9, 2, 1), 0));
        assert_eq!(
            received_after(25, two).await,
            [("c b".to_owned(), 2, 0), ("a […]".to_owned(), 2, 1)],
            "those of one SIM first"
        );
        let mut ambiguous = parts();
        ambiguous.insert(0, part("1", "A ", (9, 2, 1), 0));
        assert_eq!(
            received_after(25, ambiguous).await,
            [("a […]".to_owned(), 2, 1), ("[…]b".to_owned(), 2, 1)],
            "nobody knows which is meant"
        );
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
