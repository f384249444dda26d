//! PDU mode: service centre address and TPDU in hexadecimal, as AT lines carry them.
//!
//! 3GPP TS 27.005 3.1: `+CMGS=<length>` and its like count the octets of the TPDU only.

use core::{fmt, ops::Deref};

use super::{
    Address, DecodeError, DecodeErrorKind, EncodeError, MAX_TPDU, Reader, Tpdu, writer::Writer,
};

/// Octets of the longest service centre address: length, type and ten of value.
const MAX_SCA: usize = 12;

/// Octets of the longest PDU.
const MAX_PDU: usize = MAX_SCA + MAX_TPDU;

/// Characters of the longest line.
const MAX_LINE: usize = 2 * MAX_PDU;

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
    if tpdu.len() > MAX_TPDU {
        return Err(EncodeError::too_long("TPDU", tpdu.len(), MAX_TPDU));
    }
    let mut head = Writer::default();
    Address::encode_sca(sca, &mut head)?;
    let mut line = heapless::Vec::<u8, MAX_LINE>::new();
    for octets in [&*head.finish(), tpdu] {
        for octet in octets {
            line.extend_from_slice(&hex_digits(*octet))
                .map_err(|_| EncodeError::too_long("TPDU", tpdu.len(), MAX_TPDU))?;
        }
    }
    // Hexadecimal digits are UTF-8 whatever they say.
    Ok(Line(heapless::String::from_utf8(line).unwrap_or_default()))
}

/// Reads a line of either case back into the service centre address and the TPDU.
///
/// # Errors
/// As for [`octets`] and [`split`]; the offset counts octets from the start of the line.
pub fn decode_hex(line: &str) -> Result<(Option<Address>, Tpdu), DecodeError> {
    let octets = octets(line)?;
    let (sca, tpdu) = split(&octets)?;
    let too_long = DecodeErrorKind::TooLong { length: tpdu.len(), max: MAX_TPDU };
    let offset = octets.len().saturating_sub(tpdu.len());
    let tpdu = Tpdu::from_slice(tpdu);
    Ok((sca, tpdu.ok_or(DecodeError { field: "TPDU", offset, kind: too_long })?))
}

/// Reads hexadecimal digits of either case.
///
/// # Errors
/// A character that is none, an odd count of them, or more than a PDU has.
#[inline]
pub fn octets(line: &str) -> Result<heapless::Vec<u8, MAX_PDU>, DecodeError> {
    let mut octets = heapless::Vec::new();
    for (offset, pair) in line.as_bytes().chunks(2).enumerate() {
        let fault = |kind| DecodeError { field: "PDU", offset, kind };
        let (high, low) = match pair {
            &[high, low] => (nibble(high), nibble(low)),
            _ => (NO_DIGIT, NO_DIGIT),
        };
        if high | low > 0x0F {
            return Err(fault(DecodeErrorKind::NotHex));
        }
        let length = line.len().div_ceil(2);
        let too_long = DecodeErrorKind::TooLong { length, max: MAX_PDU };
        octets.push(high << 4 | low).map_err(|_| fault(too_long))?;
    }
    Ok(octets)
}

/// Reads the service centre address that leads, and leaves the TPDU.
///
/// # Errors
/// A service centre address that does not fit.
pub fn split(octets: &[u8]) -> Result<(Option<Address>, &[u8]), DecodeError> {
    let mut reader = Reader::new(octets);
    let sca = Address::decode_sca(&mut reader)?;
    Ok((sca, reader.rest()))
}

/// What [`NIBBLES`] has for everything else.
const NO_DIGIT: u8 = 0xFF;

/// The values of hexadecimal digits; a table, because every line passes through it digit by digit.
static NIBBLES: [u8; 256] = nibbles();

#[inline]
fn nibble(digit: u8) -> u8 {
    NIBBLES.get(usize::from(digit)).copied().unwrap_or(NO_DIGIT)
}

#[inline]
fn hex_digits(octet: u8) -> [u8; 2] {
    [octet >> 4, octet & 0x0F]
        .map(|nibble| if nibble < 10 { b'0' + nibble } else { b'A' - 10 + nibble })
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated while compiling, where an overrun is an error"
)]
const fn nibbles() -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789ABCDEF"[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_lowercase() as usize] = value;
        value += 1;
    }
    values
}
