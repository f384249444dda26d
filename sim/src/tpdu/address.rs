//! Address fields: TP-DA, TP-OA, TP-RA (3GPP TS 23.040 clause 9.1.2.5) and the service centre's.

use std::fmt;

use super::{Cursor, TpduError, gsm7, refuse};

const INTERNATIONAL: u8 = 1;
const ALPHANUMERIC: u8 = 5;
const ISDN: u8 = 1;

/// A telephone number, short code or name as it stands in a TPDU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) ton: u8,
    pub(crate) npi: u8,
    /// Digits without `+`, or the letters of an alphanumeric name.
    pub(crate) digits: String,
}

impl Address {
    /// `+…` is international, other digits are of unknown type (short codes), letters are a name.
    pub(crate) fn of(number: &str) -> Self {
        let (ton, npi, digits) = match number.strip_prefix('+') {
            Some(digits) => (INTERNATIONAL, ISDN, digits),
            None if number.chars().all(|c| nibble(c).is_some()) => (0, ISDN, number),
            None => (ALPHANUMERIC, 0, number),
        };
        Self { ton, npi, digits: digits.to_owned() }
    }

    /// A recipient, checked as a network would before it routes.
    pub(crate) fn decode_recipient(
        cursor: &mut Cursor<'_>,
        field: &'static str,
    ) -> Result<Self, TpduError> {
        let length = usize::from(cursor.octet(field)?);
        let toa = cursor.octet(field)?;
        // Clause 9.1.2.5: at most 20 semi-octets of address value.
        if length == 0 || length > 20 {
            return refuse(field, "length is not 1 to 20 digits");
        }
        let value = cursor.take(length.div_ceil(2), field)?;
        let (ton, npi) = type_of_address(toa, field)?;
        if ton == ALPHANUMERIC {
            return refuse(field, "a name cannot receive");
        }
        let digits = semi_octets(value, length, field)?;
        if ton == INTERNATIONAL && npi == ISDN {
            check_e164(&digits, field)?;
        }
        Ok(Self { ton, npi, digits })
    }

    /// A service centre address as PDU mode puts it before the TPDU (3GPP TS 24.011 8.2.5.2).
    pub(crate) fn decode_sca(cursor: &mut Cursor<'_>) -> Result<Option<Self>, TpduError> {
        let length = usize::from(cursor.octet("SCA")?);
        if length == 0 {
            return Ok(None);
        }
        if !(2..=11).contains(&length) {
            return refuse("SCA", "length is not 2 to 11 octets");
        }
        let (ton, npi) = type_of_address(cursor.octet("SCA")?, "SCA")?;
        let value = cursor.take(length - 1, "SCA")?;
        let odd = value.last().is_some_and(|last| last >> 4 == 0xF);
        let digits = semi_octets(value, value.len() * 2 - usize::from(odd), "SCA")?;
        Ok(Some(Self { ton, npi, digits }))
    }

    /// The field as TP-OA or TP-RA: length in semi-octets, type, value.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let (length, value) = self.value();
        let mut field = vec![length, 0x80 | self.ton << 4 | self.npi];
        field.extend(value);
        field
    }

    /// The field as a service centre address: length in octets, type, value.
    pub(crate) fn encode_sca(&self) -> Vec<u8> {
        let (_, value) = self.value();
        let length = u8::try_from(value.len() + 1).unwrap_or(1);
        let mut field = vec![length, 0x80 | self.ton << 4 | self.npi];
        field.extend(value);
        field
    }

    fn value(&self) -> (u8, Vec<u8>) {
        if self.ton == ALPHANUMERIC {
            let septets: Vec<u8> = gsm7::encode_lossy(&self.digits).into_iter().take(11).collect();
            let value = gsm7::pack(&septets, 0);
            let used = (septets.len() * 7).div_ceil(4);
            return (u8::try_from(used).unwrap_or(0), value);
        }
        let nibbles: Vec<u8> = self.digits.chars().filter_map(nibble).take(20).collect();
        let value = nibbles
            .chunks(2)
            .map(|pair| match *pair {
                [low, high] => high << 4 | low,
                [low] => 0xF0 | low,
                _ => 0xFF,
            })
            .collect();
        (u8::try_from(nibbles.len()).unwrap_or(0), value)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plus = if self.ton == INTERNATIONAL { "+" } else { "" };
        write!(f, "{plus}{}", self.digits)
    }
}

fn type_of_address(toa: u8, field: &'static str) -> Result<(u8, u8), TpduError> {
    let (ton, npi) = (toa >> 4 & 7, toa & 0x0F);
    if toa & 0x80 == 0 {
        return refuse(field, "bit 7 of the type of address is 0");
    }
    if ton == 7 {
        return refuse(field, "type of number is reserved");
    }
    if !matches!(npi, 0 | 1 | 3 | 4 | 5 | 6 | 8 | 9 | 10) {
        return refuse(field, "numbering plan is reserved");
    }
    Ok((ton, npi))
}

// ITU-T E.164: at most 15 digits, and no country code starts with 0.
fn check_e164(digits: &str, field: &'static str) -> Result<(), TpduError> {
    if !digits.chars().all(|c| c.is_ascii_digit()) {
        return refuse(field, "an international number has a character that is not 0 to 9");
    }
    if digits.starts_with('0') {
        return refuse(field, "an international number starts with 0");
    }
    if !(4..=15).contains(&digits.len()) {
        return refuse(field, "an international number has not 4 to 15 digits");
    }
    Ok(())
}

fn semi_octets(value: &[u8], count: usize, field: &'static str) -> Result<String, TpduError> {
    let mut nibbles = value.iter().flat_map(|octet| [octet & 0x0F, octet >> 4]);
    let digits = nibbles.by_ref().take(count).map(character).collect::<Option<String>>();
    if nibbles.any(|filler| filler != 0xF) {
        return refuse(field, "an odd number of digits is not filled up with F");
    }
    match digits {
        Some(digits) => Ok(digits),
        None => refuse(field, "a filler stands among the digits"),
    }
}

// Clause 9.1.2.3: semi-octet values 10 to 14 are *, #, a, b, c.
const CHARACTERS: &str = "0123456789*#abc";

fn character(nibble: u8) -> Option<char> {
    CHARACTERS.chars().nth(usize::from(nibble))
}

fn nibble(character: char) -> Option<u8> {
    CHARACTERS.find(character).and_then(|index| u8::try_from(index).ok())
}
