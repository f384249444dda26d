//! What is remembered of a call.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FrameCounts;

/// Who ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The modem hung up.
    Modem,
    /// The phone hung up or declined.
    Phone,
    /// The network would not, or not any longer.
    Network,
}

/// One call. Times are counted from when the modem dialled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Counts all calls of the network, from 1.
    pub id: u64,
    /// The modem's name.
    pub modem: String,
    /// The number of the modem's SIM.
    pub from: String,
    /// The number that was called.
    pub to: String,
    /// The caller's number was withheld.
    pub withheld: bool,
    /// When the modem dialled.
    pub at: Timestamp,
    /// When the phone rang.
    pub rang_ms: Option<u64>,
    /// When it was answered.
    pub answered_ms: Option<u64>,
    /// When it ended.
    pub ended_ms: Option<u64>,
    /// Who ended it.
    pub ended_by: Option<Side>,
    /// Why, as the network says it (Q.850).
    pub cause: Option<u8>,
    /// A voicemail answered.
    pub voicemail: bool,
    /// Keys that the phone pressed, in order.
    pub keys: String,
    /// Keys that the modem sent, in order.
    pub sent_keys: String,
    /// What the modem read out by itself, in order.
    pub spoken: Vec<String>,
    /// Files that the modem played, in order.
    pub played: Vec<String>,
    /// The frames that came from the host, where it sends frames.
    pub frames: FrameCounts,
    /// How many samples were heard, 8000 a second.
    pub samples: usize,
    /// What was heard, written when the call has ended; none where the simulator has no directory.
    pub wav: Option<PathBuf>,
}
