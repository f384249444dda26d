//! 3GPP TS 23.040 9.2.3 and 3GPP TS 23.038, clause by clause, in whole TPDUs that were written by hand.
//!
//! What a clause says in a table (TP-DCS, TP-PID, TP-ST, relative TP-VP, names of the headers) is in
//! `fields` and `headers`; here is where each field stands, and what its neighbours make of it.

use ringpost_hal::pdu::{
    Alphabet, Command, CommandType, Concat, ConcatRef, Dcs, DecodeErrorKind, Deliver,
    DeliverReport, FailureCause, Inbound, MessageNumber, MessageReference, Outbound, Pid, Protocol,
    RelayMessage, Segmentation, Status, StatusReport, Submit, SubmitReport, UserData,
    ValidityPeriod, gsm7::Code,
};

use crate::golden::hex;

/// 9.2.3.1 (bits 0-1 = 00), 9.2.3.2 (bit 2, 0 = more), 9.2.3.28 (bit 3), 9.2.3.4 (bit 5), 9.2.3.23 (bit
/// 6), 9.2.3.17 (bit 7).
#[test]
fn first_octet_of_a_deliver() {
    for (first, mms, lp, sri, udhi, rp) in [
        ("00", true, false, false, false, false),
        ("04", false, false, false, false, false),
        ("0C", false, true, false, false, false),
        ("24", false, false, true, false, false),
        ("44", false, false, false, true, false),
        ("84", false, false, false, false, true),
        ("E8", true, true, true, true, true),
    ] {
        // An empty header behind TP-UDL 1, where bit 6 says that there is one.
        let octets = hex(&format!("{first} 0291 21 00 04 42115051325404 01 00"));
        let it = Deliver::decode(&octets).unwrap();
        let flags = (it.mms, it.lp, it.sri, it.ud.udhi(), it.rp);
        assert_eq!(flags, (mms, lp, sri, udhi, rp), "{first}");
        assert_eq!(it.encode().unwrap(), octets[..], "{first}");
    }
}

/// 9.2.3.1 (01), 9.2.3.25 (bit 2), 9.2.3.3 (bits 3-4), 9.2.3.5 (bit 5), 9.2.3.23 (6), 9.2.3.17 (7); 9.2.3.6:
/// TP-MR follows.
#[test]
fn first_octet_of_a_submit() {
    for (first, vp, rd, srr, udhi, rp) in [
        ("01", "", false, false, false, false),
        ("05", "", true, false, false, false),
        ("09", "00000000000000", false, false, false, false),
        ("11", "00", false, false, false, false),
        ("19", "42115051325404", false, false, false, false),
        ("21", "", false, true, false, false),
        ("41", "", false, false, true, false),
        ("81", "", false, false, false, true),
        ("F5", "A7", true, true, true, true),
    ] {
        let octets = hex(&format!("{first} FE 0291 21 00 04 {vp} 01 00"));
        let it = Submit::decode(&octets).unwrap();
        let flags = (it.rd, it.srr, it.ud.udhi(), it.rp);
        assert_eq!(flags, (rd, srr, udhi, rp), "{first}");
        assert_eq!((it.mr, it.vp.is_some()), (MessageReference(0xFE), !vp.is_empty()));
        assert_eq!(it.encode().unwrap(), octets[..], "{first}");
    }
}

/// 9.2.3.1 (10), 9.2.3.2, 9.2.3.28, 9.2.3.26 (bit 5), then TP-MR, TP-RA (9.2.3.14), TP-SCTS, TP-DT
/// (9.2.3.13), TP-ST (9.2.3.15).
#[test]
fn first_octet_of_a_status_report() {
    for (first, mms, lp, srq) in [
        ("02", true, false, false),
        ("06", false, false, false),
        ("0E", false, true, false),
        ("26", false, false, true),
    ] {
        let octets = hex(&format!("{first} 2A 04 A1 2143 42115051325404 42115051428504 46"));
        let it = StatusReport::decode(&octets).unwrap();
        assert_eq!((it.mms, it.lp, it.srq), (mms, lp, srq), "{first}");
        assert_eq!((it.mr, it.ra.to_string()), (MessageReference(42), "1234".into()));
        // 2024-11-05T15:23:45+10:00, and 15:24:58.
        assert_eq!(it.scts.unix_seconds(), Some(1_730_784_225));
        assert_eq!(it.dt.unix_seconds(), Some(1_730_784_298));
        assert_eq!(it.st, Status::EXPIRED);
        assert_eq!(it.encode().unwrap(), octets[..], "{first}");
    }
}

