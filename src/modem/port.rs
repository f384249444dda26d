//! Opening a serial port, and saying what is in the way.

use std::{
    collections::HashMap,
    fmt, fs,
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::spawn_blocking,
    time::timeout,
};
use tokio_serial::{ClearBuffer, SerialPort as _, SerialPortBuilderExt as _, SerialStream};

use ringpost_hal::family::Sink;

use super::{
    ModemConfig, Problem,
    audio::Pump,
    elsewhere::ClosedElsewhere,
    hotplug::{Place, UsbPlace},
    ledger::{Claim, Node},
};

/// An open port.
pub(super) trait Port: AsyncRead + AsyncWrite + Unpin + Send {}

impl<P: AsyncRead + AsyncWrite + Unpin + Send> Port for P {}

/// A modem's port, open.
pub(super) struct Opened {
    /// The port.
    pub(super) port: Box<dyn Port>,
    /// Where it is.
    pub(super) place: Option<Place>,
    /// What keeps it for this modem alone.
    pub(super) claim: Option<Claim>,
}

/// A port that is looked for and opened.
pub(super) type Opening<'p> = Pin<Box<dyn Future<Output = Result<Opened, Problem>> + Send + 'p>>;

/// A device that is taken off its USB and put back.
pub(super) type Replugging<'p> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'p>>;

/// Where ports come from.
pub(super) trait Ports: fmt::Debug + Send + Sync {
    /// Finds the port of a modem, and opens it for this process alone.
    ///
    /// # Cancel safety
    /// A port that is being asked who is there is closed.
    fn open<'p>(&'p self, config: &'p ModemConfig) -> Opening<'p>;

    /// Takes the modem's device off its USB and puts it back; answers why that could not be.
    ///
    /// # Cancel safety
    /// It is put back all the same.
    fn replug<'p>(&'p self, usb: &'p UsbPlace, config: &'p ModemConfig) -> Replugging<'p>;

    /// USB devices that may be the modem, for all that is known, and where nobody answers.
    fn silent(&self, config: &ModemConfig) -> Vec<UsbPlace>;

    /// The port that carries the sound of the modem's calls, where it has one and it is known.
    fn audio_port(&self, config: &ModemConfig, place: Option<&Place>) -> Option<PathBuf>;

    /// Has the sound of a call carried between `pump` and the modem, until the pump ends.
    ///
    /// # Errors
    /// There is nothing that carries it, or somebody else has that.
    fn carry(
        &self,
        sink: Sink,
        config: &ModemConfig,
        place: Option<&Place>,
        pump: Pump,
    ) -> io::Result<()>;

    /// The sound card of the modem, as ALSA calls it, where it has one and it is known.
    fn sound_card(&self, config: &ModemConfig, place: Option<&Place>) -> Option<String>;

    /// Which devices are there now among which its port may be.
    fn nodes(&self, config: &ModemConfig) -> Vec<Node>;
}

/// How long a port may take to open: some drivers ask the device, and one that hangs does not answer.
const OPEN: Duration = Duration::from_secs(5);

/// The serial ports of this process: each is open once at a time, and until it is closed, which may take a while.
#[derive(Debug, Default)]
pub(super) struct SerialPorts(Mutex<HashMap<PathBuf, Arc<tokio::sync::Mutex<()>>>>);

impl SerialPorts {
    /// Opens a port for this process alone, and forgets what came in before.
    pub(super) async fn open(&self, port: &Path, baud: u32) -> Result<Box<dyn Port>, Problem> {
        let hangs = |_| {
            Problem::unavailable(
                format!("The port {} does not open: its device hangs.", port.display()),
                "Unplug the modem and plug it in again; if that does not help, restart the machine.",
            )
        };
        let opened = timeout(OPEN, self.turn_to_open(port, baud)).await.map_err(hangs)?;
        Ok(Box::new(opened.map_err(|cause| problem(port, &cause))?))
    }

    async fn turn_to_open(
        &self,
        port: &Path,
        baud: u32,
    ) -> Result<ClosedElsewhere<SerialStream>, tokio_serial::Error> {
        let device = fs::canonicalize(port).unwrap_or_else(|_| port.to_owned());
        let lock = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(device)
            .or_default()
            .clone();
        let turn = lock.lock_owned().await;
        let path = port.to_string_lossy().into_owned();
        // No modem waits on the thread of others.
        let opening = spawn_blocking(move || {
            let stream = tokio_serial::new(path, baud).open_native_async()?;
            // What stands in the buffer answers nobody here.
            let _ = stream.clear(ClearBuffer::Input);
            Ok(ClosedElsewhere::new(stream, turn))
        });
        opening.await.unwrap_or_else(|cause| Err(io::Error::other(cause).into()))
    }
}

fn problem(port: &Path, cause: &tokio_serial::Error) -> Problem {
    let shown = port.display();
    let is = |kind| cause.kind() == tokio_serial::ErrorKind::Io(kind);
    if !port.exists() {
        Problem::absent(
            format!("The port {shown} does not exist."),
            "Plug the modem in, or correct `port` in the configuration; it is picked up when it comes.",
        )
    } else if is(io::ErrorKind::PermissionDenied) {
        Problem::unavailable(
            format!("The port {shown} may not be opened by this user."),
            "Add the user to the group of the port, mostly `dialout`.",
        )
    } else if let holders = holders(Path::new("/proc"), port)
        && !holders.is_empty()
    {
        // All of them: one may be harmless, and a person has to find the one that is not.
        let named: Vec<_> = holders.iter().map(Holder::to_string).collect();
        Problem::unavailable(
            format!("The port {shown} is held by {}.", named.join(", ")),
            "End that program, or tell it to keep off this port.",
        )
    } else {
        Problem::absent(
            format!("The port {shown} cannot be opened: {cause}."),
            "Check that it is a serial port, and that no other program uses it.",
        )
    }
}

/// A process that has a port open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its name.
    pub name: String,
    /// Its number.
    pub process: u32,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (process {})", self.name, self.process)
    }
}

/// The other processes that have `port` open, as far as this user may see; `processes` is `/proc`, but for
/// tests.
pub fn holders(processes: &Path, port: &Path) -> Vec<Holder> {
    let Ok(port) = fs::canonicalize(port) else { return Vec::new() };
    let holds = |process: &Path| {
        let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        files.into_iter().any(|file| fs::read_link(file.path()).is_ok_and(|it| it == port))
    };
    let all = fs::read_dir(processes).into_iter().flatten().flatten().map(|entry| entry.path());
    let holders = all.filter_map(|path| {
        let process = path.file_name()?.to_str()?.parse().ok()?;
        if process == std::process::id() || !holds(&path) {
            return None;
        }
        let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
        Some(Holder { name: name.trim().to_owned(), process })
    });
    holders.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Detail;

    #[test]
    fn a_port_that_this_user_may_not_open_is_told_with_what_to_do() {
        let denied = tokio_serial::ErrorKind::Io(io::ErrorKind::PermissionDenied);
        let problem = problem(Path::new("/dev/null"), &tokio_serial::Error::new(denied, "x"));
        assert_eq!(problem.message, "The port /dev/null may not be opened by this user.");
        assert_eq!(problem.hint, "Add the user to the group of the port, mostly `dialout`.");
        assert_eq!(problem.detail, Detail::PortUnavailable);
    }
}
