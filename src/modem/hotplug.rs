//! Which port is whose, whatever the kernel calls it today.
//!
//! A modem on USB comes back under another number after it was pulled out, and two may swap their numbers
//! with every start. So a port is looked for each time it is opened: by the socket, by what is plugged in, or
//! by what answers there. What was heard at a port is remembered for as long as the same device is there.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ringpost_hal::{
    at::{
        Command, ESCAPE,
        dialogue::{Facts, Word, iccid, imei},
    },
    family::{self, Family, GENERIC},
};
use tokio::time::{Instant, timeout};

use super::{
    ModemConfig, Problem, UsbDevice,
    link::{Link, Lost},
    port::{self, Opened, Opening, Ports, Replugging},
    power,
    usb::usb_devices,
};
use crate::domain::{Detail, Locator};

/// How long a port is listened to that may be the wanted modem's. A modem that runs answers within
/// a second or two; one that boots is asked again.
const ASK: Duration = Duration::from_secs(10);
/// How often `AT` is said to a port: some lose the first line to finding out the speed, or to waking up.
const CALLS: u8 = 3;
/// A port where nobody answered is asked again after this: a modem may still have been booting.
const SILENT_FOR: Duration = Duration::from_secs(10);
/// A modem that had another SIM is asked again after this: cards are exchanged without unplugging.
const SAME_SIM_FOR: Duration = Duration::from_secs(60);
/// A modem that was found to be another's double is looked at again after this: behind a UART, nothing else tells
/// that it was exchanged.
const DOUBLE_FOR: Duration = Duration::from_secs(600);
/// After ESC: what a modem says to that comes at once.
const SETTLE: Duration = Duration::from_millis(50);

/// The device behind a port: another one, after it was pulled out and plugged in.
pub(super) type Node = (u64, u64, i64);

/// The ports of this machine, for all of its modems. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hotplug {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    /// By what all modems are found: a port that is somebody's is not asked for somebody else.
    locators: Vec<Locator>,
    ledger: Mutex<Ledger>,
    /// Held while ports are asked, so that two searches do not ask the same ones in turns.
    search: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Ledger {
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

/// What a modem answers when it is asked who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Identity {
    imei: Word,
    /// Empty where it is not known, or not known any more.
    iccid: Word,
}

/// Where a modem is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The device file of its port.
    pub port: PathBuf,
    /// What it is on USB, where it is there.
    pub usb: Option<UsbPlace>,
}

/// Where a modem is on USB, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbPlace {
    /// Its socket, such as `1-1.2`.
    pub path: String,
    /// Vendor.
    pub vendor: u16,
    /// Product.
    pub product: u16,
}

impl Place {
    /// The family that its USB ids belong to.
    pub(super) fn family(&self) -> Option<&'static Family> {
        let usb = self.usb.as_ref()?;
        family::by_usb(usb.vendor, usb.product).map(|(family, _)| family)
    }
}

/// A port that is in use by one modem until this is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    shared: Arc<Shared>,
    modem: String,
    /// The port, as it was found.
    port: PathBuf,
    /// The device file itself, behind all links.
    device: PathBuf,
}

impl Hotplug {
    /// The ports of the machine whose files are below `root`, for modems that are found by `locators`.
    pub fn new(root: &Path, locators: Vec<Locator>) -> Self {
        let ledger = Mutex::default();
        let search = tokio::sync::Mutex::default();
        Self { shared: Arc::new(Shared { root: root.to_owned(), locators, ledger, search }) }
    }

