//! `ringpost pdu`: PDUs taken apart and put together, field by field, with nothing else at hand.
//!
//! The one room above `sms` that speaks the words of the wire: they are what it is for.

mod cost;
mod decode;
mod encode;
mod fields;
mod print;
mod words;

use super::Failure;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Pdu {
    /// Take a PDU apart.
    Decode(decode::Decode),
    /// Put the PDUs of a text together.
    Encode(encode::Encode),
}

impl Pdu {
    pub(super) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Decode(command) => command.run(),
            Self::Encode(command) => command.run(),
        }
    }
}
