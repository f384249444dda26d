//! Why a call ended, as numbers of the network (ITU-T Q.850, 3GPP TS 24.008 clause 10.5.4.11).

/// Unassigned number.
pub(crate) const UNASSIGNED: u8 = 1;
/// Normal call clearing.
pub(crate) const CLEARING: u8 = 16;
/// User busy.
pub(crate) const BUSY: u8 = 17;
/// No answer from user: it was alerted.
pub(crate) const NO_ANSWER: u8 = 19;
/// Call rejected.
pub(crate) const REJECTED: u8 = 21;
/// Destination out of order.
pub(crate) const OUT_OF_ORDER: u8 = 27;
/// Temporary failure: the radio of one side is gone.
pub(crate) const RADIO_LOST: u8 = 41;

/// The words that modems have for a cause.
pub(crate) fn words(cause: u8) -> &'static str {
    match cause {
        1 => "Unassigned (unallocated) number",
        3 => "No route to destination",
        8 => "Operator determined barring",
        CLEARING => "Normal call clearing",
        BUSY => "User busy",
        18 => "No user responding",
        NO_ANSWER => "User alerting, no answer",
        REJECTED => "Call rejected",
        22 => "Number changed",
        OUT_OF_ORDER => "Destination out of order",
        28 => "Invalid number format (incomplete number)",
        31 => "Normal, unspecified",
        34 => "No circuit/channel available",
        38 => "Network out of order",
        RADIO_LOST => "Temporary failure",
        42 => "Switching equipment congestion",
        47 => "Resources unavailable, unspecified",
        50 => "Requested facility not subscribed",
        _ => "Interworking, unspecified",
    }
}
