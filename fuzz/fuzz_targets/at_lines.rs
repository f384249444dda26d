//! Lines on their way to values.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ringpost_fuzz::at::lines::lines(octets));
