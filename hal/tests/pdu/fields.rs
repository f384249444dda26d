//! Each field by the table of its clause.

use core::num::NonZeroU8;

use proptest::prelude::*;
use ringpost_hal::pdu::{
    Address, Alphabet, DateTime, Dcs, Deliver, EncodeErrorKind, EnhancedValidity, MessageClass,
    MessageReference, MessageWaiting, NumberingPlan, Pid, Protocol, Status, StatusClass, Timestamp,
    TypeOfNumber, ValidityPeriod, WaitingKind,
};

use crate::golden::hex;

const MINUTE: u32 = 60;
const HOUR: u32 = 3600;
const DAY: u32 = 86_400;

/// 23.038 4, all groups.
#[test]
fn dcs_alphabets_and_classes() {
    use Alphabet::{Data8, Gsm7, Ucs2};
    use MessageClass::{Class0, Class1, Class2, Class3};
    for (dcs, alphabet, class) in [
        (0x00, Gsm7, None),
        // Without bit 4 the class bits mean nothing.
        (0x03, Gsm7, None),
        (0x04, Data8, None),
        (0x08, Ucs2, None),
        // The alphabet 11 is reserved: read as 0x00.
        (0x1D, Gsm7, None),
        (0x10, Gsm7, Some(Class0)),
        (0x15, Data8, Some(Class1)),
        (0x1A, Ucs2, Some(Class2)),
        (0x53, Gsm7, Some(Class3)),
        (0x48, Ucs2, None),
        // Reserved groups.
        (0x94, Gsm7, None),
        (0xB8, Gsm7, None),
        (0xC8, Gsm7, None),
        (0xD1, Gsm7, None),
        (0xE0, Ucs2, None),
        (0xEF, Ucs2, None),
        (0xF0, Gsm7, Some(Class0)),
        (0xF1, Gsm7, Some(Class1)),
        (0xF6, Data8, Some(Class2)),
        // Bit 3 of the last group is reserved.
        (0xFB, Gsm7, Some(Class3)),
    ] {
        let found = (Dcs(dcs).alphabet(), Dcs(dcs).class());
        assert_eq!(found, (alphabet, class), "{dcs:#04x}");
    }
}

#[test]
fn dcs_flags() {
    // What is reserved counts as 0x00.
    assert_eq!([0x1D, 0x80, 0xBF].map(|dcs| Dcs(dcs).effective()), [Dcs(0); 3]);
    // Compressed text is octets, whatever its alphabet.
    assert!(Dcs(0x20).compressed() && !Dcs(0x00).compressed() && !Dcs(0xF0).compressed());
    assert_eq!(Dcs(0x28).ud_alphabet(), Alphabet::Data8);
    assert!(Dcs(0x40).automatic_deletion() && !Dcs(0x00).automatic_deletion());
    assert!(!Dcs(0xC0).automatic_deletion() && !Dcs(0x4C).automatic_deletion());
    let waiting = |kind, active, store| Some(MessageWaiting { kind, active, store });
    assert_eq!(Dcs(0xC8).waiting(), waiting(WaitingKind::Voicemail, true, false));
    assert_eq!(Dcs(0xD1).waiting(), waiting(WaitingKind::Fax, false, true));
    assert_eq!(Dcs(0xEA).waiting(), waiting(WaitingKind::Email, true, true));
    assert_eq!(Dcs(0xDB).waiting(), waiting(WaitingKind::Other, true, true));
    assert_eq!((Dcs(0xF0).waiting(), Dcs(0x08).waiting()), (None, None));
}

/// 23.038 4: 140 octets of compressed text are counted as octets, not as septets.
#[test]
fn compressed_text_is_counted_in_octets() {
    let octets = hex("04 029121 00 20 11101021436500 03 010203");
    let deliver = Deliver::decode(&octets).unwrap();
    assert_eq!((deliver.ud.udl(), deliver.ud.body()), (3, &[1, 2, 3][..]));
    assert_eq!(deliver.encode().unwrap(), octets[..]);
}

