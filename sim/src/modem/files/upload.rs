//! Octets that a host sends after a prompt: as many as it announced, and all of them content.

use std::time::Duration;

use crate::modem::{Answer, Device, Effect, Mode};

/// Quectel acknowledges this many octets with `A`, where it was asked to.
const ACKNOWLEDGED: usize = 1024;

/// What a modem says when all is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// `OK`.
    Plain,
    /// `+QFUPL: <size>,<checksum>` before it, and an `A` for each 1024 octets if that was asked for.
    Quectel { acknowledges: bool },
}

/// A file on its way.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) size: usize,
    pub(crate) appends: bool,
    pub(crate) receipt: Receipt,
    /// How long the host may take for all of it.
    pub(crate) within: Option<Duration>,
    /// What is said when it takes longer.
    pub(crate) too_late: Answer,
}

/// What of it has come.
#[derive(Debug)]
pub(crate) struct Incoming {
    upload: Upload,
    bytes: Vec<u8>,
    token: u32,
}

impl Device {
    /// Says the prompt and takes what comes.
    pub(crate) fn receive(&mut self, upload: Upload) -> Answer {
        if upload.size == 0 || upload.size > self.flash.free() {
            return Answer::Error;
        }
        self.next_token = self.next_token.wrapping_add(1);
        let token = self.next_token;
        let prompt: &[u8] = match upload.receipt {
            Receipt::Plain => b"\r\n>",
            Receipt::Quectel { .. } => b"\r\nCONNECT\r\n",
        };
        if let Some(delay) = upload.within {
            self.effects.push(Effect::UploadEnds { life: self.life, token, delay });
        }
        self.incoming = Some(Incoming { upload, bytes: Vec::new(), token });
        self.mode = Mode::Data;
        self.say(prompt.to_vec(), Duration::ZERO);
        Answer::Silent
    }

    pub(in crate::modem) fn data_byte(&mut self, byte: u8) {
        let Some(incoming) = self.incoming.as_mut() else {
            self.mode = Mode::Command;
            return;
        };
        incoming.bytes.push(byte);
        let (count, size) = (incoming.bytes.len(), incoming.upload.size);
        let acknowledges = incoming.upload.receipt == Receipt::Quectel { acknowledges: true };
        if acknowledges && count.is_multiple_of(ACKNOWLEDGED) && count < size {
            self.say(b"A".to_vec(), Duration::ZERO);
        }
        if count == size {
            self.keep_upload();
        }
    }

    /// The host has had its time.
    pub(crate) fn upload_ends(&mut self, life: u32, token: u32) {
        let late = self.incoming.as_ref().is_some_and(|incoming| incoming.token == token);
        if life == self.life && late {
            let answer = self.incoming.take().map_or(Answer::Error, |it| it.upload.too_late);
            self.end_upload(answer);
        }
    }

    fn keep_upload(&mut self) {
        let Some(Incoming { upload, bytes, .. }) = self.incoming.take() else { return };
        self.transcript.tx(format!("({} octets of {})", bytes.len(), upload.name).as_bytes());
        if let Receipt::Quectel { .. } = upload.receipt {
            self.info(format!("+QFUPL: {},{:X}", bytes.len(), checksum(&bytes)));
        }
        if upload.appends {
            self.flash.append(&upload.name, &bytes);
        } else {
            self.flash.write(&upload.name, bytes);
        }
        self.end_upload(Answer::Ok);
    }

    fn end_upload(&mut self, answer: Answer) {
        self.mode = Mode::Command;
        self.answer(answer);
        self.flush_waiting();
    }
}

/// Exclusive or of all pairs of octets, the first of a pair high.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.chunks(2).fold(0, |sum, pair| {
        let octet = |place: usize| pair.get(place).copied().unwrap_or(0);
        sum ^ u16::from_be_bytes([octet(0), octet(1)])
    })
}
