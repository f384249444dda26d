//! A host at a modem's port.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use ringpost_sim::{Family, Simulator};
use rustix::fs::OFlags;
use tokio::{net::unix::pipe, time::timeout};

/// The phone that most texts go to.
pub(crate) const PHONE: &str = "+491701234567";

/// Long enough for a busy machine; a dialogue that works never waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Host {
    input: pipe::Receiver,
    output: pipe::Sender,
    heard: String,
}

impl Host {
    pub(crate) fn open(port: &Path) -> Self {
        let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).unwrap();
        let file =
            OpenOptions::new().read(true).write(true).custom_flags(flags).open(port).unwrap();
        Self {
            input: pipe::Receiver::from_file_unchecked(file.try_clone().unwrap()).unwrap(),
            output: pipe::Sender::from_file_unchecked(file).unwrap(),
            heard: String::new(),
        }
    }

    /// A host after a short bring-up: no echo, numeric errors, +CMTI and +CDS.
    pub(crate) async fn ready(port: &Path) -> Self {
        let mut host = Self::open(port);
        host.command("ATE0").await;
        host.command("AT+CMEE=1").await;
        host.command("AT+CNMI=1,1,0,1,0").await;
        host
    }

    /// A host without echo, of a modem that may lose its first lines.
    pub(crate) async fn awake(port: &Path) -> Self {
        let mut host = Self::open(port);
        let woken = async {
            loop {
                host.write("ATE0\r").await;
                if host.hears("OK\r\n", Duration::from_millis(200)).await {
                    return;
                }
            }
        };
        timeout(PATIENCE, woken).await.unwrap();
        host
    }

    /// Waits until the port has ended.
    pub(crate) async fn until_gone(&self) {
        let gone = async {
            let mut buffer = [0u8; 512];
            loop {
                self.input.readable().await.unwrap();
                match self.input.try_read(&mut buffer) {
                    Ok(0) => return,
                    Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
                    _ => {}
                }
            }
        };
        timeout(PATIENCE, gone).await.unwrap();
    }

    pub(crate) async fn write(&self, text: &str) {
        self.write_bytes(text.as_bytes()).await;
    }

    pub(crate) async fn write_bytes(&self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            self.output.writable().await.unwrap();
            if let Ok(count) = self.output.try_write(rest) {
                rest = rest.get(count..).unwrap();
            }
        }
    }

    /// Everything up to and with a text; fails when it does not come.
    pub(crate) async fn until(&mut self, text: &str) -> String {
        match timeout(PATIENCE, self.read_until(text)).await {
            Ok(heard) => heard,
            Err(_) => panic!("waited for {text:?} and heard {:?}", self.heard),
        }
    }

    /// Whether a text comes in time.
    pub(crate) async fn hears(&mut self, text: &str, within: Duration) -> bool {
        timeout(within, self.read_until(text)).await.is_ok()
    }

    /// One command and everything up to its final result.
    pub(crate) async fn command(&mut self, line: &str) -> String {
        self.write(&format!("{line}\r")).await;
        let mut answer = String::new();
        loop {
            answer += &self.until("\r\n").await;
            let last = answer.trim_end().rsplit("\r\n").next().unwrap_or("");
            if matches!(last, "OK" | "ERROR" | "NO CARRIER" | "NO DIALTONE" | "BUSY" | "NO ANSWER")
                || last == "COMMAND NOT SUPPORT"
                || last.starts_with("+CMS ERROR")
                || last.starts_with("+CME ERROR")
            {
                return answer;
            }
        }
    }

    /// A message in PDU mode and everything up to its final result.
    pub(crate) async fn send(&mut self, tpdu: &str) -> String {
        self.write(&format!("AT+CMGS={}\r", tpdu.len() / 2)).await;
        self.until("> ").await;
        self.command(&format!("00{tpdu}\u{1a}")).await
    }

    async fn read_until(&mut self, text: &str) -> String {
        loop {
            if let Some(start) = self.heard.find(text) {
                let rest = self.heard.split_off(start + text.len());
                return std::mem::replace(&mut self.heard, rest);
            }
            self.input.readable().await.unwrap();
            let mut buffer = [0u8; 512];
            if let Ok(count @ 1..) = self.input.try_read(&mut buffer) {
                self.heard += &String::from_utf8_lossy(buffer.get(..count).unwrap());
            }
        }
    }
}

/// A simulator of one modem.
pub(crate) async fn simulator(family: Family) -> (Simulator, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let builder = Simulator::builder().dir(directory.path()).family(family);
    (builder.start().await.unwrap(), directory)
}

/// "hello" to [`PHONE`], report wanted.
pub(crate) fn hello() -> String {
    "21000C91947110325476000005E8329BFD06".to_owned()
}

/// One segment in UCS-2 to [`PHONE`], report wanted, with an 8 bit reference.
pub(crate) fn segment(reference: u8, total: u8, sequence: u8, text: &str) -> String {
    let text: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    let header = format!("050003{reference:02X}{total:02X}{sequence:02X}");
    let length = (header.len() + text.len()) / 2;
    format!("61000C919471103254760008{length:02X}{header}{text}")
}
