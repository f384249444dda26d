//! `ringpost pdu decode`.

use std::io::{self, BufRead as _, BufWriter, Write as _};

use ringpost_hal::pdu::{DecodeError, Inbound, Outbound, mode};
use serde_json::{Map, Value, json};

use super::{fields::Anatomy, print};
use crate::cli::Failure;

/// Every field by its name in 3GPP TS 23.040, with its octets and what they mean.
///
/// JSON is `{type, smsc, address, text, encoding, concat: {reference, total, sequence}, data, tp: {…}}`,
/// where `type` is deliver, submit, `status_report`, `submit_report`, `deliver_report` or command, `data`
/// is what is no text, in hexadecimal, and `tp` has every field by its name in small letters; or
/// `{error: {field, offset, message}}`, where `offset` counts octets from the start, and exit code 1.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Decode {
    /// The PDU in hexadecimal, as `+CMT`, `+CMGR` and the like print it.
    #[arg(required_unless_present = "batch", conflicts_with = "batch")]
    hex: Option<String>,
    /// It goes from the phone to the service centre, as `AT+CMGS` takes it.
    #[arg(long)]
    outbound: bool,
    /// It begins with the TPDU: no service centre address leads.
    #[arg(long)]
    tpdu: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Read PDUs from standard input, one a line, and answer each with a line of JSON.
    #[arg(long)]
    batch: bool,
}

/// A PDU that could be read.
pub(super) struct Read {
    pub(super) anatomy: Anatomy,
    pub(super) service_centre: Option<String>,
    /// All octets, the service centre address included.
    pub(super) octets: Vec<u8>,
    /// Where the TPDU begins among them.
    pub(super) start: usize,
}

impl Decode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Some(hex) = &self.hex else { return self.batch() };
        match (self.read(hex.trim()), self.json) {
            (Ok(read), true) => {
                crate::cli::output::print(&format!("{:#}", Value::Object(read.json())))
            }
            (Ok(read), false) => ignore_closed(read.print(&mut anstream::stdout())),
            (Err(fault), true) => {
                crate::cli::output::print(&format!("{:#}", problem(&fault)))?;
                Err(Failure::Reported)
            }
            (Err(fault), false) => {
                ignore_closed(print::fault(&mut anstream::stderr(), hex.trim(), &fault))?;
                Err(Failure::Reported)
            }
        }
    }

    fn read(&self, hex: &str) -> Result<Read, DecodeError> {
        if !self.tpdu {
            return read(hex, self.outbound);
        }
        // Behind an empty service centre address, which nobody wrote.
        let read = read(&format!("00{hex}"), self.outbound);
        let mut read =
            read.map_err(|fault| DecodeError { offset: fault.offset.saturating_sub(1), ..fault })?;
        read.octets.remove(0);
        read.start = 0;
        Ok(read)
    }

    /// Every line gets its answer, empty ones too: the numbers of the lines agree.
    fn batch(&self) -> Result<(), Failure> {
        let mut input = io::stdin().lock();
        let mut output = BufWriter::new(io::stdout().lock());
        let mut line = Vec::new();
        let mut failed = false;
        loop {
            line.clear();
            let count = input
                .read_until(b'\n', &mut line)
                .map_err(|cause| Failure::while_doing("read standard input", cause))?;
            if count == 0 {
                break;
            }
            let answer = match self.read(String::from_utf8_lossy(&line).trim()) {
                Ok(read) => Value::Object(read.json()),
                Err(fault) => {
                    failed = true;
                    problem(&fault)
                }
            };
            if let Err(cause) = writeln!(output, "{answer}") {
                return ignore_closed(Err(cause));
            }
        }
        ignore_closed(output.flush())?;
        if failed { Err(Failure::Reported) } else { Ok(()) }
    }
}

/// Takes a line apart: a service centre address, and a TPDU.
pub(super) fn read(hex: &str, outbound: bool) -> Result<Read, DecodeError> {
    let (sca, tpdu) = mode::decode_hex(hex)?;
    let start = (hex.len() / 2).saturating_sub(tpdu.len());
    let behind = |fault: DecodeError| DecodeError { offset: fault.offset + start, ..fault };
    let anatomy = if outbound {
        Anatomy::of_outbound(&Outbound::decode(&tpdu).map_err(behind)?, &tpdu)
    } else {
        Anatomy::of_inbound(&Inbound::decode(&tpdu).map_err(behind)?, &tpdu)
    };
    let digits: Vec<_> = hex.as_bytes().chunks(2).take(start).collect();
    let octet = |pair: &&[u8]| {
        let text = str::from_utf8(pair).ok()?;
        u8::from_str_radix(text, 16).ok()
    };
    let mut octets: Vec<_> = digits.iter().filter_map(octet).collect();
    octets.extend_from_slice(&tpdu);
    Ok(Read { anatomy, service_centre: sca.map(|sca| sca.to_string()), octets, start })
}

impl Read {
    pub(super) fn json(&self) -> Map<String, Value> {
        let mut json = self.anatomy.json();
        json.insert("smsc".to_owned(), json!(self.service_centre));
        json
    }

    pub(super) fn print(&self, out: &mut impl io::Write) -> io::Result<()> {
        let service_centre = self.service_centre.as_deref();
        print::anatomy(out, service_centre, &self.anatomy, &self.octets, self.start)
    }
}

fn problem(fault: &DecodeError) -> Value {
    json!({"error": {
        "field": fault.field,
        "offset": fault.offset,
        "message": fault.kind.to_string(),
    }})
}

/// A reader that has gone away, such as `head`, is no failure.
pub(super) fn ignore_closed(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
