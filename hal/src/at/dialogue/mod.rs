//! Exchanges that take several steps, as machines without I/O: the caller writes what they say, feeds
//! them what it hears, and keeps the time that they name.

mod bring_up;
mod submit;

pub use bring_up::{
    BringUp, Facts, Failure, FailureKind, KnownSim, PinState, REPORT_STORE, Reply, Reports,
    StoreUse, Verdict, Voice, Wishes, Word, iccid, imei, reference_dbm, signal_dbm,
};
pub use submit::{Heard, Next, NotSent, Submit, SubmitOutcome};
