//! What goes wrong while messages are sent: every fault of the simulator, in every family.

use std::{
    fmt::Write as _,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use ringpost_sim::{Family, Fault, FaultSpec, Simulator};
use tokio::time::Instant;

use super::{Fate, Lines, PHONE, Rig, Socket, StandIn};
use crate::{
    domain::{Detail, ModemIncident},
    modem::{
        Counts, Exchanges, ModemConfig, ModemState, Rung, SubmitOutcome,
        port::{Opening, Ports},
    },
};

/// How long a condition lasts that does not end by itself.
const LASTS: u64 = 90_000;

/// As long as it takes until the stores are swept: what was told of by nothing is found then.
const SWEPT: Duration = Duration::from_secs(700);

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
        Fault::SimBusy => fault.times(8),
        Fault::Eof => fault.after(1).times(1).command("+CMGS").delay_ms(5000),
        Fault::Reboot | Fault::UnderVoltage => fault.after(1).times(1).command("+CMGS"),
        Fault::RegistrationFlaps => FaultSpec { delay_ms: Some(7000), ..(*fault).into() },
        // The PIN is not entered then, until its fault is over.
        Fault::PinAttempts => fault.code(1),
        Fault::Hang => fault.text("drain"),
        Fault::SettingsLost => (*fault).into(),
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

/// What makes a fault felt that would not be, by itself.
fn occasion(fault: Fault) -> Option<FaultSpec> {
    if fault == Fault::SimBusy {
        // The SIM is asked for when the modem is set up.
        Some(Fault::Reboot.into())
    } else if fault == Fault::PinAttempts {
        Some(Fault::SimPin.delay_ms(LASTS))
    } else {
        None
    }
}

/// Has a modem meet a fault.
pub(super) fn strike(rig: &Rig, spec: FaultSpec) {
    let occasion = occasion(spec.fault);
    rig.modem.fault(spec);
    occasion.into_iter().for_each(|it| rig.modem.fault(it));
}

/// A gateway that can switch the power of its modem, and knows the PIN of its SIM.
pub(super) async fn rig(family: Family) -> Rig {
    let builder = Simulator::builder().in_memory().family(family);
    Rig::with(builder, |config, modem| {
        config.power = Some(Arc::new(Socket(modem.clone())));
        config.pin_file =
            Some(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/modem/simulated/pin")));
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn no_fault_loses_or_doubles_a_message_and_the_modem_comes_back() {
    let mut table =
        row("fault", ["ready after", "answers", "lost", "doubled", "reports"], "counts");
    for spec in faults() {
        let fault = spec.fault;
        let met = meet(Family::Sim7600, spec).await;
        let Outlived { answers, lost, doubled, reports, .. } = &met.outlived;
        let [took, lost, doubled, reports] =
            [format!("{} s", met.took), lost.to_string(), doubled.to_string(), reports.to_string()];
        table += &row(fault.name(), [&took, answers, &lost, &doubled, &reports], &met.counts);
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

#[tokio::test(start_paused = true)]
async fn a_late_refusal_of_one_message_is_not_that_of_the_next() {
    let before_the_body = Fault::LatePrompt.times(1).delay_ms(4000);
    let behind_it = Fault::LateCmgs.times(1).delay_ms(4000);
    for next in [before_the_body, behind_it] {
        let mut rig = rig(Family::Sim7600).await;
        let patience = rig.ready().await.submit_timeout + Duration::from_secs(2);
        let patience = u64::try_from(patience.as_millis()).unwrap();
        rig.modem.fault(Fault::StrayCmgs.times(1).delay_ms(patience));
        rig.modem.fault(Fault::NetworkRefuseSubmit.times(1).code(28));
        assert_eq!(rig.submit("one").await, SubmitOutcome::Unanswered);
        rig.modem.fault(next);
        let fate = rig.deliver("two").await;
        assert!(matches!(fate, Fate::Sent | Fate::Late), "{fate:?}\n{}", rig.tail());
        assert_eq!((rig.received("one"), rig.received("two")), (0, 1), "{}", rig.tail());
        assert_eq!(rig.status().counts.exchanges.refused, 0, "{}", rig.tail());
        assert_eq!(rig.told.lock().unwrap().late.get(&99), None);
        rig.stop().await;
    }
}

/// What became of a modem that met a fault.
struct Met {
    /// Seconds until it was ready.
    took: u64,
    outlived: Outlived,
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
    strike(&rig, spec);
    let outlived = outlive(&mut rig, fault).await;
    let took = (outlived.ready_at - began).as_secs();
    let counts = counts(&rig);
    assert!(took < 1000, "{} {} took {took} s: {counts}", family.name(), fault.name());
    let rung = strongest(&rig);
    rig.stop().await;
    Met { took, outlived, rung, counts }
}

/// What became of five messages.
pub(super) struct Outlived {
    /// When the fault was over, and the modem ready.
    pub(super) ready_at: Instant,
    /// What became of each that went out.
    pub(super) answers: String,
    /// Those of which the sender was told something else than what happened, or the gateway nothing.
    lost: usize,
    doubled: usize,
    /// Those that went out and have a delivery report.
    reports: usize,
}

/// Has a modem with a fault send three messages, one after the other, and receive two, until the fault is over and the
/// modem ready. None is lost, and none doubled.
pub(super) async fn outlive(rig: &mut Rig, fault: Fault) -> Outlived {
    let incoming @ [before, after] = ["to you", "and again"];
    rig.sim.phone(PHONE).send_to("m1", before);
    let mut fates = Vec::new();
    for text in ["one", "two", "three"] {
        fates.push((text, rig.deliver(text).await));
    }
    rig.sim.phone(PHONE).send_to("m1", after);
    // Long enough for a silent modem to be noticed, and for conditions to end.
    tokio::time::sleep(Duration::from_millis(LASTS)).await;
    if fault == Fault::RegistrationFlaps {
        rig.modem.clear_faults();
    }
    rig.ready().await;
    let ready_at = Instant::now();
    tokio::time::sleep(SWEPT).await;
    let (mut lost, mut doubled, mut answers) = (0, 0, String::new());
    for (text, fate) in fates {
        let received = rig.received(text);
        lost += usize::from(match fate {
            // What failed at the network has its report.
            Fate::Sent | Fate::Late => received == 0 && fault != Fault::ReportFailure,
            Fate::LateRefusal => received > 0,
            // Said to be so.
            Fate::Open => false,
        });
        doubled += received.saturating_sub(1);
        let _ = write!(answers, "{fate:?} ");
    }
    for text in incoming {
        let came = rig.came_in(text);
        lost += usize::from(came == 0);
        doubled += came.saturating_sub(1);
    }
    let told = rig.told.lock().unwrap().reports;
    assert_eq!(
        (lost, doubled),
        (0, 0),
        "{} {answers}\n{:?}\n{}",
        fault.name(),
        rig.sim.phone(PHONE).texts(),
        rig.tail()
    );
    Outlived { ready_at, answers, lost, doubled, reports: told }
}

/// The strongest means that a modem took.
pub(super) fn strongest(rig: &Rig) -> Option<Rung> {
    let tried = rig.status().counts.rungs;
    Rung::ALL.into_iter().rev().find(|rung| tried[rung.index()] > 0)
}

fn row(fault: &str, columns: [&str; 5], counts: &str) -> String {
    let [ready, answers, lost, doubled, reports] = columns;
    let row =
        format!("{fault:<22}{ready:<13}{answers:<26}{lost:<6}{doubled:<9}{reports:<9}{counts}");
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
        let submitting = tokio::spawn(rig.submit("lost"));
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

impl StandIn for Faulty {
    fn lines(&self) -> &Lines {
        &self.0
    }

    fn open_instead<'p>(&'p self, config: &'p ModemConfig) -> Opening<'p> {
        assert!(self.1.swap(true, Ordering::Relaxed), "a mistake of ours");
        self.0.open(config)
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
