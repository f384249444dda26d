//! `[[modem]]`: which modems there are, and what each may be used for.

use std::{
    collections::BTreeMap,
    fmt,
    ops::RangeInclusive,
    path::{Path, PathBuf},
    time::Duration,
};

use ringpost_boards::{Board, Catalog, UsbId};
use ringpost_hal::family::SoundWay;

use super::{
    problem::Whence,
    reader::{Section, nearest},
    sections::{Regions, region},
};
use crate::domain::{Allowance, Channel, E164, Lane, Locator, Money};

/// Where a site describes boards of its own.
const SITE_BOARDS: &str = "/etc/ringpost/boards";

/// What modems are set to when they leave their factory.
const DEFAULT_BAUD: u32 = 115_200;

/// Name of a modem: in the API, in events and in logs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ModemName(String);

impl ModemName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn new(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let well_formed = text.len() <= 32
            && text.bytes().next().is_some_and(plain)
            && text.bytes().all(|byte| plain(byte) || byte == b'-' || byte == b'_');
        if well_formed {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "{text:?} is no name; write 1 to 32 of a-z, 0-9, - and _, beginning with a letter or digit"
        ))
    }
}

impl fmt::Display for ModemName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One modem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modem {
    /// Its name, which no other modem has.
    pub name: ModemName,
    /// By what its AT port is found, which no other modem has.
    pub locator: Locator,
    /// Speed of the port, where it is a UART; USB ports ignore it.
    pub baud: u32,
    /// Name of its family; that of its board, or what the modem says it is, if unset.
    pub family: Option<&'static str>,
    /// The board that carries it.
    pub board: Option<Board>,
    /// The SIM's own number.
    pub number: Option<E164>,
    /// The file that holds the PIN of its SIM; a credential of systemd's if unset.
    pub pin_file: Option<PathBuf>,
    /// The program that switches its power off and on, and its arguments; may be empty.
    pub power_command: Vec<String>,
    /// How it is heard in calls.
    pub sound: SoundWay,
    /// The port of its samples, where it is not found by its USB interface.
    pub audio_port: Option<PathBuf>,
    /// The sound card that it is wired to, as ALSA calls it.
    pub alsa_device: Option<String>,
    /// Whether it may be used in the network of somebody else.
    pub roaming: bool,
    /// The service centre, for a SIM that names none.
    pub smsc: Option<E164>,
    /// Whether delivery reports are asked for.
    pub reports: bool,
    /// What it may be used for, most urgent first.
    pub lanes: Vec<Lane>,
    /// By which channels.
    pub roles: Vec<Channel>,
    /// Names that it shares with other modems: a sender may be one of them.
    pub pools: Vec<String>,
    /// Regions that it may send to.
    pub regions: Regions,
    /// How much its SIM may send.
    pub allowance: Allowance,
    /// Name of its rate card, and where it is written.
    pub rates: Option<(String, Whence)>,
    /// Least time between two segments that are no passcodes.
    pub pace: Duration,
    /// Up to so much more, by chance.
    pub jitter: Duration,
}

impl Modem {
    /// Reads all modems; each name and each port, socket, IMEI or ICCID belongs to one.
    pub(super) fn read_all(root: &mut Section) -> Vec<Self> {
        let mut names = BTreeMap::new();
        let mut locators = BTreeMap::new();
        let mut sounds = BTreeMap::new();
        let read =
            |section: &mut Section| Self::read(section, &mut names, &mut locators, &mut sounds);
        root.tables("modem", read).into_iter().flatten().collect()
    }

