//! Any octets give a value or an error, and what decodes encodes back.

use proptest::{collection::vec, prelude::*};
use ringpost_hal::pdu::{
    Address, Alphabet, Command, CommandType, Dcs, Deliver, DeliverReport, EnhancedValidity,
    FailureCause, Inbound, MessageNumber, MessageReference, Outbound, Parameters, Pid,
    RelayMessage, Status, StatusReport, Submit, SubmitReport, Timestamp, UserData, ValidityPeriod,
    mode,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_octets_decode_or_fail(octets in vec(any::<u8>(), 0..240)) {
        decode_all(&octets);
    }

    /// Octets that come further than noise does: a plausible head, then anything.
    #[test]
    fn plausible_octets_decode_or_fail(
        first: u8, address in any_address(), dcs: u8, tail in vec(any::<u8>(), 0..200)
    ) {
        for head in [&[first][..], &[first, 7]] {
            let mut octets = head.to_vec();
            octets.extend(address_octets(&address));
            octets.extend([0, dcs]);
            octets.extend(&tail);
            decode_all(&octets);
            // All but the first octet, whose bits may be reserved, has one encoding here.
            let again = match head {
                [_] => Deliver::decode(&octets).map(|deliver| deliver.encode().unwrap()),
                _ => Submit::decode(&octets).map(|submit| submit.encode().unwrap()),
            };
            prop_assert!(again.is_err() || octets[1..].starts_with(&again.unwrap()[1..]));
        }
    }

    #[test]
    fn any_line_decodes_or_fails(line in "([0-9A-Fa-f]{0,500}|.{0,40})") {
        if let Ok((sca, tpdu)) = mode::decode_hex(&line) {
            let again = mode::encode_hex(sca.as_ref(), &tpdu).unwrap();
            prop_assert_eq!(mode::decode_hex(&again).unwrap(), (sca, tpdu));
        }
    }

    #[test]
    fn inbound_comes_back(tpdu in any_inbound()) {
        let octets = tpdu.encode().unwrap();
        prop_assert_eq!(Inbound::decode(&octets), Ok(tpdu));
    }

    #[test]
    fn outbound_comes_back(tpdu in any_outbound()) {
        let octets = tpdu.encode().unwrap();
        prop_assert_eq!(Outbound::decode(&octets), Ok(tpdu));
    }

    #[test]
    fn debug_shows_neither_text_nor_number(text in "[A-Z]{5,20}", digits in "[1-9]{6,15}") {
        let submit =
            Submit::new(Address::international(&digits).unwrap(), UserData::from_text(&text).unwrap());
        let tpdu = submit.encode().unwrap();
        let line = mode::encode_hex(None, &tpdu).unwrap();
        let shown = format!("{submit:?} {:?} {tpdu:?} {line:?}", submit.ud.text());
        prop_assert!(!shown.contains(&line[10..20]), "{}", shown);
        prop_assert!(!shown.contains(&format!("{:?}", &tpdu[5..10])), "{}", shown);
        prop_assert!(!shown.contains(&text), "{}", shown);
        prop_assert!(!shown.contains(&digits[..digits.len() - 2]), "{}", shown);
        prop_assert!(shown.contains(&format!("*{}", &digits[digits.len() - 2..])), "{}", shown);
    }

    #[test]
    fn every_error_lies_within_the_octets(octets in vec(any::<u8>(), 0..60)) {
        let errors = [Submit::decode(&octets).err(), Deliver::decode(&octets).err()];
        for error in errors.iter().flatten() {
            prop_assert!(error.offset <= octets.len());
        }
    }
}

/// Decodes as every TPDU, reads what there is, and encodes back.
fn decode_all(octets: &[u8]) {
    if let Ok(tpdu) = Inbound::decode(octets) {
        read_all(inbound_ud(&tpdu));
        let again = tpdu.encode().unwrap();
        assert!(again.len() <= octets.len());
        assert_eq!(Inbound::decode(&again), Ok(tpdu));
    }
    if let Ok(tpdu) = Outbound::decode(octets) {
        read_all(outbound_ud(&tpdu));
        let again = tpdu.encode().unwrap();
        assert!(again.len() <= octets.len());
        assert_eq!(Outbound::decode(&again), Ok(tpdu));
    }
    for carrier in [RelayMessage::Ack, RelayMessage::Error] {
        if let Ok(report) = SubmitReport::decode(octets, carrier) {
            assert_eq!(SubmitReport::decode(&report.encode().unwrap(), carrier), Ok(report));
        }
        if let Ok(report) = DeliverReport::decode(octets, carrier) {
            assert_eq!(DeliverReport::decode(&report.encode().unwrap(), carrier), Ok(report));
        }
    }
}

fn read_all(ud: Option<&UserData>) {
    let Some(ud) = ud else { return };
    assert!(ud.text().chars().count() <= 2 * ud.octets().len());
    let _ = (ud.concat(), format!("{ud:?}"));
}

fn inbound_ud(tpdu: &Inbound) -> Option<&UserData> {
    match tpdu {
        Inbound::Deliver(deliver) => Some(&deliver.ud),
        Inbound::SubmitReport(report) => report.parameters.ud.as_ref(),
        Inbound::StatusReport(report) => report.parameters.ud.as_ref(),
    }
}

