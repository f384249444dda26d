//! Where modems, network and time meet.
//!
//! One lock per modem and one for the network; nobody holds two of them, and none across a wait.

use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{DuplexStream, WriteHalf},
    runtime::Handle,
    sync::watch,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    audio::AudioPorts,
    clock::pause,
    modem::{Device, Effect, Submission},
    network::{Message, Network, Report, Route},
    port::Port,
    presence::{Presence, Visit},
    tpdu,
};

/// One modem with its port.
pub(crate) struct Slot {
    pub(crate) name: String,
    device: Mutex<Device>,
    /// The name of its port's link.
    pub(crate) link: Mutex<String>,
    /// The name of its audio port's link.
    pub(crate) audio_link: Mutex<String>,
    pub(crate) port: Mutex<Option<Port>>,
    /// The host at its line in memory, where it has one.
    pub(crate) host: Mutex<Option<WriteHalf<DuplexStream>>>,
    /// Baud rate to pace the line at; 0 is as fast as it goes.
    pub(crate) pace: std::sync::atomic::AtomicU32,
    /// What the other side says in the modem's call, and nobody has read yet.
    pub(crate) downlink: Mutex<VecDeque<i16>>,
    /// Tells that what the audio ports are to do has changed.
    pub(crate) audio: AudioPorts,
}

/// Everything that a simulator is made of.
pub(crate) struct Hub {
    pub(crate) directory: PathBuf,
    pub(crate) slots: Vec<Slot>,
    pub(crate) presence: Presence,
    network: Mutex<Network>,
    /// Held by whoever hands over messages or reports: what two hand over at once would arrive twice, and what one could
    /// not hand over just before its modem came into reach would not be found by who does because of that.
    handing_over: Mutex<()>,
    /// Changes whenever something happened that someone may wait for.
    changes: watch::Sender<u64>,
    pub(crate) cancel: CancellationToken,
    /// Lines are in memory, and waits are those of the runtime's own clock.
    pub(crate) in_memory: bool,
    tasks: TaskTracker,
    runtime: Handle,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Slot {
    pub(crate) fn new(device: Device, pace: u32) -> Self {
        Self {
            name: device.name.clone(),
            link: Mutex::new(format!("{}-at", device.name)),
            audio_link: Mutex::new(format!("{}-audio", device.name)),
            device: Mutex::new(device),
            port: Mutex::new(None),
            host: Mutex::new(None),
            pace: pace.into(),
            downlink: Mutex::default(),
            audio: AudioPorts::default(),
        }
    }
}

impl Hub {
    pub(crate) fn new(
        directory: PathBuf,
        slots: Vec<Slot>,
        mut network: Network,
        in_memory: bool,
    ) -> io::Result<Arc<Self>> {
        network.modems = slots.iter().map(|slot| lock(&slot.device).card.number.clone()).collect();
        let hub = Arc::new(Self {
            directory,
            slots,
            presence: Presence::new()?,
            network: Mutex::new(network),
            handing_over: Mutex::default(),
            changes: watch::Sender::new(0),
            cancel: CancellationToken::new(),
            in_memory,
            tasks: TaskTracker::new(),
            runtime: Handle::current(),
        });
        let watcher = Arc::clone(&hub);
        hub.spawn(async move {
            while watcher.presence.stirred().await.is_ok() {
                watcher.receive_hosts();
            }
        });
        Ok(hub)
    }

    /// Waits that long; not at all for no time.
    pub(crate) async fn pause(&self, duration: Duration) {
        match (self.in_memory, duration.is_zero()) {
            (_, true) => {}
            (true, false) => tokio::time::sleep(duration).await,
            (false, false) => pause(duration).await,
        }
    }

    /// Notices who came to a port and who left.
    pub(crate) fn receive_hosts(self: &Arc<Self>) {
        for visit in self.presence.look() {
            match visit {
                Visit::Came { index } => {
                    self.with_device(index, Device::attended);
                }
                Visit::Left { index } => self.flush(index),
            }
        }
    }

    /// Looks at or changes the network.
    pub(crate) fn with_network<R>(&self, act: impl FnOnce(&mut Network) -> R) -> R {
        act(&mut lock(&self.network))
    }

    /// Looks at or changes a modem, then does what it wants done.
    pub(crate) fn with_device<R>(
        self: &Arc<Self>,
        index: usize,
        act: impl FnOnce(&mut Device) -> R,
    ) -> Option<R> {
        let slot = self.slots.get(index)?;
        let (result, effects) = {
            let mut device = lock(&slot.device);
            let result = act(&mut device);
            (result, device.take_effects())
        };
        for effect in effects {
            self.perform(index, effect);
        }
        Some(result)
    }

