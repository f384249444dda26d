//! Time for calls: ringing, answers, keys and ends, and what the modem is told of them.

use std::{sync::Arc, time::Duration};

use super::{
    Does, OnCall, Side,
    book::Stage,
    cause,
    tone::{hum, key_tone},
};
use crate::{
    hub::{Hub, lock},
    modem::Step,
};

/// How long a phone sends a key's tones.
const KEY: Duration = Duration::from_millis(100);

/// How long a key must be heard before a modem tells it.
const KEY_HEARD: Duration = Duration::from_millis(60);

/// The quiet between two keys.
const KEY_GAP: Duration = Duration::from_millis(80);

/// How often a listener thinks about what they hear.
const TICK: Duration = Duration::from_millis(20);

/// What a voicemail's greeting sounds like, and its beep; hertz.
const GREETING: f64 = 440.0;
const BEEP: f64 = 1000.0;
const BEEP_LENGTH: Duration = Duration::from_millis(300);

impl Hub {
    /// A modem dials: the call is in the books, and takes its way.
    pub(crate) fn dial(self: &Arc<Self>, index: usize, number: &str, withheld: bool) {
        let Some(slot) = self.slots.get(index) else { return };
        let id = self.with_network(|network| {
            let phone = network.phone(number);
            let mut plan = phone.next_call();
            if !phone.reachable {
                plan = OnCall { cause: plan.cause, ..OnCall::new(Does::Unreachable) };
            } else if network.calls.at_phone(number).is_some() {
                plan = OnCall::new(Does::Busy);
            }
            let from = network.modems.get(index).cloned().unwrap_or_default();
            network.calls.place(index, plan, [&slot.name, &from, number], withheld)
        });
        self.with_device(index, |device| device.placed(id));
        self.changed();
        let hub = Arc::clone(self);
        self.spawn(async move { hub.ring(id).await });
    }

    /// The modem ends its call, or is gone from it.
    pub(crate) fn modem_hung_up(self: &Arc<Self>, index: usize, cause: u8) {
        let id = self.with_network(|network| {
            let theirs = |call: &&super::Call| call.modem == index && call.stage != Stage::Ended;
            network.calls.all().rfind(theirs).map(super::Call::id)
        });
        if let Some(id) = id {
            self.end_call(id, Side::Modem, cause);
        }
    }

    /// The modem sends a key.
    pub(crate) fn modem_sent_key(self: &Arc<Self>, id: u64, key: char) {
        self.with_call(id, |call| call.note_sent_key(key));
        self.changed();
    }

    /// Somebody answers; `false` when nothing rings there.
    pub(crate) fn pick_up(self: &Arc<Self>, id: u64, voicemail: bool) -> bool {
        let answered = self
            .with_call(id, |call| call.answer(voicemail).then(|| (call.modem, call.plan.clone())));
        let Some((index, plan)) = answered.flatten() else { return false };
        if let Some(slot) = self.slots.get(index) {
            let mut downlink = lock(&slot.downlink);
            downlink.clear();
            if voicemail {
                downlink.extend(hum(GREETING, Duration::from_millis(plan.greeting_ms)));
                downlink.extend(hum(BEEP, BEEP_LENGTH));
            }
        }
        self.with_device(index, |device| device.call_step(id, Step::Active));
        self.changed();
        self.hang_up_as_planned(id, &plan);
        if !voicemail {
            self.press_as_planned(id, &plan);
        }
        true
    }

    /// A phone presses a key in its call; `false` when it is in none.
    pub(crate) fn press(self: &Arc<Self>, id: u64, key: char) -> bool {
        let pressed = self.with_call(id, |call| {
            (call.stage == Stage::Active).then(|| {
                call.note_key(key);
                call.modem
            })
        });
        let Some(index) = pressed.flatten() else { return false };
        if let Some(slot) = self.slots.get(index) {
            let mut downlink = lock(&slot.downlink);
            downlink.extend(key_tone(key, KEY));
            downlink.extend(hum(0.0, KEY_GAP));
        }
        let hub = Arc::clone(self);
        self.spawn(async move {
            hub.pause(KEY_HEARD).await;
            hub.with_device(index, |device| device.heard_key(id, key));
        });
        self.changed();
        true
    }

    /// A phone declines, or hangs up; `false` when there is nothing to end.
    pub(crate) fn phone_hangs_up(self: &Arc<Self>, id: u64) -> bool {
        let cause = self.with_call(id, |call| match call.stage {
            Stage::Active => Some(cause::CLEARING),
            Stage::Alerting => Some(cause::REJECTED),
            Stage::SettingUp | Stage::Ended => None,
        });
        cause.flatten().is_some_and(|cause| self.end_call(id, Side::Phone, cause))
    }

