//! Packed septets of the GSM 7 bit alphabet, with every pair of national tables.

use ringpost_hal::pdu::{
    Shifts,
    gsm7::{Chars, Code},
};

use crate::input::Input;

const ESCAPE: u8 = 0x1B;

/// Two tables, where to start, how many, then the octets.
pub fn septets(octets: &[u8]) {
    let mut input = Input::new(octets);
    let shifts = Shifts { locking: input.language(), single: input.language() };
    let (start, count) = (usize::from(input.octet()), usize::from(input.wide()));
    let octets = input.rest();
    let text: Vec<_> = Chars::new(octets, start, count, shifts).collect();
    assert!(text.len() <= count);
    if start + count > octets.len() * 8 / 7 {
        return;
    }
    let septets = unpack(octets, start, count);
    assert_eq!(text, chars(&septets, shifts), "where they start changes nothing");
    let escapes = septets.iter().filter(|septet| **septet == ESCAPE).count();
    assert!(text.len() >= count - escapes);
    // Spanish has no locking shift table: nothing can be written in it.
    if shifts.locking.is_none_or(|language| language.has_locking()) {
        text.iter().for_each(|c| comes_back(*c, shifts));
    }
}

/// A character that was read is written, and reads as itself.
fn comes_back(c: char, shifts: Shifts) {
    let code = Code::with(c, shifts).unwrap();
    if shifts.is_none() {
        assert_eq!(Code::of(c), Some(code));
    }
    let septets = match code {
        Code::Plain(septet) => vec![septet],
        Code::Escaped(septet) => vec![ESCAPE, septet],
    };
    assert_eq!(septets.len(), code.septets());
    assert_eq!(chars(&septets, shifts), [c]);
}

fn chars(septets: &[u8], shifts: Shifts) -> Vec<char> {
    Chars::new(&pack(septets), 0, septets.len(), shifts).collect()
}

/// Reads septets one by one, 3GPP TS 23.038 6.1.2.1.1; all of them lie within the octets.
pub(crate) fn unpack(octets: &[u8], start: usize, count: usize) -> Vec<u8> {
    let bit = |at: usize| octets[at / 8] >> (at % 8) & 1;
    let septet = |at: usize| (0..7).map(|place| bit(7 * at + place) << place).sum();
    (start..start + count).map(septet).collect()
}

/// Packs septets one by one.
pub(crate) fn pack(septets: &[u8]) -> Vec<u8> {
    let mut octets = vec![0; (septets.len() * 7).div_ceil(8)];
    for at in 0..7 * septets.len() {
        octets[at / 8] |= (septets[at / 7] >> (at % 7) & 1) << (at % 8);
    }
    octets
}
