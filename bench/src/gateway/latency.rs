//! From one thing to the next: request to `AT+CMGS`, answer to `AT+CMGS`, passcode to its turn.

use std::{thread, time::Duration};

use anyhow::{Result, ensure};

use super::{Bench, ONE_SEGMENT, PATIENCE, SEGMENT, text};
use crate::{
    report::{Budget, Line},
    rig::{Air, Disk, Exchange, Sample, Settings, drive_and_commit, exchanges, ms, number},
};

/// Requests to an idle gateway.
const REQUESTS: usize = 200;
/// Until it is idle again: report, its commit, and some.
const IDLE: Duration = Duration::from_millis(40);

/// Last octet of the request to first octet of `AT+CMGS`, on a gateway that has nothing else to do.
pub(super) fn idle(bench: &mut Bench) -> Result<Vec<Line>> {
    let (ringpost, air, _folder) = bench.gateway(1, Duration::ZERO, 0, &Settings::default())?;
    let mut client = ringpost.client()?;
    let mut asked = Vec::with_capacity(REQUESTS);
    for index in 0..REQUESTS {
        let answer = client.ask(&ringpost.message(&number(index), "otp", &text(30)))?;
        ensure!(answer.status == 202, "not accepted: {}", answer.status);
        asked.push(answer.sent_at);
        ensure!(air.wait_for_submits(index + 1, PATIENCE), "not sent");
        thread::sleep(IDLE);
    }
    let exchanges = exchanges(&air.transcript(1));
    ensure!(exchanges.len() == REQUESTS, "{} exchanges", exchanges.len());
    let until = |of: fn(&Exchange) -> i128| -> Sample {
        asked.iter().zip(&exchanges).map(|(asked, sent)| ms(of(sent) - asked)).collect()
    };
    let (times, bodies) = (until(|it| it.began), until(|it| it.body));
    // The acceptance finds a disk that has rested, the intent behind it does not.
    let fsyncs = Disk::below(&bench.folder)?.fsync(IDLE, 2)?.p50();
    Ok(vec![
        Line::new("the disk itself: 2 fsyncs at this rhythm, p50", fsyncs, "ms", None),
        Line::new(
            "idle: last byte of the request to AT+CMGS, p50 (2 fsyncs + 1 ms)",
            times.p50(),
            "ms",
            Budget::AtMost(fsyncs + 1.0),
        ),
        Line::new("  p99 (2 fsyncs + 5 ms)", times.p99(), "ms", Budget::AtMost(fsyncs + 5.0)),
        Line::new("  to its body, which waits for the commit, p50", bodies.p50(), "ms", None),
    ])
}

/// Answer of a segment to the next `AT+CMGS` on one modem that has enough to do.
pub(super) fn gap(bench: &mut Bench) -> Result<Vec<Line>> {
    // Time enough for the report of a segment to be stored before the next answer comes.
    const LATENCY: Duration = Duration::from_millis(20);
    const MESSAGES: usize = 30;
    const SEGMENTS: usize = 10;
    let (ringpost, air, _folder) = bench.gateway(1, LATENCY, 0, &Settings::default())?;
    let requests: Vec<_> = (0..MESSAGES)
        .map(|index| ringpost.message(&number(index), "bulk", &text(SEGMENT * SEGMENTS)))
        .collect();
    ringpost.accept(&requests, 4)?;
    ensure!(air.wait_for_submits(MESSAGES * SEGMENTS, PATIENCE), "not sent");
    thread::sleep(IDLE);
    let (gaps, bodies) = (gaps_of(&air, |it| it.began), gaps_of(&air, |it| it.body));
    let (air, _folder) = bench.air(1, LATENCY, 0)?;
    let mut disk = Disk::below(&bench.folder)?;
    drive_and_commit(&air, MESSAGES * SEGMENTS, &mut disk)?;
    let least = gaps_of(&air, |it| it.began);
    let fsync = disk.fsync(LATENCY, 1)?.p50();
    Ok(vec![
        Line::new("the disk itself: 1 fsync at this rhythm, p50", fsync, "ms", None),
        Line::new(
            "answer to a segment to the next AT+CMGS, p50 (1 fsync + 0.3 ms)",
            gaps.p50(),
            "ms",
            Budget::AtMost(fsync + 0.3),
        ),
        Line::new("  p99", gaps.p99(), "ms", None),
        Line::new("  to its body, which waits for the commit, p50", bodies.p50(), "ms", None),
        Line::new(
            "  a host that only reads, commits, and writes AT+CMGS behind that, p50",
            least.p50(),
            "ms",
            None,
        ),
    ])
}

/// From each answer of the one modem to something of the next exchange, in milliseconds.
fn gaps_of(air: &Air, next: fn(&Exchange) -> i128) -> Sample {
    let exchanges = exchanges(&air.transcript(1));
    exchanges.windows(2).map(|pair| ms(next(&pair[1]) - pair[0].ended)).collect()
}

/// A passcode that comes while everything is full of bulk: 202 to its `AT+CMGS`.
pub(super) fn urgent(bench: &mut Bench) -> Result<Vec<Line>> {
    const LATENCY: Duration = Duration::from_millis(100);
    const BULK: usize = 600;
    const CODES: usize = 100;
    let (ringpost, air, _folder) = bench.gateway(1, LATENCY, 0, &Settings::default())?;
    let bulk: Vec<_> = (0..BULK)
        .map(|index| ringpost.message(&number(index), "bulk", &text(SEGMENT * 3)))
        .collect();
    ringpost.accept(&bulk, 8)?;
    let mut client = ringpost.client()?;
    let mut accepted = Vec::with_capacity(CODES);
    for index in 0..CODES {
        let phone = number(BULK + index);
        let answer = client.ask(&ringpost.message(&phone, "otp", &text(ONE_SEGMENT)))?;
        ensure!(answer.status == 202, "not accepted: {}", answer.status);
        accepted.push((phone, crate::rig::now_ns()));
        // Each at another moment of an exchange.
        thread::sleep(Duration::from_millis(160 + 7 * (index as u64 % 15)));
    }
    thread::sleep(2 * LATENCY + IDLE);
    let exchanges = exchanges(&air.transcript(1));
    let submits = air.submits();
    let exchange: Sample = exchanges.iter().map(|it| ms(it.ended - it.began)).collect();
    // One modem: the network took them in the order of their commands.
    let waited = accepted.iter().filter_map(|(phone, accepted)| {
        let place = submits.iter().position(|submit| submit.recipient == *phone)?;
        Some(ms(exchanges.get(place)?.began - accepted))
    });
    let waited: Sample = waited.collect();
    ensure!(waited.count() == CODES, "{} of {CODES} passcodes were sent", waited.count());
    ensure!(submits.len() < BULK * 3, "the queue ran empty");
    Ok(vec![Line::new(
        format!(
            "otp in a full queue: 202 to AT+CMGS, p99 ({:.0} ms exchange + 5 ms)",
            exchange.p50()
        ),
        waited.p99(),
        "ms",
        Budget::AtMost(exchange.p50() + 5.0),
    )])
}
