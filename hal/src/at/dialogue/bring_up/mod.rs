//! Bring-up: from an open port to a modem that takes messages, as a list of steps.

mod call;
mod failure;
mod signal;

use crate::{
    at::{
        Cell, Command, Fields, FinalResult, International, Line, Pin, Registration,
        RegistrationDomain, Seconds, Store, Technology,
    },
    family::{self, Family, Sinks},
};

pub use call::Voice;
pub use failure::{Failure, FailureKind};
pub use signal::{reference_dbm, signal_dbm};

use call::{
    judge_call_settings, judge_keys, judge_sound, say_call_settings, say_hang_up, say_keys,
    say_sound,
};
use failure::{
    BAD_COUNTER, BUSY_SIM, CENTRE_NOT_KEPT, LAST_TRY, NO_CENTRE, NO_INDICATIONS, NO_NETWORK,
    NO_PDU_MODE, NO_SIM, NO_STORE, OUT_OF_STEP, PHONE_LOCKED, REFUSED, ROAMING, SILENT, WANTS_PIN,
    WANTS_PUK, WRONG_PIN, WRONG_SPEED,
};

/// A short text that a modem says of itself.
pub type Word = heapless::String<48>;

/// How full a message store is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoreUse {
    /// Its name, such as `SM`.
    pub name: Store,
    /// Slots that are taken.
    pub used: u16,
    /// Slots that there are.
    pub total: u16,
}

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
    /// The SIM's own number, where the card knows it.
    pub number: Word,
    /// It echoes nothing since it was told not to.
    pub no_echo: bool,
    /// How often the PIN may be entered yet, where it was asked.
    pub pin_retries: Option<u8>,
    /// Address of the service centre.
    pub service_centre: Word,
    /// The operator, as a name or a number.
    pub operator: Word,
    /// Access technology, as far as it is told.
    pub technology: Option<Technology>,
    /// The cell.
    pub cell: Option<Cell>,
    /// Registration by domain, in the order of [`RegistrationDomain::ALL`].
    pub registration: [Option<Registration>; 3],
    /// Received signal strength in dBm, 3GPP TS 27.007 8.5.
    pub signal_dbm: Option<i16>,
    /// Power of the reference signal in dBm (RSRP, RSCP), 3GPP TS 27.007 8.69.
    pub reference_dbm: Option<i16>,
    /// The store that received messages go to.
    pub store: Word,
    /// In how many places of `+CPMS` a store is named.
    pub store_places: u8,
    /// How full the stores are, as far as they were looked at.
    pub store_use: heapless::Vec<StoreUse, 4>,
    /// The message service of `+CSMS`, 3GPP TS 27.005 3.2.1.
    pub service: u8,
    /// The values of `+CNMI`: how messages and reports are told, 3GPP TS 27.005 3.4.1.
    pub indications: heapless::Vec<u8, 5>,
    /// How delivery reports come.
    pub reports: Reports,
    /// Whether there is a store for delivery reports.
    report_store: bool,
    /// Whether the link to the network can be held between messages.
    pub holds_link: bool,
    /// How it speaks in calls; `None` = it places none, or has no way to be heard in one.
    pub voice: Option<Voice>,
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
    const fn of(value: Option<u8>) -> Self {
        match value {
            Some(1) => Self::Told,
            Some(2) => Self::Stored,
            _ => Self::None,
        }
    }

    /// In a word, for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Told => "told",
            Self::Stored => "stored",
        }
    }
}

/// The store of delivery reports, 3GPP TS 27.005 3.2.2.
pub const REPORT_STORE: &str = "SR";

impl Facts {
    /// Whether an answer to `+CNMI?` shows that messages are not told of as they were when the modem was brought up:
    /// it has lost its settings, perhaps by a restart of which it said nothing.
    #[must_use]
    pub fn has_lost_indications(&self, reply: &Reply<'_>) -> bool {
        indications_in(reply).is_some_and(|set| set != self.indications)
    }

    /// The SIM, where all is known by which it can be known again.
    #[must_use]
    pub fn known_sim(&self) -> Option<KnownSim> {
        let Self { imei, imsi, iccid, .. } = self;
        let all = [imei, imsi, iccid].into_iter().all(|it| !it.is_empty());
        all.then(|| KnownSim { imei: imei.clone(), imsi: imsi.clone(), iccid: iccid.clone() })
    }

    /// The registration that serves messages, or else the first that is known.
    #[must_use]
    pub fn best_registration(&self) -> Option<Registration> {
        let known = || self.registration.iter().flatten().copied();
        known().find(|it| it.serves_sms()).or_else(|| known().next())
    }

    /// Whether a network serves it that it may use.
    #[must_use]
    pub fn is_served(&self, roaming: bool) -> bool {
        let served = |it: &Registration| it.serves_sms() && (roaming || !it.is_roaming());
        self.registration.iter().flatten().any(served)
    }

