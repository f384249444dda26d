//! Numbers: what a person wrote becomes E.164, or the reason why not.

use rlibphonenumber::{ParseError, PhoneNumber, PhoneNumberType, Region};

use crate::domain::{Channel, Detail, E164};

/// A number that may be used on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// In E.164 form.
    pub number: E164,
    /// ISO 3166-1 alpha-2.
    pub region: String,
}

/// Why a number may not be used, and as much of it as could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberRefused {
    /// Why.
    pub detail: Detail,
    /// The number, where one could exist.
    pub number: Option<E164>,
    /// Its region, where it has one.
    pub region: Option<String>,
}

/// Longest text that is looked at as a number: 15 digits, a sign between each two, and room.
const MAX_WRITTEN: usize = 40;

/// Reads `written` as E.164 or as a national number of `home`, and checks that its type may be used on
/// `channel`. Regions are the caller's to check.
///
/// # Errors
/// The reason, with what could be read.
pub fn recipient(
    written: &str,
    home: Region,
    channel: Channel,
) -> Result<Recipient, NumberRefused> {
    let unread = |detail| NumberRefused { detail, number: None, region: None };
    if !is_written_as_a_number(written) {
        return Err(unread(Detail::Malformed));
    }
    let parsed = PhoneNumber::parse(written, Some(home)).map_err(|cause| {
        unread(match cause {
            ParseError::NotANumber(_) => Detail::Malformed,
            ParseError::InvalidCountryCode
            | ParseError::TooShortAfterIdd
            | ParseError::TooShortNsn
            | ParseError::TooLongNsn => Detail::NotANumber,
        })
    })?;
    if !parsed.is_valid() {
        return Err(unread(Detail::NotANumber));
    }
    let number = E164::new(parsed.to_string()).map_err(|_| unread(Detail::NotANumber))?;
    let region = parsed.get_region_code().map(|region| region.to_string());
    match (refused_type(parsed.get_type(), channel), region) {
        (None, Some(region)) => Ok(Recipient { number, region }),
        (detail, region) => {
            // Satellite and other global networks have a number but no region.
            let detail = detail.unwrap_or(Detail::OtherType);
            Err(NumberRefused { detail, number: Some(number), region })
        }
    }
}

/// Digits and the signs that people put between them; a plus only in front. Nothing else is worth
/// guessing at: a letter, a quote or a `#` means that this is no number.
fn is_written_as_a_number(written: &str) -> bool {
    let rest = written.strip_prefix('+').unwrap_or(written);
    written.len() <= MAX_WRITTEN
        && rest.bytes().any(|byte| byte.is_ascii_digit())
        && rest.bytes().all(|byte| byte.is_ascii_digit() || b" -.()/".contains(&byte))
}

/// Why numbers of this type are refused on a channel.
fn refused_type(of: PhoneNumberType, channel: Channel) -> Option<Detail> {
    match of {
        PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => None,
        PhoneNumberType::FixedLine => match channel {
            Channel::Sms => Some(Detail::FixedLine),
            Channel::Voice => None,
        },
        PhoneNumberType::TollFree => Some(Detail::TollFree),
        PhoneNumberType::PremiumRate => Some(Detail::PremiumRate),
        PhoneNumberType::SharedCost => Some(Detail::SharedCost),
        PhoneNumberType::VoIP
        | PhoneNumberType::PersonalNumber
        | PhoneNumberType::Pager
        | PhoneNumberType::UAN
        | PhoneNumberType::VoiceMail
        | PhoneNumberType::Unknown => Some(Detail::OtherType),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms(written: &str) -> Result<Recipient, NumberRefused> {
        recipient(written, Region::US, Channel::Sms)
    }

    #[test]
    fn national_and_international_numbers_become_e164() {
        for (written, number, region) in [
            ("+14155552345", "+14155552345", "US"),
            ("(415) 555-2345", "+14155552345", "US"),
            ("+49 1512 3456789", "+4915123456789", "DE"),
            ("+1 416 555 2345", "+14165552345", "CA"),
        ] {
            let recipient = sms(written).unwrap();
            assert_eq!((recipient.number.as_str(), recipient.region.as_str()), (number, region));
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_reason() {
        let table = [
            ("", Detail::Malformed),
            ("hello", Detail::Malformed),
            ("112", Detail::NotANumber),
            ("911", Detail::NotANumber),
            ("*21*14155552345#", Detail::Malformed),
            ("+1415555\"2345", Detail::Malformed),
            ("+14155552345\r", Detail::Malformed),
            ("+14155552345;ATD", Detail::Malformed),
            ("+1415555234x", Detail::Malformed),
            ("１４１５５５５２３４５", Detail::Malformed),
            ("+14155552345 ext. 3", Detail::Malformed),
            ("+9991234567890", Detail::NotANumber),
            ("+1415555", Detail::NotANumber),
            ("+449876543210", Detail::NotANumber),
            ("+18005551212", Detail::TollFree),
            ("+80012345678", Detail::TollFree),
            ("+19005550123", Detail::PremiumRate),
            ("+493012345678", Detail::FixedLine),
            ("+4918012345", Detail::SharedCost),
            ("+15005550006", Detail::OtherType),
            ("+882161234567", Detail::OtherType),
        ];
        for (written, detail) in table {
            assert_eq!(sms(written).map_err(|refused| refused.detail), Err(detail), "{written:?}");
        }
    }

    #[test]
    fn a_fixed_line_can_be_called() {
        assert!(recipient("+493012345678", Region::US, Channel::Voice).is_ok());
        let refused = recipient("+18005551212", Region::US, Channel::Voice).unwrap_err();
        assert_eq!(refused.detail, Detail::TollFree);
    }
}
