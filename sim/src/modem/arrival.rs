//! Messages and reports that arrive, and where `+CNMI` sends them (TS 27.005 clause 3.4.1).

use super::{
    Device, Effect,
    store::{Memory, Stat, Stored},
};
use crate::{fault::Fault, network::SERVICE_CENTRE, tpdu};

impl Device {
    /// Takes a message; `false` when there is no room, and the network must keep it.
    pub(crate) fn arrive(&mut self, tpdu: Vec<u8>, class: Option<u8>) -> bool {
        if !self.reachable() {
            return false;
        }
        let [_, mt, ..] = self.settings.cnmi;
        // Class 2 belongs on the SIM whatever <mt> says; <mt>=3 routes only class 3 directly.
        let direct = match class {
            Some(2) => false,
            Some(3) => mt == 2 || mt == 3,
            _ => mt == 2,
        };
        if direct {
            let line = format!("+CMT: ,{}\r\n{}", tpdu.len(), pdu_hex(&tpdu));
            self.direct(&line);
            return true;
        }
        let [_, _, receive] = self.settings.memories;
        let memory = if class == Some(2) { "SM" } else { receive };
        let Some(index) = self.put(memory, tpdu) else {
            return false;
        };
        if mt > 0 {
            let shown = if self.profile.hides_slot { "-1".to_owned() } else { index.to_string() };
            self.indicate(&format!("+CMTI: \"{memory}\",{shown}"));
        }
        true
    }

    /// Takes a delivery report; one that finds no way to the host is gone, as in life.
    pub(crate) fn arrive_report(&mut self, tpdu: Vec<u8>) -> bool {
        if !self.reachable() {
            return false;
        }
        let [_, _, _, ds, _] = self.settings.cnmi;
        match ds {
            1 => {
                let comma = if self.profile.report_comma { "," } else { "" };
                let line = format!("+CDS: {comma}{}\r\n{}", tpdu.len(), pdu_hex(&tpdu));
                self.direct(&line);
            }
            2 => {
                if let Some(index) = self.put("SR", tpdu) {
                    let (memory, index) = self.profile.cdsi_claims.unwrap_or(("SR", index));
                    self.indicate(&format!("+CDSI: \"{memory}\",{index}"));
                }
            }
            _ => {}
        }
        true
    }

    /// Whether the network can hand anything over.
    fn reachable(&self) -> bool {
        self.powered() && self.sms_ready && self.registered()
    }

    fn direct(&mut self, line: &str) {
        // TS 27.005 clause 3.2.1: with service 1 the host acknowledges with +CNMA.
        if self.settings.csms == 1 {
            self.unacknowledged += 1;
        }
        self.indicate(line);
    }

    fn indicate(&mut self, line: &str) {
        let (name, value) =
            self.profile.tells_after.and_then(|it| it.split_once('=')).unwrap_or_default();
        if !name.is_empty() && self.kept(name) != Some(value) {
            // It tells on another of its ports.
            return;
        }
        let twice = self.faults.strike(Fault::DuplicateUrc).is_some();
        for _ in 0..=usize::from(twice) {
            if self.settings.cnmi.first() == Some(&0) {
                self.buffered.push(line.to_owned());
            } else {
                self.unsolicited(line);
            }
        }
    }

    /// `+CNMI` was set anew: `<bfr>` 0 flushes what was buffered, 1 clears it.
    pub(super) fn routing_changed(&mut self) {
        let [mode, .., bfr] = self.settings.cnmi;
        if mode == 0 {
            return;
        }
        for line in std::mem::take(&mut self.buffered) {
            if bfr == 0 {
                self.unsolicited(&line);
            }
        }
    }

    /// Something that decides about registration changed: says so where asked to.
    pub(super) fn conditions_changed(&mut self) {
        let registered = self.registered();
        if registered == self.was_registered {
            return;
        }
        self.was_registered = registered;
        let stat = if registered { 1 } else { 2 };
        let names = ["+CREG", "+CGREG", "+CEREG"];
        let domains = self.settings.registration.into_iter().zip(self.profile.registers_in);
        for (name, (n, knows)) in names.into_iter().zip(domains) {
            if n > 0 && knows {
                self.unsolicited(&format!("{name}: {stat}"));
            }
        }
        if registered {
            self.effects.push(Effect::RoomForMessages);
        }
    }

    fn put(&mut self, memory: &str, tpdu: Vec<u8>) -> Option<u16> {
        let sca = tpdu::Address::of(SERVICE_CENTRE).encode_sca();
        let index = if self.faults.holds(Fault::StoreFull) {
            None
        } else {
            self.memory(memory)?.put(Stored { stat: Stat::Unread, sca, tpdu })
        };
        // Quectel tells that a memory is full, when asked to.
        let asked = self.kept("+QINDCFG.smsfull").is_some_and(|value| value.starts_with('1'));
        if index.is_none() && asked {
            self.unsolicited(&format!("+QIND: \"smsfull\",\"{memory}\""));
        }
        index
    }

    /// The memory with this name; `MT` is the modem's own as far as it is used.
    pub(super) fn memory(&mut self, name: &str) -> Option<&mut Memory> {
        let name = if name == "MT" { "ME" } else { name };
        self.memories.iter_mut().find(|memory| memory.name == name)
    }
}

/// Service centre address and TPDU, as PDU mode shows them.
fn pdu_hex(tpdu: &[u8]) -> String {
    let sca = tpdu::Address::of(SERVICE_CENTRE).encode_sca();
    tpdu::hex(&sca) + &tpdu::hex(tpdu)
}
