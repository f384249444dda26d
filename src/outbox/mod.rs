//! When, through which modem, again or not.
//!
//! `step` is the law: one pure table. `record` puts it into force in a transaction, `claim`
//! decides which segment goes next on which modem, `report` finds the segment of a delivery report,
//! and [`Outbox`] is the task that waits and lets modems work.

mod booking;
mod breaker;
mod budget;
mod calls;
mod claim;
mod clock;
mod health;
mod outlet;
mod record;
mod report;
mod retry;
mod route;
mod run;
mod step;

pub use calls::Calling;
pub use clock::Boot;
pub use outlet::{Outlet, may_call};
pub use record::{abandon, apply, cancel};
pub use report::receive;
pub use route::{Preferences, Prices, Terms};
pub use run::{LateRefusal, Outbox, Settings, late_answer};
pub use step::{Event, Rules};
