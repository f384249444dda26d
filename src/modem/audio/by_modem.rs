//! What a modem plays by itself, one piece after the other: its own files, or its own voice.

use std::{collections::VecDeque, future::pending, time::Duration};

use tokio::time::{Instant, sleep_until};

use super::{AudioSink, Broken, Cue, Line, Next};
use crate::domain::{Clip, Sound};

/// How much longer than it lasts a piece may take, until the word that it is over counts as lost.
const OVERDUE: Duration = Duration::from_secs(4);
/// How long the word may take that what was stopped is over.
const STOPPING: Duration = Duration::from_secs(1);

/// The commands that have a clip heard, one after the other; `None` where that cannot be.
pub(super) type Commands = Box<dyn Fn(&Clip) -> Option<Vec<Line>> + Send>;

/// A sink of what a modem plays by itself.
pub(super) struct ByModem {
    commands: Commands,
    stop: Line,
    /// Whether a piece lasts as long as its clip does.
    as_long: bool,
    open: bool,
    queue: VecDeque<Piece>,
    number: Option<u32>,
    state: State,
    /// What is played in the place of what is played now, should that fail.
    again: Option<Piece>,
    /// What is played now gives way to what is in the queue.
    replaced: bool,
}

/// One thing to have heard.
enum Piece {
    /// What to say for it, how long it lasts, and whether it has failed once.
    Line(Line, Duration, bool),
    Silence(Duration),
    /// A clip that cannot be had.
    Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    /// A command waits for its answer since then; what it plays lasts so long.
    Asking(Instant, Duration),
    /// Something is played; its end is told by then, and not before that.
    Playing(Instant, Instant),
    /// It is told to stop.
    Stopping,
    /// Its end is told by then, or it was over before.
    Stopped(Instant),
    Silent(Instant),
}

impl ByModem {
    pub(super) fn new(commands: Commands, stop: Line, as_long: bool) -> Self {
        Self {
            commands,
            stop,
            as_long,
            open: false,
            queue: VecDeque::new(),
            number: None,
            state: State::Idle,
            again: None,
            replaced: false,
        }
    }

    /// What comes next, as far as nothing is waited for.
    fn step(&mut self) -> Option<Cue> {
        if !self.open {
            return None;
        }
        match self.state {
            State::Playing(..) if self.replaced => {
                (self.state, self.replaced) = (State::Stopping, false);
                return Some(Cue::Say(self.stop.clone()));
            }
            State::Silent(_) if self.replaced => {
                (self.state, self.replaced) = (State::Idle, false);
            }
            State::Idle => self.replaced = false,
            State::Asking(..) | State::Playing(..) | State::Stopping => return None,
            State::Stopped(_) | State::Silent(_) => return None,
        }
        match self.queue.pop_front() {
            Some(Piece::Line(line, length, failed)) => {
                self.state = State::Asking(Instant::now(), length);
                self.again = (!failed).then(|| Piece::Line(line.clone(), length, true));
                Some(Cue::Say(line))
            }
            Some(Piece::Silence(length)) => {
                self.state = State::Silent(Instant::now() + length);
                None
            }
            Some(Piece::Missing) => Some(Cue::Broken(Broken::Gone)),
            None => self.number.take().map(Cue::Played),
        }
    }

    /// Nothing of what is in the queue can be heard.
    fn give_up(&mut self) -> State {
        self.queue.clear();
        self.queue.push_back(Piece::Missing);
        State::Idle
    }

    /// When what is waited for has taken too long, or is over.
    const fn until(&self) -> Option<Instant> {
        match self.state {
            State::Playing(until, _) | State::Stopped(until) | State::Silent(until) => Some(until),
            State::Idle | State::Asking(..) | State::Stopping => None,
        }
    }
}

impl AudioSink for ByModem {
    fn play(&mut self, number: u32, sounds: Vec<Sound>) {
        self.queue.clear();
        for sound in sounds {
            match sound {
                Sound::Silence(length) => self.queue.push_back(Piece::Silence(length)),
                Sound::Clip(clip) => match (self.commands)(&clip) {
                    Some(lines) => {
                        let length = clip.length();
                        let piece = |line| Piece::Line(line, length, false);
                        self.queue.extend(lines.into_iter().map(piece));
                    }
                    None => self.queue.push_back(Piece::Missing),
                },
            }
        }
        self.number = Some(number);
        self.replaced = self.state != State::Idle;
    }

    fn open(&mut self) {
        self.open = true;
    }

