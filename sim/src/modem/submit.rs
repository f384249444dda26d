//! From the end of a message's body to the modem's answer.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Answer, Device, Effect, device::Mode};
use crate::{
    fault::Fault,
    tpdu::{self, Address, Cursor, Submit, TpduError},
};

/// A PDU that the modem turned away with `+CMS ERROR: 304`, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PduError {
    /// When it came.
    pub at: Timestamp,
    /// The field and what is wrong with it.
    pub reason: String,
    /// What the host sent.
    pub pdu_hex: String,
}

/// A message on its way from a modem into the network.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    /// The modem's life in which it was sent; an answer does not outlive it.
    pub(crate) life: u32,
    /// The ICCID and the number of the SIM that sends it.
    pub(crate) iccid: String,
    pub(crate) from: String,
    pub(crate) mr: u8,
    pub(crate) submit: Submit,
    pub(crate) tpdu_hex: String,
    /// Faults that struck it.
    pub(crate) refuse: Option<u16>,
    pub(crate) late: Duration,
    /// The modem does not wait for the answer.
    pub(crate) stray: bool,
    pub(crate) drop_final: bool,
    pub(crate) drop_line: bool,
    pub(crate) drop_ok: bool,
    pub(crate) no_report: bool,
    pub(crate) report_failure: Option<u8>,
    pub(crate) report_first: bool,
}

/// What the network said to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Refused(u16),
}

/// More than a host needs to see of its own mistakes.
const PDU_ERRORS: usize = 1000;

impl Device {
    /// Checks a body and hands its message to the network.
    pub(super) fn submit(&mut self, length: usize, body: &[u8]) -> Answer {
        let hex = body.trim_ascii();
        let (centre, submit, tpdu_hex) = match read(length, hex) {
            Ok(read) => read,
            Err(error) => {
                self.note_pdu_error(&error, hex);
                return Answer::Cms(304);
            }
        };
        if let Some(answer) = self.submit_fault() {
            return answer;
        }
        // TS 27.005 clause 3.2.5: 330, SMSC address unknown.
        if centre.is_none() && self.card.service_centre.is_empty() {
            return Answer::Cms(330);
        }
        let mr = if self.keeps_mr { submit.mr } else { self.take_mr() };
        let submission = self.submission(mr, submit, tpdu_hex);
        if !submission.stray {
            self.mode = Mode::Busy;
        }
        self.effects.push(Effect::Submit(Box::new(submission)));
        Answer::Silent
    }

    /// The network has spoken: tells the host, unless a fault swallows it.
    pub(crate) fn submitted(&mut self, submission: &Submission, verdict: Verdict) {
        if submission.life != self.life {
            return;
        }
        if submission.drop_ok && verdict == Verdict::Accepted {
            let line = format!("\r\n+CMGS: {}\r\n", submission.mr);
            self.say(line.into_bytes(), Duration::ZERO);
        } else if !submission.drop_final {
            let answer = match verdict {
                Verdict::Refused(code) => Answer::Cms(code),
                Verdict::Accepted => {
                    if !submission.drop_line {
                        self.info(format!("+CMGS: {}", submission.mr));
                    }
                    Answer::Ok
                }
            };
            self.answer(answer);
        }
        if !submission.stray {
            self.resume();
        }
    }

    fn submit_fault(&mut self) -> Option<Answer> {
        if let Some(answer) = self.sms_trouble() {
            return Some(answer);
        }
        if let Some(fault) = self.faults.strike_at(Fault::CmsError, "+CMGS") {
            return Some(Answer::Cms(fault.code.unwrap_or(500)));
        }
        // TS 27.005 clause 3.2.5: 331, no network service.
        (!self.registered()).then_some(Answer::Cms(331))
    }

    fn submission(&mut self, mr: u8, submit: Submit, tpdu_hex: String) -> Submission {
        let faults = &mut self.faults;
        let stray = faults.strike(Fault::StrayCmgs);
        let late = stray.clone().or_else(|| faults.strike(Fault::LateCmgs));
        let late = late.map_or(0, |fault| fault.delay_ms.unwrap_or(5000));
        let status = |code: u16| u8::try_from(code).unwrap_or(0x46);
        Submission {
            life: self.life,
            iccid: self.card.iccid.clone(),
            from: self.card.number.clone(),
            mr,
            submit,
            tpdu_hex,
            refuse: faults.strike(Fault::NetworkRefuseSubmit).map(|f| f.code.unwrap_or(38)),
            late: Duration::from_millis(late),
            stray: stray.is_some(),
            drop_final: faults.strike(Fault::DropFinal).is_some(),
            drop_ok: faults.strike(Fault::DropOk).is_some(),
            drop_line: faults.strike(Fault::DropCmgsLine).is_some(),
            no_report: faults.strike(Fault::NoReport).is_some(),
            report_failure: faults
                .strike(Fault::ReportFailure)
                .map(|f| f.code.map_or(0x46, status)),
            report_first: faults.strike(Fault::ReportBeforeAnswer).is_some(),
        }
    }

    fn take_mr(&mut self) -> u8 {
        let mr = self.card.next_mr;
        self.card.next_mr = mr.wrapping_add(1);
        mr
    }

    fn note_pdu_error(&mut self, error: &TpduError, hex: &[u8]) {
        let reason = error.to_string();
        tracing::warn!(modem = %self.name, %reason, "a PDU was turned away");
        if self.pdu_errors.len() < PDU_ERRORS {
            let pdu_hex = String::from_utf8_lossy(hex).into_owned();
            self.pdu_errors.push(PduError { at: Timestamp::now(), reason, pdu_hex });
        }
    }
}

// TS 27.005 clause 3.5.1: <length> counts the TPDU without the service centre's address.
fn read(length: usize, hex: &[u8]) -> Result<(Option<Address>, Submit, String), TpduError> {
    let pdu = tpdu::octets(hex)?;
    let mut cursor = Cursor::new(&pdu);
    let centre = Address::decode_sca(&mut cursor)?;
    let tpdu = cursor.rest();
    if tpdu.len() != length {
        return tpdu::refuse("length", "+CMGS announced another number of octets than came");
    }
    Ok((centre, Submit::decode(tpdu)?, tpdu::hex(tpdu)))
}
