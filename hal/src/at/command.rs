//! What may be said to a modem. No text from outside reaches a command: parameters are numbers, or
//! words of our own.

use at_commands::builder::CommandBuilder;
use heapless::Vec;

use super::info::{Fields, Registration, RegistrationDomain};

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
/// For dialling: a modem answers it once it has begun, which manuals give up to half a minute.
const DIAL: Seconds = Seconds(30);
/// For ending a call: manuals give it up to two minutes; what takes longer than this is met by other means.
const HANG_UP: Seconds = Seconds(10);
/// For `AT` itself: a modem that is well answers at once.
const ATTENTION: Seconds = Seconds(2);

/// Which lines belong to the answer of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Only the final result.
    Nothing,
    /// Lines that begin with this and a colon.
    Prefixed(&'static str),
    /// Only the final result, which may be that of a call, ITU-T V.250 6.3.1.
    Dialled,
    /// The answer to a registration query.
    Registration(RegistrationDomain),
    /// Lines without a prefix, or with this one and a colon, which some modems write.
    Bare(&'static str),
    /// Lines that begin with this and a colon, each followed by a line that belongs to it.
    Listed(&'static str),
}

impl Answer {
    /// Whether `line` can only be part of this answer.
    pub(super) fn expects(&self, line: &str) -> bool {
        match self {
            Self::Nothing | Self::Dialled => false,
            Self::Prefixed(prefix) | Self::Bare(prefix) => begins(line, prefix),
            // The line after a head is in hexadecimal, and nothing unsolicited is.
            Self::Listed(prefix) => {
                begins(line, prefix) || line.bytes().all(|byte| byte.is_ascii_hexdigit())
            }
            Self::Registration(domain) => Registration::of_answer(line, *domain).is_some(),
        }
    }

    /// Whether `line`, which is nothing that is known, may be part of this answer: a bare value has
    /// no name before it, as what a modem says by itself has (`^RSSI: 12`, `DST: 0`).
    pub(super) fn may_be(&self, line: &str) -> bool {
        let signed = line.starts_with(['+', '^', '*', '#', '%', '$']) && line.contains(':');
        let word = line.split_once(": ").map_or("", |(word, _)| word);
        let shouted = !word.is_empty() && word.bytes().all(|it| it.is_ascii_uppercase());
        matches!(self, Self::Bare(_)) && !signed && !shouted
    }
}

/// Whether `line` begins with `prefix` and a colon.
fn begins(line: &str, prefix: &str) -> bool {
    line.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(':'))
}

/// A question to a modem that families word in different ways, and where its answer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The command after `AT`.
    pub say: &'static str,
    /// The name before the values of its answer; some modems leave it out.
    pub prefix: &'static str,
    /// The first value of the line that counts, where there are several; empty = the only line.
    pub row: &'static str,
    /// Which value of that line it is, from 0.
    pub place: u8,
}

impl Query {
    /// The first value of the only line.
    #[must_use]
    pub const fn new(say: &'static str, prefix: &'static str) -> Self {
        Self { say, prefix, row: "", place: 0 }
    }

    /// The value at `place` of the line whose first value is `row`.
    #[must_use]
    pub const fn at(self, row: &'static str, place: u8) -> Self {
        Self { row, place, ..self }
    }

    /// The value that `line` tells, where it is the line that counts.
    #[must_use]
    pub fn value_in<'l>(&self, line: &'l str) -> Option<&'l str> {
        let mut fields = Fields::after(line, self.prefix)?;
        if self.row.is_empty() {
            return fields.nth(self.place.into());
        }
        let first = fields.next()?;
        let place = usize::from(self.place).checked_sub(1)?;
        (first == self.row).then(|| fields.nth(place)).flatten()
    }
}

/// The PIN of a SIM: 4 to 8 digits, 3GPP TS 31.101 9.3.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(heapless::String<8>);

