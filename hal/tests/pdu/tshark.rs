//! Another dissector reads what we write: thousands of TPDUs in one run of `tshark`.

use std::{fs, io::ErrorKind, path::Path, process::Command};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use ringpost_hal::pdu::{
    Address, Alphabet, ConcatRef, Deliver, Inbound, MessageReference, Outbound, Segmentation,
    StatusReport, Submit, Timestamp, UserData, ValidityPeriod,
};

use crate::{
    segments::any_text,
    total::{any_inbound, any_outbound},
};

const PER_DIRECTION: usize = 1500;
const REFERENCE: u16 = 0x1234;

/// Columns that the dissector prints, in this order.
const FIELDS: [&str; 26] = [
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
    "tp-rd",
    "tp-mms",
    "tp-lp",
    "tp-sri",
    "tp-srr",
    "tp-srq",
    "tp-rp",
    "tp-udhi",
    "tp.user_data_length",
    "udh.mm.msg_id",
    "udh.mm.msg_parts",
    "udh.mm.msg_part",
    "scts.year",
    "scts.day",
    "scts.hour",
    "sms_text",
];

#[test]
fn wireshark_reads_the_same() {
    let packets = packets();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tpdus.pcap");
    fs::write(&file, capture(&packets)).unwrap();
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&file).args(["-o", "gsm_sms.reassemble:FALSE", "-T", "fields"]);
    tshark.args(["-E", "occurrence=f"]);
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
        packets.extend(inbound(&sample(&mut runner, any_inbound())));
        packets.extend(outbound(&sample(&mut runner, any_outbound())));
        if index % 10 == 0 {
            // The dissector ends a text at NUL, and prints control characters in ways of its own.
            let text = sample(&mut runner, any_text()).replace(|c| c < ' ', "\n");
            packets.extend(segments(&text));
        }
    }
    packets
}

fn sample<T>(runner: &mut TestRunner, strategy: impl Strategy<Value = T>) -> T {
    strategy.new_tree(runner).unwrap().current()
}

fn segments(text: &str) -> Vec<Packet> {
    let da = Address::parse("+4915112345678").unwrap();
    let segments = Segmentation::of(text).segments(ConcatRef::Wide(REFERENCE)).unwrap();
    segments.flat_map(|ud| outbound(&Outbound::Submit(Submit::new(da, ud)))).collect()
}

fn inbound(tpdu: &Inbound) -> Option<Packet> {
    let expected = match tpdu {
        Inbound::Deliver(Deliver { mms, lp, sri, rp, oa, pid, dcs, scts, ud }) => {
            let flags = [("tp-mms", !mms), ("tp-lp", *lp), ("tp-sri", *sri), ("tp-rp", *rp)];
            let header = vec![
                ("tp-mti", "0".to_owned()),
                ("tp-oa", digits(oa)),
                ("tp-pid", pid.0.to_string()),
                ("tp-dcs", dcs.0.to_string()),
            ];
            [header, address(oa), bits(&flags), time(*scts), user_data(ud)].concat()
        }
        Inbound::StatusReport(report) => {
            let StatusReport { mms, lp, srq, mr, ra, scts, .. } = report;
            let flags = [("tp-mms", !mms), ("tp-lp", *lp), ("tp-srq", *srq)];
            let header = vec![
                ("tp-mti", "2".to_owned()),
                ("tp-mr", mr.0.to_string()),
                ("tp-ra", digits(ra)),
            ];
            [header, address(ra), bits(&flags), time(*scts)].concat()
        }
        // The dissector cannot know whether RP-ACK or RP-ERROR carries a report.
        Inbound::SubmitReport(_) => return None,
    };
    Some(Packet { octets: tpdu.encode().unwrap().to_vec(), outward: false, expected })
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
            ..
        }) => {
            let flags = [("tp-rd", *rd), ("tp-srr", *srr), ("tp-rp", *rp)];
            let header = vec![
                ("tp-mti", "1".to_owned()),
                ("tp-mr", mr.to_string()),
                ("tp-da", digits(da)),
                ("tp-pid", pid.0.to_string()),
                ("tp-dcs", dcs.0.to_string()),
            ];
            [header, address(da), bits(&flags), user_data(ud)].concat()
        }
        Outbound::Command(_) | Outbound::DeliverReport(_) => return None,
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

fn time(scts: Timestamp) -> Vec<(&'static str, String)> {
    let octets = scts.octets();
    let is_digits = octets.iter().all(|octet| octet & 0x0F < 10 && octet >> 4 < 10);
    let Some(time) = scts.date_time().filter(|_| is_digits) else { return Vec::new() };
    vec![
        ("scts.year", (time.year % 100).to_string()),
        ("scts.day", time.day.to_string()),
        ("scts.hour", time.hour.to_string()),
    ]
}

fn user_data(ud: &UserData) -> Vec<(&'static str, String)> {
    let mut fields = vec![
        ("tp-udhi", u8::from(ud.udhi()).to_string()),
        ("tp.user_data_length", ud.udl().to_string()),
    ];
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
