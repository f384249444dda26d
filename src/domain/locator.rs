//! By what a modem is found.

use std::{fmt, path::PathBuf};

/// By what a modem is found among all that are plugged in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Locator {
    /// The device file of its AT port.
    Port(PathBuf),
    /// The USB socket that it is plugged into, as the kernel counts: `1-1.2` is bus 1, port 1, port 2 of the
    /// hub there.
    UsbPath(String),
    /// What it is on USB.
    UsbId {
        /// Vendor.
        vendor: u16,
        /// Product.
        product: u16,
    },
    /// Its International Mobile Equipment Identity, 15 digits.
    Imei(String),
    /// The number of the SIM card that it carries, 18 to 20 digits.
    Iccid(String),
}

impl Locator {
    /// The key in the configuration.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Port(_) => "port",
            Self::UsbPath(_) | Self::UsbId { .. } => "usb",
            Self::Imei(_) => "imei",
            Self::Iccid(_) => "iccid",
        }
    }
}

impl fmt::Display for Locator {
    /// Its value in the configuration.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(path) => path.display().fmt(f),
            Self::UsbPath(text) | Self::Imei(text) | Self::Iccid(text) => f.write_str(text),
            Self::UsbId { vendor, product } => write!(f, "{vendor:04x}:{product:04x}"),
        }
    }
}