    fn read(
        section: &mut Section,
        names: &mut BTreeMap<ModemName, Whence>,
        locators: &mut BTreeMap<Locator, Whence>,
        sounds: &mut BTreeMap<String, Whence>,
    ) -> Option<Self> {
        let name_at = section.whence_of("name");
        let name = section.required("name", "every modem has one, such as \"a\"", ModemName::new);
        claim(section, "name", names, name.as_ref(), name_at);
        let locator = locator(section, locators);
        let board = section.text("board", board);
        let baud = section.integer("baud", 1200..=4_000_000, " baud");
        let soldered_baud = || Some(board.as_ref()?.uart.as_ref()?.baud);
        let own_family = section.text("family", family);
        let soldered_family = || family(board.as_ref()?.family.as_deref()?).ok();
        let number = section.text("number", |text| {
            E164::new(text).map_err(|_| "must be the SIM's own number, such as \"+15550100000\"")
        });
        let pin_file = section.text("pin_file", |text| absolute(text, PIN_FILE));
        let power_command = power_command(section);
        let sound = section.text("sound", |text| SoundWay::parse(text).ok_or(SOUND));
        let audio_port_at = section.whence_of("audio_port");
        let audio_port = section.text("audio_port", |text| absolute(text, AUDIO_PORT));
        let port = audio_port.as_ref().map(|it| it.display().to_string());
        claim(section, "audio_port", sounds, port.as_ref(), audio_port_at);
        let alsa_device_at = section.whence_of("alsa_device");
        let alsa_device = section.text("alsa_device", alsa_device);
        claim(section, "alsa_device", sounds, alsa_device.as_ref(), alsa_device_at);
        let roaming = section.text("roaming", on_or_off);
        let smsc = section.text("smsc", |text| {
            E164::new(text)
                .map_err(|_| "must be the service centre's number, such as \"+15550100000\"")
        });
        let reports = section.text("reports", on_or_off);
        let lanes = lanes(section);
        let allowance = allowance(section);
        let rates_at = section.whence_of("rates");
        let rates = section.text("rates", |text| Ok::<_, String>(text.to_owned()));
        let milliseconds = |count: Option<u32>| Duration::from_millis(count.unwrap_or(0).into());
        let pace = milliseconds(section.integer("pace_ms", 0..=600_000, " ms"));
        let jitter = milliseconds(section.integer("jitter_ms", 0..=600_000, " ms"));
        Some(Self {
            name: name?,
            locator: locator?,
            baud: baud.or_else(soldered_baud).unwrap_or(DEFAULT_BAUD),
            family: own_family.or_else(soldered_family),
            board,
            number,
            pin_file,
            power_command,
            sound: sound.unwrap_or_default(),
            audio_port,
            alsa_device,
            roaming: roaming.unwrap_or(true),
            smsc,
            reports: reports.unwrap_or(true),
            lanes,
            roles: roles(section),
            pools: section
                .list("pools", |text| ModemName::new(text).map(|name| name.0))
                .unwrap_or_default(),
            regions: regions(section),
            allowance,
            rates: rates.map(|name| (name, rates_at)),
            pace,
            jitter,
        })
    }
}

/// By what a modem is found: exactly one of four keys says it.
fn locator(section: &mut Section, taken: &mut BTreeMap<Locator, Whence>) -> Option<Locator> {
    let here = section.whence_of("");
    let places = ["port", "usb", "imei", "iccid"].map(|key| section.whence_of(key));
    let read = [
        section.given("port", |text| absolute(text, PORT).map(Locator::Port)),
        section.given("usb", usb),
        section.given("imei", |text| digits(text, 15..=15, IMEI).map(Locator::Imei)),
        section.given("iccid", |text| digits(text, 18..=20, ICCID).map(Locator::Iccid)),
    ];
    let mut given = read.into_iter().zip(places).filter_map(|(read, at)| Some((read?, at)));
    let Some((first, at)) = given.next() else {
        section.note("port", here, format!("is missing: {FOUND_BY}"));
        return None;
    };
    if let Some((_, at)) = given.next() {
        section.note("port", at, format!("one key says where a modem is: {FOUND_BY}"));
        return None;
    }
    let locator = first?;
    claim(section, locator.key(), taken, Some(&locator), at);
    Some(locator)
}

/// Notes that `value` belongs to another modem, or that it belongs to this one.
fn claim<T: Ord + Clone>(
    section: &mut Section,
    key: &'static str,
    taken: &mut BTreeMap<T, Whence>,
    value: Option<&T>,
    whence: Whence,
) {
    let Some(value) = value else { return };
    match taken.get(value) {
        Some(Whence::Line(line)) => {
            section.note(key, whence, format!("is the {key} of the modem at line {line} already"));
        }
        Some(Whence::Variable(name)) => {
            section.note(key, whence, format!("is the {key} that {name} gives already"));
        }
        None => drop(taken.insert(value.clone(), whence)),
    }
}

const FOUND_BY: &str = "port = \"/dev/serial/by-path/…\", usb = \"1-1.2\", usb = \"1e0e:9001\", \
                        imei = \"…\" or iccid = \"…\"";

const IMEI: &str = "an IMEI, 15 digits: `ringpost probe` shows it";

const ICCID: &str = "an ICCID, 18 to 20 digits: `ringpost probe` shows it";

const PORT: &str = "the path of its AT port, such as \"/dev/serial/by-path/…\"";

const PIN_FILE: &str = "the path of the file that holds the PIN, such as \"/etc/ringpost/pin-a\"";

const AUDIO_PORT: &str = "the path of the port of its sound, such as \"/dev/serial/by-path/…\"";

const SOUND: &str = "must be \"auto\", \"pcm\", \"usb\", \"file\", \"speech\" or \"none\"";

