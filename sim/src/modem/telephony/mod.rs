//! The modem's part in a call: what it is told to do, what it tells, and how it is heard.

mod commands;
mod dial;
mod state;

pub(crate) use commands::COMMANDS;
pub(crate) use state::{Gate, ModemCall, Pcm, Release, Step, Telephony, USB_CONFIGURATION};
