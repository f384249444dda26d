//! Keys heard in the sound of a call.

use super::{COLUMNS, KEYS, Pitch, ROWS};

/// Samples that are judged together: 20 ms. Long enough to tell 697 from 770 Hz, short enough that a tone that
/// is 1.5 % off, as Q.24 lets it be, is heard.
const WINDOW: u16 = 160;
/// Windows overlap by half, so that a tone is heard wherever in them it begins.
const HOP: u16 = WINDOW / 2;
/// So many windows in a row have to hear the key: 40 ms, the shortest that Q.24 wants heard. Speech
/// seldom holds two such tones that long.
const HITS: u8 = 3;
/// So many windows in a row without it end the press: a gap of 20 ms, as a bad radio link makes them, does not.
const MISSES: u8 = 4;
/// The mean square below which nothing is a key: 40 dB below the loudest.
const FLOOR: f32 = 4_000.0;
/// How much of all that is heard the two tones have to be.
const SHARE: f32 = 0.55;
/// How much stronger each has to be than the others of its group: 8 dB.
const ABOVE_OTHERS: f32 = 6.3;
/// How much stronger the high tone may be than the low one: 6 dB.
const TWIST: f32 = 4.0;
/// How much weaker: 9 dB, since telephones and networks weaken what is high.
const REVERSE_TWIST: f32 = 8.0;

/// Hears keys. Samples go in one by one, and a key comes out once for each press.
#[derive(Debug, Clone)]
pub struct Detector {
    windows: [Window; 2],
    press: Press,
}

impl Detector {
    /// Has heard nothing yet.
    pub const fn new() -> Self {
        Self {
            windows: [Window::starting(0), Window::starting(HOP)],
            press: Press { candidate: None, hits: 0, held: None, misses: 0 },
        }
    }

    /// Hears one more sample, and answers the key whose press it made certain: one of `0123456789*#ABCD`.
    pub fn hear(&mut self, sample: i16) -> Option<char> {
        let mut key = None;
        for window in &mut self.windows {
            // At most one of them is full at a time.
            key = window.hear(sample).and_then(|heard| self.press.follow(heard)).or(key);
        }
        key
    }
}

impl Default for Detector {
    fn default() -> Self {
        Self::new()
    }
}

/// What windows one after the other make of a key.
#[derive(Debug, Clone)]
struct Press {
    /// What the latest windows heard, and how many of them in a row.
    candidate: Option<char>,
    hits: u8,
    /// The key that is held down.
    held: Option<char>,
    /// How many windows in a row have not heard it.
    misses: u8,
}

impl Press {
    /// Takes what a window heard, and answers the key whose press it made certain.
    fn follow(&mut self, heard: Option<char>) -> Option<char> {
        self.hits = if heard == self.candidate { self.hits.saturating_add(1) } else { 1 };
        self.candidate = heard;
        if heard == self.held {
            self.misses = 0;
            return None;
        }
        self.misses = self.misses.saturating_add(1);
        if heard.is_some() && self.hits >= HITS {
            self.held = heard;
            self.misses = 0;
            return heard;
        }
        if self.misses >= MISSES {
            self.held = None;
            self.misses = 0;
        }
        None
    }
}

/// A stretch of samples, and how much of each tone is in it (Goertzel's algorithm).
#[derive(Debug, Clone, Copy)]
struct Window {
    rows: [Resonator; 4],
    columns: [Resonator; 4],
    energy: f32,
    /// How many samples it still takes.
    wants: u16,
}

impl Window {
    /// One that is full for the first time that many samples earlier than a whole one would be.
    const fn starting(early: u16) -> Self {
        Self { wants: WINDOW - early, ..Self::EMPTY }
    }

    const EMPTY: Self = Self {
        rows: [Resonator::EMPTY; 4],
        columns: [Resonator::EMPTY; 4],
        energy: 0.0,
        wants: WINDOW,
    };

    /// Once it is full: the key that it heard, if any; then it begins anew.
    fn hear(&mut self, sample: i16) -> Option<Option<char>> {
        let sample = f32::from(sample);
        self.energy += sample * sample;
        let all = self.rows.iter_mut().zip(ROWS).chain(self.columns.iter_mut().zip(COLUMNS));
        for (resonator, pitch) in all {
            resonator.hear(sample, pitch);
        }
        self.wants -= 1;
        if self.wants > 0 {
            return None;
        }
        let key = self.key();
        *self = Self::EMPTY;
        Some(key)
    }

    fn key(&self) -> Option<char> {
        let samples = f32::from(WINDOW);
        if self.energy < FLOOR * samples {
            return None;
        }
        let (row, low) = strongest(&self.rows, ROWS)?;
        let (column, high) = strongest(&self.columns, COLUMNS)?;
        // The power of a wave that fills the window is half of its energy times the samples.
        let share = 2.0 * (low + high) / (self.energy * samples);
        let balanced = high < low * TWIST && low < high * REVERSE_TWIST;
        (balanced && share > SHARE).then_some(*KEYS.get(row)?.get(column)?)
    }
}

/// Which of them is well above all others, and its power.
fn strongest(group: &[Resonator; 4], pitches: [Pitch; 4]) -> Option<(usize, f32)> {
    let mut best = (0, 0.0);
    let mut second = 0.0;
    for (at, (resonator, pitch)) in group.iter().zip(pitches).enumerate() {
        let power = resonator.power(pitch);
        if power > best.1 {
            second = best.1;
            best = (at, power);
        } else if power > second {
            second = power;
        }
    }
    (best.1 > second * ABOVE_OTHERS).then_some(best)
}

/// How much of one tone was heard.
#[derive(Debug, Clone, Copy)]
struct Resonator {
    last: f32,
    before: f32,
}

impl Resonator {
    const EMPTY: Self = Self { last: 0.0, before: 0.0 };

    fn hear(&mut self, sample: f32, pitch: Pitch) {
        let next = sample + 2.0 * pitch.cosine * self.last - self.before;
        self.before = self.last;
        self.last = next;
    }

    fn power(&self, pitch: Pitch) -> f32 {
        self.last * self.last + self.before * self.before
            - 2.0 * pitch.cosine * self.last * self.before
    }
}
