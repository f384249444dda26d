//! What happens to modems themselves, for the log.

use super::Outcome;

/// Something that happened to a modem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ModemIncident {
    /// It was freed of what it waited for.
    Drain,
    /// Its port was opened anew.
    Reopen,
    /// It was told to restart.
    SoftReset,
    /// Its power, or its USB port, was switched.
    HardReset,
    /// Nothing brought it back: it is left alone for a while, and somebody has to look.
    Quarantine,
    /// It restarted by itself.
    Restarted,
    /// Its supply voltage is low.
    UnderVoltage,
    /// Its line brought what is no text.
    Garbage,
    /// The PIN of its SIM was wrong, and is not entered again.
    PinWrong,
    /// The task that drives it failed.
    Panicked,
}

impl ModemIncident {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Drain,
        Self::Reopen,
        Self::SoftReset,
        Self::HardReset,
        Self::Quarantine,
        Self::Restarted,
        Self::UnderVoltage,
        Self::Garbage,
        Self::PinWrong,
        Self::Panicked,
    ];

    /// `eventType` of the System Log.
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::Drain => "system.ringpost.modem.drain",
            Self::Reopen => "system.ringpost.modem.reopen",
            Self::SoftReset => "system.ringpost.modem.soft_reset",
            Self::HardReset => "system.ringpost.modem.hard_reset",
            Self::Quarantine => "system.ringpost.modem.quarantine",
            Self::Restarted => "system.ringpost.modem.restarted",
            Self::UnderVoltage => "system.ringpost.modem.under_voltage",
            Self::Garbage => "system.ringpost.modem.garbage",
            Self::PinWrong => "system.ringpost.modem.pin_wrong",
            Self::Panicked => "system.ringpost.modem.panicked",
        }
    }

    /// `displayMessage` of the System Log.
    pub const fn display_message(self) -> &'static str {
        match self {
            Self::Drain => "Modem freed of what it waited for",
            Self::Reopen => "Modem's port opened anew",
            Self::SoftReset => "Modem told to restart",
            Self::HardReset => "Modem's power switched",
            Self::Quarantine => "Modem left alone for a while: nothing brought it back",
            Self::Restarted => "Modem restarted by itself",
            Self::UnderVoltage => "Modem's supply voltage is low",
            Self::Garbage => "Modem's line brings what is no text",
            Self::PinWrong => "PIN of the modem's SIM is wrong",
            Self::Panicked => "Task of the modem failed and began anew",
        }
    }

    /// How bad it is: what a person has to see to is a failure.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Drain | Self::Reopen | Self::SoftReset | Self::HardReset => Outcome::Unknown,
            Self::Restarted | Self::UnderVoltage | Self::Garbage => Outcome::Unknown,
            Self::Quarantine | Self::PinWrong | Self::Panicked => Outcome::Failure,
        }
    }
}
