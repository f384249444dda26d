//! How the modems are.

use prometheus_client::registry::Registry;

use super::family::{Labels, counters, gauges, labels};
use crate::{
    modem::{Counts, ModemState, ModemStatus, Rung},
    outbox::Outlet,
};

/// Registers how each modem is at this moment, and what has happened to it.
pub(super) fn register(registry: &mut Registry, outlets: &[Outlet]) {
    let modems = outlets.iter().map(|Outlet { handle, .. }| {
        let status = handle.status().borrow().clone();
        Modem { name: handle.name().to_owned(), status }
    });
    let modems: Vec<_> = modems.collect();
    standing(registry, &modems);
    radio(registry, &modems);
    stores(registry, &modems);
    events(registry, &modems);
}

struct Modem {
    name: String,
    status: ModemStatus,
}

impl Modem {
    fn labels<const N: usize>(&self, more: [(&'static str, &str); N]) -> Labels {
        let mut labels = labels([("modem", &self.name)]);
        labels.extend(more.map(|(name, value)| (name, value.to_owned())));
        labels
    }
}

fn standing(registry: &mut Registry, modems: &[Modem]) {
    let states = modems.iter().flat_map(|modem| {
        ModemState::ALL.into_iter().map(|state| {
            let is = f64::from(u8::from(modem.status.state == state));
            (modem.labels([("state", state.as_str())]), is)
        })
    });
    gauges(
        registry,
        ("modem_state", "1 for the state that a modem is in, 0 for the others"),
        states,
    );
    let infos = modems.iter().map(|modem| {
        let facts = &modem.status.facts;
        let family = modem.status.family.map_or("", |family| family.name);
        let words = [
            ("family", family),
            ("model", facts.model.as_str()),
            ("operator", facts.operator.as_str()),
        ];
        (modem.labels(words), 1.0)
    });
    gauges(registry, ("modem_info", "Always 1: what a modem said of itself"), infos);
}

fn radio(registry: &mut Registry, modems: &[Modem]) {
    let registrations = modems.iter().filter_map(|modem| {
        let registration = modem.status.facts.best_registration()?;
        Some((modem.labels([("registration", registration.as_str())]), 1.0))
    });
    let help = "Always 1: how a modem is registered in its network";
    gauges(registry, ("modem_registration", help), registrations);
    let technologies = modems.iter().filter_map(|modem| {
        let technology = modem.status.facts.technology?;
        Some((modem.labels([("technology", technology.as_str())]), 1.0))
    });
    let help = "Always 1: the radio technology that a modem uses";
    gauges(registry, ("modem_technology", help), technologies);
    let signals = modems
        .iter()
        .filter_map(|modem| Some((modem.labels([]), f64::from(modem.status.facts.signal_dbm?))));
    gauges(registry, ("modem_signal_dbm", "Received signal strength, in dBm"), signals);
    let references = modems
        .iter()
        .filter_map(|modem| Some((modem.labels([]), f64::from(modem.status.facts.reference_dbm?))));
    let help = "Power of the reference signal (RSRP or RSCP), in dBm";
    gauges(registry, ("modem_reference_signal_dbm", help), references);
}

fn stores(registry: &mut Registry, modems: &[Modem]) {
    let stores = || {
        modems.iter().flat_map(|modem| {
            let stores = modem.status.facts.store_use.iter();
            stores.map(|store| (modem.labels([("store", store.name.as_str())]), store))
        })
    };
    let used = stores().map(|(labels, store)| (labels, f64::from(store.used)));
    let help = "Messages in a store of the modem when it was looked at last";
    gauges(registry, ("modem_store_messages", help), used);
    let total = stores().map(|(labels, store)| (labels, f64::from(store.total)));
    let help = "Messages that a store of the modem can hold";
    gauges(registry, ("modem_store_capacity_messages", help), total);
}

/// What is read of the counts.
type Count = fn(&Counts) -> u32;

fn events(registry: &mut Registry, modems: &[Modem]) {
    let recoveries = modems.iter().flat_map(|modem| {
        Rung::ALL.into_iter().map(|rung| {
            let count = modem.status.counts.rungs.get(rung.index()).copied().unwrap_or_default();
            (modem.labels([("rung", rung.as_str())]), count.into())
        })
    });
    let help = "Means that were used to bring a modem back";
    counters(registry, ("modem_recoveries", help), recoveries);
    let exchanges = modems.iter().flat_map(|modem| {
        let exchanges = modem.status.counts.exchanges;
        let ended = [
            ("accepted", exchanges.accepted),
            ("refused", exchanges.refused),
            ("not_sent", exchanges.not_sent),
            ("unanswered", exchanges.unanswered),
        ];
        ended.map(|(word, count)| (modem.labels([("outcome", word)]), count.into()))
    });
    let help = "Segments that a modem was given to submit, by how that ended";
    counters(registry, ("modem_exchanges", help), exchanges);
    let happened: [(&str, &str, Count); 5] = [
        ("modem_restarts", "A modem restarted by itself", |counts| counts.restarts),
        ("modem_misses", "A modem did not answer AT", |counts| counts.misses),
        ("modem_under_voltage", "A modem told of a low supply voltage", |counts| {
            counts.under_voltage
        }),
        ("modem_garbage_bytes", "Bytes from the line of a modem that are no text", |counts| {
            counts.garbage
        }),
        ("modem_panics", "The task that drives a modem failed", |counts| counts.panics),
    ];
    for (name, help, count) in happened {
        let values = modems.iter().map(|it| (it.labels([]), count(&it.status.counts).into()));
        counters(registry, (name, help), values);
    }
}
