//! Accepting messages over HTTP, each on disk before its 202.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::{Bench, ONE_SEGMENT, text};
use crate::{
    report::{Budget, Line},
    rig::{Sample, Settings, number},
};

const CLIENTS: usize = 64;
const MESSAGES: usize = 40_000;

pub(super) fn accept(bench: &mut Bench) -> Result<Vec<Line>> {
    // Every limit is looked at; that of neighbouring numbers is wide, for there are not so many others.
    let settings = Settings {
        config: "[limits]\npurposes = [\"general\"]\nprefix_per_hour = 100000".into(),
        ..Settings::default()
    };
    // A modem that works meanwhile, as it would.
    let (ringpost, _air, _folder) =
        bench.gateway(1, Duration::from_millis(300), 115_200, &settings)?;
    let requests: Vec<_> = (0..MESSAGES)
        .map(|index| ringpost.message(&number(index), "bulk", &text(ONE_SEGMENT)))
        .collect();
    let (began, before) = (Instant::now(), ringpost.usage());
    let times: Sample = ringpost.accept(&requests, CLIENTS)?.into_iter().collect();
    let took = began.elapsed().as_secs_f64();
    let cost = ringpost.usage() - before;
    let each = |sum: f64| sum / MESSAGES as f64;
    Ok(vec![
        Line::new(
            "accepting over HTTP, 64 clients, messages in a second",
            MESSAGES as f64 / took,
            "",
            Budget::AtLeast(5000.0),
        ),
        Line::new("  p99", times.p99(), "ms", Budget::AtMost(30.0)),
        Line::new("  p50", times.p50(), "ms", None),
        Line::new("  CPU of the daemon for each", 1e3 * each(cost.cpu), "ms", None),
        Line::new("  written for each", each(cost.written) / 1024.0, "KiB", None),
    ])
}
