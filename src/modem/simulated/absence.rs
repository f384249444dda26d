//! Modems that are not found where they should be, and what is done about it.

use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ringpost_sim::{Family, Simulator};

use super::{Lines, Rig, Socket, StandIn};
use crate::{
    domain::Detail,
    modem::{
        Action, ModemConfig, ModemState, Problem, Rung,
        hotplug::{Place, UsbPlace},
        ledger::Ledger,
        port::{Opened, Opening, Ports, Replugging},
    },
};

/// A modem that is looked for by what it answers, and answers nothing until its device was taken off its bus so
/// often.
#[derive(Debug)]
struct Mute {
    lines: Lines,
    taken_off: AtomicUsize,
    until: usize,
    why: Detail,
}

impl Mute {
    fn is_mute(&self) -> bool {
        self.taken_off.load(Ordering::Relaxed) < self.until
    }
}

impl StandIn for Arc<Mute> {
    fn lines(&self) -> &Lines {
        &self.lines
    }

    fn open_instead<'p>(&'p self, config: &'p ModemConfig) -> Opening<'p> {
        if self.is_mute() {
            let problem = Problem::absent("Nobody answers.".into(), "");
            return Box::pin(ready(Err(Problem { detail: self.why, ..problem })));
        }
        self.lines.open(config)
    }

    fn replug_instead<'p>(&'p self, usb: &'p UsbPlace, _: &'p ModemConfig) -> Replugging<'p> {
        assert_eq!(usb.path, "1-1");
        self.taken_off.fetch_add(1, Ordering::Relaxed);
        Box::pin(ready(Ok(())))
    }

    fn silent_instead(&self, _: &ModemConfig) -> Vec<UsbPlace> {
        let usb = UsbPlace { path: "1-1".into(), vendor: 0x1e0e, product: 0x9001 };
        self.is_mute().then_some(usb).into_iter().collect()
    }
}

async fn mute(until: usize, why: Detail) -> (Rig, Arc<Mute>) {
    let mut made = None;
    let ports = |modem| {
        let mute = Mute { lines: Lines(modem), taken_off: AtomicUsize::new(0), until, why };
        Arc::new(made.insert(Arc::new(mute)).clone()) as Arc<dyn Ports>
    };
    let rig = Rig::on(Simulator::builder().in_memory(), |_, _| {}, ports).await;
    (rig, made.unwrap())
}

#[tokio::test(start_paused = true)]
async fn one_that_hangs_from_the_start_is_taken_off_its_bus() {
    let (rig, _) = mute(2, Detail::NoModem).await;
    let status = rig.until(|status| status.state == ModemState::Absent).await;
    assert_eq!(status.problem.unwrap().message, "Nobody answers.");
    let counts = rig.ready().await.counts.rungs;
    assert_eq!(counts, [0, 0, 0, 2, 0]);
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_never_comes_is_reset_ever_more_rarely() {
    let (rig, ports) = mute(usize::MAX, Detail::NoModem).await;
    let taken_off = || ports.taken_off.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(taken_off(), 2, "after one minute, and two more");
    tokio::time::sleep(Duration::from_secs(4 * 3600)).await;
    assert!((7..=9).contains(&taken_off()), "{}", taken_off());
    // A person need not wait for that, though no command reaches it.
    let before = rig.status().counts.rungs[Rung::HardReset.index()];
    assert!(rig.handle.act(Action::Reset));
    rig.until(|status| status.counts.rungs[Rung::HardReset.index()] > before).await;
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_switch_with_other_modems_behind_it_is_not_thrown_for_ever() {
    let builder = Simulator::builder().in_memory().family(Family::Huawei);
    let ports = |modem| {
        let (taken_off, until) = (AtomicUsize::new(0), usize::MAX);
        let mute = Mute { lines: Lines(modem), taken_off, until, why: Detail::NoModem };
        Arc::new(Arc::new(mute)) as Arc<dyn Ports>
    };
    let power = |config: &mut ModemConfig, modem: &ringpost_sim::ModemHandle| {
        config.power = Some(Arc::new(Socket(modem.clone())));
    };
    let rig = Rig::on(builder, power, ports).await;
    tokio::time::sleep(Duration::from_secs(4 * 3600)).await;
    let switched = rig.status().counts.rungs[Rung::HardReset.index()];
    assert!((7..=9).contains(&switched), "{switched}");
    rig.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_to_a_modem_whose_port_others_have() {
    let (rig, ports) = mute(usize::MAX, Detail::PortUnavailable).await;
    tokio::time::sleep(Duration::from_secs(4 * 3600)).await;
    assert_eq!(ports.taken_off.load(Ordering::Relaxed), 0);
    rig.stop().await;
}

/// Its port is kept for it in a ledger.
#[derive(Debug)]
struct Kept {
    lines: Lines,
    ledger: Arc<Ledger>,
}

impl StandIn for Kept {
    fn lines(&self) -> &Lines {
        &self.lines
    }

    fn open_instead<'p>(&'p self, config: &'p ModemConfig) -> Opening<'p> {
        Box::pin(async {
            let place = Place { port: "/dev/none".into(), usb: None };
            let claim = Some(self.ledger.claim(&place, &config.name)?);
            Ok(Opened { claim, ..self.lines.open(config).await? })
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_port_of_one_that_is_pulled_out_while_it_rests_is_nobodys() {
    let ledger = Arc::<Ledger>::default();
    let ports =
        |modem| Arc::new(Kept { lines: Lines(modem), ledger: ledger.clone() }) as Arc<dyn Ports>;
    let builder = Simulator::builder().in_memory();
    let rig = Rig::on(builder, |_, modem| modem.fault(ringpost_sim::Fault::SimPin), ports).await;
    rig.until(|status| status.state == ModemState::Failed).await;
    // By now it rests for a quarter of a minute between its lives.
    tokio::time::sleep(Duration::from_secs(120)).await;
    let holder = || ledger.holder("/dev/none".as_ref());
    assert_eq!(rig.status().state, ModemState::Failed);
    rig.modem.unplug();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(holder(), None, "{:?}", rig.status());
    rig.stop().await;
}
