//! TP-OA, TP-DA, TP-RA and the service centre address.

use core::fmt::{self, Write};

use super::national::Shifts;
use super::septets::Packer;
use super::type_of_address::{NumberingPlan, TypeOfNumber, type_of_address};
use super::writer::Writer;
use super::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, Reader, gsm7};

/// Address field, 3GPP TS 23.040 9.1.2.5: type-of-address and up to 20 semi-octets, as found.
///
/// `Display` writes the number or name in clear, with a `+` where it is international; `Debug` masks it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Address {
    type_of_address: u8,
    semi_octets: u8,
    value: [u8; Self::MAX_VALUE],
}

impl Address {
    /// Octets of the longest address value, 9.1.2.5.
    const MAX_VALUE: usize = 10;
    /// Septets of the longest name: 80 bits.
    const MAX_NAME: usize = 11;

    /// An E.164 number, digits only, with or without the leading `+`.
    ///
    /// # Errors
    /// More than 20 digits, none, or something else than a digit.
    pub fn international(digits: &str) -> Result<Self, EncodeError> {
        let digits = digits.strip_prefix('+').unwrap_or(digits);
        if let Some(position) = digits.chars().position(|c| !c.is_ascii_digit()) {
            let kind = EncodeErrorKind::NotInAlphabet { position };
            return Err(EncodeError { field: "address", kind });
        }
        Self::number(TypeOfNumber::International, NumberingPlan::Isdn, digits)
    }

    /// `+` and digits as an international number, anything else as it is dialled: short codes, `*#abc`.
    ///
    /// # Errors
    /// More than 20 digits, none, or a character that no semi-octet codes.
    pub fn parse(number: &str) -> Result<Self, EncodeError> {
        if number.starts_with('+') {
            Self::international(number)
        } else {
            Self::number(TypeOfNumber::Unknown, NumberingPlan::Isdn, number)
        }
    }

    /// Digits, `*`, `#`, `a`, `b`, `c` of any type and plan.
    ///
    /// # Errors
    /// More than 20 digits, none, a character that no semi-octet codes, or the type of a name.
    pub fn number(
        ton: TypeOfNumber,
        npi: NumberingPlan,
        digits: &str,
    ) -> Result<Self, EncodeError> {
        let field = "address";
        if ton == TypeOfNumber::Alphanumeric {
            return Err(EncodeError::contradicts(field, "type-of-number"));
        }
        if digits.is_empty() {
            return Err(EncodeError { field, kind: EncodeErrorKind::Empty });
        }
        let mut value = [0xFF; Self::MAX_VALUE];
        let mut length = 0;
        for (position, digit) in digits.chars().enumerate() {
            let code = semi_octet(digit)
                .ok_or(EncodeError { field, kind: EncodeErrorKind::NotInAlphabet { position } })?;
            let octet = value.get_mut(position / 2).ok_or_else(|| {
                EncodeError::too_long(field, digits.chars().count(), 2 * Self::MAX_VALUE)
            })?;
            *octet = if position % 2 == 0 { 0xF0 | code } else { code << 4 | *octet & 0x0F };
            length += 1;
        }
        Ok(Self { type_of_address: type_of_address(ton, npi), semi_octets: length, value })
    }

    /// A name of up to 11 septets in the GSM 7 bit default alphabet; `€` and its like count two.
    ///
    /// # Errors
    /// A longer name, an empty one, or a character outside the alphabet.
    pub fn alphanumeric(name: &str) -> Result<Self, EncodeError> {
        let field = "address";
        let mut value = [0; Self::MAX_VALUE];
        let mut septets = 0;
        let mut packer = Packer::new(&mut value, 0);
        for (position, c) in name.chars().enumerate() {
            let code = gsm7::Code::of(c)
                .ok_or(EncodeError { field, kind: EncodeErrorKind::NotInAlphabet { position } })?;
            if septets + code.septets() > Self::MAX_NAME {
                let length = name.chars().filter_map(gsm7::Code::of).map(gsm7::Code::septets).sum();
                return Err(EncodeError::too_long(field, length, Self::MAX_NAME));
            }
            code.write(&mut packer);
            septets += code.septets();
        }
        packer.finish();
        if septets == 0 {
            return Err(EncodeError { field, kind: EncodeErrorKind::Empty });
        }
        let semi_octets = u8::try_from((septets * 7).div_ceil(4)).unwrap_or(u8::MAX);
        let toa = type_of_address(TypeOfNumber::Alphanumeric, NumberingPlan::Unknown);
        Ok(Self { type_of_address: toa, semi_octets, value })
    }

    /// Type-of-number.
    #[must_use]
    pub const fn ton(&self) -> TypeOfNumber {
        TypeOfNumber::of(self.type_of_address)
    }

    /// Numbering-plan-identification.
    #[must_use]
    pub const fn npi(&self) -> NumberingPlan {
        NumberingPlan::of(self.type_of_address)
    }

    /// The type-of-address octet, as `+CSCA` and `+CMGL` print it (3GPP TS 24.011 8.2.5.2).
    #[must_use]
    pub const fn type_of_address(&self) -> u8 {
        self.type_of_address
    }

