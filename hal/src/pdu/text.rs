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
    Ucs2(Utf16<'a>),
}

/// The characters of UTF-16 in network order; what is none reads U+FFFD.
#[derive(Clone)]
struct Utf16<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Octets of the longest text in UTF-8: the 181 septets of the longest TP-UD, in three octets each.
    const MAX_UTF8: usize = 543;

    pub(super) const fn gsm7(chars: gsm7::Chars<'a>) -> Self {
        Self { chars: Chars(Source::Gsm7(chars)) }
    }

    pub(super) fn data8(octets: &'a [u8]) -> Self {
        Self { chars: Chars(Source::Data8(octets.iter())) }
    }

    pub(super) const fn ucs2(octets: &'a [u8]) -> Self {
        Self { chars: Chars(Source::Ucs2(Utf16(octets))) }
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
            Source::Ucs2(chars) => chars.next(),
        }
    }
}

impl Utf16<'_> {
    /// The unit at the front; none in an odd last octet.
    #[inline]
    fn unit(&self) -> Option<u16> {
        self.0.first_chunk().map(|unit| u16::from_be_bytes(*unit))
    }

    #[inline]
    fn skip_unit(&mut self) {
        self.0 = self.0.get(2..).unwrap_or_default();
    }
}

impl Iterator for Utf16<'_> {
    type Item = char;

    #[inline]
    fn next(&mut self) -> Option<char> {
        let Some(unit) = self.unit() else {
            let odd = !self.0.is_empty();
            self.skip_unit();
            return odd.then_some(char::REPLACEMENT_CHARACTER);
        };
        self.skip_unit();
        if let Some(c) = char::from_u32(unit.into()) {
            return Some(c);
        }
        let pair = [unit, self.unit().unwrap_or_default()];
        let c = char::decode_utf16(pair).next().and_then(Result::ok);
        if c.is_some() {
            self.skip_unit();
        }
        Some(c.unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut utf8 = Utf8::default();
        match self.chars().0 {
            Source::Gsm7(mut chars) => loop {
                while let Some(eight) = chars.next_eight() {
                    utf8.octets(eight)?;
                }
                let Some(c) = chars.next() else { break };
                utf8.push(c)?;
            },
            Source::Data8(octets) => {
                octets.into_iter().try_for_each(|c| utf8.push(char::from(*c)))?
            }
            Source::Ucs2(mut chars) => chars.try_for_each(|c| utf8.push(c))?,
        }
        f.write_str(str::from_utf8(&utf8.0).map_err(|_| fmt::Error)?)
    }
}

/// A whole text: a formatter takes longer for a call than for a character.
#[derive(Default)]
struct Utf8(heapless::Vec<u8, { Text::MAX_UTF8 }>);

impl Utf8 {
    #[inline]
    fn push(&mut self, c: char) -> fmt::Result {
        match *c.encode_utf8(&mut [0; 4]).as_bytes() {
            [a] => self.octets([a]),
            [a, b] => self.octets([a, b]),
            [a, b, c] => self.octets([a, b, c]),
            [a, b, c, d] => self.octets([a, b, c, d]),
            _ => Err(fmt::Error),
        }
    }

    /// An array, because a copy whose length is known while compiling is no call.
    #[inline]
    fn octets<const N: usize>(&mut self, octets: [u8; N]) -> fmt::Result {
        self.0.extend_from_slice(&octets).map_err(|_| fmt::Error)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} characters)", self.chars().count())
    }
}
