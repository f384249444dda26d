//! What is plugged in, and what it says of itself.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use futures_util::future::join_all;

use super::{super::probe, Failure, snippet::BAUD};
use crate::{
    domain::{Detail, Locator},
    modem::{self, Hotplug, ModemConfig, Probed, Problem, UsbDevice, usb_devices},
};

/// Something that is plugged in.
pub(super) struct Found {
    /// Its number in the list, from 1.
    pub(super) number: usize,
    /// Where it is: a USB path, or a port.
    pub(super) place: String,
    /// What it is, in a line.
    pub(super) what: String,
    /// By what it is best found again; `None` where it cannot be used.
    pub(super) locator: Option<Locator>,
    /// The speed of its port.
    pub(super) baud: u32,
    /// What is wrong with it, and what to do about it.
    pub(super) problem: Option<Problem>,
}

/// Looks at all modems on USB, and at `ports`. What is no modem for all that its USB ids tell is not asked.
pub(super) fn take(root: &Path, ports: &[PathBuf], baud: u32) -> Result<Vec<Found>, Failure> {
    let hotplug = Hotplug::new(root, Vec::new());
    let devices = usb_devices(root);
    let modems: Vec<&UsbDevice> = devices.iter().filter(|it| it.is_modem()).collect();
    let on_usb = modems.iter().map(|it| Locator::UsbPath(it.path.clone()));
    let locators: Vec<_> = on_usb.chain(ports.iter().cloned().map(Locator::Port)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| Failure::while_doing("start the runtime", cause))?;
    let baud_of = |locator: &Locator| if matches!(locator, Locator::Port(_)) { baud } else { BAUD };
    let asked = locators.iter().map(|locator| {
        let config = ModemConfig::new(locator.to_string(), locator.clone(), baud_of(locator));
        modem::probe(config, &hotplug)
    });
    let answers = runtime.block_on(join_all(asked));
    let found = locators.into_iter().zip(answers).zip(1..).map(|((locator, answer), number)| {
        let device = modems.iter().find(|it| locator == Locator::UsbPath(it.path.clone()));
        let name = device.map(|it| it.name.clone()).unwrap_or_default();
        let (place, baud) = (locator.to_string(), baud_of(&locator));
        match answer {
            Err(problem) => {
                Found { number, place, what: name, locator: None, baud, problem: Some(problem) }
            }
            Ok(probed) => {
                let (what, best) = (probe::in_a_line(&probed), best(&hotplug, &probed));
                let problem = probed.problem.map(|(_, problem)| problem);
                let is_double =
                    problem.as_ref().is_some_and(|it| it.detail == Detail::DuplicateModem);
                let locator = best.or(Some(locator)).filter(|_| !is_double);
                Found { number, place, what, locator, baud, problem }
            }
        }
    });
    Ok(found.collect())
}

fn best(hotplug: &Hotplug, probed: &Probed) -> Option<Locator> {
    Some(hotplug.best_locator(probed.place.as_ref()?, &probed.facts.imei))
}

/// The list, with what is wrong below each.
pub(super) fn describe(found: &[Found]) -> String {
    if found.is_empty() {
        return "No modem is plugged in that is known by its USB ids. One on a UART or a serial converter is \
                named by --port; one that comes later is added to the configuration by \
                `ringpost probe PORT`.\n"
            .to_owned();
    }
    let width = found.iter().map(|it| it.place.chars().count()).max().unwrap_or(0);
    let mut text = String::from("Plugged in:\n");
    for one in found {
        let _ = writeln!(text, "{:>3}  {:<width$}  {}", one.number, one.place, one.what);
        if let Some(problem) = &one.problem {
            let indent = " ".repeat(7 + width);
            let _ = writeln!(text, "{indent}{}\n{indent}{}", problem.message, problem.hint);
        }
    }
    text
}
