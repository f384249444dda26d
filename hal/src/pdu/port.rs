//! Application port addressing.

use super::Ie;

/// Application ports, 3GPP TS 23.040 9.2.3.24.3 (8 bit) and 9.2.3.24.4 (16 bit): the message is for a
/// program, not for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ports {
    /// Where it goes.
    pub destination: u16,
    /// Where it comes from.
    pub source: u16,
}

impl Ports {
    /// Reads IEI 04 and 05; numbers that are reserved are kept, for whoever the message is handed to.
    pub(super) fn of(ie: Ie<'_>) -> Option<Self> {
        Some(match (ie.iei, ie.data) {
            (Ie::PORT_NARROW, &[destination, source]) => {
                Self { destination: destination.into(), source: source.into() }
            }
            (Ie::PORT_WIDE, &[d1, d0, s1, s0]) => Self {
                destination: u16::from_be_bytes([d1, d0]),
                source: u16::from_be_bytes([s1, s0]),
            },
            _ => return None,
        })
    }
}
