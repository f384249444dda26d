//! What went over a modem's serial line, line by line, in memory and bounded.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Enough for minutes of traffic; older lines fall off.
const LINES: usize = 20_000;

/// Which way a line went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Host to modem.
    Tx,
    /// Modem to host.
    Rx,
}

/// One line of the dialogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptLine {
    /// When it was complete.
    pub at: Timestamp,
    /// Who said it.
    pub direction: Direction,
    /// The line without its line end; control characters are escaped (`\u{1a}`, `\u{1b}`).
    pub text: String,
}

/// The last lines of one modem.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    lines: VecDeque<TranscriptLine>,
    /// What the modem has said since its last line end.
    unfinished: Vec<u8>,
}

impl Transcript {
    pub(crate) fn tx(&mut self, line: &[u8]) {
        self.finish();
        self.push(Direction::Tx, line);
    }

    /// Output comes in any pieces; a line ends at its line end, a prompt at its blank.
    pub(crate) fn rx(&mut self, output: &[u8]) {
        for &byte in output {
            match byte {
                b'\r' | b'\n' => self.finish(),
                _ => self.unfinished.push(byte),
            }
            if self.unfinished == b"> " {
                self.finish();
            }
        }
    }

    pub(crate) fn lines(&self) -> Vec<TranscriptLine> {
        self.lines.iter().cloned().collect()
    }

    fn finish(&mut self) {
        let line = std::mem::take(&mut self.unfinished);
        if !line.is_empty() {
            self.push(Direction::Rx, &line);
        }
    }

    fn push(&mut self, direction: Direction, line: &[u8]) {
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        let text = readable(line);
        self.lines.push_back(TranscriptLine { at: Timestamp::now(), direction, text });
    }
}

fn readable(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}
