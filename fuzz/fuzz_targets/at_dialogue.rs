//! Dialogues with a modem that says whatever it likes.
#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| ringpost_fuzz::at::dialogue::dialogue(octets));