impl Pin {
    /// Reads a PIN; `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() >= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| heapless::String::try_from(text).ok().map(Self)).flatten()
    }
}

impl core::fmt::Debug for Pin {
    /// Without the digits.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Pin(…)")
    }
}

/// An international number: of a service centre (3GPP TS 27.005 3.3.1), or of somebody to call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct International(heapless::String<16>);

impl International {
    /// Reads a plus and 5 to 15 digits; `None` where it is anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let good = digits.len() >= 5 && digits.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| heapless::String::try_from(text).ok().map(Self)).flatten()
    }
}

/// One command line, the answer it has, and how long that may take.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    /// The bytes to write, CR included.
    pub bytes: Vec<u8, MAX_COMMAND>,
    /// Which lines are its answer.
    pub answer: Answer,
    /// How long its final result may take.
    pub timeout: Seconds,
}

impl core::fmt::Debug for Command {
    /// Its name alone: what follows may be a PIN.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let name = self.bytes.split(|byte| matches!(byte, b'=' | b'\r')).next();
        let name = name.and_then(|name| core::str::from_utf8(name).ok()).unwrap_or_default();
        f.debug_struct("Command").field("name", &name).finish_non_exhaustive()
    }
}

impl Command {
    /// `AT`: are you there?
    #[must_use]
    pub fn attention() -> Self {
        Self::plain("", Answer::Nothing, ATTENTION)
    }

    /// `ATQ0V1`: results, and in words, ITU-T V.250 6.2.5 and 6.2.6.
    #[must_use]
    pub fn attention_in_words() -> Self {
        Self::plain("Q0V1", Answer::Nothing, ATTENTION)
    }

    /// A command that is one of our own words, such as `E0` or `+CMEE=1`.
    #[must_use]
    pub fn setting(word: &'static str) -> Self {
        Self::plain(word, Answer::Nothing, LOCAL)
    }

    /// A setting, or what else is answered with a result alone, in the words of a family.
    #[must_use]
    pub fn slow_setting(word: &'static str) -> Self {
        Self::plain(word, Answer::Nothing, SIM)
    }

    /// A question whose answer is a result, and perhaps a value.
    #[must_use]
    pub fn offers(word: &'static str) -> Self {
        Self::plain(word, Answer::Bare(""), LOCAL)
    }

    /// `D…;`: call this number, 3GPP TS 27.007 6.2; the semicolon makes it a voice call.
    #[must_use]
    pub fn dial(number: &International) -> Self {
        let mut bytes = Vec::new();
        for part in [b"ATD".as_slice(), number.0.as_bytes(), b";\r"] {
            // 21 bytes at most.
            let _ = bytes.extend_from_slice(part);
        }
        Self { bytes, answer: Answer::Dialled, timeout: DIAL }
    }

    /// `+CLCC`: which calls are there, 3GPP TS 27.007 7.18?
    #[must_use]
    pub fn calls() -> Self {
        Self::plain("+CLCC", Answer::Prefixed("+CLCC"), SIM)
    }

    /// `+CEER`: why did the last call end, 3GPP TS 27.007 6.10?
    #[must_use]
    pub fn release_report() -> Self {
        Self::plain("+CEER", Answer::Prefixed("+CEER"), SIM)
    }

    /// Ends all calls, in the words of a family: `+CHUP`, 3GPP TS 27.007 6.5.
    #[must_use]
    pub fn hang_up(word: &'static str) -> Self {
        Self::plain(word, Answer::Nothing, HANG_UP)
    }

    /// `+CGMI`: who made you?
    #[must_use]
    pub fn manufacturer() -> Self {
        Self::plain("+CGMI", Answer::Bare("+CGMI"), LOCAL)
    }

    /// `+CGMM`: what are you?
    #[must_use]
    pub fn model() -> Self {
        Self::plain("+CGMM", Answer::Bare("+CGMM"), LOCAL)
    }