    /// The digits of a number, fillers left out; for a name, nothing.
    pub fn digits(&self) -> impl Iterator<Item = char> + '_ {
        let count = if self.is_name() { 0 } else { usize::from(self.semi_octets) };
        let semi_octets = self.value.iter().flat_map(|octet| [octet & 0x0F, octet >> 4]);
        semi_octets.take(count).filter_map(digit)
    }

    /// Whether both numbers end with the same `count` digits, or are equal where one is shorter.
    ///
    /// A delivery report often names the recipient in another form than the message did.
    #[must_use]
    pub fn same_last_digits(&self, other: &Self, count: usize) -> bool {
        let (ours, theirs) = (self.digits().count(), other.digits().count());
        let wanted = count.min(ours).min(theirs);
        if wanted == 0 || (wanted < count && ours != theirs) {
            return self == other;
        }
        self.digits().skip(ours - wanted).eq(other.digits().skip(theirs - wanted))
    }

    fn is_name(&self) -> bool {
        self.ton() == TypeOfNumber::Alphanumeric
    }

    /// The characters of a name; for a number, nothing.
    fn name(&self) -> gsm7::Chars<'_> {
        let count = if self.is_name() { usize::from(self.semi_octets) * 4 / 7 } else { 0 };
        gsm7::Chars::new(&self.value, 0, count, Shifts::NONE)
    }

    /// Reads the address of a TPDU: length in semi-octets, type, value.
    pub(super) fn decode(
        reader: &mut Reader<'_>,
        field: &'static str,
    ) -> Result<Self, DecodeError> {
        let start = reader.clone();
        let semi_octets = reader.octet(field)?;
        let max = 2 * Self::MAX_VALUE;
        if usize::from(semi_octets) > max {
            let kind = DecodeErrorKind::TooLong { length: semi_octets.into(), max };
            return Err(start.error(field, kind));
        }
        let type_of_address = reader.octet(field)?;
        let octets = reader.take(usize::from(semi_octets).div_ceil(2), field)?;
        Ok(Self::from_parts(type_of_address, semi_octets, octets))
    }

    /// Reads a service centre address: length in octets, type included; length 0 means none.
    pub(super) fn decode_sca(reader: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        let field = "SCA";
        let start = reader.clone();
        let length = usize::from(reader.octet(field)?);
        let max = Self::MAX_VALUE + 1;
        if length > max {
            return Err(start.error(field, DecodeErrorKind::TooLong { length, max }));
        }
        let mut sub = reader.sub(length, field)?;
        if length == 0 {
            return Ok(None);
        }
        let type_of_address = sub.octet(field)?;
        let value = sub.rest();
        let last = value.last().copied().unwrap_or_default();
        let odd = if Self::from_parts(type_of_address, 0, &[]).is_name() {
            // Seven bits are left behind seven letters: they are no letter, but `@` would look the same.
            value.len().is_multiple_of(7) && last >> 1 == 0
        } else {
            last >> 4 == 0x0F
        };
        let semi_octets = (2 * value.len()).saturating_sub(usize::from(odd));
        let semi_octets = u8::try_from(semi_octets).unwrap_or(u8::MAX);
        Ok(Some(Self::from_parts(type_of_address, semi_octets, value)))
    }

    pub(super) fn encode(&self, writer: &mut Writer) -> Result<(), EncodeError> {
        writer.octet(self.semi_octets)?;
        writer.octet(self.type_of_address)?;
        writer.octets(self.value())
    }

    /// Writes `sca` as a service centre address, or the length 0 for the one stored in the modem.
    pub(super) fn encode_sca(sca: Option<&Self>, writer: &mut Writer) -> Result<(), EncodeError> {
        let Some(sca) = sca else { return writer.octet(0) };
        let length = sca.value().len() + 1;
        writer.octet(u8::try_from(length).unwrap_or(u8::MAX))?;
        writer.octet(sca.type_of_address)?;
        writer.octets(sca.value())
    }

    fn value(&self) -> &[u8] {
        self.value.get(..usize::from(self.semi_octets).div_ceil(2)).unwrap_or(&self.value)
    }

    /// `octets` are those of the value, at most ten. The filler after an odd digit is made 1111.
    fn from_parts(type_of_address: u8, semi_octets: u8, octets: &[u8]) -> Self {
        let mut address = Self { type_of_address, semi_octets, value: [0; Self::MAX_VALUE] };
        let name = address.is_name();
        if !name {
            address.value = [0xFF; Self::MAX_VALUE];
        }
        for (to, from) in address.value.iter_mut().zip(octets) {
            *to = *from;
        }
        if !name
            && semi_octets % 2 == 1
            && let Some(last) = address.value.get_mut(usize::from(semi_octets / 2))
        {
            *last |= 0xF0;
        }
        address
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ton() == TypeOfNumber::International {
            f.write_char('+')?;
        }
        self.digits().chain(self.name()).try_for_each(|c| f.write_char(c))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({:?}, {:?}, ", self.ton(), self.npi())?;
        let digits = self.digits().count();
        if digits == 0 {
            return write!(f, "{} characters)", self.name().count());
        }
        // Up to three digits, two would tell nearly all.
        let shown = if digits > 3 { 2 } else { 0 };
        for (position, digit) in self.digits().enumerate() {
            f.write_char(if position + shown < digits { '*' } else { digit })?;
        }
        f.write_char(')')
    }
}

/// 9.1.2.3: the semi-octet of a digit.
const fn semi_octet(digit: char) -> Option<u8> {
    Some(match digit {
        '0'..='9' => digit as u8 - b'0',
        '*' => 0x0A,
        '#' => 0x0B,
        'a' | 'A' => 0x0C,
        'b' | 'B' => 0x0D,
        'c' | 'C' => 0x0E,
        _ => return None,
    })
}

/// 9.1.2.3: the digit of a semi-octet; 1111 is a filler.
const fn digit(semi_octet: u8) -> Option<char> {
    Some(match semi_octet {
        0..=9 => (b'0' + semi_octet) as char,
        0x0A => '*',
        0x0B => '#',
        0x0C => 'a',
        0x0D => 'b',
        0x0E => 'c',
        _ => return None,
    })
}
