//! The service centre's books: what it took, what it holds, and for whom.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Message, Origin, Phone};
use crate::{
    call::Book,
    modem::{Submission, Verdict},
    tpdu::{Concat, ServiceTime, StatusReport},
};

/// How the network behaves; every field can be changed while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkSettings {
    /// From Ctrl-Z to the answer.
    pub latency_ms: u64,
    /// From the answer to the phone, and from a phone to a modem.
    pub delivery_ms: u64,
    /// Delivery reports are sent when asked for.
    pub reports: bool,
    /// A message to a phone that is off makes a report that it has to wait.
    pub temporary_reports: bool,
    /// The longest time that the service centre keeps a message, whatever its TP-VP says.
    pub validity_limit_ms: Option<u64>,
    /// How far the service centre's clock is ahead of UTC; quarter-hours.
    pub utc_offset_minutes: i16,
    /// From dialling until a phone rings, or the network says why it does not.
    pub call_setup_ms: u64,
    /// How long a phone may ring before the network gives up.
    pub ring_limit_ms: u64,
}

impl Default for NetworkSettings {
    fn default() -> Self {
        Self {
            latency_ms: 0,
            delivery_ms: 0,
            reports: true,
            temporary_reports: true,
            validity_limit_ms: None,
            utc_offset_minutes: 0,
            call_setup_ms: 50,
            ring_limit_ms: 60_000,
        }
    }
}

/// What the network said to a submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitOutcome {
    /// The service centre took it.
    Accepted,
    /// `+CMS ERROR` with this code.
    Refused(u16),
}

/// One SMS-SUBMIT that reached the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmitSeen {
    /// The modem's name.
    pub modem: String,
    /// The ICCID of the SIM that it was sent with.
    pub iccid: String,
    /// When the network took or refused it.
    pub at: Timestamp,
    /// The reference that `+CMGS` answers.
    pub mr: u8,
    /// The reference that the TPDU carried.
    pub tp_mr: u8,
    /// TP-RD: reject a duplicate.
    pub rd: bool,
    /// TP-SRR: a status report is wanted.
    pub srr: bool,
    /// TP-DA, with `+` when international.
    pub recipient: String,
    /// Its place in a longer text.
    pub concat: Option<Concat>,
    /// This segment's text.
    pub text: String,
    /// The validity period in seconds.
    pub validity_seconds: Option<u64>,
    /// What is not forbidden, and yet phones show wrongly; empty for a careful host.
    #[serde(default)]
    pub remarks: Vec<String>,
    /// The TPDU as the host sent it.
    pub tpdu_hex: String,
    /// What the network said.
    pub outcome: SubmitOutcome,
}

/// Where a message goes next.
pub(crate) enum Route {
    /// It is not held any more.
    Gone,
    Done(Option<Report>),
    Wait(Option<Report>),
    Modem {
        index: usize,
        /// Of the SIM that it is for.
        number: String,
        tpdu: Vec<u8>,
        class: Option<u8>,
    },
}

/// A delivery report for a SIM.
pub(crate) struct Report {
    pub(crate) number: String,
    pub(crate) tpdu: Vec<u8>,
}

/// The network's state.
#[derive(Default)]
pub(crate) struct Network {
    pub(crate) settings: NetworkSettings,
    pub(crate) phones: BTreeMap<String, Phone>,
    pub(crate) submits: Vec<SubmitSeen>,
    pub(crate) calls: Book,
    /// Numbers of the modems' SIMs, by index.
    pub(crate) modems: Vec<String>,
    /// Reports that wait for a modem with their SIM.
    pub(crate) reports: Vec<Report>,
    held: BTreeMap<u64, Message>,
    next_id: u64,
}

