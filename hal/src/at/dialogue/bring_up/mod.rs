//! Bring-up: from an open port to a modem that takes messages, as a list of steps.

use crate::{
    at::{Command, Fields, FinalResult, Line, Registration, RegistrationDomain, Seconds},
    family::{self, Family},
};

/// A short text that a modem says of itself.
pub type Word = heapless::String<48>;

/// What a modem said of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// `+CGMI`.
    pub manufacturer: Word,
    /// `+CGMM`.
    pub model: Word,
    /// `+CGMR`.
    pub revision: Word,
    /// International mobile equipment identity, 15 digits.
    pub imei: Word,
    /// International mobile subscriber identity.
    pub imsi: Word,
    /// Number of the SIM card.
    pub iccid: Word,
    /// Address of the service centre.
    pub service_centre: Word,
    /// The operator, as a name or a number.
    pub operator: Word,
    /// Registration by domain, in the order of [`RegistrationDomain::ALL`].
    pub registration: [Option<Registration>; 3],
    /// Received signal strength in dBm, 3GPP TS 27.007 8.5.
    pub signal_dbm: Option<i16>,
    /// The store that received messages go to.
    pub store: Word,
    /// How delivery reports come.
    pub reports: Reports,
    /// Whether there is a store for delivery reports.
    report_store: bool,
    /// Whether the link to the network can be held between messages.
    pub holds_link: bool,
}

/// How a modem hands over delivery reports: the fourth value of `+CNMI`, 3GPP TS 27.005 3.4.1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reports {
    /// Not at all.
    #[default]
    None,
    /// Told whole, and kept nowhere.
    Told,
    /// Stored like messages, in a store of their own.
    Stored,
}

impl Reports {
    fn of(value: Option<u8>) -> Self {
        match value {
            Some(1) => Self::Told,
            Some(2) => Self::Stored,
            _ => Self::None,
        }
    }
}

/// The store of delivery reports, 3GPP TS 27.005 3.2.2.
pub const REPORT_STORE: &str = "SR";

impl Facts {
    /// The registration that serves messages, or else the first that is known.
    #[must_use]
    pub fn best_registration(&self) -> Option<Registration> {
        let known = || self.registration.iter().flatten().copied();
        known().find(|it| it.serves_sms()).or_else(|| known().next())
    }
}

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

/// What came back for a command.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'r> {
    /// The lines of the answer.
    pub lines: &'r [Line],
    /// The final result; `None` where none came in time.
    pub result: Option<FinalResult>,
}

impl Reply<'_> {
    fn is_ok(&self) -> bool {
        self.result.is_some_and(FinalResult::is_ok)
    }

    /// The first line that is no echo.
    fn first(&self) -> &str {
        self.lines.first().map_or("", |line| line.as_str())
    }

    fn fields(&self, prefix: &str) -> Option<Fields<'_>> {
        self.lines.iter().find_map(|line| Fields::after(line, prefix))
    }
}

/// What follows from a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on with the next step.
    Go,
    /// Go on with the next part of the step, after a while.
    Again(Seconds),
    /// Try the step again after a while; what will have failed if that does not help.
    Retry(Seconds, Failure),
    /// It cannot go on.
    Fail(Failure),
    /// The modem takes messages.
    Done,
}

