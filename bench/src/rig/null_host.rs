//! A host that does nothing but write and read: what it reaches on the same lines is what this machine and
//! its simulator allow.

use std::{
    fs::{File, OpenOptions},
    io::{Read as _, Write as _},
    path::Path,
    thread,
};

use anyhow::{Context as _, Result, bail, ensure};
use ringpost_hal::pdu::{self, Address, Segmentation, Submit, mode};

use super::{Air, Disk};

/// Of full length: 160 septets.
const TEXT: &str = "The quick brown fox jumps over the lazy dog, ";

/// Sends `count` segments of full length through each modem, one right behind the other.
///
/// # Errors
/// A port fails, or a modem refuses.
pub fn drive(air: &Air, count: usize) -> Result<()> {
    let pdu = pdu()?;
    let (ports, pdu) = (air.ports(), &pdu);
    thread::scope(|scope| {
        let through = |port| through(port, pdu, count, || Ok(()));
        let drivers = ports.iter().map(|(_, port)| scope.spawn(move || through(port)));
        let drivers: Vec<_> = drivers.collect();
        drivers
            .into_iter()
            .try_for_each(|driver| driver.join().unwrap_or_else(|_| bail!("a host panicked")))
    })
}

/// As [`drive`] by one modem, and writes down each answer before it goes on.
///
/// # Errors
/// The port or the disk fails, or the modem refuses.
pub fn drive_and_commit(air: &Air, count: usize, disk: &mut Disk) -> Result<()> {
    let ports = air.ports();
    let (_, port) = ports.first().context("a modem")?;
    through(port, &pdu()?, count, || disk.commit())
}

/// A command and its body.
fn pdu() -> Result<(String, String)> {
    let text: String = TEXT.chars().cycle().take(160).collect();
    let segments = Segmentation::of(&text).segments(pdu::ConcatRef::Narrow(1))?;
    let da = Address::international("+14155550123")?;
    let ud = segments.into_iter().next().context("a segment")?;
    let mut submit = Submit::new(da, ud);
    submit.srr = true;
    let tpdu = submit.encode()?;
    let line = mode::encode_hex(None, &tpdu)?.to_string();
    Ok((format!("AT+CMGS={}\r", tpdu.len()), format!("{line}\u{1a}")))
}

/// `answered` is done after each answer.
fn through(
    port: &Path,
    (command, body): &(String, String),
    count: usize,
    mut answered: impl FnMut() -> Result<()>,
) -> Result<()> {
    let mut port = OpenOptions::new().read(true).write(true).open(port)?;
    for setting in ["ATE0\r", "AT+CMGF=0\r", "AT+CNMI=1,0,0,1,0\r"] {
        port.write_all(setting.as_bytes())?;
        until(&mut port, "OK\r\n")?;
    }
    for _ in 0..count {
        port.write_all(command.as_bytes())?;
        until(&mut port, "> ")?;
        port.write_all(body.as_bytes())?;
        until(&mut port, "OK\r\n")?;
        answered()?;
    }
    Ok(())
}

/// Reads until `end` has come; what comes behind it in the same breath is a report, and let go.
fn until(port: &mut File, end: &str) -> Result<()> {
    let mut heard = String::new();
    let mut buffer = [0; 512];
    while !heard.contains(end) {
        let count = port.read(&mut buffer)?;
        heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
        ensure!(count > 0 && !heard.contains("ERROR"), "the modem said {heard:?}");
    }
    Ok(())
}
