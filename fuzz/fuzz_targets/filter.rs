//! Filters of the System Log, from the texts that people write.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ringpost_fuzz::filter::filter(octets));
