//! TPDUs of both directions: what can be read is written again as it was.

use std::fmt::Debug;

use ringpost_hal::pdu::{
    Command, DecodeError, DecodeErrorKind, Deliver, DeliverReport, EncodeError, Inbound, Outbound,
    Parameters, RelayMessage, StatusReport, Submit, SubmitReport, Timestamp, Tpdu, UserData,
    ValidityPeriod,
};

use crate::{address, user_data};

/// TP-UDHI.
const UDHI: u8 = 0x40;
/// Bits of TP-PI that announce what this codec knows.
const KNOWN: u8 = 0x07;

/// A TPDU from the service centre.
pub fn inbound(octets: &[u8]) {
    // Whatever is added to the octets, what carried them remains.
    let decode = |again: &[u8]| Inbound::decode_from(again, RelayMessage::guess(octets));
    assert_eq!(decode(octets), Inbound::decode(octets));
    round_trip(octets, decode, Inbound::encode, |tpdu, octets| match tpdu {
        Inbound::Deliver(tpdu) => deliver(tpdu),
        Inbound::SubmitReport(tpdu) => submit_report(tpdu),
        Inbound::StatusReport(tpdu) => status_report(tpdu, octets),
    });
    for carrier in [RelayMessage::Ack, RelayMessage::Error] {
        let decode = |octets: &[u8]| SubmitReport::decode(octets, carrier);
        round_trip(octets, decode, SubmitReport::encode, |tpdu, _| submit_report(tpdu));
    }
}

/// A TPDU to the service centre.
pub fn outbound(octets: &[u8]) {
    let decode = |again: &[u8]| Outbound::decode_from(again, RelayMessage::guess(octets));
    assert_eq!(decode(octets), Outbound::decode(octets));
    round_trip(octets, decode, Outbound::encode, |tpdu, _| match tpdu {
        Outbound::Submit(tpdu) => submit(tpdu),
        Outbound::Command(tpdu) => command(tpdu),
        Outbound::DeliverReport(tpdu) => deliver_report(tpdu),
    });
    for carrier in [RelayMessage::Ack, RelayMessage::Error] {
        let decode = |octets: &[u8]| DeliverReport::decode(octets, carrier);
        round_trip(octets, decode, DeliverReport::encode, |tpdu, _| deliver_report(tpdu));
    }
}

/// What of a TPDU may be written otherwise than it was read.
struct Shape {
    /// Bits of the first octet that mean something.
    first: u8,
    /// Where the length of an address stands.
    address: Option<usize>,
    /// Where TP-PI stands.
    indicator: Option<usize>,
    /// Octets at the end that are text or data.
    body: usize,
}

fn round_trip<T: PartialEq + Debug>(
    octets: &[u8],
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
    encode: impl Fn(&T) -> Result<Tpdu, EncodeError>,
    check: impl Fn(&T, &[u8]) -> Shape,
) {
    let tpdu = match decode(octets) {
        Ok(tpdu) => tpdu,
        Err(error) => return check_error(octets, error, decode),
    };
    let shape = check(&tpdu, octets);
    let again = encode(&tpdu).unwrap();
    let (same, left) = canonical(octets, &shape, again.len());
    assert_eq!(*again, same[..]);
    assert!(left, "only padding, and what nobody knows, is left out");
    assert_eq!(decode(&again).as_ref(), Ok(&tpdu));
    // Padding changes nothing, nor does what a later release may add.
    assert_eq!(decode(&[&again[..], &[0xFF; 3]].concat()).as_ref(), Ok(&tpdu));
    if let Some(at) = shape.indicator.filter(|at| *at < again.len()) {
        let mut later = [&again[..], b"later"].concat();
        later[at] |= 0x08;
        assert_eq!(decode(&later).as_ref(), Ok(&tpdu));
    }
    // Another text of the same length: nothing that is shown may change.
    let mut other = again.to_vec();
    let start = other.len() - shape.body;
    other[start..].iter_mut().for_each(|octet| *octet ^= 0x55);
    assert_eq!(format!("{:?}", decode(&other).unwrap()), format!("{tpdu:?}"));
}

