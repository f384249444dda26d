//! What is plugged into USB, and the serial ports that it has, as sysfs tells.
//!
//! The crates that list serial ports or USB devices (`serialport`, `nusb`) look at `/sys` alone, which no
//! test can build, and none of them joins a port to its interface and socket: four small files do.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ringpost_hal::family;

/// `bInterfaceClass` of a disk, USB Mass Storage Class Specification 1.1.
const MASS_STORAGE: u8 = 0x08;

/// A USB device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbDevice {
    /// Its socket, such as `1-1.2`.
    pub path: String,
    /// Vendor.
    pub vendor: u16,
    /// Product.
    pub product: u16,
    /// What it calls itself; may be empty.
    pub name: String,
    /// Whether it shows a disk.
    pub disk: bool,
    /// Whether the kernel may use it: somebody may have said that it may not.
    pub authorized: bool,
    /// Its serial ports, by interface.
    pub ports: Vec<UsbPort>,
}

impl UsbDevice {
    /// Whether it is a modem, for all that its ids tell.
    pub fn is_modem(&self) -> bool {
        family::is_modem(self.vendor, self.product)
    }
}

/// A serial port of a USB device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbPort {
    /// Its device file.
    pub device: PathBuf,
    /// Number of its interface.
    pub interface: u8,
    /// `bInterfaceProtocol`.
    pub protocol: u8,
}

/// All USB devices of the machine whose files are below `root`, in the order of their paths.
pub fn usb_devices(root: &Path) -> Vec<UsbDevice> {
    let folder = root.join("sys/bus/usb/devices");
    let mut names: Vec<_> = names_in(&folder);
    names.sort();
    // Beside devices, there are their interfaces (1-1.2:1.0) and the hosts' own hubs (usb1).
    let devices = names.iter().filter(|name| !name.contains(':') && name.contains('-'));
    let devices = devices.filter_map(|path| {
        let of = |file| text(&folder.join(path).join(file));
        let interfaces = names
            .iter()
            .filter(|it| it.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with(':')));
        let interfaces: Vec<_> = interfaces.map(|it| folder.join(it)).collect();
        let classes = interfaces.iter().filter_map(|it| hex(&it.join("bInterfaceClass")));
        let mut ports: Vec<_> = interfaces.iter().flat_map(|it| ports_of(root, it)).collect();
        ports.sort_by_key(|port| port.interface);
        Some(UsbDevice {
            path: path.clone(),
            vendor: u16::from_str_radix(&of("idVendor"), 16).ok()?,
            product: u16::from_str_radix(&of("idProduct"), 16).ok()?,
            name: format!("{} {}", of("manufacturer"), of("product")).trim().to_owned(),
            authorized: of("authorized") != "0",
            disk: classes.into_iter().any(|class| class == MASS_STORAGE),
            ports,
        })
    });
    devices.collect()
}

/// The ports of an interface: `ttyUSB0` in its own folder, `ttyACM0` in `tty`.
fn ports_of(root: &Path, interface: &Path) -> Vec<UsbPort> {
    let own = names_in(interface).into_iter().filter(|name| name != "tty");
    let names = own.chain(names_in(&interface.join("tty")));
    let Some(number) = hex(&interface.join("bInterfaceNumber")) else { return Vec::new() };
    let protocol = hex(&interface.join("bInterfaceProtocol")).unwrap_or_default();
    let ports = names.filter(|name| name.starts_with("tty")).map(|name| UsbPort {
        device: root.join("dev").join(name),
        interface: number,
        protocol,
    });
    ports.collect()
}

/// The sound card of the USB device at `path`, as ALSA calls it: `sound/card1` below one of its interfaces. Its
/// name does for one modem only; its number is its own.
pub(super) fn sound_card(root: &Path, path: &str) -> Option<String> {
    let folder = root.join("sys/bus/usb/devices");
    let interfaces = names_in(&folder)
        .into_iter()
        .filter(|name| name.strip_prefix(path).is_some_and(|rest| rest.starts_with(':')));
    let mut cards = interfaces.flat_map(|name| names_in(&folder.join(name).join("sound")));
    let number = cards.find_map(|card| card.strip_prefix("card")?.parse::<u8>().ok())?;
    Some(format!("plughw:{number},0"))
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn text(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default().trim().to_owned()
}

fn hex(file: &Path) -> Option<u8> {
    u8::from_str_radix(&text(file), 16).ok()
}

#[cfg(test)]
mod tests {
    use ringpost_sim::Machine;

    use super::*;

    #[test]
    fn a_device_is_read_with_its_ports_in_the_order_of_its_interfaces() {
        let dir = tempfile::tempdir().unwrap();
        let machine = Machine::at(dir.path()).unwrap();
        let stick = machine.plug("1-1.2", "1e0e:9001").unwrap();
        stick.port(3, "ttyUSB4").unwrap().port(2, "ttyUSB9").unwrap();
        machine.plug("1-1", "0424:9514").unwrap();
        machine.plug("2-1", "12d1:1f01").unwrap().disk(0).unwrap();
        machine.plug("10-2.1.4", "1546:1102").unwrap().port(0, "ttyACM0").unwrap();
        fs::create_dir(dir.path().join("sys/bus/usb/devices/usb1")).unwrap();
        let devices = usb_devices(machine.root());
        let paths: Vec<_> = devices.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["1-1", "1-1.2", "10-2.1.4", "2-1"]);
        let stick = &devices[1];
        assert_eq!((stick.vendor, stick.product, stick.disk), (0x1e0e, 0x9001, false));
        let dev = machine.root().join("dev");
        let ports: Vec<_> = stick.ports.iter().map(|it| (it.interface, &it.device)).collect();
        assert_eq!(ports, [(2, &dev.join("ttyUSB9")), (3, &dev.join("ttyUSB4"))]);
        assert_eq!(devices[2].ports[0].device, dev.join("ttyACM0"));
        assert!(devices[3].disk && devices[0].ports.is_empty());
    }

    #[test]
    fn a_machine_without_usb_has_no_devices() {
        let dir = tempfile::tempdir().unwrap();
        assert!(usb_devices(dir.path()).is_empty());
    }
}
