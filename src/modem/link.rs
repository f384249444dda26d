//! A port with a sense of lines: commands out, answers in, and what comes in by itself kept in order.

use std::{collections::VecDeque, time::Duration};

use ringpost_hal::at::{
    Answer, Classified, Command, ESCAPE, Ear, FinalResult, Late, Line, Said, Seconds, Urc,
    dialogue::Reply,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::{Instant, timeout, timeout_at},
};

/// Bytes read at once: some long lines.
const READ: usize = 2048;

/// How long a write may take: a modem that does not take bytes for so long (flow control, a dead USB
/// endpoint) is lost. The longest write, 350 bytes, takes 0.4 s at 9600 baud.
const WRITE: Duration = Duration::from_secs(10);

/// How long a modem may talk by itself before it is asked all the same.
const TALK: Duration = Duration::from_secs(2);

/// How long a list may go on: stores have some hundred places, and a slow SIM gives a message in a second. What goes on
/// for longer has no end.
const LONGEST_LIST: Duration = Duration::from_secs(600);

/// The port is gone, or takes no more bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lost;

/// What a modem said by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "a few at a time, each moved once")]
pub(super) enum Unsolicited {
    /// A line.
    Urc(Urc),
    /// A line with a body.
    Body(Line),
    /// The late answer to an earlier submit.
    Late(Late),
}

impl Unsolicited {
    const fn is_body(&self) -> bool {
        matches!(self, Self::Body(_))
    }
}

/// What was heard while something was pending.
#[derive(Debug)]
pub(super) enum Sound {
    /// A line, and what it is.
    Line(Classified, Line),
    /// The prompt.
    Prompt,
    /// Something that came in by itself, with a body.
    Aside(Line),
    /// Nothing until the deadline.
    Silence,
    /// The modem has restarted: whatever is pending is never answered.
    Restarted,
}

/// What a command brought.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The lines of its answer.
    pub(super) lines: Vec<Line>,
    /// Its final result; `None` where none came in time.
    pub(super) result: Option<FinalResult>,
    /// How long it took.
    pub(super) took: Duration,
    /// Bytes have come, then or before, that are no text.
    pub(super) garbage: bool,
    /// A line came that was the echo of what was written, or may have been.
    pub(super) echo: bool,
}

impl Outcome {
    /// The same for a dialogue.
    pub(super) fn reply(&self) -> Reply<'_> {
        let took = Seconds(u16::try_from(self.took.as_secs()).unwrap_or(u16::MAX));
        let Self { garbage, echo, .. } = *self;
        Reply { lines: &self.lines, result: self.result, took, garbage, echo }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.result.is_some_and(FinalResult::is_ok)
    }
}

/// A port with a sense of lines.
pub(super) struct Link<P> {
    port: P,
    ear: Ear,
    /// Bytes that were read and not framed yet.
    unread: VecDeque<u8>,
    /// What the modem said by itself, in order.
    pub(super) unsolicited: VecDeque<Unsolicited>,
    /// When the last byte came in.
    pub(super) heard_at: Instant,
    /// How many messages and reports it has told of by itself.
    pub(super) told: u64,
    /// A command had no answer in its time: it may come when another one waits for its own.
    pub(super) behind: bool,
}

impl<P: AsyncRead + AsyncWrite + Unpin> Link<P> {
    pub(super) fn new(port: P) -> Self {
        Self {
            port,
            ear: Ear::default(),
            unread: VecDeque::new(),
            unsolicited: VecDeque::new(),
            heard_at: Instant::now(),
            told: 0,
            behind: false,
        }
    }

