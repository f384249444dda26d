//! Hand-made vectors: every octet was written down from the clauses, none by an encoder.

use std::time::Duration;

use proptest::prelude::*;

use super::{
    Address, Cursor, Deliver, SegmentBody, ServiceTime, StatusReport, Submit, gsm7, hex,
    national::Tables, octets, segments, vp::Validity,
};

fn submit(text: &str) -> Result<Submit, String> {
    let tpdu = octets(text.replace(' ', "").as_bytes()).map_err(|error| error.to_string())?;
    Submit::decode(&tpdu).map_err(|error| error.to_string())
}

#[test]
fn submit_with_relative_validity_reads_field_by_field() {
    let read = submit("35 2A 0C 91 947110325476 00 00 AA 05 E8329BFD06").unwrap();
    assert_eq!((read.mr, read.srr, read.rd, read.udhi), (0x2A, true, true, false));
    assert_eq!(read.da.to_string(), "+491701234567");
    // 0xAA = 170: four days.
    assert_eq!(read.vp, Some(Validity::For(Duration::from_secs(4 * 24 * 3600))));
    assert_eq!((read.text.as_str(), read.class, read.concat), ("hello", None, None));
}

#[test]
fn submit_with_header_starts_text_on_a_septet_boundary() {
    // One fill bit after six octets of header, then "A".
    let read = submit("41 00 0C 91 947110325476 00 00 08 0500034D0201 82").unwrap();
    assert_eq!(read.text, "A");
    let concat = read.concat.unwrap();
    assert_eq!((concat.reference, concat.total, concat.sequence), (0x4D, 2, 1));
    // 16 bit reference: seven octets of header are 56 bits, eight septets.
    let read = submit("41 00 0C 91 947110325476 00 00 09 06080412340302 41").unwrap();
    let concat = read.concat.unwrap();
    assert_eq!((concat.reference, concat.total, concat.sequence), (0x1234, 3, 2));
    assert_eq!(read.text, "A");
}

#[test]
fn national_tables_are_chosen_by_the_header() {
    // Four octets of header, IE 25 (locking) or 24 (single), then three fill bits.
    let turkish = submit("41 00 04 81 2143 00 00 07 03250101 003200").unwrap();
    assert_eq!(turkish.text, "İğ");
    let spanish = submit("41 00 04 81 2143 00 00 07 03240102 D88401").unwrap();
    assert_eq!(spanish.text, "á");
    let hindi = submit("41 00 04 81 2143 00 00 06 03240106 0802").unwrap();
    assert_eq!(hindi.remarks, ["a national language table that is not known here"]);
}

#[test]
fn tables_have_a_character_for_every_septet() {
    for locking in [0, 1, 3] {
        let tables = Tables { locking, single: 0 };
        let all: std::collections::BTreeSet<_> = (0..128).map(|s| tables.locking(s)).collect();
        assert_eq!(all.len(), 128, "table {locking}");
    }
    let turkish = Tables { locking: 1, single: 1 };
    let text = [0x40, 0x1C, 0x1D, 0x60, 0x0B, 0x0C, 0x07];
    assert_eq!(gsm7::decode(&text, turkish), "İŞşçĞğı");
    let portuguese = Tables { locking: 3, single: 3 };
    assert_eq!(gsm7::decode(&[0x7B, 0x7C, 0x5E, 0x1B, 0x7F, 0x5D], portuguese), "ãõÜâÚ");
}

#[test]
fn submit_in_ucs2_joins_surrogates() {
    let read = submit("01 00 04 81 2143 00 18 06 D83DDE00 0416").unwrap();
    assert_eq!((read.text.as_str(), read.class), ("😀Ж", Some(0)));
    assert_eq!(read.da.to_string(), "1234");
}

