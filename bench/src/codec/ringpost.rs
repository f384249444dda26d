//! Ringpost's own.

use std::fmt::Write;

use ringpost_hal::pdu::{Address, ConcatRef, Deliver, Segmentation, Submit, ValidityPeriod, mode};

pub(super) const REFERENCE: ConcatRef = ConcatRef::Narrow(0x2A);

/// Writes every segment.
pub fn encode(number: &str, text: &str, mut sink: impl FnMut(&[u8])) {
    let da = Address::international(number).unwrap();
    for ud in Segmentation::of(text).segments(REFERENCE).unwrap() {
        let submit = Submit { vp: Some(ValidityPeriod::Relative(0xA7)), ..Submit::new(da, ud) };
        sink(&submit.encode().unwrap());
    }
}

/// Reads a TPDU.
pub fn decode(tpdu: &[u8], text: &mut String) {
    let deliver = Deliver::decode(tpdu).unwrap();
    write!(text, "{}", deliver.ud.text()).unwrap();
}

/// Reads the line of a modem.
pub fn decode_line(line: &str, text: &mut String) {
    decode(&mode::decode_hex(line).unwrap().1, text);
}
