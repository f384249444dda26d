//! How far a message has come: its attempts and their segments.

use std::time::Duration;

use super::{Channel, Detail, Lane, OnUnknown, Phase, SegmentId, Timestamp};

/// Everything that decides what happens next to a message. The state of `outbox::step`, and what the
/// store keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// How it goes out.
    pub channel: Channel,
    /// Its lane.
    pub lane: Lane,
    /// What to do when an answer is lost.
    pub on_unknown: OnUnknown,
    /// Whether who asked for it has gone, and sends it by other means: it is not begun again.
    pub abandoned: bool,
    /// Whether a person chose the hour from which on it may go out.
    pub scheduled: bool,
    /// Not on the air from this on.
    pub expires_at: Timestamp,
    /// Where it is.
    pub phase: Phase,
    /// Why it ended, or why the last attempt failed.
    pub reason: Option<Detail>,
    /// When the network had taken all of it.
    pub sent_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Until when another message may go out in its place where it fails; `None` = none does.
    pub fallback_until: Option<Timestamp>,
    /// Whether its one send event is written.
    pub send_logged: bool,
    /// From when on a new attempt may begin; `None` while none may.
    pub claimable_at: Option<Timestamp>,
    /// When to look at it again if nothing else happens; `None` only at the end.
    pub deadline_at: Option<Timestamp>,
    /// Its attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One SIM, one concatenation reference, all segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The store's number of it.
    pub key: i64,
    /// Name of the modem.
    pub modem: String,
    /// Which SIM: its ICCID, or a stand-in where the modem does not tell it.
    pub sim: String,
    /// What joins its segments at the phone.
    pub concat_reference: u8,
    /// Whether delivery reports are asked for.
    pub reports: bool,
    /// How long an unanswered segment may still be settled by a late answer.
    pub settle: Duration,
    /// When to stop waiting for delivery reports.
    pub report_deadline: Timestamp,
    /// Its segments; the first has sequence 1.
    pub segments: Vec<Segment>,
}

impl Attempt {
    /// Whether the network took all of it.
    pub fn is_taken(&self) -> bool {
        self.segments.iter().all(|segment| segment.state.is_taken())
    }

    /// Whether the phone has all of it.
    pub fn is_delivered(&self) -> bool {
        self.segments.iter().all(|segment| segment.state == SegmentState::Delivered)
    }

    /// The segment `sequence`, counted from 1.
    pub fn segment(&self, sequence: u8) -> Option<&Segment> {
        self.segments.get(usize::from(sequence).checked_sub(1)?)
    }

    /// The same, to be changed.
    pub fn segment_mut(&mut self, sequence: u8) -> Option<&mut Segment> {
        self.segments.get_mut(usize::from(sequence).checked_sub(1)?)
    }
}

impl Progress {
    /// The attempt that what became of the message is due to: the one that arrived, else one that the network took,
    /// else the last.
    pub fn telling_attempt(&self) -> Option<&Attempt> {
        let first = |wanted: fn(&Attempt) -> bool| self.attempts.iter().find(|it| wanted(it));
        first(Attempt::is_delivered)
            .or_else(|| first(Attempt::is_taken))
            .or_else(|| self.attempts.last())
    }

    /// The segment that `id` names.
    pub fn segment(&self, id: SegmentId) -> Option<&Segment> {
        self.attempts.iter().find(|attempt| attempt.key == id.attempt)?.segment(id.sequence)
    }

    /// The same, to be changed.
    pub fn segment_mut(&mut self, id: SegmentId) -> Option<&mut Segment> {
        self.attempts.iter_mut().find(|attempt| attempt.key == id.attempt)?.segment_mut(id.sequence)
    }
}

/// Where a segment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SegmentState {
    /// Not begun.
    Pending,
    /// About to go on the air, or on it.
    Submitting,
    /// The network took it.
    Submitted,
    /// The phone has it.
    Delivered,
    /// The phone will not get it.
    Undelivered,
    /// No report came in time.
    NoReport,
    /// The network or the modem said no.
    Refused,
    /// No answer came: it may be on its way.
    Unanswered,
    /// Never begun, never to be.
    Dropped,
}

impl SegmentState {
    /// All states.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Submitting,
        Self::Submitted,
        Self::Delivered,
        Self::Undelivered,
        Self::NoReport,
        Self::Refused,
        Self::Unanswered,
        Self::Dropped,
    ];

    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Submitting => "submitting",
            Self::Submitted => "submitted",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::NoReport => "no_report",
            Self::Refused => "refused",
            Self::Unanswered => "unanswered",
            Self::Dropped => "dropped",
        }
    }

    /// The state that [`as_str`](Self::as_str) wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether the network is known to have taken the segment.
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Submitted | Self::Delivered | Self::Undelivered | Self::NoReport)
    }
}

/// One segment of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Where it is.
    pub state: SegmentState,
    /// The reference the modem answered; a delivery report repeats it.
    pub reference: Option<u8>,
    /// When its submit began.
    pub submitting_at: Option<Timestamp>,
    /// When the network took it.
    pub submitted_at: Option<Timestamp>,
    /// When its last report came.
    pub reported_at: Option<Timestamp>,
    /// Why it was refused or undelivered.
    pub detail: Option<Detail>,
}

impl Segment {
    /// A segment that was not begun.
    pub const PENDING: Self = Self {
        state: SegmentState::Pending,
        reference: None,
        submitting_at: None,
        submitted_at: None,
        reported_at: None,
        detail: None,
    };
}
