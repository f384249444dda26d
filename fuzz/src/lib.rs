//! What must hold for every input: one function for each fuzz target, which panics where it does not.
//!
//! libFuzzer calls them (`fuzz_targets/`), and `tests/corpus.rs` replays what is kept in `corpus/`.
#![forbid(unsafe_code)]

pub mod address;
pub mod at;
pub mod filter;
pub mod pdu_line;
pub mod segments;
pub mod septets;
pub mod smart;
pub mod tpdu;
pub mod user_data;

mod input;

/// A function that takes any input.
pub type Target = fn(&[u8]);

/// All targets by the names of their binaries and corpora.
pub const TARGETS: [(&str, Target); 12] = [
    ("address", address::address),
    ("at_dialogue", at::dialogue::dialogue),
    ("at_frames", at::frames::frames),
    ("at_lines", at::lines::lines),
    ("filter", filter::filter),
    ("pdu_line", pdu_line::pdu_line),
    ("segments", segments::segments),
    ("septets", septets::septets),
    ("smart", smart::smart),
    ("tpdu_inbound", tpdu::inbound),
    ("tpdu_outbound", tpdu::outbound),
    ("user_data", user_data::user_data),
];
