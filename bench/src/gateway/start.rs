//! From the start of the process to readiness.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{Bench, PATIENCE, text};
use crate::{
    report::{Budget, Line},
    rig::{Sample, Settings, number},
};

const STARTS: usize = 10;
/// A database that has been used.
const MESSAGES: usize = 500;

pub(super) fn start(bench: &mut Bench) -> Result<Vec<Line>> {
    let (mut ringpost, air, _folder) = bench.gateway(1, Duration::ZERO, 0, &Settings::default())?;
    let requests: Vec<_> =
        (0..MESSAGES).map(|index| ringpost.message(&number(index), "bulk", &text(30))).collect();
    ringpost.accept(&requests, 8)?;
    ensure!(air.wait_for_submits(MESSAGES, PATIENCE), "not sent");
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        ringpost.stop()?;
        let took: Duration = ringpost.time_to_ready()?;
        times.push(took.as_secs_f64() * 1e3);
    }
    let times: Sample = times.into_iter().collect();
    Ok(vec![
        Line::new(
            "start to ready after a clean stop, modem up, p50",
            times.p50(),
            "ms",
            Budget::AtMost(300.0),
        ),
        Line::new("  the slowest of ten", times.quantile(1.0), "ms", None),
    ])
}
