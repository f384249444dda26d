//! A folder that looks like the `/sys` and `/dev` of a machine with things plugged into USB.
//!
//! The ports' device files are a simulator's business: it makes them where its [`dir`](crate::Builder::dir) is
//! the `dev` in here, and a modem takes the name of a port with [`replug_as`](crate::ModemHandle::replug_as).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// A machine.
#[derive(Debug)]
pub struct Machine {
    root: PathBuf,
}

/// Something that is plugged in.
#[derive(Debug)]
pub struct UsbDevice {
    folder: PathBuf,
    path: String,
}

impl Machine {
    /// A machine whose files are below `root`, with nothing plugged in.
    ///
    /// # Errors
    /// When they cannot be made.
    pub fn at(root: impl Into<PathBuf>) -> io::Result<Self> {
        let root = root.into();
        for folder in ["dev", "proc", "sys/bus/usb/devices"] {
            fs::create_dir_all(root.join(folder))?;
        }
        Ok(Self { root })
    }

    /// Where its files are.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Plugs a device in, at a path such as `1-1.2`, with an id such as `1e0e:9001`.
    ///
    /// # Errors
    /// When its files cannot be made, or the id is none.
    pub fn plug(&self, path: &str, id: &str) -> io::Result<UsbDevice> {
        let (vendor, product) =
            id.split_once(':').ok_or_else(|| io::Error::other(format!("{id:?} is no id")))?;
        let device =
            UsbDevice { folder: self.root.join("sys/bus/usb/devices"), path: path.to_owned() };
        let own = device.folder.join(path);
        fs::create_dir_all(&own)?;
        for (file, text) in [
            ("idVendor", vendor),
            ("idProduct", product),
            ("manufacturer", "Simulated"),
            ("product", "Modem"),
            ("authorized", "1"),
        ] {
            fs::write(own.join(file), format!("{text}\n"))?;
        }
        Ok(device)
    }

    /// Pulls out what is plugged in at `path`.
    ///
    /// # Errors
    /// When its files cannot be removed.
    pub fn unplug(&self, path: &str) -> io::Result<()> {
        let folder = self.root.join("sys/bus/usb/devices");
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name == path || name.starts_with(&format!("{path}:")) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}

impl UsbDevice {
    /// Gives it a serial port on an interface; `ttyUSB0` and `ttyACM0` lie where their drivers put them.
    ///
    /// # Errors
    /// When its files cannot be made.
    pub fn port(&self, interface: u8, name: &str) -> io::Result<&Self> {
        let place =
            if name.starts_with("ttyACM") { format!("tty/{name}") } else { name.to_owned() };
        self.interface(interface, "ff")?;
        fs::create_dir_all(self.interface_folder(interface).join(place))?;
        Ok(self)
    }

    /// Gives it a disk on an interface.
    ///
    /// # Errors
    /// When its files cannot be made.
    pub fn disk(&self, interface: u8) -> io::Result<&Self> {
        self.interface(interface, "08")?;
        Ok(self)
    }

    /// Gives an interface a `bInterfaceProtocol`, after its port.
    ///
    /// # Errors
    /// When its file cannot be written.
    pub fn protocol(&self, interface: u8, protocol: u8) -> io::Result<&Self> {
        let file = self.interface_folder(interface).join("bInterfaceProtocol");
        fs::write(file, format!("{protocol:02x}\n"))?;
        Ok(self)
    }

    fn interface(&self, number: u8, class: &str) -> io::Result<()> {
        let folder = self.interface_folder(number);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("bInterfaceClass"), format!("{class}\n"))?;
        fs::write(folder.join("bInterfaceProtocol"), "ff\n")?;
        fs::write(folder.join("bInterfaceNumber"), format!("{number:02x}\n"))
    }

    fn interface_folder(&self, number: u8) -> PathBuf {
        self.folder.join(format!("{}:1.{number}", self.path))
    }
}
