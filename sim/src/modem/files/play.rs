//! Playing a sound into a call, from its first sample to its last, or to an interruption.

use std::time::Duration;

use tokio::time::Instant;

use crate::{
    call::RATE,
    fault::Fault,
    modem::{Answer, Device, Effect},
};

/// Something that a modem is to play.
#[derive(Debug)]
pub(crate) struct Play {
    pub(crate) samples: Vec<i16>,
    /// The other side hears it.
    pub(crate) remote: bool,
    /// What is said when it begins; nothing where it is empty.
    pub(crate) begins: &'static str,
    pub(crate) ends: &'static str,
    /// What is said when it does not come to its end.
    pub(crate) fails: &'static str,
}

/// Something that a modem is playing.
#[derive(Debug)]
pub(crate) struct Playing {
    play: Play,
    token: u32,
    since: Instant,
}

impl Device {
    /// Begins to play; the result is said here.
    pub(crate) fn play(&mut self, play: Play) -> Answer {
        self.answer(Answer::Ok);
        if self.faults.strike(Fault::PlayFails).is_some() {
            self.unsolicited(play.fails);
            return Answer::Silent;
        }
        if !play.begins.is_empty() {
            self.unsolicited(play.begins);
        }
        self.next_token = self.next_token.wrapping_add(1);
        let (life, token, delay) = (self.life, self.next_token, length(play.samples.len()));
        self.effects.push(Effect::PlayEnds { life, token, delay });
        self.telephony.playing = Some(Playing { play, token, since: Instant::now() });
        Answer::Silent
    }

    pub(crate) fn plays(&self) -> bool {
        self.telephony.playing.is_some()
    }

    /// What was begun has come to its end.
    pub(crate) fn play_ends(&mut self, life: u32, token: u32) {
        let this = self.telephony.playing.as_ref().is_some_and(|it| it.token == token);
        if life == self.life
            && this
            && let Some(Playing { play, .. }) = self.telephony.playing.take()
        {
            self.hand_over(play.samples, play.remote);
            self.unsolicited(play.ends);
        }
    }

    /// The host, or the end of the call, stops what plays: so far it was heard.
    pub(crate) fn stop_playing(&mut self, by_host: bool) {
        let Some(Playing { mut play, since, .. }) = self.telephony.playing.take() else { return };
        let heard = since.elapsed().as_micros() * u128::from(RATE) / 1_000_000;
        play.samples.truncate(usize::try_from(heard).unwrap_or(usize::MAX));
        self.hand_over(play.samples, play.remote);
        self.unsolicited(if by_host { play.ends } else { play.fails });
    }

    fn hand_over(&mut self, samples: Vec<i16>, remote: bool) {
        if let Some(id) = self.active_call().filter(|_| remote) {
            self.effects.push(Effect::Played { id, samples });
        }
    }
}

fn length(samples: usize) -> Duration {
    let samples = u64::try_from(samples).unwrap_or(u64::MAX);
    Duration::from_micros(samples.saturating_mul(1_000_000) / u64::from(RATE))
}
