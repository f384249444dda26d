//! A modem's serial audio port: a pty that one thread serves, for frames are judged by when they come.

use std::{
    io,
    os::fd::OwnedFd,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll},
    termios::{QueueSelector, tcflush},
};
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};
use tokio_util::sync::CancellationToken;

use super::pieces::{FRAME_BYTES, FRAME_TIME, PARTIAL, Uplink};
use crate::{
    hub::{Hub, lock},
    modem::Gate,
    port::{open_pty, point},
};

/// A host that leaves this much unread does not read: 200 ms.
const UNREAD: u64 = 10 * FRAME_BYTES as u64;

/// An audio port that is plugged in.
pub(super) struct AudioTty {
    link: PathBuf,
    cancel: CancellationToken,
    wake: Arc<OwnedFd>,
}

impl AudioTty {
    pub(super) fn wake(&self) {
        // A counter that is full wakes as well.
        let _ = rustix::io::write(&*self.wake, &1u64.to_ne_bytes());
    }
}

impl Hub {
    /// Makes the audio port of a modem that has one.
    pub(crate) fn plug_audio(self: &Arc<Self>, index: usize) -> io::Result<()> {
        let has = self.with_device(index, |device| {
            device.profile.voice.is_some_and(|voice| voice.audio_port)
        });
        let Some(slot) = self.slots.get(index).filter(|_| has == Some(true)) else {
            return Ok(());
        };
        let link = self.audio_path(index);
        let (master, slave, path) = open_pty()?;
        point(&link, &path)?;
        let cancel = CancellationToken::new();
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let wake = Arc::new(wake);
        let served = Served {
            hub: Arc::clone(self),
            index,
            master,
            slave,
            wake: Arc::clone(&wake),
            cancel: cancel.clone(),
            gate: Gate::default(),
            uplink: Uplink::default(),
            partial_since: None,
            next: None,
        };
        *lock(&slot.audio.tty) = Some(AudioTty { link, cancel, wake });
        let name = format!("{}-audio", slot.name);
        thread::Builder::new().name(name).spawn(move || {
            // The hardware of a modem takes each frame when it comes, however busy the host is. Where this is not
            // allowed, what comes late to this thread counts as late.
            let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
            let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
            served.run();
        })?;
        Ok(())
    }

    /// Takes the audio port away.
    pub(crate) fn unplug_audio(&self, index: usize) {
        let Some(slot) = self.slots.get(index) else { return };
        if let Some(tty) = lock(&slot.audio.tty).take() {
            // The link may be gone already; then there is nothing left to do.
            let _ = std::fs::remove_file(&tty.link);
            tty.cancel.cancel();
            tty.wake();
        }
    }
}

/// What the thread works with.
struct Served {
    hub: Arc<Hub>,
    index: usize,
    master: OwnedFd,
    /// Keeps the pty alive while no host has it open.
    slave: OwnedFd,
    wake: Arc<OwnedFd>,
    cancel: CancellationToken,
    gate: Gate,
    uplink: Uplink,
    partial_since: Option<Instant>,
    /// When the next frame for the host is due.
    next: Option<Instant>,
}

impl Served {
    fn run(mut self) {
        while !self.cancel.is_cancelled() {
            self.look_at_gate();
            self.speak();
            self.judge_partial();
            if let Err(error) = self.listen() {
                tracing::error!(%error, "an audio port ended");
                return;
            }
        }
    }

    fn look_at_gate(&mut self) {
        let gate = self.hub.with_device(self.index, |device| device.serial_gate());
        let gate = gate.unwrap_or_default();
        if gate.call != self.gate.call {
            self.uplink.clear();
            self.partial_since = None;
            self.next = gate.call.map(|_| Instant::now());
            // What a host left unread belongs to another call.
            let _ = tcflush(&self.slave, QueueSelector::IFlush);
        }
        self.gate = gate;
    }

    /// Sends the frame that is due.
    fn speak(&mut self) {
        let (Some(call), Some(due)) = (self.gate.call, self.next) else { return };
        if Instant::now() < due {
            return;
        }
        self.next = Some(due + FRAME_TIME);
        let Some(slot) = self.hub.slots.get(self.index) else { return };
        let frame = slot.next_frame();
        let unread = rustix::io::ioctl_fionread(&self.slave).unwrap_or(0);
        let written = unread < UNREAD
            && rustix::io::write(&self.master, &frame).is_ok_and(|count| count == frame.len());
        if !written {
            self.hub.lose_frame(call);
        }
    }

    fn judge_partial(&mut self) {
        let old = self.partial_since.is_some_and(|since| since.elapsed() >= PARTIAL);
        if let Some(call) = self.gate.call.filter(|_| old) {
            self.partial_since = None;
            self.hub.partial_frame(self.index, call);
            self.look_at_gate();
        }
    }

    /// Waits for the host or for the next thing to do, and hears the host.
    fn listen(&mut self) -> io::Result<()> {
        let partial = self.partial_since.map(|since| since + PARTIAL);
        let until = [self.next, partial].into_iter().flatten().min();
        let wait = until.map(|until| until.saturating_duration_since(Instant::now()));
        let flags = if self.gate.wedged { PollFlags::empty() } else { PollFlags::IN };
        let mut fds = [
            PollFd::new(&self.master, flags),
            PollFd::from_borrowed_fd(std::os::fd::AsFd::as_fd(&*self.wake), PollFlags::IN),
        ];
        match poll(&mut fds, wait.map(timespec).as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let now = Instant::now();
        let [host, wake] = fds.map(|fd| !fd.revents().is_empty());
        if wake {
            let _ = rustix::io::read(&*self.wake, &mut [0u8; 8]);
            // What comes now may belong to what changes now.
            self.look_at_gate();
        }
        if !host || self.gate.wedged {
            return Ok(());
        }
        let mut buffer = [0u8; 4096];
        let count = match rustix::io::read(&self.master, &mut buffer) {
            Ok(count) => count,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        self.hear(buffer.get(..count).unwrap_or_default(), now);
        Ok(())
    }

    fn hear(&mut self, bytes: &[u8], now: Instant) {
        // Outside of a call, what is written goes nowhere.
        let Some(id) = self.gate.call else { return };
        let frames = self.uplink.take(bytes);
        self.partial_since = (!self.uplink.is_empty()).then_some(now);
        self.hub.hear_frames(id, &frames, now.into());
    }
}

fn timespec(wait: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(wait.subsec_nanos()),
    }
}
