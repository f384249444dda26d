//! What the benchmarks of Ringpost have in common.

pub mod codec;
pub mod report;
