//! What a board file says.

use std::{fmt, path::PathBuf};

use serde::Deserialize;

/// A carrier board.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// Its name, which is the name of its file too.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// Family of the modem it carries, where it carries one for good.
    pub family: Option<String>,
    /// The host's UART that it is wired to.
    pub uart: Option<Uart>,
    /// How it looks on USB.
    pub usb: Option<Usb>,
    /// The lines that switch it.
    #[serde(default)]
    pub lines: Lines,
    /// What whoever wires it up should know.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// A UART of the host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uart {
    /// Its device.
    pub port: PathBuf,
    /// Its speed.
    pub baud: u32,
}

/// A modem on USB.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Usb {
    /// Vendor and product.
    pub id: UsbId,
    /// Number of the interface that takes AT commands.
    pub at: u8,
    /// Number of the interface that carries speech as PCM, where there is one.
    pub audio: Option<u8>,
}

/// Vendor and product of a USB device, written as `1e0e:9001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct UsbId {
    /// Vendor.
    pub vendor: u16,
    /// Product.
    pub product: u16,
}

impl TryFrom<String> for UsbId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = |part: &str| {
            let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            let digits = part.len() == 4 && part.bytes().all(lower);
            u16::from_str_radix(part, 16).ok().filter(|_| digits)
        };
        let id = text.split_once(':').and_then(|(vendor, product)| {
            Some(Self { vendor: number(vendor)?, product: number(product)? })
        });
        id.ok_or("a USB id is two numbers of four lower-case hex digits, such as \"1e0e:9001\"")
    }
}

impl fmt::Display for UsbId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.product)
    }
}

/// The lines between host and modem, by what they do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// Pressed like a button, switches the modem on and off.
    pub pwrkey: Option<Line>,
    /// Resets the modem while it is active.
    pub reset: Option<Line>,
    /// Active while the modem runs; the host reads it.
    pub status: Option<Line>,
    /// Takes the modem's supply away while it is active.
    pub supply_off: Option<Line>,
    /// Keeps the modem off the air while it is active.
    pub flight_mode: Option<Line>,
}

impl Lines {
    /// The lines there are, with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Line)> {
        [
            ("pwrkey", &self.pwrkey),
            ("reset", &self.reset),
            ("status", &self.status),
            ("supply_off", &self.supply_off),
            ("flight_mode", &self.flight_mode),
        ]
        .into_iter()
        .filter_map(|(name, line)| Some((name, line.as_ref()?)))
    }
}

/// One GPIO line of the host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Labels of the chips it may be on: one board fits several models of a host, and the chip's
    /// number changes with the kernel.
    pub chips: Vec<String>,
    /// Offset of the line on its chip.
    pub line: u32,
    /// The level, at the host, at which it does what its name says.
    pub active: Level,
}

impl Line {
    /// Whether `self` and `other` are one pin on some host.
    pub fn is_same_pin(&self, other: &Self) -> bool {
        self.line == other.line && self.chips.iter().any(|chip| other.chips.contains(chip))
    }
}

/// Level of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Near ground.
    Low,
    /// Near the supply.
    High,
}
