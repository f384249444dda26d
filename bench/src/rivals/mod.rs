//! Ringpost beside the gateways that people would use in its place, on the same simulated modems.

mod compare;
mod gammu;
mod kill;
mod ringpost;
mod smstools;
mod table;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

pub use compare::{Load, Run, compare, idle_latency};
pub use kill::{Killed, Moment, kill};
pub use table::{Comparison, Idle};

use crate::rig::{Air, Machine, Usage};

/// A text to be sent: to whom, and what.
pub type Text = (String, String);

/// A gateway that can be measured.
pub trait Gateway {
    /// Starts it in `folder` with the modems of `air`, and waits until all are ready. After [`kill`](Self::kill),
    /// starts it again with what it has kept.
    ///
    /// # Errors
    /// It does not start.
    fn start(&mut self, folder: &Path, air: &Air) -> Result<()>;
    /// Gives it texts to send, in the way that its manual says.
    ///
    /// # Errors
    /// It does not take them.
    fn send(&mut self, texts: &[Text]) -> Result<()>;
    /// What all of it has cost.
    fn usage(&self) -> Usage;
    /// Ends it.
    fn stop(&mut self);
    /// Kills all of it at once.
    fn kill(&mut self);
    /// What it says has become of a text, after all.
    fn says(&self, text: &Text) -> String;
}

/// Which gateways are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// Ours.
    Ringpost,
    /// The SMS Server Tools 3.
    Smstools,
    /// The daemon of Gammu.
    GammuSmsd,
}

impl Which {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ringpost, Self::Smstools, Self::GammuSmsd];

    /// As tables name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ringpost => "ringpost",
            Self::Smstools => "smstools",
            Self::GammuSmsd => "gammu-smsd",
        }
    }

    /// Whether it is installed; Ringpost has been built.
    #[must_use]
    pub fn is_there(self) -> bool {
        let program = match self {
            Self::Ringpost => return true,
            Self::Smstools => smstools::PROGRAM,
            Self::GammuSmsd => gammu::PROGRAM,
        };
        Command::new(program).arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    }

    /// One of its kind that does not run yet.
    #[must_use]
    pub fn make(self, program: &Path) -> Box<dyn Gateway> {
        match self {
            Self::Ringpost => Box::new(ringpost::Ours::new(program)),
            Self::Smstools => Box::new(smstools::Smstools::default()),
            Self::GammuSmsd => Box::new(gammu::Gammu::default()),
        }
    }
}

/// Compares all that are there, or only one.
///
/// # Errors
/// Ringpost does not work at all; of the others, that is noted.
pub fn figures(program: &Path, folder: &Path, only: Option<&str>) -> Result<Comparison> {
    let mut found = Comparison {
        machine: Machine::now(),
        runs: Vec::new(),
        idle: Vec::new(),
        killed: Vec::new(),
        notes: Vec::new(),
    };
    let wanted =
        Which::ALL.into_iter().filter(|which| only.is_none_or(|only| only == which.name()));
    let (there, missing): (Vec<_>, Vec<_>) = wanted.partition(|which| which.is_there());
    found.notes.extend(missing.iter().map(|which| format!("{} is not installed", which.name())));
    let cases =
        Load::all().into_iter().flat_map(|load| there.iter().map(move |which| (load, *which)));
    for (load, which) in cases {
        eprintln!("comparing: {} with {load:?}", which.name());
        let run = compare(which, load, program, folder).with_context(|| format!("{load:?}"));
        found.take(which, run, |found, run| found.runs.push(run))?;
    }
    for which in there {
        eprintln!("comparing: {} when idle, and killed", which.name());
        found.take(which, idle_latency(which, program, folder), |found, times| {
            let (p50_ms, max_ms) = (times.p50(), times.quantile(1.0));
            found.idle.push(Idle { gateway: which, p50_ms, max_ms });
        })?;
        for moment in Moment::ALL {
            let killed = kill(which, moment, program, folder);
            found.take(which, killed, |found, killed| found.killed.push(killed))?;
        }
    }
    Ok(found)
}

/// Makes folders below `folder`, where they are missing.
fn folders(folder: &Path, names: &[&str]) -> Result<()> {
    names.iter().try_for_each(|name| {
        let path = folder.join(name);
        fs::create_dir_all(&path).with_context(|| format!("make {}", path.display()))
    })
}

/// The files of a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

/// The folders below `folder` that hold a file about this number, by name: where a spool has put it.
fn spool(folder: &Path, names: &[&str], number: &str) -> String {
    let digits = number.trim_start_matches('+');
    let holds = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().contains(digits);
        name || fs::read(path).is_ok_and(|it| String::from_utf8_lossy(&it).contains(digits))
    };
    let found = names.iter().filter(|name| files(&folder.join(name)).iter().any(holds));
    let found: Vec<_> = found.copied().collect();
    if found.is_empty() { "nowhere".to_owned() } else { format!("in {}/", found.join("/, ")) }
}
