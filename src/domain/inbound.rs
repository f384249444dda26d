//! Received messages.

use super::{InboundId, Secret, Timestamp};

/// A received message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// Its id.
    pub id: InboundId,
    /// Who sent it, as the network wrote it: a number, a short code or a name.
    pub sender: String,
    /// What it says; empty where it could not be read.
    pub text: Secret,
    /// How many segments it has.
    pub segments: u8,
    /// How many of them never came: [`Inbound::GAP`] stands where they would be.
    pub missing: u8,
    /// The modem that received it.
    pub modem: String,
    /// The service centre's time stamp.
    pub sent_at: Option<Timestamp>,
    /// When this box had all of it, or gave up waiting for the rest.
    pub received_at: Timestamp,
}

impl Inbound {
    /// What stands in a text for segments that never came.
    pub const GAP: &'static str = "[…]";
}

/// What one received segment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundFragment {
    /// Who sent it.
    pub sender: String,
    /// What this segment says.
    pub text: Secret,
    /// Reference, total and sequence, where it is one of several.
    pub concat: Option<(u16, u8, u8)>,
    /// The service centre's time stamp.
    pub sent_at: Option<Timestamp>,
}