    /// The call that a phone is in, or that rings there.
    pub(crate) fn call_at_phone(&self, number: &str) -> Option<u64> {
        self.with_network(|network| network.calls.at_phone(number).map(|call| call.id()))
    }

    /// A call ends; `false` when it had ended before.
    pub(crate) fn end_call(self: &Arc<Self>, id: u64, side: Side, cause: u8) -> bool {
        let Some(index) = self.with_call(id, |call| call.modem) else { return false };
        if side != Side::Modem {
            // What it plays is heard as far as it got.
            self.with_device(index, |device| {
                if device.active_call() == Some(id) {
                    device.stop_playing(false);
                }
            });
        }
        let ended = self.with_call(id, |call| call.end(side, cause).then_some(call.modem));
        let Some(index) = ended.flatten() else { return false };
        if let Some(slot) = self.slots.get(index) {
            lock(&slot.downlink).clear();
        }
        if side != Side::Modem {
            self.with_device(index, |device| {
                device.call_step(id, Step::Released { cause, local: false });
            });
        }
        self.write_wav(id);
        self.changed();
        true
    }

    /// Looks at or changes a call.
    pub(crate) fn with_call<R>(
        &self,
        id: u64,
        act: impl FnOnce(&mut super::Call) -> R,
    ) -> Option<R> {
        self.with_network(|network| network.calls.get(id).map(act))
    }

    async fn ring(self: &Arc<Self>, id: u64) {
        let (setup, limit) = self.with_network(|network| {
            (network.settings.call_setup_ms, network.settings.ring_limit_ms)
        });
        self.pause(Duration::from_millis(setup)).await;
        let Some((index, plan)) = self.with_call(id, |call| (call.modem, call.plan.clone())) else {
            return;
        };
        if matches!(plan.does, Does::Busy | Does::Unreachable | Does::Unassigned) {
            self.end_call(id, Side::Network, plan.refusal());
            return;
        }
        if self.with_call(id, super::Call::ring) != Some(true) {
            return;
        }
        self.with_device(index, |device| device.call_step(id, Step::Alerting));
        self.changed();
        let rings = if plan.does == Does::Never { limit } else { plan.after_ms };
        self.pause(Duration::from_millis(rings)).await;
        match plan.does {
            Does::Answer | Does::Voicemail => {
                self.pick_up(id, plan.does == Does::Voicemail);
            }
            Does::Decline | Does::Never => {
                let side = if plan.does == Does::Decline { Side::Phone } else { Side::Network };
                // Somebody may have answered by hand.
                if self.with_call(id, |call| call.stage) == Some(Stage::Alerting) {
                    self.end_call(id, side, plan.refusal());
                }
            }
            Does::Busy | Does::Unreachable | Does::Unassigned => {}
        }
    }

    /// The end of a call whose length is planned.
    fn hang_up_as_planned(self: &Arc<Self>, id: u64, plan: &OnCall) {
        if let Some(talk) = plan.hang_up_after_ms {
            let (hub, cause) = (Arc::clone(self), plan.cause.unwrap_or(cause::CLEARING));
            self.spawn(async move {
                hub.pause(Duration::from_millis(talk)).await;
                hub.end_call(id, Side::Phone, cause);
            });
        }
    }

    /// The keys of somebody who has answered.
    fn press_as_planned(self: &Arc<Self>, id: u64, plan: &OnCall) {
        for press in plan.keys.clone() {
            let hub = Arc::clone(self);
            self.spawn(async move {
                hub.pause(Duration::from_millis(press.at_ms)).await;
                hub.press(id, press.key);
            });
        }
        if !plan.press_when_silent.is_empty() {
            let hub = Arc::clone(self);
            self.spawn(async move {
                while hub.with_call(id, |call| call.stage) == Some(Stage::Active) {
                    hub.pause(TICK).await;
                    if let Some(key) = hub.with_call(id, super::Call::reacts).flatten() {
                        hub.press(id, key);
                    }
                }
            });
        }
    }

    /// Keeps what was heard where whoever runs the simulator can listen to it.
    fn write_wav(&self, id: u64) {
        if self.in_memory {
            return;
        }
        let Some(samples) = self.with_call(id, |call| call.samples().to_vec()) else { return };
        let folder = self.directory.join("calls");
        let path = folder.join(format!("{id}.wav"));
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&path, crate::audio::wav(&samples)));
        match written {
            Ok(()) => {
                self.with_call(id, |call| call.note_wav(path));
            }
            Err(error) => tracing::error!(%error, "failed to write what was heard in a call"),
        }
    }
}