/// One step.
struct Step {
    /// Its name, for people.
    name: &'static str,
    /// What to say; nothing = skip it.
    say: fn(&BringUp) -> Option<Command>,
    /// What the reply means.
    judge: fn(&mut BringUp, &Reply<'_>) -> Verdict,
}

/// How often a modem that boots, or has a wrong baud rate to get used to, is called.
const CALLS: u8 = 5;
/// How often a SIM that is busy is asked again; a second between, so that a slow card has half a
/// minute.
const SIM_TRIES: u8 = 30;
/// How often a modem is asked for its network: two seconds between, a minute in all. A modem that has
/// none by then is brought up again later.
const NETWORK_TRIES: u8 = 30;
/// How often PDU mode is tried: the message service of a modem that boots needs some seconds.
const MODE_TRIES: u8 = 15;
const A_SECOND: Seconds = Seconds(1);
const TWO_SECONDS: Seconds = Seconds(2);

/// The steps, in order.
const STEPS: &[Step] = &[
    Step { name: "answer", say: |_| Some(Command::attention()), judge: judge_attention },
    Step { name: "echo off", say: |_| Some(Command::setting("E0")), judge: must_be_ok },
    Step { name: "words", say: |_| Some(Command::setting("V1")), judge: must_be_ok },
    Step { name: "error numbers", say: |_| Some(Command::setting("+CMEE=1")), judge: may_fail },
    Step {
        name: "manufacturer",
        say: |_| Some(Command::manufacturer()),
        judge: |up, reply| note(reply, "", &mut up.facts.manufacturer),
    },
    Step { name: "model", say: |_| Some(Command::model()), judge: judge_model },
    Step {
        name: "revision",
        say: |_| Some(Command::revision()),
        judge: |up, reply| note(reply, "+CGMR", &mut up.facts.revision),
    },
    Step {
        name: "IMEI",
        say: |_| Some(Command::imei()),
        judge: |up, reply| note(reply, "+CGSN", &mut up.facts.imei),
    },
    Step { name: "vendor settings", say: say_pre_init, judge: judge_pre_init },
    Step { name: "radio", say: say_radio, judge: judge_radio },
    Step { name: "SIM", say: |_| Some(Command::sim_state()), judge: judge_sim },
    Step {
        name: "IMSI",
        say: |_| Some(Command::imsi()),
        judge: |up, reply| note(reply, "+CIMI", &mut up.facts.imsi),
    },
    Step { name: "ICCID", say: |up| Some(Command::iccid(up.family.iccid)), judge: judge_iccid },
    Step {
        name: "network reports",
        say: say_report_registration,
        judge: judge_report_registration,
    },
    Step { name: "network", say: say_registration, judge: judge_registration },
    Step { name: "PDU mode", say: |_| Some(Command::setting("+CMGF=0")), judge: judge_pdu_mode },
    // Phase 2: what the modem tells whole needs no acknowledgement, whose lack would silence it.
    Step { name: "message service", say: |_| Some(Command::setting("+CSMS=0")), judge: may_fail },
    Step { name: "service centre", say: |_| Some(Command::service_centre()), judge: judge_centre },
    Step { name: "stores", say: |_| Some(Command::stores()), judge: judge_stores },
    Step { name: "store", say: say_use_store, judge: must_be_ok },
    Step { name: "indications", say: say_indications, judge: judge_indications },
    Step {
        name: "indications read back",
        say: |_| Some(Command::indications_set()),
        judge: judge_indications_set,
    },
    Step { name: "link", say: say_link_modes, judge: judge_link_modes },
    Step { name: "signal", say: |_| Some(Command::signal()), judge: judge_signal },
    Step { name: "operator name", say: |_| Some(Command::setting("+COPS=3,0")), judge: may_fail },
    Step { name: "operator", say: |_| Some(Command::operator()), judge: judge_operator },
];

/// Brings a modem up, step by step: the caller executes [`command`](Self::command) and hands its reply
/// to [`on`](Self::on), until that says [`Verdict::Done`] or [`Verdict::Fail`].
#[derive(Debug, Clone)]
pub struct BringUp {
    step: usize,
    /// Counts tries, or the parts of a step that has several.
    turn: u8,
    given: Option<&'static Family>,
    family: &'static Family,
    facts: Facts,
    store_parameters: usize,
}

impl BringUp {
    /// Begins. The family follows from what the modem calls itself, unless it is given.
    #[must_use]
    pub fn new(family: Option<&'static Family>) -> Self {
        Self {
            step: 0,
            turn: 0,
            given: family,
            family: family.unwrap_or(&family::GENERIC),
            facts: Facts::default(),
            store_parameters: 0,
        }
    }

    /// The name of the step that runs.
    #[must_use]
    pub fn step_name(&self) -> &'static str {
        STEPS.get(self.step).map_or("done", |step| step.name)
    }

    /// What to say next; `None` at the end.
    pub fn command(&mut self) -> Option<Command> {
        loop {
            let step = STEPS.get(self.step)?;
            if let Some(command) = (step.say)(self) {
                return Some(command);
            }
            self.advance();
        }
    }