    /// Notes how full a store is.
    pub fn note_store_use(&mut self, name: &str, used: u16, total: u16) {
        let Ok(name) = Store::try_from(name) else { return };
        let known = StoreUse { name, used, total };
        match self.store_use.iter_mut().find(|it| it.name == known.name) {
            Some(place) => *place = known,
            // There are no more than four kinds of store.
            None => drop(self.store_use.push(known)),
        }
    }

    /// Notes a registration, and the cell and technology that came with it.
    pub fn note_registration(
        &mut self,
        domain: RegistrationDomain,
        registration: Option<Registration>,
        cell: Option<Cell>,
    ) {
        let place = RegistrationDomain::ALL.iter().position(|it| *it == domain);
        if let Some(slot) = place.and_then(|place| self.registration.get_mut(place)) {
            *slot = registration;
        }
        if let Some(cell) = cell {
            self.technology = cell.technology.or(self.technology);
            self.cell = Some(cell);
        }
    }
}

/// What came back for a command.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'r> {
    /// The lines of the answer.
    pub lines: &'r [Line],
    /// The final result; `None` where none came in time.
    pub result: Option<FinalResult>,
    /// How long it took, rounded.
    pub took: Seconds,
    /// Bytes have come, then or before, that are no text: the line runs at another speed, or is disturbed.
    pub garbage: bool,
    /// A line came that was the echo of the command, or may have been.
    pub echo: bool,
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

    /// The code of the error that it ended with.
    fn error_code(&self) -> Option<u16> {
        match self.result {
            Some(FinalResult::Cme(code) | FinalResult::Cms(code)) => code.code(),
            _ => None,
        }
    }
}

/// What follows from a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Go on with the next step.
    Go,
    /// Go on with the next part of the step.
    Again,
    /// Try the step again after a while, and drop whatever answers come in it; what will have failed if that does
    /// not help.
    Retry(Seconds, Failure),
    /// The SIM wants its PIN, and may be given it: [`BringUp::give_pin`] or
    /// [`BringUp::refuse_pin`] comes next. Who gives it notes before that it was tried.
    PinWanted,
    /// It cannot go on.
    Fail(Failure),
    /// The modem takes messages.
    Done,
}

/// What is known of the PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinState {
    /// The SIM has not said.
    Unknown,
    /// The SIM wants none, or has been given it.
    NotWanted,
    /// The SIM wants it.
    Wanted,
    /// It was entered, and nobody knows yet whether it was right.
    Entered,
    /// It was right.
    Right,
    /// It was wrong.
    Wrong,
}

