//! SMS Server Tools 3: one process for each modem, a spool of files.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use anyhow::{Context as _, Result};

use super::{Gateway, Text, folders, spool};
use crate::rig::{Air, Daemon, Usage, wait_for};

pub(super) const PROGRAM: &str = "/usr/sbin/smsd";

/// It begins with a good deal of asking.
const PATIENCE: Duration = Duration::from_secs(60);
const SPOOL: [&str; 6] = ["outgoing", "checked", "failed", "incoming", "sent", "report"];

#[derive(Default)]
pub(super) struct Smstools {
    folder: PathBuf,
    daemon: Option<Daemon>,
    written: AtomicUsize,
}

impl Gateway for Smstools {
    fn start(&mut self, folder: &Path, air: &Air) -> Result<()> {
        folder.clone_into(&mut self.folder);
        folders(folder, &SPOOL)?;
        let _ = fs::remove_file(folder.join("modems.log"));
        let config = folder.join("smsd.conf");
        fs::write(&config, configuration(folder, air))?;
        let mut command = Command::new(PROGRAM);
        // -t keeps it in the foreground.
        command.arg(format!("-c{}", config.display())).arg("-t");
        self.daemon = Some(Daemon::start(&mut command, &folder.join("smsd.out"))?);
        // A process for each modem, one for the notifier, and itself; a modem is initialised with its
        // first message, which is not part of what is measured.
        let all = air.modems() + 2;
        wait_for("smsd's processes", PATIENCE, || (self.usage().processes >= all).then_some(()))
    }

    fn send(&mut self, texts: &[Text]) -> Result<()> {
        for (to, text) in texts {
            let number = self.written.fetch_add(1, Ordering::Relaxed);
            let digits = to.trim_start_matches('+');
            let name = format!("{number:06}-{digits}");
            let message = format!("To: {digits}\nReport: yes\n\n{text}");
            // As the manual says: written elsewhere on the same disk, and moved when complete.
            let draft = self.folder.join(&name);
            fs::write(&draft, message).context("write a message")?;
            fs::rename(&draft, self.folder.join("outgoing").join(&name))?;
        }
        Ok(())
    }

    fn usage(&self) -> Usage {
        self.daemon.as_ref().map(Daemon::usage).unwrap_or_default()
    }

    fn stop(&mut self) {
        // It may take long to notice; then it is killed.
        self.daemon = None;
    }

    fn kill(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            daemon.kill();
        }
    }

    fn says(&self, (to, _): &Text) -> String {
        spool(&self.folder, &["outgoing", "checked", "failed", "sent"], to)
    }
}

/// For speed, as its manual has it: the kernel tells of new files, no pause anywhere, spooled files are trusted and
/// taken as they come (else each modem reads all of them for each message), nothing is asked of the network, modems are
/// closed between bursts; nothing but errors in the log. It looks for a modem's answer each millisecond, not each 20, and
/// not for what it did not ask for, which takes a tenth of a second before each command.
fn configuration(folder: &Path, air: &Air) -> String {
    let here = folder.display();
    let names: Vec<_> = air.ports().into_iter().map(|(name, _)| name).collect();
    let mut text = format!(
        "devices = {}\nlogfile = {here}/log\nloglevel = 3\ninfofile = {here}/working\n\
         pidfile = {here}/pid\nnotifier = yes\ndelaytime = 0\ndelaytime_mainprocess = 0\n\
         errorsleeptime = 1\nstats_interval = 0\nautosplit = 3\ntrust_outgoing = yes\n\
         ignore_outgoing_priority = yes\nspool_directory_order = yes\n",
        names.join(", ")
    );
    for spool in SPOOL {
        let _ = writeln!(text, "{spool} = {here}/{spool}");
    }
    text.push_str(
        "[default]\nbaudrate = 115200\nincoming = no\nreport = yes\ncheck_network = 0\n\
         keep_open = no\nmemory_start = 0\nsentsleeptime = 0\n\
         detect_unexpected_input = no\npoll_faster = 100\n",
    );
    for (name, port) in air.ports() {
        let _ = writeln!(text, "[{name}]\ndevice = {}", port.display());
    }
    text
}
