//! Octets worked out by hand from the clauses that each test names.

use ringpost_hal::pdu::{
    Address, Concat, ConcatRef, DecodeError, DecodeErrorKind, Deliver, MessageClass,
    MessageReference, StatusClass, StatusReport, Submit, UserData, ValidityPeriod, mode,
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
    assert_eq!(line, "079194710167000001AB");
    let (read, tpdu) = mode::decode_hex(&line.to_lowercase()).unwrap();
    assert_eq!((read, tpdu.as_slice()), (Some(sca), [0x01, 0xAB].as_slice()));
    assert_eq!(mode::encode_hex(None, &[0x01]).unwrap(), "0001");
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
