//! A serial port of this machine, as firmware would see its UART.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::Path,
    sync::mpsc::{self, Receiver, TryRecvError},
    thread,
    time::Duration,
};

/// A port; a thread of its own reads it, as an interrupt would.
pub(crate) struct Uart {
    port: File,
    bytes: Receiver<u8>,
    next: Option<u8>,
}

impl Uart {
    /// Opens a port, which has to be set to raw mode before (`stty -F PORT raw -echo`).
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let port = OpenOptions::new().read(true).write(true).open(path)?;
        let mut reader = port.try_clone()?;
        let (sender, bytes) = mpsc::channel();
        thread::spawn(move || {
            let mut byte = [0];
            while matches!(reader.read(&mut byte), Ok(1)) && sender.send(byte[0]).is_ok() {}
        });
        Ok(Self { port, bytes, next: None })
    }
}

impl embedded_io::ErrorType for Uart {
    type Error = io::Error;
}

impl embedded_io::ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, io::Error> {
        if self.next.is_none() {
            self.next = match self.bytes.try_recv() {
                Ok(byte) => Some(byte),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            };
        }
        Ok(self.next.is_some())
    }
}

impl embedded_io::Read for Uart {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, io::Error> {
        let byte = match self.next.take() {
            Some(byte) => byte,
            None => self.bytes.recv().map_err(|_| io::ErrorKind::UnexpectedEof)?,
        };
        let Some(first) = buffer.first_mut() else { return Ok(0) };
        *first = byte;
        Ok(1)
    }
}

impl embedded_io::Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, io::Error> {
        self.port.write(bytes)
    }

    fn flush(&mut self) -> Result<(), io::Error> {
        self.port.flush()
    }
}

/// The clock of this machine.
pub(crate) struct Clock;

impl embedded_hal::delay::DelayNs for Clock {
    fn delay_ns(&mut self, ns: u32) {
        thread::sleep(Duration::from_nanos(ns.into()));
    }
}
