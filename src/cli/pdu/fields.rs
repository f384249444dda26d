//! Every field of a TPDU in order: where it stands, what it holds, what that means.

use std::ops::Range;

use ringpost_hal::pdu::{
    Address, Alphabet, Command, Concat, ConcatRef, Dcs, DecodeError, Deliver, DeliverReport,
    FailureCause, Ie, Inbound, Language, Outbound, Parameters, Pid, SpecialMessage, StatusReport,
    Submit, SubmitReport, Timestamp, UserData, ValidityPeriod,
};
use serde_json::{Map, Value, json};

use super::words::{self, hex};

/// What a TP-UDHI says.
const HEADER: &str = "a header leads the user data";
/// What it says where there is no user data.
const STRAY: &str = "set, though there is no user data for a header to lead";

/// Name of the lines that are information elements.
const ELEMENT: &str = "IE";

/// A field.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name in 3GPP TS 23.040.
    pub(super) name: &'static str,
    /// Its octets, counted from the start of the TPDU. Flags share those of the first octet.
    pub(super) octets: Range<usize>,
    /// Its value for programs.
    value: Value,
    /// Its value for people.
    pub(super) says: String,
}

/// A TPDU taken apart.
#[derive(Debug)]
pub(super) struct Anatomy {
    /// `deliver` and so on.
    pub(super) kind: &'static str,
    /// Its fields in order.
    pub(super) fields: Vec<Field>,
    address: Option<Address>,
    user_data: Option<UserData>,
    compressed: bool,
    octets: String,
}

impl Anatomy {
    /// Of a TPDU from the service centre, whose octets these are.
    pub(super) fn of_inbound(tpdu: &Inbound, octets: &[u8]) -> Self {
        let mut walk = Walk::new(octets);
        match tpdu {
            Inbound::Deliver(it) => walk.deliver(it),
            Inbound::SubmitReport(it) => walk.submit_report(it),
            Inbound::StatusReport(it) => walk.status_report(it),
        }
        walk.end()
    }

    /// Of a TPDU to the service centre, whose octets these are.
    pub(super) fn of_outbound(tpdu: &Outbound, octets: &[u8]) -> Self {
        let mut walk = Walk::new(octets);
        match tpdu {
            Outbound::Submit(it) => walk.submit(it),
            Outbound::Command(it) => walk.command(it),
            Outbound::DeliverReport(it) => walk.deliver_report(it),
        }
        walk.end()
    }

    /// The whole for programs; the service centre is no part of the TPDU, and stands with its fields.
    pub(super) fn json(&self, service_centre: Option<&str>) -> Value {
        let ud = self.user_data.as_ref();
        let concat = ud.and_then(UserData::concat).map(|concat| {
            let reference = match concat.reference {
                ConcatRef::Narrow(reference) => reference.into(),
                ConcatRef::Wide(reference) => reference,
            };
            json!({"reference": reference, "total": concat.total, "sequence": concat.sequence})
        });
        let data8 = ud.is_some_and(|ud| ud.alphabet() == Alphabet::Data8);
        let text = ud.filter(|_| !data8).map(|ud| ud.text().to_string());
        let data = ud.filter(|_| data8).map(|ud| hex(ud.body()));
        let encoding = ud
            .map(|ud| if self.compressed { "compressed" } else { words::alphabet(ud.alphabet()) });
        // Information elements stand in the list of their header.
        let fields = self.fields.iter().filter(|field| field.name != ELEMENT);
        let fields = fields.map(|field| (key(field.name), field.value.clone()));
        let whole = [("smsc", json!(service_centre)), ("tpdu", json!(self.octets))];
        let whole = whole.map(|(name, value)| (name.to_owned(), value));
        let tp: Map<_, _> = whole.into_iter().chain(fields).collect();
        json!({
            "type": self.kind,
            "address": self.address.map(|it| it.to_string()),
            "text": text,
            "encoding": encoding,
            "concat": concat,
            "data": data,
            "tp": tp,
        })
    }
}

