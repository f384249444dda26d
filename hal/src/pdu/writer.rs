//! Where an encoded TPDU grows.

use super::EncodeError;

/// Octets of the longest TPDU that a relay layer carries, 3GPP TS 24.011 8.2.5.3.
pub const MAX_TPDU: usize = 232;

/// The octets of one TPDU; its length is what `+CMGS=<length>` counts (3GPP TS 27.005 3.1).
pub type Tpdu = heapless::Vec<u8, MAX_TPDU>;

#[derive(Default)]
pub(super) struct Writer {
    octets: Tpdu,
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
        self.octets
    }
}