/// One step.
struct Step {
    /// Its name, for people.
    name: &'static str,
    /// How long it may take with all its tries.
    within: fn(&BringUp) -> Seconds,
    /// What to say; nothing = skip it.
    say: fn(&BringUp) -> Option<Command>,
    /// What the reply means.
    judge: fn(&mut BringUp, &Reply<'_>) -> Verdict,
}

const A_SECOND: Seconds = Seconds(1);
const TWO_SECONDS: Seconds = Seconds(2);
/// The message service of a modem that boots needs some seconds.
const SERVICE: Seconds = Seconds(15);
/// A modem that finds no network in a minute is brought up again later.
const NETWORK: Seconds = Seconds(60);
/// A SIM that is ready may be busy for some seconds yet, with its phone book for one.
const STILL_BUSY: Seconds = Seconds(15);
/// Some name no service centre until they have read the SIM, which others have done long before.
const CENTRE: Seconds = Seconds(5);
/// For what is asked for once.
const ONCE: Seconds = Seconds(30);
/// Fewest entries of the PIN that must be left before one is tried: a wrong one must not be the last.
const LEAST_PIN_RETRIES: u8 = 2;

const fn step(
    name: &'static str,
    say: fn(&BringUp) -> Option<Command>,
    judge: fn(&mut BringUp, &Reply<'_>) -> Verdict,
) -> Step {
    Step { name, within: |_| ONCE, say, judge }
}

impl Step {
    const fn within(mut self, within: fn(&BringUp) -> Seconds) -> Self {
        self.within = within;
        self
    }
}

/// The steps, in order.
const STEPS: &[Step] = &[
    step("answer", say_attention, judge_attention).within(|up| up.family.wake),
    step("echo off", |_| Some(Command::setting("E0")), must_be_ok),
    step("words", |_| Some(Command::setting("V1")), judge_words),
    step("error numbers", |_| Some(Command::setting("+CMEE=1")), may_fail),
    step("manufacturer", |_| Some(Command::manufacturer()), judge_manufacturer),
    step("model", |_| Some(Command::model()), judge_model),
    step(
        "revision",
        |_| Some(Command::revision()),
        |up, reply| note(reply, "+CGMR", &mut up.facts.revision),
    ),
    step("IMEI", |_| Some(Command::imei()), |up, reply| note(reply, "+CGSN", &mut up.facts.imei)),
    step("vendor settings", say_pre_init, judge_pre_init),
    step("radio", say_radio, judge_radio),
    step("SIM", |_| Some(Command::sim_state()), judge_sim).within(|up| up.family.sim_busy),
    step("ICCID", say_iccid, judge_iccid),
    step("PIN retries", say_pin_counter, judge_pin_counter),
    step("PIN", say_pin, judge_pin),
    step("SIM unlocked", say_sim_unlocked, judge_sim_unlocked).within(|up| up.family.sim_busy),
    step("ICCID of the open SIM", say_iccid_again, judge_iccid),
    step("IMSI", |_| Some(Command::imsi()), judge_imsi),
    // A call that was left open rings, or costs, until somebody ends it.
    step("calls ended", say_hang_up, may_fail),
    step("network reports", say_report_registration, judge_report_registration),
    step("network", say_registration, judge_registration).within(|_| NETWORK),
    step("messages ready", say_ready, judge_ready).within(|_| SERVICE),
    step("PDU mode", |_| Some(Command::setting("+CMGF=0")), judge_pdu_mode).within(|_| SERVICE),
    // Phase 2: what the modem tells whole needs no acknowledgement, whose lack would silence it.
    step("message service", |_| Some(Command::setting("+CSMS=0")), may_fail),
    step("message service read back", |_| Some(Command::service()), judge_service),
    step("service centre", say_centre, judge_centre),
    step("stores", |_| Some(Command::stores()), judge_stores).within(|_| SERVICE),
    step("store", say_use_store, must_be_ok),
    step("store read back", |_| Some(Command::stores_used()), judge_stores_used),
    step("indications offered", |_| Some(Command::indications_offered()), judge_offered),
    step("indications", say_indications, judge_indications),
    step("indications read back", |_| Some(Command::indications_set()), judge_indications_set),
    step("link", say_link_modes, judge_link_modes),
    step("own number", |_| Some(Command::own_number()), judge_own_number),
    step("sound", say_sound, judge_sound),
    step("call settings", say_call_settings, judge_call_settings),
    step("keys", say_keys, judge_keys),
    step("signal", |_| Some(Command::signal()), judge_signal),
    step(
        "signal by technology",
        |_| Some(Command::signal_by_technology()),
        judge_signal_by_technology,
    ),
    step("operator name", |_| Some(Command::setting("+COPS=3,0")), may_fail),
    step("operator", |_| Some(Command::operator()), judge_operator),
];

/// What a site says of how a modem is brought up.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Its family, where the site knows better than the modem says.
    pub family: Option<&'static Family>,
    /// Its family by what it is on USB, until the modem says better.
    pub likely: Option<&'static Family>,
    /// Whether it may be used in the network of somebody else.
    pub roaming: bool,
    /// The service centre, for a SIM that names none.
    pub service_centre: Option<International>,
    /// Through what it may speak in calls: what the site wants, and the host can serve. None = it places none.
    pub sinks: Sinks,
    /// The SIM that was in it when it was brought up before: [`Facts::known_sim`].
    pub known_sim: Option<KnownSim>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            family: None,
            likely: None,
            roaming: true,
            service_centre: None,
            sinks: Sinks::new(),
            known_sim: None,
        }
    }
}

/// A SIM, and the modem that it was in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSim {
    imei: Word,
    imsi: Word,
    iccid: Word,
}

/// Brings a modem up, step by step: the caller executes [`command`](Self::command) and hands its reply
/// to [`on`](Self::on), until that says [`Verdict::Done`] or [`Verdict::Fail`].
#[derive(Debug, Clone)]
pub struct BringUp {
    step: usize,
    /// Which part of a step that has several.
    part: u8,
    /// How long the step has taken so far.
    spent: u16,
    /// The SIM was busy for one of its parts.
    sim_busy: bool,
    wishes: Wishes,
    family: &'static Family,
    facts: Facts,
    pin_state: PinState,
    pin: Option<Pin>,
    offered: Offered,
}

impl BringUp {
    /// Begins. The family follows from what the modem calls itself, unless it is given; where that says
    /// nothing, it is the likely one.
    #[must_use]
    pub fn new(wishes: Wishes) -> Self {
        Self {
            step: 0,
            part: 0,
            spent: 0,
            sim_busy: false,
            family: wishes.family.or(wishes.likely).unwrap_or(&family::GENERIC),
            wishes,
            facts: Facts::default(),
            pin_state: PinState::Unknown,
            pin: None,
            offered: Offered::default(),
        }
    }

