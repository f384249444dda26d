//! GSM 7 bit alphabet, packed into octets: the default tables and, where they are named, national ones.

use super::national::Shifts;
use super::septets::{Packer, Unpacker};

/// Septets of an escape to the extension table, 3GPP TS 23.038 6.2.1.1.
const ESCAPE: u8 = 0x1B;

/// 3GPP TS 23.038 6.2.1; the escape stands for the space that a receiver without a table shows.
#[rustfmt::skip]
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// 3GPP TS 23.038 6.2.1.1.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{000C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// How the alphabet codes one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// One septet.
    Plain(u8),
    /// Two septets: the escape and this one.
    Escaped(u8),
}

impl Code {
    /// The code of a character, or nothing where the alphabet lacks it.
    #[must_use]
    #[inline]
    pub fn of(c: char) -> Option<Self> {
        match u8::try_from(c) {
            Ok(latin) => LATIN.get(usize::from(latin)).copied().flatten(),
            Err(_) if c == '€' => Some(Self::Escaped(0x65)),
            Err(_) => greek(c).map(Self::Plain),
        }
    }

    /// The code of a character where `shifts` are in force.
    #[must_use]
    pub fn with(c: char, shifts: Shifts) -> Option<Self> {
        let plain = match shifts.locking {
            None => Self::of(c).filter(|code| matches!(code, Self::Plain(_))),
            Some(language) => language.locking_septet(c).map(Self::Plain),
        };
        // All single shift tables contain the default extension.
        let escaped = || {
            let own = shifts.single.and_then(|language| language.single_septet(c));
            own.map(Self::Escaped).or_else(|| Self::of(c).filter(|code| code.septets() == 2))
        };
        plain.or_else(escaped)
    }

    /// Septets it takes: 1 or 2.
    #[must_use]
    #[inline]
    pub const fn septets(self) -> usize {
        match self {
            Self::Plain(_) => 1,
            Self::Escaped(_) => 2,
        }
    }

    #[inline]
    pub(super) fn write(self, packer: &mut Packer<'_>) {
        match self {
            Self::Plain(septet) => packer.push(septet),
            Self::Escaped(septet) => {
                packer.push(ESCAPE);
                packer.push(septet);
            }
        }
    }
}

/// A text in pieces that are quick to code in the default table.
#[derive(Clone)]
pub(super) struct Pieces<'a> {
    rest: &'a str,
    /// Whether there are pieces of eight.
    eights: bool,
}

/// A piece of a text.
#[derive(Clone, Copy)]
pub(super) enum Piece {
    /// Eight characters that [`are_ascii`]: their septets, the first lowest.
    Eight(u64),
    /// A character.
    One(char),
}

impl<'a> Pieces<'a> {
    /// One at a time where `locking` says that another table than the default one is in force.
    pub(super) const fn new(text: &'a str, locking: bool) -> Self {
        Self { rest: text, eights: !locking }
    }

    /// What follows the pieces taken.
    pub(super) const fn rest(&self) -> &'a str {
        self.rest
    }

    #[inline]
    fn eight(&mut self) -> Option<u64> {
        let characters = self.rest.as_bytes().first_chunk().filter(|_| self.eights)?;
        let septets = u64::from_le_bytes(*characters);
        if !are_ascii(septets) {
            return None;
        }
        self.rest = self.rest.get(8..)?;
        Some(septets)
    }
}

impl Iterator for Pieces<'_> {
    type Item = Piece;

    #[inline]
    fn next(&mut self) -> Option<Piece> {
        if let Some(septets) = self.eight() {
            return Some(Piece::Eight(septets));
        }
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(Piece::One(c))
    }
}

/// The characters of packed septets.
#[derive(Clone)]
pub struct Chars<'a> {
    septets: Unpacker<'a>,
    shifts: Shifts,
}

