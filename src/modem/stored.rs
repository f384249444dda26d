//! Messages in the modem's own stores: read, handed over, deleted once they are on disk here.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::Duration,
};

use ringpost_hal::{
    at::{Command, Fields, Line},
    pdu::mode,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::oneshot,
    task::JoinSet,
    time::Instant,
};
use tracing::warn;

use super::link::{Link, Lost};

/// A message whose length is not the one that is told is taken for what the modem has once it was read the same so
/// often: what the line does to it, it does anew each time, and deleting it would lose the good copy.
const READINGS: u8 = 3;

/// Until a store is read again where something in it could not be read: a busy SIM, or noise on the line, is over within
/// seconds, and somebody may wait for a report.
const AGAIN: Duration = Duration::from_secs(10);

/// How often in a row it is read again so: what can never be read must not take the modem's time for ever.
const TIMES_AGAIN: u8 = 3;

/// For how long the store that was selected is taken to be: a modem that restarts answers nothing for longer than that,
/// says nothing of it perhaps, and selects another by itself. What is deleted there would be a message that nobody has read.
const SELECTED: Duration = Duration::from_secs(1);

/// A slot of a message store.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Slot {
    store: Line,
    index: u16,
}

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.store, self.index)
    }
}

/// What became of a message that was handed over.
#[derive(Debug)]
pub(super) struct Handed {
    slot: Slot,
    /// It is on disk here.
    kept: bool,
}

/// What is known of the messages in a modem's stores.
#[derive(Debug)]
pub(super) struct Stored {
    /// Slots that the modem told of and that were not read yet.
    told: VecDeque<Slot>,
    /// Stores to be read as a whole.
    sweep: Vec<Line>,
    /// Slots that were handed over and are not deleted yet. They are not read again, whatever the
    /// modem tells: a slot that is deleted twice could have a new message by then.
    on_way: HashSet<Slot>,
    /// What was read from slots that did not read well, and how often it was the same.
    doubtful: HashMap<Slot, (Line, u8)>,
    /// How often stores were to be read again, since all in them was read.
    in_vain: HashMap<Line, u8>,
    /// Stores that are to be read again, and when, the earliest first.
    again: VecDeque<(Instant, Line)>,
    kept: JoinSet<Handed>,
    /// The store that reading and deleting go to, and since when.
    selected: Option<(Line, Instant)>,
    /// How full stores were seen to be: name, used, total.
    uses: VecDeque<(Line, u16, u16)>,
    /// Where messages are received, and in how many places of `+CPMS` a store has to be named.
    naming: Naming,
}

/// How `+CPMS` is to be written.
#[derive(Debug, Clone, Default)]
pub(super) struct Naming {
    /// The store for received messages: it stays in its places.
    pub(super) receive: Line,
    /// Places that must all be written; 1 = the first alone will do.
    pub(super) places: usize,
}

impl Stored {
    /// Begins with reading these stores as a whole.
    pub(super) fn new(stores: Vec<&'static str>, naming: Naming) -> Self {
        let mut stored = Self {
            uses: VecDeque::new(),
            naming,
            told: VecDeque::new(),
            sweep: Vec::new(),
            on_way: HashSet::new(),
            doubtful: HashMap::new(),
            in_vain: HashMap::new(),
            again: VecDeque::new(),
            kept: JoinSet::new(),
            selected: None,
        };
        stored.sweep(stores);
        stored
    }

    /// The modem told of a message.
    pub(super) fn told_of(&mut self, store: &str, index: u16) {
        let slot = Slot { store: Line::try_from(store).unwrap_or_default(), index };
        if !self.told.contains(&slot) {
            self.told.push_back(slot);
        }
    }

    /// Has these stores read as a whole.
    pub(super) fn sweep(&mut self, stores: Vec<&'static str>) {
        self.sweep.retain(|store| !stores.contains(&store.as_str()));
        self.sweep.extend(stores.into_iter().filter_map(|store| Line::try_from(store).ok()));
    }

    /// When stores are to be read again because something in them could not be read.
    pub(super) fn again_at(&self) -> Option<Instant> {
        self.again.front().map(|(at, _)| *at)
    }

