//! A modem's serial port: a pty whose slave the host opens.

use std::{
    fs, io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, QueueSelector, tcflush, tcgetattr, tcsetattr},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex, split},
    net::unix::pipe,
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};
use tokio_util::sync::CancellationToken;

use crate::{
    clock::Timer,
    hub::{Hub, lock},
    modem::{Chunk, Device},
};

/// Bytes that a paced line moves at a time.
const PIECE: usize = 64;

/// Bytes that a line in memory holds: as many as a pty does.
const LINE: usize = 4096;

/// A port that is plugged in.
pub(crate) struct Port {
    link: PathBuf,
    cancel: CancellationToken,
    /// Nothing, where the line is in memory.
    slave: Option<Arc<OwnedFd>>,
}

/// The master's two directions. Tokio polls a pty as it polls a pipe.
struct Pty {
    input: pipe::Receiver,
    output: pipe::Sender,
    /// Keeps the pty alive while no host has it open.
    slave: Arc<OwnedFd>,
}

impl Hub {
    /// The path at which a modem's port is, when it is plugged in.
    pub(crate) fn port_path(&self, index: usize) -> PathBuf {
        let link = self.slots.get(index).map(|slot| lock(&slot.link).clone());
        self.directory.join(link.unwrap_or_default())
    }

    /// The path at which a modem's audio port is, when it has one.
    pub(crate) fn audio_path(&self, index: usize) -> PathBuf {
        let link = self.slots.get(index).map(|slot| lock(&slot.audio_link).clone());
        self.directory.join(link.unwrap_or_default())
    }

    /// Makes a port for a modem that has none.
    pub(crate) fn plug(self: &Arc<Self>, index: usize) -> io::Result<()> {
        let Some(slot) = self.slots.get(index) else {
            return Ok(());
        };
        let mut port = lock(&slot.port);
        if port.is_some() {
            return Ok(());
        }
        let link = self.port_path(index);
        if self.in_memory {
            *port = Some(self.plug_line(index, link));
            return Ok(());
        }
        let (pty, device_path) = Pty::open()?;
        self.presence.watch(index, &device_path)?;
        point(&link, &device_path)?;
        let (wire, chunks) = unbounded_channel();
        let cancel = CancellationToken::new();
        *port = Some(Port { link, cancel: cancel.clone(), slave: Some(Arc::clone(&pty.slave)) });
        drop(port);
        self.with_device(index, |device| device.connect(wire));
        self.plug_audio(index)?;
        self.plug_card(index)?;
        let hub = Arc::clone(self);
        self.spawn(async move {
            // All three may be dropped at any time: the port is going away.
            let ended = tokio::select! {
                () = cancel.cancelled() => Ok(()),
                ended = pty.read(&hub, index) => ended,
                ended = pty.write(&hub, index, chunks) => ended,
            };
            if let Err(error) = ended {
                tracing::error!(%error, "a port ended");
            }
        });
        Ok(())
    }

    /// Connects a modem to a line in memory; whoever has it open hears it.
    fn plug_line(self: &Arc<Self>, index: usize, link: PathBuf) -> Port {
        let (wire, mut chunks) = unbounded_channel::<Chunk>();
        let cancel = CancellationToken::new();
        let (hub, ended) = (Arc::clone(self), cancel.clone());
        self.spawn(async move {
            let Some(slot) = hub.slots.get(index) else { return };
            let says = async {
                while let Some(chunk) = chunks.recv().await {
                    hub.pause(chunk.delay + time_of(chunk.bytes.len(), baud(&hub, index))).await;
                    let Some(mut line) = lock(&slot.host).take() else { continue };
                    hub.with_device(index, |device| device.transcript.rx(&chunk.bytes));
                    if line.write_all(&chunk.bytes).await.is_ok() {
                        // Another host may have come meanwhile.
                        lock(&slot.host).get_or_insert(line);
                    }
                }
            };
            tokio::select! {
                () = ended.cancelled() => {}
                () = says => {}
            }
        });
        // The port is being made: the device is connected once nobody looks at it.
        let hub = Arc::clone(self);
        hub.with_device(index, |device| device.connect(wire));
        Port { link, cancel, slave: None }
    }

    /// Opens a modem's line in memory; `None` while it is unplugged.
    pub(crate) fn open_line(self: &Arc<Self>, index: usize) -> Option<DuplexStream> {
        let slot = self.slots.get(index)?;
        let cancel = lock(&slot.port).as_ref()?.cancel.clone();
        let (near, far) = duplex(LINE);
        let (mut hears, says) = split(far);
        *lock(&slot.host) = Some(says);
        let hub = Arc::clone(self);
        self.spawn(async move {
            let mut buffer = [0u8; 1024];
            loop {
                let read = tokio::select! {
                    () = cancel.cancelled() => return,
                    read = hears.read(&mut buffer) => read,
                };
                let Ok(count @ 1..) = read else { return };
                hub.pause(time_of(count, baud(&hub, index))).await;
                let bytes = buffer.get(..count).unwrap_or_default();
                hub.with_device(index, |device| device.feed(bytes));
            }
        });
        self.with_device(index, Device::attended);
        Some(near)
    }

    /// Plugs a modem in, perhaps under another name; it starts up as soon as a host listens.
    pub(crate) fn replug(self: &Arc<Self>, index: usize, link: Option<&str>) -> io::Result<()> {
        if let (Some(link), Some(slot)) = (link, self.slots.get(index)) {
            if link.is_empty() || link.starts_with('.') || link.contains('/') {
                return Err(io::Error::other(format!("{link:?} is not a plain file name")));
            }
            link.clone_into(&mut lock(&slot.link));
        }
        self.plug(index)?;
        self.with_device(index, |device| device.boot_when_attended());
        // A host may have been quicker.
        self.receive_hosts();
        if self.presence.attended(index) {
            self.with_device(index, Device::attended);
        }
        Ok(())
    }

