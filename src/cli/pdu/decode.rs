//! `ringpost pdu decode`.

use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};

use ringpost_hal::pdu::{DecodeError, Inbound, Outbound, RelayMessage, mode};
use serde_json::{Value, json};

use super::{fields::Anatomy, print};
use crate::cli::{Failure, output};

/// Bytes of a line that are looked at: many times what a PDU has, however it is padded.
const LONGEST_LINE: u64 = 64 * 1024;

/// Every field by its name in 3GPP TS 23.040, with its octets and what they mean.
///
/// JSON is `{type, address, text, encoding, concat: {reference, total, sequence}, data, tp: {…}}`, where
/// `type` is deliver, submit, `status_report`, `submit_report`, `deliver_report` or command, `data` is
/// what is no text, in hexadecimal, and `tp` has `smsc`, `tpdu` in hexadecimal, and every field by its name
/// in small letters; or `{error: {field, offset, message}}`, where `offset` counts octets from the start,
/// and exit code 1.
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
    /// What carried a report: only an RP-ERROR has a TP-FCS. Else the octets tell, as far as they can.
    #[arg(long, value_name = "RELAY")]
    carrier: Option<Carrier>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Read PDUs from standard input, one a line, and answer each with a line of JSON.
    #[arg(long)]
    batch: bool,
}

/// Where a PDU comes from, and so how it begins.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// It goes to the service centre.
    pub(super) outbound: bool,
    /// A service centre address leads.
    pub(super) has_sca: bool,
    /// What carried it, where that is known.
    pub(super) carrier: Option<RelayMessage>,
}

/// The relay message of a report.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Carrier {
    /// The other side took what the report is about.
    RpAck,
    /// It did not.
    RpError,
}

/// A PDU that could be read.
pub(super) struct Read {
    anatomy: Anatomy,
    service_centre: Option<String>,
    /// All octets, the service centre address included.
    octets: Vec<u8>,
    /// Where the TPDU begins among them.
    start: usize,
}

impl Decode {
    pub(super) fn run(self) -> Result<(), Failure> {
        let Some(hex) = &self.hex else { return self.batch() };
        let hex = hex.trim();
        match (Read::from_hex(hex, self.form()), self.json) {
            (Ok(read), true) => output::print(&format!("{:#}", read.json())),
            (Ok(read), false) => ignore_closed(read.print(&mut anstream::stdout())),
            (Err(fault), true) => {
                output::print(&format!("{:#}", problem(&fault)))?;
                Err(Failure::Reported)
            }
            (Err(fault), false) => {
                ignore_closed(print::fault(&mut anstream::stderr(), hex, &fault))?;
                Err(Failure::Reported)
            }
        }
    }

    fn form(&self) -> Form {
        let carrier = self.carrier.map(|carrier| match carrier {
            Carrier::RpAck => RelayMessage::Ack,
            Carrier::RpError => RelayMessage::Error,
        });
        Form { outbound: self.outbound, has_sca: !self.tpdu, carrier }
    }

    /// Every line gets its answer, empty ones too: the numbers of the lines agree.
    fn batch(&self) -> Result<(), Failure> {
        let mut input = BufReader::new(io::stdin().lock());
        let mut output = BufWriter::new(io::stdout().lock());
        let mut line = Vec::new();
        let mut failed = false;
        while read_line(&mut input, &mut line)
            .map_err(|cause| Failure::while_doing("read standard input", cause))?
        {
            let answer = match Read::from_hex(String::from_utf8_lossy(&line).trim(), self.form()) {
                Ok(read) => read.json(),
                Err(fault) => {
                    failed = true;
                    problem(&fault)
                }
            };
            let mut written = writeln!(output, "{answer}");
            // Who asks line by line waits for the answer before the next line.
            if input.buffer().is_empty() {
                written = written.and_then(|()| output.flush());
            }
            if written.is_err() {
                return ignore_closed(written);
            }
        }
        ignore_closed(output.flush())?;
        if failed { Err(Failure::Reported) } else { Ok(()) }
    }
}

/// Reads a line, of which no more than [`LONGEST_LINE`] is kept; false where there is none.
fn read_line(input: &mut impl io::BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let count = input.take(LONGEST_LINE).read_until(b'\n', line)?;
    if count as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    Ok(count > 0)
}

impl Read {
    pub(super) fn from_hex(hex: &str, form: Form) -> Result<Self, DecodeError> {
        let octets = mode::octets(hex)?;
        let (sca, tpdu) = if form.has_sca { mode::split(&octets)? } else { (None, &*octets) };
        let start = octets.len() - tpdu.len();
        let behind = |fault: DecodeError| DecodeError { offset: fault.offset + start, ..fault };
        let carrier = form.carrier.unwrap_or_else(|| RelayMessage::guess(tpdu));
        let anatomy = if form.outbound {
            Anatomy::of_outbound(&Outbound::decode_from(tpdu, carrier).map_err(behind)?, tpdu)
        } else {
            Anatomy::of_inbound(&Inbound::decode_from(tpdu, carrier).map_err(behind)?, tpdu)
        };
        let service_centre = sca.map(|sca| sca.to_string());
        Ok(Self { anatomy, service_centre, octets: octets.to_vec(), start })
    }

    pub(super) fn json(&self) -> Value {
        self.anatomy.json(self.service_centre.as_deref())
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