/// `TP-OA` is `oa` to programs.
fn key(name: &str) -> String {
    name.trim_start_matches("TP-").to_lowercase()
}

/// Goes along the octets.
struct Walk<'o> {
    octets: &'o [u8],
    at: usize,
    anatomy: Anatomy,
}

impl<'o> Walk<'o> {
    fn new(octets: &'o [u8]) -> Self {
        let anatomy = Anatomy {
            kind: "",
            fields: Vec::new(),
            address: None,
            user_data: None,
            compressed: false,
            octets: hex(octets),
        };
        Self { octets, at: 0, anatomy }
    }

    fn put(&mut self, name: &'static str, length: usize, value: Value, says: impl Into<String>) {
        let octets = self.at..self.at + length;
        self.anatomy.fields.push(Field { name, octets, value, says: says.into() });
        self.at += length;
    }

    /// A flag of the first octet.
    fn flag(&mut self, name: &'static str, set: bool, says: &str) {
        self.anatomy.fields.push(Field {
            name,
            octets: 0..1,
            value: json!(set),
            says: if set { says.to_owned() } else { "no".to_owned() },
        });
    }

    fn begin(&mut self, kind: &'static str, name: &str) {
        self.anatomy.kind = kind;
        let mti = self.octets.first().map_or(0, |octet| octet & 0x03);
        self.put("TP-MTI", 1, json!(mti), name);
    }

    /// Octets that no field has taken yet.
    fn rest(&self) -> &'o [u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    /// What follows the last field that is known.
    fn end(mut self) -> Anatomy {
        let rest = self.rest();
        if !rest.is_empty() {
            let padding = rest.iter().all(|octet| *octet == 0xFF);
            let says = if padding {
                "padding of a record"
            } else {
                "ignored: TP-PI announces what no release defines"
            };
            self.put("rest", rest.len(), json!(hex(rest)), says);
        }
        self.anatomy
    }

    fn header_of_report(&mut self, it: &Parameters) {
        self.flag("TP-UDHI", it.udhi(), if it.stray_udhi { STRAY } else { HEADER });
    }

    fn octet(&mut self, name: &'static str, octet: u8, says: impl Into<String>) {
        self.put(name, 1, json!(octet), says);
    }

    fn address(&mut self, name: &'static str, address: &Address) {
        let semi_octets = self.octets.get(self.at).copied().unwrap_or_default();
        let length = 2 + usize::from(semi_octets).div_ceil(2);
        let (value, says) = words::address(address);
        self.put(name, length, value, says);
        self.anatomy.address = Some(*address);
    }

    fn time(&mut self, name: &'static str, time: Timestamp) {
        let read = words::time(time);
        let says = read.clone().unwrap_or_else(|| "no time".to_owned());
        self.put(name, 7, json!(read.unwrap_or_else(|| hex(&time.octets()))), says);
    }

    fn pid(&mut self, pid: Pid) {
        self.octet("TP-PID", pid.0, words::pid(pid));
    }

    fn dcs(&mut self, dcs: Dcs) {
        let (value, says) = words::dcs(dcs);
        self.put("TP-DCS", 1, value, says);
        self.anatomy.compressed = dcs.compressed();
    }

    fn user_data(&mut self, ud: &UserData) {
        let unit = if ud.alphabet() == Alphabet::Gsm7 { "septet" } else { "octet" };
        self.octet("TP-UDL", ud.udl(), words::count(ud.udl().into(), unit));
        let data8 = ud.alphabet() == Alphabet::Data8;
        if let Some(udh) = ud.udh() {
            self.put("TP-UDHL", 1, json!(udh.length()), words::count(udh.length(), "octet"));
            let elements: Vec<_> = udh.elements().map(element).collect();
            let list: Vec<_> = elements.iter().map(|(value, _)| value.clone()).collect();
            let (value, says) = match udh.check() {
                Ok(()) => (json!(list), words::count(elements.len(), "information element")),
                // As octets: there is no saying where an element begins.
                Err(DecodeError { kind, .. }) => (
                    json!(hex(udh.octets())),
                    format!("ignored whole, something overruns it: {kind}"),
                ),
            };
            let (start, count) = (self.at, udh.octets().len());
            self.put("TP-UDH", count, value, says);
            self.at = start;
            for (ie, (value, says)) in udh.elements().zip(elements) {
                self.put(ELEMENT, ie.data.len() + 2, value, says);
            }
            self.at = start + count;
        }
        let says = if data8 { hex(ud.body()) } else { format!("{:?}", ud.text().to_string()) };
        let rest = ud.body().len();
        self.put("TP-UD", rest, json!(hex(ud.body())), says);
        self.anatomy.user_data = Some(ud.clone());
    }

