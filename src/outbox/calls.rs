//! Calls: one that is claimed is placed and spoken in, and what came of it told in the words of the law.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tracing::{debug, warn};

use super::{claim::Call, step::Event};
use crate::{
    domain::{
        CallTimes, Clip, Detail, Refusal, RefusalClass, Report, Said, SegmentId, Sound, Timestamp,
    },
    modem::{CallCause, CallEnd, Dial, ModemHandle},
    voice::{self, Heard, Interrupts, Prompt, PromptRequest, Speech, SpeechError},
};

/// What calls need besides a modem.
#[derive(Debug, Clone)]
pub struct Calling {
    /// What speaks.
    pub speech: Speech,
    /// How long a phone may ring.
    pub ring_for: Duration,
    /// How long a call may last once it is answered.
    pub talk_for: Duration,
}

impl Calling {
    /// Places a call and speaks in it until it has ended; `answered` is called when somebody answers.
    pub(super) async fn place(
        &self,
        handle: &ModemHandle,
        segment: SegmentId,
        call: Call,
        answered: impl FnMut(),
        interrupts: &Interrupts,
    ) -> (Event, CallTimes) {
        let keys = handle.status().borrow().facts.voice.is_some_and(|voice| voice.keys);
        let request = PromptRequest {
            locale: &call.locale,
            said: match call.says {
                Said::Code => voice::Said::Code(call.text.reveal()),
                Said::Text => voice::Said::Text(call.text.reveal()),
            },
            confirm: call.confirm,
            keys,
        };
        let not_placed = |detail, class| {
            (Event::Refused(segment, Refusal { detail, class }), CallTimes::default())
        };
        // To make speech of a text takes a while, in which nobody is called yet.
        let prompt = tokio::select! {
            biased;
            () = interrupts.before_the_answer() => {
                return not_placed(Detail::NetworkBusy, RefusalClass::Network);
            }
            prompt = self.speech.prompt(&request) => prompt,
        };
        let prompt = match prompt {
            Ok(prompt) => prompt,
            Err(cause) => {
                warn!(%cause, "a call has no voice");
                return (Event::Refused(segment, no_words(&cause)), CallTimes::default());
            }
        };
        let left = call.expires_at.since(Timestamp::now());
        let dial = Dial {
            call: segment,
            number: call.number,
            ring_for: self.ring_for,
            answer_by: Instant::now() + left,
            talk_for: self.talk_for,
            clips: clips(&prompt),
        };
        let line = handle.call(dial);
        let (heard, end) = voice::speak(line, prompt, answered, interrupts).await;
        debug!(
            modem.name = handle.name(),
            cause = ?end.cause,
            network.cause = end.network,
            "a call has ended"
        );
        if end.cause == CallCause::Abandoned && call.expires_at.since(Timestamp::now()).is_zero() {
            return not_placed(Detail::ExpiredInQueue, RefusalClass::Network);
        }
        let times = CallTimes { setup: end.setup, ring: end.ring, talk: end.talk };
        (event_of(segment, heard, end), times)
    }
}

/// What it means to a call that nothing speaks in it.
const fn no_words(cause: &SpeechError) -> Refusal {
    let class = if cause.is_passing() { RefusalClass::Modem } else { RefusalClass::Permanent };
    Refusal { detail: cause.detail(), class }
}

/// All clips of a prompt, each once.
fn clips(prompt: &Prompt) -> Vec<Arc<Clip>> {
    let mut clips: Vec<Arc<Clip>> = Vec::new();
    for sound in prompt.sounds() {
        if let Sound::Clip(clip) = sound
            && !clips.iter().any(|known| known.key == clip.key)
        {
            clips.push(clip.clone());
        }
    }
    clips
}

