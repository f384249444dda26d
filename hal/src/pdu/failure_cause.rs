//! TP-Failure-Cause.

/// TP-Failure-Cause, 3GPP TS 23.040 9.2.3.22, as found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FailureCause(pub u8);

impl FailureCause {
    /// The phone has no storage for the message on the SIM.
    pub const SIM_STORAGE_FULL: Self = Self(0xD0);
    /// An error in the phone.
    pub const ERROR_IN_PHONE: Self = Self(0xD2);
    /// The phone has no room: the service centre waits until it says that it has.
    pub const MEMORY_CAPACITY_EXCEEDED: Self = Self(0xD3);
    /// Anything else.
    pub const UNSPECIFIED: Self = Self(0xFF);
}
