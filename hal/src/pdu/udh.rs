//! TP-User-Data-Header and its information elements.

use super::{DecodeError, Reader};

/// The information elements of a TP-UDH, 3GPP TS 23.040 9.2.3.24, in the order received.
#[derive(Clone, Copy)]
pub struct UserDataHeader<'a> {
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

/// Reference of a concatenated message: one for all its segments, per sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConcatRef {
    /// 8 bit, IEI 00, 3GPP TS 23.040 9.2.3.24.1.
    Narrow(u8),
    /// 16 bit, IEI 08, 3GPP TS 23.040 9.2.3.24.8: collides less often.
    Wide(u16),
}

/// Which segment of which concatenated message, 3GPP TS 23.040 9.2.3.24.1 and 9.2.3.24.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Concat {
    /// The same in all segments.
    pub reference: ConcatRef,
    /// Segments in all: 1 to 255.
    pub total: u8,
    /// This one: 1 to `total`.
    pub sequence: u8,
}

impl<'a> UserDataHeader<'a> {
    /// `elements` follow the UDHL octet.
    pub(super) const fn new(elements: &'a [u8]) -> Self {
        Self { elements }
    }

    /// The elements; none where [`Self::check`] fails, because 9.2.3.24 has such a header ignored whole.
    pub fn elements(&self) -> impl Iterator<Item = Ie<'a>> + Clone + use<'a> {
        let elements = if self.check().is_ok() { self.elements } else { &[] };
        let mut reader = Reader::new(elements);
        core::iter::from_fn(
            move || if reader.is_empty() { None } else { element(&mut reader).ok() },
        )
    }

    /// The octets behind UDHL, as found.
    #[must_use]
    pub const fn octets(&self) -> &'a [u8] {
        self.elements
    }

    /// Whether the elements fill the header exactly.
    ///
    /// # Errors
    /// The element that overruns the header; the offset counts from the octet behind UDHL.
    pub fn check(&self) -> Result<(), DecodeError> {
        let mut reader = Reader::new(self.elements);
        while !reader.is_empty() {
            element(&mut reader)?;
        }
        Ok(())
    }

    /// The concatenation that holds: of several elements the last valid one (9.2.3.24).
    #[must_use]
    pub fn concat(&self) -> Option<Concat> {
        self.elements().filter_map(|ie| Concat::of(&ie)).last()
    }
}

impl Concat {
    const NARROW: u8 = 0x00;
    const WIDE: u8 = 0x08;

    /// Reads IEI 00 and 08; 9.2.3.24.1: an element with an impossible count is ignored.
    fn of(ie: &Ie<'_>) -> Option<Self> {
        let (reference, total, sequence) = match (ie.iei, ie.data) {
            (Self::NARROW, &[reference, total, sequence]) => {
                (ConcatRef::Narrow(reference), total, sequence)
            }
            (Self::WIDE, &[high, low, total, sequence]) => {
                (ConcatRef::Wide(u16::from_be_bytes([high, low])), total, sequence)
            }
            _ => return None,
        };
        (1..=total).contains(&sequence).then_some(Self { reference, total, sequence })
    }

    /// The element, with its identifier and length.
    pub(super) fn encode(&self) -> heapless::Vec<u8, 6> {
        let Self { reference, total, sequence } = *self;
        let mut element = heapless::Vec::new();
        // Six octets at the most: both extensions fit.
        let _ = match reference {
            ConcatRef::Narrow(narrow) => {
                element.extend_from_slice(&[Self::NARROW, 3, narrow, total, sequence])
            }
            ConcatRef::Wide(wide) => {
                let [high, low] = wide.to_be_bytes();
                element.extend_from_slice(&[Self::WIDE, 4, high, low, total, sequence])
            }
        };
        element
    }
}

impl ConcatRef {
    /// Octets of the element that carries it, with identifier and length.
    pub(super) const fn element_octets(self) -> usize {
        match self {
            Self::Narrow(_) => 5,
            Self::Wide(_) => 6,
        }
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
