//! `GET /`: the simulator at a glance, as plain text.

use std::{fmt::Write as _, sync::Arc};

use axum::extract::State;

use crate::{
    call::Call,
    hub::{Hub, lock},
};

/// How many of the latest texts are shown.
const LATEST: usize = 20;

pub(super) async fn page(State(hub): State<Arc<Hub>>) -> String {
    render(&hub)
}

/// Modems, phones and the latest texts.
pub(crate) fn render(hub: &Arc<Hub>) -> String {
    let mut page = String::from("Ringpost simulator\n\nMODEMS\n");
    for (index, slot) in hub.slots.iter().enumerate() {
        let plugged = lock(&slot.port).is_some();
        let state = hub.with_device(index, |device| {
            let faults: Vec<_> =
                device.faults.active().iter().map(|spec| spec.fault.name()).collect();
            let registered = if device.registered() { "registered" } else { "not registered" };
            (device.profile.name, device.card.number.clone(), registered, faults.join(" "))
        });
        let Some((family, number, registered, faults)) = state else {
            continue;
        };
        let state = if plugged { registered } else { "unplugged" };
        let port = hub.port_path(index);
        let _ = writeln!(
            page,
            "  {:<5} {family:<10} {number:<14} {state:<15} {} {faults}",
            slot.name,
            port.display()
        );
    }
    hub.with_network(|network| {
        let _ = writeln!(page, "\nNETWORK\n  {} messages seen", network.submits.len());
        page.push_str("\nPHONES\n");
        for (number, phone) in &network.phones {
            let state = if phone.reachable { "on" } else { "off" };
            let _ = writeln!(page, "  {number:<16} {state:<4} {} texts", phone.texts.len());
        }
        let mut texts: Vec<_> = network
            .phones
            .iter()
            .flat_map(|(number, phone)| phone.texts.iter().map(move |(_, text)| (number, text)))
            .collect();
        texts.sort_by_key(|(_, text)| std::cmp::Reverse(text.at));
        page.push_str("\nLATEST CALLS\n");
        for call in network.calls.all().rev().take(LATEST).map(Call::record) {
            let at = call.at.strftime("%H:%M:%S");
            let state = match (call.answered_ms, call.ended_ms) {
                (None, None) => "rings",
                (Some(_), None) => "talks",
                (None, Some(_)) => "not answered",
                (Some(_), Some(_)) => "ended",
            };
            let seconds = call.samples / 8000;
            let _ = writeln!(page, "  {at}  {} -> {}  {state}, {seconds} s", call.from, call.to);
        }
        page.push_str("\nLATEST TEXTS\n");
        for (number, text) in texts.into_iter().take(LATEST) {
            let at = text.at.strftime("%H:%M:%S");
            let _ = writeln!(page, "  {at}  {} -> {number}  {}", text.from, text.text);
        }
    });
    page
}