    /// Where a modem may be that is found so, the likeliest first. Asks nobody.
    ///
    /// # Errors
    /// There is no such place now.
    pub fn places(&self, locator: &Locator) -> Result<Vec<Place>, Problem> {
        let devices = usb_devices(&self.shared.root);
        match locator {
            Locator::Port(path) => Ok(vec![place_of(&devices, path)]),
            Locator::UsbPath(path) => match devices.iter().find(|it| it.path == *path) {
                Some(device) => at_ports(device),
                None => Err(absent(
                    format!("Nothing is plugged in at the USB path {path}."),
                    "Plug the modem in, or correct `usb`; it is picked up when it comes.",
                )),
            },
            Locator::UsbId { vendor, product } => {
                let mut fit =
                    devices.iter().filter(|it| (it.vendor, it.product) == (*vendor, *product));
                match (fit.next(), fit.next()) {
                    (Some(device), None) => at_ports(device),
                    (None, _) => Err(absent(
                        format!("No {locator} is plugged in."),
                        "Plug the modem in, or correct `usb`; it is picked up when it comes.",
                    )),
                    (Some(one), Some(other)) => Err(absent(
                        format!(
                            "More than one {locator} is plugged in: at {} and {}.",
                            one.path, other.path
                        ),
                        "Name one of these paths in `usb`, or the modem by `imei` or `iccid`.",
                    )),
                }
            }
            Locator::Imei(_) | Locator::Iccid(_) => Ok(self.unclaimed(&devices)),
        }
    }

    /// By what the modem at `place`, which says that its IMEI is `imei`, is best found again: by itself where
    /// that is asked for, else by its socket, else by a name of its port that stays.
    pub fn best_locator(&self, place: &Place, imei: &str) -> Locator {
        match &place.usb {
            Some(usb) if names_one(imei) && family::is_modem(usb.vendor, usb.product) => {
                Locator::Imei(imei.to_owned())
            }
            Some(usb) => Locator::UsbPath(usb.path.clone()),
            None => Locator::Port(self.lasting_name(&place.port)),
        }
    }

    /// A link to a port that udev makes anew wherever the port turns up, or else the port.
    fn lasting_name(&self, port: &Path) -> PathBuf {
        let links = fs::read_dir(self.shared.root.join("dev/serial/by-path"));
        let mut links = links.into_iter().flatten().flatten().map(|entry| entry.path());
        let file = canonical(port);
        links.find(|link| canonical(link) == file).unwrap_or_else(|| port.to_owned())
    }

    /// The ports of modems that nobody is said to have.
    fn unclaimed(&self, devices: &[UsbDevice]) -> Vec<Place> {
        let theirs = |device: &UsbDevice| {
            self.shared.locators.iter().any(|locator| match locator {
                Locator::Port(path) => {
                    let path = canonical(path);
                    device.ports.iter().any(|port| canonical(&port.device) == path)
                }
                Locator::UsbPath(path) => device.path == *path,
                Locator::UsbId { vendor, product } => {
                    (device.vendor, device.product) == (*vendor, *product)
                }
                Locator::Imei(_) | Locator::Iccid(_) => false,
            })
        };
        let modems = devices.iter().filter(|it| it.is_modem());
        modems.filter(|it| !theirs(it)).flat_map(|it| at_ports(it).unwrap_or_default()).collect()
    }

    async fn find(&self, config: &ModemConfig) -> Result<Opened, Problem> {
        let places = self.places(&config.locator)?;
        let must_ask = matches!(config.locator, Locator::Imei(_) | Locator::Iccid(_));
        if let ([place], false) = (places.as_slice(), must_ask) {
            return self.take(place, config);
        }
        // What is known needs no waiting for whoever asks at other ports.
        let is_it = |place: &&Place| {
            let known = self.known(&place.port, &config.locator).flatten();
            known.is_some_and(|said| said.is(&config.locator))
        };
        if let Some(place) = places.iter().find(is_it) {
            return self.take(place, config);
        }
        let _one_at_a_time = self.shared.search.lock().await;
        let mut in_the_way = None;
        for place in &places {
            let heard = match self.known(&place.port, &config.locator) {
                Some(said) => Ok(said),
                None => self.ask(place, config).await,
            };
            match heard {
                Ok(Some(said)) if said.is(&config.locator) => return self.take(place, config),
                Ok(_) => {}
                Err(problem) => in_the_way = Some(problem),
            }
        }
        Err(in_the_way.unwrap_or_else(|| nobody(&config.locator, places.len())))
    }

