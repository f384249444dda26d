//! Submitting one message: `+CMGS`, prompt, body, answer (3GPP TS 27.005 4.3).

use crate::{
    at::{Answer, Classified, Command, ESCAPE, Fields, FinalResult, SUBSTITUTE, Seconds},
    family::Family,
    pdu::{EncodeError, mode},
};

/// After an ESC: a modem that hears it answers at once, if at all.
const AFTER_ESCAPE: Seconds = Seconds(2);
/// After the reference: the `OK` behind it is in the same breath. Where it is lost, the message was
/// taken all the same.
const AFTER_REFERENCE: Seconds = Seconds(5);

/// At the prompt, for leave to write the body. That takes milliseconds, where nothing is wrong; a modem that waits for a
/// body may tell of nothing else, and gives up after a time that only its maker knows.
const AT_PROMPT: Seconds = Seconds(5);

/// What the caller has heard.
#[derive(Debug, Clone, Copy)]
pub enum Heard<'l> {
    /// A line, and what it is.
    Line(&'l Classified, &'l str),
    /// The prompt.
    Prompt,
    /// Nothing, for as long as [`Submit::timeout`] says.
    Silence,
    /// Not from the modem: the body that was held back may be written.
    Leave,
    /// Not from the modem: the body that was held back will never be.
    Withdrawal,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Go on listening until the deadline that is running.
    Listen,
    /// Go on listening, and start a new deadline.
    ListenAnew,
    /// Write [`Submit::bytes`], and start a new deadline.
    Write,
    /// It is over.
    Done(SubmitOutcome),
}

/// How a submit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// The network took it. The reference is missing where the modem's line with it was lost.
    Accepted {
        /// TP-Message-Reference, as the modem answered it.
        mr: Option<u8>,
    },
    /// The network or the modem said no, after the body was written.
    Refused(FinalResult),
    /// Nothing was submitted.
    NotSent(NotSent),
    /// The body was written and no answer came that is its own for certain: it may be on its way.
    Unanswered,
}

/// Why nothing was submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    /// The modem refused the command in the place of a prompt.
    Refused(FinalResult),
    /// The prompt did not come.
    NoPrompt,
    /// The modem is not ready.
    NotReady,
    /// The port failed before the body was written.
    PortLost,
    /// There was no leave to write the body.
    Withdrawn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Command,
    /// The modem waits for a body that is held back.
    Held,
    Body,
    /// The modem is freed.
    Escape(NotSent),
}

/// Longest body: the line in hexadecimal and Ctrl-Z.
type Body = heapless::Vec<u8, 512>;

/// The exchange for one TPDU.
pub struct Submit {
    phase: Phase,
    command: Command,
    /// How long a TPDU the command tells of.
    octets: u8,
    body: Body,
    prompt: Seconds,
    reference: Option<u8>,
    /// Whether the body may be written.
    leave: bool,
    /// The answer to an earlier submit may still come.
    earlier_open: bool,
}

impl Submit {
    /// Begins with the command in [`bytes`](Self::bytes), to be written at once. The service centre
    /// is the one that the SIM names.
    ///
    /// # Errors
    /// A TPDU that is longer than any.
    pub fn new(tpdu: &[u8], family: &Family) -> Result<Self, EncodeError> {
        let body = body_of(tpdu)?;
        let octets = u8::try_from(tpdu.len()).unwrap_or(u8::MAX);
        Ok(Self { body, leave: true, ..Self::ahead(octets, family) })
    }

    /// Begins with the command alone, for a TPDU of so many octets that is still to be [given](Self::give): it
    /// stays at its prompt until then.
    #[must_use]
    pub fn ahead(octets: u8, family: &Family) -> Self {
        Self {
            phase: Phase::Command,
            command: Command::submit(octets, family.submit),
            octets,
            body: Body::new(),
            prompt: family.prompt,
            reference: None,
            leave: false,
            earlier_open: false,
        }
    }

    /// Gives the TPDU of a submit that was begun ahead, which waits for [`Heard::Leave`] from here on. Says whether
    /// it is as long as was said, and the modem still waits for it.
    pub fn give(&mut self, tpdu: &[u8]) -> bool {
        let is_open = matches!(self.phase, Phase::Command | Phase::Held);
        let fits = is_open && tpdu.len() == usize::from(self.octets);
        let body = fits.then(|| body_of(tpdu).ok()).flatten();
        let is_given = body.is_some();
        self.body = body.unwrap_or_default();
        is_given
    }

    /// Holds the body back until [`Heard::Leave`], to be called before the first line is heard. The command before it
    /// tells the modem a length and no more: what is sent, and whether, is still open at its prompt.
    pub const fn hold_body(&mut self) {
        self.leave = false;
    }