    /// Has those read whose time has come.
    pub(super) fn sweep_again(&mut self, now: Instant) {
        while let Some((_, store)) = self.again.pop_front_if(|(at, _)| *at <= now) {
            if !self.sweep.contains(&store) {
                self.sweep.push(store);
            }
        }
    }

    /// Whether something is to be read.
    pub(super) fn has_work(&self) -> bool {
        !self.told.is_empty() || !self.sweep.is_empty()
    }

    /// Whether nothing is to be read, nor will be to be deleted soon.
    pub(super) fn is_idle(&self) -> bool {
        !self.has_work() && self.kept.is_empty()
    }

    /// Waits until something that was handed over is on disk, or is known not to be.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(super) async fn handed_over(&mut self) -> Option<Handed> {
        self.kept.join_next().await?.ok()
    }

    /// Notes that what is in `slot` was handed over; `on_disk` tells when it is on disk.
    pub(super) fn hand_over(&mut self, slot: Slot, on_disk: oneshot::Receiver<()>) {
        self.on_way.insert(slot.clone());
        self.kept.spawn(async move { Handed { slot, kept: on_disk.await.is_ok() } });
    }

    /// Reads the next slot, or the next whole store: what is found there, as the modem writes it.
    pub(super) async fn read<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
    ) -> Result<Vec<(Line, Slot)>, Lost> {
        let listed = if let Some(slot) = self.told.pop_front() {
            if self.on_way.contains(&slot) {
                return Ok(Vec::new());
            }
            Listed::One(slot)
        } else {
            // Named anew, so that the answer tells how full it is.
            self.selected = None;
            let Some(store) = self.sweep.pop() else { return Ok(Vec::new()) };
            Listed::All(store)
        };
        let mut found = Vec::new();
        let mut all_read = self.select(link, listed.store()).await?;
        if all_read {
            let outcome = link.execute(&listed.command()).await?;
            found = bodies(&outcome.lines, &listed);
            found.retain(|body| !self.on_way.contains(&body.slot));
            let there = found.len();
            found.retain(|body| self.is_believed(body));
            all_read = outcome.is_ok() && is_unbroken(&outcome.lines) && found.len() == there;
        }
        self.note_reading(&listed, all_read);
        Ok(found.into_iter().map(|Body { line, slot, .. }| (line, slot)).collect())
    }

    /// Notes whether all was read that was to be read; where it was not, that is tried again.
    fn note_reading(&mut self, listed: &Listed, all_read: bool) {
        let store = listed.store();
        if !all_read {
            let in_vain = self.in_vain.entry(store.clone()).or_default();
            if *in_vain < TIMES_AGAIN && self.again.iter().all(|(_, waits)| waits != store) {
                *in_vain += 1;
                self.again.push_back((Instant::now() + AGAIN, store.clone()));
            }
        } else if let Listed::All(_) = listed {
            self.in_vain.remove(store);
        }
    }

    /// Whether `body` is what the modem has; one that may have been damaged on the line is left for another reading.
    fn is_believed(&mut self, body: &Body) -> bool {
        let Body { line, slot, whole } = body;
        let before = self.doubtful.remove(slot).filter(|(before, _)| before == line);
        let readings = before.map_or(1, |(_, readings)| readings + 1);
        let settled = readings >= READINGS;
        let believed = *whole || settled;
        if settled {
            // Not in vain: where a modem counts all of them wrong, the next needs as many readings.
            self.in_vain.remove(&slot.store);
        }
        if !believed {
            warn!("a message in the modem is not as long as it says; it is read again");
            self.doubtful.insert(slot.clone(), (line.clone(), readings));
        }
        believed
    }

    /// Deletes a slot whose message is on disk here; what is not stays for the next sweep.
    pub(super) async fn delete<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        Handed { slot, kept }: Handed,
    ) -> Result<(), Lost> {
        if kept && self.select(link, &slot.store).await? {
            let outcome = link.execute(&Command::delete_message(slot.index)).await?;
            if !outcome.is_ok() {
                // The next sweep finds it again, and the inbox knows it already.
                warn!("a received message could not be deleted in the modem");
            }
        }
        self.on_way.remove(&slot);
        Ok(())
    }

    /// Has reading and deleting go to this store; the one for receiving stays.
    async fn select<P: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        link: &mut Link<P>,
        store: &Line,
    ) -> Result<bool, Lost> {
        if self.selected.as_ref().is_some_and(|(it, at)| it == store && at.elapsed() < SELECTED) {
            return Ok(true);
        }
        let Naming { receive, places } = &self.naming;
        let outcome = link.execute(&Command::read_store(store, receive, *places)).await?;
        if let Some((used, total)) = outcome.lines.iter().find_map(|line| use_in(line)) {
            self.uses.push_back((store.clone(), used, total));
        }
        let done = outcome.is_ok();
        self.selected = done.then(|| (store.clone(), Instant::now()));
        Ok(done)
    }

    /// How full a store was seen to be, the earliest first: its name, slots used, slots in all.
    pub(super) fn take_use(&mut self) -> Option<(Line, u16, u16)> {
        self.uses.pop_front()
    }
}

