//! A modem's sound card on USB: a socket at which `ringpost-sim-aplay` stands for the programs of ALSA.
//!
//! A program says whether it plays (`P`) or captures (`C`), and hears whether the card is there (`Y` or `N`). Then
//! frames of 20 ms go one way; the program keeps the time when it plays, as the hardware would.

use std::{io, path::PathBuf, sync::Arc};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

use super::pieces::{FRAME_BYTES, FRAME_TIME, Uplink};
use crate::hub::{Hub, lock};

/// A sound card that is plugged in.
pub(super) struct Card {
    socket: PathBuf,
    cancel: CancellationToken,
}

impl Hub {
    /// The path of the socket that stands for a modem's sound card.
    pub(crate) fn card_path(&self, index: usize) -> PathBuf {
        let name = self.slots.get(index).map(|slot| slot.name.as_str()).unwrap_or_default();
        self.directory.join(format!("{name}-alsa"))
    }

    /// Makes the sound card of a modem that has one.
    pub(crate) fn plug_card(self: &Arc<Self>, index: usize) -> io::Result<()> {
        let has =
            self.with_device(index, |device| device.profile.voice.is_some_and(|voice| voice.card));
        let Some(slot) = self.slots.get(index).filter(|_| has == Some(true)) else {
            return Ok(());
        };
        let socket = self.card_path(index);
        // One that an earlier run left there.
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket)?;
        let cancel = CancellationToken::new();
        *lock(&slot.audio.card) = Some(Card { socket, cancel: cancel.clone() });
        let hub = Arc::clone(self);
        self.spawn(async move {
            loop {
                let accepted = tokio::select! {
                    () = cancel.cancelled() => return,
                    accepted = listener.accept() => accepted,
                };
                let Ok((stream, _)) = accepted else { return };
                let (served, gone) = (Arc::clone(&hub), cancel.clone());
                hub.spawn(async move {
                    tokio::select! {
                        () = gone.cancelled() => {}
                        // A program that goes away has ended as it liked.
                        _ = served.serve_card(index, stream) => {}
                    }
                });
            }
        });
        Ok(())
    }

    /// Takes the sound card away.
    pub(crate) fn unplug_card(&self, index: usize) {
        let card = self.slots.get(index).and_then(|slot| lock(&slot.audio.card).take());
        if let Some(card) = card {
            let _ = std::fs::remove_file(&card.socket);
            card.cancel.cancel();
        }
    }

    async fn serve_card(self: Arc<Self>, index: usize, mut stream: UnixStream) -> io::Result<()> {
        let way = stream.read_u8().await?;
        let life = self.with_device(index, |device| device.telephony.card.then_some(device.life));
        let Some(life) = life.flatten() else { return stream.write_all(b"N").await };
        stream.write_all(b"Y").await?;
        let sound = async {
            match way {
                b'P' => self.hear_card(index, stream).await,
                b'C' => self.speak_card(index, stream).await,
                _ => Ok(()),
            }
        };
        tokio::select! {
            ended = sound => ended,
            () = self.restarted(index, life) => Ok(()),
        }
    }

    /// Waits until a modem has started anew: the card that it was is gone.
    async fn restarted(self: &Arc<Self>, index: usize, life: u32) {
        let Some(slot) = self.slots.get(index) else { return };
        let mut changes = slot.audio.changes.subscribe();
        while self.with_device(index, |device| device.life) == Some(life) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    async fn hear_card(self: &Arc<Self>, index: usize, mut stream: UnixStream) -> io::Result<()> {
        let Some(slot) = self.slots.get(index) else { return Ok(()) };
        let mut changes = slot.audio.changes.subscribe();
        let wedged = || self.with_device(index, |device| device.usb_gate().wedged) == Some(true);
        let mut frame = [0u8; FRAME_BYTES];
        loop {
            while wedged() {
                if changes.changed().await.is_err() {
                    return Ok(());
                }
            }
            stream.read_exact(&mut frame).await?;
            // It may have come to that while nobody played.
            if wedged() {
                continue;
            }
            let now = Instant::now();
            let gate = self.with_device(index, |device| device.usb_gate()).unwrap_or_default();
            if let Some(call) = gate.call {
                self.hear_frames(call, &Uplink::default().take(&frame), now);
            }
        }
    }

    async fn speak_card(self: &Arc<Self>, index: usize, mut stream: UnixStream) -> io::Result<()> {
        let Some(slot) = self.slots.get(index) else { return Ok(()) };
        let mut ticks = interval(FRAME_TIME);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        loop {
            ticks.tick().await;
            let gate = self.with_device(index, |device| device.usb_gate()).unwrap_or_default();
            let frame = match gate.call {
                Some(_) => slot.next_frame(),
                None => vec![0; FRAME_BYTES],
            };
            stream.write_all(&frame).await?;
        }
    }
}
