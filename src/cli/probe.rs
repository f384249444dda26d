//! `ringpost probe`.

use std::{fmt::Write as _, path::PathBuf};

use ringpost_hal::at::dialogue::Facts;
use serde_json::{Value, json};

use super::{
    Failure, Machine, Output,
    modems::calls,
    snippet::{BAUD, modem_table},
    table::cell,
};
use crate::{
    domain::Locator,
    modem::{self, Hotplug, ModemConfig, Probed, Problem},
};

#[derive(Debug, clap::Args)]
pub(super) struct Probe {
    /// The serial port of its AT commands, such as /dev/ttyUSB2; no daemon may have it open.
    port: PathBuf,
    /// Speed of the port, where it is a UART.
    #[arg(long, default_value_t = BAUD)]
    baud: u32,
    /// Its family, where you know better than it says.
    #[arg(long)]
    family: Option<String>,
    #[command(flatten)]
    machine: Machine,
    #[command(flatten)]
    output: Output,
}

impl Probe {
    pub(super) fn run(self) -> Result<(), Failure> {
        let family = self.family.as_deref().map(|name| {
            let unknown = || Failure::Failed(format!("no family is called {name:?}"));
            ringpost_hal::family::by_name(name).ok_or_else(unknown)
        });
        let config = ModemConfig {
            family: family.transpose()?,
            ..ModemConfig::new("probe", Locator::Port(self.port), self.baud)
        };
        let ports = Hotplug::new(&self.machine.root, Vec::new());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|cause| Failure::while_doing("start the runtime", cause))?;
        let said =
            |problem: Problem| Failure::Failed(format!("{} {}", problem.message, problem.hint));
        let probed = runtime.block_on(modem::probe(config, &ports)).map_err(said)?;
        let mut value = shown(&probed);
        let locator = probed.place.as_ref().map(|it| ports.best_locator(it, &probed.facts.imei));
        let table = locator.map(|it| modem_table("a", &it, self.baud, &in_a_line(&probed)));
        if let Some(members) = value.as_object_mut() {
            members.insert("config".into(), table.into());
        }
        self.output.print(&value, describe)?;
        match probed.problem {
            None => Ok(()),
            Some(_) if self.output.json => Err(Failure::Reported),
            Some((step, problem)) => {
                let at = step.map(|step| format!("at step \"{step}\": ")).unwrap_or_default();
                Err(Failure::Failed(format!("{at}{} {}", problem.message, problem.hint)))
            }
        }
    }
}

fn shown(probed: &Probed) -> Value {
    let facts = &probed.facts;
    let said = |word: &str| (!word.is_empty()).then(|| word.to_owned());
    let stores: Vec<_> = facts
        .store_use
        .iter()
        .map(|it| json!({"name": it.name.as_str(), "used": it.used, "total": it.total}))
        .collect();
    json!({
        "manufacturer": said(&facts.manufacturer),
        "model": said(&facts.model),
        "revision": said(&facts.revision),
        "imei": said(&facts.imei),
        "family": probed.family.map(|family| family.name),
        "proof": probed.family.map(|family| family.proof.unwrap_or("none")),
        "iccid": said(&facts.iccid),
        "imsi": said(&facts.imsi),
        "number": said(&facts.number),
        "pin_retries": facts.pin_retries,
        "operator": said(&facts.operator),
        "registration": facts.best_registration().map(|it| it.as_str()),
        "technology": facts.technology.map(|it| it.as_str()),
        "signal_dbm": facts.signal_dbm,
        "reference_dbm": facts.reference_dbm,
        "service_centre": said(&facts.service_centre),
        "store": said(&facts.store),
        "stores": stores,
        "delivery_reports": facts.reports.as_str(),
        "sets": settings(facts),
        "voice": facts.voice.map(|it| json!({"sound": it.sink.as_str(), "keys": it.keys})),
        "restarts_by": probed.family.and_then(|family| family.restart).map(|it| it.say),
        "ready": probed.problem.is_none(),
        "step": probed.problem.as_ref().and_then(|(step, _)| *step),
        "problem": probed.problem.as_ref().map(|(_, problem)| problem.message.clone()),
    })
}

/// What is set in a modem, whatever it was set to before.
fn settings(facts: &Facts) -> Option<String> {
    if facts.indications.is_empty() {
        return None;
    }
    let stores = vec![format!("{:?}", facts.store.as_str()); facts.store_places.into()];
    let indications: Vec<_> = facts.indications.iter().map(u8::to_string).collect();
    let link = if facts.holds_link { ", +CMMS=1 in bursts" } else { "" };
    Some(format!(
        "+CMGF=0, +CSMS={}, +CPMS={}, +CNMI={}{link}",
        facts.service,
        stores.join(","),
        indications.join(",")
    ))
}

/// One line for each thing, and aloud what nobody has seen yet.
fn describe(probed: &Value) -> String {
    let members = probed.as_object().into_iter().flatten();
    let known = members.filter(|(name, value)| {
        !matches!(name.as_str(), "stores" | "step" | "problem" | "config") && !value.is_null()
    });
    let line = |name: &str| {
        let said = match name {
            "voice" => calls(probed),
            _ => cell(probed, &format!("/{name}")),
        };
        format!("{:<18}{said}\n", name.replace('_', " "))
    };
    let mut text: String = known.map(|(name, _)| line(name)).collect();
    if probed.get("proof").and_then(Value::as_str) == Some("none") {
        text += "\nNo modem of this family has been seen to talk as it is driven here: it is driven by the\n\
                 standards alone. Please report what it says, so that its family can be added.\n";
    }
    if let Some(table) = probed.get("config").and_then(Value::as_str) {
        let _ = write!(text, "\nFor the configuration:\n\n{table}");
    }
    text
}

/// A modem in a line, for people: what it is, where it is, which SIM it carries.
pub(super) fn in_a_line(probed: &Probed) -> String {
    let facts = &probed.facts;
    let usb = probed.place.as_ref().and_then(|place| place.usb.as_ref());
    let named = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!("{name}{value}"),
    };
    let parts = [
        format!("{} {}", facts.manufacturer, facts.model).trim().to_owned(),
        usb.map(|it| format!("USB {:04x}:{:04x} at {}", it.vendor, it.product, it.path))
            .unwrap_or_default(),
        named("IMEI ", &facts.imei),
        named("SIM ", &facts.iccid),
    ];
    let said: Vec<_> = parts.into_iter().filter(|it| !it.is_empty()).collect();
    said.join(", ")
}
