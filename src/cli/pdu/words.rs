//! What the values of fields mean, in words.

use ringpost_hal::pdu::{
    Address, Alphabet, CommandType, Dcs, EnhancedValidity, FailureCause, Language, MessageClass,
    NumberingPlan, Pid, Protocol, SpecialMessage, Status, StatusClass, Timestamp, TypeOfNumber,
    ValidityPeriod, WaitingKind,
};
use serde_json::{Value, json};

/// The alphabet as the API names encodings.
pub(super) const fn alphabet(alphabet: Alphabet) -> &'static str {
    match alphabet {
        Alphabet::Gsm7 => "GSM-7",
        Alphabet::Data8 => "8-bit",
        Alphabet::Ucs2 => "UCS-2",
    }
}

pub(super) fn address(address: &Address) -> (Value, String) {
    let (ton, npi) = (type_of_number(address.ton()), numbering_plan(address.npi()));
    let value = json!({
        "toa": address.type_of_address(), "ton": ton, "npi": npi, "address": address.to_string(),
    });
    let kind = format!("({ton}, {npi})").replace('_', " ");
    let says = format!("{address} {kind}");
    (value, says)
}

const fn type_of_number(ton: TypeOfNumber) -> &'static str {
    match ton {
        TypeOfNumber::Unknown => "unknown",
        TypeOfNumber::International => "international",
        TypeOfNumber::National => "national",
        TypeOfNumber::NetworkSpecific => "network_specific",
        TypeOfNumber::Subscriber => "subscriber",
        TypeOfNumber::Alphanumeric => "alphanumeric",
        TypeOfNumber::Abbreviated => "abbreviated",
        TypeOfNumber::Reserved => "reserved",
    }
}

const fn numbering_plan(npi: NumberingPlan) -> &'static str {
    match npi {
        NumberingPlan::Unknown => "unknown",
        NumberingPlan::Isdn => "isdn",
        NumberingPlan::Data => "data",
        NumberingPlan::Telex => "telex",
        NumberingPlan::ServiceCentre(_) => "service_centre",
        NumberingPlan::National => "national",
        NumberingPlan::Private => "private",
        NumberingPlan::Ermes => "ermes",
        NumberingPlan::Reserved(_) => "reserved",
    }
}

pub(super) fn dcs(dcs: Dcs) -> (Value, String) {
    let class = dcs.class().map(|class| match class {
        MessageClass::Class0 => 0,
        MessageClass::Class1 => 1,
        MessageClass::Class2 => 2,
        MessageClass::Class3 => 3,
    });
    let mut says = vec![alphabet(dcs.alphabet()).to_owned()];
    says.extend(class.map(|class| match class {
        0 => "class 0, shown at once".to_owned(),
        1 => "class 1, for the phone".to_owned(),
        2 => "class 2, for the SIM".to_owned(),
        _ => "class 3, for the terminal".to_owned(),
    }));
    says.extend(dcs.compressed().then(|| "compressed".to_owned()));
    says.extend(dcs.automatic_deletion().then(|| "deleted once read".to_owned()));
    let waiting = dcs.waiting();
    says.extend(waiting.map(|waiting| {
        let state = if waiting.active { "waits" } else { "waits no longer" };
        let store = if waiting.store { "store" } else { "discard" };
        format!("{} {state}, {store}", kind(waiting.kind))
    }));
    says.extend((dcs.effective() != dcs).then(|| "reserved, read as 00".to_owned()));
    let value = json!({
        "raw": dcs.0,
        "alphabet": alphabet(dcs.alphabet()),
        "class": class,
        "compressed": dcs.compressed(),
        "automatic_deletion": dcs.automatic_deletion(),
        "waiting": waiting.map(|it| json!({
            "kind": kind(it.kind), "active": it.active, "store": it.store,
        })),
    });
    (value, says.join(", "))
}

