//! What is said in a call and when, over a [`CallHandle`].

use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Prompt;
use crate::modem::{CallCause, CallEnd, CallEvent, CallHandle};

/// How long a key is waited for after it was asked for: long enough to take the phone from the ear.
const KEY_WAIT: Duration = Duration::from_secs(5);
/// How often it is asked for the key that comes before a code. A voicemail is rid of after that.
const ASKS: u8 = 3;
/// How often a code is read at most: whoever has not written it down by then will not.
const READINGS: u8 = 5;
/// The key that means yes: to hear the code, and to hear it again.
const YES: char = '1';

/// When a call is to be hung up from outside.
#[derive(Debug, Clone, Default)]
pub struct Interrupts {
    /// At once.
    pub hang_up: CancellationToken,
    /// Unless somebody has answered: who listens to a code is not cut off.
    pub give_up: CancellationToken,
}

impl Interrupts {
    /// Resolves when a call that nobody has answered is to end.
    pub async fn before_the_answer(&self) {
        tokio::select! { () = self.hang_up.cancelled() => {} () = self.give_up.cancelled() => {} }
    }
}

/// How much of a call was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Nobody answered.
    Nothing,
    /// Somebody answered, or something, and pressed no key.
    NotConfirmed,
    /// What was to be said was not said to its end.
    Part,
    /// The same, because an interrupt came while somebody listened.
    CutOff,
    /// All of it.
    All,
}

/// Speaks in a call until it has ended. `answered` is called when somebody answers.
pub async fn speak(
    mut call: CallHandle,
    prompt: Prompt,
    mut answered: impl FnMut(),
    interrupts: &Interrupts,
) -> (Heard, CallEnd) {
    let mut script = Script::new(prompt);
    loop {
        let interrupted = async {
            if script.stage == Stage::Ringing {
                interrupts.before_the_answer().await;
            } else {
                interrupts.hang_up.cancelled().await;
            }
        };
        // All branches are cancel-safe.
        tokio::select! {
            biased;
            event = call.next() => match event {
                Some(CallEvent::Ended(end)) => return (script.heard(), end),
                None => return (script.heard(), CallEnd::of(CallCause::ModemLost)),
                Some(CallEvent::Alerting) => {}
                Some(CallEvent::Answered) => {
                    answered();
                    script.begin(&mut call);
                }
                Some(CallEvent::Played(number)) if number == script.playing => {
                    script.go_on(&mut call);
                }
                Some(CallEvent::Played(_)) => {}
                Some(CallEvent::Key(key)) => script.press(key, &mut call),
            },
            () = at(script.wait_until) => script.go_on(&mut call),
            () = interrupted, if script.stage != Stage::Over => {
                script.cut_off = script.stage != Stage::Ringing;
                script.stage = Stage::Over;
                call.hang_up();
            }
        }
    }
}

/// Resolves at that time; never where there is none.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Ringing,
    /// Asked to press the key, for the n-th time.
    Gate(u8),
    /// Says what there is to say.
    Message,
    /// Asked whether to say it again.
    Offer,
    Bye,
    Over,
}

struct Script {
    prompt: Prompt,
    stage: Stage,
    /// The number of what is played.
    playing: u32,
    /// What was asked is waited for until then.
    wait_until: Option<Instant>,
    readings: u8,
    confirmed: bool,
    said: bool,
    cut_off: bool,
}

impl Script {
    const fn new(prompt: Prompt) -> Self {
        Self {
            prompt,
            stage: Stage::Ringing,
            playing: 0,
            wait_until: None,
            readings: 0,
            confirmed: false,
            said: false,
            cut_off: false,
        }
    }

    fn heard(&self) -> Heard {
        match (self.said, self.readings, self.prompt.gate.is_some() && !self.confirmed) {
            (true, ..) => Heard::All,
            (false, ..) if self.cut_off => Heard::CutOff,
            (false, _, true) if self.playing > 0 => Heard::NotConfirmed,
            (false, 0, _) => Heard::Nothing,
            (false, ..) => Heard::Part,
        }
    }

    /// Somebody has answered.
    fn begin(&mut self, call: &mut CallHandle) {
        if self.stage != Stage::Ringing {
            return;
        }
        let mut sounds = self.prompt.greeting.clone();
        match &self.prompt.gate {
            Some(gate) => {
                sounds.extend_from_slice(gate);
                self.stage = Stage::Gate(1);
            }
            None => {
                sounds.extend_from_slice(&self.prompt.message);
                self.stage = Stage::Message;
                self.readings = 1;
            }
        }
        self.playing = call.play(sounds);
    }

    fn read(&mut self, call: &mut CallHandle) {
        self.stage = Stage::Message;
        self.readings += 1;
        self.wait_until = None;
        self.playing = call.play(self.prompt.message.clone());
    }

