//! A phone: what it has received, and whether it can be reached.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::call::OnCall;

/// A text as the phone's owner reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedText {
    /// The sender's number.
    pub from: String,
    /// All segments, joined.
    pub text: String,
    /// How many segments it came in.
    pub segments: u8,
    /// When its last segment came.
    pub at: Timestamp,
    /// The message class, 0 for a flash message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<u8>,
}

/// A phone joins segments of one sender that share reference and total (TS 23.040 9.2.3.24.1).
type Key = (String, u16, u8);

/// One virtual phone.
#[derive(Debug)]
pub(crate) struct Phone {
    pub(crate) reachable: bool,
    pub(crate) texts: Vec<(u8, ReceivedText)>,
    incomplete: BTreeMap<Key, BTreeMap<u8, String>>,
    /// How many texts someone has waited for already.
    pub(crate) waited: usize,
    /// How it meets a call.
    pub(crate) on_call: OnCall,
    /// How it meets the next calls, one each.
    pub(crate) next_calls: VecDeque<OnCall>,
    /// How many ended calls someone has waited for already.
    pub(crate) calls_waited: usize,
    next_reference: u8,
}

impl Default for Phone {
    fn default() -> Self {
        Self {
            reachable: true,
            texts: Vec::new(),
            incomplete: BTreeMap::new(),
            waited: 0,
            on_call: OnCall::default(),
            next_calls: VecDeque::new(),
            calls_waited: 0,
            next_reference: 1,
        }
    }
}

impl Phone {
    /// Takes a segment; shows the text when it is the last one missing.
    pub(crate) fn receive(&mut self, message: &Message) {
        let Some(concat) = message.concat else {
            return self.show(message, message.text.clone(), 1);
        };
        let key = (message.from.clone(), concat.reference, concat.total);
        let parts = self.incomplete.entry(key.clone()).or_default();
        parts.entry(concat.sequence).or_insert_with(|| message.text.clone());
        if parts.len() == usize::from(concat.total) {
            let parts = self.incomplete.remove(&key).unwrap_or_default();
            self.show(message, parts.into_values().collect(), concat.total);
        }
    }

    /// Segments that wait for others of their text.
    pub(crate) fn incomplete(&self) -> usize {
        self.incomplete.values().map(BTreeMap::len).sum()
    }

    /// How it meets the call that comes now.
    pub(crate) fn next_call(&mut self) -> OnCall {
        self.next_calls.pop_front().unwrap_or_else(|| self.on_call.clone())
    }

    /// The reference of the next text that it sends.
    pub(crate) fn take_reference(&mut self) -> u8 {
        let reference = self.next_reference;
        self.next_reference = reference.wrapping_add(1);
        reference
    }

    fn show(&mut self, message: &Message, text: String, segments: u8) {
        // TS 23.040 clause 9.2.3.9: a type 0 message is acknowledged and thrown away.
        if message.pid == 0x40 {
            return;
        }
        let from = message.from.clone();
        // Replace short message types 1 to 7 take the place of one from the same sender.
        if (0x41..=0x47).contains(&message.pid) {
            let before = self.texts.len();
            self.texts.retain(|(pid, text)| *pid != message.pid || text.from != from);
            self.waited = self.waited.saturating_sub(before - self.texts.len());
        }
        let class = message.class;
        let at = Timestamp::now();
        self.texts.push((message.pid, ReceivedText { from, text, segments, at, class }));
    }
}