fn outbound_ud(tpdu: &Outbound) -> Option<&UserData> {
    match tpdu {
        Outbound::Submit(submit) => Some(&submit.ud),
        Outbound::Command(_) => None,
        Outbound::DeliverReport(report) => report.parameters.ud.as_ref(),
    }
}

fn address_octets(address: &Address) -> Vec<u8> {
    let submit = Submit::new(*address, UserData::from_octets(&[]).unwrap()).encode().unwrap();
    submit[2..submit.len() - 3].to_vec()
}

fn any_address() -> impl Strategy<Value = Address> {
    prop_oneof![
        "[0-9]{1,20}".prop_map(|digits| Address::international(&digits).unwrap()),
        "[0-9*#abc]{1,20}".prop_map(|digits| Address::parse(&digits).unwrap()),
        "[A-Za-z0-9 @ÄΩ]{1,11}".prop_map(|name| Address::alphanumeric(&name).unwrap()),
        "[€\\[]{1,5}".prop_map(|name| Address::alphanumeric(&name).unwrap()),
    ]
}

fn any_ud() -> impl Strategy<Value = UserData> {
    prop_oneof![
        "[ -~äΩ]{0,65}".prop_map(|text| UserData::from_text(&text).unwrap()),
        "[Ж-Я😀]{0,35}".prop_map(|text| UserData::from_text(&text).unwrap()),
        vec(any::<u8>(), 0..=130).prop_map(|octets| UserData::from_octets(&octets).unwrap()),
    ]
}

prop_compose! {
    fn any_parameters()(
        pid: Option<u8>, ud in proptest::option::of(any_ud()), udhi: bool
    ) -> Parameters {
        let stray_udhi = udhi && ud.is_none();
        let dcs = ud.as_ref().map(|ud| ud.alphabet().into());
        Parameters { pid: pid.map(Pid), dcs, ud, stray_udhi }
    }
}

pub(crate) fn any_inbound() -> impl Strategy<Value = Inbound> {
    let time = any::<[u8; 7]>().prop_map(Timestamp::from_octets);
    let fcs = proptest::option::of(0x80..=0xFFu8);
    prop_oneof![
        (any_address(), time.clone(), any_ud(), any::<[bool; 4]>()).prop_map(
            |(oa, scts, ud, [mms, lp, sri, rp])| {
                Inbound::Deliver(Deliver { mms, lp, sri, rp, ..Deliver::new(oa, scts, ud) })
            }
        ),
        (any_address(), time.clone(), any::<[u8; 2]>(), any::<[bool; 3]>(), any_parameters())
            .prop_map(|(ra, dt, [mr, st], [mms, lp, srq], parameters)| {
                let (mr, st) = (MessageReference(mr), Status(st));
                let report = StatusReport { mms, lp, srq, mr, ra, scts: dt, dt, st, parameters };
                Inbound::StatusReport(report)
            }),
        (fcs, time, any_parameters()).prop_map(|(fcs, scts, parameters)| {
            let fcs = fcs.map(FailureCause);
            Inbound::SubmitReport(SubmitReport { fcs, scts, parameters })
        }),
    ]
}

pub(crate) fn any_outbound() -> impl Strategy<Value = Outbound> {
    let fcs = proptest::option::of(0x80..=0xFFu8);
    let command = (any_address(), any::<[u8; 4]>(), any::<[bool; 2]>(), vec(any::<u8>(), 0..100));
    prop_oneof![
        (any_address(), any_ud(), any_vp(), any::<u8>(), any::<[bool; 3]>()).prop_map(
            |(da, ud, vp, mr, [rd, rp, srr])| {
                let mr = MessageReference(mr);
                Outbound::Submit(Submit { rd, rp, srr, mr, vp, ..Submit::new(da, ud) })
            }
        ),
        command.prop_map(|(da, [mr, pid, ct, mn], [udhi, srr], cd)| {
            let cd = cd.as_slice().try_into().unwrap();
            let (mr, pid) = (MessageReference(mr), Pid(pid));
            let (ct, mn) = (CommandType(ct), MessageNumber(mn));
            Outbound::Command(Command { udhi, srr, mr, pid, ct, mn, da, cd })
        }),
        (fcs, any_parameters()).prop_map(|(fcs, parameters)| {
            Outbound::DeliverReport(DeliverReport { fcs: fcs.map(FailureCause), parameters })
        }),
    ]
}

fn any_vp() -> impl Strategy<Value = Option<ValidityPeriod>> {
    prop_oneof![
        Just(None),
        any::<u8>().prop_map(|octet| Some(ValidityPeriod::Relative(octet))),
        any::<[u8; 7]>()
            .prop_map(|octets| Some(ValidityPeriod::Absolute(Timestamp::from_octets(octets)))),
        any::<[u8; 7]>()
            .prop_map(|octets| Some(ValidityPeriod::Enhanced(EnhancedValidity(octets)))),
    ]
}

/// 23.038 4: all 256 codings read as something, and keep their octet.
#[test]
fn every_coding_has_an_alphabet() {
    for octet in 0..=0xFF {
        let dcs = Dcs(octet);
        let reserved = (0x80..0xC0).contains(&octet) || octet < 0x80 && octet & 0x0C == 0x0C;
        if reserved {
            assert_eq!((dcs.alphabet(), dcs.class()), (Alphabet::Gsm7, None), "{octet:#x}");
        }
        assert_eq!(dcs.0, octet);
    }
}