/// The name of a sound card: an argument of a program, which must not be taken for an option.
fn alsa_device(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":,=_-.".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return Ok(text.to_owned());
    }
    Err(format!("must be a card as `aplay -L` lists them, such as \"plughw:1,0\", found {text:?}"))
}

/// A program and its arguments; no shell takes them apart.
fn power_command(section: &mut Section) -> Vec<String> {
    let at = section.whence_of("power_command");
    let words = section.list("power_command", |word| Ok(word.to_owned())).unwrap_or_default();
    if let Some(program) = words.first()
        && !Path::new(program).is_absolute()
    {
        let what = format!(
            "must begin with the path of a program, such as \"/usr/sbin/uhubctl\", found {program:?}"
        );
        section.note("power_command", at, what);
    }
    words
}

/// The path of a USB device, or a vendor and a product.
fn usb(text: &str) -> Result<Locator, String> {
    if is_usb_path(text) {
        return Ok(Locator::UsbPath(text.to_owned()));
    }
    UsbId::try_from(text.to_lowercase())
        .map(|UsbId { vendor, product }| Locator::UsbId { vendor, product })
        .map_err(|_| {
            format!(
                "must be a USB path such as \"1-1.2\", or vendor and product such as \"1e0e:9001\", \
                 found {text:?}"
            )
        })
}

/// Whether a text is the path of a USB device: a bus, and ports from hub to hub.
fn is_usb_path(text: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    text.split_once('-').is_some_and(|(bus, ports)| number(bus) && ports.split('.').all(number))
}

fn digits(text: &str, length: RangeInclusive<usize>, what: &str) -> Result<String, String> {
    if length.contains(&text.len()) && text.bytes().all(|it| it.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err(format!("must be {what}; found {text:?}"))
}

/// A path that means the same wherever the daemon is started; `what` says what belongs there.
fn absolute(text: &str, what: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    if path.is_absolute() {
        Ok(path.to_path_buf())
    } else {
        Err(format!("must be {what}, found {text:?}"))
    }
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("must be \"on\" or \"off\", found {text:?}")),
    }
}

fn family(text: &str) -> Result<&'static str, String> {
    let families = ringpost_hal::family::ALL.map(|family| family.name);
    families.into_iter().find(|family| *family == text).ok_or_else(|| {
        let instead = match nearest(text, &families) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("the families are {}", families.join(", ")),
        };
        format!("{text:?} is no family; {instead}")
    })
}

/// A board that comes with Ringpost, or that the site describes.
fn board(text: &str) -> Result<Board, String> {
    let mut boards = Catalog::embedded().map_err(|cause| cause.to_string())?;
    boards.extend_from(Path::new(SITE_BOARDS)).map_err(|cause| cause.to_string())?;
    boards.get(text).cloned().ok_or_else(|| {
        let names: Vec<_> = boards.iter().map(|board| board.name.as_str()).collect();
        let instead = match nearest(text, &names) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("the boards are {}", names.join(", ")),
        };
        format!("{text:?} is no board; {instead}")
    })
}

fn allowance(section: &mut Section) -> Allowance {
    let mut segments = |key| section.integer(key, 1..=1_000_000, " segments");
    Allowance {
        per_minute: segments("max_per_minute"),
        per_hour: segments("max_per_hour"),
        per_day: segments("max_per_day"),
        per_month: segments("max_per_month"),
        cost_per_month: section.text("max_cost_per_month", |text| {
            Money::parse(text).ok_or("must be an amount such as \"20.00\"")
        }),
    }
}

fn roles(section: &mut Section) -> Vec<Channel> {
    let all = [Channel::Sms, Channel::Voice];
    let listed = section.list("roles", |text| {
        let role = all.into_iter().find(|role| role.as_str() == text);
        role.ok_or_else(|| format!("{text:?} is no role; the roles are sms and voice"))
    });
    listed.unwrap_or_else(|| all.to_vec())
}

fn regions(section: &mut Section) -> Regions {
    let listed = section.list("regions", region);
    listed.map_or(Regions::Anywhere, Regions::Only)
}

fn lanes(section: &mut Section) -> Vec<Lane> {
    let at = section.whence_of("lanes");
    let listed = section.list("lanes", |text| {
        Lane::ALL
            .into_iter()
            .find(|lane| lane.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no lane; the lanes are otp, alert and bulk"))
    });
    match listed {
        None => Lane::ALL.to_vec(),
        Some(listed) => {
            if listed.is_empty() {
                let what = "must name a lane; leave it out to use the modem for every lane";
                section.note("lanes", at, what.into());
            }
            Lane::ALL.into_iter().filter(|lane| listed.contains(lane)).collect()
        }
    }
}