/// What the end of a call means to its message.
fn event_of(segment: SegmentId, heard: Heard, end: CallEnd) -> Event {
    let reported = |report| Event::Reported(segment, report);
    let failed = |detail| reported(Report::Failed(detail));
    if heard == Heard::All {
        return reported(Report::Delivered);
    }
    let refused = |detail, class| Event::Refused(segment, Refusal { detail, class });
    let answered = heard != Heard::Nothing || !end.talk.is_zero();
    match end.cause {
        // Whoever answered is not called again to listen to silence.
        CallCause::ModemLost | CallCause::NoSound if answered => failed(Detail::ModemFault),
        CallCause::ModemLost => Event::Silent(segment),
        // This side ended it: while somebody listened, or before whoever had answered could hear anything.
        CallCause::Finished if matches!(heard, Heard::CutOff | Heard::Nothing) => {
            Event::CutOff(segment)
        }
        CallCause::Finished | CallCause::HungUp if heard == Heard::NotConfirmed => {
            failed(Detail::NotConfirmed)
        }
        CallCause::Finished | CallCause::HungUp => failed(Detail::HungUp),
        CallCause::Busy => refused(Detail::Busy, RefusalClass::Callee),
        CallCause::NoAnswer => refused(Detail::NoAnswer, RefusalClass::Callee),
        CallCause::Unreachable => refused(Detail::Unreachable, RefusalClass::Callee),
        // Who declines does not want to be called again.
        CallCause::Declined => refused(Detail::ByRecipient, RefusalClass::Permanent),
        CallCause::Unassigned => refused(Detail::Unassigned, RefusalClass::Permanent),
        CallCause::NetworkBusy => refused(Detail::NetworkBusy, RefusalClass::Network),
        CallCause::Barred => refused(Detail::Barred, RefusalClass::Modem),
        CallCause::Refused => refused(Detail::ByNetwork, RefusalClass::Callee),
        CallCause::NotDialled => refused(Detail::ModemFault, RefusalClass::Modem),
        // The phone may have rung: it does not ring for every try.
        CallCause::NoSound => refused(Detail::ModemFault, RefusalClass::Callee),
        // A code needed the line, or the daemon ends: it is called again.
        CallCause::Abandoned => refused(Detail::NetworkBusy, RefusalClass::Network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEGMENT: SegmentId = SegmentId { attempt: 1, sequence: 1 };

    fn of(cause: CallCause, heard: Heard, talk: u64) -> Event {
        let end = CallEnd { talk: Duration::from_secs(talk), ..CallEnd::of(cause) };
        event_of(SEGMENT, heard, end)
    }

    #[test]
    fn what_was_heard_to_its_end_arrived_however_the_call_ended() {
        for cause in [CallCause::Finished, CallCause::HungUp, CallCause::ModemLost] {
            let delivered = Event::Reported(SEGMENT, Report::Delivered);
            assert_eq!(of(cause, Heard::All, 20), delivered, "{cause:?}");
        }
        let failed = |detail| Event::Reported(SEGMENT, Report::Failed(detail));
        assert_eq!(of(CallCause::HungUp, Heard::Part, 3), failed(Detail::HungUp));
        assert_eq!(of(CallCause::HungUp, Heard::NotConfirmed, 3), failed(Detail::NotConfirmed));
        assert_eq!(of(CallCause::Finished, Heard::NotConfirmed, 9), failed(Detail::NotConfirmed));
        assert_eq!(of(CallCause::ModemLost, Heard::Part, 3), failed(Detail::ModemFault));
    }

    #[test]
    fn who_is_cut_off_has_not_hung_up() {
        assert_eq!(of(CallCause::Finished, Heard::CutOff, 3), Event::CutOff(SEGMENT));
        assert_eq!(
            of(CallCause::Finished, Heard::Nothing, 1),
            Event::CutOff(SEGMENT),
            "just answered"
        );
        let failed = |detail| Event::Reported(SEGMENT, Report::Failed(detail));
        assert_eq!(of(CallCause::HungUp, Heard::CutOff, 3), failed(Detail::HungUp), "just before");
        assert_eq!(of(CallCause::ModemLost, Heard::CutOff, 3), failed(Detail::ModemFault));
    }

    #[test]
    fn whoever_answered_and_could_not_hear_it_all_is_told_by_other_means_and_not_called_again() {
        let failed = Event::Reported(SEGMENT, Report::Failed(Detail::ModemFault));
        assert_eq!(of(CallCause::NoSound, Heard::Part, 9), failed, "a port that is wedged");
        assert_eq!(of(CallCause::NoSound, Heard::Nothing, 2), failed, "silence from the start");
        assert_eq!(of(CallCause::ModemLost, Heard::Part, 0), failed, "a task that died");
        assert!(matches!(of(CallCause::NoSound, Heard::Nothing, 0), Event::Refused(..)));
    }

    #[test]
    fn a_call_is_tried_again_once_the_machine_can_run_what_speaks() {
        let engine = "flite".to_owned();
        let starved = voice::EngineError::Starved { engine: engine.clone(), cause: String::new() };
        let refusal = no_words(&starved.into());
        assert_eq!((refusal.detail, refusal.class), (Detail::Bug, RefusalClass::Modem));
        let missing = voice::EngineError::Missing { engine, program: "flite".into() };
        let refusal = no_words(&missing.into());
        assert_eq!(
            (refusal.detail, refusal.class),
            (Detail::LocaleUnknown, RefusalClass::Permanent)
        );
    }

    #[test]
    fn a_call_whose_end_nobody_saw_is_unanswered() {
        assert_eq!(of(CallCause::ModemLost, Heard::Nothing, 0), Event::Silent(SEGMENT));
    }

    #[test]
    fn whoever_declines_is_not_called_again_and_whoever_is_busy_is() {
        let class = |cause| {
            let event = of(cause, Heard::Nothing, 0);
            let Event::Refused(_, refusal) = event else { panic!("{event:?}") };
            refusal.class
        };
        assert_eq!(class(CallCause::Declined), RefusalClass::Permanent);
        assert_eq!(class(CallCause::Unassigned), RefusalClass::Permanent);
        assert_eq!(class(CallCause::Busy), RefusalClass::Callee);
        assert_eq!(class(CallCause::NoAnswer), RefusalClass::Callee);
        assert_eq!(class(CallCause::Barred), RefusalClass::Modem);
        assert_eq!(class(CallCause::NoSound), RefusalClass::Callee, "it may have rung");
        assert_eq!(class(CallCause::NotDialled), RefusalClass::Modem);
        assert_eq!(class(CallCause::Abandoned), RefusalClass::Network);
    }
}
