//! TP-UDH: what its elements say, and what becomes of broken ones, 3GPP TS 23.040 9.2.3.24.

use proptest::prelude::*;
use ringpost_hal::pdu::{
    Alphabet, Concat, ConcatRef, Deliver, Ie, Language, Ports, SegmentOptions, Segmentation,
    Shifts, SpecialMessage, UserData, WaitingKind,
};

use crate::golden::hex;

const WIDE: ConcatRef = ConcatRef::Wide(0x1234);

/// 9.2.3.24: elements that exclude each other, and repeated ones: the last counts.
#[test]
fn last_of_several_concatenations_counts() {
    let narrow = Concat { reference: ConcatRef::Narrow(7), total: 3, sequence: 2 };
    let wide = Concat { reference: WIDE, total: 2, sequence: 1 };
    assert_eq!(binary("0003070302 080412340201").concat(), Some(wide));
    assert_eq!(binary("080412340201 0003070302").concat(), Some(narrow));
    assert_eq!(binary("0003FF0901 0003070302").concat(), Some(narrow));
}

/// 9.2.3.24.1: total 0, sequence 0, or a sequence beyond the total: the element is ignored.
#[test]
fn impossible_concatenation_is_ignored() {
    for element in ["0003070000", "0003070300", "0003070304", "00020703", "080412340203"] {
        assert_eq!(binary(element).concat(), None, "{element}");
    }
    assert!(binary("0003070304 0003070303").concat().is_some());
}

/// 9.2.3.24: a last element with too few octets has the whole header ignored; the text is behind it.
#[test]
fn header_with_a_truncated_element_is_ignored() {
    let ud = binary("0003070302 0804");
    assert_eq!(ud.concat(), None);
    assert_eq!(ud.udh().unwrap().elements().count(), 0);
    let error = ud.udh().unwrap().check().unwrap_err();
    assert_eq!((error.field, error.offset), ("TP-UD.UDH.IE", 7));
    assert_eq!(ud.body(), b"body");
}

/// 9.2.3.24: a header longer than TP-UD is ignored whole too, even where its elements could be read; no text
/// is left behind it, and the octets are kept.
#[test]
fn header_beyond_the_user_data_is_ignored() {
    for (dcs, octets) in [(0x04, "05 05 0003AABB"), (0x00, "05 06 03250101"), (0x04, "01 01")] {
        let ud = decode(dcs, octets).unwrap();
        let udh = ud.udh().unwrap();
        let error = udh.check().unwrap_err();
        assert_eq!((error.field, error.offset), ("TP-UD.UDH", 0), "{octets}");
        assert_eq!((udh.elements().count(), ud.body()), (0, &[][..]), "{octets}");
        assert_eq!(ud.text().to_string(), "", "{octets}");
        assert_eq!(ud.octets(), &hex(octets)[1..], "{octets}");
    }
    let tpdu = hex("4003A121F30004112233445566000305AABB");
    assert_eq!(Deliver::decode(&tpdu).unwrap().encode().unwrap(), tpdu[..]);
}

#[test]
fn unknown_elements_are_kept() {
    let ud = binary("7F02ABCD 0003070302");
    let elements: Vec<_> = ud.udh().unwrap().elements().collect();
    assert_eq!((elements[0].iei, elements[0].data), (0x7F, &[0xAB, 0xCD][..]));
    assert!(ud.concat().is_some());
}

/// 9.2.3.24.3 and 9.2.3.24.4: destination first.
#[test]
fn ports() {
    let wide = Ports { destination: 2948, source: 9200 };
    assert_eq!(binary("05040B8423F0").udh().unwrap().ports(), Some(wide));
    let narrow = Ports { destination: 245, source: 240 };
    assert_eq!(binary("05040B8423F0 0402F5F0").udh().unwrap().ports(), Some(narrow));
}

/// 9.2.3.24: UDHL counts the elements, TP-UDL all octets.
#[test]
fn data_behind_a_header() {
    let ports = Ie { iei: Ie::PORT_WIDE, data: &[0x0B, 0x84, 0x23, 0xF0] };
    let ud = UserData::with_elements(&[ports], b"push").unwrap();
    assert_eq!((ud.udl(), ud.octets()), (11, &hex("06 05040B8423F0 70757368")[..]));
    assert!(ud.udhi() && ud.body() == b"push");
    let most = [0; 133];
    assert!(UserData::with_elements(&[ports], &most).is_ok());
    assert!(UserData::with_elements(&[ports, ports], &most).is_err());
    assert!(UserData::from_octets(&[0; 140]).is_ok() && UserData::from_octets(&[0; 141]).is_err());
    assert!(!UserData::from_octets(&[0]).unwrap().udhi());
}

