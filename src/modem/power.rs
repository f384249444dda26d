//! Means to bring a modem back that no AT command reaches: a program of the site's, and its USB.

use std::{
    fmt, fs,
    future::Future,
    io,
    path::{Path, PathBuf},
    pin::Pin,
    process::Stdio,
    time::Duration,
};

use tokio::{
    process::Command,
    task::spawn_blocking,
    time::{sleep, timeout},
};

use super::Power;

/// How long a program may take: switching a port off and on takes it some seconds, with a pause in between.
const PROGRAM: Duration = Duration::from_secs(60);

/// How long a device stays off its bus: until the kernel has let go of its ports, and those that had them open.
const OFF: Duration = Duration::from_secs(2);

/// A program that switches a modem's power off and on, such as `uhubctl`.
pub struct PowerCommand {
    program: PathBuf,
    arguments: Vec<String>,
}

impl PowerCommand {
    /// Of a program and its arguments; `None` where there is no program.
    pub fn new(words: &[String]) -> Option<Self> {
        let (program, arguments) = words.split_first()?;
        Some(Self { program: program.into(), arguments: arguments.to_vec() })
    }

    async fn run(&self) -> Result<(), String> {
        let shown = self.program.display();
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).kill_on_drop(true);
        let output = match timeout(PROGRAM, command.output()).await {
            Ok(output) => output.map_err(|cause| format!("{shown} cannot be run: {cause}"))?,
            Err(_) => return Err(format!("{shown} did not end within {} s", PROGRAM.as_secs())),
        };
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{shown} failed ({}): {}", output.status, said.trim()))
    }
}

impl fmt::Debug for PowerCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PowerCommand({})", self.program.display())
    }
}

impl Power for PowerCommand {
    fn cycle(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + '_>> {
        Box::pin(self.run())
    }
}

/// Takes the device at a USB path off its bus and puts it back, by `authorized` of the kernel's "Authorizing
/// (or not) your USB devices to connect to the system". That is a file, whose group a udev rule can set,
/// where a reset by usbfs wants the whole device to be writable.
pub(super) async fn replug(root: &Path, path: &str) -> Result<(), String> {
    let file = root.join("sys/bus/usb/devices").join(path).join("authorized");
    let failed = |cause: io::Error| format!("{} cannot be written: {cause}", file.display());
    let off = Off(Some(file.clone()));
    // It waits for the drivers to let go, and ends whether or not anybody waits for it.
    let taken_off = spawn_blocking(move || off.take_off().map(|()| off));
    let off = taken_off.await.map_err(|cause| cause.to_string())?.map_err(failed)?;
    sleep(OFF).await;
    let put_back = spawn_blocking(move || off.put_back());
    put_back.await.map_err(|cause| cause.to_string())?.map_err(failed)
}

/// A device that is put back onto its bus when this is dropped: whoever stops waiting does not leave it off.
struct Off(Option<PathBuf>);

impl Off {
    fn take_off(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |file| set(file, "0"))
    }

    fn put_back(mut self) -> io::Result<()> {
        self.0.take().map_or(Ok(()), |file| set(&file, "1"))
    }
}

impl Drop for Off {
    fn drop(&mut self) {
        if let Some(file) = self.0.take() {
            let _ = set(&file, "1");
        }
    }
}

/// Writes to a file of the kernel's, which is there or not, and is never made.
fn set(file: &Path, value: &str) -> io::Result<()> {
    use io::Write as _;
    fs::OpenOptions::new().write(true).open(file)?.write_all(value.as_bytes())
}

#[cfg(test)]
mod tests {
    use ringpost_sim::Machine;

    use super::*;
    use crate::modem::script;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[tokio::test]
    async fn a_program_gets_its_arguments_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let (program, out) = (dir.path().join("switch"), dir.path().join("out"));
        script::make(&program, "printf '%s\\n' \"$@\" > \"$1\"");
        let line = words(&[program.to_str().unwrap(), out.to_str().unwrap(), "a b", "$(exit 3);"]);
        let power = PowerCommand::new(&line).unwrap();
        assert_eq!(power.cycle().await, Ok(()));
        let expected = format!("{}\na b\n$(exit 3);\n", out.display());
        assert_eq!(fs::read_to_string(&out).unwrap(), expected);
    }

    #[tokio::test]
    async fn a_program_that_fails_is_told_with_what_it_said() {
        let power = |line: &[&str]| PowerCommand::new(&words(line)).unwrap();
        let failed = power(&["/bin/sh", "-c", "echo no such hub >&2; exit 3"]).cycle().await;
        assert_eq!(failed, Err("/bin/sh failed (exit status: 3): no such hub".into()));
        let missing = power(&["/nonexistent/uhubctl"]).cycle().await.unwrap_err();
        assert!(missing.starts_with("/nonexistent/uhubctl cannot be run: "), "{missing}");
        assert!(PowerCommand::new(&[]).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_is_taken_off_its_bus_and_put_back_even_if_nobody_waits() {
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine::at(dir.path()).unwrap();
        machine.plug("1-1.2", "12d1:1506").unwrap();
        let file = dir.path().join("sys/bus/usb/devices/1-1.2/authorized");
        let authorized = || fs::read_to_string(&file).unwrap().trim().to_owned();
        let root = dir.path().to_owned();
        let task = tokio::spawn(async move { replug(&root, "1-1.2").await });
        while authorized() != "0" {
            tokio::task::yield_now().await;
        }
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(authorized(), "1");
        assert_eq!(replug(dir.path(), "1-1.2").await, Ok(()));
        assert_eq!(authorized(), "1");
        let gone = replug(dir.path(), "1-9").await.unwrap_err();
        assert!(gone.contains("1-9/authorized cannot be written"), "{gone}");
        assert!(!dir.path().join("sys/bus/usb/devices/1-9").exists());
    }
}
