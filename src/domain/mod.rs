//! What the rest of the daemon talks about, in plain English: no wire terms, no storage terms.

mod allowance;
mod channel;
pub mod clock;
mod event;
mod id;
mod inbound;
mod lane;
mod message;
mod money;
mod number;
mod progress;
mod purpose;
mod reason;
mod scope;
mod secret;
mod time;
mod verdict;

pub use allowance::Allowance;
pub use channel::Channel;
pub use event::{Actor, Event, EventKind, Outcome, Severity, Subject};
pub use id::{InboundId, MessageId, SegmentId, TransactionId};
pub use inbound::{Inbound, InboundFragment};
pub use lane::Lane;
pub use message::{Encoding, End, NewMessage, OnUnknown, Phase};
pub use money::Money;
pub use number::{E164, NotE164};
pub use progress::{Attempt, Progress, Segment, SegmentState};
pub use purpose::Purpose;
pub use reason::{Detail, Family};
pub use scope::{Scope, Scopes, UnknownScope};
pub use secret::Secret;
pub use time::Timestamp;
pub use verdict::{Refusal, RefusalClass, Report};
