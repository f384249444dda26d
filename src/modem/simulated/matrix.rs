//! What goes wrong while messages are sent: every fault of the simulator, in every family.

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

use ringpost_hal::family::Sink;
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
pub(super) fn faults() -> Vec<FaultSpec> {
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
pub(super) async fn rig(family: Family) -> Rig {
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

/// Has a modem meet a fault while it sends.
async fn meet(family: Family, spec: FaultSpec) -> Met {
    let mut rig = rig(family).await;
    rig.ready().await;
    let began = Instant::now();
    let fault = spec.fault;
    rig.modem.fault(spec);
    let answers = outlive(&mut rig, fault).await;
    let took = began.elapsed().as_secs();
    let counts = counts(&rig);
    assert!(took < 1000, "{} {} took {took} s: {counts}", family.name(), fault.name());
    let rung = strongest(&rig);
    rig.stop().await;
    Met { took, answers, rung, counts }
}

/// Sends three messages, one after the other, by a modem that has a fault, until that is over and the modem ready; none
/// is lost, and none doubled.
pub(super) async fn outlive(rig: &mut Rig, fault: Fault) -> String {
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
    let (mut lost, mut doubled, mut answers) = (0, 0, String::new());
    for (text, fate) in fates {
        let received = rig.received(text);
        // What is open is said to be so, and what failed at the network has its report.
        let sure = matches!(fate, Fate::Sent | Fate::Late);
        lost += usize::from(sure && received == 0 && fault != Fault::ReportFailure);
        doubled += received.saturating_sub(1);
        let _ = write!(answers, "{fate:?} ");
    }
    assert_eq!((lost, doubled), (0, 0), "{}\n{}", fault.name(), rig.tail());
    answers
}

/// The strongest means that a modem took.
pub(super) fn strongest(rig: &Rig) -> Option<Rung> {
    let tried = rig.status().counts.rungs;
    Rung::ALL.into_iter().rev().find(|rung| tried[rung.index()] > 0)
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