/// 9.2.3.24.2: bit 8 stores, bits 7-6 profile, bits 5-3 extended type, bits 2-1 type; one per mailbox.
#[test]
fn special_messages() {
    // Voicemail is told of twice: the last counts.
    let ud = binary("01028001 01024700 01020303 01028005");
    let found: Vec<_> = ud.udh().unwrap().special_messages().collect();
    let voicemail =
        SpecialMessage { kind: WaitingKind::Voicemail, profile: 1, count: 5, store: true };
    let video = SpecialMessage { kind: WaitingKind::Video, profile: 3, count: 0, store: false };
    let other = SpecialMessage { kind: WaitingKind::Other, profile: 1, count: 3, store: false };
    assert_eq!(found, [video, other, voicemail]);
    // Another subscriber profile has another mailbox, and so has each reserved extended type.
    for elements in ["01028001 0102A002", "01029305 01029B07"] {
        assert_eq!(binary(elements).udh().unwrap().special_messages().count(), 2, "{elements}");
    }
}

/// 23.038 A.2.1: `ş` is 0x73 behind the escape; four octets of header cover five septets.
#[test]
fn turkish_single_shift() {
    assert_eq!(decode(0x00, "07 03240101 D8CC01").unwrap().text().to_string(), "ş");
    let text = "ş".to_owned() + &"s".repeat(80);
    let languages = [Language::Turkish];
    let mut segments = Segmentation::with(&text, only(&languages)).segments(WIDE).unwrap();
    assert_eq!(segments.next().unwrap().octets()[..7], hex("03240101 D8CCE7"));
}

/// 23.038 A.3.1: `ğ` is 0x0C in the locking shift table.
#[test]
fn turkish_locking_shift() {
    assert_eq!(decode(0x00, "06 03250101 6000").unwrap().text().to_string(), "ğ");
}

/// 23.040 9.2.3.24.15 and 9.2.3.24.16: without the elements, with reserved languages, and with Spanish,
/// which has no locking shift table, the default tables hold; of repeated elements the last counts.
#[test]
fn national_tables_need_their_elements() {
    assert_eq!(decode(0x00, "06 037F0101 6000").unwrap().text().to_string(), "ø");
    assert_eq!(decode(0x00, "06 0325010E 6000").unwrap().text().to_string(), "ø");
    assert_eq!(decode(0x00, "06 03250102 6000").unwrap().text().to_string(), "ø");
    assert_eq!(decode(0x00, "06 03250100 6000").unwrap().text().to_string(), "ø");
    // A reserved language after one that has a table changes nothing.
    assert_eq!(decode(0x00, "09 0625010125010E 0C").unwrap().text().to_string(), "ğ");
    // Of two single shifts the last counts: 0x49 is Turkish `İ`, and nothing in the default extension.
    let shifts = |elements| binary(elements).udh().unwrap().shifts().single;
    assert_eq!(shifts("240103 240101"), Some(Language::Turkish));
    assert_eq!(shifts("240101 240103"), Some(Language::Portuguese));
    // Seven octets of header cover eight septets; Portuguese 0x0C is `ô`.
    assert_eq!(decode(0x00, "09 06250101250103 0C").unwrap().text().to_string(), "ô");
}

/// 23.038 annex A: one place of each table, the escape being 0x1B.
#[test]
fn each_language_reads_from_its_own_table() {
    for (language, septet, c) in [
        (Language::Turkish, 0x07, 'ı'),
        (Language::Portuguese, 0x07, 'í'),
        (Language::Bengali, 0x05, 'ই'),
        (Language::Gujarati, 0x05, 'ઇ'),
        (Language::Hindi, 0x05, 'इ'),
        (Language::Kannada, 0x05, 'ಇ'),
        (Language::Malayalam, 0x05, 'ഇ'),
        (Language::Oriya, 0x05, 'ଇ'),
        (Language::Punjabi, 0x05, 'ਇ'),
        (Language::Tamil, 0x05, 'இ'),
        (Language::Telugu, 0x05, 'ఇ'),
        (Language::Urdu, 0x05, 'پ'),
    ] {
        assert_eq!(read(language, Ie::LOCKING_SHIFT, false, septet), c, "{language:?}");
    }
    for (language, septet, c) in [
        (Language::Turkish, 0x49, 'İ'),
        (Language::Spanish, 0x09, 'ç'),
        (Language::Portuguese, 0x41, 'À'),
        (Language::Bengali, 0x1C, '২'),
        (Language::Gujarati, 0x1C, '૦'),
        (Language::Hindi, 0x1C, '०'),
        (Language::Kannada, 0x1C, '೦'),
        (Language::Malayalam, 0x1C, '൦'),
        (Language::Oriya, 0x1C, '୦'),
        (Language::Punjabi, 0x1C, '੦'),
        (Language::Tamil, 0x1C, '௦'),
        (Language::Telugu, 0x1C, '౦'),
        (Language::Urdu, 0x1C, '۰'),
    ] {
        assert_eq!(read(language, Ie::SINGLE_SHIFT, true, septet), c, "{language:?}");
        // All contain the default extension.
        assert_eq!(read(language, Ie::SINGLE_SHIFT, true, 0x65), '€', "{language:?}");
    }
}

