//! TPDUs from the service centre.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ringpost_fuzz::tpdu::inbound(octets));
