//! What firmware would do with `ringpost-hal`: it drives a modem over any serial port of `embedded-io`
//! and waits with any delay of `embedded-hal`. No std, no runtime, no allocation.

use embedded_hal::delay::DelayNs;
use embedded_io::{Read, ReadReady, Write};
use ringpost_hal::{
    at::{
        Answer, Classified, Command, ESCAPE, Ear, FinalResult, Line, Said, Seconds, Urc,
        dialogue::{BringUp, Failure, Heard, Next, Reply, Submit, SubmitOutcome, Verdict, Wishes},
    },
    family::{Family, GENERIC},
    pdu::{Address, ConcatRef, EncodeError, Segmentation, Submit as Tpdu},
};

/// Lines of one answer at most: those of the stores are the longest.
const MAX_LINES: usize = 8;

/// Why it does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Error<E> {
    /// The port failed.
    Port(E),
    /// The modem cannot be used.
    BringUp(&'static str, Failure),
    /// The text, or the number, cannot be sent.
    Encode(EncodeError),
    /// A segment was not taken.
    NotTaken(SubmitOutcome),
}

/// A modem.
pub(crate) struct Modem<P, D> {
    port: P,
    delay: D,
    ear: Ear,
    family: &'static Family,
}

/// What was heard before the time was over.
#[expect(clippy::large_enum_variant, reason = "one at a time, and there is no heap")]
enum Sound {
    Line(Classified, Line),
    Prompt,
    Restarted,
    Silence,
}

/// What a command brought.
struct Outcome {
    lines: heapless::Vec<Line, MAX_LINES>,
    /// `None` = it did not end in its time.
    result: Option<FinalResult>,
    took: Seconds,
    /// It was echoed.
    echo: bool,
}

impl<P: Read + ReadReady + Write, D: DelayNs> Modem<P, D> {
    /// A modem behind a port.
    pub(crate) fn new(port: P, delay: D) -> Self {
        Self { port, delay, ear: Ear::default(), family: &GENERIC }
    }

    /// From an open port to a modem that takes messages.
    pub(crate) fn bring_up(&mut self) -> Result<BringUp, Error<P::Error>> {
        self.ear.expect_no_echo(false);
        self.write(&[ESCAPE, b'\r'])?;
        let mut up = BringUp::new(Wishes::default());
        while let Some(command) = up.command() {
            let Outcome { lines, result, took, echo } = self.execute(&command)?;
            let garbage = self.ear.garbage() > 0;
            match up.on(&Reply { lines: &lines, result, took, garbage, echo }) {
                Verdict::Go | Verdict::Again => {}
                Verdict::Retry(wait, _) => {
                    while !matches!(self.hear(&Answer::Nothing, false, wait)?.0, Sound::Silence) {}
                }
                Verdict::PinWanted => return Err(Error::BringUp("PIN", Failure::NO_PIN)),
                Verdict::Fail(failure) => return Err(Error::BringUp(up.step_name(), failure)),
                Verdict::Done => break,
            }
        }
        self.family = up.family();
        self.ear.expect_no_echo(up.facts().no_echo);
        Ok(up)
    }

    /// Sends a text, in as many segments as it takes; answers how many.
    pub(crate) fn send(
        &mut self,
        digits: &str,
        text: &str,
        joins: u8,
    ) -> Result<u8, Error<P::Error>> {
        let segments = Segmentation::of(text).segments(ConcatRef::Narrow(joins));
        let mut sent = 0;
        for ud in segments.map_err(Error::Encode)? {
            let da = Address::international(digits).map_err(Error::Encode)?;
            let tpdu = Tpdu::new(da, ud).encode().map_err(Error::Encode)?;
            match self.submit(&tpdu)? {
                SubmitOutcome::Accepted { .. } => sent += 1,
                outcome @ (SubmitOutcome::Refused(_)
                | SubmitOutcome::NotSent(_)
                | SubmitOutcome::Unanswered) => return Err(Error::NotTaken(outcome)),
            }
        }
        Ok(sent)
    }

    fn submit(&mut self, tpdu: &[u8]) -> Result<SubmitOutcome, Error<P::Error>> {
        let mut submit = Submit::new(tpdu, self.family).map_err(Error::Encode)?;
        let mut next = Next::Write;
        loop {
            match next {
                Next::Done(outcome) => return Ok(outcome),
                Next::Write => self.write(submit.bytes())?,
                // The time runs anew with every line: longer than needed, never shorter.
                Next::Listen | Next::ListenAnew => {}
            }
            let pending = *submit.pending();
            let (sound, _) = self.hear(&pending, submit.prompt_expected(), submit.timeout())?;
            next = match &sound {
                Sound::Line(classified, line) => submit.on(Heard::Line(classified, line)),
                Sound::Prompt => submit.on(Heard::Prompt),
                // Whatever it was asked, it has forgotten.
                Sound::Restarted | Sound::Silence => submit.on(Heard::Silence),
            };
        }
    }

    /// Executes a command.
    fn execute(&mut self, command: &Command) -> Result<Outcome, Error<P::Error>> {
        self.write(&command.bytes)?;
        let mut outcome =
            Outcome { lines: heapless::Vec::new(), result: None, took: Seconds(0), echo: false };
        loop {
            let left = Seconds(command.timeout.0.saturating_sub(outcome.took.0));
            let (sound, waited) = self.hear(&command.answer, false, left)?;
            outcome.took.0 += waited.0;
            match sound {
                // What does not fit is more than anybody asked for.
                Sound::Line(Classified::Info, line) => drop(outcome.lines.push(line)),
                Sound::Line(Classified::Final(result), _) => {
                    outcome.result = Some(result);
                    return Ok(outcome);
                }
                Sound::Line(Classified::Echo, _) => outcome.echo = true,
                Sound::Silence => return Ok(outcome),
                Sound::Line(..) | Sound::Prompt | Sound::Restarted => {}
            }
        }
    }

    /// The next sound that is about `pending`, and how long it took. What the modem says by itself is
    /// dropped here; firmware that receives messages would keep it.
    fn hear(
        &mut self,
        pending: &Answer,
        prompt: bool,
        within: Seconds,
    ) -> Result<(Sound, Seconds), Error<P::Error>> {
        let limit = u32::from(within.0) * 1000;
        let mut waited = 0;
        let seconds = |waited: u32| Seconds(u16::try_from(waited / 1000).unwrap_or(u16::MAX));
        while waited < limit {
            if !self.port.read_ready().map_err(Error::Port)? {
                self.delay.delay_ms(1);
                waited += 1;
                continue;
            }
            let mut byte = [0];
            if self.port.read(&mut byte).map_err(Error::Port)? == 0 {
                continue;
            }
            match self.ear.hear(byte[0], Some(pending), prompt) {
                Some(Said::Line(classified, line)) => {
                    // The ear cuts lines to what fits.
                    let line = Line::try_from(line).unwrap_or_default();
                    return Ok((Sound::Line(classified, line), seconds(waited)));
                }
                Some(Said::Prompt) => return Ok((Sound::Prompt, seconds(waited))),
                Some(Said::Urc(Urc::Booted)) => return Ok((Sound::Restarted, seconds(waited))),
                Some(Said::Urc(_) | Said::Body(..) | Said::Late(_) | Said::Overlong) | None => {}
            }
        }
        Ok((Sound::Silence, within))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error<P::Error>> {
        self.port.write_all(bytes).map_err(Error::Port)?;
        self.port.flush().map_err(Error::Port)
    }
}
