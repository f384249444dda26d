//! Received messages: on disk here before they leave the modem, joined when they are complete.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::{
    domain::{Inbound, InboundFragment, InboundId, Secret, Timestamp},
    store::{
        self, Tx,
        inbound::{Arrival, Concatenated},
    },
};

/// How far apart the segments of one message may have been sent: within minutes, or some hours where sending one was
/// tried again. What is further apart has the same reference because they go round. For how long a service centre held
/// one, while the SIM was away, does not count.
const APART: Duration = Duration::from_secs(24 * 60 * 60);

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
    let arrival = Arrival { fingerprint: &fingerprint, sim: origin.sim, received_at: now };
    if !store::inbound::insert_segment(tx, arrival, fragment)? {
        return Ok(());
    }
    match fragment.concat {
        None => {
            store::inbound::close_segment(tx, &fingerprint)?;
            store::inbound::insert(tx, &whole(origin, fragment, fragment.text.clone(), 1, now))
        }
        Some((reference, total, _)) => {
            let sent_at = fragment.sent_at.unwrap_or(now);
            let message = Concatenated {
                sim: origin.sim,
                sender: &fragment.sender,
                reference,
                total,
                sent: (sent_at.before(APART), sent_at.after(APART)),
            };
            let open = store::inbound::open_segments(tx, message)?;
            if open.len() < usize::from(total) {
                return Ok(());
            }
            let text: String = open.iter().map(|(_, text)| text.reveal()).collect();
            store::inbound::close_segments(tx, message)?;
            store::inbound::insert(tx, &whole(origin, fragment, Secret::new(text), total, now))
        }
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
    let arrival = Arrival { fingerprint: &fingerprint, sim: origin.sim, received_at: now };
    store::inbound::insert_raw(tx, arrival, Some(origin.tpdu)).map(drop)
}

/// Whether this is told for the first time from the slot where it lies; from then on it is known.
///
/// # Errors
/// Those of the store.
pub fn is_news(tx: &Tx<'_>, origin: Origin<'_>, now: Timestamp) -> Result<bool, store::Error> {
    let fingerprint = fingerprint(origin);
    let arrival = Arrival { fingerprint: &fingerprint, sim: origin.sim, received_at: now };
    store::inbound::insert_raw(tx, arrival, None)
}

fn whole(
    origin: Origin<'_>,
    last: &InboundFragment,
    text: Secret,
    segments: u8,
    now: Timestamp,
) -> Inbound {
    Inbound {
        id: InboundId::generate(),
        sender: last.sender.clone(),
        text,
        segments,
        modem: origin.modem.to_owned(),
        sent_at: last.sent_at,
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

    /// What becomes of fragments, each with its slot and its TPDU.
    async fn received(fragments: Vec<(InboundFragment, u8, Vec<u8>)>) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("t.db")).unwrap();
        let keep = move |tx: &Tx<'_>| {
            for (fragment, slot, tpdu) in &fragments {
                let slot = slot.to_string();
                let origin = Origin { modem: "a", sim: "8901", slot: Some(&slot), tpdu };
                receive(tx, origin, fragment, Timestamp::from_unix_ms(1))?;
            }
            Ok(())
        };
        store.write(keep).await.unwrap();
        let all = store.read(|view| store::inbound::newest(view, None, 10)).await.unwrap();
        all.into_iter().map(|(_, inbound)| inbound.text.reveal().to_owned()).collect()
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
