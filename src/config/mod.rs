//! The configuration: one file, overlaid by the environment, checked once and whole.
//!
//! `tree` brings the file and the variables into one shape that remembers where every value was
//! written; `reader` hands values out by type and notes what is wrong; `sections` and `modem` say
//! which keys there are, what they default to and what they may hold. A key exists because a
//! section asks for it: there is no second list to keep in step.

mod limits;
mod load;
mod modem;
mod okta;
mod problem;
mod rates;
mod reader;
mod retention;
mod sections;
mod tree;
mod voice;

#[cfg(test)]
mod tests;

pub use load::{Config, environment};
pub use modem::{Modem, ModemName};
pub use okta::{BareNumbers, KeySource, Okta, OktaJwt};
pub use problem::{ConfigError, Problem, Whence};
pub use rates::{PriceList, RateCard, Rates};
pub use retention::Retention;
pub use sections::{Http, Log, Org, Outbox, Policy, RegionRule, Regions, Routing, Store};
pub use voice::{Voice, VoiceEngine};
