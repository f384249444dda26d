//! One modem, from the outside: its port, who holds it, and who would.

use std::{fs, os::unix::fs::FileTypeExt as _, path::Path};

use ringpost_boards::gpio;

use super::{Finding, host::Host};
use crate::{
    config,
    domain::Locator,
    modem::{self, Hotplug},
};

/// The program that opens every modem it finds.
const MODEM_MANAGER: &str = "ModemManager";
/// The daemon's own process.
const OWN: &str = "ringpost";

/// Looks at the port of a modem and at the lines of its board; opens nothing.
pub(super) fn examine(host: &Host, ports: &Hotplug, config: &config::Modem) -> Vec<Finding> {
    let about = format!("modem {}", config.name);
    let mut findings = match ports.places(&config.locator) {
        Err(problem) => vec![Finding::problem(&about, problem.message, problem.hint)],
        Ok(places) if places.is_empty() => vec![Finding::problem(
            &about,
            format!("No modem is plugged in that its {} could be asked of.", config.locator.key()),
            "Plug it in. Ports of modems are asked, and no converters: those are named by `port`.",
        )],
        // One of them, where nobody is asked here which.
        Ok(places) => places.iter().map(|place| port(host, &about, &place.port)).collect(),
    };
    if let Locator::Port(path) = &config.locator {
        findings.extend(console(host, &about, path));
    }
    findings.extend(lines(&about, config));
    findings.extend(program(&about, config));
    findings
}

fn port(host: &Host, about: &str, configured: &Path) -> Finding {
    let shown = configured.display();
    let Ok(device) = fs::metadata(configured) else {
        return Finding::problem(
            about,
            format!("The port {shown} does not exist."),
            "Plug the modem in, or correct `port`; `ls -l /dev/serial/by-path` lists what is plugged in.",
        );
    };
    if !device.file_type().is_char_device() {
        return Finding::problem(
            about,
            format!("{shown} is no serial port."),
            "Correct `port` in the configuration.",
        );
    }
    let account = &host.account;
    if !account.may_use(&device) {
        return Finding::problem(
            about,
            format!("The port {shown} may not be opened by {}.", account.name),
            format!(
                "Add it to the port's group: usermod --append --groups dialout {}",
                account.name
            ),
        );
    }
    let holders = modem::holders(&host.processes(), configured);
    if let Some(other) = holders.iter().find(|holder| holder.name != OWN) {
        return Finding::problem(
            about,
            format!("The port {shown} is held by {other}."),
            "End that program, or tell it to keep off this port.",
        );
    }
    if host.runs(MODEM_MANAGER) && !is_ignored(host, &device) {
        return Finding::problem(
            about,
            format!("ModemManager runs, and is not kept off {shown}."),
            "Install Ringpost's udev rules and plug the modem in again, or: \
             systemctl mask --now ModemManager",
        );
    }
    let by = if holders.is_empty() { "nobody holds it" } else { "the daemon holds it" };
    Finding::good(about, format!("{shown} can be used by {}; {by}.", account.name))
}

/// Whether udev tells `ModemManager` to leave the device alone.
fn is_ignored(host: &Host, device: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let number = device.rdev();
    let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
    let known = host.read(&format!("run/udev/data/c{major}:{minor}"));
    known.lines().any(|line| matches!(line, "E:ID_MM_DEVICE_IGNORE=1" | "E:ID_MM_PORT_IGNORE=1"))
}

/// A kernel that talks on the modem's UART.
fn console(host: &Host, about: &str, configured: &Path) -> Option<Finding> {
    let device = fs::canonicalize(configured).ok()?;
    let words = host.read("proc/cmdline");
    let consoles = words.split_whitespace().filter_map(|word| word.strip_prefix("console="));
    let mut ports = consoles.map(|console| console.split(',').next().unwrap_or(console));
    let same = |port: &str| {
        let port = Path::new("/dev").join(port);
        port == configured || port == device || fs::canonicalize(&port).is_ok_and(|it| it == device)
    };
    ports.any(same).then(|| {
        Finding::problem(
            about,
            format!("The kernel uses {} as its console.", configured.display()),
            "Switch the serial console off: raspi-config, Interface Options, Serial Port.",
        )
    })
}

/// The lines of its board, as far as their chips are here.
fn lines(about: &str, config: &config::Modem) -> Option<Finding> {
    let board = config.board.as_ref()?;
    let missing = gpio::missing(board)?;
    Some(Finding::warning(
        about,
        format!("A line cannot be had: {missing}."),
        "Without it, a modem that hangs cannot be switched off and on; check `board`.",
    ))
}

/// The program that switches its power.
fn program(about: &str, config: &config::Modem) -> Option<Finding> {
    let program = config.power_command.first()?;
    (!Path::new(program).is_file()).then(|| {
        Finding::warning(
            about,
            format!("There is no program {program}."),
            "Without it, a modem that hangs cannot be switched off and on; correct `power_command`.",
        )
    })
}