/// Places that a table leaves empty read as a space, and nothing is written to them.
#[test]
fn empty_places_of_a_table() {
    assert_eq!(read(Language::Bengali, Ie::LOCKING_SHIFT, false, 0x0C), ' ');
    let text = "\0".repeat(141);
    let languages = [Language::Bengali];
    assert_eq!(Segmentation::with(&text, only(&languages)).alphabet(), Alphabet::Ucs2);
}

/// A text that needs both tables: `ई` is locked, `७` is shifted.
#[test]
fn both_tables_together() {
    let text = "ई७".repeat(50);
    let languages = [Language::Hindi];
    let plan = Segmentation::with(&text, only(&languages));
    let both = Shifts { locking: Some(Language::Hindi), single: Some(Language::Hindi) };
    // 150 septets behind 7 octets of header, which cover 8.
    assert_eq!((plan.shifts(), plan.units(), plan.total()), (both, 150, 1));
}

/// All tables turn round: what each septet reads as is written back, as the same or as an equal one.
#[test]
fn every_place_of_every_table_comes_back() {
    for language in Language::ALL {
        for (iei, escape) in [(Ie::LOCKING_SHIFT, false), (Ie::SINGLE_SHIFT, true)] {
            let text: String = (0..128).map(|septet| read(language, iei, escape, septet)).collect();
            for c in text.chars() {
                // Long enough that UCS-2 would need two segments more.
                let long = c.to_string().repeat(141);
                let languages = [language];
                let options = only(&languages);
                let plan = Segmentation::with(&long, options);
                let joined: String = plan
                    .segments(WIDE)
                    .unwrap()
                    .flat_map(|ud| ud.text().chars().collect::<Vec<_>>())
                    .collect();
                assert_eq!(joined, long, "{language:?}");
                assert_eq!(plan.alphabet(), Alphabet::Gsm7, "{language:?} {c:?}");
            }
        }
    }
}

/// The cheapest of all: tables that save the escapes of a text that GSM 7 bit has, and those of two languages.
#[test]
fn national_tables_are_used_wherever_they_save_segments() {
    // `€` is in the Portuguese locking shift table: 155 septets behind 5 of header, against 310.
    let text = "€".repeat(155);
    let plan = Segmentation::with(&text, only(&[Language::Portuguese]));
    let locking = Shifts { locking: Some(Language::Portuguese), single: None };
    assert_eq!((plan.shifts(), plan.total()), (locking, 1));
    assert_eq!(Segmentation::of(&text).total(), 3);
    // `ã` is Portuguese, `ğ` Turkish: 100 septets and 20 pairs behind 8 of header.
    let text = "ã".repeat(100) + &"ğ".repeat(20);
    let plan = Segmentation::with(&text, only(&[Language::Turkish, Language::Portuguese]));
    let mixed = Shifts { locking: Some(Language::Portuguese), single: Some(Language::Turkish) };
    assert_eq!((plan.shifts(), plan.units(), plan.total()), (mixed, 140, 1));
    let read: String = plan.segments(WIDE).unwrap().map(|ud| ud.text().to_string()).collect();
    assert_eq!(read, text);
}

/// UCS-2 is what every phone reads: national tables have to save a segment.
#[test]
fn national_tables_are_used_only_where_they_save_segments() {
    let options = only(&Language::ALL);
    assert_eq!(Segmentation::with("ş", options).alphabet(), Alphabet::Ucs2);
    assert_eq!(Segmentation::with("s", options).shifts(), Shifts::NONE);
    let text = "ş".to_owned() + &"s".repeat(80);
    let plan = Segmentation::with(&text, options);
    let single = Shifts { locking: None, single: Some(Language::Turkish) };
    assert_eq!((plan.total(), plan.shifts()), (1, single));
    assert_eq!(Segmentation::of(&text).alphabet(), Alphabet::Ucs2);
}