    fn deliver(&mut self, it: &Deliver) {
        self.begin("deliver", "SMS-DELIVER");
        self.flag("TP-MMS", it.mms, "more messages are waiting");
        self.flag("TP-LP", it.lp, "forwarded or spawned already");
        self.flag("TP-SRI", it.sri, "a status report is wanted");
        self.flag("TP-UDHI", it.ud.udhi(), HEADER);
        self.flag("TP-RP", it.rp, "a reply path is set");
        self.address("TP-OA", &it.oa);
        self.pid(it.pid);
        self.dcs(it.dcs);
        self.time("TP-SCTS", it.scts);
        self.user_data(&it.ud);
    }

    fn submit(&mut self, it: &Submit) {
        self.begin("submit", "SMS-SUBMIT");
        self.flag("TP-RD", it.rd, "duplicates are rejected");
        let (vpf, format) = match it.vp {
            None => (0, "no validity period"),
            Some(ValidityPeriod::Enhanced(_)) => (1, "enhanced"),
            Some(ValidityPeriod::Relative(_)) => (2, "relative"),
            Some(ValidityPeriod::Absolute(_)) => (3, "absolute"),
        };
        let (name, says) = ("TP-VPF", format.to_owned());
        self.anatomy.fields.push(Field { name, octets: 0..1, value: json!(vpf), says });
        self.flag("TP-SRR", it.srr, "a status report is wanted");
        self.flag("TP-UDHI", it.ud.udhi(), HEADER);
        self.flag("TP-RP", it.rp, "a reply path is set");
        self.octet("TP-MR", it.mr.0, it.mr.0.to_string());
        self.address("TP-DA", &it.da);
        self.pid(it.pid);
        self.dcs(it.dcs);
        if let Some(period) = it.vp {
            let length = if matches!(period, ValidityPeriod::Relative(_)) { 1 } else { 7 };
            let (value, says) = words::validity(period);
            self.put("TP-VP", length, value, says);
        }
        self.user_data(&it.ud);
    }

    fn status_report(&mut self, it: &StatusReport) {
        self.begin("status_report", "SMS-STATUS-REPORT");
        self.flag("TP-MMS", it.mms, "more messages are waiting");
        self.flag("TP-LP", it.lp, "forwarded or spawned already");
        self.flag("TP-SRQ", it.srq, "answers a command");
        self.header_of_report(&it.parameters);
        self.octet("TP-MR", it.mr.0, it.mr.0.to_string());
        self.address("TP-RA", &it.ra);
        self.time("TP-SCTS", it.scts);
        self.time("TP-DT", it.dt);
        let (value, says) = words::status(it.st);
        self.put("TP-ST", 1, value, says);
        if self.rest().iter().any(|octet| *octet != 0xFF) {
            self.indicator();
            self.parameters(&it.parameters);
        }
    }

    fn submit_report(&mut self, it: &SubmitReport) {
        self.begin("submit_report", "SMS-SUBMIT-REPORT");
        self.header_of_report(&it.parameters);
        self.failure(it.fcs);
        self.indicator();
        self.time("TP-SCTS", it.scts);
        self.parameters(&it.parameters);
    }

    fn deliver_report(&mut self, it: &DeliverReport) {
        self.begin("deliver_report", "SMS-DELIVER-REPORT");
        self.header_of_report(&it.parameters);
        self.failure(it.fcs);
        self.indicator();
        self.parameters(&it.parameters);
    }

