//! Modems of the simulator, on lines in memory and on paused time: whole lives, in no time.

mod absence;
mod calls;
mod centre;
mod hearsay;
mod matrix;
mod pins;
mod restarts;
mod rungs;
mod sound;
mod transcripts;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::{Future, ready},
    io,
    path::PathBuf,
    pin::Pin,
    sync::Arc,
};
use std::{sync::Mutex, time::Duration};

use ringpost_hal::family::Sink;
use ringpost_hal::pdu::{Address, ConcatRef, Inbound, Segmentation, Submit as SubmitTpdu};
use ringpost_sim::{Builder, Family, ModemHandle as Simulated, Simulator};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream},
    sync::mpsc,
    task::JoinHandle,
    time::{Instant, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::{
    ModemConfig, ModemEvent, ModemHandle, ModemState, ModemStatus, Power, Problem, Submit,
    SubmitOutcome,
    audio::{FRAME_TIME, Pump, Turn},
    handle::apart,
    hotplug::{Place, UsbPlace},
    ledger::Node,
    port::{Opened, Opening, Ports, Replugging},
    runner::Runner,
};
use crate::domain::{Detail, Locator, ModemIncident, SegmentId};

/// The phone that all messages go to.
const PHONE: &str = "+14155552345";

/// Longer than any recovery takes; no time at all while the clock is paused.
const AGES: Duration = Duration::from_secs(4 * 3600);

/// The lines of simulated modems.
struct Lines(Simulated);

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lines({})", self.0.name())
    }
}

impl Ports for Lines {
    fn open<'p>(&'p self, _: &'p ModemConfig) -> Opening<'p> {
        Box::pin(ready(match self.0.open() {
            Some(line) => Ok(Opened { port: Box::new(line), place: None, claim: None }),
            None => Err(Problem {
                detail: Detail::NoModem,
                message: "The line is not there.".into(),
                hint: "Plug it in.".into(),
            }),
        }))
    }

    fn replug<'p>(&'p self, _: &'p UsbPlace, _: &'p ModemConfig) -> Replugging<'p> {
        Box::pin(ready(self.0.switch_power().map_err(|cause| cause.to_string())))
    }

    fn silent(&self, _: &ModemConfig) -> Vec<UsbPlace> {
        Vec::new()
    }

    fn audio_port(&self, config: &ModemConfig, _: Option<&Place>) -> Option<PathBuf> {
        config.sound.audio_port.clone()
    }

    fn carry(&self, sink: Sink, _: &ModemConfig, _: Option<&Place>, pump: Pump) -> io::Result<()> {
        let line = match sink {
            Sink::SerialPcm => Some(self.0.open_audio().ok_or(io::ErrorKind::NotFound)?),
            // A card that takes everything.
            Sink::Alsa | Sink::File | Sink::Speaks => None,
        };
        tokio::spawn(carry(line, pump));
        Ok(())
    }

    fn sound_card(&self, config: &ModemConfig, _: Option<&Place>) -> Option<String> {
        config.sound.alsa_device.clone()
    }

    fn nodes(&self, _: &ModemConfig) -> Vec<Node> {
        self.0.plugged().then_some((1, 0, 0, 0)).into_iter().collect()
    }
}

/// Ports that are those of simulated modems but for what a test wants otherwise.
trait StandIn: fmt::Debug + Send + Sync {
    fn lines(&self) -> &Lines;

    fn open_instead<'p>(&'p self, config: &'p ModemConfig) -> Opening<'p> {
        self.lines().open(config)
    }

    fn replug_instead<'p>(&'p self, usb: &'p UsbPlace, config: &'p ModemConfig) -> Replugging<'p> {
        self.lines().replug(usb, config)
    }

    fn silent_instead(&self, config: &ModemConfig) -> Vec<UsbPlace> {
        self.lines().silent(config)
    }
}

impl<S: StandIn> Ports for S {
    fn open<'p>(&'p self, config: &'p ModemConfig) -> Opening<'p> {
        self.open_instead(config)
    }

    fn replug<'p>(&'p self, usb: &'p UsbPlace, config: &'p ModemConfig) -> Replugging<'p> {
        self.replug_instead(usb, config)
    }

    fn silent(&self, config: &ModemConfig) -> Vec<UsbPlace> {
        self.silent_instead(config)
    }

    fn audio_port(&self, config: &ModemConfig, place: Option<&Place>) -> Option<PathBuf> {
        self.lines().audio_port(config, place)
    }

    fn carry(
        &self,
        sink: Sink,
        config: &ModemConfig,
        place: Option<&Place>,
        pump: Pump,
    ) -> io::Result<()> {
        self.lines().carry(sink, config, place, pump)
    }

    fn sound_card(&self, config: &ModemConfig, place: Option<&Place>) -> Option<String> {
        self.lines().sound_card(config, place)
    }

    fn nodes(&self, config: &ModemConfig) -> Vec<Node> {
        self.lines().nodes(config)
    }
}

