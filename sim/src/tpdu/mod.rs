//! The network's own reading and writing of TPDUs (3GPP TS 23.040 clause 9.2, TS 23.038).
//!
//! Strict where a gateway could get away with sloppiness: a submit that a careful service centre
//! would question is an error here, named by its field.

mod address;
mod cursor;
mod dcs;
mod deliver;
mod gsm7;
mod national;
mod segment;
mod submit;
mod time;
mod udh;
mod vp;

pub(crate) use address::Address;
pub(crate) use cursor::Cursor;
pub(crate) use dcs::{Alphabet, Dcs};
pub(crate) use deliver::{Deliver, StatusReport};
pub(crate) use segment::{SegmentBody, segments};
pub(crate) use submit::Submit;
pub(crate) use time::ServiceTime;
pub use udh::Concat;

/// Why a strict network turns a PDU away.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub(crate) struct TpduError {
    /// The TP field that is wrong, in 3GPP's words.
    pub(crate) field: &'static str,
    /// What is wrong with it.
    pub(crate) problem: &'static str,
}

/// Shorthand for a refusal of one field.
pub(crate) fn refuse<T>(field: &'static str, problem: &'static str) -> Result<T, TpduError> {
    Err(TpduError { field, problem })
}

/// Octets from hex digits, as PDU mode carries them (3GPP TS 27.005 clause 3.1, `<pdu>`).
pub(crate) fn octets(hex: &[u8]) -> Result<Vec<u8>, TpduError> {
    let (pairs, rest) = hex.as_chunks::<2>();
    if !rest.is_empty() {
        return refuse("PDU", "odd number of hex digits");
    }
    pairs
        .iter()
        .map(|&[high, low]| match (digit(high), digit(low)) {
            (Some(high), Some(low)) => Ok(high << 4 | low),
            (None, _) | (_, None) => refuse("PDU", "a character is not a hex digit"),
        })
        .collect()
}

fn digit(character: u8) -> Option<u8> {
    char::from(character).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Upper-case hex of some octets.
pub(crate) fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        let _ = write!(text, "{octet:02X}");
        text
    })
}

#[cfg(test)]
mod tests;
