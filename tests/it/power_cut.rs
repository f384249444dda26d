//! The power fails at random moments, again and again, while messages go through four modems: whatever was not
//! synced is lost. Modems and network go on, and remember. In the end every message that was accepted has
//! come to one end, nothing went out twice without the log saying so, and everything received is there.

use std::{fs, process::Command, time::Duration};

use crate::{
    chance::{Chance, number},
    disk::{Disk, Habit, Halt},
    gateway::{Gateway, RINGPOST, wait_for},
    ordeal::{Accepted, Client, LineNoise, Mix, QUICK, Verdict, judge, missing},
};

/// Cuts where nothing is said; `make power-cut-test N=200` says more.
const CUTS: usize = 10;
/// Long enough for something to be written that waits to be synced then.
const STANDS_STILL: Duration = Duration::from_millis(100);
/// Cuts between two looks at everything.
const ROUND: usize = 5;
/// Settling and the report window, one after the other, and a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Of each round.
const MIX: Mix = Mix {
    count: 200,
    first: 0,
    pause: Duration::from_millis(5),
    ttl_seconds: 600,
    urgent: 25,
    scheduled: 5,
    cancelled: 5,
};

/// Who writes to the gateway.
const SENDER: &str = "+14155552399";

/// A gateway and the disk below it.
struct Site {
    gateway: Gateway,
    disk: Disk,
    chance: Chance,
}

impl Site {
    /// The daemon has not started yet; the token is all that is on the disk.
    async fn new() -> Self {
        let mut chance = Chance::seeded();
        let latency = Duration::from_millis(40);
        let mut gateway =
            Gateway::builder().modems(4).config(QUICK).latency(latency).prepare().await;
        // From nothing: whoever is shown a token has it, whatever happens then.
        fs::remove_file(gateway.database_path()).unwrap();
        let mut disk = Disk::below(&gateway.database_path());
        gateway.environment = disk.environment();
        let mut command = Command::new(RINGPOST);
        command.args(["token", "create", "--name", "test", "--scope", "admin", "--config"]);
        let environment = gateway.environment.iter().map(|(name, value)| (name, value));
        let made = command.arg(gateway.config_path()).envs(environment).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        gateway.token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        disk.cut(Habit::any(&mut chance), &mut chance);
        Self { gateway, disk, chance }
    }

    /// The power fails and comes back. Says how many changes were not safe.
    fn cut(&mut self, halt: Option<Halt>) -> usize {
        let habit = Habit::any(&mut self.chance);
        self.gateway.kill();
        drop(halt);
        let at_risk = self.disk.cut(habit, &mut self.chance);
        self.gateway.start_daemon();
        at_risk
    }

    /// Some time, in which something happens. Half of the times the disk stands still at its end: a commit takes a small
    /// part of the time, and the power is to fail in the middle of some.
    async fn wait(&mut self) -> Option<Halt> {
        let pause = 20 + self.chance.next() % 900;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if !self.chance.percent(50) {
            return None;
        }
        let halt = self.disk.stand_still();
        tokio::time::sleep(STANDS_STILL).await;
        Some(halt)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_in_silence_however_often_the_power_fails() {
    let cuts = number("RINGPOST_CUTS").map_or(CUTS, |it| usize::try_from(it).unwrap());
    let mut it = Site::new().await;
    it.gateway.start_daemon();
    let (mut done, mut first, mut at_risk, mut received) = (0, 0, 0, Vec::new());
    let mut verdict = Verdict::default();
    while done < cuts {
        let mix = Mix { first, ..MIX };
        let client = Client::begin(&it.gateway, mix, it.chance.split());
        for _ in 0..ROUND.min(cuts - done) {
            for _ in 0..3 {
                let text = format!("received {}", received.len());
                let modem = *it.chance.of(&["m1", "m2", "m3", "m4"]);
                it.gateway.sim.phone(SENDER).send_to(modem, &text);
                received.push(text);
            }
            let halt = it.wait().await;
            at_risk += it.cut(halt);
            client.go_on(it.gateway.url());
            done += 1;
        }
        first += MIX.count;
        verdict = verdict.and(judge(&it.gateway, &client.stop(), PATIENCE));
        verdict.findings.extend(missing(&it.gateway, &received, LineNoise::None));
        let findings = &verdict.findings;
        assert!(findings.is_empty(), "{}\n{}", findings.join("\n"), it.gateway.log());
    }
    let Verdict { ends, twice, .. } = verdict;
    println!(
        "{done} cuts with {at_risk} changes at risk, {ends:?}, {} received, {twice} segments sent \
         twice and said so",
        received.len()
    );
    let all: usize = ends.values().sum();
    let fine = ["delivered", "unknown", "cancelled"].iter().filter_map(|end| ends.get(*end));
    assert!(fine.sum::<usize>() == all && all > done, "nothing here fails: {ends:?}");
    assert!(at_risk > done, "each cut finds something that was not safe: {at_risk}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_says_it_synced_and_did_not_is_found_out() {
    let mut it = Site::new().await;
    it.gateway.start_daemon();
    let client = Client::begin(&it.gateway, MIX, it.chance.split());
    let some = wait_for(|| (it.gateway.submits() > 20).then_some(()));
    assert!(some.is_some(), "{}", it.gateway.log());
    let habit = Habit { luck: 0, sector: 512, honest: false };
    it.gateway.kill();
    let accepted: Accepted = client.stop();
    it.disk.cut(habit, &mut it.chance);
    it.gateway.start_daemon();
    let verdict = judge(&it.gateway, &accepted, Duration::ZERO);
    let lost = verdict.findings.iter().filter(|it| it.starts_with("accepted means kept")).count();
    assert_eq!((lost, accepted.is_empty()), (accepted.len(), false), "{verdict:#?}");
}
