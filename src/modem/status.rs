//! How a modem is.

use std::time::Duration;

use ringpost_hal::{
    at::dialogue::{Facts, Failure, FailureKind, NotSent, Reports, SubmitOutcome},
    family::{Family, GENERIC},
    supervision::Rung,
};

use super::Place;
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
    /// Nothing brought it back: it is left alone for a while.
    Quarantined,
}

impl ModemState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Absent,
        Self::Starting,
        Self::Ready,
        Self::NotRegistered,
        Self::Failed,
        Self::Quarantined,
    ];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::NotRegistered => "not_registered",
            Self::Failed => "failed",
            Self::Quarantined => "quarantined",
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

impl Problem {
    /// There is no modem where it should be.
    pub(super) fn absent(message: String, hint: &str) -> Self {
        Self { detail: Detail::NoModem, message, hint: hint.to_owned() }
    }

    /// Its port is there, and cannot be had: nothing that is done to the modem helps against that.
    pub(super) fn unavailable(message: String, hint: &str) -> Self {
        Self { detail: Detail::PortUnavailable, ..Self::absent(message, hint) }
    }

    /// What kind of failure it is, for the ladder of means.
    pub(super) fn kind(&self) -> FailureKind {
        let kinds = [
            (Detail::SimMissing, FailureKind::SimMissing),
            (Detail::SimLocked, FailureKind::SimLocked),
            (Detail::NotRegistered, FailureKind::NotRegistered),
            (Detail::NotSubscribed, FailureKind::NotSubscribed),
        ];
        let kind = kinds.into_iter().find(|(detail, _)| *detail == self.detail);
        kind.map_or(FailureKind::Fault, |(_, kind)| kind)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let detail = match failure.kind {
            FailureKind::Fault => Detail::ModemFault,
            FailureKind::SimMissing => Detail::SimMissing,
            FailureKind::SimLocked => Detail::SimLocked,
            FailureKind::NotRegistered => Detail::NotRegistered,
            FailureKind::NotSubscribed => Detail::NotSubscribed,
        };
        Self { detail, message: failure.message.into(), hint: failure.hint.into() }
    }
}

/// What has happened to a modem since the daemon started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Means to bring it back, in the order of [`Rung::ALL`].
    pub rungs: [u32; Rung::ALL.len()],
    /// It restarted by itself.
    pub restarts: u32,
    /// It did not answer `AT`.
    pub misses: u32,
    /// It told of a low supply voltage.
    pub under_voltage: u32,
    /// Bytes from its line that are no text.
    pub garbage: u32,
    /// The task that drives it failed.
    pub panics: u32,
    /// Submits that were begun, by how they ended.
    pub exchanges: Exchanges,
}

/// Submits that were begun, by how they ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exchanges {
    /// The network took the segment.
    pub accepted: u32,
    /// The network or the modem refused it.
    pub refused: u32,
    /// The segment did not leave.
    pub not_sent: u32,
    /// Nobody knows.
    pub unanswered: u32,
}

impl Exchanges {
    /// Counts one that ended.
    pub(super) const fn note(&mut self, outcome: &SubmitOutcome) {
        match outcome {
            SubmitOutcome::Accepted { .. } => self.accepted += 1,
            SubmitOutcome::Refused(_) | SubmitOutcome::NotSent(NotSent::Refused(_)) => {
                self.refused += 1;
            }
            SubmitOutcome::NotSent(_) => self.not_sent += 1,
            SubmitOutcome::Unanswered => self.unanswered += 1,
        }
    }
}

/// How a modem is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModemStatus {
    /// Whether it can be used.
    pub state: ModemState,
    /// The bring-up step that runs or failed.
    pub step: Option<&'static str>,
    /// How long that step may take with all its tries.
    pub step_deadline: Option<Duration>,
    /// What is wrong.
    pub problem: Option<Problem>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// Where it was found last.
    pub place: Option<Place>,
    /// What it said of itself, as far as it came.
    pub facts: Facts,
    /// Its family, as far as it is known.
    pub family: Option<&'static Family>,
    /// How long the answer to a submit may take.
    pub submit_timeout: Duration,
    /// What has happened to it.
    pub counts: Counts,
}

impl ModemStatus {
    pub(super) fn new() -> Self {
        Self {
            state: ModemState::Starting,
            step: None,
            step_deadline: None,
            problem: None,
            since: Timestamp::now(),
            place: None,
            facts: Facts::default(),
            family: None,
            submit_timeout: Duration::from_secs(GENERIC.submit.0.into()),
            counts: Counts::default(),
        }
    }

    /// Whether it hands over delivery reports.
    pub fn has_reports(&self) -> bool {
        self.facts.reports != Reports::None
    }

    /// Which SIM it is: the ICCID, or a stand-in by the modem's name where it does not tell.
    pub fn sim(&self, name: &str) -> String {
        sim_of(&self.facts, name)
    }
}

/// Which SIM it is: the ICCID, or a stand-in by the modem's name.
pub(super) fn sim_of(facts: &Facts, name: &str) -> String {
    match facts.iccid.as_str() {
        "" => format!("modem:{name}"),
        iccid => iccid.to_owned(),
    }
}
