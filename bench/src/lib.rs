//! What the benchmarks of Ringpost have in common.

pub mod codec;
pub mod gateway;
pub mod report;
pub mod rig;
pub mod rivals;
