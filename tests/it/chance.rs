//! Chance that a seed brings back.

use std::{
    env,
    time::{SystemTime, UNIX_EPOCH},
};

/// The top bits of a linear congruential generator.
pub(crate) struct Chance(u64);

impl Chance {
    /// The seed of `RINGPOST_SEED`, or a new one each time; told, so that a failure can be had again.
    #[expect(clippy::print_stdout, reason = "whoever reads of a failure needs the seed")]
    pub(crate) fn seeded() -> Self {
        let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let seed = number("RINGPOST_SEED").unwrap_or(today);
        println!("RINGPOST_SEED={seed}");
        Self(seed)
    }

    /// With this seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator of its own, so that one's draws do not shift another's.
    pub(crate) fn split(&mut self) -> Self {
        Self(self.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next()).unwrap() % bound
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(crate) fn percent(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// One of them.
    pub(crate) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// The number that the environment variable holds, if it is set.
pub(crate) fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|it| it.parse().unwrap())
}
