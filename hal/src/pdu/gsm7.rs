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
