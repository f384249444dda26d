//! The commands that all families share, one file per subject.

mod basic;
mod identity;
mod messages;
mod parameters;
mod registration;
mod routing;
mod storage;

use super::{Answer, Command, Device, Form, telephony};
use crate::{family::Handler, fault::Fault};

/// Each file's commands with what runs them.
const TABLES: &[&[(&str, Handler)]] = &[
    basic::COMMANDS,
    identity::COMMANDS,
    registration::COMMANDS,
    messages::COMMANDS,
    routing::COMMANDS,
    storage::COMMANDS,
    telephony::COMMANDS,
];

impl Device {
    /// Runs one command: faults first, then the family's own commands, then the common ones.
    pub(super) fn run(&mut self, command: &Command) -> Answer {
        if let Some(answer) = self.command_fault(command) {
            return answer;
        }
        if let Some(answer) = self.quirk(command) {
            return answer;
        }
        let files = self.profile.voice.map_or(&[] as &[_], |voice| voice.files);
        let own = [self.profile.commands, files];
        let handler = own
            .iter()
            .chain(TABLES)
            .flat_map(|table| table.iter())
            .find(|(name, _)| *name == command.name)
            .map(|(_, handler)| *handler);
        match handler {
            Some(handler) => handler(self, command),
            None => self.parameter(command),
        }
    }

    /// What the family does not know, and what it does not answer yet.
    fn quirk(&mut self, command: &Command) -> Option<Answer> {
        let name = command.name.as_str();
        let speaks = name.len() == 1 || name.starts_with('&') || name == "+CPIN";
        if self.profile.pin_before_all && self.locked() && !speaks {
            // It does tell how often the PIN may be entered.
            let asked =
                matches!(name, "+ZPINPUK" | "+CMEE" | "+CGMI" | "+CGMM" | "+CGMR" | "+CGSN");
            if !asked {
                return Some(Answer::Cme(11));
            }
        }
        if self.profile.lacks.contains(&name) {
            return Some(self.profile.unknown);
        }
        if name == "+CPIN" && command.form == Form::Read {
            if self.faults.strike(Fault::SimBusy).is_some() {
                return Some(Answer::Cme(14));
            }
            if self.sim_slow > 0 && !self.locked() {
                self.sim_slow -= 1;
                return Some(Answer::Cme(self.profile.slow_sim.1));
            }
        }
        None
    }

    fn command_fault(&mut self, command: &Command) -> Option<Answer> {
        let name = command.name.as_str();
        if let Some(fault) = self.faults.strike_at(Fault::Eof, name) {
            self.unplug(&fault);
            return Some(Answer::Silent);
        }
        if self.faults.strike_at(Fault::UnderVoltage, name).is_some() {
            self.say_low_voltage();
        }
        if self.faults.strike_at(Fault::Reboot, name).is_some() {
            self.boot();
            return Some(Answer::Silent);
        }
        if let Some(fault) = self.faults.strike_at(Fault::CmeError, name) {
            return Some(Answer::Cme(fault.code.unwrap_or(100)));
        }
        // Of a message, the error comes after its body.
        if name != "+CMGS" && self.faults.names_command(Fault::CmsError, name) {
            let fault = self.faults.strike_at(Fault::CmsError, name)?;
            return Some(Answer::Cms(fault.code.unwrap_or(500)));
        }
        None
    }
}
