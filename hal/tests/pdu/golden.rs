//! Octets worked out by hand from the clauses that each test names.

use ringpost_hal::pdu::{
    Address, Command, CommandType, Concat, ConcatRef, Dcs, DecodeError, DecodeErrorKind, Deliver,
    DeliverReport, EncodeErrorKind, FailureCause, Inbound, MessageClass, MessageNumber,
    MessageReference, Outbound, Parameters, Pid, RelayMessage, StatusClass, StatusReport, Submit,
    SubmitReport, Timestamp, UserData, ValidityPeriod, mode,
};

/// 23.040 9.2.2.2: first octet 0x31 = SUBMIT, relative TP-VP, status report asked for.
#[test]
fn submit_with_relative_validity_and_report() {
    let octets = hex("3107 0D9194511132 5476F8 0000 00 0A E8329BFD4697D9EC37");
    let submit = Submit {
        srr: true,
        mr: MessageReference(7),
        vp: Some(ValidityPeriod::relative_at_least(300)),
        ..Submit::new(address("+4915112345678"), UserData::from_text("hellohello").unwrap())
    };
    assert_eq!(submit.encode().unwrap(), octets[..]);
    let decoded = Submit::decode(&octets).unwrap();
    assert_eq!(decoded, submit);
    assert_eq!(decoded.ud.text().to_string(), "hellohello");
    assert_eq!(decoded.da.to_string(), "+4915112345678");
}

/// 23.038 4: class 0 in the general group is 0x10; 23.040 9.2.3.25: TP-RD is bit 2.
#[test]
fn flash_submit_that_rejects_duplicates() {
    let plain = Submit::new(address("+12"), UserData::from_text("42").unwrap());
    let submit = Submit { rd: true, dcs: plain.dcs.with_class(MessageClass::Class0), ..plain };
    let octets = hex("05000291210010023419");
    assert_eq!(submit.encode().unwrap(), octets[..]);
    assert_eq!(Submit::decode(&octets).unwrap().dcs.class(), Some(MessageClass::Class0));
}

/// 23.040 9.1.2.5: a name of 8 septets is 14 semi-octets; 9.2.3.11: 0x80 = 8 quarters before UTC.
#[test]
fn deliver_from_a_name_in_ucs2() {
    let octets = hex("040ED0D2B4FB0C7FCFE900081110102143658004 0416042F");
    let deliver = Deliver::decode(&octets).unwrap();
    assert_eq!(deliver.oa, Address::alphanumeric("Ringpost").unwrap());
    assert_eq!(deliver.oa.to_string(), "Ringpost");
    assert_eq!(deliver.ud.text().to_string(), "ЖЯ");
    // 2011-01-01T12:34:56+02:00.
    assert_eq!(deliver.scts.unix_seconds(), Some(1_293_878_096));
    assert!(!deliver.mms);
    assert_eq!(deliver.encode().unwrap(), octets[..]);
}

/// 23.040 9.2.2.3: the TPDU may end at TP-ST; 9.2.3.15: 0 = received by the phone.
#[test]
fn status_report_without_parameters() {
    let octets = hex("0607 0D9194511132 5476F8 11101021436500 11101021437500 00");
    let report = StatusReport::decode(&octets).unwrap();
    assert_eq!(report.mr, MessageReference(7));
    assert_eq!(report.st.class(), StatusClass::Done);
    assert_eq!(report.dt.unix_seconds().unwrap() - report.scts.unix_seconds().unwrap(), 1);
    assert!(report.ra.same_last_digits(&address("015112345678"), 7));
    assert_eq!(report.encode().unwrap(), octets[..]);
}

/// 23.040 9.2.3.24.8: IEI 08; 9.2.3.24: a header of 7 octets covers 8 septets, without fill bits.
#[test]
fn deliver_with_wide_concatenation() {
    let octets = hex("44 029121 0000 11101021436500 09 06080412340201 61");
    let deliver = Deliver::decode(&octets).unwrap();
    let reference = ConcatRef::Wide(0x1234);
    assert_eq!(deliver.ud.concat(), Some(Concat { reference, total: 2, sequence: 1 }));
    assert_eq!(deliver.ud.text().to_string(), "a");
    assert_eq!(deliver.encode().unwrap(), octets[..]);
}

