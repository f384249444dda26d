//! A call, as whoever speaks in it holds it, and as the modem's task sees it.

use std::{fmt, sync::Arc, time::Duration};

use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::domain::{Clip, E164, SegmentId, Sound};

/// What may wait to be heard by whoever speaks: a call tells of its steps and of keys, which come one at a
/// time.
const EVENTS: usize = 64;

/// A call to place.
#[derive(Clone, PartialEq, Eq)]
pub struct Dial {
    /// Which call it is.
    pub call: SegmentId,
    /// Whom to ring.
    pub number: E164,
    /// How long it may ring: shorter than a voicemail takes to answer.
    pub ring_for: Duration,
    /// When it is worth nothing any more, unless somebody has answered: it is not dialled then, and rings no longer.
    pub answer_by: Instant,
    /// How long it may last once it is answered.
    pub talk_for: Duration,
    /// The clips that it will play, so that a modem that plays files has them before it dials.
    pub clips: Vec<Arc<Clip>>,
}

impl fmt::Debug for Dial {
    /// Without the number, and without the clips: they are a code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dial({})", self.call)
    }
}

/// What happens in a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallEvent {
    /// The phone rings.
    Alerting,
    /// Somebody answered, and can hear what is played.
    Answered,
    /// What was played under this number came to its end.
    Played(u32),
    /// A key was pressed: one of `0123456789*#ABCD`.
    Key(char),
    /// It is over. Nothing comes after it.
    Ended(CallEnd),
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallEnd {
    /// Why.
    pub cause: CallCause,
    /// The network's own number for it (3GPP TS 24.008 10.5.4.11, Q.850), where it told one.
    pub network: Option<u8>,
    /// From dialling until it rang, or ended.
    pub setup: Duration,
    /// While it rang.
    pub ring: Duration,
    /// From the answer to the end; zero = nobody answered.
    pub talk: Duration,
}

impl CallEnd {
    /// A call of which only the cause is known.
    pub const fn of(cause: CallCause) -> Self {
        let none = Duration::ZERO;
        Self { cause, network: None, setup: none, ring: none, talk: none }
    }
}

/// Why a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallCause {
    /// This side hung up after it was answered.
    Finished,
    /// The other side hung up after it was answered.
    HungUp,
    /// The line was busy.
    Busy,
    /// It rang, and nobody answered.
    NoAnswer,
    /// The call was declined.
    Declined,
    /// The phone could not be reached.
    Unreachable,
    /// The network knows no such number.
    Unassigned,
    /// The network had no room.
    NetworkBusy,
    /// The SIM may not place this call.
    Barred,
    /// The network or the modem refused it for another reason.
    Refused,
    /// The modem was lost in the middle: it may still ring, or talk.
    ModemLost,
    /// The call was answered, but no sound could be played.
    NoSound,
    /// This side hung up before it was answered.
    Abandoned,
    /// It was never dialled: the modem could not.
    NotDialled,
}

/// A call under way. Dropping it hangs up.
#[derive(Debug)]
pub struct CallHandle {
    events: mpsc::Receiver<CallEvent>,
    plays: mpsc::UnboundedSender<(u32, Vec<Sound>)>,
    given_up: CancellationToken,
    played: u32,
}

/// The modem's side of a call.
#[derive(Debug)]
pub(crate) struct CallLine {
    pub(crate) events: mpsc::Sender<CallEvent>,
    /// What is to be played in the place of what is played now, under its number.
    pub(crate) plays: mpsc::UnboundedReceiver<(u32, Vec<Sound>)>,
    /// Whoever speaks wants it to end, or speaks no more.
    pub(crate) given_up: CancellationToken,
}

impl CallLine {
    /// Tells whoever speaks.
    pub(in crate::modem) fn tell(&self, event: CallEvent) {
        // Whoever does not listen loses keys, or is gone.
        let _ = self.events.try_send(event);
    }

    /// Ends a call that the modem cannot dial.
    pub(in crate::modem) fn refuse(self) {
        self.end_before_dialling(CallCause::NotDialled);
    }

    /// Ends a call that is not dialled, because of this.
    pub(in crate::modem) fn end_before_dialling(self, cause: CallCause) {
        self.tell(CallEvent::Ended(CallEnd::of(cause)));
    }
}

impl CallHandle {
    /// Both sides of a call.
    pub(crate) fn pair() -> (Self, CallLine) {
        let (tell, events) = mpsc::channel(EVENTS);
        let (ask, plays) = mpsc::unbounded_channel();
        let given_up = CancellationToken::new();
        let line = CallLine { events: tell, plays, given_up: given_up.clone() };
        (Self { events, plays: ask, given_up, played: 0 }, line)
    }

    /// What happens next; `None` once the call has ended, and where the modem's task died.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn next(&mut self) -> Option<CallEvent> {
        self.events.recv().await
    }

    /// Plays this in the place of what is played now, and answers its number. Silence is sent before, between
    /// and after. What is asked for before the answer is played from the answer on.
    pub fn play(&mut self, sounds: Vec<Sound>) -> u32 {
        self.played += 1;
        // A call that is over plays nothing, and has told so.
        let _ = self.plays.send((self.played, sounds));
        self.played
    }

    /// Hangs up; [`CallEvent::Ended`] follows.
    pub fn hang_up(&self) {
        self.given_up.cancel();
    }
}

impl Drop for CallHandle {
    fn drop(&mut self) {
        self.hang_up();
    }
}
