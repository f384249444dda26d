//! GSM 7 bit alphabet, packed into octets: the default tables and, where they are named, national ones.

use super::national::Shifts;

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
    pub fn of(c: char) -> Option<Self> {
        let found = match u8::try_from(c) {
            Ok(latin) => LATIN.get(usize::from(latin)).copied().unwrap_or(ABSENT),
            Err(_) if c == '€' => ESCAPED | 0x65,
            Err(_) => greek(c).unwrap_or(ABSENT),
        };
        match found {
            ABSENT => None,
            code if code & ESCAPED != 0 => Some(Self::Escaped(code & !ESCAPED)),
            code => Some(Self::Plain(code)),
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
    pub const fn septets(self) -> usize {
        match self {
            Self::Plain(_) => 1,
            Self::Escaped(_) => 2,
        }
    }

    /// Writes the septets from septet `at` on and returns the septet after them.
    pub(super) fn write(self, octets: &mut [u8], at: usize) -> usize {
        match self {
            Self::Plain(septet) => put(octets, at, septet),
            Self::Escaped(septet) => {
                let at = put(octets, at, ESCAPE);
                put(octets, at, septet)
            }
        }
    }
}

/// The characters of packed septets.
#[derive(Clone)]
pub struct Chars<'a> {
    octets: &'a [u8],
    at: usize,
    end: usize,
    shifts: Shifts,
}

impl<'a> Chars<'a> {
    /// Reads `count` septets, the first of them septet `start` counted from the first octet's bit 0.
    #[must_use]
    pub const fn new(octets: &'a [u8], start: usize, count: usize, shifts: Shifts) -> Self {
        Self { octets, at: start, end: start.saturating_add(count), shifts }
    }

    fn septet(&mut self) -> Option<u8> {
        if self.at >= self.end {
            return None;
        }
        let septet = get(self.octets, self.at)?;
        self.at += 1;
        Some(septet)
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let septet = self.septet()?;
        if septet != ESCAPE {
            return Some(self.plain(septet));
        }
        Some(match self.septet() {
            // 6.2.1.1: an escape to a further table, and one at the end, show as a space.
            None | Some(ESCAPE) => ' ',
            // What the table lacks shows as the character of the table that is locked.
            Some(septet) => self.escaped(septet).unwrap_or_else(|| self.plain(septet)),
        })
    }
}

impl Chars<'_> {
    /// Empty places of a national table show as a space.
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

/// Octets that hold `septets`, 3GPP TS 23.038 6.1.2.1.1.
#[must_use]
pub const fn octets_of(septets: usize) -> usize {
    (septets * 7).div_ceil(8)
}

/// Septets that fit behind a header of `header` octets in a field of `octets`, fill bits left out.
#[must_use]
pub const fn septets_behind(header: usize, octets: usize) -> usize {
    (octets * 8 / 7).saturating_sub(septets_over(header))
}

/// Septets that `header` octets cover, with the fill bits of 3GPP TS 23.040 9.2.3.24 up to the next
/// septet boundary.
#[must_use]
pub const fn septets_over(header: usize) -> usize {
    (header * 8).div_ceil(7)
}

/// Septet `index` of packed octets.
fn get(octets: &[u8], index: usize) -> Option<u8> {
    let (octet, shift) = place(index);
    let low = u16::from(*octets.get(octet)?);
    let high = u16::from(octets.get(octet + 1).copied().unwrap_or(0));
    let [_, septet] = ((high << 8 | low) >> shift & 0x7F).to_be_bytes();
    Some(septet)
}

/// Writes septet `index` over zero bits and returns the next index.
fn put(octets: &mut [u8], index: usize, septet: u8) -> usize {
    let (octet, shift) = place(index);
    let [high, low] = (u16::from(septet) << shift).to_be_bytes();
    if let Some(octet) = octets.get_mut(octet) {
        *octet |= low;
    }
    if high != 0
        && let Some(octet) = octets.get_mut(octet + 1)
    {
        *octet |= high;
    }
    index + 1
}

const fn place(index: usize) -> (usize, usize) {
    let bit = index * 7;
    (bit / 8, bit % 8)
}

fn greek(c: char) -> Option<u8> {
    let row = BASIC.get(0x10..0x1B)?;
    let position = row.iter().position(|greek| *greek == c)?;
    u8::try_from(0x10 + position).ok()
}

/// Marks a code of the extension table in [`LATIN`].
const ESCAPED: u8 = 0x80;
/// Marks a character without a code in [`LATIN`].
const ABSENT: u8 = 0xFF;

/// The codes of U+0000 to U+00FF, both tables turned round.
static LATIN: [u8; 256] = latin();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated while compiling, where an overrun is an error"
)]
#[expect(clippy::cast_possible_truncation, reason = "septets are below 128")]
const fn latin() -> [u8; 256] {
    let mut codes = [ABSENT; 256];
    let mut septet = 0;
    while septet < BASIC.len() {
        let c = BASIC[septet] as usize;
        if c < codes.len() && septet as u8 != ESCAPE {
            codes[c] = septet as u8;
        }
        septet += 1;
    }
    let mut index = 0;
    while index < EXTENSION.len() {
        let (septet, c) = EXTENSION[index];
        if (c as usize) < codes.len() {
            codes[c as usize] = ESCAPED | septet;
        }
        index += 1;
    }
    codes
}