/// 23.040 9.2.3.24: TP-UDL of 10 septets needs 9 octets, and 8 follow.
#[test]
fn missing_octets_have_field_and_offset() {
    let error = Deliver::decode(&hex("04 029121 0000 11101021436500 0A E8329BFD4697D9EC"));
    let DecodeError { field, offset, kind } = error.unwrap_err();
    assert_eq!((field, offset, kind), ("TP-UD", 14, DecodeErrorKind::Short { missing: 1 }));
}

/// 27.005 3.1: the service centre address leads and is not counted.
#[test]
fn line_of_pdu_mode() {
    let sca = address("+491710760000");
    let line = mode::encode_hex(Some(&sca), &[0x01, 0xAB]).unwrap();
    assert_eq!(&*line, "079194710167000001AB");
    let (read, tpdu) = mode::decode_hex(&line.to_lowercase()).unwrap();
    assert_eq!((read, &*tpdu), (Some(sca), &[0x01, 0xAB][..]));
    assert_eq!(&*mode::encode_hex(None, &[0x01]).unwrap(), "0001");
    // 24.011 8.2.5.2: an odd last digit has the filler 1111.
    let odd = address("+12345");
    let line = mode::encode_hex(Some(&odd), &[]).unwrap();
    assert_eq!(&*line, "04912143F5");
    assert_eq!(mode::decode_hex(&line).unwrap().0, Some(odd));
    // A name of eight letters fills seven octets, and its last one is no filler; seven letters leave seven bits.
    for name in ["abcdefgz", "abcdefgà", "abcdefg", "ab"] {
        let name = Address::alphanumeric(name).unwrap();
        let line = mode::encode_hex(Some(&name), &[0x01]).unwrap();
        assert_eq!(mode::decode_hex(&line).unwrap().0, Some(name));
    }
}

#[test]
fn lines_that_are_no_pdu() {
    let error = |line: &str| mode::decode_hex(line).unwrap_err();
    assert_eq!((error("00AG").offset, error("00AG").kind), (1, DecodeErrorKind::NotHex));
    assert_eq!((error("00A").offset, error("00A").kind), (1, DecodeErrorKind::NotHex));
    assert_eq!((error("").field, error("02").field), ("SCA", "SCA"));
    let max = DecodeErrorKind::TooLong { length: 12, max: 11 };
    assert_eq!((error("0C91").offset, error("0C91").kind), (0, max));
    assert_eq!(error(&"00".repeat(245)).field, "PDU");
    assert_eq!(error(&"00".repeat(234)).field, "TPDU");
    assert!(mode::decode_hex(&"00".repeat(233)).is_ok());
}

/// 23.040 9.2.3.1: the type says which TPDU, and 11 reads as DELIVER.
#[test]
fn other_message_types_are_refused() {
    let wrong_type = |octet: u8, decode: fn(&[u8]) -> Option<DecodeError>| {
        decode(&[octet, 0]).unwrap().kind == DecodeErrorKind::WrongType
    };
    let submit: fn(&[u8]) -> Option<DecodeError> = |octets| Submit::decode(octets).err();
    let deliver: fn(&[u8]) -> Option<DecodeError> = |octets| Deliver::decode(octets).err();
    let status: fn(&[u8]) -> Option<DecodeError> = |octets| StatusReport::decode(octets).err();
    assert_eq!([0, 1, 2, 3].map(|mti| wrong_type(mti, submit)), [true, false, true, true]);
    assert_eq!([0, 1, 2, 3].map(|mti| wrong_type(mti, deliver)), [false, true, true, false]);
    assert_eq!([0, 1, 2, 3].map(|mti| wrong_type(mti, status)), [true, true, false, true]);
}

/// 31.102 4.2.25: a SIM record is filled with FF behind its TPDU; other octets do not belong there.
#[test]
fn padding_is_passed_over() {
    let report = "0607 0D9194511132 5476F8 11101021436500 11101021437500 00";
    assert!(StatusReport::decode(&hex(&(report.to_owned() + "FFFFFF"))).is_ok());
    let deliver = "04 029121 0000 11101021436500 0161";
    assert!(Deliver::decode(&hex(&(deliver.to_owned() + "FFFF"))).is_ok());
    let error = Deliver::decode(&hex(&(deliver.to_owned() + "00FF"))).unwrap_err();
    assert_eq!((error.offset, error.kind), (15, DecodeErrorKind::Trailing { count: 2 }));
}

