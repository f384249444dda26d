//! The crate `sms-pdu-decoder`, a translation of a Python library: it only decodes, and from text.

/// Reads the line of a modem.
pub fn decode_line(line: &str, text: &mut String) {
    text.push_str(&::sms_pdu_decoder::read_incoming_sms(line).unwrap().content);
}
