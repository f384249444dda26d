//! What a test holds: a modem, a phone, the network.

use std::{io, path::PathBuf, sync::Arc, sync::atomic::Ordering, time::Duration};

use tokio::{io::DuplexStream, time::timeout};

use crate::{
    CallRecord, FaultSpec, OnCall, PduError, ReceivedText, SubmitSeen, TranscriptLine,
    builder::millis,
    call::Call,
    fault::{Cure, Fault},
    hub::{Hub, lock},
    modem::Device,
    network::{Network, NetworkSettings},
};

/// One modem of a simulator.
#[derive(Clone)]
pub struct ModemHandle {
    hub: Arc<Hub>,
    index: usize,
}

/// One phone of a simulator's network.
#[derive(Clone)]
pub struct PhoneHandle {
    hub: Arc<Hub>,
    number: String,
}

/// The network of a simulator.
#[derive(Clone)]
pub struct NetworkHandle {
    hub: Arc<Hub>,
}

impl ModemHandle {
    pub(crate) fn new(hub: Arc<Hub>, index: usize) -> Self {
        Self { hub, index }
    }

    /// Its name, `m1` for the first.
    #[must_use]
    pub fn name(&self) -> String {
        self.hub.slots.get(self.index).map(|slot| slot.name.clone()).unwrap_or_default()
    }

    /// The number of its SIM.
    #[must_use]
    pub fn number(&self) -> String {
        self.hub.number(self.index).unwrap_or_default()
    }

    /// The ICCID of its SIM.
    #[must_use]
    pub fn iccid(&self) -> String {
        self.hub.with_device(self.index, |device| device.card.iccid.clone()).unwrap_or_default()
    }

    /// Its IMEI.
    #[must_use]
    pub fn imei(&self) -> String {
        self.hub.with_device(self.index, |device| device.imei.clone()).unwrap_or_default()
    }

    /// The path of its port.
    #[must_use]
    pub fn port(&self) -> PathBuf {
        self.hub.port_path(self.index)
    }

    /// The path of its serial audio port, where its family has one.
    #[must_use]
    pub fn audio_port(&self) -> PathBuf {
        self.hub.audio_path(self.index)
    }

    /// The path of the socket that stands for its sound card on USB, where its family has one.
    #[must_use]
    pub fn sound_card(&self) -> PathBuf {
        self.hub.card_path(self.index)
    }

    /// Opens its audio port in memory, where the simulator was built so; `None` where it has none.
    #[must_use]
    pub fn open_audio(&self) -> Option<DuplexStream> {
        self.hub.open_audio_line(self.index)
    }

    /// Opens its line in memory, where the simulator was built so; `None` while it is unplugged.
    #[must_use]
    pub fn open(&self) -> Option<DuplexStream> {
        self.hub.open_line(self.index)
    }

    /// Switches a fault on.
    pub fn fault(&self, fault: impl Into<FaultSpec>) {
        let spec = fault.into();
        self.hub.with_device(self.index, |device| device.add_fault(spec));
    }

