//! What other programs read and write, from the directory that `RINGPOST_VECTORS` names.
//!
//! Each line of its `.jsonl` files is one vector: `source`, `id`, `hex` (with an SCA where `has_smsc`),
//! `direction`, `kind` and `expected`, what that source reads. Where a source and the standard differ,
//! [`EXCEPTIONS`] says which clause decides.

use std::{env, fmt::Write as _, fs, path::Path};

use ringpost_hal::pdu::{
    Address, Alphabet, Dcs, DeliverReport, FirstOctet, Inbound, MessageType, Outbound,
    RelayMessage, Status, SubmitReport, Timestamp, UserData, ValidityPeriod, mode,
};
use serde_json::Value;

use crate::golden::hex;

/// Vectors that are wrong, by source and id, with the clause that decides.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("gammu", "at-sms/14.dump", "23.038 4: 0xF9 is GSM 7 bit; its 18 septets end 2 octets early"),
    ("gammu", "at-sms/39.dump", "23.040 9.2.3.16: 53 septets end 30 octets early"),
    (WARTHOG, "TestUnmarshalBinary/SmsSubmitReport bad scts", "23.040 9.2.3.11: no digit reads 0"),
    (WARTHOG, "TestMarshalBinary/SmsDeliverReport ud", "23.040 9.2.3.27: no TP-DCS is GSM 7 bit"),
    (
        WARTHOG,
        "TestMarshalBinary/SmsStatusReport dcsless",
        "23.040 9.2.3.27: no TP-DCS is GSM 7 bit",
    ),
    (WARTHOG, "TestMarshalBinary/SmsSubmitReport ud", "23.040 9.2.3.27: no TP-DCS is GSM 7 bit"),
];
/// This source writes numbers as digits only, and all its reports are those of an RP-ERROR.
const WARTHOG: &str = "warthog618/sms";

#[test]
fn other_programs_agree() {
    let Some(directory) = env::var_os("RINGPOST_VECTORS") else {
        eprintln!("skipped: RINGPOST_VECTORS names no directory of vectors");
        return;
    };
    let vectors = read(Path::new(&directory));
    assert!(!vectors.is_empty(), "no vectors in {}", directory.display());
    let mut report = String::new();
    let mut used = vec![false; EXCEPTIONS.len()];
    for vector in &vectors {
        let (source, id) = (text(vector, "source"), text(vector, "id"));
        let exception = EXCEPTIONS.iter().position(|(s, i, _)| (*s, *i) == (source, id));
        match (check(vector), exception) {
            (Err(_), Some(exception)) => used[exception] = true,
            (Err(fault), None) => writeln!(report, "{source} {id}: {fault}").unwrap(),
            (Ok(()), _) => {}
        }
    }
    for (exception, _) in EXCEPTIONS.iter().zip(&used).filter(|(_, used)| !**used) {
        writeln!(report, "exception not needed: {exception:?}").unwrap();
    }
    eprintln!("{} vectors, {} exceptions", vectors.len(), EXCEPTIONS.len());
    assert!(report.is_empty(), "\n{report}");
}

fn check(vector: &Value) -> Result<(), String> {
    let (sca, read) = match decode(vector) {
        Ok(read) if text(vector, "kind") == "invalid" => return Err(format!("read as {read:?}")),
        Ok(read) => read,
        Err(_) if text(vector, "kind") == "invalid" => return Ok(()),
        Err(fault) => return Err(fault),
    };
    let expected = vector["expected"].as_object().unwrap();
    for (key, value) in expected {
        let found: Value = match key.as_str() {
            "smsc" => sca.map(|sca| sca.to_string()).into(),
            "number" if text(vector, "source") == WARTHOG => {
                read.address.map(|address| address.digits().collect::<String>()).into()
            }
            "number" => read.address.map(|address| address.to_string()).into(),
            "toa" => read.address.map(|address| address.type_of_address()).into(),
            "fo" => read.octets.first().copied().into(),
            "mr" => read.mr.into(),
            "pid" if read.pid.is_some() => read.pid.into(),
            "dcs" if read.dcs.is_some() => read.dcs.map(|dcs| dcs.0).into(),
            "status" => read.st.map(|st| st.0).into(),
            "fcs" => read.fcs.into(),
            "text" => read.ud.as_ref().map(|ud| ud.text().to_string()).into(),
            "data" => read.ud.as_ref().map(|ud| upper_hex(ud.body())).into(),
            "ud_hex" if read.ud.is_some() => read.ud.as_ref().map(ud_hex).into(),
            "coding" => read.ud.as_ref().map(coding).into(),
            "multipart" => read.ud.as_ref().is_some_and(|ud| ud.concat().is_some()).into(),
            "timestamp" | "sent" => read.scts.map(|scts| iso(scts, value)).into(),
            "scts_go" => read.scts.map(go).into(),
            "validity_minutes" => minutes(read.vp).into(),
            // Words of the source that no octet carries.
            "source_text" | "state" | "lossy" | "header" | "tpdu_length" | "pi" => continue,
            // Fields that the source's own structure holds and this TPDU does not.
            "pid" | "dcs" | "ud_hex" => continue,
            other => return Err(format!("key {other} is not known")),
        };
        if found != *value {
            return Err(format!("{key}: read {found}, expected {value}"));
        }
    }
    Ok(())
}

/// The fields that vectors speak of, of any TPDU.
#[derive(Debug, Default)]
struct Fields {
    octets: Vec<u8>,
    address: Option<Address>,
    mr: Option<u8>,
    pid: Option<u8>,
    dcs: Option<Dcs>,
    scts: Option<Timestamp>,
    vp: Option<ValidityPeriod>,
    st: Option<Status>,
    fcs: Option<u8>,
    ud: Option<UserData>,
}