/// 23.040 9.2.3.27: a reserved bit, or an extension octet, announces something that is to be discarded.
#[test]
fn reserved_parameters_are_discarded() {
    let report = "0607 029121 11101021436500 11101021437500 00";
    let read = |tail: &str| StatusReport::decode(&hex(&(report.to_owned() + tail)));
    assert_eq!(read("09 40 ABCD").unwrap().parameters.pid, Some(Pid::TYPE_0));
    assert_eq!(read("81 00 40 ABCD").unwrap().parameters.pid, Some(Pid::TYPE_0));
    assert_eq!(read("01 40 ABCD").unwrap_err().kind, DecodeErrorKind::Trailing { count: 2 });
    // TP-UD without TP-DCS is GSM 7 bit.
    let ud = read("04 02 3419").unwrap().parameters.ud.unwrap();
    assert_eq!(ud.text().to_string(), "42");
}

/// 23.040 9.2.3.16: 140 octets, which are 160 septets.
#[test]
fn user_data_length_has_its_limits() {
    let deliver = |dcs: &str, udl: &str, octets: usize| {
        let head = format!("04 029121 00 {dcs} 11101021436500 {udl}");
        Deliver::decode(&hex(&(head + &"00".repeat(octets)))).map(|deliver| deliver.ud.udl())
    };
    assert_eq!((deliver("00", "A0", 140), deliver("08", "8C", 140)), (Ok(160), Ok(140)));
    let error = deliver("00", "A1", 141).unwrap_err();
    let max = DecodeErrorKind::TooLong { length: 161, max: 160 };
    assert_eq!((error.field, error.offset, error.kind), ("TP-UDL", 13, max));
    let max = DecodeErrorKind::TooLong { length: 141, max: 140 };
    assert_eq!(deliver("04", "8D", 141).unwrap_err().kind, max);
}

/// 23.040 9.2.2.3: 131 octets of TP-UD.
#[test]
fn status_report_carries_less() {
    let report =
        StatusReport::decode(&hex("0607 029121 11101021436500 11101021437500 00")).unwrap();
    let with = |octets: &[u8]| {
        let ud = Some(UserData::from_octets(octets).unwrap());
        let parameters = Parameters { dcs: Some(Dcs(0x04)), ud, ..Parameters::default() };
        StatusReport { parameters, ..report.clone() }.encode()
    };
    assert!(with(&[0; 131]).is_ok());
    let max = EncodeErrorKind::TooLong { length: 132, max: 131 };
    assert_eq!(with(&[0; 132]).unwrap_err().kind, max);
}

#[test]
fn coding_and_user_data_have_to_agree() {
    let submit = Submit::new(address("+12"), UserData::from_text("42").unwrap());
    let error = Submit { dcs: Dcs(0x08), ..submit }.encode().unwrap_err();
    assert_eq!(
        (error.field, error.kind),
        ("TP-DCS", EncodeErrorKind::Contradicts { other: "TP-UD" })
    );
}

/// 23.038 6.2.1.1 and UTF-16: what is broken or undefined still reads as something.
#[test]
fn undefined_text_reads_as_something() {
    let read = |dcs: &str, ud: &str| {
        let octets = hex(&format!("04 029121 00 {dcs} 11101021436500 {ud}"));
        Deliver::decode(&octets).unwrap().ud.text().to_string()
    };
    // An escape at the end, a double escape, and `A`, which the extension lacks.
    assert_eq!(read("00", "01 1B"), " ");
    assert_eq!(read("00", "03 9B4D10"), " A");
    assert_eq!(read("00", "02 9B20"), "A");
    // A low surrogate alone, and an odd octet at the end.
    assert_eq!(read("08", "05 0041DC0042"), "A\u{FFFD}\u{FFFD}");
    // Octets without an alphabet are kept one by one.
    assert_eq!(read("04", "03 41FF00"), "A\u{FF}\0");
}