    /// The faults that are on.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultSpec> {
        self.hub.with_device(self.index, |device| device.faults.active()).unwrap_or_default()
    }

    /// Switches one kind of fault off.
    pub fn clear_fault(&self, fault: Fault) {
        self.hub.with_device(self.index, |device| device.clear_faults(Some(fault)));
    }

    /// Switches all faults off.
    pub fn clear_faults(&self) {
        self.hub.with_device(self.index, |device| device.clear_faults(None));
    }

    /// What went over its line, oldest first.
    #[must_use]
    pub fn transcript(&self) -> Vec<TranscriptLine> {
        self.hub.with_device(self.index, |device| device.transcript.lines()).unwrap_or_default()
    }

    /// The PDUs that it turned away with `+CMS ERROR: 304`, and why.
    #[must_use]
    pub fn pdu_errors(&self) -> Vec<PduError> {
        self.hub.with_device(self.index, |device| device.pdu_errors.clone()).unwrap_or_default()
    }

    /// The files in its flash, and their sizes.
    #[must_use]
    pub fn files(&self) -> Vec<(String, usize)> {
        self.hub.with_device(self.index, |device| device.flash.list()).unwrap_or_default()
    }

    /// A file in its flash.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<Vec<u8>> {
        let read = |device: &mut Device| device.flash.read(name).map(<[u8]>::to_vec);
        self.hub.with_device(self.index, read).flatten()
    }

    /// Whether its port is there.
    #[must_use]
    pub fn plugged(&self) -> bool {
        self.hub.slots.get(self.index).is_some_and(|slot| lock(&slot.port).is_some())
    }

    /// Whether a host has its port open.
    #[must_use]
    pub fn attended(&self) -> bool {
        self.hub.receive_hosts();
        self.hub.presence.attended(self.index)
    }

    /// Pulls it out: hosts read end of file, its port is gone.
    pub fn unplug(&self) {
        self.hub.unplug(self.index);
        self.hub.changed();
    }

    /// Plugs it in again; it starts up.
    ///
    /// # Errors
    /// When no pty can be had.
    pub fn replug(&self) -> io::Result<()> {
        let result = self.hub.replug(self.index, None);
        self.hub.changed();
        result
    }

    /// Switches its power off and on: its port goes and comes back, and it starts up.
    ///
    /// # Errors
    /// When no pty can be had.
    pub fn switch_power(&self) -> io::Result<()> {
        self.hub.unplug(self.index);
        self.hub.with_device(self.index, |device| device.cure(Cure::HardReset));
        self.replug()
    }

    /// Pulls both out, puts the SIM of each into the other, and plugs them in: they start up.
    ///
    /// # Errors
    /// When no pty can be had.
    pub fn swap_sims(&self, other: &Self) -> io::Result<()> {
        let result = self.hub.swap_sims(self.index, other.index);
        self.hub.changed();
        result
    }

    /// Plugs it in again with another name for its port's link.
    ///
    /// # Errors
    /// When no pty can be had, or the name is not a plain file name.
    pub fn replug_as(&self, link: &str) -> io::Result<()> {
        let result = self.hub.replug(self.index, Some(link));
        self.hub.changed();
        result
    }

    /// Gives its audio port's link another name when it is plugged in next.
    pub fn name_audio_port(&self, link: &str) {
        if let Some(slot) = self.hub.slots.get(self.index) {
            link.clone_into(&mut lock(&slot.audio_link));
        }
    }

    /// Paces its line at a baud rate; 0 is as fast as it goes.
    pub fn set_pace(&self, baud: u32) {
        if let Some(slot) = self.hub.slots.get(self.index) {
            slot.pace.store(baud, Ordering::Relaxed);
        }
    }

    /// Changes the service centre that the SIM names; none where it is empty.
    pub fn set_service_centre(&self, address: &str) {
        self.hub
            .with_device(self.index, |device| address.clone_into(&mut device.card.service_centre));
    }

    /// Answers messages with the TP-MR of the host's TPDU, not with the modem's own counter.
    pub fn keep_mr(&self, keep: bool) {
        self.hub.with_device(self.index, |device| device.keeps_mr = keep);
    }
}

impl PhoneHandle {
    pub(crate) fn new(hub: Arc<Hub>, number: &str) -> Self {
        Self { hub, number: number.to_owned() }
    }

    /// Everything it has received, oldest first.
    #[must_use]
    pub fn texts(&self) -> Vec<ReceivedText> {
        self.hub.with_network(|network| {
            network.phone(&self.number).texts.iter().map(|(_, text)| text.clone()).collect()
        })
    }

    /// How many segments wait for others of their text.
    #[must_use]
    pub fn incomplete_segments(&self) -> usize {
        self.hub.with_network(|network| network.phone(&self.number).incomplete())
    }

    /// The next text that no earlier call has returned; `None` when it does not come in time.
    pub async fn wait_for_text(&self, within: Duration) -> Option<ReceivedText> {
        let next = |network: &mut Network| {
            let phone = network.phone(&self.number);
            let text = phone.texts.get(phone.waited).map(|(_, text)| text.clone());
            phone.waited += usize::from(text.is_some());
            text
        };
        wait(&self.hub, within, next).await
    }

    /// Switches it on or off; what waited for it comes when it is on again.
    pub fn set_reachable(&self, reachable: bool) {
        self.hub.set_reachable(&self.number, reachable);
    }

    /// How it meets every call from now on.
    pub fn on_call(&self, on_call: OnCall) {
        self.hub.with_network(|network| network.phone(&self.number).on_call = on_call);
    }

    /// How it meets the next calls, one each, before [`Self::on_call`] holds again.
    pub fn next_calls(&self, next: impl IntoIterator<Item = OnCall>) {
        self.hub.with_network(|network| network.phone(&self.number).next_calls.extend(next));
    }

    /// Answers the call that rings; `false` when none does.
    pub fn answer(&self) -> bool {
        self.call_here().is_some_and(|id| self.hub.pick_up(id, false))
    }