impl Network {
    pub(crate) fn new(settings: NetworkSettings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// The phone with this number, which comes into being when first spoken of.
    pub(crate) fn phone(&mut self, number: &str) -> &mut Phone {
        self.phones.entry(number.to_owned()).or_default()
    }

    /// Takes or refuses a submit; a message that was taken gets an id.
    pub(crate) fn submit(
        &mut self,
        modem: &str,
        submission: &Submission,
    ) -> (Verdict, Option<u64>) {
        let verdict = self.judge(submission);
        let submit = &submission.submit;
        let scts = self.service_time();
        let outcome = match verdict {
            Verdict::Accepted => SubmitOutcome::Accepted,
            Verdict::Refused(code) => SubmitOutcome::Refused(code),
        };
        self.submits.push(SubmitSeen {
            modem: modem.to_owned(),
            iccid: submission.iccid.clone(),
            at: scts.instant(),
            mr: submission.mr,
            tp_mr: submit.mr,
            rd: submit.rd,
            srr: submit.srr,
            recipient: submit.da.to_string(),
            concat: submit.concat,
            text: submit.text.clone(),
            validity_seconds: submit.vp.map(|vp| vp.remaining(scts.instant()).as_secs()),
            remarks: submit.remarks.iter().map(|&remark| remark.to_owned()).collect(),
            tpdu_hex: submission.tpdu_hex.clone(),
            outcome,
        });
        if verdict != Verdict::Accepted {
            return (verdict, None);
        }
        let message = Message::submitted(submission, scts);
        (verdict, Some(self.hold(message)))
    }

    /// Puts a message into the books.
    pub(crate) fn hold(&mut self, mut message: Message) -> u64 {
        if let Some(limit) = self.settings.validity_limit_ms {
            message.validity = message.validity.min(Duration::from_millis(limit));
        }
        let id = self.next_id;
        self.next_id += 1;
        self.held.insert(id, message);
        id
    }

    /// Tries to deliver a message.
    pub(crate) fn route(&mut self, id: u64) -> Route {
        let Some(message) = self.held.get_mut(&id) else {
            return Route::Gone;
        };
        if let Origin::Modem { doomed: Some(status), .. } = message.origin {
            return Route::Done(self.end(id, status));
        }
        let number = message.to.to_string();
        if let Some(index) = self.modems.iter().position(|modem| *modem == number) {
            let (tpdu, class) = (message.deliver(), message.class);
            return Route::Modem { index, number, tpdu, class };
        }
        let phone = self.phones.entry(number).or_default();
        if phone.reachable {
            phone.receive(message);
            return Route::Done(self.end(id, 0x00));
        }
        let first_time = !std::mem::replace(&mut message.told, true);
        // TS 23.040 clause 9.2.3.15: 0x22, no response from SME, still trying.
        let report = (first_time && self.settings.temporary_reports)
            .then(|| self.held.get(&id).and_then(|message| self.report(message, 0x22)))
            .flatten();
        Route::Wait(report)
    }

    /// The modem with this number's SIM.
    pub(crate) fn modem_of(&self, number: &str) -> Option<usize> {
        self.modems.iter().position(|modem| modem == number)
    }

    /// Ends a message with a status and makes the report that its sender asked for.
    pub(crate) fn end(&mut self, id: u64, status: u8) -> Option<Report> {
        let message = self.held.remove(&id)?;
        self.report(&message, status)
    }

    /// How long a message may still be held.
    pub(crate) fn validity(&self, id: u64) -> Option<Duration> {
        self.held.get(&id).map(|message| message.validity.saturating_sub(message.since.elapsed()))
    }

    /// What is held for a number, oldest first.
    pub(crate) fn held_for(&self, number: &str) -> Vec<u64> {
        let theirs = |message: &Message| message.to.to_string() == number;
        self.held.iter().filter(|(_, message)| theirs(message)).map(|(id, _)| *id).collect()
    }

    /// The service centre's clock.
    pub(crate) fn service_time(&self) -> ServiceTime {
        let quarters = i8::try_from(self.settings.utc_offset_minutes / 15).unwrap_or(0);
        ServiceTime::new(Timestamp::now(), quarters)
    }

    fn judge(&self, submission: &Submission) -> Verdict {
        if let Some(code) = submission.refuse {
            return Verdict::Refused(code);
        }
        // TS 23.040 clause 9.2.3.25: TP-RD, same reference and recipient, still held.
        let same = |message: &Message| {
            matches!(message.origin, Origin::Modem { mr, .. } if mr == submission.mr)
                && message.from == submission.from
                && message.to == submission.submit.da
        };
        if submission.submit.rd && self.held.values().any(same) {
            // TP-FCS 0xC5, SM rejected: duplicate.
            return Verdict::Refused(197);
        }
        Verdict::Accepted
    }

    fn report(&self, message: &Message, st: u8) -> Option<Report> {
        let Origin::Modem { mr, wants_report: true, .. } = message.origin else {
            return None;
        };
        if !self.settings.reports {
            return None;
        }
        let (ra, scts, dt) = (message.to.clone(), message.scts, self.service_time());
        let number = message.from.clone();
        Some(Report { number, tpdu: StatusReport { mr, ra, scts, dt, st }.encode() })
    }
}