fn decode(vector: &Value) -> Result<(Option<Address>, Fields), String> {
    let line = text(vector, "hex");
    let (sca, octets) = if vector["has_smsc"] == true {
        mode::decode_hex(line)
            .map(|(sca, tpdu)| (sca, tpdu.to_vec()))
            .map_err(|error| format!("failed to {error}"))?
    } else {
        (None, hex(line))
    };
    let inward = text(vector, "direction") == "MT";
    let report = text(vector, "source") == WARTHOG && FirstOctet(octets[0]).mti() == report(inward);
    let fields = match (inward, report) {
        (true, false) => Inbound::decode(&octets).map(inbound),
        (false, false) => Outbound::decode(&octets).map(outbound),
        (true, true) => SubmitReport::decode(&octets, RelayMessage::Error)
            .map(|report| inbound(Inbound::SubmitReport(report))),
        (false, true) => DeliverReport::decode(&octets, RelayMessage::Error)
            .map(|report| outbound(Outbound::DeliverReport(report))),
    };
    let fields = fields.map_err(|error| format!("failed to {error}"))?;
    Ok((sca, Fields { octets, ..fields }))
}

const fn report(inward: bool) -> MessageType {
    if inward { MessageType::Submit } else { MessageType::Deliver }
}

fn inbound(tpdu: Inbound) -> Fields {
    let none = Fields::default();
    match tpdu {
        Inbound::Deliver(d) => Fields {
            address: Some(d.oa),
            pid: Some(d.pid.0),
            dcs: Some(d.dcs),
            scts: Some(d.scts),
            ud: Some(d.ud),
            ..none
        },
        Inbound::SubmitReport(r) => Fields {
            fcs: r.fcs.map(|fcs| fcs.0),
            scts: Some(r.scts),
            pid: r.parameters.pid.map(|pid| pid.0),
            dcs: r.parameters.dcs,
            ud: r.parameters.ud,
            ..none
        },
        Inbound::StatusReport(r) => Fields {
            address: Some(r.ra),
            mr: Some(r.mr.0),
            scts: Some(r.scts),
            st: Some(r.st),
            pid: r.parameters.pid.map(|pid| pid.0),
            dcs: r.parameters.dcs,
            ud: r.parameters.ud,
            ..none
        },
    }
}

fn outbound(tpdu: Outbound) -> Fields {
    let none = Fields::default();
    match tpdu {
        Outbound::Submit(s) => Fields {
            address: Some(s.da),
            mr: Some(s.mr.0),
            pid: Some(s.pid.0),
            dcs: Some(s.dcs),
            vp: s.vp,
            ud: Some(s.ud),
            ..none
        },
        Outbound::Command(c) => Fields {
            address: Some(c.da),
            mr: Some(c.mr.0),
            pid: Some(c.pid.0),
            ud: UserData::from_octets(&c.cd).ok(),
            ..none
        },
        Outbound::DeliverReport(r) => Fields {
            fcs: r.fcs.map(|fcs| fcs.0),
            pid: r.parameters.pid.map(|pid| pid.0),
            dcs: r.parameters.dcs,
            ud: r.parameters.ud,
            ..none
        },
    }
}

/// That source unpacks septets into octets.
fn ud_hex(ud: &UserData) -> String {
    match ud.alphabet() {
        Alphabet::Gsm7 => upper_hex(ud.text().to_string().as_bytes()),
        Alphabet::Data8 | Alphabet::Ucs2 => upper_hex(ud.body()),
    }
}

fn coding(ud: &UserData) -> &'static str {
    match ud.alphabet() {
        Alphabet::Gsm7 => "Default",
        Alphabet::Data8 => "8bit",
        Alphabet::Ucs2 => "Unicode",
    }
}

fn minutes(vp: Option<ValidityPeriod>) -> u32 {
    vp.and_then(ValidityPeriod::seconds).unwrap_or(0) / 60
}

/// Three forms of date are in use; the expected value tells which.
fn iso(scts: Timestamp, like: &Value) -> String {
    let time = scts.date_time().unwrap();
    let (date, clock) = ((time.year, time.month, time.day), (time.hour, time.minute, time.second));
    if !like.as_str().unwrap().contains('-') {
        let ((y, m, d), (h, min, s)) = (date, clock);
        return format!("{y:04}{m:02}{d:02}T{h:02}{min:02}{s:02}");
    }
    let zone = match time.quarter_hours {
        0 => "Z".to_owned(),
        quarters => format!("{:+03}", quarters / 4),
    };
    let ((y, m, d), (h, min, s)) = (date, clock);
    format!("{y:04}-{m:02}-{d:02}T{h:02}:{min:02}:{s:02}{zone}")
}

fn go(scts: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let time = scts.date_time().unwrap();
    let month = MONTHS[usize::from(time.month) - 1];
    let (h, m, s) = (time.hour, time.minute, time.second);
    let hours = time.quarter_hours / 4;
    format!(
        "{}, time.{month}, {}, {h:02}, {m:02}, {s:02}, 0 tz_s={hours}*3600",
        time.year, time.day
    )
}

fn upper_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

fn text<'a>(vector: &'a Value, key: &str) -> &'a str {
    vector[key].as_str().unwrap()
}

fn read(directory: &Path) -> Vec<Value> {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    let lines = files.map(|path| fs::read_to_string(path).unwrap());
    lines.flat_map(|all| all.lines().map(parse).collect::<Vec<_>>()).collect()
}

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}
