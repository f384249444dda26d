//! Opening a serial port, and saying what is in the way.

use std::{fs, io, path::Path};

use tokio_serial::{ClearBuffer, SerialPort as _, SerialPortBuilderExt as _, SerialStream};

use super::{ModemConfig, Problem};
use crate::domain::Detail;

/// Opens the port of a modem, for this process alone, and forgets what came in before.
pub(super) fn open(config: &ModemConfig) -> Result<SerialStream, Problem> {
    let path = config.port.to_string_lossy();
    let opened = tokio_serial::new(path.as_ref(), config.baud).open_native_async();
    let stream = opened.map_err(|cause| problem(&config.port, &cause))?;
    // What stands in the buffer answers nobody here.
    let _ = stream.clear(ClearBuffer::Input);
    Ok(stream)
}

fn problem(port: &Path, cause: &tokio_serial::Error) -> Problem {
    let shown = port.display();
    let is = |kind| cause.kind() == tokio_serial::ErrorKind::Io(kind);
    let (message, hint) = if !port.exists() {
        (
            format!("The port {shown} does not exist."),
            "Plug the modem in, or correct `port` in the configuration; it is picked up when it comes."
                .to_owned(),
        )
    } else if is(io::ErrorKind::PermissionDenied) {
        (
            format!("The port {shown} may not be opened by this user."),
            "Add the user to the group of the port, mostly `dialout`.".to_owned(),
        )
    } else if let Some(holders) = holders(port) {
        (
            format!("The port {shown} is held by {holders}."),
            "End that program, or tell it to keep off this port.".to_owned(),
        )
    } else {
        (
            format!("The port {shown} cannot be opened: {cause}."),
            "Check that it is a serial port, and that no other program uses it.".to_owned(),
        )
    };
    Problem { detail: Detail::NoModem, message, hint }
}

/// The other processes that have `port` open, as far as this user may see.
fn holders(port: &Path) -> Option<String> {
    let port = fs::canonicalize(port).ok()?;
    let own = std::process::id().to_string();
    let holds = |process: &Path| {
        let files = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        files.into_iter().any(|file| fs::read_link(file.path()).is_ok_and(|it| it == port))
    };
    let processes = fs::read_dir("/proc").ok()?.flatten().map(|entry| entry.path());
    let names = processes.filter_map(|process| {
        let id = process.file_name()?.to_str()?.to_owned();
        let other = id.bytes().all(|byte| byte.is_ascii_digit()) && id != own;
        if !other || !holds(&process) {
            return None;
        }
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        Some(format!("{} (process {id})", name.trim()))
    });
    let names: Vec<_> = names.collect();
    (!names.is_empty()).then(|| names.join(", "))
}
