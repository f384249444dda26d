//! The modem's message memories (3GPP TS 27.005 clause 3.2.2).

/// `<stat>` of a stored message in PDU mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stat {
    Unread = 0,
    Read = 1,
}

/// A message in a slot: service centre address and TPDU, apart.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) stat: Stat,
    pub(crate) sca: Vec<u8>,
    pub(crate) tpdu: Vec<u8>,
}

/// One memory with numbered slots.
#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) name: &'static str,
    first: u16,
    slots: Vec<Option<Stored>>,
}

impl Memory {
    pub(crate) fn new(name: &'static str, size: u16, first: u16) -> Self {
        Self { name, first, slots: (0..size).map(|_| None).collect() }
    }

    pub(crate) fn total(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn used(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    /// Puts a message into the lowest free slot; `None` when all are taken.
    pub(crate) fn put(&mut self, message: Stored) -> Option<u16> {
        let place = self.slots.iter().position(Option::is_none)?;
        *self.slots.get_mut(place)? = Some(message);
        u16::try_from(place).ok().map(|place| place + self.first)
    }

    pub(crate) fn get_mut(&mut self, index: u16) -> Option<&mut Stored> {
        let place = usize::from(index.checked_sub(self.first)?);
        self.slots.get_mut(place)?.as_mut()
    }

    /// Whether there is such a slot at all.
    pub(crate) fn has(&self, index: u16) -> bool {
        index.checked_sub(self.first).is_some_and(|place| usize::from(place) < self.slots.len())
    }

    pub(crate) fn delete(&mut self, index: u16) {
        let place = index.checked_sub(self.first).map(usize::from);
        if let Some(slot) = place.and_then(|place| self.slots.get_mut(place)) {
            *slot = None;
        }
    }

    pub(crate) fn delete_where(&mut self, unwanted: impl Fn(Stat) -> bool) {
        for slot in &mut self.slots {
            if slot.as_ref().is_some_and(|message| unwanted(message.stat)) {
                *slot = None;
            }
        }
    }

    /// Empties it.
    pub(crate) fn take_all(&mut self) -> Vec<Option<Stored>> {
        self.slots.iter_mut().map(Option::take).collect()
    }

    /// Puts messages where they were, as far as there is room.
    pub(crate) fn put_all(&mut self, messages: Vec<Option<Stored>>) {
        for (slot, message) in self.slots.iter_mut().zip(messages) {
            *slot = message;
        }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (u16, &mut Stored)> {
        let first = self.first;
        (first..).zip(&mut self.slots).filter_map(|(index, slot)| Some((index, slot.as_mut()?)))
    }
}