    /// The place of a modem by its name.
    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|slot| slot.name == name)
    }

    /// The number of a modem's SIM.
    pub(crate) fn number(&self, index: usize) -> Option<String> {
        self.with_network(|network| network.modems.get(index).cloned())
    }

    /// Something that changes whenever anything has happened.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Runs something until it ends or the simulator does.
    pub(crate) fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        let cancelled = self.cancel.clone().cancelled_owned();
        self.tasks.spawn_on(
            async move {
                tokio::select! {
                    () = cancelled => {}
                    () = task => {}
                }
            },
            &self.runtime,
        );
    }

    /// Sends a text from a phone to a number, segment by segment.
    pub(crate) fn send_from_phone(self: &Arc<Self>, from: &str, to: &str, text: &str) -> usize {
        let (ids, delay) = self.with_network(|network| {
            let scts = network.service_time();
            let reference = network.phone(from).take_reference();
            let bodies = tpdu::segments(text, reference);
            let ids: Vec<_> = bodies
                .into_iter()
                .map(|body| network.hold(Message::from_phone(from, to, body, scts)))
                .collect();
            (ids, network.settings.delivery_ms)
        });
        let (hub, segments) = (Arc::clone(self), ids.len());
        self.spawn(async move {
            hub.pause(Duration::from_millis(delay)).await;
            for id in ids {
                hub.deliver(id);
            }
        });
        segments
    }

    /// A phone came into reach or went out of it.
    pub(crate) fn set_reachable(self: &Arc<Self>, number: &str, reachable: bool) {
        let waiting = self.with_network(|network| {
            network.phone(number).reachable = reachable;
            if reachable { network.held_for(number) } else { Vec::new() }
        });
        for id in waiting {
            self.deliver(id);
        }
        self.changed();
    }

    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Pulls two modems out, puts the SIM of each into the other, and plugs them in.
    pub(crate) fn swap_sims(self: &Arc<Self>, one: usize, other: usize) -> io::Result<()> {
        self.unplug(one);
        self.unplug(other);
        let cards = [one, other].map(|index| self.with_device(index, Device::take_card));
        for (index, card) in [other, one].into_iter().zip(cards.into_iter().flatten()) {
            self.with_network(|network| {
                if let Some(number) = network.modems.get_mut(index) {
                    number.clone_from(&card.number);
                }
            });
            self.with_device(index, |device| device.insert_card(card));
        }
        self.replug(one, None)?;
        self.replug(other, None)
    }

    fn perform(self: &Arc<Self>, index: usize, effect: Effect) {
        let hub = Arc::clone(self);
        match effect {
            Effect::Submit(submission) => {
                self.spawn(async move { hub.carry(index, &submission).await });
            }
            Effect::FaultEnds { fault, delay } => self.spawn(async move {
                hub.pause(delay).await;
                hub.with_device(index, |device| device.clear_faults(Some(fault)));
            }),
            Effect::RoomForMessages => self.spawn(async move { hub.catch_up(index) }),
            Effect::SayLater { life, delay, text } => self.spawn(async move {
                hub.pause(delay).await;
                hub.with_device(index, |device| device.say_later(life, &text));
            }),
            Effect::Boot { life, delay, line } => self.spawn(async move {
                hub.pause(delay).await;
                hub.with_device(index, |device| device.booted(life, line));
            }),
            Effect::Flap { life, delay } => self.spawn(async move {
                hub.pause(delay).await;
                hub.with_device(index, |device| device.flap(life));
            }),
            Effect::Dial { number, withheld } => self.dial(index, &number, withheld),
            Effect::HangUp { cause } => self.modem_hung_up(index, cause),
            Effect::SendKey { id, key } => self.modem_sent_key(id, key),
            Effect::Played { id, samples } => {
                self.with_call(id, |call| call.hear_played(&samples));
                self.changed();
            }
            Effect::NotePlayed { id, name } => {
                self.with_call(id, |call| call.note_played(name));
                self.changed();
            }
            Effect::NoteSpoken { id, text } => {
                self.with_call(id, |call| call.note_spoken(text));
                self.changed();
            }
            Effect::PlayEnds { life, token, delay } => self.spawn(async move {
                hub.pause(delay).await;
                hub.with_device(index, |device| device.play_ends(life, token));
            }),
            Effect::UploadEnds { life, token, delay } => self.spawn(async move {
                hub.pause(delay).await;
                hub.with_device(index, |device| device.upload_ends(life, token));
            }),
            Effect::AudioChanged => {
                if let Some(slot) = self.slots.get(index) {
                    slot.audio.stir();
                }
            }
            Effect::AnswerDial { life, delay } => self.spawn(async move {
                hub.pause(delay).await;
                hub.with_device(index, |device| device.answer_dial(life));
            }),
            Effect::Reboot { life, delay } => self.spawn(async move {
                hub.pause(delay).await;
                hub.with_device(index, |device| device.reboot(life));
            }),
            Effect::Unplug { back_after, link } => self.spawn(async move {
                hub.unplug(index);
                if let Some(delay) = back_after {
                    hub.pause(delay).await;
                    if let Err(error) = hub.replug(index, link.as_deref()) {
                        tracing::error!(%error, "failed to plug a modem in again");
                    }
                }
            }),
        }
    }

    /// Takes a message over the air, answers, and delivers it.
    async fn carry(self: &Arc<Self>, index: usize, submission: &Submission) {
        let latency = self.with_network(|network| network.settings.latency_ms);
        self.pause(Duration::from_millis(latency)).await;
        let Some(slot) = self.slots.get(index) else {
            return;
        };
        let (verdict, id) = self.with_network(|network| network.submit(&slot.name, submission));
        self.changed();
        if let (true, Some(id)) = (submission.report_first, id) {
            self.deliver(id);
        }
        let answer = |hub: &Arc<Self>| {
            hub.with_device(index, |device| device.submitted(submission, verdict));
        };
        if submission.late.is_zero() {
            answer(self);
            self.deliver_later(id);
        } else {
            self.deliver_later(id);
            self.pause(submission.late).await;
            answer(self);
        }
    }

    fn deliver_later(self: &Arc<Self>, id: Option<u64>) {
        let Some(id) = id else {
            return;
        };
        let hub = Arc::clone(self);
        let delay = self.with_network(|network| network.settings.delivery_ms);
        self.spawn(async move {
            hub.pause(Duration::from_millis(delay)).await;
            hub.deliver(id);
        });
    }

    /// Tries to bring a message to where it goes; it stays held if that fails.
    fn deliver(self: &Arc<Self>, id: u64) {
        let _turn = lock(&self.handing_over);
        self.hand_over(id);
    }

    /// What [`Self::deliver`] does, for whoever has the turn.
    fn hand_over(self: &Arc<Self>, id: u64) {
        match self.with_network(|network| network.route(id)) {
            Route::Gone => {}
            Route::Done(report) => self.hand_report(report),
            Route::Wait(report) => {
                self.hand_report(report);
                self.expire_later(id);
            }
            Route::Modem { index, number, tpdu, class } => {
                let arrive = |device: &mut Device| {
                    // Its SIM may have been pulled out meanwhile.
                    device.card.number == number && device.arrive(tpdu, class)
                };
                if self.with_device(index, arrive) == Some(true) {
                    let report = self.with_network(|network| network.end(id, 0x00));
                    self.hand_report(report);
                } else {
                    self.expire_later(id);
                }
            }
        }
        self.changed();
    }

    fn expire_later(self: &Arc<Self>, id: u64) {
        let Some(validity) = self.with_network(|network| network.validity(id)) else {
            return;
        };
        let hub = Arc::clone(self);
        self.spawn(async move {
            hub.pause(validity).await;
            let _turn = lock(&hub.handing_over);
            // TS 23.040 clause 9.2.3.15: 0x46, validity period expired.
            let report = hub.with_network(|network| network.end(id, 0x46));
            hub.hand_report(report);
        });
    }

    /// For whoever has the turn.
    fn hand_report(self: &Arc<Self>, report: Option<Report>) {
        let Some(report) = report else {
            return;
        };
        let arrive = |device: &mut Device| {
            // Its SIM may have been pulled out meanwhile.
            device.card.number == report.number && device.arrive_report(report.tpdu.clone())
        };
        let index = self.with_network(|network| network.modem_of(&report.number));
        if index.and_then(|index| self.with_device(index, arrive)) != Some(true) {
            self.with_network(|network| network.reports.push(report));
        }
    }

    /// Brings a modem what waits for it.
    fn catch_up(self: &Arc<Self>, index: usize) {
        let Some(number) = self.number(index) else {
            return;
        };
        let _turn = lock(&self.handing_over);
        for id in self.with_network(|network| network.held_for(&number)) {
            self.hand_over(id);
        }
        let theirs = |report: &mut Report| report.number == number;
        let reports: Vec<_> =
            self.with_network(|network| network.reports.extract_if(.., theirs).collect());
        for report in reports {
            self.hand_report(Some(report));
        }
    }
}
