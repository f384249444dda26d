//! PDU mode: service centre address and TPDU in hexadecimal, as AT lines carry them.
//!
//! 3GPP TS 27.005 3.1: `+CMGS=<length>` and its like count the octets of the TPDU only.

use core::{fmt, ops::Deref};

use super::{
    Address, DecodeError, DecodeErrorKind, EncodeError, MAX_TPDU, Reader, Tpdu, writer::Writer,
};

/// Octets of the longest service centre address: length, type and ten of value.
const MAX_SCA: usize = 12;

/// Characters of the longest line.
const MAX_LINE: usize = 2 * (MAX_SCA + MAX_TPDU);

/// The line that follows the prompt of `+CMGS`, without its end; `Debug` shows the length only.
#[derive(Clone, PartialEq, Eq)]
pub struct Line(heapless::String<MAX_LINE>);

impl Deref for Line {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({} characters)", self.len())
    }
}

/// Writes a service centre address (none: the one that `+CSCA` stored) and a TPDU, in capitals.
///
/// # Errors
/// A TPDU of more than [`MAX_TPDU`] octets.
pub fn encode_hex(sca: Option<&Address>, tpdu: &[u8]) -> Result<Line, EncodeError> {
    let too_long = || EncodeError::too_long("TPDU", tpdu.len(), MAX_TPDU);
    let mut head = Writer::default();
    Address::encode_sca(sca, &mut head)?;
    let mut line = heapless::String::new();
    for octet in head.finish().iter().chain(tpdu) {
        for digit in [octet >> 4, octet & 0x0F] {
            line.push(hex_digit(digit)).map_err(|_| too_long())?;
        }
    }
    Ok(Line(line))
}

/// Reads a line of either case back into the service centre address and the TPDU.
///
/// # Errors
/// A character that is not hexadecimal, an odd count of them, or a service centre address that does
/// not fit; the offset counts octets from the start of the line.
pub fn decode_hex(line: &str) -> Result<(Option<Address>, Tpdu), DecodeError> {
    let mut octets = heapless::Vec::<u8, { MAX_SCA + MAX_TPDU }>::new();
    for (offset, pair) in line.as_bytes().chunks(2).enumerate() {
        let fault = |kind| DecodeError { field: "PDU", offset, kind };
        let octet = match pair {
            &[high, low] => hex_value(high).zip(hex_value(low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        let octet = octet.ok_or(fault(DecodeErrorKind::NotHex))?;
        let length = line.len().div_ceil(2);
        let too_long = DecodeErrorKind::TooLong { length, max: MAX_SCA + MAX_TPDU };
        octets.push(octet).map_err(|_| fault(too_long))?;
    }
    let mut reader = Reader::new(&octets);
    let sca = Address::decode_sca(&mut reader)?;
    let start = reader.clone();
    let rest = reader.rest();
    let too_long = DecodeErrorKind::TooLong { length: rest.len(), max: MAX_TPDU };
    let tpdu = Tpdu::from_slice(rest).ok_or(start.error("TPDU", too_long))?;
    Ok((sca, tpdu))
}

const fn hex_digit(nibble: u8) -> char {
    match nibble {
        0..=9 => (b'0' + nibble) as char,
        _ => (b'A' + nibble - 10) as char,
    }
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