pub(super) const fn kind(kind: WaitingKind) -> &'static str {
    match kind {
        WaitingKind::Voicemail => "voicemail",
        WaitingKind::Fax => "fax",
        WaitingKind::Email => "email",
        WaitingKind::Video => "video",
        WaitingKind::Other => "other",
    }
}

pub(super) fn special(special: SpecialMessage) -> String {
    let store = if special.store { "store" } else { "discard" };
    let profile = special.profile;
    format!("{} of profile {profile}: {} waiting, {store}", kind(special.kind), special.count)
}

pub(super) fn language(id: u8) -> String {
    Language::from_id(id).map_or("reserved".to_owned(), |language| format!("{language:?}"))
}

pub(super) fn pid(pid: Pid) -> String {
    match pid.protocol() {
        Protocol::ShortMessage(0) => "short message".to_owned(),
        Protocol::ShortMessage(protocol) => {
            format!("short message, service centre protocol {protocol}")
        }
        Protocol::Telematic(device) => format!("telematic interworking: {}", telematic(device)),
        Protocol::Type0 => "type 0: acknowledged, neither shown nor stored".to_owned(),
        Protocol::Replace(number) => format!("replaces the message of type {number}"),
        Protocol::DeviceTriggering => "triggers a device".to_owned(),
        Protocol::Enhanced => "enhanced message service, obsolete".to_owned(),
        Protocol::ReturnCall => "asks for a call".to_owned(),
        Protocol::Ansi136 => "ANSI-136 R-DATA".to_owned(),
        Protocol::PhoneDownload => "data download to the phone".to_owned(),
        Protocol::Depersonalisation => "de-personalisation of the phone".to_owned(),
        Protocol::SimDownload => "data download to the SIM".to_owned(),
        Protocol::ServiceCentre(bits) => format!("for the service centre, {bits}"),
        Protocol::Reserved => "reserved, shown as a short message".to_owned(),
    }
}

/// The devices of 3GPP TS 23.040 9.2.3.9.
const fn telematic(device: u8) -> &'static str {
    match device {
        0x00 => "whatever the number belongs to",
        0x01 => "telex",
        0x02 => "fax of group 3",
        0x03 => "fax of group 4",
        0x04 => "voice telephone, by speech",
        0x05 => "ERMES",
        0x06 => "national paging",
        0x07 => "videotex",
        0x08 => "teletex",
        0x09 => "teletex over PSPDN",
        0x0A => "teletex over CSPDN",
        0x0B => "teletex over PSTN",
        0x0C => "teletex over ISDN",
        0x0D => "UCI",
        0x10 => "message handling",
        0x11 => "X.400 message handling",
        0x12 => "internet mail",
        0x18..=0x1E => "specific to the service centre",
        0x1F => "mobile phone",
        _ => "reserved",
    }
}

pub(super) fn status(status: Status) -> (Value, String) {
    let class = match status.class() {
        StatusClass::Done => "done",
        StatusClass::StillTrying => "still_trying",
        StatusClass::PermanentFailure => "permanent_failure",
        StatusClass::GivenUp => "given_up",
    };
    let what = match status.effective().0 {
        0x00 => "received by the phone",
        0x01 => "forwarded, not confirmed",
        0x02 => "replaced by the service centre",
        0x20 | 0x60 => "congestion",
        0x21 | 0x61 => "phone busy",
        0x22 | 0x62 => "no response from the phone",
        0x23 | 0x63 => "service rejected",
        0x24 | 0x44 | 0x64 => "quality of service not available",
        0x25 | 0x65 => "error in the phone",
        0x40 => "remote procedure error",
        0x41 => "incompatible destination",
        0x42 => "connection rejected by the phone",
        0x43 => "not obtainable",
        0x45 => "no interworking available",
        0x46 => "validity period expired",
        0x47 => "deleted by the sender",
        0x48 => "deleted by the service centre",
        0x49 => "does not exist",
        _ => "specific to the service centre",
    };
    let reserved = if status.effective() == status { "" } else { ", reserved" };
    let says = format!("{}: {what}{reserved}", class.replace('_', " "));
    (json!({"raw": status.0, "class": class}), says)
}