/// Every error names a place within the octets; what is missing helps where it is added.
fn check_error<T: PartialEq + Debug>(
    octets: &[u8],
    error: DecodeError,
    decode: impl Fn(&[u8]) -> Result<T, DecodeError>,
) {
    assert!(error.offset <= octets.len());
    if let DecodeErrorKind::Short { missing } = error.kind {
        assert!((1..=255).contains(&missing));
        let longer = [octets, &vec![0; missing]].concat();
        assert_ne!(decode(&longer).err(), Some(error));
    }
}

/// The first `length` octets as they are to be written, and whether the others may be left out.
fn canonical(octets: &[u8], shape: &Shape, length: usize) -> (Vec<u8>, bool) {
    let mut octets = octets.to_vec();
    octets[0] &= shape.first;
    if let Some(at) = shape.address {
        let digits = usize::from(octets[at]);
        let name = octets[at + 1] & 0x70 == 0x50;
        if digits % 2 == 1 && !name {
            octets[at + 2 + digits / 2] |= 0xF0;
        }
    }
    let mut unknown = false;
    if let Some(at) = shape.indicator.filter(|at| octets[*at..].iter().any(|it| *it != 0xFF)) {
        unknown = octets[at] & !KNOWN != 0;
        while octets[at] & 0x80 != 0 {
            let last = octets.remove(at + 1) & 0x80;
            octets[at] = octets[at] & !0x80 | last;
        }
        octets[at] &= KNOWN;
        // A STATUS-REPORT that has no parameters ends before TP-PI.
        if at == length {
            octets.remove(at);
        }
    }
    let rest = octets.split_off(length);
    (octets, unknown || rest.iter().all(|octet| *octet == 0xFF))
}

fn deliver(tpdu: &Deliver) -> Shape {
    address::check(&tpdu.oa);
    time(tpdu.scts);
    user_data::check(&tpdu.ud);
    // The reserved message type 11 is read as DELIVER.
    Shape { first: 0xEC, address: Some(1), indicator: None, body: body(Some(&tpdu.ud)) }
}

fn submit(tpdu: &Submit) -> Shape {
    address::check(&tpdu.da);
    user_data::check(&tpdu.ud);
    match tpdu.vp {
        Some(ValidityPeriod::Absolute(until)) => time(until),
        Some(relative @ ValidityPeriod::Relative(_)) => {
            assert_eq!(ValidityPeriod::relative_at_least(relative.seconds().unwrap()), relative);
        }
        Some(ValidityPeriod::Enhanced(enhanced)) => {
            assert!(enhanced.with_single_shot().single_shot());
            assert_eq!(enhanced.with_single_shot().seconds(), enhanced.seconds());
        }
        None => {}
    }
    Shape { first: 0xFF, address: Some(2), indicator: None, body: body(Some(&tpdu.ud)) }
}

fn command(tpdu: &Command) -> Shape {
    address::check(&tpdu.da);
    Shape { first: 0x63, address: Some(5), indicator: None, body: tpdu.cd.len() }
}

fn status_report(tpdu: &StatusReport, octets: &[u8]) -> Shape {
    address::check(&tpdu.ra);
    time(tpdu.scts);
    time(tpdu.dt);
    let address = usize::from(octets[2]).div_ceil(2);
    Shape { address: Some(2), ..report(&tpdu.parameters, 0x2E, 19 + address) }
}

fn submit_report(tpdu: &SubmitReport) -> Shape {
    time(tpdu.scts);
    report(&tpdu.parameters, 0x03, 1 + usize::from(tpdu.fcs.is_some()))
}

fn deliver_report(tpdu: &DeliverReport) -> Shape {
    report(&tpdu.parameters, 0x03, 1 + usize::from(tpdu.fcs.is_some()))
}

fn report(parameters: &Parameters, first: u8, indicator: usize) -> Shape {
    let ud = parameters.ud.as_ref();
    ud.into_iter().for_each(user_data::check);
    Shape { first: first | UDHI, address: None, indicator: Some(indicator), body: body(ud) }
}

fn body(ud: Option<&UserData>) -> usize {
    ud.map_or(0, |ud| ud.body().len())
}

fn time(time: Timestamp) {
    assert_eq!(Timestamp::from_octets(time.octets()), time);
    let Some(read) = time.date_time() else { return assert_eq!(time.unix_seconds(), None) };
    assert_eq!(Timestamp::new(read).and_then(Timestamp::date_time), Some(read));
    // 1990-01-01 to 2089-12-31, with 20 hours to either side.
    assert!((631_080_000..3_787_000_000).contains(&read.unix_seconds()));
}
