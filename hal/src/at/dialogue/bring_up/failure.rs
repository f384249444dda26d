//! What can keep a modem from being used, in words for people.

/// Why a modem cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// It says nothing, or refuses what every modem must do.
    Fault,
    /// There is no SIM.
    SimMissing,
    /// The SIM wants a PIN or a PUK.
    SimLocked,
    /// No network serves it.
    NotRegistered,
    /// The SIM is not set up for messages.
    NotSubscribed,
}

/// A step that failed, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// What kind.
    pub kind: FailureKind,
    /// What is wrong.
    pub message: &'static str,
    /// What to do about it.
    pub hint: &'static str,
}

impl Failure {
    /// The SIM wants its PIN, and nobody has told it.
    pub const NO_PIN: Self = Self {
        kind: FailureKind::SimLocked,
        message: "The SIM wants its PIN.",
        hint: "Set `pin_file` in the configuration, or switch the PIN off in a phone.",
    };
    /// The PIN was entered once for this SIM, and is not entered again.
    pub const PIN_TRIED: Self = Self {
        kind: FailureKind::SimLocked,
        message: "The SIM wants its PIN, and the one that is known was wrong or had no answer.",
        hint: "Correct the PIN, then let it be tried again: `ringpost modems unlock NAME`.",
    };
    /// Whether the PIN may be entered could not be stored.
    pub const PIN_NOT_NOTED: Self = Self {
        kind: FailureKind::SimLocked,
        message: "The SIM wants its PIN; that it is entered could not be stored, so it is not.",
        hint: "Look at the disk; it is tried again by itself.",
    };
}

pub(super) const SILENT: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem does not answer AT.",
    hint: "Check that this is the modem's AT port, that it has power, and that the baud rate is right.",
};
pub(super) const OUT_OF_STEP: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem's answers do not fit to what it is asked.",
    hint: "Let nothing else talk to the modem; it is asked anew by itself.",
};
pub(super) const WRONG_SPEED: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem does not answer AT; what comes from it is no text.",
    hint: "Set the `baud` that the modem is set to (`AT+IPR?` tells), or let it find out: `AT+IPR=0`.",
};
pub(super) const REFUSED: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem refuses a command that every modem must know.",
    hint: "Set its family in the configuration, or report what `+CGMM` says of it.",
};
pub(super) const NO_SIM: Failure = Failure {
    kind: FailureKind::SimMissing,
    message: "There is no SIM, or the modem cannot read it.",
    hint: "Insert a SIM, with its contacts clean, and restart the modem.",
};
pub(super) const BUSY_SIM: Failure = Failure {
    kind: FailureKind::SimMissing,
    message: "The SIM stays busy.",
    hint: "Restart the modem; where that does not help, try the SIM in a phone.",
};
pub(super) const WANTS_PIN: Failure = Failure {
    kind: FailureKind::SimLocked,
    message: "The SIM still wants its PIN after one was entered.",
    hint: "Check the PIN, then let it be tried again: `ringpost modems unlock NAME`.",
};
pub(super) const WRONG_PIN: Failure = Failure {
    kind: FailureKind::SimLocked,
    message: "The PIN is wrong. It is not entered again.",
    hint: "Correct the PIN, then let it be tried again: `ringpost modems unlock NAME`.",
};
pub(super) const LAST_TRY: Failure = Failure {
    kind: FailureKind::SimLocked,
    message: "The SIM wants its PIN, and may be asked once more at most.",
    hint: "Put the SIM into a phone and enter the right PIN there; that restores its three tries.",
};
pub(super) const BAD_COUNTER: Failure = Failure {
    kind: FailureKind::SimLocked,
    message: "The SIM wants its PIN, and the modem does not tell how often it may be entered.",
    hint: "Put the SIM into a phone and switch its PIN off; without that count none is tried.",
};
pub(super) const WANTS_PUK: Failure = Failure {
    kind: FailureKind::SimLocked,
    message: "The SIM is blocked and wants its PUK.",
    hint: "Put the SIM into a phone and enter the PUK from the operator's letter.",
};
pub(super) const PHONE_LOCKED: Failure = Failure {
    kind: FailureKind::SimLocked,
    message: "The modem is locked to another SIM, or to a network, and takes no messages with this one.",
    hint: "Use a SIM that it takes, or have whoever sold it unlock it; `AT+CPIN?` tells which lock it is.",
};
pub(super) const NO_NETWORK: Failure = Failure {
    kind: FailureKind::NotRegistered,
    message: "The modem finds no network that serves it.",
    hint: "Check the antenna, that the SIM is active, and that its operator still has this kind of network.",
};
pub(super) const ROAMING: Failure = Failure {
    kind: FailureKind::NotRegistered,
    message: "Only a foreign network serves the modem, and roaming is off.",
    hint: "Set `roaming = \"on\"` for this modem if its operator's prices allow it.",
};
pub(super) const NO_PDU_MODE: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem's message service does not become ready.",
    hint: "Restart the modem; where that does not help, the SIM may have no SMS service.",
};
pub(super) const NO_CENTRE: Failure = Failure {
    kind: FailureKind::NotSubscribed,
    message: "The SIM names no service centre, so nothing can be sent.",
    hint: "Set `smsc` for this modem to the number that the SIM's operator tells for it.",
};
pub(super) const CENTRE_NOT_KEPT: Failure = Failure {
    kind: FailureKind::NotSubscribed,
    message: "The SIM names no service centre, and does not keep the one that is configured.",
    hint: "Set it in a phone (`*#*#4636#*#*` on many), or ask the operator for another SIM.",
};
pub(super) const NO_STORE: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem offers no store for received messages.",
    hint: "Report what `+CPMS=?` says of it.",
};
pub(super) const NO_INDICATIONS: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem does not tell of received messages in any way that is known.",
    hint: "Report what `+CNMI=?` says of it.",
};
