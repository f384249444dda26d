//! Packed septets, with every pair of national tables.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ringpost_fuzz::septets::septets(octets));