/// 23.040 9.2.3.12.1.
#[test]
fn relative_validity_rounds_up() {
    for (seconds, octet, says) in [
        (0, 0, 5 * MINUTE),
        (300, 0, 5 * MINUTE),
        (301, 1, 10 * MINUTE),
        (12 * HOUR, 143, 12 * HOUR),
        (12 * HOUR + 1, 144, 12 * HOUR + 30 * MINUTE),
        (DAY, 167, DAY),
        (DAY + 1, 168, 2 * DAY),
        (30 * DAY, 196, 30 * DAY),
        (30 * DAY + 1, 197, 35 * DAY),
        (36 * DAY, 198, 42 * DAY),
        (441 * DAY, 255, 441 * DAY),
        (u32::MAX, 255, 441 * DAY),
    ] {
        let vp = ValidityPeriod::relative_at_least(seconds);
        assert_eq!((vp, vp.seconds()), (ValidityPeriod::Relative(octet), Some(says)), "{seconds}");
    }
}

proptest! {
    #[test]
    fn relative_validity_is_the_shortest_that_suffices(seconds in 0..=441 * DAY) {
        let ValidityPeriod::Relative(octet) = ValidityPeriod::relative_at_least(seconds) else {
            return Err(TestCaseError::fail("not relative"));
        };
        prop_assert!(ValidityPeriod::Relative(octet).seconds() >= Some(seconds));
        if let Some(shorter) = octet.checked_sub(1) {
            prop_assert!(ValidityPeriod::Relative(shorter).seconds() < Some(seconds));
        }
    }

    #[test]
    fn time_comes_back(year in 1990u16..2090, month in 1u8..=12, day in 1u8..=28, hour in 0u8..24,
                       minute in 0u8..60, second in 0u8..60, quarter_hours in -79i8..=79) {
        let time = DateTime { year, month, day, hour, minute, second, quarter_hours };
        let stamp = Timestamp::new(time).unwrap();
        prop_assert_eq!(stamp.date_time(), Some(time));
        prop_assert_eq!(Timestamp::from_octets(stamp.octets()), stamp);
    }
}

/// 23.040 9.2.3.12.3: bits 3-1 name the format, bit 7 single shot, bit 8 an extension octet.
#[test]
fn enhanced_validity() {
    let seconds = |octets| EnhancedValidity(octets).seconds();
    assert_eq!(seconds([0x00, 9, 9, 9, 0, 0, 0]), None);
    assert_eq!(seconds([0x01, 143, 0, 0, 0, 0, 0]), Some(12 * HOUR));
    assert_eq!(seconds([0x02, 90, 0, 0, 0, 0, 0]), Some(90));
    assert_eq!(seconds([0x02, 0, 0, 0, 0, 0, 0]), None);
    // 12:34:56 in swapped semi-octets.
    assert_eq!(seconds([0x03, 0x21, 0x43, 0x65, 0, 0, 0]), Some(45_296));
    assert_eq!(seconds([0x04, 1, 0, 0, 0, 0, 0]), None);
    assert_eq!(seconds([0x82, 0x00, 90, 0, 0, 0, 0]), Some(90));
    let ninety = EnhancedValidity::of_seconds(NonZeroU8::new(90).unwrap());
    assert_eq!(ninety.with_single_shot().0, [0x42, 90, 0, 0, 0, 0, 0]);
    assert!(ninety.with_single_shot().single_shot() && !ninety.single_shot());
    assert_eq!(ValidityPeriod::Enhanced(ninety).seconds(), Some(90));
}