impl<'a> Chars<'a> {
    /// Reads `count` septets, the first of them septet `start` counted from the first octet's bit 0.
    #[must_use]
    pub fn new(octets: &'a [u8], start: usize, count: usize, shifts: Shifts) -> Self {
        Self { septets: Unpacker::new(octets, start, count), shifts }
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    #[inline]
    fn next(&mut self) -> Option<char> {
        let septet = self.septets.next()?;
        if septet != ESCAPE {
            return Some(self.plain(septet));
        }
        Some(match self.septets.next() {
            // 6.2.1.1: an escape to a further table, and one at the end, show as a space.
            None | Some(ESCAPE) => ' ',
            // What the table lacks shows as the character of the table that is locked.
            Some(septet) => self.escaped(septet).unwrap_or_else(|| self.plain(septet)),
        })
    }
}

impl Chars<'_> {
    /// The next eight characters where they [`are_ascii`].
    #[inline]
    pub(super) fn next_eight(&mut self) -> Option<[u8; 8]> {
        if self.shifts.locking.is_some() {
            return None;
        }
        let mut septets = self.septets.clone();
        let eight = septets.next_eight().filter(|eight| are_ascii(*eight))?;
        self.septets = septets;
        Some(eight.to_le_bytes())
    }

    /// Empty places of a national table show as a space.
    #[inline]
    fn plain(&self, septet: u8) -> char {
        match self.shifts.locking {
            None => BASIC.get(usize::from(septet)).copied(),
            Some(language) => language.locking_char(septet),
        }
        .unwrap_or(' ')
    }

    fn escaped(&self, septet: u8) -> Option<char> {
        let own = self.shifts.single.and_then(|language| language.single_char(septet));
        let default = || EXTENSION.iter().find(|(code, _)| *code == septet).map(|(_, c)| *c);
        own.or_else(default)
    }
}

fn greek(c: char) -> Option<u8> {
    let row = BASIC.get(0x10..0x1B)?;
    let position = row.iter().position(|greek| *greek == c)?;
    u8::try_from(0x10 + position).ok()
}

/// Whether all eight octets are the ASCII codes and the septets alike of the same characters: space to
/// `Z` without `$` and `@`, and small letters. Most of most texts is.
#[inline]
const fn are_ascii(eight: u64) -> bool {
    /// One octet in all eight places.
    const fn all(octet: u8) -> u64 {
        u64::from_le_bytes([octet; 8])
    }
    const HIGH: u64 = all(0x80);
    /// The high bit of each octet (below 0x80) says whether it is `least` or more: nothing is borrowed
    /// from the octet above.
    const fn from(octets: u64, least: u8) -> u64 {
        (octets | HIGH) - all(least)
    }
    let low = eight & !HIGH;
    let capitals = from(low, b' ') & !from(low, b'Z' + 1);
    let small = from(low, b'a') & !from(low, b'z' + 1);
    let others = from(low ^ all(b'$'), 1) & from(low ^ all(b'@'), 1);
    (capitals | small) & others & !eight & HIGH == HIGH
}

/// The codes of U+0000 to U+00FF: both tables turned round.
static LATIN: [Option<Code>; 256] = latin();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated while compiling, where an overrun is an error"
)]
#[expect(clippy::cast_possible_truncation, reason = "septets are below 128")]
const fn latin() -> [Option<Code>; 256] {
    let mut codes = [None; 256];
    let mut septet = 0;
    while septet < BASIC.len() {
        let c = BASIC[septet] as usize;
        if c < codes.len() && septet as u8 != ESCAPE {
            codes[c] = Some(Code::Plain(septet as u8));
        }
        septet += 1;
    }
    let mut index = 0;
    while index < EXTENSION.len() {
        let (septet, c) = EXTENSION[index];
        if (c as usize) < codes.len() {
            codes[c as usize] = Some(Code::Escaped(septet));
        }
        index += 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_at_once_are_those_that_both_alphabets_code_alike() {
        for octet in 0..=u8::MAX {
            let c = char::from(octet);
            let alike = octet.is_ascii() && Code::of(c) == Some(Code::Plain(octet));
            // Two control characters are alike too: not worth a look at every other character.
            let expected = alike && !c.is_control();
            for place in 0..8 {
                let mut eight = *b"Ab0 zZ9/";
                eight[place] = octet;
                assert_eq!(are_ascii(u64::from_le_bytes(eight)), expected, "{octet:#x} at {place}");
            }
        }
    }
}
