//! TP-Message-Reference.

/// TP-Message-Reference, 3GPP TS 23.040 9.2.3.6: numbers the submissions of one SIM modulo 256.
///
/// A modem may replace the one we encode: the one that `+CMGS` answers is what reports carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageReference(pub u8);

impl MessageReference {
    /// The reference of the submission after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}
