//! What the rest of the daemon talks about, in plain English: no wire terms, no storage terms.

mod allowance;
mod call;
mod channel;
pub mod clock;
mod event;
mod feedback;
mod id;
mod inbound;
mod incident;
mod lane;
mod limits;
mod listing;
mod locale;
mod locator;
mod message;
mod money;
mod number;
mod progress;
mod purpose;
mod reason;
mod scope;
mod secret;
mod sound;
mod template;
mod time;
mod verdict;

pub use allowance::Allowance;
pub use call::CallTimes;
pub use channel::{Channel, Said, Service};
pub use event::{
    About, Actor, Event, EventKind, EventType, GatewayEvent, Incident, Outcome, Severity, Subject,
    Target,
};
pub use feedback::Feedback;
pub use id::{InboundId, ListingId, MessageId, SegmentId, TransactionId};
pub use inbound::{Inbound, InboundFragment};
pub use incident::ModemIncident;
pub use lane::Lane;
pub use limits::Limits;
pub use listing::{List, ListedBy, Listing, NumberPrefix, Whom};
pub use locale::{Locale, Wishes};
pub use locator::Locator;
pub use message::{Body, Counted, Encoding, End, Fallback, NewMessage, OnUnknown, Phase};
pub use money::Money;
pub use number::{E164, NotE164};
pub use progress::{Attempt, Progress, Segment, SegmentState};
pub use purpose::Purpose;
pub use reason::{Detail, Family};
pub use scope::{Scope, Scopes, UnknownScope};
pub use secret::Secret;
pub use sound::{Clip, SAMPLE_RATE, Sound};
pub use template::Template;
pub use time::Timestamp;
pub use verdict::{ReceivedReport, Refusal, RefusalClass, Report};