/// 23.040 9.2.3.11: the sign is bit 4 of the seventh octet; what is no digit counts as 0.
#[test]
fn timestamps() {
    let read = |text: &str| Timestamp::from_octets(hex(text).try_into().unwrap());
    // 2012-04-25T19:56:50-04:00: 16 quarters, tens in the low semi-octet.
    let stamp = read("21405291650569");
    let time = stamp.date_time().unwrap();
    assert_eq!((time.year, time.month, time.day, time.quarter_hours), (2012, 4, 25, -16));
    assert_eq!(stamp.unix_seconds(), Some(1_335_398_210));
    assert_eq!(read("99211332959500").date_time().unwrap().year, 1999);
    assert_eq!(read("5150F132200523").date_time().unwrap().day, 10);
    assert_eq!(read("51501F32200523").date_time().unwrap().day, 1);
    assert_eq!(read("5150F132200523").octets()[2], 0xF1);
    // No month 0 and no 30th of February.
    assert_eq!(read("00000000000000").date_time(), None);
    assert_eq!(read("42200300000000").date_time(), None);
    assert_eq!(read("42209200000000").date_time().unwrap().day, 29);
    assert_eq!(read("32209200000000").date_time(), None);
}

#[test]
fn time_out_of_range_has_no_timestamp() {
    let time =
        DateTime { year: 2026, month: 6, day: 31, hour: 0, minute: 0, second: 0, quarter_hours: 0 };
    assert_eq!(Timestamp::new(time), None);
    assert!(Timestamp::new(DateTime { day: 30, ..time }).is_some());
    assert_eq!(Timestamp::new(DateTime { day: 30, year: 2090, ..time }), None);
    assert_eq!(Timestamp::new(DateTime { day: 30, quarter_hours: 80, ..time }), None);
}

/// 23.040 9.2.3.15: reserved values read as "service rejected", values of a service centre by their group.
#[test]
fn status_classes() {
    use StatusClass::{Done, GivenUp, PermanentFailure, StillTrying};
    for (octets, class) in [
        (0x00..=0x02, Done),
        (0x03..=0x0F, GivenUp),
        (0x10..=0x1F, Done),
        (0x20..=0x25, StillTrying),
        (0x26..=0x2F, GivenUp),
        (0x30..=0x3F, StillTrying),
        (0x40..=0x49, PermanentFailure),
        (0x4A..=0x4F, GivenUp),
        (0x50..=0x5F, PermanentFailure),
        (0x60..=0xFF, GivenUp),
    ] {
        for octet in octets {
            assert_eq!(Status(octet).class(), class, "{octet:#04x}");
        }
    }
    assert_eq!(Status(0x80).effective(), Status::REJECTED);
    assert_eq!(Status(0x61).effective(), Status(0x61));
}

/// 23.040 9.2.3.9.
#[test]
fn protocol_identifiers() {
    for (octet, protocol) in [
        (0x00, Protocol::ShortMessage(0)),
        (0x1F, Protocol::ShortMessage(31)),
        (0x22, Protocol::Telematic(2)),
        (0x32, Protocol::Telematic(18)),
        (0x40, Protocol::Type0),
        (0x41, Protocol::Replace(1)),
        (0x47, Protocol::Replace(7)),
        (0x48, Protocol::DeviceTriggering),
        (0x49, Protocol::Reserved),
        (0x5E, Protocol::Enhanced),
        (0x5F, Protocol::ReturnCall),
        (0x7C, Protocol::Ansi136),
        (0x7D, Protocol::PhoneDownload),
        (0x7E, Protocol::Depersonalisation),
        (0x7F, Protocol::SimDownload),
        (0x80, Protocol::Reserved),
        (0xC1, Protocol::ServiceCentre(1)),
    ] {
        assert_eq!(Pid(octet).protocol(), protocol, "{octet:#04x}");
    }
    assert_eq!(Pid::replace(7), Some(Pid(0x47)));
    assert_eq!((Pid::replace(0), Pid::replace(8)), (None, None));
}

/// 23.040 9.1.2.5: length in semi-octets, type-of-address, filler 1111 behind an odd digit.
#[test]
fn addresses() {
    let short = Address::parse("12345").unwrap();
    assert_eq!((short.ton(), short.npi()), (TypeOfNumber::Unknown, NumberingPlan::Isdn));
    assert_eq!(oa("05 81 2143F5"), short);
    // A filler that is none: as found, the digits count.
    assert_eq!(oa("05 81 214305"), short);
    assert_eq!(oa("05 91 2143F5").to_string(), "+12345");
    assert_eq!(oa("05 A1 2143F5").ton(), TypeOfNumber::National);
    assert_eq!(oa("02 C9 21").npi(), NumberingPlan::Private);
    assert_eq!(oa("00 80").to_string(), "");
}

