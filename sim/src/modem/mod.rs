//! A modem without its port: bytes in, bytes and effects out.

mod answer;
mod arrival;
mod card;
mod command;
mod commands;
mod device;
mod input;
mod output;
mod settings;
mod store;
mod submit;

pub(crate) use answer::Answer;
pub(crate) use card::Card;
pub(crate) use command::{Command, Form};
pub(crate) use device::{Device, Effect};
pub(crate) use output::Chunk;
pub use submit::PduError;
pub(crate) use submit::{Submission, Verdict};
