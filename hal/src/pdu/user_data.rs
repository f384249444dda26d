//! TP-User-Data with its length, header and text.

use core::fmt;

use super::gsm7::Piece;
use super::national::Shifts;
use super::segment::Coding;
use super::septets::{self, Packer};
use super::udh::HeaderWriter;
use super::{
    Alphabet, Concat, Dcs, DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind, Ie, Reader,
    Segmentation, Text, UserDataHeader, gsm7, writer::Writer,
};

/// TP-User-Data, 3GPP TS 23.040 9.2.3.24, with what TP-UDL (9.2.3.16) and TP-UDHI say about it; kept
/// as on the wire.
///
/// `Debug` shows lengths only.
#[derive(Clone, PartialEq, Eq)]
pub struct UserData {
    alphabet: Alphabet,
    udhi: bool,
    /// Septets or octets, by alphabet.
    udl: u8,
    octets: heapless::Vec<u8, { Self::CAPACITY }>,
}

impl UserData {
    /// Octets that SUBMIT and DELIVER carry, 9.2.2.1 and 9.2.2.2.
    pub const MAX_OCTETS: usize = 140;
    /// Octets that any TPDU carries: DELIVER-REPORT, 9.2.2.1a.
    pub(super) const CAPACITY: usize = 159;

    /// A text that fits one message, in the cheapest alphabet.
    ///
    /// # Errors
    /// A text that needs more segments than one.
    pub fn from_text(text: &str) -> Result<Self, EncodeError> {
        let alphabet = Segmentation::of(text).alphabet();
        Self::build(Coding { alphabet, shifts: Shifts::NONE }, &[], text)
    }

    /// Up to 140 octets of application data, without a header.
    ///
    /// # Errors
    /// More than 140 octets.
    pub fn from_octets(octets: &[u8]) -> Result<Self, EncodeError> {
        Self::with_elements(&[], octets)
    }

    /// Application data behind a header of these information elements, 140 octets in all.
    ///
    /// # Errors
    /// More than 140 octets.
    pub fn with_elements(elements: &[Ie<'_>], data: &[u8]) -> Result<Self, EncodeError> {
        let mut header = HeaderWriter::default();
        elements.iter().try_for_each(|ie| header.element(ie.iei, ie.data))?;
        let mut body = [0; Self::MAX_OCTETS];
        let start = write_header(&mut body, header.elements())?;
        let end = start + data.len();
        let place = body.get_mut(start..end);
        place.ok_or(EncodeError::too_long("TP-UD", end, Self::MAX_OCTETS))?.copy_from_slice(data);
        Self::from_body(Alphabet::Data8, !elements.is_empty(), &body, end)
    }

    /// `header` holds the elements without UDHL; empty means none. It names the national tables.
    pub(super) fn build(coding: Coding, header: &[u8], text: &str) -> Result<Self, EncodeError> {
        let mut body = [0; Self::MAX_OCTETS];
        let start = write_header(&mut body, header)?;
        let alphabet = coding.alphabet;
        let units = match alphabet {
            Alphabet::Gsm7 => write_gsm7(&mut body, septets::septets_over(start), coding, text)?,
            Alphabet::Ucs2 => write_ucs2(&mut body, start, text)?,
            Alphabet::Data8 => write_data8(&mut body, start, text)?,
        };
        Self::from_body(alphabet, !header.is_empty(), &body, units)
    }

    /// The first `udl` septets or octets of `body`.
    fn from_body(
        alphabet: Alphabet,
        udhi: bool,
        body: &[u8],
        udl: usize,
    ) -> Result<Self, EncodeError> {
        let length = if alphabet == Alphabet::Gsm7 { septets::octets_of(udl) } else { udl };
        let too_long = || EncodeError::too_long("TP-UD", length, Self::MAX_OCTETS);
        let octets = body.get(..length).ok_or_else(too_long)?;
        Ok(Self {
            alphabet,
            udhi,
            udl: u8::try_from(udl).map_err(|_| too_long())?,
            octets: heapless::Vec::from_slice(octets).map_err(|_| too_long())?,
        })
    }

    /// What TP-UDL counts: septets for GSM 7 bit, octets otherwise.
    #[must_use]
    pub const fn alphabet(&self) -> Alphabet {
        self.alphabet
    }

    /// TP-User-Data-Length, 9.2.3.16: septets or octets, header and fill bits included.
    #[must_use]
    pub const fn udl(&self) -> u8 {
        self.udl
    }

    /// TP-User-Data-Header-Indicator, 9.2.3.23.
    #[must_use]
    pub const fn udhi(&self) -> bool {
        self.udhi
    }

    /// All octets, header included, as on the wire.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The header, where TP-UDHI announces one.
    #[must_use]
    pub fn udh(&self) -> Option<UserDataHeader<'_>> {
        let (udhl, rest) = self.octets.split_first()?;
        self.udhi.then(|| UserDataHeader::new(*udhl, rest))
    }

    /// Which segment of a concatenated message this is, where it is one.
    #[must_use]
    pub fn concat(&self) -> Option<Concat> {
        self.udh()?.concat()
    }

