//! Numbers: what a person wrote becomes E.164, or the reason why not.

use rlibphonenumber::{ParseError, PhoneNumber, PhoneNumberType};

use super::Policy;
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

/// Reads `written` as E.164 or as a national number of the home region, and checks that its type may be
/// used on `channel`. Regions are the caller's to check.
///
/// # Errors
/// The reason, with what could be read.
pub fn recipient(
    written: &str,
    policy: &Policy,
    channel: Channel,
) -> Result<Recipient, NumberRefused> {
    let unread = |detail| NumberRefused { detail, number: None, region: None };
    if !is_written_as_a_number(written) {
        return Err(unread(Detail::Malformed));
    }
    let parsed = PhoneNumber::parse(written, Some(policy.home_region)).map_err(|cause| {
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
    match (refused_type(parsed.get_type(), channel, policy.voip), region) {
        (None, Some(region)) => Ok(Recipient { number, region }),
        (detail, region) => {
            // Satellite and other global networks have a number but no region.
            let detail = detail.unwrap_or(Detail::OtherType);
            Err(NumberRefused { detail, number: Some(number), region })
        }
    }
}

/// The number that was written, whatever its type, and whether or not one like it can exist.
pub fn e164(written: &str, policy: &Policy) -> Option<E164> {
    let parsed = PhoneNumber::parse(written, Some(policy.home_region));
    let parsed = parsed.ok().filter(|_| is_written_as_a_number(written))?;
    E164::new(parsed.to_string()).ok()
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
fn refused_type(of: PhoneNumberType, channel: Channel, voip: bool) -> Option<Detail> {
    match of {
        PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => None,
        PhoneNumberType::FixedLine => match channel {
            Channel::Sms => Some(Detail::FixedLine),
            Channel::Voice => None,
        },
        PhoneNumberType::TollFree => Some(Detail::TollFree),
        PhoneNumberType::PremiumRate => Some(Detail::PremiumRate),
        PhoneNumberType::SharedCost => Some(Detail::SharedCost),
        // NIST SP 800-63B: VoIP numbers shall not be used for out-of-band authentication.
        PhoneNumberType::VoIP if voip => None,
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
    use std::collections::{BTreeMap, BTreeSet};

    use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};

    use super::*;

    fn judge(written: &str, channel: Channel) -> Result<Recipient, NumberRefused> {
        recipient(written, &Policy::of(Region::US), channel)
    }

    fn sms(written: &str) -> Result<Recipient, NumberRefused> {
        judge(written, Channel::Sms)
    }

    /// What is expected of a type: by SMS, and by a call.
    const EXPECTED: [(PhoneNumberType, Option<Detail>, Option<Detail>); 11] = [
        (PhoneNumberType::Mobile, None, None),
        (PhoneNumberType::FixedLineOrMobile, None, None),
        (PhoneNumberType::FixedLine, Some(Detail::FixedLine), None),
        (PhoneNumberType::TollFree, Some(Detail::TollFree), Some(Detail::TollFree)),
        (PhoneNumberType::PremiumRate, Some(Detail::PremiumRate), Some(Detail::PremiumRate)),
        (PhoneNumberType::SharedCost, Some(Detail::SharedCost), Some(Detail::SharedCost)),
        (PhoneNumberType::VoIP, Some(Detail::OtherType), Some(Detail::OtherType)),
        (PhoneNumberType::PersonalNumber, Some(Detail::OtherType), Some(Detail::OtherType)),
        (PhoneNumberType::Pager, Some(Detail::OtherType), Some(Detail::OtherType)),
        (PhoneNumberType::UAN, Some(Detail::OtherType), Some(Detail::OtherType)),
        (PhoneNumberType::VoiceMail, Some(Detail::OtherType), Some(Detail::OtherType)),
    ];

    /// Regions of every continent and of every shape of a numbering plan: shared calling codes, numbers
    /// that begin with 0, islands that premium-rate fraud likes.
    const REGIONS: &str = "US CA JM DO BS MX BR AR CL CO PE GB GG IM IE FR DE AT CH IT ES PT NL BE LU DK SE \
                           NO FI IS PL CZ SK HU RO BG GR TR RU KZ UA EE LV LT IL SA AE EG NG GH KE ZA CI \
                           SN MA TN IN PK BD LK TH VN MY SG ID PH CN HK TW JP KR AU NZ FJ";

    /// Whether a number of `code` may be read as one of `region`: Britain uses numbers of the Isle of Man.
    fn is_of(code: &str, region: &str) -> bool {
        region == code || (code, region) == ("IM", "GB")
    }

    #[test]
    fn example_numbers_of_all_types_and_many_regions_are_decided_by_their_type() {
        let mut seen = BTreeMap::<String, BTreeSet<String>>::new();
        let mut count = 0;
        for code in REGIONS.split_whitespace() {
            let region = Region::from_code(code).unwrap();
            // "Either" is what a number reads as, and nothing that a plan has examples of.
            let both = PhoneNumberType::FixedLineOrMobile;
            for (wanted, ..) in EXPECTED.into_iter().filter(|row| row.0 != both) {
                // Where a plan has no numbers of a type, there is no example of one.
                let example =
                    PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, wanted);
                let Ok(example) = example else { continue };
                // Some plans use the same numbers for fixed lines and mobile phones.
                let of = example.get_type();
                assert!(of == wanted || of == both, "{code}: {wanted:?} reads as {of:?}");
                let (_, by_sms, by_voice) = EXPECTED.iter().find(|row| row.0 == of).unwrap();
                let international = example.to_string();
                for (channel, expected) in [(Channel::Sms, by_sms), (Channel::Voice, by_voice)] {
                    let judged = judge(&international, channel);
                    let place = format!("{code} {of:?} {channel:?}");
                    match (judged, expected) {
                        (Ok(recipient), None) => {
                            assert!(is_of(code, &recipient.region), "{place}: {recipient:?}");
                            assert_eq!(recipient.number.as_str(), international, "{place}");
                        }
                        (Err(refused), Some(detail)) => {
                            assert_eq!(refused.detail, *detail, "{place}");
                            assert_eq!(refused.number.unwrap().as_str(), international, "{place}");
                        }
                        (judged, expected) => panic!("{place}: {judged:?}, expected {expected:?}"),
                    }
                }
                seen.entry(format!("{of:?}")).or_default().insert(code.to_owned());
                count += 1;
            }
            let invalid = PHONE_NUMBER_UTIL.get_invalid_example_number(region).unwrap().to_string();
            let refused = sms(&invalid).unwrap_err();
            assert_eq!(refused.detail, Detail::NotANumber, "{code}");
            assert_eq!(refused.number, None, "{code}");
            count += 1;
        }
        let regions: BTreeSet<_> = seen.values().flatten().collect();
        assert!(
            count >= 200 && regions.len() >= 40,
            "{count} numbers of {} regions",
            regions.len()
        );
        assert_eq!(seen.len(), EXPECTED.len(), "every type was seen: {seen:?}");
    }

    #[test]
    fn national_numbers_are_read_in_the_home_region() {
        for code in REGIONS.split_whitespace() {
            let region = Region::from_code(code).unwrap();
            let mobile = PhoneNumberType::Mobile;
            let example = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, mobile);
            let example = example.unwrap();
            let national = example.format_as(rlibphonenumber::PhoneNumberFormat::National);
            let read = recipient(&national, &Policy::of(region), Channel::Sms).unwrap();
            assert_eq!(read.number.as_str(), example.to_string(), "{national}");
            assert!(is_of(code, &read.region), "{national}: {read:?}");
        }
    }

    #[test]
    fn internet_telephony_may_be_allowed() {
        let policy = Policy { voip: true, ..Policy::of(Region::US) };
        let voip = PHONE_NUMBER_UTIL
            .get_example_number_for_type_and_region(Region::GB, PhoneNumberType::VoIP)
            .unwrap()
            .to_string();
        assert_eq!(sms(&voip).unwrap_err().detail, Detail::OtherType);
        assert_eq!(recipient(&voip, &policy, Channel::Sms).unwrap().region, "GB");
        let pager = recipient("+15005550006", &policy, Channel::Sms).unwrap_err();
        assert_eq!(pager.detail, Detail::OtherType, "nothing else");
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
        assert!(judge("+493012345678", Channel::Voice).is_ok());
        let refused = judge("+18005551212", Channel::Voice).unwrap_err();
        assert_eq!(refused.detail, Detail::TollFree);
    }
}
