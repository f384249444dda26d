//! TP-Status.

/// TP-Status of a STATUS-REPORT, 3GPP TS 23.040 9.2.3.15, as found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status(pub u8);

/// What a TP-Status says about the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusClass {
    /// The transaction is complete: received, forwarded without confirmation, or replaced.
    Done,
    /// A temporary error, and the service centre still tries.
    StillTrying,
    /// A permanent error; no more attempts are made.
    PermanentFailure,
    /// A temporary error, and the service centre has given up.
    GivenUp,
}

impl Status {
    /// The short message was received by the phone.
    pub const RECEIVED: Self = Self(0x00);
    /// Forwarded, but the service centre cannot confirm that it was delivered.
    pub const FORWARDED: Self = Self(0x01);
    /// The validity period ended first.
    pub const EXPIRED: Self = Self(0x46);
    /// Service rejected: temporary by its group, but the service centre has given up.
    pub const REJECTED: Self = Self(0x63);

    /// The value as a receiver has to read it.
    ///
    /// 9.2.3.15: reserved values are read as "service rejected", but kept as received. Values that
    /// are specific to a service centre keep their class.
    #[must_use]
    pub const fn effective(self) -> Self {
        match self.0 {
            0x00..=0x02
            | 0x10..=0x1F
            | 0x20..=0x25
            | 0x30..=0x3F
            | 0x40..=0x49
            | 0x50..=0x5F
            | 0x60..=0x65
            | 0x70..=0x7F => self,
            _ => Self::REJECTED,
        }
    }

    /// The class, of reserved values too.
    #[must_use]
    pub const fn class(self) -> StatusClass {
        match self.effective().0 {
            0x00..=0x1F => StatusClass::Done,
            0x20..=0x3F => StatusClass::StillTrying,
            0x40..=0x5F => StatusClass::PermanentFailure,
            _ => StatusClass::GivenUp,
        }
    }
}