    /// Says whether the answer to an earlier submit may still come, to be called before the first line is heard: a
    /// refusal may be that, and is not taken for ours then. In the place of a prompt it means that nothing was submitted,
    /// for whatever reason; behind the body, nobody knows what it is about.
    pub const fn expect_earlier_answer(&mut self, earlier_open: bool) {
        self.earlier_open = earlier_open;
    }

    /// What to write.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self.phase {
            Phase::Command | Phase::Held => &self.command.bytes,
            Phase::Body => &self.body,
            Phase::Escape(_) => &[ESCAPE],
        }
    }

    /// How long to listen after writing.
    #[must_use]
    pub fn timeout(&self) -> Seconds {
        match self.phase {
            Phase::Command => self.prompt,
            Phase::Held => AT_PROMPT,
            Phase::Body if self.reference.is_some() => AFTER_REFERENCE,
            Phase::Body => self.command.timeout,
            Phase::Escape(_) => AFTER_ESCAPE,
        }
    }

    /// Whether a `>` is the prompt.
    #[must_use]
    pub const fn prompt_expected(&self) -> bool {
        !matches!(self.phase, Phase::Body)
    }

    /// What is pending, for the classifier. Before the body is written, a reference is none of ours.
    #[must_use]
    pub const fn pending(&self) -> &Answer {
        match self.phase {
            Phase::Body => &self.command.answer,
            Phase::Command | Phase::Held | Phase::Escape(_) => &Answer::Nothing,
        }
    }

    /// Whether the modem is at its prompt, for a body that is held back.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        matches!(self.phase, Phase::Held)
    }

    /// Whether the body was written: from then on the network may have it.
    #[must_use]
    pub const fn body_written(&self) -> bool {
        matches!(self.phase, Phase::Body)
    }

    /// Goes on with what was heard. Lines that a modem says by itself change nothing here.
    pub fn on(&mut self, heard: Heard<'_>) -> Next {
        match (self.phase, heard) {
            (Phase::Command, Heard::Leave) => {
                self.leave = true;
                Next::Listen
            }
            (Phase::Command, Heard::Prompt) if !self.leave => {
                self.phase = Phase::Held;
                Next::ListenAnew
            }
            (Phase::Command, Heard::Prompt) | (Phase::Held, Heard::Leave) => {
                self.phase = Phase::Body;
                Next::Write
            }
            (Phase::Command, Heard::Withdrawal)
            | (Phase::Held, Heard::Withdrawal | Heard::Silence) => self.free(NotSent::Withdrawn),
            (Phase::Command, Heard::Silence) => self.free(NotSent::NoPrompt),
            (Phase::Escape(why), Heard::Prompt) => self.free(why),
            (Phase::Command | Phase::Held, Heard::Line(Classified::Final(FinalResult::Ok), _)) => {
                Next::Listen
            }
            (Phase::Command, Heard::Line(Classified::Final(result), _)) if !self.earlier_open => {
                Next::Done(SubmitOutcome::NotSent(NotSent::Refused(*result)))
            }
            // The prompt may follow, or be there still.
            (Phase::Command | Phase::Held, Heard::Line(Classified::Final(_), _)) => {
                self.free(NotSent::NoPrompt)
            }
            (Phase::Body, Heard::Line(Classified::Final(result), _)) => {
                Next::Done(if result.is_ok() {
                    SubmitOutcome::Accepted { mr: self.reference }
                } else if self.earlier_open {
                    SubmitOutcome::Unanswered
                } else {
                    SubmitOutcome::Refused(*result)
                })
            }
            (Phase::Body, Heard::Line(Classified::Info, line)) => {
                self.reference = Fields::after(line, "+CMGS").and_then(|mut it| it.number());
                Next::ListenAnew
            }
            (Phase::Body, Heard::Silence) => Next::Done(match self.reference {
                None => SubmitOutcome::Unanswered,
                mr => SubmitOutcome::Accepted { mr },
            }),
            (Phase::Escape(why), Heard::Silence | Heard::Line(Classified::Final(_), _)) => {
                Next::Done(SubmitOutcome::NotSent(why))
            }
            (_, Heard::Line(..) | Heard::Leave | Heard::Withdrawal)
            | (Phase::Held | Phase::Body, Heard::Prompt) => Next::Listen,
        }
    }

    /// Ends whatever prompt there is or will be, without a body.
    const fn free(&mut self, why: NotSent) -> Next {
        self.phase = Phase::Escape(why);
        Next::Write
    }
}

