//! How many messages a text takes, and each of them.

use unicode_segmentation::GraphemeCursor;

use super::{Alphabet, Concat, ConcatRef, Dcs, EncodeError, UserData, gsm7};

/// A text laid out in the cheapest alphabet: GSM 7 bit where it has all characters, else UCS-2.
#[derive(Clone, Copy)]
pub struct Segmentation<'a> {
    text: &'a str,
    alphabet: Alphabet,
    units: usize,
    total: usize,
}

impl<'a> Segmentation<'a> {
    /// Lays out any text; the empty one takes one message.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        let (alphabet, units) = match septets(text) {
            Some(septets) => (Alphabet::Gsm7, septets),
            None => (Alphabet::Ucs2, text.chars().map(char::len_utf16).sum()),
        };
        let mut plan = Self { text, alphabet, units, total: 1 };
        plan.total = plan.total_with(ConcatRef::Wide(0));
        plan
    }

    /// The alphabet of all segments.
    #[must_use]
    pub const fn alphabet(&self) -> Alphabet {
        self.alphabet
    }

    /// A TP-DCS for the alphabet, without a message class.
    #[must_use]
    pub const fn dcs(&self) -> Dcs {
        Dcs::new(self.alphabet)
    }

    /// Length of the text: septets, or UTF-16 units.
    #[must_use]
    pub const fn units(&self) -> usize {
        self.units
    }

    /// Segments with a 16 bit reference; more than 255 cannot be sent.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Units that one segment carries: with a 16 bit reference where there are several.
    #[must_use]
    pub const fn per_segment(&self) -> usize {
        let header = if self.total > 1 { 1 + ConcatRef::Wide(0).element_octets() } else { 0 };
        capacity(self.alphabet, header)
    }

    /// The user data of each segment in order, without a header where there is one only.
    ///
    /// # Errors
    /// More than 255 segments.
    pub fn segments(&self, reference: ConcatRef) -> Result<Segments<'a>, EncodeError> {
        let total = match reference {
            ConcatRef::Wide(_) => self.total,
            ConcatRef::Narrow(_) => self.total_with(reference),
        };
        let max = usize::from(u8::MAX);
        let total = u8::try_from(total).map_err(|_| EncodeError::too_long("text", total, max))?;
        let alphabet = self.alphabet;
        Ok(Segments { rest: self.text, alphabet, reference, total, sequence: 0 })
    }

    fn total_with(&self, reference: ConcatRef) -> usize {
        if self.units <= capacity(self.alphabet, 0) {
            return 1;
        }
        let capacity = capacity(self.alphabet, 1 + reference.element_octets());
        let (mut rest, mut total) = (self.text, 0);
        while !rest.is_empty() {
            (_, rest) = split(rest, self.alphabet, capacity);
            total += 1;
        }
        total
    }
}

impl core::fmt::Debug for Segmentation<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Segmentation")
            .field("alphabet", &self.alphabet)
            .field("units", &self.units)
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

/// The user data of each segment in order.
#[derive(Clone)]
pub struct Segments<'a> {
    rest: &'a str,
    alphabet: Alphabet,
    reference: ConcatRef,
    total: u8,
    sequence: u8,
}

impl Iterator for Segments<'_> {
    type Item = UserData;

    fn next(&mut self) -> Option<UserData> {
        if self.sequence == self.total {
            return None;
        }
        self.sequence += 1;
        let Self { reference, total, sequence, .. } = *self;
        let header = match total {
            1 => heapless::Vec::new(),
            _ => Concat { reference, total, sequence }.encode(),
        };
        let room = capacity(self.alphabet, if total == 1 { 0 } else { 1 + header.len() });
        let (head, rest) = split(self.rest, self.alphabet, room);
        self.rest = rest;
        UserData::build(self.alphabet, &header, head).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::from(self.total.saturating_sub(self.sequence));
        (left, Some(left))
    }
}

impl ExactSizeIterator for Segments<'_> {}

/// Septets of a text, or nothing where the alphabet lacks a character.
fn septets(text: &str) -> Option<usize> {
    text.chars().map(|c| gsm7::Code::of(c).map(gsm7::Code::septets)).sum()
}

/// Units that fit behind a header of `header` octets, UDHL included.
const fn capacity(alphabet: Alphabet, header: usize) -> usize {
    match alphabet {
        Alphabet::Gsm7 => gsm7::septets_behind(header, UserData::MAX_OCTETS),
        Alphabet::Data8 => UserData::MAX_OCTETS.saturating_sub(header),
        Alphabet::Ucs2 => UserData::MAX_OCTETS.saturating_sub(header) / 2,
    }
}

/// Takes the longest head that has `capacity` units at the most and ends between grapheme clusters, or
/// between characters where one cluster alone is longer.
fn split(text: &str, alphabet: Alphabet, capacity: usize) -> (&str, &str) {
    let (mut units, mut end, mut seen) = (0, text.len(), text.len());
    for (at, c) in text.char_indices() {
        units += match alphabet {
            Alphabet::Gsm7 => gsm7::Code::of(c).map_or(1, gsm7::Code::septets),
            Alphabet::Data8 => 1,
            Alphabet::Ucs2 => c.len_utf16(),
        };
        if units > capacity {
            (end, seen) = (at, at + c.len_utf8());
            break;
        }
    }
    // One character further decides whether a cluster ends; the cursor sees no more than that, so
    // that its work is bounded.
    let end = text.get(..seen).and_then(|seen| cluster_end(seen, end)).unwrap_or(end);
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The last boundary between clusters at or before `end`, if it is not the start.
fn cluster_end(text: &str, end: usize) -> Option<usize> {
    let mut cursor = GraphemeCursor::new(end, text.len(), true);
    if cursor.is_boundary(text, 0).ok()? {
        return Some(end);
    }
    cursor.prev_boundary(text, 0).ok()?.filter(|boundary| *boundary > 0)
}
