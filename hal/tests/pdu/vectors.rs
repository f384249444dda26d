//! What other programs read and write, from the directory that `RINGPOST_VECTORS` names.
//!
//! Each line of its `.jsonl` files is one vector: `source`, `id`, `hex` (with an SCA where `has_smsc`),
//! `direction`, `kind` and `expected`, what that source reads. Where a source and the standard differ,
//! [`EXCEPTIONS`] says which clause decides.

use std::{env, fmt::Write as _, fs, path::Path};

use ringpost_hal::pdu::{
    Address, Alphabet, Dcs, DecodeError, Inbound, Outbound, Parameters, Status, Timestamp,
    UserData, ValidityPeriod, mode,
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
/// This source writes numbers as digits only. Its reports all have a TP-FCS, of a reserved value that no TP-PI
/// has either.
const WARTHOG: &str = "warthog618/sms";
/// Dumps whose first line, which is not part of the vector, tells another length than its PDU has: 27.005 3.4.3
/// has `<length>` count the octets of the TPDU.
const LENGTHS_OF_OTHERS: [&str; 15] = [
    "at-sms/08.dump",
    "at-sms/10.dump",
    "at-sms/11.dump",
    "at-sms/14.dump",
    "at-sms/15.dump",
    "at-sms/19.dump",
    "at-sms/20.dump",
    "at-sms/22.dump",
    "at-sms/23.dump",
    "at-sms/27.dump",
    "at-sms/29.dump",
    "at-sms/32.dump",
    "at-sms/33.dump",
    "at-sms/36.dump",
    "at-sms/37.dump",
];

/// Which field of an undecodable vector is at fault, where its id does not say `underflow` and which, or names
/// another one than the standard does.
const FAULTS: &[(&str, &str, &str)] = &[
    ("at-sms-failing/01.dump", "TP-DA", "9.1.2.5: an address has 20 digits at the most"),
    ("at-sms-failing/17.dump", "PDU", "27.005 3.1: hexadecimal"),
    ("at-sms-failing/18.dump", "SCA", "24.011 8.2.5.2: 11 octets at the most"),
    ("at-sms-failing/33.dump", "TP-OA", "9.1.2.5: an address has 20 digits at the most"),
    ("at-sms-failing/35.dump", "TP-UD", "9.2.3.16: six octets fewer than TP-UDL says"),
    ("at-sms-failing/40.dump", "TP-OA", "9.1.2.5: an address has 20 digits at the most"),
    ("test_pdu_no_address", "TP-RA", "9.2.3.1: a STATUS-REPORT that ends before its address"),
    ("test_pdu_wrong_address_size", "TP-OA", "9.1.2.5: 28 digits, and none follows"),
    (
        "test_pdu_wrong_udh",
        "TP-PID",
        "9.2.3.1: a SUBMIT-REPORT that ends before what its TP-PI says",
    ),
    ("TestUnmarshalBinary/unsupported SMS type", "TP-OA", "9.2.3.1: 11 reads as DELIVER"),
    ("TestUnmarshalBinary/SmsCommand underflow da", "TP-CD", "9.1.2.5: four digits are all there"),
    (
        "TestUnmarshalBinary/SmsDeliver underflow oa",
        "TP-SCTS",
        "9.1.2.5: four digits are all there",
    ),
    ("TestUnmarshalBinary/SmsDeliver bad scts", "TP-UDL", "9.2.3.11: no digit reads 0"),
    ("TestUnmarshalBinary/SmsStatusReport bad dt", "TP-ST", "9.2.3.13: no digit reads 0"),
    ("TestUnmarshalBinary/SmsSubmit bad da", "TP-DCS", "9.1.2.5: four digits are all there"),
    ("TestUnmarshalBinary/SmsSubmit bad vp", "TP-UDL", "9.2.3.16: the octet behind seven of TP-VP"),
    (
        "TestUnmarshalBinary/SmsDeliverReport underflow fcs",
        "TP-PI",
        "9.2.2.1a: no octet, no RP-ERROR",
    ),
    (
        "TestUnmarshalBinary/SmsSubmitReport underflow fcs",
        "TP-PI",
        "9.2.2.2a: no octet, no RP-ERROR",
    ),
    (
        "cmd/smsdecode/smsdecode_test.go/decode fail",
        "TP-UD",
        "9.2.3.16: an octet fewer than TP-UDL says",
    ),
];

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
        Err(fault) if text(vector, "kind") == "invalid" => return at_fault(vector, fault),
        Err(fault) => return Err(format!("failed to {fault}")),
    };
    read.comes_back()?;
    if text(vector, "kind") == "encode" {
        read.is_what_we_write(&vector["expected"]["text"])?;
    }
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
            "pi" => read.pi.into(),
            "tpdu_length" if LENGTHS_OF_OTHERS.contains(&text(vector, "id")) => {
                if *value == read.octets.len() {
                    return Err("the length agrees".to_owned());
                }
                continue;
            }
            "tpdu_length" => read.octets.len().into(),
            "text" => read.ud.as_ref().map(|ud| ud.text().to_string()).into(),
            "data" => read.ud.as_ref().map(|ud| upper_hex(ud.body())).into(),
            "ud_hex" if read.ud.is_some() => read.ud.as_ref().map(ud_hex).into(),
            "coding" => read.ud.as_ref().map(coding).into(),
            "multipart" => read.ud.as_ref().is_some_and(|ud| ud.concat().is_some()).into(),
            "timestamp" | "sent" => read.scts.map(|scts| iso(scts, value)).into(),
            "scts_go" => read.scts.map(go).into(),
            "validity_minutes" => minutes(read.vp).into(),
            // Words of the source that no octet carries.
            "source_text" | "state" | "lossy" | "header" => continue,
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

