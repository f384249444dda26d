//! TP-Protocol-Identifier.

/// TP-Protocol-Identifier, 3GPP TS 23.040 9.2.3.9, as found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pid(pub u8);

impl Pid {
    /// A plain message from phone to phone.
    pub const DEFAULT: Self = Self(0x00);
    /// Short message type 0: acknowledged by the phone, neither shown nor stored.
    pub const TYPE_0: Self = Self(0x40);
}
