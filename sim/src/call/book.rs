//! All calls of the network, and what happens to one.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::{CallRecord, FRAME, FrameCounts, OnCall, Side, ear::Ear, frames, tone::RATE};
use crate::builder::millis;

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    SettingUp,
    Alerting,
    Active,
    Ended,
}

/// One call of the network.
pub(crate) struct Call {
    record: CallRecord,
    pub(crate) modem: usize,
    pub(crate) plan: OnCall,
    pub(crate) stage: Stage,
    placed: Instant,
    answered: Instant,
    heard: Vec<i16>,
    /// When each frame came, counted from the answer.
    arrivals: Vec<Duration>,
    ear: Ear,
}

/// All calls, by their ids.
#[derive(Default)]
pub(crate) struct Book(Vec<Call>);

impl Book {
    /// A call begins.
    pub(crate) fn place(
        &mut self,
        modem: usize,
        plan: OnCall,
        named: [&str; 3],
        withheld: bool,
    ) -> u64 {
        let id = u64::try_from(self.0.len()).unwrap_or(u64::MAX) + 1;
        let [name, from, to] = named.map(str::to_owned);
        let record = CallRecord {
            id,
            modem: name,
            from,
            to,
            withheld,
            at: Timestamp::now(),
            rang_ms: None,
            answered_ms: None,
            ended_ms: None,
            ended_by: None,
            cause: None,
            voicemail: false,
            keys: String::new(),
            sent_keys: String::new(),
            spoken: Vec::new(),
            played: Vec::new(),
            frames: FrameCounts::default(),
            samples: 0,
            wav: None,
        };
        let now = Instant::now();
        self.0.push(Call {
            record,
            modem,
            plan,
            stage: Stage::SettingUp,
            placed: now,
            answered: now,
            heard: Vec::new(),
            arrivals: Vec::new(),
            ear: Ear::default(),
        });
        id
    }

    pub(crate) fn get(&mut self, id: u64) -> Option<&mut Call> {
        self.0.get_mut(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    /// All calls to a number, oldest first.
    pub(crate) fn of_phone(&self, number: &str) -> Vec<CallRecord> {
        self.0.iter().filter(|call| call.record.to == number).map(Call::record).collect()
    }

    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Call> {
        self.0.iter()
    }

    /// The call that a phone is in, or that rings there.
    pub(crate) fn at_phone(&mut self, number: &str) -> Option<&mut Call> {
        self.0.iter_mut().rfind(|call| call.record.to == number && call.stage != Stage::Ended)
    }
}

impl Call {
    /// What is to be told of it.
    pub(crate) fn record(&self) -> CallRecord {
        let mut record = self.record.clone();
        let FrameCounts { partial_writes, unread, .. } = record.frames;
        record.frames = FrameCounts { partial_writes, unread, ..frames::count(&self.arrivals) };
        record.samples = self.heard.len();
        record
    }

    pub(crate) fn id(&self) -> u64 {
        self.record.id
    }

    /// Everything that was heard in it.
    pub(crate) fn samples(&self) -> &[i16] {
        &self.heard
    }

    /// It rings; `false` when it cannot any longer.
    pub(crate) fn ring(&mut self) -> bool {
        let rings = self.stage == Stage::SettingUp;
        if rings {
            self.stage = Stage::Alerting;
            self.record.rang_ms = Some(self.since_placed());
        }
        rings
    }

    /// Somebody, or a voicemail, answers; `false` when nobody can any longer.
    pub(crate) fn answer(&mut self, voicemail: bool) -> bool {
        let answers = self.stage == Stage::Alerting;
        if answers {
            self.stage = Stage::Active;
            self.answered = Instant::now();
            self.record.voicemail = voicemail;
            self.record.answered_ms = Some(self.since_placed());
        }
        answers
    }

    /// It ends; `false` when it had ended before.
    pub(crate) fn end(&mut self, side: Side, cause: u8) -> bool {
        let ends = self.stage != Stage::Ended;
        if ends {
            self.stage = Stage::Ended;
            self.record.ended_ms = Some(self.since_placed());
            self.record.ended_by = Some(side);
            self.record.cause = Some(cause);
        }
        ends
    }

    /// A frame of the host comes.
    pub(crate) fn hear_frame(&mut self, frame: &[i16], at: Instant) {
        if self.stage != Stage::Active {
            return;
        }
        let at = at.saturating_duration_since(self.answered);
        self.arrivals.push(at);
        self.heard.extend(frame);
        self.ear.hear(frame, at);
    }

    /// A piece is heard that the modem plays by itself and that ends now. What was silent before it is silent here.
    pub(crate) fn hear_played(&mut self, samples: &[i16]) {
        if self.stage != Stage::Active {
            return;
        }
        let now = self.answered.elapsed();
        let until = usize::try_from(now.as_micros() * u128::from(RATE) / 1_000_000).unwrap_or(0);
        let silent = until.saturating_sub(self.heard.len() + samples.len());
        self.heard.resize(self.heard.len() + silent, 0);
        self.heard.extend(samples);
        for (place, piece) in samples.chunks(FRAME).enumerate() {
            let rest = samples.len().saturating_sub((place + 1) * FRAME);
            let rest = u64::try_from(rest).unwrap_or(0) * 1_000_000 / u64::from(RATE);
            self.ear.hear(piece, now.saturating_sub(Duration::from_micros(rest)));
        }
    }

    /// The key that its phone presses now because of what it heard, if any.
    pub(crate) fn reacts(&mut self) -> Option<char> {
        let now = self.answered.elapsed();
        self.ear.reacts(&self.plan.press_when_silent, now)
    }

    pub(crate) fn note_key(&mut self, key: char) {
        self.record.keys.push(key);
    }

    pub(crate) fn note_sent_key(&mut self, key: char) {
        self.record.sent_keys.push(key);
    }

    pub(crate) fn note_spoken(&mut self, text: String) {
        self.record.spoken.push(text);
    }

    pub(crate) fn note_played(&mut self, file: String) {
        self.record.played.push(file);
    }

    pub(crate) fn note_partial_write(&mut self) {
        self.record.frames.partial_writes += 1;
    }

    pub(crate) fn note_unread(&mut self) {
        self.record.frames.unread += 1;
    }

    pub(crate) fn note_wav(&mut self, path: std::path::PathBuf) {
        self.record.wav = Some(path);
    }

    fn since_placed(&self) -> u64 {
        millis(self.placed.elapsed())
    }
}
