//! What may be said to a modem. No text from outside reaches a command: parameters are numbers, or
//! words of our own.

use at_commands::builder::CommandBuilder;
use heapless::Vec;

use super::info::{Registration, RegistrationDomain};

/// Aborts a message whose body is awaited, 3GPP TS 27.005 3.5.1.
pub const ESCAPE: u8 = 0x1B;
/// Ends the body of a message, 3GPP TS 27.005 3.5.1 (Ctrl-Z).
pub const SUBSTITUTE: u8 = 0x1A;

/// Longest command that is written here.
const MAX_COMMAND: usize = 64;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u16);

/// For commands that the modem answers from its own memory: manuals say 300 ms; a loaded modem, and a
/// UART at 9600 baud, may take longer.
const LOCAL: Seconds = Seconds(5);
/// For commands that talk to the SIM, which may be busy.
const SIM: Seconds = Seconds(15);
/// For commands that read or change the message store: their time depends on how much is in it.
const STORE: Seconds = Seconds(30);
/// For switching the radio: manuals say 15 s.
const RADIO: Seconds = Seconds(20);
/// For `AT` itself: a modem that is well answers at once.
const ATTENTION: Seconds = Seconds(2);

/// Which lines belong to the answer of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Only the final result.
    Nothing,
    /// Lines that begin with this and a colon.
    Prefixed(&'static str),
    /// The answer to a registration query.
    Registration(RegistrationDomain),
    /// Lines without a prefix.
    Bare,
    /// Lines that begin with this and a colon, each followed by a line that belongs to it.
    Listed(&'static str),
}

impl Answer {
    /// Whether `line` can only be part of this answer.
    pub(super) fn expects(&self, line: &str) -> bool {
        match self {
            Self::Nothing | Self::Bare => false,
            Self::Prefixed(prefix) => {
                line.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(':'))
            }
            // The line after a head is in hexadecimal, and nothing unsolicited is.
            Self::Listed(prefix) => {
                let head = line.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(':'));
                head || line.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            Self::Registration(domain) => Registration::of_answer(line, *domain).is_some(),
        }
    }
}

/// One command line, the answer it has, and how long that may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The bytes to write, CR included.
    pub bytes: Vec<u8, MAX_COMMAND>,
    /// Which lines are its answer.
    pub answer: Answer,
    /// How long its final result may take.
    pub timeout: Seconds,
}

impl Command {
    /// `AT`: are you there?
    #[must_use]
    pub fn attention() -> Self {
        Self::plain("", Answer::Nothing, ATTENTION)
    }

    /// A command that is one of our own words, such as `E0` or `+CMEE=1`.
    #[must_use]
    pub fn setting(word: &'static str) -> Self {
        Self::plain(word, Answer::Nothing, LOCAL)
    }

    /// `+CGMI`: who made you?
    #[must_use]
    pub fn manufacturer() -> Self {
        Self::plain("+CGMI", Answer::Bare, LOCAL)
    }

    /// `+CGMM`: what are you?
    #[must_use]
    pub fn model() -> Self {
        Self::plain("+CGMM", Answer::Bare, LOCAL)
    }

    /// `+CGMR`: which firmware?
    #[must_use]
    pub fn revision() -> Self {
        Self::plain("+CGMR", Answer::Bare, LOCAL)
    }

    /// `+CGSN`: the IMEI.
    #[must_use]
    pub fn imei() -> Self {
        Self::plain("+CGSN", Answer::Bare, LOCAL)
    }

    /// `+CFUN?`: is the radio on?
    #[must_use]
    pub fn radio() -> Self {
        Self::query("+CFUN", LOCAL)
    }

    /// `+CFUN=1`: switches the radio on.
    #[must_use]
    pub fn radio_on() -> Self {
        Self::plain("+CFUN=1", Answer::Nothing, RADIO)
    }

    /// `+CPIN?`: the state of the SIM.
    #[must_use]
    pub fn sim_state() -> Self {
        Self::query("+CPIN", SIM)
    }

