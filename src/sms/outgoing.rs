//! From a text to the octets of its segments.

use std::time::Duration;

use ringpost_hal::pdu::{
    Address, ConcatRef, EncodeError, Language, MessageClass, MessageReference, Submit,
    ValidityPeriod,
};
use zeroize::Zeroizing;

use super::analysis;
use crate::domain::E164;

/// After the validity period has ended, the service centre gives up and says so; its report needs a
/// moment to come back.
pub const REPORT_GRACE: Duration = Duration::from_secs(60);

/// How long a service centre shall try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// What TP-VP says.
    period: ValidityPeriod,
    /// The same as a length of time.
    pub duration: Duration,
}

/// The time that is left, rounded up to what TP-VP can say.
pub fn validity(left: Duration) -> Validity {
    let seconds = u32::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
    let period = ValidityPeriod::relative_at_least(seconds);
    let duration = Duration::from_secs(period.seconds().unwrap_or(seconds).into());
    Validity { period, duration }
}

/// One segment to be written.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// To whom.
    pub recipient: &'a E164,
    /// The whole text.
    pub text: &'a str,
    /// The tables that it was measured with.
    pub national: &'a [Language],
    /// Shown at once and kept nowhere.
    pub flash: bool,
    /// How long the service centre shall try.
    pub validity: Validity,
    /// Whether a delivery report is wanted.
    pub reports: bool,
    /// Whether the same SIM may have sent it before: the service centre shall not take it twice.
    pub repeated: bool,
    /// What joins the segments at the phone.
    pub concat_reference: u8,
    /// Which segment: 1 for the first.
    pub sequence: u8,
}

/// The octets of an SMS-SUBMIT for one segment.
///
/// # Errors
/// A text that falls into more segments than can be counted, or a segment that it does not have.
pub fn submit(order: &Order<'_>) -> Result<Zeroizing<Vec<u8>>, SubmitError> {
    let index = usize::from(order.sequence).checked_sub(1).ok_or(SubmitError::NoSuchSegment)?;
    let reference = ConcatRef::Narrow(order.concat_reference);
    let ud = analysis::plan(order.text, order.national)
        .segments(reference)?
        .nth(index)
        .ok_or(SubmitError::NoSuchSegment)?;
    let mut submit = Submit::new(Address::international(order.recipient.digits())?, ud);
    submit.srr = order.reports;
    submit.rd = order.repeated;
    submit.vp = Some(order.validity.period);
    // Most modems count TP-MR themselves and overwrite this one.
    submit.mr = MessageReference(order.concat_reference.wrapping_add(order.sequence));
    if order.flash {
        submit.dcs = submit.dcs.with_class(MessageClass::Class0);
    }
    Ok(Zeroizing::new(submit.encode()?.to_vec()))
}

/// A segment that cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The text has no such segment.
    #[error("the text has no such segment")]
    NoSuchSegment,
    /// It cannot be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

#[cfg(test)]
mod tests {
    use ringpost_hal::pdu::{Alphabet, Concat};

    use super::*;
    use crate::{
        domain::Encoding,
        sms::{Measure, measure},
    };

    fn order<'a>(recipient: &'a E164, text: &'a str) -> Order<'a> {
        Order {
            recipient,
            text,
            national: &[],
            flash: false,
            validity: validity(Duration::from_secs(290)),
            reports: true,
            repeated: false,
            concat_reference: 7,
            sequence: 1,
        }
    }

    #[test]
    fn measures_by_alphabet_and_length() {
        let table = [
            ("", Encoding::Gsm7, 1),
            ("Grüße: €5 {[~]}", Encoding::Gsm7, 1),
            ("日本語 😀", Encoding::Ucs2, 1),
        ];
        for (text, encoding, segments) in table {
            assert_eq!(
                measure(text, &[]),
                Measure { encoding, segments, national: None },
                "{text}"
            );
        }
        let count = |text: &str, times| measure(&text.repeat(times), &[]).segments;
        assert_eq!(
            [count("a", 160), count("a", 161), count("a", 1530), count("a", 1531)],
            [1, 2, 10, 11]
        );
        assert_eq!(
            [count("日", 70), count("日", 71), count("日", 670), count("日", 671)],
            [1, 2, 10, 11]
        );
        assert_eq!(count("a", 153 * 255 + 1), 256);
    }

    #[test]
    fn the_validity_period_is_never_shorter_than_what_is_left() {
        assert_eq!(validity(Duration::from_secs(300)).duration, Duration::from_secs(300));
        assert_eq!(validity(Duration::from_millis(300_001)).duration, Duration::from_secs(600));
        assert_eq!(validity(Duration::ZERO).duration, Duration::from_secs(300));
    }

    #[test]
    fn a_segment_says_what_the_order_says() {
        let recipient = E164::new("+4915112345678").unwrap();
        let text = "x".repeat(200);
        let order = Order { flash: true, sequence: 2, ..order(&recipient, &text) };
        let read = Submit::decode(&submit(&order).unwrap()).unwrap();
        assert_eq!(read.da, Address::international("4915112345678").unwrap());
        assert!(read.srr && !read.rd);
        assert_eq!(read.vp, Some(ValidityPeriod::Relative(0)));
        assert_eq!(read.dcs.class(), Some(MessageClass::Class0));
        let reference = ConcatRef::Narrow(7);
        assert_eq!(read.ud.concat(), Some(Concat { reference, total: 2, sequence: 2 }));
        assert_eq!(read.ud.text().to_string(), "x".repeat(47));
        let beyond = Order { sequence: 3, ..order };
        assert_eq!(submit(&beyond), Err(SubmitError::NoSuchSegment));
    }

    #[test]
    fn a_segment_is_written_with_the_tables_that_it_was_measured_with() {
        let recipient = E164::new("+905301234567").unwrap();
        let text = "ğ".repeat(100);
        let order = Order { national: &[Language::Turkish], ..order(&recipient, &text) };
        let read = Submit::decode(&submit(&order).unwrap()).unwrap();
        assert_eq!(read.ud.text().to_string(), text);
        assert_eq!(read.dcs.alphabet(), Alphabet::Gsm7, "100 letters in one segment");
    }
}