    /// The name of the step that runs.
    #[must_use]
    pub fn step_name(&self) -> &'static str {
        STEPS.get(self.step).map_or("done", |step| step.name)
    }

    /// How long the step that runs may take with all its tries.
    #[must_use]
    pub fn deadline(&self) -> Seconds {
        STEPS.get(self.step).map_or(Seconds(0), |step| (step.within)(self))
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
        self.spent = self.spent.saturating_add(reply.took.0);
        match (step.judge)(self, reply) {
            Verdict::Go => self.next(),
            Verdict::Retry(wait, failure) => {
                self.spent = self.spent.saturating_add(wait.0);
                if Seconds(self.spent) < (step.within)(self) {
                    Verdict::Retry(wait, failure)
                } else {
                    Verdict::Fail(failure)
                }
            }
            verdict @ (Verdict::Again | Verdict::PinWanted | Verdict::Fail(_) | Verdict::Done) => {
                verdict
            }
        }
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

    /// What is known of the PIN.
    #[must_use]
    pub const fn pin_state(&self) -> PinState {
        self.pin_state
    }

    /// Gives the PIN that is wanted; it is entered next, once.
    pub fn give_pin(&mut self, pin: Pin) {
        self.pin = Some(pin);
        self.next();
    }

    /// Does not give the PIN that is wanted.
    #[must_use]
    pub const fn refuse_pin(&self, why: Failure) -> Verdict {
        Verdict::Fail(why)
    }

    fn next(&mut self) -> Verdict {
        self.advance();
        if self.step < STEPS.len() { Verdict::Go } else { Verdict::Done }
    }

    const fn advance(&mut self) {
        self.step += 1;
        self.part = 0;
        self.spent = 0;
        self.sim_busy = false;
    }

    /// Goes on with the next part of the step.
    const fn next_part(&mut self) -> Verdict {
        self.part += 1;
        Verdict::Again
    }

    /// Goes on with the next part of the step, where there is something to say in it.
    fn next_part_or(&mut self, say: fn(&Self) -> Option<Command>, end: Verdict) -> Verdict {
        self.part += 1;
        if say(self).is_some() { Verdict::Again } else { end }
    }
}

/// By turns: a modem whose saved profile gives results in numbers, or none at all, seems to be silent until it is told
/// otherwise.
fn say_attention(up: &BringUp) -> Option<Command> {
    Some(if up.part == 0 { Command::attention() } else { Command::attention_in_words() })
}

fn judge_attention(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    up.part ^= 1;
    match reply.is_ok() {
        true => Verdict::Go,
        false if reply.garbage => Verdict::Retry(A_SECOND, WRONG_SPEED),
        false => Verdict::Retry(A_SECOND, SILENT),
    }
}

fn must_be_ok(_: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    match reply.result {
        Some(FinalResult::Ok) => Verdict::Go,
        Some(_) => Verdict::Fail(REFUSED),
        None => Verdict::Fail(SILENT),
    }
}

/// The first command that is no longer echoed, unless the modem does not care what it was told.
fn judge_words(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    up.facts.no_echo = !reply.echo;
    must_be_ok(up, reply)
}

fn may_fail(_: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.result.is_some() { Verdict::Go } else { Verdict::Fail(SILENT) }
}

/// Notes the first line, without a prefix that some modems write and others do not.
fn note(reply: &Reply<'_>, prefix: &str, word: &mut Word) -> Verdict {
    if let Some(said) = said(reply, prefix) {
        *word = said;
    }
    if reply.result.is_some() { Verdict::Go } else { Verdict::Fail(SILENT) }
}

fn said(reply: &Reply<'_>, prefix: &str) -> Option<Word> {
    let line = reply.first();
    let line = line.strip_prefix(prefix).unwrap_or(line);
    reply.is_ok().then(|| word_of(line.trim_start_matches([':', ' ']).trim_matches('"')))
}

/// The IMEI that a reply to `+CGSN` tells.
#[must_use]
pub fn imei(reply: &Reply<'_>) -> Option<Word> {
    said(reply, "+CGSN").filter(|it| !it.is_empty())
}

/// The ICCID that a reply tells to a question for it, in whatever words.
#[must_use]
pub fn iccid(reply: &Reply<'_>) -> Option<Word> {
    reply.lines.iter().find_map(|line| iccid_in(line))
}

/// As many characters as a word holds, whatever room they take.
fn word_of(text: &str) -> Word {
    let mut word = Word::new();
    // The first one that does not fit is the last one tried.
    let _ = text.chars().try_for_each(|c| word.push(c));
    word
}

/// The first answer that cannot be mistaken for another: `OK` alone belongs to a command before, such as the ESC
/// that freed a modem whose prompt was late. Then so would all answers that follow.
fn judge_manufacturer(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.is_ok() && reply.lines.is_empty() && up.part == 0 {
        // Once: there may be one that has no name.
        up.part = 1;
        return Verdict::Retry(A_SECOND, OUT_OF_STEP);
    }
    note(reply, "+CGMI", &mut up.facts.manufacturer)
}