/// The line in hexadecimal, and Ctrl-Z.
fn body_of(tpdu: &[u8]) -> Result<Body, EncodeError> {
    let line = mode::encode_hex(None, tpdu)?;
    let mut body = Body::new();
    // The line is shorter than the body by far: see its type.
    let _ = body.extend_from_slice(line.as_bytes());
    let _ = body.push(SUBSTITUTE);
    Ok(body)
}

impl core::fmt::Debug for Submit {
    /// Without the body: it holds a text.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Submit").field("phase", &self.phase).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{string::String, vec::Vec};

    use super::*;
    use crate::{
        at::{Classifier, ErrorCode},
        family::GENERIC,
    };

    /// Plays a dialogue: what the modem says (`>` the prompt, `…` silence), or the caller (`leave`, `withdrawal`), and
    /// what we wrote.
    fn play(says: &[&str]) -> (Vec<String>, Next) {
        play_on(Submit::new(&[0x01, 0x00], &GENERIC).unwrap(), says)
    }

    fn play_on(mut submit: Submit, says: &[&str]) -> (Vec<String>, Next) {
        let mut classifier = Classifier::default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut wrote = std::vec![text(submit.bytes())];
        let mut next = Next::Listen;
        for line in says {
            next = match *line {
                ">" => submit.on(Heard::Prompt),
                "…" => submit.on(Heard::Silence),
                "leave" => submit.on(Heard::Leave),
                "withdrawal" => submit.on(Heard::Withdrawal),
                line => {
                    let classified = classifier.classify(line, Some(submit.pending()));
                    submit.on(Heard::Line(&classified, line))
                }
            };
            if next == Next::Write {
                wrote.push(text(submit.bytes()));
            }
        }
        (wrote, next)
    }

    const BODY: &str = "000100\u{1A}";

    #[test]
    fn a_message_is_taken() {
        let (wrote, next) = play(&["AT+CMGS=2", ">", "+CMGS: 7", "OK"]);
        assert_eq!(wrote, ["AT+CMGS=2\r", BODY]);
        assert_eq!(next, Next::Done(SubmitOutcome::Accepted { mr: Some(7) }));
    }

    #[test]
    fn what_a_modem_says_in_between_changes_nothing() {
        let (_, next) =
            play(&["+CMTI: \"SM\",1", ">", "+CREG: 1", "+CDS: 2", "OK", "+CMGS: 255", "OK"]);
        assert_eq!(next, Next::Done(SubmitOutcome::Accepted { mr: Some(255) }));
    }

    #[test]
    fn a_lost_line_with_the_reference_is_still_a_success() {
        let (_, next) = play(&[">", "OK"]);
        assert_eq!(next, Next::Done(SubmitOutcome::Accepted { mr: None }));
    }

    #[test]
    fn refusals_before_and_after_the_body_are_values() {
        let cms = |code| FinalResult::Cms(ErrorCode::from(code));
        let not_sent = SubmitOutcome::NotSent(NotSent::Refused(cms(310)));
        assert_eq!(play(&["+CMS ERROR: 310"]).1, Next::Done(not_sent));
        let refused = SubmitOutcome::Refused(cms(38));
        assert_eq!(play(&[">", "+CMS ERROR: 38"]).1, Next::Done(refused));
    }

    #[test]
    fn without_a_prompt_the_modem_is_freed_and_nothing_was_sent() {
        let not_sent = Next::Done(SubmitOutcome::NotSent(NotSent::NoPrompt));
        assert_eq!(
            play(&["…", "OK"]),
            (std::vec!["AT+CMGS=2\r".into(), "\u{1B}".into()], not_sent)
        );
        assert_eq!(play(&["…", "…"]).1, not_sent);
        let (wrote, next) = play(&["…", ">", "OK"]);
        assert_eq!((wrote.len(), next), (3, not_sent), "a late prompt is answered with ESC again");
    }

    #[test]
    fn silence_after_the_body_is_no_failure() {
        assert_eq!(play(&[">", "…"]).1, Next::Done(SubmitOutcome::Unanswered));
    }

    #[test]
    fn a_reference_is_an_answer_even_if_the_ok_behind_it_is_lost() {
        let accepted = Next::Done(SubmitOutcome::Accepted { mr: Some(3) });
        assert_eq!(play(&[">", "+CMGS: 3"]).1, Next::ListenAnew);
        assert_eq!(play(&[">", "+CMGS: 3", "…"]).1, accepted);
    }

