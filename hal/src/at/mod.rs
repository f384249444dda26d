//! The AT dialogue: bytes in, values out. No I/O and no clock: a timeout is data.
//!
//! [`Framer`] makes lines and prompts of bytes, [`Classifier`] says what a line is, given the command
//! that is pending (a line means nothing without it), [`Command`] writes what may be said.
//! `dialogue` holds the exchanges that take several steps.

mod classifier;
mod command;
mod ear;
mod framer;
mod info;
mod result;
mod urc;

pub mod dialogue;

pub use classifier::{Classified, Classifier};
pub use command::{Answer, Command, ESCAPE, International, Pin, Query, SUBSTITUTE, Seconds};
pub use ear::{Ear, Late, Said};
pub use framer::{Frame, Framer, MAX_LINE};
pub use info::{Cell, Fields, Registration, RegistrationDomain, Technology};
pub use result::{ErrorCode, FinalResult};
pub use urc::{Store, Urc};

/// A line without its end.
pub type Line = heapless::String<MAX_LINE>;
