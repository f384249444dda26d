//! gammu-smsd: a daemon for each modem, with a spool of files of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result};

use super::{Gateway, Text, folders, spool};
use crate::rig::{Air, Daemon, Usage, wait_for};

pub(super) const PROGRAM: &str = "gammu-smsd";

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Gammu {
    folder: PathBuf,
    daemons: Vec<Daemon>,
    written: usize,
}

impl Gateway for Gammu {
    fn start(&mut self, folder: &Path, air: &Air) -> Result<()> {
        folder.clone_into(&mut self.folder);
        let ports = air.ports();
        let before: Vec<_> = (1..=ports.len()).map(|number| air.transcript(number).len()).collect();
        for (name, port) in &ports {
            let spool = folder.join(name);
            folders(&spool, &["inbox", "outbox", "sent", "error"])?;
            let config = spool.join("smsdrc");
            fs::write(&config, configuration(&spool, port))?;
            let mut command = Command::new(PROGRAM);
            command.arg("-c").arg(&config);
            self.daemons.push(Daemon::start(&mut command, &spool.join("out"))?);
        }
        // What it asks last before it looks for something to send.
        let asked = |number: usize| {
            let said = air.transcript(number);
            let since = said.iter().skip(before[number - 1]);
            since.filter(|line| line.text.starts_with("AT+CNMI=")).count() > 0
        };
        wait_for("gammu-smsd", PATIENCE, || (1..=ports.len()).all(asked).then_some(()))
    }

    fn send(&mut self, texts: &[Text]) -> Result<()> {
        let modems = self.daemons.len().max(1);
        for (to, text) in texts {
            // Nothing shares the work between them but whoever sends: in turns.
            let spool = self.folder.join(format!("m{}", 1 + self.written % modems));
            let number = self.written;
            self.written += 1;
            // Priority, date, time, serial number, recipient, sequence; d asks for a report.
            let name = format!(
                "OUTA20260101_{:02}{:02}{:02}_{:02}_{to}_sms0.txtd",
                number / 360_000 % 24,
                number / 6000 % 60,
                number / 100 % 60,
                number % 100
            );
            let draft = spool.join(&name);
            fs::write(&draft, text).context("write a message")?;
            fs::rename(&draft, spool.join("outbox").join(&name))?;
        }
        Ok(())
    }

    fn usage(&self) -> Usage {
        self.daemons.iter().map(Daemon::usage).fold(Usage::default(), |sum, one| sum + one)
    }

    fn stop(&mut self) {
        self.daemons.clear();
    }

    fn kill(&mut self) {
        self.daemons.iter_mut().for_each(Daemon::kill);
        self.daemons.clear();
    }

    fn says(&self, (to, _): &Text) -> String {
        spool(&self.folder.join("m1"), &["outbox", "sent", "error"], to)
    }
}

/// For speed: no sleep between looks at the outbox, and no looks at the modem's state.
fn configuration(spool: &Path, port: &Path) -> String {
    let here = spool.display();
    format!(
        "[gammu]\ndevice = {}\nconnection = at115200\n[smsd]\nservice = files\nlogfile = {here}/log\n\
         debuglevel = 0\nCommTimeout = 1\nLoopSleep = 0\nReceiveFrequency = 3600\n\
         StatusFrequency = 0\nCheckSecurity = 0\nCheckBattery = 0\nCheckSignal = 0\n\
         CheckNetwork = 0\nDeliveryReport = log\ninboxpath = {here}/inbox/\n\
         outboxpath = {here}/outbox/\nsentsmspath = {here}/sent/\nerrorsmspath = {here}/error/\n\
         outboxformat = standard\n",
        port.display()
    )
}
