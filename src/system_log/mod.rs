//! The System Log as its readers see it: rows rendered as Okta's `LogEvent`, found by its filters and a
//! page at a time, and the usage report.

mod attribute;
mod filter;
mod keywords;
mod log_event;
mod question;
#[cfg(test)]
mod tests;
mod usage;

pub use filter::{Filter, FilterError, FilterErrorKind};
pub use keywords::{Keywords, MAX_KEYWORD, MAX_KEYWORDS, TooManyKeywords};
pub use log_event::LogEvent;
pub use question::{Answer, Asked, MAX_LIMIT, NotAQuestion, Question};
pub use usage::{By, Counts, Report, ReportRow, report};
