//! The one place where 3GPP terms meet domain terms: segments out, deliveries and reports in, codes to
//! outcomes.

mod incoming;
mod outgoing;
mod refusal;

pub use incoming::{Incoming, ReceivedReport, read};
pub use outgoing::{Measure, Order, REPORT_GRACE, Validity, measure, submit, validity};
pub use refusal::{is_duplicate, refusal};