    /// Goes on with the reply to the last command.
    pub fn on(&mut self, reply: &Reply<'_>) -> Verdict {
        let Some(step) = STEPS.get(self.step) else { return Verdict::Done };
        let verdict = (step.judge)(self, reply);
        if verdict == Verdict::Go {
            self.advance();
            if self.step >= STEPS.len() {
                return Verdict::Done;
            }
        }
        verdict
    }

    /// What is known so far.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The family, once the model is known.
    #[must_use]
    pub const fn family(&self) -> &'static Family {
        self.family
    }

    const fn advance(&mut self) {
        self.step += 1;
        self.turn = 0;
    }

    /// Asks again, `tries` times at most.
    const fn again(&mut self, tries: u8, wait: Seconds, failure: Failure) -> Verdict {
        self.turn += 1;
        match (self.turn < tries, wait) {
            (true, Seconds(0)) => Verdict::Again(wait),
            (true, _) => Verdict::Retry(wait, failure),
            (false, _) => Verdict::Fail(failure),
        }
    }
}

const SILENT: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem does not answer AT.",
    hint: "Check that this is the modem's AT port, that it has power, and that the baud rate is right.",
};
const REFUSED: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem refuses a command that every modem must know.",
    hint: "Set its family in the configuration, or report what `+CGMM` says of it.",
};
const NO_SIM: Failure = Failure {
    kind: FailureKind::SimMissing,
    message: "There is no SIM, or the modem cannot read it.",
    hint: "Insert a SIM, with its contacts clean, and restart the modem.",
};
const WANTS_PIN: Failure = Failure {
    kind: FailureKind::SimLocked,
    message: "The SIM wants its PIN.",
    hint: "Put the SIM into a phone and switch its PIN off; Ringpost does not try PINs by itself.",
};
const WANTS_PUK: Failure = Failure {
    kind: FailureKind::SimLocked,
    message: "The SIM is blocked and wants its PUK.",
    hint: "Put the SIM into a phone and enter the PUK from the operator's letter.",
};
const NO_NETWORK: Failure = Failure {
    kind: FailureKind::NotRegistered,
    message: "The modem finds no network that serves it.",
    hint: "Check the antenna, that the SIM is active, and that its operator still has this kind of network.",
};
const NO_PDU_MODE: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem's message service does not become ready.",
    hint: "Restart the modem; where that does not help, the SIM may have no SMS service.",
};
const NO_STORE: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem offers no store for received messages.",
    hint: "Report what `+CPMS=?` says of it.",
};
const NO_INDICATIONS: Failure = Failure {
    kind: FailureKind::Fault,
    message: "The modem does not tell of received messages in any way that is known.",
    hint: "Report what `+CNMI=?` says of it.",
};

fn judge_attention(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.is_ok() { Verdict::Go } else { up.again(CALLS, A_SECOND, SILENT) }
}

fn must_be_ok(_: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    match reply.result {
        Some(FinalResult::Ok) => Verdict::Go,
        Some(_) => Verdict::Fail(REFUSED),
        None => Verdict::Fail(SILENT),
    }
}

fn may_fail(_: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.result.is_some() { Verdict::Go } else { Verdict::Fail(SILENT) }
}

/// Notes the first line, without a prefix that some modems write and others do not.
fn note(reply: &Reply<'_>, prefix: &str, word: &mut Word) -> Verdict {
    if reply.is_ok() {
        let line = reply.first();
        let line = line.strip_prefix(prefix).unwrap_or(line);
        *word = word_of(line.trim_start_matches([':', ' ']).trim_matches('"'));
    }
    if reply.result.is_some() { Verdict::Go } else { Verdict::Fail(SILENT) }
}

/// As many characters as a word holds, whatever room they take.
fn word_of(text: &str) -> Word {
    let mut word = Word::new();
    // The first one that does not fit is the last one tried.
    let _ = text.chars().try_for_each(|c| word.push(c));
    word
}

fn judge_model(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let verdict = note(reply, "+CGMM", &mut up.facts.model);
    up.family = up.given.unwrap_or_else(|| family::by_model(&up.facts.model));
    verdict
}

fn say_pre_init(up: &BringUp) -> Option<Command> {
    up.family.pre_init.get(usize::from(up.turn)).map(|word| Command::setting(word))
}