/// What a thread does on a port, on a line in memory and the paused clock.
async fn carry(mut line: Option<DuplexStream>, mut pump: Pump) {
    let mut every = interval(FRAME_TIME);
    let mut bytes = [0; 4096];
    loop {
        every.tick().await;
        let turn = pump.turn();
        if turn == Turn::End {
            return;
        }
        if let Turn::Send(frame) = turn {
            pump.taken(match &mut line {
                // Frames are whole, and so is the room for them.
                Some(line) => at_once(line.write_all(&frame)).await.is_some(),
                None => true,
            });
        }
        let Some(line) = &mut line else { continue };
        while let Some(Ok(count @ 1..)) = at_once(line.read(&mut bytes)).await {
            pump.heard(&bytes[..count]);
        }
    }
}

/// What a future brings that does not have to wait.
async fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        out = future => Some(out),
        () = ready(()) => None,
    }
}

/// A socket that can be switched.
struct Socket(Simulated);

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Socket")
    }
}

impl Power for Socket {
    fn cycle(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(async { self.0.switch_power().map_err(|cause| cause.to_string()) })
    }
}

/// What a modem told by itself.
#[derive(Debug, Default)]
struct Told {
    late: BTreeMap<u64, SubmitOutcome>,
    /// Texts that came in.
    received: Vec<String>,
    /// Slots that were read, and what was in them: what could not be deleted is handed over again, and whoever keeps it
    /// knows it by that.
    read: BTreeSet<(String, Vec<u8>)>,
    /// How long it takes to keep it.
    disk: Duration,
    /// Delivery reports that came in.
    reports: usize,
    incidents: Vec<ModemIncident>,
    /// Whether the PIN may be entered, and how often that was asked.
    permits: bool,
    asked: Vec<(String, u8)>,
    pins: Vec<bool>,
}

/// A modem that is driven, and the simulator behind it.
struct Rig {
    sim: Simulator,
    modem: Simulated,
    handle: ModemHandle,
    told: Arc<Mutex<Told>>,
    cancel: CancellationToken,
    running: JoinHandle<()>,
    next: u64,
}

impl Rig {
    async fn start(family: Family) -> Self {
        Self::with(Simulator::builder().in_memory().family(family), |_, _| {}).await
    }

    async fn with(builder: Builder, change: impl FnOnce(&mut ModemConfig, &Simulated)) -> Self {
        Self::on(builder, change, |modem| Arc::new(Lines(modem))).await
    }

    async fn on(
        builder: Builder,
        change: impl FnOnce(&mut ModemConfig, &Simulated),
        ports: impl FnOnce(Simulated) -> Arc<dyn Ports>,
    ) -> Self {
        Self::of(builder.start().await.unwrap(), change, ports)
    }

    /// On the modem of a simulator that runs.
    fn of(
        sim: Simulator,
        change: impl FnOnce(&mut ModemConfig, &Simulated),
        ports: impl FnOnce(Simulated) -> Arc<dyn Ports>,
    ) -> Self {
        let modem = sim.modem("m1");
        let mut config = ModemConfig::new("a", Locator::Port(PathBuf::from("/dev/none")), 115_200);
        change(&mut config, &modem);
        let (sender, events) = mpsc::channel(16);
        let (handle, worker) = apart(config, ports(modem.clone()), sender);
        let told = Arc::new(Mutex::new(Told { permits: true, ..Told::default() }));
        let cancel = CancellationToken::new();
        let running = tokio::spawn(Runner::new(worker).run(cancel.clone()));
        tokio::spawn(listen(events, told.clone()));
        Self { sim, modem, handle, told, cancel, running, next: 0 }
    }

    fn status(&self) -> ModemStatus {
        self.handle.status().borrow().clone()
    }

    async fn until(&self, wanted: impl Fn(&ModemStatus) -> bool) -> ModemStatus {
        let mut status = self.handle.status();
        let seen = timeout(AGES, status.wait_for(wanted)).await;
        let seen = seen.map(|seen| seen.unwrap().clone());
        seen.unwrap_or_else(|_| panic!("{:#?}\n{}", self.status(), self.tail()))
    }

    async fn ready(&self) -> ModemStatus {
        self.until(|status| status.state == ModemState::Ready).await
    }

