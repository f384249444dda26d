//! What goes wrong, against what brings it back: every fault of the simulator, every rung, every family.

use std::{
    fmt::Write as _,
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ringpost_hal::family::{self, Sink};
use ringpost_sim::{Family, Fault, FaultSpec, Simulator};
use tokio::time::Instant;

use super::{Fate, Lines, Rig, Socket};
use crate::{
    domain::{Detail, ModemIncident},
    modem::{
        Counts, Exchanges, ModemConfig, ModemState, Rung,
        audio::Pump,
        hotplug::{Place, UsbPlace},
        ledger::Node,
        port::{Opening, Ports, Replugging},
    },
};

/// How long a condition lasts that does not end by itself.
const LASTS: u64 = 90_000;

/// All faults of messages, as each is played.
fn faults() -> Vec<FaultSpec> {
    let play = |fault: &Fault| match fault {
        // Happen once, at the second message.
        Fault::DropPrompt
        | Fault::LatePrompt
        | Fault::DropFinal
        | Fault::DropCmgsLine
        | Fault::DropOk
        | Fault::CmsError
        | Fault::UrcBeforeBody
        | Fault::ReportBeforeAnswer
        | Fault::NoReport
        | Fault::ReportFailure
        | Fault::NetworkRefuseSubmit => fault.after(1).times(1),
        Fault::LateCmgs | Fault::StrayCmgs => fault.after(1).times(1).delay_ms(130_000),
        Fault::CmeError => fault.times(1).command("+CMGS"),
        Fault::UrcInResponse | Fault::DuplicateUrc => fault.times(3),
        Fault::SplitReads => fault.times(50),
        Fault::Garble => fault.after(1).times(1),
        Fault::Silence => fault.times(4),
        Fault::CmgdFail => fault.times(1),
        Fault::SimBusy => fault.times(5),
        Fault::Eof => fault.after(1).times(1).command("+CMGS").delay_ms(5000),
        Fault::Reboot | Fault::UnderVoltage => fault.after(1).times(1).command("+CMGS"),
        Fault::RegistrationFlaps => FaultSpec { delay_ms: Some(7000), ..(*fault).into() },
        Fault::PinAttempts => fault.code(3),
        Fault::Hang => fault.text("drain"),
        Fault::WrongBaud
        | Fault::EchoOn
        | Fault::EchoGarble
        | Fault::NotRegistered
        | Fault::SimMissing
        | Fault::SimPin
        | Fault::StoreFull => fault.delay_ms(LASTS),
        // In calls alone.
        Fault::DialRefused
        | Fault::LateDialAnswer
        | Fault::LostCallUrc
        | Fault::EarlyCallBegin
        | Fault::PacketBearer
        | Fault::NoCause
        | Fault::AudioRefused
        | Fault::AudioWedged
        | Fault::PlayFails
        | Fault::RebootInCall => fault.times(1),
    };
    Fault::ALL.iter().filter(|fault| !fault.is_of_calls()).map(play).collect()
}

/// A gateway that can switch the power of its modem.
async fn rig(family: Family) -> Rig {
    let builder = Simulator::builder().in_memory().family(family);
    Rig::with(builder, |config, modem| config.power = Some(Arc::new(Socket(modem.clone())))).await
}

#[tokio::test(start_paused = true)]
async fn no_fault_loses_or_doubles_a_message_and_the_modem_comes_back() {
    let mut table = row("fault", "ready after", "answers", "lost doubled", "rungs and counts");
    for spec in faults() {
        let name = spec.fault.name();
        let met = meet(Family::Sim7600, spec).await;
        let took = format!("{} s", met.took);
        table += &row(name, &took, &met.answers, "0    0", &met.counts);
    }
    insta::assert_snapshot!("faults", table);
}

#[tokio::test(start_paused = true)]
async fn no_family_loses_or_doubles_a_message_by_any_fault() {
    let mut table = format!("{:<22}", "ready after, rung");
    for family in Family::ALL {
        let _ = write!(table, "{:<17}", family.name());
    }
    for spec in faults() {
        let _ = write!(table, "\n{:<22}", spec.fault.name());
        for family in Family::ALL {
            let cell = if family.plays(spec.fault) {
                let met = meet(*family, spec.clone()).await;
                let rung = met.rung.map_or("", |rung| rung.as_str());
                format!("{} s {rung}", met.took)
            } else {
                "-".to_owned()
            };
            let _ = write!(table, "{cell:<17}");
        }
    }
    let lines: Vec<_> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!("families", lines.join("\n"));
}

/// What became of three messages and a modem that met a fault.
struct Met {
    /// Seconds until it was ready.
    took: u64,
    answers: String,
    /// The strongest means that it took.
    rung: Option<Rung>,
    counts: String,
}

/// Sends three messages, one after the other, by a modem that meets a fault; none is lost, and none doubled.
async fn meet(family: Family, spec: FaultSpec) -> Met {
    let mut rig = rig(family).await;
    rig.ready().await;
    let began = Instant::now();
    let fault = spec.fault;
    rig.modem.fault(spec);
    let mut fates = Vec::new();
    for text in ["one", "two", "three"] {
        fates.push((text, rig.deliver(text).await));
    }
    // Long enough for a silent modem to be noticed, and for conditions to end.
    tokio::time::sleep(Duration::from_millis(LASTS)).await;
    if fault == Fault::RegistrationFlaps {
        rig.modem.clear_faults();
    }
    rig.ready().await;
    let took = began.elapsed().as_secs();
    let (mut lost, mut doubled, mut answers) = (0, 0, String::new());
    for (text, fate) in fates {
        let received = rig.received(text);
        // What is open is said to be so, and what failed at the network has its report.
        let sure = matches!(fate, Fate::Sent | Fate::Late);
        lost += usize::from(sure && received == 0 && fault != Fault::ReportFailure);
        doubled += received.saturating_sub(1);
        let _ = write!(answers, "{fate:?} ");
    }
    let (of, name) = (family.name(), fault.name());
    assert_eq!((lost, doubled), (0, 0), "{of} {name}\n{}", rig.tail());
    let counts = counts(&rig);
    assert!(took < 1000, "{of} {name} took {took} s: {counts}");
    let tried = rig.status().counts.rungs;
    let rung = Rung::ALL.into_iter().rev().find(|rung| tried[rung.index()] > 0);
    rig.stop().await;
    Met { took, answers, rung, counts }
}

fn row(fault: &str, ready: &str, answers: &str, lost: &str, counts: &str) -> String {
    let row = format!("{fault:<22}{ready:<13}{answers:<26}{lost:<14}{counts}");
    format!("{}\n", row.trim_end())
}

/// What happened to the modem, as far as anything did.
fn counts(rig: &Rig) -> String {
    let counts = rig.status().counts;
    let rungs = Rung::ALL.map(|rung| (rung.as_str(), counts.rungs[rung.index()]));
    let others = [
        ("restarts", counts.restarts),
        ("misses", counts.misses),
        ("under_voltage", counts.under_voltage),
        ("garbage", counts.garbage),
        ("panics", counts.panics),
    ];
    let some = rungs.into_iter().chain(others).filter(|(_, count)| *count > 0);
    some.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ")
}

/// A hang, and the rung that ends it.
const CURES: [(&str, Rung); 5] = [
    ("drain", Rung::Drain),
    ("reopen", Rung::Reopen),
    ("soft_reset", Rung::SoftReset),
    ("hard_reset", Rung::HardReset),
    ("nothing", Rung::Quarantine),
];

#[tokio::test(start_paused = true)]
async fn every_family_that_hangs_is_brought_back_by_the_gentlest_means_that_helps() {
    let mut table = String::from("family      ");
    for (cure, _) in CURES {
        let _ = write!(table, "{cure:<22}");
    }
    for family in Family::ALL {
        let _ = write!(table, "\n{:<12}", family.name());
        for (cure, rung) in CURES {
            let restarts = family::by_name(family.name()).unwrap().restart.is_some();
            let (expected, took) = (
                if rung == Rung::SoftReset && !restarts { Rung::HardReset } else { rung },
                hang(*family, cure, None).await,
            );
            let (last, took) = took;
            assert_eq!(last, expected, "{} {cure}", family.name());
            let _ = write!(table, "{:<22}", format!("{} {took} s", last.as_str()));
        }
    }
    let lines: Vec<_> = table.lines().map(str::trim_end).collect();
    insta::assert_snapshot!("hangs", lines.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_modem_that_hangs_while_a_message_is_on_the_air_sends_it_once() {
    for (cure, rung) in CURES {
        let (last, _) = hang(Family::Sim7600, cure, Some("in the middle")).await;
        assert_eq!(last, rung, "{cure}");
    }
}

/// Has a modem hang until `cure`, perhaps while a text is on the air; answers the strongest means
/// that was tried, and how long it was away.
async fn hang(family: Family, cure: &str, on_air: Option<&str>) -> (Rung, u64) {
    let mut rig = rig(family).await;
    rig.ready().await;
    rig.sim.network().set_latency(Duration::from_secs(5));
    let began = Instant::now();
    if let Some(text) = on_air {
        let handle = rig.handle.clone();
        let segment = crate::domain::SegmentId { attempt: 99, sequence: 1 };
        let submit = crate::modem::Submit { segment, tpdu: super::tpdu(text), more: false };
        let outcome = tokio::spawn(async move { handle.submit(submit).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        rig.modem.fault(Fault::Hang.text(cure));
        assert_eq!(outcome.await.unwrap(), crate::modem::SubmitOutcome::Unanswered);
    } else {
        rig.modem.fault(Fault::Hang.text(cure));
        rig.until(|status| status.state != ModemState::Ready).await;
    }
    if cure == "nothing" {
        rig.until(|status| status.state == ModemState::Quarantined).await;
        let incidents = rig.told.lock().unwrap().incidents.clone();
        assert!(incidents.contains(&ModemIncident::Quarantine), "{incidents:?}");
        rig.modem.clear_faults();
    }
    rig.ready().await;
    let took = began.elapsed().as_secs();
    let counts = rig.status().counts;
    let tried = |rung: &&Rung| counts.rungs[rung.index()] > 0;
    let last = *Rung::ALL.iter().rev().find(tried).expect("something was tried");
    for rung in Rung::ALL.iter().filter(|rung| **rung <= last) {
        // One rung after the other, each once.
        let allowed = family::by_name(family.name()).unwrap().restart.is_some();
        let expected = u32::from(*rung != Rung::SoftReset || allowed);
        assert_eq!(counts.rungs[rung.index()], expected, "{} {cure}: {counts:?}", family.name());
    }
    assert_eq!(rig.deliver("afterwards").await, Fate::Sent, "{} {cure}", family.name());
    assert_eq!(rig.received("afterwards"), 1);
    if let Some(text) = on_air {
        assert_eq!(rig.received(text), 1, "{cure}: on the air once");
    }
    rig.stop().await;
    (last, took)
}

#[tokio::test(start_paused = true)]
async fn whoever_is_killed_before_a_late_prompt_leaves_a_modem_that_comes_up_as_itself() {
    for late in [300, 700, 1500, 2500, 6000] {
        let rig = Rig::start(Family::Sim7600).await;
        rig.ready().await;
        rig.modem.fault(Fault::LatePrompt.times(1).delay_ms(late));
        let handle = rig.handle.clone();
        let segment = crate::domain::SegmentId { attempt: 99, sequence: 1 };
        let submit = crate::modem::Submit { segment, tpdu: super::tpdu("lost"), more: false };
        let submitting = tokio::spawn(async move { handle.submit(submit).await });
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut rig = rig.kill().await;
        submitting.abort();
        let began = Instant::now();
        let status = rig.ready().await;
        assert_eq!(status.family.map(|it| it.name), Some("sim7600"), "{late}: {}", rig.tail());
        assert!(began.elapsed() < Duration::from_secs(10), "{late}: {:?}", began.elapsed());
        assert_eq!(rig.deliver("afterwards").await, Fate::Sent, "{late}");
        assert_eq!(rig.received("lost"), 0, "{late}: nothing of it was written");
        rig.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_switch_and_without_a_command_only_time_is_left() {
    let builder = Simulator::builder().in_memory().family(Family::Huawei);
    let rig = Rig::with(builder, |_, _| {}).await;
    rig.ready().await;
    rig.modem.fault(Fault::Hang.text("hard_reset"));
    rig.until(|status| status.state == ModemState::Quarantined).await;
    let counts = rig.status().counts.rungs;
    assert_eq!(counts, [1, 1, 0, 0, 1]);
    // Again and again, ever more rarely.
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let [.., quarantines] = rig.status().counts.rungs;
    assert!((5..=12).contains(&quarantines), "{quarantines}");
    // Somebody pulls it out and plugs it in: that is noticed at once.
    rig.modem.unplug();
    rig.modem.clear_faults();
    let began = Instant::now();
    tokio::time::sleep(Duration::from_secs(3)).await;
    rig.modem.replug().unwrap();
    rig.ready().await;
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stick_that_fell_off_its_bus_has_its_power_switched() {
    let rig = rig(Family::Huawei).await;
    rig.ready().await;
    rig.modem.unplug();
    rig.until(|status| status.counts.rungs[Rung::HardReset.index()] == 1).await;
    rig.ready().await;
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_long_after_the_last_begins_at_the_gentlest_means_again() {
    let rig = rig(Family::Sim7600).await;
    for round in 1..=3 {
        rig.ready().await;
        tokio::time::sleep(Duration::from_secs(400)).await;
        rig.modem.fault(Fault::Hang.text("drain"));
        rig.until(|status| status.state != ModemState::Ready).await;
        rig.ready().await;
        assert_eq!(rig.status().counts.rungs, [round, 0, 0, 0, 0]);
    }
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_again_at_once_is_met_with_stronger_means() {
    let rig = rig(Family::Sim7600).await;
    for _ in 0..3 {
        rig.ready().await;
        rig.modem.fault(Fault::Hang.text("drain"));
        rig.until(|status| status.state != ModemState::Ready).await;
    }
    rig.ready().await;
    assert_eq!(rig.status().counts.rungs, [1, 1, 1, 0, 0]);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_reset_by_a_person_restarts_the_modem() {
    let rig = rig(Family::Ec25).await;
    rig.ready().await;
    assert!(rig.handle.act(crate::modem::Action::Reset));
    rig.until(|status| status.counts.rungs[Rung::SoftReset.index()] == 1).await;
    rig.ready().await;
    let lines = rig.modem.transcript();
    assert!(lines.iter().any(|line| line.text == "AT+CFUN=1,1"), "{}", rig.tail());
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_line_at_another_speed_is_told_as_that() {
    let builder = Simulator::builder().in_memory().family(Family::Sim800);
    let rig = Rig::with(builder, |_, modem| modem.fault(Fault::WrongBaud)).await;
    // It starts up, and says so; nobody can read it.
    rig.modem.fault(Fault::Reboot);
    let status = rig.until(|status| status.state == ModemState::Failed).await;
    let problem = status.problem.unwrap();
    assert!(problem.message.contains("no text") && problem.hint.contains("baud"), "{problem:?}");
    rig.until(|status| status.counts.garbage > 0).await;
    assert!(rig.told.lock().unwrap().incidents.contains(&ModemIncident::Garbage));
    rig.modem.clear_faults();
    rig.ready().await;
    rig.stop().await;
}

/// Ports whose first opening is a mistake of ours.
#[derive(Debug)]
struct Faulty(Lines, AtomicBool);

impl Ports for Faulty {
    fn audio_port(&self, _: &ModemConfig, _: Option<&Place>) -> Option<PathBuf> {
        None
    }

    fn carry(&self, _: Sink, _: &ModemConfig, _: Option<&Place>, _: Pump) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn sound_card(&self, _: &ModemConfig, _: Option<&Place>) -> Option<String> {
        None
    }

    fn open<'p>(&'p self, config: &'p ModemConfig) -> Opening<'p> {
        assert!(self.1.swap(true, Ordering::Relaxed), "a mistake of ours");
        self.0.open(config)
    }

    fn replug<'p>(&'p self, usb: &'p UsbPlace, config: &'p ModemConfig) -> Replugging<'p> {
        self.0.replug(usb, config)
    }

    fn silent(&self, config: &ModemConfig) -> Vec<UsbPlace> {
        self.0.silent(config)
    }

    fn nodes(&self, config: &ModemConfig) -> Vec<Node> {
        self.0.nodes(config)
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_restarts_that_modem_and_no_other() {
    let mut other = Rig::start(Family::Ec25).await;
    other.ready().await;
    let builder = Simulator::builder().in_memory();
    let ports = |modem| Arc::new(Faulty(Lines(modem), AtomicBool::new(false))) as Arc<dyn Ports>;
    let mut rig = Rig::on(builder, |_, _| {}, ports).await;
    let status = rig.until(|status| status.counts.panics == 1).await;
    assert_eq!(status.problem.map(|problem| problem.detail), Some(Detail::Bug));
    assert_eq!(other.deliver("meanwhile").await, Fate::Sent);
    assert_eq!(rig.deliver("afterwards").await, Fate::Sent);
    assert_eq!(rig.told.lock().unwrap().incidents, [ModemIncident::Panicked]);
    let exchanges = Exchanges { accepted: 1, ..Exchanges::default() };
    assert_eq!(other.status().counts, Counts { exchanges, ..Counts::default() });
    rig.stop().await;
    other.stop().await;
}
