//! What a modem is heard to say: from bytes to what they mean for whoever waits.

use core::mem::take;

use super::{Answer, Classified, Classifier, FinalResult, Frame, Framer, Urc, classifier::is_echo};

/// The late answer to an earlier submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// `+CMGS` while no submit waits for it.
    Reference(u8),
    /// `+CMS ERROR` while nothing was asked.
    Refusal(FinalResult),
}

/// What was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said<'e> {
    /// A line for whoever waits for an answer, and what it is.
    Line(Classified, &'e str),
    /// The prompt for a body.
    Prompt,
    /// Something that the modem says by itself.
    Urc(Urc),
    /// The body of a message or report that the modem tells by itself.
    Body(Urc, &'e str),
    /// The answer to an earlier submit.
    Late(Late),
    /// A line that is longer than any; it is lost.
    Overlong,
}

/// Listens to a modem, byte by byte.
#[derive(Debug, Clone, Default)]
pub struct Ear {
    framer: Framer,
    classifier: Classifier,
    /// The `OK` behind a late reference is to come, and is nobody's answer.
    late_ok: bool,
    /// An echo says that the modem has restarted.
    no_echo: bool,
}

impl Ear {
    /// Takes the next byte, while `pending` waits for its answer. A `>` is a prompt only where one is
    /// expected.
    pub fn hear(
        &mut self,
        byte: u8,
        pending: Option<&Answer>,
        prompt_expected: bool,
    ) -> Option<Said<'_>> {
        let Self { framer, classifier, late_ok, no_echo } = self;
        let line = match framer.push(byte, prompt_expected)? {
            // Whoever waits for the prompt hears of the restart in its place: nothing is written then.
            Frame::Prompt(echo) if *no_echo && is_echo(echo) && is_command(echo) => {
                return Some(Said::Urc(Urc::Booted));
            }
            Frame::Prompt(_) => return Some(Said::Prompt),
            Frame::Overlong => return Some(Said::Overlong),
            Frame::Line(line) => line,
        };
        Some(match classifier.classify(line, pending) {
            Classified::Echo if *no_echo && is_command(line) => Said::Urc(Urc::Booted),
            Classified::Urc(urc) => Said::Urc(urc),
            Classified::UrcBody(urc) => Said::Body(urc, line),
            Classified::UrcHead => return None,
            Classified::LateReference(mr) => {
                *late_ok = true;
                Said::Late(Late::Reference(mr))
            }
            Classified::Final(FinalResult::Ok) if take(late_ok) => return None,
            Classified::Unknown if pending.is_none() => match FinalResult::parse(line) {
                Some(refusal @ FinalResult::Cms(_)) => Said::Late(Late::Refusal(refusal)),
                Some(FinalResult::Ok) => {
                    *late_ok = false;
                    return None;
                }
                _ => return None,
            },
            classified @ (Classified::Echo
            | Classified::Info
            | Classified::Final(_)
            | Classified::Unknown) => Said::Line(classified, line),
        })
    }

    /// Says whether the modem echoes nothing any more ([`Facts::no_echo`](super::dialogue::Facts::no_echo)): an echo
    /// is heard as [`Urc::Booted`] from then on. Many modems say nothing when they restart, and this is the first
    /// that shows of it.
    pub const fn expect_no_echo(&mut self, no_echo: bool) {
        self.no_echo = no_echo;
    }

    /// How many bytes came in that are no text: a line at the wrong speed is full of them.
    #[must_use]
    pub const fn garbage(&self) -> u32 {
        self.framer.garbage()
    }
}

/// Whether it is a command as they are written here, and not the name of somebody's network or modem.
fn is_command(line: &str) -> bool {
    let behind = line.get(2..).and_then(|rest| rest.chars().next());
    behind.is_none_or(|sign| "+^#$*DEHV".contains(sign))
}

#[cfg(test)]
mod tests {
    use std::{format, string::String, vec::Vec};

    use super::*;
    use crate::at::Command;

    fn heard(bytes: &str, pending: Option<&Command>) -> Vec<String> {
        let mut ear = Ear::default();
        let pending = pending.map(|it| &it.answer);
        let mut heard = Vec::new();
        for byte in bytes.bytes() {
            heard.extend(ear.hear(byte, pending, true).map(|said| format!("{said:?}")));
        }
        heard
    }

    #[test]
    fn the_ok_behind_a_late_reference_answers_nobody() {
        let at = Command::attention();
        let said = heard("\r\n+CMGS: 9\r\n\r\nOK\r\n\r\nOK\r\n", Some(&at));
        assert_eq!(said, ["Late(Reference(9))", "Line(Final(Ok), \"OK\")"]);
        assert_eq!(heard("\r\n+CMGS: 9\r\n\r\nOK\r\n", None), ["Late(Reference(9))"]);
    }

    #[test]
    fn a_refusal_while_nothing_was_asked_is_late() {
        let said = heard("\r\n+CMS ERROR: 38\r\n", None);
        assert_eq!(said, ["Late(Refusal(Cms(ErrorCode(Some(38)))))"]);
    }

    #[test]
    fn bodies_come_with_their_heads_and_prompts_at_once() {
        assert_eq!(heard("\r\n+CDS: 2\r\nOK\r\n", None), ["Body(Cds, \"OK\")"]);
        assert_eq!(heard("\r\n> ", None), ["Prompt"]);
    }

    #[test]
    fn an_echo_where_none_is_expected_tells_of_a_restart() {
        let signal = Command::signal().answer;
        for (no_echo, expected) in
            [(false, Said::Line(Classified::Echo, "AT+CSQ")), (true, Said::Urc(Urc::Booted))]
        {
            let mut ear = Ear::default();
            ear.expect_no_echo(no_echo);
            for byte in *b"AT+CSQ\r\r" {
                assert_eq!(ear.hear(byte, Some(&signal), false), None);
            }
            assert_eq!(ear.hear(b'\n', Some(&signal), false), Some(expected));
            for byte in *b"AT&T Beam\r" {
                assert_eq!(ear.hear(byte, Some(&signal), false), None);
            }
            let name = Some(Said::Line(Classified::Echo, "AT&T Beam"));
            assert_eq!(ear.hear(b'\n', Some(&signal), false), name);
        }
    }

    #[test]
    fn an_echo_right_before_a_prompt_tells_of_a_restart_too() {
        for (no_echo, expected) in [(false, Said::Prompt), (true, Said::Urc(Urc::Booted))] {
            let mut ear = Ear::default();
            ear.expect_no_echo(no_echo);
            for byte in *b"AT+CMGS=23\r" {
                assert_eq!(ear.hear(byte, Some(&Answer::Nothing), true), None);
            }
            assert_eq!(ear.hear(b'>', Some(&Answer::Nothing), true), Some(expected));
        }
    }

    #[test]
    fn garbage_is_counted_by_bytes() {
        let mut ear = Ear::default();
        for byte in [0xFF, b'a', 0x80, b'\n', 0xE0] {
            ear.hear(byte, None, false);
        }
        assert_eq!(ear.garbage(), 3);
    }
}