    /// Whether what is plugged in where a modem was found last is that modem, for all that can be known: another
    /// one may be there by now.
    fn is_still_there(&self, usb: &UsbPlace, config: &ModemConfig) -> Result<(), String> {
        let devices = usb_devices(&self.shared.root);
        let ids = (usb.vendor, usb.product);
        let mut there = devices.iter().filter(|it| it.path == usb.path);
        let Some(device) = there.find(|it| (it.vendor, it.product) == ids) else {
            return Err(format!("it is not plugged in at {} any more", usb.path));
        };
        let ledger = self.shared.ledger();
        let mut holders =
            device.ports.iter().filter_map(|it| ledger.held.get(&canonical(&it.device)));
        match holders.find(|holder| **holder != config.name) {
            Some(other) => Err(format!("modem {other} is plugged in at {}", usb.path)),
            None => Ok(()),
        }
    }

    /// What was heard at a port, as far as that still counts.
    fn known(&self, device: &Path, locator: &Locator) -> Option<Option<Identity>> {
        let device = canonical(device);
        let ledger = self.shared.ledger();
        let heard = ledger.heard.get(&device).filter(|it| it.node == node_of(&device))?;
        let age = heard.at.elapsed();
        let counts = match (&heard.said, locator) {
            (None, _) => age < SILENT_FOR,
            (Some(said), Locator::Iccid(_)) => !said.iccid.is_empty() && age < SAME_SIM_FOR,
            (Some(_), _) => true,
        };
        counts.then(|| heard.said.clone())
    }

    /// Asks who is at a port, unless it is in use; `None` = nobody who answers.
    async fn ask(&self, place: &Place, config: &ModemConfig) -> Result<Option<Identity>, Problem> {
        let Ok(claim) = self.shared.claim(place, &config.name) else { return Ok(None) };
        let port = port::open(&place.port, config.baud)?;
        let asked = timeout(ASK, who(Link::new(port), place.family().unwrap_or(&GENERIC))).await;
        let said = asked.ok().and_then(Result::ok).flatten();
        // Before: with the claim, what is known of the SIM ends.
        drop(claim);
        self.shared.note(&canonical(&place.port), said.clone());
        Ok(said)
    }

    /// Opens a port for a modem.
    fn take(&self, place: &Place, config: &ModemConfig) -> Result<Opened, Problem> {
        let claim = self.shared.claim(place, &config.name)?;
        claim.own(&self.shared.imei_at(&claim.device))?;
        let port = port::open(&place.port, config.baud)?;
        Ok(Opened { port, place: Some(place.clone()), claim: Some(claim) })
    }
}

impl Ports for Hotplug {
    fn open<'p>(&'p self, config: &'p ModemConfig) -> Opening<'p> {
        Box::pin(self.find(config))
    }

