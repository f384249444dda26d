//! What modem, network and phone said, in words that decide what happens next.

use super::{Detail, Timestamp};

/// The network or the modem did not take a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub detail: Detail,
    /// What may help.
    pub class: RefusalClass,
}

/// What may help after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefusalClass {
    /// Nothing: the same message would be refused again.
    Permanent,
    /// Time: the network was busy or out of reach.
    Network,
    /// Time, and few attempts: whoever was called talks to somebody else, or is not there.
    Callee,
    /// Another modem: this one failed, or never put anything on the air.
    Modem,
    /// Another modem too, but what this one said does not exclude that the network took the segment.
    Doubtful,
}

/// A delivery report, before it is known what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedReport {
    /// The reference that the modem answered to the submit.
    pub reference: u8,
    /// The last digits of the recipient, 7 at most.
    pub tail: String,
    /// When the service centre took the segment, by a clock that nobody here knows: the same in each report on it.
    pub taken_at: Option<Timestamp>,
    /// What it says.
    pub report: Report,
}

/// What a delivery report says of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// The phone has it.
    Delivered,
    /// The service centre is still trying.
    StillTrying,
    /// The service centre has given up.
    Failed(Detail),
}
