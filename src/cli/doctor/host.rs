//! What the machine itself tells: its processes, accounts, supply and clock.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::Finding;
use crate::{config, modem::Hotplug};

/// The machine whose files are below a root: `/`, but for tests.
#[derive(Debug)]
pub(super) struct Host {
    root: PathBuf,
    /// For whom ports have to be open.
    pub(super) account: Account,
}

/// Somebody who opens ports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    /// The name.
    pub(super) name: String,
    id: u32,
    groups: Vec<u32>,
}

/// The account that the package makes.
const SERVICE: &str = "ringpost";

impl Host {
    /// Root asks for the account of the service, anybody else for themselves.
    pub(super) fn new(root: &Path) -> Self {
        let own = rustix::process::getuid().as_raw();
        let entries = read_accounts(root);
        let asked_for = |entry: &&Account| match own {
            0 => entry.name == SERVICE,
            _ => entry.id == own,
        };
        let account = entries.iter().find(asked_for).cloned().unwrap_or_else(|| Account {
            name: if own == 0 { "root".into() } else { own.to_string() },
            id: own,
            groups: rustix::process::getgroups()
                .map(|groups| groups.into_iter().map(rustix::process::Gid::as_raw).collect())
                .unwrap_or_default(),
        });
        Self { root: root.to_owned(), account }
    }

    /// A machine, and for whom ports have to be open there.
    #[cfg(test)]
    pub(super) fn for_account(root: &Path, account: Account) -> Self {
        Self { root: root.to_owned(), account }
    }

    /// A file of this machine.
    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    pub(super) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_default()
    }

    /// Whether a process of that name runs.
    pub(super) fn runs(&self, name: &str) -> bool {
        let processes = fs::read_dir(self.path("proc")).into_iter().flatten().flatten();
        processes.map(|it| it.path()).any(|process| {
            fs::read_to_string(process.join("comm")).is_ok_and(|comm| comm.trim() == name)
        })
    }

    /// Its serial ports, for these modems.
    pub(super) fn ports(&self, modems: &[config::Modem]) -> Hotplug {
        Hotplug::new(&self.root, modems.iter().map(|modem| modem.locator.clone()).collect())
    }

    /// The folder where processes are.
    pub(super) fn processes(&self) -> PathBuf {
        self.path("proc")
    }

    /// Everything that is about no modem in particular.
    pub(super) fn examine(&self) -> Vec<Finding> {
        self.supply().into_iter().chain(self.clock()).collect()
    }

    /// What the firmware of a Raspberry Pi says of its supply: bits 0 to 3 for now, 16 to 19 for what
    /// happened since it started.
    fn supply(&self) -> Option<Finding> {
        const FILE: &str = "sys/devices/platform/soc/soc:firmware/get_throttled";
        let text = self.read(FILE);
        let bits = u32::from_str_radix(text.trim().trim_start_matches("0x"), 16).ok()?;
        let about = "supply";
        let hint = "Modems draw up to 2 A in bursts: use a supply that gives them, and a hub with its own \
                    supply for modems on USB.";
        Some(match (bits & 1, bits >> 16 & 1) {
            (1, _) => Finding::problem(about, "The Pi's supply voltage is too low.", hint),
            (_, 1) => Finding::warning(
                about,
                "The Pi's supply voltage was too low at times since it started.",
                hint,
            ),
            _ => Finding::good(about, "The Pi's supply voltage has been good since it started."),
        })
    }

    /// Codes are judged by their age.
    fn clock(&self) -> Option<Finding> {
        let about = "clock";
        let known = crate::outbox::Boot::of(&self.root).clock_known;
        Some(if known {
            Finding::good(about, "The time is known.")
        } else {
            Finding::warning(
                about,
                "Nobody has set the clock since this machine started, and it has none of its own.",
                "Switch on systemd-timesyncd; until then, codes of an earlier run are not sent.",
            )
        })
    }
}

impl Account {
    #[cfg(test)]
    pub(super) fn new(name: &str, id: u32, groups: &[u32]) -> Self {
        Self { name: name.into(), id, groups: groups.to_vec() }
    }

    /// Whether it may read and write this file.
    pub(super) fn may_use(&self, file: &fs::Metadata) -> bool {
        let shift = if self.id == file.uid() {
            6
        } else if self.groups.contains(&file.gid()) {
            3
        } else {
            0
        };
        self.id == 0 || file.mode() >> shift & 0o6 == 0o6
    }
}

/// Accounts and their groups, as the files of the machine tell them.
pub(super) fn read_accounts(root: &Path) -> Vec<Account> {
    let read = |file: &str| fs::read_to_string(root.join("etc").join(file)).unwrap_or_default();
    let groups = read("group");
    let groups: Vec<(u32, Vec<&str>)> = groups
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(':').skip(2);
            let id = fields.next()?.parse().ok()?;
            Some((id, fields.next().unwrap_or_default().split(',').collect()))
        })
        .collect();
    let accounts = read("passwd");
    let accounts = accounts.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let id = fields.nth(1)?.parse().ok()?;
        let own = fields.next()?.parse().ok()?;
        let others = groups.iter().filter(|(_, members)| members.contains(&name));
        let groups = others.map(|(id, _)| *id).chain([own]).collect();
        Some(Account { name: name.to_owned(), id, groups })
    });
    accounts.collect()
}