#[test]
fn strict_network_names_the_field_that_is_wrong() {
    for (tpdu, complaint) in [
        ("00 00 04 81 2143 00 00 00", "TP-MTI: is not SMS-SUBMIT"),
        ("01", "TP-MR: missing: the PDU ends before it"),
        ("01 00 00 81 00 00 00", "TP-DA: length is not 1 to 20 digits"),
        ("01 00 15 81 2143", "TP-DA: length is not 1 to 20 digits"),
        ("01 00 04 01 2143 00 00 00", "TP-DA: bit 7 of the type of address is 0"),
        ("01 00 04 F1 2143 00 00 00", "TP-DA: type of number is reserved"),
        ("01 00 04 82 2143 00 00 00", "TP-DA: numbering plan is reserved"),
        ("01 00 04 D0 2143 00 00 00", "TP-DA: a name cannot receive"),
        ("01 00 03 81 2143 00 00 00", "TP-DA: an odd number of digits is not filled up with F"),
        ("01 00 04 81 21F3 00 00 00", "TP-DA: a filler stands among the digits"),
        (
            "01 00 04 91 A143 00 00 00",
            "TP-DA: an international number has a character that is not 0 to 9",
        ),
        ("01 00 04 91 1043 00 00 00", "TP-DA: an international number starts with 0"),
        ("01 00 03 91 21F3 00 00 00", "TP-DA: an international number has not 4 to 15 digits"),
        (
            "01 00 10 91 2143658709214365 00 00 00",
            "TP-DA: an international number has not 4 to 15 digits",
        ),
        ("01 00 04 81 2143 80 00 00", "TP-PID: is reserved"),
        ("01 00 04 81 2143 00 20 00", "TP-DCS: compressed text"),
        ("01 00 04 81 2143 00 0C 00", "TP-DCS: alphabet is reserved"),
        ("01 00 04 81 2143 00 80 00", "TP-DCS: coding group is reserved"),
        ("01 00 04 81 2143 00 F8 00", "TP-DCS: bit 3 of the message class group is set"),
        ("19 00 04 81 2143 00 00 62131032000000 00", "TP-VP: no such date or time"),
        ("19 00 04 81 2143 00 00 6A111032000000 00", "TP-VP: a digit is not decimal"),
        (
            "09 00 04 81 2143 00 00 01AA0000000001 00",
            "TP-VP: enhanced format has octets after its value",
        ),
        ("01 00 04 81 2143 00 00 05 E8329BFD", "TP-UD: shorter than TP-UDL says"),
        ("01 00 04 81 2143 00 00 05 E8329BFD0600", "TP-UD: longer than TP-UDL says"),
        ("01 00 04 81 2143 00 00 A1", "TP-UDL: more than a segment can hold"),
        ("01 00 04 81 2143 00 08 8D", "TP-UDL: more than a segment can hold"),
        ("01 00 04 81 2143 00 08 03 004100", "TP-UD: UCS-2 text has an odd number of octets"),
        (
            "41 00 04 81 2143 00 08 08 050004010201 0041",
            "TP-UDH.IED: cut short: the PDU ends inside it",
        ),
        (
            "41 00 04 81 2143 00 08 08 050003010203 0041",
            "TP-UDH.IED: segment number is not within 1 to the total",
        ),
        (
            "41 00 04 81 2143 00 08 08 050003010200 0041",
            "TP-UDH.IED: segment number is not within 1 to the total",
        ),
        (
            "41 00 04 81 2143 00 08 07 04000201 02 0041",
            "TP-UDH.IEDL: length does not fit the element",
        ),
        ("41 00 04 81 2143 00 00 05 050003010201", "TP-UD: longer than TP-UDL says"),
        ("41 00 04 81 2143 00 00 06 050003010201", "TP-UDL: ends inside the header"),
    ] {
        assert_eq!(submit(tpdu).err().as_deref(), Some(complaint), "{tpdu}");
    }
    assert_eq!(octets(b"0").unwrap_err().problem, "odd number of hex digits");
    assert_eq!(octets(b"0G").unwrap_err().problem, "a character is not a hex digit");
}

#[test]
fn what_only_phones_show_wrongly_is_a_remark() {
    let split = submit("41 00 04 81 2143 00 00 08 050003010201 36").unwrap();
    assert_eq!(split.remarks, ["an escape sequence is split between segments"]);
    let half = submit("01 00 04 81 2143 00 08 02 D83D").unwrap();
    assert_eq!(half.remarks, ["half of a surrogate pair"]);
}

#[test]
fn service_centre_address_is_checked() {
    for (sca, good) in [
        ("00", true),
        ("07914151550501F0", true),
        ("01", false),
        ("0791415155", false),
        ("07114151550501F0", false),
        ("0C91214365870921436587092143", false),
    ] {
        let sca_octets = octets(sca.as_bytes()).unwrap();
        assert_eq!(Address::decode_sca(&mut Cursor::new(&sca_octets)).is_ok(), good, "{sca}");
    }
}

