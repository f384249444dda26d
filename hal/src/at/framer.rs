//! From bytes to lines and prompts.

use heapless::String;

/// Longest line that is kept. The longest that a modem has to say is a TPDU with its service centre
/// address in hexadecimal: 2 x (12 + 176) digits, 3GPP TS 27.005 4.
pub const MAX_LINE: usize = 512;

/// What the bytes so far have completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame<'f> {
    /// A line that is not empty, without its end.
    Line(&'f str),
    /// The prompt for the body of a message, 3GPP TS 27.005 3.5.1. It has no line end; nor has the echo of the command,
    /// where a modem prompts right behind it, and that comes along. Most often there is none.
    Prompt(&'f str),
    /// A line that was longer than [`MAX_LINE`]; it is lost, what follows is not.
    Overlong,
}

/// Cuts a stream of bytes into [`Frame`]s.
///
/// Lines end with LF; CR is dropped wherever it stands (some modems send CR CR LF), as is NUL, which a
/// UART delivers while a modem boots. Bytes beyond ASCII, which a wrong baud rate makes, become `?`.
#[derive(Debug, Clone, Default)]
pub struct Framer {
    line: String<MAX_LINE>,
    overlong: bool,
    complete: bool,
    /// The last byte was CR: a prompt may follow an echo that ends so.
    after_cr: bool,
    /// How many bytes beyond ASCII there were.
    garbage: u32,
}

impl Framer {
    /// Takes the next byte. A `>` at the start of a line is a prompt only where one is expected.
    pub fn push(&mut self, byte: u8, prompt_expected: bool) -> Option<Frame<'_>> {
        if self.complete {
            self.reset();
        }
        let at_start = self.line.is_empty() || self.after_cr;
        self.after_cr = byte == b'\r';
        match byte {
            b'\n' => return self.end_line(),
            b'\r' | 0 => {}
            // The blank after a prompt, and blanks before a line.
            b' ' if self.line.is_empty() => {}
            b'>' if prompt_expected && at_start => {
                self.complete = true;
                return Some(Frame::Prompt(self.line.trim_end()));
            }
            _ => {
                let char = if byte.is_ascii() { char::from(byte) } else { '?' };
                self.garbage = self.garbage.wrapping_add(u32::from(!byte.is_ascii()));
                self.overlong |= self.line.push(char).is_err();
            }
        }
        None
    }

    /// Forgets the line that is not complete, as after a port was opened anew.
    pub fn reset(&mut self) {
        *self = Self { garbage: self.garbage, ..Self::default() };
    }

    /// How many bytes beyond ASCII came in so far: a line at the wrong speed is full of them.
    #[must_use]
    pub const fn garbage(&self) -> u32 {
        self.garbage
    }

    fn end_line(&mut self) -> Option<Frame<'_>> {
        self.complete = true;
        if self.overlong {
            return Some(Frame::Overlong);
        }
        let line = self.line.trim_end();
        (!line.is_empty()).then_some(Frame::Line(line))
    }
}

#[cfg(test)]
mod tests {
    use std::{string::String, vec::Vec};

    use proptest::prelude::*;

    use super::*;

    fn frames(bytes: &[u8], prompt_expected: bool) -> Vec<String> {
        let mut framer = Framer::default();
        let mut frames = Vec::new();
        for byte in bytes {
            match framer.push(*byte, prompt_expected) {
                Some(Frame::Line(line)) => frames.push(line.into()),
                Some(Frame::Prompt(echo)) => frames.push([echo, "PROMPT"].concat()),
                Some(Frame::Overlong) => frames.push("OVERLONG".into()),
                None => {}
            }
        }
        frames
    }

    #[test]
    fn cuts_lines_whatever_their_ends_look_like() {
        assert_eq!(frames(b"\r\nOK\r\n", false), ["OK"]);
        assert_eq!(frames(b"\r\r\n+RXDTMF: 1\r\r\nOK\n", false), ["+RXDTMF: 1", "OK"]);
        assert_eq!(frames(b"\0\0\r\nRDY\r\n", false), ["RDY"]);
        assert_eq!(frames(b"\xFF\xFEab\r\n", false), ["??ab"]);
    }

    #[test]
    fn a_prompt_counts_only_where_it_is_expected() {
        assert_eq!(frames(b"\r\n> ", true), ["PROMPT"]);
        assert_eq!(frames(b"\r\n>", true), ["PROMPT"]);
        assert_eq!(frames(b"AT+CMGS=23\r\r\n> ", true), ["AT+CMGS=23", "PROMPT"]);
        assert_eq!(frames(b"AT+CMGS=23\r> ", true), ["AT+CMGS=23PROMPT"]);
        assert_eq!(frames(b"AT+CMGS=23\r> \r\n> ", true), ["AT+CMGS=23PROMPT", "PROMPT"]);
        assert_eq!(frames(b"> hello\r\n", false), ["> hello"]);
        assert_eq!(frames(b"a > b\r\n", true), ["a > b"]);
    }

    #[test]
    fn an_overlong_line_loses_itself_only() {
        let mut bytes = std::vec![b'x'; MAX_LINE + 1];
        bytes.extend(b"\r\nOK\r\n");
        assert_eq!(frames(&bytes, false), ["OVERLONG", "OK"]);
    }

    proptest! {
        #[test]
        fn any_bytes_give_frames_without_line_ends(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            for frame in frames(&bytes, bytes.len() % 2 == 0) {
                prop_assert!(!frame.is_empty() && !frame.contains(['\r', '\n', '\0']));
            }
        }
    }
}
