//! Segmentation of any text with any options.

use ringpost_hal::pdu::{
    Alphabet, Concat, ConcatRef, EncodeError, Ie, SegmentOptions, Segmentation, UserData,
    gsm7::Code,
};
use unicode_segmentation::UnicodeSegmentation;

use crate::{input::Input, user_data};

/// Octets of a message.
const OCTETS: usize = 140;
/// Identifiers that the layout writes itself: what a caller says of them would take their place.
const OURS: [u8; 4] = [Ie::CONCAT_NARROW, Ie::CONCAT_WIDE, Ie::SINGLE_SHIFT, Ie::LOCKING_SHIFT];

/// Languages, information elements, a reference, then a text.
pub fn segments(octets: &[u8]) {
    let mut input = Input::new(octets);
    let languages: Vec<_> = (0..input.octet() % 4).filter_map(|_| input.language()).collect();
    let elements: Vec<_> = (0..input.octet() % 4).map(|_| element(&mut input)).collect();
    let widths = input.octet();
    let reference = match widths % 2 {
        0 => ConcatRef::Wide(input.wide()),
        _ => ConcatRef::Narrow(input.octet()),
    };
    let text = input.text();
    let wide = widths & 2 != 0;
    let options = SegmentOptions { languages: &languages, elements: &elements, wide };
    let plan = Segmentation::with(&text, options);
    check_choice(&plan, &text, options);
    check_plan(&plan, &text, options);
    check_segments(&plan, &text, &elements, reference);
    shows_nothing(&plan, &text, options, reference);
    if languages.is_empty() && elements.is_empty() {
        let alone = UserData::from_text(&text);
        assert_eq!(alone.is_ok(), plan.total() == 1);
        assert!(alone.is_err() || alone.ok() == plan.segments(reference).unwrap().next());
    }
}

fn element<'a>(input: &mut Input<'a>) -> Ie<'a> {
    let iei = input.octet();
    let iei = if OURS.contains(&iei) { 0x70 } else { iei };
    let length = input.octet().into();
    Ie { iei, data: input.take(length) }
}

/// The alphabet that every phone reads, unless national tables save a segment.
fn check_choice(plan: &Segmentation<'_>, text: &str, options: SegmentOptions<'_>) {
    let plain = Segmentation::with(text, SegmentOptions { languages: &[], ..options });
    let gsm7 = text.chars().all(|c| Code::of(c).is_some());
    assert_eq!(gsm7, plain.alphabet() == Alphabet::Gsm7);
    assert!(plain.shifts().is_none());
    if plan.shifts().is_none() {
        assert_eq!((plan.alphabet(), plan.total()), (plain.alphabet(), plain.total()));
    } else {
        assert!(plan.alphabet() == Alphabet::Gsm7 && plan.total() < plain.total());
    }
    // More languages never cost more, and no message has tables of more than two.
    let fewer = (0..options.languages.len()).map(|one| {
        let mut languages = options.languages.to_vec();
        languages.remove(one);
        Segmentation::with(text, SegmentOptions { languages: &languages, ..options }).total()
    });
    let fewer = fewer.min().unwrap_or(plain.total());
    assert!(plan.total() <= fewer);
    assert!(options.languages.len() < 3 || plan.total() == fewer);
}

fn check_plan(plan: &Segmentation<'_>, text: &str, options: SegmentOptions<'_>) {
    assert_eq!(plan.dcs().alphabet(), plan.alphabet());
    assert_eq!(plan.units(), units(plan, text));
    let SegmentOptions { elements, wide, .. } = options;
    let width = if wide { ConcatRef::Wide(0) } else { ConcatRef::Narrow(0) };
    match cut(plan, text, elements, width) {
        Some(heads) => {
            assert_eq!(plan.total(), heads.len());
            let reference = (heads.len() > 1).then_some(width);
            let room = capacity(plan, elements, reference).unwrap();
            assert_eq!(plan.per_segment(), room);
            assert_eq!(plan.remaining(), room - units(plan, heads.last().unwrap()));
        }
        None => assert!(plan.total() > 255),
    }
}

