//! The lines of PDU mode.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ringpost_fuzz::pdu_line::pdu_line(octets));