    /// Declines the call that rings, or hangs up; `false` when there is none.
    pub fn hang_up(&self) -> bool {
        self.call_here().is_some_and(|id| self.hub.phone_hangs_up(id))
    }

    /// Presses a key; `false` when it is in no call.
    pub fn press(&self, key: char) -> bool {
        self.call_here().is_some_and(|id| self.hub.press(id, key))
    }

    /// Every call that it was called with, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRecord> {
        self.hub.with_network(|network| network.calls.of_phone(&self.number))
    }

    /// The next call that has ended and that no earlier call has returned; `None` when it does not come in time.
    pub async fn wait_for_call(&self, within: Duration) -> Option<CallRecord> {
        let next = |network: &mut Network| {
            let mut calls = network.calls.of_phone(&self.number);
            calls.retain(|call| call.ended_ms.is_some());
            let phone = network.phone(&self.number);
            let call = calls.get(phone.calls_waited).cloned();
            phone.calls_waited += usize::from(call.is_some());
            call
        };
        wait(&self.hub, within, next).await
    }

    fn call_here(&self) -> Option<u64> {
        self.hub.call_at_phone(&self.number)
    }

    /// Sends a text to a modem (by name) or to any number.
    pub fn send_to(&self, modem_or_number: &str, text: &str) {
        let modem = self.hub.index(modem_or_number).and_then(|index| self.hub.number(index));
        let to = modem.unwrap_or_else(|| modem_or_number.to_owned());
        self.hub.send_from_phone(&self.number, &to, text);
    }
}

impl NetworkHandle {
    pub(crate) fn new(hub: Arc<Hub>) -> Self {
        Self { hub }
    }

    /// Every submit that the network saw, in order.
    #[must_use]
    pub fn submits(&self) -> Vec<SubmitSeen> {
        self.hub.with_network(|network| network.submits.clone())
    }

    /// The submits, once there are at least `count`; `None` when they do not come in time.
    pub async fn wait_for_submits(
        &self,
        count: usize,
        within: Duration,
    ) -> Option<Vec<SubmitSeen>> {
        let enough = |network: &mut Network| {
            (network.submits.len() >= count).then(|| network.submits.clone())
        };
        wait(&self.hub, within, enough).await
    }

    /// Every call that it saw, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<CallRecord> {
        self.hub.with_network(|network| network.calls.all().map(Call::record).collect())
    }

    /// What was heard in a call, 8000 samples a second.
    #[must_use]
    pub fn heard(&self, call: u64) -> Vec<i16> {
        self.hub.with_call(call, |call| call.samples().to_vec()).unwrap_or_default()
    }

    /// Waits until the calls so far fit, and returns them; `None` when they do not in time.
    pub async fn wait_for_calls(
        &self,
        within: Duration,
        fits: impl Fn(&[CallRecord]) -> bool,
    ) -> Option<Vec<CallRecord>> {
        let look = |network: &mut Network| {
            let calls: Vec<_> = network.calls.all().map(Call::record).collect();
            fits(&calls).then_some(calls)
        };
        wait(&self.hub, within, look).await
    }

    /// How it behaves.
    #[must_use]
    pub fn settings(&self) -> NetworkSettings {
        self.hub.with_network(|network| network.settings.clone())
    }

    /// Changes how it behaves.
    pub fn change(&self, change: impl FnOnce(&mut NetworkSettings)) {
        self.hub.with_network(|network| change(&mut network.settings));
    }

    /// How long it takes to answer a message.
    pub fn set_latency(&self, latency: Duration) {
        self.change(|settings| settings.latency_ms = millis(latency));
    }

    /// How long a message takes from the service centre to a phone or modem.
    pub fn set_delivery(&self, delay: Duration) {
        self.change(|settings| settings.delivery_ms = millis(delay));
    }

    /// Whether it sends delivery reports.
    pub fn set_reports(&self, reports: bool) {
        self.change(|settings| settings.reports = reports);
    }
}

async fn wait<R>(
    hub: &Hub,
    within: Duration,
    mut look: impl FnMut(&mut Network) -> Option<R>,
) -> Option<R> {
    let mut changes = hub.changes();
    let found = async {
        loop {
            changes.borrow_and_update();
            if let Some(found) = hub.with_network(&mut look) {
                return Some(found);
            }
            changes.changed().await.ok()?;
        }
    };
    timeout(within, found).await.ok().flatten()
}