/// `+CPMS: <used1>,<total1>,…`; some write the name of the store before.
fn use_in(line: &str) -> Option<(u16, u16)> {
    let mut fields = Fields::after(line, "+CPMS")?;
    let first = fields.next()?;
    let used = first.parse().ok().or_else(|| fields.number())?;
    Some((used, fields.number()?))
}

/// What a list is of.
enum Listed {
    One(Slot),
    All(Line),
}

impl Listed {
    const fn store(&self) -> &Line {
        match self {
            Self::One(Slot { store, .. }) | Self::All(store) => store,
        }
    }

    fn command(&self) -> Command {
        match self {
            Self::One(slot) => Command::read_message(slot.index),
            Self::All(_) => Command::list_messages(),
        }
    }
}

/// A message, as the modem writes it.
#[derive(Debug)]
struct Body {
    line: Line,
    slot: Slot,
    /// It is as long as its head says.
    whole: bool,
}

/// The bodies in an answer to `+CMGR` or `+CMGL`, 3GPP TS 27.005 4.1 and 4.2: a head, which ends with the
/// octets of the TPDU, then a body. A head whose body was damaged on the line, so that it is no body, is left for the
/// next time.
fn bodies(lines: &[Line], listed: &Listed) -> Vec<Body> {
    let mut found = Vec::new();
    let mut head: Option<(Slot, Option<usize>)> = None;
    for line in lines {
        if let Some(mut fields) = Fields::after(line, "+CMGL") {
            let (index, stat) = (fields.number(), fields.number::<u8>());
            head = match (listed, index, stat) {
                // 0 and 1 were received; 2 and 3 were stored to be sent, and are none of ours.
                (Listed::All(store), Some(index), Some(0 | 1)) => {
                    Some((Slot { store: store.clone(), index }, length_in(fields)))
                }
                _ => None,
            };
        } else if let Some(mut fields) = Fields::after(line, "+CMGR") {
            head = match (listed, fields.number::<u8>()) {
                // Where the line has damaged its number, a slot is read that nobody told of.
                (Listed::One(_), Some(2 | 3)) | (Listed::All(_), _) => None,
                (Listed::One(slot), _) => Some((slot.clone(), length_in(fields))),
            };
        } else if let Some((slot, length)) = head.take() {
            let read = mode::decode_hex(line).ok().map(|(_, tpdu)| tpdu.len());
            found.push(Body { line: line.clone(), slot, whole: read.is_some() && read == length });
        }
    }
    found
}

/// Whether a body follows each head, and nothing else: a line that is damaged, so that it is neither, does not get here.
fn is_unbroken(lines: &[Line]) -> bool {
    let is_head = |line: &Line| line.starts_with('+');
    lines.chunks(2).all(|pair| matches!(pair, [head, body] if is_head(head) && !is_head(body)))
}

