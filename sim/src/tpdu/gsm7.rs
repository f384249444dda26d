//! The GSM 7 bit default alphabet, its extension table and septet packing (3GPP TS 23.038 6).

use super::national::Tables;

const ESCAPE: u8 = 0x1B;

/// Clause 6.2.1. The escape has the place of a no-break space, as clause 6.2.1 note 1 displays it.
pub(super) const DEFAULT: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{A0}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Clause 6.2.1.1.
pub(super) const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{C}'),
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

/// Septets of a text, or `None` when a character is in neither table.
pub(super) fn encode(text: &str) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(text.len());
    for character in text.chars() {
        encode_character(character, &mut septets)?;
    }
    Some(septets)
}

/// Septets of a text with `?` for what the alphabet lacks.
pub(super) fn encode_lossy(text: &str) -> Vec<u8> {
    let mut septets = Vec::with_capacity(text.len());
    for character in text.chars() {
        if encode_character(character, &mut septets).is_none() {
            septets.push(b'?');
        }
    }
    septets
}

fn encode_character(character: char, septets: &mut Vec<u8>) -> Option<()> {
    let standard = DEFAULT
        .chars()
        .position(|c| c == character && c != '\u{A0}')
        .and_then(|position| u8::try_from(position).ok());
    if let Some(septet) = standard {
        septets.push(septet);
        return Some(());
    }
    let (septet, _) = EXTENSION.iter().find(|(_, c)| *c == character)?;
    septets.extend([ESCAPE, *septet]);
    Some(())
}

/// The text of some septets, through the default or national tables.
pub(super) fn decode(septets: &[u8], tables: Tables) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut septets = septets.iter().copied();
    while let Some(septet) = septets.next() {
        if septet != ESCAPE {
            text.push(tables.locking(septet));
        } else if let Some(septet) = septets.next() {
            text.push(tables.single(septet));
        }
    }
    text
}

/// Packs septets into octets, the first one after `fill` bits (clause 6.1.2.1).
pub(super) fn pack(septets: &[u8], fill: usize) -> Vec<u8> {
    let mut octets = vec![0u8; (fill + septets.len() * 7).div_ceil(8)];
    for (index, septet) in septets.iter().enumerate() {
        for bit in (0..7).filter(|bit| septet >> bit & 1 == 1) {
            let position = fill + index * 7 + bit;
            if let Some(octet) = octets.get_mut(position / 8) {
                *octet |= 1 << (position % 8);
            }
        }
    }
    octets
}

/// The `count` septets that start after `fill` bits.
pub(super) fn unpack(octets: &[u8], fill: usize, count: usize) -> Vec<u8> {
    let bit =
        |position: usize| octets.get(position / 8).map_or(0, |octet| octet >> (position % 8) & 1);
    (0..count)
        .map(|index| (0..7).fold(0, |septet, n| septet | bit(fill + index * 7 + n) << n))
        .collect()
}
