//! What modem, network and phone said, in words that decide what happens next.

use super::Detail;

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