    /// Hands a text over once, whatever becomes of it.
    fn submit(&self, text: &str) -> impl Future<Output = SubmitOutcome> + use<> {
        let (handle, tpdu) = (self.handle.clone(), tpdu(text));
        let segment = SegmentId { attempt: 99, sequence: 1 };
        async move { handle.prepare(Submit { segment, tpdu, more: false, follower: None }).send().await }
    }

    /// Has a text sent, as the outbox would: what was not sent goes out again, what has no answer is
    /// waited for and never sent twice.
    async fn deliver(&mut self, text: &str) -> Fate {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < AGES, "{text}: {:#?}\n{}", self.status(), self.tail());
            self.ready().await;
            self.next += 1;
            let segment = SegmentId { attempt: i64::try_from(self.next).unwrap(), sequence: 1 };
            match self
                .handle
                .prepare(Submit { segment, tpdu: tpdu(text), more: false, follower: None })
                .send()
                .await
            {
                SubmitOutcome::Accepted { .. } => return Fate::Sent,
                SubmitOutcome::NotSent(_) | SubmitOutcome::Refused(_) => {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                SubmitOutcome::Unanswered => return self.settle(self.next).await,
            }
        }
    }

    /// Waits for a late answer, as long as the outbox would.
    async fn settle(&self, segment: u64) -> Fate {
        let until = Instant::now() + Duration::from_secs(240);
        loop {
            let late = self.told.lock().unwrap().late.get(&segment).copied();
            match late {
                Some(SubmitOutcome::Accepted { .. }) => return Fate::Late,
                Some(_) => return Fate::LateRefusal,
                None if Instant::now() >= until => return Fate::Open,
                None => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }

    /// How often a text of the phone came in.
    fn came_in(&self, text: &str) -> usize {
        self.told.lock().unwrap().received.iter().filter(|it| *it == text).count()
    }

    /// How often the phone received a text.
    fn received(&self, text: &str) -> usize {
        let texts = self.sim.phone(PHONE).texts().into_iter();
        texts.filter(|received| received.text == text).count()
    }

    /// The end of the dialogue, for whoever has to find out what went wrong.
    fn tail(&self) -> String {
        let lines = self.modem.transcript();
        let last = lines.iter().rev().take(30).rev();
        last.map(|line| format!("{:?} {}\n", line.direction, line.text)).collect()
    }

    /// As a daemon that is killed: another one finds the modem as it was left.
    async fn kill(self) -> Self {
        self.running.abort();
        // Its port is closed by then.
        let _ = self.running.await;
        Self::of(self.sim, |_, _| {}, |modem| Arc::new(Lines(modem)))
    }

    async fn stop(self) {
        self.cancel.cancel();
        timeout(AGES, self.running).await.unwrap().unwrap();
    }
}

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Its answer came.
    Sent,
    /// Its answer came late.
    Late,
    /// Its refusal came late.
    LateRefusal,
    /// Nobody knows; it is not sent again.
    Open,
}

async fn listen(mut events: mpsc::Receiver<ModemEvent>, told: Arc<Mutex<Told>>) {
    while let Some(event) = events.recv().await {
        let mut told = told.lock().unwrap();
        match event {
            ModemEvent::LateAnswer { segment, outcome, .. } => {
                told.late.insert(u64::try_from(segment.attempt).unwrap(), outcome);
            }
            ModemEvent::Received { slot, tpdu, kept, .. } => {
                let again = slot.is_some_and(|slot| !told.read.insert((slot, tpdu.clone())));
                match Inbound::decode(&tpdu) {
                    _ if again => {}
                    Ok(Inbound::Deliver(it)) => told.received.push(it.ud.text().to_string()),
                    Ok(Inbound::StatusReport(_)) => told.reports += 1,
                    // Damaged on the line.
                    Ok(Inbound::SubmitReport(_)) | Err(_) => told.received.push("?".into()),
                }
                let disk = told.disk;
                tokio::spawn(async move {
                    tokio::time::sleep(disk).await;
                    let _ = kept.send(());
                });
            }
            ModemEvent::Happened { incident, .. } => told.incidents.push(incident),
            ModemEvent::PinWanted { sim, retries, permit } => {
                told.asked.push((sim, retries));
                let _ = permit.send(told.permits);
            }
            ModemEvent::PinKnown { right, .. } => told.pins.push(right),
        }
    }
}

/// An SMS-SUBMIT of one segment to [`PHONE`] that asks for a report.
fn tpdu(text: &str) -> Zeroizing<Vec<u8>> {
    let ud = Segmentation::of(text).segments(ConcatRef::Narrow(1)).unwrap().next().unwrap();
    let digits = PHONE.trim_start_matches('+');
    let mut submit = SubmitTpdu::new(Address::international(digits).unwrap(), ud);
    submit.srr = true;
    Zeroizing::new(submit.encode().unwrap().to_vec())
}
