//! The TPDU codec against vectors of its own, against those of other programs, and against itself.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test states its expectation by unwrapping"
)]

mod clauses;
mod fields;
mod golden;
mod headers;
mod segments;
mod total;
mod tshark;
mod vectors;
