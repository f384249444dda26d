//! Okta's telephony hook: what the gateway itself takes of the three seconds.

use std::{fs, thread, time::Duration};

use anyhow::{Result, ensure};
use serde_json::{Value, json};

use super::{Bench, PATIENCE};
use crate::{
    report::{Budget, Line},
    rig::{Request, Sample, Settings, exchanges, ms, now_ns, number},
};

/// Hooks, one after another.
const HOOKS: usize = 200;
/// What the network takes for each.
const LATENCY: Duration = Duration::from_millis(20);
/// Until the gateway is idle again: report, its commit, and some.
const IDLE: Duration = Duration::from_millis(40);
/// Hooks at one time, and the modems that they share.
const BURST: usize = 100;
const MODEMS: usize = 4;

const SECRET: &str = "a-secret-of-the-benchmark";

/// From the hook to its answer, without what lies between the body and the modem's answer.
pub(super) fn hook(bench: &mut Bench) -> Result<Vec<Line>> {
    let file = bench.folder.join("okta-secret");
    fs::write(&file, format!("Bearer {SECRET}\n"))?;
    let file = fs::canonicalize(&file)?;
    let config = format!(
        "[limits]\nenabled = false\n[okta]\nheader = \"authorization\"\nsecret_file = {file:?}\n"
    );
    let settings = Settings { config, ..Settings::default() };
    let mut lines = one_after_another(bench, &settings)?;
    lines.extend(at_once(bench, &settings)?);
    Ok(lines)
}

fn one_after_another(bench: &mut Bench, settings: &Settings) -> Result<Vec<Line>> {
    let (ringpost, air, _folder) = bench.gateway(1, LATENCY, 0, settings)?;
    let mut client = ringpost.client()?;
    let mut took = Vec::with_capacity(HOOKS);
    for index in 0..HOOKS {
        let answer = client.ask(&event(index))?;
        took.push(now_ns() - answer.sent_at);
        ensure!(status(&answer.body)? == "SUCCESSFUL", "{}", String::from_utf8_lossy(&answer.body));
        thread::sleep(IDLE);
    }
    let exchanges = exchanges(&air.transcript(1));
    ensure!(exchanges.len() == HOOKS, "{} exchanges", exchanges.len());
    let own = took.iter().zip(&exchanges).map(|(took, it)| ms(took - (it.ended - it.body)));
    let own: Sample = own.collect();
    Ok(vec![
        Line::new("Okta's hook: our own time until its answer, p50", own.p50(), "ms", None),
        Line::new("  p99", own.p99(), "ms", Budget::AtMost(20.0)),
    ])
}

fn at_once(bench: &mut Bench, settings: &Settings) -> Result<Vec<Line>> {
    let (ringpost, air, _folder) = bench.gateway(MODEMS, LATENCY * 10, 0, settings)?;
    let answers = thread::scope(|scope| {
        let ask = |index| {
            let mut client = ringpost.client()?;
            let answer = client.ask(&event(index))?;
            Ok((ms(now_ns() - answer.sent_at), status(&answer.body)?))
        };
        let all: Vec<_> = (0..BURST).map(|index| scope.spawn(move || ask(index))).collect();
        let join = |it: thread::ScopedJoinHandle<'_, Result<_>>| {
            it.join().unwrap_or_else(|_| anyhow::bail!("a client panicked"))
        };
        all.into_iter().map(join).collect::<Result<Vec<_>>>()
    })?;
    ensure!(air.wait_for_submits(BURST, PATIENCE), "not sent");
    let taken = answers.iter().filter(|(_, status)| status == "SUCCESSFUL").count();
    let slowest: Sample = answers.iter().map(|(took, _)| *took).collect();
    let what = format!("  {BURST} at once on {MODEMS} modems, {taken} of them taken, the slowest");
    Ok(vec![Line::new(what, slowest.quantile(1.0), "ms", Budget::AtMost(2000.0))])
}

fn event(index: usize) -> Request {
    let body = json!({
        "eventId": format!("bench-{index}"),
        "requestType": "com.okta.user.telephony.mfa-verification",
        "data": {
            "userProfile": {"userId": format!("00u{index}")},
            "messageProfile": {"msgTemplate": "Your code is 481592", "phoneNumber": number(index),
                "deliveryChannel": "SMS", "otpCode": "481592", "locale": "EN-US"},
        },
    });
    Request::new("POST", "/hooks/okta/telephony", SECRET, Some(&body))
}

fn status(body: &[u8]) -> Result<String> {
    let body: Value = serde_json::from_slice(body)?;
    let status = body.pointer("/commands/0/value/0/status").and_then(Value::as_str);
    Ok(status.unwrap_or("error").to_owned())
}