fn judge_model(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let verdict = note(reply, "+CGMM", &mut up.facts.model);
    let told = family::by_model(&up.facts.manufacturer, &up.facts.model);
    let likely = up.wishes.likely.filter(|_| *told == family::GENERIC);
    up.family = up.wishes.family.or(likely).unwrap_or(told);
    verdict
}

fn say_pre_init(up: &BringUp) -> Option<Command> {
    up.family.pre_init.get(usize::from(up.part)).map(|word| Command::setting(word))
}

fn judge_pre_init(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.result.is_none() {
        return Verdict::Fail(SILENT);
    }
    up.next_part_or(say_pre_init, Verdict::Go)
}

/// 3GPP TS 27.007 8.2: asks first, because switching on a radio that is on costs its network.
fn say_radio(up: &BringUp) -> Option<Command> {
    Some(if up.part == 0 { Command::radio() } else { Command::radio_on() })
}

fn judge_radio(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let level: Option<u8> = reply.fields("+CFUN").and_then(|mut fields| fields.number());
    match (reply.result, level) {
        (None, _) => Verdict::Fail(SILENT),
        (Some(_), Some(0 | 4)) if up.part == 0 => up.next_part(),
        (Some(_), _) => Verdict::Go,
    }
}

/// What a reply to `+CPIN?` says, 3GPP TS 27.007 8.3.
enum Lock {
    /// For all that is done here: PIN2 guards fixed numbers and charges, and is named after it was entered wrong.
    Open,
    Pin,
    Puk,
    /// The modem is locked, to another SIM or to a network: the SIM's PIN is not what it wants.
    Phone,
    NoSim,
    /// Busy, or a failure that passes while the modem boots.
    Busy,
}

fn lock(reply: &Reply<'_>) -> Lock {
    let state = reply.fields("+CPIN").and_then(|mut it| it.next()).unwrap_or_default();
    match (state, reply.error_code()) {
        ("READY" | "SIM PIN2" | "SIM PUK2", _) => Lock::Open,
        ("SIM PUK", _) | (_, Some(12)) => Lock::Puk,
        ("SIM PIN", _) | (_, Some(11)) => Lock::Pin,
        // PH-SIM and PH-FSIM; those of networks, their subsets, providers and companies; PH-SIM PUK.
        (_, Some(5..=7 | 40..=48)) => Lock::Phone,
        (state, _) if state.starts_with("PH-") => Lock::Phone,
        (_, Some(10)) => Lock::NoSim,
        _ => Lock::Busy,
    }
}

fn judge_sim(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    up.pin_state = match lock(reply) {
        // Some never end this answer: the state itself is enough.
        Lock::Open => PinState::NotWanted,
        Lock::Pin => PinState::Wanted,
        Lock::Puk => return Verdict::Fail(WANTS_PUK),
        Lock::Phone => return Verdict::Fail(PHONE_LOCKED),
        Lock::NoSim => return Verdict::Fail(NO_SIM),
        Lock::Busy if reply.result.is_none() => return Verdict::Fail(SILENT),
        // 14: busy. Others speak of a SIM that cannot be read, or not yet.
        Lock::Busy if reply.error_code() == Some(14) => return Verdict::Retry(A_SECOND, BUSY_SIM),
        Lock::Busy => return Verdict::Retry(A_SECOND, NO_SIM),
    };
    Verdict::Go
}

/// In the family's words first; then from the card's own file.
fn say_iccid(up: &BringUp) -> Option<Command> {
    let asked = up.family.iccid.as_ref().map(Command::asking);
    let mut ways = asked.into_iter().chain([Command::iccid_file()]);
    ways.nth(up.part.into())
}

/// Some tell nothing of a SIM that is locked.
fn say_iccid_again(up: &BringUp) -> Option<Command> {
    let unknown = up.facts.iccid.is_empty() && up.pin_state == PinState::Right;
    unknown.then(|| say_iccid(up)).flatten()
}

fn judge_iccid(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.result.is_none() {
        return Verdict::Fail(SILENT);
    }
    if let Some(iccid) = iccid(reply) {
        up.facts.iccid = iccid;
        return Verdict::Go;
    }
    up.sim_busy |= is_busy(reply);
    let verdict = up.next_part_or(say_iccid, Verdict::Go);
    if verdict == Verdict::Go && up.sim_busy && up.spent < STILL_BUSY.0 {
        // By its number it is known what a SIM has sent, and whether its PIN was tried.
        (up.part, up.sim_busy) = (0, false);
        return Verdict::Retry(A_SECOND, BUSY_SIM);
    }
    verdict
}

/// Whether an error speaks of a SIM that is busy, or that cannot be read yet: 3GPP TS 27.007 9.2.1 and TS 27.005 3.2.5.
/// Both may pass.
fn is_busy(reply: &Reply<'_>) -> bool {
    matches!(reply.error_code(), Some(13 | 14 | 313 | 314))
}

