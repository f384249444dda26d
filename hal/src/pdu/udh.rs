//! TP-User-Data-Header and its information elements.

use super::national::{Language, Shifts};
use super::{Concat, ConcatRef, DecodeError, EncodeError, Ports, Reader, SpecialMessage};

/// The information elements of a TP-UDH, 3GPP TS 23.040 9.2.3.24, in the order received.
///
/// Of elements that repeat or exclude each other the last one counts; unknown ones are kept and passed over.
#[derive(Clone, Copy)]
pub struct UserDataHeader<'a> {
    /// Octets that UDHL announces.
    length: usize,
    /// Those of them that TP-UD has.
    elements: &'a [u8],
}

/// An information element, 3GPP TS 23.040 9.2.3.24.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ie<'a> {
    /// Information-element-identifier.
    pub iei: u8,
    /// Information-element-data, as long as its length octet says.
    pub data: &'a [u8],
}

impl Ie<'_> {
    /// Concatenation with an 8 bit reference, 9.2.3.24.1.
    pub const CONCAT_NARROW: u8 = 0x00;
    /// Special SMS message indication, 9.2.3.24.2.
    pub const SPECIAL_MESSAGE: u8 = 0x01;
    /// Application ports of 8 bits, 9.2.3.24.3.
    pub const PORT_NARROW: u8 = 0x04;
    /// Application ports of 16 bits, 9.2.3.24.4.
    pub const PORT_WIDE: u8 = 0x05;
    /// Concatenation with a 16 bit reference, 9.2.3.24.8.
    pub const CONCAT_WIDE: u8 = 0x08;
    /// National language single shift, 9.2.3.24.15.
    pub const SINGLE_SHIFT: u8 = 0x24;
    /// National language locking shift, 9.2.3.24.16.
    pub const LOCKING_SHIFT: u8 = 0x25;

    /// Octets with identifier and length.
    pub(super) const fn octets(&self) -> usize {
        2 + self.data.len()
    }
}

impl<'a> UserDataHeader<'a> {
    /// `rest` follows the UDHL octet, to the end of TP-UD.
    pub(super) fn new(udhl: u8, rest: &'a [u8]) -> Self {
        let length = usize::from(udhl);
        Self { length, elements: rest.get(..length).unwrap_or(rest) }
    }

    /// UDHL, 9.2.3.24: the octets that it announces; more than there are in a broken one.
    #[must_use]
    pub const fn length(&self) -> usize {
        self.length
    }

    /// The elements; none where [`Self::check`] fails, because 9.2.3.24 has such a header ignored whole.
    pub fn elements(&self) -> impl Iterator<Item = Ie<'a>> + Clone + use<'a> {
        let elements = if self.check().is_ok() { self.elements } else { &[] };
        let mut reader = Reader::new(elements);
        core::iter::from_fn(
            move || {
                if reader.is_empty() { None } else { element(&mut reader).ok() }
            },
        )
    }

    /// The octets behind UDHL, as found.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.elements
    }

    /// Whether the header fits its TP-UD, and the elements fill it exactly.
    ///
    /// # Errors
    /// The element that overruns the header, or the header that overruns TP-UD; the offset counts from the
    /// octet behind UDHL.
    pub fn check(&self) -> Result<(), DecodeError> {
        let mut reader = Reader::new(self.elements);
        reader.clone().take(self.length, "TP-UD.UDH")?;
        while !reader.is_empty() {
            element(&mut reader)?;
        }
        Ok(())
    }

    /// The concatenation, 9.2.3.24.1 and 9.2.3.24.8.
    #[must_use]
    pub fn concat(&self) -> Option<Concat> {
        self.elements().filter_map(Concat::of).last()
    }

    /// The application ports, 9.2.3.24.3 and 9.2.3.24.4.
    #[must_use]
    pub fn ports(&self) -> Option<Ports> {
        self.elements().filter_map(Ports::of).last()
    }

    /// The special message indications, 9.2.3.24.2: one for each mailbox, the last that speaks of it.
    pub fn special_messages(&self) -> impl Iterator<Item = SpecialMessage> + use<'a> {
        let mut rest = self.elements().filter(|ie| SpecialMessage::mailbox(*ie).is_some());
        core::iter::from_fn(move || {
            loop {
                let found = rest.next()?;
                let mailbox = SpecialMessage::mailbox(found);
                if !rest.clone().any(|later| SpecialMessage::mailbox(later) == mailbox) {
                    return SpecialMessage::of(found);
                }
            }
        })
    }

    /// The national language tables, 9.2.3.24.15 and 9.2.3.24.16; elements with reserved values are ignored.
    #[must_use]
    pub fn shifts(&self) -> Shifts {
        let language = |ie: Ie<'_>| match ie.data {
            &[id] => Language::from_id(id),
            _ => None,
        };
        let of = |iei| self.elements().filter(move |ie| ie.iei == iei).filter_map(language);
        Shifts {
            locking: of(Ie::LOCKING_SHIFT).filter(|language| language.has_locking()).last(),
            single: of(Ie::SINGLE_SHIFT).last(),
        }
    }
}

/// A header that grows, UDHL left out.
#[derive(Default)]
pub(super) struct HeaderWriter {
    elements: heapless::Vec<u8, { Self::MAX }>,
}

impl HeaderWriter {
    /// Octets that leave room for UDHL in the TP-UD of a SUBMIT or DELIVER.
    const MAX: usize = 139;

    pub(super) fn element(&mut self, iei: u8, data: &[u8]) -> Result<(), EncodeError> {
        let length = self.elements.len().saturating_add(2).saturating_add(data.len());
        let too_long = || EncodeError::too_long("TP-UD.UDH", length, Self::MAX);
        let iedl = u8::try_from(data.len()).map_err(|_| too_long())?;
        self.elements.extend_from_slice(&[iei, iedl]).map_err(|_| too_long())?;
        self.elements.extend_from_slice(data).map_err(|_| too_long())
    }

    pub(super) fn concat(&mut self, concat: Concat) -> Result<(), EncodeError> {
        let Concat { reference, total, sequence } = concat;
        match reference {
            ConcatRef::Narrow(narrow) => {
                self.element(Ie::CONCAT_NARROW, &[narrow, total, sequence])
            }
            ConcatRef::Wide(wide) => {
                let [high, low] = wide.to_be_bytes();
                self.element(Ie::CONCAT_WIDE, &[high, low, total, sequence])
            }
        }
    }

    pub(super) fn shifts(&mut self, shifts: Shifts) -> Result<(), EncodeError> {
        if let Some(language) = shifts.single {
            self.element(Ie::SINGLE_SHIFT, &[language.id()])?;
        }
        match shifts.locking {
            Some(language) => self.element(Ie::LOCKING_SHIFT, &[language.id()]),
            None => Ok(()),
        }
    }

    pub(super) fn elements(&self) -> &[u8] {
        &self.elements
    }
}

impl core::fmt::Debug for UserDataHeader<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.elements()).finish()
    }
}

impl core::fmt::Debug for Ie<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Ie({:#04x}, {} octets)", self.iei, self.data.len())
    }
}

fn element<'a>(reader: &mut Reader<'a>) -> Result<Ie<'a>, DecodeError> {
    let field = "TP-UD.UDH.IE";
    let iei = reader.octet(field)?;
    let length = reader.octet(field)?;
    let data = reader.take(length.into(), field)?;
    Ok(Ie { iei, data })
}