fn check_segments(plan: &Segmentation<'_>, text: &str, elements: &[Ie<'_>], reference: ConcatRef) {
    let found = plan.segments(reference);
    let heads = match cut(plan, text, elements, reference) {
        Some(heads) if heads.len() <= 255 => heads,
        _ => {
            let EncodeError { field, .. } = found.map(|it| it.len()).unwrap_err();
            assert_eq!(field, "text");
            return;
        }
    };
    let found = found.unwrap();
    assert_eq!(found.len(), heads.len());
    let found: Vec<_> = found.collect();
    assert_eq!(found.len(), heads.len(), "none is missing");
    assert_eq!(heads.concat(), text);
    let total = u8::try_from(found.len()).unwrap();
    for ((ud, head), sequence) in found.iter().zip(heads).zip(1..=total) {
        user_data::check(ud);
        assert!(ud.octets().len() <= OCTETS);
        assert_eq!(ud.alphabet(), plan.alphabet());
        // A pair or an escape that were cut in two would read as something else.
        assert_eq!(ud.text().to_string(), head);
        let concat = Concat { reference, total, sequence };
        assert_eq!(ud.concat(), (total > 1).then_some(concat));
        let udh = ud.udh();
        assert!(udh.is_none_or(|udh| udh.check().is_ok() && udh.shifts() == plan.shifts()));
        let others = udh.iter().flat_map(|udh| udh.elements());
        assert!(others.filter(|ie| !OURS.contains(&ie.iei)).eq(elements.iter().copied()));
    }
}

/// Digits and letters that are other ones change nothing that is shown.
fn shows_nothing(
    plan: &Segmentation<'_>,
    text: &str,
    options: SegmentOptions<'_>,
    reference: ConcatRef,
) {
    let others = [('0', '9'), ('a', 'z'), ('A', 'Z')];
    let other = |c| match others.iter().find(|(first, last)| (*first..=*last).contains(&c)) {
        Some((first, last)) if c == *last => *first,
        Some(_) => char::from_u32(u32::from(c) + 1).unwrap(),
        None => c,
    };
    let other: String = text.chars().map(other).collect();
    let other = Segmentation::with(&other, options);
    let show = |plan: &Segmentation<'_>| format!("{plan:?} {:?}", plan.segments(reference));
    assert_eq!(show(plan), show(&other));
    assert!(show(plan).is_ascii());
}

/// Where the text is to be cut: before the cluster that does not fit, or inside one that is longer than
/// a segment; but between any characters where that saves a segment. Nothing where segments have no room
/// for every character.
fn cut<'t>(
    plan: &Segmentation<'_>,
    text: &'t str,
    elements: &[Ie<'_>],
    reference: ConcatRef,
) -> Option<Vec<&'t str>> {
    if capacity(plan, elements, None).is_some_and(|room| plan.units() <= room) {
        return Some(vec![text]);
    }
    let widest = text.split_inclusive(|_| true).map(|c| units(plan, c)).max().unwrap_or(1);
    let room = capacity(plan, elements, Some(reference)).filter(|room| *room >= widest)?;
    let heads = |clusters: bool| {
        let (mut rest, mut heads) = (text, vec![]);
        while !rest.is_empty() {
            let mut end = if clusters { longest(plan, room, rest.graphemes(true)) } else { 0 };
            if end == 0 {
                end = longest(plan, room, rest.split_inclusive(|_| true));
            }
            let (head, tail) = rest.split_at(end);
            heads.push(head);
            rest = tail;
        }
        heads
    };
    let (whole, fewest) = (heads(true), heads(false));
    Some(if fewest.len() < whole.len() { fewest } else { whole })
}

/// Octets of as many pieces as there is room for.
fn longest<'t>(
    plan: &Segmentation<'_>,
    room: usize,
    pieces: impl Iterator<Item = &'t str>,
) -> usize {
    let mut used = 0;
    let fits = |piece: &&str| {
        used += units(plan, piece);
        used <= room
    };
    pieces.take_while(fits).map(str::len).sum()
}

fn units(plan: &Segmentation<'_>, text: &str) -> usize {
    let units = |c: char| match plan.alphabet() {
        Alphabet::Gsm7 => Code::with(c, plan.shifts()).unwrap().septets(),
        Alphabet::Data8 => 1,
        Alphabet::Ucs2 => c.len_utf16(),
    };
    text.chars().map(units).sum()
}

/// Units beside the header, 3GPP TS 23.040 9.2.3.24.
fn capacity(
    plan: &Segmentation<'_>,
    elements: &[Ie<'_>],
    reference: Option<ConcatRef>,
) -> Option<usize> {
    let concat = match reference {
        None => 0,
        Some(ConcatRef::Narrow(_)) => 5,
        Some(ConcatRef::Wide(_)) => 6,
    };
    let shifts = [plan.shifts().locking, plan.shifts().single];
    let shifts = 3 * shifts.iter().flatten().count();
    let others: usize = elements.iter().map(|ie| 2 + ie.data.len()).sum();
    let header = concat + shifts + others;
    let octets = OCTETS.checked_sub(if header == 0 { 0 } else { 1 + header })?;
    Some(match plan.alphabet() {
        Alphabet::Gsm7 => octets * 8 / 7,
        Alphabet::Data8 => octets,
        Alphabet::Ucs2 => octets / 2,
    })
}