/// 9.2.3.27: bits 0 to 2 of TP-PI announce TP-PID, TP-DCS, and TP-UDL with TP-UD, in this order.
#[test]
fn every_combination_of_parameters() {
    for indicator in 0..8_u8 {
        let mut tail = vec![indicator];
        tail.extend((indicator & 1 != 0).then_some(0x7F));
        tail.extend((indicator & 2 != 0).then_some(0xF6));
        // TP-DCS F6 is 8 bit data; without it two septets take two octets.
        tail.extend((indicator & 4 != 0).then_some([2, 0x48, 0x34]).into_iter().flatten());
        let status = [hex("06 07 029121 42115051325404 42115051325404 00"), tail.clone()].concat();
        let submit = [hex("01"), tail[..1].to_vec(), hex("42115051325404"), tail[1..].to_vec()];
        let deliver = [hex("00"), tail.clone()].concat();
        let status = StatusReport::decode(&status).unwrap().parameters;
        let ack = RelayMessage::Ack;
        let submit = SubmitReport::decode(&submit.concat(), ack).unwrap().parameters;
        let deliver = DeliverReport::decode(&deliver, ack).unwrap().parameters;
        assert!(status == submit && submit == deliver, "{indicator}");
        let present = (status.pid.is_some(), status.dcs.is_some(), status.ud.is_some());
        assert_eq!(present, (indicator & 1 != 0, indicator & 2 != 0, indicator & 4 != 0));
        assert!(status.pid.is_none_or(|it| it.protocol() == Protocol::SimDownload));
    }
}

/// 9.2.3.22: TP-FCS stands before TP-PI.
#[test]
fn failure_cause_leads() {
    let refused = hex("01 C5 01 42115051325404 40");
    let it = SubmitReport::decode(&refused, RelayMessage::Error).unwrap();
    assert_eq!((it.fcs, it.parameters.pid), (Some(FailureCause(0xC5)), Some(Pid::TYPE_0)));
    assert_eq!(it.encode().unwrap(), refused[..]);
    assert_eq!(Inbound::decode(&refused), Ok(Inbound::SubmitReport(it)));
    let failed = hex("00 D5 07 7F F6 02 9000");
    let it = DeliverReport::decode(&failed, RelayMessage::Error).unwrap();
    assert_eq!(it.parameters.ud.as_ref().unwrap().body(), hex("9000"));
    assert_eq!(it.encode().unwrap(), failed[..]);
    assert_eq!(Outbound::decode(&failed), Ok(Outbound::DeliverReport(it)));
}

/// 9.2.3.19 TP-CT, 9.2.3.18 TP-MN, 9.2.3.8 TP-DA, 9.2.3.20 TP-CDL, 9.2.3.21 TP-CD; 9.2.3.5 and 9.2.3.23.
#[test]
fn command_with_data() {
    for (first, srr, udhi) in [("02", false, false), ("22", true, false), ("42", false, true)] {
        let octets = hex(&format!("{first} 09 41 03 2A 03 81 21F3 04 0370 01 FF"));
        let it = Command::decode(&octets).unwrap();
        assert_eq!((it.srr, it.udhi, it.mr), (srr, udhi, MessageReference(9)), "{first}");
        assert_eq!((it.pid, it.ct), (Pid(0x41), CommandType::ENABLE_REPORT));
        assert_eq!((it.mn, it.da.to_string().as_str()), (MessageNumber(42), "123"));
        assert_eq!(&it.cd[..], hex("037001FF"));
        assert_eq!(it.encode().unwrap(), octets[..], "{first}");
    }
    // 9.2.3.21: TP-CD has 157 octets at the most.
    let with = |cdl: u8| [hex("02 09 00 00 00 0081"), vec![cdl], vec![0; cdl.into()]].concat();
    assert!(Command::decode(&with(157)).is_ok());
    let kind = DecodeErrorKind::TooLong { length: 158, max: 157 };
    let error = Command::decode(&with(158)).unwrap_err();
    assert_eq!((error.field, error.offset, error.kind), ("TP-CDL", 7, kind));
}

/// 9.2.3.12.2 and 9.2.3.12.3: seven octets each, between TP-DCS and TP-UDL.
#[test]
fn validity_periods_of_seven_octets() {
    let octets = hex("19 00 029121 00 00 42115051325404 02 4834");
    let it = Submit::decode(&octets).unwrap();
    let Some(ValidityPeriod::Absolute(until)) = it.vp else { panic!("absolute") };
    assert_eq!(
        (until.unix_seconds(), it.ud.text().to_string()),
        (Some(1_730_784_225), "Hh".into())
    );
    assert_eq!(it.encode().unwrap(), octets[..]);
    // Single shot, for 90 seconds.
    let octets = hex("09 00 029121 00 00 425A0000000000 02 C834");
    let it = Submit::decode(&octets).unwrap();
    let Some(ValidityPeriod::Enhanced(enhanced)) = it.vp else { panic!("enhanced") };
    assert_eq!((enhanced.seconds(), enhanced.single_shot()), (Some(90), true));
    assert_eq!(it.encode().unwrap(), octets[..]);
}