    /// The octets behind the header: the data of an 8 bit message.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.octets.get(self.header_octets()..).unwrap_or_default()
    }

    /// The text behind the header.
    #[must_use]
    pub fn text(&self) -> Text<'_> {
        match self.alphabet {
            Alphabet::Gsm7 => {
                let start = septets::septets_over(self.header_octets());
                let count = usize::from(self.udl).saturating_sub(start);
                let shifts = self.udh().map_or(Shifts::NONE, |udh| udh.shifts());
                Text::gsm7(gsm7::Chars::new(&self.octets, start, count, shifts))
            }
            Alphabet::Data8 => Text::data8(self.body()),
            Alphabet::Ucs2 => Text::ucs2(self.body()),
        }
    }

    /// Octets of the header, UDHL included; 0 without one. One that TP-UD does not hold leaves no text.
    fn header_octets(&self) -> usize {
        self.udh().map_or(0, |udh| 1 + udh.length())
    }

    /// Reads TP-UDL and TP-UD of up to `max` octets.
    pub(super) fn decode(
        reader: &mut Reader<'_>,
        dcs: Dcs,
        udhi: bool,
        max: usize,
    ) -> Result<Self, DecodeError> {
        let start = reader.clone();
        let udl = reader.octet("TP-UDL")?;
        let alphabet = dcs.ud_alphabet();
        let (length, max) = match alphabet {
            Alphabet::Gsm7 => (septets::octets_of(udl.into()), septets::septets_in(max)),
            Alphabet::Data8 | Alphabet::Ucs2 => (udl.into(), max),
        };
        let too_long =
            || start.error("TP-UDL", DecodeErrorKind::TooLong { length: udl.into(), max });
        if usize::from(udl) > max {
            return Err(too_long());
        }
        let octets = reader.take(length, "TP-UD")?;
        let octets = heapless::Vec::from_slice(octets).map_err(|_| too_long())?;
        Ok(Self { alphabet, udhi, udl, octets })
    }

    /// Writes TP-UDL and TP-UD, for a TPDU whose TP-DCS is `dcs` and which carries `max` octets.
    pub(super) fn encode(
        &self,
        writer: &mut Writer,
        dcs: Dcs,
        max: usize,
    ) -> Result<(), EncodeError> {
        if dcs.ud_alphabet() != self.alphabet {
            return Err(EncodeError::contradicts("TP-DCS", "TP-UD"));
        }
        if self.octets.len() > max {
            return Err(EncodeError::too_long("TP-UD", self.octets.len(), max));
        }
        writer.octet(self.udl)?;
        writer.octets(&self.octets)
    }
}

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserData")
            .field("alphabet", &self.alphabet)
            .field("udl", &self.udl)
            .field("udh", &self.udh())
            .finish_non_exhaustive()
    }
}

/// Writes UDHL and the elements, and returns the octets used.
fn write_header(body: &mut [u8], elements: &[u8]) -> Result<usize, EncodeError> {
    if elements.is_empty() {
        return Ok(0);
    }
    let length = elements.len();
    let too_long = || EncodeError::too_long("TP-UD.UDH", length, UserData::MAX_OCTETS - 1);
    let udhl = u8::try_from(length).map_err(|_| too_long())?;
    let (first, rest) = body.split_first_mut().ok_or_else(too_long)?;
    *first = udhl;
    rest.get_mut(..length).ok_or_else(too_long)?.copy_from_slice(elements);
    Ok(1 + length)
}

/// Writes septets from septet `start` on and returns the septet after them.
fn write_gsm7(
    body: &mut [u8],
    start: usize,
    coding: Coding,
    text: &str,
) -> Result<usize, EncodeError> {
    let room = septets::septets_in(body.len());
    let too_long = |at| EncodeError::too_long("TP-UD", at, room);
    let mut at = start;
    let mut packer = Packer::new(body, start);
    for piece in coding.pieces(text) {
        match piece {
            Piece::Eight(septets) => {
                at += 8;
                packer.push_eight(septets);
            }
            Piece::One(c) => {
                let code = coding.code(c).ok_or_else(|| {
                    let position = text.chars().position(|c| coding.code(c).is_none());
                    let kind = EncodeErrorKind::NotInAlphabet { position: position.unwrap_or(0) };
                    EncodeError { field: "TP-UD", kind }
                })?;
                at += code.septets();
                code.write(&mut packer);
            }
        }
        if at > room {
            return Err(too_long(at));
        }
    }
    packer.finish();
    Ok(at)
}

/// Writes UTF-16 from octet `at` on and returns the octet after it.
fn write_ucs2(body: &mut [u8], mut at: usize, text: &str) -> Result<usize, EncodeError> {
    let room = body.len();
    for unit in text.encode_utf16() {
        let pair = body.get_mut(at..at + 2);
        let pair = pair.ok_or(EncodeError::too_long("TP-UD", at + 2, room))?;
        pair.copy_from_slice(&unit.to_be_bytes());
        at += 2;
    }
    Ok(at)
}

/// Writes U+0000 to U+00FF as one octet each, from octet `at` on, and returns the octet after them.
fn write_data8(body: &mut [u8], mut at: usize, text: &str) -> Result<usize, EncodeError> {
    let room = body.len();
    for (position, c) in text.chars().enumerate() {
        let kind = EncodeErrorKind::NotInAlphabet { position };
        let octet = u8::try_from(c).map_err(|_| EncodeError { field: "TP-UD", kind })?;
        let place = body.get_mut(at).ok_or(EncodeError::too_long("TP-UD", at + 1, room))?;
        *place = octet;
        at += 1;
    }
    Ok(at)
}
