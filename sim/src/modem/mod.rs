//! A modem without its port: bytes in, bytes and effects out.

mod answer;
mod arrival;
mod card;
mod command;
mod commands;
mod device;
mod files;
mod input;
mod output;
mod settings;
mod store;
mod submit;
mod telephony;

pub(crate) use answer::Answer;
pub(crate) use card::Card;
pub(crate) use command::{Command, Form};
use device::Mode;
pub(crate) use device::{Device, Effect};
pub(crate) use files::{Play, Receipt, Upload, read_aloud, sound};
pub(crate) use output::Chunk;
pub use submit::PduError;
pub(crate) use submit::{Submission, Verdict};
pub(crate) use telephony::{Gate, ModemCall, Pcm, Release, Step};