/// Whether an undecodable vector fails in the field that is broken.
fn at_fault(vector: &Value, fault: DecodeError) -> Result<(), String> {
    let id = text(vector, "id");
    let underflow = id.rsplit_once(" underflow ").map(|(_, field)| match field {
        "ud" if id.contains("Command") => "TP-CDL".to_owned(),
        "ud" => "TP-UDL".to_owned(),
        field => format!("TP-{}", field.to_uppercase()),
    });
    let listed = FAULTS.iter().find(|(listed, ..)| *listed == id);
    let field = listed.map(|(_, field, _)| (*field).to_owned()).or(underflow);
    if field.as_deref() == Some(fault.field) {
        return Ok(());
    }
    Err(format!("failed to {fault}, rather than to read {field:?}"))
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
    pi: Option<u8>,
    ud: Option<UserData>,
    /// What [`Self::octets`] read as, written again.
    again: Vec<u8>,
}

impl Fields {
    /// What was read is written as the same octets; only what fills a SIM record (31.102 4.2.25), and a TP-PI
    /// that announces nothing (9.2.2.3: optional) may be missing.
    fn comes_back(&self) -> Result<(), String> {
        let (head, tail) = self.octets.split_at(self.again.len().min(self.octets.len()));
        if head == self.again && (tail.iter().all(|octet| *octet == 0xFF) || tail == [0]) {
            return Ok(());
        }
        Err(format!("written as {}", upper_hex(&self.again)))
    }

    /// Another encoder made the same user data of the text as ours does, unless it was told to use an alphabet
    /// that costs more.
    fn is_what_we_write(&self, text: &Value) -> Result<(), String> {
        let (Some(text), Some(ud)) = (text.as_str(), &self.ud) else { return Ok(()) };
        let ours = UserData::from_text(text).map_err(|error| error.to_string())?;
        if ours == *ud || ours.alphabet() != ud.alphabet() {
            Ok(())
        } else {
            Err(format!("our text is {}", upper_hex(ours.octets())))
        }
    }
}

fn decode(vector: &Value) -> Result<(Option<Address>, Fields), DecodeError> {
    let line = text(vector, "hex");
    let (sca, octets) = if vector["has_smsc"] == true {
        mode::decode_hex(line).map(|(sca, tpdu)| (sca, tpdu.to_vec()))?
    } else {
        (None, hex(line))
    };
    let inward = text(vector, "direction") == "MT";
    let fields = if inward {
        Inbound::decode(&octets).map(inbound)
    } else {
        Outbound::decode(&octets).map(outbound)
    };
    Ok((sca, Fields { octets, ..fields? }))
}

fn inbound(tpdu: Inbound) -> Fields {
    let none = Fields { again: tpdu.encode().unwrap().to_vec(), ..Fields::default() };
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
            pi: Some(indicator(&r.parameters)),
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
            pi: Some(indicator(&r.parameters)),
            pid: r.parameters.pid.map(|pid| pid.0),
            dcs: r.parameters.dcs,
            ud: r.parameters.ud,
            ..none
        },
    }
}

fn outbound(tpdu: Outbound) -> Fields {
    let none = Fields { again: tpdu.encode().unwrap().to_vec(), ..Fields::default() };
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
            pi: Some(indicator(&r.parameters)),
            pid: r.parameters.pid.map(|pid| pid.0),
            dcs: r.parameters.dcs,
            ud: r.parameters.ud,
            ..none
        },
    }
}

/// TP-PI, 9.2.3.27, of what was found: the codec keeps the parameters rather than the octet.
fn indicator(parameters: &Parameters) -> u8 {
    let Parameters { pid, dcs, ud, .. } = parameters;
    u8::from(pid.is_some()) | u8::from(dcs.is_some()) << 1 | u8::from(ud.is_some()) << 2
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
