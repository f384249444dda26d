//! Where texts are cut, 3GPP TS 23.040 9.2.3.24 and 9.2.3.16.

use proptest::prelude::*;
use ringpost_hal::pdu::{
    Alphabet, ConcatRef, Cost, Ie, Scope, SegmentOptions, Segmentation, Smart, gsm7::Code,
};

const WIDE: ConcatRef = ConcatRef::Wide(0x1234);
const NARROW: ConcatRef = ConcatRef::Narrow(0x12);

#[test]
fn limits_follow_from_the_octets_of_the_header() {
    for (unit, alone, narrow, wide) in
        [("a", 160, 153, 152), ("Ж", 70, 67, 66), ("€", 80, 76, 76), ("😀", 35, 33, 33)]
    {
        assert_eq!(lengths(&unit.repeat(alone), WIDE), [alone]);
        assert_eq!(lengths(&unit.repeat(alone + 1), NARROW), [narrow, alone + 1 - narrow]);
        assert_eq!(lengths(&unit.repeat(alone + 1), WIDE), [wide, alone + 1 - wide]);
    }
}

#[test]
fn empty_text_is_one_empty_segment() {
    assert_eq!(lengths("", WIDE), [0]);
}

#[test]
fn clusters_stay_whole() {
    // 63 units, then a family of 8 units, whose first two characters would fit.
    let text = "Ж".repeat(63) + "👨\u{200D}👩\u{200D}👧" + "Ж";
    assert_eq!(lengths(&text, WIDE), [63, 6]);
    let text = "a".repeat(151) + "\r\n" + &"a".repeat(20);
    assert_eq!(lengths(&text, WIDE), [151, 22]);
}

#[test]
fn cluster_longer_than_a_segment_is_cut_between_characters() {
    let text = "e".to_owned() + &"\u{301}".repeat(200);
    assert_eq!(lengths(&text, WIDE), [66, 66, 66, 3]);
}

/// A segment is paid for, and the phone joins what is cut: the family goes in two where whole it would
/// take a third segment.
#[test]
fn cluster_is_cut_where_whole_it_would_cost_a_segment() {
    let family = "👨\u{200D}👩\u{200D}👧";
    let text = "a".repeat(62) + family + &"Ж".repeat(63);
    assert_eq!(Segmentation::of(&text).total(), 2);
    let cut: Vec<_> = Segmentation::of(&text).segments(NARROW).unwrap().collect();
    assert_eq!(cut.iter().map(|ud| ud.octets().len()).collect::<Vec<_>>(), [140, 138]);
    // With a unit to spare it stays whole, and so it does where a third is needed anyway.
    assert_eq!(lengths(&("a".repeat(62) + family + "Ж"), WIDE), [62, 6]);
    assert_eq!(lengths(&("a".repeat(63) + family + &"Ж".repeat(64)), WIDE), [63, 63, 6]);
}

/// 9.2.3.24: further elements may leave a segment one unit, which holds every character of a single one.
#[test]
fn segments_of_one_unit() {
    let elements = [Ie { iei: 0x7F, data: &[0; 130] }];
    let options = SegmentOptions { elements: &elements, ..SegmentOptions::default() };
    let text = "é漢".repeat(100);
    let plan = Segmentation::with(&text, options);
    assert_eq!((plan.total(), plan.per_segment(), plan.remaining()), (200, 1, 0));
    let joined: String = plan.segments(NARROW).unwrap().map(|ud| ud.text().to_string()).collect();
    assert_eq!(joined, text);
    // A surrogate pair has no room, and neither has anything in no unit at all.
    assert!(Segmentation::with("Ж😀😀", options).segments(NARROW).is_err());
    let elements = [Ie { iei: 0x7F, data: &[0; 131] }];
    let options = SegmentOptions { elements: &elements, ..SegmentOptions::default() };
    assert!(Segmentation::with("ЖЖЖЖ", options).segments(NARROW).is_err());
}

#[test]
fn more_than_255_segments_are_refused() {
    for (reference, septets) in [(NARROW, 153), (WIDE, 152)] {
        let text = "a".repeat(255 * septets + 1);
        let plan = wide(&text, reference == WIDE);
        assert_eq!((plan.total(), plan.per_segment()), (256, septets));
        assert!(plan.segments(reference).is_err());
        assert_eq!(Segmentation::of(&text[1..]).segments(reference).unwrap().count(), 255);
    }
}

proptest! {
    #[test]
    fn segments_join_to_the_text(text in any_text(), wide: bool, counted: bool) {
        let reference = if wide { WIDE } else { NARROW };
        let plan = self::wide(&text, counted);
        let segments: Vec<_> = plan.segments(reference).unwrap().collect();
        if counted == wide {
            prop_assert_eq!(segments.len(), plan.total());
            let last: usize = segments.last().unwrap().text().chars().map(|c| units(plan, c)).sum();
            prop_assert_eq!(plan.per_segment() - plan.remaining(), last);
        }
        let joined: String = segments.iter().flat_map(|ud| ud.text().chars()).collect();
        prop_assert_eq!(&joined, &text);
        prop_assert!(segments.iter().all(|ud| ud.octets().len() <= 140));
        if segments.len() == 1 {
            prop_assert_eq!(segments[0].concat(), None);
        }
        for (ud, sequence) in segments.iter().zip(1..) {
            prop_assert_eq!(ud.alphabet(), plan.alphabet());
            if segments.len() > 1 {
                let concat = ud.concat().unwrap();
                prop_assert_eq!(concat.reference, reference);
                prop_assert_eq!(usize::from(concat.total), segments.len());
                prop_assert_eq!(concat.sequence, sequence);
            }
        }
    }
}

