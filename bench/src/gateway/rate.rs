//! How near many modems come to what their lines and their network allow.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Bench, ONE_SEGMENT, PATIENCE, text};
use crate::{
    report::{Budget, Line},
    rig::{Air, Sample, Settings, drive, exchanges, number, turns},
};

const MODEMS: usize = 32;
const LATENCY: Duration = Duration::from_millis(300);
const BAUD: u32 = 115_200;
/// Segments of each modem.
const EACH: usize = 40;
/// At both ends of a run not all modems are at work.
const EDGE: usize = 2;

/// A disk as slow as a good SD card.
const SLOW_SYNC: Duration = Duration::from_millis(5);

/// 32 modems, 300 ms, 115 200 baud: share of the ideal rate.
pub(super) fn share(bench: &mut Bench) -> Result<Vec<Line>> {
    let alone = {
        let (air, _folder) = bench.air(MODEMS, LATENCY, BAUD)?;
        drive(&air, EACH)?;
        Shares::of(&air)
    };
    let Run { shares, cpu, took, air_cpu } = run(bench, &Settings::default())?;
    let slow = run(bench, &Settings { sync: Some(SLOW_SYNC), ..Settings::default() })?.shares;
    let sent = (MODEMS * EACH) as f64;
    Ok(vec![
        Line::new(
            "32 modems, 300 ms, 115 200 baud: share of the ideal rate",
            100.0 * shares.of_ideal,
            "%",
            Budget::AtLeast(99.0),
        ),
        Line::new("  where an fsync takes 5 ms", 100.0 * slow.of_ideal, "%", Budget::AtLeast(97.0)),
        Line::new(
            "  a host that only reads and writes, on the same simulator",
            100.0 * alone.of_ideal,
            "%",
            None,
        ),
        Line::new("  segments in a second", shares.rate, "", None),
        Line::new("  added to each segment, p50", shares.added.p50(), "ms", None),
        Line::new("  CPU of the daemon for each segment", 1e3 * cpu / sent, "ms", None),
        Line::new("  the daemon's part of a core", 100.0 * cpu / took, "%", None),
        Line::new("  the simulator's part of a core", 100.0 * air_cpu / took, "%", None),
    ])
}

/// What a run of the gateway took, in seconds.
struct Run {
    shares: Shares,
    /// Of the daemon on a processor.
    cpu: f64,
    took: f64,
    /// Of the simulator on a processor.
    air_cpu: f64,
}

fn run(bench: &Bench, settings: &Settings) -> Result<Run> {
    let (ringpost, air, _folder) = bench.gateway(MODEMS, LATENCY, BAUD, settings)?;
    let total = MODEMS * EACH;
    let requests: Vec<_> = (0..total)
        .map(|index| ringpost.message(&number(index), "bulk", &text(ONE_SEGMENT)))
        .collect();
    ringpost.accept(&requests, 16)?;
    let (began, before, air_before) = (Instant::now(), ringpost.usage(), air.cpu());
    ensure!(air.wait_for_submits(total, PATIENCE), "not sent");
    let took = began.elapsed().as_secs_f64();
    let cpu = (ringpost.usage() - before).cpu;
    Ok(Run { shares: Shares::of(&air), cpu, took, air_cpu: air.cpu() - air_before })
}

/// How near the modems of a run came to the ideal.
struct Shares {
    /// Rate of all, to the rate of a host that needs no time.
    of_ideal: f64,
    /// Segments in a second, of all modems.
    rate: f64,
    /// What each segment took beyond the ideal, milliseconds.
    added: Sample,
}

impl Shares {
    fn of(air: &Air) -> Self {
        let (mut rate, mut ideal_rate, mut added) = (0.0, 0.0, Vec::new());
        for number in 1..=air.modems() {
            let exchanges = exchanges(&air.transcript(number));
            let steady = exchanges.get(EDGE..exchanges.len().saturating_sub(EDGE));
            let turns = turns(steady.unwrap_or_default());
            let turns: Vec<_> =
                turns.map(|turn| (turn.took, turn.cycle.ideal(LATENCY, BAUD))).collect();
            let took: f64 = turns.iter().map(|(took, _)| took).sum();
            let ideal: f64 = turns.iter().map(|(_, ideal)| ideal).sum();
            if took > 0.0 {
                rate += turns.len() as f64 / took;
                ideal_rate += turns.len() as f64 / ideal;
            }
            added.extend(turns.into_iter().map(|(took, ideal)| 1e3 * (took - ideal)));
        }
        let of_ideal = if ideal_rate > 0.0 { rate / ideal_rate } else { 0.0 };
        Self { of_ideal, rate, added: added.into_iter().collect() }
    }
}