/// 23.040 9.1.2.3: 1010 to 1110 are `*#abc`.
#[test]
fn address_of_all_semi_octets() {
    let all = Address::parse("0123456789*#abc").unwrap();
    assert_eq!(oa("0F 81 1032547698BADCFE"), all);
    assert_eq!(all.to_string(), "0123456789*#abc");
}

/// 23.040 9.1.2.5: a name takes 7 bits a character: n septets are ⌈7n/4⌉ semi-octets.
#[test]
fn names() {
    // Seven characters: 49 bits, 13 semi-octets.
    let name = Address::alphanumeric("Service").unwrap();
    assert_eq!(oa("0D D0 D3B2DC9E1E9701"), name);
    assert_eq!(name.to_string(), "Service");
    // The escape counts.
    assert_eq!(Address::alphanumeric("[€]{}~").unwrap_err().kind, too_long(12));
    assert_eq!(Address::alphanumeric("[€]{}a").unwrap().to_string(), "[€]{}a");
    assert_eq!(
        Address::alphanumeric("Ж").unwrap_err().kind,
        EncodeErrorKind::NotInAlphabet { position: 0 }
    );
    assert_eq!(Address::alphanumeric("").unwrap_err().kind, EncodeErrorKind::Empty);
}

#[test]
fn numbers_that_no_address_holds() {
    let kind = |number| Address::parse(number).unwrap_err().kind;
    assert_eq!(kind("+4915 1"), EncodeErrorKind::NotInAlphabet { position: 4 });
    assert_eq!(kind("+"), EncodeErrorKind::Empty);
    let max = EncodeErrorKind::TooLong { length: 21, max: 20 };
    assert_eq!(kind("123456789012345678901"), max);
    assert_eq!(Address::parse("12345678901234567890").unwrap().digits().count(), 20);
    // E.164 has digits only.
    assert_eq!(kind("+49*1"), EncodeErrorKind::NotInAlphabet { position: 2 });
    assert_eq!(kind("++49"), EncodeErrorKind::NotInAlphabet { position: 0 });
    let name = Address::number(TypeOfNumber::Alphanumeric, NumberingPlan::Unknown, "1");
    assert_eq!(name.unwrap_err().kind, EncodeErrorKind::Contradicts { other: "type-of-number" });
    // Nothing that could end an AT line.
    assert!(Address::parse("+49\r").is_err() && Address::parse("\"+49\"").is_err());
}

#[test]
fn last_digits_match_across_forms() {
    let ours = Address::parse("+4915112345678").unwrap();
    let same = |other: &str| ours.same_last_digits(&Address::parse(other).unwrap(), 7);
    assert!(same("015112345678") && same("4915112345678") && same("2345678"));
    assert!(!same("015112345679") && !same("345678"));
    let short = Address::parse("12345").unwrap();
    assert!(short.same_last_digits(&short, 7));
    assert!(!short.same_last_digits(&Address::parse("2345").unwrap(), 7));
}

#[test]
fn message_reference_wraps() {
    assert_eq!(MessageReference(255).next(), MessageReference(0));
}

const fn too_long(length: usize) -> EncodeErrorKind {
    EncodeErrorKind::TooLong { length, max: 11 }
}

/// The TP-OA of a DELIVER with this address, which comes back as it was but for the filler.
fn oa(address: &str) -> Address {
    let octets = [&hex("04")[..], &hex(address), &hex("0000 11101021436500 00")].concat();
    let deliver = Deliver::decode(&octets).unwrap();
    assert_eq!(deliver.encode().unwrap()[..3], octets[..3]);
    deliver.oa
}
