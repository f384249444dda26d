//! Which port is whose, whatever the kernel calls it today.
//!
//! A modem on USB comes back under another number after it was pulled out, and two may swap their numbers
//! with every start. So a port is looked for each time it is opened: by the socket, by what is plugged in, or
//! by what answers there. What was heard at a port is remembered for as long as the same device is there.

use std::{
    fs, io,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use ringpost_hal::family::{self, Family, GENERIC, Sink};
use tokio::time::timeout;

use super::{
    ModemConfig, Problem, UsbDevice,
    audio::{Pump, Wires},
    identity::{self, Identity, names_one},
    ledger::{Ledger, Node, canonical, node_of},
    link::Link,
    port::{Opened, Opening, Ports, Replugging, SerialPorts},
    power,
    usb::{sound_card, usb_devices},
};
use crate::domain::{Detail, Locator};

/// How long a port is asked that may be the wanted modem's: three times `AT`, which some lose to finding out the
/// speed or to waking up. One that boots is asked again later.
const ASK: Duration = Duration::from_secs(6);

/// How long the others are heard out once the wanted one has answered: one of them may say the same of itself. Who
/// is awake answers within a fraction of it.
const HEAR_OUT: Duration = Duration::from_secs(1);

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
    ledger: Arc<Ledger>,
    /// Held while ports are asked, so that two searches do not ask the same ones in turns.
    search: tokio::sync::Mutex<()>,
    serial: SerialPorts,
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

impl Hotplug {
    /// The ports of the machine whose files are below `root`, for modems that are found by `locators`.
    pub fn new(root: &Path, locators: Vec<Locator>) -> Self {
        let ledger = Arc::default();
        let search = tokio::sync::Mutex::default();
        let (root, serial) = (root.to_owned(), SerialPorts::default());
        Self { shared: Arc::new(Shared { root, locators, ledger, search, serial }) }
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
                None => Err(Problem::absent(
                    format!("Nothing is plugged in at the USB path {path}."),
                    "Plug the modem in, or correct `usb`; it is picked up when it comes.",
                )),
            },
            Locator::UsbId { vendor, product } => {
                let mut fit =
                    devices.iter().filter(|it| (it.vendor, it.product) == (*vendor, *product));
                match (fit.next(), fit.next()) {
                    (Some(device), None) => at_ports(device),
                    (None, _) => Err(Problem::absent(
                        format!("No {locator} is plugged in."),
                        "Plug the modem in, or correct `usb`; it is picked up when it comes.",
                    )),
                    (Some(one), Some(other)) => Err(Problem::unavailable(
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
            return self.take(place, config).await;
        }
        let mut turn = pin!(self.shared.search.lock());
        let _one_at_a_time = loop {
            let mut noted = pin!(self.shared.ledger.noted());
            noted.as_mut().enable();
            // What is known needs no waiting for whoever asks at other ports, and is known by him first.
            if let Some(place) = self.known(&places, &config.locator)? {
                return self.take(place, config).await;
            }
            tokio::select! {
                turn = &mut turn => break turn,
                () = noted => {}
            }
        };
        // A port where nobody answers holds nobody up at other devices.
        let devices = places.chunk_by(|one, other| one.usb == other.usb);
        let mut searches: FuturesUnordered<_> =
            devices.map(|places| self.search(places, config)).collect();
        let mut in_the_way = None;
        while let Some(found) = searches.next().await {
            match found {
                Ok(Some(place)) => {
                    let others = async { while searches.next().await.is_some() {} };
                    let _ = timeout(HEAR_OUT, others).await;
                    let known = self.known(&places, &config.locator)?;
                    return self.take(known.unwrap_or(place), config).await;
                }
                Ok(None) => {}
                Err(problem) => in_the_way = Some(problem),
            }
        }
        Err(in_the_way.unwrap_or_else(|| self.nobody(&config.locator, &places)))
    }

    /// Where the modem was heard, if it was.
    ///
    /// # Errors
    /// Two devices say that they are it: nobody knows which is meant.
    fn known<'p>(
        &self,
        places: &'p [Place],
        locator: &Locator,
    ) -> Result<Option<&'p Place>, Problem> {
        let is_it = |place: &&Place| {
            let known = self.shared.ledger.known(&place.port, locator).flatten();
            known.is_some_and(|said| said.is(locator))
        };
        let mut found = places.iter().filter(is_it);
        let Some(first) = found.next() else { return Ok(None) };
        match found.find(|place| place.usb != first.usb) {
            Some(second) => Err(Problem {
                detail: Detail::DuplicateModem,
                message: format!(
                    "Two modems say that {locator} is theirs: at {} and {}.",
                    first.port.display(),
                    second.port.display()
                ),
                hint: "Neither is used. Pull one of them out, or name the one that is meant by `usb` or `iccid`."
                    .into(),
            }),
            None => Ok(Some(first)),
        }
    }

    /// The port of a device where the modem is, if it is there.
    async fn search<'p>(
        &self,
        places: &'p [Place],
        config: &ModemConfig,
    ) -> Result<Option<&'p Place>, Problem> {
        let mut in_the_way = None;
        for place in places {
            let heard = match self.shared.ledger.known(&place.port, &config.locator) {
                Some(said) => Ok(said),
                None => self.ask(place, config).await,
            };
            match heard {
                Ok(Some(said)) if said.is(&config.locator) => return Ok(Some(place)),
                Ok(_) => {}
                Err(problem) => in_the_way = Some(problem),
            }
        }
        in_the_way.map_or(Ok(None), Err)
    }

    /// No modem of `places` is the one that is looked for.
    fn nobody(&self, locator: &Locator, places: &[Place]) -> Problem {
        let what = match locator {
            Locator::Imei(imei) => {
                format!("No modem that is plugged in says that its IMEI is {imei}")
            }
            Locator::Iccid(iccid) => format!("No modem that is plugged in has the SIM {iccid}"),
            Locator::Port(_) | Locator::UsbPath(_) | Locator::UsbId { .. } => {
                format!("None of the ports of {locator} answers AT")
            }
        };
        let asked = places.len();
        let silent = places.iter().filter(|place| self.shared.ledger.is_silent(&place.port));
        let silent: Vec<_> = silent.map(|place| place.port.display().to_string()).collect();
        if silent.is_empty() {
            return Problem::absent(
                format!("{what}; {asked} ports were looked at."),
                "Plug it in; it is picked up when it comes. Ports of modems are looked at, and no \
                 converters.",
            );
        }
        Problem::absent(
            format!(
                "{what}; {asked} ports were looked at, and nobody answers at {}.",
                silent.join(", ")
            ),
            "Plug it in; if it is plugged in, it hangs: a modem on USB is taken off its bus and put \
             back after some minutes, or pull it out and plug it in.",
        )
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
        let holders = device.ports.iter().filter_map(|it| self.shared.ledger.holder(&it.device));
        match holders.into_iter().find(|holder| *holder != config.name) {
            Some(other) => Err(format!("modem {other} is plugged in at {}", usb.path)),
            None => Ok(()),
        }
    }

    /// Asks who is at a port, unless it is in use; `None` = nobody who answers.
    async fn ask(&self, place: &Place, config: &ModemConfig) -> Result<Option<Identity>, Problem> {
        let Ok(claim) = self.shared.ledger.claim(place, &config.name) else { return Ok(None) };
        let port = self.shared.serial.open(&place.port, config.baud).await?;
        let asked =
            timeout(ASK, identity::ask(Link::new(port), place.family().unwrap_or(&GENERIC))).await;
        let said = asked.ok().and_then(Result::ok);
        // Before: with the claim, what is known of the SIM ends.
        drop(claim);
        self.shared.ledger.note(&place.port, said.clone());
        Ok(said)
    }

    /// Opens a port for a modem.
    async fn take(&self, place: &Place, config: &ModemConfig) -> Result<Opened, Problem> {
        let claim = self.shared.ledger.claim(place, &config.name)?;
        claim.check()?;
        let port = self.shared.serial.open(&place.port, config.baud).await?;
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

    fn silent(&self, config: &ModemConfig) -> Vec<UsbPlace> {
        let places = self.places(&config.locator).unwrap_or_default();
        let named = !matches!(config.locator, Locator::Imei(_) | Locator::Iccid(_));
        let devices = places.chunk_by(|one, other| one.usb == other.usb);
        let silent = devices
            .filter(|ports| ports.iter().all(|it| self.shared.ledger.is_silent(&it.port)))
            .filter_map(|ports| ports.first()?.usb.clone())
            // Of what nobody named, it has to be sure that it would answer there.
            .filter(|usb| named || known_port(usb).is_some());
        silent.collect()
    }

    fn audio_port(&self, config: &ModemConfig, place: Option<&Place>) -> Option<PathBuf> {
        let found = || {
            let usb = place?.usb.as_ref()?;
            let (_, product) = family::by_usb(usb.vendor, usb.product)?;
            let device =
                usb_devices(&self.shared.root).into_iter().find(|it| it.path == usb.path)?;
            let port = device.ports.into_iter().find(|it| Some(it.interface) == product.audio)?;
            Some(port.device)
        };
        config.sound.audio_port.clone().or_else(found)
    }

    fn carry(
        &self,
        sink: Sink,
        config: &ModemConfig,
        place: Option<&Place>,
        pump: Pump,
    ) -> io::Result<()> {
        let none = || io::Error::new(io::ErrorKind::NotFound, "it is not there");
        let wires = if sink == Sink::Alsa {
            Wires::card(&self.sound_card(config, place).ok_or_else(none)?)
        } else {
            Wires::serial(&self.audio_port(config, place).ok_or_else(none)?)
        };
        pump.run_on(wires?)
    }

    fn sound_card(&self, config: &ModemConfig, place: Option<&Place>) -> Option<String> {
        let found = || sound_card(&self.shared.root, &place?.usb.as_ref()?.path);
        config.sound.alsa_device.clone().or_else(found)
    }

    fn nodes(&self, config: &ModemConfig) -> Vec<Node> {
        let places = self.places(&config.locator).unwrap_or_default();
        places.iter().filter_map(|place| node_of(&place.port)).collect()
    }
}