#[test]
fn validity_periods_have_their_lengths() {
    let relative = |octet| submit(&format!("11 00 04 81 2143 00 00 {octet} 00")).unwrap().vp;
    for (octet, minutes) in [
        ("00", 5),
        ("8F", 720),
        ("90", 750),
        ("A7", 1440),
        ("A8", 2880),
        ("C4", 43200),
        ("C5", 50400),
        ("FF", 635_040),
    ] {
        assert_eq!(relative(octet), Some(Validity::For(Duration::from_secs(minutes * 60))));
    }
    let enhanced = submit("09 00 04 81 2143 00 00 021E0000000000 00").unwrap().vp;
    assert_eq!(enhanced, Some(Validity::For(Duration::from_secs(30))));
    let enhanced = submit("09 00 04 81 2143 00 00 03100392000000 00").unwrap().vp;
    assert_eq!(enhanced, Some(Validity::For(Duration::from_secs(3600 + 30 * 60 + 29))));
    // 2026-11-23 20:10:00 at +2 h is 18:10:00 UTC.
    let absolute = submit("19 00 04 81 2143 00 00 62113202010080 00").unwrap().vp.unwrap();
    let now = "2026-11-23T18:00:00Z".parse().unwrap();
    assert_eq!(absolute.remaining(now), Duration::from_secs(600));
}

#[test]
fn deliver_and_report_are_written_octet_by_octet() {
    let scts = ServiceTime::new("2026-11-23T18:10:59Z".parse().unwrap(), -10);
    assert_eq!(hex(&scts.encode()), "6211325104 95 09".replace(' ', ""));
    let body = SegmentBody { dcs: 0, udhi: false, udl: 5, ud: vec![0xE8, 0x32, 0x9B, 0xFD, 6] };
    let deliver = Deliver { oa: Address::of("BANK"), pid: 0, scts, body };
    assert_eq!(hex(&deliver.encode()), "0407D0C2A0730900006211325104950905E8329BFD06");
    let (ra, dt) = (Address::of("+12345"), scts);
    let report = StatusReport { mr: 9, ra, scts, dt, st: 0x46 };
    assert_eq!(
        hex(&report.encode()),
        "0609059121 43F5 62113251049509 62113251049509 46".replace(' ', "")
    );
}

#[test]
fn phone_cuts_texts_where_the_alphabet_allows() {
    let lengths = |text: &str| segments(text, 7).iter().map(|s| s.udl).collect::<Vec<_>>();
    assert_eq!(lengths(&"a".repeat(160)), [160]);
    assert_eq!(lengths(&"a".repeat(161)), [160, 15]);
    // The euro's escape would be septet 153 of the first segment.
    assert_eq!(lengths(&format!("{}€{}", "a".repeat(152), "a".repeat(20))), [159, 29]);
    assert_eq!(lengths(&"я".repeat(70)), [140]);
    assert_eq!(lengths(&"я".repeat(71)), [140, 14]);
    assert_eq!(lengths(&format!("{}😀{}", "я".repeat(66), "я".repeat(9))), [138, 28]);
}

#[test]
fn alphabet_knows_its_extension_table() {
    assert_eq!(gsm7::encode("[€]").unwrap(), [0x1B, 0x3C, 0x1B, 0x65, 0x1B, 0x3E]);
    assert_eq!(gsm7::encode("@Δà"), Some(vec![0x00, 0x10, 0x7F]));
    assert_eq!(gsm7::encode("`"), None);
    // TS 23.038 clause 6.2.1.1: a code without a character shows the default table's.
    assert_eq!(gsm7::decode(&[0x1B, 0x41], Tables::default()), "A");
}

proptest! {
    #[test]
    fn reading_never_panics(tpdu in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Submit::decode(&tpdu);
    }

    #[test]
    fn packed_septets_come_back(septets in proptest::collection::vec(0u8..128, 0..160), fill in 0usize..7) {
        prop_assert_eq!(gsm7::unpack(&gsm7::pack(&septets, fill), fill, septets.len()), septets);
    }

    #[test]
    fn what_a_phone_sends_reads_back_as_one_text(text in "\\PC{0,300}") {
        let read: String = segments(&text, 1)
            .into_iter()
            .map(|body| {
                let first = if body.udhi { 0x41 } else { 0x01 };
                let mut tpdu = vec![first, 0, 4, 0x81, 0x21, 0x43, 0, body.dcs, body.udl];
                tpdu.extend(body.ud);
                Submit::decode(&tpdu).unwrap().text
            })
            .collect();
        prop_assert_eq!(read, text);
    }
}
