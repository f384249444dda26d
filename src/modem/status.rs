//! How a modem is.

use std::time::Duration;

use ringpost_hal::{
    at::dialogue::{Facts, Failure, FailureKind, Reports},
    family::{Family, GENERIC},
};

use crate::domain::{Detail, Timestamp};

/// Whether a modem can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModemState {
    /// Its port cannot be opened.
    Absent,
    /// It is brought up.
    Starting,
    /// It takes messages.
    Ready,
    /// It works, but no network serves it.
    NotRegistered,
    /// It does not answer as it should; it is tried again.
    Failed,
}

impl ModemState {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::NotRegistered => "not_registered",
            Self::Failed => "failed",
        }
    }
}

/// What is wrong with a modem, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// In the vocabulary of reasons.
    pub detail: Detail,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let detail = match failure.kind {
            FailureKind::Fault => Detail::ModemFault,
            FailureKind::SimMissing => Detail::SimMissing,
            FailureKind::SimLocked => Detail::SimLocked,
            FailureKind::NotRegistered => Detail::NotRegistered,
        };
        Self { detail, message: failure.message.into(), hint: failure.hint.into() }
    }
}

/// How a modem is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModemStatus {
    /// Whether it can be used.
    pub state: ModemState,
    /// The bring-up step that runs or failed.
    pub step: Option<&'static str>,
    /// What is wrong.
    pub problem: Option<Problem>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// What it said of itself, as far as it came.
    pub facts: Facts,
    /// Its family, as far as it is known.
    pub family: Option<&'static Family>,
    /// How long the answer to a submit may take.
    pub submit_timeout: Duration,
}

impl ModemStatus {
    pub(super) fn new() -> Self {
        Self {
            state: ModemState::Starting,
            step: None,
            problem: None,
            since: Timestamp::now(),
            facts: Facts::default(),
            family: None,
            submit_timeout: Duration::from_secs(GENERIC.submit.0.into()),
        }
    }

    /// Whether it hands over delivery reports.
    pub fn has_reports(&self) -> bool {
        self.facts.reports != Reports::None
    }

    /// Which SIM it is: the ICCID, or a stand-in by the modem's name where it does not tell.
    pub fn sim(&self, name: &str) -> String {
        match self.facts.iccid.as_str() {
            "" => format!("modem:{name}"),
            iccid => iccid.to_owned(),
        }
    }
}