/// One that does not tell its number is the same as before, where it has the same subscription in the same modem.
fn judge_imsi(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let verdict = note(reply, "+CIMI", &mut up.facts.imsi);
    let Facts { imei, imsi, iccid, .. } = &mut up.facts;
    if let Some(known) = up.wishes.known_sim.as_ref().filter(|_| iccid.is_empty())
        && (&known.imei, &known.imsi) == (&*imei, &*imsi)
    {
        iccid.clone_from(&known.iccid);
    }
    verdict
}

/// The ICCID in a line, ITU-T E.118: 18 to 20 digits, after the name of the command, where there is
/// one; a filler may end it.
fn iccid_in(line: &str) -> Option<Word> {
    if let Some(file) = Fields::after(line, "+CRSM") {
        // <sw1>,<sw2>,<response>: the digits in pairs, each turned round.
        let mut digits = Word::new();
        for pair in file.last()?.as_bytes().chunks(2) {
            for digit in pair.iter().rev() {
                digits.push(char::from(*digit)).ok()?;
            }
        }
        return iccid_of(&digits);
    }
    iccid_of(line.rsplit([':', ' ']).next().unwrap_or_default().trim_matches('"'))
}

fn iccid_of(value: &str) -> Option<Word> {
    let value = value.trim_end_matches(['F', 'f']);
    let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    ((18..=20).contains(&value.len()) && plain).then(|| word_of(value))
}

fn say_pin_counter(up: &BringUp) -> Option<Command> {
    let wanted = up.pin_state == PinState::Wanted;
    up.family.pin_counters.get(usize::from(up.part)).filter(|_| wanted).map(Command::asking)
}

/// A PIN is tried only where a wrong one would leave another try to a person.
fn judge_pin_counter(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.result.is_none() {
        return Verdict::Fail(SILENT);
    }
    let query = up.family.pin_counters.get(usize::from(up.part));
    let values = reply.lines.iter().filter_map(|line| query?.value_in(line)?.parse().ok());
    match values.into_iter().next() {
        Some(retries) => {
            up.facts.pin_retries = Some(retries);
            if retries >= LEAST_PIN_RETRIES { Verdict::PinWanted } else { Verdict::Fail(LAST_TRY) }
        }
        None => up.next_part_or(say_pin_counter, Verdict::Fail(BAD_COUNTER)),
    }
}

fn say_pin(up: &BringUp) -> Option<Command> {
    up.pin.as_ref().map(Command::enter_pin)
}

/// Whatever comes back, it is not entered again; what became of it, the SIM says.
fn judge_pin(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    up.pin = None;
    up.pin_state = PinState::Entered;
    match reply.error_code() {
        // 16: incorrect password. 12: and that was the last one.
        Some(12 | 16) => {
            up.pin_state = PinState::Wrong;
            Verdict::Fail(WRONG_PIN)
        }
        _ => Verdict::Go,
    }
}

fn say_sim_unlocked(up: &BringUp) -> Option<Command> {
    (up.pin_state == PinState::Entered).then(Command::sim_state)
}

fn judge_sim_unlocked(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    match lock(reply) {
        Lock::Open => {
            up.pin_state = PinState::Right;
            Verdict::Go
        }
        Lock::Puk => {
            up.pin_state = PinState::Wrong;
            Verdict::Fail(WANTS_PUK)
        }
        // It is asked for behind the SIM's own PIN.
        Lock::Phone => {
            up.pin_state = PinState::Right;
            Verdict::Fail(PHONE_LOCKED)
        }
        // It has to read the card first.
        Lock::Pin | Lock::Busy | Lock::NoSim => Verdict::Retry(A_SECOND, WANTS_PIN),
    }
}

fn domain(part: u8) -> Option<RegistrationDomain> {
    RegistrationDomain::ALL.get(usize::from(part)).copied()
}

fn say_report_registration(up: &BringUp) -> Option<Command> {
    domain(up.part).map(Command::report_registration)
}

fn judge_report_registration(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.result.is_none() {
        return Verdict::Fail(SILENT);
    }
    up.next_part_or(say_report_registration, Verdict::Go)
}

fn say_registration(up: &BringUp) -> Option<Command> {
    domain(up.part).map(Command::registration)
}

/// Any of the three domains will do: an LTE modem may be registered there only.
fn judge_registration(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let Some(domain) = domain(up.part) else { return Verdict::Go };
    if reply.result.is_none() {
        return Verdict::Fail(SILENT);
    }
    let lines = || reply.lines.iter();
    let found = lines().find_map(|line| Registration::of_answer(line, domain));
    let cell = found.and_then(|_| lines().find_map(|line| Cell::of_answer(line, domain)));
    up.facts.note_registration(domain, found, cell);
    if say_next_domain(up) {
        return up.next_part();
    }
    up.part = 0;
    if up.facts.is_served(up.wishes.roaming) {
        Verdict::Go
    } else if up.facts.is_served(true) {
        Verdict::Retry(TWO_SECONDS, ROAMING)
    } else {
        Verdict::Retry(TWO_SECONDS, NO_NETWORK)
    }
}