    /// What was played is at its end, or what was waited for did not come.
    fn go_on(&mut self, call: &mut CallHandle) {
        let waited = self.wait_until.take().is_some();
        match self.stage {
            Stage::Gate(_) | Stage::Offer if !waited => {
                self.wait_until = Some(Instant::now() + KEY_WAIT);
            }
            Stage::Gate(asked) if asked < ASKS => {
                self.stage = Stage::Gate(asked + 1);
                self.playing = call.play(self.prompt.gate.clone().unwrap_or_default());
            }
            Stage::Message => {
                self.said = true;
                match self.prompt.offer.clone().filter(|_| self.readings < READINGS) {
                    Some(offer) => {
                        self.stage = Stage::Offer;
                        self.playing = call.play(offer);
                    }
                    None => self.say_goodbye(call),
                }
            }
            Stage::Offer => self.say_goodbye(call),
            Stage::Gate(_) | Stage::Bye | Stage::Ringing => {
                self.stage = Stage::Over;
                call.hang_up();
            }
            Stage::Over => {}
        }
    }

    fn say_goodbye(&mut self, call: &mut CallHandle) {
        self.stage = Stage::Bye;
        self.playing = call.play(self.prompt.bye.clone());
    }

    fn press(&mut self, key: char, call: &mut CallHandle) {
        if key != YES {
            return;
        }
        match self.stage {
            Stage::Gate(_) => {
                self.confirmed = true;
                self.read(call);
            }
            // Whoever did not understand need not wait for the end.
            Stage::Message | Stage::Offer
                if self.prompt.offer.is_some() && self.readings < READINGS =>
            {
                self.read(call);
            }
            Stage::Message | Stage::Offer | Stage::Bye | Stage::Ringing | Stage::Over => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::{sync::mpsc::error::TryRecvError, task::JoinHandle, time::timeout};

    use super::*;
    use crate::{domain::Sound, modem::CallLine};

    /// Sounds that are told apart by their length.
    fn sounds(milliseconds: u64) -> Vec<Sound> {
        vec![Sound::Silence(Duration::from_millis(milliseconds))]
    }

    const GREETING: u64 = 1;
    const GATE: u64 = 10;
    const MESSAGE: u64 = 100;
    const OFFER: u64 = 1000;
    const BYE: u64 = 10_000;

    fn prompt(gate: bool, offer: bool) -> Prompt {
        Prompt {
            greeting: sounds(GREETING),
            gate: gate.then(|| sounds(GATE)),
            message: sounds(MESSAGE),
            offer: offer.then(|| sounds(OFFER)),
            bye: sounds(BYE),
        }
    }

    /// The modem and the person at the other end.
    struct Other {
        line: CallLine,
        speaks: JoinHandle<(Heard, CallEnd)>,
        interrupts: Interrupts,
    }

    impl Other {
        fn of(prompt: Prompt) -> Self {
            let (call, line) = CallHandle::pair();
            let interrupts = Interrupts::default();
            let watched = interrupts.clone();
            let speaks = tokio::spawn(async move { speak(call, prompt, || {}, &watched).await });
            Self { line, speaks, interrupts }
        }

        async fn tell(&self, event: CallEvent) {
            self.line.events.send(event).await.unwrap();
        }

        /// What is played next, by its length; `None` = it is hung up.
        async fn hears(&mut self) -> Option<(u32, u64)> {
            let next = async {
                tokio::select! {
                    biased;
                    Some(play) = self.line.plays.recv() => Some(play),
                    () = self.line.given_up.cancelled() => None,
                }
            };
            let (number, sounds) = timeout(Duration::from_secs(60), next).await.unwrap()?;
            let length: Duration = sounds.iter().map(Sound::length).sum();
            Some((number, u64::try_from(length.as_millis()).unwrap()))
        }

        /// Hears this to its end.
        async fn hears_all_of(&mut self, expected: u64) {
            let (number, length) = self.hears().await.unwrap();
            assert_eq!(length, expected);
            self.tell(CallEvent::Played(number)).await;
        }

        async fn ends(self, cause: CallCause) -> Heard {
            self.tell(CallEvent::Ended(CallEnd::of(cause))).await;
            self.speaks.await.unwrap().0
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_is_said_offered_again_and_said_goodbye_to() {
        let mut other = Other::of(prompt(false, true));
        other.tell(CallEvent::Alerting).await;
        other.tell(CallEvent::Answered).await;
        other.hears_all_of(GREETING + MESSAGE).await;
        let (offer, length) = other.hears().await.unwrap();
        assert_eq!(length, OFFER);
        other.tell(CallEvent::Key('1')).await;
        // What was played is replaced; its end, told late, means nothing.
        other.tell(CallEvent::Played(offer)).await;
        other.hears_all_of(MESSAGE).await;
        let began = Instant::now();
        other.hears_all_of(OFFER).await;
        other.hears_all_of(BYE).await;
        assert_eq!(began.elapsed(), KEY_WAIT, "a key is waited for");
        assert_eq!(other.hears().await, None);
        assert_eq!(other.ends(CallCause::Finished).await, Heard::All);
    }

    #[tokio::test(start_paused = true)]
    async fn without_keys_nothing_is_offered() {
        let mut other = Other::of(prompt(false, false));
        other.tell(CallEvent::Answered).await;
        other.hears_all_of(GREETING + MESSAGE).await;
        other.hears_all_of(BYE).await;
        assert_eq!(other.hears().await, None);
        assert_eq!(other.ends(CallCause::Finished).await, Heard::All);
    }

    #[tokio::test(start_paused = true)]
    async fn a_voicemail_is_asked_three_times_and_never_told_the_code() {
        let mut other = Other::of(prompt(true, true));
        other.tell(CallEvent::Answered).await;
        other.hears_all_of(GREETING + GATE).await;
        other.tell(CallEvent::Key('5')).await;
        other.hears_all_of(GATE).await;
        other.hears_all_of(GATE).await;
        assert_eq!(other.hears().await, None);
        assert_eq!(other.ends(CallCause::Finished).await, Heard::NotConfirmed);
    }

    #[tokio::test(start_paused = true)]
    async fn the_key_opens_the_gate_at_once() {
        let mut other = Other::of(prompt(true, false));
        other.tell(CallEvent::Answered).await;
        assert_eq!(other.hears().await.unwrap().1, GREETING + GATE);
        other.tell(CallEvent::Key('1')).await;
        other.hears_all_of(MESSAGE).await;
        other.hears_all_of(BYE).await;
        assert_eq!(other.ends(CallCause::HungUp).await, Heard::All);
    }

    #[tokio::test(start_paused = true)]
    async fn a_code_is_read_five_times_at_most() {
        let mut other = Other::of(prompt(false, true));
        other.tell(CallEvent::Answered).await;
        assert_eq!(other.hears().await.unwrap().1, GREETING + MESSAGE);
        for _ in 1..READINGS {
            other.tell(CallEvent::Key('1')).await;
            assert_eq!(other.hears().await.unwrap().1, MESSAGE, "in the middle of it too");
        }
        other.tell(CallEvent::Key('1')).await;
        other.tell(CallEvent::Played(READINGS.into())).await;
        other.hears_all_of(BYE).await;
        assert_eq!(other.ends(CallCause::Finished).await, Heard::All);
    }

    #[tokio::test(start_paused = true)]
    async fn who_hangs_up_before_the_end_has_heard_a_part() {
        let mut other = Other::of(prompt(false, false));
        other.tell(CallEvent::Answered).await;
        assert!(other.hears().await.is_some());
        assert_eq!(other.ends(CallCause::HungUp).await, Heard::Part);
        let other = Other::of(prompt(false, false));
        assert_eq!(other.ends(CallCause::Busy).await, Heard::Nothing);
        let gated = Other::of(prompt(true, false));
        assert_eq!(gated.ends(CallCause::Busy).await, Heard::Nothing);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_the_daemon_waits_for_whoever_listens_and_a_code_for_nobody() {
        let mut ringing = Other::of(prompt(false, false));
        ringing.interrupts.give_up.cancel();
        assert_eq!(ringing.hears().await, None);
        assert_eq!(ringing.ends(CallCause::Abandoned).await, Heard::Nothing);

        let mut listening = Other::of(prompt(false, false));
        listening.tell(CallEvent::Answered).await;
        assert!(listening.hears().await.is_some());
        listening.interrupts.give_up.cancel();
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(matches!(listening.line.plays.try_recv(), Err(TryRecvError::Empty)));
        assert!(!listening.line.given_up.is_cancelled());
        listening.interrupts.hang_up.cancel();
        assert_eq!(listening.hears().await, None);
        assert_eq!(listening.ends(CallCause::Finished).await, Heard::CutOff);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_cut_off_is_told_from_who_hangs_up_and_from_who_has_heard_it_all() {
        let mut asked = Other::of(prompt(true, false));
        asked.tell(CallEvent::Answered).await;
        asked.hears_all_of(GREETING + GATE).await;
        asked.interrupts.hang_up.cancel();
        assert_eq!(asked.hears().await, None);
        assert_eq!(asked.ends(CallCause::Finished).await, Heard::CutOff);

        let mut told = Other::of(prompt(false, false));
        told.tell(CallEvent::Answered).await;
        told.hears_all_of(GREETING + MESSAGE).await;
        assert_eq!(told.hears().await.unwrap().1, BYE);
        told.interrupts.hang_up.cancel();
        assert_eq!(told.hears().await, None);
        assert_eq!(told.ends(CallCause::Finished).await, Heard::All);
    }

    #[tokio::test]
    async fn a_modem_that_dies_leaves_no_call_behind() {
        let Other { line, speaks, .. } = Other::of(prompt(false, false));
        drop(line);
        let (heard, end) = speaks.await.unwrap();
        assert_eq!((heard, end.cause), (Heard::Nothing, CallCause::ModemLost));
    }
}