    fn replug<'p>(&'p self, usb: &'p UsbPlace, config: &'p ModemConfig) -> Replugging<'p> {
        Box::pin(async {
            self.is_still_there(usb, config)?;
            power::replug(&self.shared.root, &usb.path).await
        })
    }

    fn nodes(&self, config: &ModemConfig) -> Vec<Node> {
        let places = self.places(&config.locator).unwrap_or_default();
        places.iter().filter_map(|place| node_of(&place.port)).collect()
    }
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // Whoever panicked had it for a single insertion or look.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim(self: &Arc<Self>, place: &Place, modem: &str) -> Result<Claim, Problem> {
        let device = canonical(&place.port);
        let mut ledger = self.ledger();
        if let Some(other) = ledger.held.get(&device) {
            return Err(absent(
                format!("The port {} is used by modem {other}.", place.port.display()),
                "Two modems of the configuration are found at one port: correct one of them.",
            ));
        }
        ledger.held.insert(device.clone(), modem.to_owned());
        let (shared, port) = (self.clone(), place.port.clone());
        Ok(Claim { shared, modem: modem.to_owned(), port, device })
    }

    /// The IMEI that was heard at a device not long ago; empty where none was.
    fn imei_at(&self, device: &Path) -> Word {
        let ledger = self.ledger();
        let heard = ledger.heard.get(device).filter(|it| it.node == node_of(device));
        let heard = heard.filter(|it| it.at.elapsed() < DOUBLE_FOR);
        heard.and_then(|it| it.said.as_ref()).map(|it| it.imei.clone()).unwrap_or_default()
    }

    fn note(&self, device: &Path, said: Option<Identity>) {
        let heard = Heard { node: node_of(device), at: Instant::now(), said };
        self.ledger().heard.insert(device.to_owned(), heard);
    }
}

impl Claim {
    /// Notes who was found to be at this port.
    ///
    /// # Errors
    /// Another modem that is plugged in is the same one, by its IMEI.
    pub(super) fn is(&self, facts: &Facts) -> Result<(), Problem> {
        let said = Identity { imei: facts.imei.clone(), iccid: facts.iccid.clone() };
        self.shared.note(&self.device, Some(said));
        self.own(&facts.imei)
    }

    /// Takes an IMEI for this modem's.
    fn own(&self, imei: &str) -> Result<(), Problem> {
        if !names_one(imei) {
            return Ok(());
        }
        let mut ledger = self.shared.ledger();
        let is_there =
            |owner: &&Owner| owner.node.is_some() && owner.node == node_of(&owner.device);
        let other = ledger.owners.get(imei).filter(is_there);
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
        ledger.owners.insert(imei.to_owned(), Owner { modem, device, node });
        Ok(())
    }
}

impl Drop for Claim {
    /// From here on, the SIM may be exchanged without anybody noticing.
    fn drop(&mut self) {
        let mut ledger = self.shared.ledger();
        ledger.held.remove(&self.device);
        if let Some(Heard { said: Some(said), .. }) = ledger.heard.get_mut(&self.device) {
            said.iccid.clear();
        }
    }
}

impl Identity {
    /// Whether it is the modem that is looked for; any is, where neither IMEI nor ICCID is named.
    fn is(&self, locator: &Locator) -> bool {
        match locator {
            // The last of 15 digits is a check digit, which some leave out, or put the version of their
            // software in its place, 3GPP TS 23.003 6.2.
            Locator::Imei(imei) => imei.get(..14).is_some_and(|it| self.imei.starts_with(it)),
            // Some leave out the check digit, ITU-T E.118.
            Locator::Iccid(iccid) => {
                let said = self.iccid.as_str();
                !said.is_empty() && (iccid.starts_with(said) || said.starts_with(iccid.as_str()))
            }
            Locator::Port(_) | Locator::UsbPath(_) | Locator::UsbId { .. } => true,
        }
    }
}

/// Asks a modem who it is, and changes nothing about it but its echo.
async fn who<P>(mut link: Link<P>, family: &'static Family) -> Result<Option<Identity>, Lost>
where
    P: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    link.write(&[ESCAPE, b'\r']).await?;
    link.settle(SETTLE).await?;
    let mut answers = false;
    for _ in 0..CALLS {
        answers = link.execute(&Command::attention()).await?.is_ok();
        if answers {
            break;
        }
    }
    if !answers {
        return Ok(None);
    }
    link.execute(&Command::setting("E0")).await?;
    let mut said = Identity::default();
    let outcome = link.execute(&Command::imei()).await?;
    said.imei = imei(&outcome.reply()).unwrap_or_default();
    let ways = family.iccid.as_ref().map(Command::asking);
    for way in ways.into_iter().chain([Command::iccid_file()]) {
        let outcome = link.execute(&way).await?;
        if let Some(iccid) = iccid(&outcome.reply()) {
            said.iccid = iccid;
            break;
        }
    }
    Ok(Some(said))
}