/// RFC 3339 with the offset that the field carries.
pub(super) fn time(time: Timestamp) -> Option<String> {
    let it = time.date_time()?;
    let minutes = i32::from(it.quarter_hours) * 15;
    let sign = if minutes < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{hours:02}:{minutes:02}",
        it.year, it.month, it.day, it.hour, it.minute, it.second
    ))
}

pub(super) fn validity(period: ValidityPeriod) -> (Value, String) {
    let format = match period {
        ValidityPeriod::Relative(_) => "relative",
        ValidityPeriod::Absolute(_) => "absolute",
        ValidityPeriod::Enhanced(_) => "enhanced",
    };
    let until = if let ValidityPeriod::Absolute(at) = period { time(at) } else { None };
    let raw = match period {
        ValidityPeriod::Relative(octet) => hex(&[octet]),
        ValidityPeriod::Absolute(at) => hex(&at.octets()),
        ValidityPeriod::Enhanced(EnhancedValidity(octets)) => hex(&octets),
    };
    let single_shot = matches!(period, ValidityPeriod::Enhanced(it) if it.single_shot());
    let seconds = period.seconds();
    let mut says = match (seconds, &until) {
        (Some(seconds), _) => duration(seconds),
        (None, Some(until)) => format!("until {until}"),
        (None, None) => "left to the service centre".to_owned(),
    };
    if single_shot {
        says.push_str(", one attempt only");
    }
    let value = json!({
        "format": format, "seconds": seconds, "until": until, "single_shot": single_shot,
        "raw": raw,
    });
    (value, says)
}

/// A number of things.
pub(super) fn count(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// Octets as people write them.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

fn duration(seconds: u32) -> String {
    let parts = [(604_800, "weeks"), (86_400, "days"), (3600, "hours"), (60, "minutes")];
    let exact =
        parts.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    exact.map_or(format!("{seconds} seconds"), |(unit, name)| format!("{} {name}", seconds / unit))
}

pub(super) const fn command(command: CommandType) -> &'static str {
    match command {
        CommandType::ENQUIRY => "enquiry",
        CommandType::CANCEL_REPORT => "cancel the status report",
        CommandType::DELETE => "delete the message",
        CommandType::ENABLE_REPORT => "enable a status report",
        CommandType(0xE0..=0xFF) => "specific to the service centre",
        CommandType(_) => "reserved",
    }
}

pub(super) const fn failure(cause: FailureCause) -> &'static str {
    match cause.0 {
        0x80 => "telematic interworking not supported",
        0x81 => "type 0 not supported",
        0x82 => "message cannot be replaced",
        0x8F => "unspecified TP-PID error",
        0x90 => "alphabet not supported",
        0x91 => "message class not supported",
        0x9F => "unspecified TP-DCS error",
        0xA0 => "command cannot be acted upon",
        0xA1 => "command not supported",
        0xAF => "unspecified TP-Command error",
        0xB0 => "TPDU not supported",
        0xC0 => "service centre busy",
        0xC1 => "no subscription at the service centre",
        0xC2 => "service centre failed",
        0xC3 => "invalid address of the sender",
        0xC4 => "destination barred",
        0xC5 => "duplicate",
        0xC6 => "TP-VPF not supported",
        0xC7 => "TP-VP not supported",
        0xD0 => "SIM storage full",
        0xD1 => "no storage on the SIM",
        0xD2 => "error in the phone",
        0xD3 => "memory capacity exceeded",
        0xD4 => "SIM application toolkit busy",
        0xD5 => "SIM data download error",
        0xE0..=0xFE => "specific to the application",
        0xFF => "unspecified",
        _ => "reserved",
    }
}