fn say_next_domain(up: &BringUp) -> bool {
    domain(up.part + 1).is_some()
}

fn say_ready(up: &BringUp) -> Option<Command> {
    up.family.ready.as_ref().map(Command::asking)
}

/// Where it does not become ready, or does not know the question, the steps behind find out.
fn judge_ready(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let bits = |line: &Line| up.family.ready?.value_in(line)?.parse::<u8>().ok();
    match (reply.result, reply.lines.iter().find_map(bits)) {
        (None, _) => Verdict::Fail(SILENT),
        (Some(_), Some(bits)) if bits & 3 != 3 && up.spent < SERVICE.0 - 1 => {
            Verdict::Retry(A_SECOND, NO_PDU_MODE)
        }
        (Some(_), _) => Verdict::Go,
    }
}

fn judge_pdu_mode(_: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.is_ok() { Verdict::Go } else { Verdict::Retry(A_SECOND, NO_PDU_MODE) }
}

fn judge_service(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if let Some(service) = reply.fields("+CSMS").and_then(|mut it| it.number()) {
        up.facts.service = service;
    }
    may_fail(up, reply)
}

/// Asks for it; where there is none, sets that of the site, and asks again.
fn say_centre(up: &BringUp) -> Option<Command> {
    match up.part {
        0 | 2 => Some(Command::service_centre()),
        1 => up.wishes.service_centre.as_ref().map(Command::use_service_centre),
        _ => None,
    }
}

/// Without a service centre nothing can be sent. A modem that does not know the question may have one.
fn judge_centre(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if reply.result.is_none() {
        return Verdict::Fail(SILENT);
    }
    let told = reply.fields("+CSCA").and_then(|mut it| it.next());
    up.facts.service_centre = told.map(word_of).unwrap_or_default();
    match (up.part, told) {
        // Whatever it says to the setting: what counts is what is set.
        (1, _) => up.next_part(),
        (0, Some("")) if up.spent < CENTRE.0 => Verdict::Retry(A_SECOND, NO_CENTRE),
        (0 | 2, None) if is_busy(reply) && up.spent < STILL_BUSY.0 => {
            Verdict::Retry(A_SECOND, BUSY_SIM)
        }
        (0, Some("")) => up.next_part_or(say_centre, Verdict::Fail(NO_CENTRE)),
        (_, Some("")) => Verdict::Fail(CENTRE_NOT_KEPT),
        (_, _) => Verdict::Go,
    }
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
    // Only the first place can read and delete.
    up.facts.report_store = groups().next().is_some_and(|group| names(group, REPORT_STORE));
    up.facts.store_places = u8::try_from(groups().count()).unwrap_or(u8::MAX);
    match up.family.stores.iter().find(usable) {
        Some(store) if up.facts.store_places > 0 => {
            up.facts.store = word_of(store);
            Verdict::Go
        }
        _ if reply.result.is_none() => Verdict::Fail(SILENT),
        // The message service of a modem that boots refuses for some seconds.
        _ if !reply.is_ok() => Verdict::Retry(A_SECOND, NO_PDU_MODE),
        _ => Verdict::Fail(NO_STORE),
    }
}

fn say_use_store(up: &BringUp) -> Option<Command> {
    Some(Command::use_store(&up.facts.store, up.facts.store_places.into()))
}

/// `+CPMS: "ME",0,23,"ME",0,23,"ME",0,23`: where it says another store, messages would go where nobody
/// looks.
fn judge_stores_used(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let Some(mut fields) = reply.fields("+CPMS") else { return may_fail(up, reply) };
    while let Some(name) = fields.next() {
        if name != up.facts.store {
            return Verdict::Fail(NO_STORE);
        }
        if let (Some(used), Some(total)) = (fields.number(), fields.number()) {
            up.facts.note_store_use(name, used, total);
        }
    }
    may_fail(up, reply)
}

/// Which values of `+CNMI` a modem offers, as bits by place; all where it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Offered {
    values: [u16; 5],
    places: usize,
}

impl Default for Offered {
    fn default() -> Self {
        Self { values: [u16::MAX; 5], places: 5 }
    }
}

impl Offered {
    /// Reads `(0-3),(0,1),(0,2,3),(0,2),(1)`.
    fn read(groups: Fields<'_>) -> Self {
        let mut offered = Self { values: [u16::MAX; 5], places: 0 };
        for (values, group) in offered.values.iter_mut().zip(groups) {
            *values = bits_of(group);
            offered.places += 1;
        }
        if offered.places == 0 { Self::default() } else { offered }
    }