    /// `+CGMR`: which firmware?
    #[must_use]
    pub fn revision() -> Self {
        Self::plain("+CGMR", Answer::Bare("+CGMR"), LOCAL)
    }

    /// `+CGSN`: the IMEI.
    #[must_use]
    pub fn imei() -> Self {
        Self::plain("+CGSN", Answer::Bare("+CGSN"), LOCAL)
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
        Self::plain("+CIMI", Answer::Bare("+CIMI"), SIM)
    }

    /// A command that switches a modem off, in the words of its family; it has to leave its network first.
    #[must_use]
    pub fn power_down(word: &'static str) -> Self {
        Self::plain(word, Answer::Nothing, SIM)
    }

    /// A question in the words of a family, about the SIM; the answer may have a prefix or none.
    #[must_use]
    pub fn asking(query: &Query) -> Self {
        Self::plain(query.say, Answer::Bare(query.prefix), SIM)
    }

    /// `+CRSM=176,12258,0,0,10`: reads EF-ICCID, 3GPP TS 27.007 8.18 and TS 31.102 4.2.1.
    #[must_use]
    pub fn iccid_file() -> Self {
        Self::plain("+CRSM=176,12258,0,0,10", Answer::Prefixed("+CRSM"), SIM)
    }

    /// `+CPIN="…"`: enters the PIN, 3GPP TS 27.007 8.3.
    #[must_use]
    pub fn enter_pin(pin: &Pin) -> Self {
        let bytes = Self::built(|buffer| {
            let builder = CommandBuilder::create_set(buffer, true).named("+CPIN");
            builder.with_string_parameter(pin.0.as_str()).finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Nothing, timeout: SIM }
    }

    /// `+CNUM`: the SIM's own number, 3GPP TS 27.007 7.1.
    #[must_use]
    pub fn own_number() -> Self {
        Self::plain("+CNUM", Answer::Prefixed("+CNUM"), SIM)
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

    /// `+CSCA=`: use this service centre. 145: an international number, 3GPP TS 24.011 8.2.5.2.
    #[must_use]
    pub fn use_service_centre(centre: &International) -> Self {
        let bytes = Self::built(|buffer| {
            let builder = CommandBuilder::create_set(buffer, true).named("+CSCA");
            builder.with_string_parameter(&centre.0).with_int_parameter(145).finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Nothing, timeout: SIM }
    }

    /// `+CSQ`: the signal.
    #[must_use]
    pub fn signal() -> Self {
        Self::plain("+CSQ", Answer::Prefixed("+CSQ"), LOCAL)
    }

    /// `+CESQ`: the signal by technology, 3GPP TS 27.007 8.69.
    #[must_use]
    pub fn signal_by_technology() -> Self {
        Self::plain("+CESQ", Answer::Prefixed("+CESQ"), LOCAL)
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

    /// `+CPMS=`: read and delete in this store; where more places are to be written, they stay at the
    /// one for received messages.
    #[must_use]
    pub fn read_store(store: &str, receive: &str, places: usize) -> Self {
        let bytes = Self::built(|buffer| {
            let builder = CommandBuilder::create_set(buffer, true).named("+CPMS");
            let mut builder = builder.with_string_parameter(store);
            for _ in 1..places.clamp(1, 3) {
                builder = builder.with_string_parameter(receive);
            }
            builder.finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Prefixed("+CPMS"), timeout: STORE }
    }

    /// `+CPMS?`: which stores are used, and how full are they?
    #[must_use]
    pub fn stores_used() -> Self {
        Self::query("+CPMS", STORE)
    }

    /// `+CSMS?`: which message service is used, 3GPP TS 27.005 3.2.1?
    #[must_use]
    pub fn service() -> Self {
        Self::query("+CSMS", LOCAL)
    }

    /// `+CNMI=?`: which ways to tell of what comes in are there?
    #[must_use]
    pub fn indications_offered() -> Self {
        let bytes = Self::built(|buffer| {
            CommandBuilder::create_test(buffer, true).named("+CNMI").finish_with(b"\r")
        });
        Self { bytes, answer: Answer::Prefixed("+CNMI"), timeout: LOCAL }
    }

    /// `+CNMI=`: how to tell of what comes in, 3GPP TS 27.005 3.4.1; as many values as it takes.
    #[must_use]
    pub fn indications(values: &[u8]) -> Self {
        let bytes = Self::built(|buffer| {
            let mut builder = CommandBuilder::create_set(buffer, true).named("+CNMI");
            for value in values {
                builder = builder.with_int_parameter(*value);
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

    /// `+CMMS=0`: let go of the link that is held.
    #[must_use]
    pub fn release_link() -> Self {
        Self::plain("+CMMS=0", Answer::Nothing, LOCAL)
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

    /// The family's command that restarts the modem, such as `+CFUN=1,1`.
    #[must_use]
    pub fn restart(word: &'static str) -> Self {
        Self::plain(word, Answer::Nothing, RADIO)
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
            (Command::release_link(), "AT+CMMS=0\r"),
            (Command::use_store("ME", 3), "AT+CPMS=\"ME\",\"ME\",\"ME\"\r"),
            (Command::use_store("SM", 2), "AT+CPMS=\"SM\",\"SM\"\r"),
            (Command::read_store("SM", "ME", 1), "AT+CPMS=\"SM\"\r"),
            (Command::read_store("SM", "ME", 3), "AT+CPMS=\"SM\",\"ME\",\"ME\"\r"),
            (Command::indications_offered(), "AT+CNMI=?\r"),
            (Command::indications(&[2, 1, 0, 1, 0]), "AT+CNMI=2,1,0,1,0\r"),
            (Command::indications(&[2, 1, 0, 1]), "AT+CNMI=2,1,0,1\r"),
            (Command::enter_pin(&Pin::parse("1234").unwrap()), "AT+CPIN=\"1234\"\r"),
            (Command::asking(&Query::new("+SPIC", "+SPIC")), "AT+SPIC\r"),
            (Command::list_messages(), "AT+CMGL=4\r"),
            (Command::read_message(0), "AT+CMGR=0\r"),
            (Command::delete_message(12), "AT+CMGD=12\r"),
            (Command::submit(159, Seconds(60)), "AT+CMGS=159\r"),
            (Command::dial(&International::parse("+14155550123").unwrap()), "ATD+14155550123;\r"),
            (Command::calls(), "AT+CLCC\r"),
            (Command::hang_up("+CHUP"), "AT+CHUP\r"),
        ];
        for (command, text) in table {
            assert_eq!(core::str::from_utf8(&command.bytes), Ok(*text));
        }
    }

    #[test]
    fn a_pin_is_digits_and_is_shown_nowhere() {
        for text in ["", "123", "123456789", "12a4", "1234\r", " 1234"] {
            assert_eq!(Pin::parse(text), None, "{text:?}");
        }
        let pin = Pin::parse("4711").unwrap();
        let shown = std::format!("{pin:?} {:?}", Command::enter_pin(&pin));
        assert!(!shown.contains("4711"), "{shown}");
        assert!(shown.contains("AT+CPIN"), "{shown}");
    }

    #[test]
    fn a_value_is_found_in_the_line_that_counts() {
        let spic = Query::new("+SPIC", "+SPIC");
        assert_eq!(spic.value_in("+SPIC: 3,3,10,10"), Some("3"));
        let row = Query::new("+QPINC?", "+QPINC").at("SC", 1);
        assert_eq!(row.value_in("+QPINC: \"SC\",3,10"), Some("3"));
        assert_eq!(row.value_in("+QPINC: \"P2\",1,10"), None);
        let third = Query::new("^CPIN?", "^CPIN").at("", 3);
        assert_eq!(third.value_in("^CPIN: SIM PIN,3,10,2,10,3"), Some("2"));
    }
}
