//! What is said on the wire and on the pins.
#![no_std]
#[cfg(test)]
extern crate std;

pub mod at;
pub mod call;
pub mod family;
pub mod pdu;
pub mod power;
pub mod supervision;
pub mod tone;