    /// The values as the modem takes them: what matters as it is, or not at all; the rest (`<bm>`,
    /// `<bfr>`) as near as there is.
    fn fit(&self, wanted: [u8; 5]) -> Option<heapless::Vec<u8, 5>> {
        let mut fitted = heapless::Vec::new();
        let places = wanted.into_iter().zip(self.values).enumerate().take(self.places);
        for (place, (value, offered)) in places {
            let has = offered & 1_u16.checked_shl(value.into()).unwrap_or(0) != 0;
            let value = match (has, place) {
                (true, _) => value,
                (false, 2 | 4) if offered != 0 => u8::try_from(offered.trailing_zeros()).ok()?,
                (false, _) => return None,
            };
            fitted.push(value).ok()?;
        }
        Some(fitted)
    }
}

/// `(0-3)` or `(0,2)` as bits.
fn bits_of(group: &str) -> u16 {
    let bit = |value: u32| 1_u16.checked_shl(value).unwrap_or(0);
    let parts = group.trim_matches(['(', ')']).split(',');
    parts.fold(0, |bits, part| {
        let (low, high) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        match (low.parse(), high.parse()) {
            (Ok(low), Ok(high)) => (low..=high).take(16).fold(bits, |bits, it| bits | bit(it)),
            _ => bits,
        }
    })
}

fn judge_offered(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if let Some(groups) = reply.fields("+CNMI") {
        up.offered = Offered::read(groups);
    }
    may_fail(up, reply)
}

/// The ways to be told of messages that the family prefers and the modem offers. What is told whole
/// would have to be acknowledged in the other message service, and is not asked for there.
fn indications(up: &BringUp) -> impl Iterator<Item = heapless::Vec<u8, 5>> {
    let acknowledged = up.facts.service != 0;
    let usable = move |values: &&[u8; 5]| match reports(*values) {
        Reports::Told => !acknowledged,
        Reports::Stored => up.facts.report_store,
        Reports::None => true,
    };
    let ways = up.family.indications.iter().filter(usable);
    ways.filter_map(|values| up.offered.fit(*values))
}

/// What values of `+CNMI` say of delivery reports.
fn reports(values: &[u8]) -> Reports {
    Reports::of(values.get(3).copied())
}

fn say_indications(up: &BringUp) -> Option<Command> {
    indications(up).nth(up.part.into()).map(|values| Command::indications(&values))
}

/// Tries one set of values after the other.
fn judge_indications(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if !reply.is_ok() {
        return up.next_part_or(say_indications, Verdict::Fail(NO_INDICATIONS));
    }
    let values = indications(up).nth(up.part.into()).unwrap_or_default();
    up.facts.reports = reports(&values);
    up.facts.indications = values;
    Verdict::Go
}

/// The values in an answer to `+CNMI?`.
fn indications_in(reply: &Reply<'_>) -> Option<heapless::Vec<u8, 5>> {
    let values = reply.fields("+CNMI")?.map_while(|field| field.trim().parse().ok());
    // What a later standard adds behind those is nothing that is set here.
    Some(values.take(5).collect())
}

/// What counts is what is set, not what was said to be.
fn judge_indications_set(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let Some(set) = indications_in(reply) else { return may_fail(up, reply) };
    up.facts.reports = reports(&set);
    up.facts.indications = set;
    match up.facts.indications.get(1) {
        Some(1) => Verdict::Go,
        _ => Verdict::Fail(NO_INDICATIONS),
    }
}

fn say_link_modes(up: &BringUp) -> Option<Command> {
    up.family.holds_link.then(Command::link_modes)
}

/// `+CMMS: (0-2)`: whether it offers 1.
fn judge_link_modes(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    let range = reply.fields("+CMMS").and_then(|mut fields| fields.next());
    up.facts.holds_link = range.is_some_and(|range| bits_of(range) & 0b10 != 0);
    may_fail(up, reply)
}

/// `+CNUM: "",+14155550101,145`: the number stands behind a name that may be empty.
fn judge_own_number(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if let Some(number) = reply.fields("+CNUM").and_then(|mut fields| fields.nth(1)) {
        up.facts.number = word_of(number);
    }
    may_fail(up, reply)
}

fn judge_signal(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    up.facts.signal_dbm = signal_dbm(reply);
    may_fail(up, reply)
}

fn judge_signal_by_technology(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    up.facts.reference_dbm = reference_dbm(reply);
    may_fail(up, reply)
}

fn judge_operator(up: &mut BringUp, reply: &Reply<'_>) -> Verdict {
    if let Some(mut fields) = reply.fields("+COPS") {
        if let Some(name) = fields.nth(2) {
            up.facts.operator = word_of(name);
        }
        let technology = fields.number().and_then(Technology::from_act);
        up.facts.technology = technology.or(up.facts.technology);
    }
    may_fail(up, reply)
}

#[cfg(test)]
mod tests;
