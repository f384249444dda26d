//! What a host types: command lines, message bodies, and characters that come too early.

use std::time::Duration;

use super::{Answer, Device, command::commands, device::Mode};
use crate::fault::{Cure, Fault};

const CTRL_Z: u8 = 0x1A;
const ESC: u8 = 0x1B;
const BACKSPACE: u8 = 0x08;

/// A line longer than this is noise, and dropped.
const LONGEST_LINE: usize = 2048;

impl Device {
    /// Takes bytes from the port.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.faults.holds(Fault::WrongBaud) {
            return;
        }
        if bytes.contains(&ESC) {
            self.cure(Cure::Drain);
        }
        let mut echo = Vec::new();
        for &byte in bytes {
            match self.mode {
                Mode::Busy => self.held.push(byte),
                Mode::Command => self.command_byte(byte, &mut echo),
                Mode::Body { .. } => self.body_byte(byte, &mut echo),
                Mode::Data => self.data_byte(byte),
            }
        }
        self.echo(&mut echo);
    }

    /// Runs what was typed while the modem was busy.
    pub(super) fn resume(&mut self) {
        self.mode = Mode::Command;
        let held = std::mem::take(&mut self.held);
        self.feed(&held);
    }

    fn command_byte(&mut self, byte: u8, echo: &mut Vec<u8>) {
        if !matches!(byte, ESC | CTRL_Z) {
            echo.push(byte);
        }
        match byte {
            b'\r' => {
                self.echo(echo);
                let line = std::mem::take(&mut self.line);
                self.execute(&line);
            }
            b'\n' | CTRL_Z | 0 => {}
            ESC => self.line.clear(),
            BACKSPACE => {
                self.line.pop();
            }
            _ if self.line.len() < LONGEST_LINE => self.line.push(byte),
            _ => self.line.clear(),
        }
    }

    fn body_byte(&mut self, byte: u8, echo: &mut Vec<u8>) {
        if !matches!(byte, ESC | CTRL_Z) {
            echo.push(byte);
        }
        match byte {
            CTRL_Z => {
                self.echo(echo);
                self.end_body();
            }
            ESC => {
                self.echo(echo);
                self.abort_body();
            }
            BACKSPACE => {
                self.line.pop();
            }
            _ => self.line.push(byte),
        }
    }

    fn echo(&mut self, echo: &mut Vec<u8>) {
        let mut echo = std::mem::take(echo);
        let garbled = self.faults.holds(Fault::EchoGarble);
        let on = self.settings.echo || garbled || self.faults.holds(Fault::EchoOn);
        let quiet = self.faults.holds(Fault::Silence) || self.faults.holds(Fault::Hang);
        if !on || echo.is_empty() || quiet || self.deaf > 0 {
            return;
        }
        // The end of the line stays: without it nothing that follows would be a line.
        if garbled && echo.len() > 2 {
            let last = echo.pop();
            self.garble(&mut echo);
            echo.extend(last);
        }
        self.say(echo, Duration::ZERO);
    }

    fn execute(&mut self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        self.transcript.tx(line);
        if self.deaf > 0 {
            self.deaf -= 1;
            return;
        }
        if self.faults.holds(Fault::Hang) && !self.is_cured_by_line(text) {
            return;
        }
        // V.250 clause 5.2.1: what comes before AT is ignored.
        let Some(start) = text.to_ascii_uppercase().find("AT") else {
            return;
        };
        let Ok(commands) = commands(text.get(start + 2..).unwrap_or("")) else {
            return self.answer(Answer::Error);
        };
        // A bare AT is silenced as well.
        if commands.is_empty() && self.faults.strike_at(Fault::Silence, "").is_some() {
            return;
        }
        let mut answer = Answer::Ok;
        for command in &commands {
            if self.faults.strike_at(Fault::Silence, &command.name).is_some() {
                self.reply.clear();
                return;
            }
            answer = self.run(command);
            if answer != Answer::Ok {
                break;
            }
        }
        self.conclude(answer);
    }

    /// Whether the line restarts the modem, and that ends its hang.
    fn is_cured_by_line(&self, line: &str) -> bool {
        let restarts = ["AT+CFUN=1,1", "AT+CFUN=16", "AT#REBOOT"];
        self.cured_by().is_some_and(|needed| needed <= Cure::SoftReset) && restarts.contains(&line)
    }

    fn conclude(&mut self, answer: Answer) {
        self.make_noise();
        match answer {
            Answer::Prompt(length) => self.prompt(length),
            Answer::Silent => self.reply.clear(),
            Answer::Ok
            | Answer::Error
            | Answer::Cme(_)
            | Answer::Cms(_)
            | Answer::NoCarrier
            | Answer::Busy
            | Answer::NoAnswer
            | Answer::NoDialtone
            | Answer::NotSupported => self.answer(answer),
        }
    }

    /// What some say again and again, until they are told not to.
    fn make_noise(&mut self) {
        let (name, value) = self.profile.silenced_by.split_once('=').unwrap_or_default();
        if !name.is_empty() && self.kept(name) == Some(value) {
            return;
        }
        if let Some(noise) = self.profile.noise.get(self.next_noise) {
            self.next_noise =
                (self.next_noise + 1).checked_rem(self.profile.noise.len()).unwrap_or(0);
            self.unsolicited(noise);
        }
    }

    fn prompt(&mut self, length: usize) {
        self.mode = Mode::Body { length };
        self.line.clear();
        if self.faults.strike(Fault::DropPrompt).is_some() {
            return;
        }
        let late = self.faults.strike(Fault::LatePrompt);
        let delay = late.map_or(0, |fault| fault.delay_ms.unwrap_or(2000));
        // 3GPP TS 27.005 clause 3.5.1, +CMGS: CR LF, greater than, space.
        self.say(b"\r\n> ".to_vec(), Duration::from_millis(delay));
        if let Some(fault) = self.faults.strike(Fault::UrcBeforeBody) {
            let text = fault.text.unwrap_or_else(|| "+CREG: 1".to_owned());
            self.say(format!("\r\n{text}\r\n").into_bytes(), Duration::ZERO);
        }
    }

    fn end_body(&mut self) {
        let Mode::Body { length } = self.mode else {
            return;
        };
        let body = std::mem::take(&mut self.line);
        self.transcript.tx(&[body.as_slice(), &[CTRL_Z]].concat());
        self.mode = Mode::Command;
        if self.faults.strike_at(Fault::Silence, "body").is_some() || self.faults.holds(Fault::Hang)
        {
            return;
        }
        let answer = self.submit(length, &body);
        self.conclude(answer);
        self.flush_waiting();
    }

    fn abort_body(&mut self) {
        let body = std::mem::take(&mut self.line);
        self.transcript.tx(&[body.as_slice(), &[ESC]].concat());
        self.mode = Mode::Command;
        if self.profile.esc_answers_ok {
            self.answer(Answer::Ok);
        }
        self.flush_waiting();
    }
}
