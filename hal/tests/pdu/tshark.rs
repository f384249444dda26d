//! Another dissector reads what we write: thousands of TPDUs in one run of `tshark`.

use std::{fs, io::ErrorKind, path::Path, process::Command};

use proptest::{
    collection::vec,
    prelude::any,
    prop_oneof,
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use ringpost_hal::pdu::{
    Address, Alphabet, Command as SmsCommand, ConcatRef, DateTime, Deliver, DeliverReport,
    FailureCause, Ie, Inbound, MessageClass, MessageReference, Outbound, Parameters, Pid,
    Segmentation, StatusReport, Submit, SubmitReport, Timestamp, UserData, ValidityPeriod,
};

use crate::{
    segments::any_text,
    total::{any_inbound, any_outbound},
};

const PER_DIRECTION: usize = 1500;
/// The same as 8 bits, so that the dissector shows the same for both widths.
const REFERENCE: u8 = 0x34;

/// Columns that the dissector prints, in this order.
const FIELDS: [&str; 48] = [
    "tp-mti",
    "tp-mr",
    "tp-oa",
    "tp-da",
    "tp-ra",
    "dis_field_addr.num_type",
    "dis_field_addr.num_plan",
    "tp-pid",
    "tp-dcs",
    "tp-vpf",
    "vp.validity_period",
    "tp-fcs",
    "tp.parameter_indicator",
    "tp.command_type",
    "tp.message_number",
    "tp.command_data_length",
    "dis_field.definition",
    "dis_field.st_error",
    "dis.field_st_reason",
    "tp-rd",
    "tp-mms",
    "tp-lp",
    "tp-sri",
    "tp-srr",
    "tp-srq",
    "tp-rp",
    "tp-udhi",
    "tp.user_data_length",
    "dis_field_udh.user_data_header_length",
    "ie_identifier",
    "dis_field_ud_iei.length",
    "msg_ind_type_and_stor",
    "profile_id",
    "msg_count",
    "destination_port",
    "originator_port",
    "ie_data",
    "udh.mm.msg_id",
    "udh.mm.msg_parts",
    "udh.mm.msg_part",
    "scts.year",
    "scts.month",
    "scts.day",
    "scts.hour",
    "scts.minutes",
    "scts.seconds",
    "scts.timezone",
    "sms_text",
];

#[test]
fn wireshark_reads_the_same() {
    let packets = packets();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tpdus.pcap");
    fs::write(&file, capture(&packets)).unwrap();
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&file).args(["-o", "gsm_sms.reassemble:FALSE", "-T", "fields"]);
    // A field that is there more than once has its values in order, with commas between them.
    tshark.args(["-E", "occurrence=a"]);
    for field in FIELDS {
        tshark.args(["-e", &format!("gsm_sms.{field}")]);
    }
    let output = match tshark.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("skipped: tshark is not installed");
            return;
        }
        output => output.unwrap(),
    };
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = lines.lines().collect();
    assert_eq!(lines.len(), packets.len(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(packets.len() > PER_DIRECTION);
    for (packet, line) in packets.iter().zip(lines) {
        let found: Vec<_> = line.split('\t').collect();
        assert_eq!(found.len(), FIELDS.len());
        for (field, expected) in &packet.expected {
            let column = FIELDS.iter().position(|name| name == field).unwrap();
            assert_eq!(found[column], expected, "{field} of {:02X?}", packet.octets);
        }
    }
}

struct Packet {
    octets: Vec<u8>,
    outward: bool,
    expected: Vec<(&'static str, String)>,
}

fn packets() -> Vec<Packet> {
    let mut runner = TestRunner::deterministic();
    let mut packets = Vec::new();
    for index in 0..PER_DIRECTION {
        let (tpdu, times) = (sample(&mut runner, any_inbound()), sample(&mut runner, any_times()));
        let octet = sample(&mut runner, any::<u8>());
        packets.push(inbound(&with_pid_and_class(with_times(tpdu, times), octet)));
        let (tpdu, times) = (sample(&mut runner, any_outbound()), sample(&mut runner, any_times()));
        packets.extend(outbound(&with_deadline(tpdu, times[0])));
        if index % 10 == 0 {
            // The dissector ends a text at NUL, and prints control characters in ways of its own.
            let text = sample(&mut runner, any_text()).replace(|c| c < ' ', "\n");
            packets.extend(segments(&text));
            let ud = sample(&mut runner, any_header());
            let from = Address::parse("+4915112345678").unwrap();
            packets.push(inbound(&Inbound::Deliver(Deliver::new(from, times[1], ud))));
        }
    }
    packets
}

fn sample<T>(runner: &mut TestRunner, strategy: impl Strategy<Value = T>) -> T {
    strategy.new_tree(runner).unwrap().current()
}

/// Times that the octets of `any_inbound` would hardly ever name.
fn any_times() -> impl Strategy<Value = [Timestamp; 2]> {
    let time = (1990..2090u16, 1..=12u8, 1..=28u8, 0..24u8, (0..60u8, 0..60u8), -79..=79i8);
    let time = time.prop_map(|(year, month, day, hour, (minute, second), quarter_hours)| {
        Timestamp::new(DateTime { year, month, day, hour, minute, second, quarter_hours }).unwrap()
    });
    [time.clone(), time]
}

fn with_times(tpdu: Inbound, [scts, dt]: [Timestamp; 2]) -> Inbound {
    match tpdu {
        Inbound::Deliver(it) => Inbound::Deliver(Deliver { scts, ..it }),
        Inbound::StatusReport(it) => Inbound::StatusReport(StatusReport { scts, dt, ..it }),
        Inbound::SubmitReport(it) => Inbound::SubmitReport(SubmitReport { scts, ..it }),
    }
}

/// TP-PID as given, and a message class for TP-DCS.
fn with_pid_and_class(tpdu: Inbound, octet: u8) -> Inbound {
    let classes =
        [MessageClass::Class0, MessageClass::Class1, MessageClass::Class2, MessageClass::Class3];
    match tpdu {
        Inbound::Deliver(it) => {
            let dcs = it.dcs.with_class(classes[usize::from(octet % 4)]);
            Inbound::Deliver(Deliver { pid: Pid(octet), dcs, ..it })
        }
        Inbound::StatusReport(_) | Inbound::SubmitReport(_) => tpdu,
    }
}

fn with_deadline(tpdu: Outbound, until: Timestamp) -> Outbound {
    match tpdu {
        Outbound::Submit(it) if matches!(it.vp, Some(ValidityPeriod::Absolute(_))) => {
            Outbound::Submit(Submit { vp: Some(ValidityPeriod::Absolute(until)), ..it })
        }
        Outbound::Submit(_) | Outbound::Command(_) | Outbound::DeliverReport(_) => tpdu,
    }
}

/// Elements of every kind that the dissector takes apart, before data.
fn any_header() -> impl Strategy<Value = UserData> {
    let element = prop_oneof![
        any::<[u8; 2]>().prop_map(|octets| (Ie::SPECIAL_MESSAGE, octets.to_vec())),
        any::<[u8; 2]>().prop_map(|octets| (Ie::PORT_NARROW, octets.to_vec())),
        any::<[u8; 4]>().prop_map(|octets| (Ie::PORT_WIDE, octets.to_vec())),
        vec(any::<u8>(), 1..9).prop_map(|octets| (0x7F, octets)),
    ];
    (vec(element, 1..5), vec(any::<u8>(), 1..60)).prop_map(|(elements, data)| {
        let elements: Vec<_> =
            elements.iter().map(|(iei, data)| Ie { iei: *iei, data: data.as_slice() }).collect();
        UserData::with_elements(&elements, &data).unwrap()
    })
}

fn segments(text: &str) -> Vec<Packet> {
    let da = Address::parse("+4915112345678").unwrap();
    let widths = [ConcatRef::Narrow(REFERENCE), ConcatRef::Wide(REFERENCE.into())];
    let segments = widths.map(|width| Segmentation::of(text).segments(width).unwrap());
    let segments = segments.into_iter().flatten();
    segments.flat_map(|ud| outbound(&Outbound::Submit(Submit::new(da, ud)))).collect()
}

fn inbound(tpdu: &Inbound) -> Packet {
    let expected = match tpdu {
        Inbound::Deliver(Deliver { mms, lp, sri, rp, oa, pid, dcs, scts, ud }) => {
            let flags = [("tp-mms", !mms), ("tp-lp", *lp), ("tp-sri", *sri), ("tp-rp", *rp)];
            let header = vec![
                ("tp-mti", "0".to_owned()),
                ("tp-oa", digits(oa)),
                ("tp-pid", pid.0.to_string()),
                ("tp-dcs", dcs.0.to_string()),
            ];
            [header, address(oa), bits(&flags), times(&[*scts]), user_data(ud)].concat()
        }
        Inbound::StatusReport(report) => {
            let StatusReport { mms, lp, srq, mr, ra, scts, dt, st, parameters } = report;
            let flags = [("tp-mms", !mms), ("tp-lp", *lp), ("tp-srq", *srq)];
            let header = vec![
                ("tp-mti", "2".to_owned()),
                ("tp-mr", mr.0.to_string()),
                ("tp-ra", digits(ra)),
                ("dis_field.definition", (st.0 >> 7).to_string()),
                ("dis_field.st_error", (st.0 >> 5 & 0x03).to_string()),
                ("dis.field_st_reason", (st.0 & 0x1F).to_string()),
            ];
            // Where no parameter follows, TP-PI may be left out, and is.
            let indicator = !parameters.is_empty();
            let end = optional(parameters, indicator);
            [header, address(ra), bits(&flags), times(&[*scts, *dt]), end].concat()
        }
        Inbound::SubmitReport(SubmitReport { fcs, scts, parameters }) => {
            let header = vec![("tp-mti", "1".to_owned())];
            [header, failure(*fcs), times(&[*scts]), optional(parameters, true)].concat()
        }
    };
    Packet { octets: tpdu.encode().unwrap().to_vec(), outward: false, expected }
}

fn outbound(tpdu: &Outbound) -> Option<Packet> {
    let expected = match tpdu {
        // 23.040 9.2.3.12.3 gives the enhanced format seven octets, the dissector fewer.
        Outbound::Submit(Submit { vp: Some(ValidityPeriod::Enhanced(_)), .. }) => return None,
        Outbound::Submit(Submit {
            rd,
            rp,
            srr,
            mr: MessageReference(mr),
            da,
            pid,
            dcs,
            ud,
            vp,
        }) => {
            let (vpf, period) = validity(*vp);
            let flags = [("tp-rd", *rd), ("tp-srr", *srr), ("tp-rp", *rp)];
            let header = vec![
                ("tp-mti", "1".to_owned()),
                ("tp-mr", mr.to_string()),
                ("tp-da", digits(da)),
                ("tp-pid", pid.0.to_string()),
                ("tp-dcs", dcs.0.to_string()),
                ("tp-vpf", vpf.to_string()),
            ];
            [header, address(da), bits(&flags), period, user_data(ud)].concat()
        }
        Outbound::Command(SmsCommand { udhi, srr, mr, pid, ct, mn, da, cd }) => {
            let header = vec![
                ("tp-mti", "2".to_owned()),
                ("tp-mr", mr.0.to_string()),
                ("tp-pid", pid.0.to_string()),
                ("tp.command_type", ct.0.to_string()),
                ("tp.message_number", mn.0.to_string()),
                ("tp-da", digits(da)),
                ("tp.command_data_length", cd.len().to_string()),
            ];
            [header, address(da), bits(&[("tp-udhi", *udhi), ("tp-srr", *srr)])].concat()
        }
        Outbound::DeliverReport(DeliverReport { fcs, parameters }) => {
            let header = vec![("tp-mti", "0".to_owned())];
            [header, failure(*fcs), optional(parameters, true)].concat()
        }
    };
    Some(Packet { octets: tpdu.encode().unwrap().to_vec(), outward: true, expected })
}

fn digits(address: &Address) -> String {
    address.to_string().trim_start_matches('+').to_owned()
}

fn address(address: &Address) -> Vec<(&'static str, String)> {
    let octet = address.type_of_address();
    let (ton, npi) = (octet >> 4 & 0x07, octet & 0x0F);
    vec![("dis_field_addr.num_type", ton.to_string()), ("dis_field_addr.num_plan", npi.to_string())]
}

fn bits(flags: &[(&'static str, bool)]) -> Vec<(&'static str, String)> {
    flags.iter().map(|(field, set)| (*field, u8::from(*set).to_string())).collect()
}

fn times(times: &[Timestamp]) -> Vec<(&'static str, String)> {
    let times: Vec<_> = times.iter().map(|time| time.date_time().unwrap()).collect();
    let list = |part: fn(&DateTime) -> u16| {
        times.iter().map(|time| part(time).to_string()).collect::<Vec<_>>().join(",")
    };
    vec![
        ("scts.year", list(|time| time.year % 100)),
        ("scts.month", list(|time| time.month.into())),
        ("scts.day", list(|time| time.day.into())),
        ("scts.hour", list(|time| time.hour.into())),
        ("scts.minutes", list(|time| time.minute.into())),
        ("scts.seconds", list(|time| time.second.into())),
        // Its sign is in the words beside it only.
        ("scts.timezone", list(|time| time.quarter_hours.unsigned_abs().into())),
    ]
}

/// TP-VPF, and what the dissector says of TP-VP.
fn validity(vp: Option<ValidityPeriod>) -> (u8, Vec<(&'static str, String)>) {
    match vp {
        None => (0, vec![("vp.validity_period", String::new())]),
        Some(ValidityPeriod::Enhanced(_)) => (1, Vec::new()),
        Some(ValidityPeriod::Relative(octet)) => {
            (2, vec![("vp.validity_period", octet.to_string())])
        }
        Some(ValidityPeriod::Absolute(until)) => (3, times(&[until])),
    }
}

fn failure(fcs: Option<FailureCause>) -> Vec<(&'static str, String)> {
    vec![("tp-fcs", fcs.map(|fcs| format!("0x{:02x}", fcs.0)).unwrap_or_default())]
}

/// TP-PI and what it announces.
fn optional(parameters: &Parameters, indicator: bool) -> Vec<(&'static str, String)> {
    let Parameters { pid, dcs, ud, .. } = parameters;
    let bits = [(1, pid.is_some()), (2, dcs.is_some()), (4, ud.is_some())];
    let bits: u8 = bits.into_iter().filter(|(_, present)| *present).map(|(bit, _)| bit).sum();
    let shown = if indicator { format!("0x{bits:02x}") } else { String::new() };
    let mut fields = vec![
        ("tp.parameter_indicator", shown),
        ("tp-udhi", u8::from(parameters.udhi()).to_string()),
        ("tp-pid", pid.map(|pid| pid.0.to_string()).unwrap_or_default()),
        ("tp-dcs", dcs.map(|dcs| dcs.0.to_string()).unwrap_or_default()),
    ];
    fields.extend(ud.iter().flat_map(user_data));
    fields
}

/// The elements of a header: identifiers, lengths, and what the known ones say.
fn elements(ud: &UserData) -> Vec<(&'static str, String)> {
    let Some(udh) = ud.udh() else { return Vec::new() };
    let list = |of: fn(&Ie<'_>) -> Option<String>| {
        udh.elements().filter_map(|ie| of(&ie)).collect::<Vec<_>>().join(",")
    };
    vec![
        ("dis_field_udh.user_data_header_length", udh.length().to_string()),
        ("ie_identifier", list(|ie| Some(format!("0x{:02x}", ie.iei)))),
        ("dis_field_ud_iei.length", list(|ie| Some(ie.data.len().to_string()))),
        (
            "msg_ind_type_and_stor",
            list(|ie| special(ie).map(|[first, _]| (first >> 7).to_string())),
        ),
        ("profile_id", list(|ie| special(ie).map(|[first, _]| (first >> 5 & 0x03).to_string()))),
        ("msg_count", list(|ie| special(ie).map(|[_, count]| count.to_string()))),
        ("destination_port", list(|ie| ports(ie).map(|[to, _]| to.to_string()))),
        ("originator_port", list(|ie| ports(ie).map(|[_, from]| from.to_string()))),
        ("ie_data", list(|ie| (ie.iei == 0x7F).then(|| lower_hex(ie.data)))),
    ]
}

fn special(ie: &Ie<'_>) -> Option<[u8; 2]> {
    match *ie {
        Ie { iei: Ie::SPECIAL_MESSAGE, data: &[indication, count] } => Some([indication, count]),
        _ => None,
    }
}

fn ports(ie: &Ie<'_>) -> Option<[u16; 2]> {
    match *ie {
        Ie { iei: Ie::PORT_NARROW, data: &[to, from] } => Some([to.into(), from.into()]),
        Ie { iei: Ie::PORT_WIDE, data: &[d1, d0, s1, s0] } => {
            Some([u16::from_be_bytes([d1, d0]), u16::from_be_bytes([s1, s0])])
        }
        _ => None,
    }
}

fn lower_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn user_data(ud: &UserData) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("tp-udhi", u8::from(ud.udhi()).to_string()),
        ("tp.user_data_length", ud.udl().to_string()),
    ];
    fields.extend(elements(ud));
    if let Some(concat) = ud.concat() {
        fields.push(("udh.mm.msg_id", REFERENCE.to_string()));
        fields.push(("udh.mm.msg_parts", concat.total.to_string()));
        fields.push(("udh.mm.msg_part", concat.sequence.to_string()));
    }
    if ud.alphabet() != Alphabet::Data8 {
        fields.push(("sms_text", escaped(&ud.text().to_string())));
    }
    fields
}

/// As `tshark` prints text.
fn escaped(text: &str) -> String {
    text.replace('\n', "\\n")
}

/// A pcap file of upper PDUs: each packet begins with tags that name the dissector and the direction.
fn capture(packets: &[Packet]) -> Vec<u8> {
    const UPPER_PDU: u32 = 252;
    let mut file =
        [0xA1B2_C3D4u32, 0x0004_0002, 0, 0, 0xFFFF, UPPER_PDU].map(u32::to_le_bytes).concat();
    for packet in packets {
        let mut data = tag(12, b"gsm_sms\0");
        // P2P direction: 0 sent by us, 1 received, as a network sees it.
        data.extend(tag(35, &[0, 0, 0, u8::from(packet.outward)]));
        data.extend(tag(0, &[]));
        data.extend(&packet.octets);
        let length = u32::try_from(data.len()).unwrap();
        file.extend([0, 0, length, length].map(u32::to_le_bytes).concat());
        file.extend(data);
    }
    file
}

fn tag(kind: u16, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap();
    [&kind.to_be_bytes()[..], &length.to_be_bytes(), value].concat()
}