/// 23.040 9.2.2.1a and 9.2.2.2a: TP-FCS only in an RP-ERROR.
#[test]
fn reports() {
    let ack = DeliverReport::default();
    assert_eq!(ack.encode().unwrap(), hex("00 00")[..]);
    let full = FailureCause::MEMORY_CAPACITY_EXCEEDED;
    let error = DeliverReport { fcs: Some(full), ..ack.clone() };
    assert_eq!(error.encode().unwrap(), hex("00 D3 00")[..]);
    assert_eq!(DeliverReport::decode(&hex("00 D3 00"), RelayMessage::Error), Ok(error.clone()));
    assert_eq!(Outbound::decode(&hex("00 D3 00")), Ok(Outbound::DeliverReport(error)));
    assert_eq!(Outbound::decode(&hex("00 00")), Ok(Outbound::DeliverReport(ack)));
    // 9.2.3.27: no release defines 0x12 as a TP-PI, so it is a TP-FCS, unless the carrier is known.
    let Outbound::DeliverReport(odd) = Outbound::decode(&hex("00 12 00")).unwrap() else {
        panic!()
    };
    assert_eq!(odd.fcs, Some(FailureCause(0x12)));
    assert_eq!(DeliverReport::decode(&hex("00 12 00"), RelayMessage::Ack).unwrap().fcs, None);
    let scts = Timestamp::from_octets(hex("11101021436500").try_into().unwrap());
    let refused =
        SubmitReport { fcs: Some(FailureCause(0x80)), scts, parameters: Parameters::default() };
    assert_eq!(refused.encode().unwrap(), hex("01 80 00 11101021436500")[..]);
    assert_eq!(Inbound::decode(&refused.encode().unwrap()), Ok(Inbound::SubmitReport(refused)));
    // TP-UD of a DELIVER-REPORT: 159 octets in an RP-ACK, 158 beside TP-FCS; of a SUBMIT-REPORT 152.
    let ud = |count: usize| hex(&format!("{count:02X}{}", "00".repeat(count)));
    let ack = [hex("00 06 04"), ud(159)].concat();
    assert!(DeliverReport::decode(&ack, RelayMessage::Ack).is_ok());
    let error = [hex("00 D3 06 04"), ud(159)].concat();
    assert!(DeliverReport::decode(&error, RelayMessage::Error).is_err());
    let error = [hex("00 D3 06 04"), ud(158)].concat();
    assert!(DeliverReport::decode(&error, RelayMessage::Error).is_ok());
    let ack = |count| [hex("01 06 11101021436500 04"), ud(count)].concat();
    assert!(SubmitReport::decode(&ack(152), RelayMessage::Ack).is_ok());
    assert!(SubmitReport::decode(&ack(153), RelayMessage::Ack).is_err());
}

/// 23.040 9.2.3.23: TP-UDHI without TP-UD announces nothing, and comes back.
#[test]
fn header_indicator_without_user_data() {
    let report = hex("46 07 029121 11101021436500 11101021437500 00");
    let read = StatusReport::decode(&report).unwrap();
    assert!(read.parameters.udhi() && read.parameters.stray_udhi);
    assert_eq!(read.encode().unwrap(), report[..]);
    for octets in ["40 00", "40 D3 01 40"] {
        assert_eq!(Outbound::decode(&hex(octets)).unwrap().encode().unwrap(), hex(octets)[..]);
    }
    let octets = hex("41 00 11101021436500");
    assert_eq!(Inbound::decode(&octets).unwrap().encode().unwrap(), octets[..]);
    // With TP-UD it is that of the user data.
    let octets = hex("40 06 04 06 03 01 02 80 05 41");
    let Outbound::DeliverReport(report) = Outbound::decode(&octets).unwrap() else { panic!() };
    assert!(report.parameters.udhi() && !report.parameters.stray_udhi);
    assert_eq!(report.encode().unwrap(), octets[..]);
    let parameters = Parameters { stray_udhi: true, ..report.parameters };
    assert_eq!(DeliverReport { fcs: None, parameters }.encode().unwrap_err().field, "TP-UDHI");
}

/// 23.040 9.2.2.4: delete message 7 to +12.
#[test]
fn command() {
    let octets = hex("22 08 00 02 07 029121 00");
    let command = Command::decode(&octets).unwrap();
    assert_eq!(
        (command.ct, command.mn, command.srr),
        (CommandType::DELETE, MessageNumber(7), true)
    );
    assert_eq!(command.encode().unwrap(), octets[..]);
    assert_eq!(Outbound::decode(&octets), Ok(Outbound::Command(command)));
}

fn address(number: &str) -> Address {
    Address::parse(number).unwrap()
}

/// Octets of hexadecimal text; blanks separate fields.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    let pair = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(pair).collect()
}
