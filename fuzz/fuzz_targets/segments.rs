//! Segmentation of any text.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ringpost_fuzz::segments::segments(octets));
