//! Bytes on their way to lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ringpost_fuzz::at::frames::frames(octets));
