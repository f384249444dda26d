//! The daemon is killed at random moments, again and again, while messages go through four modems, and modems answer the
//! next daemon what the last one asked: in the end each message has come to one end, and nothing went out twice without the
//! log saying so.

use std::time::Duration;

use ringpost_sim::Fault;

use crate::{
    chance::{Chance, number},
    gateway::Gateway,
    ordeal::{Client, Mix, QUICK, Verdict, judge},
};

/// Kills where nothing is said; `make crash-test N=200` says more.
const KILLS: usize = 8;
/// Kills between two looks at everything.
const ROUND: usize = 4;

/// In every other round, how late an answer may come, in milliseconds: to a daemon that did not ask.
const LATE: u64 = 1500;

/// Of each round.
const MIX: Mix = Mix {
    count: 150,
    first: 0,
    pause: Duration::from_millis(8),
    ttl_seconds: 600,
    urgent: 33,
    scheduled: 0,
    cancelled: 0,
};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_in_silence_however_often_the_daemon_is_killed() {
    let kills = number("RINGPOST_KILLS").map_or(KILLS, |it| usize::try_from(it).unwrap());
    let mut chance = Chance::seeded();
    let latency = Duration::from_millis(40);
    let mut gateway = Gateway::builder().modems(4).config(QUICK).latency(latency).start().await;
    let (mut killed, mut first, mut late, mut verdict) = (0, 0, false, Verdict::default());
    while killed < kills {
        late = !late;
        // Of a report before a late answer nobody could say which of two it is about.
        let delivery = if late { LATE + 100 } else { 0 };
        gateway.sim.network().set_delivery(Duration::from_millis(delivery));
        let client = Client::begin(&gateway, Mix { first, ..MIX }, chance.split());
        for _ in 0..ROUND.min(kills - killed) {
            let pause = 20 + chance.next() % 680;
            tokio::time::sleep(Duration::from_millis(pause)).await;
            if late {
                let modems = gateway.sim.modems();
                let modem = chance.of(&modems);
                modem.fault(Fault::LateCmgs.times(1).delay_ms(chance.next() % LATE));
                if chance.percent(50) {
                    modem.fault(Fault::NetworkRefuseSubmit.times(1));
                }
                tokio::time::sleep(Duration::from_millis(chance.next() % 100)).await;
            }
            gateway.kill();
            gateway.start_daemon();
            client.go_on(gateway.url());
            killed += 1;
        }
        first += MIX.count;
        verdict = verdict.and(judge(&gateway, &client.stop(), PATIENCE));
        let findings = &verdict.findings;
        assert!(findings.is_empty(), "{}\n{}", findings.join("\n"), gateway.log());
    }
    let Verdict { ends, twice, .. } = verdict;
    println!("{killed} kills, {ends:?}, {twice} segments sent twice and said so");
    let all: usize = ends.values().sum();
    let fine = ["delivered", "unknown"].iter().filter_map(|end| ends.get(*end)).sum::<usize>();
    assert!(fine == all && all > killed, "nothing here fails: {ends:?}");
}

/// Settling and the report window, one after the other, and a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);
