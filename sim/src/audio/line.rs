//! A modem's audio port in memory, on the runtime's clock.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, duplex, split},
    time::{Instant, sleep_until},
};

use super::pieces::{FRAME_BYTES, FRAME_TIME, PARTIAL, Uplink};
use crate::{hub::Hub, modem::Gate};

/// What a line holds that its host does not read: 200 ms.
const LINE: usize = 10 * FRAME_BYTES;

impl Hub {
    /// Opens a modem's audio port in memory; `None` where the modem has none.
    pub(crate) fn open_audio_line(self: &Arc<Self>, index: usize) -> Option<DuplexStream> {
        let has = self.with_device(index, |device| {
            device.profile.voice.is_some_and(|voice| voice.audio_port) && device.powered()
        });
        if has != Some(true) {
            return None;
        }
        let (near, far) = duplex(LINE);
        let (hears, says) = split(far);
        let hub = Arc::clone(self);
        self.spawn(async move {
            let line = Line {
                index,
                hears,
                says,
                gate: Gate::default(),
                uplink: Uplink::default(),
                partial_at: None,
                next: None,
            };
            line.run(&hub).await;
        });
        Some(near)
    }
}

struct Line {
    index: usize,
    hears: ReadHalf<DuplexStream>,
    says: WriteHalf<DuplexStream>,
    gate: Gate,
    uplink: Uplink,
    /// When a part of a frame has waited too long for its rest.
    partial_at: Option<Instant>,
    /// When the next frame for the host is due.
    next: Option<Instant>,
}

impl Line {
    async fn run(mut self, hub: &Arc<Hub>) {
        let Some(slot) = hub.slots.get(self.index) else { return };
        let mut changes = slot.audio.changes.subscribe();
        let mut buffer = [0u8; LINE];
        loop {
            self.look_at_gate(hub);
            let wedged = self.gate.wedged;
            tokio::select! {
                read = self.hears.read(&mut buffer), if !wedged => {
                    let Ok(count @ 1..) = read else { return };
                    self.look_at_gate(hub);
                    self.hear(hub, buffer.get(..count).unwrap_or_default());
                }
                () = at(self.next) => self.speak(hub).await,
                () = at(self.partial_at) => {
                    self.partial_at = None;
                    if let Some(call) = self.gate.call {
                        hub.partial_frame(self.index, call);
                    }
                }
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
            }
        }
    }

    fn look_at_gate(&mut self, hub: &Arc<Hub>) {
        let gate = hub.with_device(self.index, |device| device.serial_gate());
        let gate = gate.unwrap_or_default();
        if gate.call != self.gate.call {
            self.uplink.clear();
            self.partial_at = None;
            self.next = gate.call.map(|_| Instant::now());
        }
        self.gate = gate;
    }

    fn hear(&mut self, hub: &Arc<Hub>, bytes: &[u8]) {
        let Some(id) = self.gate.call else { return };
        let now = Instant::now();
        let frames = self.uplink.take(bytes);
        self.partial_at = (!self.uplink.is_empty()).then(|| now + PARTIAL);
        hub.hear_frames(id, &frames, now);
    }

    async fn speak(&mut self, hub: &Arc<Hub>) {
        self.next = self.next.map(|due| due + FRAME_TIME);
        let Some(slot) = hub.slots.get(self.index) else { return };
        let frame = slot.next_frame();
        // Whole frames only go in, so that there is room for a whole one or for none.
        let written = tokio::select! {
            biased;
            written = self.says.write_all(&frame) => written.is_ok(),
            () = std::future::ready(()) => false,
        };
        if let Some(call) = self.gate.call.filter(|_| !written) {
            hub.lose_frame(call);
        }
    }
}

/// Waits for a moment; for ever where there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