/// 9.2.3.24: 140 octets less UDHL, concatenation (6), ports (6), single shift (3): 124 octets, 141 septets.
#[test]
fn further_elements_take_room() {
    let ports = [Ie { iei: Ie::PORT_WIDE, data: &[0x0B, 0x84, 0x23, 0xF0] }];
    let options = SegmentOptions { elements: &ports, ..only(&[Language::Turkish]) };
    let text = "ş".to_owned() + &"s".repeat(300);
    let plan = Segmentation::with(&text, options);
    assert_eq!(plan.per_segment(), 141);
    for ud in plan.segments(WIDE).unwrap() {
        let udh = ud.udh().unwrap();
        assert_eq!(udh.ports().unwrap().destination, 2948);
        assert_eq!(udh.elements().count(), 3);
        assert!(ud.octets().len() <= 140);
    }
}

#[test]
fn elements_without_room_for_text_are_refused() {
    let data = [0; 138];
    let elements = [Ie { iei: 0x70, data: &data }];
    let options = SegmentOptions { elements: &elements, ..SegmentOptions::default() };
    assert!(Segmentation::with("text", options).segments(WIDE).is_err());
    assert!(Segmentation::with("", options).segments(WIDE).is_err());
    // Those of the layout are the layout's.
    for iei in [Ie::CONCAT_NARROW, Ie::CONCAT_WIDE, Ie::SINGLE_SHIFT, Ie::LOCKING_SHIFT] {
        let elements = [Ie { iei, data: &[1] }];
        let options = SegmentOptions { elements: &elements, ..SegmentOptions::default() };
        assert!(Segmentation::with("text", options).segments(WIDE).is_err());
    }
    // Four units fit alone; beside the concatenation element one does, and a pair needs two.
    let elements = [Ie { iei: 0x70, data: &[0; 129] }];
    let options = SegmentOptions { elements: &elements, ..SegmentOptions::default() };
    assert!(Segmentation::with("ЖЖЖЖ", options).segments(WIDE).is_ok());
    assert_eq!(Segmentation::with("ЖЖЖЖЖ", options).segments(WIDE).unwrap().len(), 5);
    assert!(Segmentation::with("ЖЖЖ😀", options).segments(WIDE).is_err());
}

proptest! {
    #[test]
    fn national_text_joins_again(index in 0usize..13, septets in proptest::collection::vec(0u8..128, 0..400)) {
        let language = Language::ALL[index];
        let locked = septets.iter().map(|s| read(language, Ie::LOCKING_SHIFT, s % 3 == 0, *s));
        let shifted = septets.iter().map(|s| read(language, Ie::SINGLE_SHIFT, true, *s));
        let text: String = locked.chain(shifted).collect();
        let languages = [language];
 let options = only(&languages);
        let segments = Segmentation::with(&text, options).segments(WIDE).unwrap();
        let joined: String = segments.flat_map(|ud| ud.text().chars().collect::<Vec<_>>()).collect();
        prop_assert_eq!(joined, text);
    }
}

/// The character of one septet, behind the escape or not, where a table is named.
fn read(language: Language, iei: u8, escape: bool, septet: u8) -> char {
    // Four octets of header, then septets 5 and 6 at bits 35 and 42.
    let septets = if escape { [0x1B, septet] } else { [septet, 0] };
    let bits = u32::from(septets[0]) << 3 | u32::from(septets[1]) << 10;
    let [a, b, c, _] = bits.to_le_bytes();
    let count = if escape { 7 } else { 6 };
    let octets = [count, 3, iei, 1, language.id(), a, b, c];
    let octets = &octets[..if escape { 8 } else { 7 }];
    let ud = decode_octets(0x00, octets).unwrap();
    let text: Vec<_> = ud.text().chars().collect();
    assert_eq!(text.len(), 1);
    text[0]
}

const fn only(languages: &[Language]) -> SegmentOptions<'_> {
    SegmentOptions { languages, elements: &[], wide: true }
}

/// 8 bit data `body` behind a header of these elements.
fn binary(elements: &str) -> UserData {
    let elements = hex(elements);
    let udhl = u8::try_from(elements.len()).unwrap();
    let octets = [&[udhl + 5, udhl], &elements[..], b"body"].concat();
    decode_octets(0x04, &octets).unwrap()
}

/// TP-UDL and TP-UD in a DELIVER with TP-UDHI.
fn decode(dcs: u8, ud: &str) -> Result<UserData, ringpost_hal::pdu::DecodeError> {
    decode_octets(dcs, &hex(ud))
}

fn decode_octets(dcs: u8, ud: &[u8]) -> Result<UserData, ringpost_hal::pdu::DecodeError> {
    let head = hex("44 029121 00");
    let octets = [&head[..], &[dcs], &hex("11101021436500"), ud].concat();
    Deliver::decode(&octets).map(|deliver| deliver.ud)
}
