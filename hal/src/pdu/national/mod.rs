//! National language tables of the GSM 7 bit alphabet, 3GPP TS 23.038 6.2.1.2 and annex A.
//!
//! A table counts only where an information element names it (3GPP TS 23.040 9.2.3.24.15 and
//! 9.2.3.24.16): the same septets mean something else without.

mod language;
mod locking;
mod single;

pub use language::{Language, Shifts};