#[test]
fn gsm7_is_chosen_exactly_where_it_has_all_characters() {
    assert_eq!(Segmentation::of("[€] Ωß").alphabet(), Alphabet::Gsm7);
    assert_eq!(Segmentation::of("[€] Ωß").units(), 9);
    assert_eq!(Segmentation::of("ç").alphabet(), Alphabet::Ucs2);
}

#[test]
fn remaining_units_of_the_last_segment() {
    assert_eq!(Segmentation::of("").remaining(), 160);
    assert_eq!(Segmentation::of("€").remaining(), 158);
    let text = "a".repeat(161);
    assert_eq!(wide(&text, false).remaining(), 153 - 8);
    assert_eq!(wide(&text, true).remaining(), 152 - 9);
    // The pair that does not fit behind 65 or 66 units moves to the second segment.
    let text = "Ж".repeat(65) + "😀" + &"Ж".repeat(10);
    assert_eq!(wide(&text, false).remaining(), 67 - 10);
    assert_eq!(wide(&text, true).remaining(), 66 - 12);
}

#[test]
fn smart_text_says_what_it_changes() {
    let smart = Smart::new("“Okay” – it’s 5\u{A0}€…", Scope::Typography);
    assert_eq!(smart.to_string(), "\"Okay\" - it's 5 €...");
    assert!(smart.is_gsm7());
    let (changes, escaped): (Vec<_>, Vec<_>) =
        smart.costly().partition(|it| it.cost == Cost::Alphabet);
    assert_eq!(escaped.iter().map(|it| it.position).collect::<Vec<_>>(), [16]);
    let changes: Vec<_> =
        changes.iter().map(|it| (it.position, it.character, it.suggestion.unwrap())).collect();
    let quotes = [(0, '“', "\""), (5, '”', "\"")];
    let rest = [(7, '–', "-"), (11, '’', "'"), (15, '\u{A0}', " "), (17, '…', "...")];
    assert_eq!(changes, [&quotes[..], &rest[..]].concat());
}

/// What nobody sees, and what comes along with pasted numbers and names.
#[test]
fn smart_text_drops_marks_without_width() {
    let pasted = "\u{202A}+1\u{2011}415\u{2060}5550123\u{202C} \u{2066}\u{2BB}Aiea\u{2069}\u{FEFF}";
    let smart = Smart::new(pasted, Scope::Typography);
    assert_eq!(smart.to_string(), "+1-4155550123 'Aiea");
    assert!(smart.is_gsm7());
    // Joiners change what is read in Persian and in emoji.
    assert!(!Smart::new("\u{200C}\u{200D}", Scope::Letters).is_gsm7());
}

#[test]
fn debug_of_plans_shows_no_text() {
    let text = "Дой 471108";
    let smart = Smart::new(text, Scope::Letters);
    let costly: Vec<_> = smart.costly().collect();
    let plan = Segmentation::of(text);
    let shown = format!("{smart:?} {costly:?} {plan:?} {:?}", plan.segments(WIDE));
    assert!(!shown.contains("4711") && !shown.contains(['Д', 'о', 'й']), "{shown}");
}

#[test]
fn smart_text_keeps_what_the_alphabet_has_and_what_nothing_stands_for() {
    assert_eq!(Smart::new("äÇÆé€[", Scope::Letters).to_string(), "äÇÆé€[");
    let smart = Smart::new("č😀’", Scope::Typography);
    assert_eq!((smart.to_string().as_str(), smart.is_gsm7()), ("č😀'", false));
    assert_eq!(smart.costly().map(|it| it.suggestion).collect::<Vec<_>>(), [None, None, Some("'")]);
    assert_eq!(Smart::new("ΑΒΓ čŁç", Scope::Letters).to_string(), "ABΓ cLc");
}

proptest! {
    #[test]
    fn smart_text_that_is_gsm7_is_sent_as_such(text in "[ -~À-ž‐-…€]{0,80}") {
        let smart = Smart::new(&text, Scope::Letters);
        let gsm7 = Segmentation::of(&smart.to_string()).alphabet() == Alphabet::Gsm7;
        prop_assert_eq!(smart.is_gsm7(), gsm7);
    }
}

/// Counted for references of 16 bits, or of 8.
fn wide(text: &str, wide: bool) -> Segmentation<'_> {
    Segmentation::with(text, SegmentOptions { wide, ..SegmentOptions::default() })
}

fn units(plan: Segmentation<'_>, c: char) -> usize {
    match plan.alphabet() {
        Alphabet::Gsm7 => Code::of(c).unwrap().septets(),
        Alphabet::Ucs2 | Alphabet::Data8 => c.len_utf16(),
    }
}

fn lengths(text: &str, reference: ConcatRef) -> Vec<usize> {
    let segments = Segmentation::of(text).segments(reference).unwrap();
    segments.map(|ud| ud.text().chars().count()).collect()
}

/// Texts of every length that matters, in GSM 7 bit or in all of Unicode.
pub(crate) fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~äöüß€\r\n]{0,700}", "[a-zЖ😀\u{301}\u{200D}]{0,300}", ".{0,200}"]
}