    #[test]
    fn a_refusal_while_an_earlier_answer_is_open_is_nobodys() {
        let play = |says: &[&str]| {
            let mut submit = Submit::new(&[0x01, 0x00], &GENERIC).unwrap();
            submit.expect_earlier_answer(true);
            play_on(submit, says)
        };
        for refusal in ["+CMS ERROR: 28", "+CME ERROR: 100", "ERROR"] {
            let not_sent = Next::Done(SubmitOutcome::NotSent(NotSent::NoPrompt));
            let freed = std::vec!["AT+CMGS=2\r".into(), "\u{1B}".into()];
            assert_eq!(play(&[refusal, "OK"]), (freed, not_sent));
            let (wrote, next) = play(&[refusal, ">", "OK"]);
            assert_eq!((wrote.len(), next), (3, not_sent), "the prompt that comes is answered");
            assert_eq!(play(&[">", refusal]).1, Next::Done(SubmitOutcome::Unanswered));
        }
        let accepted = Next::Done(SubmitOutcome::Accepted { mr: Some(7) });
        assert_eq!(play(&[">", "+CMGS: 7", "OK"]).1, accepted);
    }

    #[test]
    fn a_body_that_is_held_back_is_written_at_the_prompt_once_there_is_leave() {
        let held = |says: &[&str]| {
            let mut submit = Submit::new(&[0x01, 0x00], &GENERIC).unwrap();
            submit.hold_body();
            play_on(submit, says)
        };
        let command: Vec<String> = std::vec!["AT+CMGS=2\r".into()];
        assert_eq!(held(&[">"]), (command.clone(), Next::ListenAnew));
        assert_eq!(held(&["leave"]), (command.clone(), Next::Listen));
        let accepted = Next::Done(SubmitOutcome::Accepted { mr: Some(7) });
        for says in [
            ["leave", ">", "+CMGS: 7", "OK"].as_slice(),
            &[">", "leave", "+CMGS: 7", "OK"],
            &[">", "+CMGS: 9", "OK", ">", "leave", "+CMGS: 7", "OK"],
        ] {
            let body: Vec<String> = std::vec!["AT+CMGS=2\r".into(), BODY.into()];
            assert_eq!(held(says), (body, accepted), "{says:?}");
        }
        // Whether a modem that says so has given up its prompt is not known.
        for said in ["+CMS ERROR: 500", "ERROR"] {
            let (wrote, next) = held(&[">", said, "…"]);
            assert_eq!(wrote.len(), 2, "it is freed: {said}");
            assert_eq!(next, Next::Done(SubmitOutcome::NotSent(NotSent::NoPrompt)));
        }
        let freed = [command, std::vec!["\u{1B}".into()]].concat();
        let withdrawn = Next::Done(SubmitOutcome::NotSent(NotSent::Withdrawn));
        assert_eq!(held(&[">", "withdrawal", "OK"]), (freed.clone(), withdrawn));
        assert_eq!(held(&["withdrawal", "OK"]), (freed.clone(), withdrawn));
        assert_eq!(held(&[">", "…", "OK"]), (freed.clone(), withdrawn), "not for ever");
        let (wrote, next) = held(&["withdrawal", ">", "OK"]);
        assert_eq!((wrote.len(), next), (3, withdrawn), "the prompt comes all the same");
        assert_eq!(held(&[">", "withdrawal", "leave"]), (freed.clone(), Next::Listen));
        assert_eq!(held(&[">", "withdrawal", "…"]), (freed, withdrawn), "whatever it says to that");
    }

    #[test]
    fn what_was_begun_ahead_is_sent_where_it_is_as_long_as_was_said() {
        let mut submit = Submit::ahead(2, &GENERIC);
        assert_eq!(submit.bytes(), b"AT+CMGS=2\r");
        assert_eq!(submit.on(Heard::Prompt), Next::ListenAnew, "no body yet");
        assert!(!submit.give(&[0x01]) && !submit.give(&[0x01, 0x00, 0x00]));
        assert!(submit.give(&[0x01, 0x00]));
        let (wrote, next) = play_on(submit, &["leave", "+CMGS: 7", "OK"]);
        assert_eq!(wrote.last().map(String::as_str), Some(BODY));
        assert_eq!(next, Next::Done(SubmitOutcome::Accepted { mr: Some(7) }));
        let mut given_up = Submit::ahead(2, &GENERIC);
        assert_eq!(given_up.on(Heard::Silence), Next::Write);
        assert!(!given_up.give(&[0x01, 0x00]), "it is freed");
    }

    #[test]
    fn a_late_reference_before_our_body_is_not_ours() {
        let mut submit = Submit::new(&[0x01], &GENERIC).unwrap();
        let mut classifier = Classifier::default();
        let classified = classifier.classify("+CMGS: 9", Some(submit.pending()));
        assert_eq!(classified, Classified::LateReference(9));
        assert_eq!(submit.on(Heard::Line(&classified, "+CMGS: 9")), Next::Listen);
    }
}
