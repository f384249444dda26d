//! TP-User-Data: its header, and its text in every alphabet.

use std::iter;

use ringpost_hal::pdu::{
    Alphabet, Dcs, Deliver, DeliverReport, Ie, RelayMessage, Shifts, UserData, UserDataHeader, gsm7,
};

use crate::{input::Input, septets};

/// Octets of the longest text in UTF-8: 181 septets, whose characters take three octets at the most.
const MAX_TEXT: usize = 543;

/// TP-DCS and TP-UDHI, then TP-UDL and TP-UD.
pub fn user_data(octets: &[u8]) {
    let mut input = Input::new(octets);
    let (flags, dcs) = (input.octet(), Dcs(input.octet()));
    let udhi = flags & 0x40;
    let ud = input.rest();
    let head = [udhi, 0x02, 0x91, 0x21, 0x00, dcs.0, 0x62, 0x10, 0x10, 0x21, 0x43, 0x65, 0x00];
    let deliver = Deliver::decode(&[&head, ud].concat()).map(|deliver| deliver.ud);
    // A DELIVER-REPORT carries more than 140 octets.
    let report = DeliverReport::decode(&[&[udhi, 0x06, dcs.0], ud].concat(), RelayMessage::Ack);
    let report = report.map(|report| report.parameters.ud.unwrap());
    if let Ok(ud) = &deliver {
        assert_eq!(report.as_ref(), Ok(ud), "what a DELIVER carries, a report carries too");
        comes_back(ud);
    }
    for ud in [&deliver, &report].into_iter().flatten() {
        assert_eq!(ud.alphabet(), dcs.ud_alphabet());
        check(ud);
    }
}

/// What holds for all user data that was read.
pub(crate) fn check(ud: &UserData) {
    let udl = usize::from(ud.udl());
    let octets = match ud.alphabet() {
        Alphabet::Gsm7 => (udl * 7).div_ceil(8),
        Alphabet::Data8 | Alphabet::Ucs2 => udl,
    };
    assert_eq!(ud.octets().len(), octets);
    let header = ud.octets().len() - ud.body().len();
    match ud.udh() {
        Some(udh) => {
            assert_eq!(header, 1 + udh.octets().len());
            check_header(&udh);
            assert_eq!(ud.concat(), udh.concat());
        }
        None => assert_eq!((header, ud.concat()), (0, None)),
    }
    let text: String = ud.text().chars().collect();
    assert_eq!(text, read(ud), "the text is that of a reader which is slow and simple");
    assert_eq!(ud.text().to_string(), text);
    assert!(text.chars().count() <= udl && text.len() <= MAX_TEXT);
}

fn check_header(udh: &UserDataHeader<'_>) {
    let elements: Vec<_> = udh.elements().collect();
    match udh.check() {
        Ok(()) => {
            let again: Vec<_> = elements
                .iter()
                .flat_map(|ie| {
                    [ie.iei, u8::try_from(ie.data.len()).unwrap()]
                        .into_iter()
                        .chain(ie.data.iter().copied())
                })
                .collect();
            assert_eq!(again, udh.octets());
        }
        Err(error) => {
            assert!(elements.is_empty(), "a broken header is ignored whole");
            assert!(error.offset <= udh.octets().len());
        }
    }
    let of = |iei: [u8; 2]| elements.iter().any(|ie| iei.contains(&ie.iei));
    if let Some(concat) = udh.concat() {
        assert!(of([Ie::CONCAT_NARROW, Ie::CONCAT_WIDE]));
        assert!((1..=concat.total).contains(&concat.sequence));
    }
    assert!(udh.ports().is_none() || of([Ie::PORT_NARROW, Ie::PORT_WIDE]));
    let counts: Vec<_> =
        udh.special_messages().map(|it| (it.profile, it.count, it.store)).collect();
    assert_eq!(counts, indications(&elements), "the last indication for each mailbox");
    let Shifts { locking, single } = udh.shifts();
    assert!(locking.is_none_or(|it| of([Ie::LOCKING_SHIFT; 2]) && it.has_locking()));
    assert!(single.is_none_or(|_| of([Ie::SINGLE_SHIFT; 2])));
}

/// Profile, count and storing of the last special message indication for each mailbox, bit by bit of 9.2.3.24.2:
/// a mailbox is of a profile and a type, and of type 3 the extended types have each one.
fn indications(elements: &[Ie<'_>]) -> Vec<(u8, u8, bool)> {
    let mut found: Vec<([u8; 3], (u8, u8, bool))> = Vec::new();
    for ie in elements.iter().filter(|ie| ie.iei == Ie::SPECIAL_MESSAGE) {
        let &[indication, count] = ie.data else { continue };
        let (kind, extended, profile) =
            (indication % 4, indication / 4 % 8, 1 + indication / 32 % 4);
        let mailbox = [profile, kind, if kind == 3 { extended } else { 0 }];
        found.retain(|(of, _)| *of != mailbox);
        found.push((mailbox, (profile, count, indication >= 128)));
    }
    found.into_iter().map(|(_, it)| it).collect()
}

/// The text, read septet by septet and unit by unit.
fn read(ud: &UserData) -> String {
    let body = ud.body();
    match ud.alphabet() {
        Alphabet::Gsm7 => {
            let header = ud.octets().len() - body.len();
            let start = (header * 8).div_ceil(7);
            let count = usize::from(ud.udl()).saturating_sub(start);
            let septets = septets::unpack(ud.octets(), start, count);
            let shifts = ud.udh().map_or(Shifts::NONE, |udh| udh.shifts());
            gsm7::Chars::new(&septets::pack(&septets), 0, septets.len(), shifts).collect()
        }
        Alphabet::Data8 => body.iter().copied().map(char::from).collect(),
        Alphabet::Ucs2 => {
            let units = body.chunks_exact(2).map(|it| u16::from_be_bytes([it[0], it[1]]));
            let odd = iter::repeat_n(char::REPLACEMENT_CHARACTER, body.len() % 2);
            char::decode_utf16(units)
                .map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER))
                .chain(odd)
                .collect()
        }
    }
}

/// What fits one message can be written as one.
fn comes_back(ud: &UserData) {
    let elements: Vec<_> = ud.udh().iter().flat_map(UserDataHeader::elements).collect();
    if ud.alphabet() == Alphabet::Data8 && ud.udhi() != elements.is_empty() {
        assert_eq!(UserData::with_elements(&elements, ud.body()).as_ref(), Ok(ud));
    }
    if ud.alphabet() != Alphabet::Data8 && ud.udh().is_none() {
        let text = ud.text().to_string();
        assert_eq!(UserData::from_text(&text).unwrap().text().to_string(), text);
    }
}