    /// `+CIMI`: the IMSI.
    #[must_use]
    pub fn imsi() -> Self {
        Self::plain("+CIMI", Answer::Bare, SIM)
    }

    /// The family's command for the ICCID, such as `+CICCID`; the answer may have a prefix or none.
    #[must_use]
    pub fn iccid(word: &'static str) -> Self {
        Self::plain(word, Answer::Bare, SIM)
    }

    /// `+CREG?` and its like.
    #[must_use]
    pub fn registration(domain: RegistrationDomain) -> Self {
        let built = Self::built(|buffer| {
            CommandBuilder::create_query(buffer, true).named(domain.name()).finish_with(b"\r")
        });
        Self { bytes: built, answer: Answer::Registration(domain), timeout: LOCAL }
    }

    /// `+CREG=2` and its like: tell of changes, with the cell.
    #[must_use]
    pub fn report_registration(domain: RegistrationDomain) -> Self {
        let bytes = Self::built(|buffer| {
            let builder = CommandBuilder::create_set(buffer, true).named(domain.name());
            builder.with_int_parameter(2).finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Nothing, timeout: LOCAL }
    }

    /// `+CSCA?`: the address of the service centre.
    #[must_use]
    pub fn service_centre() -> Self {
        Self::query("+CSCA", SIM)
    }

    /// `+CSQ`: the signal.
    #[must_use]
    pub fn signal() -> Self {
        Self::plain("+CSQ", Answer::Prefixed("+CSQ"), LOCAL)
    }

    /// `+COPS?`: the operator.
    #[must_use]
    pub fn operator() -> Self {
        Self::query("+COPS", LOCAL)
    }

    /// `+CPMS=?`: which message stores are there?
    #[must_use]
    pub fn stores() -> Self {
        Self::test("+CPMS", STORE)
    }

    /// `+CPMS=`: use this store for reading, writing and receiving; as many parameters as it takes.
    #[must_use]
    pub fn use_store(store: &str, parameters: usize) -> Self {
        let bytes = Self::built(|buffer| {
            let mut builder = CommandBuilder::create_set(buffer, true).named("+CPMS");
            for _ in 0..parameters.clamp(1, 3) {
                builder = builder.with_string_parameter(store);
            }
            builder.finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Prefixed("+CPMS"), timeout: STORE }
    }

    /// `+CNMI=`: how to tell of what comes in, 3GPP TS 27.005 3.4.1.
    #[must_use]
    pub fn indications(values: [u8; 5]) -> Self {
        let bytes = Self::built(|buffer| {
            let mut builder = CommandBuilder::create_set(buffer, true).named("+CNMI");
            for value in values {
                builder = builder.with_int_parameter(value);
            }
            builder.finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Nothing, timeout: LOCAL }
    }

    /// `+CNMI?`: what is set?
    #[must_use]
    pub fn indications_set() -> Self {
        Self::query("+CNMI", LOCAL)
    }

    /// `+CMMS=?`: can the link to the network be held between messages?
    #[must_use]
    pub fn link_modes() -> Self {
        Self::test("+CMMS", LOCAL)
    }

    /// `+CMMS=1`: hold the link to the network from message to message, until none has followed for one
    /// to five seconds, 3GPP TS 27.005 3.5.6. A manual gives it two minutes; what takes longer than
    /// an answer from memory spares no time, and is given up.
    #[must_use]
    pub fn hold_link() -> Self {
        Self::plain("+CMMS=1", Answer::Nothing, LOCAL)
    }

    /// `+CMGL=4`: all messages of the store, 3GPP TS 27.005 4.1.
    #[must_use]
    pub fn list_messages() -> Self {
        let bytes = Self::built(|buffer| {
            let builder = CommandBuilder::create_set(buffer, true).named("+CMGL");
            builder.with_int_parameter(4).finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Listed("+CMGL"), timeout: STORE }
    }

    /// `+CMGR=`: the message in this slot, 3GPP TS 27.005 4.2.
    #[must_use]
    pub fn read_message(index: u16) -> Self {
        Self { answer: Answer::Listed("+CMGR"), ..Self::slot("+CMGR", index) }
    }

    /// `+CMGD=`: delete the message in this slot, 3GPP TS 27.005 3.5.4.
    #[must_use]
    pub fn delete_message(index: u16) -> Self {
        Self::slot("+CMGD", index)
    }

    /// `+CMGS=`: submit a TPDU of so many octets, 3GPP TS 27.005 4.3.
    #[must_use]
    pub fn submit(octets: u8, timeout: Seconds) -> Self {
        let bytes = Self::built(|buffer| {
            let builder = CommandBuilder::create_set(buffer, true).named("+CMGS");
            builder.with_int_parameter(octets).finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Prefixed("+CMGS"), timeout }
    }

    fn slot(name: &'static str, index: u16) -> Self {
        let bytes = Self::built(|buffer| {
            let builder = CommandBuilder::create_set(buffer, true).named(name);
            builder.with_int_parameter(index).finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Nothing, timeout: STORE }
    }

    fn test(name: &'static str, timeout: Seconds) -> Self {
        let bytes = Self::built(|buffer| {
            CommandBuilder::create_test(buffer, true).named(name).finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Prefixed(name), timeout }
    }

    fn query(name: &'static str, timeout: Seconds) -> Self {
        let bytes = Self::built(|buffer| {
            CommandBuilder::create_query(buffer, true).named(name).finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Prefixed(name), timeout }
    }

    fn plain(word: &'static str, answer: Answer, timeout: Seconds) -> Self {
        let bytes = Self::built(|buffer| {
            CommandBuilder::create_execute(buffer, true).named(word).finish_with(b"\r")
        });
        Self { bytes, answer, timeout }
    }

    /// Every command here is shorter than the buffer; one that were not would be sent as an empty
    /// line, which a modem ignores.
    fn built(
        build: impl for<'b> FnOnce(&'b mut [u8]) -> Result<&'b [u8], usize>,
    ) -> Vec<u8, MAX_COMMAND> {
        let mut buffer = [0; MAX_COMMAND];
        build(&mut buffer).ok().and_then(|built| Vec::from_slice(built).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_as_the_clauses_say() {
        let table: &[(Command, &str)] = &[
            (Command::attention(), "AT\r"),
            (Command::setting("E0"), "ATE0\r"),
            (Command::setting("+CMEE=1"), "AT+CMEE=1\r"),
            (Command::manufacturer(), "AT+CGMI\r"),
            (Command::radio(), "AT+CFUN?\r"),
            (Command::radio_on(), "AT+CFUN=1\r"),
            (Command::sim_state(), "AT+CPIN?\r"),
            (Command::registration(RegistrationDomain::Eps), "AT+CEREG?\r"),
            (Command::report_registration(RegistrationDomain::Packet), "AT+CGREG=2\r"),
            (Command::stores(), "AT+CPMS=?\r"),
            (Command::link_modes(), "AT+CMMS=?\r"),
            (Command::hold_link(), "AT+CMMS=1\r"),
            (Command::use_store("ME", 3), "AT+CPMS=\"ME\",\"ME\",\"ME\"\r"),
            (Command::use_store("SM", 2), "AT+CPMS=\"SM\",\"SM\"\r"),
            (Command::indications([2, 1, 0, 1, 0]), "AT+CNMI=2,1,0,1,0\r"),
            (Command::list_messages(), "AT+CMGL=4\r"),
            (Command::read_message(0), "AT+CMGR=0\r"),
            (Command::delete_message(12), "AT+CMGD=12\r"),
            (Command::submit(159, Seconds(60)), "AT+CMGS=159\r"),
        ];
        for (command, text) in table {
            assert_eq!(core::str::from_utf8(&command.bytes), Ok(*text));
        }
    }
}
