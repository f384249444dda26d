//! The sections of the configuration but the modems: their keys, defaults and limits.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use ringpost_hal::pdu::Language;
use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};
use tracing_subscriber::EnvFilter;

use super::reader::{Section, nearest};
use crate::domain::{Channel, Locale, Purpose};

/// `[http]`: where clients reach the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Address and port to listen on; port 0 takes any free one.
    pub listen: SocketAddr,
    /// How often each token may ask the System Log in a minute.
    pub log_requests_per_minute: u32,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8480)),
            log_requests_per_minute: 6000,
        }
    }
}

impl Http {
    pub(super) fn read(section: &mut Section) -> Self {
        let listen = section.text("listen", |text| {
            text.parse::<SocketAddr>().map_err(|_| {
                format!("must be an IP address and a port such as 127.0.0.1:8480, found {text:?}")
            })
        });
        let default = Self::default();
        let per_minute = section.integer("log_requests_per_minute", 1..=1_000_000, " requests");
        Self {
            listen: listen.unwrap_or(default.listen),
            log_requests_per_minute: per_minute.unwrap_or(default.log_requests_per_minute),
        }
    }
}

/// `[store]`: where messages and events are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The database file; its folder must exist and be writable.
    pub path: PathBuf,
}

impl Default for Store {
    fn default() -> Self {
        Self { path: PathBuf::from("/var/lib/ringpost/ringpost.db") }
    }
}

impl Store {
    pub(super) fn read(section: &mut Section) -> Self {
        let path = section.text("path", |text| match text {
            "" => Err("must be the path of a file"),
            _ => Ok(PathBuf::from(text)),
        });
        Self { path: path.unwrap_or(Self::default().path) }
    }
}

/// Where messages may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Regions {
    /// Anywhere: `["*"]`.
    Anywhere,
    /// To these regions.
    Only(Vec<Region>),
}

impl Regions {
    /// Whether messages may go to `region`.
    pub fn allow(&self, region: Region) -> bool {
        match self {
            Self::Anywhere => true,
            Self::Only(regions) => regions.contains(&region),
        }
    }
}

/// `[policy]`: what may be sent, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// National numbers and "domestic" are read against it.
    pub home_region: Region,
    /// Where messages may go; the home region where nothing is said.
    pub regions: Regions,
    /// How many segments a text message may have.
    pub max_segments: u8,
    /// Whether numbers of Internet telephony may be used.
    pub voip: bool,
    /// `[policy.purpose.X]`: channels of the purposes that may not use all.
    pub channels: Vec<(Purpose, Vec<Channel>)>,
    /// How many segments a template may take, with the longest code.
    pub template_segments: u8,
    /// Languages whose shift tables may be used anywhere.
    pub national_tables: Vec<Language>,
    /// `[[policy.region]]`: what is different in a region.
    pub rules: Vec<RegionRule>,
}

/// What is different in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionRule {
    /// Where.
    pub region: Region,
    /// Whether a text in UCS-2 must fit one segment: carriers there do not join them.
    pub refuse_ucs2_concat: bool,
    /// Languages whose shift tables may be used there.
    pub national_tables: Vec<Language>,
    /// What every template begins with.
    pub starts_with: Option<String>,
    /// What every template holds.
    pub contains: Vec<String>,
    /// What every template ends with.
    pub ends_with: Option<String>,
}

impl Default for Policy {
    fn default() -> Self {
        let home_region = Region::US;
        Self {
            home_region,
            regions: Regions::Only(vec![home_region]),
            max_segments: 10,
            voip: false,
            channels: Vec::new(),
            template_segments: 1,
            national_tables: Vec::new(),
            rules: Vec::new(),
        }
    }
}

