//! Concatenation: which segment of which message.

use super::Ie;

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

impl Concat {
    /// Reads IEI 00 and 08; 9.2.3.24.1: an element with an impossible count is ignored.
    #[must_use]
    pub fn of(ie: Ie<'_>) -> Option<Self> {
        let (reference, total, sequence) = match (ie.iei, ie.data) {
            (Ie::CONCAT_NARROW, &[reference, total, sequence]) => {
                (ConcatRef::Narrow(reference), total, sequence)
            }
            (Ie::CONCAT_WIDE, &[high, low, total, sequence]) => {
                (ConcatRef::Wide(u16::from_be_bytes([high, low])), total, sequence)
            }
            _ => return None,
        };
        (1..=total).contains(&sequence).then_some(Self { reference, total, sequence })
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
