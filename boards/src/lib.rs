//! Carrier boards: how a modem is soldered to its host.
//!
//! A board is a TOML file: which family of modem it carries, on which UART and which USB interfaces,
//! and which GPIO lines switch it. [`Catalog`] holds those that come with Ringpost and those of the
//! site; [`gpio`] turns a board's lines into `embedded-hal` pins. What a site chooses (ports, SIMs)
//! is configuration, and what a module does (timings, commands) is its family's: neither is here.

mod board;
mod catalog;
mod error;
pub mod gpio;
mod parse;

pub use board::{Board, Level, Line, Lines, Uart, Usb, UsbId};
pub use catalog::Catalog;
pub use error::BoardError;