    fn next(&mut self) -> Next<'_> {
        Box::pin(async {
            loop {
                if let Some(cue) = self.step() {
                    return cue;
                }
                match self.until() {
                    Some(until) => {
                        sleep_until(until).await;
                        self.state = State::Idle;
                    }
                    // Whoever waits for an answer or for the next order is woken by it.
                    None => return pending().await,
                }
            }
        })
    }

    fn answered(&mut self, ok: bool) {
        self.state = match self.state {
            State::Asking(since, length) if ok => {
                let shortest = if self.as_long { length / 2 } else { Duration::ZERO };
                State::Playing(Instant::now() + length + OVERDUE, since + shortest)
            }
            State::Stopping => State::Stopped(Instant::now() + STOPPING),
            // It does not play this: nothing else will be better.
            State::Asking(..) => self.give_up(),
            other @ (State::Idle | State::Playing(..) | State::Stopped(_) | State::Silent(_)) => {
                other
            }
        };
    }

    fn played(&mut self, whole: bool) {
        let now = Instant::now();
        self.state = match self.state {
            // What is cut short is heard once more: without it, a code lacks a digit. Some say of what they cannot play
            // that it is over.
            State::Playing(_, earliest) if (!whole || now < earliest) && !self.replaced => {
                match self.again.take() {
                    Some(piece) => {
                        self.queue.push_front(piece);
                        State::Idle
                    }
                    None => self.give_up(),
                }
            }
            State::Playing(..) | State::Stopped(_) => State::Idle,
            // Some tell it before they answer the command.
            State::Stopping => State::Stopped(now),
            other @ (State::Idle | State::Asking(..) | State::Silent(_)) => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::time::timeout;
    use zeroize::Zeroizing;

    use super::*;

    fn line(text: &str) -> Line {
        Line(Zeroizing::new(text.to_owned()))
    }

    fn clip(words: &str) -> Sound {
        let (key, words) = (words.to_owned(), words.to_owned());
        Sound::Clip(Arc::new(Clip { key, words, samples: vec![0; 8000], keepable: true }))
    }

    fn sink() -> ByModem {
        let commands = |clip: &Clip| (clip.key != "none").then(|| vec![line(&clip.key)]);
        let mut sink = ByModem::new(Box::new(commands), line("stop"), false);
        sink.open();
        sink
    }

    async fn none_for(sink: &mut ByModem, seconds: u64) {
        assert!(timeout(Duration::from_secs(seconds), sink.next()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn one_piece_follows_the_other_as_each_is_told_to_be_over() {
        let mut sink = sink();
        sink.play(1, vec![clip("a"), Sound::Silence(Duration::from_secs(2)), clip("b")]);
        assert_eq!(sink.next().await, Cue::Say(line("a")));
        none_for(&mut sink, 60).await;
        sink.answered(true);
        none_for(&mut sink, 1).await;
        sink.played(true);
        let before = Instant::now();
        assert_eq!(sink.next().await, Cue::Say(line("b")));
        assert_eq!(before.elapsed(), Duration::from_secs(2));
        sink.answered(true);
        // The word that it is over is lost.
        let before = Instant::now();
        assert_eq!(sink.next().await, Cue::Played(1));
        assert_eq!(before.elapsed(), Duration::from_secs(1) + OVERDUE);
        none_for(&mut sink, 60).await;
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_played_is_stopped_before_something_else_is() {
        let mut sink = sink();
        sink.play(1, vec![clip("a"), clip("b")]);
        assert_eq!(sink.next().await, Cue::Say(line("a")));
        sink.answered(true);
        sink.play(2, vec![clip("c")]);
        assert_eq!(sink.next().await, Cue::Say(line("stop")));
        sink.answered(true);
        // This is the end of "a", and not of "c".
        sink.played(false);
        assert_eq!(sink.next().await, Cue::Say(line("c")));
        sink.answered(true);
        sink.played(true);
        assert_eq!(sink.next().await, Cue::Played(2));
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_what_is_stopped_may_be_told_before_the_answer() {
        let mut sink = sink();
        sink.play(1, vec![clip("a")]);
        assert_eq!(sink.next().await, Cue::Say(line("a")));
        sink.answered(true);
        sink.play(2, vec![clip("c")]);
        assert_eq!(sink.next().await, Cue::Say(line("stop")));
        sink.played(false);
        sink.answered(true);
        let before = Instant::now();
        assert_eq!(sink.next().await, Cue::Say(line("c")));
        assert_eq!(before.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_piece_that_fails_is_played_once_more_and_no_more_often() {
        let mut sink = sink();
        sink.play(1, vec![clip("a"), clip("b")]);
        for (said, whole) in [("a", false), ("a", true), ("b", false), ("b", false)] {
            assert_eq!(sink.next().await, Cue::Say(line(said)));
            sink.answered(true);
            sink.played(whole);
        }
        assert_eq!(sink.next().await, Cue::Broken(Broken::Gone));
        // What was replaced meanwhile is not played again.
        sink.play(2, vec![clip("a")]);
        assert_eq!(sink.next().await, Cue::Say(line("a")));
        sink.answered(true);
        sink.play(3, vec![clip("c")]);
        sink.played(false);
        assert_eq!(sink.next().await, Cue::Say(line("c")));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_over_before_half_of_its_time_has_failed() {
        let mut sink = ByModem { as_long: true, ..sink() };
        sink.play(1, vec![clip("a")]);
        for passed in [400, 600] {
            assert_eq!(sink.next().await, Cue::Say(line("a")));
            // However late the answer is heard.
            tokio::time::sleep(Duration::from_millis(passed)).await;
            sink.answered(true);
            sink.played(true);
        }
        assert_eq!(sink.next().await, Cue::Played(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_piece_that_is_not_there_or_refused_ends_it() {
        let mut missing = sink();
        missing.play(1, vec![clip("none")]);
        assert_eq!(missing.next().await, Cue::Broken(Broken::Gone));
        let mut refused = sink();
        refused.play(1, vec![clip("a")]);
        assert_eq!(refused.next().await, Cue::Say(line("a")));
        refused.answered(false);
        assert_eq!(refused.next().await, Cue::Broken(Broken::Gone));
    }
}