/// 23.038 6.2.1: all 128 septets in order, in 112 octets; 0x1B is the escape of the one behind it.
#[test]
fn default_alphabet() {
    const TABLE: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
        ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    const PACKED: &str = "8080604028180E888462C168381E90886442A9582E988C66C3E9783EA09068442A99\
        4EA8946AC56AB95EB0986C46ABD96EB89C6EC7EBF97EC0A070482C1A8FC8A472C96C3A9FD0A8744AAD5AAFD8\
        AC76CBED7ABFE0B0784C2E9BCFE8B47ACD6EBBDFF0B87C4EAFDBEFF8BC7ECFEFFBFF";
    let octets = [hex("04 029121 00 00 42115051325404 80"), hex(PACKED)].concat();
    let read = Deliver::decode(&octets).unwrap().ud.text().to_string();
    // The escape and Æ behind it read as Æ: the extension table has nothing there.
    assert_eq!(read, TABLE);
    for (c, septet) in TABLE.chars().zip((0..0x1B).chain(0x1C..0x80)) {
        assert_eq!(Code::of(c), Some(Code::Plain(septet)), "{c:?}");
    }
}

/// 23.038 6.2.1.1.
#[test]
fn extension_of_the_default_alphabet() {
    let octets = hex("04 029121 00 00 42115051325404 14 1BC586B2416D529BD786B7E96D7C1BE0A60C");
    let it = Deliver::decode(&octets).unwrap();
    assert_eq!(it.ud.text().to_string(), "\u{C}^{}\\[~]|€");
    assert_eq!(UserData::from_text("\u{C}^{}\\[~]|€").unwrap(), it.ud);
}

/// 9.2.3.24.1: IEI 00; 9.2.3.24: six octets of header are 48 bits, one fill bit makes them seven septets.
#[test]
fn fill_bits_behind_a_header() {
    let octets = hex("44 029121 00 00 42115051325404 0A 050003CC0301 82C221");
    let it = Deliver::decode(&octets).unwrap();
    let reference = ConcatRef::Narrow(0xCC);
    assert_eq!(it.ud.concat(), Some(Concat { reference, total: 3, sequence: 1 }));
    assert_eq!(it.ud.text().to_string(), "ABC");
    assert_eq!(it.encode().unwrap(), octets[..]);
}

/// 9.2.3.24.1: 160 septets less 7 are 153; an escape pair that would be cut moves on. 140 octets less 6
/// are 67 units of UCS-2; a surrogate pair moves on too.
#[test]
fn limits_of_segments() {
    let lengths = |text: &str| -> Vec<u8> {
        let segments = Segmentation::of(text).segments(ConcatRef::Narrow(1)).unwrap();
        segments.map(|ud| ud.udl()).collect()
    };
    assert_eq!(lengths(&"a".repeat(160)), [160]);
    assert_eq!(lengths(&"a".repeat(161)), [160, 15]);
    assert_eq!(lengths(&("a".repeat(152) + "€" + &"a".repeat(10))), [159, 19]);
    assert_eq!(lengths(&"Ж".repeat(70)), [140]);
    assert_eq!(lengths(&"Ж".repeat(71)), [140, 14]);
    assert_eq!(lengths(&("Ж".repeat(66) + "😀" + &"Ж".repeat(5))), [138, 20]);
}

/// 23.038 4: bit 5 of the general group says compressed (23.042): the octets are kept, and no text is made
/// of them.
#[test]
fn compressed_text_is_kept_and_not_read() {
    let octets = hex("04 029121 00 20 42115051325404 03 C83400");
    let it = Deliver::decode(&octets).unwrap();
    assert_eq!((it.dcs, it.ud.alphabet()), (Dcs(0x20), Alphabet::Data8));
    assert_eq!(it.ud.body(), hex("C83400"));
    assert_eq!(it.encode().unwrap(), octets[..]);
}

/// 9.2.3.16 and 9.2.3.24: TP-UDL counts septets, or octets; nothing follows where it is 0.
#[test]
fn empty_user_data() {
    for dcs in ["00", "04", "08"] {
        let octets = hex(&format!("04 029121 00 {dcs} 42115051325404 00"));
        let it = Deliver::decode(&octets).unwrap();
        assert_eq!((it.ud.udl(), it.ud.text().to_string()), (0, String::new()));
        assert_eq!(it.encode().unwrap(), octets[..]);
    }
}
