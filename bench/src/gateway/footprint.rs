//! What the daemon takes of the machine: memory, wakeups, disk.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType, Region};

use super::{Bench, ONE_SEGMENT, PATIENCE, text};
use crate::{
    report::{Budget, Line},
    rig::{Settings, number},
};

const MODEMS: usize = 32;
const KIB: f64 = 1024.0;

/// After every region's numbers were touched, with 100 000 messages waiting.
pub(super) fn memory(bench: &mut Bench) -> Result<Vec<Line>> {
    const QUEUED: usize = 100_000;
    // Each modem holds one message, and all others wait.
    let latency = Duration::from_secs(600);
    let (ringpost, _air, _folder) = bench.gateway(MODEMS, latency, 0, &Settings::default())?;
    let fresh = ringpost.usage().resident;
    let numbers = every_region();
    ensure!(numbers.len() > 200, "numbers of {} regions only", numbers.len());
    let mut client = ringpost.client()?;
    let mut regions = 0;
    for number in &numbers {
        let answer = client.ask(&ringpost.message(number, "bulk", &text(30)))?;
        regions += usize::from(answer.status == 202);
    }
    let touched = ringpost.usage().resident;
    let requests: Vec<_> = (0..QUEUED)
        .map(|index| ringpost.message(&number(index), "bulk", &text(ONE_SEGMENT)))
        .collect();
    ringpost.accept(&requests, 16)?;
    thread::sleep(Duration::from_secs(2));
    let mib = |octets: f64| octets / KIB / KIB;
    Ok(vec![
        Line::new(
            format!("RSS: 32 modems, {regions} regions, 100 000 queued messages"),
            mib(ringpost.usage().resident),
            "MiB",
            Budget::AtMost(60.0),
        ),
        Line::new("  fresh, 32 modems", mib(fresh), "MiB", None),
        Line::new("  after the regions", mib(touched), "MiB", None),
    ])
}

/// A mobile number of each region that has an example of one.
fn every_region() -> Vec<String> {
    let of = |region: Region| {
        let example = PHONE_NUMBER_UTIL
            .get_example_number_for_type_and_region(region, PhoneNumberType::Mobile);
        Some(example.ok()?.to_string())
    };
    PHONE_NUMBER_UTIL.get_supported_regions().filter_map(of).collect()
}

/// What 32 modems cost that have nothing to do.
pub(super) fn idle(bench: &mut Bench) -> Result<Vec<Line>> {
    // After the first look at what is too old, and long enough for what is done now and then.
    const BEFORE: Duration = Duration::from_secs(5);
    const LOOKED_AT: Duration = Duration::from_secs(30);
    let (ringpost, _air, _folder) =
        bench.gateway(MODEMS, Duration::ZERO, 0, &Settings::default())?;
    thread::sleep(BEFORE);
    let (before, slept) = (ringpost.usage(), ringpost.sleeps());
    thread::sleep(LOOKED_AT);
    let cost = ringpost.usage() - before;
    // A thread that has ended meanwhile is not counted, one that was not there before is counted whole.
    let woken = ringpost.sleeps().into_iter();
    let woken: u64 = woken.map(|(thread, now)| now - slept.get(&thread).unwrap_or(&0)).sum();
    let seconds = LOOKED_AT.as_secs_f64();
    Ok(vec![
        Line::new(
            "idle, 32 modems: wakeups in a second for each",
            woken as f64 / seconds / MODEMS as f64,
            "",
            Budget::AtMost(5.0),
        ),
        Line::new("  CPU, of a core", 100.0 * cost.cpu / seconds, "%", Budget::AtMost(0.2)),
    ])
}

/// Octets on the disk and fsyncs for each message, all states included, the log's cleaning as well.
pub(super) fn disk(bench: &mut Bench) -> Result<Vec<Line>> {
    let network = Duration::from_millis(300);
    let slow = in_flight(bench, network, "bulk")?;
    let codes = in_flight(bench, network, "otp")?;
    let fast = in_flight(bench, Duration::ZERO, "bulk")?;
    let (alone, fsyncs) = alone(bench)?;
    let mut lines = vec![
        Line::new(
            "written for a message, 64 in flight, 300 ms network",
            slow / KIB,
            "KiB",
            Budget::AtMost(16.0),
        ),
        Line::new("  codes", codes / KIB, "KiB", Budget::AtMost(16.0)),
        Line::new("  network that needs no time", fast / KIB, "KiB", Budget::AtMost(16.0)),
        Line::new("  alone", alone / KIB, "KiB", Budget::AtMost(64.0)),
    ];
    if let Some(fsyncs) = fsyncs {
        lines.push(Line::new("  fsyncs, alone", fsyncs, "", Budget::AtMost(4.0)));
    }
    Ok(lines)
}