    fn command(&mut self, it: &Command) {
        self.begin("command", "SMS-COMMAND");
        self.flag("TP-UDHI", it.udhi, "a header leads the data");
        self.flag("TP-SRR", it.srr, "a status report is wanted");
        self.octet("TP-MR", it.mr.0, it.mr.0.to_string());
        self.pid(it.pid);
        self.octet("TP-CT", it.ct.0, words::command(it.ct));
        self.octet("TP-MN", it.mn.0, it.mn.0.to_string());
        self.address("TP-DA", &it.da);
        self.put("TP-CDL", 1, json!(it.cd.len()), words::count(it.cd.len(), "octet"));
        self.put("TP-CD", it.cd.len(), json!(hex(&it.cd)), hex(&it.cd));
    }

    fn failure(&mut self, fcs: Option<FailureCause>) {
        if let Some(cause) = fcs {
            self.octet("TP-FCS", cause.0, words::failure(cause));
        }
    }

    /// TP-PI with its extension octets.
    fn indicator(&mut self) {
        let rest = self.rest();
        let length =
            rest.iter().position(|octet| octet & 0x80 == 0).map_or(rest.len(), |at| at + 1);
        let bits = rest.first().copied().unwrap_or_default();
        let present = [(1, "TP-PID"), (2, "TP-DCS"), (4, "TP-UD")];
        let present = present.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| name);
        let mut present: Vec<_> = present.collect();
        if bits & 0xF8 != 0 {
            present.push("something of a later release");
        }
        let says =
            if present.is_empty() { "nothing follows".to_owned() } else { present.join(", ") };
        self.put("TP-PI", length, json!(bits), says);
    }

    fn parameters(&mut self, it: &Parameters) {
        if let Some(pid) = it.pid {
            self.pid(pid);
        }
        if let Some(dcs) = it.dcs {
            self.dcs(dcs);
        }
        if let Some(ud) = &it.ud {
            self.user_data(ud);
        }
    }
}

/// An information element for programs and for people.
fn element(ie: Ie<'_>) -> (Value, String) {
    let wide = |high: u8, low: u8| u16::from_be_bytes([high, low]);
    // Whether the element counts, beside its name and what it says.
    let (name, says, counts) = match (ie.iei, ie.data) {
        (Ie::CONCAT_NARROW, &[reference, total, sequence]) => {
            let says = format!("reference {reference}, segment {sequence} of {total}");
            ("concatenation", says, Concat::of(ie).is_some())
        }
        (Ie::CONCAT_WIDE, &[high, low, total, sequence]) => {
            let reference = wide(high, low);
            let says = format!("reference {reference}, segment {sequence} of {total}");
            ("concatenation", says, Concat::of(ie).is_some())
        }
        (Ie::SPECIAL_MESSAGE, &[_, _]) => {
            let special = SpecialMessage::of(ie).map(words::special);
            ("special message indication", special.unwrap_or_default(), true)
        }
        (Ie::PORT_NARROW, &[to, from]) => ("ports", format!("to {to}, from {from}"), true),
        (Ie::PORT_WIDE, &[d1, d0, s1, s0]) => {
            ("ports", format!("to {}, from {}", wide(d1, d0), wide(s1, s0)), true)
        }
        (Ie::SINGLE_SHIFT, &[id]) => {
            ("single shift", words::language(id), Language::from_id(id).is_some())
        }
        (Ie::LOCKING_SHIFT, &[id]) => {
            let counts = Language::from_id(id).is_some_and(Language::has_locking);
            ("locking shift", words::language(id), counts)
        }
        _ => ("kept", String::new(), true),
    };
    let value = json!({"iei": ie.iei, "name": name, "data": hex(ie.data)});
    let says = if says.is_empty() { hex(ie.data) } else { says };
    let ignored = if counts { "" } else { ", ignored" };
    (value, format!("{:02X} {name}: {says}{ignored}", ie.iei))
}
