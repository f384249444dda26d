//! Which modem has which port, what was heard at ports, and whose an IMEI is.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ringpost_hal::at::dialogue::{Facts, Word};
use tokio::{
    sync::{Notify, futures::Notified},
    time::Instant,
};

use super::{
    Place, Problem,
    identity::{Identity, names_one},
};
use crate::domain::{Detail, Locator};

/// A port where nobody answered is asked again after this: a modem may still have been booting.
const SILENT_FOR: Duration = Duration::from_secs(10);
/// A port that was silent longer ago than this may have been opened by others since: two searches.
const SILENCE_COUNTS: Duration = Duration::from_secs(20);
/// A modem that was found to be another is asked again after this: cards are exchanged without unplugging, and what
/// was misheard is not believed for ever.
const ANOTHER_FOR: Duration = Duration::from_secs(60);
/// A modem that was found to be another's double is looked at again after this: behind a UART, nothing else tells
/// that it was exchanged.
const DOUBLE_FOR: Duration = Duration::from_secs(600);

/// The device behind a port: another one, after it was pulled out and plugged in.
pub(super) type Node = (u64, u64, i64, i64);

/// What all modems of a daemon know of ports.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    book: Mutex<Book>,
    /// Tells when something was heard.
    noted: Notify,
}

#[derive(Debug, Default)]
struct Book {
    /// Ports that are open, and for which modem.
    held: BTreeMap<PathBuf, String>,
    /// What was heard at ports.
    heard: BTreeMap<PathBuf, Heard>,
    /// Whose an IMEI is: his who came first, for as long as his device is there.
    owners: BTreeMap<String, Owner>,
}

#[derive(Debug)]
struct Owner {
    modem: String,
    device: PathBuf,
    node: Option<Node>,
}

#[derive(Debug, Clone)]
struct Heard {
    node: Option<Node>,
    at: Instant,
    said: Option<Identity>,
}

/// A port that is in use by one modem until this is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    ledger: Arc<Ledger>,
    modem: String,
    /// The port, as it was found.
    port: PathBuf,
    /// The device file itself, behind all links.
    device: PathBuf,
}

impl Ledger {
    fn book(&self) -> MutexGuard<'_, Book> {
        // Whoever panicked had it for a single insertion or look.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a port for one modem.
    ///
    /// # Errors
    /// Another modem has it.
    pub(super) fn claim(self: &Arc<Self>, place: &Place, modem: &str) -> Result<Claim, Problem> {
        let device = canonical(&place.port);
        let mut book = self.book();
        if let Some(other) = book.held.get(&device) {
            return Err(Problem::unavailable(
                format!("The port {} is used by modem {other}.", place.port.display()),
                "Two modems of the configuration are found at one port: correct one of them.",
            ));
        }
        book.held.insert(device.clone(), modem.to_owned());
        let (ledger, port) = (self.clone(), place.port.clone());
        Ok(Claim { ledger, modem: modem.to_owned(), port, device })
    }

    /// The modem that has a port open.
    pub(super) fn holder(&self, port: &Path) -> Option<String> {
        self.book().held.get(&canonical(port)).cloned()
    }

    /// What was heard at a port, as far as that still counts; `Some(None)` = nobody answered there.
    pub(super) fn known(&self, port: &Path, locator: &Locator) -> Option<Option<Identity>> {
        let device = canonical(port);
        let book = self.book();
        let heard = book.heard.get(&device).filter(|it| it.node == node_of(&device))?;
        let age = heard.at.elapsed();
        let counts = match (&heard.said, locator) {
            (None, _) => age < SILENT_FOR,
            (Some(said), Locator::Iccid(_)) if said.iccid.is_empty() => false,
            // The wanted one is not asked again: it may hang, and is brought back by other means then.
            (Some(said), _) => said.is(locator) || age < ANOTHER_FOR,
        };
        counts.then(|| heard.said.clone())
    }

    /// Whether nobody answered at a port when it was asked last, not long ago.
    pub(super) fn is_silent(&self, port: &Path) -> bool {
        let device = canonical(port);
        let book = self.book();
        let heard = book.heard.get(&device).filter(|it| it.node == node_of(&device));
        heard.is_some_and(|it| it.said.is_none() && it.at.elapsed() < SILENCE_COUNTS)
    }

    /// Resolves once something is heard from now on.
    pub(super) fn noted(&self) -> Notified<'_> {
        self.noted.notified()
    }

    /// The IMEI that was heard at a device not long ago; empty where none was.
    fn imei_at(&self, device: &Path) -> Word {
        let book = self.book();
        let heard = book.heard.get(device).filter(|it| it.node == node_of(device));
        let heard = heard.filter(|it| it.at.elapsed() < DOUBLE_FOR);
        heard.and_then(|it| it.said.as_ref()).map(|it| it.imei.clone()).unwrap_or_default()
    }

    /// Notes what was heard at a port.
    pub(super) fn note(&self, port: &Path, said: Option<Identity>) {
        let device = canonical(port);
        let heard = Heard { node: node_of(&device), at: Instant::now(), said };
        self.book().heard.insert(device, heard);
        self.noted.notify_waiters();
    }
}

impl Claim {
    /// Notes who was found to be at this port.
    ///
    /// # Errors
    /// Another modem that is plugged in is the same one, by its IMEI.
    pub(super) fn is(&self, facts: &Facts) -> Result<(), Problem> {
        let said = Identity { imei: facts.imei.clone(), iccid: facts.iccid.clone() };
        self.ledger.note(&self.device, Some(said));
        self.own(&facts.imei)
    }

    /// Refuses a port where another modem's double was heard not long ago.
    pub(super) fn check(&self) -> Result<(), Problem> {
        self.own(&self.ledger.imei_at(&self.device))
    }

    /// Takes an IMEI for this modem's.
    fn own(&self, imei: &str) -> Result<(), Problem> {
        if !names_one(imei) {
            return Ok(());
        }
        let mut book = self.ledger.book();
        let is_there =
            |owner: &&Owner| owner.node.is_some() && owner.node == node_of(&owner.device);
        let other = book.owners.get(imei).filter(is_there);
        if let Some(other) = other.filter(|other| other.modem != self.modem) {
            return Err(Problem {
                detail: Detail::DuplicateModem,
                message: format!(
                    "The modem at {} says that its IMEI is {imei}, as modem {} does.",
                    self.port.display(),
                    other.modem
                ),
                hint: "It is not used: every modem has an IMEI of its own. Exchange one of them."
                    .into(),
            });
        }
        let (modem, device) = (self.modem.clone(), self.device.clone());
        let node = node_of(&device);
        book.owners.insert(imei.to_owned(), Owner { modem, device, node });
        Ok(())
    }
}

impl Drop for Claim {
    /// From here on, the SIM may be exchanged without anybody noticing.
    fn drop(&mut self) {
        let mut book = self.ledger.book();
        book.held.remove(&self.device);
        if let Some(Heard { said: Some(said), .. }) = book.heard.get_mut(&self.device) {
            said.iccid.clear();
        }
    }
}

/// The device file itself, behind all links.
pub(super) fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// What is behind a device file now.
pub(super) fn node_of(device: &Path) -> Option<Node> {
    let seen = fs::metadata(device).ok()?;
    Some((seen.ino(), seen.rdev(), seen.ctime(), seen.ctime_nsec()))
}
