//! Unsolicited result codes: what a modem says by itself.

use super::info::{Cell, Fields, Registration, RegistrationDomain};
use crate::{
    call::Fact,
    family::{self, Sound},
};

/// Name of a message store, such as `SM` or `ME`.
pub type Store = heapless::String<4>;

/// What a modem says by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Urc {
    /// `+CMTI`: a message was stored, 3GPP TS 27.005 3.4.1. The index is missing where the modem
    /// wrote none that can be read (some write -1): then the store is to be swept.
    Cmti(Store, Option<u16>),
    /// `+CMT`: a message follows on the next line.
    Cmt,
    /// `+CDS`: a delivery report follows on the next line.
    Cds,
    /// `+CDSI`: a delivery report was stored.
    Cdsi(Store, Option<u16>),
    /// `+CREG`, `+CGREG`, `+CEREG`: the registration changed, or the cell.
    Registered(RegistrationDomain, Registration, Option<Cell>),
    /// `+CPIN`: the SIM changed; `true` = ready.
    Cpin(bool),
    /// The modem has booted: whatever was set is gone.
    Booted,
    /// The message service or the phone book is ready.
    Ready,
    /// The store is full.
    StoreFull,
    /// The supply voltage is low.
    UnderVoltage,
    /// The modem powers down.
    PowerDown,
    /// `RING`: somebody calls.
    Ring,
    /// Something of a call.
    Call(Fact),
    /// A key was pressed in a call: one of `0123456789*#ABCD`.
    Key(char),
    /// What the modem played into a call by itself is over; `true` = it came to its end.
    Played(bool),
}

impl Urc {
    /// Reads a line as an unsolicited result code, if it is a known one.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let registration = |domain: RegistrationDomain| {
            let registration = Registration::of_urc(line, domain)?;
            Some(Self::Registered(domain, registration, Cell::of_urc(line, domain)))
        };
        if let Some(urc) = RegistrationDomain::ALL.into_iter().find_map(registration) {
            return Some(urc);
        }
        let stored = |prefix| {
            let mut fields = Fields::after(line, prefix)?;
            let store = Store::try_from(fields.next().unwrap_or_default()).unwrap_or_default();
            Some((store, fields.number()))
        };
        if let Some((store, index)) = stored("+CMTI") {
            return Some(Self::Cmti(store, index));
        }
        if let Some((store, index)) = stored("+CDSI") {
            return Some(Self::Cdsi(store, index));
        }
        Some(match line {
            _ if line.starts_with("+CMT:") => Self::Cmt,
            _ if line.starts_with("+CDS:") => Self::Cds,
            _ if line.starts_with("+CPIN:") => {
                // PIN2 guards nothing that is used here.
                let usable = ["READY", "SIM PIN2", "SIM PUK2"].iter().any(|it| line.ends_with(it));
                Self::Cpin(usable && !line.contains("NOT"))
            }
            // Of whatever family: the one that a modem belongs to is not known while it boots.
            _ if of_any(line, |family| family.boots) => Self::Booted,
            _ if of_any(line, |family| family.readies) => Self::Ready,
            _ if line.starts_with("+QIND: \"smsfull\"") || line.starts_with("+SMS FULL") => {
                Self::StoreFull
            }
            "UNDER-VOLTAGE POWER DOWN" | "NORMAL POWER DOWN" | "POWERED DOWN" => Self::PowerDown,
            _ if line.starts_with("UNDER-VOLTAGE") => Self::UnderVoltage,
            "RING" => Self::Ring,
            _ if line.starts_with("+CRING:") => Self::Ring,
            _ => return of_call(line),
        })
    }

    /// Whether the next line belongs to it, whatever it looks like.
    #[must_use]
    pub const fn has_body(&self) -> bool {
        matches!(self, Self::Cmt | Self::Cds)
    }
}

