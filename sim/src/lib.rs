//! Simulated GSM modems on ptys, a network with a service centre, and phones.
//!
//! A host opens [`Simulator::port`] as it would open a modem's serial port. What it sends is
//! checked as a strict network would check it, and reaches [`PhoneHandle`]s; what phones send
//! reaches the modems. [`Fault`]s go wrong on request. Everything works over HTTP as well.
//!
//! Nothing here shares code with what it tests: TPDUs are read and written on their own.

mod audio;
mod builder;
mod call;
mod clock;
mod control;
mod family;
mod fault;
mod handles;
mod hub;
mod machine;
mod modem;
mod network;
mod port;
mod presence;
mod rng;
mod tpdu;
mod transcript;

pub use builder::{Builder, Simulator};
pub use call::{CallRecord, Does, FrameCounts, KeyPress, OnCall, PressWhenSilent, Side};
pub use family::Family;
pub use fault::{Fault, FaultSpec};
pub use handles::{ModemHandle, NetworkHandle, PhoneHandle};
pub use machine::{Machine, UsbDevice};
pub use modem::PduError;
pub use network::{NetworkSettings, ReceivedText, SubmitOutcome, SubmitSeen};
pub use tpdu::Concat;
pub use transcript::{Direction, TranscriptLine};
