//! `ringpost pdu encode`.

use std::io::{self, Read as _, Write as _};

use ringpost_hal::pdu::{
    Address, Alphabet, ConcatRef, Dcs, EncodeError, Language, MessageClass, MessageReference, Pid,
    Scope, SegmentOptions, Segmentation, Smart, Submit, ValidityPeriod, mode,
};
use serde_json::{Value, json};

use super::{
    cost::{self, Smartness},
    decode::{Form, Read, ignore_closed},
};
use crate::cli::{Failure, output};

/// What `AT+CMGS` takes for a text: for each segment the command and the PDU, and its fields.
///
/// Standard error says how the text is laid out, which characters cost more than others, and why.
/// JSON is a list with the shape of `pdu decode`, and `length` and `pdu` besides.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Encode {
    /// The recipient: `+` and digits, or a number as it is dialled.
    #[arg(long)]
    to: String,
    /// The text; else it is read from standard input.
    #[arg(long)]
    text: Option<String>,
    /// The service centre; else the one that the SIM names.
    #[arg(long, value_name = "NUMBER")]
    smsc: Option<String>,
    /// Shown at once and kept nowhere.
    #[arg(long)]
    flash: bool,
    /// Ask for a status report.
    #[arg(long)]
    report: bool,
    /// Have a duplicate with the same TP-MR rejected.
    #[arg(long)]
    reject_duplicates: bool,
    /// How long the service centre shall try, rounded up to what TP-VP can say.
    #[arg(long, value_name = "SECONDS")]
    validity: Option<u32>,
    /// TP-PID.
    #[arg(long, value_name = "OCTET", default_value_t = 0)]
    pid: u8,
    /// TP-MR of the first segment; the others count on.
    #[arg(long, value_name = "OCTET", default_value_t = 0)]
    mr: u8,
    /// What joins the segments at the phone.
    #[arg(long, value_name = "OCTET", default_value_t = 1)]
    reference: u8,
    /// Replace typographic characters where they alone cost the text its GSM 7 bit alphabet.
    #[arg(long)]
    smart: bool,
    /// A language whose national tables may be used, such as turkish; may be given again.
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    language: Vec<Language>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Encode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let wrong = |what: &str, cause: EncodeError| Failure::while_doing(what, cause);
        let da = Address::parse(&self.to).map_err(|cause| wrong("read --to", cause))?;
        let sca = self.smsc.as_deref().map(Address::parse).transpose();
        let sca = sca.map_err(|cause| wrong("read --smsc", cause))?;
        let given = self.read_text()?;
        let rewritten = self.rewritten(&given);
        let smartness = match (&rewritten, self.smart) {
            (None, _) => Smartness::InVain,
            (Some(_), false) => Smartness::Offered,
            (Some(_), true) => Smartness::Applied,
        };
        let text = rewritten.as_deref().filter(|_| self.smart).unwrap_or(&given);
        let plan = self.plan(text);
        let segments = plan.segments(ConcatRef::Narrow(self.reference));
        let segments = segments.map_err(|cause| wrong("lay the text out", cause))?;
        ignore_closed(cost::print(&mut io::stderr(), &given, &plan, smartness))?;
        let mut mr = MessageReference(self.mr);
        let mut lines = Vec::new();
        for ud in segments {
            let class = self.flash.then_some(MessageClass::Class0);
            let dcs = Dcs::from(ud.alphabet());
            let submit = Submit {
                rd: self.reject_duplicates,
                srr: self.report,
                mr,
                pid: Pid(self.pid),
                dcs: class.map_or(dcs, |class| dcs.with_class(class)),
                vp: self.validity.map(ValidityPeriod::relative_at_least),
                ..Submit::new(da, ud)
            };
            let tpdu = submit.encode().map_err(|cause| wrong("write the TPDU", cause))?;
            let line = mode::encode_hex(sca.as_ref(), &tpdu);
            let line = line.map_err(|cause| wrong("write the PDU", cause))?;
            lines.push((tpdu.len(), line.to_string()));
            // A segment with the reference of the one before would be its duplicate.
            mr = mr.next();
        }
        self.print(&lines)
    }

    fn read_text(&self) -> Result<String, Failure> {
        if let Some(text) = &self.text {
            return Ok(text.clone());
        }
        let mut text = String::new();
        let read = io::stdin().read_to_string(&mut text);
        read.map_err(|cause| Failure::while_doing("read the text", cause))?;
        if text.ends_with('\n') {
            text.pop();
        }
        Ok(text)
    }

    /// The text with what may stand for its costly characters, if GSM 7 bit has all of it then, and it takes
    /// no more segments: else nothing is gained.
    fn rewritten(&self, text: &str) -> Option<String> {
        let smart = Smart::new(text, Scope::Typography).to_string();
        let plan = self.plan(&smart);
        let gains = plan.alphabet() == Alphabet::Gsm7 && plan.total() <= self.plan(text).total();
        gains.then_some(smart)
    }

    fn plan<'a>(&'a self, text: &'a str) -> Segmentation<'a> {
        let options = SegmentOptions { languages: &self.language, ..SegmentOptions::default() };
        Segmentation::with(text, options)
    }

    fn print(&self, lines: &[(usize, String)]) -> Result<(), Failure> {
        let mut out = anstream::stdout();
        let mut list = Vec::new();
        for (index, (length, line)) in lines.iter().enumerate() {
            let read = Read::from_hex(line, Form { outbound: true, has_sca: true, carrier: None })
                .map_err(|cause| Failure::while_doing("read what was written", cause))?;
            if self.json {
                let mut json = read.json();
                if let Some(members) = json.as_object_mut() {
                    members.insert("length".to_owned(), json!(length));
                    members.insert("pdu".to_owned(), json!(line));
                }
                list.push(json);
                continue;
            }
            let gap = if index > 0 { "\n" } else { "" };
            let printed =
                writeln!(out, "{gap}AT+CMGS={length}\n{line}").and_then(|()| read.print(&mut out));
            ignore_closed(printed)?;
        }
        if self.json { output::print(&format!("{:#}", Value::Array(list))) } else { Ok(()) }
    }
}

/// A language by its English name.
fn language(name: &str) -> Result<Language, String> {
    let named = |language: &Language| format!("{language:?}").eq_ignore_ascii_case(name);
    Language::ALL.into_iter().find(named).ok_or_else(|| {
        let names = Language::ALL.map(|language| format!("{language:?}").to_lowercase());
        format!("no national tables of that name; there are {}", names.join(", "))
    })
}