/// What a line says of a call, of whatever family.
fn of_call(line: &str) -> Option<Urc> {
    let calls = || family::ALL.into_iter().filter_map(|family| family.call.as_ref());
    let key = calls().filter_map(|call| call.keys).find_map(|keys| keys.key_in(line));
    let sounds = || family::ALL.into_iter().flat_map(|family| family.sounds);
    let played = || sounds().filter_map(Sound::ends).find_map(|ends| ends.read(line));
    key.map(Urc::Key)
        .or_else(|| played().map(Urc::Played))
        .or_else(|| Fact::parse(line).map(Urc::Call))
}

fn of_any(line: &str, lines: fn(&family::Family) -> &[&str]) -> bool {
    family::ALL.iter().any(|family| lines(family).contains(&line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        at::{FinalResult, Technology},
        call::Stage,
    };

    fn store(name: &str) -> Store {
        Store::try_from(name).unwrap()
    }

    #[test]
    fn reads_what_modems_say_by_themselves() {
        let table = [
            ("+CMTI: \"SM\",3", Urc::Cmti(store("SM"), Some(3))),
            ("+CMTI: \"SM\",-1", Urc::Cmti(store("SM"), None)),
            ("+CMTI: ,-1", Urc::Cmti(store(""), None)),
            ("+CDS: 25", Urc::Cds),
            ("+CDS: ,25", Urc::Cds),
            ("+CMT: ,23", Urc::Cmt),
            ("+CDSI: \"SR\",0", Urc::Cdsi(store("SR"), Some(0))),
            ("+CPIN: READY", Urc::Cpin(true)),
            ("+CPIN: NOT READY", Urc::Cpin(false)),
            ("+CPIN: SIM PIN", Urc::Cpin(false)),
            ("+CPIN: SIM PIN2", Urc::Cpin(true)),
            ("RDY", Urc::Booted),
            ("^SYSSTART", Urc::Booted),
            ("*ATREADY: 1", Urc::Booted),
            ("SMS Ready", Urc::Ready),
            ("UNDER-VOLTAGE POWER DOWN", Urc::PowerDown),
            ("+QIND: SMS DONE", Urc::Ready),
            ("+QIND: \"smsfull\",\"ME\"", Urc::StoreFull),
            ("UNDER-VOLTAGE WARNNING", Urc::UnderVoltage),
            ("+CRING: VOICE", Urc::Ring),
            ("+DTMF: 5", Urc::Key('5')),
            ("+RXDTMF: *", Urc::Key('*')),
            ("+QTONEDET: 49", Urc::Key('1')),
            ("^DDTMF: #", Urc::Key('#')),
            ("+UUDTMFD: 9", Urc::Key('9')),
            ("#DTMFEV: 0,1", Urc::Key('0')),
            ("+CREC: 0", Urc::Played(true)),
            ("+CREC: 5003", Urc::Played(false)),
            ("+WAVSTATE: wav play stop", Urc::Played(true)),
            ("+AUDIOSTATE: audio play stop", Urc::Played(true)),
            ("+AUDIOSTATE: audio play error", Urc::Played(false)),
            ("+QPSND: 0", Urc::Played(true)),
            ("+CTTS:0", Urc::Played(true)),
            ("+QWTTS: 4111", Urc::Played(false)),
            ("^CONF:1", Urc::Call(Fact::Is(Stage::Alerting))),
            ("NO CARRIER", Urc::Call(Fact::Result(FinalResult::NoCarrier))),
        ];
        for (line, urc) in table {
            assert_eq!(Urc::parse(line), Some(urc), "{line}");
        }
        let cell = Cell { area: 0xC3, id: 0x1A2B, technology: Some(Technology::Lte) };
        let registered = Urc::Registered(RegistrationDomain::Eps, Registration::Home, Some(cell));
        assert_eq!(Urc::parse("+CEREG: 1,\"00C3\",\"1A2B\",7"), Some(registered));
        for line in ["+CSQ: 20,99", "+WAVSTATE: wav play", "+CTTS:", "+QTONEDET: 200", "+DTMF: x"] {
            assert_eq!(Urc::parse(line), None, "{line}");
        }
    }
}
