//! The text of TP-User-Data.

use core::fmt;

use super::gsm7;

/// A text to be written with `Display`, in clear, or walked with [`Text::chars`].
///
/// Every user data has one: what an alphabet does not define reads as its clause says, a broken
/// surrogate pair as U+FFFD, and octets without an alphabet as U+0000 to U+00FF, one each.
#[derive(Clone)]
pub struct Text<'a> {
    chars: Chars<'a>,
}

/// The characters of a [`Text`].
#[derive(Clone)]
pub struct Chars<'a>(Source<'a>);

#[derive(Clone)]
enum Source<'a> {
    Gsm7(gsm7::Chars<'a>),
    Data8(core::slice::Iter<'a, u8>),
    Ucs2(core::char::DecodeUtf16<Units<'a>>),
}

/// UTF-16 units in network order; an odd last octet becomes a unit that no character has.
#[derive(Clone)]
struct Units<'a>(core::slice::Chunks<'a, u8>);

impl<'a> Text<'a> {
    /// Octets of the longest text in UTF-8: the 181 septets of the longest TP-UD, in three octets each.
    const MAX_UTF8: usize = 543;

    pub(super) const fn gsm7(chars: gsm7::Chars<'a>) -> Self {
        Self { chars: Chars(Source::Gsm7(chars)) }
    }

    pub(super) fn data8(octets: &'a [u8]) -> Self {
        Self { chars: Chars(Source::Data8(octets.iter())) }
    }

    pub(super) fn ucs2(octets: &'a [u8]) -> Self {
        let units = Units(octets.chunks(2));
        Self { chars: Chars(Source::Ucs2(char::decode_utf16(units))) }
    }

    /// The characters in order.
    #[must_use]
    pub fn chars(&self) -> Chars<'a> {
        self.chars.clone()
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    #[inline]
    fn next(&mut self) -> Option<char> {
        match &mut self.0 {
            Source::Gsm7(chars) => chars.next(),
            Source::Data8(octets) => octets.next().copied().map(char::from),
            Source::Ucs2(units) => {
                units.next().map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            }
        }
    }
}

impl Iterator for Units<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        const NO_CHARACTER: u16 = 0xDC00;
        Some(match self.0.next()? {
            &[high, low] => u16::from_be_bytes([high, low]),
            _ => NO_CHARACTER,
        })
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // At once: a formatter takes longer for a call than for a character.
        let mut text = heapless::String::<{ Text::MAX_UTF8 }>::new();
        self.chars().try_for_each(|c| text.push(c)).map_err(|_| fmt::Error)?;
        f.write_str(&text)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} characters)", self.chars().count())
    }
}