    /// The last host left: what it did not read is lost.
    pub(crate) fn flush(&self, index: usize) {
        let slave = self
            .slots
            .get(index)
            .and_then(|slot| lock(&slot.port).as_ref().and_then(|port| port.slave.clone()));
        if let Some(slave) = slave
            && let Err(error) = tcflush(&*slave, QueueSelector::IFlush)
        {
            tracing::warn!(%error, "failed to empty a port that was closed");
        }
    }

    /// Takes the port away: hosts read end of file, and the link is gone.
    pub(crate) fn unplug(self: &Arc<Self>, index: usize) {
        let port = self.slots.get(index).and_then(|slot| lock(&slot.port).take());
        if let Some(port) = port {
            if let Some(slot) = self.slots.get(index) {
                lock(&slot.host).take();
            }
            // The link may be gone already; then there is nothing left to do.
            let _ = fs::remove_file(&port.link);
            port.cancel.cancel();
            self.unplug_audio(index);
            self.unplug_card(index);
            self.with_device(index, Device::power_off);
        }
    }
}

impl Pty {
    fn open() -> io::Result<(Self, PathBuf)> {
        let (master, slave, path) = open_pty()?;
        let input = pipe::Receiver::from_file_unchecked(master.try_clone()?.into())?;
        let output = pipe::Sender::from_file_unchecked(master.into())?;
        Ok((Self { input, output, slave: Arc::new(slave) }, path))
    }

    /// Hears the host until the port ends.
    async fn read(&self, hub: &Arc<Hub>, index: usize) -> io::Result<()> {
        let mut buffer = [0u8; 1024];
        let mut line = Pace::new()?;
        loop {
            self.input.readable().await?;
            let most = if baud(hub, index) == 0 { buffer.len() } else { PIECE };
            match self.input.try_read(buffer.get_mut(..most).unwrap_or_default()) {
                Ok(0) => return Ok(()),
                Ok(count) => {
                    line.take(count, baud(hub, index)).await?;
                    let bytes = buffer.get(..count).unwrap_or_default();
                    hub.with_device(index, |device| device.feed(bytes));
                }
                Err(error) if again(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Says what the modem says until it is unplugged.
    async fn write(
        &self,
        hub: &Arc<Hub>,
        index: usize,
        mut chunks: UnboundedReceiver<Chunk>,
    ) -> io::Result<()> {
        let mut line = Pace::new()?;
        while let Some(chunk) = chunks.recv().await {
            hub.pause(chunk.delay).await;
            hub.receive_hosts();
            if !hub.presence.attended(index) {
                continue;
            }
            hub.with_device(index, |device| device.transcript.rx(&chunk.bytes));
            let size = match (chunk.split, baud(hub, index)) {
                (Some(_), _) => 1,
                (None, 0) => chunk.bytes.len(),
                (None, _) => PIECE,
            };
            for piece in chunk.bytes.chunks(size.max(1)) {
                line.take(piece.len(), baud(hub, index)).await?;
                self.write_all(piece).await?;
                hub.pause(chunk.split.unwrap_or_default()).await;
            }
        }
        Ok(())
    }

    async fn write_all(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.output.writable().await?;
            match self.output.try_write(bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if again(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// A raw pty: its master, which does not block, its slave, and where that is.
pub(crate) fn open_pty() -> io::Result<(OwnedFd, OwnedFd, PathBuf)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    let path = PathBuf::from(name.to_string_lossy().into_owned());
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(&path, flags, Mode::empty())?;
    let mut settings = tcgetattr(&slave)?;
    settings.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &settings)?;
    let status = rustix::fs::fcntl_getfl(&master)?;
    rustix::fs::fcntl_setfl(&master, status | OFlags::NONBLOCK)?;
    Ok((master, slave, path))
}

/// When one direction of a line is free again.
struct Pace {
    timer: Timer,
    free_at: Instant,
}

impl Pace {
    fn new() -> io::Result<Self> {
        Ok(Self { timer: Timer::new()?, free_at: Instant::now() })
    }

    /// Waits as long as some bytes take.
    async fn take(&mut self, bytes: usize, baud: u32) -> io::Result<()> {
        if baud == 0 {
            return Ok(());
        }
        let now = Instant::now();
        self.free_at = self.free_at.max(now) + time_of(bytes, baud);
        self.timer.wait(self.free_at - now).await
    }
}

/// What some bytes take on a line: ten bits each, with start and stop bit.
fn time_of(bytes: usize, baud: u32) -> Duration {
    let bits = u64::try_from(bytes).unwrap_or(0) * 10;
    let nanoseconds = (bits * 1_000_000_000).checked_div(baud.into());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

fn again(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

fn baud(hub: &Hub, index: usize) -> u32 {
    hub.slots.get(index).map_or(0, |slot| slot.pace.load(Ordering::Relaxed))
}

// Under a name of its own first: a host never finds the link missing while it changes.
pub(crate) fn point(link: &Path, target: &Path) -> io::Result<()> {
    let mut fresh = link.as_os_str().to_owned();
    fresh.push(".new");
    let fresh = PathBuf::from(fresh);
    if fs::symlink_metadata(&fresh).is_ok() {
        fs::remove_file(&fresh)?;
    }
    std::os::unix::fs::symlink(target, &fresh)?;
    fs::rename(&fresh, link)
}
