//! Where an encoded TPDU grows.

use core::{fmt, ops::Deref};

use super::EncodeError;

/// Octets of the longest TPDU that a relay layer carries, 3GPP TS 24.011 8.2.5.3.
pub const MAX_TPDU: usize = 232;

/// The octets of one TPDU; its length is what `+CMGS=<length>` counts (3GPP TS 27.005 3.1).
///
/// `Debug` shows the length only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tpdu(heapless::Vec<u8, MAX_TPDU>);

impl Tpdu {
    /// Nothing where there are more than [`MAX_TPDU`] octets.
    pub(super) fn from_slice(octets: &[u8]) -> Option<Self> {
        heapless::Vec::from_slice(octets).ok().map(Self)
    }
}

impl Deref for Tpdu {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq<[u8]> for Tpdu {
    fn eq(&self, octets: &[u8]) -> bool {
        **self == *octets
    }
}

impl fmt::Debug for Tpdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tpdu({} octets)", self.len())
    }
}

#[derive(Default)]
pub(super) struct Writer {
    octets: heapless::Vec<u8, MAX_TPDU>,
}

impl Writer {
    pub(super) fn octet(&mut self, octet: u8) -> Result<(), EncodeError> {
        self.octets.push(octet).map_err(|_| {
            EncodeError::too_long("TPDU", self.octets.len().saturating_add(1), MAX_TPDU)
        })
    }

    pub(super) fn octets(&mut self, octets: &[u8]) -> Result<(), EncodeError> {
        let length = self.octets.len().saturating_add(octets.len());
        self.octets
            .extend_from_slice(octets)
            .map_err(|_| EncodeError::too_long("TPDU", length, MAX_TPDU))
    }

    pub(super) fn finish(self) -> Tpdu {
        Tpdu(self.octets)
    }
}
