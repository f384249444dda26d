//! User data, with header and text.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ringpost_fuzz::user_data::user_data(octets));