impl Policy {
    pub(super) fn read(section: &mut Section) -> Self {
        let default = Self::default();
        let home_region = section.text("home_region", region).unwrap_or(default.home_region);
        let at = section.whence_of("regions");
        let listed = section.list("regions", |text| match text {
            "*" => Ok(None),
            _ => region(text).map(Some),
        });
        let regions = match listed {
            None => Regions::Only(vec![home_region]),
            Some(listed) => {
                let only: Vec<Region> = listed.iter().copied().flatten().collect();
                if listed.is_empty() {
                    let what = "must name a region; leave it out to send to the home region only";
                    section.note("regions", at, what.into());
                } else if only.len() < listed.len() && listed.len() > 1 {
                    let what = "\"*\" means anywhere and stands alone";
                    section.note("regions", at, what.into());
                }
                if only.len() < listed.len() { Regions::Anywhere } else { Regions::Only(only) }
            }
        };
        let max_segments = section.integer("max_segments", 1..=10, " segments");
        let max_segments = max_segments.unwrap_or(default.max_segments);
        let template_at = section.whence_of("template_segments");
        let template_segments = section.integer("template_segments", 1..=10, " segments");
        let template_segments = template_segments.unwrap_or(default.template_segments);
        if template_segments > max_segments {
            let what = format!("must not exceed max_segments, which is {max_segments}");
            section.note("template_segments", template_at, what);
        }
        let national_tables = section.list("national_tables", language).unwrap_or_default();
        let voip = section.text("voip", allow_or_refuse).unwrap_or(default.voip);
        let channels = section.table("purpose", |section| {
            let read = |purpose: Purpose| {
                let channels = section.table(purpose.as_str(), purpose_channels)?;
                Some((purpose, channels))
            };
            Purpose::ALL.into_iter().filter_map(read).collect()
        });
        let rules = section.tables("region", RegionRule::read).into_iter().flatten().collect();
        Self {
            home_region,
            regions,
            max_segments,
            voip,
            channels,
            template_segments,
            national_tables,
            rules,
        }
    }
}

fn purpose_channels(section: &mut Section) -> Option<Vec<Channel>> {
    let at = section.whence_of("channels");
    let listed = section.list("channels", |text| {
        Channel::from_word(text)
            .ok_or_else(|| format!("{text:?} is no channel; the channels are sms and voice"))
    })?;
    if listed.is_empty() {
        let what = "must name a channel; leave it out to allow every one";
        section.note("channels", at, what.into());
    }
    Some(listed)
}

impl RegionRule {
    fn read(section: &mut Section) -> Option<Self> {
        let place = section.required("region", "such as \"US\"", region);
        let ucs2_concat = section.text("ucs2_concat", allow_or_refuse);
        let part = |text: &str| {
            if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text.to_owned()) }
        };
        Some(Self {
            region: place?,
            refuse_ucs2_concat: !ucs2_concat.unwrap_or(true),
            national_tables: section.list("national_tables", language).unwrap_or_default(),
            starts_with: section.text("starts_with", part),
            contains: section.list("contains", part).unwrap_or_default(),
            ends_with: section.text("ends_with", part),
        })
    }
}

/// A language that has shift tables (3GPP TS 23.038, 6.2.1.2.4).
fn language(text: &str) -> Result<Language, String> {
    let word = |language: &Language| format!("{language:?}").to_ascii_lowercase();
    Language::ALL.into_iter().find(|language| word(language) == text).ok_or_else(|| {
        let known = Language::ALL.map(|language| word(&language)).join(", ");
        format!("{text:?} has no tables; the languages are {known}")
    })
}

fn allow_or_refuse(text: &str) -> Result<bool, String> {
    match text {
        "allow" => Ok(true),
        "refuse" => Ok(false),
        _ => Err(format!("must be \"allow\" or \"refuse\", found {text:?}")),
    }
}

/// Reads a region that has telephone numbers of its own.
pub(super) fn region(text: &str) -> Result<Region, String> {
    // Any two letters make a `Region`; those of a country have a calling code.
    let numbered =
        |region: &Region| PHONE_NUMBER_UTIL.get_country_code_for_region(*region).is_some();
    match Region::from_code(text).ok().filter(numbered) {
        Some(region) if *region.as_region_str() == *text => Ok(region),
        Some(region) => Err(format!("{text:?} is no region; did you mean \"{region}\"?")),
        None if text.eq_ignore_ascii_case("UK") => {
            Err(format!("{text:?} is no region; did you mean \"GB\"?"))
        }
        None => Err(format!(
            "{text:?} is no region; write its ISO 3166-1 code of two letters, such as \"US\""
        )),
    }
}