fn judge_pre_init(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    up.turn += 1;
    match (reply.result, say_pre_init(up)) {
        (None, _) => Verdict::Fail(SILENT),
        (Some(_), Some(_)) => Verdict::Again(Seconds(0)),
        (Some(_), None) => Verdict::Go,
    }
}

/// 3GPP TS 27.007 8.2: asks first, because switching on a radio that is on costs its network.
fn say_radio(up: &BringUp) -> Option<Command> {
    Some(if up.turn == 0 { Command::radio() } else { Command::radio_on() })
}

fn judge_radio(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let level: Option<u8> = reply.fields("+CFUN").and_then(|mut fields| fields.number());
    match (reply.result, level) {
        (None, _) => Verdict::Fail(SILENT),
        (Some(_), Some(0 | 4)) => {
            up.turn = 1;
            Verdict::Again(Seconds(0))
        }
        (Some(_), _) => Verdict::Go,
    }
}

fn judge_sim(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let code = match reply.result {
        None => return Verdict::Fail(SILENT),
        Some(FinalResult::Cme(code) | FinalResult::Cms(code)) => code.code(),
        Some(_) => None,
    };
    let state = reply.fields("+CPIN").and_then(|mut it| it.next()).unwrap_or_default();
    match (state, code) {
        ("READY", _) => Verdict::Go,
        ("SIM PUK" | "SIM PUK2" | "PH-NET PUK", _) | (_, Some(12)) => Verdict::Fail(WANTS_PUK),
        ("SIM PIN" | "SIM PIN2" | "PH-SIM PIN", _) | (_, Some(11)) => Verdict::Fail(WANTS_PIN),
        (_, Some(10)) => Verdict::Fail(NO_SIM),
        // Busy, or a failure that passes while the modem boots.
        _ => up.again(SIM_TRIES, A_SECOND, NO_SIM),
    }
}

fn judge_iccid(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let digits = |line: &Line| {
        // After the name of the command, where there is one; a filler may end it.
        let value = line.rsplit([':', ' ']).next().unwrap_or_default().trim_matches('"');
        let value = value.trim_end_matches(['F', 'f']);
        let digits = value.len() >= 18 && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
        digits.then(|| word_of(value))
    };
    if let Some(iccid) = reply.lines.iter().find_map(digits) {
        up.facts.iccid = iccid;
    }
    may_fail(up, reply)
}

fn domain(turn: u8) -> Option<RegistrationDomain> {
    RegistrationDomain::ALL.get(usize::from(turn)).copied()
}

fn say_report_registration(up: &BringUp) -> Option<Command> {
    domain(up.turn).map(Command::report_registration)
}

fn judge_report_registration(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    up.turn += 1;
    match (reply.result, domain(up.turn)) {
        (None, _) => Verdict::Fail(SILENT),
        (Some(_), Some(_)) => Verdict::Again(Seconds(0)),
        (Some(_), None) => Verdict::Go,
    }
}

fn say_registration(up: &BringUp) -> Option<Command> {
    domain(up.turn % 3).map(Command::registration)
}

/// Any of the three domains will do: an LTE modem may be registered there only.
fn judge_registration(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let Some(domain) = domain(up.turn % 3) else { return Verdict::Go };
    if reply.result.is_none() {
        return Verdict::Fail(SILENT);
    }
    let found = reply.lines.iter().find_map(|line| Registration::of_answer(line, domain));
    if let Some(slot) = up.facts.registration.get_mut(usize::from(up.turn % 3)) {
        *slot = found;
    }
    let last = up.turn % 3 == 2;
    let served = up.facts.best_registration().is_some_and(Registration::serves_sms);
    match (last, served) {
        (true, true) => Verdict::Go,
        (true, false) => up.again(3 * NETWORK_TRIES, TWO_SECONDS, NO_NETWORK),
        (false, _) => up.again(u8::MAX, Seconds(0), NO_NETWORK),
    }
}

fn judge_pdu_mode(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.is_ok() { Verdict::Go } else { up.again(MODE_TRIES, A_SECOND, NO_PDU_MODE) }
}

fn judge_centre(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if let Some(centre) = reply.fields("+CSCA").and_then(|mut it| it.next()) {
        up.facts.service_centre = word_of(centre);
    }
    may_fail(up, reply)
}