/// Until the write-ahead log has been cleaned of the texts.
const CLEANED: Duration = Duration::from_secs(24);

/// Octets for each message, 64 of them at a time from their request to their arrival.
fn in_flight(bench: &Bench, latency: Duration, lane: &str) -> Result<f64> {
    const IN_FLIGHT: usize = 64;
    const EACH: usize = 30;
    let (ringpost, air, _folder) = bench.gateway(MODEMS, latency, 0, &Settings::default())?;
    let before = ringpost.usage();
    let client = |phone: String| -> Result<()> {
        let mut client = ringpost.client()?;
        let request = ringpost.message(&phone, lane, &text(ONE_SEGMENT));
        for _ in 0..EACH {
            ensure!(client.ask(&request)?.status == 202, "not accepted");
            ensure!(air.wait_for_text(&phone, PATIENCE), "not delivered");
        }
        Ok(())
    };
    thread::scope(|scope| {
        let clients: Vec<_> =
            (0..IN_FLIGHT).map(|index| scope.spawn(move || client(number(index)))).collect();
        clients
            .into_iter()
            .try_for_each(|it| it.join().unwrap_or_else(|_| bail!("a client panicked")))
    })?;
    thread::sleep(CLEANED);
    Ok((ringpost.usage() - before).written / (IN_FLIGHT * EACH) as f64)
}

/// Octets, and fsyncs where they can be counted, of messages one after another.
fn alone(bench: &mut Bench) -> Result<(f64, Option<f64>)> {
    const MESSAGES: usize = 50;
    let (ringpost, air, folder) = bench.gateway(1, Duration::ZERO, 0, &Settings::default())?;
    let send = |first: usize| -> Result<()> {
        // One that was silent for as long as the log takes to be cleaned would have been disconnected.
        let mut client = ringpost.client()?;
        for index in first..first + MESSAGES {
            let request = ringpost.message(&number(index), "otp", &text(ONE_SEGMENT));
            ensure!(client.ask(&request)?.status == 202, "not accepted");
            ensure!(air.wait_for_text(&number(index), PATIENCE), "not delivered");
            // The report, and its commit.
            thread::sleep(Duration::from_millis(40));
        }
        Ok(())
    };
    let before = ringpost.usage();
    send(0)?;
    thread::sleep(CLEANED);
    let written = (ringpost.usage() - before).written / MESSAGES as f64;
    let log = folder.path().join("strace");
    let Some(strace) = Strace::attach(ringpost.id(), &log)? else {
        bench.notes.push("fsyncs were not counted: strace is missing or may not look".to_owned());
        return Ok((written, None));
    };
    send(MESSAGES)?;
    let fsyncs = strace.count()? as f64 / MESSAGES as f64;
    Ok((written, Some(fsyncs)))
}

/// Looks at the fsyncs of a process.
struct Strace<'l> {
    process: Child,
    log: &'l std::path::Path,
}

impl<'l> Strace<'l> {
    fn attach(id: u32, log: &'l std::path::Path) -> Result<Option<Self>> {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-e", "trace=fsync,fdatasync", "-o"]).arg(log);
        strace.args(["-p", &id.to_string()]).stderr(Stdio::null());
        let Ok(mut process) = strace.spawn() else { return Ok(None) };
        // It says when it has attached.
        thread::sleep(Duration::from_millis(500));
        let looks = process.try_wait()?.is_none();
        Ok(looks.then_some(Self { process, log }))
    }

    fn count(mut self) -> Result<usize> {
        let id = self.process.id().to_string();
        Command::new("kill").args(["-INT", &id]).status()?;
        self.process.wait()?;
        let seen = fs::read_to_string(self.log).context("read what strace saw")?;
        // An interrupted line is told twice.
        Ok(seen.lines().filter(|it| it.contains("sync(") && !it.contains("resumed")).count())
    }
}