/// `[outbox]`: how long the gateway waits before it decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbox {
    /// How long an unanswered segment stays open; twice the family's longest answer if unset.
    pub settle_seconds: Option<u32>,
    /// How long after a message was sent its reports are waited for; from its validity if unset.
    pub report_window_seconds: Option<u32>,
    /// How long an unanswered passcode waits before it is sent again through another SIM.
    pub resend_after_seconds: u32,
    /// What decides between modems that could all send a message.
    pub route: Routing,
    /// Whether a recipient hears from the same SIM as the last time, where that can be.
    pub sticky_sender: bool,
}

/// What decides between modems that could all send a message, and deliver it about equally well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Routing {
    /// The SIM that sent least: they wear evenly.
    #[default]
    Balanced,
    /// The SIM that sends cheapest, by its rate card; even where it delivers less well.
    LeastCost,
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            settle_seconds: None,
            report_window_seconds: None,
            resend_after_seconds: 20,
            route: Routing::Balanced,
            sticky_sender: false,
        }
    }
}

impl Outbox {
    pub(super) fn read(section: &mut Section) -> Self {
        let default = Self::default();
        let seconds = " seconds";
        let resend_after = section.integer("resend_after_seconds", 1..=3600, seconds);
        Self {
            settle_seconds: section.integer("settle_seconds", 1..=86_400, seconds),
            report_window_seconds: section.integer("report_window_seconds", 1..=604_800, seconds),
            resend_after_seconds: resend_after.unwrap_or(default.resend_after_seconds),
            route: section
                .text("route", |text| match text {
                    "balanced" => Ok(Routing::Balanced),
                    "least_cost" => Ok(Routing::LeastCost),
                    _ => Err(format!("must be \"balanced\" or \"least_cost\", found {text:?}")),
                })
                .unwrap_or_default(),
            sticky_sender: section.flag("sticky_sender").unwrap_or_default(),
        }
    }
}

/// `[org]`: who sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Org {
    /// The name that texts and prompts use for the sender.
    pub name: String,
    /// The language of those whose own is not known.
    pub locale: Option<Locale>,
}

impl Default for Org {
    fn default() -> Self {
        Self { name: "Ringpost".to_owned(), locale: None }
    }
}

impl Org {
    pub(super) fn read(section: &mut Section) -> Self {
        let name = section.text("name", |text| {
            let length = text.chars().count();
            let fits = (1..=64).contains(&length) && !text.chars().any(char::is_control);
            if fits { Ok(text.to_owned()) } else { Err("must be one line of 1 to 64 characters") }
        });
        let locale = section.text("locale", |text| {
            Locale::parse(text).ok_or_else(|| {
                format!("must be a language tag such as de or pt-BR, found {text:?}")
            })
        });
        Self { name: name.unwrap_or(Self::default().name), locale }
    }
}

/// `[log]`: what the daemon tells its journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// A level, or levels by module as in `info,ringpost::modem=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "info".to_owned() }
    }
}

impl Log {
    pub(super) fn read(section: &mut Section) -> Self {
        let level = section.text("level", |text| filter(text).map(|()| text.to_owned()));
        Self { level: level.unwrap_or(Self::default().level) }
    }
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

fn filter(text: &str) -> Result<(), String> {
    let usual = "info, or info,ringpost::modem=debug";
    for directive in text.split(',').map(str::trim) {
        // The filter takes a bare word for a module and shows all of it: never what was meant.
        let bare = !directive.contains(['=', '[', ':']);
        if bare && !LEVELS.contains(&directive.to_ascii_lowercase().as_str()) {
            let near = nearest(directive, &LEVELS)
                .map_or_else(|| format!("write {usual}"), |near| format!("did you mean {near:?}?"));
            return Err(format!("{directive:?} is no level; {near}"));
        }
    }
    match EnvFilter::builder().parse(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("{text:?} is no filter; write {usual}")),
    }
}
