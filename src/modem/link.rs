//! A port with a sense of lines: commands out, answers in, and what comes in by itself kept in order.

use std::{collections::VecDeque, mem::take, time::Duration};

use ringpost_hal::at::{
    Answer, Classified, Classifier, Command, FinalResult, Frame, Framer, Line, Urc,
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

/// A late answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Late {
    /// `+CMGS` while no submit waits for it.
    Reference(u8),
    /// `+CMS ERROR` while nothing was asked.
    Refusal(FinalResult),
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
}

impl Outcome {
    pub(super) fn is_ok(&self) -> bool {
        self.result.is_some_and(FinalResult::is_ok)
    }
}

/// A port with a sense of lines.
pub(super) struct Link<P> {
    port: P,
    framer: Framer,
    classifier: Classifier,
    /// Bytes that were read and not framed yet.
    unread: VecDeque<u8>,
    /// What the modem said by itself, in order.
    pub(super) unsolicited: VecDeque<Unsolicited>,
    /// When the last byte came in.
    pub(super) heard_at: Instant,
    /// A command had no answer in its time: it may come when another one waits for its own.
    pub(super) behind: bool,
    /// The `OK` behind a late reference is to come, and is nobody's answer.
    late_ok: bool,
}

impl<P: AsyncRead + AsyncWrite + Unpin> Link<P> {
    pub(super) fn new(port: P) -> Self {
        Self {
            port,
            framer: Framer::default(),
            classifier: Classifier::default(),
            unread: VecDeque::new(),
            unsolicited: VecDeque::new(),
            heard_at: Instant::now(),
            behind: false,
            late_ok: false,
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
        self.write(&command.bytes).await?;
        let deadline = Instant::now() + Duration::from_secs(command.timeout.0.into());
        let mut outcome = Outcome::default();
        loop {
            match self.hear(&command.answer, false, false, deadline).await? {
                Sound::Line(Classified::Info, line) => outcome.lines.push(line),
                Sound::Line(Classified::Final(result), _) => {
                    outcome.result = Some(result);
                    return Ok(outcome);
                }
                Sound::Line(..) | Sound::Prompt | Sound::Aside(_) => {}
                Sound::Silence | Sound::Restarted => {
                    self.behind = true;
                    return Ok(outcome);
                }
            }
        }
    }

    /// The next sound that is about `pending`. What comes in by itself is kept, in order; where
    /// `bodies` are wanted, one that came in ends the wait.
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
    fn take_body(&mut self) -> Option<Line> {
        let is_body = |it: &Unsolicited| matches!(it, Unsolicited::Body(_));
        let at = self.unsolicited.iter().position(is_body)?;
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

    /// Forgets what the modem said of its own state, which is asked for anew. Messages and late
    /// answers stay. Tells whether it has said that it restarted.
    pub(super) fn forget_state(&mut self) -> bool {
        let mut restarted = false;
        self.unsolicited.retain(|it| match it {
            Unsolicited::Urc(Urc::Cmti(..) | Urc::StoreFull) => true,
            Unsolicited::Urc(urc) => {
                restarted |= *urc == Urc::Booted;
                false
            }
            Unsolicited::Body(_) | Unsolicited::Late(_) => true,
        });
        restarted
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
        while let Some(byte) = self.unread.pop_front() {
            let (classified, line) = match self.framer.push(byte, prompt_expected) {
                None => continue,
                Some(Frame::Prompt) => return Some(Sound::Prompt),
                Some(Frame::Overlong) => {
                    tracing::warn!("a modem sent a line that is longer than any");
                    continue;
                }
                Some(Frame::Line(line)) => {
                    (self.classifier.classify(line, pending), Line::try_from(line))
                }
            };
            // The framer cuts lines to what fits.
            let line = line.unwrap_or_default();
            let unsolicited = match classified {
                Classified::Urc(urc) => Unsolicited::Urc(urc),
                Classified::UrcBody(_) => Unsolicited::Body(line),
                Classified::LateReference(mr) => {
                    self.late_ok = true;
                    Unsolicited::Late(Late::Reference(mr))
                }
                Classified::UrcHead => continue,
                Classified::Final(FinalResult::Ok) if take(&mut self.late_ok) => continue,
                Classified::Unknown if pending.is_none() => match FinalResult::parse(&line) {
                    Some(refusal @ FinalResult::Cms(_)) => {
                        Unsolicited::Late(Late::Refusal(refusal))
                    }
                    Some(FinalResult::Ok) => {
                        self.late_ok = false;
                        continue;
                    }
                    _ => continue,
                },
                Classified::Echo
                | Classified::Info
                | Classified::Final(_)
                | Classified::Unknown => return Some(Sound::Line(classified, line)),
            };
            let restarted = unsolicited == Unsolicited::Urc(Urc::Booted);
            self.unsolicited.push_back(unsolicited);
            if restarted {
                return Some(Sound::Restarted);
            }
        }
        None
    }
}
