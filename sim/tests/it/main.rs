//! The simulator as its users meet it: on a serial port and over HTTP.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test by unwrapping")]

mod audio;
mod calls;
mod command_line;
mod control;
mod dialogue;
mod faults;
mod host;
mod playing;
mod routing;
mod strangers;