/// `+CPMS: ("ME","SM"),("ME","SM"),("ME","SM")`: as many parameters as groups, and a store that all of
/// them name.
fn judge_stores(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let groups = || reply.fields("+CPMS").into_iter().flatten();
    let names = |group: &str, store: &str| {
        let mut named = group.split(['(', ')', ',', '"']);
        named.any(|name| name == store)
    };
    let usable = |store: &&&str| groups().all(|group| names(group, store));
    up.store_parameters = groups().count();
    // Only the first group can read and delete.
    up.facts.report_store = groups().next().is_some_and(|group| names(group, REPORT_STORE));
    match up.family.stores.iter().find(usable) {
        Some(store) if up.store_parameters > 0 => {
            up.facts.store = word_of(store);
            Verdict::Go
        }
        _ if reply.result.is_none() => Verdict::Fail(SILENT),
        // The message service of a modem that boots refuses for some seconds.
        _ if !reply.is_ok() => up.again(MODE_TRIES, A_SECOND, NO_PDU_MODE),
        _ => Verdict::Fail(NO_STORE),
    }
}

fn say_use_store(up: &BringUp) -> Option<Command> {
    Some(Command::use_store(&up.facts.store, up.store_parameters))
}

fn say_indications(up: &BringUp) -> Option<Command> {
    indications(up).map(Command::indications)
}

/// The values whose turn it is; reports are stored only where there is a store for them.
fn indications(up: &BringUp) -> Option<[u8; 5]> {
    let usable = |values: &&[u8; 5]| reports(values) != Reports::Stored || up.facts.report_store;
    up.family.indications.iter().filter(usable).nth(usize::from(up.turn)).copied()
}

fn reports(values: &[u8; 5]) -> Reports {
    Reports::of(values.get(3).copied())
}

/// Tries one set of values after the other.
fn judge_indications(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.is_ok() {
        up.facts.reports = indications(up).as_ref().map(reports).unwrap_or_default();
        return Verdict::Go;
    }
    up.turn += 1;
    if say_indications(up).is_some() {
        Verdict::Again(Seconds(0))
    } else {
        Verdict::Fail(NO_INDICATIONS)
    }
}

/// What counts is what is set, not what was said to be.
fn judge_indications_set(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let Some(mut fields) = reply.fields("+CNMI") else { return may_fail(up, reply) };
    let told_of = fields.nth(1);
    up.facts.reports = Reports::of(fields.nth(1).and_then(|value| value.parse().ok()));
    if told_of == Some("1") { Verdict::Go } else { Verdict::Fail(NO_INDICATIONS) }
}

fn say_link_modes(up: &BringUp) -> Option<Command> {
    up.family.holds_link.then(Command::link_modes)
}

/// `+CMMS: (0-2)`.
fn judge_link_modes(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let range = reply.fields("+CMMS").and_then(|mut fields| fields.next());
    up.facts.holds_link = range.is_some_and(|range| offers(range, 1));
    may_fail(up, reply)
}

/// Whether a range such as `(0-2)` or `(0,1)` holds `value`.
fn offers(range: &str, value: u8) -> bool {
    range.trim_matches(['(', ')']).split(',').any(|part| {
        let (low, high) = part.split_once('-').unwrap_or((part, part));
        match (low.trim().parse::<u8>(), high.trim().parse::<u8>()) {
            (Ok(low), Ok(high)) => (low..=high).contains(&value),
            _ => false,
        }
    })
}

fn judge_signal(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    up.facts.signal_dbm = signal_dbm(reply);
    may_fail(up, reply)
}

/// The signal strength in dBm that a reply to `+CSQ` tells, 3GPP TS 27.007 8.5: 0 is -113 dBm or
/// less, each step 2 dB, 99 not known.
#[must_use]
pub fn signal_dbm(reply: &Reply<'_>) -> Option<i16> {
    let rssi: u8 = reply.fields("+CSQ")?.number()?;
    (rssi <= 31).then(|| -113 + 2 * i16::from(rssi))
}

fn judge_operator(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if let Some(name) = reply.fields("+COPS").and_then(|mut fields| fields.nth(2)) {
        up.facts.operator = word_of(name);
    }
    may_fail(up, reply)
}

#[cfg(test)]
mod tests;