/// Where the AT port of a device may be, the likeliest first.
fn at_ports(device: &UsbDevice) -> Result<Vec<Place>, Problem> {
    let usb =
        UsbPlace { path: device.path.clone(), vendor: device.vendor, product: device.product };
    let known = known_port(&usb);
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

/// The interface of a product that takes AT commands, where that is known.
fn known_port(usb: &UsbPlace) -> Option<u8> {
    family::by_usb(usb.vendor, usb.product).and_then(|(_, product)| product.at)
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
        return Problem::absent(
            format!(
                "What is plugged in at {path} ({vendor:04x}:{product:04x}) may not be used: it is not authorized."
            ),
            "Plug it in again, or allow it where USB devices are allowed on this machine (USBGuard).",
        );
    }
    if device.disk {
        return Problem::absent(
            format!(
                "What is plugged in at {path} ({vendor:04x}:{product:04x}) shows itself as a disk."
            ),
            "Install usb-modeswitch, which makes a modem of it; it is picked up then.",
        );
    }
    Problem::absent(
        format!("What is plugged in at {path} ({vendor:04x}:{product:04x}) has no serial port."),
        "Modems have one within half a minute; else the kernel has no driver for it: see `dmesg`.",
    )
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

    fn config(name: &str, locator: Locator) -> ModemConfig {
        ModemConfig::new(name, locator, 115_200)
    }

    /// The names of the ports where a modem may be.
    fn places(machine: &Machine, others: &[Locator], locator: &Locator) -> Vec<String> {
        let hotplug = Hotplug::new(machine.root(), others.to_vec());
        let places = hotplug.places(locator).unwrap();
        let name = |place: &Place| place.port.file_name().unwrap().to_str().unwrap().to_owned();
        places.iter().map(name).collect()
    }

    #[test]
    fn the_sound_of_a_modem_is_found_beside_its_port() {
        let (dir, machine) = machine();
        let modem = machine.plug("2-1", "1e0e:9001").unwrap();
        modem.port(2, "ttyUSB9").unwrap().port(4, "ttyUSB11").unwrap();
        let hotplug = Hotplug::new(machine.root(), Vec::new());
        let [place] = &hotplug.places(&Locator::UsbPath("2-1".into())).unwrap()[..] else {
            panic!()
        };
        let mut config = config("a", Locator::UsbPath("2-1".into()));
        let port = hotplug.audio_port(&config, Some(place)).unwrap();
        assert_eq!(port.file_name().unwrap(), "ttyUSB11");
        // A UART tells nothing of a second port.
        assert_eq!(hotplug.audio_port(&config, None), None);
        config.sound.audio_port = Some("/dev/other".into());
        assert_eq!(hotplug.audio_port(&config, Some(place)), Some("/dev/other".into()));
        assert_eq!(hotplug.sound_card(&config, Some(place)), None);
        let card = dir.path().join("sys/bus/usb/devices/2-1:1.4/sound/card3");
        fs::create_dir_all(card).unwrap();
        assert_eq!(hotplug.sound_card(&config, Some(place)).as_deref(), Some("plughw:3,0"));
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
        let socket = || Locator::UsbPath("1-1".into());
        let (a, b) = (config("a", socket()), config("b", socket()));
        let claim = hotplug.shared.ledger.claim(&places[0], "a").unwrap();
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

    #[tokio::test]
    async fn what_does_not_answer_may_be_the_modem_unless_it_is_known_or_nobody_can_say() {
        let (dir, machine) = machine();
        for port in ["ttyUSB1", "ttyUSB2", "ttyUSB3", "ttyUSB4"] {
            fs::write(dir.path().join("dev").join(port), "").unwrap();
        }
        let hotplug = Hotplug::new(machine.root(), Vec::new());
        let silent = |locator: Locator| {
            let config = config("a", locator);
            let found = hotplug.silent(&config).into_iter().map(|usb| usb.path);
            found.collect::<Vec<_>>()
        };
        let (imei, named) =
            (|| Locator::Imei("861475030000014".into()), || Locator::UsbPath("1-2".into()));
        assert!(silent(imei()).is_empty(), "nobody was asked");
        let hears = |port: &str, said| {
            hotplug.shared.ledger.note(&dir.path().join("dev").join(port), said);
        };
        hears("ttyUSB2", None);
        hears("ttyUSB3", None);
        assert_eq!(silent(imei()), ["1-1"]);
        assert!(silent(named()).is_empty(), "it has another port");
        hears("ttyUSB4", None);
        assert_eq!(silent(named()), ["1-2"]);
        assert_eq!(silent(imei()), ["1-1"], "of the other one, nobody knows where it would answer");
        hears("ttyUSB2", Some(Identity::default()));
        assert!(silent(imei()).is_empty());
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
}
