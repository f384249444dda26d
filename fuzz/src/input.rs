//! How the octets of an input become choices and texts.

use ringpost_hal::pdu::{Language, Shifts, gsm7};

/// Octets of the longest text that is made of an input: a handful of segments.
const MAX_TEXT: usize = 800;

/// An input that is used up from the front; where it has ended it gives zeros and nothing.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    pub(crate) fn octet(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    pub(crate) fn wide(&mut self) -> u16 {
        u16::from_be_bytes([self.octet(), self.octet()])
    }

    /// As many octets as there are, up to `count`.
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (head, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        head
    }

    pub(crate) fn rest(&mut self) -> &'a [u8] {
        self.take(usize::MAX)
    }

    pub(crate) fn language(&mut self) -> Option<Language> {
        Language::from_id(self.octet() % 14)
    }

    /// The rest as a text: UTF-8, UTF-16 or the septets of any tables, and repeated.
    pub(crate) fn text(&mut self) -> String {
        let how = self.octet();
        let text = match how % 4 {
            0 | 1 => String::from_utf8_lossy(self.rest()).into_owned(),
            2 => {
                let units =
                    self.rest().chunks_exact(2).map(|it| u16::from_be_bytes([it[0], it[1]]));
                String::from_utf16_lossy(&units.collect::<Vec<_>>())
            }
            _ => {
                let shifts = Shifts { locking: self.language(), single: self.language() };
                let octets = self.rest();
                gsm7::Chars::new(octets, 0, octets.len() * 8 / 7, shifts).collect()
            }
        };
        // Half of all texts are as they came: they are tried much faster.
        let times = usize::from(how >> 2).saturating_sub(31).max(1);
        let mut text = text.repeat(times.min(1 + MAX_TEXT / text.len().max(1)));
        text.truncate(text.floor_char_boundary(MAX_TEXT));
        text
    }
}
