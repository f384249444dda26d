//! The one place where 3GPP terms meet domain terms: segments out, deliveries and reports in, codes to
//! outcomes.

mod analysis;
mod incoming;
mod outgoing;
mod refusal;

pub use analysis::{Analysis, Measure, NonGsm, analyse, language_of_word, language_word, measure};
pub use incoming::{Incoming, read};
pub use outgoing::{Order, REPORT_GRACE, Validity, submit, validity};
pub use refusal::{is_duplicate, refusal};
pub use ringpost_hal::pdu::Language;
