//! One code, one SMS: whatever goes wrong and in whatever order, this box sends nothing once it could know that
//! Okta's own provider does.

use std::{thread, time::Duration};

use ringpost_sim::{Fault, FaultSpec};

use crate::{
    gateway::{Gateway, PHONE, wait_for},
    okta_hook::with_config,
    okta_org::{Exchange, Org, Verdict, event},
};

/// What is wrong while the hook is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Nothing,
    SlowPrompt,
    SlowAnswer,
    SlowNetwork,
    LostAnswer,
    NoNetwork,
    BusyNetwork,
}

/// What happens besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Nothing,
    /// Okta's three seconds are over sooner than this box thinks.
    OktaGivesUp,
    /// The daemon is killed while Okta waits.
    CrashBefore,
    /// The daemon is killed after Okta was answered.
    CrashAfter,
    /// The daemon is stopped while Okta waits.
    Stop,
}

const EVENTS: [Event; 5] =
    [Event::Nothing, Event::OktaGivesUp, Event::CrashBefore, Event::CrashAfter, Event::Stop];

/// Longer than the hook's answer takes.
const SLOW: Duration = Duration::from_millis(1200);
/// Sooner than it.
const IMPATIENT: Duration = Duration::from_millis(300);

#[tokio::test(flavor = "multi_thread")]
async fn a_normal_day() {
    for event in EVENTS {
        Case::run(Trouble::Nothing, event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_modem() {
    for event in EVENTS {
        Case::run(Trouble::SlowPrompt, event).await;
        Case::run(Trouble::SlowAnswer, event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_network() {
    for event in EVENTS {
        Case::run(Trouble::SlowNetwork, event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer() {
    for event in EVENTS {
        Case::run(Trouble::LostAnswer, event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_network() {
    for event in EVENTS {
        Case::run(Trouble::NoNetwork, event).await;
        Case::run(Trouble::BusyNetwork, event).await;
    }
}

struct Case {
    trouble: Trouble,
    event: Event,
    gateway: Gateway,
}

impl Case {
    async fn run(trouble: Trouble, event: Event) {
        let quick =
            "[outbox]\nsettle_seconds = 3\nresend_after_seconds = 1\nreport_window_seconds = 2";
        let gateway = with_config("answer_within_ms = 600", quick).modems(2).start().await;
        let mut case = Self { trouble, event, gateway };
        case.make_trouble();
        let (org, exchange) = case.call();
        let begun = case.begun();
        case.recover();
        case.judge(&org, &exchange, begun);
    }

    fn make_trouble(&self) {
        let slow = u64::try_from(SLOW.as_millis()).unwrap();
        let fault: FaultSpec = match self.trouble {
            Trouble::Nothing => return,
            Trouble::SlowNetwork => return self.gateway.sim.network().set_latency(SLOW),
            Trouble::SlowPrompt => Fault::LatePrompt.times(1).delay_ms(slow),
            Trouble::SlowAnswer => Fault::LateCmgs.times(1).delay_ms(slow),
            Trouble::LostAnswer => Fault::DropFinal.times(1),
            Trouble::NoNetwork => Fault::NotRegistered.into(),
            Trouble::BusyNetwork => Fault::CmsError.times(3).code(42),
        };
        for modem in self.gateway.sim.modems() {
            modem.fault(fault.clone());
            if self.trouble == Trouble::NoNetwork {
                let down = || (self.gateway.modem(&modem.name())["state"] != "ready").then_some(());
                assert!(wait_for(down).is_some());
            }
        }
    }

    /// Okta calls, and whatever happens happens.
    fn call(&mut self) -> (Org, Exchange) {
        let org = Org::of(&self.gateway);
        let org = if self.event == Event::OktaGivesUp { org.waiting(IMPATIENT) } else { org };
        if !matches!(self.event, Event::CrashBefore | Event::Stop) {
            let exchange = org.hook(&event("e1"));
            if self.event == Event::CrashAfter {
                self.gateway.kill();
            }
            return (org, exchange);
        }
        let waits = thread::spawn(move || {
            let exchange = org.hook(&event("e1"));
            (org, exchange)
        });
        let there = || !self.messages().is_empty();
        assert!(wait_for(|| there().then_some(())).is_some());
        if self.event == Event::Stop {
            assert!(self.gateway.stop().success());
        } else {
            self.gateway.kill();
        }
        waits.join().unwrap()
    }

    /// All is well from now on, and whatever was left to do is done.
    fn recover(&mut self) {
        if (self.trouble, self.event) == (Trouble::NoNetwork, Event::OktaGivesUp) {
            // That Okta has gone is heard a moment after it went; a modem that came back in that moment would send.
            self.wait_for_the_end();
        }
        for modem in self.gateway.sim.modems() {
            modem.clear_faults();
        }
        self.gateway.sim.network().set_latency(Duration::ZERO);
        if matches!(self.event, Event::CrashBefore | Event::CrashAfter | Event::Stop) {
            self.gateway.start_daemon();
        }
        self.wait_for_the_end();
    }

    fn wait_for_the_end(&self) {
        let ended = || {
            let mut messages = self.messages().into_iter();
            messages.all(|it| !it["ended_at"].is_null()).then_some(())
        };
        assert!(wait_for(ended).is_some(), "{}", self.describe());
    }

    fn judge(&self, org: &Org, exchange: &Exchange, begun: usize) {
        let case = format!("{}\n{exchange:?}", self.describe());
        let answered = matches!(exchange.verdict, Verdict::Command(_));
        assert_eq!(org.fallbacks(), usize::from(!answered), "{case}");
        // What goes out twice by policy says so.
        let resent = self.gateway.system_log("eventType eq \"system.ringpost.resend\"").len();
        assert!(self.copies() <= 1 + resent, "{case}");
        let (ours, copies) = (self.begun(), self.copies());
        if answered {
            assert!(copies >= 1, "nobody sent it: {case}");
        } else {
            assert_eq!((ours, resent), (begun, 0), "sent although Okta had sent it: {case}");
        }
        if let Verdict::Error(_) = exchange.verdict {
            assert_eq!(copies, 0, "an error, although it was sent: {case}");
        }
        // Somebody plays the event again, after all of it.
        let again = Org::of(&self.gateway).hook(&event("e1"));
        assert_eq!((self.begun(), self.messages().len()), (ours, 1), "{case}\n{again:?}");
    }

    /// How often it was begun to be sent.
    fn begun(&self) -> usize {
        let modems = self.gateway.sim.modems().into_iter();
        let lines = modems.flat_map(|modem| self.gateway.written_to(&modem.name()));
        lines.filter(|line| line.starts_with("AT+CMGS=")).count()
    }

    /// How many the phone received.
    fn copies(&self) -> usize {
        self.gateway.sim.phone(PHONE).texts().len()
    }

    fn describe(&self) -> String {
        let Self { trouble, event, .. } = self;
        format!("{trouble:?}, {event:?}: {:#?}\n{}", self.messages(), self.gateway.log())
    }

    fn messages(&self) -> Vec<serde_json::Value> {
        let messages = self.gateway.get("/api/v1/messages")["items"].as_array().unwrap().clone();
        messages.into_iter().filter(|it| it["reference"] == "e1").collect()
    }
}
