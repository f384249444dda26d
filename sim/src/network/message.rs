//! One segment that the service centre holds.

use std::time::{Duration, Instant};

use crate::{
    modem::Submission,
    tpdu::{Address, Deliver, SegmentBody, ServiceTime},
};

/// Who sent a message, and what they want to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Modem {
        mr: u8,
        wants_report: bool,
        /// The status it is bound to fail with.
        doomed: Option<u8>,
    },
    Phone,
}

/// A segment on its way.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) origin: Origin,
    pub(crate) from: String,
    pub(crate) to: Address,
    pub(crate) pid: u8,
    pub(crate) class: Option<u8>,
    pub(crate) concat: Option<crate::Concat>,
    pub(crate) text: String,
    pub(crate) body: SegmentBody,
    pub(crate) scts: ServiceTime,
    pub(crate) validity: Duration,
    /// When the service centre took it; its validity counts from then.
    pub(crate) since: Instant,
    /// Its sender has been told that it has to wait.
    pub(crate) told: bool,
}

impl Message {
    /// A submit that the service centre took.
    pub(crate) fn submitted(submission: &Submission, scts: ServiceTime) -> Self {
        let submit = &submission.submit;
        let validity = submit
            .vp
            .map_or(super::DEFAULT_VALIDITY, |validity| validity.remaining(scts.instant()));
        Self {
            origin: Origin::Modem {
                mr: submission.mr,
                wants_report: submit.srr && !submission.no_report,
                doomed: submission.report_failure,
            },
            from: submission.from.clone(),
            to: submit.da.clone(),
            pid: submit.pid,
            class: submit.class,
            concat: submit.concat,
            text: submit.text.clone(),
            body: SegmentBody {
                dcs: submit.dcs,
                udhi: submit.udhi,
                udl: submit.udl,
                ud: submit.ud.clone(),
            },
            scts,
            validity,
            since: Instant::now(),
            told: false,
        }
    }

    /// One segment of a text that a phone sends.
    pub(crate) fn from_phone(from: &str, to: &str, body: SegmentBody, scts: ServiceTime) -> Self {
        Self {
            origin: Origin::Phone,
            from: from.to_owned(),
            to: Address::of(to),
            pid: 0,
            class: None,
            concat: None,
            text: String::new(),
            body,
            scts,
            validity: super::DEFAULT_VALIDITY,
            since: Instant::now(),
            told: false,
        }
    }

    /// The TPDU in which a modem receives it.
    pub(crate) fn deliver(&self) -> Vec<u8> {
        let (oa, body) = (Address::of(&self.from), self.body.clone());
        Deliver { oa, pid: self.pid, scts: self.scts, body }.encode()
    }
}
