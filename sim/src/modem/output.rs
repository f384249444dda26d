//! What a modem says: results, prompts and unsolicited results, with the faults of the line.

use std::time::Duration;

use super::{Answer, Device};
use crate::fault::Fault;

/// Some bytes for the port, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) bytes: Vec<u8>,
    /// How long the line stays quiet first.
    pub(crate) delay: Duration,
    /// Byte by byte with this pause.
    pub(crate) split: Option<Duration>,
}

impl Device {
    /// Adds a line of information to the answer of the running command line.
    pub(crate) fn info(&mut self, line: String) {
        self.reply.push(line);
    }

    /// Adds a line, if there is one.
    pub(crate) fn reply_first(&mut self, line: Option<&str>) {
        self.reply.extend(line.map(str::to_owned));
    }

    /// Says the collected information and the final result.
    pub(crate) fn answer(&mut self, answer: Answer) {
        let mut output = String::new();
        for line in std::mem::take(&mut self.reply) {
            if self.settings.verbose {
                output.push_str("\r\n");
            }
            output.push_str(&line);
            output.push_str("\r\n");
        }
        if let Some(fault) = self.faults.strike(Fault::UrcInResponse) {
            let text = fault.text.unwrap_or_else(|| "+CREG: 1".to_owned());
            output.push_str(&format!("\r\n{text}\r\n"));
        }
        output.push_str(&self.result(answer));
        self.say(output.into_bytes(), Duration::ZERO);
    }

    fn result(&self, answer: Answer) -> String {
        if self.settings.quiet {
            return String::new();
        }
        let cmee = self.settings.cmee;
        if self.settings.verbose {
            answer
                .words(cmee, self.profile)
                .map(|words| format!("\r\n{words}\r\n"))
                .unwrap_or_default()
        } else {
            answer
                .digits(cmee, self.profile)
                .map(|digits| format!("{digits}\r"))
                .unwrap_or_default()
        }
    }

    /// An unsolicited result; it waits while the host types a message.
    pub(crate) fn unsolicited(&mut self, text: &str) {
        if self.at_prompt() {
            self.waiting.push(text.to_owned());
        } else {
            self.say(format!("\r\n{text}\r\n").into_bytes(), Duration::ZERO);
        }
    }

    /// Says what waited for the end of a message's body.
    pub(super) fn flush_waiting(&mut self) {
        for text in std::mem::take(&mut self.waiting) {
            self.unsolicited(&text);
        }
    }

    /// Bytes for the port, as the line's faults make them.
    pub(super) fn say(&mut self, mut bytes: Vec<u8>, delay: Duration) {
        if bytes.is_empty() || self.faults.holds(Fault::Hang) {
            return;
        }
        if self.faults.holds(Fault::WrongBaud) {
            // Framing errors: bits where none are, and no line end that is one.
            for byte in &mut bytes {
                *byte = byte.rotate_left(3) | 0x80;
            }
        }
        if self.faults.strike(Fault::Garble).is_some() {
            self.garble(&mut bytes);
        }
        let split = self
            .faults
            .strike(Fault::SplitReads)
            .map(|fault| Duration::from_millis(fault.delay_ms.unwrap_or(1)));
        if let Some(wire) = &self.wire {
            // The port task is gone when the modem is being unplugged: nobody listens.
            let _ = wire.send(Chunk { bytes, delay, split });
        }
    }

    pub(super) fn garble(&mut self, bytes: &mut [u8]) {
        let place = usize::try_from(self.rng.below(bytes.len() as u64)).unwrap_or(0);
        let flip = u8::try_from(1 + self.rng.below(127)).unwrap_or(1);
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= flip;
        }
    }
}