/// How many octets a head says that its TPDU has: its last value, behind a name that not all write.
fn length_in(head: Fields<'_>) -> Option<usize> {
    head.last()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_of_a_modem_that_counts_wrong_is_read_as_often_as_it_takes() {
        let mut stored = Stored::new(Vec::new(), Naming::default());
        let store = Line::try_from("SM").unwrap();
        let all = Listed::All(store.clone());
        let tells_wrong = |index| Body {
            line: Line::try_from("000405").unwrap(),
            slot: Slot { store: store.clone(), index },
            whole: false,
        };
        // One comes with each reading: none of them is the last that there is to read.
        let mut there: Vec<u16> = Vec::new();
        for index in 0..20 {
            there.push(index);
            let bodies = there.iter().map(|index| (*index, tells_wrong(*index)));
            let believed: Vec<u16> = bodies
                .filter(|(_, body)| stored.is_believed(body))
                .map(|(index, _)| index)
                .collect();
            there.retain(|index| !believed.contains(index));
            stored.note_reading(&all, false);
            assert!(stored.again_at().is_some(), "it is read again behind {index}");
            stored.again.clear();
        }
        assert_eq!(there, [18, 19]);
    }

    #[test]
    fn the_use_of_a_store_is_read_with_its_name_or_without() {
        assert_eq!(use_in("+CPMS: 3,50,0,23,0,23"), Some((3, 50)));
        assert_eq!(use_in("+CPMS: \"ME\",0,100,\"ME\",0,100"), Some((0, 100)));
        assert_eq!(use_in("+CPMS: "), None);
    }

    fn listed(lines: &[&str]) -> Vec<Body> {
        let lines: Vec<_> = lines.iter().map(|line| Line::try_from(*line).unwrap()).collect();
        bodies(&lines, &Listed::All(Line::try_from("SM").unwrap()))
    }

    fn indexes(lines: &[&str]) -> Vec<(u16, String)> {
        let found = listed(lines).into_iter();
        found.map(|body| (body.slot.index, body.line.as_str().to_owned())).collect()
    }

    #[test]
    fn each_body_belongs_to_the_head_before_it() {
        let found = indexes(&["+CMGL: 0,1,\"\",4", "0001", "+CMGL: 7,0,,4", "0002"]);
        assert_eq!(found, [(0, "0001".into()), (7, "0002".into())]);
    }

    #[test]
    fn a_body_that_was_lost_moves_no_other_into_its_slot() {
        let found = indexes(&["+CMGL: 0,1,,4", "+CMGL: 7,0,,4", "0002"]);
        assert_eq!(found, [(7, "0002".into())]);
    }

    #[test]
    fn a_list_is_unbroken_where_a_body_follows_each_head() {
        let head = "+CMGL: 0,1,,2";
        let body = "000405";
        let table: [(&[&str], bool); 6] = [
            (&[], true),
            (&[head, body, head, body], true),
            (&[head], false),
            (&[head, head, body], false),
            (&[head, body, body], false),
            (&[body, head], false),
        ];
        for (lines, unbroken) in table {
            let read: Vec<_> = lines.iter().map(|line| Line::try_from(*line).unwrap()).collect();
            assert_eq!(is_unbroken(&read), unbroken, "{lines:?}");
        }
    }

    #[test]
    fn messages_stored_to_be_sent_are_left_alone() {
        assert_eq!(indexes(&["+CMGL: 0,2,,4", "0001", "+CMGL: 1,3,,4", "0002"]), []);
        let slot = Slot { store: Line::try_from("SM").unwrap(), index: 3 };
        for (head, there) in [("+CMGR: 0,,4", 1), ("+CMGR: 2,,4", 0), ("+CMGR: 3,,4", 0)] {
            let lines = [head, "0001"].map(|line| Line::try_from(line).unwrap());
            assert_eq!(bodies(&lines, &Listed::One(slot.clone())).len(), there, "{head}");
        }
    }

    #[test]
    fn a_body_is_whole_where_it_is_as_long_as_its_head_says() {
        let table = [
            ("+CMGL: 0,1,,2", "000405", true),
            ("+CMGL: 0,1,\"a,b\",2", "0391441F0405", true),
            // Some write no name, and no place for it.
            ("+CMGL: 0,1,2", "000405", true),
            ("+CMGL: 0,1,,3", "000405", false),
            ("+CMGL: 0,1,,?", "000405", false),
            ("+CMGL: 0,1", "000405", false),
            ("+CMGL: 0,1,,2", "0004055", false),
            ("+CMGL: 0,1,,2", "0004?5", false),
            // What is left has no room for its service centre.
            ("+CMGL: 0,1,,2", "0405", false),
        ];
        for (head, body, whole) in table {
            let found = listed(&[head, body]);
            assert_eq!(
                found.iter().map(|it| it.whole).collect::<Vec<_>>(),
                [whole],
                "{head} {body}"
            );
        }
    }
}
