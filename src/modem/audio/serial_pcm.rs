//! The serial port of a modem that carries the samples of its calls.
//!
//! It is written to from a thread of its own, which a port of the runtime could not be: so it is opened here as
//! a plain file that refuses to block.

use std::{fs::File, io, path::Path};

use rustix::{
    fs::{FlockOperation, Mode, OFlags, flock, open as open_file},
    termios::{OptionalActions, ioctl_tiocexcl, tcgetattr, tcsetattr},
};

/// Opens a port for this process alone, with no byte changed on its way. Its speed means nothing on USB.
pub(super) fn open(port: &Path) -> io::Result<File> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let port = open_file(port, flags, Mode::empty())?;
    // The one keeps others out, but for root; the other tells root's programs that ask.
    ioctl_tiocexcl(&port)?;
    flock(&port, FlockOperation::NonBlockingLockExclusive)?;
    let mut attributes = tcgetattr(&port)?;
    attributes.make_raw();
    tcsetattr(&port, OptionalActions::Flush, &attributes)?;
    Ok(File::from(port))
}
