//! TPDU codec of 3GPP TS 23.040 and its alphabets of 3GPP TS 23.038, one file per field and per TPDU.
//!
//! Octets in, values out, and back: decoding is total, reserved values are read as the receiver
//! rules say and kept as they came. `Debug` shows neither text nor whole numbers.

mod address;
mod command;
mod concat;
mod dcs;
mod deliver;
mod deliver_report;
mod error;
mod failure_cause;
mod first_octet;
pub mod gsm7;
pub mod mode;
mod national;
mod parameters;
mod pid;
mod port;
mod reader;
mod reference;
mod segment;
mod septets;
mod smart;
mod special_message;
mod status;
mod status_report;
mod submit;
mod submit_report;
mod text;
mod timestamp;
mod tpdu;
mod type_of_address;
mod udh;
mod user_data;
mod validity;
mod writer;

pub use address::Address;
pub use command::{Command, CommandType, MessageNumber};
pub use concat::{Concat, ConcatRef};
pub use dcs::{Alphabet, Dcs, MessageClass, MessageWaiting, WaitingKind};
pub use deliver::Deliver;
pub use deliver_report::DeliverReport;
pub use error::{DecodeError, DecodeErrorKind, EncodeError, EncodeErrorKind};
pub use failure_cause::FailureCause;
pub use first_octet::{FirstOctet, MessageType};
pub use national::{Language, Shifts};
pub use parameters::Parameters;
pub use pid::{Pid, Protocol};
pub use port::Ports;
pub use reader::Reader;
pub use reference::MessageReference;
pub use segment::{SegmentOptions, Segmentation, Segments};
pub use smart::{Cost, Costly, Scope, Smart};
pub use special_message::SpecialMessage;
pub use status::{Status, StatusClass};
pub use status_report::StatusReport;
pub use submit::Submit;
pub use submit_report::SubmitReport;
pub use text::{Chars, Text};
pub use timestamp::{DateTime, Timestamp};
pub use tpdu::{Inbound, Outbound, RelayMessage};
pub use type_of_address::{NumberingPlan, TypeOfNumber};
pub use udh::{Ie, UserDataHeader};
pub use user_data::UserData;
pub use validity::{EnhancedValidity, ValidityPeriod};
pub use writer::{MAX_TPDU, Tpdu};
