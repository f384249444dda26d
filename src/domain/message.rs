//! A message and the words for its way.

use serde::{Deserialize, Serialize};

use super::{Detail, E164, Lane, MessageId, Secret, Service, Subject, Timestamp};

/// How a message ended. Final: it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum End {
    /// The phone has it.
    Delivered,
    /// The network took it, the phone did not.
    Undelivered,
    /// The network did not take it.
    Failed,
    /// Its time ran out.
    Expired,
    /// Cancelled before anything went on the air.
    Cancelled,
    /// Nobody can say.
    Unknown,
}

/// Where a message is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Accepted, nothing tried yet.
    Queued,
    /// At least one attempt was begun.
    Sending,
    /// The network took all of it; the report is open.
    Sent,
    /// At its end.
    Ended(End),
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Sending,
        Self::Sent,
        Self::Ended(End::Delivered),
        Self::Ended(End::Undelivered),
        Self::Ended(End::Failed),
        Self::Ended(End::Expired),
        Self::Ended(End::Cancelled),
        Self::Ended(End::Unknown),
    ];

    /// The word of the API's `state` and of the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Ended(End::Delivered) => "delivered",
            Self::Ended(End::Undelivered) => "undelivered",
            Self::Ended(End::Failed) => "failed",
            Self::Ended(End::Expired) => "expired",
            Self::Ended(End::Cancelled) => "cancelled",
            Self::Ended(End::Unknown) => "unknown",
        }
    }

    /// The phase that [`as_str`](Self::as_str) wrote.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == word)
    }

    /// Whether nothing can change any more.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Ended(_))
    }
}

/// What to do when a modem's answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnUnknown {
    /// Wait for a late answer or a report, never send again.
    Hold,
    /// Send once more, on another SIM, after a while.
    Resend,
}

impl OnUnknown {
    /// The word used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Resend => "resend",
        }
    }

    /// What a lane does where the request does not say: a second copy of a code does less harm
    /// than none, a second copy of anything else only annoys.
    pub const fn of(lane: Lane) -> Self {
        match lane {
            Lane::Otp => Self::Resend,
            Lane::Alert | Lane::Bulk => Self::Hold,
        }
    }
}

/// How a text is written on the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum Encoding {
    /// GSM 7 bit default alphabet.
    #[serde(rename = "GSM-7")]
    Gsm7,
    /// UCS-2, sent as UTF-16.
    #[serde(rename = "UCS-2")]
    Ucs2,
}

impl Encoding {
    /// The name used in the API and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }
}

/// What a message says, as its channel says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The text, as it will be shown or spoken, or the code that will be spoken.
    pub text: Secret,
    /// How it goes on the air; `None` = it is spoken.
    pub encoding: Option<Encoding>,
    /// Into how many segments it falls, 1 or more; a call is one.
    pub segments: u8,
    /// The language whose tables it is written with, where those save segments.
    pub national: Option<String>,
    /// In which language it is, where Ringpost chose it: BCP 47.
    pub locale: Option<String>,
}

/// What goes out by the other channel where the first one fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// What the modem must be able to do for it.
    pub service: Service,
    /// What it says.
    pub body: Body,
    /// Not on the air from this on; the first channel has less time.
    pub expires_at: Timestamp,
}

/// How limits counted a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// As the first one of a day to its number.
    pub fresh: bool,
    /// As one of a sender who tells what becomes of codes.
    pub told: bool,
}

/// A message that was decided to be sent, ready for the store.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Its id.
    pub id: MessageId,
    /// What its events say of it.
    pub subject: Subject,
    /// Who shall receive it.
    pub recipient: E164,
    /// What a modem must be able to do for it.
    pub service: Service,
    /// What it says.
    pub body: Body,
    /// What goes out by the other channel where this one fails.
    pub fallback: Option<Fallback>,
    /// The message in whose place it goes out, where that failed.
    pub fallback_of: Option<MessageId>,
    /// Shown at once and kept nowhere (message class 0).
    pub flash: bool,
    /// The lane it waits in.
    pub lane: Lane,
    /// Only through this modem.
    pub sender: Option<String>,
    /// What to do when an answer is lost.
    pub on_unknown: OnUnknown,
    /// Whether whoever asked waits for what becomes of it, and helps himself where he is not told.
    pub awaited: bool,
    /// How limits counted it; `None` where none holds for it.
    pub counted: Option<Counted>,
    /// The caller's own reference.
    pub reference: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// Not on the air before this.
    pub not_before: Timestamp,
    /// Not on the air from this on.
    pub expires_at: Timestamp,
}

impl End {
    /// The reason that goes without saying; `None` where the end alone says it.
    pub const fn usual_reason(self) -> Option<Detail> {
        match self {
            Self::Delivered => None,
            Self::Undelivered => Some(Detail::Unreachable),
            Self::Failed => Some(Detail::ByNetwork),
            Self::Expired => Some(Detail::ExpiredInQueue),
            Self::Cancelled => Some(Detail::Cancelled),
            Self::Unknown => Some(Detail::NoReport),
        }
    }
}