    /// Writes all of `bytes`.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        match timeout(WRITE, self.port.write_all(bytes)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Lost),
        }
    }

    /// Executes a command: its answer, as far as it comes in its time.
    pub(super) async fn execute(&mut self, command: &Command) -> Result<Outcome, Lost> {
        let within = Duration::from_secs(command.timeout.0.into());
        self.ask(&command.bytes, &command.answer, within).await
    }

    /// Writes something, and takes its answer, as far as it comes in time: for a list, that is the time to its next
    /// line.
    pub(super) async fn ask(
        &mut self,
        bytes: &[u8],
        answer: &Answer,
        within: Duration,
    ) -> Result<Outcome, Lost> {
        let began = Instant::now();
        self.write(bytes).await?;
        let mut deadline = began + within;
        let mut outcome = Outcome::default();
        loop {
            match self.hear(answer, false, false, deadline).await? {
                Sound::Line(Classified::Info, line) => {
                    outcome.lines.push(line);
                    if matches!(answer, Answer::Listed(_)) {
                        deadline = (Instant::now() + within).min(began + LONGEST_LIST);
                    }
                }
                Sound::Line(Classified::Final(result), _) => {
                    outcome.result = Some(result);
                    break;
                }
                Sound::Line(Classified::Echo, _) => outcome.echo = true,
                // One that was damaged on its way is as long as what was written.
                Sound::Line(_, line) => outcome.echo |= line.len() == bytes.trim_ascii().len(),
                Sound::Prompt | Sound::Aside(_) => {}
                Sound::Silence | Sound::Restarted => {
                    self.behind = true;
                    break;
                }
            }
        }
        outcome.took = began.elapsed();
        outcome.garbage = self.ear.garbage() > 0;
        Ok(outcome)
    }

    /// Whether an echo says that the modem has restarted.
    pub(super) const fn expect_no_echo(&mut self, no_echo: bool) {
        self.ear.expect_no_echo(no_echo);
    }

    /// How many bytes came in that are no text, since the port was opened.
    pub(super) const fn garbage(&self) -> u32 {
        self.ear.garbage()
    }

    /// The next sound that is about `pending`. What comes in by itself is kept, in order; where
    /// `bodies` are wanted, one that came in ends the wait.
    ///
    /// # Cancel safety
    /// As [`Self::listen`].
    pub(super) async fn hear(
        &mut self,
        pending: &Answer,
        prompt_expected: bool,
        bodies: bool,
        deadline: Instant,
    ) -> Result<Sound, Lost> {
        loop {
            if let Some(sound) = self.next_sound(Some(pending), prompt_expected) {
                return Ok(sound);
            }
            if bodies && let Some(body) = self.take_body() {
                return Ok(Sound::Aside(body));
            }
            match timeout_at(deadline, self.fill()).await {
                Ok(filled) => filled?,
                Err(_) => return Ok(Sound::Silence),
            }
        }
    }

    /// The first body that came in by itself.
    pub(super) fn take_body(&mut self) -> Option<Line> {
        let at = self.unsolicited.iter().position(Unsolicited::is_body)?;
        let Some(Unsolicited::Body(line)) = self.unsolicited.remove(at) else { return None };
        Some(line)
    }

    /// Waits until the modem has said something by itself.
    ///
    /// # Cancel safety
    /// Nothing that was read is lost: bytes go from the port into the buffer in one step.
    pub(super) async fn listen(&mut self) -> Result<(), Lost> {
        loop {
            // Nothing is pending, so that no line is an answer.
            while self.next_sound(None, false).is_some() {}
            if !self.unsolicited.is_empty() {
                return Ok(());
            }
            self.fill().await?;
        }
    }

    /// Waits until the modem has said that it restarted. What else it says of its own state is forgotten, and the
    /// rest stays.
    ///
    /// # Cancel safety
    /// As [`Self::listen`].
    pub(super) async fn listen_for_start(&mut self) -> Result<(), Lost> {
        loop {
            while self.next_sound(None, false).is_some() {}
            if self.forget_state() {
                return Ok(());
            }
            self.fill().await?;
        }
    }

    /// Drops answers that nobody waits for, until nothing has come for `pause`, or the modem
    /// talks on and on.
    pub(super) async fn settle(&mut self, pause: Duration) -> Result<(), Lost> {
        let last = Instant::now() + TALK;
        loop {
            while self.next_sound(None, false).is_some() {}
            match timeout_at(last.min(Instant::now() + pause), self.fill()).await {
                Ok(filled) => filled?,
                Err(_) => return Ok(()),
            }
        }
    }

    /// Frees a modem that waits for the rest of something, and ends a line that was begun; then as [`Self::settle`].
    pub(super) async fn escape(&mut self, pause: Duration) -> Result<(), Lost> {
        self.write(&[ESCAPE, b'\r']).await?;
        self.settle(pause).await
    }

    /// Forgets all that came in by itself.
    pub(super) fn forget(&mut self) {
        self.unsolicited.clear();
    }

    /// Forgets what the modem said of its own state, which is asked for anew. Messages, late answers and
    /// a low supply voltage stay. Tells whether it has said that it restarted.
    pub(super) fn forget_state(&mut self) -> bool {
        let mut restarted = false;
        self.unsolicited.retain(|it| match it {
            Unsolicited::Urc(Urc::Cmti(..) | Urc::StoreFull | Urc::UnderVoltage) => true,
            Unsolicited::Urc(urc) => {
                restarted |= *urc == Urc::Booted;
                false
            }
            Unsolicited::Body(_) | Unsolicited::Late(_) => true,
        });
        restarted
    }

    /// Forgets what the modem said of calls, and of keys and sounds in them.
    pub(super) fn forget_calls(&mut self) {
        self.unsolicited.retain(|it| {
            !matches!(it, Unsolicited::Urc(Urc::Call(_) | Urc::Key(_) | Urc::Played(_)))
        });
    }

    /// Whether it has said that it restarted, and nobody has acted on that yet.
    pub(super) fn restarted(&self) -> bool {
        self.unsolicited.contains(&Unsolicited::Urc(Urc::Booted))
    }

    /// Whether all was answered, and it has said nothing by itself that is to be acted on; bodies are only handed over.
    pub(super) fn is_quiet(&self) -> bool {
        !self.behind && self.unsolicited.iter().all(Unsolicited::is_body)
    }

    /// Notes a restart that the modem did not tell of.
    pub(super) fn note_restart(&mut self) {
        self.unsolicited.push_back(Unsolicited::Urc(Urc::Booted));
    }

    /// Reads what is there, once.
    async fn fill(&mut self) -> Result<(), Lost> {
        let mut bytes = [0; READ];
        match self.port.read(&mut bytes).await {
            // A port that was unplugged ends; it does not fail.
            Ok(0) | Err(_) => Err(Lost),
            Ok(count) => {
                self.heard_at = Instant::now();
                self.unread.extend(bytes.iter().take(count));
                Ok(())
            }
        }
    }

    /// The next late answer.
    pub(super) fn take_late(&mut self) -> Option<Late> {
        let at = self.unsolicited.iter().position(|it| matches!(it, Unsolicited::Late(_)))?;
        match self.unsolicited.remove(at) {
            Some(Unsolicited::Late(late)) => Some(late),
            _ => None,
        }
    }

    /// The next sound in the buffer; what comes in by itself goes to its own queue.
    fn next_sound(&mut self, pending: Option<&Answer>, prompt_expected: bool) -> Option<Sound> {
        // What is heard fits into a line: both are cut at the same length.
        let line_of = |line: &str| Line::try_from(line).unwrap_or_default();
        while let Some(byte) = self.unread.pop_front() {
            let unsolicited = match self.ear.hear(byte, pending, prompt_expected) {
                None => continue,
                Some(Said::Prompt) => return Some(Sound::Prompt),
                Some(Said::Line(classified, line)) => {
                    return Some(Sound::Line(classified, line_of(line)));
                }
                Some(Said::Overlong) => {
                    tracing::warn!("a modem sent a line that is longer than any");
                    continue;
                }
                Some(Said::Urc(urc)) => Unsolicited::Urc(urc),
                Some(Said::Body(_, line)) => Unsolicited::Body(line_of(line)),
                Some(Said::Late(late)) => Unsolicited::Late(late),
            };
            if let Unsolicited::Body(_) | Unsolicited::Urc(Urc::Cmti(..)) = unsolicited {
                self.told += 1;
            }
            let restarted = unsolicited == Unsolicited::Urc(Urc::Booted);
            self.unsolicited.push_back(unsolicited);
            if restarted {
                return Some(Sound::Restarted);
            }
        }
        None
    }
}