/// Where the AT port of a device may be, the likeliest first.
fn at_ports(device: &UsbDevice) -> Result<Vec<Place>, Problem> {
    let usb =
        UsbPlace { path: device.path.clone(), vendor: device.vendor, product: device.product };
    let known = family::by_usb(usb.vendor, usb.product).and_then(|(_, product)| product.at);
    let certain = device.ports.iter().filter(|port| Some(port.interface) == known).take(1);
    let mut ports: Vec<_> = certain.collect();
    if ports.is_empty() {
        ports = device.ports.iter().collect();
        // Huawei tells which of its interfaces is which; the others keep their order.
        ports.sort_by_key(|port| port.protocol != HUAWEI_AT);
    }
    if ports.is_empty() {
        return Err(no_port(device));
    }
    let place = |port: &super::UsbPort| Place { port: port.device.clone(), usb: Some(usb.clone()) };
    Ok(ports.into_iter().map(place).collect())
}

/// `bInterfaceProtocol` of the port of Huawei's sticks that their own programs talk to.
const HUAWEI_AT: u8 = 0x02;

/// A port, and what it is on USB.
fn place_of(devices: &[UsbDevice], port: &Path) -> Place {
    let file = canonical(port);
    let is_it = |device: &&UsbDevice| device.ports.iter().any(|it| canonical(&it.device) == file);
    let usb = devices.iter().find(is_it).map(|device| UsbPlace {
        path: device.path.clone(),
        vendor: device.vendor,
        product: device.product,
    });
    Place { port: port.to_owned(), usb }
}

fn no_port(device: &UsbDevice) -> Problem {
    let (path, vendor, product) = (&device.path, device.vendor, device.product);
    if !device.authorized {
        return absent(
            format!(
                "What is plugged in at {path} ({vendor:04x}:{product:04x}) may not be used: it is not authorized."
            ),
            "Plug it in again, or allow it where USB devices are allowed on this machine (USBGuard).",
        );
    }
    if device.disk {
        return absent(
            format!(
                "What is plugged in at {path} ({vendor:04x}:{product:04x}) shows itself as a disk."
            ),
            "Install usb-modeswitch, which makes a modem of it; it is picked up then.",
        );
    }
    absent(
        format!("What is plugged in at {path} ({vendor:04x}:{product:04x}) has no serial port."),
        "Modems have one within half a minute; else the kernel has no driver for it: see `dmesg`.",
    )
}

fn nobody(locator: &Locator, asked: usize) -> Problem {
    let what = match locator {
        Locator::Imei(imei) => format!("No modem that is plugged in says that its IMEI is {imei}"),
        Locator::Iccid(iccid) => format!("No modem that is plugged in has the SIM {iccid}"),
        Locator::Port(_) | Locator::UsbPath(_) | Locator::UsbId { .. } => {
            format!("None of the ports of {locator} answers AT")
        }
    };
    absent(
        format!("{what}; {asked} ports were looked at."),
        "Plug it in; it is picked up when it comes. Ports of modems are looked at, and no converters.",
    )
}

fn absent(message: String, hint: &str) -> Problem {
    Problem { detail: Detail::NoModem, message, hint: hint.to_owned() }
}

/// Whether an IMEI names a single modem: some were never given one, and say zeros.
fn names_one(imei: &str) -> bool {
    let digits = imei.len() == 15 && imei.bytes().all(|it| it.is_ascii_digit());
    digits && imei.bytes().any(|it| Some(it) != imei.bytes().next())
}

/// The device file itself, behind all links.
fn canonical(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn node_of(device: &Path) -> Option<Node> {
    let seen = fs::metadata(device).ok()?;
    Some((seen.ino(), seen.rdev(), seen.ctime_nsec()))
}

#[cfg(test)]
mod tests {
    use ringpost_sim::Machine;
    use tempfile::TempDir;

    use super::*;

    /// A machine with modems of several kinds, and a serial converter.
    fn machine() -> (TempDir, Machine) {
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine::at(dir.path()).unwrap();
        let plug = |path: &str, id: &str| machine.plug(path, id).unwrap();
        // Its AT port is known.
        plug("1-1", "1e0e:9001").port(1, "ttyUSB1").unwrap().port(2, "ttyUSB2").unwrap();
        // A maker of modems, but nobody knows this product.
        plug("1-2", "2c7c:6005").port(0, "ttyUSB3").unwrap().port(3, "ttyUSB4").unwrap();
        // Huawei tells by its protocols.
        let stick = plug("1-3", "12d1:15ff");
        stick.port(0, "ttyUSB5").unwrap().protocol(0, 0x01).unwrap();
        stick.port(4, "ttyUSB6").unwrap().protocol(4, 0x02).unwrap();
        plug("1-4", "10c4:ea60").port(0, "ttyUSB7").unwrap();
        // Waits for new firmware.
        plug("1-5", "05c6:9008").port(0, "ttyUSB8").unwrap();
        (dir, machine)
    }

    /// The names of the ports where a modem may be.
    fn places(machine: &Machine, others: &[Locator], locator: &Locator) -> Vec<String> {
        let hotplug = Hotplug::new(machine.root(), others.to_vec());
        let places = hotplug.places(locator).unwrap();
        let name = |place: &Place| place.port.file_name().unwrap().to_str().unwrap().to_owned();
        places.iter().map(name).collect()
    }

    #[test]
    fn the_likeliest_port_of_a_device_comes_first() {
        let (_dir, machine) = machine();
        let at = |path: &str| places(&machine, &[], &Locator::UsbPath(path.into()));
        assert_eq!(at("1-1"), ["ttyUSB2"]);
        assert_eq!(at("1-2"), ["ttyUSB3", "ttyUSB4"]);
        assert_eq!(at("1-3"), ["ttyUSB6", "ttyUSB5"]);
        assert_eq!(at("1-4"), ["ttyUSB7"], "a converter is taken where its socket is named");
        let id = Locator::UsbId { vendor: 0x1e0e, product: 0x9001 };
        assert_eq!(places(&machine, &[], &id), ["ttyUSB2"]);
        let port = machine.root().join("dev/ttyUSB2");
        let place = Hotplug::new(machine.root(), Vec::new()).places(&Locator::Port(port)).unwrap();
        assert_eq!(place[0].usb.as_ref().map(|usb| usb.path.as_str()), Some("1-1"));
        assert_eq!(place[0].family().map(|family| family.name), Some("sim7600"));
    }

    #[test]
    fn only_ports_of_modems_that_are_nobodys_are_asked() {
        let (_dir, machine) = machine();
        let wanted = Locator::Imei("861475030000014".into());
        let all = ["ttyUSB2", "ttyUSB3", "ttyUSB4", "ttyUSB6", "ttyUSB5"];
        assert_eq!(places(&machine, std::slice::from_ref(&wanted), &wanted), all);
        let others = [
            Locator::UsbPath("1-2".into()),
            Locator::Port(machine.root().join("dev/ttyUSB5")),
            Locator::UsbId { vendor: 0x1e0e, product: 0x9001 },
        ];
        assert!(places(&machine, &others, &wanted).is_empty());
    }

    #[test]
    fn two_of_a_kind_are_not_guessed_at() {
        let (_dir, machine) = machine();
        machine.plug("2-1", "1e0e:9001").unwrap().port(2, "ttyUSB9").unwrap();
        let hotplug = Hotplug::new(machine.root(), Vec::new());
        let both = hotplug.places(&Locator::UsbId { vendor: 0x1e0e, product: 0x9001 });
        let problem = both.unwrap_err();
        assert_eq!(problem.message, "More than one 1e0e:9001 is plugged in: at 1-1 and 2-1.");
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_that_has_become_another_modems_is_not_taken_off_its_bus() {
        let (_dir, machine) = machine();
        let hotplug = Hotplug::new(machine.root(), Vec::new());
        let places = hotplug.places(&Locator::UsbPath("1-1".into())).unwrap();
        let usb = places[0].usb.clone().unwrap();
        let config = |name: &str| ModemConfig {
            name: name.into(),
            locator: Locator::UsbPath("1-1".into()),
            baud: 115_200,
            family: None,
            board: None,
            pin_file: None,
            roaming: true,
            power: None,
        };
        let (a, b) = (config("a"), config("b"));
        let claim = hotplug.shared.claim(&places[0], "a").unwrap();
        assert_eq!(hotplug.replug(&usb, &a).await, Ok(()));
        let taken = hotplug.replug(&usb, &b).await;
        assert_eq!(taken, Err("modem a is plugged in at 1-1".into()));
        drop(claim);
        assert_eq!(hotplug.replug(&usb, &b).await, Ok(()));
        machine.unplug("1-1").unwrap();
        machine.plug("1-1", "2c7c:0125").unwrap();
        let gone = hotplug.replug(&usb, &a).await;
        assert_eq!(gone, Err("it is not plugged in at 1-1 any more".into()));
    }

    #[test]
    fn what_may_not_be_used_is_said() {
        let (dir, machine) = machine();
        machine.plug("2-1", "1e0e:9001").unwrap();
        fs::write(dir.path().join("sys/bus/usb/devices/2-1/authorized"), "0\n").unwrap();
        let hotplug = Hotplug::new(machine.root(), Vec::new());
        let problem = hotplug.places(&Locator::UsbPath("2-1".into())).unwrap_err();
        assert!(problem.message.contains("(1e0e:9001) may not be used"), "{problem:?}");
    }

    #[test]
    fn a_modem_is_named_by_what_stays() {
        let (dir, machine) = machine();
        let hotplug = Hotplug::new(machine.root(), Vec::new());
        let best = |path: &str, imei: &str| {
            let places = hotplug.places(&Locator::UsbPath(path.into())).unwrap();
            let locator = hotplug.best_locator(&places[0], imei);
            format!("{} {locator}", locator.key())
        };
        assert_eq!(best("1-1", "861475030000014"), "imei 861475030000014");
        // Never given one; behind a converter that is never asked.
        assert_eq!(best("1-1", "000000000000000"), "usb 1-1");
        assert_eq!(best("1-4", "861475030000014"), "usb 1-4");
        let (port, links) = (dir.path().join("dev/ttyS0"), dir.path().join("dev/serial/by-path"));
        fs::write(&port, "").unwrap();
        fs::create_dir_all(&links).unwrap();
        std::os::unix::fs::symlink(&port, links.join("platform-uart")).unwrap();
        let place = Place { port, usb: None };
        assert_eq!(hotplug.best_locator(&place, ""), Locator::Port(links.join("platform-uart")));
    }

    #[test]
    fn numbers_are_the_same_with_and_without_their_check_digit() {
        let said = |imei: &str, iccid: &str| Identity {
            imei: Word::try_from(imei).unwrap(),
            iccid: Word::try_from(iccid).unwrap(),
        };
        let imei = Locator::Imei("861475030000014".into());
        let iccid = Locator::Iccid("8901260000000000014".into());
        assert!(said("861475030000014", "").is(&imei) && said("86147503000001", "").is(&imei));
        assert!(!said("861475030000024", "").is(&imei) && !said("", "").is(&imei));
        assert!(said("", "890126000000000001").is(&iccid) && !said("", "").is(&iccid));
    }
}
